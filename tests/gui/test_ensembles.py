"""Training one plan with several seeds in a row, and the window that shows what each network adds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication

from cnnviz.gui.session import Session
from cnnviz.gui.session.ensembling import Trained
from cnnviz.gui.window.ensembles import EnsembleDialog
from cnnviz.link.ensemble import Combine, Combined, Combining, Figures, Member, Uncombine
from cnnviz.link.messages import IDLE, TRAINING, Failed, Stop, Train
from cnnviz.net.graph import Graph
from cnnviz.net.plan import Plan

from .test_session import answer, news


@pytest.fixture
def ready(session: Session, lenet: Graph) -> Session:
    session.edit.document.reset(lenet)
    session.graph_edited()
    session.run.set_plan(seed=7)
    return session


def trained(session: Session) -> list[int]:
    return [c.plan.seed for c in session.engine.sent if isinstance(c, Train)]


def finish(session: Session, qtbot: object, *, step: int = 400) -> None:
    """The engine says that the run has come to its end."""
    answer(session, qtbot, news(session, 0, 3, step=step, steps=400, phase=IDLE))
    QCoreApplication.processEvents()


def members(n: int) -> tuple[Member, ...]:
    return tuple(
        Member(f"run{k}", 7 + k, 400, Figures(0.10 - 0.01 * k, None, 0.3), Figures(0.10 - 0.02 * k, None, 0.2))
        for k in range(n)
    )


def test_seeds_are_trained_one_after_the_other_and_averaged(ready: Session, qtbot: object) -> None:
    ensemble = ready.ensemble
    ensemble.start(3)
    assert trained(ready) == [7] and ensemble.training and ready.engine.last(Train).start == 0
    answer(ready, qtbot, news(ready, 0, 3, step=5, steps=400, phase=TRAINING))
    assert trained(ready) == [7]
    finish(ready, qtbot)
    assert trained(ready) == [7, 8]
    finish(ready, qtbot)
    finish(ready, qtbot)
    assert trained(ready) == [7, 8, 9] and not ensemble.training
    folders = tuple(c.folder for c in ready.engine.sent if isinstance(c, Train))
    assert len(set(folders)) == 3
    assert ready.engine.last(Combine) == Combine(1, folders, "test")
    assert ready.run.plan.seed == 7 and ensemble.folders == folders
    ready._answer(Combining(1, 2, 3))
    assert ensemble.averaging == (2, 3) and ensemble.busy
    done = Combined(1, members(3), "digits", "test", 359)
    ready._answer(replace(done, number=9))
    assert ensemble.found is None
    ready._answer(done)
    assert ensemble.found is done and not ensemble.busy


def test_one_that_is_stopped_ends_it_and_those_that_are_done_are_averaged(ready: Session, qtbot: object) -> None:
    ensemble = ready.ensemble
    ensemble.start(5)
    finish(ready, qtbot)
    finish(ready, qtbot)
    ensemble.cancel()
    assert ready.engine.last(Stop)
    finish(ready, qtbot, step=50)
    assert trained(ready) == [7, 8, 9] and "stopped" in ensemble.trouble
    assert len(ready.engine.last(Combine).folders) == 2
    number = ensemble._number
    ready._answer(Failed("combine", "A folder is gone.", run=number))
    assert "stopped" in ensemble.trouble and "gone" in ensemble.trouble, "why it ended stays said"
    ensemble._end("")
    ensemble.cancel()
    assert ready.engine.last(Uncombine) and not ensemble.busy


def test_a_training_that_fails_or_an_edit_ends_it(ready: Session, qtbot: object) -> None:
    ensemble = ready.ensemble
    ensemble.start(3)
    answer(ready, qtbot, news(ready, 0, 3, step=5, steps=400, phase=TRAINING))
    answer(ready, qtbot, Failed("train", "Lost.", run=ready.run.number))
    finish(ready, qtbot, step=5)
    assert trained(ready) == [7] and ensemble.trouble and not ensemble.busy
    ensemble.start(3)
    ready.run.set_plan(batch_size=8)
    finish(ready, qtbot)
    assert trained(ready) == [7, 7] and "changed" in ensemble.trouble


def test_an_engine_that_dies_ends_it(ready: Session, qtbot: object) -> None:
    ready.ensemble.start(3)
    ready.ensemble.lost()
    assert not ready.ensemble.busy and "engine" in ready.ensemble.trouble
    ready.run.progress = None
    ready.ensemble.trained = (Trained(1, "a"), Trained(2, "b"))
    ready.ensemble._end("")
    ready._answer(Failed("combine", "Gone.", run=1))
    assert ready.ensemble.trouble == "Gone." and not ready.ensemble.busy


def test_the_window_says_what_each_adds(ready: Session, qtbot: object) -> None:
    dialog = EnsembleDialog(ready)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.count.setValue(3)
    assert dialog.seeds.text() == "with seeds 7 to 9" and dialog.go.text() == "Train"
    dialog.go.click()
    assert dialog.go.text() == "Stop" and not dialog.count.isEnabled()
    assert dialog.said.text().startswith("Training network 1 of 3")
    for _k in range(3):
        finish(ready, qtbot)
    assert dialog.said.text() == "Averaging: 0 of 3 networks have answered"
    ready._answer(Combined(1, members(3), "digits", "test", 359))
    assert dialog.table.texts(0) == ("10.0 %", "10.0 %", "")
    assert dialog.table.texts(2) == ("8.0 %", "6.0 %", "−2.0 %")
    assert "3 networks together: 6.0 % error on 359 held-out pictures" in dialog.said.text()
    assert dialog.go.text() == "Train"
    dialog.grab()
    dialog.resize(320, 300)
    dialog.grab()


def test_what_cannot_be_trained_says_why(session: Session, qtbot: object) -> None:
    dialog = EnsembleDialog(session)
    qtbot.addWidget(dialog)
    assert not dialog.go.isEnabled() and dialog.go.toolTip() == dialog.why.text() != ""
    assert not dialog.why.isHidden()
    assert session.run.plan == Plan()
    dialog.grab()
