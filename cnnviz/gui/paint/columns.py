"""Curves of up to millions of points as the few that pixels can show: one or two a pixel column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LARGEST = 1e300
"""Beyond it a value counts as infinite: ranges and sums of larger ones would overflow."""


@dataclass(frozen=True, eq=False)
class Curve:
    """The finite points of a curve and where it is broken by others, NaN or infinite."""

    x: np.ndarray  # (n,), never falling
    y: np.ndarray  # (n,), finite
    broken: np.ndarray  # (m,) rising indices of points that are the first after a gap
    ends: np.ndarray  # (k,) indices of points after which values are not finite

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray) -> Curve:
        """`x` and `y`: (n,), `x` never falling."""
        good = np.abs(y) <= LARGEST
        if good.all():
            nothing = np.empty(0, np.intp)
            return cls(x, y, nothing, nothing)
        kept = np.flatnonzero(good)
        jumps = np.flatnonzero(np.diff(kept) > 1)
        stops = len(kept) > 0 and kept[-1] < len(y) - 1
        ends = np.append(jumps, len(kept) - 1) if stops else jumps
        return cls(x[kept], y[kept], jumps + 1, ends)

    def starts(self, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The columns between (w + 1,) rising `edges` that hold points, and the index of the first point of each.

        What lies outside is put into the first and the last column.
        """
        at = np.searchsorted(self.x, edges)
        at[0], at[-1] = 0, len(self.x)
        columns = np.flatnonzero(np.diff(at))
        return columns, at[columns]

    def gaps(self, starts: np.ndarray) -> np.ndarray:
        """(k,) which columns, given by their first points, the curve does not reach from the column before."""
        return np.isin(starts, self.broken, assume_unique=True)


def extremes(curve: Curve, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Least and greatest value of every column: columns and values (2 k,), a pair a column, and its gaps (k,).

    In a pair the least comes first where the column rises, so that joined points follow the curve.
    """
    columns, starts = curve.starts(edges)
    if not len(columns):
        return columns, np.empty(0), np.empty(0, bool)
    low, high = np.minimum.reduceat(curve.y, starts), np.maximum.reduceat(curve.y, starts)
    rises = curve.y[starts] <= curve.y[np.append(starts[1:], len(curve.y)) - 1]
    pairs = np.where(rises[:, None], np.column_stack([low, high]), np.column_stack([high, low]))
    return np.repeat(columns, 2), pairs.reshape(-1), curve.gaps(starts)


def means(curve: Curve, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean of every column: columns (k,), values (k,) and gaps (k,)."""
    columns, starts = curve.starts(edges)
    if not len(columns):
        return columns, np.empty(0), np.empty(0, bool)
    counts = np.diff(np.append(starts, len(curve.y)))
    return columns, np.add.reduceat(curve.y, starts) / counts, curve.gaps(starts)


def lasts(curve: Curve, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The last point of every column: its index (k,) and whether there is a gap before it (k,)."""
    columns, starts = curve.starts(edges)
    return np.append(starts[1:], len(curve.x))[: len(columns)] - 1, curve.gaps(starts)


def near(x: np.ndarray, step: float) -> int:
    """Index of the value of rising `x` (n,), n > 0, that is nearest to `step`."""
    i = int(np.searchsorted(x, step))
    if i == len(x) or (i > 0 and step - x[i - 1] <= x[i] - step):
        return i - 1
    return i
