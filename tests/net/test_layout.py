"""Places of cards: no card on another, wires to the right, chains straight, the picture in the canvas's shape."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.net import layout
from cnnviz.net.graph import Graph, Node
from cnnviz.net.layers import Add, Concat, Conv2d, Input, Layer, MaxPool2d, ReLU
from cnnviz.net.layout import CARD, GAP, GRID, LANE, LANES, ROW_GAP, Size, tidy

from .samples import graphs


def chain(n: int) -> Graph:
    nodes = [Node("input_1", Input())]
    for i in range(1, n):
        nodes.append(Node(f"relu_{i}", ReLU(), (nodes[-1].id,)))
    return Graph(tuple(nodes))


def dense(blocks: int, layers: int) -> Graph:
    """Blocks in which every Conv2d reads all that were before it, as in DenseNet."""
    nodes = [Node("input", Input())]

    def add(layer: Layer, *sources: str) -> str:
        nodes.append(Node(f"n{len(nodes)}", layer, sources))
        return nodes[-1].id

    last = "input"
    for _ in range(blocks):
        maps = [add(Conv2d(), last)]
        for _ in range(layers):
            maps.append(add(Conv2d(), add(ReLU(), add(Concat(), *maps))))
        last = add(MaxPool2d(), add(Concat(), *maps))
    return Graph(tuple(nodes))


def inception(g: Graph) -> Graph:
    start, ends = g.nodes[-1].id, []
    for depth in (1, 2, 2, 2):
        g = g.add(Conv2d(), [start])
        for _ in range(depth - 1):
            g = g.add(Conv2d(), [g.nodes[-1].id])
        ends.append(g.nodes[-1].id)
    return g.add(Concat(), ends)


def residual(g: Graph) -> Graph:
    start = g.nodes[-1].id
    g = g.add(Conv2d(), [start])
    g = g.add(ReLU(), [g.nodes[-1].id])
    g = g.add(Conv2d(), [g.nodes[-1].id])
    g = g.add(Add(), [g.nodes[-1].id, start])
    return g.add(ReLU(), [g.nodes[-1].id])


def covered(places: dict[str, tuple[float, float]], sizes: dict[str, Size]) -> list[tuple[str, str]]:
    boxes = {id: (*p, *sizes.get(id, CARD)) for id, p in places.items()}
    return [
        (a, b)
        for a, (ax, ay, aw, ah) in boxes.items()
        for b, (bx, by, bw, bh) in boxes.items()
        if a < b and abs(ax - bx) < (aw + bw) / 2 and abs(ay - by) < (ah + bh) / 2
    ]


@settings(max_examples=100, deadline=None)
@given(graphs(14), st.floats(0.3, 4), st.data())
def test_no_card_covers_another_and_all_stand_on_the_grid(g: Graph, aspect: float, data: st.DataObject) -> None:
    ids = data.draw(st.lists(st.sampled_from([n.id for n in g]), max_size=3))
    sizes = {id: data.draw(st.tuples(st.integers(60, 300), st.integers(40, 400))) for id in ids}
    places = tidy(g, sizes, aspect)
    assert list(places) == [n.id for n in g]
    assert not covered(places, sizes)
    assert all(v % GRID == 0 for p in places.values() for v in p)
    assert tidy(g, sizes, aspect) == places


@pytest.mark.parametrize("aspect", [0.5, 1.0, 1.6, 3.0])
def test_a_long_chain_reads_like_text_in_the_canvas_shape(aspect: float) -> None:
    g = chain(60)
    places = tidy(g, aspect=aspect)
    rows: list[list[float]] = []
    for id in places:
        x, y = places[id]
        if x == 0:
            rows.append([])
        rows[-1].append(y)
        assert x == (len(rows[-1]) - 1) * (CARD[0] + GAP[0])
    assert all(len(set(r)) == 1 for r in rows), "every row is perfectly straight"
    width = max(x for x, _ in places.values()) + CARD[0]
    height = max(y for _, y in places.values()) + CARD[1]
    assert 0.6 < width / height / aspect < 1.7


def test_a_short_chain_is_one_straight_line() -> None:
    assert {y for _, y in tidy(chain(6), aspect=6).values()} == {0}


def test_branches_stand_one_above_the_other_and_the_trunk_in_the_middle() -> None:
    g = inception(Graph().add(Input()).add(Conv2d(), ["input_1"])).add(MaxPool2d(), ["concat_1"])
    p = tidy(g, aspect=3)
    assert p["input_1"][1] == p["conv2d_1"][1] == p["concat_1"][1] == p["maxpool2d_1"][1] == 0
    ys = [p[i][1] for i in ("conv2d_2", "conv2d_3", "conv2d_5", "conv2d_7")]
    assert ys == sorted(ys) and sum(ys) == 0
    assert p["conv2d_3"][1] == p["conv2d_4"][1] and p["conv2d_3"][0] == p["conv2d_5"][0] == p["conv2d_7"][0]


def test_a_residual_trunk_is_straight() -> None:
    g = Graph().add(Input())
    for _ in range(3):
        g = residual(g)
    places = tidy(g, aspect=20)
    assert {y for _, y in places.values()} == {0}


def test_rows_break_between_blocks_only() -> None:
    g = Graph().add(Input())
    for _ in range(12):
        g = residual(g)
    places = tidy(g, aspect=1.5)
    firsts = [id for id, (x, _) in places.items() if x == 0]
    assert len(firsts) > 2
    assert [g[g[id].sources[0]].type for id in firsts[1:]] == ["Add"] * (len(firsts) - 1)
    assert not [n.id for n in g if n.type == "Add" and len({places[s][1] for s in n.sources}) > 1]


def test_a_dense_block_is_a_straight_row_no_higher_than_its_lanes() -> None:
    g = dense(3, 24)
    places = tidy(g)
    rows = sorted({y for _, y in places.values()})
    assert len(rows) == 3, "a row for each block, and every card on it"
    assert max(b - a for a, b in pairwise(rows)) <= CARD[1] + LANES * (LANE + GAP[1]) + ROW_GAP


def test_what_is_tried_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the time itself: how many rows are tried, and how many dummies hold long wires open."""
    tried: list[int] = []
    cost = layout._cost
    monkeypatch.setattr(layout, "_cost", lambda *args: (tried.append(1), cost(*args))[1])
    tidy(chain(1000))
    assert len(tried) < 60
    g = dense(4, 60)
    part = layout._Part(g, [n.id for n in g], {})
    assert len(part.column) < len(g) + (LANES + 1) * len(part.widths)


def test_wires_to_the_right_go_right_within_a_row() -> None:
    g = inception(inception(Graph().add(Input())))
    places = tidy(g, aspect=50)
    assert all(places[s][0] < places[n.id][0] for n in g for s in n.sources)


def test_nothing_and_loose_cards_have_places_too() -> None:
    assert tidy(Graph()) == {}
    g = Graph()
    for _ in range(7):
        g = g.add(ReLU())
    assert not covered(tidy(g), {})
