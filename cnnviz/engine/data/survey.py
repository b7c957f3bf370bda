"""Mean, deviation and range of a data set's values, over all of it, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..pictures import Array

AT_ONCE = 1 << 22
"""Values that are gone through at once: copies of them take 32 MB."""


@dataclass(frozen=True)
class Values:
    """Of each channel's values 0…1: mean, standard deviation (over all of them), smallest and largest."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def values(x: Array) -> Values:
    """Of pictures (n, channels, height, width), uint8 or float32 in 0…1."""
    channels = [_bytes(x, c) if x.dtype == np.uint8 else _floats(x, c) for c in range(x.shape[1])]
    mean, std, low, high = zip(*channels, strict=True)
    return Values(mean, std, low, high)


def _parts(x: Array, channel: int) -> list[Array]:
    """The channel's values, part by part."""
    some = max(1, AT_ONCE // max(1, x[0, channel].size))
    return [x[i : i + some, channel] for i in range(0, len(x), some)]


def _bytes(x: Array, channel: int) -> tuple[float, float, float, float]:
    """By how often each of the 256 values is there: no rounding adds up."""
    counts = np.zeros(256, np.int64)
    for part in _parts(x, channel):
        counts += np.bincount(part.ravel(), minlength=256)
    levels, n = np.arange(256) / 255, counts.sum()
    mean = float(counts @ levels / n)
    there = np.flatnonzero(counts)
    return mean, float(np.sqrt(counts @ (levels - mean) ** 2 / n)), float(levels[there[0]]), float(levels[there[-1]])


def _floats(x: Array, channel: int) -> tuple[float, float, float, float]:
    """In two rounds: deviations are taken from the mean itself."""
    parts, n = _parts(x, channel), x[:, channel].size
    mean = sum(float(p.sum(dtype=np.float64)) for p in parts) / n
    square = sum(float(((p.astype(np.float64) - mean) ** 2).sum()) for p in parts) / n
    return mean, float(np.sqrt(square)), min(float(p.min()) for p in parts), max(float(p.max()) for p in parts)
