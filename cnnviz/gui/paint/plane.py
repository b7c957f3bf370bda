"""A feature map as one picture that changes in place: which numbers, which range, which pixels."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, inf
from time import monotonic

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QBrush, QColor, QHideEvent, QImage, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from ...text import _
from . import theme
from .colour import (
    EASE,
    GREY,
    MINUS,
    NAN,
    PLUS,
    SIGNED,
    VIRIDIS,
    Ease,
    Palette,
    Range,
    Ranges,
    joined,
    natural,
    natural_each,
)
from .mosaic import Screen, crop, levels, sheet
from .number import number
from .surface import MARGIN, Surface, outline
from .tiling import Layout, fit

FRAME = 16
"""Milliseconds between two pictures while a range eases."""
HATCHES = (
    (NAN, Qt.BrushStyle.BDiagPattern),
    (MINUS, Qt.BrushStyle.HorPattern),
    (PLUS, Qt.BrushStyle.VerPattern),
)
Unit = tuple[int, int, int]


class Plane(Surface):
    """All channels of one feature map side by side; scrolls where they are larger than the view."""

    rescaled = Signal()
    """What the colours stand for has changed: `shown`, `palette_shown`, `marks`."""
    zoomed = Signal(object)
    """Another zoom was asked for: a number, or None for as large as there is room for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Feature map"))
        self._array = np.empty((0, 0, 0), np.float32)
        self._index = np.empty((0, 0, 0), np.uint8)
        self._signed = False
        self._key: object = None
        self._beside: np.ndarray | None = None
        self._labels: tuple[str, ...] = ()
        self._each = False
        self._grey = False
        self._ease = Ease()
        self._scale: int | None = None
        self._columns = 1
        self._layout = Layout(1, 1, 1)
        self._sheet: np.ndarray | None = None
        self._screen = Screen()
        self._image = QImage()
        self._masks: list[tuple[QImage, Qt.BrushStyle]] = []
        self._window = (0, 0, 0, 0)
        self._stale = False
        self._came, self._quick = -inf, 0
        self._selected: Unit | None = None
        self.marks: frozenset[int] = frozenset()
        """Which of NAN, MINUS, PLUS the picture shows."""
        self.shown: Range | Ranges | None = None
        """What the first and the last colour stand for in the picture that was painted last."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(FRAME)
        self._timer.timeout.connect(self._refresh)

    # What is shown -----------------------------------------------------------------------------------------------

    def show_array(
        self,
        array: np.ndarray,
        signed: bool,
        labels: Sequence[str] = (),
        key: object = None,
        beside: np.ndarray | None = None,
    ) -> None:
        """Show `array` (n, h, w), copied, in place of what was there.

        Where shape, `signed` and `key` are as before it is the next state of the same picture, and the range eases
        to it; otherwise it is another picture and starts at its own range. `labels` name the channels. `beside`:
        another array that is to have the same colours: the range holds its numbers, too.
        """
        if array.ndim != 3 or not array.size:
            raise ValueError(f"a feature map is (channels, height, width), not {array.shape}")
        same = self._array.shape == array.shape
        if not same:
            self._array = np.empty(array.shape, np.float32)
            self._index = np.empty(array.shape, np.uint8)
        with np.errstate(over="ignore"):  # beyond float32 is ±∞, and marked
            np.copyto(self._array, array, casting="unsafe")
        again = same and signed == self._signed and key == self._key
        now = monotonic()
        self._quick = self._quick + 1 if again and now - self._came < EASE else 0
        self._came = now
        # where states follow one another, the next one takes the range on: nothing is painted in between
        self._timer.setInterval(round(1000 * EASE) if self._quick > 1 else FRAME)
        self._signed, self._labels, self._key = signed, tuple(labels), key
        self._beside = beside
        self._aim(jump=not again)
        if not same:
            self.forget()
            if self._selected and not _inside(self._selected, array.shape):
                self._selected = None
            self._scale = None
            self._arrange()
        self._refresh()

    def set_each(self, each: bool) -> None:
        """Whether every channel has its own range, instead of one shared by all."""
        if each != self._each:
            self._each = each
            self._aim(jump=True)
            self._refresh()

    def fix(self, fixed: Range | None) -> None:
        """Hold the range at `fixed`, or let it follow the numbers again (None)."""
        self._ease.fix(fixed)
        self._refresh()

    def set_grey(self, grey: bool) -> None:
        """Show values without a sign in grey instead of viridis."""
        self._grey = grey
        self._refresh()

    @property
    def palette_shown(self) -> Palette:
        return SIGNED if self._signed else GREY if self._grey else VIRIDIS

    @property
    def empty(self) -> bool:
        """Whether nothing was shown yet."""
        return self._array.size == 0

    @property
    def layout_shown(self) -> Layout:
        """Where the channels lie, in device pixels."""
        return self._layout

    @property
    def selected(self) -> Unit | None:
        return self._selected

    def select(self, channel: int, y: int, x: int) -> None:
        """Outline a unit and its channel, and scroll to it. One that is not there takes the outline away."""
        there = _inside((channel, y, x), self._array.shape)
        self._selected = (channel, y, x) if there else None
        self.setAccessibleDescription(self.text(*self._selected) if self._selected else "")
        if self._selected:
            self._reveal(self._selected)
        self.rescaled.emit()
        self.viewport().update()

    def zoom_to(self, scale: int | None) -> None:
        """Show at one of `tiling.ZOOMS`, with the columns there are, or as large as there is room for (None)."""
        self._scale = scale
        self._columns = self._layout.columns
        self._arrange()
        self.zoomed.emit(scale)

    def value(self, unit: Unit) -> float:
        return float(self._array[unit])

    def text(self, channel: int, y: int, x: int) -> str:
        """`channel 7 · (12, 9) · 0.183`, with the channel's label where it has one."""
        return f"{self.called(channel, y, x)} · {number(self.value((channel, y, x)))}"

    def called(self, channel: int, y: int, x: int) -> str:
        """`channel 7 · (12, 9)`."""
        name = self._labels[channel] if channel < len(self._labels) else _("channel {}").format(channel)
        return f"{name} · ({y}, {x})"

    def forget(self) -> None:
        """Called where another picture comes: whatever was under the pointer is no longer there."""

    def _aim(self, jump: bool) -> None:
        if self.empty:
            return
        of = natural_each if self._each else natural
        target = of(self._array, self._signed)
        if self._beside is not None and self._beside.size:
            target = joined(target, of(self._beside, self._signed))
        if jump or not self.isVisible():  # nobody saw the old range
            self._ease.jump(target)
        else:
            self._ease.follow(target, monotonic())

    def _refresh(self) -> None:
        self._stale = True
        self.viewport().update()

    # Where it is shown -------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """A new layout for the room there is, and scroll bars where it is not enough."""
        if self.empty:
            return
        ratio = self.devicePixelRatioF()
        room = self.maximumViewportSize()
        tall, wide = (max(int((s - 2 * MARGIN) * ratio), 1) for s in (room.height(), room.width()))
        bar = int(self.verticalScrollBar().sizeHint().width() * ratio)
        gap = max(round(ratio), 1)
        n, height, width = self._array.shape
        shape = n, height, width
        layout = self._placed(shape, tall, wide, gap)
        if layout.size[0] > tall:
            layout = self._placed(shape, tall, max(wide - bar, 1), gap)
        if layout != self._layout:
            self._layout, self._sheet = layout, None
        fits = layout.size[0] <= tall and layout.size[1] <= wide
        seen = room if fits else self.viewport().size()  # bars that are there must not be why they are needed
        for scroll, pixels, page in (
            (self.verticalScrollBar(), layout.size[0], seen.height()),
            (self.horizontalScrollBar(), layout.size[1], seen.width()),
        ):
            scroll.setRange(0, max(-int(-pixels // ratio) + 2 * MARGIN - page, 0))
            scroll.setPageStep(page)
            scroll.setSingleStep(24)
        self._refresh()

    def _placed(self, shape: Unit, tall: int, wide: int, gap: int) -> Layout:
        if self._scale is None:
            return fit(*shape, (tall, wide), gap)
        return Layout(*shape, self._columns, self._scale, gap)

    def _origin(self) -> tuple[int, int]:
        """(top, left) of the mosaic in the viewport, in device pixels: centred, or scrolled."""
        ratio, size = self.devicePixelRatioF(), self.viewport().size()
        places = []
        for pixels, page, scroll in (
            (self._layout.size[0], size.height(), self.verticalScrollBar()),
            (self._layout.size[1], size.width(), self.horizontalScrollBar()),
        ):
            spare = int(page * ratio) - pixels
            places.append(spare // 2 if scroll.maximum() == 0 else round((MARGIN - scroll.value()) * ratio))
        return places[0], places[1]

    def place(self, box: tuple[int, int, int, int]) -> QRectF:
        """Where a (top, left, height, width) of the layout is in the viewport, in logical pixels."""
        top, left = self._origin()
        ratio = self.devicePixelRatioF()
        return QRectF((left + box[1]) / ratio, (top + box[0]) / ratio, box[3] / ratio, box[2] / ratio)

    def unit_at(self, point: QPointF) -> Unit | None:
        """(channel, y, x) of the unit at a point of the viewport, in logical pixels; None beside the channels."""
        if self.empty:
            return None
        top, left = self._origin()
        ratio = self.devicePixelRatioF()
        return self._layout.unit_at(floor(point.y() * ratio) - top, floor(point.x() * ratio) - left)

    def _reveal(self, unit: Unit) -> None:
        """Scroll no further than needed to see a unit."""
        box, page = self.place(self._layout.unit(*unit)), self.viewport().rect()
        for scroll, low, high, end in (
            (self.verticalScrollBar(), box.top(), box.bottom(), page.height()),
            (self.horizontalScrollBar(), box.left(), box.right(), page.width()),
        ):
            past = min(low - 2 * MARGIN, 0) + max(high + 2 * MARGIN - end, 0)
            scroll.setValue(scroll.value() + round(past))

    # How it is painted -------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme.current().colour("panel"))
        if not self.empty:
            self._render()
            origin = self.place((self._window[0], self._window[1], 0, 0)).topLeft()
            painter.drawImage(origin, self._image)
            self._paint_hatches(painter, origin)
            if self._selected:
                outline(painter, self.place(self._layout.tile(self._selected[0])))
                outline(painter, self.place(self._layout.unit(*self._selected)), halo=True)
        self.paint_ring(painter)

    def _render(self) -> None:
        """Bring the image up to date: the numbers where they or their range are new, the pixels where they are."""
        top, left = self._origin()
        ratio, size = self.devicePixelRatioF(), self.viewport().size()
        first, across = max(-top, 0), max(-left, 0)
        last = min(self._layout.size[0], int(size.height() * ratio) + 1 - top)
        end = min(self._layout.size[1], int(size.width() * ratio) + 1 - left)
        window = (first, across, max(last - first, 1), max(end - across, 1))
        if not self._stale and window == self._window:
            return
        tiles = self._colour_numbers() if self._stale or self._sheet is None else self._sheet
        self._window = window
        self._screen.resize(window[2], window[3])
        crop(tiles, self._layout, first, across, self._screen.pixels)
        now = theme.current()
        colours = self.palette_shown.colours(now.colour("gap").rgba(), now.colour("panel").rgba())
        self._image = self._screen.image(colours)
        self._image.setDevicePixelRatio(ratio)
        self._masks = [(self._screen.mask(mark), brush) for mark, brush in HATCHES if mark in self.marks]
        self._stale = False

    def _colour_numbers(self) -> np.ndarray:
        now = monotonic()
        shown = self._ease.at(now)
        levels(self._array, shown, self._index)
        self._sheet = sheet(self._index, self._layout, self._sheet)
        marks: frozenset[int] = frozenset()
        if self._index.max() >= NAN:
            marks = frozenset(mark for mark, _brush in HATCHES if (self._index == mark).any())
        if shown is not self.shown or marks != self.marks:
            self.shown, self.marks = shown, marks
            self.rescaled.emit()
        if not self._ease.settled(now) and self.isVisible():
            self._timer.start()
        return self._sheet

    def _paint_hatches(self, painter: QPainter, origin: QPointF) -> None:
        """Lines over NaN and ±∞, which then differ from numbers by more than their colour."""
        for mask, brush in self._masks:
            lines = QImage(mask.size(), QImage.Format.Format_ARGB32_Premultiplied)
            lines.fill(0)
            over = QPainter(lines)
            over.fillRect(lines.rect(), QBrush(QColor(0, 0, 0, 160), brush))
            over.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
            over.drawImage(0, 0, mask)
            over.end()
            lines.setDevicePixelRatio(self.devicePixelRatioF())
            painter.drawImage(origin, lines)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._arrange()
        if self._selected:
            self._reveal(self._selected)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._refresh()


def _inside(unit: Unit, shape: tuple[int, ...]) -> bool:
    return all(0 <= i < size for i, size in zip(unit, shape, strict=True))
