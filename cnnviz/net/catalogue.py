"""The blocks that can be put into a network: those that come with the program, and one's own.

A shipped one (`resources/blocks`) names a kind of block and its settings; it fits itself to the channels that come in.
One of one's own is a network file whose nodes are the block's layers.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from ..resources import folder
from ..text import _
from . import edit
from .analysis import Analysis
from .arrange import arrange, frames
from .blocks import BLOCKS, Block
from .draft import Draft
from .edit import Point, Wire
from .files import FileError, read
from .graph import Graph, Node, families
from .graph import graph as checked
from .layers import Source
from .layout import CARD, GAP, GRID
from .network import Network
from .regroup import fresh_path

OPEN = 12
"""Layers of a block that is shown open when it is put in; larger ones are folded."""
SUFFIX = ".cnnviz"


@dataclass(frozen=True)
class Item:
    """One block of the palette. `stem`: what the groups it makes are called."""

    title: str
    about: str
    stem: str
    block: Block | None = None
    nodes: tuple[Node, ...] = ()  # of one's own: sources outside are left out, groups are relative to the block


# ── what there is ────────────────────────────────────────────────────────────────────────────────────────────────────
@cache
def shipped() -> dict[str, Item]:
    """The blocks that come with the program by name, in the order in which to meet them."""
    found = {}
    for name in (folder("blocks") / "order.txt").read_text("utf-8").split():
        data = json.loads((folder("blocks") / f"{name}.json").read_text("utf-8"))
        block = BLOCKS[data["block"]](**data["settings"])
        found[name] = Item(data["title"], data["about"], name.replace("-", "_"), block)
    return found


def own(place: Path) -> tuple[dict[str, Item], list[FileError]]:
    """One's own blocks by file name, and what is wrong with those that cannot be read."""
    found: dict[str, Item] = {}
    wrong: list[FileError] = []
    for path in sorted(place.glob(f"*{SUFFIX}")):
        try:
            network = read(path)
        except FileError as e:
            wrong.append(e)
        else:
            stem = path.stem if path.stem.isidentifier() else "block"
            found[path.stem] = Item(network.title or path.stem, network.about, stem, None, network.graph.nodes)
    return dict(sorted(found.items(), key=lambda item: item[1].title.casefold())), wrong


def fragment(graph: Graph, ids: Collection[str], title: str) -> Network:
    """These layers as a block of one's own. Raises ValueError where an Input is among them."""
    chosen = [n for n in graph if n.id in ids]
    if any(isinstance(n.layer, Source) for n in chosen):
        raise ValueError(_("An Input cannot be part of a block: a network has one. Select the layers behind it."))
    depth = min((len(n.group.split("/")) if n.group else 0) for n in chosen)
    while depth and len({tuple(n.group.split("/")[:depth]) for n in chosen}) > 1:
        depth -= 1
    nodes = tuple(
        replace(
            n,
            sources=tuple(s for s in n.sources if s in ids),
            group="/".join(n.group.split("/")[depth:]) if n.group else "",
        )
        for n in chosen
    )
    return Network(Graph(families(nodes)), title, title)


# ── putting one in ───────────────────────────────────────────────────────────────────────────────────────────────────
def put(
    rows: Analysis,
    item: Item,
    pos: Point | None = None,
    after: str = "",
    wires: Iterable[Wire] = (),
    block: Collection[str] = (),
) -> tuple[Graph, str]:
    """The network with the block on these wires, which come from one node, or behind `after`; gives its path too.

    With neither it stands alone at `pos`. `block`: the nodes of a folded group that `after` is the output of. Without
    `pos` whoever read `after` reads the block from now on.
    """
    graph = rows.graph
    wires = tuple(wires)
    if len({w.source for w in wires}) > 1:
        raise ValueError(_("This wire stands for several. Unfold the block it comes from, and drop it on one of them."))
    source = wires[0].source if wires else after
    ends = [w.target for w in wires]
    outer = edit.shared([source, *ends], graph) if ends else _outer(graph, source, block)
    path = fresh_path(graph, item.stem, outer)
    grown, last = _written(rows, item, source, path)
    made = tuple(n.id for n in grown if n.id not in graph)
    ports = {(w.target, w.port) for w in wires}
    if source and not wires and pos is None:
        readers = [n for n in graph if source in n.sources and n.id not in block]
        ports = {(n.id, i) for n in readers for i, s in enumerate(n.sources) if s == source}
    joined = checked(_read(n, ports, last) for n in grown)
    return _placed(joined, made, source, pos), path


def _outer(graph: Graph, source: str, block: Collection[str]) -> str:
    if not source:
        return ""
    return edit.around(graph, block) if block else graph[source].group


def _read(node: Node, ports: Collection[tuple[str, int]], last: str) -> Node:
    sources = tuple(last if (node.id, i) in ports else s for i, s in enumerate(node.sources))
    return node if sources == node.sources else replace(node, sources=sources)


def _written(rows: Analysis, item: Item, source: str, path: str) -> tuple[Graph, str]:
    """The network with the block's layers behind `source`, nothing reading them yet; the id of its output."""
    draft = Draft(rows.graph, rows)
    if item.block is not None:
        last = item.block.put(draft, source, path)
        return draft.graph, last
    names: dict[str, str] = {}
    for n in item.nodes:
        lacks = source and len(n.sources) < n.layer.inputs[0]
        sources = [*(names[s] for s in n.sources), *([source] if lacks else [])]
        id, group = "" if n.id.startswith(f"{n.type.lower()}_") else n.id, f"{path}/{n.group}".rstrip("/")
        names[n.id] = draft.put(
            n.layer, *sources, id=id, group=group, weights=names.get(n.weights, ""), learning=n.learning
        )
    return draft.graph, names[Graph(item.nodes).ends[-1]]


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _placed(graph: Graph, made: Collection[str], source: str, pos: Point | None) -> Graph:
    """The new cards laid out by themselves at `pos` or to the right of `source`; others make room."""
    inside = [n for n in graph if n.id in made]
    part = Graph(tuple(replace(n, sources=tuple(s for s in n.sources if s in made)) for n in inside))
    places = arrange(part)
    rect = frames(part, places)
    xs, ys = [p[0] for p in places.values()], [p[1] for p in places.values()]
    left, top = min(xs) - CARD[0] / 2, min(ys) - CARD[1] / 2
    right, bottom = max(xs) + CARD[0] / 2, max(ys) + CARD[1] / 2
    if rect:
        outermost = next(iter(rect.values()))
        left, top = min(left, outermost[0]), min(top, outermost[1])
        right, bottom = max(right, outermost[0] + outermost[2]), max(bottom, outermost[1] + outermost[3])
    others = [n for n in graph if n.id not in made]
    if source:
        at = graph[source].pos
        entry = [places[n.id][1] for n in inside if source in n.sources] or ys
        dx = at[0] + CARD[0] / 2 + GAP[0] - left
        dy = at[1] - (min(entry) + max(entry)) / 2
    else:
        x, y = pos or (0.0, 0.0)
        dx, dy = x - (left + right) / 2, y - (top + bottom) / 2
    dx, dy = (GRID * round(v / GRID) for v in (dx, dy))
    box = left + dx, top + dy, right + dx, bottom + dy
    moved = _making_room(others, box, graph[source].pos[1]) if source else {}
    if not source:
        while any(_covers(box, n.pos) for n in others):
            dy += GRID * 6
            box = box[0], box[1] + GRID * 6, box[2], box[3] + GRID * 6
    return graph.move({**moved, **{id: (x + dx, y + dy) for id, (x, y) in places.items()}})


Box = tuple[float, float, float, float]  # left, top, right, bottom


def _covers(box: Box, place: Point) -> bool:
    (x, y), (left, top, right, bottom) = place, box
    return left - CARD[0] / 2 < x < right + CARD[0] / 2 and top - CARD[1] / 2 < y < bottom + CARD[1] / 2


def _making_room(others: Iterable[Node], box: Box, row: float) -> dict[str, Point]:
    """Cards of the source's row that stand behind it move right, rows above and below it out of the box."""
    left, top, right, bottom = box
    others = list(others)
    if not any(_covers(box, n.pos) for n in others):
        return {}
    same = [n for n in others if abs(n.pos[1] - row) < CARD[1]]
    behind = [n for n in same if n.pos[0] > left]
    by = max(0.0, right + GAP[0] - min((n.pos[0] - CARD[0] / 2 for n in behind), default=right + GAP[0]))
    below = [n for n in others if n.pos[1] - row >= CARD[1]]
    above = [n for n in others if row - n.pos[1] >= CARD[1]]
    down = max(0.0, bottom + GAP[1] - min((n.pos[1] - CARD[1] / 2 for n in below), default=bottom + GAP[1]))
    up = max(0.0, max((n.pos[1] + CARD[1] / 2 for n in above), default=top - GAP[1]) - (top - GAP[1]))
    by, down, up = (GRID * -(-v // GRID) for v in (by, down, up))
    moved = {n.id: (n.pos[0] + by, n.pos[1]) for n in behind if by}
    moved |= {n.id: (n.pos[0], n.pos[1] + down) for n in below if down}
    return moved | {n.id: (n.pos[0], n.pos[1] - up) for n in above if up}
