"""Ways of wires in a drawing: straight, or around the cards in between, with round corners."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom

TURN = 16.0  # px that a wire runs on before it turns off
ROUND = 8.0  # radius of a corner
DROP = 62.0  # from a card's middle to the gap below its row
CLEAR = 9.0  # kept from cards that it goes around
WIDE = 13.0  # by a wire to another row: more than there is between branches


def path(start: Point, end: Point, boxes: list[Box]) -> str:
    """The `d` of an SVG path from one card's right edge to another's left edge.

    boxes  what must not be crossed; where the wire runs beside cards, its own level part is added, so that the next
           one takes another lane
    """
    (x0, y0), (x1, y1) = start, end
    low, high = min(y0, y1) - 1, max(y0, y1) + 1
    between = [b for b in boxes if b[0] < x1 - 1 and b[2] > x0 + 1]
    if x1 > x0 and not any(b[1] < high and b[3] > low for b in between):
        if y0 == y1:
            return f"M{_n(x0)} {_n(y0)}H{_n(x1)}"
        middle = (x0 + x1) / 2
        return f"M{_n(x0)} {_n(y0)}C{_n(middle)} {_n(y0)} {_n(middle)} {_n(y1)} {_n(x1)} {_n(y1)}"
    turn = min(TURN, (x1 - x0) / 2) if x1 > x0 else TURN
    out, back = x0 + turn, x1 - turn
    left, right = min(out, back), max(out, back)
    aim = (y0 + y1) / 2 if x1 > x0 else min(y0 + DROP, (y0 + y1) / 2) if y1 > y0 else y0 - DROP
    lane = _lane(aim, [b for b in boxes if b[0] < right and b[2] > left], CLEAR if x1 > x0 else WIDE)
    if x1 > x0:
        boxes.append((left, lane, right, lane))
    return _rounded([start, (out, y0), (out, lane), (back, lane), (back, y1), end])


def _lane(aim: float, boxes: Sequence[Box], clear: float) -> float:
    """The height nearest to `aim` at which no card is in the way."""
    up = down = aim
    for _left, top, _right, bottom in sorted(boxes, key=lambda b: b[1]):
        if top - clear < down < bottom + clear:
            down = bottom + clear
    for _left, top, _right, bottom in sorted(boxes, key=lambda b: -b[3]):
        if top - clear < up < bottom + clear:
            up = top - clear
    return up if aim - up <= down - aim else down


def _rounded(points: list[Point]) -> str:
    found = f"M{_n(points[0][0])} {_n(points[0][1])}"
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        a, b = _toward(here, before), _toward(here, after)
        found += f"L{_n(a[0])} {_n(a[1])}Q{_n(here[0])} {_n(here[1])} {_n(b[0])} {_n(b[1])}"
    return found + f"L{_n(points[-1][0])} {_n(points[-1][1])}"


def _toward(here: Point, there: Point) -> Point:
    dx, dy = there[0] - here[0], there[1] - here[1]
    length = abs(dx) + abs(dy)  # every leg is level or upright
    part = min(ROUND, length / 2) / length if length else 0.0
    return here[0] + dx * part, here[1] + dy * part


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
