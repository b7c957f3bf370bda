"""The menu from which a person chooses the table's columns, and the pictures that memory is counted for."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from ...text import _
from ..paint.counts import grouped
from ..session import Session
from ..session.measuring import MOST
from ..settings import Settings
from .columns import ALWAYS, COLUMNS, FIELD, MEASURED, ORDER, USUAL

NAMES = tuple(column.name for column in COLUMNS)


def remembered(settings: Settings) -> tuple[int, ...]:
    """The columns that were shown last, from left to right; the usual ones at first."""
    names = settings.get("columns")
    names = [names] if isinstance(names, str) else names
    chosen = {NAMES.index(n) for n in names if n in NAMES} if isinstance(names, list) else {*USUAL}
    return tuple(c for c in ORDER if c in chosen or c in ALWAYS)


def remember(settings: Settings, shown: tuple[int, ...]) -> None:
    """Keep this choice for the next start."""
    settings.set("columns", [NAMES[c] for c in shown])


def ask_batch(parent: QWidget | None, present: int) -> int:
    """How many pictures memory is to be counted for; 0 where the person does not say. Tests replace it."""
    label = _("Pictures that memory is counted for, and layers are measured on:")
    number, said = QInputDialog.getInt(parent, _("Batch"), label, present, 1, MOST)
    return number if said else 0


class ColumnMenu(QMenu):
    """Columns with a tick each; the batch; measuring."""

    chosen = Signal(tuple)  # the columns that are to be shown

    def __init__(self, session: Session, shown: tuple[int, ...], parent: QWidget):
        super().__init__(parent)
        self._session, self._shown = session, shown
        self.setToolTipsVisible(True)
        for column in ORDER:
            if column in ALWAYS:
                continue
            if column in (MEASURED[0], FIELD):
                self.addSeparator()
            action = self.addAction(_(COLUMNS[column].name))
            action.setCheckable(True)
            action.setChecked(column in shown)
            action.setData(column)
            action.setToolTip(_(COLUMNS[column].tip))
            action.toggled.connect(self._toggle)
        self.addSeparator()
        self.addAction(_("Usual columns"), self._usual)
        self._add_batches(self.addMenu(_("Pictures counted")))

    def _add_batches(self, menu: QMenu) -> None:
        cost, plan = self._session.cost, self._session.run.plan
        group = QActionGroup(menu)
        for batch in sorted({1, plan.batch_size, cost.batch}):
            text = _("{n}, the batch of the plan") if batch == plan.batch_size else "{n}"
            action = menu.addAction(text.format(n=grouped(batch)))
            action.setCheckable(True)
            action.setChecked(batch == cost.batch)
            action.setData(batch)
            group.addAction(action)
        group.triggered.connect(self._count)
        menu.addSeparator()
        menu.addAction(_("Other…"), self._ask)

    @Slot()
    def _toggle(self) -> None:
        ticked = {a.data() for a in self.actions() if a.isCheckable() and a.isChecked()}
        self.chosen.emit(tuple(c for c in ORDER if c in ticked or c in ALWAYS))

    @Slot()
    def _usual(self) -> None:
        self.chosen.emit(tuple(c for c in ORDER if c in USUAL))

    @Slot(QAction)
    def _count(self, action: QAction) -> None:
        self._session.cost.count_for(action.data())

    @Slot()
    def _ask(self) -> None:
        batch = ask_batch(self.parentWidget(), self._session.cost.batch)
        if batch:
            self._session.cost.count_for(batch)
