"""The Go positions that come with the program, as the moves that lead to them."""

from __future__ import annotations

from functools import cache

from ..text import N_, _
from .go import Position, point_of

_GAMES = (
    (N_("Opening"), "Q16 D4 Q3 D16 C14 F17 C6 F4 R10 O17 K16 D9"),
    (N_("Ladder: Black at E6 catches E5"), "D5 E5 E4 C12 F4 K3"),
    (N_("Ladder that fails: White has a stone at Q16"), "D5 E5 E4 Q16 F4 K3"),
    (N_("Capture race: whoever moves first wins"), "E3 F3 E2 F2 E1 F1 G3 D3 F4 E4 G4 D4"),
    (N_("Ko: White may not take back at once"), "K11 L11 J10 M10 K9 L9 D4 K10 L10"),
)


@cache
def positions() -> tuple[Position, ...]:
    """The positions, on the usual board."""
    return tuple(_played(moves) for _title, moves in _GAMES)


def title(index: int) -> str:
    """What a position is about."""
    return _(_GAMES[index][0])


def _played(moves: str) -> Position:
    position = Position()
    for move in moves.split():
        position = position.play(point_of(move, position.size))
    return position
