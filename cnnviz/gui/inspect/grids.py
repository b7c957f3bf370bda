"""Weights on the screen: kernels in rows of their output channel, or mixed from red, green and blue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from ...link.messages import Array
from ..paint import theme
from ..paint.mosaic import mosaic
from ..paint.photo import Frame, Photo
from ..paint.surface import MARGIN, outline
from ..paint.tiles import Tiles
from ..paint.tiling import ZOOMS, Layout, at, fit

GAP = 4
"""Pixels between kernels where there is room."""
LEGIBLE = 8
"""Kernels are not made smaller than this many pixels to fit them all; the view scrolls instead."""
Word = Callable[[int, int, int], str]


class WeightTiles(Tiles):
    """Kernels with one output channel a row, or as many in a row as fit; all of one output are outlined together.

    A single tile is a matrix with one output a row.
    """

    compare: Word = staticmethod(lambda _tile, _y, _x: "")
    """The weight in two runs, in place of its value; empty where there is one run."""

    def __init__(self, word: Word, parent: QWidget | None = None) -> None:
        """`word` says what stands at (tile, y, x), without its value; nothing where no weight stands."""
        super().__init__(parent)
        self._word = word
        self._across = 1
        self._free = True
        self._tight = False
        self._marked = -1

    def set_rows(self, across: int, free: bool, tight: bool = False) -> None:
        """`across`: tiles of one output. `free`: rows may be broken anywhere. `tight`: rather smaller than scrolled."""
        if (across, free, tight) != (self._across, self._free, self._tight):
            self._across, self._free, self._tight = across, free, tight
            self.zoom_to(None)

    def mark(self, output: int) -> None:
        """Outline all weights of an output; −1: of none."""
        self._marked = output
        self.viewport().update()

    @property
    def marked(self) -> int:
        """The output that is outlined."""
        return self._marked

    def output_box(self, output: int) -> tuple[int, int, int, int] | None:
        """(top, left, height, width) of the weights of an output, in pixels of the layout; None where it has none."""
        layout = self.layout_shown
        if layout is None or output < 0:
            return None
        if layout.n == 1 and self._free:
            if output >= layout.height:
                return None
            top, left, height, _width = layout.unit(0, output, 0)
            return top, left, height, layout.tile(0)[3]
        first, last = output * self._across, (output + 1) * self._across - 1
        if last >= layout.n:
            return None
        top, left, height, _width = layout.tile(first)
        end = layout.tile(last)
        return top, left, height, end[1] + end[3] - left

    def text(self, channel: int, y: int, x: int) -> str:
        word, value = self._word(channel, y, x), super().text(channel, y, x).rpartition(" · ")[2]
        return f"{word} · {self.compare(channel, y, x) or value}" if word else ""

    def _placed(self, shape: tuple[int, int, int], tall: int, wide: int, gap: int) -> Layout:
        n, height, width = shape
        if self._free:
            gap = gap * GAP if n > 1 else gap
            found = super()._placed(shape, tall, wide, gap)
            if self._tight and self._scale is None and found.size[0] > tall:
                smaller = [at(*shape, wide, s, gap) for s in ZOOMS if max(height, width) * s >= LEGIBLE and s > 0]
                found = next((way for way in reversed(smaller) if way.size[0] <= tall and way.size[1] <= wide), found)
            return found
        gap *= 2
        layouts = (Layout(n, height, width, self._across, scale, gap) for scale in reversed(ZOOMS))
        if self._scale is not None:
            return Layout(n, height, width, self._across, self._scale, gap)
        least = max(-(-LEGIBLE // max(height, width)), 1)
        for layout in layouts:
            if layout.scale <= least or (layout.size[0] <= tall and layout.size[1] <= wide):
                return layout
        return Layout(n, height, width, self._across, 1, gap)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        box = self.output_box(self._marked)
        if box:
            outline(QPainter(self.viewport()), self.place(box))


class ColourTiles(Photo):
    """Kernels of three input channels as small coloured pictures, one an output."""

    def __init__(self, word: Word, parent: QWidget | None = None) -> None:
        """`word` says what stands at (output, y, x), with its values."""
        super().__init__(parent)
        self._word = word
        self._colours: Array | None = None
        self._layout: Layout | None = None
        self._marked = -1

    def compose(self, colours: Array) -> Array:
        """The picture of `colours`, uint8 (outputs, height, width, 3), for the room there is; for `show_rgb`."""
        ratio, room = self.devicePixelRatioF(), self.viewport().size()
        tall, wide = (max(int((s - 2 * MARGIN) * ratio), 1) for s in (room.height(), room.width()))
        self._colours = colours
        outputs, height, width, _three = colours.shape
        layout = fit(outputs, height, width, (tall, wide), GAP * max(round(ratio), 1))
        if layout.size[0] > tall:  # nothing scrolls here: what does not fit is left out, and the matrix has it
            columns = max(wide // layout.pitch[1], 1)
            n = min(layout.n, max(tall // layout.pitch[0], 1) * columns)
            layout = replace(layout, n=n, columns=min(columns, n))
        self._layout = layout
        inside = mosaic(np.zeros(colours[: layout.n].shape[:3], np.uint8), layout) == 0
        ground = theme.current().colour("panel")
        planes = []
        for channel, back in enumerate((ground.red(), ground.green(), ground.blue())):
            planes.append(np.where(inside, mosaic(colours[: layout.n, :, :, channel], layout), back))
        self.mark(self._marked)
        return np.stack(planes, axis=2).astype(np.uint8)

    def mark(self, output: int) -> None:
        """Frame an output; −1: none."""
        self._marked = output
        layout = self._layout
        there = layout is not None and 0 <= output < layout.n
        self.set_frames([Frame(*layout.tile(output))] if layout and there else [])

    @property
    def marked(self) -> int:
        """The output that is framed."""
        return self._marked

    @property
    def layout_shown(self) -> Layout | None:
        """Where the kernels lie, in device pixels."""
        return self._layout

    def weight_at(self, y: int, x: int) -> tuple[int, int, int] | None:
        """(output, y, x) of the weights at a pixel of the picture."""
        return self._layout.unit_at(y, x) if self._layout else None

    def text(self, y: int, x: int) -> str:
        weight = self.weight_at(y, x)
        return self._word(*weight) if weight else ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        pixel = self.pixel_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and pixel and self.weight_at(*pixel):
            self.picked.emit(*pixel)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        layout = self._layout
        if layout is None:
            event.ignore()
            return
        columns = layout.columns
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        by = steps.get(Qt.Key(event.key()))
        if by is None:
            super().keyPressEvent(event)
        elif 0 <= self._marked + by < layout.n:
            top, left, _height, _width = layout.tile(self._marked + by)
            self.picked.emit(top, left)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._colours is not None:
            self.show_rgb(self.compose(self._colours))
