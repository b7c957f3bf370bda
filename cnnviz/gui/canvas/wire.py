"""A connection between two cards, and one that is being drawn."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPainterPathStroker
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from ...net.edit import Wire
from ..paint import counts
from ..paint.counts import grouped, short
from . import route
from .places import Point
from .style import MAPS, WORDS, pen
from .world import World

ABOVE = 11.0
"""Where a wire that is meant lies: over the card in hand."""
MARGIN = 18.0
"""Around the path: the caption and the thickest line."""
BELOW = 30.0
"""Below a wire between neighbours: a caption of three lines."""
BESIDE = 3.0
"""Left and right of a wire between neighbours: little, so that it is not painted with the maps of their cards."""


class WireItem(QGraphicsRectItem):
    """Paints one wire, with the shape that runs through it."""

    def __init__(self, wire: Wire, world: World):
        super().__init__()
        self.setPen(Qt.PenStyle.NoPen)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.wire, self.world = wire, world
        self.selected = self.lit = False
        self.ends: object = None  # what `points` were found for
        self.points: tuple[Point, ...] = ()
        self._path = QPainterPath()
        self._legs: list[QRectF] = []  # of a long wire: where it is painted
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def run(self, points: tuple[Point, ...]) -> None:
        """Lie here."""
        if points != self.points:
            self.points, self._path = points, route.drawn(points)
            straight = len(points) == 2
            beside, below = (BESIDE, BELOW) if straight else (MARGIN, MARGIN)
            self.setRect(self._path.controlPointRect().adjusted(-beside, -MARGIN, beside, below))
            self._legs = [] if straight else [_around(a, b) for a, b in pairwise(points)]
            cache = QGraphicsItem.CacheMode  # of a long wire it would be a large picture of nothing much
            self.setCacheMode(cache.DeviceCoordinateCache if straight else cache.NoCache)
            self.update()

    @property
    def shape_out(self) -> tuple[int, ...] | None:
        """The shape that runs through it; None: nothing can."""
        return self.world.out(self.wire)

    def mark(self, **states: bool) -> None:
        """Set selected or lit."""
        if any(getattr(self, k) != v for k, v in states.items()):
            for k, v in states.items():
                setattr(self, k, v)
            self.setZValue(ABOVE if self.lit else 0)
            self.update()

    def near(self, at: QPointF, reach: float) -> bool:
        """Whether the path passes within `reach` of a point of the canvas."""
        if not self._path.controlPointRect().adjusted(-reach, -reach, reach, reach).contains(at):
            return False
        stroker = QPainterPathStroker()
        stroker.setWidth(2 * reach)
        return stroker.createStroke(self._path).contains(at)

    def extent(self) -> QRectF:
        """What the path covers."""
        return self._path.controlPointRect()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        exposed: QRectF = option.exposedRect
        if self._legs and not any(leg.intersects(exposed) for leg in self._legs):
            return
        style, scale = self.world.style, painter.worldTransform().m11()
        hot = self.lit or self.selected
        fine = scale >= MAPS or hot
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, fine)
        out = self.shape_out
        dash = Qt.PenStyle.SolidLine if out else Qt.PenStyle.DashLine
        width = 4.0 if self.lit else 2.0 if self.selected else 1.5 if fine else 1.0
        painter.setPen(pen(style.accent if hot else style.wire, width, dash))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)
        if out and scale >= WORDS:
            self._paint_caption(painter, out)

    def _paint_caption(self, painter: QPainter, out: tuple[int, ...]) -> None:
        style = self.world.style
        (x, y), room = route.middle(self.points)
        measure = style.metrics(style.caption).horizontalAdvance
        role = self.world.role(self.wire)
        lines = caption(out, measure, room, role)
        if not lines:
            return
        painter.setFont(style.caption)
        painter.setPen(style.quiet_ink)
        top, across = y - 5.0, 18.0  # from above the wire to below it
        if len(self.points) == 2 and abs(self.points[0][1] - self.points[1][1]) > 12:  # steep: the wire runs through
            wide, high = max(map(measure, lines)) + 4, 13.0 * len(lines)
            back = QRectF(x - wide / 2, y - high / 2, wide, high)
            painter.fillRect(back, style.ground)
            for _frame in range(self.world.depth(self.wire)):
                painter.fillRect(back, style.frame)
            top, across = y - high / 2 + 10, 12.0
        for line, base in zip(lines, (top, top + across, top + across + 12.0), strict=False):
            painter.setPen(style.text_ink if line == role else style.quiet_ink)
            painter.drawText(QPointF(x - measure(line) / 2, base), line)


def caption(out: tuple[int, ...], measure: Callable[[str], float], room: float, role: str = "") -> tuple[str, ...]:
    """The lines in which a shape fits into so much room, the first above the wire; none where it fits in no way.

    `role`: what the wire is in the sum that it leads to; it stands first.
    """
    if role:
        lines = caption(out, measure, room)
        return (role, *lines) if len(lines) < 3 else (role,)
    ways: list[tuple[tuple[str, ...], float]] = [((counts.shape(out),), 12.0)]  # with the room to leave beside
    if len(out) == 3:
        channels, height, width = map(grouped, out)
        ways += [((f"{channels}×", f"{height}×{width}"), 2.0), ((f"{channels}×", f"{height}×", width), 2.0)]
    elif len(out) == 2:
        channels, length = map(grouped, out)
        ways += [((f"{channels}×", length), 2.0)]
    elif len(out) == 1:
        ways += [((grouped(out[0]),), 2.0), ((short(out[0]),), 2.0)]
    return next((lines for lines, spare in ways if max(map(measure, lines)) <= room - spare), ())


def _around(a: Point, b: Point) -> QRectF:
    beside = MARGIN if a[0] == b[0] else BESIDE
    return QRectF(QPointF(*a), QPointF(*b)).normalized().adjusted(-beside, -MARGIN, beside, MARGIN)


class LooseWire(QGraphicsRectItem):
    """A wire whose end follows the pointer."""

    def __init__(self, world: World):
        super().__init__()
        self.setPen(Qt.PenStyle.NoPen)
        self.setZValue(5)
        self.world = world
        self._path = QPainterPath()

    def run(self, start: QPointF, end: QPointF) -> None:
        """From `start` (an out-port) to `end` (an in-port)."""
        self._path = route.drawn((start.toTuple(), end.toTuple()))
        self.setRect(self._path.controlPointRect().adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN))
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen(self.world.style.accent, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)
