"""Repairs for wires that are missing or too many, and for a second Input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

from ...text import N_
from .. import edit
from ..analysis import Analysis, analyse
from ..graph import Graph, Node, graph
from ..layers import Layer, Shape
from ..layout import CARD, GAP
from .base import Case, Offer, Offers, above, below, made, offer, out_of, put
from .measure import measure
from .settings import Cure
from .shapes import ways

NEAR = 8
"""Nodes that are tried as a source, the nearest first."""
SHOWN = 3
"""Sources that are offered."""
PICTURES = ((1, 28, 28), (3, 32, 32), (1, 32, 32), (3, 64, 64), (3, 227, 227))
"""Shapes of pictures that are tried where a network has none, the usual first."""


def no_source(case: Case) -> Offers:
    """A layer that nothing leads to."""
    if case.rows.input is None:
        yield from with_input(case.rows, case.node)
    if case.layer.inputs[0] > 1:
        yield from _pairs(case)
    else:
        yield from _best(case, _connected(case))
    yield offer(N_("Delete {node}"), case.remove(), node=case.id)


def few_sources(case: Case) -> Offers:
    """Another number of wires than a layer takes."""
    most, have = case.layer.inputs[1], case.node.sources
    if most is not None and len(have) > most:
        if most == 0:
            yield offer(N_("Remove its wires"), case.graph.change(case.id, sources=()))
            return
        kept = ((s, case.read(*have[i : i + most])) for i, s in enumerate(have[: len(have) - most + 1]))
        yield from _best(case, (offer(N_("Keep only the wire from {node}"), g, node=s) for s, g in kept))
        return
    yield from _skips(case)
    yield offer(N_("Remove {node}"), case.remove(), node=case.id)


def second(case: Case) -> Offers:
    """A second Input."""
    first = case.args["first"]
    if readers := case.graph.readers[case.id]:
        nodes = [
            replace(n, sources=tuple(first if s == case.id else s for s in n.sources)) if n.id in readers else n
            for n in case.graph
        ]
        joined = edit.remove(graph(nodes), (case.id,))
        gone = case.remove()
        one = offer(N_("Delete this second Input, read {first} instead"), joined, first=first)
        other = offer(N_("Delete this second Input"), gone)
        yield from (one, other) if _count(case, joined) <= _count(case, gone) else (other, one)
    else:
        yield offer(N_("Delete this second Input"), case.remove())


# ── sources ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _near(case: Case) -> list[str]:
    """Nodes that give something and could be read: first those that nothing reads, each by how near they stand."""
    behind = {case.id, *below(case.graph, case.id)}
    place = {n.id: i for i, n in enumerate(case.graph)}
    here = place[case.id]
    found = [r for r in case.rows.values() if r.id not in behind and (r.out is not None or _is_input(case, r.id))]
    found.sort(
        key=lambda r: (r.out is None, bool(case.graph.readers[r.id]), place[r.id] > here, abs(place[r.id] - here))
    )
    return [r.id for r in found]


def _is_input(case: Case, id: str) -> bool:
    """The Input can be read also while its own settings are wrong."""
    return case.rows.input is not None and case.rows.input.id == id


def _connected(case: Case) -> Iterator[Offer]:
    behind = N_("Connect it behind {node}")
    through = N_("Connect it behind {node}, through Flatten")
    near = _near(case)[:NEAR]
    others = _robbed(case)
    for source in near:
        joined = case.read(source)
        shape = case.rows[source].out
        if joined is None:
            continue
        yield offer(behind, joined, node=source)
        if others:
            names = ", ".join((case.id, *others))
            yield offer(
                N_("Connect {nodes} behind {node}"), _together(joined, others, source), nodes=names, node=source
            )
        if shape is not None and len(shape) > 1 and out_of(case.layer, shape) is None:
            yield offer(through, put(joined, case.id, 0, (made("Flatten"),)), node=source)
    loose = [s for s in near if not case.graph.readers[s] and case.rows[s].out is not None]
    for one, other in combinations(loose[:3], 2):  # two ends that could be the branches of what was a merge
        layer = made("Add")
        if layer is not None and case.rows[one].out == case.rows[other].out:
            pos = case.node.pos[0] - CARD[0] - GAP[0], case.node.pos[1]
            grown, id = edit.add(case.graph, layer, pos)
            joined = grown.change(id, sources=(one, other)).change(case.id, sources=(id,))
            yield offer(N_("Connect it behind an Add of {one} and {other}"), joined, one=one, other=other)


def _robbed(case: Case) -> list[str]:
    """Other layers that lack a wire and may have read what this one read: they lead to the same merge, or are it."""
    merge = _merge(case.graph, case.id)
    lack = [r.node for r in case.rows.problems if r.id != case.id and len(r.node.sources) < r.node.layer.inputs[0]]
    return [n.id for n in lack if merge and merge in (n.id, _merge(case.graph, n.id))]


def _merge(graph: Graph, id: str) -> str:
    """The merge to which this node leads alone; empty where it leads to several layers, or to none."""
    while len(readers := graph.readers[id]) == 1:
        id = readers[0]
        if graph[id].layer.inputs[1] != 1:
            return id
    return ""


def _together(graph: Graph, ids: list[str], source: str) -> Graph | None:
    """These nodes reading `source`, too; None where that would close a loop."""
    for id in ids:
        if source == id or source in below(graph, id):
            return None
        graph = graph.change(id, sources=(*graph[id].sources, source))
    return graph


def _skips(case: Case) -> Offers:
    """Another source for a merge: a loose end, or where its own branch comes from."""
    have = case.node.sources
    shapes = [case.rows[s].out for s in have]
    shape = shapes[0] if shapes else None
    loose = [s for s in _near(case) if not case.graph.readers[s]]
    behind = above(case.graph, have[0])
    skips = sorted((n.id for n in reversed(tuple(case.graph)) if n.id in behind), key=lambda id: _rank(case, id))
    found = [s for s in dict.fromkeys((*loose, *skips)) if s not in have and case.rows[s].out is not None]
    words = N_("Connect {node} to it")
    if shape is None:  # nobody knows yet what would fit
        for source in [s for s in (*loose, *skips) if s not in have][:1]:
            yield offer(words, case.read(*have, source), node=source)
        return
    fits = [s for s in found if out_of(case.layer, *(s for s in shapes if s), case.rows[s].out or ()) is not None]
    for source in fits[:SHOWN]:
        yield offer(words, case.read(*have, source), node=source)
    for source in [s for s in found if s not in fits][:SHOWN]:
        target: Shape = shape if case.node.type != "Concat" else ((case.rows[source].out or (1,))[0], *shape[1:])
        joined = case.read(*have, source)
        for told, layers in ways(case.rows[source].out or (), target)[:1]:
            if joined is not None:
                graph = put(joined, case.id, len(have), layers)
                yield Offer(_from(told.template), graph, {**told.args, "node": source})


def _from(template: str) -> str:
    """Of what is offered for a shortcut that is not there yet the short form that names its source."""
    known = {
        N_("Add a 1×1 shortcut with {channels} channels"): N_("Add a 1×1 shortcut from {node}"),
        N_("Add a 1×1 shortcut with stride {stride} and {channels} channels"): N_(
            "Add a 1×1 shortcut from {node} with stride {stride}"
        ),
    }
    return known.get(template, N_("Connect {node} to it through layers that fit"))


def _rank(case: Case, id: str) -> tuple[bool, bool]:
    """A skip connection starts outside of the block that it ends in, and skips at least two layers with weights."""
    rows, group = case.rows, case.node.group
    inside = bool(group) and rows[id].node.group == group
    between = above(case.graph, case.node.sources[0]) - above(case.graph, id) | {case.node.sources[0]}
    learned = sum(rows[b].node.layer.family in ("Convolution", "Dense") for b in between - {id})
    return inside, learned < 2


def _pairs(case: Case) -> Offers:
    """Two sources for a merge that has none."""
    near = _near(case)[: 2 * NEAR]
    found = 0
    for i, one in enumerate(near):
        for other in near[i + 1 :]:
            shapes = case.rows[one].out, case.rows[other].out
            if None in shapes or out_of(case.layer, *(s for s in shapes if s)) is None:
                continue
            yield offer(N_("Connect {one} and {other} to it"), case.read(one, other), one=one, other=other)
            found += 1
            if found == SHOWN:
                return


def _best(case: Case, offers: Iterator[Offer]) -> Offers:
    """Those after which most of the network is right, up to as many as are shown."""
    ranked = [(_count(case, o.graph), i, o) for i, o in enumerate(offers) if o.graph is not None]
    ranked.sort(key=lambda it: it[:2])
    yield from (o for _rank, _place, o in ranked[:SHOWN])


def _count(case: Case, graph: Graph | None) -> tuple[Any, ...]:
    """How wrong the network would be; loose ends count last."""
    return (*measure(case.tried(graph)), len(graph.ends)) if graph is not None else (len(case.rows) + 1,)


# ── an Input ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def with_input(rows: Analysis, root: Node) -> Offers:
    """An Input before a layer that nothing leads to."""
    layer: Any = root.layer
    if root.type == "Embedding":
        yield _before(rows, root, made("Tokens", vocabulary=layer.num_embeddings), N_("Add Tokens before it"))
        return
    if root.type in ("Conv1d", "MaxPool1d"):
        embedded = (made("Embedding", layout="channels"),)
        yield _before(rows, root, made("Tokens"), N_("Add Tokens and an Embedding before it"), embedded)
        return
    shapes = list(PICTURES)
    table = getattr(layer, "table", None)
    if table:
        shapes.insert(0, (max(max(line) for line in table) + 1, 32, 32))
    if (groups := getattr(layer, "groups", 1)) > 1:
        shapes.append((groups, 32, 32))
    takes = [s for s in getattr(layer, "takes", ()) if len(s) == 3]
    offers = [_before(rows, root, made("Input", channels=c, size=(h, w)), N_("Add an Input {shape}"), shape=(c, h, w))
              for c, h, w in (*takes, *shapes)]  # fmt: skip
    flat = (made("Flatten"),)
    if root.layer.family == "Dense":
        first = PICTURES[0]
        words = N_("Add an Input {shape} and Flatten")
        offers = [_before(rows, root, made("Input", channels=first[0], size=first[1:]), words, flat, shape=first)]
    counted = [(measure(analyse(o.graph, rows)), i, o) for i, o in enumerate(offers) if o.graph is not None]
    counted.sort(key=lambda it: it[:2])
    yield from (o for _count, _place, o in counted[:SHOWN])


def _before(
    rows: Analysis, root: Node, first: Layer | None, words: str, more: tuple[Layer | None, ...] = (), **args: Any
) -> Offer:
    if first is None:
        return offer(words, None, **args)
    grown, id = edit.add(rows.graph, first, (root.pos[0] - CARD[0] - GAP[0], root.pos[1]))
    wires = max(root.layer.inputs[0], 1)
    joined: Graph | None = graph((grown[id], *(n for n in grown if n.id != id))).change(root.id, sources=(id,) * wires)
    if more and joined is not None:
        joined = put(joined, root.id, 0, more)
    return offer(words, joined, **args)


CURES: dict[str, tuple[Cure, ...]] = {
    "inputs.none": (no_source,),
    "inputs.count": (few_sources,),
    "inputs.more": (few_sources,),
    "input.second": (second,),
}
"""What is offered for wires that are missing or too many, the best first."""
