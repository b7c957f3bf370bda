"""The dock: signs the worst first with what can be tried, nothing where all is well; marks on cards and in the bar."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from cnnviz.gui.canvas.unwell import unwell_tip
from cnnviz.gui.health.panel import WIDE, Health
from cnnviz.gui.session import Notice, Session
from cnnviz.gui.window.window import Window
from cnnviz.link import pulses
from cnnviz.link.messages import TRAINING, News, Progress
from cnnviz.link.pulses import Feel, Pulses
from cnnviz.net.graph import Graph

from .readings import HIGH, LAYERS, SATURATED, reading


def open_net(session: Session, graph: Graph) -> None:
    session.edit.document.reset(graph)


def progress(session: Session, pulse: int) -> Progress:
    return Progress(session.run.number, 1, TRAINING, 40, 100, 1.0, 9.0, None, 1.0, None, 0.1, "cpu", pulse=pulse)


def tell(session: Session, *signs: object, count: int = 1) -> None:
    """The engine says that there is something new, and what."""
    session.health.take_news(progress(session, count))
    told = Pulses(session.run.number, count, 0, LAYERS, (reading(1), reading(20), reading(40)), signs)  # type: ignore[arg-type]
    session.health.take(told)


@pytest.fixture
def window(session: Session, lenet: Graph, qtbot: QtBot) -> Iterator[Window]:
    w = Window(session.settings)
    w.resize(1280, 720)
    qtbot.addWidget(w)
    w.furnish(session)
    with qtbot.waitExposed(w):
        w.show()
    yield w
    session.file.let_go()
    w.close()


@pytest.fixture
def panel(qtbot: QtBot, session: Session, lenet: Graph) -> Health:
    open_net(session, lenet)
    made = Health(session)
    qtbot.addWidget(made)
    made.resize(300, 500)
    made.show()
    return made


def test_what_is_new_is_asked_for_once_and_kept(session: Session, lenet: Graph) -> None:
    open_net(session, lenet)
    engine = session.engine
    session.health.take_news(progress(session, 1))
    session.health.take_news(progress(session, 2))
    feels = [c for c in engine.sent if isinstance(c, Feel)]  # type: ignore[attr-defined]
    assert feels == [Feel(session.run.number, 0)]
    session.health.take(Pulses(session.run.number, 2, 0, LAYERS, (reading(1), reading(20)), (SATURATED,)))
    session.health.take_news(progress(session, 3))
    assert engine.last(Feel) == Feel(session.run.number, 20)  # type: ignore[attr-defined]
    session.health.take(Pulses(session.run.number, 3, 20, LAYERS, (reading(40),), ()))
    assert [r.step for r in session.health.series] == [1, 20, 40] and session.health.signs == ()
    session.health.take(Pulses(session.run.number - 1, 9, 0, LAYERS, (), (SATURATED,)))
    assert session.health.signs == () and len(session.health.series) == 3


def test_news_of_the_run_ask_and_another_network_forgets(session: Session, lenet: Graph) -> None:
    open_net(session, lenet)
    session._answer(News(progress(session, 1), 0, np.empty((0, 4)), np.empty((0, 4))))
    assert isinstance(session.engine.last(Feel), Feel)  # type: ignore[attr-defined]
    session._answer(Pulses(session.run.number, 1, 0, LAYERS, (reading(1),), (SATURATED,)))
    assert session.health.marks == {"tanh_1": SATURATED}
    session.run.begin(None)
    assert not session.health.signs and not len(session.health.series)


def test_empty_states_say_what_is_watched(panel: Health, session: Session) -> None:
    panel.draw()
    assert panel.good.text().startswith("Press Train") and panel.watched.isVisibleTo(panel)
    assert not panel.flow.isVisibleTo(panel)
    tell(session)
    panel.draw()
    assert panel.good.text() == "No signs of trouble." and panel.flow.isVisibleTo(panel)


def test_signs_the_worst_first_with_curve_and_experiments(qtbot: QtBot, panel: Health, session: Session) -> None:
    tell(session, HIGH, SATURATED)
    panel.draw()
    assert list(panel.entries) == ["high", "saturated"] and not panel.good.isVisibleTo(panel)
    high, saturated = panel.entries.values()
    assert high.y() < saturated.y() or not high.isVisible()
    assert high.words.text() == HIGH.text and saturated.title.text() == "Saturated units"
    x, y = saturated.chart.data("value")
    assert x.tolist() == [1, 20, 40] and y.tolist() == [90, 90, 90]
    assert saturated.chart.data("limit")[1].tolist() == [80, 80]
    assert [b.text() for b in high.tries] == ["Try a learning rate of 0.0001"]
    assert [b.text() for b in saturated.tries][:2] == ["Put BatchNorm after C1", "Use ReLU for tanh_1"]
    qtbot.mouseClick(saturated, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert session.look.selected == "tanh_1"
    tell(session, SATURATED, count=2)
    panel.draw()
    assert list(panel.entries) == ["saturated"] and panel.entries["saturated"] is saturated


def test_an_experiment_is_a_change_that_can_be_undone(qtbot: QtBot, panel: Health, session: Session) -> None:
    said: list[Notice] = []
    session.noticed.connect(said.append)
    tell(session, HIGH, SATURATED)
    panel.draw()
    before = session.graph
    qtbot.mouseClick(panel.entries["saturated"].tries[1], Qt.MouseButton.LeftButton)
    assert session.graph["relu_1"].type == "ReLU" and session.look.selected == "relu_1"
    assert session.edit.document.undo_text == "Use ReLU for tanh_1"
    (note,) = [n for n in said if n.key == "health"]
    assert note.actions[0][0] == "Train from new weights"
    session.edit.undo()
    assert session.graph == before
    lr = session.run.plan.lr
    qtbot.mouseClick(panel.entries["high"].tries[0], Qt.MouseButton.LeftButton)
    assert session.run.plan.lr == pytest.approx(lr / 10)
    session.edit.undo()
    assert session.run.plan.lr == lr


def test_a_recorded_run_shows_the_same(session: Session, lenet: Graph, tmp_path: Path) -> None:
    open_net(session, lenet)
    lines = [LAYERS.to_json() + "\n", pulses.line(reading(1), ()), pulses.line(reading(20), (SATURATED,))]
    (tmp_path / pulses.FILE).write_text("".join(lines))
    session.health.open(tmp_path)
    assert session.health.signs == (SATURATED,) and [r.step for r in session.health.series] == [1, 20]
    told: list[int] = []
    session.health_changed.connect(lambda: told.append(1))
    session.health.open(tmp_path)
    assert not told, "nothing has been written since"
    with (tmp_path / pulses.FILE).open("a") as file:
        file.write(pulses.line(reading(40), ()))
    session.health.open(tmp_path)
    assert session.health.signs == () and [r.step for r in session.health.series] == [1, 20, 40]


def test_the_flow_stands_beside_where_there_is_room(qtbot: QtBot, panel: Health, session: Session) -> None:
    tell(session, HIGH)
    panel.draw()
    panel.resize(WIDE + 10, 300)
    entry, label = panel.entries["high"], panel.entries["high"].words
    qtbot.waitUntil(lambda: panel.flow.x() > entry.x() + 100)
    panel.resize(280, 300)
    qtbot.waitUntil(lambda: panel.flow.mapTo(panel, QPoint()).y() > entry.mapTo(panel, QPoint()).y() + 100)
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()))  # no word is cut


def test_cards_are_marked_and_the_bar_says_it(window: Window, lenet: Graph) -> None:
    session = window.session
    open_net(session, lenet)
    tell(session, HIGH, SATURATED)
    marked = {id for id, card in window.canvas.cards_scene.cards.items() if card.unwell}
    assert marked == {"C1", "output", "tanh_1"}
    assert HIGH.text.split("%")[0][:20] in unwell_tip(session, "C1") and unwell_tip(session, "S2") == ""
    assert window.runbar.caution.isVisibleTo(window) and window.runbar.caution.text().endswith("and 1 more")
    window.canvas.grab()
    window.runbar.caution.click()
    assert window.docks["health"].isVisible()
    tell(session, count=2)
    assert not any(card.unwell for card in window.canvas.cards_scene.cards.values())
    assert not window.runbar.caution.isVisibleTo(window)


# ── the time cursor ──────────────────────────────────────────────────────────────────────────────────────────────────
def stand_at(session: Session, step: int | None) -> None:
    session.time.at = step
    session.moment_changed.emit()


def test_signs_cards_and_flow_are_those_of_the_step_that_is_looked_at(window: Window, lenet: Graph) -> None:
    session, panel = window.session, window.panels["health"]
    assert isinstance(panel, Health)
    open_net(session, lenet)
    window.show_health()
    session.health.take_news(progress(session, 1))
    read = reading(1), reading(20), reading(40), reading(60)
    told = (), (), (SATURATED,), (HIGH,)  # by step 60 the one has ended, and the other begun at 12 and been told late
    late = replace(HIGH, step=60, since=50)
    session.health.take(Pulses(session.run.number, 1, 0, LAYERS, read, (late,), (*told[:3], (late,))))
    panel.draw()
    cards = window.canvas.cards_scene.cards
    assert list(panel.entries) == ["high"] and panel.then.isHidden() and cards["C1"].unwell
    for step, codes, marked, flow in (
        (5, [], set(), 0),
        (15, ["saturated"], {"tanh_1"}, 1),
        (45, ["saturated"], {"tanh_1"}, 2),
        (55, ["saturated", "high"], {"tanh_1", "C1", "output"}, 3),
    ):
        stand_at(session, step)
        panel.draw()
        assert sorted(panel.entries) == sorted(codes), step
        assert {id for id, card in cards.items() if card.unwell} == marked and panel.flow.reading == flow
        assert panel.then.text() == f"As it was at step {step}. Now: Learning rate too high."
        assert panel.good.text() == f"No signs of trouble at step {step}."
    assert window.runbar.caution.text() == "Learning rate too high", "what is the matter now"
    panel.grab()
    stand_at(session, None)
    panel.draw()
    assert list(panel.entries) == ["high"] and panel.then.isHidden() and panel.flow.reading == 3


def test_a_recorded_run_knows_its_signs_at_every_step(session: Session, lenet: Graph, tmp_path: Path) -> None:
    open_net(session, lenet)
    lines = [pulses.line(reading(1), ()), pulses.line(reading(30), (SATURATED,)), pulses.line(reading(60), ())]
    (tmp_path / pulses.FILE).write_text("".join((LAYERS.to_json() + "\n", *lines)))
    session.health.open(tmp_path)
    found = []
    for step in (5, 15, 45, 60, None):
        stand_at(session, step)
        found.append([s.code for s in session.health.signs])
    assert found == [[], ["saturated"], ["saturated"], [], []]


def test_another_run_has_its_flow_beside(panel: Health, session: Session, tmp_path: Path) -> None:
    tell(session)
    panel.draw()
    assert panel.other is None, "nothing is made while there is one run"
    written = [json.dumps(asdict(LAYERS)) + "\n", pulses.line(reading(1), ()), pulses.line(reading(40), ())]
    (tmp_path / pulses.FILE).write_text("".join(written))
    session.beside._folder = str(tmp_path)
    session.beside_changed.emit()
    panel.draw()
    assert panel.other is not None and panel.other.isVisible() and panel.other.layers == panel.flow.layers
    assert panel.flow.decades == panel.other.decades
    series = session.health.beside()
    assert session.health.beside() is series, "it is not read again while nothing has come"
    with (tmp_path / pulses.FILE).open("a") as file:
        file.write(pulses.line(reading(60), ()))
    assert len(session.health.beside() or ()) == 3
    session.beside._folder = ""
    panel.draw()
    assert not panel.other.isVisible()
