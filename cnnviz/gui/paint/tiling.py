"""Where the channels of a feature map lie on the screen: a pure value, in device pixels.

Every channel is a tile; tiles stand in rows with a gap of `gap` pixels between and around them. `zoom` pixels
stand for one unit along each axis, or one pixel for every `step` units where there is no room: the units between are
left out, never mixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

ZOOMS = tuple(-step for step in range(32, 1, -1)) + tuple(range(1, 65))
"""Scales from far to near: −s is one pixel for s units, z is z pixels for one unit."""
LEGIBLE = 16
"""Tiles are not made smaller than this many pixels to fit them all; the view scrolls instead."""


@dataclass(frozen=True)
class Layout:
    """`n` channels of `height`×`width` units, in `columns` columns, at a scale out of `ZOOMS`."""

    n: int
    height: int
    width: int
    columns: int = 1
    scale: int = 1
    gap: int = 1

    def __post_init__(self) -> None:
        if min(self.n, self.height, self.width, self.columns, self.gap) < 1 or self.scale in (0, -1):
            raise ValueError(f"not a layout: {self}")

    @cached_property
    def zoom(self) -> int:
        """Pixels a unit, at least 1."""
        return max(self.scale, 1)

    @cached_property
    def step(self) -> int:
        """Units a pixel, at least 1."""
        return max(-self.scale, 1)

    @cached_property
    def rows(self) -> int:
        return -(-self.n // self.columns)

    @cached_property
    def cells(self) -> tuple[int, int]:
        """Units shown of each channel, (height, width)."""
        return -(-self.height // self.step), -(-self.width // self.step)

    @cached_property
    def pitch(self) -> tuple[int, int]:
        """Pixels from one tile to the next, (down, across)."""
        return self.cells[0] * self.zoom + self.gap, self.cells[1] * self.zoom + self.gap

    @cached_property
    def size(self) -> tuple[int, int]:
        """Pixels of the whole mosaic with its outer gaps, (height, width)."""
        return self.rows * self.pitch[0] + self.gap, self.columns * self.pitch[1] + self.gap

    def unit_at(self, y: int, x: int) -> tuple[int, int, int] | None:
        """(channel, y, x) of the unit shown at a pixel; None in a gap and where there is no channel."""
        down, across = self.pitch
        row, y = divmod(y - self.gap, down)
        column, x = divmod(x - self.gap, across)
        channel = row * self.columns + column
        inside = row >= 0 and 0 <= column < self.columns and channel < self.n
        if not inside or y >= down - self.gap or x >= across - self.gap:
            return None
        return channel, y // self.zoom * self.step, x // self.zoom * self.step

    def tile(self, channel: int) -> tuple[int, int, int, int]:
        """(top, left, height, width) of a channel, in pixels, without its gaps."""
        row, column = divmod(channel, self.columns)
        down, across = self.pitch
        return row * down + self.gap, column * across + self.gap, down - self.gap, across - self.gap

    def unit(self, channel: int, y: int, x: int) -> tuple[int, int, int, int]:
        """(top, left, height, width) of a unit, in pixels; of the one shown in its place where it is left out."""
        top, left, _, _ = self.tile(channel)
        return top + y // self.step * self.zoom, left + x // self.step * self.zoom, self.zoom, self.zoom

    @property
    def plain(self) -> bool:
        """Whether a pixel of the screen is a cell of the sheet: nothing has to be repeated."""
        return self.zoom == 1 and self.gap == 1

    @cached_property
    def down(self) -> np.ndarray:
        """The row of the sheet (tiles with a gap of one cell) that each row of pixels shows."""
        return _cells(self.size[0], self.cells[0], self.zoom, self.gap)

    @cached_property
    def across(self) -> np.ndarray:
        """The column of the sheet that each column of pixels shows."""
        return _cells(self.size[1], self.cells[1], self.zoom, self.gap)


def _cells(pixels: int, cells: int, zoom: int, gap: int) -> np.ndarray:
    tile, rest = np.divmod(np.arange(pixels) - gap, cells * zoom + gap)
    result: np.ndarray = tile * (cells + 1) + 1 + np.minimum(rest // zoom, cells)
    return result


def fit(n: int, height: int, width: int, viewport: tuple[int, int], gap: int = 1) -> Layout:
    """The largest scale at which all channels are seen in a viewport of (height, width) pixels.

    Where even the smallest legible tiles do not fit, as many columns as there is room for: the view scrolls down.
    """
    least = next((s for s in ZOOMS if s > 0 or -(-max(height, width) // -s) >= LEGIBLE), 1)
    low, high = ZOOMS.index(least), len(ZOOMS) - 1
    while low < high:  # whether it fits falls with the scale
        middle = (low + high + 1) // 2
        tall, wide = at(n, height, width, viewport[1], ZOOMS[middle], gap).size
        if tall <= viewport[0] and wide <= viewport[1]:
            low = middle
        else:
            high = middle - 1
    return at(n, height, width, viewport[1], ZOOMS[low], gap)


def at(n: int, height: int, width: int, across: int, scale: int, gap: int = 1) -> Layout:
    """The layout at a given scale in a viewport `across` pixels wide, with rows as equal as can be."""
    one = Layout(n, height, width, 1, scale, gap)
    columns = min(max((across - gap) // one.pitch[1], 1), n)
    rows = -(-n // columns)
    return Layout(n, height, width, -(-n // rows), scale, gap)
