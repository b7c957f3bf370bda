"""The weights of many steps: kept small, evenly spread, and whole whatever happens to the files."""

from __future__ import annotations

from io import FileIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.engine.build import Net, State
from cnnviz.engine.record import track
from cnnviz.engine.record import writer as writing
from cnnviz.engine.record.reader import Reader, TrackError
from cnnviz.engine.record.writer import FIRST, SPACING, Writer
from cnnviz.net.analysis import analyse
from cnnviz.text import grouped

from ..nets import noisy


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "AHEAD", 1e9)


def weights(step: int, size: int = 30) -> State:
    dice = torch.Generator().manual_seed(step)
    return {
        "conv.weight": torch.randn(size, 3, generator=dice),
        "norm.num_batches_tracked": torch.tensor(step),
        "conv.bias": torch.randn(size, generator=dice),
        "nothing": torch.empty(0, 2),
    }


def written(folder: Path, until: int, keep: int = 0, begin: int = 0, **more: Any) -> Writer:
    writer = Writer(folder, weights(0), keep, **more)
    for step in range(begin, until + 1):
        writer.add(step, weights(step))
    return writer


def read(folder: Path) -> Reader:
    reader = Reader(folder)
    reader.refresh()
    return reader


def alike(found: State, step: int) -> None:
    for name, value in weights(step).items():
        got = found[name]
        assert got.shape == value.shape and got.dtype == value.dtype
        torch.testing.assert_close(got, value.half().to(value.dtype) if value.is_floating_point() else value)


def test_the_first_steps_and_every_tenth_are_kept(tmp_path: Path) -> None:
    written(tmp_path, 205)
    reader = read(tmp_path)
    assert reader.steps == (*range(FIRST + 1), *range(30, 201, SPACING))
    for step in reader.steps:
        alike(reader.read(step), step)
    assert [reader.nearest(s) for s in (7, 23, 25, 27, 999)] == [7, 20, 20, 30, 200]


@settings(max_examples=25, deadline=None)
@given(room=st.integers(3_000, 40_000), count=st.integers(0, 300))
def test_measured_steps_are_kept_the_older_the_fewer(tmp_path_factory: Any, room: int, count: int) -> None:
    folder = tmp_path_factory.mktemp("run")
    writer = Writer(folder, weights(0), 0, room=room)
    for step in range(23, 23 + 45 * count, 45):
        writer.measured(step, weights(step))
    reader = read(folder)
    assert reader.steps == tuple(writer.steps)
    assert not reader.steps or reader.steps[-1] >= 23 + 45 * (count - 1) - 9, "but the newest"
    assert sum(p.stat().st_size for p in folder.iterdir()) <= room // writing.PART + 600
    for step in reader.steps:
        alike(reader.read(step), step)
    if count:
        again = Writer(folder, weights(0), 23 + 45 * (count // 2), room=room)
        assert all(s <= 23 + 45 * (count // 2) for s in again.steps) and again.steps == list(read(folder).steps)


def test_a_net_comes_back(tmp_path: Path) -> None:
    net = Net(analyse(noisy()))
    writer = Writer(tmp_path, net.state_dict(), 0)
    writer.add(0, net.state_dict())
    found = read(tmp_path).read(0)
    assert list(found) == list(net.state_dict())
    for name, value in net.state_dict().items():
        torch.testing.assert_close(found[name], value, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("value", [7e4, -1e38, float("inf"), float("nan"), 1e-9])
def test_numbers_out_of_the_range_of_half_precision(tmp_path: Path, value: float) -> None:
    state = {"w": torch.tensor([1.0, value])}
    Writer(tmp_path, state, 0).add(0, state)
    torch.testing.assert_close(read(tmp_path).read(0)["w"], state["w"], equal_nan=True, atol=1e-7, rtol=1e-3)


@settings(max_examples=25, deadline=None)
@given(room=st.integers(2_000, 60_000), until=st.integers(0, 3000))
def test_the_room_is_never_left_and_the_steps_stay_even(tmp_path_factory: Any, room: int, until: int) -> None:
    folder = tmp_path_factory.mktemp("run")
    written(folder, until, room=room)
    assert sum(p.stat().st_size for p in folder.iterdir()) <= room
    late = [s for s in read(folder).steps if s > FIRST]
    gaps = {b - a for a, b in pairwise(late)}
    assert len(gaps) <= 1, "evenly spread"
    if until > 2500 and room > 20_000:
        assert len(late) > 20


def test_no_room_at_all(tmp_path: Path) -> None:
    written(tmp_path, 100, room=10)
    assert read(tmp_path).steps == () and read(tmp_path).nearest(3) is None


@settings(max_examples=60, deadline=None)
@given(cut=st.floats(0, 1), at=st.sampled_from(["start.track", "every-10.track", "every-80.track"]))
def test_a_kill_in_the_middle_of_a_write_costs_that_record_alone(tmp_path_factory: Any, cut: float, at: str) -> None:
    folder = tmp_path_factory.mktemp("run")
    written(folder, 300)
    path = folder / at
    before = {p.step: p.offset + p.length for p in track.scan(path, 0)[0]}
    others = set(read(folder).steps) - set(before)
    length = round(cut * path.stat().st_size)
    path.write_bytes(path.read_bytes()[:length])
    reader = read(folder)
    assert set(reader.steps) == others | {step for step, end in before.items() if end <= length}
    for step in reader.steps:
        alike(reader.read(step), step)
    keep = max([s for s in reader.steps if s <= 150], default=0)
    written(folder, 300, keep=keep, begin=keep + 1)  # the run goes on
    reader = read(folder)
    assert {s for s in read(folder).steps if s > keep} == {s for s in range(keep + 1, 301) if not s % 10 or s <= FIRST}
    for step in reader.steps:
        alike(reader.read(step), step)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_block_costs_its_record_alone(tmp_path_factory: Any, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("run")
    written(folder, 100)
    path = folder / "start.track"
    first = track.head(path)[1]
    bytes_ = bytearray(path.read_bytes())
    at = data.draw(st.integers(first, len(bytes_) - 1))
    bytes_[at : at + 5] = data.draw(st.binary(min_size=5, max_size=5))
    path.write_bytes(bytes_[: path.stat().st_size])
    good = 0
    reader = read(folder)
    for step in reader.steps:
        try:
            alike(reader.read(step), step)
            good += 1
        except TrackError as error:
            assert grouped(step) in str(error) and step not in reader.steps
    assert good >= len(range(FIRST + 1)) + 8 - 2


def test_a_step_number_that_is_damaged_is_not_believed(tmp_path: Path) -> None:
    written(tmp_path, 5)
    path = tmp_path / "start.track"
    place = track.scan(path, 0)[0][3]
    data = bytearray(path.read_bytes())
    data[place.offset - track.RECORD.size + 8] = 77
    path.write_bytes(data)
    reader = read(tmp_path)
    for step in (77, 3):
        with pytest.raises(TrackError):
            reader.read(step)


def test_a_reader_follows_a_run_that_is_being_written(tmp_path: Path) -> None:
    reader = read(tmp_path)
    assert reader.steps == ()
    writer = written(tmp_path, 40, room=12_000)
    reader.refresh()
    assert reader.steps[-1] == 40
    for step in range(41, 400):
        writer.add(step, weights(step))
    gone = reader.steps
    reader.refresh()
    assert reader.steps == read(tmp_path).steps and set(gone) - set(reader.steps), "thinned out meanwhile"
    alike(reader.read(reader.steps[-1]), reader.steps[-1])


def test_a_run_that_goes_on_drops_what_comes_after(tmp_path: Path) -> None:
    written(tmp_path, 200)
    written(tmp_path, 120, keep=100, begin=101)
    assert read(tmp_path).steps == (*range(FIRST + 1), *range(30, 121, 10))
    Writer(tmp_path, weights(0), 0)
    assert list(tmp_path.iterdir()) == [], "a new run begins with nothing"
    written(tmp_path, 100)
    Writer(tmp_path, {"other": torch.ones(3)}, 50)
    assert list(tmp_path.iterdir()) == [], "weights of another network are no beginning"


@pytest.mark.parametrize(("cost", "times"), [(0.001, 1.0), (0.008, 2.0), (0.05, 3.0)])
def test_writing_takes_its_share_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cost: float, times: float
) -> None:
    monkeypatch.setattr(writing, "AHEAD", 0.0)
    monkeypatch.setattr(writing, "DENSE", 1e9)
    now = [0.0]
    monkeypatch.setattr(writing.time, "perf_counter", lambda: now[0])
    packed = track.packed

    def slow(state: State) -> tuple[bytes, int]:
        now[0] += cost
        return packed(state)

    monkeypatch.setattr(track, "packed", slow)
    writer = Writer(tmp_path, weights(0), 0, clock=lambda: now[0])
    for step in range(30_000):
        now[0] += 0.01
        writer.add(step, weights(0))
    steps = read(tmp_path).steps
    assert steps[: FIRST + 1] == tuple(range(FIRST + 1)), "there is always time for the first ones"
    count = len(steps) - FIRST - 1
    assert 0.8 * times * writing.SHARE <= cost * count / now[0] <= 1.2 * times * writing.SHARE


def test_a_write_that_others_held_up_does_not_silence_those_to_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(writing.time, "perf_counter", lambda: now[0])
    packed = track.packed

    def slow(state: State) -> tuple[bytes, int]:
        now[0] += 60.0 if len(writer.steps) == 40 else 0.001
        return packed(state)

    monkeypatch.setattr(track, "packed", slow)
    writer = Writer(tmp_path, weights(0), 0, clock=lambda: now[0])
    for step in range(3000):
        now[0] += 0.05
        writer.add(step, weights(0))
    steps = read(tmp_path).steps
    assert len(steps) > 100 and max(np.diff(steps)) <= 100, np.diff(steps)


def test_a_full_disk_leaves_no_half_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = written(tmp_path, 3)
    size = (tmp_path / "start.track").stat().st_size

    class Full(FileIO):
        def write(self, part: Any) -> int:
            if len(part) < 100:
                raise OSError(28, "No space left on device")
            return super().write(part[:100])

    monkeypatch.setattr(Path, "open", lambda path, mode, buffering=-1: Full(path, mode))
    with pytest.raises(OSError, match="No space"):
        writer.add(4, weights(4))
    monkeypatch.undo()
    assert (tmp_path / "start.track").stat().st_size == size
    assert read(tmp_path).steps == (0, 1, 2, 3)
