"""`cnnviz follow`: what it shows of a run in another process, and what it has that do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cnnviz import app
from cnnviz.commands import follow
from cnnviz.link import control
from cnnviz.link.control import Alive, beat
from cnnviz.link.messages import PAUSED, TRAINING

from .saying import HERE, Said, asked, refused, tiny
from .test_followed import PATIENCE, child, until


@contextmanager
def following(run: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`cnnviz follow`, and the file into which it talks."""
    said = run.with_name("followed.txt")
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "cnnviz", "follow", str(run)], cwd=HERE, stdout=out, stderr=out
        )
        try:
            yield process, said
        finally:
            process.kill()
            process.wait()


def test_a_run_is_followed_paused_and_stopped(tmp_path: Path, capsys: Said) -> None:
    run = tmp_path / "run"
    with child(tiny(tmp_path), run) as trained:
        until(run, lambda a: a.phase == TRAINING and a.step > 0)
        with following(run) as (process, said):
            assert asked(capsys, "follow", str(run), "--pause").startswith(f"The run in {run} pauses at step ")
            paused = until(run, lambda a: a.phase == PAUSED)
            until(run, lambda a: "The run is paused after step" in said.read_text())
            assert "goes on" in asked(capsys, "follow", str(run), "--go")
            until(run, lambda a: a.step > paused.step)
            assert "stops" in asked(capsys, "follow", str(run), "--stop")
            assert trained.wait(PATIENCE) == 130 and process.wait(PATIENCE) == 0
            assert "The run was stopped after step" in said.read_text().splitlines()[-1]
    assert "Nobody is training" in refused(capsys, "follow", str(run), "--pause")
    assert "was stopped after step" in asked(capsys, "follow", str(run))


@pytest.mark.parametrize(
    ("state", "status", "text"),
    [
        (Alive(control.ENDED, 30, 30, end="done"), 0, "The run is done: 30 steps."),
        (Alive(control.ENDED, 3, 30, end="diverged"), 0, "no longer finite"),
        (Alive(control.ENDED, 3, 30, end="diverged"), 0, "finite. Go on with it at a lower learning rate: cnnviz "),
        (Alive(control.ENDED, 3, 30, end="diverged"), 0, "--resume --lr 0.00"),
        (Alive(control.ENDED, 3, 30, end="failed"), 0, "failed after step 3"),
        (Alive(control.ENDED, 3, 30, end="stopped"), 0, "was stopped after step 3. Go on with it: cnnviz train "),
        (Alive(control.ENDED, 30, 30, end="done", recorded=9, lost="full"), 1, "stopped at step 9 (full): later"),
        (Alive(control.ENDED, 30, 30, end="done", recorded=9, lost="full"), 1, "kept. Go on with it: cnnviz train "),
        (Alive(TRAINING, 3, 30), 1, "no longer trains: it died on "),
        (Alive(TRAINING, 3, 30), 1, "after step 3 or later. Go on with it: cnnviz train "),
    ],
)
def test_how_it_ended(tmp_path: Path, capsys: Said, state: Alive, status: int, text: str) -> None:
    run = _run(tmp_path)
    (run / "weights").mkdir()
    (run / "weights" / "last.safetensors").touch()
    beat(run, state)
    said = json.loads((run / "alive.json").read_text())
    (run / "alive.json").write_text(json.dumps(said | {"born": "0"}))
    assert app.main(["follow", str(run)]) == status
    assert text in capsys.readouterr().out


def test_a_run_without_a_sign_of_life_ended_as_its_notes_say(tmp_path: Path, capsys: Said) -> None:
    run = _run(tmp_path)
    said = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(said | {"step": 9, "end": "done"}))
    assert "The run is done: 9 steps." in asked(capsys, "follow", str(run))


@pytest.mark.parametrize("alive", [None, "", "{", "[]", '{"phase": "trailing"}', '{"phase": "training", "pid": "x"}'])
def test_a_run_whose_sign_of_life_is_lost_and_that_tells_no_end_has_died(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch, alive: str | None
) -> None:
    monkeypatch.setattr(control, "BEAT", 0.0)
    run = _run(tmp_path)
    (run / "weights").mkdir()
    (run / "weights" / "last.safetensors").touch()
    if alive is not None:
        (run / "alive.json").write_text(alive)
    long_ago = time.time() - 3600
    os.utime(run / "run.json", (long_ago, long_ago))
    assert app.main(["follow", str(run)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("The run no longer trains: it died without a word, after step 1 or later. Go on with it: ")
    assert out.endswith(" --resume\n")


def test_a_run_that_has_only_just_begun_is_waited_for(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _run(tmp_path)
    looks = iter([Alive(), Alive(), Alive(TRAINING, 0, 9), Alive(control.ENDED, 9, 9, end="done")])
    monkeypatch.setattr(control, "alive", lambda folder, before=None: next(looks))
    monkeypatch.setattr(follow, "LOOK", 0.0)
    assert app.main(["follow", str(run)]) == 0
    assert "The run is done: 9 steps." in capsys.readouterr().out
    monkeypatch.undo()
    monkeypatch.setattr(control, "FIRST", 0.1)
    monkeypatch.setattr(control, "BEAT", 0.1)
    assert app.main(["follow", str(run)]) == 1, "its first sign never came"


def test_a_sign_of_life_that_is_lost_for_a_moment_is_no_death(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _run(tmp_path)
    os.utime(run / "run.json", (0, 0))
    looks = iter(
        [Alive(), Alive(TRAINING, 1, 9), Alive(), Alive(TRAINING, 2, 9), Alive(control.ENDED, 9, 9, end="done")]
    )
    monkeypatch.setattr(control, "alive", lambda folder, before=None: next(looks))
    monkeypatch.setattr(follow, "LOOK", 0.0)
    assert app.main(["follow", str(run)]) == 0
    assert "The run is done: 9 steps." in capsys.readouterr().out


def test_measurements_that_come_are_told(tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    run = _run(tmp_path)
    old = '{"step": 1, "loss": 2.5, "accuracy": 0.1, "lr": 0.1, "test_loss": 2.0, "test_accuracy": 0.5}\n'
    (run / "metrics.jsonl").write_text(old + '{"step": 2, "lo')
    looks = iter(
        [
            Alive(TRAINING, 1, 9, pid=os.getpid()),
            Alive(TRAINING, 2, 9, pid=os.getpid()),
            Alive(control.ENDED, 3, 9, end="stopped"),
        ]
    )

    def look(folder: Path, before: Alive | None = None) -> Alive:
        if before is not None and before.step == 1:
            text = 'ss": 1.5, "accuracy": 0.3, "lr": 0.1, "test_loss": 1.25, "test_accuracy": 0.625}\nnonsense\n'
            (run / "metrics.jsonl").write_text(old + '{"step": 2, "lo' + text)
        return next(looks)

    monkeypatch.setattr(control, "alive", look)
    monkeypatch.setattr(follow, "LOOK", 0.0)
    assert app.main(["follow", str(run)]) == 0
    out, err = capsys.readouterr()
    assert err.splitlines() == ["step 2  held-out loss 1.2500  accuracy 62.50%"] and "stopped after step 3" in out


def test_no_run_is_no_run(tmp_path: Path, capsys: Said) -> None:
    assert "is no run folder" in refused(capsys, "follow", str(tmp_path))
    with pytest.raises(SystemExit):
        app.main(["follow", str(tmp_path), "--pause", "--stop"])


def _run(folder: Path) -> Path:
    run = folder / "run"
    run.mkdir()
    (run / "run.json").write_text(json.dumps({"plan": {}, "step": 1, "epoch_steps": 1, "end": ""}))
    return run
