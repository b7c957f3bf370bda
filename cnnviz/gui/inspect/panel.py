"""What the panels that look inside have in common: a header line, a picture, and when there is work to do."""

from __future__ import annotations

from itertools import count

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPalette, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ...link.messages import TRAINING, Frame
from ...text import _
from ..paint import theme
from ..session import Session
from .meaning import unit_looking_at

PATIENCE = 200
"""Milliseconds for which a picture may be missing or out of date before it is said: most answers come sooner."""

TURN = 5
"""Milliseconds from one panel's turn to the next one's: while training no two panels are painted in one go, so that
the event loop is never held up by the sum of them."""

HEAD = 32
"""Height of the header line in pixels: the picture below stays where it is, whatever controls there are."""


class Title(QLabel):
    """One line that is cut with … where there is no room, and says the whole in its tip."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = self._tip = self._short = ""
        self._old = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def say(self, text: str, tip: str = "", short: str = "") -> None:
        """Show `text`, or `short` where there is no room for it; `tip` explains it."""
        if (text, tip, short) != (self._whole, self._tip, self._short):
            self._whole, self._tip, self._short = text, tip, short
            self._cut()

    def mark(self, old: bool) -> None:
        """Say before the text whether what stands below is from before the last edit."""
        if old != self._old:
            self._old = old
            self._cut()

    @property
    def whole(self) -> str:
        """What is said, uncut."""
        return self._whole

    @property
    def old(self) -> bool:
        """Whether it says that what stands below is from before the last edit."""
        return self._old

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 2, super().sizeHint().height())

    def _cut(self) -> None:
        whole = " · ".join(t for t in (_("before the edit") if self._old else "", self._whole) if t)
        fits = not self._short or self._old or self.fontMetrics().horizontalAdvance(whole) <= self.width()
        text = whole if fits else self._short
        text = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, self.width())
        why = _("It shows the network as it was before the edit, until the new one has been computed.")
        self.setText(text)
        self.setAccessibleName(whole)
        self.setToolTip(
            "\n".join(t for t in ("" if text == whole else whole, self._tip, why if self._old else "") if t)
        )
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()


class Veil(QWidget):
    """Dims a picture that is out of date, and has its title say so: words of its own would lie over what they mean.

    Lets the pointer through.
    """

    def __init__(self, over: QWidget, title: Title) -> None:
        super().__init__(over)
        self._over, self._title = over, title
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PATIENCE)
        self._timer.timeout.connect(self._cover)
        over.installEventFilter(self)

    def set_stale(self, stale: bool) -> None:
        """Cover what lies below if it stays stale for `PATIENCE`, uncover it at once where it is not."""
        if not stale:
            self._timer.stop()
            if not self.isHidden():
                self.hide()
                self._title.mark(False)
        elif self.isHidden() and not self._timer.isActive():
            self._timer.start()

    @Slot()
    def _cover(self) -> None:
        self.setGeometry(self._over.rect())
        self.raise_()
        for words in self._over.findChildren(QLabel, options=Qt.FindChildOption.FindDirectChildrenOnly):
            words.raise_()  # what stands beside the picture is to be read
        self.show()
        self._title.mark(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._over.rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        ground = theme.current().colour("panel")
        ground.setAlpha(120)
        painter = QPainter(self)
        painter.fillRect(self.rect(), ground)
        painter.end()


_turns = count()


class Panel(QWidget):
    """A panel that shows the frame while it is seen and does nothing while it is not.

    Subclasses give `wants` and `refresh`, and say what they wait for with `wait`.
    """

    whole = True  # shows what only whole frames bring anew

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        self._awake = False  # before the base class, whose construction already sends events
        super().__init__(parent)
        self._session = session
        self.title = Title()
        self._header = QHBoxLayout()
        self._header.setContentsMargins(2 * theme.GRID, 0, 2 * theme.GRID, 0)
        self._header.setSpacing(2 * theme.GRID)
        self._header.addWidget(self.title, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        head = QWidget()
        head.setLayout(self._header)
        head.setFixedHeight(HEAD)
        self._column.addWidget(head)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE)
        self._patience.timeout.connect(self._lose_patience)
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setTimerType(Qt.TimerType.PreciseTimer)
        self._turn.setInterval(1 + TURN * (next(_turns) % 5))
        self._turn.timeout.connect(self._show_newest)
        session.frame_arrived.connect(self._take)
        self._edited = QTimer(self)  # an edit is often followed by a selection, which renews as well
        self._edited.setSingleShot(True)
        self._edited.setInterval(0)
        self._edited.timeout.connect(self._renew)
        session.graph_changed.connect(self._edited.start)
        for signal in (
            session.unit_changed,  # told after every change of the selection, too
            session.picture_changed,
            session.pictures_changed,
            session.engine_changed,
        ):
            signal.connect(self._renew)

    @property
    def session(self) -> Session:
        """What is shown."""
        return self._session

    # ── for subclasses ──────────────────────────────────────────────────────────────────────────────────────────────
    def wants(self) -> tuple[str, tuple[str, ...]] | None:
        """(kind, ids) of what frames must carry for this panel; None where every frame has it."""
        return None

    def refresh(self, frame: Frame | None) -> None:
        """Show what is selected on this frame; called only while the panel is seen."""

    def show_nothing(self, text: str) -> None:
        """Show a sentence in place of the picture."""

    def wait(self) -> None:
        """What is to be shown has not come yet: keep what is there for a moment, then say so."""
        if not self._patience.isActive():
            self._patience.start()

    def late(self, text: str) -> None:
        """What is to be shown has not come for `PATIENCE`; `text` says so."""
        self.show_nothing(text)

    def come(self) -> None:
        """What is to be shown is there, or never comes."""
        self._patience.stop()

    # ── one selection, wherever a picture is clicked ────────────────────────────────────────────────────────────────
    @Slot(int, int)
    def look_at(self, y: int, x: int) -> None:
        """Select the unit of the same channel whose window is centred nearest to a pixel of the picture."""
        unit = unit_looking_at(self._session.rows, self._session.look.unit, y, x)
        if unit:
            self._session.look.pick(unit.channel, unit.y, unit.x)

    @Slot(int, int)
    def step(self, down: int, across: int) -> None:
        """Select the neighbouring unit."""
        unit = self._session.look.unit
        if unit:
            self._session.look.pick(unit.channel, max(unit.y + down, 0), max(unit.x + across, 0))

    # ── when there is work ──────────────────────────────────────────────────────────────────────────────────────────
    @Slot(object)
    def _take(self, frame: Frame) -> None:
        if not self._awake or (frame.partial and self.whole):
            return
        if self._session.run.phase != TRAINING:
            self.refresh(frame)
        elif not self._turn.isActive():
            self._turn.start()

    @Slot()
    def _show_newest(self) -> None:
        if self._awake:
            self.refresh(self._session.look.frame)

    @Slot()
    def _renew(self) -> None:
        if self._awake:
            self._edited.stop()
            self._ask()
            self.refresh(self._session.look.frame)

    @Slot()
    def _lose_patience(self) -> None:
        self.late(self._session.look.trouble or _("Waiting for the engine"))

    def _ask(self) -> None:
        wanted = self.wants()
        if wanted:
            self._session.look.want(self, *wanted)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._awake:
            self._awake = True
            self._renew()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._awake:
            self._awake = False
            self._patience.stop()
            wanted = self.wants()
            if wanted:
                self._session.look.want(self, wanted[0])

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._renew()
