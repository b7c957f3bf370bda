"""Boxes that settings are typed into, with the manners a form needs: no edit by a passing wheel, none half typed."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, log10
from typing import Any

from PySide6.QtCore import QEvent, QLocale, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QIcon,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPalette,
    QPen,
    QPixmap,
    QValidator,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QWidget,
)

from ..net.layers.base import Kind
from ..net.problems import problem
from ..text import _
from .paint import theme

LINE = 26
"""Height of a one-line editor and of its label in pixels, so that they stand on one line."""


class Spin(QSpinBox):
    """Whole numbers; anything can be typed, and what cannot be entered is `refused`: a number, or the text.

    The wheel turns it only while it has the focus.
    """

    refused = Signal(object)

    def __init__(self, kind: Kind, parent: QWidget | None = None):
        super().__init__(parent)
        self.setRange(int(max(kind.low, -(2**31))), int(min(kind.high, 2**31 - 1)))
        _behave(self, 48)

    def valueFromText(self, text: str) -> int:
        value = _whole(text)
        return self.value() if value is None else value

    def validate(self, text: str, pos: int) -> tuple[QValidator.State, str, int]:
        return _state(self, _whole(text)), text, pos

    def fixup(self, text: str) -> str:
        _refuse(self, _whole(text), text)
        return text

    @property
    def pending(self) -> bool:
        """Something is typed that is not entered yet."""
        return self.lineEdit().text() != self.textFromValue(self.value())

    def event(self, event: QEvent) -> bool:
        return False if _for_window(event, self.pending) else super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.pending:
            self.lineEdit().setText(self.textFromValue(self.value()))
            self.selectAll()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Decimal(QDoubleSpinBox):
    """Numbers of any magnitude, as `0.1` or `1e-05` or `1e+09`; arrows change the first digit: 1e-5 is near too.

    Typed and refused as in Spin.
    """

    refused = Signal(object)

    def __init__(self, kind: Kind, parent: QWidget | None = None):
        super().__init__(parent)
        self.setDecimals(15)
        self.setRange(kind.low, kind.high)
        _behave(self, 80)

    def textFromValue(self, value: float) -> str:
        plain = f"{value:.15g}"
        if abs(value) < 1e6 or "e" in plain:
            return plain
        digits, power = f"{value:.14e}".split("e")
        short = f"{digits.rstrip('0').rstrip('.')}e{power}"  # 1e+09 instead of ten figures to be counted
        return min(plain, short, key=len)

    def valueFromText(self, text: str) -> float:
        value = _number(text)
        return self.value() if value is None else value

    def validate(self, text: str, pos: int) -> tuple[QValidator.State, str, int]:
        return _state(self, _number(text)), text, pos

    def fixup(self, text: str) -> str:
        _refuse(self, _number(text), text)
        return text

    def stepBy(self, steps: int) -> None:
        self.interpretText()
        value = self.value()
        for _step in range(abs(steps)):
            value = _next(value, 1 if steps > 0 else -1, self.minimum())
        self.setValue(value)
        self.selectAll()

    @property
    def pending(self) -> bool:
        """Something is typed that is not entered yet."""
        return self.lineEdit().text() != self.textFromValue(self.value())

    def event(self, event: QEvent) -> bool:
        return False if _for_window(event, self.pending) else super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.pending:
            self.lineEdit().setText(self.textFromValue(self.value()))
            self.selectAll()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def _whole(text: str) -> int | None:
    try:
        return int(text.replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return None


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ".").replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return None


def _state(box: Spin | Decimal, value: float | None) -> QValidator.State:
    """Every key is taken: a minus that does nothing would turn −5 into 5. What is wrong is said once it is entered."""
    fits = value is not None and box.minimum() <= value <= box.maximum()
    return QValidator.State.Acceptable if fits else QValidator.State.Intermediate


def _refuse(box: Spin | Decimal, value: float | None, text: str) -> None:
    """Tell what cannot be entered; Qt then goes back to the value there was. An empty box needs no words."""
    if text.strip():
        box.refused.emit(text if value is None else value)


def refusal(name: str, box: Spin | Decimal, value: float | str) -> str:
    """Why the box does not take this value for the setting `name`: a sentence."""
    if not isinstance(value, str):
        return problem("setting.range", setting=name, low=box.minimum(), high=box.maximum(), value=value).text
    return problem("setting.whole" if isinstance(box, Spin) else "setting.number", setting=name, value=value).text


def _next(value: float, way: int, low: float) -> float:
    """One step of the first digit up or down: 0.5 → 0.6, 1e-05 → 2e-05, down from there 9e-06."""
    if value == 0:
        return way * 0.01
    if low == 0 and way < 0 and value <= 0.01:
        return 0.0
    power = floor(log10(abs(value)) + 1e-9)
    if way * value < 0 and abs(abs(value) / 10.0**power - 1) < 1e-9:
        power -= 1
    return float(f"{value + way * 10.0**power:.10g}")


class Combo(QComboBox):
    """A choice; the wheel turns it only while it has the focus."""

    def __init__(self, words: tuple[str, ...], parent: QWidget | None = None):
        super().__init__(parent)
        self.addItems(words)
        self.setFixedHeight(LINE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def quietly(widget: QWidget, show: Callable[[Any], Any], value: Any) -> None:
    """Show a value in a widget without its signals."""
    before = widget.blockSignals(True)
    show(value)
    widget.blockSignals(before)


def _for_window(event: QEvent, pending: bool) -> bool:
    """Whether this is the window's undo: a box keeps Ctrl+Z for itself only while something is typed into it."""
    if pending or not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.ShortcutOverride:
        return False
    return any(event.matches(k) for k in (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo))


def _behave(box: QAbstractSpinBox, least: int) -> None:
    box.setKeyboardTracking(False)  # 1 and 12 on the way to 128 are no edits
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setLocale(QLocale.c())
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    box.setMinimumWidth(least)
    box.setMaximumWidth(112)
    box.setFixedHeight(LINE)


class Link(QToolButton):
    """Keeps height and width, or what `words` says, equal while it is down."""

    def __init__(self, parent: QWidget, words: str = ""):
        super().__init__(parent)
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setIconSize(QSize(16, 16))
        self.setFixedSize(LINE - 2, LINE - 2)
        self.setAccessibleName(words or _("Keep height and width equal"))
        self.setToolTip(self.accessibleName())
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _draw(self) -> None:
        icon, ratio = QIcon(), self.devicePixelRatioF()
        for state, role, gap in ((QIcon.State.On, "link", 0.0), (QIcon.State.Off, "faint", 1.5)):
            pixmap = QPixmap(self.iconSize() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            pen = QPen(theme.current().colour(role), 1.5)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawArc(QRectF(1.5 - gap / 2, 5, 6, 6), 60 * 16, 240 * 16)
            painter.drawArc(QRectF(8.5 + gap / 2, 5, 6, 6), 240 * 16, 240 * 16)
            if not gap:
                painter.drawLine(QPointF(5.5, 8), QPointF(10.5, 8))
            painter.end()
            icon.addPixmap(pixmap, QIcon.Mode.Normal, state)
        self.setIcon(icon)


class Line(QLineEdit):
    """A line of text. `left`: it was given up, by Esc or by going away; what is wrong in it is then forgotten."""

    left = Signal()

    def event(self, event: QEvent) -> bool:
        return False if _for_window(event, self.isModified()) else super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            event.accept()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.left.emit()


class Lines(QPlainTextEdit):
    """Several lines of text, with the manners of Line: Ctrl+Enter and going away enter them, Esc gives them up."""

    textEdited = Signal()  # noqa: N815  # as a QLineEdit calls them
    editingFinished = Signal()  # noqa: N815
    left = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.textChanged.connect(self.textEdited)

    def text(self) -> str:
        """The lines, as they are typed."""
        return self.toPlainText()

    def setText(self, text: str) -> None:
        """Show these lines, as if nothing had been typed."""
        if text != self.text():
            quietly(self, self.setPlainText, text)
        self.document().setModified(False)

    def isModified(self) -> bool:
        """Whether something is typed that is not entered yet."""
        return self.document().isModified()

    def event(self, event: QEvent) -> bool:
        return False if _for_window(event, self.isModified()) else super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.editingFinished.emit()
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.editingFinished.emit()
            self.left.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def say(label: QLabel, text: str) -> None:
    """Show what is wrong, in the colour of problems."""
    label.setText(text)
    label.setForegroundRole(QPalette.ColorRole.BrightText)
    label.show()
