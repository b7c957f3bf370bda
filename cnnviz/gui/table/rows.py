"""The network's table as a Qt model."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ...net.analysis import Analysis, Row
from ...net.graph import Graph
from .columns import ALONE, COLUMNS, NUMBERS, OUT, PEAK, USUAL, Sight, cell, heading, heading_tip, tip
from .outline import outline

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
NOWHERE = QModelIndex()
Index = QModelIndex | QPersistentModelIndex
LAST = len(COLUMNS) - 1


class Rows(QAbstractTableModel):
    """One row a layer or group, in the graph's order. `show_rows` changes what differs and nothing else."""

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self.rows: list[Row] = []
        self.place: dict[str, int] = {}
        self.sight = ALONE
        self.shown: tuple[int, ...] = USUAL  # columns
        self.wholes: dict[int, float] = {}  # by column of figures that is shown: what a bar over all of it stands for
        self.reasons: dict[str, str] = {}  # why rows give nothing, in words
        self.depths: dict[str, int] = {}  # how far rows are indented, where some are
        self._analysis = Analysis(Graph(), {})

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
            self.dataChanged.emit(self.index(first, 0), self.index(last, LAST))
        self._analysis = rows
        self._weigh()

    def show_columns(self, shown: tuple[int, ...], sight: Sight) -> None:
        """These columns are shown, and their figures are for this."""
        if (shown, sight) != (self.shown, self.sight):
            self.shown, self.sight = shown, sight
            self._weigh()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, LAST)
            self._all_changed(0, LAST)

    def _weigh(self) -> None:
        """Every bar is a share of what its column holds."""
        before, self.wholes = self.wholes, {c: self._whole(c) for c in self.shown if c in NUMBERS}
        for column, whole in self.wholes.items():
            if before.get(column) != whole:
                self._all_changed(column, column)

    def _whole(self, column: int) -> float:
        it = COLUMNS[column]
        if column == PEAK:  # moments do not add up
            assert it.amount is not None
            return max((it.amount(r, self.sight) or 0 for r in self._analysis.values()), default=0)
        return it.sum(self._analysis, self.sight) or 0

    def _all_changed(self, first: int, last: int) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, first), self.index(len(self.rows) - 1, last))

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return heading(section, self.sight)
        if role == Qt.ItemDataRole.ToolTipRole:
            return heading_tip(section, self.sight)
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
            return self.reasons.get(row.id) or tip(row, column, self.sight)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if column in NUMBERS else LEFT
        return None

    def text(self, row: Row, column: int) -> str:
        """What stands in a cell; in the output column of a row that gives nothing, the reason."""
        if column == OUT and row.id in self.reasons:
            return self.reasons[row.id]
        return cell(row, column, self.sight)


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
        and type(a) is type(b)
        and (a.node.layer is b.node.layer or _moves(a) == _moves(b))
        and (a.field is b.field or a.field == b.field)
    )


def _moves(row: Row) -> tuple[object, ...]:
    """The settings that have a column."""
    return tuple(getattr(row.node.layer, name, None) for name in ("kernel_size", "stride", "padding"))


def _runs(places: list[int]) -> list[tuple[int, int]]:
    """First and last of each run of neighbours."""
    runs = []
    for _gap, run in groupby(enumerate(places), lambda p: p[1] - p[0]):
        found = [p for _i, p in run]
        runs.append((found[0], found[-1]))
    return runs
