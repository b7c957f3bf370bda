"""Two things measured against each other on a noisy machine: A-B-A in one run, and only while nobody else works.

A number of this machine at this hour says nothing. So the two sides take turns of a second or so in the same run; each
turn of B is held against the mean of its two neighbours, turns during which other processes took more than a twelfth
of a core are dropped, and the median of at least nine ratios is given; or their mean without the outermost, where what
is measured comes once in several turns, which a median would not see.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

FEWEST = 9
FOREIGN = 0.08  # of a core
OUTERMOST = 0.05  # of the ratios, at either end: what `trimmed` leaves out


@dataclass(frozen=True)
class Result:
    """One line of the bench. `ratio` compares ours with theirs as `goal` says; both are None where that is absolute."""

    name: str
    ours: float
    theirs: float | None
    unit: str
    ratio: float | None
    goal: str
    holds: bool

    def line(self) -> str:
        """For a person."""
        theirs = "" if self.theirs is None else f"   against {self.theirs:.4g}"
        ratio = "" if self.ratio is None else f"   ratio {self.ratio:.3g}"
        mark = "ok  " if self.holds else "MISS"
        return f"{mark} {self.name:36} {self.ours:.4g} {self.unit}{theirs}{ratio}   goal {self.goal}"


def judge(name: str, ours: float, theirs: float | None, unit: str, goal: str, ratio: float | None = None) -> Result:
    """A Result; `goal` is `>= x` or `<= x`, of the ratio where there is one, else of `ours`."""
    relation, limit = goal.split()[:2]
    value = ratio if ratio is not None else ours
    holds = value >= float(limit) if relation == ">=" else value <= float(limit)
    return Result(name, ours, theirs, unit, ratio, goal, holds)


def ticks() -> tuple[float, float]:
    """(seconds all processes have worked, seconds this process and its children have), for `foreign`."""
    try:
        with open("/proc/stat") as f:
            fields = [int(x) for x in f.readline().split()[1:9]]
    except OSError:
        return 0.0, 0.0
    hz = os.sysconf("SC_CLK_TCK")
    busy = (sum(fields) - fields[3] - fields[4]) / hz
    return busy, _own(hz)


def _own(hz: int) -> float:
    """Seconds that this process and every living descendant have worked."""
    parents: dict[int, int] = {}
    worked: dict[int, float] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as f:
                    rest = f.read().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(name)], worked[int(name)] = int(rest[1]), sum(int(x) for x in rest[11:15]) / hz
    me, total = os.getpid(), 0.0
    for pid in parents:
        up, seen = pid, 0
        while up not in (0, 1, me) and seen < 50:
            up, seen = parents.get(up, 0), seen + 1
        total += worked[pid] if up == me else 0.0
    return total


def trimmed(values: Sequence[float]) -> float:
    """The mean without the outermost."""
    left_out = int(OUTERMOST * len(values))
    return statistics.fmean(sorted(values)[left_out : len(values) - left_out])


def toggle(
    a: Callable[[], float],
    b: Callable[[], float],
    rounds: int = FEWEST,
    most: int = 3,
    typical: Callable[[Sequence[float]], float] = statistics.median,
) -> tuple[float, float, float]:
    """(median of a's values, median of b's, `typical` of b over the mean of its neighbours).

    `a()` and `b()` each take one turn and give their value. Goes on until `rounds` undisturbed triples are there, at
    most `most` times as many; then the disturbed ones count too.
    """
    a()
    b()  # warm
    values: list[tuple[str, float, float]] = []
    clean: list[float] = []
    every: list[float] = []

    def turn(side: str, act: Callable[[], float]) -> None:
        busy, own, start = *ticks(), time.perf_counter()
        value = act()
        busy2, own2, took = *ticks(), time.perf_counter() - start
        values.append((side, value, max(0.0, (busy2 - busy) - (own2 - own)) / max(took, 1e-9)))

    turn("a", a)
    while len(clean) < rounds and len(every) < most * rounds:
        turn("b", b)
        turn("a", a)
        (_, before, f1), (_, middle, f2), (_, after, f3) = values[-3:]
        ratio = middle / ((before + after) / 2)
        every.append(ratio)
        if max(f1, f2, f3) <= FOREIGN:
            clean.append(ratio)
    ratios = clean if len(clean) >= rounds else every
    return (
        statistics.median(v for s, v, _ in values if s == "a"),
        statistics.median(v for s, v, _ in values if s == "b"),
        typical(ratios),
    )


def clock(act: Callable[[], Any], at_least: float = 0.2) -> float:
    """Seconds one call takes, over as many calls as fill `at_least` seconds."""
    n, start = 0, time.perf_counter()
    while True:
        act()
        n += 1
        took = time.perf_counter() - start
        if took >= at_least:
            return took / n
