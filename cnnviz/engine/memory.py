"""Memory: how the C library hands it out, and whether there is enough."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

from ..net.analysis import BYTES, Analysis
from ..text import _

_TRIM, _TOP_PAD, _MMAP_MAX, _ARENA_MAX = -1, -2, -4, -8  # of <malloc.h>


def tune() -> bool:
    """Have glibc keep what is freed instead of giving it back to the system; True where that worked.

    A training step frees and asks again for the same large blocks; with the usual thresholds each of them costs a
    system call and the zeroing of every page (15 to 48 % of the time of a convolutional network).
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    # one arena: those of other threads than the first hold 64 MB at most and give back what is free
    settings = ((_MMAP_MAX, 0), (_TRIM, 2**31 - 1), (_TOP_PAD, 64 << 20), (_ARENA_MAX, 1))
    worked = [mallopt(*setting) for setting in settings]
    return all(worked)


def available() -> int | None:
    """Bytes that can still be had without swapping; None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def check(rows: Analysis, copies: int, batch: int = 1) -> None:
    """Raises MemoryError with a sentence where so many copies of the weights, and the maps of a batch, cannot fit."""
    have = available()
    need = BYTES * rows.params * copies + rows.activation_bytes * batch
    if have is not None and need > have:
        text = _("The network needs {need} of memory, but only {have} are free. Make it smaller, or the batch.")
        raise MemoryError(text.format(need=size_text(need), have=size_text(have)))


def size_text(size: int) -> str:
    """`1.5 GB`."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
