"""Groups folded into one card each: an Analysis of fewer rows, which the canvas and the table show like any other.

A group is a path such as `layer1/0`, carried by its nodes; `layer1` holds `layer1/0`. The card of a folded group is
called `layer1/0/`: no node can be called so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from .analysis import Analysis, Row
from .graph import Graph, Node, Wire, paths, sources_first
from .layers.group import Group
from .problems import Problem, problem

CARDS = 48
"""A network of more cards than this is opened with its groups folded."""
BLOCK = 4
"""A group of fewer layers is a part of a block rather than one, such as the convolution of a skip and its norm."""


class GroupRow(Row):
    """The row of a folded group: its subtotals, and the output of its last layer."""

    __slots__ = ()

    @property
    def members(self) -> tuple[str, ...]:
        """Ids of the layers inside, in the graph's order."""
        return tuple(r.id for r in self.inside)

    @property
    def connections(self) -> int:
        """Connections of all layers inside; counted when somebody asks."""
        return sum(r.connections for r in self.inside)

    @property
    def frozen(self) -> int:
        """Parameters of the layers inside that training leaves as they are."""
        return sum(r.frozen for r in self.inside)

    @property
    def buffers(self) -> int:
        """Running statistics and the like of all layers inside."""
        return sum(r.buffers for r in self.inside)

    @property
    def costed(self) -> bool:
        """Whether the cost of every layer inside is known."""
        return all(r.costed for r in self.inside)

    @property
    def activation_bytes(self) -> int:
        """Memory of all outputs inside, for one picture."""
        return sum(r.activation_bytes for r in self.inside)


def card_of(path: str) -> str:
    """The id of the card that stands for a folded group."""
    return f"{path}/"


def path_of(card: str) -> str:
    """The group that a card stands for; empty for an ordinary card."""
    return card[:-1] if card.endswith("/") else ""


def name(card: str) -> str:
    """What a person calls the card: the node's id, or the group's path."""
    return path_of(card) or card


def title(path: str) -> str:
    """A group's own name: the last part of its path, with the part before it where it is only a number."""
    outer, _slash, last = path.rpartition("/")
    return f"{title(outer)}/{last}" if outer and last.isdigit() else last


def usual(graph: Graph) -> frozenset[str]:
    """The groups that are folded when a network is opened: none where it is small, inner ones if that is enough."""
    if len(graph) <= CARDS:
        return frozenset()
    blocks = {p for p in graph.closed if len(graph.groups[p]) >= BLOCK}
    outer = {p.rpartition("/")[0] for p in blocks}
    inner = frozenset(p for p in blocks if p not in outer)
    return inner if _count(graph, inner) <= CARDS else frozenset(p for p in graph.closed if "/" not in p)


def _count(graph: Graph, folded: Collection[str]) -> int:
    return len({_card(n, folded) for n in graph})


def _card(node: Node, folded: Collection[str]) -> str:
    """The card that shows a node: its own, or that of the outermost folded group around it."""
    return next((card_of(p) for p in paths(node.group) if p in folded), node.id)


def fold(rows: Analysis, folded: Collection[str]) -> Analysis:
    """The table with these groups folded; groups that are not there, or cannot be folded, count for nothing.

    Totals stay the same. A group reads what its nodes read outside of it, each once, in the order of its nodes.
    """
    card = together(rows.graph, rows.graph.closed.intersection(folded))
    if all(id == c for id, c in card.items()):
        return rows
    members: dict[str, list[Row]] = {}
    for r in rows.values():
        members.setdefault(card[r.id], []).append(r)
    made = [_group(c, list_, card, rows) if path_of(c) else _single(list_[0], card) for c, list_ in members.items()]
    by_id = {r.id: r for r in made}
    # a group begins where its first node stood, which may be before what its last ones read
    graph = Graph(sources_first(tuple(r.node for r in made)))
    return Analysis(graph, {n.id: by_id[n.id] for n in graph})


def together(graph: Graph, folded: frozenset[str]) -> dict[str, str]:
    """The card of every node. Two groups that read each other cannot both be cards: the first of them stays open."""
    while True:
        card = {n.id: _card(n, folded) for n in graph}
        reads: dict[str, set[str]] = {c: set() for c in card.values()}
        for n in graph:
            reads[card[n.id]].update(card[s] for s in n.sources if card[s] != card[n.id])
        done: set[str] = set()
        while ready := [c for c, sources in reads.items() if sources <= done]:
            done.update(ready)
            for c in ready:
                del reads[c]
        stuck = [path_of(c) for c in reads if path_of(c)]
        if not stuck:
            return card
        folded -= {stuck[0]}


def _single(row: Row, card: dict[str, str]) -> Row:
    sources = tuple(card[s] for s in row.node.sources)
    same = sources == row.node.sources
    return row if same else row._replace(node=replace(row.node, sources=sources), problem=_waiting(row, card))


def _waiting(row: Row, card: dict[str, str]) -> Problem | None:
    if row.problem is None or row.problem.code != "waits":
        return row.problem
    waits = dict(row.problem.args)["nodes"]
    return problem("waits", nodes=tuple(dict.fromkeys(name(card[w]) for w in waits)))


def subtotals(rows: Analysis, path: str) -> GroupRow:
    """The row of an open group: what its card would show."""
    found = rows.subtotals.get(path)
    if not isinstance(found, GroupRow):  # not asked for yet
        found = rows.subtotals[path] = _group(card_of(path), [rows[id] for id in rows.graph.groups[path]], None, rows)
    return found


def _group(id: str, inside: list[Row], card: dict[str, str] | None, rows: Analysis) -> GroupRow:
    """The row of these together; `card`: of every node, where others are folded, too."""
    mine = {r.id for r in inside}
    outside = [(card[s] if card else s, rows[s].out) for r in inside for s in r.node.sources if s not in mine]
    sources = dict(outside)
    exits = [r for r in inside if any(t not in mine for t in rows.graph.readers[r.id])]
    last = exits[-1] if exits else inside[-1]
    own = next((r for r in inside if r.problem is not None and r.problem.code != "waits"), None)
    stuck = next((r for r in inside if r.problem is not None), None)
    wrong: Problem | None = None
    if own is not None:
        wrong = problem("group.inside", node=own.id, why=own.problem)
    elif stuck is not None:
        wrong = _waiting(stuck, card) if card else stuck.problem
    path = path_of(id)
    layer = Group(path.rpartition("/")[2], len(inside))
    place = tuple(sum(r.node.pos[i] for r in inside) / len(inside) for i in (0, 1))
    return GroupRow(
        Node(id, layer, tuple(sources), path.rpartition("/")[0], (place[0], place[1])),
        tuple(out for out in sources.values() if out is not None),
        None if wrong else last.out,
        sum(r.params for r in inside),
        sum(r.macs for r in inside),
        None if wrong else last.field,
        wrong,
        fixed=sum(r.fixed for r in inside),
        blind=last.blind,
        inside=tuple(inside),
        exits=tuple(r.id for r in exits) or (last.id,),
    )


def behind(rows: Analysis, view: Analysis, wire: Wire) -> tuple[Wire, ...]:
    """The wires of the network that a wire of the folded table stands for, in the order of their targets."""
    mine = _members(view, wire.source)
    theirs = _members(view, wire.target)
    if not path_of(wire.target):
        node = rows.graph[wire.target]
        return (Wire(node.sources[wire.port], node.id, wire.port),)
    return tuple(Wire(s, t, port) for t in theirs for port, s in enumerate(rows.graph[t].sources) if s in mine)


def _members(view: Analysis, card: str) -> tuple[str, ...]:
    row = view[card]
    return row.members if isinstance(row, GroupRow) else (card,)


def members(view: Analysis, cards: Collection[str]) -> tuple[str, ...]:
    """The nodes that these cards stand for; the one that gives a group's output comes last of it."""
    return tuple(id for c in cards if c in view for id in inside(view[c]))


def inside(row: Row) -> tuple[str, ...]:
    """The nodes that a row stands for, the one that gives its output last."""
    if not isinstance(row, GroupRow):
        return (row.id,)
    last = row.exits[-1]
    return (*(m for m in row.members if m != last), last)


def cards(view: Analysis, ids: Collection[str]) -> tuple[str, ...]:
    """The cards that show these nodes."""
    shows = {id: card for card in view for id in _members(view, card)}
    return tuple(dict.fromkeys(shows[i] for i in ids if i in shows))
