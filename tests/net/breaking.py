"""Networks broken at random, as a person would by mistake and worse."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import strategies as st

from cnnviz.net import edit
from cnnviz.net.analysis import Analysis, analyse, trainable
from cnnviz.net.graph import Graph
from cnnviz.net.layers import TYPES, Kind, kinds
from cnnviz.net.repair import Repair, remedies

SMALL = (1, 2, 3, 5, 7, 11)


def value(dice: Random, kind: Kind, now: Any) -> Any:
    """Another value of a setting, seldom a sensible one."""
    if kind.name == "bool":
        return not now
    if kind.name == "choice":
        return dice.choice(kind.choices)
    if kind.name == "int":
        return max(int(kind.low), dice.choice((*SMALL, now // 2, now * 2, now + 1)))
    if kind.name == "pair":
        one = dice.choice(SMALL)
        return (one, one) if dice.random() < 0.8 else (dice.choice(SMALL), dice.choice(SMALL))
    if kind.name == "padding":
        return dice.choice(("same", "same_tf", "valid", 0, 1, 2, (3, 1)))
    if kind.name == "length_padding":
        return dice.choice(("same", "same_tf", 0, 1))
    if kind.name == "sides":
        return tuple(dice.randint(-6, 4) for _ in range(4))
    if kind.name == "shape":
        return dice.choice(((-1,), (4, -1), (-1, 2, 2), (3, 5, 7)))
    if kind.name == "floats":
        return dice.choice(((0.5,), (0.1, 0.2, 0.3)))
    return now


def blow(dice: Random, graph: Graph) -> Graph:
    """The network after one mishap. Raises ValueError where it cannot be."""
    ids = [n.id for n in graph]
    wires = edit.wires(graph)
    what = dice.randrange(8)
    if what == 0:
        return graph.remove([dice.choice(ids)])
    if what == 1:
        return edit.remove(graph, dice.sample(ids, min(len(ids), dice.randint(1, 3))))
    if what == 2 and wires:
        return edit.disconnect(graph, dice.choice(wires))
    if what in (3, 4):
        node = graph[dice.choice(ids)]
        if settings := kinds(type(node.layer)):
            name = dice.choice(list(settings))
            return edit.set_setting(graph, node.id, name, value(dice, settings[name], getattr(node.layer, name)))
    if what == 5 and wires:
        return edit.insert(graph, TYPES[dice.choice(list(TYPES))](), dice.choice(wires), (0.0, 0.0))[0]
    if what == 6:
        return edit.add(graph, TYPES[dice.choice(list(TYPES))](), (0.0, 0.0))[0]
    return edit.connect(graph, dice.choice(ids), dice.choice(ids))


PAIRS = ((0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (2, 64), (1, 2), (2, 1), (3, 1), (1, 0), (0, 1))


def other(dice: Random, graph: Graph) -> Graph:
    """The network with one setting of one layer changed."""
    while True:
        node = graph[dice.choice(graph.nodes).id]
        if not (settings := kinds(type(node.layer))):
            continue
        name = dice.choice(list(settings))
        kind, now = settings[name], getattr(node.layer, name)
        given = dice.choice(PAIRS) if kind.name in ("pair", "padding") and dice.random() < 0.4 else None
        if kind.name == "int" and dice.random() < 0.3:
            given = max(int(kind.low), dice.choice((now - 1, now * 2, 4, 6, 12, 64, 100)))
        try:
            changed = edit.set_setting(graph, node.id, name, given or value(dice, kind, now))
        except ValueError:
            continue
        if changed.nodes != graph.nodes:
            return changed


def broken(dice: Random, graph: Graph, most: int = 4) -> Graph:
    """The network after some mishaps."""
    for _ in range(dice.randint(1, most)):
        if len(graph):
            try:
                graph = blow(dice, graph)
            except ValueError:
                continue
    return graph


def dice() -> st.SearchStrategy[Random]:
    """Dice that hypothesis throws."""
    return st.integers(0, 2**32).map(Random)


def mended(graph: Graph, classes: int | None = 10) -> tuple[Analysis, list[Repair]]:
    """The network after the first repair offered, and the first one then, until there is none."""
    rows, taken = analyse(graph), []
    while offered := remedies(rows, classes):
        taken.append(offered[0])
        rows = offered[0].rows
        assert len(taken) <= 4 * len(graph) + 20, [r.text for r in taken[-5:]]
    assert trainable(rows, classes) is None, f"{trainable(rows, classes)}: nothing offered"
    return rows, taken
