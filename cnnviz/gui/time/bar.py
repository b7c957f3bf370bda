"""The strip under the window: the time line with its buttons, the step to be typed, and what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSpinBox, QToolButton, QWidget

from ...text import _, grouped
from ..paint import theme
from .line import TimeLine

if TYPE_CHECKING:
    from ..session import Session

LAST = 2_000_000_000
"""A number beyond the run's end can be typed, and is its end."""
EVERY_MS = 250
"""Between two steps of a run that goes on: nobody could read all of them."""
SAID = 190
"""Pixels for the words at the right: they must not push the line while it plays."""


class TimeBar(QWidget):
    """`actions` stand as buttons before the line, `live` behind it, `more` in its menu."""

    def __init__(
        self,
        session: Session,
        actions: tuple[QAction, ...],
        more: tuple[QAction, ...],
        live: QAction,
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        self._session, self._more = session, more
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.setSpacing(theme.GRID)
        for action in actions:
            button = QToolButton()
            button.setDefaultAction(action)
            button.setAutoRaise(True)
            row.addWidget(button)
        self.line = TimeLine(session)
        self.line.menu_asked.connect(self._show_menu)
        row.addWidget(self.line, 1)
        self.live = QToolButton()
        self.live.setDefaultAction(live)
        self.live.setAutoRaise(True)
        row.addWidget(self.live)
        self.step = QSpinBox()
        self.step.setAccessibleName(_("Step that is shown"))
        self.step.setToolTip(_("Type a step: everything shows the network as it was then"))
        self.step.setKeyboardTracking(False)
        self.step.setMaximum(LAST)
        self.step.setGroupSeparatorShown(True)
        self.step.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.step.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.step.setFixedWidth(84)
        self.step.valueChanged.connect(self._typed)
        row.addWidget(self.step)
        self.said = QLabel()
        self.said.setFont(theme.caption())
        self.said.setFixedWidth(SAID)
        row.addWidget(self.said)
        self.menu_button = QToolButton()
        self.menu_button.setAutoRaise(True)
        self.menu_button.setToolTip(_("What can be done with the step that is shown"))
        self.menu_button.setAccessibleName(self.menu_button.toolTip())
        self.menu_button.clicked.connect(self._open_menu)
        self.menu_button.setText("⋯")
        row.addWidget(self.menu_button)
        for signal in (session.time_changed, session.moment_changed):
            signal.connect(self.refresh)
        session.run_changed.connect(self._ran)
        self._soon = QTimer(self, singleShot=True, interval=EVERY_MS)
        self._soon.timeout.connect(self.refresh)
        session.frame_arrived.connect(self._shown)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Say which step is shown."""
        time = self._session.time
        some = bool(time.folder) and time.end > 0 and len(time.steps) > 0
        if self.step.isEnabled() != some:
            self.step.setEnabled(some)
        step = time.end if time.at is None else time.at
        with QSignalBlocker(self.step):
            if self.step.value() != step and not self.step.hasFocus():
                self.step.setValue(step)
        past = time.at is not None
        self._say(self._words(), QPalette.ColorRole.Link if past else QPalette.ColorRole.PlaceholderText)

    @Slot()
    def _ran(self) -> None:
        if not self._soon.isActive():
            self.refresh()
            self._soon.start()

    @Slot()
    def _shown(self) -> None:
        if self._session.time.at is not None:
            self.refresh()

    def _say(self, text: str, role: QPalette.ColorRole) -> None:
        if self.said.text() != text:
            self.said.setText(text)
            self.said.setToolTip(self._tip())
        if self.said.foregroundRole() != role:
            self.said.setForegroundRole(role)

    def _words(self) -> str:
        time = self._session.time
        if not time.folder or not time.end:
            return ""
        if time.at is None:
            if time.followed:
                return _("followed live") if time.far.living else _("last recorded step")
            return _("live") if self._session.run.active else _("last step")
        shown = time.shown
        if shown is None:
            return _("looking …")
        if time.playing:  # the next one is on its way
            shown = time.at
        if shown != time.at:
            return _("step {shown}, nearest to {at}").format(shown=grouped(shown), at=grouped(time.at))
        return _("step {shown} of {end}").format(shown=grouped(shown), end=grouped(time.end))

    def _tip(self) -> str:
        """What is kept, and the room it takes."""
        found = self._session.time.found
        if found is None:
            return ""
        text = _("{n} steps recorded in {folder}: {size:.1f} MB, at most {room:.0f} MB for weights (Plan, Recording)")
        return text.format(n=len(found.steps), folder=found.folder, size=found.size / 1e6, room=found.room / 1e6)

    @Slot(int)
    def _typed(self, step: int) -> None:
        self._session.time.go(step)
        self.line.setFocus()
        self.refresh()

    @Slot()
    def _open_menu(self) -> None:
        self._show_menu(self.menu_button.mapToGlobal(QPoint(0, 0)))

    @Slot(object)
    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(list(self._more))
        marks = self._session.time.marks
        if marks:
            menu.addSeparator()
            for mark in marks:
                text = _("Go to {name} (step {step})").format(name=mark.name, step=grouped(mark.step))
                menu.addAction(text).setData(mark.step)
        menu.triggered.connect(self._chosen)
        menu.popup(at)

    @Slot(QAction)
    def _chosen(self, action: QAction) -> None:
        if isinstance(action.data(), int):
            self._session.time.go(action.data())
