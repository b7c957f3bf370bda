"""Memory: how the C library hands it out, and whether there is enough."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ..net.analysis import BYTES, Analysis, spent
from ..net.layers import Flatten
from ..net.plan import Plan
from ..text import _

_TRIM, _TOP_PAD, _MMAP_MAX, _ARENA_MAX = -1, -2, -4, -8  # of <malloc.h>

COPIES = {"sgd": 5, "adam": 7, "adamw": 7, "rmsprop": 7, "adadelta": 7, "adagrad": 6}
"""Of the weights at a training's peak: themselves, gradients, optimizer, the last good ones, one step's own sums."""

SPARE = 32_000_000  # bytes: what even the smallest network takes


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


def give_back() -> None:
    """Have glibc give the system what `tune` had it keep."""
    with suppress(OSError, AttributeError):  # another C library, another system
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def uncollected() -> Iterator[None]:
    """While it lasts, nobody collects garbage: with torch loaded that takes long, and what another thread frees then
    may belong to a window in the main thread."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def need_to_look(rows: Analysis, copies: int) -> int:
    """Bytes that one picture and its gradient take at most, with so many copies of the weights."""
    return BYTES * rows.params * copies + _maps(rows) + SPARE


def need_to_train(rows: Analysis, plan: Plan, measured: int) -> int:
    """Bytes that a training takes at most; `measured`: held-out pictures in one forward, which lets go of its maps.

    Measured on fifteen nets (convolutions of 1×1 to 11×11, grouped, dilated, transposed, normalised): 0.85 to
    2 times what torch's peak was.
    """
    weights = BYTES * rows.params * copies_to_train(plan)
    return weights + max(_maps(rows) * plan.batch_size, _measuring(rows, measured)) + SPARE


def copies_to_train(plan: Plan) -> int:
    """How many times the weights a training with this plan keeps at its peak."""
    adam = plan.optimizer in ("adam", "adamw") and plan.amsgrad
    return COPIES[plan.optimizer] + (adam or (plan.optimizer == "rmsprop" and plan.centered))


def check(rows: Analysis, copies: int) -> None:
    """Raises MemoryError with a sentence where the network cannot be built and looked at on one picture."""
    need = need_to_look(rows, copies)
    have = lacking(need)
    if have is not None:
        text = _("The network needs about {need} of memory, but only {have} are free. Make {node} smaller.")
        raise MemoryError(text.format(need=size_text(need), have=size_text(have), node=_largest(rows, copies, 2)))


def check_training(rows: Analysis, plan: Plan, measured: int) -> None:
    """Raises MemoryError with a sentence where the network cannot be trained by this plan; see need_to_train."""
    need = need_to_train(rows, plan, measured)
    have = lacking(need)
    if have is None:
        return
    smallest = need_to_train(rows, replace(plan, batch_size=1), measured)
    if smallest <= have:
        cure = _("Use a smaller batch, or smaller layers: {node} takes the most.")
    else:
        cure = _("Use smaller layers: {node} takes the most.")
    node = _largest(rows, copies_to_train(plan), max(2 * plan.batch_size, measured))
    text = _("Training needs about {need} of memory, but only {have} are free.").format(
        need=size_text(need), have=size_text(have)
    )
    raise MemoryError(f"{text} {cure.format(node=node)}")


def check_measuring(rows: Analysis, pictures: int) -> None:
    """Raises MemoryError with a sentence where so many pictures cannot go through the network at once."""
    need = BYTES * rows.params * 2 + _measuring(rows, pictures) + SPARE
    have = lacking(need)
    if have is not None:
        text = _("To try the network takes about {need} of memory, but only {have} are free. Make {node} smaller.")
        node = _largest(rows, 2, pictures)
        raise MemoryError(text.format(need=size_text(need), have=size_text(have), node=node))


def _maps(rows: Analysis) -> int:
    """A picture's maps and their gradients, and the largest twice more: oneDNN reorders what a convolution reads."""
    kept = _kept(rows)
    return 2 * sum(kept) + 2 * max(kept, default=0)


def _measuring(rows: Analysis, pictures: int) -> int:
    """The maps that are there at one time, and the largest thrice more, but no more than if none were let go of.

    oneDNN reorders what a convolution reads and gives, and what is let go of leaves holes that not every map fits.
    """
    done = spent(rows.values())
    now = most = 0
    for r in rows.values():
        now += r.activation_bytes
        most = max(most, now)
        now -= sum(rows[s].activation_bytes for s in done.get(r.id, ()))
    kept = _kept(rows)
    largest = max(kept, default=0)
    return min(most + 3 * largest, sum(kept) + largest) * pictures


def _kept(rows: Analysis) -> list[int]:
    """Bytes of each layer's map for one picture; Flatten gives its input's own memory in another shape."""
    return [r.activation_bytes for r in rows.values() if not isinstance(r.node.layer, Flatten)]


def _largest(rows: Analysis, copies: int, pictures: int) -> str:
    return max(rows.values(), key=lambda r: BYTES * r.params * copies + r.activation_bytes * pictures).id


def lacking(need: int) -> int | None:
    """What is free where that is less than `need`; None where there is enough, or the system does not say."""
    have = available()
    if have is not None and need > have:
        give_back()
        have = available()
    return have if have is not None and need > have else None


def size_text(size: int) -> str:
    """`1.5 GB`, `65 MB`."""
    if size >= 1e12:
        return f"{size / 1e12:,.1f} TB"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
