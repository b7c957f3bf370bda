"""SVHN, from the MATLAB files (version 5) of its makers: just as much of that format as they use."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

from ...net.plan import Plan
from ...text import _
from ..pictures import Array
from .base import Damaged, Missing, Raw, find

FOLDERS = ("svhn", "SVHN")
CLASSES = tuple("0123456789")
HEAD = 128  # bytes of text and version before the first element
MATRIX, COMPRESSED = 14, 15
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8"}


def read(folder: Path, plan: Plan) -> Raw:
    """Cropped house numbers, 32×32, 73,257 to train on and 26,032 held out; class 10 of its files is the digit 0."""
    paths = [find(folder, FOLDERS, (f"{part}_32x32.mat",)) for part in ("train", "test")]
    if None in paths:
        text = _("svhn is not there: put train_32x32.mat and test_32x32.mat into {folder}, or train on digits.")
        raise Missing(text.format(folder=folder / "svhn"))
    train, test = (_part(path) for path in paths if path is not None)
    return Raw(*train, *test, CLASSES)


def _part(path: Path) -> tuple[Array, Array]:
    found = matrices(path)
    try:
        x, y = found["X"], found["y"]
    except KeyError as error:
        text = _("{path} holds no pictures X and classes y. Get it again.")
        raise Damaged(text.format(path=path)) from error
    if x.ndim != 4 or x.shape[:3] != (32, 32, 3):
        text = _("{path}: the pictures are {shape} instead of 32×32×3×number. Get it again.")
        raise Damaged(text.format(path=path, shape="×".join(map(str, x.shape))))
    y = y.reshape(-1).astype(np.int64)
    return x.transpose(3, 0, 1, 2), np.where(y == 10, 0, y)


def matrices(path: Path) -> dict[str, Array]:
    """The arrays of numbers in a MATLAB file of version 5, by name. Raises DataError (base.Damaged)."""
    content = memoryview(path.read_bytes())
    if len(content) < HEAD or bytes(content[124:128]) not in (b"\0\1IM", b"\1\0MI"):
        raise Damaged(_("{path} is not a MATLAB file of version 5. Get it again.").format(path=path))
    order = "<" if bytes(content[126:128]) == b"IM" else ">"
    found: dict[str, Array] = {}
    try:
        at = HEAD
        while at < len(content):
            kind, body, at = _element(content, at, order)
            if kind == COMPRESSED:
                kind, body, _end = _element(memoryview(zlib.decompress(body)), 0, order)
            if kind == MATRIX:
                name, values = _matrix(body, order)
                found[name] = values
    except (struct.error, zlib.error, ValueError, KeyError) as error:
        raise Damaged(_("{path} is incomplete or damaged. Get it again.").format(path=path)) from error
    return found


def _element(content: memoryview, at: int, order: str) -> tuple[int, memoryview, int]:
    """Kind and body of the element at this place, and where the next one begins."""
    kind, size = struct.unpack_from(f"{order}II", content, at)
    if kind >> 16:  # a small one: its size beside its kind, its body in the next four bytes
        return kind & 0xFFFF, content[at + 4 : at + 4 + (kind >> 16)], at + 8
    end = at + 8 + size
    if end > len(content):
        raise ValueError
    return kind, content[at + 8 : end], end if kind == COMPRESSED else end + -size % 8


def _matrix(body: memoryview, order: str) -> tuple[str, Array]:
    _kind, _flags, at = _element(body, 0, order)
    _kind, sizes, at = _element(body, at, order)
    _kind, name, at = _element(body, at, order)
    kind, values, at = _element(body, at, order)
    shape = np.frombuffer(sizes, f"{order}i4")
    array = np.frombuffer(values, order + NUMBERS[kind])
    return bytes(name).decode("ascii"), array.reshape(tuple(shape), order="F")
