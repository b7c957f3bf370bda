"""The time cursor: which step is asked for and shown, by hand, by key, while it trains and in a run that is opened."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from cnnviz.gui.time.bar import TimeBar
from cnnviz.gui.time.line import TimeLine
from cnnviz.gui.time.scale import Scale, means
from cnnviz.link import control, runs
from cnnviz.link.adjusting import Change
from cnnviz.link.messages import IDLE, PAUSED, STOPPING, TRAINING, Bell, Failed, Frame, Pause, Stop, Train
from cnnviz.link.past import Keep, Recall, Recalled, Restore, Show
from cnnviz.link.runs import Mark
from cnnviz.net import files
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan

from .test_session import answer, news

STEPS = np.array([*range(21), *range(30, 101, 10)])


@pytest.fixture
def run(session, lenet, qtbot):
    """A session with a run of 100 steps that has ended, and whose steps are recorded."""
    session.edit.document.reset(lenet)
    session.run.train()
    answer(session, qtbot, news(session, 0, 100, step=100, steps=100, phase=IDLE))
    recalled(session, qtbot)
    return session


def recalled(session, qtbot, **more):
    found = Recalled(session.time.folder, STEPS, np.array([0, 50]), 100, "done", 10, 10, (), 1000, 2000)
    answer(session, qtbot, replace(found, **more))


def shown(session, qtbot, step, past=True, moment=None):
    """The engine's answer to the newest Show."""
    number = session.engine.last(Show).number if moment is None else moment
    frame = Frame(session.version, session.run.number, step, 0, moment=number, past=past)
    session.engine.frames.append(frame)
    answer(session, qtbot, Bell(frame=True))


def asked(session):
    return [c.step for c in session.engine.sent if isinstance(c, Show) and c.folder]


def test_a_run_that_trains_is_looked_into_by_itself(session, lenet, qtbot):
    session.edit.document.reset(lenet)
    assert not session.time.folder
    session.run.train()
    assert session.engine.last(Recall).folder == session.time.folder == session.run.folders[0]
    answer(session, qtbot, Failed("recall", "it is no run folder"))  # nothing has been written yet
    recalled(session, qtbot)
    assert session.time.steps.tolist() == STEPS.tolist()
    answer(session, qtbot, news(session, 0, 100, step=100, steps=100, phase=IDLE))
    assert session.time.end == 100


def test_the_cursor_asks_for_steps_and_the_panels_follow(run, qtbot):
    run.time.go(43)
    show = run.engine.last(Show)
    assert (show.step, show.folder, show.run) == (43, run.time.folder, run.run.number)
    assert run.time.shown is None
    shown(run, qtbot, 40)
    assert (run.time.at, run.time.shown, run.look.frame.step) == (43, 40, 40)
    shown(run, qtbot, 100, past=False, moment=0)
    assert run.look.frame.step == 40, "a frame from before the cursor was moved is of another time"
    run.time.live()
    assert run.engine.last(Show).folder == "" and run.time.at is None
    shown(run, qtbot, 40, moment=run.engine.last(Show).number - 1)
    assert run.look.frame.step == 40 and run.time.shown is None
    shown(run, qtbot, 100, past=False)
    assert run.look.frame.step == 100


def test_it_steps_from_record_to_record_and_ends_live(run):
    run.time.move(-1)
    assert run.time.at == 100
    run.time.move(-1)
    assert run.time.at == 90
    run.time.move(1)
    assert run.time.at == 100
    run.time.move(1)
    assert run.time.at is None
    run.time.go(0)
    run.time.move(-1)
    assert run.time.at == 0
    run.time.go(10_000)
    assert run.time.at == 100


def test_it_plays_each_step_once_it_is_shown_and_holds_at_the_end(run, qtbot):
    run.time.play()
    assert run.time.playing and run.time.at == 0
    seen = [0]
    while run.time.playing:
        assert run.time.at == seen[-1]
        shown(run, qtbot, run.time.at)
        run.time._next()
        if run.time.at != seen[-1]:
            seen.append(run.time.at)
            run.time._next()
            assert run.time.at == seen[-1], "not before it is shown"
    assert seen[-1] == 100 and seen == sorted(set(seen)) and set(seen) <= set(STEPS.tolist())
    assert run.time.at == 100 and not run.time.playing


@pytest.mark.parametrize("choose", [lambda t: t.go(5), lambda t: t.move(-1), lambda t: t.go(t.at), lambda t: t.live()])
def test_a_step_chosen_while_it_plays_is_stayed_at(run, qtbot, choose):
    run.time.play()
    shown(run, qtbot, 0)
    run.time._played = 59.9
    run.time._next()
    assert run.time.at == 60
    shown(run, qtbot, 60)
    with qtbot.waitSignal(run.moment_changed):
        choose(run.time)
    assert not run.time.playing
    chosen = run.time.at
    if chosen is not None:
        shown(run, qtbot, chosen)
    assert not run.time._play.isActive() and run.time.at == chosen


def test_it_plays_on_to_the_live_end_of_a_run_that_trains(run, qtbot):
    answer(run, qtbot, news(run, 100, 1, step=101, steps=1000))
    assert run.run.active
    run.time.play()
    shown(run, qtbot, 0)
    run.time._played = 99.9
    run.time._next()
    assert run.time.at == 100 and run.time.playing
    shown(run, qtbot, 100)
    run.time._next()
    assert run.time.at is None and not run.time.playing and not run.engine.last(Show).folder


def test_a_step_back_from_the_first_holds_what_plays(run):
    run.time.play()
    run.time.move(-1)
    assert run.time.at == 0 and not run.time.playing


def test_it_plays_evenly_however_sparse_the_record(run, qtbot):
    run.time.play()
    frames = {}
    while run.time.playing:
        frames[run.time.at] = frames.get(run.time.at, 0) + 1
        shown(run, qtbot, run.time.at)
        run.time._next()
    assert frames[40] > 4 * frames[10], "ten steps take longer than one"
    assert sum(frames.values()) * 0.04 == pytest.approx(min(12, 0.2 * len(STEPS)), rel=0.1)


def test_an_edit_shows_the_present_network(run, qtbot):
    run.time.go(40)
    shown(run, qtbot, 40)
    run.edit.add("ReLU", (0.0, 300.0))
    assert run.time.at is None and run.engine.last(Show).folder == ""


def test_a_step_that_cannot_be_shown_is_said_and_the_present_one_shown(run, qtbot):
    heard = []
    run.noticed.connect(heard.append)
    run.time.go(40)
    answer(run, qtbot, Failed("past", "The run in /run is gone."))
    assert run.time.at is None and heard[-1].text == "The run in /run is gone."
    shown(run, qtbot, 100, past=False)
    assert run.look.frame.step == 100


def test_marks_are_kept_where_the_run_is(run, qtbot):
    run.time.go(40)
    shown(run, qtbot, 40)
    run.time.mark("early")
    assert run.engine.last(Keep) == Keep(run.time.folder, 40, "early")
    recalled(run, qtbot, marks=(Mark(40, "early"),))
    assert run.time.marks == (Mark(40, "early"),)
    run.time.unmark(40)
    assert run.engine.last(Keep) == Keep(run.time.folder, 40, "")
    run.time.live()
    run.time.mark("end")
    assert run.engine.last(Keep).step == 100


def test_training_on_from_a_step_is_a_run_of_its_own(run, qtbot):
    folder = run.time.folder
    run.time.go(40)
    shown(run, qtbot, 40)
    run.time.branch()
    train = run.engine.last(Train)
    assert (train.origin, train.start, train.keep) == (folder, 40, True)
    assert train.folder not in ("", folder) and run.time.folder == train.folder
    assert run.run.points[-1, 0] == 40 and run.time.at is None


def test_training_on_from_a_step_says_where_the_run_is_that_it_ends(session, lenet, qtbot):
    session.edit.document.reset(lenet)
    heard = []
    session.noticed.connect(heard.append)
    session.run.train()
    folder = session.time.folder
    answer(session, qtbot, news(session, 0, 100, step=100, steps=1000))
    recalled(session, qtbot)
    session.time.go(40)
    shown(session, qtbot, 40)
    session.time.branch()
    assert session.run.phase == STOPPING and session.engine.last(Stop)
    answer(session, qtbot, news(session, 100, 30, step=130, steps=1000, phase=IDLE))
    assert session.engine.last(Train).origin == folder != session.time.folder
    said = [n.text for n in heard if n.key == "branch" and n.text]
    assert len(said) == 1 and "step 130" in said[0] and folder in said[0]


def test_the_weights_of_a_step_are_taken(run, qtbot):
    run.time.go(40)
    shown(run, qtbot, 40)
    run.time.take_weights()
    assert run.engine.last(Restore) == Restore(run.time.folder, 40)
    assert run.time.at is None and run.run.apart and run.file.modified


def test_another_document_has_a_time_of_its_own(run):
    run.time.go(40)
    run.file.open_preset("lenet5")
    assert not run.time.folder and run.time.at is None and not len(run.time.steps)


# ── runs that are opened ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def folder(tmp_path: Path, lenet) -> Path:
    path = tmp_path / "a run"
    path.mkdir()
    plan = Plan(epochs=10, lr=0.01)
    files.write(path / runs.NETWORK, Network(lenet, plan=plan))
    said = '{"plan": {"epochs": 10, "lr": 0.02}, "step": 100, "epoch_steps": 10, "end": "done"}'
    (path / runs.NOTES).write_text(said)
    return path


def test_a_run_is_opened_with_its_network_its_curves_and_its_time(session, folder, qtbot):
    assert session.time.open(folder)
    assert session.graph.index.keys() >= {"C1", "output"} and session.run.plan.lr == 0.02
    assert session.engine.last(Recall) == Recall(str(folder), 0)
    points = np.column_stack([np.arange(1, 101), *[np.linspace(1, 0, 100)] * 3])
    recalled(session, qtbot, points=points, tests=np.array([[100.0, 0.1, 0.97]]))
    assert session.run.points.tolist() == points.tolist() and session.time.best == 100
    progress = session.run.progress
    assert progress is not None and (progress.step, progress.steps, progress.accuracy) == (100, 100, 0.97)
    session.time.go(40)
    assert session.engine.last(Show).folder == str(folder)
    assert not session.file.modified and session.file.path is None


def test_what_is_no_run_is_said(session, tmp_path, qtbot):
    heard = []
    session.noticed.connect(heard.append)
    before = session.graph
    assert not session.time.open(tmp_path)
    assert "is no run folder" in heard[-1].text and session.graph is before


def test_a_run_of_another_program_is_followed_paused_and_stopped(session, folder, qtbot):
    control.beat(folder, control.Alive(phase=TRAINING, step=100, steps=1000))
    assert session.time.open(folder) and session.time.far.living
    points = np.column_stack([np.arange(1, 101), *[np.linspace(1, 0, 100)] * 3])
    recalled(session, qtbot, points=points, tests=np.zeros((0, 4)))
    assert session.run.active and session.run.progress.phase == TRAINING
    assert session.engine.last(Show).step == 100, "its newest step"
    more, later = np.append(STEPS, 110), points[:10] + np.array([100.0, 0.0, 0.0, 0.0])
    recalled(session, qtbot, steps=more, step=110, first=100, points=later, tests=np.zeros((0, 4)))
    assert session.engine.last(Show).step == 110 and session.time.at is None and len(session.run.points) == 110
    session.time.go(40)
    recalled(session, qtbot, steps=np.append(more, 120), step=120, points=points[:0], tests=np.zeros((0, 4)))
    assert session.engine.last(Show).step == 40, "the cursor stays where it was put"
    session.run.pause()
    assert control.asked(folder)[0] == control.PAUSE
    control.beat(folder, control.Alive(phase=PAUSED, step=120, steps=1000))
    recalled(session, qtbot, points=points[:0], tests=np.zeros((0, 4)))
    assert session.run.phase == PAUSED
    session.run.train()
    assert control.asked(folder)[0] == control.GO
    session.run.stop()
    assert control.asked(folder)[0] == control.STOP and session.run.phase == STOPPING
    assert not any(isinstance(c, Train | Pause | Stop) for c in session.engine.sent), "not our own engine"
    control.beat(folder, control.Alive(phase=control.ENDED, step=120, end="stopped"))
    recalled(session, qtbot, points=points[:0], tests=np.zeros((0, 4)))
    assert session.run.phase == IDLE and not session.time.far.living
    session.run.train()
    assert session.engine.last(Train).folder


def test_a_run_that_has_died_is_told_of_once_with_the_way_on(session, folder, qtbot):
    control.beat(folder, control.Alive(phase=TRAINING, step=100, steps=1000))
    said = json.loads((folder / "alive.json").read_text())
    (folder / "alive.json").write_text(json.dumps(said | {"born": "0", "host": "far"}))
    heard = []
    session.noticed.connect(heard.append)
    assert session.time.open(folder) and not session.time.far.living
    points = np.column_stack([np.arange(1, 101), *[np.linspace(1, 0, 100)] * 3])
    recalled(session, qtbot, points=points, tests=np.zeros((0, 4)), end="")
    recalled(session, qtbot, points=points[:0], tests=np.zeros((0, 4)), end="")
    (text,) = [n.text for n in heard if "died" in n.text or "no longer" in n.text]
    died = "This run no longer trains: its program ended without a word, on far."
    assert text == died + " “Train on” continues from what is recorded."
    hushed = []
    session.noticed.connect(lambda n: hushed.append(n.key) if not n.text else None)
    session.run.train()
    assert "followed" in hushed


def test_a_run_that_died_before_its_first_record_is_told_of(session, folder, qtbot):
    heard = []
    session.noticed.connect(heard.append)
    assert session.time.open(folder)
    none = {"steps": np.empty(0, np.int64), "points": np.zeros((0, 4)), "tests": np.zeros((0, 4)), "step": 0, "end": ""}
    recalled(session, qtbot, **none)
    recalled(session, qtbot, **none)
    (text,) = [n.text for n in heard if n.text]
    assert text == "Nothing has been recorded of this run yet: “Train” begins a new one with its network."
    control.beat(folder, control.Alive(phase=TRAINING, step=1, steps=1000))
    del heard[:]
    assert session.time.open(folder)  # it has only just begun
    recalled(session, qtbot, **none)
    assert not [n.text for n in heard if n.text]


def test_a_run_that_is_no_longer_recorded_is_told_of_once(session, folder, qtbot):
    control.beat(folder, control.Alive(phase=TRAINING, step=100, steps=1000, recorded=50, lost="the disk is full"))
    heard = []
    session.noticed.connect(heard.append)
    assert session.time.open(folder)
    points = np.column_stack([np.arange(1, 101), *[np.linspace(1, 0, 100)] * 3])
    recalled(session, qtbot, points=points, tests=np.zeros((0, 4)))
    recalled(session, qtbot, points=points[:0], tests=np.zeros((0, 4)))
    (text,) = [n.text for n in heard if "Recording" in n.text]
    assert "stopped at step 50 (the disk is full): later steps are not kept." in text and "Train on" not in text


def test_a_followed_run_whose_folder_is_deleted_leaves_the_window_free_to_train(session, folder, qtbot):
    control.beat(folder, control.Alive(phase=TRAINING, step=100, steps=1000))
    assert session.time.open(folder)
    points = np.column_stack([np.arange(1, 101), *[np.linspace(1, 0, 100)] * 3])
    recalled(session, qtbot, points=points, tests=np.zeros((0, 4)))
    assert session.run.active
    shutil.rmtree(folder)
    told = []
    session.noticed.connect(told.append)
    answer(session, qtbot, Failed("recall", "The run is gone."))
    answer(session, qtbot, Failed("past", "The run is gone. What is shown is the present network."))
    said = [n for n in told if n.text]
    assert {n.key for n in said} == {"time"} and str(folder) in said[0].text and "is gone" in said[0].text
    assert session.run.phase == IDLE and not session.run.active and not session.time.far.living
    session.run.train()
    assert isinstance(session.engine.last(Train), Train)


# ── the line ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def line(run, qtbot) -> TimeLine:
    made = TimeLine(run)
    qtbot.addWidget(made)
    made.resize(420, 40)
    made.show()
    return made


def at(line: TimeLine, step: float) -> QPoint:
    return QPoint(round(line.scale.x(step)), 20)


def test_the_line_is_dragged(run, line, qtbot):
    QTest.mousePress(line, Qt.MouseButton.LeftButton, pos=at(line, 80))
    assert abs(run.time.at - 80) <= 1
    QTest.mouseMove(line, at(line, 40))
    assert abs(run.time.at - 40) <= 1
    QTest.mouseRelease(line, Qt.MouseButton.LeftButton, pos=at(line, 40))
    QTest.mouseMove(line, at(line, 10))
    assert abs(run.time.at - 40) <= 1, "nobody holds it"


def test_behind_its_end_it_is_live(run, line, qtbot):
    answer(run, qtbot, news(run, 100, 1, step=100, steps=1000, phase=IDLE))
    QTest.mousePress(line, Qt.MouseButton.LeftButton, pos=at(line, 50))
    assert run.time.at is not None
    QTest.mouseMove(line, at(line, 100) + QPoint(30, 0))
    assert run.time.at is None


def test_the_keys_of_the_line(run, line):
    line.setFocus()
    for key, step in (("Left", 100), ("Left", 90), ("Right", 100), ("Home", 0), ("Right", 1), ("PageUp", 11)):
        QTest.keyClick(line, getattr(Qt.Key, f"Key_{key}"))
        assert run.time.at == step, key
    QTest.keyClick(line, Qt.Key.Key_End)
    assert run.time.at is None
    QTest.keyClick(line, Qt.Key.Key_Space)
    assert run.time.playing
    run.time.play()


def test_the_line_says_what_lies_where(run, line, qtbot):
    recalled(run, qtbot, marks=(Mark(40, "early"),), origin=("/before", 20))
    run.run.course.changes = (Change(70, "lr", 0.001, 0.01),)
    run.run.course.tests = np.array([[50.0, 0.5, 0.9], [90.0, 0.4, 0.95]])
    assert line.words(line.scale.x(40)).startswith("early · step 40 · loss ")
    assert "best held-out accuracy so far" in line.words(line.scale.x(90))
    assert "Learning rate: 0.001 → 0.01" in line.words(line.scale.x(70))
    assert "branched from another run here" in line.words(line.scale.x(20))
    assert "nearest recorded: 60" in line.words(line.scale.x(63))
    assert not line.grab().toImage().isNull()


def test_the_bar_says_what_is_shown_and_takes_a_step(run, qtbot):
    bar = TimeBar(run, (), (), QAction("live"))
    qtbot.addWidget(bar)
    assert bar.said.text() == "last step"
    bar.step.setValue(43)
    assert run.engine.last(Show).step == 43
    shown(run, qtbot, 40)
    assert bar.said.text() == "step 40, nearest to 43"
    run.time.go(50)
    shown(run, qtbot, 50)
    assert bar.said.text() == "step 50 of 100" and bar.step.value() == 50
    run.time.play()
    run.time._played = 59.9
    run.time._next()
    assert run.time.at == 60 and bar.said.text() == "step 60 of 100", "no word of what was painted before"
    shown(run, qtbot, 60)
    run.time.play()
    run.time.go(50)
    shown(run, qtbot, 50)
    bar.step.setFocus()
    bar.step.lineEdit().setText("99999")
    QTest.keyClick(bar.step, Qt.Key.Key_Return)
    assert run.time.at == 100 and bar.step.value() == 100, "the end, not what fits of the digits"
    assert "29 steps recorded" in bar._tip() and run.time.folder in bar._tip()


def test_the_bar_of_a_document_without_a_run_waits(session, qtbot):
    bar = TimeBar(session, (), (), QAction("live"))
    qtbot.addWidget(bar)
    assert not bar.step.isEnabled() and bar.said.text() == ""
    assert not bar.grab().toImage().isNull()


# ── its scale ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("end", [1.0, 37.0, 540.0, 100_000.0])
def test_steps_and_pixels_are_each_others_inverse(end):
    scale = Scale(end, 10, 1210)
    for step in {0, 1, int(end / 3), int(end)}:
        assert abs(scale.step(scale.x(step)) - step) <= end / 1200 / 2 + 0.5
    assert scale.step(-50) == 0 and scale.step(9999) == end


def test_means_are_those_of_each_pixel_column():
    dice = np.random.default_rng(0)
    steps, values = np.arange(1, 1001).astype(float), dice.random(1000)
    values[[5, 77]] = np.nan
    scale = Scale(1000.0, 0, 100)
    x, y = means(steps, values, scale)
    for i, (pixel, mean) in enumerate(zip(x, y, strict=True)):
        inside = (steps >= i * 10) & ((steps < (i + 1) * 10) | (i == 99))
        assert pixel == i + 0.5
        np.testing.assert_allclose(mean, np.nanmean(values[inside]))


def test_the_menu_goes_to_marks(run, qtbot, monkeypatch):
    shown_ = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, at: shown_.append(menu))
    bar = TimeBar(run, (), (QAction("something"),), QAction("live"))
    qtbot.addWidget(bar)
    bar.show()
    recalled(run, qtbot, marks=(Mark(40, "early"), Mark(90, "late")))
    QTest.mouseClick(bar.menu_button, Qt.MouseButton.LeftButton)
    (menu,) = shown_
    entry = next(a for a in menu.actions() if "late" in a.text())
    assert menu.actions()[0].text() == "something"
    entry.trigger()
    assert run.time.at == 90
