"""Garbage is collected between two events, never within one.

Python collects wherever it happens to allocate: also in a slot or in an overridden method that Qt calls while it goes
through the widgets of a window. Where that frees a widget among them, Qt goes on with one that is no more.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QTimer

EVERY_MS = 250
"""Between two looks whether there is enough of it."""


@contextmanager
def between_events() -> Iterator[None]:
    """While it lasts, the event loop of this thread collects for all threads, as often as Python would have."""
    was, timer = gc.isenabled(), QTimer(interval=EVERY_MS)
    timer.timeout.connect(_collect)
    gc.disable()
    timer.start()
    try:
        yield
    finally:
        timer.stop()
        if was:
            gc.enable()


def _collect() -> None:
    full = [g for g, (count, limit) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)) if count > limit]
    if full:
        gc.collect(full[-1])
