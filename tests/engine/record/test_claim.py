"""A run whose folder is taken away trains on, and leaves alone what another one has written there."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from cnnviz.engine.record import recorder
from cnnviz.engine.record.claim import Claim, Gone
from cnnviz.engine.record.moment import last
from cnnviz.engine.record.reader import TrackError
from cnnviz.link import control, runs
from cnnviz.net.plan import Plan

from .test_recorder import NETWORK, ready

PLAN = Plan(epochs=1, threads=1, lr=0.01)


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is recorded."""
    monkeypatch.setattr(recorder, "EVERY", 0.0)
    monkeypatch.setattr(recorder, "SHARE", 1e9)
    monkeypatch.setattr(recorder, "GLANCE", 0.0)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_another_run_has_written_in_its_place_is_left_alone(tmp_path: Path) -> None:
    told: list[str] = []
    folder = tmp_path / "run"
    whole = list(ready(NETWORK, PLAN).go())
    training = ready(NETWORK, PLAN, folder, warn=told.append)
    making = training.go()
    made = list(islice(making, 5))
    shutil.rmtree(folder)
    other = ready(NETWORK, Plan(epochs=1, threads=1, lr=0.02), folder)
    others = other.go()
    list(islice(others, 3))
    others.close()
    before = contents(folder)
    made += list(islice(making, 20))
    with pytest.raises(TrackError, match=r"cannot be marked in .*: the folder is gone"):
        training.mark("mine")
    made += list(making)
    assert made == whole, "it trains on"
    assert contents(folder) == before and last(folder).step == 3 and control.alive(folder).end == "stopped"
    (text,) = told
    assert "(the folder is gone: another run has been recorded in its place). Training goes on without." in text


def test_a_folder_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    told: list[str] = []
    folder = tmp_path / "run"
    making = ready(NETWORK, PLAN, folder, warn=told.append).go()
    list(islice(making, 5))
    shutil.rmtree(folder)
    list(making)
    assert not folder.exists() and "(the folder is gone). Training goes on without." in told[0] and len(told) == 1


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_text("{"), Path.touch])
def test_notes_that_are_lost_or_damaged_are_written_anew(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    making = ready(NETWORK, PLAN, tmp_path).go()
    list(islice(making, 5))
    harm(tmp_path / runs.NOTES)
    list(making)
    assert runs.notes(tmp_path).end == "done" and last(tmp_path).step == 45


def test_who_goes_on_with_a_run_takes_it_over(tmp_path: Path) -> None:
    told: list[str] = []
    first = ready(NETWORK, PLAN, tmp_path, warn=told.append).go()
    list(islice(first, 5))
    second = ready(NETWORK, PLAN, tmp_path, resume=True).go()
    list(second)
    first.close()
    assert runs.notes(tmp_path).end == "done" and last(tmp_path).step == 45 and len(told) == 1


def test_a_claim_is_looked_up_by_the_id_where_the_file_was_touched(tmp_path: Path) -> None:
    claim, notes = Claim(tmp_path), tmp_path / runs.NOTES
    notes.write_text(f'{{"id": "{claim.id}"}}')
    claim.take()
    os.utime(notes, (1, 1))
    assert claim.holds
    notes.write_text('{"id": "other"}')
    assert not claim.holds
    notes.write_text("{}")
    with pytest.raises(Gone):
        claim.check()


def test_a_full_disk_is_told_to_those_who_follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    making = ready(NETWORK, PLAN, tmp_path, warn=told.append).go()
    list(islice(making, 5))

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(recorder, "atomically", full)
    monkeypatch.setattr(control, "_put", full)
    list(making)
    found = control.alive(tmp_path)
    assert (found.phase, found.end, found.step, found.recorded) == (control.ENDED, "done", 45, 5)
    assert found.lost == "No space left on device" in told[0] and last(tmp_path).step == 5
    said = control.unrecorded(found, tmp_path)
    assert said == f"Recording in {tmp_path} stopped at step 5 (No space left on device): later steps are not kept."
