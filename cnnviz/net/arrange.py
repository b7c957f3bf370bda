"""Where cards stand in a network with groups: every open group is laid out for itself, in a frame of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .fold import card_of, together
from .graph import Graph, Node, paths, sources_first
from .layout import CARD, GRID, Point, Size, tidy

EDGE = 16  # px: from a frame to the cards in it
HEAD = 24  # px: height of a frame's title

Rect = tuple[float, float, float, float]  # left, top, width, height


def arrange(graph: Graph, sizes: Mapping[str, Size] | None = None, aspect: float = 1.6) -> dict[str, Point]:
    """Centres for all cards, as `tidy` gives them; cards of one group stand together, apart from all others.

    The cards of folded groups (`a/b/`) are ordinary cards here.
    """
    return _Level(graph, "", sizes or {}, aspect).places()


def frames(graph: Graph, places: Mapping[str, Point], sizes: Mapping[str, Size] | None = None) -> dict[str, Rect]:
    """The frame around every group of which more than one card is there, outer ones first."""
    sizes = sizes or {}
    inside: dict[str, list[str]] = {}
    for n in graph:
        for path in paths(n.group):
            inside.setdefault(path, []).append(n.id)
    found: dict[str, Rect] = {}
    for path in sorted(inside, key=lambda p: -p.count("/")):  # inner ones first: outer ones hold their frames
        if len(inside[path]) < 2:
            continue
        rects = [_around(places[i], sizes.get(i, CARD)) for i in inside[path]]
        rects += [r for p, r in found.items() if p.startswith(f"{path}/")]
        found[path] = _framed(rects)
    return dict(sorted(found.items(), key=lambda item: item[0].count("/")))


def _around(place: Point, size: Size) -> Rect:
    return place[0] - size[0] / 2, place[1] - size[1] / 2, size[0], size[1]


def _framed(rects: Iterable[Rect]) -> Rect:
    rects = list(rects)
    left, top = min(r[0] for r in rects) - EDGE, min(r[1] for r in rects) - EDGE - HEAD
    right, bottom = max(r[0] + r[2] for r in rects) + EDGE, max(r[1] + r[3] for r in rects) + EDGE
    return left, top, right - left, bottom - top


class _Level:
    """The cards inside one group (or none), those of each group in it as one block."""

    def __init__(self, graph: Graph, path: str, sizes: Mapping[str, Size], aspect: float):
        self._path, self._sizes, self._aspect = path, sizes, aspect
        self._blocks = self._inner(graph)
        self._graph = self._joined(graph)

    def _inner(self, graph: Graph) -> dict[str, tuple[dict[str, Point], Rect]]:
        """Places inside the frame of every group one level down, and that frame."""
        depth = self._path.count("/") + 1 if self._path else 0
        mine: dict[str, list[Node]] = {}
        for n in graph:
            parts = n.group.split("/") if n.group else []
            if len(parts) > depth:
                mine.setdefault("/".join(parts[: depth + 1]), []).append(n)
        blocks = {}
        cards = together(graph, frozenset(p for p, nodes in mine.items() if len(nodes) > 1 and p in graph.closed))
        whole = set(cards.values())
        for path, nodes in mine.items():
            if card_of(path) not in whole:
                continue
            ids = {n.id for n in nodes}
            part = Graph(tuple(Node(n.id, n.layer, tuple(s for s in n.sources if s in ids), n.group) for n in nodes))
            places = _Level(part, path, self._sizes, self._aspect).places()
            blocks[path] = places, frames(part, places, self._sizes)[path]
        return blocks

    def _joined(self, graph: Graph) -> Graph:
        """The graph with one node for each block."""
        of = {id: f"{path}//" for path, (places, _frame) in self._blocks.items() for id in places}
        nodes: dict[str, Node] = {}
        for n in graph:
            id = of.get(n.id, n.id)
            sources = tuple(of.get(s, s) for s in n.sources if of.get(s, s) != id)
            before = nodes[id].sources if id in nodes else ()
            nodes[id] = Node(id, n.layer, tuple(dict.fromkeys((*before, *sources))))
        return Graph(sources_first(tuple(nodes.values())))

    def places(self) -> dict[str, Point]:
        """Centres of all cards, the first at (0, 0)."""
        sizes = dict(self._sizes)
        for path, (_places, (_left, _top, width, height)) in self._blocks.items():
            sizes[f"{path}//"] = width, height
        found: dict[str, Point] = {}
        for id, (x, y) in tidy(self._graph, sizes, self._aspect).items():
            if not id.endswith("//"):
                found[id] = x, y
                continue
            places, (left, top, width, height) = self._blocks[id[:-2]]
            dx, dy = (GRID * round(v / GRID) for v in (x - left - width / 2, y - top - height / 2))
            found |= {i: (u + dx, v + dy) for i, (u, v) in places.items()}
        x0, y0 = next(iter(found.values()), (0.0, 0.0))
        return {id: (x - x0, y - y0) for id, (x, y) in found.items()}
