"""One document after another: nothing of the old one is lost, and nothing of it gets into the new one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from cnnviz.gui.session import Session
from cnnviz.gui.settings import Settings
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
    path = Path(session.run.folder, "weights", "last.safetensors")
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

    def crash(session: Session) -> Session:
        session.file._held.unlock()  # as the system does when a process dies
        for left in session.file._autosaves.iterdir():
            left.rename(left.with_name("999999" + left.suffix))
        return Session(StillEngine, Settings(session.settings.folder))

    for _ in range(2):
        s = crash(s)
        assert s.file.recover()
        assert s.engine.last(Open).weights == str(weights) and s.file.modified
        note = json.loads(next(s.file._autosaves.glob("[0-9]*.json")).read_text())
        assert note["run"] == trained.run.folder
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
    assert isinstance(session.engine.sent[-1], Train)
    answer(session, qtbot, news(session, 0, 1, phase=IDLE))
