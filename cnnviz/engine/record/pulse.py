"""Writing a run's health into its folder (link/pulses.py says how it lies there)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ...link import pulses
from ...net.health.reading import MOST, Reading, Series
from ...net.health.sign import Sign
from .weights import atomically

LINES = 2 * MOST
"""Lines after which the file is written anew with the readings that are kept."""


class Pulse:
    """Appends readings and signs. Where the disk does not take them, it ends; the recorder tells the person."""

    def __init__(self, folder: Path, series: Series, signs: tuple[Sign, ...]):
        """`series`: what the run has already, where it goes on; it is changed by who owns it, before `add`."""
        self._path, self._series = folder / pulses.FILE, series
        self._made: list[str] = []
        self._lines, self._broken = 0, False
        self._anew(signs)

    def add(self, reading: Reading | None, signs: tuple[Sign, ...], step: int) -> None:
        """The newest reading, or other signs without one; written with the next `write`."""
        if not self._broken:
            self._made.append(pulses.line(reading, signs, step))
            if len(self._made) > LINES:  # nobody writes: memory stays bounded
                del self._made[:MOST]

    def write(self, signs: tuple[Sign, ...]) -> None:
        """Put what is new into the file."""
        if self._broken or not self._made:
            return
        if self._lines + len(self._made) > LINES:
            self._anew(signs)
            return
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.writelines(self._made)
        except OSError:
            self._broken = True
        self._lines += len(self._made)
        self._made.clear()

    def _anew(self, signs: tuple[Sign, ...]) -> None:
        """Write the kept readings with the signs of then; those of now stand with the last of them."""
        kept = list(self._series)
        lines = [pulses.line(r, signs if r is kept[-1] else self._series.told(r)) for r in kept]
        text = "".join((self._series.layers.to_json() + "\n", *lines))
        self._lines = len(lines)
        self._made.clear()
        try:
            atomically(self._path, lambda beside: _write(beside, text))
        except (OSError, ValueError):
            self._broken = True
            with suppress(OSError):  # an older run's are not this one's
                self._path.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
