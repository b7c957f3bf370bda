"""The reliability diagram: how often the network is right where it is so sure."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from ...link.verdicts import BINS, Calibration
from ...text import _, grouped
from ..paint import theme
from ..paint.number import percent

COUNTS = 0.18
"""Part of the height that the columns of counts have below the diagram."""
LEFT, FOOT = 42, 18


class Reliability(QWidget):
    """Accuracy against confidence in BINS bins, with what is missing to the diagonal, and the pictures in each bin."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown: Calibration | None = None
        self.setMouseTracking(True)
        self.setAccessibleName(_("Reliability diagram"))

    def sizeHint(self) -> QSize:
        return QSize(220, 180)

    def show_calibration(self, found: Calibration) -> None:
        """Show it, in place of the one before."""
        self.shown = found
        self.setAccessibleDescription(_("Expected calibration error {ece}").format(ece=percent(found.error)))
        self.update()

    def text(self, bin_: int) -> str:
        """What is to be said of a bin."""
        found = self.shown
        if found is None or not found.count[bin_]:
            return ""
        text = _("{n} pictures: sure by {sure}, right in {right}")
        sure, right = (percent(float(v[bin_])) for v in (found.confidence, found.accuracy))
        return text.format(n=grouped(int(found.count[bin_])), sure=sure, right=right)

    @property
    def _plot(self) -> QRectF:
        """Of the diagram: as wide as high, where there is room."""
        high = (self.height() - FOOT - 8) * (1 - COUNTS) - 4
        wide = min(self.width() - LEFT - 12, max(high * 1.6, 60))
        left = LEFT + max(0, (self.width() - LEFT - 12 - wide) / 2)
        return QRectF(left, 8, max(wide, 1), max(high, 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, now = QPainter(self), theme.current()
        painter.fillRect(self.rect(), now.colour("panel"))
        found, plot = self.shown, self._plot
        if found is None:
            return
        painter.setFont(theme.tabular(theme.caption()))
        self._paint_axes(painter, plot)
        bar, gap, width = now.family("Convolution"), now.colour("problem"), plot.width() / BINS
        foot = QRectF(plot.left(), plot.bottom() + 4, plot.width(), self.height() - plot.bottom() - 4 - FOOT)
        most = max(int(found.count.max()), 1)
        for b in np.flatnonzero(found.count).tolist():
            x = plot.left() + b * width + 1
            right, sure = float(found.accuracy[b]), float(found.confidence[b])
            top, wanted = (plot.bottom() - plot.height() * v for v in (right, sure))
            painter.fillRect(QRectF(x, top, width - 2, plot.bottom() - top), bar)
            between = QRectF(x, min(top, wanted), width - 2, abs(top - wanted))
            faint = QColor(gap)
            faint.setAlpha(60)
            painter.fillRect(between, faint)
            painter.fillRect(between, QBrush(gap, Qt.BrushStyle.BDiagPattern))
            painter.setPen(QPen(gap, 2))
            painter.drawLine(QPointF(x, wanted), QPointF(x + width - 2, wanted))
            high = max(1.0, foot.height() * float(found.count[b]) / most)
            painter.fillRect(QRectF(x, foot.bottom() - high, width - 2, high), now.colour("gap"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(now.colour("caption"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(plot.bottomLeft(), plot.topRight())

    def _paint_axes(self, painter: QPainter, plot: QRectF) -> None:
        now = theme.current()
        for share in (0.0, 0.5, 1.0):
            y = plot.bottom() - plot.height() * share
            painter.setPen(QPen(now.colour("line"), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(now.colour("caption"))
            box = QRectF(plot.left() - LEFT, y - 8, LEFT - 4, 16)
            painter.drawText(
                box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), f"{100 * share:.0f} %"
            )
        box = QRectF(0, self.height() - FOOT, self.width(), FOOT)
        words = legend(painter.fontMetrics(), self.width())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), words)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        plot = self._plot
        bin_ = int((event.position().x() - plot.left()) / max(plot.width(), 1) * BINS)
        text = self.text(bin_) if 0 <= bin_ < BINS and event.position().x() >= plot.left() else ""
        if text:
            QToolTip.showText(event.globalPosition().toPoint(), text, self)
        else:
            QToolTip.hideText()


def legend(metrics: QFontMetrics, room: int) -> str:
    """What the axis is, and where `room` pixels are enough what bars and lines are."""
    words = _("confidence →  bars: right, line: sure")
    return words if metrics.horizontalAdvance(words) <= room else _("confidence →")
