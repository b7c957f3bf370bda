"""Shapes, parameters, cost, memory, receptive fields and problems of a network: one pure pass, without torch.

A network that does not fit is a normal state while a person edits, so `analyse` never raises: what is wrong stands
in the row where it is wrong, and rows behind it wait.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

from .graph import Graph, Node
from .layers import Layer, Shape, Shapes, Source, plane
from .layers.base import POINTS, Window
from .problems import Misfit, Problem, problem
from .window import Span, TooLongError, join

BYTES = 4  # of a float32
LARGEST = 2**48  # values in one map: beyond any machine's memory


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive field of a layer's units, in pixels of the picture, along height and width."""

    y: Span
    x: Span
    aligned: bool = True  # False: branches that met behind this layer disagree in stride or centre

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the window of the unit that sees most."""
        return self.y.size, self.x.size

    @property
    def stride(self) -> tuple[float, float]:
        """Pixels between the windows of neighbouring units."""
        return _plain(self.y.stride), _plain(self.x.stride)

    @property
    def padding(self) -> tuple[int, int]:
        """How far the first unit's window reaches beyond the top and left edge."""
        return -self.y.start, -self.x.start

    def window(self, y: int, x: int) -> tuple[int, int, int, int]:
        """(top, left, height, width) of what unit (y, x) sees, not clipped to the picture."""
        (top, height), (left, width) = self.y.at(y), self.x.at(x)
        return top, left, height, width


def _plain(number: Any) -> float:
    return number if isinstance(number, int) else float(number)


PIXEL = Field(Span(), Span())


@dataclass(frozen=True, slots=True)
class Row:
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
    def activation_bytes(self) -> int:
        """Memory of the output for one picture, as float32."""
        return BYTES * prod(self.out) if self.out else 0


class Analysis(Mapping[str, Row]):
    """Rows by node id in the graph's order, with their totals."""

    def __init__(self, graph: Graph, rows: dict[str, Row]):
        self.graph, self._rows = graph, rows

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
        """Trainable scalars of the whole network."""
        return sum(r.params for r in self._rows.values())

    @cached_property
    def fixed(self) -> int:
        """Scalars of the whole network that nothing trains; running statistics are not counted."""
        return sum(r.fixed for r in self._rows.values())

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
                found[id] = next(found[s] for s in row.node.sources if s in found) if waits else row
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
    rows: dict[str, Row] = {}
    changed: set[str] = set()
    first: str | None = None  # where the picture enters
    old_first = before.input.id if before and before.input else None
    memo: Memo = {}
    for n in graph.nodes:
        is_input = isinstance(n.layer, Source)
        known = old.get(n.id)
        if (
            known is not None
            and (known.node is n or (known.node.layer is n.layer and known.node.sources == n.sources))
            and (not changed or changed.isdisjoint(n.sources))
            and not is_input
        ):
            rows[n.id] = known if known.node is n else _moved(known, n)
            continue
        second = is_input and first is not None
        row = Row(n, problem=problem("input.second", first=first)) if second else _row(n, rows, first, memo)
        if is_input and first is None:
            first = n.id
            if known is not None and first == old_first and known.node.layer == n.layer and known.problem is None:
                rows[n.id] = row
                continue
        rows[n.id] = row
        changed.add(n.id)
    return Analysis(graph, rows)


def _moved(row: Row, node: Node) -> Row:
    return replace(row, node=node)


Figures = tuple[Shape, int, int, int, tuple[Window, ...]]
"""Output, parameters, multiply-adds, fixed scalars, and what a unit looks at in each input."""


def _figures(layer: Layer, ins: Shapes) -> Figures | Problem:
    """What a layer gives for inputs of certain shapes, wherever in the network it stands, or why it does not."""
    try:
        out = layer.out(ins)
    except Misfit as e:
        return e.problem
    if prod(out) > LARGEST:
        return problem("size.huge", layer=type(layer).__name__, shape=out)
    windows = (layer.window(ins),) if len(ins) == 1 else layer.windows(ins)
    return out, layer.params(ins), layer.macs(ins), layer.fixed(ins), windows


Memo = dict[tuple[Layer, Shapes], Figures | Problem]
"""Figures met in one pass: deep networks repeat few layers on few shapes."""


def _row(n: Node, rows: dict[str, Row], first: str | None, memo: Memo) -> Row:
    layer = n.layer
    fewest, most = layer.inputs
    have = len(n.sources)
    if have < fewest or (most is not None and have > most):
        if not have:
            return Row(n, problem=problem("inputs.none", layer=n.type))
        code = "inputs.count" if most == fewest else "inputs.more"
        return Row(n, problem=problem(code, layer=n.type, need=fewest, have=have))
    above = [rows[s] for s in n.sources]
    shapes = tuple([r.out for r in above if r.out is not None])
    if len(shapes) < have:
        waits = tuple(dict.fromkeys(a.node.id for a in above if a.out is None))
        return Row(n, problem=problem("waits", nodes=waits))
    key = layer, shapes
    found = memo.get(key)
    if found is None:
        found = memo[key] = _figures(layer, shapes)
    if isinstance(found, Problem):
        return Row(n, shapes, problem=found)
    out, params, macs, fixed, windows = found
    field = None if have else PIXEL
    below: Field | None = None
    try:
        if have == 1:
            below = above[0].field
            field = _through(windows[0], below)
        elif have:
            picture = rows[first].out if first else None
            seen = [_through(w, r.field) for w, r in zip(windows, above, strict=True)]
            below = field = _merge(seen, plane(picture) if picture else (0, 0))
    except TooLongError:
        below = field = None
    blind = not layer.known or (above[0].blind if have == 1 else any(r.blind for r in above))
    return Row(n, shapes, out, params, macs, field, None, below, fixed, blind)


def _through(window: Window, field: Field | None) -> Field | None:
    """What units see that look through `window` at units with this field."""
    if window is None or field is None:
        return None
    if window is POINTS:  # activations, normalisation: what the layer before sees
        return field
    y, x = window
    aligned = field.aligned
    if (y is x or y == x) and (field.y is field.x or field.y == field.x):  # square kernels: the usual case
        span = field.y.through(y)
        return Field(span, span, aligned)
    return Field(field.y.through(y), field.x.through(x), aligned)


def _merge(fields: list[Field | None], picture: tuple[int, int]) -> Field | None:
    """What units see that look at the same place of several branches."""
    known = [f for f in fields if f is not None]
    if len(known) < len(fields):
        return None
    y, y_aligned = join([f.y for f in known], picture[0])
    if picture[0] == picture[1] and all(f.x is f.y or f.x == f.y for f in known):  # the usual case
        x, x_aligned = y, y_aligned
    else:
        x, x_aligned = join([f.x for f in known], picture[1])
    return Field(y, x, y_aligned and x_aligned and all(f.aligned for f in known))


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
    """Why this network cannot be trained (on so many classes), or None where it can."""
    graph = rows.graph
    if not graph.nodes:
        return problem("net.empty")
    if rows.input is None:
        return problem("net.no_input")
    if rows.problems:
        row = rows.problems[0]
        return Problem("net.broken", (("node", row.id), ("why", row.problem)))
    if len(graph.ends) > 1:
        return problem("net.ends", nodes=graph.ends)
    end = rows[graph.ends[0]]
    if classes is not None and end.out != (classes,):
        return problem("net.output", node=end.id, shape=end.out, classes=classes)
    if not rows.params:
        return problem("net.no_weights")
    return None
