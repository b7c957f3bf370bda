"""The mailbox: what is put comes out whole, newest first, once; whatever its size and whoever else is at it."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnnviz.link import mailbox
from cnnviz.link.launch import new_folder, sweep
from cnnviz.link.mailbox import LocalMailbox, Reader, Writer
from cnnviz.link.messages import Frame, PictureInfo, Unit

from .programs import uniform

dtypes = hnp.array_dtypes() | hnp.scalar_dtypes() | st.just(np.dtype("float16"))
dtypes = dtypes.filter(lambda d: ">" not in str(np.dtype(d).descr))  # numpy turns them round: both ends are one machine
arrays = hnp.arrays(
    dtypes,
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
)
views = arrays.map(lambda a: a.T) | arrays.filter(lambda a: a.ndim > 0).map(lambda a: a[::-2])
named = st.dictionaries(st.text(max_size=5), arrays | views | st.dictionaries(st.text(max_size=3), arrays), max_size=4)
frames = st.builds(
    Frame,
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 2**40),
    st.integers(0, 9),
    picture=st.builds(PictureInfo, st.text(max_size=9)),
    unit=st.none() | st.builds(Unit, st.text(max_size=9)),
    thumbs=named,
    maps=named,
    input=st.none() | arrays,
)


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal in all, down to the dtype and the bits of arrays."""
    if isinstance(a, np.ndarray):
        return type(b) is np.ndarray and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return bool(a == b)


def owned(value: Any) -> bool:
    """Whether all arrays in it can be written to."""
    if isinstance(value, np.ndarray):
        return value.flags.writeable
    if isinstance(value, dict):
        return all(owned(v) for v in value.values())
    return True


Pair = tuple[Writer, Reader]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    writer, reader = Writer(tmp_path), Reader(tmp_path)
    yield writer, reader
    writer.close()
    reader.close()


@given(st.lists(frames, min_size=1, max_size=4))
@settings(deadline=None, max_examples=60)
def test_every_frame_comes_out_as_it_went_in(wanted: list[Frame]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        writer, reader, local = Writer(folder), Reader(folder), LocalMailbox()
        for frame in wanted:
            for at, out in ((writer, reader), (local, local)):
                at.put(frame)
                got = out.take()
                assert same(frame, got)
                assert all(owned(getattr(got, f.name)) for f in dataclasses.fields(Frame))
                assert out.take() is None
        writer.close()
        reader.close()


numbers = hnp.arrays(
    np.float32, st.sampled_from([(2, 3, 3), (2, 1, 3), (4,), (0, 2), ()]), elements=st.floats(-9, 9, width=32)
)
few = st.dictionaries(st.sampled_from("ab"), numbers | numbers.map(lambda a: a.T) | arrays, max_size=2)
partial = st.builds(
    Frame,
    st.integers(0, 1),
    st.integers(0, 1),
    st.integers(0, 2**40),
    st.integers(0, 1),
    partial=st.just(True),
    picture=st.builds(PictureInfo, st.sampled_from(["", "a"])),
    unit=st.none() | st.builds(Unit, st.sampled_from("ab")),
    maps=few,
    filters=few,
    moment=st.integers(0, 1),
    past=st.booleans(),
    output=st.none() | numbers,
)


@given(st.lists(partial, min_size=2, max_size=6), st.data())
@settings(deadline=None, max_examples=100)
def test_partial_frames_that_look_alike_keep_their_own_step_and_numbers(
    wanted: list[Frame], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        writer, reader = Writer(folder), Reader(folder)
        for frame in wanted:
            maps = {id: data.draw(hnp.arrays(a.dtype, a.shape)) for id, a in frame.maps.items()}
            later = dataclasses.replace(frame, step=frame.step + 1, maps=maps)
            twice = dataclasses.replace(frame, filters=frame.maps)
            for put in (frame, later, twice, frame):
                writer.put(put)
                got = reader.take()
                assert got is not None and same(put, got)
                assert all(owned(getattr(got, f.name)) for f in dataclasses.fields(Frame))
        writer.close()
        reader.close()


def test_a_partial_frame_of_another_form_is_told_as_it_is(pair: Pair) -> None:
    writer, reader = pair
    first = Frame(1, 1, 5, 1, partial=True, maps={"a": np.zeros((2, 3), np.float32)})
    others: list[dict[str, Any]] = [
        {"maps": {"a": np.ones((3, 2), np.float32)}},
        {"maps": {"b": np.ones((2, 3), np.float32)}},
        {"maps": {}, "filters": first.maps},
        {"maps": {"a": np.ones((2, 3), np.int32)}},
        {"maps": {"a": np.ones((3, 2), np.float32).T}},
        {"thumbs": first.maps},
        {"field": np.ones(2, np.float32)},
        {"partial": False},
        *({name: 7} for name in ("version", "run", "interest", "moment", "step")),
        {"past": True},
        {"picture": PictureInfo("another")},
        {"unit": Unit("a")},
    ]
    for other in others:
        for frame in (first, dataclasses.replace(first, **other)):
            writer.put(frame)
            assert same(frame, reader.take())


def test_a_new_frame_replaces_an_unread_one(pair: Pair) -> None:
    local = LocalMailbox()
    for put, take in ((pair[0].put, pair[1].take), (local.put, local.take)):
        assert take() is None
        for step in (1, 2, 3, 4, 5):
            put(uniform(step))
        got = take()
        assert got is not None and got.step == 5
        assert take() is None
        put(uniform(6))
        got = take()
        assert got is not None and got.step == 6


def test_the_writer_hears_whether_its_frame_was_taken(pair: Pair) -> None:
    local = LocalMailbox()
    for put, take in ((pair[0].put, pair[1].take), (local.put, local.take)):
        assert put(uniform(1)), "the first one is news"
        assert not put(uniform(2)) and not put(uniform(3))
        assert take() is not None and take() is None
        assert put(uniform(4))
        assert not put(uniform(5))


def test_who_waits_for_the_bell_alone_gets_the_last_frame(tmp_path: Path) -> None:
    """However the two ends meet: a frame whose bell does not ring is one that a take in progress still finds."""
    for made in range(300):
        folder = tmp_path / str(made)
        folder.mkdir()
        writer, reader, rung, last = Writer(folder), Reader(folder), threading.Semaphore(0), 20 + made % 7

        def write(writer: Writer = writer, rung: threading.Semaphore = rung, last: int = last) -> None:
            for step in range(1, last + 1):
                if writer.put(uniform(step)):
                    rung.release()

        writing = threading.Thread(target=write)
        writing.start()
        got = 0
        while got < last:
            assert rung.acquire(timeout=20), f"step {got} of {last}, and no bell any more"
            frame = reader.take()
            got = frame.step if frame else got
        writing.join()
        writer.close()
        reader.close()


def test_what_was_taken_is_the_reader_s_own(pair: Pair) -> None:
    local = LocalMailbox()
    for put, take in ((pair[0].put, pair[1].take), (local.put, local.take)):
        array = np.zeros(1000, np.float32)
        put(Frame(0, 0, 1, 0, maps={"a": array}))
        array[:] = 7
        got = take()
        assert got is not None
        for step in range(5):
            put(Frame(0, 0, step, 0, maps={"a": array}))
        assert not got.maps["a"].any()


def test_arrays_lie_raw_on_64_bytes(pair: Pair, tmp_path: Path) -> None:
    writer, _reader = pair
    marks = [np.frombuffer(os.urandom(n), np.uint8) for n in (1, 63, 65, 1000)]
    writer.put(Frame(0, 0, 1, 0, maps={str(i): a for i, a in enumerate(marks)}))
    content = (tmp_path / "frames-1").read_bytes()
    for array in marks[1:]:
        assert content.count(array.tobytes()) == 1
        assert content.index(array.tobytes()) % 64 == 0


def test_a_frame_that_does_not_fit_gets_larger_slots(pair: Pair, tmp_path: Path) -> None:
    writer, reader = pair
    for step, size in enumerate((10, 10_000, 20, 3_000_000, 5, 50_000), 1):
        frame = Frame(0, 0, step, 0, maps={"a": np.full(size, step, np.uint8)})
        writer.put(frame)
        if step != 2:  # a generation that nobody read
            assert same(reader.take(), frame)
    assert [p.name for p in tmp_path.glob("frames-*")] == ["frames-3"]


def test_memory_stays_flat(pair: Pair, tmp_path: Path) -> None:
    writer, reader = pair
    frame = Frame(0, 0, 1, 0, maps={"a": np.zeros(100_000, np.uint8)})
    writer.put(frame)
    before = sum(p.stat().st_size for p in tmp_path.iterdir())
    for _ in range(300):
        writer.put(frame)
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) == before < 4 * 150_000 + 10_000
    assert reader.take() is not None


class Interruption:
    """Stands in for the fence: puts frames 2 to 11 at the n-th fence that the reader passes."""

    def __init__(self, writer: Writer, at: int, unseen: bool) -> None:
        self.writer, self.left, self.unseen, self.copies = writer, at, unseen, 0
        self.fence = mailbox._fence

    def __call__(self) -> None:
        self.fence()
        if self.writer._lock.locked():
            return
        self.left -= 1
        if self.left == 0:
            reading = int(self.writer._control.words[mailbox._READING])
            if self.unseen:  # as if the reader's claim had not reached the writer yet
                self.writer._control.words[mailbox._READING] = 0
            for step in range(2, 12):
                self.writer.put(uniform(step))
            self.writer._control.words[mailbox._READING] = reading


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_the_slot_being_read_is_left_alone(pair: Pair, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    writer, reader = pair
    writer.put(uniform(11))  # so that the first slots are large enough for all
    writer.put(uniform(1))
    copied: list[Frame | None] = []
    copy = reader._copy

    def record(word: int) -> Frame | None:
        copied.append(copy(word))
        return copied[-1]

    monkeypatch.setattr(reader, "_copy", record)
    monkeypatch.setattr(mailbox, "_fence", Interruption(writer, at, unseen=False))
    assert same(reader.take(), uniform(11)), "the newest, which came while the first was being copied"
    assert len(copied) == 2 and same(copied[0], uniform(1))
    assert reader.take() is None


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_torn_copy_is_thrown_away(pair: Pair, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    writer, reader = pair
    writer.put(uniform(11))
    writer.put(uniform(1))
    monkeypatch.setattr(mailbox, "_fence", Interruption(writer, at, unseen=True))
    assert same(reader.take(), uniform(11))
    assert reader.take() is None


def test_another_process_hammers() -> None:
    """Every frame that is taken is of one step, and steps only grow."""
    folder = new_folder()
    reader = Reader(folder)
    child = subprocess.Popen([sys.executable, "-m", "tests.link.programs", "hammer", str(folder)])
    try:
        steps: list[int] = []
        deadline = time.monotonic() + 60
        while len(steps) < 500 and time.monotonic() < deadline:
            frame = reader.take()
            if frame is not None:
                assert same(frame, uniform(frame.step))
                steps.append(frame.step)
        assert len(steps) == 500
        assert all(a < b for a, b in pairwise(steps))
    finally:
        child.kill()
        child.wait()
        reader.close()
        shutil.rmtree(folder)


def test_threads_may_share_the_writer(pair: Pair) -> None:
    writer, reader = pair
    threads = [threading.Thread(target=lambda: [writer.put(uniform(s)) for s in range(1, 200)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(t.is_alive() for t in threads):
        frame = reader.take()
        assert frame is None or same(frame, uniform(frame.step))
    for thread in threads:
        thread.join()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
def test_a_full_disk_is_told_and_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, reader = Writer(tmp_path), Reader(tmp_path)
    writer.put(uniform(1))
    real = Path.open

    def full(path: Path, mode: str = "r") -> Any:
        file = real(path, mode)
        if path.name == "frames-2":
            file.close()
            file = real(Path("/dev/full"), "wb")
        return file

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match=f"no room for 5 MB in {tmp_path}") as caught:
        writer.put(Frame(0, 0, 2, 0, input=np.zeros(10**6, np.uint8)))
    assert caught.value.errno == errno.ENOSPC
    monkeypatch.undo()
    assert not (tmp_path / "frames-2").exists()
    writer.put(uniform(1))
    assert same(reader.take(), uniform(1))
    writer.close()
    reader.close()


def test_without_allocation_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On other systems than Linux, and on disks that cannot allocate."""

    def cannot(*args: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "cannot")

    monkeypatch.setattr(os, "posix_fallocate", cannot, raising=False)
    writer, reader = Writer(tmp_path), Reader(tmp_path)
    frame = Frame(0, 0, 2, 0, input=np.ones(10**6 + 7, np.uint8))
    writer.put(frame)
    assert same(reader.take(), frame)
    path = tmp_path / "frames-1"
    assert path.stat().st_blocks * 512 >= path.stat().st_size
    writer.close()
    reader.close()


def test_a_folder_that_is_gone_is_no_full_disk(tmp_path: Path) -> None:
    folder = tmp_path / "mailbox"
    folder.mkdir()
    writer = Writer(folder)
    shutil.rmtree(folder)
    with pytest.raises(FileNotFoundError):
        writer.put(uniform(1))
    writer.close()


def test_a_closed_reader_gives_nothing(tmp_path: Path) -> None:
    writer, reader = Writer(tmp_path), Reader(tmp_path)
    writer.put(uniform(1))
    for end in (reader, reader, writer, writer):
        end.close()
    assert reader.take() is None


def test_only_folders_of_the_dead_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    mine = new_folder()
    assert mine.parent == tmp_path and mine.stat().st_mode & 0o077 == 0
    dead = tmp_path / f"cnnviz-{child.pid}-x_1"
    nobody = tmp_path / f"cnnviz-{10**30}-x"
    living = tmp_path / f"cnnviz-{os.getppid()}-x"
    other = tmp_path / "cnnviz-notes"
    for folder in (dead, nobody, living, other):
        folder.mkdir()
        (folder / "control").write_bytes(b"")
    sweep()
    assert {p.name for p in tmp_path.iterdir()} == {mine.name, living.name, other.name}
