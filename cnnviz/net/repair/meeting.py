"""Repairs for branches that do not meet: Add, Multiply and Concat with inputs of different shapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from math import prod
from typing import Any

from ...text import N_
from .. import edit
from ..analysis import Row
from ..graph import Graph
from ..layers import Layer, Shape
from .base import Case, Offer, Offers, above, altered, append, made, offer, out_of, put, said
from .settings import SET, Cure
from .shapes import ways

REMOVE_WIRE = N_("Remove the wire from {node}")


def equal(case: Case) -> Offers:
    """Inputs that must have one shape."""
    goal = _goal(case)
    target = case.ins[goal]
    skips = any(_skips(case, port, goal) for port in _others(case, target))
    yield from tuned(case, target)
    if skips:
        yield from met(case, target)
    yield from _channels(case, target)
    if not skips:
        yield from met(case, target)
    if len({s[1:] for s in case.ins}) == 1:
        yield offer(N_("Use {type} instead"), case.turn("Concat"), type="Concat")
    yield from unwired(case, goal)


def broadcast(case: Case) -> Offers:
    """Inputs that must have one shape, or one number for each channel."""
    goal = max(range(len(case.ins)), key=lambda i: (len(case.ins[i]), prod(case.ins[i])))
    target = case.ins[goal]
    if len(target) == 3:  # squeeze and excite: a factor for each channel
        column = (target[0], 1, 1)
        graph: Graph | None = case.graph
        told: list[Offer] = []
        for port, shape in enumerate(case.ins):
            if shape != target and graph is not None:
                way = next(iter(ways(shape, column)), None) if shape[1:] in ((), (1, 1)) else None
                graph = put(graph, case.id, port, way[1]) if way else None
                told += [way[0]] if way else []
        if told:
            yield Offer(told[0].template, graph, told[0].args)
    yield from equal(case)


def concat(case: Case) -> Offers:
    """Inputs that must have one height and width."""
    ranks = {len(s) for s in case.ins}
    if len(ranks) > 1:
        if min(ranks) == 1:
            yield from _flattened(case)
        yield from _all_like(case)
    else:
        often = Counter(s[1:] for s in case.ins)
        sizes = sorted(often, key=lambda size: (often[size], prod(size)), reverse=True)
        for finer in (True, False):
            for size in sizes:
                yield from tuned(case, (0, *size), finer)
            if finer:
                yield from met(case, (0, *sizes[0]), weights=False)
    yield from unwired(case, _goal(case))


# ── one setting of a branch ──────────────────────────────────────────────────────────────────────────────────────────
def tuned(case: Case, target: Shape, finer: bool | None = None) -> Offers:
    """One setting of one branch that makes it meet: the padding or the stride of a window that was set wrong.

    `finer`: only what gives larger maps, or only what gives smaller ones.
    """
    wrong = _others(case, target)
    for port in wrong[:1] if len(wrong) == 1 else ():
        if finer is None or finer == (prod(case.ins[port][1:]) < prod(target[1:])):
            yield from _tuned(case, port, target)
    if len(case.ins) == 2 and target[0]:  # the other way round
        port = next(i for i in (0, 1) if i not in wrong)
        yield from _tuned(case, port, case.ins[wrong[0]])


def _tuned(case: Case, port: int, target: Shape) -> Offers:
    way = _own(case, port)
    padded: list[str] = []
    for place, row in enumerate(way):
        if row.node.layer.family in ("Pooling", "Shape") and _like(_run(way[:place], row.ins[0]), target):
            yield offer(N_("Remove {node}"), case.remove(row.id), node=row.id)
    for place, row in enumerate(way):
        for name, value in _tunings(row.node.layer, row, target):
            layer = altered(row.node.layer, **{name: value})
            if _like(_run(way[:place], out_of(layer, *row.ins)), target):
                yield offer(SET, case.set(row.id, **{name: value}), setting=name, node=row.id, value=said(value))
            elif name == "padding" and row.id not in padded and not isinstance(value, str):
                padded.append(row.id)
    if len(padded) > 1:
        changed = case.graph
        for id in padded:
            name, value = next(iter(_tunings(changed[id].layer, case.rows[id], target)))
            layer = altered(changed[id].layer, **{name: value})
            changed = changed.change(id, layer=layer) if layer is not None else changed
        yield offer(N_("Set padding of {nodes} so that sizes stay"), changed, nodes=", ".join(reversed(padded)))


def _own(case: Case, port: int) -> list[Row]:
    """Rows that lead to this input alone, nearest first, each with one source."""
    shared = set[str]()
    for other, source in enumerate(case.node.sources):
        if other != port:
            shared |= {source, *above(case.graph, source)}
    found = []
    id = case.node.sources[port]
    while id not in shared and len(case.graph.readers[id]) == 1 and len(case.graph[id].sources) == 1:
        found.append(case.rows[id])
        id = case.graph[id].sources[0]
    return found


def _tunings(layer: Layer, row: Row, target: Shape) -> Iterator[tuple[str, Any]]:
    """Settings of a window that change its output's size."""
    names = {f.name for f in fields(layer)}
    if not {"kernel_size", "stride"} <= names or row.out is None:
        return
    kernel, stride = (_pair(layer, n) for n in ("kernel_size", "stride"))
    dilation = _pair(layer, "dilation") if "dilation" in names else (1, 1)
    if "padding" in names:
        reach = tuple(d * (k - 1) for d, k in zip(dilation, kernel, strict=True))
        if not any(r % 2 for r in reach):
            half = tuple(r // 2 for r in reach)
            if getattr(layer, "padding") != half:  # noqa: B009
                yield "padding", _as(layer, "padding", half)
        zero = (0,) * len(kernel)
        if getattr(layer, "padding") not in (zero, 0, "valid"):  # noqa: B009
            yield "padding", _as(layer, "padding", zero)
    strides = [(1,) * len(stride), (2,) * len(stride)]
    if len(row.ins[0]) == len(target) > 1 and all(
        t and t <= n for n, t in zip(row.ins[0][1:], target[1:], strict=True)
    ):
        strides.append(tuple(-(-n // t) for n, t in zip(row.ins[0][1:], target[1:], strict=True)))
    for value in dict.fromkeys(strides):
        if value != stride:
            yield "stride", _as(layer, "stride", value)


def _pair(layer: Layer, name: str) -> tuple[int, ...]:
    value = getattr(layer, name)
    return value if isinstance(value, tuple) else (value,)


def _as(layer: Layer, name: str, value: tuple[int, ...]) -> Any:
    return value[0] if isinstance(getattr(type(layer)(), name), int) else value


def _run(way: list[Row], shape: Shape | None) -> Shape | None:
    """What comes out at the nearest row of a branch where `shape` comes in at the furthest."""
    for row in reversed(way):
        shape = out_of(row.node.layer, shape) if shape is not None else None
    return shape


def _like(shape: Shape | None, target: Shape) -> bool:
    """Whether a shape is the target; of a target with 0 channels only the rest counts."""
    return shape is not None and (shape == target or (not target[0] and shape[1:] == target[1:]))


def _channels(case: Case, target: Shape) -> Offers:
    """Output channels of the layer of a branch that decides on them."""
    wrong = _others(case, target)
    wanted = [(port, target) for port in wrong]
    if len(case.ins) == 2:  # the other way round
        wanted += [(port, case.ins[wrong[0]]) for port in (0, 1) if port not in wrong]
    for port, shape in wanted:
        decides = (
            (r.id, n) for r in _own(case, port) for n in ("out_channels", "out_features") if hasattr(r.node.layer, n)
        )
        for id, name in list(decides)[:1]:
            yield offer(SET, case.set(id, **{name: shape[0]}), setting=name, node=id, value=shape[0])


# ── layers between ───────────────────────────────────────────────────────────────────────────────────────────────────
def met(case: Case, target: Shape, weights: bool = True) -> Offers:
    """Layers on every branch that is unlike the target."""
    wrong = [port for port in range(len(case.ins)) if not _like(case.ins[port], target)]
    choices = [ways(s, target if target[0] else (s[0], *target[1:]), weights) for s in (case.ins[p] for p in wrong)]
    if not all(choices):
        return
    for i in range(max(map(len, choices), default=0)):
        graph: Graph | None = case.graph
        for port, choice in zip(wrong, choices, strict=True):
            graph = put(graph, case.id, port, choice[min(i, len(choice) - 1)][1]) if graph is not None else None
        words = choices[0][min(i, len(choices[0]) - 1)][0]
        yield Offer(words.template, graph, words.args)


def behind(case: Case) -> Offers:
    """Layers between the one branch that is unlike the others and all that read it, as each merge of a dense block."""
    sizes = Counter(s[1:] for s in case.ins) if case.node.type == "Concat" else Counter(case.ins)
    for usual, _times in sizes.most_common(2):
        wrong = [port for port, s in enumerate(case.ins) if (s[1:] if case.node.type == "Concat" else s) != usual]
        if len(wrong) == 1:
            source, shape = case.node.sources[wrong[0]], case.ins[wrong[0]]
            target = (shape[0], *usual) if case.node.type == "Concat" else usual
            for _words, layers in ways(shape, target, weights=False)[:3]:
                types = ", ".join(type(layer).__name__ for layer in layers)
                yield offer(N_("Insert {type} behind {node}"), append(case.graph, source, layers), type=types,
                            node=source)  # fmt: skip


def _flattened(case: Case) -> Offers:
    graph: Graph | None = case.graph
    for port, shape in enumerate(case.ins):
        if len(shape) > 1 and graph is not None:
            graph = put(graph, case.id, port, (made("Flatten"),))
    yield offer(N_("Insert {type}"), graph, type="Flatten")


def _all_like(case: Case) -> Offers:
    """Every input as the first one that has the most axes."""
    yield from met(case, max(case.ins, key=len))


def unwired(case: Case, goal: int) -> Offers:
    """One wire less, or the merge gone where one would be left."""
    sources = case.node.sources
    order = sorted(range(len(sources)), key=lambda port: (case.ins[port] == case.ins[goal], -port))
    for port in order:
        left = sources[:port] + sources[port + 1 :]
        if len(left) >= case.layer.inputs[0]:
            yield offer(REMOVE_WIRE, case.read(*left), node=sources[port])
    for port in sorted(range(len(sources)), key=lambda p: p != goal):
        graph = bypassed(case, sources[port])
        yield offer(N_("Remove {node}, go on from {source}"), graph, node=case.id, source=sources[port])


def bypassed(case: Case, source: str) -> Graph | None:
    """Without the node; those that read it read `source` instead."""
    alone = case.read(source)
    if alone is None:
        return None
    return edit.remove(alone, (case.id,))


def _others(case: Case, target: Shape) -> list[int]:
    return [port for port, shape in enumerate(case.ins) if not _like(shape, target)]


def _goal(case: Case) -> int:
    """The input that the others should be like: one of the most, else the one with the longest way behind it."""
    often = Counter(case.ins)
    depth = [len(above(case.graph, s)) for s in case.node.sources]
    return max(range(len(case.ins)), key=lambda i: (often[case.ins[i]], depth[i], -i))


def _skips(case: Case, port: int, goal: int) -> bool:
    """Whether this input is where the other one comes from."""
    sources = case.node.sources
    return sources[port] in above(case.graph, sources[goal])


CURES: dict[str, tuple[Cure, ...]] = {
    "shape.equal": (equal,),
    "shape.broadcast": (broadcast,),
    "shape.concat": (concat,),
}
"""What is offered where branches do not meet, the best first."""
