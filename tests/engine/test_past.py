"""The network as it was: frames of recorded steps, also while it trains on, marks, branches, and what goes wrong."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from cnnviz.engine.build import Net
from cnnviz.engine.record import recorder, writer
from cnnviz.engine.record.moment import before
from cnnviz.engine.record.reader import Reader
from cnnviz.link import runs
from cnnviz.link.messages import IDLE, PAUSED, Failed, Frame, Interest, Look, Open, Pause, Sample, Train, Unit, Watch
from cnnviz.link.past import Keep, Recall, Recalled, Restore, Show
from cnnviz.link.runs import Mark
from cnnviz.net import files
from cnnviz.net.analysis import analyse
from cnnviz.net.layers import Linear
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan

from .desk import Desk
from .nets import noisy, small

PLAN = Plan(epochs=2, threads=1, lr=0.01)
WATCH = Watch(Interest(1, thumbs=("conv", "out"), maps=("conv",), filters=("conv",), unit=Unit("conv", 1, 3, 3)))


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SHARE", 1.0)


def trained(desk: Desk, folder: Path, run: int = 1, plan: Plan = PLAN) -> None:
    desk.send(Open(1, small(), plan), Look(Sample(3)), WATCH, Train(run, plan, folder=str(folder)))
    desk.progress(lambda p: p.run == run and p.phase == IDLE and p.step == 90)


def recorded(folder: Path, step: int) -> dict[str, torch.Tensor]:
    reader = Reader(folder / runs.TRACKS)
    reader.refresh()
    return reader.read(step)


def alike(frame: Frame, folder: Path, step: int) -> None:
    """The frame shows what the recorded weights of this step give on its picture."""
    net = Net(analyse(small())).eval()
    net.load_state_dict(recorded(folder, step))
    assert frame.input is not None and frame.probabilities is not None
    seen: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        net(torch.from_numpy(frame.input)[None], seen)
    assert np.array_equal(frame.maps["conv"], seen["conv"][0].numpy())
    assert np.array_equal(frame.filters["conv"], net.state_dict()["conv.weight"].numpy())
    np.testing.assert_allclose(frame.probabilities, seen["out"][0].double().softmax(0).numpy(), rtol=1e-6)


def test_any_recorded_step_is_shown_and_others_snap_to_the_nearest(tmp_path: Path) -> None:
    with Desk() as desk:
        trained(desk, tmp_path)
        for number, (asked, given) in enumerate([(0, 0), (13, 13), (33, 30), (36, 40), (9999, 90), (7, 7)], 1):
            desk.send(Show(number, str(tmp_path), asked, version=1, run=1))
            frame = desk.frame(lambda f, n=number: f.moment == n and f.past)  # type: ignore[misc]
            assert (frame.step, frame.run, frame.version) == (given, 1, 1)
            assert frame.field is not None and frame.thumbs
            alike(frame, tmp_path, given)
        desk.send(Look(Sample(8)))  # another picture, the same step
        other = desk.frame(lambda f: f.past and f.picture != frame.picture)
        alike(other, tmp_path, 7)
        desk.send(Show(7))
        present = desk.frame(lambda f: f.moment == 7)
        assert not present.past and present.step == 90


def test_what_was_shown_while_it_trained_is_what_is_shown_later(tmp_path: Path) -> None:
    """To the rounding of half precision."""
    with Desk() as desk:
        desk.send(Open(1, small(), PLAN), Look(Sample(3)), WATCH, Train(1, PLAN, folder=str(tmp_path), steps=40))
        desk.progress(lambda p: p.phase == PAUSED)
        live = desk.frame(lambda f: f.step == 40 and not f.partial)
        desk.send(Pause(False))
        desk.progress(lambda p: p.phase == IDLE)
        desk.send(Show(1, str(tmp_path), 40, version=1, run=1))
        then = desk.frame(lambda f: f.past)
        assert live.probabilities is not None and then.probabilities is not None
        np.testing.assert_allclose(then.maps["conv"], live.maps["conv"], rtol=5e-3, atol=5e-3)
        np.testing.assert_allclose(then.probabilities, live.probabilities, atol=5e-3)


def test_training_goes_on_while_the_past_is_shown(tmp_path: Path) -> None:
    plan = Plan(epochs=1000, threads=1)
    with Desk() as desk:
        desk.send(Open(1, small(), plan), WATCH, Train(1, plan, folder=str(tmp_path)))
        desk.progress(lambda p: p.step > 30)
        desk.send(Show(1, str(tmp_path), 20, version=1, run=1))
        desk.frame(lambda f: f.past and f.step == 20)
        step = desk.progress(lambda p: True).step
        count = len(desk.frames)
        desk.progress(lambda p: p.step > step + 60)
        assert all(f.past for f in desk.frames[count:])
        desk.send(Show(2))
        assert desk.frame(lambda f: f.moment == 2).step > 60


def test_a_damaged_step_snaps_to_its_neighbour_and_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with Desk() as desk:
        trained(desk, folder)
        path = folder / "weights" / "every-20.track"
        data = bytearray(path.read_bytes())
        data[-20:-10] = bytes(10)
        path.write_bytes(data)
        desk.send(Show(1, str(folder), 60, version=1, run=1))
        assert desk.frame(lambda f: f.past).step == 50
        shutil.rmtree(folder)
        desk.send(Show(2, str(folder), 30, version=1, run=1))
        assert str(folder) in desk.failure("past").text
        assert not desk.frame(lambda f: f.moment == 2).past, "the present network is shown again"


def test_what_a_folder_holds_is_told(tmp_path: Path) -> None:
    with Desk() as desk:
        trained(desk, tmp_path)
        desk.send(Keep(str(tmp_path), 30, "thirty"), Recall(str(tmp_path), 0))
        found = desk.until(Recalled)
        assert found.steps.tolist() == [*range(21), 30, 40, 45, *range(50, 91, 10)]
        assert {0, 90} <= set(found.exact.tolist())
        assert (found.step, found.end, found.epoch_steps, found.epochs) == (90, "done", 45, 2)
        assert found.marks == (Mark(30, "thirty"),)
        assert found.points is not None and found.points.tolist() == [list(p) for p in desk.points[1]]
        assert found.tests is not None and found.tests[:, 0].tolist() == [45, 90]
        assert found.size == runs.size(tmp_path) and found.room == 160_000_000
        desk.send(Recall(str(tmp_path), 80))
        more = desk.until(Recalled, lambda r: r.first == 80)
        assert more.points is not None and len(more.points) == 10
        desk.send(Recall(str(tmp_path / "none")))
        assert "is no run folder" in desk.failure("recall").text


def test_marks_of_a_run_that_trains_of_one_that_is_held_and_of_one_that_has_ended(tmp_path: Path) -> None:
    with Desk() as desk:
        desk.send(Open(1, small(), PLAN), Train(1, PLAN, folder=str(tmp_path), steps=33))
        desk.progress(lambda p: p.phase == PAUSED)
        desk.send(Keep(str(tmp_path), -1, "here"), Recall(str(tmp_path)))
        desk.send(Keep(str(tmp_path), 10, "ten"))
        desk.send(Pause(False, 1))
        desk.progress(lambda p: p.phase == PAUSED and p.step == 34)
        assert runs.marks(tmp_path) == (Mark(10, "ten"), Mark(33, "here"))
        desk.send(Pause(False))
        desk.progress(lambda p: p.phase == IDLE)
        desk.send(Keep(str(tmp_path), 10, ""), Keep(str(tmp_path), 33, "renamed"), Keep(str(tmp_path), 31, "never"))
        assert "31" in desk.failure("keep").text
    for path in (tmp_path / "weights").glob("every-*.track"):
        path.unlink()
    assert runs.marks(tmp_path) == (Mark(33, "renamed"),)
    recorded(tmp_path, 33)


def test_the_weights_of_a_step_are_taken_for_the_editor(tmp_path: Path) -> None:
    with Desk() as desk:
        trained(desk, tmp_path)
        desk.send(Restore(str(tmp_path), 20))
        frame = desk.frame(lambda f: not f.past and f.run == 0 and bool(f.filters))
        assert np.array_equal(frame.filters["conv"], recorded(tmp_path, 20)["conv.weight"].numpy())


@pytest.mark.parametrize("step", [13, 45, 60])
def test_a_branch_is_what_the_run_would_have_given(tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same plan; the learning rate was changed by hand on the way."""
    monkeypatch.setattr(recorder, "EVERY", 1e9)  # no key frame between the first and the last step
    first, second = tmp_path / "first", tmp_path / "second"
    graph = noisy()
    with Desk() as desk:
        desk.send(Open(1, graph, PLAN), Train(1, PLAN, folder=str(first)))
        desk.progress(lambda p: p.phase == IDLE and p.step > 80)
        count = len(desk.points[1])
        for path in runs.keys(first).values():
            if path.name != "key-0.safetensors":
                path.unlink()
        (first / runs.LAST).unlink()
        desk.send(Train(2, PLAN, True, str(second), start=step, origin=str(first)))
        desk.progress(lambda p: p.run == 2 and p.phase == IDLE and p.step == count)
        lines = [runs.metrics(f, 1000).points.tolist() for f in (first, second)]
        assert lines[0] == lines[1]
    assert runs.notes(second).origin == (str(first), step)
    assert runs.metrics(second, 1000).tests.tolist() == runs.metrics(first, 1000).tests.tolist()
    for at in (5, 10, 40, 80):
        ours, theirs = recorded(second, at), recorded(first, at)
        assert all(torch.equal(ours[k], theirs[k]) for k in theirs), at
    assert before(second, count) is not None and 0 in runs.keys(second)


def test_a_branch_may_learn_otherwise_and_leaves_the_run_it_comes_from_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with Desk() as desk:
        trained(desk, first)
        mark = Keep(str(first), 20, "fork")
        desk.send(mark, Recall(str(first)))
        desk.until(Recalled)
        then = {p.relative_to(first): p.read_bytes() for p in first.rglob("*") if p.is_file()}
        other = Plan(epochs=2, threads=1, lr=0.05, optimizer="sgd")
        desk.send(Train(2, other, True, str(second), start=40, origin=str(first)))
        desk.progress(lambda p: p.run == 2 and p.phase == IDLE and p.step == 90)
    assert {p.relative_to(first): p.read_bytes() for p in first.rglob("*") if p.is_file()} == then
    points = runs.metrics(second, 90).points
    assert points[:40].tolist() == runs.metrics(first, 40).points.tolist()
    assert set(points[40:, 3]) == {0.05}
    assert runs.notes(second).plan == other and runs.marks(second) == (Mark(20, "fork"),)


def test_a_branch_without_a_whole_state_is_refused(tmp_path: Path) -> None:
    with Desk() as desk:
        trained(desk, tmp_path / "run")
        for path in runs.keys(tmp_path / "run").values():
            path.unlink()
        desk.send(Train(2, PLAN, True, str(tmp_path / "new"), start=40, origin=str(tmp_path / "run")))
        assert "no whole state" in desk.failure("train").text
    assert threading.active_count() < 3


def test_two_runs_on_the_same_picture_at_the_same_step(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    with Desk() as desk:
        trained(desk, one)
        trained(desk, two, 2, Plan(epochs=2, threads=1, lr=0.03, seed=1))
        desk.send(Show(1, str(one), 44, version=1, run=1, other=str(two)))
        frame = desk.frame(lambda f: f.other is not None)
        alike(frame, one, frame.step)
        assert frame.other is not None and frame.other.step == frame.step
        alike(frame.other, two, frame.step)
        assert np.array_equal(frame.input, frame.other.input)  # type: ignore[arg-type]


def test_a_run_of_another_network_than_the_editors(tmp_path: Path) -> None:
    with Desk() as desk:
        trained(desk, tmp_path)
        desk.send(Open(2, small().change("out", layer=Linear(7)), PLAN), Show(1, str(tmp_path), 90, version=1, run=1))
        frame = desk.frame(lambda f: f.past)
        assert frame.probabilities is not None and len(frame.probabilities) == 10
        assert not desk.all(Failed)


def test_a_run_that_died_before_its_first_record_holds_nothing(tmp_path: Path) -> None:
    files.write(tmp_path / runs.NETWORK, Network(small(), plan=PLAN))
    (tmp_path / runs.NOTES).write_text('{"plan": {}, "step": 0, "epoch_steps": 45, "end": ""}')
    with Desk() as desk:
        desk.send(Open(1, small(), PLAN), Recall(str(tmp_path), 0), Recall(str(tmp_path)))
        found = desk.until(Recalled, lambda r: r.points is not None)
        assert (found.step, len(found.steps), len(found.points), len(found.tests)) == (0, 0, 0, 0)
        assert desk.until(Recalled, lambda r: r.points is None).step == 0


def test_a_step_with_a_damaged_digit_is_not_told_and_one_that_proves_so_is_taken_back(tmp_path: Path) -> None:
    files.write(tmp_path / runs.NETWORK, Network(small(), plan=PLAN))
    (tmp_path / runs.NOTES).write_text('{"plan": {}, "step": 0, "epoch_steps": 45, "end": ""}')
    lines = [f'{{"step": {s}, "loss": 1.5, "accuracy": 0.5, "lr": 0.1}}\n' for s in (1, 2, 8, 9, 5, 6, 7, 8)]
    with Desk() as desk:

        def told(many: int, since: int) -> tuple[int, list[float]]:
            (tmp_path / runs.METRICS).write_text("".join(lines[:many]))
            desk.replies.clear()
            desk.send(Recall(str(tmp_path), since))
            found = desk.until(Recalled, lambda r: r.points is not None)
            assert found.points is not None
            return found.first, found.points[:, 0].tolist()

        desk.send(Open(1, small(), PLAN))
        assert told(3, 0) == (0, [1, 2])
        assert told(4, 2) == (2, [8, 9])
        first, steps = told(8, 3)
        assert first == 2 and steps == [5, 6, 7, 8]
