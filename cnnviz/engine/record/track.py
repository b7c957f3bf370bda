"""The weights of many steps of a run, in half precision: good to look at, not to go on from.

    weights/start.track          of each of the first steps
    weights/every-N.track        of later steps that N divides and 2·N does not

A track begins with the names, shapes and types of the tensors; of each step a record follows, with its length and its
checksum. Records are only appended, and a reader takes those that are whole: neither a kill in the middle of a write
nor a damaged block costs another step. Where the room is used up, the track of the smallest N is deleted, which leaves
the rest evenly spread.
"""

from __future__ import annotations

import json
import os
import re
import struct
import time
import zlib
from bisect import bisect_left
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from ...text import _, grouped
from ..build import State

FIRST = 20  # steps at the start that are all kept
SPACING = 10  # steps between two records, until the room is used up
SHARE, AHEAD = 0.002, 0.02  # part of the time that writing may take, and seconds that it may be ahead of that
ROOM = 120_000_000  # bytes that all tracks of a run may take
PART = 8  # the first steps take at most one of so many parts of the room

START, EVERY = "start.track", "every-{n}.track"
_NAME = re.compile(r"start\.track|every-\d+\.track")
_HEAD = struct.Struct("<8sQ")  # mark, length of the layout
_RECORD = struct.Struct("<4sIQQI4x")  # mark, kind, step, length, checksum
_MARK, _STEP = b"cnvtrk01", b"step"
_HALF, _WHOLE = 0, 1  # kinds: float16; float32, where a number is too large for that
_TYPES = {_HALF: torch.float16, _WHOLE: torch.float32}


Part = bytes | memoryview


class TrackError(ValueError):
    """The weights of a step cannot be read; the message is a sentence that names it."""


class Writer:
    """Appends the weights of a run's steps. Raises OSError where the disk does not take them; what stands, stays."""

    def __init__(self, folder: Path, state: State, keep: int, room: int = ROOM):
        """`folder`: of the tracks. `keep`: the run goes on from this step; records behind it go. 0: all of them go."""
        self._folder, self._room, self._keep = folder, room, keep
        self._layout = _layout(state)
        self._used: dict[str, int] = {}  # bytes of each track
        self._spacing = SPACING
        self._spent, self._began = 0.0, time.perf_counter()
        for path in _tracks(folder):
            self._cut(path)
        self._spacing = min((n for name in self._used if (n := _spacing(name))), default=SPACING)

    def due(self, step: int) -> bool:
        """Whether it is the turn of this step, and there is time for it."""
        if (step > FIRST and step % self._spacing) or 0 < step <= self._keep:
            return False
        return self._spent <= AHEAD + SHARE * (time.perf_counter() - self._began)

    def add(self, step: int, state: State) -> None:
        """These are the weights after `step`; they are written where that is due."""
        if not self.due(step):
            return
        began, name = time.perf_counter(), self._name(step)
        body, kind = _packed(state)
        new = 0 if self._used.get(name) else len(self._layout)
        size = _RECORD.size + sum(map(len, body)) + new
        if name == START and self._used.get(START, 0) + size > self._room // PART and step:
            return
        while sum(self._used.values()) + size > self._room:
            if not self._thin():
                return
        if self._name(step):  # still
            head = _RECORD.pack(_STEP, kind, step, size - _RECORD.size - new, _check(kind, step, body))
            self._append(name, [head, *body])
        self._spent += time.perf_counter() - began

    def _name(self, step: int) -> str:
        """The track of a step; empty: it has none."""
        if step <= FIRST:
            return START
        turn = step // SPACING
        return "" if step % self._spacing else EVERY.format(n=SPACING * (turn & -turn))

    def _thin(self) -> bool:
        """Delete the densest track; False where there is none."""
        levels = sorted((n, name) for name in self._used if (n := _spacing(name)))
        if not levels:
            return False
        n, name = levels[0]
        (self._folder / name).unlink(missing_ok=True)
        del self._used[name]
        self._spacing = 2 * n
        return True

    def _append(self, name: str, record: list[Part]) -> None:
        before = self._used.get(name, 0)
        parts = record if before else [self._layout, *record]
        try:
            with (self._folder / name).open("ab", buffering=0) as file:
                for part in parts:
                    rest = memoryview(part)
                    while rest:
                        rest = rest[file.write(rest) :]
        except OSError:
            with suppress(OSError):
                os.truncate(self._folder / name, before)  # no half record, which the next would stand behind
            raise
        self._used[name] = before + sum(map(len, parts))

    def _cut(self, path: Path) -> None:
        """Take over a track of the run that goes on; a new run has no use for it."""
        whole = [p for p in _scan(path, 0)[0] if p.step <= self._keep] if self._keep else []
        if not self._keep or _head(path)[0] not in (b"", self._layout):
            path.unlink(missing_ok=True)
            return
        end = whole[-1].offset + whole[-1].length if whole else 0
        os.truncate(path, end)
        self._used[path.name] = end


@dataclass(frozen=True)
class Place:
    """Where the record of a step lies: its body, behind the header."""

    step: int
    path: Path
    offset: int
    length: int
    kind: int
    check: int


class Reader:
    """The steps whose weights a run folder has, also while it is being written."""

    def __init__(self, folder: str | Path):
        self._folder = Path(folder)
        self._ends: dict[Path, int] = {}  # up to where each track has been read
        self._places: dict[int, Place] = {}
        self._shapes: dict[Path, list[tuple[str, list[int], str]]] = {}
        self.steps: tuple[int, ...] = ()
        """In rising order; those of the last `refresh`."""

    def refresh(self) -> None:
        """Find what has been written, and thinned out, since."""
        tracks = set(_tracks(self._folder))
        self._places = {s: p for s, p in self._places.items() if p.path in tracks}
        for path in tracks:
            places, self._ends[path] = _scan(path, self._ends.get(path, 0))
            self._places.update((p.step, p) for p in places)
        self._ends = {p: end for p, end in self._ends.items() if p in tracks}
        self.steps = tuple(sorted(self._places))

    def nearest(self, step: int) -> int | None:
        """The recorded step nearest to this one, the earlier of two; None where there is none."""
        i = bisect_left(self.steps, step)
        around = self.steps[max(0, i - 1) : i + 1]
        return min(around, key=lambda s: (abs(s - step), s), default=None)

    def read(self, step: int) -> State:
        """The weights of a recorded step, float32 where they are no whole numbers. Raises TrackError."""
        place = self._places.get(step)
        if place is not None:
            with suppress(OSError, ValueError, KeyError):
                if place.path not in self._shapes:
                    self._shapes[place.path] = json.loads(_head(place.path)[0][_HEAD.size :])
                with place.path.open("rb") as file:
                    file.seek(place.offset)
                    body = file.read(place.length)
                if _check(place.kind, step, [body]) == place.check:
                    return _unpacked(body, place.kind, self._shapes[place.path])
            self.drop(step)
        text = _("The weights of step {step} cannot be read from {folder}. Choose another step.")
        raise TrackError(text.format(step=grouped(step), folder=self._folder))

    def drop(self, step: int) -> None:
        """This step cannot be read."""
        self._places.pop(step, None)
        self.steps = tuple(s for s in self.steps if s != step)


# ── what a track is made of ──────────────────────────────────────────────────────────────────────────────────────────
def _tracks(folder: Path) -> list[Path]:
    try:
        return [p for p in folder.iterdir() if _NAME.fullmatch(p.name)]
    except OSError:
        return []


def _spacing(name: str) -> int:
    """N of every-N.track; 0 of the start."""
    found = re.search(r"\d+", name)
    return int(found[0]) if found else 0


def _layout(state: State) -> bytes:
    said = json.dumps([(name, list(t.shape), str(t.dtype).removeprefix("torch.")) for name, t in state.items()])
    return _HEAD.pack(_MARK, len(said)) + said.encode()


def _head(path: Path) -> tuple[bytes, int]:
    """(the layout with its mark and length, where the first record begins); empty where the file is none of ours."""
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size or head[:8] != _MARK:
            return b"", 0
        length = _HEAD.unpack(head)[1]
        said = file.read(length) if length < 1 << 30 else b""
    return (head + said, _HEAD.size + length) if len(said) == length else (b"", 0)


def _scan(path: Path, start: int) -> tuple[list[Place], int]:
    """The whole records from `start` on, and where the next one will begin."""
    places: list[Place] = []
    try:
        at = start or _head(path)[1]
        size = path.stat().st_size
        with path.open("rb") as file:
            while at and at + _RECORD.size <= size:
                file.seek(at)
                mark, kind, step, length, check = _RECORD.unpack(file.read(_RECORD.size))
                if mark != _STEP or kind not in _TYPES or length > size:
                    at = _next(file, at + 1, size)  # damaged: go on with the next one
                    continue
                if at + _RECORD.size + length > size:
                    break  # not whole, yet
                places.append(Place(step, path, at + _RECORD.size, length, kind, check))
                at += _RECORD.size + length
    except OSError:
        pass
    return places, at if places or start else start


def _next(file: BinaryIO, at: int, size: int) -> int:
    """Where the next mark of a record stands; the file's end where there is none."""
    file.seek(at)
    found = file.read().find(_STEP)
    return at + found if found >= 0 else size


def _check(kind: int, step: int, body: list[Part]) -> int:
    check = zlib.crc32(struct.pack("<IQ", kind, step))
    for part in body:
        check = zlib.crc32(part, check)
    return check


def _packed(state: State) -> tuple[list[Part], int]:
    """The numbers of a record, floating ones first, and its kind."""
    floats = [t.detach().reshape(-1) for t in state.values() if t.is_floating_point()]
    flat = torch.cat(floats).float() if floats else torch.empty(0)
    packed, kind = flat.to(torch.float16), _HALF
    if bool(packed.isinf().any()) and not bool(flat.isinf().any()):
        packed, kind = flat, _WHOLE
    rest = [t.detach() for t in state.values() if not t.is_floating_point()]
    return [_bytes(t) for t in (packed, *rest) if t.numel()], kind


def _bytes(tensor: Tensor) -> Part:
    return tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data


def _unpacked(body: bytes, kind: int, shapes: list[tuple[str, list[int], str]]) -> State:
    given = bytearray(body)
    types = {name: getattr(torch, dtype) for name, _shape, dtype in shapes}
    floating = {name for name, t in types.items() if t.is_floating_point}
    count = sum(prod(shape) for name, shape, _dtype in shapes if name in floating)
    width = _TYPES[kind].itemsize
    flat = torch.frombuffer(given, dtype=_TYPES[kind], count=count).float() if count else torch.empty(0)
    state, at, place = dict[str, Any](), 0, count * width
    for name, shape, _dtype in shapes:
        n = prod(shape)
        if name in floating:
            state[name] = flat[at : at + n].reshape(shape)
            at += n
        elif n:
            end = place + n * types[name].itemsize
            state[name] = torch.frombuffer(given[place:end], dtype=types[name]).reshape(shape)
            place = end
        else:
            state[name] = torch.empty(shape, dtype=types[name])
    return state
