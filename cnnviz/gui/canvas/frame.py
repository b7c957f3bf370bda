"""The quiet frame around the cards of an open group, with its name and the sign that folds it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from ...net.arrange import HEAD
from ...net.fold import title
from ..paint.signs import chevron
from .card import World
from .style import TITLES, WORDS, pen, whole

INSIDE = 10.0
"""From the frame's left edge to its sign, and from there to its name."""
ROUND = 8.0
"""Radius of its corners."""
SIGN = 16.0
"""Width and height of what can be clicked."""


class FrameItem(QGraphicsRectItem):
    """Paints one frame; lies behind wires and cards."""

    def __init__(self, path: str, world: World):
        super().__init__()
        self.setPen(Qt.PenStyle.NoPen)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setZValue(-10 + path.count("/"))
        self.path, self.world = path, world
        self.foldable = True

    def put(self, rect: QRectF, foldable: bool) -> None:
        """Stand around this."""
        if rect != self.rect() or foldable != self.foldable:
            self.foldable = foldable
            self.setRect(rect)
            self.update()

    @property
    def sign(self) -> QPointF:
        """The middle of the sign."""
        return self.rect().topLeft() + QPointF(INSIDE + 2, HEAD / 2 + 2)

    def on_sign(self, at: QPointF) -> bool:
        """Whether a click here folds the group."""
        reach = SIGN / 2 / min(1.0, self.world.zoom)  # never too small to be hit
        away = at - self.sign
        return self.foldable and abs(away.x()) <= reach and abs(away.y()) <= reach

    def on_name(self, at: QPointF) -> bool:
        """Whether the name, the handle of the whole group, is here."""
        scale = max(self.world.zoom, TITLES)
        measure = self.world.style.metrics(self.world.style.caption).horizontalAdvance
        wide = measure(title(self.path)) / min(1.0, scale) + 3 * INSIDE
        box = self.rect()
        return QRectF(box.left(), box.top(), min(wide, box.width()), HEAD + 4).contains(at)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        style, world = self.world.style, painter.worldTransform()
        scale, box = world.m11(), whole(world.mapRect(self.rect()))
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill = QColor(style.line)
        fill.setAlphaF(0.28)
        painter.setPen(pen(style.line))
        painter.setBrush(fill)
        radius = max(2.0, ROUND * scale)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        if scale < TITLES:
            return
        font = style.caption if scale >= WORDS else style.small
        left, middle = box.left() + INSIDE * scale, box.top() + (HEAD / 2 + 2) * scale
        if self.foldable:
            chevron(painter, QPointF(left + 2, middle), style.quiet_ink, down=True)
            left += INSIDE
        painter.setFont(font)
        painter.setPen(style.quiet_ink)
        text = style.elided(font, title(self.path), box.right() - left - 6)
        metrics = style.metrics(font)
        painter.drawText(QPointF(left, middle + metrics.ascent() - metrics.height() / 2), text)
