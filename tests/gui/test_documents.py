"""One document after another: nothing of the old one is lost, and nothing of it gets into the new one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from cnnviz.gui.session import Session, filing
from cnnviz.gui.settings import Settings
from cnnviz.gui.window import questions
from cnnviz.gui.window.window import Window
from cnnviz.link import runs
from cnnviz.link.messages import IDLE, Bell, Failed, Frame, Open, Saved, Stop, Train
from cnnviz.net.graph import Graph

from .conftest import StillEngine
from .test_session import answer, news, said


@pytest.fixture
def trained(session: Session, lenet: Graph, qtbot) -> Session:
    """A network that has been trained for a while, its weights recorded."""
    session.edit.document.reset(lenet)
    session.run.train()
    answer(session, qtbot, news(session, 0, 5, step=5))
    record(session)
    return session


def record(session: Session, step: int = 450) -> Path:
    path = Path(session.run.folders[0], "weights", "last.safetensors")
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"C1.weight": np.zeros(3, np.float32)}, path, {"step": str(step)})
    return path


def test_trained_weights_are_work_too(trained, tmp_path, qtbot):
    s = trained
    assert s.file.modified and s.file.only_learned
    assert s.file.save(tmp_path / "n.cnnviz") and s.file.saving and s.file.modified, "not before they are written"
    answer(s, qtbot, Saved(str(tmp_path / "n.safetensors")))
    assert not s.file.modified and not s.file.saving


def test_weights_that_could_not_be_written_are_still_unsaved(trained, tmp_path, qtbot):
    trained.file.save(tmp_path / "n.cnnviz")
    answer(trained, qtbot, Failed("save", "The disk is full."))
    assert trained.file.modified and not trained.file.saving


def test_a_crash_gives_no_weights_of_another_document(trained, tmp_path, qtbot, lenet):
    s = trained
    s.file.let_go()
    s.file.save(tmp_path / "other.cnnviz")
    save_file({"C1.weight": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    s.file.open(tmp_path / "other.cnnviz")
    heard = said(s)
    with qtbot.waitSignal(s._lost):
        s.engine.lose(-9, "")
    qtbot.waitUntil(lambda: s.engine.restarts == 1)
    assert s.engine.last(Open).weights == str(tmp_path / "other.safetensors")
    assert "450" not in heard[-1].text and not heard[-1].actions


def test_training_alone_is_recovered_and_recovered_again(trained, qapp):
    s = trained
    s.file.autosave()
    weights = record(s)

    for _ in range(2):
        s = died(s)
        assert s.file.recover()
        assert s.engine.last(Open).weights == str(weights) and s.file.modified
        note = json.loads(next(s.file._autosaves.glob("[0-9]*.json")).read_text())
        assert tuple(note["runs"]) == trained.run.folders
    s.close()


def test_a_healthy_run_is_not_ended_for_a_network_that_cannot_train(trained):
    s, heard = trained, said(trained)
    s.edit.remove([n.id for n in s.graph])
    s.run.train_on()
    assert not any(isinstance(c, Stop) for c in s.engine.sent) and s.run.active
    assert "empty" in heard[-1].text


def test_frames_of_the_old_document_do_not_show(trained, qtbot):
    s = trained
    old = Frame(s.version, 1, 5, 0, maps={"C1": np.zeros((6, 28, 28), np.float32)})
    s.engine.frames.append(old)
    answer(s, qtbot, Bell(True))
    assert s.look.frame is old
    s.file.open_preset("lenet5")
    assert s.look.frame is None
    s.engine.frames.append(old)
    answer(s, qtbot, Bell(True))
    assert s.look.frame is None


def test_messages_of_the_old_document_go(trained, qtbot):
    s = trained
    answer(s, qtbot, Failed("look", "cut.png is damaged."))
    heard = said(s)
    s.file.open_preset("lenet5")
    assert "failed.look" in {n.key for n in heard if not n.text}


def test_an_undone_edit_is_the_network_that_trains(trained):
    s = trained
    s.edit.remove(["S2"])
    assert s.run.behind
    s.edit.undo()
    assert not s.run.behind


def test_data_that_is_not_there_offers_what_is(session, lenet, qtbot):
    session.edit.document.reset(lenet)
    session.run.set_plan(data="cifar10")
    heard = said(session)
    answer(session, qtbot, Failed("data", "cifar10 is not there."))
    assert session.run.problem is not None and "cifar10" in session.run.problem.text
    act = heard[-1].actions[0][1]
    act()
    assert session.run.plan.data == "digits" and session.run.problem is None
    session.run.train()
    assert any(isinstance(c, Train) for c in session.engine.sent)
    answer(session, qtbot, news(session, 0, 1, phase=IDLE))


# ── what Train keeps ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_train_goes_on_with_what_has_been_learned(trained, qtbot):
    s = trained
    assert not s.engine.last(Train).keep and s.run.knows
    answer(s, qtbot, news(s, 0, 10, step=10, phase=IDLE))
    s.run.train()
    assert s.engine.last(Train).keep
    answer(s, qtbot, news(s, 0, 10, step=10, phase=IDLE))
    s.run.train_afresh()
    assert not s.engine.last(Train).keep


def test_train_goes_on_with_the_weights_of_a_file(session, lenet, tmp_path, qtbot):
    session.edit.document.reset(lenet)
    assert not session.run.knows
    session.file.save(tmp_path / "n.cnnviz")
    save_file({"C1.weight": np.zeros(3, np.float32)}, tmp_path / "n.safetensors")
    session.file.open(tmp_path / "n.cnnviz")
    session.run.train()
    assert session.engine.last(Train).keep
    session.file.open_preset("lenet5")
    session.run.train()
    assert not session.engine.last(Train).keep


def test_a_running_training_is_ended_before_one_from_new_weights(trained, qtbot):
    s = trained
    s.run.train_afresh()
    assert isinstance(s.engine.sent[-1], Stop)
    answer(s, qtbot, news(s, 0, 6, step=6, phase=IDLE))
    assert s.engine.last(Train).run == 2 and not s.engine.last(Train).keep


# ── runs and recovery ────────────────────────────────────────────────────────────────────────────────────────────────
def died(session: Session) -> Session:
    """The next start after this window's process was killed."""
    session.file._held.unlock()  # as the system does when a process dies
    for left in session.file._autosaves.iterdir():
        left.rename(left.with_name("999999" + left.suffix))
    return Session(StillEngine, Settings(session.settings.folder))


def test_the_newest_run_is_recovered_without_an_edit_before_it(trained, qtbot):
    s = trained
    s.file.autosave()
    answer(s, qtbot, news(s, 0, 6, step=6, phase=IDLE))
    s.run.train()
    newest = record(s, 600)
    qtbot.waitUntil(lambda: not s.file._timer.isActive())
    later = died(s)
    assert later.file.recover()
    assert later.engine.last(Open).weights == str(newest)
    later.close()


def test_a_run_that_has_recorded_nothing_yet_leaves_the_one_before(trained, qtbot):
    s = trained
    before = record(s)
    answer(s, qtbot, news(s, 0, 6, step=6, phase=IDLE))
    s.run.train()
    s.file.autosave()
    assert s.run.recorded == (450, before)
    later = died(s)
    assert later.file.recover()
    assert later.engine.last(Open).weights == str(before)
    later.close()


def test_a_recovered_edit_of_a_trained_file_has_the_files_weights(session, lenet, tmp_path):
    session.edit.document.reset(lenet)
    session.file.save(tmp_path / "n.cnnviz")
    save_file({"C1.weight": np.zeros(3, np.float32)}, tmp_path / "n.safetensors")
    session.file.open(tmp_path / "n.cnnviz")
    session.edit.set("C1", "out_channels", 7)
    session.file.autosave()
    later = died(session)
    assert later.file.recover() and later.engine.last(Open).weights == str(tmp_path / "n.safetensors")
    later.close()


def test_run_folders_of_living_windows_and_of_this_document_are_kept(trained, qtbot, monkeypatch):
    s = trained
    record(s)
    there = s.settings.folder / "runs"
    living, dead = there / "20200101-000000-1-001", there / "20200102-000000-999999-001"
    for folder in (living, dead):
        folder.mkdir()
    held = filing._lock(there / "1")
    assert held.tryLock(0)
    for i in range(filing.RUNS_KEPT):
        (there / f"20210101-0000{i:02}-999999-001").mkdir()
    s.file.run_folder()
    left = {p.name for p in there.iterdir() if p.is_dir()}
    assert living.name in left and dead.name not in left
    assert Path(s.run.folders[0]).name in left
    held.unlock()
    (there / "20210102-000000-999999-001").mkdir()
    s.file.run_folder()
    assert not living.exists()


def test_runs_that_take_too_much_go_the_oldest_first_but_none_with_named_steps(session, monkeypatch):
    runs_ = session.settings.folder / "runs"
    for i in range(6):
        folder = runs_ / f"2021010{i}-000000-999999-001"
        folder.mkdir(parents=True)
        (folder / "weights").write_bytes(bytes(1000))
    (runs_ / "20210101-000000-999999-001" / runs.MARKS).write_text('[{"step": 3, "name": "mine"}]')
    monkeypatch.setattr(filing, "ROOM", 3500)
    session.file.run_folder()
    assert sorted(p.name[7] for p in runs_.iterdir() if p.is_dir()) == ["1", "4", "5"]


def test_what_another_window_saved_is_not_replaced_silently(session, lenet, tmp_path, qtbot, monkeypatch):
    session.edit.document.reset(lenet)
    session.file.save(tmp_path / "n.cnnviz")
    assert not session.file.changed_on_disk
    other = Session(StillEngine, Settings(tmp_path / "other"))
    other.file.open(tmp_path / "n.cnnviz")
    other.edit.set("C1", "out_channels", 7)
    other.file.save()
    other.file.let_go()
    other.close()
    assert session.file.changed_on_disk
    window = Window(session.settings)
    qtbot.addWidget(window)
    window.furnish(session)
    text = (tmp_path / "n.cnnviz").read_text()
    monkeypatch.setattr(questions, "changed_on_disk", lambda parent, name: "cancel")
    assert not window.desk.save() and (tmp_path / "n.cnnviz").read_text() == text
    monkeypatch.setattr(questions, "changed_on_disk", lambda parent, name: "elsewhere")
    monkeypatch.setattr(questions, "save_network", lambda parent, path: str(tmp_path / "mine.cnnviz"))
    assert window.desk.save() and session.file.path == tmp_path / "mine.cnnviz"
    assert (tmp_path / "n.cnnviz").read_text() == text
    session.file.open(tmp_path / "n.cnnviz")
    assert not session.file.changed_on_disk and window.desk.save()
