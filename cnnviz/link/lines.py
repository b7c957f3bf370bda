"""The lines of a run's metrics: what each of them says, and which of them are to be believed.

A line is damaged where it is no JSON, where a value is missing, has the wrong type or is not finite, and where its step
does not fit among the others: steps rise from line to line, by one where nothing was lost. One damaged digit can make
any line jump ahead or back, and the lines behind it go on as if it had not. So, of all choices of lines whose steps
rise, the one is believed that

- leaves out the fewest lines, and,
- among those that leave out equally many, has the lines whose difference between step and line most lines share: it is
  the same wherever none is missing.

A last line that leaps ahead is not believed until another one follows it, or the run is known to have come that far.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from math import nan
from pathlib import Path
from typing import Any

import numpy as np

from ..net.plan import LIVE
from .adjusting import Change

NUMBERS = (float, int)  # `type(…) in`, for a bool is an int, too
MOST = 1e300  # what is not between - MOST and MOST is infinite, no number, or has more digits than any that is written
LAST = 2**53  # steps are told as float64
Row = tuple[float, float, float, float]


def record(line: str) -> tuple[Row, Row | None, list[Change]]:
    """A row of runs.Metrics.points, that of `tests` where there is one, and changes. Raises ValueError: it is damaged.

    Whether its step fits among those of other lines is not asked here.
    """
    try:
        said = json.loads(line)
        step, loss, accuracy, lr = said["step"], said["loss"], said["accuracy"], said["lr"]
        if not (type(step) is int and 0 < step < LAST and _finite(loss) and _finite(accuracy) and _finite(lr)):
            raise ValueError(line)
        if len(said) == 4:
            return (step, loss, accuracy, lr), None, []
        test = _test(step, said) if "test_loss" in said or "test_accuracy" in said else None
        return (step, loss, accuracy, lr), test, [_change(step, *change) for change in said.get("changes", ())]
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(line) from error


def _finite(value: object) -> bool:
    return type(value) in NUMBERS and -MOST < value < MOST  # type: ignore[operator]


def _test(step: int, said: dict[str, Any]) -> Row:
    found = said["test_loss"], said["test_accuracy"], said.get("test_top5", 0.0)
    if not all(map(_finite, found)):
        raise ValueError(said)
    return step, found[0], found[1], found[2] if "test_top5" in said else nan


def _change(step: int, setting: str, old: float, new: float) -> Change:
    if not (setting in LIVE and _finite(old) and _finite(new)):
        raise ValueError(setting)
    return Change(step, setting, old, new)


class Lines:
    """The believed lines of a file that grows, read on from where they ended the last time.

    points, tests, changes   as in runs.Metrics
    kept                     of each of `points`, the number of its line, from 0 on
    """

    def __init__(self, path: Path):
        self._path = path
        self._reached = 0
        self._clear()

    def _clear(self) -> None:
        self._end, self._file, self._count, self._rising = 0, 0, 0, True
        self._numbers: list[int] = []  # of the lines that make sense …
        self._rows: list[Row] = []  # … and what they say
        self._tests: list[tuple[int, Row]] = []  # with the index of the row
        self._changes: list[tuple[int, Change]] = []
        self.points: list[Row] = []
        self.tests: list[Row] = []
        self.changes: list[Change] = []
        self.kept: list[int] = []

    def refresh(self, reached: int = 0) -> int:
        """Read the lines that have been written since; from the beginning where the file has been written anew.

        `reached`: the run is known to have made so many steps. Gives how many of the first points are still the same:
        all that there were, unless one has turned out to be damaged.
        """
        before = self.kept
        try:
            with self._path.open("rb") as file:
                said = self._path.stat()
                if said.st_size < self._end or said.st_ino != self._file:
                    self._clear()
                    self._file, before = said.st_ino, []
                file.seek(self._end)
                text = file.read()
        except OSError:
            return len(before)
        whole = text[: text.rfind(b"\n") + 1]
        if not whole and self._end and reached == self._reached:
            return len(before)  # asked several times a second, of runs that may have damaged lines
        self._end, self._reached = self._end + len(whole), reached
        for line in whole.decode("utf-8", "replace").split("\n")[:-1]:
            self._count += 1
            try:
                row, test, changes = record(line)
            except ValueError:
                continue
            at = len(self._rows)
            if at and row[0] <= self._rows[-1][0]:
                self._rising = False
            self._numbers.append(self._count - 1)
            self._rows.append(row)
            if test is not None:
                self._tests.append((at, test))
            if changes:
                self._changes += [(at, change) for change in changes]
        self._choose(reached)
        same = min(len(before), len(self.kept))
        if self._rising or before[:same] == self.kept[:same]:  # the former is known at once, of a long run, too
            return same
        return next(i for i in range(same) if before[i] != self.kept[i])

    def _choose(self, reached: int) -> None:
        numbers, rows = self._numbers, self._rows
        some: Sequence[int] = range(len(rows))
        if not self._rising:
            some = heaviest([int(row[0]) for row in rows], numbers)
        if some and rows[some[-1]][0] > reached:
            before = rows[some[-2]][0] - numbers[some[-2]] if len(some) > 1 else 1
            if rows[some[-1]][0] - numbers[some[-1]] > before:
                some = some[:-1]
        if len(some) == len(rows):
            self.points, self.kept = rows.copy(), numbers.copy()
            self.tests, self.changes = [test for _at, test in self._tests], [change for _at, change in self._changes]
            return
        believed = set(some)
        self.points, self.kept = [rows[i] for i in some], [numbers[i] for i in some]
        self.tests = [test for at, test in self._tests if at in believed]
        self.changes = [change for at, change in self._changes if at in believed]


def heaviest(steps: list[int], numbers: list[int]) -> list[int]:
    """Indices of the lines that are believed, of lines with these steps and numbers (see above).

    A longest rising subsequence with weights: of all that end at a step, the heaviest is known, and those are kept that
    are heavier than every one that ends earlier. A line costs a search among them.
    """
    _offsets, which, shared = np.unique(np.subtract(steps, numbers), return_inverse=True, return_counts=True)
    weights = (len(steps) + 1 + shared[which]).tolist()  # a line weighs more than what any one can have in advance
    ends: list[int] = []  # rising steps …
    best: list[int] = []  # … with the rising weights of the heaviest choices that end there …
    last: list[int] = []  # … and the index of their last line
    before = [-1] * len(steps)
    for i, (step, weight) in enumerate(zip(steps, weights, strict=True)):
        at = bisect_left(ends, step)
        if at:
            weight += best[at - 1]
            before[i] = last[at - 1]
        if at < len(ends) and ends[at] == step and best[at] >= weight:
            continue
        stop = at
        while stop < len(ends) and best[stop] <= weight:
            stop += 1
        ends[at:stop], best[at:stop], last[at:stop] = [step], [weight], [i]
    found, i = [], last[-1] if last else -1
    while i >= 0:
        found.append(i)
        i = before[i]
    return found[::-1]
