"""What the curves of charts are called: one line for all charts that show the same series."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme
from .trace import DASH, DOT, Series

SAMPLE = 16.0
"""Pixels of line beside a name."""
GAP, BETWEEN = 5.0, 16.0
"""Pixels from a sample to its name, and from a name to the next sample."""
SHORT = 24.0
"""Pixels to which the name of another run is cut where there is no room."""


class Legend(QWidget):
    """A piece of each named curve and its name, in the middle."""

    def __init__(self, series: Sequence[Series], parent: QWidget | None = None):
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.show_series(series)

    def show_series(self, series: Sequence[Series]) -> None:
        """Name these."""
        self._series = [s for s in series if s.label]
        self.setAccessibleName(", ".join(s.label for s in self._series))
        self.setToolTip(", ".join(s.label for s in self._series if s.dashed))  # may be cut
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(theme.caption())
        return QSize(ceil(self._wide(metrics, inf)), round(metrics.height()) + 2)

    def minimumSizeHint(self) -> QSize:
        metrics = QFontMetricsF(theme.caption())
        return QSize(ceil(self._wide(metrics, SHORT)), round(metrics.height()) + 2)

    def _wide(self, metrics: QFontMetricsF, most: float) -> float:
        """Pixels of all, where names of other runs take no more than `most`."""
        names = sum(min(metrics.horizontalAdvance(s.label), most if s.dashed else inf) for s in self._series)
        return names + len(self._series) * (SAMPLE + GAP + BETWEEN) - BETWEEN

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.caption())
        metrics = QFontMetricsF(painter.font())
        room = max(self.width() - self._wide(metrics, 0.0), SHORT)
        x, y = max((self.width() - self._wide(metrics, room)) // 2, 0), self.height() / 2
        for s in self._series:
            pen = QPen(s.ink(), 2)
            if s.dashed:
                pen.setDashPattern([p / 2 for p in DASH])
                pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            painter.drawLine(QPointF(x, y), QPointF(x + SAMPLE, y))
            if s.style == "dots":
                painter.setPen(QPen(s.ink(), DOT, c=Qt.PenCapStyle.RoundCap))
                painter.drawPoint(QPointF(x + SAMPLE / 2, y))
            x += SAMPLE + GAP
            painter.setPen(theme.current().colour("text"))
            wide = min(metrics.horizontalAdvance(s.label), room if s.dashed else inf)
            text = metrics.elidedText(s.label, Qt.TextElideMode.ElideRight, wide + 1)
            painter.drawText(QRectF(x, 0, wide + 1, self.height()), int(Qt.AlignmentFlag.AlignVCenter), text)
            x += wide + BETWEEN
        painter.end()
