"""Which card the arrow keys lead to."""

from __future__ import annotations

from collections.abc import Iterable

from ...net.graph import Graph, Node


def neighbour(graph: Graph, id: str, dx: int, dy: int) -> str:
    """Right: along a wire to a reader; left: to a source; up and down: to a sibling branch, else the nearest card.

    Without a selection: the first card. "" where there is nothing that way.
    """
    if id not in graph:
        return graph.nodes[0].id if graph.nodes else ""
    here = graph[id]
    if dx:
        ids = graph.readers[id] if dx > 0 else here.sources
        return _nearest(here, (graph[i] for i in ids))
    kin = {r for s in here.sources for r in graph.readers[s]} | {s for r in graph.readers[id] for s in graph[r].sources}
    kin.discard(id)
    return _nearest(here, _that_way(here, (graph[i] for i in kin), dy)) or _nearest(here, _that_way(here, graph, dy))


def _that_way(here: Node, nodes: Iterable[Node], dy: int) -> list[Node]:
    return [n for n in nodes if (n.pos[1] - here.pos[1]) * dy > 0]


def _nearest(here: Node, nodes: Iterable[Node]) -> str:
    """The one whose card is least far away, height counting double."""
    (x, y) = here.pos
    far = {n.id: abs(n.pos[0] - x) + 2 * abs(n.pos[1] - y) for n in nodes}
    return min(far, key=lambda i: far[i]) if far else ""
