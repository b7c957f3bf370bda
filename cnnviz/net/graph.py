"""The network a person builds: an immutable value. Every edit gives a new Graph that shares its unchanged nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import heappop, heappush
from keyword import iskeyword
from typing import Any, NamedTuple

from ..text import _
from .layers.base import Layer
from .learning import LEARNING, Learning


class LoopError(ValueError):
    """The connection would close a loop."""


@dataclass(frozen=True)
class Node:
    """One layer of the network. `sources` are node ids in the order of the layer's inputs."""

    id: str
    layer: Layer
    sources: tuple[str, ...] = ()
    group: str = ""  # path of the block it belongs to, such as "layer1/0"
    pos: tuple[float, float] = (0.0, 0.0)  # centre of its card, canvas pixels
    weights: str = ""  # id of the earlier node whose weights it uses, as one module called again; empty: its own
    learning: Learning = LEARNING  # its own first weights, whether it is frozen

    @property
    def type(self) -> str:
        """Name of the layer type."""
        return type(self.layer).__name__


@dataclass(frozen=True)
class Graph:
    """Nodes in topological order: sources come first. Build one with `graph()` or by edits."""

    nodes: tuple[Node, ...] = ()

    @cached_property
    def index(self) -> dict[str, Node]:
        """Nodes by id."""
        return {n.id: n for n in self.nodes}

    @cached_property
    def readers(self) -> dict[str, tuple[str, ...]]:
        """Ids of the nodes that read a node, once each."""
        found: dict[str, list[str]] = {n.id: [] for n in self.nodes}
        for n in self.nodes:
            for s in dict.fromkeys(n.sources):
                found[s].append(n.id)
        return {k: tuple(v) for k, v in found.items()}

    @cached_property
    def sharers(self) -> dict[str, tuple[str, ...]]:
        """Ids of the nodes that use a node's weights beside it, where there are any."""
        found: dict[str, list[str]] = {}
        for n in self.nodes:
            if n.weights:
                found.setdefault(n.weights, []).append(n.id)
        return {k: tuple(v) for k, v in found.items()}

    def family(self, id: str) -> tuple[str, ...]:
        """Ids of all nodes that use the same weights as this one, the one that has them first."""
        owner = self.index[id].weights or id
        return (owner, *self.sharers.get(owner, ()))

    @cached_property
    def ends(self) -> tuple[str, ...]:
        """Ids of the nodes that nothing reads."""
        return tuple(id for id, r in self.readers.items() if not r)

    @cached_property
    def grouped(self) -> bool:
        """Whether any node lies in a group."""
        return any(n.group for n in self.nodes)

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Ids of the nodes in every group, inner groups included; groups in the order in which they begin."""
        found: dict[str, list[str]] = {}
        for n in self.nodes:
            for path in paths(n.group):
                found.setdefault(path, []).append(n.id)
        return {path: tuple(ids) for path, ids in found.items()}

    @cached_property
    def closed(self) -> frozenset[str]:
        """The groups that can be one card: no way leads out of them and back in again."""
        place = {n.id: i for i, n in enumerate(self.nodes)}
        return frozenset(p for p, ids in self.groups.items() if self._is_closed({*ids}, place[ids[0]], place[ids[-1]]))

    def _is_closed(self, inside: set[str], first: int, last: int) -> bool:
        behind: set[str] = set()  # outside, reached from inside
        for n in self.nodes[first : last + 1]:  # sources come first, so no such way lies elsewhere
            if n.id in inside:
                if not behind.isdisjoint(n.sources):
                    return False
            elif not behind.isdisjoint(n.sources) or not inside.isdisjoint(n.sources):
                behind.add(n.id)
        return True

    def __getitem__(self, id: str) -> Node:
        return self.index[id]

    def __contains__(self, id: object) -> bool:
        return id in self.index

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def fresh_id(self, layer: Layer, taken: Iterable[str] = ()) -> str:
        """An unused id such as `conv2d_3`; it is also the attribute's name in exported code."""
        used, stem, i = self.index.keys() | set(taken), type(layer).__name__.lower(), 1
        while f"{stem}_{i}" in used:
            i += 1
        return f"{stem}_{i}"

    def add(
        self,
        layer: Layer,
        sources: Iterable[str] = (),
        pos: tuple[float, float] = (0.0, 0.0),
        id: str = "",
        group: str = "",
    ) -> Graph:
        """Add a layer behind `sources`, under a fresh id where none is given."""
        return graph((*self.nodes, Node(id or self.fresh_id(layer), layer, tuple(sources), group, pos)))

    def remove(self, ids: Iterable[str]) -> Graph:
        """Remove nodes; their readers lose those sources and stay. The next user of their weights has them then."""
        gone = set(ids)
        return Graph(
            families(
                replace(n, sources=tuple(s for s in n.sources if s not in gone)) if gone & set(n.sources) else n
                for n in self.nodes
                if n.id not in gone
            )
        )

    def change(self, id: str, **fields: Any) -> Graph:
        """Replace fields of one node: layer, sources, group, pos, weights. Raises LoopError.

        Another layer becomes that of all nodes that use the same weights.
        """
        nodes = tuple(replace(n, **fields) if n.id == id else n for n in self.nodes)
        if "layer" in fields and self.sharers:
            alike = self.family(id)
            nodes = tuple(replace(n, layer=fields["layer"]) if n.id in alike else n for n in nodes)
        return graph(nodes) if "sources" in fields or "weights" in fields else Graph(nodes)

    def move(self, places: dict[str, tuple[float, float]]) -> Graph:
        """Put cards elsewhere."""
        return Graph(tuple(replace(n, pos=places[n.id]) if n.id in places else n for n in self.nodes))


class Wire(NamedTuple):
    """A connection: output of `source` into input `port` of `target`."""

    source: str
    target: str
    port: int = 0


def wires(graph: Graph) -> tuple[Wire, ...]:
    """Every connection, by target in the graph's order and then by port."""
    return tuple(Wire(s, n.id, i) for n in graph for i, s in enumerate(n.sources))


def graph(nodes: Iterable[Node]) -> Graph:
    """A Graph of these nodes, sorted so that sources come first and otherwise in the order given.

    Raises LoopError where they form a loop, ValueError where an id is doubled, malformed, or a source is unknown.
    """
    given = tuple(nodes)
    place = {n.id: i for i, n in enumerate(given)}
    if len(place) != len(given):
        doubled = next(n.id for i, n in enumerate(given) if place[n.id] != i)
        raise ValueError(f"two nodes are called {doubled!r}")
    seen: set[str] = set()
    ordered = True
    for n in given:
        if not is_name(n.id):
            raise ValueError(f"{n.id!r} is not a name: use letters, digits and _, not starting with a digit")
        for s in n.sources:
            if s not in place:
                raise ValueError(f"{n.id} reads {s!r}, which is not there")
            ordered = ordered and s in seen
        seen.add(n.id)
    return Graph(families(given if ordered else sources_first(given)))


def families(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """The nodes, of which the first that uses some weights has them as its own, and the others name that one.

    So it is after every edit: where the one that had them is gone, or comes later now, another has them.
    """
    given = tuple(nodes)
    if not any(n.weights for n in given):
        return given
    homes = {n.id: n.weights for n in given}
    first: dict[str, str] = {}
    found = []
    for n in given:
        home, met = n.id, {""}
        while homes.get(home, "") not in met:
            met.add(home)
            home = homes[home]
        owner = first.setdefault(home, n.id)
        weights = "" if owner == n.id else owner
        found.append(n if weights == n.weights else replace(n, weights=weights))
    return tuple(found)


def sharing(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes with equal layers as one object: an analysis asks each object once."""
    known: dict[Layer, Layer] = {}
    for n in nodes:
        layer = known.setdefault(n.layer, n.layer)
        yield n if layer is n.layer else replace(n, layer=layer)


def paths(group: str) -> Iterator[str]:
    """`a/b` lies in the groups `a` and `a/b`: these, from the outermost."""
    parts = group.split("/") if group else []
    return ("/".join(parts[: i + 1]) for i in range(len(parts)))


def is_name(text: str) -> bool:
    """Whether a node can be called so: exported code uses the name for an attribute."""
    # every torch module has a switch called `training`
    return text.isidentifier() and not iskeyword(text) and text != "training"


def sources_first(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """These nodes so that sources come first, otherwise in the order given. Raises LoopError."""
    place = {n.id: i for i, n in enumerate(nodes)}
    missing = [len(set(n.sources)) for n in nodes]
    readers: list[list[int]] = [[] for _ in nodes]
    for i, n in enumerate(nodes):
        for s in set(n.sources):
            readers[place[s]].append(i)
    ready = [i for i, m in enumerate(missing) if not m]
    out: list[Node] = []
    while ready:
        i = heappop(ready)
        out.append(nodes[i])
        for r in readers[i]:
            missing[r] -= 1
            if not missing[r]:
                heappush(ready, r)
    if len(out) < len(nodes):
        left = {i for i, m in enumerate(missing) if m}
        ids = [nodes[i].id for i in _cycle(left, [[place[s] for s in n.sources] for n in nodes])]
        raise LoopError(_("these nodes form a loop: {nodes}").format(nodes=", ".join(ids)))
    return tuple(out)


def _cycle(left: set[int], sources: list[list[int]]) -> list[int]:
    """One loop among `left`, each of which has a source in it: from its first node on, in the wires' direction."""
    path = [min(left)]
    met: dict[int, int] = {}
    while path[-1] not in met:
        met[path[-1]] = len(path) - 1
        path.append(next(s for s in sources[path[-1]] if s in left))
    loop = path[met[path[-1]] + 1 :][::-1]
    first = loop.index(min(loop))
    return loop[first:] + loop[:first]
