"""What all items paint with: the theme's colours and fonts, looked up once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from ..paint import theme
from .places import EDGE

WORDS = 0.55
"""Zoom from which on captions can be read."""
MAPS = 0.3
"""Zoom from which on the maps are shown."""
TITLES = 0.28
"""Zoom from which on blocks have titles, long ones cut: Conv2d fits. Below it none has."""
STAMPS = 300
"""Pictures kept of what many cards have in common."""


class Style:
    """Colours and fonts of the theme in use; made anew when it changes."""

    def __init__(self) -> None:
        now = theme.current()
        self.theme = now
        self.title = theme.body()
        self.title.setWeight(QFont.Weight.DemiBold)
        self.narrow = theme.caption()
        self.narrow.setWeight(QFont.Weight.DemiBold)
        self.narrow.setStretch(85)
        self.caption = theme.tabular(theme.caption())
        self.tight = theme.tabular(theme.caption())
        self.tight.setStretch(88)
        self.small = theme.tabular(theme.caption())
        self.small.setPixelSize(9)
        self.text_ink, self.quiet_ink = now.colour("text"), now.colour("caption")
        self.problem_ink, self.problem_text = now.colour("problem"), now.colour("problem_text")
        self.panel, self.ground, self.line = now.colour("panel"), now.colour("window"), now.colour("line")
        self.accent = now.colour("accent")
        self.frame = now.colour("line")
        self.frame.setAlphaF(0.28)
        self.wire = _between(now.colour("line"), now.colour("caption"), 0.5)
        self.families = {name: now.family(name) for name in (*now.families, *theme.UNLISTED)}
        self.faded = {name: _between(ink, self.ground, 0.6) for name, ink in self.families.items()}
        self._stamps: dict[object, QPixmap] = {}
        self._short: dict[tuple[str, int, bool], tuple[QFont, str]] = {}
        self._metrics = {id(f): QFontMetricsF(f) for f in self._fonts()}

    def _fonts(self) -> tuple[QFont, ...]:
        return self.title, self.narrow, self.caption, self.tight, self.small

    def fitting(self, fonts: tuple[QFont, ...], text: str, width: float) -> QFont:
        """The first of these fonts in which `text` fits; the last where it fits in none."""
        return next((f for f in fonts if self.metrics(f).horizontalAdvance(text) <= width), fonts[-1])

    def metrics(self, font: QFont) -> QFontMetricsF:
        """Of one of the fonts above."""
        return self._metrics[id(font)]

    def elided(self, font: QFont, text: str, width: float, named: bool = False) -> str:
        """`text` cut to `width` with an ellipsis; a name, whose end tells it from others, in its middle."""
        mode = Qt.TextElideMode.ElideMiddle if named else Qt.TextElideMode.ElideRight
        return self.metrics(font).elidedText(text, mode, width)

    def short_title(self, text: str, width: int, low: bool, named: bool) -> tuple[QFont, str]:
        """A title for a card that is shown small, cut to fit, and its font; `low`: there is little room above maps."""
        key = text, width, low
        if key not in self._short:
            if len(self._short) > 1000:  # many zooms
                self._short.clear()
            font = self.fitting((self.small,) if low else (self.caption, self.small), text, width)
            self._short[key] = font, self.elided(font, text, width, named)
        return self._short[key]

    def stamp(self, painter: QPainter, area: QRectF, look: object, draw: Callable[[QPainter], None]) -> None:
        """Paint what `draw` paints into a rectangle at the origin, here; drawn once for all that have this `look`."""
        fine = painter.device().devicePixelRatio()
        key = look, area.width(), area.height(), fine
        stamp = self._stamps.get(key)
        if stamp is None:
            if len(self._stamps) >= STAMPS:  # many zooms
                self._stamps.clear()
            self._stamps[key] = stamp = QPixmap((area.size() * fine).toSize())
            stamp.setDevicePixelRatio(fine)
            stamp.fill(Qt.GlobalColor.transparent)
            own = QPainter(stamp)
            draw(own)
            own.end()
        painter.drawPixmap(area.topLeft(), stamp)

    def wrapped(self, font: QFont, text: str, width: float, lines: int) -> list[str]:
        """`text` in at most so many lines of `width`, the last one cut where it does not fit."""
        found: list[str] = []
        line = ""
        measure = self.metrics(font).horizontalAdvance
        words = text.split()
        for i, word in enumerate(words):
            longer = f"{line} {word}" if line else word
            if measure(longer) <= width or not line:
                line = longer
                continue
            if len(found) == lines - 1:
                line = " ".join((line, *words[i:]))
                break
            found.append(line)
            line = word
        found.append(line)
        return [self.elided(font, part, width) for part in found]


def pen(ink: QColor, width: float = 1.0, line: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """As wide at every zoom."""
    return _pen(ink.rgba(), width, line)


@lru_cache(256)
def _pen(rgba: int, width: float, line: Qt.PenStyle) -> QPen:
    ink = QColor.fromRgba(rgba)
    made = QPen(ink, width, line, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    made.setCosmetic(True)
    return made


def _between(a: QColor, b: QColor, part: float) -> QColor:
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(x + (y - x) * part) for x, y in pairs))


def whole(rect: QRectF) -> QRectF:
    """`rect` on whole device pixels, so that its lines are crisp."""
    left, top = round(rect.left()), round(rect.top())
    return QRectF(left, top, round(rect.right()) - left, round(rect.bottom()) - top)


@lru_cache(64)
def body_path(width: float, height: float, radius: float) -> QPainterPath:
    """A card's outline at the origin, in device pixels."""
    path = QPainterPath()
    path.addRoundedRect(QRectF(0.5, 0.5, width - 1, height - 1), radius, radius)
    return path


@lru_cache(64)
def edge_path(width: float, height: float, radius: float, scale: float) -> QPainterPath:
    """Its coloured left edge."""
    band = QPainterPath()
    band.addRect(QRectF(0, 0, max(2, round(EDGE * scale)), height))
    return body_path(width, height, radius).intersected(band)


def paint_sign(painter: QPainter, at: QPointF, size: float, style: Style, ink: QColor | None = None) -> None:
    """The mark of what is wrong: a triangle with an exclamation mark, its middle `at`; `ink`: not the problem's."""
    ink = ink or style.problem_ink
    half = size / 2
    points = [QPointF(0, -half), QPointF(half * 1.1, half * 0.9), QPointF(-half * 1.1, half * 0.9)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink, 1.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(ink)
    painter.drawPolygon(QPolygonF([at + p for p in points]))
    painter.setPen(QPen(style.panel, size / 8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(at + QPointF(0, -size * 0.16), at + QPointF(0, size * 0.12))
    painter.drawPoint(at + QPointF(0, size * 0.3))
