"""Key frames: steps whose whole state is kept, so that the training can be gone on with, exactly, from any later step.

    weights/key-STEP.safetensors     the weights, in full precision
    weights/state-STEP.pt            what the training needs beside them

Evenly spread: where they take more than their room, the one goes that leaves the smallest gap. The first stays.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from ...link import runs

ROOM = 40_000_000  # bytes that all key frames of a run may take
MOST = 256


class Keys:
    """The key frames of one run folder. Raises OSError where the disk does not take them."""

    def __init__(self, folder: Path, keep: int, room: int = ROOM):
        """`keep`: the run goes on from this step; what comes behind it goes. 0: all of them go."""
        self._folder, self._room = folder, room
        self._sizes: dict[int, int] = {}
        for step, path in runs.keys(folder).items():
            if keep and step <= keep:
                self._sizes[step] = self._size(step)
            else:
                path.unlink(missing_ok=True)

    @property
    def steps(self) -> tuple[int, ...]:
        """In rising order."""
        return tuple(sorted(self._sizes))

    def add(self, step: int) -> None:
        """The weights in runs.LAST and the state file of this step are whole: keep them, where there is room."""
        last, mine = self._folder / runs.LAST, self._folder / runs.key_file(step)
        if step in self._sizes:
            return
        size = last.stat().st_size + self._beside(step)
        while self._sizes and (sum(self._sizes.values()) + size > self._room or len(self._sizes) >= MOST):
            gone = _least((*self.steps, step))
            if gone in (0, step):
                return
            self._drop(gone)
        if size > self._room:
            return
        mine.unlink(missing_ok=True)
        try:
            os.link(last, mine)  # costs nothing; a later recording puts another file in the place of `last`
        except OSError:  # a disk without links
            beside = mine.with_name(f".{mine.name}.new")
            try:
                shutil.copyfile(last, beside)
                os.replace(beside, mine)
            finally:
                beside.unlink(missing_ok=True)
        self._sizes[step] = size

    def _drop(self, step: int) -> None:
        for name in (runs.key_file(step), runs.state_file(step)):
            (self._folder / name).unlink(missing_ok=True)
        del self._sizes[step]

    def _size(self, step: int) -> int:
        with suppress(OSError):
            return (self._folder / runs.key_file(step)).stat().st_size + self._beside(step)
        return 0

    def _beside(self, step: int) -> int:
        with suppress(OSError):
            return (self._folder / runs.state_file(step)).stat().st_size
        return 0


def _least(steps: tuple[int, ...]) -> int:
    """The step without which the rest is spread most evenly; never the first where there are others."""
    gaps = [(after - before, step) for before, step, after in zip(steps, steps[1:], steps[2:], strict=False)]
    return min(gaps)[1] if gaps else steps[-1]
