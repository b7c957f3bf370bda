"""The small feature maps on a card, painted in place."""

from __future__ import annotations

from math import ceil, isfinite

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from ..paint import colour
from ..paint.mosaic import Screen, levels
from ..paint.theme import Theme

MOST = 8
"""Maps on one card."""
ROWS = 2
DIM = 0.35
"""How much is left of a picture that shows the network as it was."""


class Strip:
    """What one card shows of its layer's output: maps (k, h, w) side by side, a vector (n,) as bars."""

    def __init__(self) -> None:
        self.array: np.ndarray | None = None
        self._signed = self._jump = True
        self._since: float | None = None  # when an array came that has not been painted yet
        self._ease = colour.Ease()
        self._eased = True  # what was painted last has the range it will keep
        self._screen = Screen()
        self._image: QImage | None = None

    def take(self, array: np.ndarray, signed: bool, now: float, jump: bool) -> None:
        """Show this from now on. `jump`: another picture, so that the range does not ease over."""
        self.array = array[:MOST] if array.ndim == 3 else array
        self._jump = jump or signed != self._signed or (self._jump and self._since is not None)
        self._signed, self._since = signed, now

    @property
    def eases(self) -> bool:
        """Whether the same numbers would be painted otherwise now."""
        return not self._eased

    def _range(self, array: np.ndarray, now: float) -> colour.Range:
        """The range to paint with now; most arrays are never painted, so it is found here."""
        if self._since is not None:
            target = colour.natural(array, self._signed)
            if self._jump:
                self._ease.jump(target)
            else:
                self._ease.follow(target, self._since)
            self._since, self._image = None, None
        elif not self._eased:
            self._image = None
        self._eased = self._ease.settled(now)
        return self._ease.at(now)  # type: ignore[return-value]

    def paint(self, painter: QPainter, area: QRectF, theme: Theme, now: float) -> None:
        """In device pixels."""
        if self.array is None or self.array.size == 0:
            return
        if self.array.ndim == 3:
            self._maps(painter, area, self.array, now)
        else:
            self._bars(painter, area, self.array.reshape(-1), theme, now)

    def _maps(self, painter: QPainter, area: QRectF, array: np.ndarray, now: float) -> None:
        n, h, w = array.shape
        shown = self._range(array, now)
        if self._image is None:
            self._screen.resize(n * h, w)
            self._screen.pixels[...] = levels(array, shown).reshape(n * h, w)
            palette = colour.SIGNED if self._signed else colour.VIRIDIS
            self._image = self._screen.image(palette.colours())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        for i, place in enumerate(tiles(n, h, w, area)):
            painter.drawImage(place, self._image, QRectF(0, i * h, w, h))

    def _bars(self, painter: QPainter, area: QRectF, values: np.ndarray, theme: Theme, now: float) -> None:
        shown = self._range(values, now)
        span = shown.high - shown.low
        step = area.width() / len(values)
        gap = 1.0 if step >= 3 else 0.0
        zero = round(area.bottom() + area.height() * shown.low / span)
        up, down = (QColor(_SIGNED_UP), QColor(_SIGNED_DOWN)) if self._signed else (theme.colour("caption"),) * 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillRect(QRectF(area.left(), zero, area.width(), 1), theme.colour("line"))
        for i, v in enumerate(values.tolist()):
            left, right = round(area.left() + i * step), round(area.left() + (i + 1) * step - gap)
            if isfinite(v):
                end = min(max(zero - v / span * area.height(), area.top()), area.bottom())
                top, height, ink = min(zero, end), abs(end - zero), up if v >= 0 else down
            else:
                top, height, ink = area.top(), area.height(), QColor.fromRgb(colour.NAN_COLOUR)
            painter.fillRect(QRectF(left, top, max(1, right - left), height), ink)


_SIGNED_UP = "#D5573F"
_SIGNED_DOWN = "#4A86C8"


def tiles(n: int, h: int, w: int, area: QRectF) -> list[QRectF]:
    """Where `n` maps of `h`×`w` go in `area` (device pixels): as large as fits, in whole multiples where near."""
    columns, zoom = 1, 0.0
    for c in range(1, n + 1):
        r = ceil(n / c)
        if r > ROWS:
            continue
        fits = min((area.width() - c + 1) / (c * w), (area.height() - r + 1) / (r * h))
        if fits > zoom:
            columns, zoom = c, fits
    whole = int(zoom)
    if whole and whole / zoom > 0.8:
        zoom = whole
    high, wide = max(1, round(h * zoom)), max(1, round(w * zoom))
    rows = ceil(n / columns)
    top = round(area.top() + (area.height() - rows * high - rows + 1) / 2)
    left = round(area.left())
    return [QRectF(left + (i % columns) * (wide + 1), top + (i // columns) * (high + 1), wide, high) for i in range(n)]


def placeholder(painter: QPainter, area: QRectF, out: tuple[int, ...], theme: Theme) -> None:
    """Before anything has run: where the maps will be."""
    painter.setPen(Qt.PenStyle.NoPen)
    if len(out) == 3:
        n, h, w = min(out[0], MOST), *_thin(out[1], out[2])
        for place in tiles(n, h, w, area):
            painter.fillRect(place, theme.colour("window"))
    else:
        painter.fillRect(QRectF(area.left(), round(area.bottom()) - 1, area.width(), 1), theme.colour("line"))


def _thin(h: int, w: int) -> tuple[int, int]:
    """The size in which a map of `h`×`w` comes: thinned to at most 32×32."""
    step = ceil(max(h, w) / 32)
    return ceil(h / step), ceil(w / step)
