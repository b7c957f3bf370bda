"""From numbers to colours: palettes with 251 levels, ranges, and ranges that ease.

A picture is 8-bit. The first `LEVELS` indices stand for numbers, low to high; an odd count gives zero an index
of its own in the middle, so that zero is exactly white where values are signed. The indices above stand for
what is not a number of the range: the gap between channels, NaN, −∞, +∞ and the empty ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np

LEVELS = 251
MIDDLE = LEVELS // 2
GAP, NAN, MINUS, PLUS, BLANK = range(LEVELS, 256)

NAN_COLOUR = 0xFFFF00C8
MINUS_COLOUR = 0xFF00E5FF
PLUS_COLOUR = 0xFFFF8C00
"""NaN, −∞ and +∞ as 0xAARRGGBB: magenta, cyan and orange occur in no palette."""

EASE = 0.3
"""Seconds in which a range reaches a new one."""
SMALLEST = 1e-36
"""Spans below this are taken as constant: their scale would not fit into a float32."""


@dataclass(frozen=True, eq=False)
class Palette:
    """A colour map: `table` is uint8 (256, 3); entries from `LEVELS` on hold the marks, gap and ground are black."""

    name: str
    table: np.ndarray

    def colours(self, gap: int = 0xFF000000, ground: int = 0xFF000000) -> list[int]:
        """The 256 colours as 0xAARRGGBB (QRgb), with the theme's colours for the gaps and the empty ground."""
        r, g, b = self.table.astype(np.uint32).T
        values: list[int] = (0xFF000000 | r << 16 | g << 8 | b).tolist()
        values[GAP], values[BLANK] = gap, ground
        return values


def _palette(name: str, *stops: int) -> Palette:
    """Straight lines between equally spaced stops, 0xRRGGBB."""
    places = np.linspace(0, LEVELS - 1, len(stops))
    table = np.zeros((256, 3), np.uint8)
    for channel, shift in enumerate((16, 8, 0)):
        table[:LEVELS, channel] = np.rint(np.interp(range(LEVELS), places, [s >> shift & 255 for s in stops]))
        for index, mark in ((NAN, NAN_COLOUR), (MINUS, MINUS_COLOUR), (PLUS, PLUS_COLOUR)):
            table[index, channel] = mark >> shift & 255
    table.setflags(write=False)
    return Palette(name, table)


# fmt: off
VIRIDIS = _palette(
    "viridis",  # of Smith and van der Walt (CC0), at 21 stops: never further than 3 of 255 from the original
    0x440154, 0x481466, 0x482575, 0x463480, 0x414487, 0x3B528B, 0x345F8D, 0x2F6C8E, 0x2A788E, 0x25848E, 0x21908C,
    0x1E9C89, 0x22A884, 0x2FB47C, 0x43BF71, 0x5DC963, 0x7AD151, 0x9AD93D, 0xBCDF27, 0xDDE318, 0xFDE725,
)
# fmt: on
GREY = _palette("grey", 0x000000, 0xFFFFFF)
SIGNED = _palette("signed", 0x0B3D91, 0x5E9BD8, 0xFFFFFF, 0xE8795C, 0xA31022)
"""Blue for negative, white for zero, red for positive; equally dark at equal distance from zero."""
PALETTES = {p.name: p for p in (VIRIDIS, GREY, SIGNED)}


@dataclass(frozen=True)
class Range:
    """Numbers from `low` (first colour) to `high` (last colour). Raises ValueError unless finite and low < high."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (isfinite(self.low) and isfinite(self.high) and self.high - self.low >= SMALLEST):
            raise ValueError(f"a range needs two finite numbers, the lower one first: {self.low}, {self.high}")


@dataclass(frozen=True, eq=False)
class Ranges:
    """One range a channel: `low` and `high` are float64 (n,)."""

    low: np.ndarray
    high: np.ndarray

    def __getitem__(self, channel: int) -> Range:
        return Range(float(self.low[channel]), float(self.high[channel]))


def natural(array: np.ndarray, signed: bool) -> Range:
    """The range of the finite values of `array`, which may be empty.

    Signed values: symmetric around zero. Others: from 0, or from the least where that is negative, to the
    greatest. Where all values are the same the range still has a span, and zero stands at its usual colour.
    """
    return natural_each(array.reshape(1, -1), signed)[0]


def natural_each(array: np.ndarray, signed: bool) -> Ranges:
    """The natural range of each channel of `array` (n, …)."""
    rows = array.reshape(len(array), -1)
    if rows.shape[1] == 0:
        low = high = np.zeros(len(rows))
    else:
        low, high = _ends(rows)
        bad = ~(np.isfinite(low) & np.isfinite(high))
        if bad.any():
            low[bad], high[bad] = _finite_ends(rows[bad])
    if signed:
        high = np.maximum(-low, high)
        high = np.where(high < SMALLEST, 1.0, high)
        return Ranges(-high, high)
    low = np.where(low < -SMALLEST, low, 0.0)
    constant = high - low < SMALLEST
    return Ranges(low, np.where(constant, np.where(low < 0, 0.0, 1.0), high))


def joined(a: Range | Ranges, b: Range | Ranges) -> Range | Ranges:
    """The range that holds both; `a` where the two have not as many channels."""
    if isinstance(a, Range) and isinstance(b, Range):
        return Range(min(a.low, b.low), max(a.high, b.high))
    if isinstance(a, Ranges) and isinstance(b, Ranges) and len(a.low) == len(b.low):
        return Ranges(np.minimum(a.low, b.low), np.maximum(a.high, b.high))
    return a


def _ends(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest of each row (n, k) as float64."""
    if len(rows) == 1:  # a reduction without an axis is several times faster
        return np.array([rows.min()], np.float64), np.array([rows.max()], np.float64)
    return rows.min(axis=1).astype(np.float64), rows.max(axis=1).astype(np.float64)


def _finite_ends(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    finite = np.isfinite(rows)
    low = np.where(finite, rows, np.inf).min(axis=1).astype(np.float64)
    high = np.where(finite, rows, -np.inf).max(axis=1).astype(np.float64)
    none = low > high
    low[none] = high[none] = 0.0
    return low, high


class Ease:
    """A range that reaches its target in `EASE` seconds, fast first, or stands still where it is fixed.

    Times are seconds of any clock that only goes forward; the caller brings them. A target that moves again
    while it is followed is followed from what is shown at that moment, so nothing jumps.
    """

    def __init__(self) -> None:
        self._start: Range | Ranges | None = None
        self._target: Range | Ranges | None = None
        self._since = 0.0
        self._fixed: Range | None = None

    @property
    def fixed(self) -> Range | None:
        """The range that a person fixed, if any."""
        return self._fixed

    def fix(self, fixed: Range | None) -> None:
        """Show `fixed` from now on, whatever the target; None: follow the target again."""
        self._fixed = fixed

    def jump(self, target: Range | Ranges) -> None:
        """Be at `target` at once: another picture, not another state of the same one."""
        self._start = self._target = target

    def follow(self, target: Range | Ranges, now: float) -> None:
        """Start for `target` from what is shown now. A target of another kind or size is jumped to."""
        if self._start is None or not _alike(self._target, target):
            self.jump(target)
        elif not _same(self._target, target):
            self._start, self._target, self._since = self._moved(now), target, now

    def at(self, now: float) -> Range | Ranges:
        """The range to show now. Raises LookupError before the first target."""
        return self._fixed or self._moved(now)

    def settled(self, now: float) -> bool:
        """Whether what is shown will stay as it is without a new target."""
        return self._fixed is not None or self._start is self._target or now - self._since >= EASE

    def _moved(self, now: float) -> Range | Ranges:
        start, target = self._start, self._target
        if start is None or target is None:
            raise LookupError("no range to follow yet")
        if start is target or now - self._since >= EASE:
            self._start = target
            return target
        rest = (1 - max(now - self._since, 0.0) / EASE) ** 3
        low = target.low + (start.low - target.low) * rest
        high = target.high + (start.high - target.high) * rest
        return (
            Ranges(np.asarray(low), np.asarray(high)) if isinstance(target, Ranges) else Range(float(low), float(high))
        )


def _alike(a: Range | Ranges | None, b: Range | Ranges) -> bool:
    return type(a) is type(b) and np.shape(a.low) == np.shape(b.low)


def _same(a: Range | Ranges | None, b: Range | Ranges) -> bool:
    return a is not None and np.array_equal(a.low, b.low) and np.array_equal(a.high, b.high)
