"""The network's table as a Qt model, and as text to copy."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ...net.analysis import Analysis, Field, Row
from ...net.fold import GroupRow, name, path_of, title
from ...net.problems import shape_text
from ...net.refusal import refusal
from ...text import N_, _
from ..paint.counts import LONGEST, count, figures, grouped, memory, shape, times
from .outline import OpenRow, depths, outline

LAYER, TYPE, OUT, PARAMS, MACS, MEMORY, FIELD = range(7)
COLUMNS = (
    N_("Layer"),
    N_("Type"),
    N_("Output"),
    N_("Parameters"),
    N_("MACs"),
    N_("Memory"),
    N_("Field"),
)
TIPS = (
    N_("The layer's name. It is also the attribute's name in exported code."),
    N_("The layer's type."),
    N_("Shape of the output for one picture: channels×height×width, or the length of a vector."),
    N_("Numbers that training changes. The bar is the share of the whole network."),
    N_("Multiply-adds of convolutions and matrix products for one picture, without bias."),
    N_("Memory of the output for one picture, at 4 bytes a value. 1 KB is 1,024 bytes."),
    N_("Receptive field: pixels that one unit sees, and after / the pixels from one unit's window to the next."),
)
INDENT = "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}"
"""In copies, before what lies in a group: ordinary spaces are lost in Markdown."""
NUMBERS = (PARAMS, MACS, MEMORY)
"""Columns with figures that stand right."""
VALUES: tuple[Callable[[Row], object], ...] = (
    attrgetter("node.id"),
    lambda row: row.node.layer.brief if isinstance(row, GroupRow) else row.node.type,
    attrgetter("out"),
    attrgetter("params"),
    attrgetter("macs"),
    attrgetter("out"),
    lambda row: id(row.field),  # layers that see alike share it
)
"""By column: what its text is made from. Where it is equal, so are the texts of rows without a problem."""

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
NOWHERE = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


class Rows(QAbstractTableModel):
    """One row a layer or group, in the graph's order. `show_rows` changes what differs and nothing else."""

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self.rows: list[Row] = []
        self.place: dict[str, int] = {}
        self.params = 0  # of the whole network
        self.reasons: dict[str, str] = {}  # why rows give nothing, in words
        self.depths: dict[str, int] = {}  # how far rows are indented, where some are

    def show_rows(self, rows: Analysis, view: Analysis | None = None) -> None:
        """Show another analysis; `view`: with groups folded."""
        lines = outline(view or rows, rows)
        old, new = self.rows, lines.rows
        head, tail = _shared(old, new)
        before, after = len(old) - head - tail, len(new) - head - tail
        kept = min(before, after)
        end = head + kept
        if before > kept:
            self.beginRemoveRows(NOWHERE, end, head + before - 1)
            del old[end : head + before]
            self.endRemoveRows()
        elif after > kept:
            self.beginInsertRows(NOWHERE, end, head + after - 1)
            old[end:end] = new[end : head + after]
            self.endInsertRows()
        reasons, before_ = lines.reasons, self.reasons
        deep, were = lines.depths, self.depths
        deeper = deep != were
        changed = [
            i
            for i, (a, b) in enumerate(zip(old, new, strict=True))
            if (a is not b and not _alike(a, b))
            or (reasons and reasons.get(b.id) != before_.get(b.id))
            or (deeper and deep.get(b.id) != were.get(b.id))
        ]
        self.reasons, self.depths = reasons, deep
        self.rows = new
        if before or after or len(self.place) != len(new):
            self.place = {id: i for i, id in enumerate([r.id for r in new] if deep else view or rows)}
        for first, last in _runs(changed):
            self.dataChanged.emit(self.index(first, LAYER), self.index(last, FIELD))
        if rows.params != self.params:  # every bar is a share of it
            self.params = rows.params
            if new:
                self.dataChanged.emit(self.index(0, PARAMS), self.index(len(new) - 1, PARAMS))

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _(COLUMNS[section])
        if role == Qt.ItemDataRole.ToolTipRole:
            return _(TIPS[section])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if section in NUMBERS else LEFT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.reasons.get(row.id) or tip(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if column in NUMBERS else LEFT
        return None

    def text(self, row: Row, column: int) -> str:
        """What stands in a cell; in the output column of a row that gives nothing, the reason."""
        if column == OUT and row.id in self.reasons:
            return self.reasons[row.id]
        return cell(row, column)


def _shared(old: list[Row], new: list[Row]) -> tuple[int, int]:
    """How many rows at the head and at the tail have the same ids."""
    least = min(len(old), len(new))
    head = 0
    while head < least and (old[head] is new[head] or old[head].node.id == new[head].node.id):
        head += 1
    tail = 0
    while tail < least - head and old[-1 - tail].node.id == new[-1 - tail].node.id:
        tail += 1
    return head, tail


def _alike(a: Row, b: Row) -> bool:
    """Whether both look the same in the table."""
    return (
        a.out == b.out
        and a.params == b.params
        and a.macs == b.macs
        and a.problem == b.problem
        and a.node.id == b.node.id
        and a.node.type == b.node.type
        and type(a) is type(b)
        and (a.field is b.field or a.field == b.field)
    )


def _runs(places: list[int]) -> list[tuple[int, int]]:
    """First and last of each run of neighbours."""
    runs = []
    for _gap, run in groupby(enumerate(places), lambda p: p[1] - p[0]):
        found = [p for _i, p in run]
        runs.append((found[0], found[-1]))
    return runs


# ── cells ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def cell(row: Row, column: int) -> str:
    """What stands in a cell. A row with a problem says it in the output column, and the others are empty."""
    if column == LAYER:
        return title(path_of(row.id)) if isinstance(row, GroupRow) else row.node.id
    if column == TYPE:
        return row.node.layer.brief if isinstance(row, GroupRow) else row.node.type
    if row.out is None:
        return row.problem.text if row.problem and column == OUT else ""
    if column == OUT:
        return shape(row.out)
    if column == PARAMS:
        return count(row.params)
    if column == MACS:
        return count(row.macs)
    if column == MEMORY:
        return memory(row.activation_bytes)
    return field_text(row.field) if row.field else _("whole")  # the tip says: the whole picture


def field_text(field: Field | None) -> str:
    """`5×5 /1`; `≈` before it where branches are not aligned."""
    if field is None:
        return _("whole picture")
    y, x = field.stride
    step = times((y,)) if y == x else times((y, x))
    return f"{'' if field.aligned else '≈ '}{times(field.size)} /{step}"


def tip(row: Row, column: int) -> str:
    """What the cell's tip says."""
    if row.problem:
        return "\n".join(filter(None, (row.problem.text, figures(refusal(row)))))
    if column == PARAMS and row.params > LONGEST:
        return _("{n} parameters").format(n=grouped(row.params))
    if column == MACS and row.macs > LONGEST:
        return _("{n} multiply-adds").format(n=grouped(row.macs))
    if column == MEMORY and row.activation_bytes >= 1024:
        return _("{n} bytes").format(n=grouped(row.activation_bytes))
    if column == FIELD:
        return _field_tip(row.field)
    return ""


def _field_tip(field: Field | None) -> str:
    if field is None:
        return _("Every unit sees the whole picture.")
    lines = [
        _("A unit sees {size} pixels of the picture; the next unit's window is {stride} pixels on.").format(
            size=times(field.size), stride=times(field.stride)
        )
    ]
    if any(p > 0 for p in field.padding):
        lines.append(
            _("The first window begins {padding} pixels outside the picture, in the padding.").format(
                padding=times(field.padding)
            )
        )
    if not field.aligned:
        lines.append(
            _("≈: the branches that meet here disagree in stride or centre, so the window is the hull of theirs.")
        )
    return "\n".join(lines)


# ── copies ───────────────────────────────────────────────────────────────────────────────────────────────────────────
FIELDS = (
    "id",
    "type",
    "output",
    "params",
    "macs",
    "activation_bytes",
    "field_height",
    "field_width",
    "stride_height",
    "stride_width",
    "padding_height",
    "padding_width",
    "aligned",
    "problem",
    "subtotal",
)
"""Columns of the CSV, named for programs: they are not translated."""


def as_csv(rows: Sequence[Row], reasons: Mapping[str, str]) -> str:
    """Exact numbers without grouping, one line a row, no totals. Fields are empty for the whole picture.

    A group is called by its path; where its layers follow, `subtotal` is `yes`, and it is not to be counted with them.
    `reasons`: why rows give nothing, as `Rows.reasons`.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for r in rows:
        f = r.field
        seen = (*f.size, *f.stride, *f.padding, "yes" if f.aligned else "no") if f else ("",) * 7
        numbers = (shape_text(r.out), r.params, r.macs, r.activation_bytes) if r.out else ("",) * 4
        sub = "yes" if isinstance(r, OpenRow) else "no"
        writer.writerow((name(r.id), r.node.type, *numbers, *seen, reasons.get(r.id, ""), sub))
    return out.getvalue()


def _lines(rows: Sequence[Row], reasons: Mapping[str, str]) -> list[list[str]]:
    """Heading, rows and totals with all digits."""
    lines = [[_(c) for c in COLUMNS]]
    for r, depth in zip(rows, depths(rows), strict=True):
        words = [INDENT * depth + _called(r), _typed(r)]
        if r.out is None:
            lines.append([*words, reasons.get(r.id, ""), "", "", "", ""])
        else:
            amounts = [grouped(r.params), grouped(r.macs), memory(r.activation_bytes)]
            lines.append([*words, shape_text(r.out), *amounts, field_text(r.field)])
    counted = [r for r in rows if not isinstance(r, OpenRow)]
    params, macs, held = (sum(getattr(r, k) for r in counted) for k in ("params", "macs", "activation_bytes"))
    lines.append([_("Total"), "", "", grouped(params), grouped(macs), memory(held), ""])
    return lines


def _called(row: Row) -> str:
    if not isinstance(row, GroupRow):
        return row.id
    return f"{'▾' if isinstance(row, OpenRow) else '▸'} {path_of(row.id)}"


def _typed(row: Row) -> str:
    words = cell(row, TYPE)
    return _("subtotal of {layers}").format(layers=words) if isinstance(row, OpenRow) else words


def as_text(rows: Sequence[Row], reasons: Mapping[str, str]) -> str:
    """Columns that align in a font of equal widths, with a line of totals."""
    lines = _lines(rows, reasons)
    # a problem's sentence runs over the columns behind it instead of widening its own
    broken = [False, *[r.out is None for r in rows], False]
    wide = [max(len(line[c]) for line, b in zip(lines, broken, strict=True) if not (b and c == OUT)) for c in range(7)]
    rule = "─" * (sum(wide) + 2 * (len(wide) - 1))
    told = []
    for line in lines:
        cells = [t.rjust(w) if c in NUMBERS else t.ljust(w) for c, (t, w) in enumerate(zip(line, wide, strict=True))]
        told.append("  ".join(cells).rstrip())
    return "\n".join([told[0], rule, *told[1:-1], rule, told[-1]]) + "\n"


def as_markdown(rows: Sequence[Row], reasons: Mapping[str, str]) -> str:
    """A table for a README, with a line of totals."""
    lines = [[t.replace("|", "\\|") for t in line] for line in _lines(rows, reasons)]
    rule = ["---:" if c in NUMBERS else "---" for c in range(len(COLUMNS))]
    lines[-1] = [f"**{t}**" if t else "" for t in lines[-1]]
    return "\n".join("| " + " | ".join(line) + " |" for line in [lines[0], rule, *lines[1:]]) + "\n"
