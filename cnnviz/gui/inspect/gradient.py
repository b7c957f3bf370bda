"""What the measured receptive field says in numbers. A field is (height, width): how large the gradient is there."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ...link.messages import Array

Box = tuple[int, int, int, int]
"""(top, left, height, width) in pixels of the picture; may reach beyond it."""

SHARE = 0.95
"""Part of the gradient that the effective field holds."""


def clipped(box: Box, height: int, width: int) -> Box:
    """The part of `box` inside a picture of this size."""
    top, left, bottom, right = max(box[0], 0), max(box[1], 0), min(box[0] + box[2], height), min(box[1] + box[3], width)
    return top, left, max(bottom - top, 0), max(right - left, 0)


def inside(field: Array, box: Box) -> float | None:
    """The share of the gradient inside `box`; None where there is no gradient to share out."""
    total = float(field.sum(dtype=np.float64))
    if not total > 0 or not np.isfinite(total):
        return None
    top, left, height, width = clipped(box, *field.shape)
    return float(field[top : top + height, left : left + width].sum(dtype=np.float64)) / total


def effective(field: Array, box: Box, share: float = SHARE) -> int | None:
    """Side of the smallest square around the centre of `box` that holds `share` of the gradient.

    Sides are odd around a pixel and even around a corner of four. None where there is no gradient.
    """
    total = float(field.sum(dtype=np.float64))
    if not total > 0 or not np.isfinite(total):
        return None
    rings = np.bincount(_rings(field.shape, box).reshape(-1), weights=field.reshape(-1))
    held = np.cumsum(rings)
    return int(np.searchsorted(held, share * held[-1] * (1 - 1e-9))) + 1


@lru_cache(maxsize=8)
def _rings(shape: tuple[int, int], box: Box) -> Array:
    """For every pixel the side, less 1, of the smallest square around the centre of `box` that reaches it."""
    y = np.abs(2 * np.arange(shape[0]) - (2 * box[0] + box[2] - 1))
    x = np.abs(2 * np.arange(shape[1]) - (2 * box[1] + box[3] - 1))
    return np.maximum(y[:, None], x[None, :])
