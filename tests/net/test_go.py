"""Go by its rules: captures, ko, suicide, ladders; and the positions that ship."""

from __future__ import annotations

import pytest

from cnnviz.net.go import (
    BLACK,
    EMPTY,
    WHITE,
    IllegalMove,
    Position,
    is_eye,
    is_ladder_capture,
    is_ladder_escape,
    name,
    point_of,
)
from cnnviz.net.positions import positions, title


def board(*rows: str, to_move: str = BLACK) -> Position:
    return Position(len(rows), "".join(rows), to_move)


def at(position: Position, where: str) -> int:
    return point_of(where, position.size)


def test_points_have_the_names_that_players_use() -> None:
    assert name(0, 19) == "A19" and name(360, 19) == "T1" and name(point_of("J10"), 19) == "J10"


def test_stones_without_liberties_are_taken() -> None:
    p = board(".W.", "WBB", ".W.", to_move=BLACK)
    assert p.captures(at(p, "A3")) == frozenset()
    p = board("BW.", "B..", "...", to_move=BLACK).play(2)
    assert p.stones == "BWB" + "B.." + "..." and p.to_move == WHITE
    p = p.play(8).play(4)
    assert p.stones == "B.B" + "BB." + "..W" and p.ages[1] == -1 and p.ages[4] == 2


def test_suicide_and_taken_points_are_refused() -> None:
    p = board(".W.", "W..", "...")
    with pytest.raises(IllegalMove, match="A3 would have no liberty"):
        p.play(0)
    with pytest.raises(IllegalMove, match="a stone at B3"):
        p.play(1)
    assert p.turn().is_legal(0)
    assert board(".WB", "WB.", "B..").is_legal(0)  # it takes


def test_ko_is_refused_until_another_move() -> None:
    p = board(".BW.", "BW.W", ".BW.", "....")
    taken = p.play(at(p, "C3"))
    assert taken.stones[5] == EMPTY and taken.ko == 5
    with pytest.raises(IllegalMove, match="Ko: B3"):
        taken.play(5)
    later = taken.play(at(p, "A1")).play(at(p, "D1"))
    assert later.ko is None and later.is_legal(5)


def test_a_removed_stone_leaves_the_rest() -> None:
    p = board("BW.", "...", "...").remove(1)
    assert p.stones == "B........" and p.to_move == BLACK and p.turn().to_move == WHITE


def test_an_eye_is_told_from_an_empty_point() -> None:
    assert is_eye(board(".B.", "BB.", "..."), 0)
    assert not is_eye(board(".B.", "BW.", "..."), 0)
    assert not is_eye(board(".B.", "B..", "...", to_move=WHITE), 0)


def test_ladders() -> None:
    _opening, ladder, broken, _race, ko = positions()
    capture, escape = point_of("E6"), point_of("F5")
    assert is_ladder_capture(ladder, capture) and not is_ladder_capture(ladder, point_of("K10"))
    assert not is_ladder_capture(broken, capture)
    assert not is_ladder_escape(ladder.play(capture), escape)
    assert is_ladder_escape(broken.play(capture), escape)
    assert ko.ko is not None and [title(i) for i in range(5)]
