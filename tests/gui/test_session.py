"""The hallway: what is told to the engine, and what panels hear of its answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from cnnviz.gui.session import LOST, READY, Notice, Session, running
from cnnviz.gui.settings import Settings
from cnnviz.link.adjusting import Adjust
from cnnviz.link.messages import (
    IDLE,
    PAUSED,
    STOPPING,
    TRAINING,
    Bell,
    Failed,
    Frame,
    News,
    Open,
    Pause,
    Pictures,
    Progress,
    Ready,
    Sample,
    Stop,
    Take,
    Train,
    Unit,
    Watch,
)
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Linear
from cnnviz.net.plan import Plan

from .conftest import StillEngine


@pytest.fixture
def open_lenet(session: Session, lenet: Graph) -> Session:
    session.edit.document.reset(lenet)
    return session


def progress(session: Session, **more: object) -> Progress:
    base = Progress(session.run.number, session.version, TRAINING, 1, 100, 0.1, 10.0, 9.0, 2.3, None, 0.001, "cpu")
    return replace(base, **more)


def news(session: Session, first: int, n: int, **more: object) -> News:
    points = np.arange(first, first + n, dtype=float)[:, None] * np.ones((1, 4))
    return News(progress(session, **more), first, points, np.empty((0, 4)))


def answer(session: Session, qtbot, reply) -> None:
    """As the client's thread would: through the queue."""
    engine = session.engine
    assert isinstance(engine, StillEngine)
    with qtbot.waitSignal(session._replied):
        engine.reply(reply)


def said(session: Session) -> list[Notice]:
    heard: list[Notice] = []
    session.noticed.connect(heard.append)
    return heard


def test_every_edit_of_the_structure_is_told_and_moves_are_not(open_lenet):
    s = open_lenet
    told = [c for c in s.engine.sent if isinstance(c, Open)]
    assert told[-1].graph == s.graph and told[-1].version == s.version
    s.edit.move({"C1": (400.0, 0.0)})
    assert len([c for c in s.engine.sent if isinstance(c, Open)]) == len(told)
    s.edit.set("C1", "out_channels", 8)
    assert s.engine.last(Open).version == s.version == told[-1].version + 1
    s.edit.undo()
    assert s.graph["C1"].layer == Conv2d(6, (5, 5)) and s.engine.last(Open).version == s.version


def test_a_spin_box_held_down_is_one_undo(open_lenet):
    s, before = open_lenet, open_lenet.graph
    for n in range(7, 30):
        s.edit.set("C1", "out_channels", n)
    s.edit.undo()
    assert s.graph == before


def test_impossible_edits_are_said_and_change_nothing(open_lenet):
    s, heard, before = open_lenet, said(open_lenet), open_lenet.graph
    assert not s.edit.set("C1", "kernel_size", (-3, 3))
    assert "kernel_size" in heard[-1].text
    assert not s.edit.connect("output", "C1")
    assert "loop" in heard[-1].text
    assert s.graph == before


def test_interest_is_the_union_of_what_panels_want(open_lenet):
    s = open_lenet
    s.look.select(["C1"])
    s.look.want("maps", "maps", ["C1"])
    s.look.want("canvas", "thumbs", ["C1", "S2", "nowhere"])
    interest = s.engine.last(Watch).interest
    assert interest.maps == ("C1",) and interest.thumbs == ("C1", "S2") and interest.unit is None
    s.look.want("field", "field", ["*"])
    assert s.engine.last(Watch).interest.unit == Unit("C1", 0, 14, 14)
    s.look.pick(5, 99, 3)
    assert s.engine.last(Watch).interest.unit == Unit("C1", 5, 27, 3), "kept inside the map"
    number = s.engine.last(Watch).interest.number
    s.look.want("field", "field", ["*"])
    assert s.engine.last(Watch).interest.number == number, "nothing new, nothing sent"
    s.look.want("canvas", "thumbs")
    assert s.engine.last(Watch).interest.thumbs == ()


def test_selection_forgets_what_is_deleted(open_lenet, qtbot):
    s = open_lenet
    s.look.select(["C1", "S2"])
    assert s.look.selected == "S2"
    with qtbot.waitSignal(s.selection_changed):
        s.edit.remove(["S2"])
    assert s.look.selection == ("C1",)


def test_selection_follows_a_new_name_and_its_undo(open_lenet):
    s = open_lenet
    s.look.select(["C1"])
    s.look.pick(3, 2, 1)
    s.edit.rename("C1", "first")
    assert s.look.selection == ("first",) and s.look.unit == Unit("first", 3, 2, 1)
    s.edit.undo()
    assert s.look.selection == ("C1",) and s.look.unit == Unit("C1", 3, 2, 1)


def test_training_takes_points_in_order_and_drops_old_runs(open_lenet, qtbot):
    s = open_lenet
    s.run.train()
    order = s.engine.last(Train)
    assert order.run == s.run.number and not order.keep and s.run.phase == TRAINING
    answer(s, qtbot, Bell(frame=False))
    assert s.engine.last(Take) == Take(s.run.number, 0)
    answer(s, qtbot, news(s, 0, 5))
    answer(s, qtbot, news(s, 5, 3, step=8))
    assert s.run.points[:, 0].tolist() == list(range(8))
    answer(s, qtbot, replace(news(s, 0, 2), progress=progress(s, run=s.run.number - 1)))
    assert len(s.run.points) == 8, "an older run's"
    answer(s, qtbot, replace(news(s, 6, 4)))
    assert s.run.points[:, 0].tolist() == list(range(10)), "overlapping answers are no doubles"


def test_pause_step_stop_and_stop_again(open_lenet, qtbot, monkeypatch):
    s = open_lenet
    s.run.train()
    s.run.pause()
    assert s.engine.last(Pause) == Pause(True)
    answer(s, qtbot, news(s, 0, 1, phase=PAUSED))
    s.run.step()
    assert s.engine.last(Pause) == Pause(False, steps=1)
    s.run.stop()
    assert isinstance(s.engine.sent[-1], Stop) and s.run.phase == STOPPING
    answer(s, qtbot, news(s, 1, 1, phase=TRAINING))
    assert s.run.phase == STOPPING, "until the engine says that it has ended"
    s.run.stop()
    assert s.run.phase == STOPPING, "a double click is one click"
    monkeypatch.setattr(running, "AGAIN", 0.0)
    s.run.stop()
    qtbot.waitUntil(lambda: s.engine.restarts == 1)
    assert s.run.phase == IDLE


def test_rate_acts_on_the_running_training(open_lenet):
    s = open_lenet
    s.run.set_plan(lr=0.5)
    assert not any(isinstance(c, Adjust) for c in s.engine.sent)
    s.run.train()
    s.run.set_plan(lr=0.25)
    assert s.engine.last(Adjust) == Adjust(0.25)
    heard = said(s)
    assert not s.run.set_plan(lr=-1.0) and "lr" in heard[-1].text and s.run.plan.lr == 0.25


def test_the_plan_is_undone_like_every_edit(open_lenet):
    s = open_lenet
    lr, told = s.run.plan.lr, []
    s.plan_changed.connect(lambda: told.append(s.run.plan))
    for value in (0.1, 0.2, 0.5):  # a spin box
        s.run.set_plan(lr=value)
    s.run.set_plan(optimizer="sgd")
    s.edit.set("C1", "out_channels", 12)
    graph = s.graph
    assert s.edit.document.undo_text == "Set out_channels of C1" and s.file.modified
    s.edit.undo()
    assert s.run.plan.optimizer == "sgd" and s.edit.document.undo_text == "Set optimizer of the plan"
    opened = [c for c in s.engine.sent if isinstance(c, Open)]
    s.edit.undo()
    assert s.run.plan.optimizer == "adam" and s.run.plan.lr == 0.5
    s.edit.undo()
    assert s.run.plan.lr == lr and told[-1] is s.run.plan and not s.file.modified and not s.edit.document.undo_text
    assert [c for c in s.engine.sent if isinstance(c, Open)] == opened, "the network is the same"
    for _ in range(3):
        s.edit.redo()
    assert s.run.plan.optimizer == "sgd" and s.run.plan.lr == 0.5 and s.graph == graph


def test_a_plan_undone_while_training_acts_as_a_plan_set(open_lenet):
    s = open_lenet
    lr = s.run.plan.lr
    s.run.train()
    s.run.set_plan(lr=0.25)
    s.run.set_plan(data="mnist")
    assert s.engine.last(Open).plan.data == "mnist"
    s.edit.undo()
    assert s.engine.last(Open).plan.data == "digits"
    s.edit.undo()
    assert s.engine.last(Adjust) == Adjust(lr)
    s.edit.redo()
    assert s.engine.last(Adjust) == Adjust(0.25) and s.run.active


def test_another_file_brings_its_plan_and_no_history(open_lenet, tmp_path):
    s = open_lenet
    s.run.set_plan(lr=0.25, data="mnist")
    assert s.file.save(tmp_path / "mine") and not s.file.modified
    s.file.new()
    assert s.run.plan == Plan() and not s.edit.document.undo_text and not s.file.modified
    sent = len(s.engine.sent)
    assert s.file.open(tmp_path / "mine.cnnviz")
    assert s.run.plan.lr == 0.25 and not s.file.modified
    opened = [c for c in s.engine.sent[sent:] if isinstance(c, Open)]
    assert len(opened) == 1 and opened[0].plan == s.run.plan and opened[0].fresh


def test_training_a_broken_net_says_where(open_lenet):
    s = open_lenet
    s.edit.set("C1", "kernel_size", (99, 99))
    heard = said(s)
    s.run.train()
    assert not any(isinstance(c, Train) for c in s.engine.sent)
    assert heard[-1].text.startswith("C1: ") and s.look.selected == "C1"


def test_classes_must_fit_the_output(open_lenet, qtbot):
    s = open_lenet
    answer(s, qtbot, Pictures("digits", 1437, 360, tuple("0123456789")))
    s.edit.document.reset(s.graph.change("output", layer=Linear(7)))
    heard = said(s)
    s.run.train()
    assert "10" in heard[-1].text and "output" in heard[-1].text


def test_edit_while_training_and_restart_keeping_weights(open_lenet, qtbot):
    s = open_lenet
    s.run.train()
    assert not s.run.behind
    s.edit.set("C1", "out_channels", 9)
    assert s.run.behind
    s.run.train_on()
    assert isinstance(s.engine.sent[-1], Stop)
    answer(s, qtbot, news(s, 0, 1, phase=IDLE))
    assert s.engine.last(Train).keep and s.engine.last(Train).run == s.run.number and not s.run.behind


def test_divergence_ends_the_run_and_selects_the_layer(open_lenet, qtbot):
    s, heard = open_lenet, said(open_lenet)
    s.run.train()
    answer(s, qtbot, Failed("train", "The loss is NaN at step 3 in C1.", run=s.run.number, node="C1"))
    assert s.run.phase == IDLE and s.look.selected == "C1" and heard[-1].level == "error"


def test_killed_engine_is_started_again_with_recorded_weights(open_lenet, qtbot):
    s, heard = open_lenet, said(open_lenet)
    answer(s, qtbot, Ready(("cpu",), 1, ()))
    assert s.engine_state == READY
    s.run.train()
    recorded = Path(s.run.folders[0], "weights", "last.safetensors")
    recorded.parent.mkdir(parents=True)
    save_file({"C1.weight": np.zeros(3, np.float32)}, recorded, {"step": "420"})
    with qtbot.waitSignal(s._lost):
        s.engine.lose(-9, "Killed")
    assert s.engine_state == LOST and s.run.phase == IDLE
    qtbot.waitUntil(lambda: s.engine.restarts == 1)
    assert s.engine.last(Open).weights == str(recorded)
    assert "420" in heard[-1].text
    heard[-1].actions[0][1]()
    assert s.engine.last(Train).keep


def test_paging_goes_round(open_lenet, qtbot):
    s = open_lenet
    s.look.page(1)
    assert s.look.picture == Sample(0), "no data set yet"
    answer(s, qtbot, Pictures("digits", 10, 3, tuple("0123456789")))
    for want in (1, 2, 0):
        s.look.page(1)
        assert s.look.picture == Sample(want)
    s.look.page(-1)
    assert s.look.picture == Sample(2)
    s.look.open_picture("/nowhere/cat.png")
    s.look.page(1)
    assert s.look.picture == Sample(0)


def test_frames_are_stale_after_an_edit(open_lenet, qtbot):
    s = open_lenet
    s.engine.frames.append(Frame(s.version, 0, 0, 0))
    answer(s, qtbot, Bell(frame=True))
    assert s.look.frame is not None and not s.look.stale
    s.edit.set("C1", "out_channels", 9)
    assert s.look.stale


def test_a_partial_frame_renews_maps_and_keeps_the_rest(open_lenet, qtbot):
    s, heard = open_lenet, []
    s.frame_arrived.connect(heard.append)
    shown, old, new = np.zeros((32, 32, 3), np.uint8), np.zeros(3), np.ones(3)
    whole = Frame(s.version, 1, 7, 2, maps={"C1": old}, filters={"C1": old}, shown=shown, field=old)
    for frame in (whole, Frame(s.version, 1, 8, 2, partial=True, maps={"C1": new}, filters={"C1": new})):
        s.engine.frames.append(frame)
        answer(s, qtbot, Bell(frame=True))
    assert s.look.frame is heard[-1] and s.look.frame.partial and s.look.frame.step == 8
    assert s.look.frame.maps["C1"] is new and s.look.frame.filters["C1"] is new
    assert s.look.frame.shown is shown and s.look.frame.field is old
    s.engine.frames.append(Frame(s.version, 2, 1, 2, partial=True, maps={"C1": new}))
    answer(s, qtbot, Bell(frame=True))
    assert s.look.frame.shown is None, "nothing is kept of another run"


def test_save_open_and_a_crash_between(open_lenet, tmp_path, qapp):
    s, heard = open_lenet, said(open_lenet)
    assert s.file.save(tmp_path / "mine")
    assert (tmp_path / "mine.cnnviz").is_file() and not s.file.modified and s.file.name == "mine.cnnviz"
    assert s.settings.recent == [str(tmp_path / "mine.cnnviz")]
    s.edit.set("C1", "out_channels", 12)
    s.run.set_plan(lr=0.125)
    assert s.file.modified
    s.file.autosave()
    edited = s.graph
    s.file._held.unlock()  # as the system does when a process dies
    for left in s.file._autosaves.iterdir():
        left.rename(left.with_name("999999" + left.suffix))
    other = Session(StillEngine, Settings(s.settings.folder))
    try:
        assert other.file.recover()
        assert other.graph == edited and other.run.plan.lr == 0.125 and other.file.modified
        assert other.file.path == tmp_path / "mine.cnnviz"
        assert [n for n in heard if n.level == "error"] == []
    finally:
        other.close()


def test_what_cannot_be_written_is_said_and_kept(open_lenet, tmp_path):
    s, heard = open_lenet, said(open_lenet)
    (tmp_path / "file").touch()
    assert not s.file.save(tmp_path / "file" / "net.cnnviz")
    assert heard[-1].level == "error" and "net.cnnviz" in heard[-1].text
    s.edit.set("C1", "out_channels", 7)
    assert s.file.modified


def test_opening_the_same_net_again_starts_afresh(session):
    session.file.open_preset("lenet5")
    first = session.engine.last(Open)
    session.file.open_preset("lenet5")
    again = session.engine.last(Open)
    assert again.fresh and first.fresh and again.version > first.version
    session.edit.set("C1", "out_channels", 7)
    assert not session.engine.last(Open).fresh, "an edit keeps weights"


def test_a_bad_file_leaves_the_open_network(open_lenet, tmp_path):
    s, heard, before = open_lenet, said(open_lenet), open_lenet.graph
    bad = tmp_path / "bad.cnnviz"
    bad.write_text('{"format": 1, "nodes": [{"id": "a", "type": "Conv9d"}]}')
    assert not s.file.open(bad)
    assert s.graph == before and "Conv9d" in heard[-1].text
