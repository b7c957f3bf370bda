"""A picture in colour, as the network gets it, with the windows that units see framed in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QRegion, QWheelEvent
from PySide6.QtWidgets import QWidget

from ...text import _
from . import theme
from .surface import MARGIN, Surface, outline

STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """A window in pixels of the picture; may begin before it and end behind it, in the padding."""

    top: float
    left: float
    height: float
    width: float


class Photo(Surface):
    """A picture at a whole multiple where there is room, never blurred, with frames over it.

    Where a frame reaches into the padding the picture makes room for it, by up to its own size on each side.
    """

    hovered = Signal(int, int)
    """y and x of the pixel under the pointer."""
    left = Signal()
    picked = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Picture"))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._pixels = np.empty((0, 0, 3), np.uint8)
        self._image = QImage()
        self._frames: tuple[Frame, ...] = ()
        self._selected: tuple[int, int] | None = None
        self._hover: tuple[int, int] | None = None

    def show_rgb(self, pixels: np.ndarray) -> None:
        """Show `pixels`, uint8 (height, width, 3), copied. The frames stay until they are set anew."""
        if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size or pixels.dtype != np.uint8:
            raise ValueError(f"a picture is uint8 (height, width, 3), not {pixels.dtype} {pixels.shape}")
        same = self._pixels.shape == pixels.shape
        self._pixels = np.array(pixels, order="C")
        height, width, _three = pixels.shape
        if not same:
            self._selected = self._hover = None
        view = QImage(self._pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._image = view.convertToFormat(QImage.Format.Format_RGB32)
        self.viewport().update()

    def set_frames(self, frames: Sequence[Frame]) -> None:
        """Frame these windows, in place of those before."""
        self._frames = tuple(frames)
        self.viewport().update()

    @property
    def selected(self) -> tuple[int, int] | None:
        return self._selected

    @property
    def hover(self) -> tuple[int, int] | None:
        """What is under the pointer."""
        return self._hover

    def select(self, y: int, x: int) -> None:
        """Outline a pixel; one that is not there takes the outline away."""
        there = 0 <= y < self._pixels.shape[0] and 0 <= x < self._pixels.shape[1]
        self._selected = (y, x) if there else None
        self.setAccessibleDescription(self.text(y, x) if there else "")
        self.viewport().update()

    def text(self, y: int, x: int) -> str:
        """`(12, 9) · 255 128 0`."""
        return f"({y}, {x}) · {' '.join(str(v) for v in self._pixels[y, x].tolist())}"

    def tip(self, at: QPointF) -> str:
        pixel = self.pixel_at(at)
        return self.text(*pixel) if pixel else ""

    def scale(self) -> float:
        """Logical pixels of the screen for one of the picture."""
        return self._fit()[0]

    def place(self, frame: Frame) -> QRectF:
        """Where a window of the picture is in the viewport."""
        scale, origin = self._fit()
        return QRectF(
            origin.x() + frame.left * scale, origin.y() + frame.top * scale, frame.width * scale, frame.height * scale
        )

    def pixel_at(self, point: QPointF) -> tuple[int, int] | None:
        """(y, x) of the picture at a point of the viewport; None beside it."""
        if not self._pixels.size:
            return None
        scale, origin = self._fit()
        y, x = int((point.y() - origin.y()) // scale), int((point.x() - origin.x()) // scale)
        return (y, x) if 0 <= y < self._pixels.shape[0] and 0 <= x < self._pixels.shape[1] else None

    def _fit(self) -> tuple[float, QPointF]:
        """The scale, and where the picture's first pixel begins; on whole pixels of the device."""
        height, width, _three = self._pixels.shape
        top, left, bottom, right = 0.0, 0.0, float(height), float(width)
        for f in self._frames:
            top, bottom = min(top, max(f.top, -height)), max(bottom, min(f.top + f.height, 2 * height))
            left, right = min(left, max(f.left, -width)), max(right, min(f.left + f.width, 2 * width))
        ratio, size = self.devicePixelRatioF(), self.viewport().size()
        room_x, room_y = (max(s - 2 * MARGIN, 1) * ratio for s in (size.width(), size.height()))
        scale = min(room_x / (right - left), room_y / (bottom - top))
        if scale >= 1:
            scale = float(int(scale))
        x = size.width() * ratio / 2 - (left + right) / 2 * scale
        y = size.height() * ratio / 2 - (top + bottom) / 2 * scale
        return scale / ratio, QPointF(round(x) / ratio, round(y) / ratio)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme.current().colour("panel"))
        if self._pixels.size:
            height, width, _three = self._pixels.shape
            whole = self.place(Frame(0, 0, height, width))
            painter.drawImage(whole, self._image)
            painter.setPen(QPen(theme.current().colour("line"), 1))
            painter.drawRect(whole.adjusted(-0.5, -0.5, 0.5, 0.5))
            for frame in self._frames:
                self._paint_frame(painter, self.place(frame), whole)
            if self._selected:
                outline(painter, self.place(Frame(*self._selected, 1, 1)), halo=True)
        self.paint_ring(painter)

    def _paint_frame(self, painter: QPainter, box: QRectF, whole: QRectF) -> None:
        """A solid line over the picture, a dashed one over the padding."""
        painter.save()
        pen = QPen(theme.current().colour("accent"), 2)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inside = QRegion(whole.adjusted(-2, -2, 2, 2).toAlignedRect())
        line = box.adjusted(-1, -1, 1, 1)
        painter.setClipRegion(inside)
        painter.setPen(QPen(theme.current().colour("panel"), 4, j=Qt.PenJoinStyle.MiterJoin))  # seen on blue, too
        painter.drawRect(line)
        painter.setPen(pen)
        painter.drawRect(line)
        painter.setClipRegion(QRegion(self.viewport().rect()) - inside)
        pen.setDashPattern([3, 2])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawRect(line)
        painter.restore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.pixel_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        pixel = self.pixel_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and pixel:
            self._pick(*pixel)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point(None)
        return super().viewportEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # nothing to scroll here; the panel around may

    def _point(self, pixel: tuple[int, int] | None) -> None:
        if pixel == self._hover:
            return
        self._hover = pixel
        if pixel is None:
            self.left.emit()
        else:
            self.hovered.emit(*pixel)

    def _pick(self, y: int, x: int) -> None:
        self.select(y, x)
        self.picked.emit(y, x)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEPS.get(Qt.Key(event.key()))
        if step is None or not self._pixels.size:
            super().keyPressEvent(event)
            return
        y, x = self._selected or (0, 0)
        height, width, _three = self._pixels.shape
        self._pick(min(max(y + step[0], 0), height - 1), min(max(x + step[1], 0), width - 1))
