"""What a run made of every held-out picture at each of its measurements: a file of the run folder, read without torch.

`scores.bin` is only appended to. A record is a head (mark, lengths, two checksums), a JSON object and arrays, so a
reader, a kill -9 or a damaged place cost no more than the record they meet: the next one is found by its mark.

    {"classes": [names], "n": n}                  true u2 (n,): the pictures' classes, before the first measurement
    {"step", "loss", "accuracy", "top5", "n"}     predicted u2, rank u2, confidence f4, loss f4, each (n,)
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

import numpy as np

from .verdicts import Array, Verdicts

SCORES = "scores.bin"
MARK = b"\x93cnvtest"
_HEAD = struct.Struct("<8sIQII")  # mark, bytes of the JSON, bytes of the arrays, checksums: of lengths and JSON, arrays
_LARGEST = 1 << 28  # bytes of a JSON object
_PIECE = 1 << 20
_COLUMNS = (("predicted", "<u2"), ("rank", "<u2"), ("confidence", "<f4"), ("loss", "<f4"))
FULL = 0xFFFF
"""Classes and ranks above it are written as it."""


@dataclass(frozen=True)
class Entry:
    """A record: where it lies in the file, what its JSON says, and where its arrays begin."""

    start: int
    end: int
    said: dict[str, Any]
    arrays: int
    check: int

    @property
    def step(self) -> int:
        """Of a measurement; 0 where it holds the pictures' classes."""
        return int(self.said.get("step", 0))


@dataclass(frozen=True, eq=False)
class Score:
    """One measurement: the step after which it was made, the mean loss, and what was made of every picture.

    `top5` is None below six classes.
    """

    step: int
    loss: float
    accuracy: float
    top5: float | None
    classes: tuple[str, ...]
    verdicts: Verdicts


def labels_record(true: Array, classes: tuple[str, ...]) -> bytes:
    """The record of the pictures' classes."""
    return _record({"classes": list(classes), "n": len(true)}, _small(true).tobytes())


def score_record(step: int, loss: float, accuracy: float, top5: float | None, verdicts: Verdicts) -> bytes:
    """The record of a measurement."""
    said = {"step": step, "loss": loss, "accuracy": accuracy, "top5": top5, "n": len(verdicts)}
    columns = (_small(verdicts.predicted), _small(verdicts.rank), verdicts.confidence, verdicts.loss)
    return _record(said, b"".join(c.astype(t).tobytes() for c, (_n, t) in zip(columns, _COLUMNS, strict=True)))


def _small(values: Array) -> Array:
    small: Array = np.minimum(values, FULL).astype("<u2")
    return small


def _record(said: dict[str, Any], arrays: bytes) -> bytes:
    text = json.dumps(said).encode()
    return _HEAD.pack(MARK, len(text), len(arrays), _check(text, len(arrays)), crc32(arrays)) + text + arrays


def _check(text: bytes, arrays: int) -> int:
    return crc32(text, arrays & 0xFFFFFFFF)


def entries(file: BinaryIO, start: int = 0) -> Iterator[Entry]:
    """The whole records from `start` on; what is damaged is passed over."""
    size = file.seek(0, 2)
    while start + _HEAD.size <= size:
        entry = _entry(file, start, size)
        if entry is not None:
            yield entry
            start = entry.end
        else:
            found = _next_mark(file, start + 1)
            if found < 0:
                return
            start = found


def _entry(file: BinaryIO, start: int, size: int) -> Entry | None:
    file.seek(start)
    mark, text_length, length, check, arrays_check = _HEAD.unpack(file.read(_HEAD.size))
    arrays = start + _HEAD.size + text_length
    if mark != MARK or text_length > _LARGEST or arrays + length > size:
        return None
    text = file.read(text_length)
    if _check(text, length) != check:
        return None
    try:
        said = json.loads(text)
        if int(said["n"]) * (12 if "step" in said else 2) != length:
            return None
    except (ValueError, KeyError, TypeError):
        return None
    return Entry(start, arrays + length, said, arrays, arrays_check)


def _next_mark(file: BinaryIO, start: int) -> int:
    """Where the next record may begin; -1: nowhere."""
    while True:
        file.seek(start)
        piece = file.read(_PIECE)
        found = piece.find(MARK)
        if found >= 0:
            return start + found
        if len(piece) < _PIECE:
            return -1
        start += len(piece) - len(MARK) + 1


def _arrays(file: BinaryIO, entry: Entry) -> bytes | None:
    """None where they are damaged."""
    file.seek(entry.arrays)
    content = file.read(entry.end - entry.arrays)
    return content if crc32(content) == entry.check and len(content) == entry.end - entry.arrays else None


class Scorebook:
    """The measurements that a run folder holds; a growing file may be read again and again, at the cost of its news."""

    def __init__(self, folder: str | Path):
        self._path = Path(folder) / SCORES
        self._entries: list[Entry] = []
        self._seen: tuple[int, int] = (0, 0)  # the file's number, and how far it has been read

    def steps(self) -> list[int]:
        """The steps that were measured, in order."""
        try:
            with self._path.open("rb") as file:
                self._read_on(file)
        except OSError:
            self._entries = []
        return [e.step for e in self._entries if e.step]

    def at(self, step: int | None = None) -> Score | None:
        """The measurement made nearest to this step (of two, the earlier one), None: the newest; None where there is
        none that is not damaged."""
        try:
            with self._path.open("rb") as file:
                self._read_on(file)
                measured = [i for i, e in enumerate(self._entries) if e.step]
                for i in sorted(measured, key=lambda i: -i if step is None else abs(self._entries[i].step - step)):
                    score = self._score(file, i)
                    if score is not None:
                        return score
        except OSError:
            pass
        return None

    def _read_on(self, file: BinaryIO) -> None:
        number, size = Path(self._path).stat().st_ino, file.seek(0, 2)
        if number != self._seen[0] or size < self._seen[1]:  # another file, or one that was cut
            self._entries, self._seen = [], (number, 0)
        self._entries += entries(file, self._seen[1])
        self._seen = (number, self._entries[-1].end if self._entries else 0)

    def _score(self, file: BinaryIO, index: int) -> Score | None:
        entry = self._entries[index]
        content = _arrays(file, entry)
        known = next((e for e in reversed(self._entries[:index]) if not e.step), None)
        labels = _arrays(file, known) if known is not None else None
        n = int(entry.said["n"])
        if content is None or known is None or labels is None or len(labels) != 2 * n:
            return None
        columns: dict[str, Array] = {}
        place = 0
        for name, kind in _COLUMNS:
            columns[name] = np.frombuffer(content, kind, n, place)
            place += columns[name].nbytes
        wide = {k: v.astype(np.int64 if k in ("predicted", "rank") else np.float32) for k, v in columns.items()}
        verdicts = Verdicts(np.frombuffer(labels, "<u2").astype(np.int64), **wide)
        said = entry.said
        top5 = None if said["top5"] is None else float(said["top5"])
        names = tuple(map(str, known.said["classes"]))
        return Score(entry.step, float(said["loss"]), float(said["accuracy"]), top5, names, verdicts)
