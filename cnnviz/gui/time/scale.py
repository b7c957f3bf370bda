"""Where the steps of a run lie on the time line, and its curves as one value for each pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scale:
    """Steps from 0 to `end` over the pixels from `left` to `right`."""

    end: float
    left: float
    right: float

    def x(self, step: float) -> float:
        """The pixel of a step."""
        return self.left + (self.right - self.left) * min(step / max(self.end, 1.0), 1.0)

    def step(self, x: float) -> int:
        """The step at a pixel, inside the line."""
        share = (x - self.left) / max(self.right - self.left, 1.0)
        return round(min(max(share, 0.0), 1.0) * self.end)

    def columns(self, steps: np.ndarray) -> np.ndarray:
        """The pixel columns, each once and rising, in which these steps (n,) lie."""
        share = np.clip(steps / max(self.end, 1.0), 0.0, 1.0)
        found: np.ndarray = np.unique(np.round(self.left + (self.right - self.left) * share))
        return found


def means(steps: np.ndarray, values: np.ndarray, scale: Scale) -> tuple[np.ndarray, np.ndarray]:
    """(pixels, mean of the finite values there) of (n,) values at rising steps; pixels without one are left out."""
    wide = max(int(scale.right - scale.left), 1)
    edges = np.searchsorted(steps, np.arange(wide + 1) * scale.end / wide)
    edges[-1] = len(steps)
    good = np.isfinite(values)
    sums = np.concatenate(([0.0], np.cumsum(np.where(good, values, 0.0))))
    counts = np.concatenate(([0], np.cumsum(good)))
    n = counts[edges[1:]] - counts[edges[:-1]]
    some = n > 0
    total = sums[edges[1:]] - sums[edges[:-1]]
    return scale.left + np.flatnonzero(some) + 0.5, total[some] / n[some]
