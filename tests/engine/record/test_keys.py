"""Key frames, the best and the marked steps: what is kept, where a training can go on from, within what room."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.engine.build import State
from cnnviz.engine.record import moment, recorder, writer
from cnnviz.engine.record.keys import Keys
from cnnviz.engine.record.moment import Moment
from cnnviz.engine.record.reader import Reader
from cnnviz.engine.record.recorder import budget
from cnnviz.link import runs
from cnnviz.link.runs import Mark
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan

from ..nets import noisy
from .test_recorder import NETWORK, PLAN, ready


@pytest.fixture(autouse=True)
def at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Record at every step, and never too slowly."""
    monkeypatch.setattr(recorder, "EVERY", 0.0)
    monkeypatch.setattr(recorder, "SHARE", 1e9)
    monkeypatch.setattr(recorder, "GLANCE", 0.0)
    monkeypatch.setattr(writer, "AHEAD", 1e9)


def there(folder: Path, step: int, size: int) -> None:
    """What the recorder has written before it asks for a key frame."""
    (folder / "weights").mkdir(exist_ok=True)
    (folder / runs.state_file(step)).write_bytes(b"")
    (folder / runs.LAST).unlink(missing_ok=True)
    (folder / runs.LAST).write_bytes(step.to_bytes(4, "big") + bytes(size - 4))


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 120), room=st.integers(100, 3000), link=st.booleans())
def test_key_frames_stay_in_their_room_and_evenly_spread(
    tmp_path_factory: Any, count: int, room: int, link: bool
) -> None:
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        if not link:
            patch.setattr("os.link", lambda *names: (_ for _ in ()).throw(OSError("no links here")))
        keys = Keys(folder, 0, room)
        for step in range(0, 10 * count, 10):
            there(folder, step, 100)
            keys.add(step)
    kept = tuple(runs.keys(folder))
    assert kept == keys.steps and kept[0] == 0
    assert len(kept) <= room // 100
    assert all((folder / runs.key_file(s)).read_bytes()[:4] == s.to_bytes(4, "big") for s in kept)
    if len(kept) > 8:
        gaps = [b - a for a, b in pairwise(kept)]
        assert max(gaps) <= 3 * kept[-1] / len(gaps), kept
    assert Keys(folder, 10 * count, room).steps == kept, "a run that goes on takes them over"
    assert all(s <= 50 for s in Keys(folder, 50, room).steps), "those behind its beginning go"
    assert Keys(folder, 0, room).steps == () and not runs.keys(folder)


def test_no_room_for_a_key_frame(tmp_path: Path) -> None:
    keys = Keys(tmp_path, 0, 50)
    there(tmp_path, 0, 100)
    keys.add(0)
    assert keys.steps == () and not runs.keys(tmp_path)


@pytest.mark.parametrize("step", [0, 1, 13, 45, 60, 85])
@pytest.mark.parametrize("plan", [PLAN, replace(PLAN, optimizer="sgd"), replace(PLAN, optimizer="adadelta")])
def test_any_step_can_be_made_again_from_the_key_frame_before_it(tmp_path: Path, step: int, plan: Plan) -> None:
    network = Network(noisy(), "noisy")
    training = ready(network, plan, tmp_path)
    then: dict[int, State] = {0: {k: v.clone() for k, v in training.net.state_dict().items()}}
    losses = {}
    for made in training.go():
        then[made.step] = {k: v.clone() for k, v in training.net.state_dict().items()}
        losses[made.step] = made.loss
    for key in [k for k in runs.keys(tmp_path) if k % 20 not in (0, 7)]:  # so that there is something to be made again
        (tmp_path / runs.key_file(key)).unlink()
    found = moment.before(tmp_path, step)
    assert found is not None and found.step == max(k for k in runs.keys(tmp_path) if k <= step)
    again = ready(network, plan, None)
    again = type(again)(again.rows, plan, lambda p, layer: again.data, lambda: again.net, found)
    making = again.go()
    for at in range(found.step + 1, step + 1):
        made = next(making)
        assert (made.step, made.loss) == (at, losses[at])
    making.close()
    assert all(torch.equal(v, then[step][k]) for k, v in again.net.state_dict().items())


def test_a_run_whose_key_frames_are_gone_has_its_last_step(tmp_path: Path) -> None:
    list(ready(NETWORK, PLAN, tmp_path).go())
    for path in runs.keys(tmp_path).values():
        path.unlink()
    assert moment.before(tmp_path, 89) is None
    found = moment.before(tmp_path, 95)
    assert isinstance(found, Moment) and found.step == 90


def test_the_best_and_the_marked_steps_are_kept(tmp_path: Path) -> None:
    plan = replace(PLAN, epochs=6, record_mb=1)
    training = ready(NETWORK, plan, tmp_path)
    best, states = (-1.0, 0), {}
    for made in training.go():
        if made.step in (33, 101):
            training.mark(f"at {made.step}")
        if made.step in (33, 101) or made.test:
            states[made.step] = {k: v.clone() for k, v in training.net.state_dict().items()}
        if made.test and made.test.accuracy > best[0]:
            best = (made.test.accuracy, made.step)
    for track in (tmp_path / "weights").glob("every-*.track"):  # as in a run of which they have been thinned out
        track.unlink()
    reader = Reader(tmp_path / runs.TRACKS)
    reader.refresh()
    assert {33, 101, best[1]} <= set(reader.steps)
    for step in (33, 101, best[1]):
        for name, value in reader.read(step).items():
            torch.testing.assert_close(value, states[step][name], atol=1e-3, rtol=1e-3)
    assert runs.marks(tmp_path) == (Mark(33, "at 33"), Mark(101, "at 101"))
    assert {33, 101, best[1]} <= set(training.recorded)


def test_a_run_that_goes_on_keeps_the_marks_before(tmp_path: Path) -> None:
    training = ready(NETWORK, PLAN, tmp_path)
    for made in training.go():
        if made.step in (5, 60):
            training.mark("한글")
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path, copy)
    shutil.copyfile(copy / runs.key_file(45), copy / runs.LAST)
    list(ready(NETWORK, PLAN, copy, resume=True).go())
    assert runs.marks(copy) == (Mark(5, "한글"),)
    reader = Reader(copy / runs.TRACKS)
    reader.refresh()
    assert 5 in reader.steps and len(reader.steps) > 8


@pytest.mark.parametrize("text", ["", "[{", '{"step": 3}', '[{"step": "x", "name": 1}]', "[3]"])
def test_damaged_marks_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / runs.MARKS).write_text(text)
    assert runs.marks(tmp_path) == ()


def test_the_folder_stays_in_the_room_that_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "budget", lambda megabytes, state: 100_000 * megabytes)
    list(ready(NETWORK, replace(PLAN, epochs=30, record_mb=1), tmp_path).go())
    assert 37_000 < sum(p.stat().st_size for p in (tmp_path / "weights").glob("*.track")) <= 75_000
    steps = tuple(runs.keys(tmp_path))
    files = [tmp_path / name(s) for s in steps for name in (runs.key_file, runs.state_file)]
    assert 15_000 < sum(f.stat().st_size for f in files) <= 25_000
    assert steps[0] == 0 and steps[-1] > 1000
    assert runs.size(tmp_path) < 100_000 + 300_000, "metrics, scores and the last weights beside them"


def test_a_large_network_gets_more_room_unless_that_is_given() -> None:
    small, large = {"w": torch.empty(60_000)}, {"w": torch.empty(11_000_000, device="meta")}
    assert budget(0, small) == 160_000_000
    assert budget(0, large) * 3 // 4 == pytest.approx(40 * 22_000_000, rel=1e-3)
    assert budget(0, {"w": torch.empty(140_000_000, device="meta")}) == 2_000_000_000
    assert budget(7, large) == 7_000_000


def test_where_the_last_state_is_damaged_and_nothing_was_kept_between_the_run_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [s.loss for s in ready(NETWORK, PLAN).go()]
    monkeypatch.setattr(recorder, "EVERY", 1e9)
    running = ready(NETWORK, PLAN, tmp_path).go()
    for _step in range(30):
        next(running)
    running.close()
    (tmp_path / runs.state_file(30)).unlink()
    (tmp_path / runs.LAST).write_bytes(b"")
    assert "goes on from step 0" in moment.last(tmp_path).lost
    list(ready(NETWORK, PLAN, tmp_path, resume=True).go())
    assert runs.metrics(tmp_path, 1000).points[:, 1].tolist() == whole


@pytest.mark.parametrize("what", ["weights", "header", "state", "no state"])
def test_where_the_last_state_is_damaged_the_run_goes_on_from_the_one_before(tmp_path: Path, what: str) -> None:
    whole = [s.loss for s in ready(NETWORK, PLAN).go()]
    running = ready(NETWORK, PLAN, tmp_path).go()
    for _step in range(30):
        next(running)
    running.close()
    path = tmp_path / (runs.state_file(30) if "state" in what else runs.LAST)
    data = bytearray(path.read_bytes())
    data[0 if what == "header" else 2 * len(data) // 3] ^= 1
    path.write_bytes(data)
    if what == "no state":
        path.unlink()
    found = moment.last(tmp_path)
    assert (
        20 < found.step <= 30 - ("state" in what)
        and f"goes on from step {found.step}" in found.lost
        and "damaged" in found.lost
    )
    assert "Begin a new run" not in found.lost
    list(ready(NETWORK, PLAN, tmp_path, resume=True).go())
    assert runs.metrics(tmp_path, 1000).points[:, 1].tolist() == whole
    assert not moment.last(tmp_path).lost
