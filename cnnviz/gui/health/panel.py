"""The dock: signs of trouble, the worst first, and the gradient flow below or beside them."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QPalette, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from ...net.health.reading import Series
from ...net.health.trial import Trial
from ...text import _, grouped
from ..paint import theme
from ..session import Session
from .entry import Entry
from .flow import Flow

EVERY_MS = 200
"""Between two drawings, at least."""
WIDE = 620
"""Pixels from which on the flow stands beside the signs."""
ABOVE = 3
"""Widgets above the signs."""
TALL = 190
"""Pixels of the flow where it stands below them."""


class Health(QWidget):
    """Signs, what they follow from, what can be tried; and how the gradient flows. Nothing is drawn while hidden."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self.entries: dict[str, Entry] = {}
        self.good = QLabel()
        self.good.setWordWrap(True)
        self.watched = QLabel(
            _(
                "Watched: dead and saturated units, gradients by layer, how far a step moves the weights, batch norm, "
                "the loss, over-fitting, and collapse to one class."
            )
        )
        self.watched.setWordWrap(True)
        self.watched.setFont(theme.caption())
        self.watched.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.then = QLabel()
        self.then.setWordWrap(True)
        self.then.setFont(theme.caption())
        self.then.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._list = QWidget()
        self._rows = QVBoxLayout(self._list)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._rows.addWidget(self.then)
        self._rows.addWidget(self.good)
        self._rows.addWidget(self.watched)
        for label in (self.then, self.good, self.watched):
            label.setContentsMargins(8, 4, 8, 0)
        self._rows.addStretch(1)
        self.flow = Flow(self)
        self.flow.picked.connect(self._pick)
        self.other: Flow | None = None  # the other run's; made when one first stands beside
        self._flows = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._flows.setContentsMargins(0, 0, 0, 0)
        self._flows.setSpacing(8)
        self._flows.addWidget(self.flow, 1)
        inside = QWidget()
        self._both = QBoxLayout(QBoxLayout.Direction.TopToBottom, inside)
        self._both.setContentsMargins(4, 4, 4, 4)
        self._both.setSpacing(8)
        self._both.addWidget(self._list, 1)
        self._both.addLayout(self._flows, 1)
        self._scroll = QScrollArea(self)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inside)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._scroll)
        self.setAccessibleName(_("Health of the training"))
        self._timer = QTimer(self, singleShot=True, interval=EVERY_MS)
        self._timer.timeout.connect(self.draw)
        for signal in (session.health_changed, session.graph_changed, session.plan_changed, session.beside_changed):
            signal.connect(self._arrived)
        session.selection_changed.connect(self._select)
        session.moment_changed.connect(self._move)
        self._arrange()

    @Slot()
    def _arrived(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """The flow beside the signs where there is room, else below them, always with a height that can be read."""
        wide = self.width() >= WIDE
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._both.direction() != way:
            self._both.setDirection(way)
            self._flows.setDirection(way)
        self._both.setStretch(0, 2 if wide else 0)
        two = self.other is not None and not self.other.isHidden()
        self._both.setStretch(1, (5 if two else 3) if wide else 1)
        for flow in (self.flow, self.other):
            if flow is not None:
                layers = len(flow.layers)
                flow.setMinimumHeight(0 if wide and layers < 20 else TALL)

    @Slot()
    def draw(self) -> None:
        """Show what the session knows."""
        health, run = self._session.health, self._session.run
        some = len(health.series) > 0
        if not some:
            self.good.setText(_("Press Train: signs of trouble are told here."))
        self.good.setVisible(not health.signs)
        self.flow.setVisible(some)
        now = {sign.code: sign for sign in health.signs}
        for code in [c for c in self.entries if c not in now]:
            gone = self.entries.pop(code)
            self._rows.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, (code, sign) in enumerate(now.items()):
            entry = self.entries.get(code)
            if entry is None:
                self.entries[code] = entry = Entry(sign, self._list)
                entry.picked.connect(self._pick)
                entry.tried.connect(self._try)
            if self._rows.indexOf(entry) != place + ABOVE:
                self._rows.removeWidget(entry)
                self._rows.insertWidget(place + ABOVE, entry)
            entry.show_sign(sign, health.series, run.tests, health.trials(sign))
            entry.show()
        there = health.beside() if some else None
        self.flow.show_series(health.series, there)
        self._show_other(there)
        self._move()
        self._select()
        self._arrange()

    def _show_other(self, there: Series | None) -> None:
        """The other run's flow beside or below this one's, in the same colours."""
        if there is not None and self.other is None:
            self.other = Flow(self)
            self.other.picked.connect(self._pick)
            self._flows.addWidget(self.other, 1)
        if self.other is not None:
            self.other.setVisible(there is not None)
            if there is not None:
                self.other.show_series(there, self._session.health.series, second=True)

    @Slot()
    def _select(self) -> None:
        for flow in (self.flow, self.other):
            if flow is not None:
                flow.select(self._session.look.selected)

    @Slot()
    def _move(self) -> None:
        """Say which step this is of, while that is not the present; the signs come with a signal of their own."""
        at, health = self._session.time.at, self._session.health
        self.flow.show_step(at)
        if self.other is not None:
            self.other.show_step(at)
        past = at is not None and len(health.series) > 0
        self.then.setVisible(past and bool(health.signs or health.present))
        self.watched.setVisible(not past and not health.signs)
        if past:
            now = ", ".join(s.title for s in health.present) or _("no signs of trouble")
            self.then.setText(_("As it was at step {step}. Now: {signs}.").format(step=grouped(at or 0), signs=now))
        if len(health.series):
            text = _("No signs of trouble at step {step}.") if past else _("No signs of trouble.")
            self.good.setText(text.format(step=grouped(at or 0)))
        for entry in self.entries.values():
            entry.chart.set_cursor(None if at is None else float(at))

    @Slot(str)
    def _pick(self, id: str) -> None:
        if id in self._session.graph:
            self._session.look.select([id])

    @Slot(object)
    def _try(self, trial: Trial) -> None:
        self._session.health.take_trial(trial)
