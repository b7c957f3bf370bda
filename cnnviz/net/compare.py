"""Two networks side by side: which row of one stands beside which row of the other, and what each costs more.

Neither side is ever put in another order. Rows are brought together that are called alike and of one type; between
them those with the same settings and output, then those with the same settings, the same type, the same family.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

from .analysis import Analysis, Row
from .fold import GroupRow
from .layers import Layer

Key = Callable[[Row], Hashable]
SAME, ALIKE, DIFFERS, ONLY_LEFT, ONLY_RIGHT = "=", "≈", "≠", "+", "−"
"""How the two rows of a line stand to each other. ALIKE: the same layer behind others that differ."""
FOLLOWS = {"out", "activation_bytes", "field"}
"""What changes of a layer when layers before it do."""
BELIEVED = 0.9
"""Names that bring so large a share of rows beside their like are those of one network."""
Pair = tuple[int, int]
"""Places of two rows that stand on one line."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of one network beside its counterpart in the other; None where there is none.

    `changed` tells what differs between the two, of `ASPECTS` and in their order.
    """

    left: Row | None
    right: Row | None
    changed: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether both networks have this row, alike in everything that is compared."""
        return self.left is not None and self.right is not None and not self.changed

    @property
    def mark(self) -> str:
        """How the two rows stand to each other, in one sign."""
        if self.right is None:
            return ONLY_LEFT
        if self.left is None:
            return ONLY_RIGHT
        return SAME if not self.changed else ALIKE if FOLLOWS.issuperset(self.changed) else DIFFERS

    @property
    def params(self) -> int:
        """Parameters that the left row has more."""
        return (self.left.params if self.left else 0) - (self.right.params if self.right else 0)

    @property
    def macs(self) -> int:
        """Multiply-adds that the left row needs more, for one picture."""
        return (self.left.macs if self.left else 0) - (self.right.macs if self.right else 0)

    @property
    def activation_bytes(self) -> int:
        """Bytes that the left row's output takes more, for one picture."""
        return (self.left.activation_bytes if self.left else 0) - (self.right.activation_bytes if self.right else 0)


@dataclass(frozen=True, slots=True)
class Sums:
    """One amount of both networks."""

    left: int
    right: int

    @property
    def difference(self) -> int:
        """What the left one has more."""
        return self.left - self.right

    @property
    def change(self) -> float | None:
        """The difference as a share of the right one: −0.28 is 28 % fewer. None where the right one has nothing."""
        return self.difference / self.right if self.right else None


def share(sums: Sums) -> str:
    """The difference of two sums as people say it: `−28 %`, `+3.7 %`, `×12`, `÷990`."""
    a, b, change = sums.left, sums.right, sums.change
    if change is None:
        return "" if a == b else "+∞"
    if change >= 9 or (a and change <= -0.9):
        ratio = a / b if change > 0 else b / a
        return ("×" if change > 0 else "÷") + (f"{ratio:,.0f}" if ratio >= 99.5 else f"{ratio:.1f}")
    percent = 100 * abs(change)
    if not percent:
        return "0 %"
    figure = f"{percent:.0f}" if percent >= 9.95 else f"{percent:.1f}"
    if percent < 0.05:
        figure = f"{max(percent, 0.001):.3f}".rstrip("0")
    return ("+" if change > 0 else "−") + f"{figure} %"


@dataclass(frozen=True)
class Comparison:
    """The lines from the top, and the sums of both whole networks."""

    lines: tuple[Line, ...]
    params: Sums
    macs: Sums
    activation_bytes: Sums

    @cached_property
    def same(self) -> bool:
        """Whether nothing differs."""
        return all(line.same for line in self.lines)


def compare(left: Analysis, right: Analysis) -> Comparison:
    """Two networks, or views of them with groups folded."""
    return Comparison(
        tuple(align(tuple(left.values()), tuple(right.values()))),
        Sums(left.params, right.params),
        Sums(left.macs, right.macs),
        Sums(left.activation_bytes, right.activation_bytes),
    )


def align(left: Sequence[Row], right: Sequence[Row]) -> list[Line]:
    """Every row of both, each once and in its order, as lines. Subtotals may stand among them as rows of groups."""
    kinds = _Kinds()
    found = _pairs(left, right, (_name, kinds.result, kinds.settings, _type, _family))
    alike = _alike(left, right, found)
    if alike < BELIEVED * min(len(left), len(right)):
        # Names given by numbering, such as conv2d_2, mean little between networks that were made apart: where more
        # layers come to stand beside their like without them, they count later.
        other = _pairs(left, right, (kinds.result, kinds.settings, _name, _type, _family))
        found = other if _alike(left, right, other) > alike else found
    beside = {left[i].id: right[j].id for i, j in found}
    taken = {*beside.values()}
    lines: list[Line] = []
    i = j = 0
    for p, q in (*found, (len(left), len(right))):
        lines += [Line(row, None) for row in left[i:p]]
        lines += [Line(None, row) for row in right[j:q]]
        if p < len(left):
            lines.append(Line(left[p], right[q], _changed(left[p], right[q], beside, taken)))
        i, j = p + 1, q + 1
    return lines


# ── bringing rows together ──────────────────────────────────────────────────────────────────────────────────────────
class _Kinds:
    """Numbers for layers, equal where the layers are: settings are read once a layer, not once a comparison."""

    def __init__(self) -> None:
        self._numbers: dict[Layer, int] = {}
        self._known: dict[int, int] = {}  # by the layer's identity

    def settings(self, row: Row) -> Hashable:
        if isinstance(row, GroupRow):
            return "group", tuple(map(self.settings, row.inside))
        layer = row.node.layer
        number = self._known.get(id(layer))
        if number is None:
            number = self._known[id(layer)] = self._numbers.setdefault(layer, len(self._numbers))
        return number

    def result(self, row: Row) -> Hashable:
        return self.settings(row), row.out


def _name(row: Row) -> Hashable:
    return row.id, row.node.type


def _type(row: Row) -> Hashable:
    return row.node.type


def _family(row: Row) -> Hashable:
    return row.node.layer.family


def _alike(left: Sequence[Row], right: Sequence[Row], pairs: list[Pair]) -> int:
    """How many rows stand beside one with the same settings."""
    return sum(left[i].node.layer == right[j].node.layer for i, j in pairs)


def _pairs(left: Sequence[Row], right: Sequence[Row], keys: Sequence[Key]) -> list[Pair]:
    """The rows that belong together by the first key, and between them those that do by the next ones."""
    found: list[Pair] = []
    for key in keys:
        more: list[Pair] = []
        i = j = 0
        for p, q in (*found, (len(left), len(right))):
            if i < p and j < q:
                a, b = [*map(key, left[i:p])], [*map(key, right[j:q])]
                more += [(i + x, j + y) for x, y in common(a, b)]
            if p < len(left):
                more.append((p, q))
            i, j = p + 1, q + 1
        found = more
    return found


def common(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[Pair]:
    """A longest common subsequence: places in `a` and `b`, both rising."""
    least = min(len(a), len(b))
    head = 0
    while head < least and a[head] == b[head]:
        head += 1
    tail = 0
    while tail < least - head and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    first = [(i, i) for i in range(head)]
    last = [(len(a) - i, len(b) - i) for i in range(tail, 0, -1)]
    middle = _common(a[head : len(a) - tail], b[head : len(b) - tail])
    return [*first, *((head + i, head + j) for i, j in middle), *last]


def _common(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[Pair]:
    """The same where the first ones and the last ones differ.

    By the bits of whole numbers, after H. Hyyrö, “Bit-parallel LCS-length computation revisited” (2004): behind the
    first `i` of `a`, bit `j` is 0 where the `j`-th of `b` makes the longest common subsequence longer by one.
    """
    where: dict[Hashable, int] = {}
    for j, value in enumerate(b):
        where[value] = where.get(value, 0) | 1 << j
    every = (1 << len(b)) - 1
    bits, rows = every, [every]
    for value in a:
        met = bits & where.get(value, 0)
        bits = (bits + met | bits - met) & every
        rows.append(bits)
    found: list[Pair] = []
    i, j = len(a), len(b)
    while i and j:
        if rows[i] >> j - 1 & 1:
            j -= 1  # this one adds nothing
        elif not rows[i - 1] >> j - 1 & 1:
            i -= 1  # it added as much before
        else:
            i, j = i - 1, j - 1
            found.append((i, j))
    return found[::-1]


# ── what differs ────────────────────────────────────────────────────────────────────────────────────────────────────
ASPECTS = ("type", "settings", "sources", "out", "params", "macs", "activation_bytes", "field", "problem")
"""What two rows are compared in. Of groups `settings` are the layers inside."""


def _changed(left: Row, right: Row, beside: dict[str, str], taken: set[str]) -> tuple[str, ...]:
    """Aspects in which two rows differ; `beside`: the right row's id by the left one's, `taken`: those right ids."""
    a, b = left.node, right.node
    if left is right and all(beside.get(s) == s for s in a.sources):
        return ()  # an edit leaves most rows as they were
    grouped = isinstance(left, GroupRow) and isinstance(right, GroupRow)
    alike = _layers(left) == _layers(right) if grouped else a.layer is b.layer or a.layer == b.layer
    out = left.out != right.out
    differs = (
        type(a.layer) is not type(b.layer),
        not alike,
        not grouped and _rewired(a.sources, b.sources, beside, taken),
        out,
        left.params != right.params,
        left.macs != right.macs or left.costed != right.costed,
        (out or grouped) and left.activation_bytes != right.activation_bytes,
        left.field is not right.field and left.field != right.field,
        left.problem is not right.problem and left.problem != right.problem,
    )
    return tuple(name for name, d in zip(ASPECTS, differs, strict=True) if d) if any(differs) else ()


def _rewired(left: tuple[str, ...], right: tuple[str, ...], beside: dict[str, str], taken: set[str]) -> bool:
    """Whether two rows read others; who reads a layer that only one network has is told by that layer's line."""
    there = tuple(map(beside.get, left))
    return there != right and None not in there and taken.issuperset(right)


def _layers(row: Row) -> list[Layer]:
    return [r.node.layer for r in row.inside] if isinstance(row, GroupRow) else []


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of two layers; None where a layer's type has no such setting."""

    name: str
    left: object
    right: object


def settings(left: Layer, right: Layer) -> Iterator[Setting]:
    """The settings in which two layers differ, in the order in which they are declared."""
    mine, theirs = _values(left), _values(right)
    for name in dict.fromkeys((*mine, *theirs)):
        if mine.get(name) != theirs.get(name):
            yield Setting(name, mine.get(name), theirs.get(name))


def _values(layer: Layer) -> dict[str, object]:
    return {f.name: getattr(layer, f.name) for f in fields(layer)}
