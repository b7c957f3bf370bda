"""The program with its engine in a process of its own: training, faults of the engine, wrong input. No X needed."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest

from cnnviz.link.messages import IDLE, PAUSED, TRAINING

from .conftest import Program

pytestmark = pytest.mark.slow


def losses(session, steps: int) -> list[float]:
    """What a training without a window gives for the session's network and plan."""
    import torch

    from cnnviz.engine import data
    from cnnviz.engine.build import Net
    from cnnviz.engine.learn.steps import steps as train

    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) - 1))
    rows, plan = session.rows, session.run.plan
    layer = rows.input.layer
    made = train(Net(rows, plan), data.load("digits", "", layer), plan, layer)
    found = [next(made).loss for _ in range(steps)]
    torch.set_num_threads(1)
    return found


def test_lenet_learns_in_the_window_as_it_does_headless(program: Program):
    s = program.session
    program.ready()
    s.run.train()
    program.until(lambda: s.run.phase == IDLE)
    assert s.run.progress is not None and s.run.progress.accuracy >= 0.97
    assert s.run.points[:, 0].tolist() == list(range(1, 451))
    assert s.run.points[:60, 1].tolist() == losses(s, 60), "bit for bit, with and without a window"


def test_kill_the_engine_while_it_trains(program: Program):
    s = program.session
    program.ready()
    s.run.set_plan(epochs=1000)
    s.run.train()
    program.until(lambda: s.file.last_weights(s.run.folders[0]) and s.file.last_weights(s.run.folders[0])[0] > 0)
    os.kill(program.client.pid, signal.SIGKILL)
    program.until(lambda: any("ended by the system" in t for t in program.said))
    assert "weights of step" in program.said[-1] or "those of step" in program.said[-1]
    assert s.run.phase == IDLE
    program.until(lambda: s.devices and s.engine_state == "ready")
    folder, step = s.run.folders[0], s.file.last_weights(s.run.folders[0])[0]
    before = s.run.points[:step].copy()
    s.run.train_on()
    program.until(lambda: len(s.run.points) > step + 20)
    assert s.run.folders[0] == folder, "it is the same run"
    s.run.stop()
    program.until(lambda: s.run.phase == IDLE)
    assert s.run.points[:, 0].tolist() == list(range(1, len(s.run.points) + 1))
    assert np.array_equal(s.run.points[: len(before)], before)
    unbroken = losses(s, len(s.run.points))
    assert s.run.points[:, 1].tolist() == unbroken, "bit for bit as if nothing had happened"


def test_stop_and_train_on_is_one_run(program: Program):
    s = program.session
    program.ready()
    s.run.set_plan(epochs=2)
    s.run.train()
    program.until(lambda: len(s.run.points) > 30)
    s.run.stop()
    program.until(lambda: s.run.phase == IDLE)
    stopped, folder = len(s.run.points), s.run.folders[0]
    assert 30 < stopped < 90
    s.run.step()
    program.until(lambda: s.run.phase == PAUSED)
    assert s.run.points[-1, 0] == stopped + 1 and s.run.folders == (folder,)
    s.run.train()
    program.until(lambda: s.run.phase == IDLE)
    assert len(s.run.points) == 90 and len(s.run.tests) == 2
    s.run.set_plan(epochs=3)
    s.run.train()
    program.until(lambda: s.run.phase == IDLE)
    assert s.run.folders == (folder,) and s.run.tests[:, 0].tolist() == [45, 90, 135]
    assert s.run.points[:, 1].tolist() == losses(s, 135)
    s.run.train()
    program.until(lambda: s.run.phase == TRAINING and len(s.run.points) > 3)
    assert s.run.folders[0] != folder and s.run.points[0, 0] == 1, "a run that has come to its end is not gone on with"
    assert s.run.points[:3, 1].mean() < 1.0, "but its weights are"
    s.run.stop()
    program.until(lambda: s.run.phase == IDLE)


def test_a_mad_learning_rate_stops_by_itself(program: Program):
    s = program.session
    program.ready()
    s.run.set_plan(optimizer="sgd", lr=1e9)
    s.run.train()
    program.until(lambda: s.run.phase == IDLE and program.said)
    assert "step 2" in program.said[-1].lower() and "C1" in program.said[-1]
    program.until(lambda: not s.look.stale)
    s.look.select(["C3"])
    s.look.want("test", "maps", ["C3"])
    program.until(lambda: s.look.frame and "C3" in s.look.frame.maps)
    assert np.isfinite(s.look.frame.maps["C3"]).all(), "the last good weights are kept"


def test_closing_while_training_ends_everything(program: Program):
    s = program.session
    program.ready()
    s.run.train()
    program.until(lambda: len(s.run.points) > 5)
    pid, start = program.client.pid, time.monotonic()
    program.close()
    assert time.monotonic() - start < 5
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_wrong_pictures_are_said_and_the_last_one_stays(program: Program, tmp_path, photograph):
    s = program.session
    program.ready()
    s.look.open_picture(str(photograph))
    program.until(lambda: s.look.frame.picture.name == "ring.png")
    for name, content in (("text.png", b"hello"), ("cut.png", photograph.read_bytes()[:200]), ("gone.png", None)):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        before = len(program.said)
        s.look.open_picture(str(path))
        program.until(lambda n=before: len(program.said) > n)
        assert name in program.said[-1] and "Traceback" not in program.said[-1]
    assert s.look.frame.picture.name == "ring.png"


def test_pause_step_and_editing_while_it_trains(program: Program):
    s = program.session
    program.ready()
    s.run.set_plan(epochs=1000)
    s.run.train()
    program.until(lambda: len(s.run.points) > 5)
    s.run.pause()
    program.until(lambda: s.run.phase == PAUSED)
    at = s.run.progress.step
    s.run.step()
    program.until(lambda: s.run.phase == PAUSED and s.run.progress.step == at + 1)
    s.edit.set("C1", "out_channels", 8)
    assert s.run.behind and program.window.notices.has("behind")
    s.run.train_on()
    program.until(lambda: s.run.phase == TRAINING and not s.run.behind and len(s.run.points) > 3)
    s.run.stop()
    program.until(lambda: s.run.phase == IDLE)
