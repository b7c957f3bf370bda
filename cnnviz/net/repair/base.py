"""What a repair is, and the moves that repairs are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, NamedTuple

from ...text import _
from .. import edit
from ..analysis import Analysis, Row, analyse
from ..edit import Wire
from ..graph import Graph, Node, graph
from ..layers import TYPES, Layer, Shape
from ..problems import Misfit, Problem, shape_text


class Change(NamedTuple):
    """A row of the table as it is and as it would be; None where it is not there."""

    before: Row | None
    after: Row | None


@dataclass(frozen=True)
class Repair:
    """A way out: `text` says what it does, `graph` is the network that it gives."""

    template: str
    args: tuple[tuple[str, str], ...]
    graph: Graph
    before: Analysis = field(repr=False, compare=False)
    id: str = ""  # the node that it was offered for; empty where the whole network is meant
    known: Analysis | None = field(default=None, repr=False, compare=False)  # of `graph`, where it was needed before
    then: Repair | None = None  # what is done after this, where one change is not enough; `graph` is after both

    @property
    def text(self) -> str:
        """A short sentence without a full stop, in the language in use."""
        words = _(self.template).format(**dict(self.args))
        if self.then is None:
            return words
        more = self.then.text
        told = _("{first}; then for {node}: {then}")
        return told.format(first=words, node=self.then.id, then=more[:1].lower() + more[1:])

    @property
    def steps(self) -> tuple[Repair, ...]:
        """This and what is done after it."""
        return (self, *(self.then.steps if self.then else ()))

    @cached_property
    def rows(self) -> Analysis:
        """The table that it would give."""
        return self.known or analyse(self.graph, self.before)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Rows that come, go, or say something else, in the order of the new table; those that go stand last."""
        found = [Change(self.before.get(id), row) for id, row in self.rows.items()]
        told = [c for c in found if c.before is None or _differ(c.before, c.after)]
        return (*told, *(Change(row, None) for id, row in self.before.items() if id not in self.rows))


def _differ(a: Row, b: Row | None) -> bool:
    return b is None or a.node.layer != b.node.layer or (a.out, a.params, a.macs) != (b.out, b.params, b.macs)


class Offer(NamedTuple):
    """A repair that has not been tried yet. No graph: it cannot be done here."""

    template: str
    graph: Graph | None
    args: dict[str, str]


def offer(template: str, graph: Graph | None, **args: Any) -> Offer:
    """An Offer; shapes among the arguments are said as `6×14×14`."""
    return Offer(template, graph, {k: shape_text(v) if isinstance(v, tuple) else str(v) for k, v in args.items()})


Offers = Iterator[Offer]


class Case:
    """One row with a problem of its own, in its network."""

    def __init__(self, rows: Analysis, row: Row):
        assert row.problem is not None
        self.rows, self.row, self.graph = rows, row, rows.graph
        self.id, self.node, self.layer, self.ins = row.id, row.node, row.node.layer, row.ins
        self.problem: Problem = row.problem
        self.args: dict[str, Any] = dict(row.problem.args)
        self._known: dict[int, Analysis] = {}  # by identity: each holds its graph

    # ── moves ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def insert(self, *layers: Layer | None, port: int = 0) -> Graph | None:
        """These layers in front of the node, the last one nearest to it; on one of its wires."""
        return put(self.graph, self.id, port, layers)

    def set(self, *ids: str, **values: Any) -> Graph | None:
        """Other settings of these nodes; of this one where none is named."""
        changed = self.graph
        for id in ids or (self.id,):
            layer = altered(self.graph[id].layer, **values)
            if layer is None:
                return None
            changed = changed.change(id, layer=layer)
        return changed if changed.nodes != self.graph.nodes else None

    def turn(self, name: str) -> Graph | None:
        """The node as another type of layer, with the settings that both have; a name that says the type changes."""
        layer = turned(self.layer, name)
        if layer is None:
            return None
        changed = self.graph.change(self.id, layer=layer)
        stem, _bar, number = self.id.rpartition("_")
        if stem == self.node.type.lower() and number.isdigit():
            return edit.rename(changed, self.id, self.graph.fresh_id(layer))
        return changed

    def read(self, *sources: str) -> Graph | None:
        """The node reading these; None where that would close a loop."""
        if set(sources) & {self.id, *below(self.graph, self.id)}:
            return None
        return self.graph.change(self.id, sources=sources)

    def remove(self, *ids: str) -> Graph:
        """Without these nodes, the chain healed; without this one where none is named."""
        return edit.remove(self.graph, ids or (self.id,))

    def tried(self, graph: Graph) -> Analysis:
        """The table that a graph would give, found once."""
        if id(graph) not in self._known:
            self._known[id(graph)] = analyse(graph, self.rows)
        return self._known[id(graph)]

    def known(self, graph: Graph) -> Analysis | None:
        """The same, where it has been found."""
        return self._known.get(id(graph))

    # ── looking around ──────────────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def chain(self) -> tuple[Row, ...]:
        """Rows before this one, nearest first, as long as each has one source; the first that has not is the last."""
        return tuple(upwards(self.rows, self.node.sources[0])) if len(self.node.sources) == 1 else ()


def upwards(rows: Analysis, id: str) -> Iterator[Row]:
    """The row and what it reads, as far as there is one source; the first row that has not is the last."""
    while True:
        row = rows[id]
        yield row
        if len(row.node.sources) != 1:
            return
        id = row.node.sources[0]


def put(graph: Graph, id: str, port: int, layers: Iterable[Layer | None]) -> Graph | None:
    """These layers on the wire into `port` of node `id`, the last one nearest to it."""
    for layer in layers:
        if layer is None:
            return None
        source, target = graph[graph[id].sources[port]], graph[id]
        between = ((source.pos[0] + target.pos[0]) / 2, (source.pos[1] + target.pos[1]) / 2)
        graph, _new = edit.insert(graph, layer, Wire(source.id, id, port), between)
    return graph


def append(graph: Graph, after: str, layers: Iterable[Layer | None]) -> Graph | None:
    """These layers behind `after`, between it and all that read it."""
    for layer in layers:
        if layer is None:
            return None
        graph, after = edit.append(graph, layer, after)
    return graph


def move_before(graph: Graph, id: str, place: str) -> Graph:
    """The node `id`, which has one source, standing on the wire into `place` instead, which has one source, too."""
    node = graph[id]
    spare = edit.remove(graph, (id,))
    target = spare[place]
    x, y = target.pos
    into = replace(node, sources=target.sources, pos=(x - 4, y))
    nodes = [replace(n, sources=(id,)) if n.id == place else n for n in spare]
    nodes.insert(next(i for i, n in enumerate(nodes) if n.id == place), into)
    return settled(nodes, id, spare)


def settled(nodes: list[Node], id: str, spare: Graph) -> Graph:
    """A graph of these nodes, the card `id` at a free place near its own."""
    placed, _new = edit.add(spare, graph(nodes)[id].layer, graph(nodes)[id].pos)
    return graph(nodes).move({id: placed.nodes[-1].pos})


def altered(layer: Layer, **values: Any) -> Layer | None:
    """The layer with other settings; None where they are impossible."""
    try:
        return replace(layer, **values)
    except Misfit:
        return None


def made(name: str, **values: Any) -> Layer | None:
    """A new layer; None where the settings are impossible."""
    try:
        return TYPES[name](**values)
    except Misfit:
        return None


ALIKE = {"out_channels": "out_features", "out_features": "out_channels"}
"""Settings that mean the same in layers for maps and for vectors."""


def turned(layer: Layer, name: str) -> Layer | None:
    """The layer as another type, with the settings that both have."""
    theirs = {f.name: getattr(layer, f.name) for f in fields(layer)}
    theirs |= {ALIKE[k]: v for k, v in theirs.items() if k in ALIKE and ALIKE[k] not in theirs}
    usual = TYPES[name]()
    values: dict[str, Any] = {}
    for f in fields(usual):
        if f.name in theirs:
            value, like = theirs[f.name], getattr(usual, f.name)
            # of a length one number becomes a pair by itself; of a pair the first is the length
            values[f.name] = value[0] if isinstance(value, tuple) and isinstance(like, int) else value
    return made(name, **values)


def out_of(layer: Layer | None, *ins: Shape) -> Shape | None:
    """What a layer gives for these inputs; None where they do not fit."""
    if layer is None:
        return None
    try:
        return layer.out(ins)
    except Misfit:
        return None


def below(graph: Graph, id: str) -> set[str]:
    """Ids of all nodes behind `id`."""
    found, todo = set[str](), [id]
    while todo:
        for reader in graph.readers[todo.pop()]:
            if reader not in found:
                found.add(reader)
                todo.append(reader)
    return found


def above(graph: Graph, id: str) -> set[str]:
    """Ids of all nodes that `id` reads, and those that these read."""
    found, todo = set[str](), [id]
    while todo:
        for source in graph[todo.pop()].sources:
            if source not in found:
                found.add(source)
                todo.append(source)
    return found


def said(pair: Any) -> str:
    """A setting's value for a person: `1` for the pair (1, 1), `1×2`, `same`."""
    if isinstance(pair, tuple) and pair and len(set(pair)) == 1:
        return str(pair[0])
    return shape_text(pair) if isinstance(pair, tuple) and len(pair) == 2 else str(pair).strip("()")
