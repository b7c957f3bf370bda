"""A feature map under a person's hand: pointer, wheel and keys over the picture of all channels."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from .plane import Plane, Unit
from .tiling import ZOOMS

STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
JUMPS = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
ZOOM_KEYS = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}
NOTCH = 120
"""A wheel's step, in eighths of a degree."""


class Tiles(Plane):
    """Hover reads a unit, a click or the arrow keys pick one; Ctrl with the wheel, + and − zoom, 0 fits again.

    The arrows step over the picture as it is seen: from the last column of a channel into the channel beside it.
    """

    hovered = Signal(int, int, int, float)
    """Channel, y, x and value under the pointer."""
    left = Signal()
    """The pointer is over no unit any more."""
    picked = Signal(int, int, int)
    """Channel, y and x that a person chose by click or key."""

    _hover: Unit | None = None
    _turned = 0

    def tip(self, at: QPointF) -> str:
        unit = self.unit_at(at)
        return self.text(*unit) if unit else ""

    @property
    def hover(self) -> Unit | None:
        """The unit under the pointer."""
        return self._hover

    def forget(self) -> None:
        self._point(None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.unit_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        unit = self.unit_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and unit:
            self._pick(unit)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point(None)
        return super().viewportEvent(event)

    def _point(self, unit: Unit | None) -> None:
        if unit is None and self._hover is not None:
            self._hover = None
            self.left.emit()
        elif unit is not None and unit != self._hover:
            self._hover = unit
            self.hovered.emit(*unit, self.value(unit))

    def _pick(self, unit: Unit) -> None:
        self.select(*unit)
        self.picked.emit(*unit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self.empty:
            event.ignore()
        elif key in STEPS:
            self._step(*STEPS[key])
        elif key in JUMPS:
            channel, y, x = self.selected or (0, 0, 0)
            self._pick((min(max(channel + JUMPS[key], 0), self.layout_shown.n - 1), y, x))
        elif key in ZOOM_KEYS:
            self._zoom(ZOOM_KEYS[key], QPointF(self.viewport().rect().center()))
        elif key == Qt.Key.Key_0:
            self.zoom_to(None)
        else:
            super().keyPressEvent(event)

    def _step(self, down: int, across: int) -> None:
        if self.selected is None:
            self._pick((0, 0, 0))
            return
        where, (channel, y, x) = self.layout_shown, self.selected
        cell_y, cell_x = y // where.step + down, x // where.step + across
        tall, wide = where.cells
        row, column = divmod(channel, where.columns)
        row, column = row + cell_y // tall, column + cell_x // wide
        beside = row * where.columns + column
        if row >= 0 and 0 <= column < where.columns and beside < where.n:
            self._pick((beside, cell_y % tall * where.step, cell_x % wide * where.step))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
            return
        self._turned += event.angleDelta().y()  # a touch pad turns by less than a notch at a time
        notches = int(self._turned / NOTCH)
        self._turned -= notches * NOTCH
        if notches and not self.empty:
            self._zoom(notches, event.position())
        event.accept()

    def _zoom(self, steps: int, around: QPointF) -> None:
        """Zoom by steps of the scale and keep what is under `around` where it is."""
        place = ZOOMS.index(self.layout_shown.scale) + steps
        unit = self.unit_at(around)
        self.zoom_to(ZOOMS[min(max(place, 0), len(ZOOMS) - 1)])
        if unit:
            moved = self.place(self.layout_shown.unit(*unit)).center() - around
            for scroll, by in ((self.verticalScrollBar(), moved.y()), (self.horizontalScrollBar(), moved.x())):
                scroll.setValue(scroll.value() + round(by))
