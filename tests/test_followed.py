"""A run in another process, paused, let go on, stopped and killed, and all that told by its folder alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from cnnviz.engine.record.moment import last
from cnnviz.link import runs
from cnnviz.link.control import DIED, ENDED, GO, PAUSE, STOP, Alive, alive, ask
from cnnviz.link.messages import IDLE, PAUSED, TRAINING, Open, Pause, Stop, Train
from cnnviz.net.plan import Plan

from .engine.desk import Desk
from .engine.nets import small
from .saying import HERE, Said, metrics, refused, tiny

PATIENCE = 60.0  # seconds: generous, the machine may be busy


def until(run: Path, holds: Callable[[Alive], bool]) -> Alive:
    """Wait until the run's folder says so."""
    end, found = time.monotonic() + PATIENCE, Alive()
    while time.monotonic() < end:
        found = alive(run, found)
        if holds(found):
            return found
        Event().wait(0.02)
    raise AssertionError(f"it says {found}")


@contextmanager
def child(net: str, run: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """`cnnviz train` for ever, which tells of it in said.txt; killed at the end if it still runs."""
    command = [sys.executable, "-m", "cnnviz", "train", net, "--out", str(run), "--epochs", "100000", *more]
    said = run.with_name("said.txt").open("wb")
    with said, subprocess.Popen(command, cwd=HERE, stdout=said, stderr=said) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_run_is_paused_and_stopped_through_its_folder(tmp_path: Path, capsys: Said) -> None:
    net, run = tiny(tmp_path), tmp_path / "run"
    with child(net, run) as process:
        found = until(run, lambda a: a.phase == TRAINING and a.step > 0)
        assert found.pid == process.pid and found.steps == 600_000
        assert "being trained now, by process" in refused(capsys, "train", net, "--out", str(run), "--resume")

        number = ask(run, PAUSE)
        paused = until(run, lambda a: a.phase == PAUSED)
        assert paused.heard == number
        recorded = last(run)
        assert recorded.step == paused.step, "what it waits with is recorded"
        beats = until(run, lambda a: a.beat > paused.beat + 1)
        assert beats.step == paused.step and beats.phase == PAUSED, "it lives, and waits"

        number = ask(run, GO)
        until(run, lambda a: a.phase == TRAINING and a.step > paused.step and a.heard == number)
        ask(run, PAUSE)
        until(run, lambda a: a.phase == PAUSED)
        ask(run, STOP)
        assert process.wait(PATIENCE) == 130
    said = (tmp_path / "said.txt").read_text().splitlines()
    assert any(line.startswith("Paused after step ") for line in said)
    assert said[-1].startswith("cnnviz: Stopped after step ")
    ended = alive(run)
    assert (ended.phase, ended.end) == (ENDED, "stopped")
    assert runs.notes(run).end == "stopped" and runs.notes(run).step == ended.step == last(run).step
    assert [m["step"] for m in metrics(run)] == list(range(1, ended.step + 1))
    assert not (run / "control.json").exists() and not list(run.glob(".*"))


def test_a_killed_run_is_known_to_be_dead_and_goes_on(tmp_path: Path) -> None:
    net, run = tiny(tmp_path), tmp_path / "run"
    with child(net, run) as process:
        until(run, lambda a: a.step > 0)
        while not (run / runs.LAST).exists():
            Event().wait(0.02)
        ask(run, STOP)  # nobody will hear it
        process.kill()
        process.wait()
    assert alive(run).phase == DIED
    before = last(run).step
    with child(net, run, "--resume") as process:
        until(run, lambda a: a.phase == TRAINING and a.step > before)
        assert process.poll() is None, "what was asked of the dead one is not asked of this one"


def test_ctrl_c_ends_a_paused_run(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with child(tiny(tmp_path), run) as process:
        until(run, lambda a: a.step > 0)
        ask(run, PAUSE)
        until(run, lambda a: a.phase == PAUSED)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    assert alive(run).end == "stopped"


def test_a_deleted_folder_is_not_made_again(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with child(tiny(tmp_path), run) as process:
        until(run, lambda a: a.step > 0)
        (run / "alive.json").unlink()
        os.rename(run, tmp_path / "gone")
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
    assert not run.exists()


@pytest.mark.parametrize("asking", ["window", "folder"])
def test_the_windows_own_run_is_heard_too(tmp_path: Path, asking: str) -> None:
    with Desk() as desk:
        plan = Plan(epochs=100_000, threads=1)
        desk.send(Open(1, small(), plan), Train(1, plan, folder=str(tmp_path)))
        until(tmp_path, lambda a: a.phase == TRAINING and a.step > 0)
        if asking == "folder":
            ask(tmp_path, PAUSE)
        else:
            desk.send(Pause(True))
        desk.progress(lambda p: p.phase == PAUSED)
        paused = until(tmp_path, lambda a: a.phase == PAUSED)
        if asking == "folder":
            ask(tmp_path, GO)
        else:
            desk.send(Pause(False))
        until(tmp_path, lambda a: a.phase == TRAINING and a.step > paused.step)
        if asking == "folder":
            ask(tmp_path, STOP)
        else:
            desk.send(Stop())
        desk.progress(lambda p: p.phase == IDLE)
    assert alive(tmp_path).end == "stopped"
    assert json.loads((tmp_path / "run.json").read_text())["end"] == "stopped"


@pytest.mark.parametrize("again", [False, True])
def test_a_run_whose_folder_is_gone_trains_on_and_says_so(tmp_path: Path, again: bool) -> None:
    net, run = tiny(tmp_path), tmp_path / "run"
    with child(net, run) as process:
        until(run, lambda a: a.step > 0)
        os.rename(run, tmp_path / "gone")
        if again:
            subprocess.run([sys.executable, "-m", "cnnviz", "train", net, "--out", str(run)], cwd=HERE, check=True)
            before = {p: p.read_bytes() for p in run.rglob("*") if p.is_file()}
        said = tmp_path / "said.txt"
        end = time.monotonic() + PATIENCE
        while "Training goes on without." not in said.read_text():
            assert time.monotonic() < end
            Event().wait(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 1
    last_line = said.read_text().splitlines()[-1]
    assert "stopped at step " in last_line and "(the folder is gone" in last_line and "--resume" not in last_line
    if again:
        assert {p: p.read_bytes() for p in run.rglob("*") if p.is_file()} == before and runs.notes(run).end == "done"
    else:
        assert not run.exists()
