"""The rules of Go: stones, liberties, captures, ko, no suicide; ladders by a bounded search. Points are y · size + x.

A `Position` is a value; `play` gives the next one. Colours are "B" and "W".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property

from ..text import _

BLACK, WHITE, EMPTY = "B", "W", "."
COLUMNS = "ABCDEFGHJKLMNOPQRST"  # there is no I
DEPTH, TRIES = 60, 400
"""Moves after which a ladder that has not ended counts as none, and positions that are looked at for one ladder."""


class IllegalMove(ValueError):
    """The move is against the rules; the message is a sentence."""


@dataclass(frozen=True)
class Chain:
    """Stones of one colour that hang together, and the empty points beside them."""

    stones: frozenset[int]
    liberties: frozenset[int]


@dataclass(frozen=True)
class Position:
    """Stones on a board, who moves, and how long ago each stone was played.

    `ages` holds for every point the number of the move that put its stone there, −1 where none did.
    """

    size: int = 19
    stones: str = ""  # a letter a point; empty: an empty board
    to_move: str = BLACK
    ko: int | None = None  # point that may not be played on, because it would bring back the position before
    ages: tuple[int, ...] = ()
    move: int = 0  # moves that were played
    last: int | None = None  # where the last one went

    def __post_init__(self) -> None:
        n = self.size * self.size
        object.__setattr__(self, "stones", self.stones or EMPTY * n)
        object.__setattr__(self, "ages", self.ages or (-1,) * n)

    def __getitem__(self, point: int) -> str:
        return self.stones[point]

    @cached_property
    def chains(self) -> tuple[Chain | None, ...]:
        """Of each point the chain it belongs to; None where it is empty."""
        found: list[Chain | None] = [None] * len(self.stones)
        for point, colour in enumerate(self.stones):
            if colour != EMPTY and found[point] is None:
                chain = self.chain(point)
                for stone in chain.stones:
                    found[stone] = chain
        return tuple(found)

    def chain(self, point: int) -> Chain:
        """The chain of the stone at a point."""
        colour, stones, liberties, rest = self.stones[point], {point}, set(), [point]
        while rest:
            for beside in neighbours(self.size)[rest.pop()]:
                if self.stones[beside] == EMPTY:
                    liberties.add(beside)
                elif self.stones[beside] == colour and beside not in stones:
                    stones.add(beside)
                    rest.append(beside)
        return Chain(frozenset(stones), frozenset(liberties))

    def captures(self, point: int) -> frozenset[int]:
        """The stones of the other side that a move on an empty point would take."""
        theirs = other(self.to_move)
        taken: set[int] = set()
        for beside in neighbours(self.size)[point]:
            chain = self.chains[beside]
            if self.stones[beside] == theirs and chain is not None and chain.liberties == {point}:
                taken |= chain.stones
        return frozenset(taken)

    def is_legal(self, point: int) -> bool:
        """Whether the side to move may play there."""
        return self._why_not(point) == ""

    def _why_not(self, point: int) -> str:
        if self.stones[point] != EMPTY:
            return _("There is a stone at {point} already.").format(point=name(point, self.size))
        if point == self.ko:
            return _("Ko: {point} would bring back the position before. Play elsewhere first.").format(
                point=name(point, self.size)
            )
        for beside in neighbours(self.size)[point]:
            chain = self.chains[beside]
            if chain is None or (self.stones[beside] == self.to_move) == (len(chain.liberties) > 1):
                return ""  # a liberty, a chain of one's own with another one, or stones to take
        return _("A stone at {point} would have no liberty: suicide is not allowed.").format(
            point=name(point, self.size)
        )

    def play(self, point: int) -> Position:
        """The position after a move. Raises IllegalMove."""
        why = self._why_not(point)
        if why:
            raise IllegalMove(why)
        taken, stones, ages = self.captures(point), list(self.stones), list(self.ages)
        for stone in taken:
            stones[stone], ages[stone] = EMPTY, -1
        stones[point], ages[point] = self.to_move, self.move
        after = replace(
            self,
            stones="".join(stones),
            to_move=other(self.to_move),
            ko=None,
            ages=tuple(ages),
            move=self.move + 1,
            last=point,
        )
        chain = after.chain(point)
        if len(taken) == 1 and len(chain.stones) == 1 and chain.liberties == taken:
            after = replace(after, ko=next(iter(taken)))
        return after

    def remove(self, point: int) -> Position:
        """The position without the stone at a point; it may make a ko no more."""
        stones, ages = list(self.stones), list(self.ages)
        stones[point], ages[point] = EMPTY, -1
        last = None if self.last == point else self.last
        return replace(self, stones="".join(stones), ages=tuple(ages), ko=None, last=last)

    def turn(self) -> Position:
        """The same stones with the other side to move."""
        return replace(self, to_move=other(self.to_move), ko=None)


def other(colour: str) -> str:
    """The other side."""
    return WHITE if colour == BLACK else BLACK


@cache
def neighbours(size: int) -> tuple[tuple[int, ...], ...]:
    """Of each point those beside it."""
    steps = (-1, 0), (1, 0), (0, -1), (0, 1)
    return tuple(
        tuple((y + dy) * size + x + dx for dy, dx in steps if 0 <= y + dy < size and 0 <= x + dx < size)
        for y in range(size)
        for x in range(size)
    )


def name(point: int, size: int) -> str:
    """`D4`: columns from the left without I, rows from below."""
    y, x = divmod(point, size)
    return f"{COLUMNS[x] if x < len(COLUMNS) else x + 1}{size - y}"


def point_of(name: str, size: int = 19) -> int:
    """The point of a name such as `D4`."""
    return (size - int(name[1:])) * size + COLUMNS.index(name[0])


def is_eye(position: Position, point: int) -> bool:
    """Whether an empty point is an eye of the side to move, which it would be senseless to fill."""
    size, mine = position.size, position.to_move
    if position[point] != EMPTY or any(position[n] != mine for n in neighbours(size)[point]):
        return False
    y, x = divmod(point, size)
    corners = [(y + dy, x + dx) for dy in (-1, 1) for dx in (-1, 1)]
    inside = [cy * size + cx for cy, cx in corners if 0 <= cy < size and 0 <= cx < size]
    against = sum(position[c] == other(mine) for c in inside)
    return against == 0 if len(inside) < 4 else against <= 1


def is_ladder_capture(position: Position, point: int) -> bool:
    """Whether a move there starts a ladder that takes a chain of two liberties."""
    theirs = other(position.to_move)
    prey = {
        min(chain.stones)
        for beside in neighbours(position.size)[point]
        if (chain := position.chains[beside]) is not None and position[beside] == theirs and len(chain.liberties) == 2
    }
    if not prey or not position.is_legal(point):
        return False
    after = position.play(point)
    return any(not _escapes(after, stone, DEPTH, [TRIES]) for stone in prey)


def is_ladder_escape(position: Position, point: int) -> bool:
    """Whether a move there saves a chain of one liberty from a ladder."""
    threatened = {
        min(c.stones)
        for stone, c in enumerate(position.chains)
        if c is not None and position[stone] == position.to_move and len(c.liberties) == 1
    }
    helped = [stone for stone in threatened if _helps(position, stone, point)]
    if not helped or not position.is_legal(point):
        return False
    after = position.play(point)
    return any(not _is_caught(after, stone, DEPTH, [TRIES]) for stone in helped)


def _helps(position: Position, stone: int, point: int) -> bool:
    """Whether a move there gives a chain in atari more liberties: by growing, or by taking a chain beside it."""
    chain = position.chains[stone]
    assert chain is not None
    if point in chain.liberties:
        return True
    beside = {n for s in chain.stones for n in neighbours(position.size)[s]}
    return bool(position.captures(point) & beside)


def _is_caught(position: Position, stone: int, depth: int, left: list[int]) -> bool:
    """Whether the side to move, the hunter, takes the chain of `stone` in a ladder."""
    chain = position.chains[stone]
    if chain is None or len(chain.liberties) <= 1:
        return True
    left[0] -= 1
    if len(chain.liberties) > 2 or depth == 0 or left[0] < 0:
        return False
    return any(
        position.is_legal(p) and not _escapes(position.play(p), stone, depth - 1, left) for p in sorted(chain.liberties)
    )


def _escapes(position: Position, stone: int, depth: int, left: list[int]) -> bool:
    """Whether the side to move, the hunted, saves the chain of `stone`, which is in atari."""
    chain = position.chains[stone]
    left[0] -= 1
    if chain is None:
        return False
    if len(chain.liberties) > 1 or depth == 0 or left[0] < 0:
        return True
    ways = set(chain.liberties)
    for beside in {n for s in chain.stones for n in neighbours(position.size)[s]}:
        hunter = position.chains[beside]
        if hunter is not None and position[beside] != position[stone] and len(hunter.liberties) == 1:
            ways |= hunter.liberties
    return any(position.is_legal(p) and not _is_caught(position.play(p), stone, depth - 1, left) for p in sorted(ways))
