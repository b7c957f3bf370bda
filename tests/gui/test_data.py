"""The data set's panel: what it says and asks for, and what it shows by class, split and error, by mouse and keys."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from cnnviz.gui.data import DataPanel
from cnnviz.gui.data.balance import ROW, Balance
from cnnviz.gui.data.broken import BrokenDialog
from cnnviz.gui.data.choosing import ALL, COPIES, LEAKED, TORN, WRONG, chosen
from cnnviz.gui.data.grid import EDGE, GAP, Grid
from cnnviz.gui.data.words import doubled, unbalanced
from cnnviz.gui.paint import theme
from cnnviz.gui.session import Session
from cnnviz.link.data import Contents, Stock
from cnnviz.link.messages import Failed, Look, Pictures, Sample
from cnnviz.link.predictions import Fetch, Fetched, Predict, Predicting, Predictions
from cnnviz.link.verdicts import Verdicts
from cnnviz.net.graph import Graph

TRAIN, TEST = np.arange(300) % 3, np.arange(30) % 3
NONE = np.zeros(0, np.int64)


def contents(number: int = 1, **more) -> Contents:
    kinds = ("leaked", "source", "again_train", "again_test", "torn_train", "torn_test")
    given = {"broken": (), "broken_count": 0, "notes": (), "dropped": 0, "compared": True, **dict.fromkeys(kinds, NONE)}
    return Contents(
        **{
            "number": number,
            "name": "pets",
            "classes": ("cat", "dog", "emu"),
            "train_y": TRAIN,
            "test_y": TEST,
            "size": (8, 8),
            **given,
            **more,
        }
    )


def verdicts(wrong: list[int]) -> Verdicts:
    predicted = TEST.copy()
    predicted[wrong] = (predicted[wrong] + 1) % 3
    loss = np.zeros(30, np.float32)
    loss[wrong] = np.arange(len(wrong))  # the last is the worst
    return Verdicts(TEST, predicted, np.full(30, 0.9, np.float32), loss, (predicted != TEST).astype(np.int64))


@pytest.fixture
def panel(session: Session, lenet: Graph, qtbot) -> Iterator[DataPanel]:
    session.edit.document.reset(lenet)
    session.graph_edited()
    session.run.set_plan(data="pets")
    made = DataPanel(session)
    qtbot.addWidget(made)
    made.resize(360, 420)
    with qtbot.waitExposed(made):
        made.show()
    yield made


def load(session: Session, **more) -> None:
    session.engine.reply(Pictures("pets", 300, 30, ("cat", "dog", "emu")))
    session.engine.reply(contents(session.engine.last(Stock).number, **more))


def fetched(session: Session) -> Fetch:
    """Answer the last question for pictures: each has its number for a colour."""
    asked = session.engine.last(Fetch)
    x = np.stack([np.full((8, 8, 3), i % 256, np.uint8) for i in asked.indices])
    session.engine.reply(Fetched(asked.number, asked.split, asked.indices, (0,) * len(x), x))
    return asked


# ── which pictures ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_pictures_are_chosen_by_class_copies_and_error() -> None:
    c = contents(leaked=np.array([4, 9]), source=np.array([7, 7]), again_test=np.array([5]), torn_train=np.array([1]))
    assert chosen(c, "test").tolist() == list(range(30)) and len(chosen(c, "train")) == 300
    assert chosen(c, "test", 2).tolist() == list(range(2, 30, 3))
    assert chosen(c, "test", None, WRONG).tolist() == []
    assert chosen(c, "test", None, WRONG, verdicts([3, 1, 8])).tolist() == [8, 1, 3], "the worst first"
    assert chosen(c, "test", 1, WRONG, verdicts([3, 1, 8])).tolist() == [1]
    assert chosen(c, "train", None, WRONG, verdicts([3])).tolist() == [], "of the other part"
    assert chosen(c, "test", None, LEAKED).tolist() == [4, 9] and chosen(c, "train", None, LEAKED).tolist() == [7]
    assert chosen(c, "test", None, COPIES).tolist() == [5] and chosen(c, "train", None, TORN).tolist() == [1]


def test_what_is_said_of_a_set() -> None:
    assert unbalanced(np.array([10, 11, 12]), ("a", "b", "c")) == ""
    assert unbalanced(np.array([10, 35, 12]), ("a", "b", "c")) == "b has 3.5 times as many pictures as a"
    assert unbalanced(np.array([10, 0]), ("a", "b")) == "no picture of b to train on"
    assert doubled(contents(compared=False)) == "" and doubled(contents()) == "no picture is there twice"
    assert (
        doubled(contents(leaked=np.arange(3), again_train=np.arange(2))) == "3 held out are trained on, too · 2 copies"
    )


# ── the panel ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_it_says_what_there_is_and_asks_for_what_is_seen(panel: DataPanel, session: Session) -> None:
    load(session)
    assert panel.title.whole == "pets · 8×8 · 300 to train on · 30 held out"
    assert panel.facts.whole == "no picture is there twice"
    asked = fetched(session)
    assert asked.split == "test" and asked.indices[0] == 0 and all(map(panel.grid.has, asked.indices))
    image = panel.grid.viewport().grab().toImage()
    for at, i in enumerate(asked.indices[:5]):
        assert image.pixelColor(panel.grid.place(at).center()).getRgb()[:3] == (i, i, i)


def test_thousands_of_pictures_are_asked_for_as_they_come_into_view(panel: DataPanel, session: Session) -> None:
    load(session)
    panel.split.setCurrentIndex(1)
    panel.split.activated.emit(1)
    first = fetched(session)
    assert first.split == "train" and first.indices[0] == 0 and 5 < len(first.indices) < 100
    bar = panel.grid.verticalScrollBar()
    bar.setValue(bar.maximum())
    last = fetched(session)
    assert last.indices[-1] == 299 and 0 not in last.indices


def test_pictures_of_another_split_or_set_are_not_mixed_up(panel: DataPanel, session: Session) -> None:
    load(session)
    old = session.engine.last(Fetch)
    panel.split.setCurrentIndex(1)
    panel.split.activated.emit(1)
    session.engine.reply(Fetched(old.number, "test", (0,), (0,), np.zeros((1, 8, 8, 3), np.uint8)))
    assert not panel.grid.has(0)
    fetched(session)
    assert panel.grid.has(0)
    load(session)
    assert not panel.grid.has(0), "another set may have the same numbers"


def test_a_click_shows_that_picture_everywhere(panel: DataPanel, session: Session) -> None:
    load(session)
    fetched(session)
    QTest.mouseClick(panel.grid.viewport(), Qt.MouseButton.LeftButton, pos=panel.grid.place(4).center())
    assert session.engine.last(Look).picture == Sample(4, "test") and panel.grid.current == 4
    assert panel.caption.whole.startswith("picture 5 · dog")
    image = panel.grid.viewport().grab().toImage()
    edge = panel.grid.place(4).topLeft() + QPoint(3, -1)
    assert image.pixelColor(edge) == theme.current().colour("accent")


def test_keys_go_from_picture_to_picture(panel: DataPanel, session: Session) -> None:
    load(session)
    session.look.show(Sample(0))
    columns = panel.grid.columns
    for key, to in (
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Down, 1 + columns),
        (Qt.Key.Key_Left, columns),
        (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_Left, 0),
        (Qt.Key.Key_End, 29),
        (Qt.Key.Key_Home, 0),
    ):
        QTest.keyClick(panel.grid, key)
        assert session.look.picture == Sample(to)
    QTest.keyClick(panel.grid, Qt.Key.Key_End)
    assert panel.grid.viewport().rect().contains(panel.grid.place(29)), "it scrolls along"


def test_a_class_is_chosen_by_its_bar(panel: DataPanel, session: Session) -> None:
    load(session)
    QTest.mouseClick(panel.balance.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(10, 2 * ROW + ROW // 2))
    assert panel.grid.indices.tolist() == list(range(1, 30, 3))
    QTest.keyClick(panel.balance, Qt.Key.Key_Down)
    assert panel.grid.indices.tolist() == list(range(2, 30, 3))
    QTest.keyClick(panel.balance, Qt.Key.Key_Home)
    assert len(panel.grid.indices) == 30
    assert panel.balance.text(1) == "dog · 10 pictures · 33.3 %"


def test_wrong_ones_are_asked_for_marked_and_shown(panel: DataPanel, session: Session) -> None:
    load(session)
    panel.kind.setCurrentIndex(1)
    panel.kind.activated.emit(1)
    asked = session.engine.last(Predict)
    assert asked.split == "test" and panel.classify.text() == "Cancel"
    assert panel.inside.currentWidget() is panel.empty
    session.engine.reply(Predicting(asked.number, 10, 30))
    assert panel.classify.text() == "Cancel 33 %"
    found = Predictions(asked.number, session.version, 0, 0, "test", "pets", ("cat", "dog", "emu"), verdicts([3, 1, 8]))
    session.engine.reply(found)
    assert panel.grid.indices.tolist() == [8, 1, 3] and panel.kind.itemText(1) == "Classified wrongly (3)"
    assert panel.classify.isHidden(), "it is of the network as it is"
    session.look.show(Sample(8))
    assert panel.caption.whole == "picture 9 · emu · taken for cat, 90 % sure"
    assert panel.balance.text(0) == "cat · 10 pictures · 33.3 % · 1 classified wrongly"
    session.edit.set("C1", "out_channels", 9)
    assert panel.classify.text() == "Classify again" and not panel.classify.isHidden()


def test_classifying_can_be_cancelled(panel: DataPanel, session: Session) -> None:
    load(session)
    panel.classify.click()
    assert session.predict.progress is not None
    panel.classify.click()
    assert session.predict.progress is None and panel.classify.text() == "Classify"


def test_doubles_and_broken_files(panel: DataPanel, session: Session, qtbot) -> None:
    load(session, leaked=np.array([4]), source=np.array([7]), broken=(("a.png", "It is damaged."),), broken_count=1)
    assert panel.leave_out.isVisible() and panel.broken.text() == "1 broken…"
    session.look.show(Sample(4))
    assert panel.caption.whole.endswith("equal to training picture 8")
    panel.broken.click()
    dialog = panel.findChild(BrokenDialog)
    assert dialog.text.toPlainText() == "a.png: It is damaged."
    dialog.reject()
    panel.leave_out.click()
    assert session.run.plan.drop_leaks


def test_without_a_data_set_it_says_why(panel: DataPanel, session: Session) -> None:
    assert "No data set is loaded" in panel.empty.text()
    load(session)
    session.engine.reply(Failed("data", "pets is not there."))
    assert panel.empty.text() == "pets is not there." and panel.balance.isHidden()
    load(session)
    assert panel.inside.currentWidget() is panel.grid and not panel.balance.isHidden()


def test_it_asks_for_nothing_while_it_is_not_seen(panel: DataPanel, session: Session) -> None:
    panel.hide()
    session.engine.sent.clear()
    load(session)
    assert not any(isinstance(c, Fetch) for c in session.engine.sent)
    panel.show()
    assert session.engine.last(Fetch).split == "test"


def test_another_engine_is_asked_again(panel: DataPanel, session: Session) -> None:
    load(session)
    session.engine_changed.emit()
    session.engine.sent.clear()
    panel.grid.verticalScrollBar().setValue(1)
    assert session.engine.last(Fetch)


# ── its parts ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("size", "tile"), [((8, 8), (48, 48)), ((28, 28), (28, 28)), ((16, 32), (32, 16))])
def test_small_pictures_grow_by_whole_multiples(qtbot, size: tuple[int, int], tile: tuple[int, int]) -> None:
    grid = Grid()
    qtbot.addWidget(grid)
    grid.resize(300, 200)
    grid.take([0], np.zeros((1, *size, 3), np.uint8))
    assert (grid.place(0).width(), grid.place(0).height()) == tile


def test_pictures_grow_where_there_is_room(qtbot) -> None:
    grid = Grid()
    qtbot.addWidget(grid)
    grid.resize(300, 200)
    grid.take([0], np.zeros((1, 32, 32, 3), np.uint8))
    with qtbot.waitExposed(grid):
        grid.show()
    assert grid.place(0).width() == 32
    grid.resize(800, 200)
    assert grid.place(0).width() == 96


def test_large_pictures_are_scaled_down(qtbot) -> None:
    grid = Grid()
    qtbot.addWidget(grid)
    grid.resize(300, 200)
    grid.take([0], np.zeros((1, 64, 32, 3), np.uint8))
    assert (grid.place(0).width(), grid.place(0).height()) == (EDGE // 2, EDGE) and grid.place(0).left() == GAP


def test_a_thousand_classes_can_be_reached(qtbot) -> None:
    balance = Balance()
    qtbot.addWidget(balance)
    balance.resize(120, 100)
    balance.show()
    balance.show_classes(tuple(map(str, range(1000))), np.arange(1000))
    QTest.keyClick(balance, Qt.Key.Key_End)
    assert balance.label == 999 and balance.verticalScrollBar().value() == balance.verticalScrollBar().maximum()
    assert ALL != WRONG


def test_the_bar_does_not_come_and_go(qtbot) -> None:
    """With the bar there is room for fewer pictures in a row, so that the bar is needed: without it, it is not."""
    grid = Grid()
    qtbot.addWidget(grid)
    grid.take([0], np.zeros((1, 48, 48, 3), np.uint8))
    grid.show_numbers(np.arange(12))
    with qtbot.waitExposed(grid):
        grid.show()
    for width in range(110, 360):
        grid.resize(width, 3 * (EDGE + GAP) + GAP)
        assert grid.place(grid.columns - 1).right() < grid.viewport().width()
