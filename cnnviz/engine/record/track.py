"""The weights of many steps of a run, in half precision: good to look at, not to go on from.

    weights/start.track          of each of the first steps
    weights/every-N.track        of later steps that N divides and 2·N does not
    weights/measured.track       of those at whose end held-out pictures were measured, the older the fewer
    weights/best.track           of the step with the best held-out accuracy
    weights/marked.track         of the steps that somebody has marked

A track begins with the names, shapes and types of the tensors; of each step a record follows, with its length and its
checksum. Records are only appended (best.track is replaced as a whole), and a reader takes those that are whole:
neither a kill in the middle of a write nor a damaged block costs another step.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from ..build import State

START, EVERY, MEASURED = "start.track", "every-{n}.track", "measured.track"
BEST, MARKED = "best.track", "marked.track"
_NAME = re.compile(r"(start|every-\d+|measured|best|marked)\.track")
_HEAD = struct.Struct("<8sQ")  # mark, length of the layout
RECORD = struct.Struct("<4sIQQII")  # mark, kind, step, length, checksum of the body, and of all that before it
_PLAIN = struct.Struct("<4sIQQI")
_MARK, _STEP = b"cnvtrk02", b"step"
HALF, WHOLE = 0, 1  # kinds: float16; float32, where a number is too large for that
_TYPES = {HALF: torch.float16, WHOLE: torch.float32}

Part = bytes | bytearray | memoryview
Shapes = list[tuple[str, list[int], str]]
"""Of each tensor its name, shape and type."""


@dataclass(frozen=True)
class Place:
    """Where the record of a step lies: its body, behind the header."""

    step: int
    path: Path
    offset: int
    length: int
    kind: int
    check: int


def tracks(folder: Path) -> list[Path]:
    """The tracks in a folder."""
    try:
        return [p for p in folder.iterdir() if _NAME.fullmatch(p.name)]
    except OSError:
        return []


def spacing(name: str) -> int:
    """N of every-N.track; 0 of the others."""
    found = re.search(r"\d+", name)
    return int(found[0]) if found else 0


# ── a track ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def layout(state: State) -> bytes:
    """What a track of these tensors begins with."""
    return _start([(name, list(t.shape), str(t.dtype).removeprefix("torch.")) for name, t in state.items()])


def _start(of: Shapes) -> bytes:
    said = json.dumps(of)
    return _HEAD.pack(_MARK, len(said)) + said.encode()


def head(path: Path) -> tuple[bytes, int]:
    """(the layout with its mark and length, where the first record begins); empty where the file is none of ours."""
    with path.open("rb") as file:
        start = file.read(_HEAD.size)
        if len(start) < _HEAD.size or start[:8] != _MARK:
            return b"", 0
        length = _HEAD.unpack(start)[1]
        said = file.read(length) if length < 1 << 30 else b""
    return (start + said, _HEAD.size + length) if len(said) == length else (b"", 0)


def shapes(path: Path) -> Shapes:
    """Of the tensors of each record in the track. Raises OSError, ValueError."""
    found: Shapes = json.loads(head(path)[0][_HEAD.size :])
    return found


def scan(path: Path, start: int) -> tuple[list[Place], int]:
    """The whole records from `start` on, and where the next one will begin."""
    places: list[Place] = []
    try:
        at = start or head(path)[1]
        size = path.stat().st_size
        with path.open("rb") as file:
            while at and at + RECORD.size <= size:
                file.seek(at)
                header = file.read(RECORD.size)
                mark, kind, step, length, check, own = RECORD.unpack(header)
                if mark != _STEP or zlib.crc32(header[: _PLAIN.size]) != own:
                    at = _next(file, at + 1, size)  # damaged: go on with the next one
                    continue
                if at + RECORD.size + length > size:
                    break  # not whole, yet
                places.append(Place(step, path, at + RECORD.size, length, kind, check))
                at += RECORD.size + length
    except OSError:
        pass
    return places, at if places or start else start


def _next(file: BinaryIO, at: int, size: int) -> int:
    """Where the next mark of a record stands; the file's end where there is none."""
    file.seek(at)
    found = file.read().find(_STEP)
    return at + found if found >= 0 else size


# ── a record ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def record(step: int, state: State) -> list[Part]:
    """What is appended to a track for a step: header and body, in parts."""
    return _headed(step, *packed(state))


def copied(step: int, body: bytes, of: Shapes, kind: int) -> tuple[bytes, list[Part]]:
    """(what a track of these tensors begins with, what is appended to it) for the body of a record elsewhere."""
    return _start(of), _headed(step, [body], kind)


def _headed(step: int, body: list[Part], kind: int) -> list[Part]:
    header = _PLAIN.pack(_STEP, kind, step, sum(map(len, body)), check(kind, step, body))
    return [header + zlib.crc32(header).to_bytes(4, "little"), *body]


def check(kind: int, step: int, body: list[Part]) -> int:
    """The checksum of a record's body."""
    value = zlib.crc32(struct.pack("<IQ", kind, step))
    for part in body:
        value = zlib.crc32(part, value)
    return value


def packed(state: State) -> tuple[list[Part], int]:
    """The numbers of a record, floating ones first, and its kind."""
    floats = [t.detach().reshape(-1) for t in state.values() if t.is_floating_point()]
    flat = torch.cat(floats).float() if floats else torch.empty(0)
    halves, kind = flat.to(torch.float16), HALF
    if bool(halves.isinf().any()) and not bool(flat.isinf().any()):
        halves, kind = flat, WHOLE
    rest = [t.detach() for t in state.values() if not t.is_floating_point()]
    return [_bytes(t) for t in (halves, *rest) if t.numel()], kind


def _bytes(tensor: Tensor) -> Part:
    return tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data


def empty(of: Shapes) -> State:
    """Tensors of these shapes to unpack a record into; float32 where the numbers are no whole ones."""
    types = {name: getattr(torch, dtype) for name, _shape, dtype in of}
    return {n: torch.empty(s, dtype=torch.float32 if types[n].is_floating_point else types[n]) for n, s, _dtype in of}


def unpack(body: bytearray, kind: int, of: Shapes, into: Mapping[str, Tensor]) -> None:
    """Copy the numbers of a record into the tensors of the same names; those that it does not have stay."""
    width, at = _TYPES[kind].itemsize, 0
    floating = [(n, prod(s), s) for n, s, dtype in of if getattr(torch, dtype).is_floating_point]
    rest = [(n, prod(s), s, getattr(torch, d)) for n, s, d in of if not getattr(torch, d).is_floating_point]
    count = sum(n for _name, n, _shape in floating)
    flat = torch.frombuffer(body, dtype=_TYPES[kind], count=count) if count else torch.empty(0)
    with torch.no_grad():
        for name, n, shape in floating:
            if name in into:
                into[name].copy_(flat[at : at + n].view(shape))
            at += n
        place = count * width
        for name, n, shape, dtype in rest:
            if name in into and n:
                part = body[place : place + n * dtype.itemsize]  # a copy: others may lie at odd places
                into[name].copy_(torch.frombuffer(part, dtype=dtype).view(shape))
            place += n * dtype.itemsize
