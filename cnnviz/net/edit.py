"""What a person does to a network: pure functions from a graph to a new one.

Each edit keeps the graph valid (no loops, no unknown sources, unique names). New cards stand where no other card is.
What cannot be done raises ValueError (LoopError, Misfit) with a sentence for the person.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import reduce
from typing import Any

from ..text import _
from .files import from_json, to_json
from .graph import Graph, LoopError, Node, families, graph, is_name, paths
from .graph import Wire as Wire
from .graph import wires as wires
from .layers import Layer
from .layout import CARD, GAP, GRID
from .network import Network

Point = tuple[float, float]
MARGIN = 8  # px: least distance between cards that are placed here
MARK = "cnnviz nodes"  # tells copied nodes from other text on the clipboard


# ── adding ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def add(graph: Graph, layer: Layer, pos: Point) -> tuple[Graph, str]:
    """A card without wires, at `pos` or the nearest free place; gives its id too."""
    id = graph.fresh_id(layer)
    return graph.add(layer, pos=_free(graph, pos), id=id), id


def append(
    graph: Graph, layer: Layer, after: str | None = None, pos: Point | None = None, block: Collection[str] = ()
) -> tuple[Graph, str]:
    """A layer behind `after` (default: the end), between it and all that read it; gives its id too.

    Without `pos` it stands to the right of `after`, and cards that stand there move on. `block`: the nodes of a folded
    group that `after` is the output of; the layer stands behind that as a whole.
    """
    if after is None:
        after = end(graph)
    if after is None or layer.inputs[1] == 0:
        spot = pos if pos is not None else _beside(graph, after)
        return add(graph, layer, spot)
    id = graph.fresh_id(layer)
    place = _free(graph, pos) if pos is not None else _right_of(graph[after])
    group = around(graph, block) if block else graph[after].group
    new = Node(id, layer, (after,), group, place)
    nodes = [n if n.id in block else _redirect(n, after, id) for n in graph]
    if graph.readers[after]:
        nodes.insert(1 + graph.nodes.index(graph[after]), new)  # beside its source, so that the table keeps its order
    else:
        nodes.append(new)
    grown = _graph(nodes)
    return (grown if pos is not None else make_room(grown, id)), id


def insert(graph: Graph, layer: Layer, wire: Wire, pos: Point, also: Iterable[Wire] = ()) -> tuple[Graph, str]:
    """A new layer in the middle of `wire`, at `pos`; gives its id too.

    Where a card is in the way there, it stands to the right of the source instead, and cards that stand there move on.
    `also`: further wires that it is to stand on; where they come from other nodes, each of these gets such a layer.
    """
    wires = (wire, *also)
    for w in wires:
        _check_wire(graph, w)
    if layer.inputs[1] == 0:
        raise ValueError(_("{layer} takes no input, so it cannot stand on a wire.").format(layer=type(layer).__name__))
    id = ""
    for source in dict.fromkeys(w.source for w in wires):
        graph, id = _insert(graph, layer, [w for w in wires if w.source == source], pos)
    return graph, id


def _insert(graph: Graph, layer: Layer, wires: list[Wire], pos: Point) -> tuple[Graph, str]:
    """The layer on these wires, which come from one node."""
    id, source = graph.fresh_id(layer), graph[wires[0].source]
    group = reduce(_shared, (graph[w.target].group for w in wires), source.group)
    nodes = list(graph)
    for w in wires:
        at = next(i for i, n in enumerate(nodes) if n.id == w.target)
        sources = nodes[at].sources
        nodes[at] = replace(nodes[at], sources=(*sources[: w.port], id, *sources[w.port + 1 :]))
    place, tight = _spot(graph, source, pos)
    nodes.insert(1 + graph.nodes.index(source), Node(id, layer, (source.id,), group, place))
    return (make_room(_graph(nodes), id) if tight else _graph(nodes)), id


def insert_node(graph: Graph, id: str, wire: Wire, pos: Point | None = None, also: Iterable[Wire] = ()) -> Graph:
    """An existing card in the middle of `wire`, and of `also` from the same node; nothing where the wire is its own.

    With `pos` it also moves there; where a card is in the way, as with `insert`.
    """
    _check_wire(graph, wire)
    if id in (wire.source, wire.target):
        return graph
    joined = connect(graph, wire.source, id)
    for w in (wire, *also):
        joined = connect(joined, id, w.target, w.port)
    if pos is None:
        return joined
    place, tight = _spot(graph.remove([id]), graph[wire.source], pos)
    moved = joined.move({id: place})
    return make_room(moved, id) if tight else moved


# ── wires ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def connect(graph: Graph, source: str, target: str, port: int | None = None) -> Graph:
    """A wire from `source` to `target`.

    A layer with one input changes its source; one with several gets another input, or at `port` another source.
    Raises LoopError where it would close a loop, ValueError where the target takes no input.
    """
    node = graph[target]
    most = node.layer.inputs[1]
    if most == 0:
        raise ValueError(_("{target} takes no input.").format(target=target))
    if source == target or source in _below(graph, target):
        raise LoopError(_("A wire from {source} to {target} would close a loop.").format(source=source, target=target))
    if most == 1:
        sources: tuple[str, ...] = (source,)
    elif port is not None and 0 <= port < len(node.sources):
        sources = (*node.sources[:port], source, *node.sources[port + 1 :])
    else:
        sources = (*node.sources, source)
    return graph if sources == node.sources else graph.change(target, sources=sources)


def disconnect(graph: Graph, wire: Wire) -> Graph:
    """Without this wire; nothing where it is gone already."""
    if not _is_there(graph, wire):
        return graph
    sources = graph[wire.target].sources
    return graph.change(wire.target, sources=sources[: wire.port] + sources[wire.port + 1 :])


def remove(graph: Graph, ids: Iterable[str]) -> Graph:
    """Without these nodes; the chain heals.

    Whoever read a removed node reads what it read, where that is one thing: a whole residual block that goes leaves
    the block's input. A merge does not get what it reads already a second time.
    """
    gone = {id for id in ids if id in graph}
    stands_for: dict[str, str | None] = {}
    for n in graph:
        if n.id in gone:
            left = {stands_for.get(s, s) for s in n.sources} - {None}
            stands_for[n.id] = left.pop() if len(left) == 1 else None
    nodes = []
    for n in graph:
        if n.id in gone:
            continue
        if gone.isdisjoint(n.sources):
            nodes.append(n)
            continue
        sources: list[str] = []
        for s in n.sources:
            heir = stands_for.get(s, s)
            if heir is not None and (s not in gone or (heir not in n.sources and heir not in sources)):
                sources.append(heir)
        nodes.append(replace(n, sources=tuple(sources)))
    return _graph(nodes)


# ── clipboard ────────────────────────────────────────────────────────────────────────────────────────────────────────
def copy(graph: Graph, ids: Collection[str]) -> str:
    """These nodes and the wires among them as text; a node keeps the groups of which all nodes are copied."""
    chosen = set(ids)
    partly = {path for n in graph if n.id not in chosen for path in paths(n.group)}
    nodes = []
    for n in graph:
        if n.id in chosen:
            whole = next((p for p in paths(n.group) if p not in partly), "")
            group = whole.replace("/", "_") + n.group[len(whole) :] if whole else ""
            nodes.append(replace(n, sources=tuple(s for s in n.sources if s in chosen), group=group))
    return json.dumps({MARK: to_json(Network(Graph(families(nodes))))}, ensure_ascii=False, indent=1)


def paste(graph: Graph, text: str, offset: Point = (GRID * 8, GRID * 8)) -> tuple[Graph, tuple[str, ...]]:
    """Copied nodes once more, moved by `offset` (and further down until they cover no card); gives their ids too.

    Names and groups that are in use get new ones. Raises ValueError where `text` is no copy of nodes.
    """
    nodes = _read(text)
    names: dict[str, str] = {}
    groups: dict[str, str] = {}
    used = {n.group.partition("/")[0] for n in graph}
    for n in nodes:
        names[n.id] = _new_name(graph, n, set(names.values()) | {m.id for m in nodes if m.id not in names})
        top = n.group.partition("/")[0]
        if top and top not in groups:
            groups[top] = _unused(top, used | set(groups.values()))
    dy = offset[1]
    places = [n.pos for n in graph]
    while any(_touch((x + offset[0], y + dy), p) for x, y in (n.pos for n in nodes) for p in places):
        dy += MARGIN * 3
    copies = [
        Node(
            names[n.id],
            n.layer,
            tuple(names[s] for s in n.sources),
            groups[n.group.partition("/")[0]] + n.group[len(n.group.partition("/")[0]) :] if n.group else "",
            (n.pos[0] + offset[0], n.pos[1] + dy),
            names.get(n.weights, ""),
            n.learning,
        )
        for n in nodes
    ]
    return _graph((*graph, *copies)), tuple(n.id for n in copies)


def _read(text: str) -> tuple[Node, ...]:
    try:
        return from_json(json.loads(text)[MARK]).graph.nodes
    except (ValueError, LookupError, TypeError, RecursionError) as e:
        raise ValueError(_("The clipboard holds no layers. Copy some first.")) from e


def _new_name(graph: Graph, node: Node, taken: set[str]) -> str:
    if node.id not in graph and node.id not in taken - {node.id}:
        return node.id
    stem, _bar, number = node.id.rpartition("_")
    if number.isdigit() and stem == node.type.lower():
        return graph.fresh_id(node.layer, taken)
    return _unused(node.id, graph.index.keys() | taken)


def _unused(name: str, used: Collection[str]) -> str:
    new, i = name, 2
    while new in used:
        new, i = f"{name}_{i}", i + 1
    return new


# ── settings and names ───────────────────────────────────────────────────────────────────────────────────────────────
def set_setting(graph: Graph, id: str, name: str, value: Any) -> Graph:
    """With another value of a layer's setting. Raises Misfit where the value is impossible."""
    layer = graph[id].layer
    new = replace(layer, **{name: value})
    return graph if new == layer else graph.change(id, layer=new)


def set_learning(graph: Graph, id: str, name: str, value: Any) -> Graph:
    """With another value of node.learning's. Raises Misfit where the value is impossible."""
    new = replace(graph[id].learning, **{name: value})
    return graph if new == graph[id].learning else graph.change(id, learning=new)


def rename(graph: Graph, id: str, new: str) -> Graph:
    """The node under another name, wherever it is read. Raises ValueError where the name is bad or in use."""
    new = unicodedata.normalize("NFKC", new.strip())  # Python reads identifiers so
    if new == id:
        return graph
    if not is_name(new):
        raise ValueError(
            _("“{name}” cannot be a name. Use letters, digits and _, not starting with a digit.").format(name=new)
        )
    if new in graph:
        raise ValueError(_("Another layer is called {name}. Choose another name.").format(name=new))
    nodes = (replace(n, id=new) if n.id == id else replace(n, weights=new) if n.weights == id else n for n in graph)
    return _graph(_redirect(n, id, new) for n in nodes)


def own_weights(graph: Graph, id: str) -> Graph:
    """The node with weights of its own, where it used another's."""
    return graph.change(id, weights="")


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _touch(a: Point, b: Point) -> bool:
    return abs(a[0] - b[0]) < CARD[0] + MARGIN and abs(a[1] - b[1]) < CARD[1] + MARGIN


def _free(graph: Graph, pos: Point) -> Point:
    """`pos` on the grid, or the nearest place beside the cards around it."""
    x, y = (GRID * round(v / GRID) for v in pos)
    w, h = CARD[0] + MARGIN, CARD[1] + MARGIN
    near = [n.pos for n in graph if abs(n.pos[0] - x) < 3 * w and abs(n.pos[1] - y) < 3 * h]
    if not any(_touch((x, y), p) for p in near):
        return x, y
    xs = {float(x), *(p[0] + s * w for p in near for s in (-1, 1))}
    ys = {float(y), *(p[1] + s * h for p in near for s in (-1, 1))}
    # only cards around `pos` were looked at: places further out than them are not known to be free
    spots = ((u, v) for u in xs for v in ys if abs(u - x) < 2 * w and abs(v - y) < 2 * h)
    for spot in sorted(spots, key=lambda p: ((p[0] - x) ** 2 + (p[1] - y) ** 2, p)):
        if not any(_touch(spot, p) for p in near):
            return spot
    return max(n.pos[0] for n in graph) + CARD[0] + GAP[0], y


def _spot(graph: Graph, source: Node, pos: Point) -> tuple[Point, bool]:
    """Where a card that was dropped on a wire stands: `pos` on the grid, or (True) where others must move on for it."""
    place = GRID * round(pos[0] / GRID), GRID * round(pos[1] / GRID)
    tight = any(_touch(place, n.pos) for n in graph)
    return (_right_of(source) if tight else place), tight


def _right_of(node: Node) -> Point:
    return node.pos[0] + CARD[0] + GAP[0], node.pos[1]


def _beside(graph: Graph, after: str | None) -> Point:
    """A place for a card that gets no wire: below what is there."""
    if after is None:
        return 0.0, 0.0
    return min(n.pos[0] for n in graph), max(n.pos[1] for n in graph) + CARD[1] + GAP[1]


def make_room(graph: Graph, id: str) -> Graph:
    """The card `id` stays; cards it covers move right, and those that these cover."""
    here = graph[id].pos
    ahead = sorted((n for n in graph if n.id != id and n.pos[0] >= here[0]), key=lambda n: n.pos[0])
    stay = [n.pos for n in graph if n.pos[0] < here[0]]
    moved: dict[str, Point] = {}
    for n in ahead:
        x, y = n.pos
        # a card that has not moved may lie on another one as before; one that moves must not
        while hit := [p for p in (here, *moved.values(), *(stay if x > n.pos[0] else ())) if _touch((x, y), p)]:
            x = max(p[0] for p in hit) + CARD[0] + GAP[0]
        if x != n.pos[0]:
            moved[n.id] = x, y
        else:
            stay.append(n.pos)
    if any(_touch(here, p) for p in stay):
        moved[id] = _free(graph.remove([id]).move(moved), here)
    return graph.move(moved) if moved else graph


# ── the graph ────────────────────────────────────────────────────────────────────────────────────────────────────────
_graph = graph


def end(graph: Graph) -> str | None:
    """The last end that a picture reaches; the last end where none is reached."""
    seen: set[str] = set()
    for n in graph:
        if n.layer.inputs[1] == 0 or not seen.isdisjoint(n.sources):
            seen.add(n.id)
    ends = [e for e in graph.ends if e in seen] or list(graph.ends)
    return ends[-1] if ends else None


def _below(graph: Graph, id: str) -> set[str]:
    """Ids of all nodes behind `id`."""
    found, todo = set(), [id]
    while todo:
        for r in graph.readers[todo.pop()]:
            if r not in found:
                found.add(r)
                todo.append(r)
    return found


def _redirect(node: Node, old: str, new: str) -> Node:
    if old not in node.sources:
        return node
    return replace(node, sources=tuple(new if s == old else s for s in node.sources))


def _check_wire(graph: Graph, wire: Wire) -> None:
    if not _is_there(graph, wire):
        raise ValueError(_("The wire from {0} to {1} is not there any more.").format(wire.source, wire.target))


def _is_there(graph: Graph, wire: Wire) -> bool:
    sources = graph[wire.target].sources if wire.target in graph else ()
    return 0 <= wire.port < len(sources) and sources[wire.port] == wire.source


def around(graph: Graph, ids: Collection[str]) -> str:
    """The innermost group that these nodes lie in beside others; their own, where they are all of it, is not it."""
    path = shared(ids, graph)
    while path and len(graph.groups[path]) == len(ids):
        path = path.rpartition("/")[0]
    return path


def shared(ids: Iterable[str], graph: Graph) -> str:
    """The innermost group that all of these nodes lie in."""
    return reduce(_shared, (graph[id].group for id in ids))


def _shared(a: str, b: str) -> str:
    """The innermost group that both groups lie in."""
    both = ""
    for p, q in zip(paths(a), paths(b), strict=False):
        if p != q:
            break
        both = p
    return both
