"""The table: one row a layer with its shape, its cost and what it sees, live with every edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QPoint, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QMenu, QTableView, QVBoxLayout, QWidget

from ...net.analysis import Row
from ...net.fold import GroupRow, inside, path_of
from ...text import _
from ..mending import add_repairs
from ..paint import theme
from ..session import Session
from .cells import DOT, HEIGHT, PAD, Cells, Heading, Totals
from .outline import OpenRow
from .rows import FIELD, LAYER, MACS, MEMORY, OUT, PARAMS, TYPE, VALUES, Rows, as_csv, as_markdown, as_text

WAYS = {"text": as_text, "csv": as_csv, "markdown": as_markdown}
ORDER = (LAYER, OUT, PARAMS, MACS, FIELD, MEMORY, TYPE)
"""Columns from left to right: what a small window has no room for stands last."""
LOOSE = 24
"""Pixels that a column gets beyond its contents where there is room to spare."""
Flag = QItemSelectionModel.SelectionFlag


class Table(QWidget):
    """Rows and, under them, totals that stay in view. The selected rows are the session's selected layers."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._following = False  # the view is being told what is selected, it does not tell
        self.model = Rows(self)
        self.view = _View(self.model, self)
        self.totals = Totals(self.view, self)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.view, 1)
        box.addWidget(self.totals)
        self.setFocusProxy(self.view)
        self.setAutoFillBackground(True)  # what is behind it need not be painted for its scroll bar
        self.view.copied.connect(self._copy_text)
        self.view.asked.connect(self._menu)
        self.view.selectionModel().selectionChanged.connect(self._tell)
        self.view.toggled.connect(session.fold.toggle)
        session.graph_changed.connect(self.refresh)
        session.view_changed.connect(self.refresh)
        session.selection_changed.connect(self._follow)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the session's rows; selection and scroll position stay."""
        self._following = True
        known, before = {id(r) for r in self.model.rows}, self.model.place
        self.model.show_rows(self._session.rows, self._session.fold.view)
        self._following = False
        self.totals.show_totals(self._session)
        fresh = [r for r in self.model.rows if id(r) not in known]  # the others are known to fit
        if len(fresh) == len(self.model.rows) and [*before] != [*self.model.place]:
            self.view.forget_widths()  # another network
        self.view.widen(fresh, self.totals.needs())
        self._select(scroll=False)

    # ── selection ───────────────────────────────────────────────────────────────────────────────────────────────────
    @Slot(QItemSelection, QItemSelection)
    def _tell(self, on: QItemSelection, off: QItemSelection) -> None:
        if self._following:
            return
        rows, current = self.model.rows, self.view.currentIndex().row()
        places = {i.row() for i in self.view.selectionModel().selectedRows()}
        ids: dict[str, None] = {}
        for place in sorted(places, key=lambda p: (p == current, p)):  # panels show the last one
            # subtotals mean their layers when they are clicked; else it is the layers that are selected
            if not isinstance(rows[place], OpenRow) or on.contains(self.model.index(place, LAYER)):
                ids |= dict.fromkeys(inside(rows[place]))
        for place in {i.row() for i in off.indexes()} - places:
            if place < len(rows) and isinstance(rows[place], OpenRow) and current == place:
                ids = {i: None for i in ids if i not in inside(rows[place])}
        last = inside(rows[current])[-1] if current in places else ""
        self._following = True
        self._session.look.select([*(i for i in ids if i != last), *((last,) if last in ids else ())])
        self._following = False
        if self.model.depths:
            self._select(scroll=False)  # subtotals are selected with all of their layers

    @Slot()
    def _follow(self) -> None:
        if not self._following:
            self._select(scroll=True)

    def _select(self, scroll: bool) -> None:
        places = self._places()
        chosen = self.view.selectionModel()
        if sorted(places) == sorted(i.row() for i in chosen.selectedRows()):
            return
        picked = QItemSelection()
        for p in places:
            picked.select(self.model.index(p, LAYER), self.model.index(p, FIELD))
        self._following = True
        chosen.select(picked, Flag.ClearAndSelect)
        if places:
            here = self.view.currentIndex().row()
            last = here if here in places and not scroll else places[-1]  # after a fold, too, the keys go on from there
            self.view.setAutoScroll(scroll)  # a new current row is scrolled to, which after an edit nobody asked for
            chosen.setCurrentIndex(self.model.index(last, LAYER), Flag.NoUpdate)
            self.view.setAutoScroll(True)
        self._following = False

    def _places(self) -> list[int]:
        """The rows of the selected layers; subtotals where all of their layers are selected."""
        place, rows = self.model.place, self.model.rows
        places = [place[i] for i in self._session.fold.chosen if i in place]
        if self.model.depths and places:
            all_ = {*self._session.look.selection}
            open_ = [p for p, r in enumerate(rows) if isinstance(r, OpenRow) and all_.issuperset(r.members)]
            places = [*open_, *places]
        return places

    # ── copies ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def copy_as(self, way: str) -> None:
        """Put the table on the clipboard as "text", "csv" or "markdown"; of several selected rows only those."""
        QGuiApplication.clipboard().setText(WAYS[way](self._copied(), self.model.reasons))

    def _copied(self) -> list[Row]:
        chosen = sorted(i.row() for i in self.view.selectionModel().selectedRows())
        return [self.model.rows[p] for p in chosen] if len(chosen) > 1 else self.model.rows

    @Slot()
    def _copy_text(self) -> None:
        self.copy_as("text")

    @Slot()
    def _copy_csv(self) -> None:
        self.copy_as("csv")

    @Slot()
    def _copy_markdown(self) -> None:
        self.copy_as("markdown")

    def menu(self) -> QMenu:
        """The context menu."""
        menu = QMenu(self)
        add_repairs(menu, self._session)
        offered = len(menu.actions())
        copied = self._copied()
        whole = len(copied) == len(self.model.rows)
        what = _("Copy table as {way}") if whole else _("Copy {n} rows as {way}").replace("{n}", str(len(copied)))
        for way, verb in (("text", self._copy_text), ("CSV", self._copy_csv), ("Markdown", self._copy_markdown)):
            action = menu.addAction(what.format(way=_(way)), verb)
            action.setEnabled(bool(copied))
        text = menu.actions()[offered]
        text.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        text.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # shown here, handled by the view
        return menu

    @Slot(QPoint)
    def _menu(self, where: QPoint) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(where)


class _View(QTableView):
    """The rows. A row with a problem says it in one sentence over all its columns."""

    copied = Signal()
    toggled = Signal(str)  # path of a group: fold or unfold it
    asked = Signal(QPoint)

    def __init__(self, model: Rows, parent: QWidget):
        super().__init__(parent)
        self._rows = model
        self.setModel(model)
        self._cells = Cells(model)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(_("Table of layers"))
        self.setMouseTracking(True)
        side = self.verticalHeader()
        side.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        side.setMinimumSectionSize(HEIGHT)
        side.setDefaultSectionSize(HEIGHT)
        side.hide()
        heading = Heading(self)
        self.setHorizontalHeader(heading)
        for place, column in enumerate(ORDER):
            heading.moveSection(heading.visualIndex(column), place)
        self._heading = heading
        self._given: dict[int, int] = {}  # widths that columns have been given
        self.forget_widths()

    def forget_widths(self) -> None:
        """Take the columns for as narrow as their names."""
        self._needs = {column: self._heading.needs(column) for column in ORDER}

    def widen(self, rows: Sequence[Row], totals: Mapping[int, int]) -> None:
        """Let every column hold what stands in `rows`, and its total of so many pixels.

        Columns never shrink by themselves, so nothing jumps; a person's own widths stay.
        """
        sound = [r for r in rows if r.out is not None]  # the others have a sentence there
        for column in ORDER:
            value, wide = VALUES[column], max(self._needs[column], totals.get(column, 0))
            told = {value(r): r for r in (sound if column >= OUT else rows)}  # most cells say what others say
            for row in told.values():
                wide = max(wide, self._cells.needs(row, column))
            self._needs[column] = wide
        self._share()

    def _share(self) -> None:
        """Give the columns what they need, and of what is to spare a little to each; the last one takes the rest."""
        own = self._heading.own
        taken = sum(self.columnWidth(c) if c in own else self._needs[c] for c in ORDER)
        loose = min(max((self.viewport().width() - taken) // len(ORDER), 0), LOOSE)
        for column in ORDER:
            wide = self._needs[column] + loose
            if column not in own and self._given.get(column) != wide:
                self._given[column] = wide  # the last one is wider than that: it would be given its width each time
                self.setColumnWidth(column, wide)

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
        every = [(c, self.columnViewportPosition(c), self.columnWidth(c)) for c in ORDER]
        columns = [s for s in every if s[1] <= exposed.right() and s[1] + s[2] > exposed.left()]
        first, last = self.rowAt(exposed.top()), self.rowAt(exposed.bottom())
        if first < 0 or not columns:
            return
        chosen = self.selectionModel()
        for place in range(first, last + 1 if last >= 0 else len(self._rows.rows)):
            row, top, selected = self._rows.rows[place], self.rowViewportPosition(place), chosen.isRowSelected(place)
            self._cells.paint(painter, row, top, columns, selected)
            if row.out is None:
                self._cells.paint_problem(painter, row, top, *self._sentence(), selected)
        current = self.currentIndex()  # Ctrl+arrows move it without selecting
        if self.hasFocus() and current.isValid() and not chosen.isSelected(current):
            painter.setPen(theme.current().colour("accent"))
            painter.drawRect(QRectF(self.visualRect(current)).adjusted(0.5, 0.5, -1.5, -1.5))

    def _sentence(self) -> tuple[int, int]:
        """Left edge and width of what is wrong with a row: from the output on to the type, which stays."""
        left, end = self.columnViewportPosition(OUT), self.columnViewportPosition(TYPE)
        return left, (end if end > left else self.viewport().width()) - left

    def sizeHintForColumn(self, column: int) -> int:
        """For a double click at a column's edge."""
        return self._needs[column]

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
        left = self.columnViewportPosition(LAYER) + self._cells.indent(row)
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
