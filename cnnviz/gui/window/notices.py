"""Messages for the person: a bar for each, with its sign, its cure as buttons, and details on request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...text import _
from ..buttons import Giving
from ..paint import theme
from ..session import Notice, Session

SIGNS = {"info": "i", "done": "✓", "warning": "!", "error": "!"}
SHORT_MS = 6000  # how long what needs no answer stays
MOST = 4
ROUND, DETAILS = 84, 64
"""Pixels of a message's width that sign, margins and × take, and those for the button of its details."""
LEAST = 240
"""Words are at least so wide, or their cures stand below them."""


class Notices(QWidget):
    """The stack of messages, newest last, over the top of its parent."""

    covering = Signal(int)  # pixels that messages take

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._bars: list[_Bar] = []
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        session.noticed.connect(self.show_notice)
        self.hide()
        if parent is not None:
            parent.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.parent() and event.type() == QEvent.Type.Resize:
            self._stretch()
        return False

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._stretch()
        return super().event(event)

    def _stretch(self) -> None:
        """As wide as the parent, as high as the messages."""
        above = self.parentWidget()
        wide = above.width() if above is not None else 0
        high = 0
        if above is not None and self._bars:
            for bar in self._bars:
                bar.arrange(wide)
            high = self._box.heightForWidth(wide) if self._box.hasHeightForWidth() else self._box.sizeHint().height()
            self.setGeometry(0, 0, wide, high)
            self.raise_()
        self.covering.emit(high)

    @property
    def texts(self) -> list[str]:
        """What is being said."""
        return [b.notice.text for b in self._bars]

    def has(self, key: str) -> bool:
        """Whether a message of this key is being said."""
        return any(b.notice.key == key for b in self._bars)

    @Slot(object)
    def show_notice(self, notice: Notice) -> None:
        """Add a message; one of the same key gives way to it."""
        same = [b for b in self._bars if (notice.key and b.notice.key == notice.key) or b.notice.text == notice.text]
        for bar in same:
            self._take(bar)
        if notice.text:
            bar = _Bar(notice, self._take, self)
            self._bars.append(bar)
            self._box.addWidget(bar)
            for old in self._bars[:-MOST]:
                self._take(old)
        self.setVisible(bool(self._bars))
        self._stretch()

    def _take(self, bar: _Bar) -> None:
        if bar in self._bars:
            self._bars.remove(bar)
            self._box.removeWidget(bar)
            bar.hide()
            bar.deleteLater()
        self.setVisible(bool(self._bars))
        self._stretch()


class _Bar(QFrame):
    """One message."""

    def __init__(self, notice: Notice, done: Callable[[_Bar], None], parent: QWidget):
        super().__init__(parent)
        self.notice, self._done = notice, done
        self.setAccessibleName(notice.text)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 4, 8, 5)
        self._column.setSpacing(4)
        self._row = row = QHBoxLayout()
        row.setSpacing(8)
        self._column.addLayout(row)
        self._sign = QLabel(SIGNS[notice.level])
        self._sign.setFixedWidth(20)
        self._sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._words = QLabel(notice.text)
        self._words.setWordWrap(True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._cures = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._cures.setSpacing(8)
        self._buttons = [_Button(label, act, self) for label, act in notice.actions]
        for button in self._buttons:
            self._cures.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self._said = QBoxLayout(QBoxLayout.Direction.LeftToRight)  # the words, and their cures beside or below
        self._said.setSpacing(8)
        self._said.addWidget(self._words, 1)
        self._said.addLayout(self._cures)
        row.addWidget(self._sign)
        row.addLayout(self._said, 1)
        self._arranged: tuple[bool, bool] | None = None  # cures below the words, and below each other
        self._details: QPlainTextEdit | None = None
        if notice.details:
            more = _quiet_button(_("Details"))
            more.setCheckable(True)
            more.toggled.connect(self._show_details)
            row.addWidget(more)
        self._close = close = _quiet_button("×")
        close.setToolTip(_("Close this message"))
        close.setAccessibleName(_("Close this message"))
        close.clicked.connect(self.finish)
        row.addWidget(close)
        self._colour()
        if notice.level in ("info", "done") and not notice.actions:
            self._timer = QTimer(self, singleShot=True, interval=SHORT_MS)
            self._timer.timeout.connect(self.finish)
            self._timer.start()

    def arrange(self, wide: int) -> None:
        """Of this width the cures stand beside the words, below them, or below each other: so that words are whole."""
        side_by_side = sum(b.sizeHint().width() + 8 for b in self._buttons)
        room = wide - ROUND - (DETAILS if self.notice.details else 0)
        words = min(self._words.fontMetrics().horizontalAdvance(self.notice.text), max(LEAST, room // 2))
        right, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        below, apart = words + side_by_side > room, side_by_side > room
        if (below, apart) == self._arranged:
            return  # an alignment that is set again, though the same, has Qt ask for another layout: without end
        self._arranged = below, apart
        self._said.setDirection(down if below else right)
        self._cures.setDirection(down if apart else right)
        for place in (self._sign, self._close):
            self._row.setAlignment(place, Qt.AlignmentFlag.AlignTop if below else Qt.AlignmentFlag.AlignVCenter)

    @Slot()
    def finish(self) -> None:
        """Take the message away."""
        self._done(self)

    @Slot(bool)
    def _show_details(self, on: bool) -> None:
        if self._details is None:
            self._details = QPlainTextEdit(self.notice.details, readOnly=True)
            self._details.setFixedHeight(120)
            self._column.addWidget(self._details)
            copy = QPushButton(_("Copy the details"))
            copy.clicked.connect(self._copy)
            self._details.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            below = QHBoxLayout()
            below.addStretch(1)
            below.addWidget(copy)
            self._copying = copy
            self._column.addLayout(below)
        self._details.setVisible(on)
        self._copying.setVisible(on)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.notice.text}\n\n{self.notice.details}")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()
        super().changeEvent(event)

    def _colour(self) -> None:
        t = theme.current()
        self._tint = {"info": t.link, "done": t.ok, "warning": t.problem_text, "error": t.problem_text}[
            self.notice.level
        ]
        font = self._sign.font()
        font.setBold(True)
        self._sign.setFont(font)
        palette = self._sign.palette()
        palette.setColor(self._sign.foregroundRole(), self._tint)
        if palette != self._sign.palette():
            self._sign.setPalette(palette)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        t = theme.current()
        painter.fillRect(self.rect(), t.colour("panel"))
        painter.fillRect(0, 0, 3, self.height(), self._tint)
        painter.setPen(QPen(t.colour("line"), 1))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)


class _Button(Giving):
    """A cure: does it and takes its message away."""

    def __init__(self, label: str, act: Callable[[], Any], bar: _Bar):
        super().__init__(label, bar)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._act, self._bar = act, bar
        self.clicked.connect(self._go)

    @Slot()
    def _go(self) -> None:
        self._bar.finish()
        self._act()


def _quiet_button(text: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAutoRaise(True)
    return button
