"""The layer in hand while it is dragged from the palette."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from .places import BODY, BOUNDS, LEFT, ROOM, STRIP
from .style import body_path, edge_path, pen, whole
from .world import World

SOLID, THIN = 0.9, 0.3
"""Opacity over the empty canvas, and where what lies under it is meant."""


class Ghost(QGraphicsRectItem):
    """A card without a node, with this title and family."""

    def __init__(self, title: str, family: str, world: World):
        super().__init__(BOUNDS)
        self.setPen(Qt.PenStyle.NoPen)
        self.setZValue(10)
        self.setOpacity(SOLID)
        self.title, self.family, self.world = title, family, world

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        style, transform = self.world.style, painter.worldTransform()
        scale, box = transform.m11(), whole(transform.mapRect(BODY))
        family = style.families[self.family]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.resetTransform()
        painter.translate(box.topLeft())
        path = body_path(box.width(), box.height(), max(2.0, round(6 * scale, 2)))
        painter.fillPath(path, style.panel)
        painter.fillPath(edge_path(box.width(), box.height(), max(2.0, round(6 * scale, 2)), scale), family)
        painter.setPen(pen(style.accent))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        painter.setWorldTransform(transform)
        painter.setFont(style.title)
        painter.setPen(style.text_ink)
        painter.drawText(QPointF(LEFT, BODY.top() + 18), style.elided(style.title, self.title, ROOM))
        painter.fillRect(STRIP, style.ground)
