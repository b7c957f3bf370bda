"""Counts, bytes and shapes as people read them in tables and on cards."""

from __future__ import annotations

import re

from ...text import grouped as grouped  # panels read numbers here, sentences there

LONGEST = 9_999_999
"""Up to here a count is shown with all its digits."""


def short(n: int) -> str:
    """Four digits at most: `61.7 k`, `138.4 M`, `4.1 G`; small ones as they are."""
    for unit, name in ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k")):
        if n >= unit * 0.99995:
            return f"{n / unit:,.1f} {name}"
    return str(n)


def count(n: int) -> str:
    """All digits up to `LONGEST`, short above: the exact number then belongs in the tip."""
    return grouped(n) if n <= LONGEST else short(n)


def memory(n: int) -> str:
    """Bytes as `784 B`, `18.4 KB`, `3.1 MB`; 1 KB is 1,024 bytes, as task managers count."""
    if n < 1024:
        return f"{n:,} B"
    size = float(n)
    for name in ("KB", "MB", "GB", "TB"):
        size /= 1024
        if size < 1023.95 or name == "TB":
            return f"{size:,.1f} {name}"
    raise AssertionError  # the last unit takes all


def shape(values: tuple[int, ...]) -> str:
    """`1,024×30×30`."""
    return grouped(*values)


def figures(text: str) -> str:
    """A formula with its long numbers grouped: `1024·10` becomes `1,024·10`."""
    return re.sub(r"\d{4,}", lambda m: grouped(int(m[0])), text)


def times(values: tuple[float, ...]) -> str:
    """`5×3`; one number where all are the same is the caller's choice. Fractions keep two digits: `0.5`."""
    return "×".join(f"{v:.3g}" if isinstance(v, float) else str(v) for v in values)
