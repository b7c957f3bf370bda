"""Appending the weights of a run's steps to its tracks (track.py), within the room and the time that they may take.

Dense at the start, then evenly spread: where the room is used up, the track of the smallest N is deleted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Container
from contextlib import suppress
from io import FileIO
from pathlib import Path

from ..build import State
from .track import BEST, EVERY, MARKED, MEASURED, RECORD, START, Part, head, layout, record, scan, spacing, tracks
from .weights import atomically

FIRST = 20  # steps at the start that are all kept
SPACING = 10  # steps between two records, until the room is used up
SHARE, AHEAD = 0.0005, 0.03  # part of the time that writing may take, and seconds that it may be ahead of that …
CHEAP, MORE = 0.004, 3.0  # … of records that take so many seconds; of dearer ones more, up to so many times as much
HELD_UP = 4.0  # of a record that took so many times what they usually take no more counts: others had the disk
DENSE = 0.5  # seconds that the first steps may take beside it: of a large network, too, there is something to look at
ROOM = 120_000_000  # bytes that all tracks of a run may take
PART = 8  # the first steps take at most one of so many parts of the room


class Writer:
    """Appends the weights of a run's steps. Raises OSError where the disk does not take them; what stands, stays."""

    def __init__(
        self,
        folder: Path,
        state: State,
        keep: int,
        room: int = ROOM,
        clock: Callable[[], float] = time.perf_counter,
    ):
        """`folder`: of the tracks. `keep`: the run goes on from this step; records behind it go. 0: all of them go.

        `clock`: the seconds of which writing may take its share.
        """
        self._folder, self._room, self._keep = folder, room, keep
        self._layout = layout(state)
        self._used: dict[str, int] = {}  # bytes of each track
        self._steps: dict[str, list[int]] = {}
        self._spacing = SPACING
        self._spent = self._first = 0.0  # seconds, and those of the first steps
        self._cost = 0.0  # seconds that a record takes
        self._clock, self._began = clock, clock()
        for path in tracks(folder):
            self._cut(path)
        self._spacing = min((n for name in self._used if (n := spacing(name))), default=SPACING)
        self.steps = sorted({s for steps in self._steps.values() for s in steps})
        """Those that can be read; appended to, or replaced as a whole."""

    @property
    def used(self) -> int:
        """Bytes that the tracks take."""
        return sum(self._used.values())

    def due(self, step: int) -> bool:
        """Whether it is the turn of this step, and there is time for it."""
        if (step > FIRST and step % self._spacing) or 0 < step <= self._keep:
            return False
        return self._in_time(step)

    def _in_time(self, step: int) -> bool:
        if step <= FIRST:
            return self._spent <= DENSE
        share = SHARE * min(max(self._cost / CHEAP, 1.0), MORE)
        return self._spent - self._first <= AHEAD + share * (self._clock() - self._began)

    def add(self, step: int, state: State) -> None:
        """These are the weights after `step`; they are written where that is due."""
        if not self.due(step):
            return
        began, name = time.perf_counter(), self._name(step)
        self._write(name, step, record(step, state))
        self._charge(time.perf_counter() - began)
        if step <= FIRST:
            self._first = self._spent

    def measured(self, step: int, state: State) -> None:
        """Held-out pictures have been measured with these weights: they are kept where there is time and room."""
        if step in self._steps.get(MEASURED, ()) or self._name(step) or not self._in_time(step):
            return
        began, parts = time.perf_counter(), record(step, state)
        size = sum(map(len, parts))
        if 2 * size > self._room // PART:
            return
        if self._used.get(MEASURED, 0) + size > self._room // PART:
            kept = self._steps[MEASURED][1::2]
            self._used[MEASURED] = retain(self._folder / MEASURED, set(kept))
            self._steps[MEASURED] = kept
        self._append(MEASURED, step, parts)
        self._count()
        self._charge(time.perf_counter() - began)

    def _charge(self, took: float) -> None:
        took = min(took, HELD_UP * self._cost) if self._cost else took
        self._cost = 0.7 * self._cost + 0.3 * took if self._cost else took
        self._spent += took

    def best(self, step: int, state: State) -> None:
        """This is the best step so far: it is kept, in place of the one before."""
        parts = [self._layout, *record(step, state)]
        atomically(self._folder / BEST, lambda beside: beside.write_bytes(b"".join(parts)))
        self._used[BEST] = sum(map(len, parts))
        self._steps[BEST] = [step]
        self._count()

    def mark(self, step: int, state: State) -> None:
        """Somebody wants to keep this step."""
        if step not in self._steps.get(MARKED, ()):
            self._append(MARKED, step, record(step, state))
            self._count()

    def _write(self, name: str, step: int, parts: list[Part]) -> None:
        size = sum(map(len, parts)) + (0 if self._used.get(name) else len(self._layout))
        if name == START and self._used.get(START, 0) + size > self._room // PART and step:
            return
        while self.used + size > self._room:
            if not self._thin():
                return
        if self._name(step):  # still
            self._append(name, step, parts)
            if not self.steps or step > self.steps[-1]:
                self.steps.append(step)
            else:
                self._count()

    def _name(self, step: int) -> str:
        """The track of a step; empty: it has none."""
        if step <= FIRST:
            return START
        turn = step // SPACING
        return "" if step % self._spacing else EVERY.format(n=SPACING * (turn & -turn))

    def _thin(self) -> bool:
        """Delete the densest track; False where there is none."""
        levels = sorted((n, name) for name in self._used if (n := spacing(name)))
        if not levels:
            return False
        n, name = levels[0]
        (self._folder / name).unlink(missing_ok=True)
        del self._used[name], self._steps[name]
        self._spacing = 2 * n
        self._count()
        return True

    def _count(self) -> None:
        self.steps = sorted({s for steps in self._steps.values() for s in steps})

    def _append(self, name: str, step: int, parts: list[Part]) -> None:
        self._used[name] = append(self._folder / name, self._layout, parts)
        self._steps.setdefault(name, []).append(step)

    def _cut(self, path: Path) -> None:
        """Take over a track of the run that goes on; a new run has no use for it."""
        whole = [p for p in scan(path, 0)[0] if p.step <= self._keep] if self._keep else []
        if not self._keep or head(path)[0] not in (b"", self._layout) or (not whole and not spacing(path.name)):
            path.unlink(missing_ok=True)
            return
        if path.name == MARKED:  # in the order in which they have been marked
            end = retain(path, {p.step for p in whole})
        else:
            end = whole[-1].offset + whole[-1].length if whole else 0
            os.truncate(path, end)
        self._used[path.name], self._steps[path.name] = end, [p.step for p in whole]


def append(path: Path, start: bytes, parts: list[Part]) -> int:
    """Append a record to a track, which begins with `start`; gives its length then. Raises OSError: it is as before."""
    with path.open("ab", buffering=0) as file:
        before = os.fstat(file.fileno()).st_size
        parts = parts if before else [start, *parts]
        try:
            _put(file, parts)
        except OSError:
            with suppress(OSError):
                os.truncate(path, before)  # no half record, which the next would stand behind
            raise
    return before + sum(map(len, parts))


def retain(path: Path, steps: Container[int]) -> int:
    """Keep only the records of these steps; gives the track's length then. Raises OSError."""
    kept = [p for p in scan(path, 0)[0] if p.step in steps]
    data = path.read_bytes()
    parts = [head(path)[0], *(data[p.offset - RECORD.size : p.offset + p.length] for p in kept)]
    atomically(path, lambda beside: beside.write_bytes(b"".join(parts)))
    return sum(map(len, parts))


def _put(file: FileIO, parts: list[Part]) -> None:
    for part in parts:
        rest = memoryview(part)
        while rest:
            rest = rest[file.write(rest) :]
