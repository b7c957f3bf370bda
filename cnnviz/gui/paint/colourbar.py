"""The bar that says what the colours of a feature map stand for."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ...text import _
from . import theme
from .colour import LEVELS, MINUS, MINUS_COLOUR, NAN, NAN_COLOUR, PLUS, PLUS_COLOUR, VIRIDIS, Palette, Range
from .mosaic import to_image
from .number import number

EVERY_MS = 120
"""Between two ranges that are written: of a picture that changes 30 times a second nobody could read all."""
BAR = 12
TALLEST = 240
MARKS = (
    (PLUS, PLUS_COLOUR, "∞", Qt.BrushStyle.VerPattern),
    (MINUS, MINUS_COLOUR, "−∞", Qt.BrushStyle.HorPattern),
    (NAN, NAN_COLOUR, "NaN", Qt.BrushStyle.BDiagPattern),
)


class ColourBar(QWidget):
    """High at the top, low at the bottom, zero where it lies; below it the marks that occur in the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._palette = VIRIDIS
        self._range: Range | None = None
        self._marks: frozenset[int] = frozenset()
        self._soon = QTimer(self, singleShot=True, interval=EVERY_MS)
        self._soon.timeout.connect(self._say)
        self.setFont(theme.tabular(theme.caption()))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(_("Colour scale"))

    def show_scale(self, palette: Palette, shown: Range | None, marks: frozenset[int]) -> None:
        """`shown` None: every channel has its own range, and the ends are named instead of numbered."""
        before = self._palette, self._marks, self._range is None
        self._palette, self._range, self._marks = palette, shown, marks
        if before != (palette, marks, shown is None):
            self._soon.stop()
        if not self._soon.isActive():
            self._say()

    @Slot()
    def _say(self) -> None:
        high, low = self._ends()
        said = _("From {} to {}").format(low, high) if self._range else _("Each channel has its own range")
        if said != self.toolTip():
            self.setToolTip(said)
            self.setAccessibleDescription(said)
            self._soon.start()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(4 + BAR + 4 + QFontMetrics(self.font()).horizontalAdvance("−1.23e−45") + 4, 96)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _ends(self) -> tuple[str, str]:
        if self._range is None:
            return _("max"), _("min")
        return number(self._range.high), number(self._range.low)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        now = theme.current()
        painter.fillRect(self.rect(), now.colour("panel"))
        line = QFontMetrics(self.font()).height()
        marks = [mark for mark in MARKS if mark[0] in self._marks]
        foot = len(marks) * (line + 4) + (8 if marks else 0)
        tall = max(min(self.height() - foot - line - 8, TALLEST), line)
        top = (self.height() - foot - tall) // 2
        bar = QRect(4, top, BAR, tall)
        ramp = np.arange(LEVELS - 1, -1, -1, dtype=np.uint8)[:, None]
        painter.drawImage(bar, to_image(ramp, self._palette.colours()))
        painter.setPen(now.colour("line"))
        painter.drawRect(bar.adjusted(-1, -1, 0, 0))
        painter.setPen(now.colour("caption"))
        high, low = self._ends()
        self._write(painter, top, line, high)
        self._write(painter, top + tall, line, low)
        if self._range and self._range.low < 0 < self._range.high:
            zero = top + round(tall * self._range.high / (self._range.high - self._range.low))
            if line <= zero - top <= tall - line:
                self._write(painter, zero, line, "0")
        for place, (_mark, colour, name, brush) in enumerate(marks):
            box = QRect(4, top + tall + line // 2 + 8 + place * (line + 4), BAR, BAR)
            painter.fillRect(box, QColor(colour))
            painter.fillRect(box, QBrush(QColor(0, 0, 0, 160), brush))
            self._write(painter, box.center().y(), line, name)

    def _write(self, painter: QPainter, middle: int, line: int, text: str) -> None:
        left = 4 + BAR + 4
        box = QRect(left, middle - line // 2, self.width() - left, line)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
