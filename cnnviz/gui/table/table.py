"""The table: one row a layer with its shape, its cost and what it sees, live with every edit."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, Qt, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from ...link.measuring import Costs
from ...net.analysis import Row
from ...net.fold import inside
from ...text import _
from ..session import Session
from ..session.mending import add_repairs
from .cells import Totals
from .choice import ColumnMenu, remember, remembered
from .columns import LAYER, MEASURED, ORDER, Sight
from .copies import as_csv, as_markdown, as_text
from .outline import OpenRow
from .rows import LAST, Rows
from .view import View

WAYS = {"text": as_text, "markdown": as_markdown}
Flag = QItemSelectionModel.SelectionFlag


class Table(QWidget):
    """Rows and, under them, totals that stay in view. The selected rows are the session's selected layers."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._following = False  # the view is being told what is selected, it does not tell
        self._told: Costs | None = None  # the measurement whose columns have been shown
        self.model = Rows(self)
        self.model.show_columns(remembered(session.settings), self._sight())
        self.view = View(self.model, self)
        self.totals = Totals(self.model, self.view, self.view.heading, self)
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
        session.costs_changed.connect(self._show_costs)
        self.view.heading.asked.connect(self._choose_columns)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the session's rows; selection and scroll position stay."""
        self._following = True
        known, before = {id(r) for r in self.model.rows}, self.model.place
        self.model.show_rows(self._session.rows, self._session.fold.view)
        if self._session.cost.measured is not None:  # layers that were edited have not been measured
            self.model.show_columns(self.model.shown, self._sight())
        self._following = False
        self.totals.show_totals(self._session)
        fresh = [r for r in self.model.rows if id(r) not in known]  # the others are known to fit
        if len(fresh) == len(self.model.rows) and [*before] != [*self.model.place]:
            self.view.forget_widths()  # another network
        self.view.widen(fresh, self.totals.needs)
        self._select(scroll=False)

    # ── columns ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def _sight(self) -> Sight:
        cost = self._session.cost
        measured = cost.measured if cost.measured and cost.measured.batch == cost.batch else None
        return Sight(cost.batch, cost.costs, measured)

    @Slot(tuple)
    def show_columns(self, shown: tuple[int, ...]) -> None:
        """Show these columns, and again at the next start."""
        remember(self._session.settings, shown)
        self.model.show_columns(shown, self._sight())
        self.view.show_columns()
        self.totals.show_totals(self._session)
        self.view.widen(self.model.rows, self.totals.needs)

    @Slot()
    def _show_costs(self) -> None:
        """The batch is another one, or layers have been measured: what was asked for comes into view."""
        measured, shown = self._session.cost.measured, self.model.shown
        fresh = measured is not self._told
        self._told = measured
        if fresh and not {*MEASURED} & {*shown}:
            shown = tuple(c for c in ORDER if c in shown or c in MEASURED)
        self.show_columns(shown)
        if fresh and measured is not None:
            self.view.reveal(MEASURED)

    @Slot(QPoint)
    def _choose_columns(self, where: QPoint) -> None:
        menu = ColumnMenu(self._session, self.model.shown, self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.chosen.connect(self.show_columns)
        menu.popup(where)

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
            picked.select(self.model.index(p, LAYER), self.model.index(p, LAST))
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
        rows, reasons, sight = self._copied(), self.model.reasons, self.model.sight
        text = as_csv(rows, reasons, sight) if way == "csv" else WAYS[way](rows, reasons, sight, self.model.shown)
        QGuiApplication.clipboard().setText(text)

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
