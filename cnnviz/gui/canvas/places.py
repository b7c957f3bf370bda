"""Where the parts of a card lie. Canvas pixels: a card's own origin is its centre, x to the right, y down."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

from ...net.graph import Node
from ...net.layers.group import Group
from ...net.layout import CARD, GRID

Point = tuple[float, float]

WIDTH, HEIGHT = CARD
BODY = QRectF(-WIDTH / 2, -HEIGHT / 2, WIDTH, HEIGHT)
REACH = 8.0
"""How far ports and outlines stand out of the body."""
BOUNDS = BODY.adjusted(-REACH, -REACH, REACH, REACH)
EDGE = 4.0
"""Width of the coloured left edge."""
LEFT = BODY.left() + 11
RIGHT = BODY.right() - 6
ROOM = RIGHT - LEFT
"""Width for words and maps: four maps of 28 pixels with gaps of one."""
STRIP = QRectF(LEFT, BODY.top() + 38, ROOM, 57)
"""Where the feature maps are: two rows of 28 pixels with a gap of one."""
QUIET = QRectF(BODY.left() + EDGE + 1, STRIP.top() - 3, WIDTH - EDGE - 2, STRIP.height() + 5)
"""Around the strip, where nothing else is painted but the ground."""
SIGN = QRectF(LEFT - 4, BODY.top() + 5, 18, 18)
"""Of a folded group: what unfolds it."""
PITCH = 20.0
"""Between two ports of one card."""
PORT = 4.0
"""Radius of a port."""


def snapped(x: float, y: float) -> Point:
    """The nearest point of the grid."""
    return float(GRID * round(x / GRID)), float(GRID * round(y / GRID))


def ports(node: Node) -> int:
    """How many in-ports a card shows: a merge has an empty one for one more wire."""
    fewest, most = node.layer.inputs
    have = len(node.sources)
    if isinstance(node.layer, Group):
        return max(1, have)
    return max(fewest, have + 1) if most is None else max(most, have)


def in_port(node: Node, port: int) -> QPointF:
    """Where a wire enters, on the left edge. The ports in use lie around the middle, so that wires run straight."""
    middle = (max(node.layer.inputs[0], len(node.sources), 1) - 1) / 2
    pitch = min(PITCH, (HEIGHT - 24) / max(1.0, 2 * middle + 2))
    return QPointF(BODY.left(), (port - middle) * pitch)


OUT = QPointF(BODY.right(), 0.0)
"""Where wires leave, on the right edge."""
