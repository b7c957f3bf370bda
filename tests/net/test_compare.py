"""Two networks side by side: every row once and in order, equal rows together, sums that agree."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnviz.net import edit
from cnnviz.net.analysis import Analysis, analyse
from cnnviz.net.compare import ASPECTS, Comparison, Sums, common, compare, share
from cnnviz.net.compare import settings as differences
from cnnviz.net.fold import fold
from cnnviz.net.graph import Graph, Node
from cnnviz.net.layers import Add, Conv2d, Flatten, Input, Linear, MaxPool2d, ReLU, Tanh
from cnnviz.net.presets import preset

from .samples import graphs, layers

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
PATHS = ("", "a", "a/x", "b")


def rows_of(name: str) -> Analysis:
    return preset(name).analyze()


def chain(*named: tuple[str, object], group: str = "") -> Graph:
    g = Graph().add(Input(8, (16, 16)), id="input")
    for id, layer in named:
        g = g.add(layer, [g.nodes[-1].id], id=id, group=group)  # type: ignore[arg-type]
    return g


def beside(found: Comparison) -> list[tuple[str, str]]:
    return [(line.left.id if line.left else "", line.right.id if line.right else "") for line in found.lines]


def changed(found: Comparison) -> dict[str, tuple[str, ...]]:
    return {line.left.id: line.changed for line in found.lines if line.left and line.right and line.changed}


# ── what always holds ───────────────────────────────────────────────────────────────────────────────────────────────
def check(left: Analysis, right: Analysis) -> None:
    found = compare(left, right)
    assert [line.left for line in found.lines if line.left] == [*left.values()]
    assert [line.right for line in found.lines if line.right] == [*right.values()]
    assert all(line.left or line.right for line in found.lines)
    for sums, name in ((found.params, "params"), (found.macs, "macs"), (found.activation_bytes, "activation_bytes")):
        assert (sums.left, sums.right) == (getattr(left, name), getattr(right, name))
        assert sum(getattr(line, name) for line in found.lines) == sums.difference
    for line in found.lines:
        a, b = line.left, line.right
        assert [n for n in ASPECTS if n in line.changed] == [*line.changed], "in their order, each once"
        if a and b:
            assert a.node.layer.family == b.node.layer.family
            for name in ("out", "params", "macs", "activation_bytes", "field", "problem"):
                assert (name in line.changed) == (getattr(a, name) != getattr(b, name))
        else:
            assert not line.changed and not line.same


@st.composite
def grouped(draw: st.DrawFn) -> Analysis:
    graph = draw(graphs())
    rows = analyse(Graph(tuple(replace(n, group=draw(st.sampled_from(PATHS))) for n in graph)))
    return fold(rows, draw(st.sets(st.sampled_from(PATHS[1:]))))


@st.composite
def edited(draw: st.DrawFn) -> tuple[Analysis, Analysis]:
    """A network, and the same after a few edits."""
    before = graph = draw(graphs())
    for _ in range(draw(st.integers(0, 3))):
        ids = [n.id for n in graph]
        what = draw(st.integers(0, 2)) if ids else 2
        if what == 0:
            graph = edit.remove(graph, [draw(st.sampled_from(ids))])
        elif what == 1:
            graph = graph.change(draw(st.sampled_from(ids)), layer=draw(layers()))
        else:
            graph = graph.add(draw(layers()), ids[-1:])
    return analyse(graph), analyse(before)


@given(grouped(), grouped())
@settings(deadline=None, max_examples=150, suppress_health_check=SLOW)
def test_any_two_networks(left: Analysis, right: Analysis) -> None:
    check(left, right)
    check(right, left)


@given(edited())
@settings(deadline=None, max_examples=150, suppress_health_check=SLOW)
def test_a_network_and_its_edits(two: tuple[Analysis, Analysis]) -> None:
    check(*two)


@given(grouped())
@settings(deadline=None, max_examples=100, suppress_health_check=SLOW)
def test_a_network_is_the_same_as_itself(rows: Analysis) -> None:
    assert compare(rows, rows).same
    assert beside(compare(rows, rows)) == [(id, id) for id in rows]


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "googlenet", "densenet121", "unet", "textcnn"])
def test_the_course_s_networks_are_the_same_as_themselves(name: str) -> None:
    rows, moved = rows_of(name), {n.id: (7.0, 7.0) for n in preset(name).graph}
    again = analyse(preset(name).graph.move(moved))
    assert compare(rows, again).same, "cards elsewhere are no difference"
    assert compare(fold(rows, rows.graph.closed), fold(again, again.graph.closed)).same
    check(rows, rows_of("vgg11"))


# ── the longest common subsequence ──────────────────────────────────────────────────────────────────────────────────
def length(a: list[int], b: list[int]) -> int:
    """By the textbook's table."""
    row = [0] * (len(b) + 1)
    for x in a:
        above = row
        row = [0]
        for j, y in enumerate(b):
            row.append(above[j] + 1 if x == y else max(above[j + 1], row[j]))
    return row[-1]


@given(st.lists(st.integers(0, 4), max_size=90), st.lists(st.integers(0, 4), max_size=90))
@settings(deadline=None, max_examples=300)
def test_a_longest_common_subsequence(a: list[int], b: list[int]) -> None:
    pairs = common(a, b)
    assert all(a[i] == b[j] for i, j in pairs)
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))
    assert len(pairs) == length(a, b)


# ── which rows belong together ──────────────────────────────────────────────────────────────────────────────────────
def test_layers_that_only_one_network_has() -> None:
    found = compare(rows_of("vgg16"), rows_of("vgg19"))
    only = [b for a, b in beside(found) if not a]
    assert only == [f"block{i}_{what}4" for i in (3, 4, 5) for what in ("conv", "relu")]
    assert not [a for a, b in beside(found) if not b]
    assert found.params.difference == -(590_080 + 2 * 2_359_808)
    assert found.params.change == pytest.approx(138_357_544 / 143_667_240 - 1)
    assert changed(found).keys() <= {n.id for n in preset("vgg16").graph}
    assert set(changed(found).values()) == {("field",)}, "behind them layers see more, and nothing else differs"


def test_plain_and_residual_differ_in_what_is_added() -> None:
    left, right = rows_of("plain20"), rows_of("resnet20")
    found = compare(left, right)
    only = [line.right.node.type for line in found.lines if line.left is None and line.right]
    assert only.count("Add") == 9 and len(only) == 11 and found.params.difference == found.macs.difference == 0
    assert found.activation_bytes.difference < 0
    folded = compare(fold(left, left.graph.closed), fold(right, right.graph.closed))
    assert changed(folded) == {f"layer{i}/": ("settings", "activation_bytes") for i in (1, 2, 3)}
    assert folded.params == found.params and folded.activation_bytes == found.activation_bytes


def test_a_changed_setting_is_a_change_of_its_line() -> None:
    g = preset("lenet5").graph
    found = compare(analyse(edit.set_setting(g, "C1", "kernel_size", (3, 3))), analyse(g))
    assert beside(found) == [(n.id, n.id) for n in g]
    line = next(x for x in found.lines if x.left and x.left.id == "C1")
    assert line.changed == ("settings", "out", "params", "macs", "activation_bytes", "field")
    assert (line.params, line.macs) == (6 * (9 - 25), 6 * (30 * 30 * 9 - 28 * 28 * 25))
    (one,) = differences(g["C1"].layer.__class__(6, (3, 3)), g["C1"].layer)
    assert (one.name, one.left, one.right) == ("kernel_size", (3, 3), (5, 5))


def test_another_type_of_one_family_stands_beside_it() -> None:
    a, b = chain(("c", Conv2d(8, 3)), ("t", Tanh())), chain(("c", Conv2d(8, 3)), ("r", ReLU()))
    found = compare(analyse(a), analyse(b))
    assert beside(found) == [("input", "input"), ("c", "c"), ("t", "r")]
    assert found.lines[2].changed == ("type", "settings")
    assert beside(compare(analyse(a), analyse(chain(("c", Conv2d(8, 3)), ("p", MaxPool2d()))))) == [
        ("input", "input"),
        ("c", "c"),
        ("t", ""),
        ("", "p"),
    ]


def test_numbers_in_names_give_way_to_what_the_layers_are() -> None:
    """`conv2d_2` of two networks that were made apart: one has another layer before."""
    small, deep = Conv2d(8, 3, padding=1), Conv2d(16, 5, padding=2)
    a = chain(("conv2d_1", small), ("conv2d_2", deep), ("conv2d_3", Conv2d(32, 1)))
    b = chain(("conv2d_1", small), ("conv2d_2", small), ("conv2d_3", deep), ("conv2d_4", Conv2d(32, 1)))
    met = beside(compare(analyse(a), analyse(b)))
    assert met[2:] == [("", "conv2d_2"), ("conv2d_2", "conv2d_3"), ("conv2d_3", "conv2d_4")]


def test_names_hold_where_every_output_has_changed() -> None:
    g = chain(("a", Conv2d(8, 3)), ("b", Conv2d(8, 3)), ("c", Conv2d(8, 3)), ("f", Flatten()), ("o", Linear(10)))
    now = analyse(edit.remove(edit.set_setting(g, "a", "stride", (2, 2)), ["b"]))
    assert beside(compare(now, analyse(g)))[1:] == [("a", "a"), ("", "b"), ("c", "c"), ("f", "f"), ("o", "o")]


def test_other_wires_are_a_change() -> None:
    g = chain(("a", ReLU()), ("b", ReLU()), ("c", ReLU())).add(Add(), ["c", "a"], id="sum")
    found = compare(analyse(g), analyse(g.change("sum", sources=("c", "b"))))
    assert changed(found) == {"sum": ("sources",)}
    bare = edit.remove(g, ["b"])
    assert changed(compare(analyse(bare), analyse(g))) == {}, "who reads a layer that is gone is told by its line"


def test_a_broken_network_is_compared_as_far_as_it_goes() -> None:
    g = preset("lenet5").graph
    broken = analyse(edit.remove(g, ["flatten"]))
    check(broken, analyse(g))
    found = compare(broken, analyse(g))
    assert "problem" in changed(found)["F6"] and found.lines[1].same


def test_a_group_is_told_by_what_is_inside() -> None:
    block = chain(("x", Conv2d(8, 3, padding=1)), ("y", Conv2d(8, 3, padding=1)), group="block")
    other = edit.set_setting(block, "y", "padding_mode", "reflect")
    a, b = (fold(analyse(g), {"block"}) for g in (block, other))
    assert beside(compare(a, b)) == [("input", "input"), ("block/", "block/")]
    assert changed(compare(a, b)) == {"block/": ("settings",)}
    named = Graph(tuple(Node(n.id, n.layer, n.sources, n.group and "stem", n.pos) for n in block))
    assert beside(compare(a, fold(analyse(named), {"stem"})))[1] == ("block/", "stem/")


def test_an_empty_network() -> None:
    nothing, lenet = analyse(Graph()), rows_of("lenet5")
    check(nothing, nothing)
    check(nothing, lenet)
    assert compare(lenet, nothing).params.change is None and compare(nothing, lenet).params.change == -1


def test_shares_as_people_say_them() -> None:
    told = {(72, 100): "−28 %", (1037, 1000): "+3.7 %", (5, 5): "0 %", (1200, 100): "×12.0", (1, 990): "÷990"}
    told |= {(0, 5): "−100 %", (5, 0): "+∞", (0, 0): "", (99_990, 100_000): "−0.01 %", (200, 100): "+100 %"}
    for (left, right), text in told.items():
        assert share(Sums(left, right)) == text
