"""Go positions as AlphaGo's 48 planes."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz.engine.pictures import PictureError
from cnnviz.engine.planes import COUNT, GROUPS, filled, planes
from cnnviz.engine.shelf import Shelf
from cnnviz.link.messages import Pixels, Sample, Sentence
from cnnviz.net.go import Position, point_of
from cnnviz.net.layers import Board, Input
from cnnviz.net.plan import Plan
from cnnviz.net.positions import positions

STARTS = dict(zip([name for name, _n in GROUPS], np.cumsum([0, *(n for _name, n in GROUPS)]), strict=False))


def at(made: np.ndarray, group: str, where: str, plane: int = 0) -> float:
    y, x = divmod(point_of(where), 19)
    return float(made[STARTS[group] + plane, y, x])


def test_an_empty_board() -> None:
    made = planes(Position())
    assert made.shape == (COUNT, 19, 19) == (48, 19, 19) and made.dtype == np.float32
    assert made[2].all() and made[3].all() and not made[:2].any() and not made[-1].any()
    assert made[STARTS["sensibleness"]].all() and made[STARTS["capture size"]].all()
    assert at(made, "liberties after move", "A1", 1) and at(made, "liberties after move", "K10", 3)


def test_stones_liberties_and_their_age() -> None:
    opening = positions()[0]
    made = planes(opening)
    assert at(made, "stone colour", "Q16", 0) and at(
        made, "stone colour", "D4", 1
    )  # Black moves, and sees his own first
    assert at(planes(opening.turn()), "stone colour", "D4", 0)
    assert at(made, "turns since", "D9", 0) and at(made, "turns since", "K16", 1) and at(made, "turns since", "Q16", 7)
    assert at(made, "liberties", "D9", 3)
    stones = np.array([c != "." for c in opening.stones]).reshape(19, 19)
    for group in ("turns since", "liberties"):
        eight = made[STARTS[group] : STARTS[group] + 8]
        assert (eight.sum(0) == stones).all()


def test_moves_that_take_or_are_taken() -> None:
    p = Position()
    for move in ["A2", "A1", "K10", "T19"]:
        p = p.play(point_of(move))
    made = planes(p)
    assert at(made, "capture size", "B1", 1) and at(made, "capture size", "C1", 0)
    white = planes(p.turn())
    assert at(white, "self-atari size", "B1", 1) == 0 and at(white, "liberties after move", "B1", 1)
    assert at(white, "capture size", "A2") == 0  # there is a stone
    assert at(planes(Position().play(point_of("A2"))), "self-atari size", "A1", 0)


def test_ladders_ko_and_the_planes_that_nothing_determines() -> None:
    _opening, ladder, broken, _race, ko = positions()
    assert at(planes(ladder), "ladder capture", "E6") and not at(planes(broken), "ladder capture", "E6")
    assert at(planes(broken.play(point_of("E6"))), "ladder escape", "F5")
    assert not at(planes(ko), "sensibleness", "K10")
    assert all(is_filled for _name, _n, is_filled in filled(ladder))
    given = Position(stones=ladder.stones)  # nobody knows when these were played
    assert [name for name, _n, is_filled in filled(given) if not is_filled] == ["turns since"]


def test_boards_are_looked_at_and_nothing_else() -> None:
    shelf, board = Shelf(), Board()
    got = shelf.shot(Sample(1), Plan(), board)
    assert got.info.position == positions()[1] and got.info.name.startswith("Ladder")
    assert got.fitted.values.shape == (48, 19, 19) and got.fitted.shown.shape == (19, 19, 3)
    assert shelf.shot(Position(), Plan(), board).info.position == Position()
    for wrong, layer in (
        (Sentence("a"), board),
        (Pixels(np.zeros((4, 4, 3), np.uint8)), board),
        (Position(), Input()),
        (Position(), Board(planes=3)),
        (Position(9), board),
    ):
        with pytest.raises(PictureError):
            shelf.shot(wrong, Plan(), layer)
