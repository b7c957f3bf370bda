"""A run's beats and what is asked of it, as files: who lives, who died, on this machine and on another one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cnnviz.link import control
from cnnviz.link.control import DIED, ENDED, GO, PAUSE, STOP, UNKNOWN, Alive, alive, ask, asked, beat, busy
from cnnviz.link.messages import TRAINING
from cnnviz.link.runs import RunError

OURS = Alive(TRAINING, 30, 90, beat=1)


def elsewhere(folder: Path, number: int = 1, **more: object) -> None:
    """Another machine beats."""
    beat(folder, replace(OURS, beat=number))
    said = json.loads((folder / "alive.json").read_text())
    (folder / "alive.json").write_text(json.dumps(said | {"machine": "other", "host": "far", "pid": 1} | more))


def test_a_beat_tells_who_trains_and_how_far(tmp_path: Path) -> None:
    beat(tmp_path, OURS)
    found = alive(tmp_path)
    assert found.living and (found.phase, found.step, found.steps, found.pid) == (TRAINING, 30, 90, os.getpid())
    beat(tmp_path, replace(OURS, phase=ENDED, end="done"))
    assert alive(tmp_path).phase == ENDED and alive(tmp_path).end == "done" and not alive(tmp_path).living
    assert [p.name for p in tmp_path.iterdir()] == ["alive.json"], "nothing is left beside"


def test_what_there_is_of_a_training_that_was_left_for_another(tmp_path: Path) -> None:
    beat(tmp_path, replace(OURS, phase=ENDED, end="stopped"))
    said = control.left(tmp_path, 3487)
    assert said == (
        f"The training before was stopped at step 3,487. It is kept in {tmp_path}: Open run… goes on there."
    )
    beat(tmp_path, replace(OURS, phase=ENDED, end="stopped", recorded=40, lost="No space left on device"))
    said = control.left(tmp_path, 3487)
    assert "stopped at step 3,487. Recording in" in said and "stopped at step 40 (No space" in said
    assert "is kept" not in said


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"step": "x"}', '{"phase": null, "step": []}', '{"step": null}'])
def test_a_folder_that_tells_nothing(tmp_path: Path, text: str) -> None:
    assert alive(tmp_path / "none").phase == UNKNOWN
    (tmp_path / "alive.json").write_text(text)
    assert not alive(tmp_path).living
    with pytest.raises(RunError, match="Nobody is training"):
        ask(tmp_path, STOP)


def test_a_process_of_this_machine_is_looked_up(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from cnnviz.link.control import *; "
    code += "beat(Path(sys.argv[1]), Alive('training', 7)); print(1, flush=True); sys.stdin.read()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdin=pipe, stdout=pipe) as child:
        assert child.stdout is not None and child.stdout.readline()
        assert alive(tmp_path).living and busy(tmp_path)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert alive(tmp_path).phase == DIED, "dead, if not yet buried"
    found = alive(tmp_path)
    assert found.phase == DIED and found.step == 7 and busy(tmp_path) is None
    said = json.loads((tmp_path / "alive.json").read_text())
    (tmp_path / "alive.json").write_text(json.dumps(said | {"pid": os.getpid()}))
    assert alive(tmp_path).phase == DIED, "another process has got its number"


def test_another_machine_is_dead_when_its_beats_stand_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(control.time, "monotonic", lambda: now[0])
    elsewhere(tmp_path)
    found = alive(tmp_path)
    assert found.living and found.host == "far"
    now[0] += control.SILENT - 1
    found = alive(tmp_path, found)
    assert found.living
    now[0] += 2
    found = alive(tmp_path, found)
    assert found.phase == DIED
    elsewhere(tmp_path, 2)
    found = alive(tmp_path, found)
    assert found.living, "it had only been slow"
    now[0] += control.SILENT + 1
    elsewhere(tmp_path, 2, pid=2)
    assert alive(tmp_path, found).living, "the silence of one process is not that of another"


@pytest.mark.parametrize("hours", [-12, -0.9, 0, 0.9, 12])
def test_clocks_that_differ(tmp_path: Path, hours: float) -> None:
    elsewhere(tmp_path)
    path = tmp_path / "alive.json"
    at = path.stat().st_mtime - 3600 * hours
    os.utime(path, (at, at))
    assert alive(tmp_path).living == (hours < 1), "only what is older than any two clocks differ is dead at once"
    assert (busy(tmp_path) is not None) == (hours <= 0), "the disk's own clock dates both"
    assert [p.name for p in tmp_path.iterdir()] == ["alive.json"]


def test_what_is_asked_is_heard_by_its_number(tmp_path: Path) -> None:
    assert asked(tmp_path) == ("", 0)
    beat(tmp_path, OURS)
    first = ask(tmp_path, PAUSE)
    assert asked(tmp_path) == (PAUSE, first)
    second = ask(tmp_path, GO)
    assert asked(tmp_path) == (GO, second) and first != second != 0
    for damaged in ("", "{}", '{"ask": "dance", "number": 3}', '{"ask": "stop", "number": "x"}'):
        (tmp_path / "control.json").write_text(damaged)
        assert asked(tmp_path) == ("", 0)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    beat(tmp_path, OURS)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RunError, match="Stop it where it was started"):
            ask(tmp_path, STOP)
    finally:
        tmp_path.chmod(0o700)
