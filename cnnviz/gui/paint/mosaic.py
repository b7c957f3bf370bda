"""From a feature map to a picture: numbers to levels, levels to a sheet of tiles, the sheet to pixels.

The path is 8-bit as long as it can be: one pass in blocks that stay in the cache, one copy into tiles, one
colour look-up by Qt at the end, for the visible pixels only. All buffers are kept between updates.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided
from PySide6.QtGui import QImage

from .colour import BLANK, GAP, LEVELS, MINUS, NAN, PLUS, Range, Ranges
from .tiling import Layout

BLOCK = 1 << 16
"""Numbers in one block: 256 KiB of float32, which a usual second-level cache holds."""
WHOLE = np.float32(1 << 23)
"""A float32 from here on has no fraction: adding it rounds, and leaves the integer in the low bits."""
HUGE = 1e37
"""Ranges up to here can be computed in float32 without overflow."""


def levels(array: np.ndarray, shown: Range | Ranges, out: np.ndarray | None = None) -> np.ndarray:
    """The colour index of every number of `array` (n, h, w): uint8 of the same shape, in `out` where given.

    `low` becomes 0, `high` the last level, what lies outside the nearer end; NaN, −∞ and +∞ become their marks.
    """
    if array.dtype != np.float32:
        array = array.astype(np.float64)
    array = np.ascontiguousarray(array)
    if out is None:
        out = np.empty(array.shape, np.uint8)
    if not array.size:
        return out
    if isinstance(shown, Range):
        length, low, span = BLOCK, np.array(shown.low), np.array(shown.high - shown.low)
        rows: tuple[int, ...] = (-1,)
    else:
        length, low, span = max(BLOCK // array[0].size, 1), shown.low[:, None], (shown.high - shown.low)[:, None]
        rows = len(array), -1
    source, target = array.reshape(rows), out.reshape(rows)
    least, most = array.min(), array.max()
    narrow = np.max(np.abs(low)) < HUGE and np.max(span) < HUGE
    tame = narrow and _tame(least, most)
    clip = not tame or least < np.max(low) or most > np.min(low + span)
    buffer = np.empty(source[:length].shape, np.float32)
    for start in range(0, len(source), length):
        part = slice(start, start + length)
        block, here = source[part], (low[part], span[part]) if low.ndim else (low, span)
        if tame or (narrow and _tame(block.min(), block.max())):
            _placed(block, *here, clip, buffer[: len(block)], target[part])
        else:
            _marked(block, *here, target[part])
    return out


def _tame(least: np.floating, most: np.floating) -> bool:
    """Whether numbers between these are numbers, and small enough for float32 all the way; NaN is passed on by both."""
    return bool(abs(least) < HUGE and abs(most) < HUGE)


def _placed(
    block: np.ndarray, low: np.ndarray, span: np.ndarray, clip: bool, work: np.ndarray, target: np.ndarray
) -> None:
    np.subtract(block, np.float32(low), out=work, casting="same_kind")
    np.multiply(work, np.float32((LEVELS - 1) / span), out=work)
    if clip:
        np.maximum(work, np.float32(0), out=work)
        np.minimum(work, np.float32(LEVELS - 1), out=work)
    np.add(work, WHOLE, out=work)
    np.copyto(target, work.view(np.int32), casting="unsafe")


def _marked(source: np.ndarray, low: np.ndarray, span: np.ndarray, target: np.ndarray) -> None:
    """The careful way, for blocks with NaN, infinities or numbers near the end of float32."""
    wide = source.astype(np.float64)
    finite = np.isfinite(wide)
    placed = (np.where(finite, wide, 0.0) - low) * ((LEVELS - 1) / span)
    index = np.rint(np.clip(placed, 0, LEVELS - 1)).astype(np.uint8)
    index[np.isnan(wide)] = NAN
    index[wide == -np.inf] = MINUS
    index[wide == np.inf] = PLUS
    target[...] = index


def sheet(index: np.ndarray, layout: Layout, out: np.ndarray | None = None) -> np.ndarray:
    """The tiles of `index` (n, h, w) side by side with a gap of one cell, before any zoom: uint8 (rows, columns).

    `out` is an earlier sheet of the same layout, whose tiles are written over.
    """
    (high, wide), rows, columns = layout.cells, layout.rows, layout.columns
    full, rest = divmod(layout.n, columns)
    if out is None:
        out = np.full((rows * (high + 1) + 1, columns * (wide + 1) + 1), GAP, np.uint8)
        if rest:  # no channels there: ground, not gap
            out[full * (high + 1) + 1 :, rest * (wide + 1) + 1 :] = BLANK
    down, across = out.strides
    tiles = as_strided(out[1:, 1:], (rows, high, columns, wide), ((high + 1) * down, down, (wide + 1) * across, across))
    seen = index[:, :: layout.step, :: layout.step]
    tiles[:full] = seen[: full * columns].reshape(full, columns, high, wide).transpose(0, 2, 1, 3)
    if rest:
        tiles[full, :, :rest] = seen[full * columns :].transpose(1, 0, 2)
    return out


def crop(tiles: np.ndarray, layout: Layout, top: int, left: int, out: np.ndarray) -> None:
    """Writes the pixels of the mosaic from (top, left) on into `out`, uint8 (height, width), at the layout's zoom."""
    height, width = out.shape
    if layout.plain:
        out[...] = tiles[top : top + height, left : left + width]
        return
    down = layout.down[top : top + height]
    across = layout.across[left : left + width]
    band = tiles[down[0] : down[-1] + 1].take(across, axis=1)
    out[...] = band.take(down - down[0], axis=0)


def mosaic(index: np.ndarray, layout: Layout) -> np.ndarray:
    """The whole picture of `index` (n, h, w) as the layout has it: uint8 `layout.size`, with gaps."""
    out = np.empty(layout.size, np.uint8)
    crop(sheet(index, layout), layout, 0, 0, out)
    return out


class Screen:
    """An 8-bit image that is written in place and coloured by Qt, with its memory kept between updates."""

    def __init__(self) -> None:
        self._image = QImage()
        self.pixels = np.empty((0, 0), np.uint8)
        """The image's own memory, uint8 (height, width)."""

    def resize(self, height: int, width: int) -> None:
        """Make room for a picture of this size; what is there is lost where the size is new."""
        if self.pixels.shape == (height, width):
            return
        self._image = QImage(width, height, QImage.Format.Format_Indexed8)
        lines = np.frombuffer(self._image.bits(), np.uint8).reshape(height, self._image.bytesPerLine())
        self.pixels = lines[:, :width]

    def image(self, colours: list[int]) -> QImage:
        """The picture with 256 `colours` (0xAARRGGBB), as RGB32: what Qt draws fastest."""
        return self._coloured(colours, QImage.Format.Format_RGB32)

    def mask(self, mark: int) -> QImage:
        """Opaque where the picture shows `mark`, else transparent."""
        return self._coloured(
            [0xFF000000 if i == mark else 0 for i in range(256)], QImage.Format.Format_ARGB32_Premultiplied
        )

    def _coloured(self, colours: list[int], form: QImage.Format) -> QImage:
        self._image.setColorTable(colours)
        return self._image.convertToFormat(form)


def to_image(pixels: np.ndarray, colours: list[int]) -> QImage:
    """A picture of `pixels`, uint8 (height, width), with 256 `colours`; for one that changes, keep a `Screen`."""
    screen = Screen()
    screen.resize(*pixels.shape)
    screen.pixels[...] = pixels
    return screen.image(colours)
