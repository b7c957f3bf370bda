"""The latest frame, from the engine to the window: memory-mapped files in a folder of their own.

A newer frame replaces an unread one, so neither side ever waits for the other and memory stays flat. `control` holds
three words: which frame is newest, which one is being read, and which one has been taken last. `frames-<generation>`
holds three slots: one is newest, one may be read, so one is always free to write. A frame that does not fit starts a
new generation of larger slots.

Taking a frame is all the answer there is: `put` tells whether the one before has been taken, and only then does the
engine ring for the next. A message back would wake a thread of the engine, which takes Python's lock from training.

That protocol alone would hang on both processes seeing each other's words at once. So every slot also carries its
frame's sequence number, cleared before it is written and checked before and after it is copied.

`LocalMailbox` does the same inside one process.
"""

from __future__ import annotations

import errno
import mmap
import os
import pickle
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np

from ..text import _
from .messages import Frame

_ALIGN = 64  # bytes: a cache line, and enough for every vector instruction
_PAGE = 4096
_SLOTS = 3
_NEWEST, _READING, _TAKEN = 0, _ALIGN // 8, 2 * _ALIGN // 8  # words of `control`, on cache lines of their own
_SEQUENCE, _HEAD_LENGTH, _STEP, _FIRST = 0, 1, 2, _ALIGN  # of a slot: three words, then bytes from _FIRST on
_TRIES = 64
_FULL = (errno.ENOSPC, errno.EDQUOT)
_SINGLE = ("input", "shown", "output", "probabilities", "field", "other")


class Mailbox(Protocol):
    """Where the engine leaves frames."""

    def put(self, frame: Frame) -> bool:
        """Make this the newest frame. Arrays are copied; they may change as soon as this returns.

        True where the frame before has been taken, so that the reader must be told of this one.
        """


# ── a frame as bytes ─────────────────────────────────────────────────────────────────────────────────────────────────
def _freeze(frame: Frame) -> tuple[bytes, list[memoryview]]:
    """(head, arrays): the arrays' lengths, and all but their contents pickled; their contents, in order."""
    found: list[pickle.PickleBuffer] = []
    body = pickle.dumps(frame, 5, buffer_callback=found.append)  # arrays in one piece are handed over as they are
    arrays = [buffer.raw() for buffer in found]
    return struct.pack(f"<{1 + len(arrays)}Q", len(arrays), *map(len, arrays)) + body, arrays


def _lengths(head: bytes) -> tuple[tuple[int, ...], int]:
    """Of the arrays, and where the pickled rest begins."""
    (n,) = struct.unpack_from("<Q", head)
    return struct.unpack_from(f"<{n}Q", head, 8), 8 * (1 + n)


def _thaw(body: bytes, arrays: Sequence[np.ndarray], step: int) -> Frame:
    frame: Frame = pickle.loads(body, buffers=arrays)
    return frame if frame.step == step else replace(frame, step=step)


def _form(frame: Frame) -> tuple[object, ...] | None:
    """All of a partial frame but its step and its numbers, to be compared; None of one that has more."""
    if not frame.partial or any(vars(frame)[name] is not None for name in _SINGLE) or frame.thumbs:
        return None
    parts = frame.maps, frame.filters
    if not all(
        a.dtype == np.float32 and a.ndim and a.size and a.flags.c_contiguous for part in parts for a in part.values()
    ):
        return None
    about = (frame.version, frame.run, frame.interest, frame.picture, frame.unit, frame.moment, frame.past)
    return (*about, *([(id, a.shape) for id, a in part.items()] for part in parts))


def _up(size: int, to: int = _ALIGN) -> int:
    return -(-size // to) * to


# ── memory that two processes share ──────────────────────────────────────────────────────────────────────────────────
def _fence() -> None:
    """What was read and written before happens before what follows, on every processor.

    Weakly ordered ones (ARM) may otherwise show the other process a sequence number ahead of its frame. Python has no
    barrier of its own; releasing a lock and taking it again is one.
    """
    lock = Lock()
    with lock:
        pass
    with lock:
        pass


class _Shared:
    """A memory-mapped file as `bytes` and, the same memory, as 64-bit `words` (whose stores are never torn)."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self.view = memoryview(self._map)
        self.bytes = np.frombuffer(self._map, np.uint8)
        self.words = self.bytes.view(np.uint64)

    def close(self) -> None:
        """Unmap it; the file stays."""
        if not self._map.closed:
            del self.bytes, self.words
            self.view.release()
            self._map.close()


def _create(path: Path, size: int) -> None:
    """A file of `size` zero bytes. Raises OSError where there is no room for it, and leaves nothing then.

    The room is taken now: touching a page later that the disk cannot hold would kill the process.
    """
    try:
        with path.open("xb") as file:
            if not _allocate(file.fileno(), size):
                for start in range(0, size, 1 << 20):
                    file.write(bytes(min(size - start, 1 << 20)))
    except FileExistsError:
        raise
    except OSError as error:
        path.unlink(missing_ok=True)
        if error.errno not in _FULL:
            raise
        text = _("There is no room for {size} MB in {folder}. Free some space there, or show fewer layers.")
        text = text.format(size=-(-size // 10**6), folder=path.parent)
        raise OSError(error.errno, text) from error


def _allocate(descriptor: int, size: int) -> bool:
    """Take room on the disk without writing to it; False where the system or the disk cannot."""
    if sys.platform == "linux":
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError as error:
            if error.errno in _FULL:
                raise
        else:
            return True
    return False


def _control(folder: Path) -> _Shared:
    with suppress(FileExistsError):
        _create(folder / "control", _PAGE)
    return _Shared(folder / "control")


def _frames(folder: Path, generation: int) -> Path:
    return folder / f"frames-{generation}"


def _word(sequence: int, generation: int, slot: int) -> int:
    """Everything about a frame's place in one word, which is stored at once."""
    return sequence << 16 | generation << 2 | slot


def _split(word: int) -> tuple[int, int, int]:
    return word >> 16, word >> 2 & 0x3FFF, word & 3


def _capacity(frames: _Shared) -> int:
    return len(frames.bytes) // _SLOTS


def _removed(path: Path) -> bool:
    """Whether the file is gone now; Windows keeps one that the reader has mapped."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


# ── the two ends ─────────────────────────────────────────────────────────────────────────────────────────────────────
class Writer:
    """The engine's end of the mailbox in `folder`. Threads may share it."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)
        self._control = _control(self._folder)
        self._lock = Lock()
        self._frames: _Shared | None = None
        self._old: list[Path] = []  # files of past generations
        self._generation = 0
        self._slot = _SLOTS - 1  # the last one written
        self._sequence = 0
        self._newest = 0  # the word of the last frame
        self._last: tuple[tuple[object, ...] | None, bytes] = None, b""  # form and head of the last partial frame

    def put(self, frame: Frame) -> bool:
        """Make this the newest frame; see Mailbox.

        Raises OSError, with a sentence for a person, where the disk has no room for it.
        """
        head, arrays = self._frozen(frame)
        size = _FIRST + _up(len(head)) + sum(_up(len(a)) for a in arrays)
        with self._lock:
            shared = self._room(size)
            slot = self._free()
            start = slot * _capacity(shared)
            words = shared.words[start // 8 :]
            words[_SEQUENCE] = 0
            _fence()
            words[_HEAD_LENGTH], words[_STEP] = len(head), frame.step
            at = start + _FIRST
            for part in (memoryview(head), *arrays):
                shared.view[at : at + len(part)] = part
                at += _up(len(part))
            self._sequence += 1
            _fence()
            words[_SEQUENCE] = self._sequence
            _fence()
            before = self._newest
            self._control.words[_NEWEST] = self._newest = _word(self._sequence, self._generation, slot)
            _fence()  # the reader stores its word, then looks at ours: one of the two sees the other's
            taken = int(self._control.words[_TAKEN]) == before
            self._slot = slot
            self._old = [path for path in self._old if not _removed(path)]
            return taken

    def close(self) -> None:
        """Let go of the files; they stay for the reader. Nothing can be put after that."""
        with self._lock:
            for shared in (self._frames, self._control):
                if shared is not None:
                    shared.close()

    def _frozen(self, frame: Frame) -> tuple[bytes, list[memoryview]]:
        """See _freeze. Partial frames differ in their step and numbers alone, mostly: those are pickled once.

        Between two training steps, with nothing of pickle in the processor's caches, it takes ten times as long.
        """
        form = _form(frame)
        if form is not None and form == self._last[0]:
            return self._last[1], [a.data.cast("B") for p in (frame.maps, frame.filters) for a in p.values()]
        head, arrays = _freeze(frame)
        if form is not None and len(arrays) == len(frame.maps) + len(frame.filters):  # none of them twice
            self._last = form, head
        return head, arrays

    def _free(self) -> int:
        """The next slot in turn that is neither newest nor being read."""
        reading = int(self._control.words[_READING])
        _sequence, generation, slot = _split(reading)
        following = (self._slot + 1) % _SLOTS
        busy = reading and generation == self._generation and slot == following
        return (following + 1) % _SLOTS if busy else following

    def _room(self, size: int) -> _Shared:
        """Slots of at least this size: larger ones from now on, where need be.

        The reader may still be in the old ones, which it has mapped for itself; they are removed once there is a
        frame in the new ones.
        """
        if self._frames is None or size > _capacity(self._frames):
            path = _frames(self._folder, self._generation + 1)
            _create(path, _SLOTS * _up(size + size // 2, _PAGE))
            if self._frames is not None:
                self._frames.close()
                self._old.append(_frames(self._folder, self._generation))
            self._frames = _Shared(path)
            self._generation += 1
            self._slot = _SLOTS - 1
        return self._frames


class Reader:
    """The window's end of the mailbox in `folder`. Threads may share it."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)
        self._control = _control(self._folder)
        self._lock = Lock()
        self._frames: _Shared | None = None
        self._generation = 0
        self._taken = 0
        self._closed = False

    def take(self) -> Frame | None:
        """The newest frame, once: None where it has been taken already. Its arrays are the caller's own."""
        found: Frame | None = None
        with self._lock:
            for _try in range(0 if self._closed else _TRIES):
                newest = int(self._control.words[_NEWEST])
                if newest == self._taken:
                    return found
                self._control.words[_READING] = newest
                _fence()
                try:
                    frame = self._copy(newest)
                finally:
                    self._control.words[_READING] = 0
                # taken even where it came torn: the writer is further on, and rings for none until this word says so
                self._control.words[_TAKEN] = self._taken = newest
                _fence()
                found = frame or found
        return found

    def close(self) -> None:
        """Let go of the files. Later calls of `take` give None."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for shared in (self._frames, self._control):
                if shared is not None:
                    shared.close()

    def _copy(self, word: int) -> Frame | None:
        """The frame at that place; None where the writer has been there meanwhile."""
        sequence, generation, slot = _split(word)
        shared = self._map(generation)
        if shared is None:
            return None
        start = slot * _capacity(shared)
        words = shared.words[start // 8 :]

        def whole() -> bool:
            _fence()
            return int(words[_SEQUENCE]) == sequence

        if not whole():
            return None
        at = start + _FIRST
        head, step = shared.bytes[at : at + int(words[_HEAD_LENGTH])].tobytes(), int(words[_STEP])
        if not whole():  # before it is unpickled
            return None
        lengths, begin = _lengths(head)
        at += _up(len(head))
        arrays = []
        for length in lengths:
            arrays.append(shared.bytes[at : at + length].copy())  # each its own, so that keeping one keeps only it
            at += _up(length)
        return _thaw(head[begin:], arrays, step) if whole() else None

    def _map(self, generation: int) -> _Shared | None:
        """The slots of that generation; None where the writer has gone on to the next one and removed them."""
        if generation != self._generation:
            try:
                shared = _Shared(_frames(self._folder, generation))
            except FileNotFoundError:
                return None
            if self._frames is not None:
                self._frames.close()
            self._frames, self._generation = shared, generation
        return self._frames


class LocalMailbox:
    """Both ends inside one process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._newest: Frame | None = None

    def put(self, frame: Frame) -> bool:
        """Make this the newest frame; see Mailbox."""
        head, arrays = _freeze(frame)
        copy = _thaw(head[_lengths(head)[1] :], [np.frombuffer(a, np.uint8).copy() for a in arrays], frame.step)
        with self._lock:
            taken, self._newest = self._newest is None, copy
        return taken

    def take(self) -> Frame | None:
        """The newest frame, once: None where it has been taken already. Its arrays are the caller's own."""
        with self._lock:
            newest, self._newest = self._newest, None
        return newest

    def close(self) -> None:
        """Forget the frame."""
        self.take()
