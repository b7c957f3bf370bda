"""Which way a wire goes: straight to the next card, around the cards in between, or back to the row below."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath

from .places import HEIGHT, WIDTH, Point

TURN = 20.0
"""How far a wire runs on before it turns off."""
ROUND = 12.0
"""Radius of a corner."""
LOOP = 60.0
"""How far a wire in hand swings out when it is drawn backwards."""
SQUEEZE = 4.0
"""Distance kept by a short wire back to a card right above or below."""
CLEAR = 14.0
"""Distance kept from cards that it must go around."""


class Blocks:
    """The cards that a wire must not run behind, by their centres."""

    def __init__(self, centres: Iterable[Point]):
        self._unsorted = centres

    @cached_property
    def _centres(self) -> list[Point]:
        return sorted(self._unsorted)  # most wires run to the next card, and ask for none

    @cached_property
    def _xs(self) -> list[float]:
        return [c[0] for c in self._centres]

    def between(self, left: float, right: float) -> set[float]:
        """The heights (y) at which cards stand between these two x, once each."""
        half = WIDTH / 2
        return {c[1] for c in self._centres[bisect_right(self._xs, left - half) : bisect_left(self._xs, right + half)]}


def corners(start: Point, end: Point, blocks: Blocks) -> tuple[Point, ...]:
    """The points a wire passes, ends included; two points: it swings straight over."""
    (x0, y0), (x1, y1) = start, end
    if short((start, end)) or (x1 > x0 and not _cross(min(y0, y1), max(y0, y1), blocks.between(x0 + 1, x1 - 1))):
        return start, end
    turn = min(TURN, (x1 - x0) / 2) if x1 - x0 > TURN else TURN
    out, back = x0 + turn, x1 - turn
    left, right = min(out, back), max(out, back)
    apart = SQUEEZE if right - left < WIDTH else CLEAR  # a long wire would run between branches
    lane = _lane((y0 + y1) / 2, blocks.between(left, right), apart)
    return start, (out, y0), (out, lane), (back, lane), (back, y1), end


def short(points: tuple[Point, ...]) -> bool:
    """Whether no card fits in between the ends of a wire."""
    return 0 <= points[-1][0] - points[0][0] < WIDTH


def touched(points: tuple[Point, ...], places: Iterable[Point]) -> bool:
    """Whether cards that come to or leave these places can change the way of a wire that is not short."""
    x0, x1 = points[0][0], points[-1][0]
    left, right = min(x0, x1 - TURN) - WIDTH / 2, max(x1, x0 + TURN) + WIDTH / 2
    ys = [p[1] for p in points]
    top, bottom = min(ys) - HEIGHT / 2 - CLEAR, max(ys) + HEIGHT / 2 + CLEAR
    return any(left < x < right and top < y < bottom for x, y in places)


def _cross(top: float, bottom: float, cards: set[float]) -> bool:
    half = HEIGHT / 2 + 2
    return any(top < y + half and y - half < bottom for y in cards)


def _lane(aim: float, cards: set[float], apart: float) -> float:
    """The height nearest to `aim` at which no card is in the way."""
    near, clear = HEIGHT / 2 + apart, HEIGHT / 2 + CLEAR
    up = down = aim
    for y in sorted(cards):
        if y - near < down < y + near:
            down = y + clear
    for y in sorted(cards, reverse=True):
        if y - near < up < y + near:
            up = y - clear
    return up if aim - up <= down - aim else down


def drawn(points: tuple[Point, ...]) -> QPainterPath:
    """The wire's path through these points."""
    path = QPainterPath(QPointF(*points[0]))
    if len(points) == 2:
        (x0, y0), (x1, y1) = points
        bend = max((x1 - x0) / 2, min(abs(x1 - x0) / 2, LOOP), 16.0)
        path.cubicTo(x0 + bend, y0, x1 - bend, y1, x1, y1)
        return path
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        a, b = _toward(here, before), _toward(here, after)
        path.lineTo(*a)
        path.quadTo(*here, *b)
    path.lineTo(*points[-1])
    return path


def _toward(here: Point, there: Point) -> Point:
    dx, dy = there[0] - here[0], there[1] - here[1]
    length = abs(dx) + abs(dy)  # every leg is level or upright
    part = min(ROUND, length / 2) / length if length else 0.0
    return here[0] + dx * part, here[1] + dy * part


def middle(points: tuple[Point, ...]) -> tuple[Point, float]:
    """Where the caption stands: the middle of the wire's longest level part, and how much room there is."""
    if len(points) == 2:
        (x0, y0), (x1, y1) = points
        return ((x0 + x1) / 2, (y0 + y1) / 2), abs(x1 - x0)
    (x0, y), (x1, _y) = points[2], points[3]
    return ((x0 + x1) / 2, y), abs(x1 - x0)
