"""Reading the recorded weights of a run's steps, also while they are being written."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from torch import Tensor

from ...text import _, grouped
from ..build import State
from .track import BEST, MARKED, MEASURED, Place, Shapes, check, empty, scan, shapes, tracks, unpack


class TrackError(ValueError):
    """The weights of a step cannot be read; the message is a sentence that names it."""


class Reader:
    """The steps whose weights a run folder has. `folder`: of the tracks."""

    def __init__(self, folder: str | Path):
        self._folder = Path(folder)
        self._ends: dict[Path, int] = {}  # up to where each track has been read
        self._places: dict[int, Place] = {}
        self._shapes: dict[Path, Shapes] = {}
        self._sound: set[Place] = set()  # whose checksum was right
        self.steps: tuple[int, ...] = ()
        """In rising order; those of the last `refresh`."""

    def refresh(self) -> None:
        """Find what has been written, and thinned out, since."""
        found = set(tracks(self._folder))
        extra = {p for p in found if p.name in (BEST, MARKED, MEASURED)}  # few, and rewritten: read anew each time
        growing = found - extra
        self._places = {s: p for s, p in self._places.items() if p.path in growing}
        self._ends = {p: end for p, end in self._ends.items() if p in growing}
        for path in growing:
            places, self._ends[path] = scan(path, self._ends.get(path, 0))
            self._places.update((p.step, p) for p in places)
        for path in extra:
            for place in scan(path, 0)[0]:
                self._places.setdefault(place.step, place)
        self.steps = tuple(sorted(self._places))

    def nearest(self, step: int) -> int | None:
        """The recorded step nearest to this one, the earlier of two; None where there is none."""
        i = bisect_left(self.steps, step)
        around = self.steps[max(0, i - 1) : i + 1]
        return min(around, key=lambda s: (abs(s - step), s), default=None)

    def read(self, step: int) -> State:
        """The weights of a recorded step, float32 where they are no whole numbers. Raises TrackError."""
        place, body = self._body(step)
        state = empty(self._shapes[place.path])
        unpack(body, place.kind, self._shapes[place.path], state)
        return state

    def read_into(self, step: int, state: Mapping[str, Tensor]) -> None:
        """Copy the weights of a recorded step into these tensors, each by its name. Raises TrackError.

        Tensors of other names stay as they are; of the same name they must have the same shape.
        """
        place, body = self._body(step)
        unpack(body, place.kind, self._shapes[place.path], state)

    def record(self, step: int) -> tuple[bytes, Shapes, int]:
        """(body, shapes, kind) of a recorded step, to be kept elsewhere. Raises TrackError."""
        place, body = self._body(step)
        return bytes(body), self._shapes[place.path], place.kind

    def _body(self, step: int) -> tuple[Place, bytearray]:
        place = self._places.get(step)
        if place is not None:
            with suppress(OSError, ValueError, KeyError):
                if place.path not in self._shapes:
                    self._shapes[place.path] = shapes(place.path)
                body = bytearray(place.length)
                with place.path.open("rb") as file:
                    file.seek(place.offset)
                    whole = file.readinto(body) == place.length
                if whole and (place in self._sound or check(place.kind, step, [body]) == place.check):
                    self._sound.add(place)
                    return place, body
            self._drop(step)
        text = _("The weights of step {step} cannot be read from {folder}. Choose another step.")
        raise TrackError(text.format(step=grouped(step), folder=self._folder))

    def _drop(self, step: int) -> None:
        """This step cannot be read."""
        self._places.pop(step, None)
        self.steps = tuple(s for s in self.steps if s != step)
