"""The lines of two networks abreast: their columns' widths, how they are painted, and what mouse and keys do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from ...net.compare import Line
from ...net.fold import GroupRow
from ...text import _
from ..paint import theme
from .cells import DOT, PAD
from .flat import HEIGHT, LOOSE, FlatTable
from .lines import COLUMNS, FIELD, LEFT, MACS, NAME, OUT, RIGHT, Lines, of
from .outline import OpenRow
from .sides import MIDDLE, NAMES, Beside, Heading, Sums

NAME_LEAST, NAME_SHORT, NAME_LONG, NAME_MOST = 72, 104, 136, 260
"""Pixels to which a column of names is narrowed, and which it never exceeds by itself."""
MORE_MACS = "± macs"
"""The column that tells how many MACs more one side has."""
WAYS: tuple[tuple[tuple[str, ...], int, bool], ...] = (
    ((), NAME_LONG, False),
    ((FIELD,), NAME_LONG, False),
    ((FIELD, OUT), NAME_LONG, False),
    ((FIELD, OUT), NAME_LONG, True),
    ((FIELD, OUT), NAME_SHORT, True),
    ((FIELD, OUT, MACS), NAME_SHORT, True),
    ((FIELD, OUT, MORE_MACS, MACS), NAME_SHORT, True),
    ((FIELD, OUT, MORE_MACS, MACS), NAME_LEAST, True),
)
"""Columns left out, the least width of a name, and whether figures are brief: the less room, the further down.

Names give way last: who cannot tell the layers apart compares nothing. Before them both sides' MACs go, of which the
difference says more.
"""


class Abreast(FlatTable):
    """The lines, painted as a whole. A row with a problem says it in one sentence over all columns of its side."""

    asked = Signal(QPoint)
    toggled = Signal(int)  # a line with a group: fold or unfold it

    def __init__(self, model: Lines, parent: QWidget):
        super().__init__(parent)
        self._lines = model
        self.setModel(model)
        self._beside = Beside(model)
        self.setAccessibleName(_("Comparison of layers"))
        self.heading = Heading(self)
        self.setHorizontalHeader(self.heading)
        self._needs: dict[int, int] = {}
        self._brief: dict[int, int] = {}  # needs of short figures
        self._wishes: dict[int, int] = {}
        self._given: dict[int, int] = {}

    # ── widths ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def widen(self, fresh: Mapping[str, Sequence[Line]], sums: Sums, afresh: bool) -> None:
        """Let every column hold what stands in these lines, by side.

        Columns never shrink by themselves, so nothing jumps; `afresh`: other networks are shown, and all is measured.
        """
        if afresh:
            self._needs.clear()
            self._brief.clear()
            fresh = dict.fromkeys((LEFT, RIGHT, ""), self._lines.lines)
        for i, column in enumerate(COLUMNS):
            told = {self._told(line, i): line for line in fresh[column.side]}  # most cells say what others say
            for needs, brief in ((self._needs, False), (self._brief, True)):
                if brief and not column.number:
                    wide = self._needs[i]  # it says the same
                else:
                    wide = max((self._beside.needs(line, column, brief) for line in told.values()), default=0)
                needs[i] = max(needs.get(i, 0), wide, self.heading.needs(i, brief), sums.needs(i, brief))
            self._wishes[i] = max(self._needs[i], sums.wishes(i))
            if column.what == NAME:
                self._needs[i] = self._brief[i] = min(self._needs[i], NAME_MOST)
        self._share()

    def _told(self, line: Line, i: int) -> object:
        column = COLUMNS[i]
        row = of(line, column.side)
        if not column.side:
            return getattr(line, column.what) if column.number else 0
        if row is None:
            return None
        if column.what == NAME:
            return row.id
        return id(row.field) if column.what == FIELD else getattr(row, column.what)

    def _share(self) -> None:
        """Give the columns that there is room for what they need, and of what is to spare a little to each."""
        room, own = self.viewport().width(), self.heading.own
        for dropped, name, brief in WAYS:
            needs = self._brief if brief else self._needs
            given = {
                i: needs.get(i, 0)
                for i, c in enumerate(COLUMNS)
                if (c.what if c.side else f"± {c.what}") not in dropped
            }
            given |= {i: min(given[i], name) for i in NAMES.values()}
            given |= {i: self.columnWidth(i) for i in own.intersection(given)}
            if sum(given.values()) <= room:
                break
        if brief != self._lines.brief:
            self._lines.brief = self.heading.brief = brief
            self.viewport().update()
        for i in range(len(COLUMNS)):
            if self.isColumnHidden(i) == (i in given):
                self.setColumnHidden(i, i not in given)
        spare = max(0, room - sum(given.values()))
        for wanted in (needs, self._wishes):
            loose = [i for i in given if i not in own and wanted.get(i, 0) > given[i]]
            for n, i in enumerate(loose):
                more = min(wanted[i] - given[i], spare // (len(loose) - n))
                given[i] += more
                spare -= more
        each = min(spare // len(given), LOOSE)
        for i, wide in given.items():
            wide += each if i != MIDDLE else 0
            # the last one is wider than it was given: it would be given its width each time
            there = self._given.get(i) if i == max(given) else self.columnWidth(i)
            if i not in own and there != wide:
                self._given[i] = wide
                self.setColumnWidth(i, wide)
        self.heading.arrange()

    def sizeHintForColumn(self, column: int) -> int:
        """For a double click at a column's edge."""
        return self._wishes.get(column, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    # ── painting ────────────────────────────────────────────────────────────────────────────────────────────────────
    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the lines in view; Qt would ask for every cell by itself."""
        self.executeDelayedItemsLayout()  # lines that came or went have their places
        painter = QPainter(self.viewport())
        exposed = event.rect()
        every = [
            (i, self.columnViewportPosition(i), self.columnWidth(i))
            for i in range(len(COLUMNS))
            if not self.isColumnHidden(i)
        ]
        columns = [s for s in every if s[1] <= exposed.right() and s[1] + s[2] > exposed.left()]
        first, last = self.rowAt(exposed.top()), self.rowAt(exposed.bottom())
        if first >= 0 and columns:
            for place in range(first, last + 1 if last >= 0 else len(self._lines.lines)):
                self._paint_line(painter, place, columns)
        painter.end()

    def _paint_line(self, painter: QPainter, place: int, columns: list[tuple[int, int, int]]) -> None:
        line, top = self._lines.lines[place], self.rowViewportPosition(place)
        selected = self.selectionModel().isRowSelected(place)
        self._beside.paint(painter, line, top, columns, selected)
        for side in (LEFT, RIGHT):
            row = of(line, side)
            if row is not None and row.out is None:
                left, wide = self._sentence(side)
                self._beside.paint_problem(painter, row, side, top, left, wide, selected)
        current = self.currentIndex()  # Ctrl+arrows move it without selecting
        if place == current.row() and self.hasFocus() and not selected:
            painter.setPen(theme.current().colour("accent"))
            painter.drawRect(QRect(0, top, self.viewport().width() - 1, HEIGHT - 1))

    def _sentence(self, side: str) -> tuple[int, int]:
        """Left edge and width of what is wrong with a row: all of its side's columns behind the name."""
        shown = [i for i, c in enumerate(COLUMNS) if c.side == side and c.what != NAME and not self.isColumnHidden(i)]
        left = self.columnViewportPosition(shown[0])
        return left, self.columnViewportPosition(shown[-1]) + self.columnWidth(shown[-1]) - left

    # ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def _group(self, place: int) -> GroupRow | None:
        """The group of a line, of whichever side."""
        if not 0 <= place < len(self._lines.lines):
            return None
        line = self._lines.lines[place]
        return next((r for r in (line.left, line.right) if isinstance(r, GroupRow)), None)

    def _on_sign(self, at: QPoint) -> bool:
        """Whether the sign of a group is here."""
        place = self.rowAt(at.y())
        if self._group(place) is None:
            return False
        for side, i in NAMES.items():
            row = of(self._lines.lines[place], side)
            left = self.columnViewportPosition(i)
            if isinstance(row, GroupRow) and 0 <= at.x() - left - self._beside.indent(row, side) < PAD + DOT:
                return True
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if self._on_sign(at) and event.button() == Qt.MouseButton.LeftButton:
            self.toggled.emit(self.rowAt(at.y()))
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        place = self.rowAt(at.y())
        if self._group(place) is not None and not self._on_sign(at):
            self.toggled.emit(place)
        else:
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        place, key = self.currentIndex().row(), event.key()
        row = self._group(place)
        folds = key == Qt.Key.Key_Left and isinstance(row, OpenRow)
        unfolds = key == Qt.Key.Key_Right and not isinstance(row, OpenRow)
        if row is not None and (folds or unfolds or key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)):
            self.toggled.emit(place)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.asked.emit(event.globalPos())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()
