"""What meets where branches meet: whose channels a Concat stacks, and which input of an Add is F(x) and which x."""

from __future__ import annotations

from dataclasses import dataclass

from .analysis import Analysis
from .graph import Graph, Node

SIDE = ("Conv2d", "BatchNorm2d", "Shortcut", "AvgPool2d")
"""Layers that a shortcut may be made of."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Channels `first` to `last` of a Concat's output come from the branch called `name`."""

    first: int
    last: int
    name: str


def stacked(rows: Analysis, id: str) -> tuple[Branch, ...]:
    """The branches whose channels this node stacks; none where it is no Concat, or gives nothing."""
    row = rows.get(id)
    if row is None or row.out is None or row.node.type != "Concat" or len(row.ins) < 2:
        return ()
    found, at = [], 0
    for shape, name in zip(row.ins, names(rows.graph, row.node), strict=True):
        found.append(Branch(at, at + shape[0] - 1, name))
        at += shape[0]
    return tuple(found)


def names(graph: Graph, node: Node) -> tuple[str, ...]:
    """What the sources of a node are called among each other: `branch1` of `inception3a_branch1_relu`."""
    stem = f"{node.group.replace('/', '_')}_" if node.group else ""
    inside = [s for s in node.sources if graph[s].group == node.group and stem]
    cut = {s: s.removeprefix(stem).split("_") for s in inside}
    most = max((len(parts) for parts in cut.values()), default=0)
    for n in range(1, most + 1):  # as few words as tell them apart
        short = {s: "_".join(parts[:n]) for s, parts in cut.items()}
        if len({*short.values()}) == len(cut):
            break
    else:
        short = {s: s for s in inside}
    return tuple(short.get(s, s) for s in node.sources)


def residual(graph: Graph, node: Node) -> tuple[str, ...]:
    """For each input of an Add in a group: `F(x)` what the block computes, `x` what came in, `W·x` projected.

    Nothing where it is no sum of a residual block.
    """
    if node.type != "Add" or len(node.sources) != 2 or not node.group:
        return ()
    ways = [_way(graph, s, node.group) for s in node.sources]
    known = sorted((w for w in ways if w is not None), key=lambda w: len(w.inside))
    if len(known) < 2:
        return ()
    short, long = known
    same = len(short.inside) == len(long.inside) or short.start != long.start
    if same or any(graph[i].type not in SIDE for i in short.inside):
        return ()
    side = "W·x" if any(graph[i].type == "Conv2d" for i in short.inside) else "x"
    return tuple(side if way is short else "F(x)" for way in ways)


@dataclass(frozen=True, slots=True)
class _Way:
    """A chain of nodes in a group, and the node outside that it starts from."""

    inside: tuple[str, ...]
    start: str


def _way(graph: Graph, id: str, group: str) -> _Way | None:
    """The chain that leads to this node; None where it branches, or starts in the group."""
    inside: list[str] = []
    while f"{graph[id].group}/".startswith(f"{group}/"):
        inside.append(id)
        sources = {*graph[id].sources}
        if len(sources) != 1:
            return None
        (id,) = sources
    return _Way(tuple(inside), id)
