"""The rows of the table as a view: what is painted where, and the keys and clicks of groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QTableView, QWidget

from ...net.analysis import Row
from ...net.fold import GroupRow, path_of
from ...text import _
from ..paint import theme
from .cells import DOT, PAD, Cells, Heading
from .columns import COLUMNS, FIELD, LAYER, MACS, ORDER, OUT, TYPE
from .flat import HEIGHT, LOOSE, FlatTable
from .outline import OpenRow
from .rows import Rows

Index = QModelIndex | QPersistentModelIndex
WIDEST = 220
"""Pixels that a column takes by itself at most; a person may draw it wider."""
WAYS = ((FIELD, WIDEST, False), (FIELD, 136, False), (FIELD, 112, True), (MACS, 136, False), (MACS, 100, True))
"""The last column that is to be in view, pixels that a name has at least, and whether counts are short.

The less room, the further down; where there is less still, one scrolls.
"""


class View(FlatTable):
    """The rows. A row with a problem says it in one sentence over all its columns."""

    copied = Signal()
    toggled = Signal(str)  # path of a group: fold or unfold it
    asked = Signal(QPoint)

    def __init__(self, model: Rows, parent: QWidget):
        super().__init__(parent)
        self._rows = model
        self._heading = heading = Heading(model, self)
        self.setModel(model)
        self._cells = Cells(model)
        self.setAccessibleName(_("Table of layers"))
        self.setHorizontalHeader(heading)
        for place, column in enumerate(ORDER):
            heading.moveSection(heading.visualIndex(column), place)
        for part in (self.viewport(), heading.viewport()):
            self.horizontalScrollBar().valueChanged.connect(part.update)  # names and figures stay inside
        self._given: dict[int, int] = {}  # widths that columns have been given
        self._totals: Callable[[bool], dict[int, int]] = lambda brief: {}
        self.show_columns()

    @property
    def heading(self) -> Heading:
        """The columns' names."""
        return self._heading

    def show_columns(self) -> None:
        """Show the model's columns and no others."""
        for column in ORDER:
            self.setColumnHidden(column, column not in self._rows.shown)
        self.forget_widths()

    def forget_widths(self) -> None:
        """Take the columns for as narrow as their names."""
        self._needs = {column: self._heading.needs(column) for column in self._rows.shown}
        self._brief: dict[int, int] = {}  # what columns of counts need in short, once that has been asked for

    def widen(self, rows: Sequence[Row], totals: Callable[[bool], dict[int, int]]) -> None:
        """Let every column hold what stands in `rows`, and its total: pixels by column, of short figures if asked.

        Columns never shrink by themselves, so nothing jumps; a person's own widths stay.
        """
        self._totals = totals
        self._measure(self._needs, rows, False)
        if self._brief:
            self._measure(self._brief, rows, True)
        self._share()

    def _measure(self, needs: dict[int, int], rows: Sequence[Row], brief: bool) -> None:
        sound = [r for r in rows if r.out is not None]  # the others have a sentence there
        sight, totals = self._rows.sight, self._totals(brief)
        for column in needs:
            it, wide = COLUMNS[column], max(needs[column], totals.get(column, 0))
            told = {
                it.made_from(r, sight): r for r in (sound if column >= OUT else rows)
            }  # most cells say what others say
            for row in told.values():
                wide = max(wide, self._cells.needs(row, column, brief))
            needs[column] = min(wide, WIDEST)

    def _in_brief(self) -> dict[int, int]:
        """What columns need where counts are short."""
        if not self._brief:
            short = [c for c in self._rows.shown if COLUMNS[c].counts]
            self._brief = {c: self._heading.needs(c, brief=True) for c in short}
            self._measure(self._brief, self._rows.rows, True)
        return {**self._needs, **self._brief}

    def _share(self) -> None:
        """Give the columns what they need, and of what is to spare a little to each; the last one takes the rest.

        Where there is no room for all of them, those that say most are whole and fill the view: no figure is cut by
        its edge.
        """
        own, shown, room = self._heading.own, self._rows.shown, self.viewport().width()
        brief, whole, given = False, shown, self._widths(self._needs)
        if self._takes(given, whole) > room:
            for last, name, brief in WAYS:
                whole = tuple(c for c in shown if ORDER.index(c) <= ORDER.index(last))
                given = self._widths(self._in_brief() if brief else self._needs, name)
                if self._takes(given, whole) <= room:
                    break
            while self._takes(given, whole) > room and len(whole) > 1:
                whole = whole[:-1]
            for column in shown[len(whole) :]:  # of the others those that there is room for, too
                if self._takes(given, (*whole, column)) > room:
                    break
                whole = (*whole, column)
        self._spread(given, whole, room)
        if not brief:
            self._brief = {}  # what is not shown is not measured at each edit
        if self._heading.brief != brief:
            self._heading.brief = brief
            self._heading.viewport().update()
        for column, wide in given.items():
            # the last one is wider than it was given: it would be given its width each time
            there = self._given.get(column) if column == shown[-1] else self.columnWidth(column)
            if column not in own and there != wide:
                self._given[column] = wide
                self.setColumnWidth(column, wide)

    def _widths(self, needs: dict[int, int], name: int = WIDEST) -> dict[int, int]:
        """Of the columns, with names of so many pixels at most; a person's own widths stay."""
        own = self._heading.own
        given = {c: self.columnWidth(c) if c in own else needs[c] for c in self._rows.shown}
        return given if LAYER in own else {**given, LAYER: min(given[LAYER], name)}

    def _takes(self, given: dict[int, int], whole: Sequence[int]) -> int:
        """Pixels of these columns where the last one's name has the button beside it."""
        beside = self._heading.needs(whole[-1], brief=True) + HEIGHT - given[whole[-1]]
        return sum(given[c] for c in whole) + max(beside, 0)

    def _spread(self, given: dict[int, int], whole: Sequence[int], room: int) -> None:
        """Share among the columns that are whole in view what they leave: names first, then a little to each."""
        loose = [c for c in whole if c not in self._heading.own]
        beside = self._takes(given, whole) - sum(given[c] for c in whole)
        if whole[-1] in loose and len(whole) < len(given):
            given[whole[-1]] += beside
        spare = max(room - sum(given[c] for c in whole), 0)
        if LAYER in loose:
            more = min(self._needs[LAYER] - given[LAYER], spare)
            given[LAYER] += more
            spare -= more
        for n, column in enumerate(loose):
            more = spare // (len(loose) - n)
            more = min(more, LOOSE) if len(whole) == len(given) else more
            given[column] += more
            spare -= more

    def reveal(self, columns: Sequence[int]) -> None:
        """Where these columns, which stand side by side, are not all in view, scroll them beside the names."""
        shown = [c for c in self._rows.shown if c in columns]
        if not shown:
            return
        self.executeDelayedItemsLayout()  # the bar knows of columns that have just been shown
        bar, last = self.horizontalScrollBar(), shown[-1]
        beyond = self.columnViewportPosition(last) + self.columnWidth(last) - self.viewport().width()
        before = self.columnViewportPosition(shown[0]) - self.columnWidth(LAYER)
        if beyond > 0 or before < 0:
            bar.setValue(bar.value() + before)

    def indexAt(self, at: QPoint) -> QModelIndex:
        """The cell that is seen there: before the others the name that stays."""
        heading = self.horizontalHeader()  # Qt asks before ours is there
        if isinstance(heading, Heading) and at.x() < heading.kept:
            return self._rows.index(self.rowAt(at.y()), LAYER)
        return super().indexAt(at)

    def scrollTo(self, index: Index, hint: QTableView.ScrollHint = QTableView.ScrollHint.EnsureVisible) -> None:
        """Bring a row into view; its name is, however far the other columns are scrolled."""
        bar = self.horizontalScrollBar()
        across = bar.value()
        super().scrollTo(index, hint)
        if index.column() == LAYER:
            bar.setValue(across)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows in view; Qt would ask for every cell by itself."""
        self.executeDelayedItemsLayout()  # rows that came or went have their places
        painter = QPainter(self.viewport())
        if self._rows.rows:
            self._paint_rows(painter, event.rect())
        else:
            self._paint_empty(painter)
        painter.end()

    def _paint_rows(self, painter: QPainter, exposed: QRect) -> None:
        every = [(c, self.columnViewportPosition(c), self.columnWidth(c)) for c in self._rows.shown]
        columns = [s for s in every if s[1] <= exposed.right() and s[1] + s[2] > exposed.left()]
        first, last = self.rowAt(exposed.top()), self.rowAt(exposed.bottom())
        if first < 0 or not columns:
            return
        chosen, kept, whole = self.selectionModel(), self._heading.kept, self.viewport().rect()
        places = range(first, last + 1 if last >= 0 else len(self._rows.rows))
        columns = [s for s in columns if s[0] != LAYER] if kept else columns
        painter.setClipRect(whole.adjusted(kept, 0, 0, 0))
        for place in places if columns else ():
            row, top, selected = self._rows.rows[place], self.rowViewportPosition(place), chosen.isRowSelected(place)
            self._cells.paint(painter, row, top, columns, (kept, whole.width()), selected)
            if row.out is None:
                self._cells.paint_problem(painter, row, top, *self._sentence(), selected)
        painter.setClipping(False)
        for place in places if kept else ():
            row, selected = self._rows.rows[place], chosen.isRowSelected(place)
            self._cells.paint(painter, row, self.rowViewportPosition(place), [(LAYER, 0, kept)], (0, kept), selected)
        if kept:
            painter.fillRect(kept - 1, 0, 1, whole.height(), theme.current().colour("line"))
        current = self.currentIndex()  # Ctrl+arrows move it without selecting
        if self.hasFocus() and current.isValid() and not chosen.isSelected(current):
            painter.setPen(theme.current().colour("accent"))
            around = self.visualRect(current)
            around.moveLeft(self._heading.place(current.column()))
            painter.drawRect(QRectF(around).adjusted(0.5, 0.5, -1.5, -1.5))

    def _sentence(self) -> tuple[int, int]:
        """Left edge and width of what is wrong with a row: from the output on to the type, which stays, or the edge."""
        left, edge = max(self.columnViewportPosition(OUT), self._heading.kept), self.viewport().width()
        end = self.columnViewportPosition(TYPE) if TYPE in self._rows.shown else 0
        return left, min(end if end > left else edge, edge) - left

    def sizeHintForColumn(self, column: int) -> int:
        """For a double click at a column's edge."""
        return self._needs.get(column, 0)

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setFont(theme.body())
        painter.setPen(theme.current().colour("caption"))
        area = QRectF(self.viewport().rect()).adjusted(PAD, PAD, -PAD, -PAD)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(area, int(flags), _("Every layer gets a row here. Drag one onto the canvas."))

    def event(self, event: QEvent) -> bool:
        # the window's own Copy copies cards: while the table has the focus, Ctrl+C is the table's
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.matches(QKeySequence.StandardKey.Copy)
        ):
            event.accept()
            return True
        return super().event(event)

    def _group(self, place: int) -> GroupRow | None:
        row = self._rows.rows[place] if 0 <= place < len(self._rows.rows) else None
        return row if isinstance(row, GroupRow) else None

    def _above(self) -> int:
        """The row of the subtotals that the current row belongs to; −1 where there are none."""
        place, rows, depths = self.currentIndex().row(), self._rows.rows, self._rows.depths
        if not 0 <= place < len(rows):
            return -1
        deep = depths.get(rows[place].id, 0)
        return next((p for p in range(place - 1, -1, -1) if depths.get(rows[p].id, 0) < deep), -1)

    def _on_sign(self, at: QPoint) -> GroupRow | None:
        """The group whose sign is here."""
        row = self._group(self.rowAt(at.y()))
        if row is None:
            return None
        left = self._heading.place(LAYER) + self._cells.indent(row)
        return row if left <= at.x() < left + PAD + DOT else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._on_sign(event.position().toPoint())
        if row is not None and event.button() == Qt.MouseButton.LeftButton:
            self.toggled.emit(path_of(row.id))
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        row = self._group(self.rowAt(place.y()))
        if row is not None and self._on_sign(place) is None:
            self.toggled.emit(path_of(row.id))
        else:
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, key = self._group(self.currentIndex().row()), event.key()
        folds = key == Qt.Key.Key_Left and isinstance(row, OpenRow)
        unfolds = key == Qt.Key.Key_Right and not isinstance(row, OpenRow)
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copied.emit()
        elif row is not None and (folds or unfolds or key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)):
            self.toggled.emit(path_of(row.id))
        elif key == Qt.Key.Key_Left and self._above() >= 0:
            self.setCurrentIndex(self._rows.index(self._above(), LAYER))
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.asked.emit(event.globalPos())
