"""The small pictures on a card, painted in place: feature maps, a vector, or what the network looks at."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from ...net.layers import plane
from ..paint import colour
from ..paint.bars import NEGATIVE, POSITIVE
from ..paint.mosaic import levels
from ..paint.theme import Theme
from .style import Style

MOST = 8
"""Maps on one card."""
ROWS = 2
DIM = 0.35
"""How much is left of a picture that shows the network as it was."""


class Strip:
    """What one card shows of its layer's output: maps (k, h, w) side by side, a vector (n,) as bars.

    The Input's card shows the picture itself, uint8 (height, width, 3).
    """

    def __init__(self) -> None:
        self.array: np.ndarray | None = None
        self._photo = False  # the array is a picture
        self._told = True  # whether the layer's values can be negative
        self._signed = self._jump = True
        self._since: float | None = None  # when an array came that has not been painted yet
        self._ease = colour.Ease()
        self._eased = True  # what was painted last has the range it will keep
        self._image: QImage | None = None  # of the numbers and the range painted last
        self._pixels: np.ndarray | None = None  # its memory
        self._look: object = None  # what the picture of bars was made for

    def take(self, array: np.ndarray, signed: bool, now: float, jump: bool) -> None:
        """Show this from now on. `jump`: another picture, so that the range does not ease over."""
        self.array = array[:MOST] if array.ndim == 3 else array
        self._jump = jump or signed != self._told or self._photo or (self._jump and self._since is not None)
        self._told, self._since, self._photo = signed, now, False

    def take_picture(self, pixels: np.ndarray) -> bool:
        """Show this from now on, uint8 (height, width, 3); whether it is another one than before."""
        if self._photo and np.array_equal(pixels, self.array):  # type: ignore[arg-type]
            return False
        self.array, self._photo, self._eased, self._image = np.ascontiguousarray(pixels), True, True, None
        return True

    def clear(self) -> None:
        """Show nothing: what was shown is another network's."""
        self.array, self._image, self._since, self._photo, self._eased = None, None, None, False, True

    @property
    def eases(self) -> bool:
        """Whether the same numbers would be painted otherwise now."""
        return not self._eased

    def _range(self, array: np.ndarray, now: float) -> colour.Range:
        """The range to paint with now; most arrays are never painted, so it is found here."""
        if self._since is not None:
            target = colour.natural(array, self._told)
            signed = self._told or target.low < 0  # a frame may be of the network before the last edit
            if signed and not self._told:
                target = colour.natural(array, True)
            if self._jump or signed != self._signed:
                self._ease.jump(target)
            else:
                self._ease.follow(target, self._since)
            self._signed, self._since, self._image = signed, None, None
        elif not self._eased:
            self._image = None
        self._eased = self._ease.settled(now)
        return self._ease.at(now)  # type: ignore[return-value]

    def paint(self, painter: QPainter, area: QRectF, theme: Theme, now: float) -> None:
        """In device pixels."""
        if self.array is None or self.array.size == 0:
            return
        if self._photo:
            self._picture(painter, area, self.array)
        elif self.array.ndim == 3:
            self._maps(painter, area, self.array, now)
        else:
            self._bars(painter, area, self.array.reshape(-1), theme, now)

    def _picture(self, painter: QPainter, area: QRectF, pixels: np.ndarray) -> None:
        h, w, _three = pixels.shape
        (place,) = tiles(1, h, w, area.width(), area.height())
        fine = painter.device().devicePixelRatio()
        look = (place.width() * fine, place.height() * fine)
        if self._image is None or look != self._look:
            self._look = look
            image = QImage(pixels.data, w, h, 3 * w, QImage.Format.Format_RGB888)
            if look[0] < w:  # smooth where it shrinks, else the pixels that the network gets
                ratio, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
                image = image.scaled(round(look[0]), round(look[1]), ratio, smooth)
            self._image = image.convertToFormat(QImage.Format.Format_RGB32)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(place.translated(area.topLeft()), self._image)

    def _maps(self, painter: QPainter, area: QRectF, array: np.ndarray, now: float) -> None:
        n, h, w = array.shape
        shown = self._range(array, now)
        if self._image is None:
            self._image = self._made(levels(array, shown).reshape(n * h, w), _SIGNED if self._signed else _VIRIDIS)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        for i, place in enumerate(tiles(n, h, w, area.width(), area.height())):
            painter.drawImage(place.translated(area.topLeft()), self._image, QRectF(0, i * h, w, h))

    def _bars(self, painter: QPainter, area: QRectF, values: np.ndarray, theme: Theme, now: float) -> None:
        shown, look = self._range(values, now), (area.size(), theme.name)
        if self._image is None or look != self._look:
            self._look = look
            up = POSITIVE if self._signed else theme.family("Input")
            inks = np.array([0, *(c.rgb() for c in (theme.colour("line"), up, NEGATIVE)), colour.NAN_COLOUR], np.uint32)
            self._image = self._made(bars(values, shown, round(area.height()), round(area.width())), inks)
        painter.drawImage(area.topLeft(), self._image)

    def _made(self, index: np.ndarray, inks: np.ndarray) -> QImage:
        """The picture of `index` (height, width) in these 0xAARRGGBB."""
        self._pixels = inks.take(index)
        height, width = index.shape
        return QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)


_SIGNED = np.array(colour.SIGNED.colours(), np.uint32)
_VIRIDIS = np.array(colour.VIRIDIS.colours(), np.uint32)


def bars(values: np.ndarray, shown: colour.Range, height: int, width: int) -> np.ndarray:
    """Values (n,) as bars on the zero line: 0 ground, 1 line, 2 up, 3 down, 4 no number; uint8 (height + 1, width).

    The line has room below the bars where all of them go up. Where there are more bars than columns, a column shows
    the one of largest magnitude in its share.
    """
    values = _peaks(values, width)
    n, span = len(values), shown.high - shown.low
    step = width / n
    gap = 1.0 if step >= 3 else 0.0
    left = np.rint(np.arange(n) * step)
    right = np.maximum(left + 1, np.rint(np.arange(1, n + 1) * step - gap))
    finite = np.isfinite(values)
    zero = round(height * (1 + shown.low / span))
    ends = np.rint(np.clip(zero - np.where(finite, values, 0.0) * (height / span), 0, height))
    top = np.where(finite, np.minimum(zero, ends), 0)
    bottom = np.where(finite, np.maximum(zero, ends), height)
    ink = np.where(finite, np.where(values >= 0, 2, 3), 4)
    x, y = np.arange(width), np.arange(height + 1)[:, None]
    owner = np.searchsorted(left, x, side="right") - 1
    inside = (x < right[owner]) & (y >= top[owner]) & (y < bottom[owner])
    picture = np.where(inside, ink[owner], 0).astype(np.uint8)
    if 0 <= zero <= height:
        picture[zero][picture[zero] == 0] = 1
    return picture


def _peaks(values: np.ndarray, most: int) -> np.ndarray:
    share = -(-len(values) // most)
    if share <= 1:
        return values
    shares = np.pad(values, (0, -len(values) % share)).reshape(-1, share)
    peaks: np.ndarray = shares[np.arange(len(shares)), np.abs(shares).argmax(axis=1)]
    return peaks


@lru_cache(256)
def tiles(n: int, h: int, w: int, width: float, height: float) -> tuple[QRectF, ...]:
    """Where `n` maps of `h`×`w` go in so many device pixels: as large as fits, in whole multiples where near."""
    columns, zoom = 1, 0.0
    for c in range(1, n + 1):
        r = ceil(n / c)
        if r > ROWS:
            continue
        fits = min((width - c + 1) / (c * w), (height - r + 1) / (r * h))
        if fits > zoom:
            columns, zoom = c, fits
    whole = int(zoom)
    if whole and whole / zoom > 0.8:
        zoom = whole
    high, wide = max(1, round(h * zoom)), max(1, round(w * zoom))
    rows = ceil(n / columns)
    top = round((height - rows * high - rows + 1) / 2)
    return tuple(QRectF((i % columns) * (wide + 1), top + (i // columns) * (high + 1), wide, high) for i in range(n))


def placeholder(painter: QPainter, area: QRectF, out: tuple[int, ...], style: Style) -> None:
    """Before anything has run: where the maps will be."""
    if len(out) < 2:
        painter.fillRect(QRectF(area.left(), round(area.bottom()) - 1, area.width(), 1), style.line)
        return

    def draw(painter: QPainter) -> None:
        for place in tiles(*_look(out), area.width(), area.height()):
            painter.fillRect(place, style.ground)

    style.stamp(painter, area, ("maps", _look(out)), draw)


@lru_cache(256)
def same_places(a: tuple[int, ...], b: tuple[int, ...], width: float, height: float) -> bool:
    """Whether the places of maps of both shapes look the same in so many device pixels."""
    if len(a) > 1 and len(b) > 1:
        return tiles(*_look(a), width, height) == tiles(*_look(b), width, height)
    return bool(a) == bool(b) and max(len(a), len(b)) < 2  # a line, however long the vector


def _look(out: tuple[int, ...]) -> tuple[int, int, int]:
    """How many maps are shown of this output, and their size."""
    return min(out[0], MOST), *_thin(*plane(out))


def _thin(h: int, w: int) -> tuple[int, int]:
    """The size in which a map of `h`×`w` comes: thinned to at most 32×32."""
    step = ceil(max(h, w) / 32)
    return ceil(h / step), ceil(w / step)
