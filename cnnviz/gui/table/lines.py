"""The comparison as a Qt model: what stands in each cell of a line, and what its tip says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ...net.analysis import Row
from ...net.compare import ALIKE, SAME, Line, align, settings
from ...net.fold import GroupRow, name, path_of, title
from ...net.problems import shape_text
from ...text import N_, _
from ..paint.counts import count, grouped, memory, shape, short
from .columns import field_text
from .outline import OpenRow, Outline

LEFT, RIGHT = "left", "right"
NAME, OUT, PARAMS, MACS, FIELD, MARK = "name", "out", "params", "macs", "field", "mark"
NOWHERE = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Column:
    """`side`: LEFT is the open network, RIGHT the other one; empty for what is told of both together."""

    side: str
    what: str
    heading: str
    tip: str
    short: str = ""  # the heading where there is little room

    @property
    def number(self) -> bool:
        """Whether figures stand here, at the right."""
        return self.what in (PARAMS, MACS)


def _side(side: str) -> tuple[Column, ...]:
    return (
        Column(side, NAME, "", N_("The layer, and the settings that tell it from others of its type.")),
        Column(side, OUT, N_("Output"), N_("Shape of the output for one picture.")),
        Column(
            side,
            PARAMS,
            N_("Parameters"),
            N_("Numbers that training changes. Both sides' bars have one scale."),
            N_("Params"),
        ),
        Column(side, MACS, N_("MACs"), N_("Multiply-adds for one picture. Both sides' bars have one scale.")),
        Column(side, FIELD, N_("Field"), N_("Receptive field: pixels that one unit sees, and from unit to unit.")),
    )


COLUMNS = (
    *_side(LEFT),
    Column("", MARK, "", N_("= alike, ≈ alike behind others that differ, ≠ different, + only here, − only there.")),
    *_side(RIGHT),
    Column(
        "", PARAMS, N_("± Parameters"), N_("What this one has more (+) or fewer (−) than the other."), N_("± Params")
    ),
    Column("", MACS, N_("± MACs"), N_("What this one needs more (+) or fewer (−) than the other.")),
)
"""From left to right."""


class Lines(QAbstractTableModel):
    """One line for what stands beside each other. `show_networks` keeps the places of lines that stay."""

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self.lines: list[Line] = []
        self.other = ""  # what the other network is called
        self.sides: dict[str, Outline] = {LEFT: Outline([]), RIGHT: Outline([])}
        self.brief = False  # figures are short: there is little room
        self.most: dict[str, int] = {PARAMS: 0, MACS: 0}  # of one row of either network: a whole bar

    def show_networks(self, left: Outline, right: Outline, other: str) -> dict[str, list[Line]]:
        """Show these rows side by side; gives by side the lines on which another row stands than before."""
        self.sides = {LEFT: left, RIGHT: right}
        self.other = other
        counted = [r for r in (*left.rows, *right.rows) if not isinstance(r, OpenRow)]
        self.most = {
            PARAMS: max((r.params for r in counted), default=0),
            MACS: max((r.macs for r in counted), default=0),
        }
        old, new = self.lines, align(left.rows, right.rows)
        known = {id(row) for line in old for row in (line.left, line.right)}
        self._show(new)
        fresh = {side: [line for line in new if id(of(line, side)) not in known] for side in (LEFT, RIGHT)}
        return {**fresh, "": [*fresh[LEFT], *fresh[RIGHT]]}

    def forget(self) -> None:
        """Show nothing."""
        self.show_networks(Outline([]), Outline([]), "")

    def _show(self, new: list[Line]) -> None:
        old = self.lines
        head, tail = _shared([*map(_key, old)], [*map(_key, new)])
        before, after = len(old) - head - tail, len(new) - head - tail
        end = head + min(before, after)
        if before > after:
            self.beginRemoveRows(NOWHERE, end, head + before - 1)
            self.lines = [*old[:end], *old[head + before :]]
            self.endRemoveRows()
        elif after > before:
            self.beginInsertRows(NOWHERE, end, head + after - 1)
            self.lines = [*old[:end], *new[end : head + after], *old[end:]]
            self.endInsertRows()
        self.lines = new
        if new:
            self.dataChanged.emit(self.index(0, 0), self.index(len(new) - 1, len(COLUMNS) - 1))

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _(COLUMNS[section].heading)
        return _(COLUMNS[section].tip) if role == Qt.ItemDataRole.ToolTipRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        line, column = self.lines[index.row()], COLUMNS[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return text(line, column, self.brief)
        return self.tip(line, column) if role == Qt.ItemDataRole.ToolTipRole else None

    def tip(self, line: Line, column: Column) -> str:
        """The exact figure, why a row gives nothing, and in words what differs."""
        row = of(line, column.side)
        said = list(told(line, self.other))
        if row is not None and column.side:
            reason = self.sides[column.side].reasons.get(row.id)
            exact = name(row.id) if column.what == NAME else _exact(row, column.what)
            return "\n".join(filter(None, (reason or exact, *said)))
        return "\n".join(said)


def _key(line: Line) -> tuple[str, str]:
    return (line.left.id if line.left else ""), (line.right.id if line.right else "")


def _shared(old: Sequence[object], new: Sequence[object]) -> tuple[int, int]:
    """How many at the head and at the tail are equal."""
    least = min(len(old), len(new))
    head = 0
    while head < least and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < least - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, tail


# ── cells ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def of(line: Line, side: str) -> Row | None:
    """The row of one side."""
    return line.left if side == LEFT else line.right if side == RIGHT else None


def called(row: Row, below: bool = False) -> str:
    """What a row is called; `below` its group's row `block1_conv1` is `conv1`."""
    if isinstance(row, GroupRow):
        return title(path_of(row.id))
    return row.id.removeprefix(row.node.group.replace("/", "_") + "_") if below else row.id


def text(line: Line, column: Column, brief: bool = False) -> str:
    """What stands in a cell; nothing where a network lacks the row. `brief`: figures of four digits at most."""
    if column.what == MARK:
        return line.mark
    if not column.side:
        broken = any(r is not None and r.out is None for r in (line.left, line.right))
        more: int = getattr(line, column.what)
        return "" if broken or (not more and line.same) else signed(more, brief)
    row = of(line, column.side)
    if row is None:
        return ""
    if column.what == NAME:
        return called(row)
    if row.out is None:
        return ""
    if column.what == OUT:
        return shape(row.out)
    if column.what == FIELD:
        return field_text(row.field) if row.field else _("unknown") if row.blind else _("whole")
    if column.what == MACS and not row.costed:
        return "?"
    return (short if brief else count)(getattr(row, column.what))


def changed(line: Line, column: Column) -> bool:
    """Whether the cell is one that differs between the networks."""
    if column.what == MARK:
        return line.mark not in (SAME, ALIKE)
    if not column.side:
        return bool(getattr(line, column.what))
    if line.left is None or line.right is None:
        return True
    aspects = ("type", "settings") if column.what == NAME else (column.what,)
    return any(aspect in line.changed for aspect in aspects)


def signed(n: int, brief: bool = False) -> str:
    """`+590,080`, `−28`, `0`; in brief `+590.1 k`."""
    figure = (short if brief else count)(abs(n))
    return f"+{figure}" if n > 0 else f"−{figure}" if n else "0"


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _exact(row: Row, what: str) -> str:
    amounts = {PARAMS: _("{n} parameters"), MACS: _("{n} multiply-adds")}
    if what in amounts:
        return amounts[what].format(n=grouped(getattr(row, what)))
    return _("Receptive field: {field}").format(field=field_text(row.field)) if what == FIELD else ""


def told(line: Line, other: str) -> Iterator[str]:
    """What there is to say of a line, a sentence each; `other`: what the other network is called."""
    a, b = line.left, line.right
    if a is None or b is None:
        yield _("Only in {network}").format(network=other) if a is None else _("Only in this network")
        return
    if line.same:
        yield _("Alike in both")
        return
    here = _("{what}: {left} here, {right} in {network}")
    for what, left, right in _differences(line, a, b):
        yield here.format(what=what, left=left, right=right, network=other)


def _differences(line: Line, a: Row, b: Row) -> Iterator[tuple[str, str, str]]:
    """(what, here, there) of everything in which two rows differ."""
    for what in line.changed:
        if what == "type":
            yield _("Type"), a.node.type, b.node.type
        elif what == "settings" and isinstance(a, GroupRow) and isinstance(b, GroupRow):
            n, m = len(a.members), len(b.members)
            yield _("Layers inside"), grouped(n), grouped(m) if n != m else _("as many but other ones")
        elif what == "settings" and "type" not in line.changed:
            yield from ((s.name, value(s.left), value(s.right)) for s in settings(a.node.layer, b.node.layer))
        elif what == "sources":
            yield _("Reads"), ", ".join(a.node.sources), ", ".join(b.node.sources)
        elif what == "out":
            yield _("Output"), _shape(a), _shape(b)
        elif what in ("params", "macs"):
            words = _("Parameters") if what == "params" else _("MACs")
            yield words, _known(a, what), _known(b, what)
        elif what == "activation_bytes":
            yield _("Memory"), memory(a.activation_bytes), memory(b.activation_bytes)
        elif what == "field" and a.out and b.out:
            yield _("Receptive field"), field_text(a.field), field_text(b.field)


def _shape(row: Row) -> str:
    return shape_text(row.out) if row.out else _("nothing")


def _known(row: Row, what: str) -> str:
    return grouped(getattr(row, what)) if what == "params" or row.costed else _("unknown")


def value(setting: object) -> str:
    """A setting's value as a form shows it: `5×5`, `yes`."""
    if isinstance(setting, bool):
        return _("yes") if setting else _("no")
    if isinstance(setting, tuple) and all(isinstance(v, int) for v in setting):
        return "×".join(map(str, setting)) or _("none")
    if isinstance(setting, tuple):
        return ", ".join(map(str, setting))
    return str(setting)
