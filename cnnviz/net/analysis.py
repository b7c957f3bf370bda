"""Shapes, parameters, cost, memory, receptive fields and problems of a network: one pure pass, without torch.

A network that does not fit is a normal state while a person edits, so `analyse` never raises: what is wrong stands
in the row where it is wrong, and rows behind it wait.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

from .field import PIXEL, Field, meet, meet_on, through
from .graph import Graph, Node
from .layers import Concat, Shape, Shapes, Source, plane
from .layers.base import POINTS, Window
from .layers.foreign import Foreign
from .problems import Misfit, Problem, problem
from .window import TooLongError

BYTES = 4  # of a float32
LARGEST = 2**48  # values in one map: beyond any machine's memory


class Row(NamedTuple):
    """One line of the table. With a `problem` there is no output, and the numbers are zero."""

    node: Node
    ins: Shapes = ()
    out: Shape | None = None
    params: int = 0
    macs: int = 0
    field: Field | None = None  # None: every unit sees the whole picture, no two see alike, or the row has a problem
    problem: Problem | None = None
    field_in: Field | None = None  # of the units this layer looks at, taken together
    fixed: int = 0
    blind: bool = False  # what its units see is not known: a part of a foreign model lies here or before
    inside: tuple[Row, ...] = ()  # of a folded group: the rows of its layers, in the graph's order
    exits: tuple[str, ...] = ()  # ids of those inside that are read outside, or of the last where none is

    @property
    def costed(self) -> bool:
        """Whether `macs` is its cost; else nobody knows it, and `macs` is 0."""
        return self.node.layer.known

    @property
    def id(self) -> str:
        """The node's id."""
        return self.node.id

    @property
    def connections(self) -> int:
        """What its output values are joined to by weights, and their biases, as LeCun counts them."""
        return self.node.layer.connections(self.ins) if self.out else 0

    @property
    def frozen(self) -> int:
        """Of `params`, those that training leaves as they are."""
        return self.params if self.node.learning.frozen else 0

    @property
    def buffers(self) -> int:
        """Scalars kept with the weights that no gradient changes, such as running statistics."""
        return self.node.layer.buffers(self.ins) if self.out and not self.node.weights else 0

    @property
    def activation_bytes(self) -> int:
        """Memory of the output for one picture, as float32."""
        return BYTES * prod(self.out) if self.out else 0


class Analysis(Mapping[str, Row]):
    """Rows by node id in the graph's order, with their totals."""

    def __init__(self, graph: Graph, rows: dict[str, Row]):
        self.graph, self._rows = graph, rows
        self.subtotals: dict[str, Row] = {}  # of groups by path, as far as somebody has asked `fold` for them

    def __getitem__(self, id: str) -> Row:
        return self._rows[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def values(self) -> ValuesView[Row]:
        return self._rows.values()  # not by one look-up a row, as a Mapping does

    def items(self) -> ItemsView[str, Row]:
        return self._rows.items()

    @cached_property
    def params(self) -> int:
        """Weights and biases of the whole network; `frozen` of them are not trained."""
        return sum(r.params for r in self._rows.values())

    @cached_property
    def fixed(self) -> int:
        """Scalars of the whole network that nothing trains; running statistics are not counted."""
        return sum(r.fixed for r in self._rows.values())

    @cached_property
    def frozen(self) -> int:
        """Of `params`, those that training leaves as they are."""
        return sum(r.frozen for r in self._rows.values())

    @cached_property
    def macs(self) -> int:
        """Multiply-adds of the whole network for one picture."""
        return sum(r.macs for r in self._rows.values())

    @cached_property
    def uncosted(self) -> tuple[str, ...]:
        """Ids of the layers whose cost is not known, so that `macs` lacks it."""
        return tuple(r.id for r in self._rows.values() if not r.costed)

    @cached_property
    def connections(self) -> int:
        """Connections of the whole network."""
        return sum(r.connections for r in self._rows.values())

    @cached_property
    def activation_bytes(self) -> int:
        """Memory of all outputs for one picture."""
        return sum(r.activation_bytes for r in self._rows.values())

    @cached_property
    def problems(self) -> tuple[Row, ...]:
        """Rows with a problem of their own; those that only wait for them are left out."""
        return tuple(r for r in self._rows.values() if r.problem and r.problem.code != "waits")

    @cached_property
    def input(self) -> Node | None:
        """Where the picture enters."""
        return next((n for n in self.graph if isinstance(n.layer, Source)), None)

    @cached_property
    def _causes(self) -> dict[str, Row]:
        """Of every row with a problem the row that is to blame. Sources come first, so that one pass finds them."""
        found: dict[str, Row] = {}
        for id, row in self._rows.items():
            if row.problem:
                waits = row.problem.code == "waits"
                before = (*row.node.sources, row.node.weights)
                # a card of what waits for weights inside another card has no wire to it
                found[id] = next((found[s] for s in before if s in found), row) if waits else row
        return found

    def cause(self, id: str) -> Row:
        """The row whose problem makes this one wait; the row itself where the problem is its own."""
        return self._causes.get(id) or self._rows[id]

    def reason(self, id: str) -> str:
        """Why the node gives nothing, in words: its problem, or whose problem it waits for. Else empty."""
        row, cause = self._rows[id], self.cause(id)
        if row.problem is None:
            return ""
        name = cause.id.rstrip("/")  # a folded group is called by its path
        return row.problem.text if cause is row else problem("waits", nodes=(name,)).text

    def reasons(self) -> dict[str, str]:
        """The reason of every row that has one; what waits for one row has the same words, found once."""
        words: dict[tuple[str, bool], str] = {}
        found: dict[str, str] = {}
        for id, cause in self._causes.items():
            key = cause.id, id == cause.id
            if key not in words:
                words[key] = self.reason(id)
            found[id] = words[key]
        return found


def analyse(graph: Graph, before: Analysis | None = None) -> Analysis:
    """The table of `graph`. Rows of `before` are taken over where neither node nor inputs changed."""
    old: Mapping[str, Row] = before._rows if before else {}
    old_first = before.input.id if before and before.input else None
    changed: set[str] = set()
    made = _Pass()
    rows = made.rows
    for n in graph.nodes:
        known = old.get(n.id)
        if (
            known is not None
            and (
                known.node is n
                or (known.node.layer is n.layer and known.node.sources == n.sources and known.node.weights == n.weights)
            )
            and (not changed or (changed.isdisjoint(n.sources) and n.weights not in changed))
            and not isinstance(n.layer, Source)
        ):
            rows[n.id] = known if known.node is n else known._replace(node=n)
            continue
        rows[n.id] = made.again(n) if n.weights else made.row(n)
        if known is None or not made.first == n.id == old_first or known.node.layer != n.layer or known.problem:
            changed.add(n.id)
    return Analysis(graph, rows)


Figures = tuple[Shapes, Shape, int, int, int, tuple[Window, ...], bool]
"""Inputs, output, parameters, multiply-adds, fixed scalars, what a unit looks at in each input, whether it is blind."""

Key = tuple[int, tuple[Shape | None, ...]]
"""A layer's identity and the shapes that come in. Equal layers may have two identities; each is asked then."""


class _Pass:
    """One pass: the rows so far, and what was met on the way.

    A large network has thousands of rows, so this is written to spend little more than a microsecond on each.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.first: str | None = None  # where the picture enters
        self._figures: dict[Key, Figures] = {}  # deep networks repeat few layers on few shapes
        self._concats: dict[tuple[str, ...], Row] = {}  # by sources

    def row(self, n: Node) -> Row:
        """The row of a node whose sources have theirs."""
        if len(n.sources) != 1:
            return self._longer(n) or self._meeting(n)
        above = self.rows[n.sources[0]]
        key = id(n.layer), (above.out,)
        figures = self._figures.get(key)
        if figures is None:
            asked = self._ask(n, key, (above,))
            if isinstance(asked, Row):
                return asked
            figures = asked
        ins, out, params, macs, fixed, (window,), blind = figures
        field = below = above.field
        if window is not POINTS:  # activations and normalisation see what the layer before sees
            try:
                field = through(window, below)
            except TooLongError:
                field = below = None
        return _row(Row, (n, ins, out, params, macs, field, None, below, fixed, blind or above.blind, (), ()))

    def again(self, n: Node) -> Row:
        """The row of a node that uses the weights of another: they are counted there, and must be those it needs."""
        row, owner = self.row(n), self.rows.get(n.weights)
        if row.problem is not None or owner is None:
            return row
        if owner.problem is not None:
            return Row(n, row.ins, problem=problem("waits", nodes=(owner.id,)))
        if owner.node.layer != n.layer:
            return Row(n, row.ins, problem=problem("weights.layer", node=n.id, owner=owner.id))
        if _weights(owner) != _weights(row):
            wrong = problem("weights.input", node=n.id, owner=owner.id, theirs=owner.ins, mine=row.ins)
            return Row(n, row.ins, problem=wrong)
        return row._replace(params=0, fixed=0)

    def _meeting(self, n: Node) -> Row:
        """The row of a node with several sources, or none."""
        above = [self.rows[s] for s in n.sources]
        key = id(n.layer), tuple([r.out for r in above])
        figures = self._figures.get(key)
        if figures is None:
            asked = self._ask(n, key, above)
            if isinstance(asked, Row):
                return asked
            figures = asked
        ins, out, params, macs, fixed, windows, blind = figures
        if not above:
            return Row(n, ins, out, params, macs, PIXEL, fixed=fixed, blind=blind)
        picture = self.rows[self.first].out if self.first else None
        try:
            seen = [r.field if w is POINTS else through(w, r.field) for w, r in zip(windows, above, strict=True)]
            field = meet(seen, plane(picture) if picture else (0, 0))
        except TooLongError:
            field = None
        blind = blind or any(r.blind for r in above)
        row = Row(n, ins, out, params, macs, field, None, field, fixed, blind)
        if isinstance(n.layer, Concat):
            self._concats[n.sources] = row
        return row

    def _longer(self, n: Node) -> Row | None:
        """The row of a Concat that reads what an earlier one reads and one more, as each does in a dense block.

        It is the earlier one and its last source side by side, so that a block of n layers costs n steps and not n².
        None for every other node, and where its inputs do not fit.
        """
        begun = self._concats.get(n.sources[:-1])
        if begun is None or begun.out is None or not isinstance(n.layer, Concat):
            return None
        last = self.rows[n.sources[-1]]
        field = meet_on(begun.field, last.field)
        if field is None or last.out is None:
            return None
        try:
            out = n.layer.out((begun.out, last.out))
        except Misfit:  # which would not name all inputs
            return None
        if prod(out) > LARGEST:
            return None
        ins, blind = (*begun.ins, last.out), begun.blind or last.blind
        row = self._concats[n.sources] = _row(Row, (n, ins, out, 0, 0, field, None, field, 0, blind, (), ()))
        return row

    def _ask(self, n: Node, key: Key, above: Sequence[Row]) -> Figures | Row:
        """What the layer gives for the outputs `above`, or the row that says why it gives nothing."""
        layer, have = n.layer, len(above)
        fewest, most = layer.inputs
        if not have or have < fewest or (most is not None and have > most):
            wrong = self._sources(n)
            if wrong is not None:
                return Row(n, problem=wrong)
        ins: Shapes = key[1]  # type: ignore[assignment]  # those that give nothing are not among them from here on
        if None in ins:
            waits = tuple(dict.fromkeys(r.id for r in above if r.out is None))
            return Row(n, problem=problem("waits", nodes=waits))
        try:
            out = layer.out(ins)
        except Misfit as e:
            return Row(n, ins, problem=e.problem)
        if prod(out) > LARGEST:
            return Row(n, ins, problem=problem("size.huge", layer=n.type, shape=out))
        windows = (layer.window(ins),) if have == 1 else layer.windows(ins)
        figures = ins, out, layer.params(ins), layer.macs(ins, out), layer.fixed(ins), windows, not layer.known
        if have:  # a second Input is another matter, even if it is the same layer
            self._figures[key] = figures
        return figures

    def _sources(self, n: Node) -> Problem | None:
        """What is wrong with the number of its sources, if anything: the first Input needs none."""
        if isinstance(n.layer, Source):
            if self.first is not None:
                return problem("input.second", first=self.first)
            self.first = n.id
        (fewest, most), have = n.layer.inputs, len(n.sources)
        if fewest <= have and (most is None or have <= most):
            return None
        if not have:
            return problem("inputs.none", layer=n.type)
        code = "inputs.count" if most == fewest else "inputs.more"
        return problem(code, layer=n.type, need=fewest, have=have)


def _weights(row: Row) -> tuple[Any, ...]:
    """What two rows have in common that one torch module can be called for: its arguments, and what it has."""
    layer, ins = row.node.layer, row.ins
    if isinstance(layer, Foreign):  # it has no arguments; its module takes what it takes
        return (ins,)
    try:
        made: Any = layer.torch(ins)
    except Misfit:  # torch has no such layer, and its code is refused
        made = None
    return made, layer.params(ins), layer.fixed(ins), layer.buffers(ins)


_row = tuple.__new__  # what `Row(…)` does once it has sorted its arguments, in a third of the time


def spent(rows: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    """By row, when they run in this order: the outputs that nothing reads any more once it has run."""
    last = {s: r.id for r in rows for s in r.node.sources}
    found: dict[str, list[str]] = {}
    for source, reader in last.items():
        found.setdefault(reader, []).append(source)
    return {id: tuple(sources) for id, sources in found.items()}


def unsound(rows: Analysis) -> str:
    """Why this network cannot be run as a whole, with the layer; empty where it can."""
    if not len(rows):
        return problem("net.empty").text
    return next((f"{r.id}: {r.problem.text}" for r in rows.problems if r.problem), "")


def trainable(rows: Analysis, classes: int | None = None) -> Problem | None:
    """Why this network cannot be trained (on so many classes), or None where it can.

    Of several ends the last one is its output; the others are auxiliary outputs, which must have a value a class, too.
    """
    graph = rows.graph
    if not graph.nodes:
        return problem("net.empty")
    if rows.input is None:
        return problem("net.no_input")
    if rows.problems:
        row = rows.problems[0]
        return Problem("net.broken", (("node", row.id), ("why", row.problem)))
    end = rows[graph.ends[-1]]
    wanted = end.out if classes is None else (classes,)
    if len(graph.ends) > 1 and any(rows[e].out != wanted or len(wanted or ()) != 1 for e in graph.ends):
        return problem("net.ends", nodes=graph.ends)
    if classes is not None and end.out != (classes,):
        return problem("net.output", node=end.id, shape=end.out, classes=classes)
    if not rows.params:
        return problem("net.no_weights")
    return None
