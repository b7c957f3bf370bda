"""What the widgets that show pictures have in common: a scrolling ground, device pixels, and a focus ring."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from . import theme

MARGIN = 4
"""Pixels kept free around a picture, so that outlines and the focus ring are not cut."""
BY_KEY = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


class Surface(QAbstractScrollArea):
    """A scroll area that paints all of itself and shows a focus ring where a person came by keyboard."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # nothing behind it is painted for it
        self._ring = False

    def tip(self, at: QPointF) -> str:
        """What the tip says at a point of the viewport; empty for none."""
        return ""

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            text = self.tip(QPointF(event.pos()))
            if text:
                QToolTip.showText(event.globalPos(), text, self.viewport())
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._ring = event.reason() in BY_KEY
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._ring = False
        self.viewport().update()

    def paint_ring(self, painter: QPainter) -> None:
        """To be called last in paintEvent."""
        if self._ring:
            outline(painter, QRectF(self.viewport().rect()).adjusted(2, 2, -2, -2))


def outline(painter: QPainter, inside: QRectF, halo: bool = False) -> None:
    """The selection's outline: 2 px of accent around `inside`; with a halo it stands out on blue maps too."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    around = inside.adjusted(-1, -1, 1, 1)
    now = theme.current()
    for colour, width in ((now.panel, 4), (now.accent, 2)) if halo else ((now.accent, 2),):
        pen = QPen(QColor(colour), width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(around)
