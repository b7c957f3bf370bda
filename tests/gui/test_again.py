"""Train again with one change: what the dialog offers, what is trained by it, and the run before stands beside."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cnnviz.gui.session import Session
from cnnviz.gui.window import again, questions
from cnnviz.gui.window.again import NETWORK, AgainDialog
from cnnviz.gui.window.window import Window
from cnnviz.link.adjusting import Adjust
from cnnviz.link.messages import IDLE, Stop, Train
from cnnviz.net.layers import Conv2d
from cnnviz.net.plan import Plan

from . import test_beside
from .test_beside import MINE
from .test_session import answer, news

run = test_beside.run


@pytest.fixture
def window(run: Session, qtbot):
    w = Window(run.settings)
    qtbot.addWidget(w)
    w.furnish(run)
    yield w
    run.file.let_go()
    w.close()


@pytest.fixture
def dialog(window: Window, run: Session, qtbot) -> AgainDialog:
    found = AgainDialog(window, MINE, run.time.folder)
    qtbot.addWidget(found)
    return found


def take(monkeypatch, name: str, value=None) -> list[AgainDialog]:
    """A person chooses this in the dialog."""
    seen: list[AgainDialog] = []

    def ask(dialog: AgainDialog) -> bool:
        seen.append(dialog)
        dialog.choose(name)
        if value is not None:
            dialog.editor.told.emit(value)
        return dialog.go.isEnabled()

    monkeypatch.setattr(again, "ask", ask)
    return seen


def test_it_offers_the_settings_that_act_with_their_values(dialog: AgainDialog) -> None:
    assert dialog.chosen == "lr" and dialog.plan == MINE
    assert dialog.now.text() == "It was learning rate 0.001" and not dialog.go.isEnabled()
    names = [dialog.choice.itemData(i) for i in range(dialog.choice.count())]
    assert {"batch_size", "optimizer", "seed", "beta1"} <= {*names} and not {"rho", "shapes_side", NETWORK} & {*names}
    dialog.editor.told.emit(0.01)
    assert dialog.plan == replace(MINE, lr=0.01) and dialog.go.isEnabled()
    assert "same seed (0)" in dialog.about.text()
    dialog.choose("optimizer")
    assert dialog.plan == MINE and not dialog.go.isEnabled(), "one change, not two"
    dialog.choose("seed")
    assert "another seed" in dialog.about.text()


def test_a_value_that_cannot_be_is_said(window, run, qtbot) -> None:
    found = AgainDialog(window, replace(MINE, optimizer="sgd", momentum=0.0), run.time.folder)
    qtbot.addWidget(found)
    found.choose("nesterov")
    found.editor.told.emit(True)
    assert found.plan is None and not found.go.isEnabled() and "momentum" in found.about.text()


def test_the_new_run_differs_by_that_alone_and_the_run_before_stands_beside(window, run, monkeypatch) -> None:
    first = run.time.folder
    run.run.set_plan(batch_size=8, epochs=3)  # edited meanwhile: not part of the change
    take(monkeypatch, "lr", 0.01)
    window.times.again()
    train = run.engine.last(Train)
    assert train.plan == replace(MINE, lr=0.01) and not train.keep and train.start == 0 and not train.origin
    assert run.time.folder == train.folder != first
    assert run.beside.folder == first and run.time.at is None
    run.edit.undo()
    assert run.run.plan.batch_size == 8


def test_the_edits_of_the_network_can_be_the_change(window, run, monkeypatch) -> None:
    run.edit.set("C1", "out_channels", 8)
    take(monkeypatch, NETWORK)
    window.times.again()
    assert run.engine.last(Train).plan == MINE and run.graph["C1"].layer == Conv2d(8, (5, 5))


def test_with_another_change_the_network_of_the_run_before_is_put_back(window, run, monkeypatch) -> None:
    run.edit.set("C1", "out_channels", 8)
    seen = take(monkeypatch, "lr", 0.01)
    window.times.again()
    assert seen[0].edited and run.graph["C1"].layer == Conv2d(6, (5, 5))
    assert run.engine.last(Train).plan == replace(MINE, lr=0.01)
    run.edit.undo()
    run.edit.undo()
    assert run.graph["C1"].layer == Conv2d(8, (5, 5))


def test_a_training_that_goes_on_is_ended_first_and_not_changed(window, run, monkeypatch, qtbot) -> None:
    run.run.train_afresh()
    first = run.time.folder
    test_beside.made(test_beside.Path(first), run.graph, MINE)
    answer(run, qtbot, news(run, 0, 10, step=10, steps=100))
    take(monkeypatch, "lr", 0.01)
    monkeypatch.setattr(questions, "end_training", lambda parent: False)
    window.times.again()
    assert not [c for c in run.engine.sent if isinstance(c, Stop)]
    monkeypatch.setattr(questions, "end_training", lambda parent: True)
    window.times.again()
    assert isinstance(run.engine.sent[-1], Stop) and run.time.folder == first
    answer(run, qtbot, news(run, 10, 2, step=12, steps=100, phase=IDLE))
    qtbot.waitUntil(lambda: run.time.folder != first)
    assert not [c for c in run.engine.sent if isinstance(c, Adjust)], "the old one has trained on by its own plan"
    assert run.engine.last(Train).plan.lr == 0.01 and run.beside.folder == first


def test_another_document_meanwhile_is_not_trained(window, run, monkeypatch, qtbot) -> None:
    run.run.train_afresh()
    trained = len([c for c in run.engine.sent if isinstance(c, Train)])
    run.beside.again(Plan(lr=0.5))
    run.file.open_preset("lenet5")
    qtbot.waitUntil(lambda: run.beside._pending is None)
    assert len([c for c in run.engine.sent if isinstance(c, Train)]) == trained and run.run.plan.lr != 0.5


def test_what_is_refused_leaves_nothing_behind(window, run, monkeypatch) -> None:
    run.edit.set("C1", "kernel_size", (64, 64))
    assert run.run.problem is not None
    take(monkeypatch, NETWORK)
    window.times.again()
    assert not run.run.active and not run.time.next_other


# ── the tab Runs ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_tab_is_there_while_another_run_stands_beside(window, run, lenet, tmp_path) -> None:
    dock = window.docks["runs"]
    assert dock.isHidden()
    run.beside.choose(test_beside.made(tmp_path / "other", lenet, MINE))
    assert not dock.isHidden()
    run.beside.end()
    assert dock.isHidden()


def test_networks_that_differ_are_shown_layer_by_layer(window, run, lenet, tmp_path) -> None:
    panel = window.panels["runs"]
    run.beside.choose(test_beside.made(tmp_path / "other", lenet, MINE))
    assert panel.layers.isHidden(), "they are the same"
    wider = lenet.change("C1", layer=Conv2d(8, (5, 5)))
    run.beside.choose(test_beside.made(tmp_path / "wider", wider, MINE))
    assert not panel.layers.isHidden()
    panel.layers.click()
    assert run.compare.other.name == "wider" and run.compare.other.rows["C1"].node.layer.out_channels == 8
    assert not window.docks["compare"].isHidden()


def test_the_folder_dialog_begins_where_runs_lie(window, run, lenet, tmp_path, monkeypatch) -> None:
    asked = []
    other = test_beside.made(tmp_path / "other", lenet, MINE)
    monkeypatch.setattr(
        "cnnviz.gui.window.times.ask_folder", lambda parent, title, start: (asked.append(start), str(other))[1]
    )
    window.times.compare()
    assert asked == [str(run.beside.home)] and run.beside.folder == str(other)
    window.times.compare()
    assert asked[-1] == str(tmp_path)
