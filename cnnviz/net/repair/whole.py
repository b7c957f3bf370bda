"""Repairs for what is wrong with a network as a whole: no Input, several ends, an output that cannot be trained."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from ...text import N_
from .. import edit
from ..analysis import Analysis, Row, trainable
from ..graph import Graph
from ..layers import Layer, Shape
from .base import Offer, Offers, above, altered, append, made, offer, out_of, upwards
from .settings import SET
from .shapes import LARGEST
from .wiring import PICTURES, with_input

USUAL = 10
"""Classes where no data set says how many."""
LAST = ("Softmax", "LogSoftmax")
OUTPUTS = ("out_features", "out_channels")
"""Settings that decide on the size of what comes out."""
STAGES = ("net.empty", "net.no_input", "net.broken", "net.ends", "net.output", "net.no_weights")


def offers(rows: Analysis, classes: int | None) -> Offers:
    """For the network's problem, where it is not that of one row."""
    why = trainable(rows, classes)
    if why is None:
        return
    if why.code in ("net.empty", "net.no_input"):
        yield from _input(rows)
    elif why.code == "net.ends":
        yield from _ends(rows, classes)
    elif why.code == "net.output":
        yield from _output(rows, rows[rows.graph.ends[-1]], classes or USUAL)
    elif why.code == "net.no_weights":
        yield from _weights(rows, rows[rows.graph.ends[-1]], classes)


def stage(rows: Analysis, classes: int | None) -> tuple[int, int]:
    """How far a network is on its way to one that can be trained; ends that are too many count against it."""
    why = trainable(rows, classes)
    return (STAGES.index(why.code) if why else len(STAGES)), -len(rows.graph.ends)


def _input(rows: Analysis) -> Offers:
    roots = [n for n in rows.graph if not n.sources and n.layer.inputs[0] > 0]
    for root in roots[:1]:
        yield from with_input(rows, root)
    for c, h, w in PICTURES[:2]:
        layer = made("Input", channels=c, size=(h, w))
        if layer is not None:
            first = min((n.pos for n in rows.graph), default=(0.0, 0.0))
            graph, _id = edit.add(rows.graph, layer, first)
            yield offer(N_("Add an Input {shape}"), graph, shape=(c, h, w))


# ── ends ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _ends(rows: Analysis, classes: int | None) -> Offers:
    graph = rows.graph
    ends = sorted((rows[e] for e in graph.ends), key=lambda r: _likely(rows, r, classes))
    main, loose = ends[-1], ends[:-1]
    if classes is not None and all(end.out == main.out and len(end.out or ()) == 1 for end in loose):
        yield _all_outputs(rows, ends, classes)  # auxiliary outputs for another number of classes
    for end in loose:
        branch = _branch(graph, end.id)
        alone = len(branch) == 1
        words = N_("Delete {node}") if alone else N_("Delete the loose branch that ends in {node} ({n} layers)")
        yield offer(words, edit.remove(graph, branch), node=end.id, n=len(branch))
    for name in ("Add", "Concat"):
        for end in loose:
            merge = made(name)
            if merge is None or out_of(merge, main.out or (), end.out or ()) is None:
                continue
            pos = max(main.node.pos[0], end.node.pos[0]) + 176, (main.node.pos[1] + end.node.pos[1]) / 2
            grown, id = edit.add(graph, merge, pos)
            joined = grown.change(id, sources=(main.id, end.id))
            yield offer(N_("Join {one} and {other} by {type}"), joined, one=main.id, other=end.id, type=name)


def _likely(rows: Analysis, row: Row, classes: int | None) -> tuple[bool, bool, int, int]:
    """The end that is meant as the network's: one value a class, a vector, a long way, the last."""
    place = rows.graph.nodes.index(row.node)
    return row.out == (classes or 0,), len(row.out or ()) == 1, len(above(rows.graph, row.id)), place


def _branch(graph: Graph, end: str) -> list[str]:
    """The end and what leads to it alone."""
    found, gone = [end], {end}
    todo = list(graph[end].sources)
    while todo:
        id = todo.pop()
        if id not in gone and gone.issuperset(graph.readers[id]) and graph[id].layer.inputs[1] != 0:
            found.append(id)
            gone.add(id)
            todo += graph[id].sources
    return found


def _decides(rows: Analysis, end: Row) -> tuple[str, str] | None:
    """The node on whose setting the size of this end depends, and that setting; None where there is none."""
    return next(
        ((row.id, name) for row in upwards(rows, end.id) for name in OUTPUTS if hasattr(row.node.layer, name)), None
    )


def _all_outputs(rows: Analysis, ends: list[Row], classes: int) -> Offer:
    """Every end with one value for each class."""
    graph: Graph | None = rows.graph
    named = [_decides(rows, end) for end in ends]
    for found in named:
        layer = altered(rows.graph[found[0]].layer, **{found[1]: classes}) if found is not None else None
        graph = graph.change(found[0], layer=layer) if graph and found and layer else None
    words = N_("Set the outputs of {nodes} to {value}")
    return offer(words, graph, nodes=", ".join(sorted({f[0] for f in named if f})), value=classes)


# ── the output ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _output(rows: Analysis, end: Row, classes: int) -> Offers:
    """One value for each class."""
    decides = _decides(rows, end)
    if decides is not None:
        id, name = decides
        layer = altered(rows.graph[id].layer, **{name: classes})
        if layer is not None:
            yield offer(SET, rows.graph.change(id, layer=layer), setting=name, node=id, value=classes)
    place = next(r for r in upwards(rows, end.id) if r.node.type not in LAST)
    if place.out is None:
        return
    linear = made("Linear", out_features=classes)
    if len(place.out) == 1:
        words = N_("Add a Linear with {n} outputs")
        yield offer(words, append(rows.graph, place.id, (linear,)), n=classes)
        return
    pooled = append(rows.graph, place.id, (*_averaged(place.out), linear))
    average = offer(N_("Add AdaptiveAvgPool2d, Flatten and a Linear with {n} outputs"), pooled, n=classes)
    if len(place.out) == 2:
        average = offer(N_("Add a Mean and a Linear with {n} outputs"), pooled, n=classes)
    flat = offer(
        N_("Add Flatten and a Linear with {n} outputs"),
        append(rows.graph, place.id, (made("Flatten"), linear)),
        n=classes,
    )
    small = prod(place.out) * classes <= min(LARGEST, 1_000_000) and prod(place.out[1:]) <= 64
    yield from (flat, average) if small else (average, flat)


def _averaged(shape: Shape) -> tuple[Layer | None, ...]:
    """Layers that average a map or a sequence into a vector."""
    return (made("AdaptiveAvgPool2d"), made("Flatten")) if len(shape) == 3 else (made("Mean"),)


def _weights(rows: Analysis, end: Row, classes: int | None) -> Iterator[Offer]:
    """A layer that learns."""
    place = next(r for r in upwards(rows, end.id) if r.node.type not in LAST)
    out = place.out or (1,)
    n = classes or (out[0] if len(out) == 1 and place.ins else USUAL)
    linear = made("Linear", out_features=n)
    if len(out) == 1:
        yield offer(N_("Add a Linear with {n} outputs"), append(rows.graph, place.id, (linear,)), n=n)
    first = rows.input
    if first is not None and len(rows[first.id].out or ()) == 3:
        same = made("Conv2d", out_channels=(rows[first.id].out or (1,))[0], padding=1)
        yield offer(N_("Insert Conv2d behind {node}"), append(rows.graph, first.id, (same,)), node=first.id)
    if len(out) > 1:
        graph = append(rows.graph, place.id, (*_averaged(out), linear))
        yield offer(N_("Add a Linear with {n} outputs"), graph, n=n)
