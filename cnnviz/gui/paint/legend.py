"""What the curves of charts are called: one line for all charts that show the same series."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme
from .trace import DOT, Series

SAMPLE = 16.0
"""Pixels of line beside a name."""
GAP, BETWEEN = 5.0, 16.0
"""Pixels from a sample to its name, and from a name to the next sample."""


class Legend(QWidget):
    """A piece of each named curve and its name, in the middle."""

    def __init__(self, series: Sequence[Series], parent: QWidget | None = None):
        super().__init__(parent)
        self._series = [s for s in series if s.label]
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(", ".join(s.label for s in self._series))

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(theme.caption())
        return QSize(round(self._wide(metrics)), round(metrics.height()) + 2)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _wide(self, metrics: QFontMetricsF) -> float:
        names = sum(metrics.horizontalAdvance(s.label) for s in self._series)
        return names + len(self._series) * (SAMPLE + GAP + BETWEEN) - BETWEEN

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.caption())
        metrics = QFontMetricsF(painter.font())
        x, y = (self.width() - self._wide(metrics)) // 2, self.height() / 2
        for s in self._series:
            painter.setPen(QPen(s.ink(), 2))
            painter.drawLine(QPointF(x, y), QPointF(x + SAMPLE, y))
            if s.style == "dots":
                painter.setPen(QPen(s.ink(), DOT, c=Qt.PenCapStyle.RoundCap))
                painter.drawPoint(QPointF(x + SAMPLE / 2, y))
            x += SAMPLE + GAP
            painter.setPen(theme.current().colour("text"))
            wide = metrics.horizontalAdvance(s.label)
            painter.drawText(QRectF(x, 0, wide + 1, self.height()), int(Qt.AlignmentFlag.AlignVCenter), s.label)
            x += wide + BETWEEN
        painter.end()
