"""Folded groups: one card each, the same totals, and wires that lead where the network's wires lead."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnviz.net.analysis import analyse
from cnnviz.net.arrange import arrange, frames
from cnnviz.net.fold import CARDS, GroupRow, behind, card_of, cards, fold, members, path_of, usual
from cnnviz.net.graph import Graph, Node, Wire, wires
from cnnviz.net.layers import Conv2d, Input, ReLU
from cnnviz.net.layout import CARD
from cnnviz.net.presets import preset, presets

from .samples import graphs

PATHS = ("", "a", "a/x", "a/y", "b", "b/x")


@st.composite
def grouped(draw: st.DrawFn) -> Graph:
    """A random network whose nodes lie in random groups, most of which no card can stand for."""
    graph = draw(graphs())
    return Graph(tuple(Node(n.id, n.layer, n.sources, draw(st.sampled_from(PATHS)), n.pos) for n in graph))


def check(graph: Graph, folded: frozenset[str]) -> None:
    rows = analyse(graph)
    view = fold(rows, folded)
    assert (view.params, view.macs, view.fixed) == (rows.params, rows.macs, rows.fixed)
    assert (view.activation_bytes, view.connections) == (rows.activation_bytes, rows.connections)
    assert list(view) == [n.id for n in view.graph]
    at = {id: i for i, id in enumerate(view)}
    assert all(at[s] < at[n.id] for n in view.graph for s in n.sources), "sources come first"
    shown = members(view, list(view))
    assert sorted(shown) == sorted(graph.index), "every node is shown once"
    stands_for = [w for wire in wires(view.graph) for w in behind(rows, view, wire)]
    outside = [w for w in wires(graph) if cards(view, [w.source]) != cards(view, [w.target])]
    assert sorted(stands_for, key=str) == sorted(outside, key=str), "every wire between cards is behind one"
    assert bool(view.problems) == bool(rows.problems)


@given(grouped(), st.sets(st.sampled_from(PATHS[1:])))
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_any_groups_of_any_network(graph: Graph, folded: set[str]) -> None:
    check(graph, frozenset(folded))


@pytest.mark.parametrize("name", ["googlenet", "resnet18", "densenet121", "unet", "squeezenet"])
def test_groups_of_the_course_s_networks(name: str) -> None:
    graph = preset(name).graph
    assert graph.closed == graph.groups.keys()
    check(graph, graph.closed)
    for some in list(combinations(sorted(graph.closed), 2))[:5]:
        check(graph, frozenset(some))


def test_a_group_s_row() -> None:
    rows = preset("resnet18").analyze()
    row = fold(rows, {"layer2/0"})[card_of("layer2/0")]
    assert isinstance(row, GroupRow) and path_of(row.id) == "layer2/0" and row.node.group == "layer2"
    inside = [r for r in rows.values() if r.node.group == "layer2/0"]
    assert row.params == sum(r.params for r in inside) == 230_144
    assert row.out == rows["layer2_0_relu2"].out == (128, 28, 28) and row.field == rows["layer2_0_relu2"].field
    assert row.node.sources == ("layer1_1_relu2",), "read twice inside, by one wire outside"
    assert row.members[-1] == "layer2_0_relu2"


def test_outer_groups_hide_inner_ones() -> None:
    rows = preset("resnet18").analyze()
    view = fold(rows, {"layer1", "layer1/0"})
    assert card_of("layer1") in view and card_of("layer1/0") not in view


def test_what_cannot_be_one_card_stays_open() -> None:
    graph = Graph(
        (
            Node("in_", Input()),
            Node("first", ReLU(), ("in_",), "g"),
            Node("between", ReLU(), ("first",)),
            Node("last", ReLU(), ("between",), "g"),
        )
    )
    assert graph.closed == frozenset()
    assert fold(analyse(graph), {"g"}).graph == graph


def test_two_groups_that_read_each_other_are_not_both_one_block() -> None:
    graph = Graph(
        (
            Node("in_", Input()),
            Node("a1", ReLU(), ("in_",), "a"),
            Node("b2", ReLU(), ("in_",), "b"),
            Node("b1", ReLU(), ("a1",), "b"),
            Node("a2", ReLU(), ("b2",), "a"),
        )
    )
    assert graph.closed == {"a", "b"}
    assert len(fold(analyse(graph), {"a", "b"})) == 4
    assert arrange(graph).keys() == graph.index.keys()


def test_a_problem_inside_is_the_group_s() -> None:
    graph = preset("resnet18").graph.change("layer2_0_conv1", layer=Conv2d(128, (3, 3), (1, 1), (1, 1), bias=False))
    view = fold(analyse(graph), {"layer2/0", "layer2/1"})
    assert view["layer2/0/"].problem is not None and "layer2_0_add" in view["layer2/0/"].problem.text
    assert view["layer2/1/"].problem is not None and view["layer2/1/"].problem.code == "waits"
    assert view.reason("layer2/1/") == "Waits for layer2/0."
    assert [r.id for r in view.problems] == ["layer2/0/"]


def test_a_wire_into_a_group_stands_for_all_that_read_there() -> None:
    rows = preset("resnet18").analyze()
    view = fold(rows, {"layer2/0"})
    (wire,) = (w for w in wires(view.graph) if w.target == "layer2/0/")
    assert set(behind(rows, view, wire)) == {
        Wire("layer1_1_relu2", "layer2_0_conv1"),
        Wire("layer1_1_relu2", "layer2_0_downsample_0"),
    }


@pytest.mark.parametrize("name", presets())
def test_a_network_is_opened_with_so_many_cards_as_can_be_read(name: str) -> None:
    rows = preset(name).analyze()
    folded = usual(rows.graph)
    assert (len(rows) <= CARDS) == (not folded)
    assert len(fold(rows, folded)) <= CARDS


def apart(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] >= b[0] + b[2] or b[0] >= a[0] + a[2] or a[1] >= b[1] + b[3] or b[1] >= a[1] + a[3]


@pytest.mark.parametrize("name", ["googlenet", "resnet50", "unet", "textcnn", "mobilenet-v2"])
@pytest.mark.parametrize("folded", [False, True])
def test_frames_hold_their_cards_and_no_others(name: str, folded: bool) -> None:
    rows = preset(name).analyze()
    graph = fold(rows, usual(rows.graph)).graph if folded else rows.graph
    places = arrange(graph)
    assert places.keys() == graph.index.keys()
    rects = {id: (x - CARD[0] / 2, y - CARD[1] / 2, *CARD) for id, (x, y) in places.items()}
    assert all(apart(rects[a], rects[b]) for a, b in combinations(rects, 2))
    for path, frame in frames(graph, places).items():
        for n in graph:
            left, top, width, height = rects[n.id]
            if f"{n.group}/".startswith(f"{path}/"):
                assert frame[0] < left and frame[1] < top
                assert left + width < frame[0] + frame[2] and top + height < frame[1] + frame[3]
            else:
                assert apart(rects[n.id], frame)


@given(grouped())
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_any_network_can_be_arranged(graph: Graph) -> None:
    places = arrange(graph)
    assert places.keys() == graph.index.keys()
    assert len(set(places.values())) == len(places)
    frames(graph, places)
