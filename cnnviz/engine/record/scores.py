"""Writing a run's measurements into its folder (link/scorebook.py says how they lie there)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...link.scorebook import SCORES, Entry, Scorebook, entries, labels_record, score_record
from ...link.verdicts import Array
from ..learn.score import Test
from .weights import atomically

ROOM = 32_000_000
"""Bytes of the file at most; then every second measurement is left out, but not the best one."""


class Scores:
    """Appends measurements; of a run that goes on, those of the steps up to `keep` stay. Raises OSError."""

    def __init__(self, folder: str | Path, classes: tuple[str, ...], keep: int = 0, room: int = ROOM):
        self._path, self._classes, self._room = Path(folder) / SCORES, classes, room
        self._true: Array | None = None  # as they were written last
        self._every = 1  # of so many measurements one is written
        self._count = 0
        self._left: tuple[int, Test] | None = None  # the newest, where it was not written
        self._best = -1.0
        self._begin(keep)

    def add(self, made: list[tuple[int, Test]]) -> None:
        """Write the measurements made after these steps, as far as there is room for them."""
        records: list[bytes] = []
        for step, test in made:
            best = test.accuracy > self._best
            if best or self._count % self._every == 0:
                self._best = max(self._best, test.accuracy)
                records += self._records(step, test)
                self._left = None
            else:
                self._left = (step, test)
            self._count += 1
        self._append(records)

    def end(self) -> None:
        """The run ends: its last measurement is written in any case."""
        if self._left is not None:
            self._append(self._records(*self._left))
            self._left = None

    def _append(self, records: list[bytes]) -> None:
        if not records:
            return
        with self._path.open("ab") as file:
            file.write(b"".join(records))
            size = file.tell()
        if size > self._room:
            self._every *= 2
            self._thin()

    def _records(self, step: int, test: Test) -> list[bytes]:
        verdicts = test.verdicts
        if verdicts is None:
            return []
        found = []
        if self._true is None or not np.array_equal(self._true, verdicts.true):
            found, self._true = [labels_record(verdicts.true, self._classes)], verdicts.true
        return [*found, score_record(step, test.loss, test.accuracy, test.top5, verdicts)]

    def _begin(self, keep: int) -> None:
        """Cut what belongs to later steps, and what is not whole."""
        if not keep or not self._path.exists():
            atomically(self._path, lambda new: new.write_bytes(b""))
            return
        with self._path.open("rb") as file:
            kept = [e for e in entries(file) if e.step <= keep]
        while kept and not kept[-1].step:
            kept.pop()  # labels of a measurement that is cut
        self._keep(kept)
        scores = [e for e in kept if e.step]
        self._count = len(scores)
        self._best = max((float(e.said["accuracy"]) for e in scores), default=-1.0)
        newest = Scorebook(self._path.parent).at()
        self._true = newest.verdicts.true if newest is not None else None  # not written once more

    def _thin(self) -> None:
        with self._path.open("rb") as file:
            found = list(entries(file))
        best = max((e for e in found if e.step), key=lambda e: float(e.said["accuracy"]), default=None)
        kept, seen = [], 0
        for entry in found:
            seen += entry.step > 0
            if not entry.step or seen % 2 or entry in (best, found[-1]):
                kept.append(entry)
        self._keep(kept)

    def _keep(self, kept: list[Entry]) -> None:
        def write(new: Path) -> None:
            with self._path.open("rb") as file, new.open("wb") as out:
                for entry in kept:
                    file.seek(entry.start)
                    out.write(file.read(entry.end - entry.start))

        atomically(self._path, write)
