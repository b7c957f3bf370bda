"""Cards take turns: a frame is painted in slices, so that the window answers in between."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from PySide6.QtCore import QObject, QTimer, Slot

from .card import Card

SHORTEST, LONGEST = 4, 12
"""Milliseconds from one slice to the next."""
ROUND = 80
"""Milliseconds within which all cards have had their turn, as far as the other bounds allow."""
FEWEST, MOST = 4, 6
"""Cards in a slice: more where there are many, but never so many that the window would be late."""


class Turns(QObject):
    """The cards whose strips are to be painted anew. Each is in it once, however many frames come meanwhile."""

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._waiting: dict[Card, None] = {}  # who waits longest comes first
        self._turn, self._had = 0, dict[Card, int]()  # turns so far; the last one of each card
        self._size, self._rest = FEWEST, LONGEST
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.slice)

    def add(self, cards: Iterable[Card], first: Card | None = None) -> None:
        """These want a turn; `first`, where it is among them, the next one."""
        self._had = {card: self._had.get(card, 0) for card in cards}
        self._waiting.update(dict.fromkeys(sorted(self._had, key=self._had.__getitem__)))
        many = len(self._waiting)
        self._size = min(max(FEWEST, ceil(many * SHORTEST / ROUND)), MOST)
        self._rest = min(max(SHORTEST, round(ROUND * self._size / max(many, 1))), LONGEST)
        if first in self._waiting:
            del self._waiting[first]
            self._waiting = {first: None, **self._waiting}
        if self._waiting and not self._timer.isActive():
            self._timer.start(self._rest)

    @Slot()
    def slice(self) -> None:
        """The next cards have their turn."""
        for card in list(self._waiting)[: self._size]:
            del self._waiting[card]
            self._turn += 1
            self._had[card] = self._turn
            card.update_strip()
        if self._waiting:
            self._timer.start(self._rest)

    def skip(self) -> None:
        """All that wait have their turn now."""
        for card in self._waiting:
            card.update_strip()
        self._waiting.clear()
        self._timer.stop()
