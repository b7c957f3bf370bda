"""What the curves of charts are called: one line for all charts that show the same series, and one more for the
names of other runs where they do not fit in it."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme
from .trace import DASH, DOT, Series

SAMPLE = 16.0
"""Pixels of line beside a name."""
GAP, BETWEEN = 5.0, 16.0
"""Pixels from a sample to its name, and from a name to the next sample."""
SHORT = 72.0
"""Pixels that the name of another run has at least, in a line of its own if need be; a longer one is cut."""


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
        self._fit()
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(ceil(self._wide(self._series, inf)), self._tall())

    def minimumSizeHint(self) -> QSize:
        own, others = self._parts()
        return QSize(ceil(max(self._wide(own, inf), self._wide(others, SHORT))), self._tall())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @property
    def lines(self) -> tuple[tuple[Series, ...], ...]:
        """What is named, line by line: other runs have their own where all names do not fit in one."""
        own, others = self._parts()
        if own and others and self._wide(self._series, inf) > self.width():
            return own, others
        return (tuple(self._series),)

    def _parts(self) -> tuple[tuple[Series, ...], tuple[Series, ...]]:
        own, others = (tuple(s for s in self._series if s.dashed == there) for there in (False, True))
        return own, others

    def _fit(self) -> None:
        """Be as tall as the lines there are."""
        self.setFixedHeight(self._tall())

    def _tall(self) -> int:
        return len(self.lines) * round(QFontMetricsF(theme.caption()).height()) + 2

    def _wide(self, series: Sequence[Series], most: float) -> float:
        """Pixels of a line, where names of other runs take no more than `most`."""
        metrics = QFontMetricsF(theme.caption())
        names = sum(min(metrics.horizontalAdvance(s.label), most if s.dashed else inf) for s in series)
        return names + len(series) * (SAMPLE + GAP + BETWEEN) - BETWEEN

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.caption())
        lines = self.lines
        tall = self.height() / len(lines)
        for i, series in enumerate(lines):
            self._draw(painter, series, QRectF(0, i * tall, self.width(), tall))
        painter.end()

    def _draw(self, painter: QPainter, series: Sequence[Series], line: QRectF) -> None:
        metrics = QFontMetricsF(painter.font())
        room = max(line.width() - self._wide(series, 0.0), 0.0)
        x, y = max((line.width() - self._wide(series, room)) // 2, 0), line.center().y()
        for s in series:
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
            place = QRectF(x, line.top(), wide + 1, line.height())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), text)
            x += wide + BETWEEN
