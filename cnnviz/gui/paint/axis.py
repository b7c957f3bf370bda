"""Axes of a chart: ranges that end on ticks, ticks at steps of 1, 2 and 5, and their labels."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, inf, log10

import numpy as np

from .number import number

LEAST = 1e-300
"""What is smaller counts as zero; a logarithmic axis puts it to its lower end."""
ROUNDING = 1e-9
SHORT = 500
"""Steps that an axis of a longer plan has at least: it does not change its scale at every turn of the beginning."""


@dataclass(frozen=True)
class Axis:
    """A range with ticks inside; `labels` are theirs."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    log: bool = False

    def share(self, values: np.ndarray) -> np.ndarray:
        """Where (n,) values lie, from 0 at `low` to 1 at `high`; those outside are put to the nearer end."""
        low, high = self.low, self.high
        if self.log:
            values, low, high = np.log10(np.maximum(values, LEAST)), log10(low), log10(high)
        share: np.ndarray = np.clip((values - low) / (high - low), 0.0, 1.0)
        return share


def nice(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below `least`, which is above zero."""
    power = 10.0 ** floor(log10(least))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= least * (1 - ROUNDING))


def exact(high: float, most: int) -> Axis:
    """From 0 to `high` itself, with whole numbers as ticks: the axis of training steps.

    There are `most` steps at most, but always one: 0 alone would not say how long the axis is.
    """
    high = max(high, 1.0)
    step = nice(high / most)
    step = max(step if step <= high else nice(high / 2.5), 1.0)  # up to 2.5 lie between one nice number and the next
    ticks = tuple(i * step for i in range(floor(high / step * (1 + ROUNDING)) + 1))
    return Axis(0.0, high, ticks, tuple(f"{t:,.0f}" for t in ticks))


def reach(done: float, planned: float) -> float:
    """Where an axis of steps ends while `done` of `planned` have been trained.

    It leaves room to grow up to the next nice number, and goes to the plan's end once that is near: of a long plan
    what there is would otherwise be a few pixels wide for minutes.
    """
    room = nice(max(1.2 * done, SHORT))
    return planned if planned <= 2.5 * room else room


def linear(low: float, high: float, most: int, floor_: float = -inf, ceiling: float = inf) -> Axis:
    """From a tick below `low` to a tick above `high`, with a little headroom but within `floor_` and `ceiling`.

    There are `most` steps at most, 2 or more. Ends on ticks keep the axis still while values change a little.
    """
    size = max(abs(low), abs(high))
    room = 0.04 * (high - low)
    if high - low <= 1e-6 * size or size < LEAST:  # one value, over and over
        room = 0.1 * size if size >= LEAST else 0.5
    low, high = max(low - room, floor_), min(high + room, ceiling)
    step = nice((high - low) / most)
    while True:
        first, last = floor(low / step + ROUNDING), ceil(high / step - ROUNDING)
        if last - first <= most:
            break
        step = nice(step * 1.5)
    ticks = tuple(i * step for i in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], ticks, _labels(ticks, step))


def logarithmic(low: float, high: float, most: int) -> Axis:
    """From the 1, 2 or 5 times a power of ten below `low` to the one above `high`; both are above zero.

    There are `most` + 1 ticks at most: all of these numbers, those that begin with 1 and 5, the powers of ten, or
    every second, third, … of these.
    """
    first, last = floor(log10(low)) - 1, ceil(log10(high)) + 1
    steps = [float(f"{m}e{power}") for power in range(first, last + 1) for m in (1, 2, 5)]
    below = max(i for i, v in enumerate(steps) if v <= low)
    above = max(min(i for i, v in enumerate(steps) if v >= high), below + 1)
    inside = steps[below : above + 1]
    ticks, every = inside, 0
    while len(ticks) > most + 1:
        ticks = [v for v in inside if _stays(v, every)]
        every += 1
    if len(ticks) < 2:
        ticks = [inside[0], inside[-1]]
    return Axis(inside[0], inside[-1], tuple(ticks), tuple(_short(v) for v in ticks), log=True)


def _stays(value: float, every: int) -> bool:
    """Whether a number is among the ticks where these are every so manyth power of ten; with 0, 1s and 5s."""
    digit, power = f"{value:.0e}".split("e")
    return digit in "15" if every == 0 else digit == "1" and int(power) % every == 0


def _labels(ticks: tuple[float, ...], step: float) -> tuple[str, ...]:
    largest = max(abs(ticks[0]), abs(ticks[-1]))
    if largest >= 1e6 or largest < 1e-4:
        return tuple(number(t) for t in ticks)
    digits = max(0, -floor(log10(step) + ROUNDING))
    return tuple(f"{t:,.{digits}f}".replace("-", "−") for t in ticks)


def _short(value: float) -> str:
    """1, 2 or 5 times a power of ten without zeros behind: `0.05`, `2,000`, `1e−6`."""
    if 1e-4 <= value < 1e6:
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return f"{value:.0e}".replace("e+", "e").replace("e0", "e").replace("e-0", "e-").replace("-", "−")
