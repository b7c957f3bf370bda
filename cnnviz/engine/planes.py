"""A Go position as the 48 planes of AlphaGo (Silver et al. 2016, Extended Data Table 2), seen by the side to move.

stone colour 3         own stones, the other side's, empty points
ones 1
turns since 8          one plane for each of 1 … 7 and 8 or more moves since the stone was played
liberties 8            of the chain that stands there: 1 … 8 or more
capture size 8         stones a legal move there would take: 0 … 7 or more
self-atari size 8      own stones that a legal move there would leave with one liberty: 1 … 8 or more
liberties after move 8 of the chain that a legal move there makes: 1 … 8 or more
ladder capture 1, ladder escape 1
sensibleness 1         legal moves that fill no eye of one's own
zeros 1
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..link.messages import PictureInfo
from ..net.go import EMPTY, WHITE, Position, is_eye, is_ladder_capture, is_ladder_escape, other
from ..net.layers import Board
from ..text import N_, _
from .look import Shot
from .pictures import WHOLE, Fitted, PictureError

Array = np.ndarray[Any, np.dtype[Any]]

GROUPS = (
    (N_("stone colour"), 3),
    (N_("ones"), 1),
    (N_("turns since"), 8),
    (N_("liberties"), 8),
    (N_("capture size"), 8),
    (N_("self-atari size"), 8),
    (N_("liberties after move"), 8),
    (N_("ladder capture"), 1),
    (N_("ladder escape"), 1),
    (N_("sensibleness"), 1),
    (N_("zeros"), 1),
)
COUNT = sum(n for _name, n in GROUPS)
SHADES = {EMPTY: (196, 170, 120), WHITE: (245, 245, 245)}  # black is the rest


def shot(position: Position, layer: Board, name: str) -> Shot:
    """The position as the network takes it in. Raises PictureError where the network's board is another one."""
    if layer.planes != COUNT or layer.size != (position.size, position.size):
        size = "×".join(map(str, layer.size))
        text = _("Positions fill 48 planes of 19×19 points, but this Board has {planes} of {size}. Set it to these.")
        raise PictureError(text.format(planes=layer.planes, size=size))
    colours = np.array([SHADES.get(c, (25, 25, 25)) for c in position.stones], np.uint8)
    shown = colours.reshape(position.size, position.size, 3)
    info = PictureInfo(name, layer.size, None, WHOLE, None, position, filled(position))
    return Shot(Fitted(shown, planes(position), WHOLE), info)


def filled(position: Position) -> tuple[tuple[str, int, bool], ...]:
    """Of each group of planes its name, how many they are, and whether the position determines them."""
    played = all(age >= 0 for age, c in zip(position.ages, position.stones, strict=True) if c != EMPTY)
    return tuple((_(name), n, played or name != "turns since") for name, n in GROUPS)


def planes(position: Position) -> Array:
    """(48, size, size) float32 of zeros and ones."""
    points = len(position.stones)
    made = np.zeros((COUNT, points), np.float32)
    colour, ones, since, liberties, capture, atari, after, ladder, escape, sensible, _zeros = np.split(
        made, np.cumsum([n for _name, n in GROUPS])[:-1]
    )
    ones[:] = 1
    mine = position.to_move
    for point, stone in enumerate(position.stones):
        colour[(mine, other(mine), EMPTY).index(stone), point] = 1
        chain = position.chains[point]
        if chain is not None:
            liberties[_most(len(chain.liberties) - 1), point] = 1
            if position.ages[point] >= 0:
                since[_most(position.move - position.ages[point] - 1), point] = 1
        elif position.is_legal(point):
            next_ = position.play(point).chain(point)
            capture[_most(len(position.captures(point))), point] = 1
            after[_most(len(next_.liberties) - 1), point] = 1
            if len(next_.liberties) == 1:
                atari[_most(len(next_.stones) - 1), point] = 1
            ladder[0, point] = is_ladder_capture(position, point)
            escape[0, point] = is_ladder_escape(position, point)
            sensible[0, point] = not is_eye(position, point)
    return made.reshape(COUNT, position.size, position.size)


def _most(value: int) -> int:
    return min(value, 7)
