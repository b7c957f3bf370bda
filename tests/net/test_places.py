"""Files whose nodes have no place: every card gets one of its own."""

from __future__ import annotations

import pytest

from cnnviz.net import files
from cnnviz.net.layout import CARD
from cnnviz.net.network import Network


def unplaced(count: int, *placed: int) -> Network:
    nodes = [{"id": "n0", "type": "Input"}]
    nodes += [{"id": f"n{i}", "type": "ReLU", "sources": [f"n{i - 1}"]} for i in range(1, count)]
    for i in placed:
        nodes[i]["pos"] = [7, 9]
    return files.from_json({"format": 1, "nodes": nodes})


@pytest.mark.parametrize(("count", "placed"), [(5, ()), (5, (0, 1, 3)), (40, ()), (2_000, ())])
def test_cards_without_a_place_get_one(count: int, placed: tuple[int, ...]) -> None:
    places = [n.pos for n in unplaced(count, *placed).graph]
    assert len(set(places)) == count and places[0] == (0, 0)
    if count < 1_000:
        for i, (x, y) in enumerate(places):
            assert all(abs(x - a) >= CARD[0] or abs(y - b) >= CARD[1] for a, b in places[:i])


def test_given_places_stay() -> None:
    assert {n.pos for n in unplaced(3, 0, 1, 2).graph} == {(7, 9)}
