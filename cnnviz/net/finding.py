"""What a rising learning rate tells: the losses smoothed, and the rate that they suggest."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

LOW, HIGH, COUNT = 1e-7, 10.0, 100
"""Learning rates of the first and the last step, and how many there are, evenly spread in powers of ten."""
KEPT = 0.9
"""Part of the running mean that is kept from step to step."""
LOST = 4.0
"""Times the best smoothed loss above which nothing more is learned of higher rates."""
FALL = 0.02
"""Part of the first loss by which the smoothed one must fall, or no rate is suggested."""


def rate(i: int, low: float = LOW, high: float = HIGH, count: int = COUNT) -> float:
    """The learning rate of step `i`, from 0 on."""
    return float(low * (high / low) ** (i / max(1, count - 1)))


def smooth(losses: Sequence[float]) -> list[float]:
    """Running means of the losses up to each, the first ones not pulled towards zero."""
    mean, found = 0.0, []
    for i, loss in enumerate(losses, 1):
        mean = KEPT * mean + (1 - KEPT) * loss
        found.append(mean / (1 - KEPT**i))
    return found


def is_lost(losses: Sequence[float]) -> bool:
    """Whether the loss has left every useful range."""
    smoothed = smooth(losses)
    return bool(losses) and (not isfinite(losses[-1]) or smoothed[-1] > LOST * min(smoothed))


def suggested(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """The rate at which the smoothed loss falls fastest, but at most a tenth of that where it is lowest, which is the
    edge of too much. To two digits; None where it hardly falls at any."""
    good = [(r, s) for r, s in zip(rates, smooth(losses), strict=True) if isfinite(s)]
    if len(good) < 10:
        return None
    best = min(range(len(good)), key=lambda i: good[i][1])
    if good[best][1] > good[0][1] * (1 - FALL) or best < 3:
        return None
    span = 3  # steps on either side: one slope alone is noise
    slopes = {i: good[min(i + span, best)][1] - good[max(i - span, 0)][1] for i in range(1, best)}
    steepest = good[min(slopes, key=lambda i: slopes[i])][0]
    return float(f"{min(steepest, good[best][0] / 10):.1e}")
