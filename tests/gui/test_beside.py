"""Another run beside the one that is shown: choosing it, its curves, and how the comparison ends."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from math import inf
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QMenu

from cnnviz.gui.paint.chart import Chart
from cnnviz.gui.paint.trace import Series
from cnnviz.gui.session import filing
from cnnviz.gui.session.beside import differing
from cnnviz.gui.time.others import RunsMenu
from cnnviz.gui.training.curves import Curves
from cnnviz.link import control, runs
from cnnviz.link.account import account
from cnnviz.link.messages import IDLE, Failed, Train
from cnnviz.link.past import Recall, Recalled, Show
from cnnviz.net import files
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan

from . import frames
from .test_session import answer, news

STEPS = np.arange(0, 101, 10)
MINE, OTHER = Plan(epochs=10), Plan(epochs=10, lr=0.01)


def made(folder: Path, graph, plan: Plan, step: int = 100, **more) -> Path:
    """A run folder as the engine writes it, without weights."""
    folder.mkdir(parents=True)
    files.write(folder / runs.NETWORK, Network(graph, plan=plan))
    said = {
        "plan": asdict(plan),
        "step": step,
        "epoch_steps": 10,
        "end": "done",
        "device": "cpu",
        "threads": 1,
        "data": {"name": "digits", "train": 1438, "test": 359, "hash": "4246"},
        "versions": {"torch": "2.13.0", "numpy": "2.4.6"},
    }
    (folder / runs.NOTES).write_text(json.dumps(said | more))
    return folder


@pytest.fixture
def run(session, lenet, qtbot):
    """A session with a run of 100 steps that has ended, whose folder is there."""
    session.edit.document.reset(lenet, MINE)
    session.run.train()
    made(Path(session.time.folder), lenet, MINE)
    answer(session, qtbot, news(session, 0, 100, step=100, steps=100, phase=IDLE))
    recalled(session, qtbot, session.time.folder)
    return session


@pytest.fixture
def other(tmp_path, lenet) -> str:
    return str(made(tmp_path / "quick", lenet, OTHER))


def recalled(session, qtbot, folder, n=0, first=0, tests=((100.0, 0.1, 0.97),)):
    points = np.column_stack([np.arange(first + 1, first + n + 1), *[np.linspace(1, 0, n)] * 3]) if n else None
    found = Recalled(str(folder), STEPS, STEPS[:1], 100, "done", 10, 10, (), 1000, 2000)
    if n:
        found = replace(found, points=points, tests=np.array(tests), first=first)
    answer(session, qtbot, found)


def test_it_is_told_once_when_the_run_beside_dies(run, other, qtbot, monkeypatch):
    said = []
    run.noticed.connect(lambda notice: said.append(notice.text))
    seen = control.Alive("training", 90)
    monkeypatch.setattr(control, "alive", lambda folder, before=None: seen)
    run.beside.choose(other)
    recalled(run, qtbot, other, 90)
    assert run.beside.alive.living and not any(said)
    seen = replace(seen, phase=control.DIED)
    recalled(run, qtbot, other, 5, 90)
    recalled(run, qtbot, other, 5, 95)
    told = [text for text in said if text]
    assert told == ["The run beside, quick, no longer trains: its program ended without a word, after step 90."]


def test_another_run_is_put_beside_and_taken_away(run, other, qtbot):
    assert run.beside.choose(other)
    assert run.engine.last(Show).other == other and run.time.at == 100
    assert run.engine.last(Recall) == Recall(other, 0)
    assert run.beside.account.plan.lr == 0.01 and run.beside.name == "quick"
    recalled(run, qtbot, other, 100)
    assert len(run.beside.course.points) == 100 and run.beside.course.tests.tolist() == [[100, 0.1, 0.97]]
    run.beside.end()
    assert run.engine.last(Show).other == "" and run.beside.account is None and not len(run.beside.course.points)
    assert run.time.at == 100, "the cursor stays"


def test_while_it_trains_the_panels_stay_live(session, lenet, other, qtbot):
    session.edit.document.reset(lenet)
    session.run.train()
    answer(session, qtbot, news(session, 0, 30, step=30, steps=100))
    recalled(session, qtbot, session.time.folder)
    assert session.beside.choose(other)
    assert session.time.at is None and session.time.other == other
    session.time.go(20)
    assert session.engine.last(Show).other == other


def test_what_cannot_be_compared_is_said(run, session, tmp_path, other):
    heard = []
    run.noticed.connect(heard.append)
    assert not run.beside.choose(tmp_path)
    assert "is no run folder" in heard[-1].text
    assert not run.beside.choose(run.time.folder)
    assert "is the run that is shown" in heard[-1].text
    run.file.open_preset("lenet5")
    assert not run.beside.choose(other)
    assert "Train, or open a run" in heard[-1].text


def test_a_run_of_ones_own_is_called_by_what_is_other_in_its_plan(run, lenet):
    second = made(run.beside.home / "20260101-120000-1-002", lenet, OTHER)
    third = made(run.beside.home / "20260101-120000-1-003", lenet, replace(OTHER, seed=4, batch_size=8))
    same = made(run.beside.home / "20260101-120000-1-004", lenet, MINE)
    assert run.beside.name_of(account(second)) == "learning rate 0.01"
    assert run.beside.name_of(account(third)).startswith("run of ")
    assert run.beside.name_of(account(same)).startswith("run of ")
    assert differing(OTHER, MINE) == ("lr",)


def test_the_menu_offers_the_runs_that_are_near(run, lenet, qtbot):
    second = made(run.beside.home / "20260101-120000-1-002", lenet, OTHER)
    asked = []
    menu = RunsMenu(run, lambda: asked.append(1))
    qtbot.addWidget(menu)
    menu.fill()
    texts = [a.text() for a in menu.actions() if a.text()]
    assert texts == ["learning rate 0.01 · 100 steps", "Another run…"]
    menu.actions()[0].trigger()
    assert run.beside.folder == str(second)
    menu.fill()
    assert menu.actions()[0].isChecked()
    menu.actions()[0].trigger()
    assert not run.beside.folder
    menu.actions()[-1].trigger()
    assert asked == [1]
    assert isinstance(menu, QMenu)


def test_the_comparison_ends_with_another_document_and_with_another_run(run, other):
    run.beside.choose(other)
    run.run.train_afresh()
    assert not run.time.other and not run.beside.folder
    run.time.next_other = other
    run.run.number += 1
    run.file.open_preset("lenet5")
    assert not run.time.other and not run.time.next_other


def test_the_run_that_was_asked_for_beside_the_next_one_is(run, other):
    run.time.next_other = other
    run.run.train_afresh()
    assert run.time.folder == run.engine.last(Train).folder != other
    assert run.beside.folder == other and run.time.at is None


def test_a_run_that_is_deleted_ends_the_comparison_and_the_step_stays(run, other, qtbot):
    heard = []
    run.noticed.connect(heard.append)
    run.beside.choose(other)
    run.time.go(40)
    shutil.rmtree(other)
    answer(run, qtbot, Failed("past", "gone"))
    assert not run.beside.folder and run.time.at == 40
    assert "The comparison has ended" in heard[-1].text
    show = run.engine.last(Show)
    assert (show.folder, show.step, show.other) == (run.time.folder, 40, "")


def test_a_run_that_somebody_trains_is_followed_until_it_ends(run, other, qtbot):
    run.beside.choose(other)
    assert run.beside._timer.isActive()
    recalled(run, qtbot, other, 50)
    assert not run.beside._timer.isActive(), "nobody trains there"
    run.beside.look()
    assert run.engine.last(Recall) == Recall(other, 50)
    recalled(run, qtbot, other, 50, first=50)
    assert run.beside.course.points[:, 0].tolist() == [*range(1, 101)]


# ── curves ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_its_curves_are_drawn_dashed_and_named_once(run, other, qtbot):
    curves = Curves(run)
    qtbot.addWidget(curves)
    curves.resize(700, 240)
    curves.show()
    curves.draw()
    curves.draw()
    before = curves.loss.grab().toImage()
    run.beside.choose(other)
    recalled(run, qtbot, other, 100)
    for _turn in range(2):
        curves.draw()
    x, y = curves.accuracy.data("other_held_out")
    assert x.tolist() == [100] and y.tolist() == [97.0]
    assert len(curves.loss.data("other_mean")[0]) == 100
    assert curves.legend.accessibleName() == "train, held out, quick"
    assert curves.loss.grab().toImage() != before
    curves.loss.set_step(100)
    assert any("other held out" in line for line in curves.loss.readout())
    run.beside.end()
    for _turn in range(2):
        curves.draw()
    assert not len(curves.loss.data("other_mean")[0]) and curves.legend.accessibleName() == "train, held out"


def test_a_dashed_curve_has_gaps(qtbot):
    x = np.arange(400.0)
    seen = []
    for dashed in (False, True):
        chart = Chart("Loss", [Series("mean", "Convolution", "bold", "mean", dashed)])
        qtbot.addWidget(chart)
        chart.resize(400, 200)
        chart.set_data("mean", x, np.full(400, 0.5))
        pixels = frames.pixels(chart)
        ink = Series("", "Convolution", "bold", "", dashed).ink()
        seen.append(int((pixels == [ink.red(), ink.green(), ink.blue()]).all(axis=2).any(axis=0).sum()))
    assert 0.4 * seen[0] < seen[1] < 0.8 * seen[0]


def test_where_both_curves_are_the_same_both_are_seen(run, lenet, tmp_path, qtbot):
    curves = Curves(run)
    qtbot.addWidget(curves)
    curves.resize(700, 240)
    curves.show()
    run.beside.choose(made(tmp_path / "same", lenet, MINE))
    recalled(run, qtbot, run.beside.folder, 100)
    for _turn in range(2):
        curves.draw()
    inks = {s.ink().name() for s in curves.loss._series}
    assert len(inks) == 4, "on the same line, the other run's has another tone"
    keys = [s.key for s in curves.loss._series]
    assert keys.index("other_mean") > keys.index("mean") and keys.index("other_held_out") > keys.index("held_out")


def test_the_run_beside_is_not_cleared_away(run, lenet):
    old = made(run.beside.home / "20200101-120000-1-001", lenet, OTHER)
    gone = made(run.beside.home / "20190101-120000-1-001", lenet, OTHER)
    for i in range(filing.RUNS_KEPT):
        made(run.beside.home / f"20210101-120000-1-0{i:02}", lenet, OTHER)
    run.beside.choose(old)
    run.file.run_folder()
    assert old.is_dir() and not gone.exists()


def test_a_run_at_rest_is_not_drawn_anew_while_this_one_trains(run, other, qtbot, monkeypatch):
    curves = Curves(run)
    qtbot.addWidget(curves)
    run.beside.choose(other)
    recalled(run, qtbot, other, 100)
    for _turn in range(2):
        curves.draw()
    told = []
    whole = type(curves.loss).set_data
    monkeypatch.setattr(
        type(curves.loss), "set_data", lambda self, key, x, y: (told.append(key), whole(self, key, x, y))
    )
    for _turn in range(4):
        curves.draw()
    assert "batch" in told and not any(key.startswith("other") for key in told)


def test_the_other_run_is_named_in_the_smallest_panel_too(run, lenet, tmp_path, qtbot):
    curves = Curves(run)
    qtbot.addWidget(curves)
    curves.top5.show()
    curves.show()
    alone = curves.minimumSizeHint().width()
    run.beside.choose(made(tmp_path / ("long-" * 20), lenet, OTHER))
    assert curves.minimumSizeHint().width() == alone, "no panel grows for it"
    curves.resize(alone, 200)
    qtbot.waitUntil(lambda: 0 < curves.legend.width() <= curves.width())
    assert curves.legend.width() >= curves.legend.minimumSizeHint().width()
    run.beside.end()
    qtbot.waitUntil(lambda: curves.minimumSizeHint().width() == alone)


def test_the_other_run_has_a_line_of_its_own_where_its_name_would_be_cut(run, lenet, tmp_path, qtbot):
    curves = Curves(run)
    qtbot.addWidget(curves)
    curves.top5.show()
    curves._either.setCurrentWidget(curves._charts)
    curves.resize(276, 200)
    curves.show()
    low = curves.legend.height()
    run.beside.choose(made(tmp_path / "learning-rate-0.0015", lenet, OTHER))
    legend = curves.legend
    qtbot.waitUntil(lambda: legend.height() > 1.5 * low and legend.geometry().bottom() < legend.parentWidget().height())
    assert [[s.label for s in line] for line in legend.lines] == [["train", "held out"], ["learning-rate-0.0015"]]
    assert legend._wide(legend.lines[1], inf) <= legend.width(), "it is not cut"
    assert legend.mapTo(curves, legend.rect().bottomLeft()).y() < curves.height()
    curves.resize(700, 200)
    qtbot.waitUntil(lambda: len(legend.lines) == 1 and legend.height() == low)


def test_a_long_name_is_cut_in_the_legend(run, lenet, tmp_path, qtbot):
    curves = Curves(run)
    qtbot.addWidget(curves)
    narrow = curves.legend.minimumSizeHint().width()
    run.beside.choose(made(tmp_path / ("long-" * 20), lenet, OTHER))
    assert curves.legend.minimumSizeHint().width() <= narrow
    assert curves.legend.toolTip() == "long-" * 20
    curves.legend.resize(narrow + 60, 16)
    assert not curves.legend.grab().toImage().isNull()
