"""The quiet frame around the cards of an open group, with its name and the sign that folds it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from ...net.arrange import HEAD
from ...net.fold import title
from ..paint.signs import chevron
from .style import TITLES, WORDS, pen, whole
from .world import World

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
        self.label = Label(self)

    def put(self, rect: QRectF, foldable: bool) -> None:
        """Stand around this."""
        if rect != self.rect() or foldable != self.foldable:
            self.foldable = foldable
            self.setRect(rect)
            self.update()
            self.label.follow()

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
        box = whole(world.mapRect(self.rect()))
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen(style.line))
        painter.setBrush(style.frame)
        radius = max(2.0, ROUND * world.m11())
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)


class Label(QGraphicsRectItem):
    """A frame's sign and name; they lie on the wires that pass there, so that they can be read."""

    def __init__(self, frame: FrameItem):
        super().__init__()
        self.setPen(Qt.PenStyle.NoPen)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setZValue(0.5)  # above wires, below cards
        self._frame = frame

    def follow(self) -> None:
        """Stand in the head of the frame."""
        box = self._frame.rect()
        head = QRectF(box.left(), box.top(), box.width(), HEAD + 4)
        if head != self.rect():
            self.setRect(head)
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        frame, world = self._frame, painter.worldTransform()
        style, scale = frame.world.style, world.m11()
        if scale < TITLES:
            return
        box = whole(world.mapRect(self.rect()))
        painter.resetTransform()
        font = style.caption if scale >= WORDS else style.small
        metrics = style.metrics(font)
        left, middle = box.left() + INSIDE * scale, box.top() + (HEAD / 2 + 2) * scale
        sign = INSIDE if frame.foldable else 0.0
        text = style.elided(font, title(frame.path), box.right() - left - sign - 6, named=True)
        wide, half = metrics.horizontalAdvance(text), metrics.height() / 2
        back = QRectF(left - 4, middle - half, wide + sign + 8, 2 * half)
        painter.fillRect(back, style.ground)
        for _level in range(1 + frame.path.count("/")):  # as the frames behind it look together
            painter.fillRect(back, style.frame)
        if frame.foldable:
            chevron(painter, QPointF(left + 2, middle), style.quiet_ink, down=True)
        painter.setFont(font)
        painter.setPen(style.quiet_ink)
        painter.drawText(QPointF(left + sign, middle + metrics.ascent() - half), text)
