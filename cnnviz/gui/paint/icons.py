"""The icons, drawn in the theme's colours on whole pixels at each size.

Every drawing is made on a 16×16 grid. Lines run on grid points that are snapped to the pixels of the size asked for,
so that straight edges stay sharp at 16, 20, 24 and their doubles.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import floor

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from .theme import Theme

SIZES = (16, 20, 24, 32, 40, 48)


class Pen:
    """Draws in grid units on a pixmap of `size` pixels."""

    def __init__(self, painter: QPainter, size: int, colour: QColor) -> None:
        self.painter = painter
        self.size = size
        self.width = max(round(size / 12), 1)
        self.colour = colour
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        stroke = max(self.width, 1.25)  # Qt draws slanted lines of exactly 1 as a haze
        painter.setPen(QPen(colour, stroke, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))

    def at(self, x: float, y: float) -> QPointF:
        """A grid point on the middle of the line's pixels."""
        half = self.width % 2 / 2
        return QPointF(*(floor(v * self.size / 16 - half + 0.5) + half for v in (x, y)))

    def line(self, *points: tuple[float, float]) -> None:
        self.painter.drawPolyline(QPolygonF([self.at(*p) for p in points]))

    def box(self, left: float, top: float, right: float, bottom: float) -> None:
        self.painter.drawRect(QRectF(self.at(left, top), self.at(right, bottom)))

    def round(self, x: float, y: float, radius: float) -> None:
        r = radius * self.size / 16
        self.painter.drawEllipse(self.at(x, y), r, r)

    def fill(self, *points: tuple[float, float]) -> None:
        """A solid shape between grid points, with edges on pixel borders."""
        corners = [QPointF(*(floor(v * self.size / 16 + 0.5) for v in p)) for p in points]
        path = QPainterPath()
        path.addPolygon(QPolygonF(corners))
        path.closeSubpath()
        self.painter.fillPath(path, self.colour)

    def arc(self, x: float, y: float, radius: float, start: float, sweep: float) -> None:
        """Degrees, from three o'clock on, against the clock."""
        centre, r = self.at(x, y), radius * self.size / 16
        box = QRectF(centre.x() - r, centre.y() - r, 2 * r, 2 * r)
        self.painter.drawArc(box, round(start * 16), round(sweep * 16))


def _undo(p: Pen) -> None:
    p.line((6, 3), (3, 6), (6, 9))
    p.line((3, 6), (9.5, 6))
    p.arc(9.5, 9.5, 3.5, 90, -180)
    p.line((9.5, 13), (6, 13))


def _redo(p: Pen) -> None:
    p.painter.translate(p.size, 0)
    p.painter.scale(-1, 1)
    _undo(p)


def _play(p: Pen) -> None:
    p.fill((4, 2), (14, 8), (4, 14))


def _pause(p: Pen) -> None:
    p.fill((4, 3), (7, 3), (7, 13), (4, 13))
    p.fill((9, 3), (12, 3), (12, 13), (9, 13))


def _step(p: Pen) -> None:
    p.fill((3, 3), (10, 8), (3, 13))
    p.fill((11, 3), (13, 3), (13, 13), (11, 13))


def _stop(p: Pen) -> None:
    p.fill((3, 3), (13, 3), (13, 13), (3, 13))


def _open(p: Pen) -> None:
    p.line((2, 13), (2, 3), (6, 3), (8, 5), (12.5, 5), (12.5, 7))
    p.line((2, 13), (4, 7), (14.5, 7), (12.5, 13), (2, 13))


def _save(p: Pen) -> None:
    p.line((2, 2), (11, 2), (14, 5), (14, 14), (2, 14), (2, 2))
    p.line((5, 2), (5, 5), (10, 5), (10, 2))
    p.line((5, 14), (5, 9), (11, 9), (11, 14))


def _fit(p: Pen) -> None:
    for x, y, dx, dy in ((2, 2, 4, 4), (14, 2, -4, 4), (2, 14, 4, -4), (14, 14, -4, -4)):
        p.line((x + dx, y), (x, y), (x, y + dy))
    p.fill((6, 6), (10, 6), (10, 10), (6, 10))


def _tidy(p: Pen) -> None:
    p.box(2, 6, 5, 10)
    p.box(11, 2, 14, 5)
    p.box(11, 11, 14, 14)
    p.line((5, 8), (8, 8))
    p.line((11, 3.5), (8, 3.5), (8, 12.5), (11, 12.5))


def _theme(p: Pen) -> None:
    p.round(8, 8, 6)
    path = QPainterPath()
    centre, r = p.at(8, 8), 6 * p.size / 16
    path.moveTo(centre)
    path.arcTo(QRectF(centre.x() - r, centre.y() - r, 2 * r, 2 * r), -90, 180)
    path.closeSubpath()
    p.painter.fillPath(path, p.colour)


def _plus(p: Pen) -> None:
    p.line((8, 3), (8, 13))
    p.line((3, 8), (13, 8))


def _columns(p: Pen) -> None:
    p.box(2, 3, 14, 13)
    p.line((6, 3), (6, 13))
    p.line((10, 3), (10, 13))


def _trash(p: Pen) -> None:
    p.line((2, 4), (14, 4))
    p.line((6, 4), (6, 2), (10, 2), (10, 4))
    p.line((4, 4), (4, 14), (12, 14), (12, 4))
    p.line((7, 7), (7, 11))
    p.line((9, 7), (9, 11))


def _picture(p: Pen) -> None:
    p.box(2, 3, 14, 13)
    p.line((2, 11), (6, 7), (9, 10), (11, 8), (14, 11))
    p.round(10.5, 6, 1)


def _previous(p: Pen) -> None:
    p.line((10, 3), (5, 8), (10, 13))


def _next(p: Pen) -> None:
    p.line((6, 3), (11, 8), (6, 13))


def _close(p: Pen) -> None:
    p.line((4, 4), (12, 12))
    p.line((4, 12), (12, 4))


def _float(p: Pen) -> None:
    p.box(3, 6, 10, 13)
    p.line((6, 6), (6, 3), (13, 3), (13, 10), (10, 10))


def _back(p: Pen) -> None:
    p.fill((13, 3), (6, 8), (13, 13))
    p.fill((3, 3), (5, 3), (5, 13), (3, 13))


def _live(p: Pen) -> None:
    p.fill((2, 3), (7, 8), (2, 13))
    p.fill((7, 3), (12, 8), (7, 13))
    p.fill((12, 3), (14, 3), (14, 13), (12, 13))


def _flag(p: Pen) -> None:
    p.line((4, 14), (4, 2))
    p.fill((4, 2), (13, 5), (4, 8))


def _more(p: Pen) -> None:
    for x in (3, 8, 13):
        p.fill((x - 1, 7), (x + 1, 7), (x + 1, 9), (x - 1, 9))


DRAWINGS: dict[str, Callable[[Pen], None]] = {
    "undo": _undo,
    "redo": _redo,
    "play": _play,
    "pause": _pause,
    "step": _step,
    "stop": _stop,
    "open": _open,
    "save": _save,
    "fit": _fit,
    "tidy": _tidy,
    "theme": _theme,
    "columns": _columns,
    "plus": _plus,
    "trash": _trash,
    "picture": _picture,
    "previous": _previous,
    "next": _next,
    "close": _close,
    "float": _float,
    "back": _back,
    "live": _live,
    "flag": _flag,
    "more": _more,
}
"""Every icon by its name."""


@lru_cache(maxsize=64)
def icon(name: str, theme: Theme) -> QIcon:
    """The icon `name` of DRAWINGS for `theme`: text colour, faint where disabled, accent where checked."""
    result = QIcon()
    looks = (
        (QIcon.Mode.Normal, QIcon.State.Off, theme.text),
        (QIcon.Mode.Normal, QIcon.State.On, theme.link),
        (QIcon.Mode.Disabled, QIcon.State.Off, _between(theme.faint, theme.window)),
    )
    for mode, state, colour in looks:
        for size in SIZES:
            result.addPixmap(_drawn(name, size, QColor(colour)), mode, state)
    return result


def _between(a: str, b: str) -> QColor:
    """Half way: a disabled sign is quieter than the words that say why."""
    one, two = QColor(a), QColor(b)
    return QColor((one.red() + two.red()) // 2, (one.green() + two.green()) // 2, (one.blue() + two.blue()) // 2)


def _drawn(name: str, size: int, colour: QColor) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    DRAWINGS[name](Pen(painter, size, colour))
    painter.end()
    return pixmap
