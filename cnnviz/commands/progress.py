"""How far a training is, on a terminal or in a log."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TextIO

from ..text import _

WIDTH = 24  # of the bar
REDRAWN = 0.1  # seconds


class Progress:
    """A bar that redraws itself on a terminal; in a log, or behind a pipe, a line at the end of every epoch."""

    def __init__(self, steps: int, start: int = 0, out: TextIO | None = None):
        self._steps, self._start = steps, start
        self._out = sys.stderr if out is None else out
        self._live = self._out.isatty()
        self._began = self._drawn = monotonic()

    def show(self, step: int, loss: float) -> None:
        """Step `step` is done."""
        now = monotonic()
        if not self._live or (now - self._drawn < REDRAWN and step < self._steps):
            return
        self._drawn = now
        full = WIDTH * step // self._steps
        left = (now - self._began) / max(1, step - self._start) * (self._steps - step)
        text = _("{done}/{all} steps  loss {loss:.4f}  {left} left")
        bar = "█" * full + "░" * (WIDTH - full)
        print(
            f"\r\x1b[K{bar} " + text.format(done=step, all=self._steps, loss=loss, left=clock(left)),
            end="",
            file=self._out,
        )
        self._out.flush()

    def line(self, text: str) -> None:
        """A line that stays."""
        print(f"\r\x1b[K{text}" if self._live else text, file=self._out, flush=True)

    def end(self) -> None:
        """Take the bar away."""
        if self._live:
            print("\r\x1b[K", end="", file=self._out, flush=True)


class Bytes:
    """How much of a file is there: a line that redraws itself on a terminal, nothing elsewhere."""

    def __init__(self, out: TextIO | None = None):
        self._out = sys.stderr if out is None else out
        self._drawn = 0.0

    def show(self, have: int, size: int, before: str = "") -> None:
        """So many bytes of so many are there; `before`: of what."""
        now = monotonic()
        if not self._out.isatty() or (now - self._drawn < REDRAWN and have < size):
            return
        self._drawn = now
        text = _("{have} of {size} MB").format(have=f"{have / 1e6:.1f}", size=f"{size / 1e6:.1f}" if size else "?")
        end = "" if have < size or not size else "\r\x1b[K"
        print(f"\r\x1b[K{before}{text}{end}", end="", file=self._out, flush=True)


class Pictures:
    """How many pictures of a data set are read: a line that redraws itself on a terminal, nothing elsewhere."""

    def __init__(self, name: str, out: TextIO | None = None):
        self._name = name
        self._out = sys.stderr if out is None else out
        self._live = self._out.isatty()
        self._drawn = monotonic()

    def show(self, done: int, total: int) -> bool:
        """So many of so many are read; always True: go on."""
        now = monotonic()
        if self._live and now - self._drawn > REDRAWN:
            self._drawn = now
            text = _("reading {name}: {done} of {total} pictures")
            text = text.format(name=self._name, done=f"{done:,}", total=f"{total:,}")
            print(f"\r\x1b[K{text}", end="", file=self._out, flush=True)
        return True

    def end(self) -> None:
        """Take the line away."""
        if self._live:
            print("\r\x1b[K", end="", file=self._out, flush=True)


def clock(seconds: float) -> str:
    """`1:05` minutes, `2:00:07` hours."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
