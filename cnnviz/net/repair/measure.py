"""How wrong a network is: what every repair makes less."""

from __future__ import annotations

from ..analysis import Analysis
from ..problems import Problem

Measure = tuple[int, int, int]
RANKS = ("shape.map", "shape.vector", "shape.sequence", "shape.tokens")
"""Problems of what kind of thing comes in, a map or a vector. A layer asks that before anything else."""


def measure(rows: Analysis) -> Measure:
    """Rows that give nothing; problems; how early they are. Compared in this order, as tuples are."""
    own = rows.problems
    return sum(r.out is None for r in rows.values()), len(own), sum(_early(r.problem) for r in own)


def _early(problem: Problem | None) -> int:
    """Wires first, then what kind of thing comes in, then the numbers."""
    if problem is None:
        return 0
    return 2 if problem.code.startswith("input") else 1 if problem.code in RANKS else 0


def mends(before: Analysis, after: Analysis, id: str) -> bool:
    """Whether the problem of row `id` is gone, and nothing that was right is wrong now.

    Where a wire was missing, or something else came in, what now comes in may still not fit: that is the next problem.
    """
    old, new = before[id].problem, after.get(id)
    again = new.problem if new is not None and new.problem and new.problem.code != "waits" else None
    if again is not None and _early(again) >= _early(old):
        return False
    broken = any(row.out is not None and id in after and after[id].out is None for id, row in before.items())
    return not broken and measure(after) < measure(before)
