"""The time that a training has worked, by which what goes on beside it gets its share."""

from __future__ import annotations

import time


class Worktime:
    """A clock, in seconds, that stands while nobody asks for the next step: while a training is paused, above all.

    By any other clock a pause would be saved up, and spent on records and readings once the training goes on.
    """

    def __init__(self) -> None:
        self._away = self._left = 0.0

    def __call__(self) -> float:
        """The seconds so far; only differences mean anything."""
        return time.perf_counter() - self._away

    def leave(self) -> None:
        """A step is given to whoever asked for it."""
        self._left = time.perf_counter()

    def come_back(self) -> None:
        """The next one is asked for."""
        self.skip(time.perf_counter() - self._left)

    def skip(self, seconds: float) -> None:
        """These shall not count."""
        self._away += seconds
