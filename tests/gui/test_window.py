"""The window as a whole: commands, questions, drops, messages, what is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPushButton, QTabBar

from cnnviz.gui.paint import theme
from cnnviz.gui.session import Session
from cnnviz.gui.training.planform import PlanForm
from cnnviz.gui.training.runbar import RunBar, duration
from cnnviz.gui.window import desk, questions
from cnnviz.gui.window.actions import COMMANDS
from cnnviz.gui.window.keys import Keys
from cnnviz.gui.window.window import Window
from cnnviz.link.messages import IDLE, TRAINING, Look, PictureFile, Pixels, Ready, Watch
from cnnviz.link.past import Recalled
from cnnviz.net.graph import Graph

from .hand import LEFT
from .test_session import answer, news


@pytest.fixture
def window(session: Session, lenet: Graph, qtbot) -> Iterator[Window]:
    w = Window(session.settings)
    w.resize(1280, 720)
    qtbot.addWidget(w)
    w.furnish(session)
    session.edit.document.reset(lenet)
    with qtbot.waitExposed(w):
        w.show()
    yield w
    session.file.let_go()
    w.close()


def test_the_first_paint_comes_before_the_panels(session, qtbot):
    w = Window(session.settings)
    qtbot.addWidget(w)
    with qtbot.waitSignal(w.painted):
        w.show()
    assert not hasattr(w, "canvas")
    w.close()


def test_every_command_does_something_and_is_where_it_says(window):
    for command in COMMANDS:
        target: object = window
        for part in command.does.split("."):
            target = getattr(target, part)
        assert callable(target), command.name
        action = window.actions_[command.name]
        assert any(action in m.actions() for m in window.menuBar().findChildren(QMenu))


def test_no_key_stands_for_two_commands():
    keys = [k for c in COMMANDS for k in c.keys.split("; ") if k]
    assert len(keys) == len(set(keys))


def test_what_cannot_be_done_says_why(window, session, qtbot):
    assert not window.actions_["undo"].isEnabled()
    assert "Nothing to undo" in window.actions_["undo"].toolTip()
    session.edit.set("C1", "kernel_size", (99, 99))
    train, step = window.actions_["train"], window.actions_["step"]
    qtbot.waitUntil(lambda: not step.isEnabled())
    assert window.actions_["undo"].isEnabled() and "kernel_size" in window.actions_["undo"].text()
    assert train.isEnabled() and "C1" in train.toolTip(), "it offers what mends the network"
    session.edit.undo()
    qtbot.waitUntil(step.isEnabled)
    assert "C1" not in train.toolTip()


def test_train_refuses_with_what_mends_the_network(window, session, qtbot):
    session.edit.remove(["flatten_1"])
    window.actions_["train"].trigger()
    assert session.run.phase == IDLE and any("Put Flatten before it" in t for t in window.notices.texts)
    button = next(b for b in window.notices.findChildren(QPushButton) if b.text() == "Insert Flatten")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert session.run.problem is None and session.edit.document.undo_text == "Insert Flatten"
    session.edit.undo()
    assert session.run.problem is not None, "one step"


def test_keys_reach_the_commands(window, session, qtbot):
    session.look.select(["S2"])
    window.canvas.setFocus()
    QTest.keyClick(window, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: "S2" not in session.graph)
    assert session.graph["flatten_1"].sources == ("tanh_1",), "the chain heals"
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "S2" in session.graph)


def test_closing_asks_for_unsaved_edits(window, session, monkeypatch, tmp_path):
    session.edit.set("C1", "out_channels", 9)
    assert window.isWindowModified()
    monkeypatch.setattr(questions, "unsaved", lambda parent, name, weights: "cancel")
    assert not window.close() and window.isVisible() and not session.engine.closed
    monkeypatch.setattr(questions, "unsaved", lambda parent, name, weights: "save")
    monkeypatch.setattr(questions, "save_network", lambda parent, path: "")
    assert not window.close(), "no name was given"
    monkeypatch.setattr(desk, "SAVING_MS", 10)  # for the engine, that does not answer here
    monkeypatch.setattr(questions, "save_network", lambda parent, path: str(tmp_path / "n.cnnviz"))
    assert window.close() and session.engine.closed and (tmp_path / "n.cnnviz").is_file()


def test_discarding_leaves_no_autosave(window, session, monkeypatch):
    session.edit.set("C1", "out_channels", 9)
    session.file.autosave()
    assert list(session.file._autosaves.glob("*.cnnviz"))
    monkeypatch.setattr(questions, "unsaved", lambda parent, name, weights: "discard")
    assert window.close()
    assert not list(session.file._autosaves.glob("*.cnnviz"))


def drop(window: Window, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    spot = window.rect().center()
    enter = QDragEnterEvent(spot, copy, mime, left, none)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(spot), copy, mime, left, none))


def test_a_dropped_picture_is_looked_at_and_a_dropped_network_opened(window, session, tmp_path):
    drop(window, tmp_path / "cat.png")
    assert session.engine.last(Look).picture == PictureFile(str(tmp_path / "cat.png"))
    session.file.save(tmp_path / "a.cnnviz")
    session.edit.remove(["S2"])
    session.edit.document.mark_saved()
    drop(window, tmp_path / "a.cnnviz")
    assert "S2" in session.graph


def test_a_dropped_folder_or_table_is_the_data_set(window, session, tmp_path):
    for path in (tmp_path, tmp_path / "list.csv", tmp_path / "pets.npz"):
        drop(window, path)
        assert session.run.plan.data == str(path)


def test_a_pasted_picture_keeps_its_pixels(window, session):
    image = QImage(5, 3, QImage.Format.Format_RGB32)
    for y in range(3):
        for x in range(5):
            image.setPixel(x, y, 0xFF000000 | (40 * x) << 16 | (60 * y) << 8 | 7)
    QGuiApplication.clipboard().setImage(image)
    window.desk.paste()
    picture = session.engine.last(Look).picture
    assert isinstance(picture, Pixels) and picture.array.shape == (3, 5, 4)
    assert picture.array[2, 4].tolist() == [160, 120, 7, 255]


def test_themes_switch_and_are_remembered(window, session):
    before = theme.current().dark
    window.actions_["theme"].trigger()
    assert theme.current().dark != before
    assert session.settings.get("theme") == ("light" if before else "dark")
    window.actions_["theme"].trigger()
    assert theme.current().dark == before


def test_messages_replace_each_other_and_their_buttons_act(window, session, qtbot):
    done: list[int] = []
    session.notice("One file is bad.", "error", key="file", details="line 3")
    session.notice("Another file is bad.", "error", key="file", actions=(("Repair", lambda: done.append(1)),))
    assert window.notices.texts == ["Another file is bad."]
    button = next(b for b in window.notices.findChildren(QPushButton) if b.text() == "Repair")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert done == [1] and window.notices.texts == [] and not window.notices.isVisible()


def test_cures_stand_below_their_words_where_there_is_no_room_beside(window, session, qtbot):
    """The two cures are wider than the canvas of 1280×720."""
    text = "conv2d_1 gives 16×30×30, but training needs a vector with one value for each of the 10 classes."
    offers = ("Add AdaptiveAvgPool2d, Flatten and a Linear with 10 outputs", "Add Flatten and a Linear with 10 outputs")
    session.notice(text, "warning", actions=tuple((offer, list) for offer in offers))
    bar, wide = window.notices._bars[0], window.notices.width()
    words = next(label for label in bar.findChildren(QLabel) if label.text() == bar.notice.text)
    cures = bar.findChildren(QPushButton)
    qtbot.waitUntil(lambda: words.width() > 0.8 * wide)
    assert len(cures) == 2
    for cure in cures:
        assert cure.width() >= cure.sizeHint().width() and cure.y() > words.geometry().bottom()
    window.resize(2400, 720)
    qtbot.waitUntil(lambda: window.notices.width() > wide)
    qtbot.waitUntil(lambda: all(words.y() <= c.geometry().center().y() <= words.geometry().bottom() for c in cures))
    window.resize(window.minimumSizeHint())
    window.notices.parentWidget().resize(300, 300)
    qtbot.waitUntil(lambda: any(c.toolTip() == c.text() and c.geometry().right() < 300 for c in cures))


def top(window) -> float:
    """Pixels of the canvas above the network."""
    return window.canvas.mapFromScene(window.canvas._scene.content().topLeft()).y()


def still(window) -> bool:
    """Whether the network is where it is going."""
    return not window.canvas.moving and not window.canvas._away.isActive()


@pytest.mark.parametrize("level", ["done", "error"])
def test_messages_cover_no_card_of_a_network_that_is_kept_in_view(window, session, qtbot, level):
    session.file.open_preset("googlenet")  # it is as high as there is room
    canvas = window.canvas
    qtbot.waitUntil(lambda: still(window))
    before = canvas.zoom
    session.notice("cifar10 is not there.", level, key="data")
    qtbot.waitUntil(lambda: still(window) and top(window) >= window.notices.height() > 20)
    session.notice("The edit cannot be kept.", "warning", key="autosave")
    session.notice("All is well.", "done", key="file")
    qtbot.waitUntil(lambda: still(window) and top(window) >= window.notices.height() > 60)
    assert canvas.fitted and canvas.seen.contains(canvas._scene.content())
    for key in ("data", "autosave", "file"):
        session.notice("", key=key)
    qtbot.waitUntil(lambda: still(window) and canvas.zoom == pytest.approx(before))
    canvas.zoom_in()
    closer = canvas.seen
    session.notice("cifar10 is not there.", "error", key="data")
    qtbot.waitUntil(lambda: still(window))
    assert canvas.seen == closer, "who looks elsewhere is left there"


def test_a_network_that_no_message_covers_does_not_move_for_it(window, session, qtbot):
    window.canvas.fit()  # one line of cards in the middle
    before = window.canvas.seen
    session.notice("All is well.", "done")
    qtbot.waitUntil(lambda: still(window))
    assert window.canvas.seen == before and top(window) > window.notices.height()


def test_a_message_takes_no_card_from_under_a_pointer_that_drags(window, session, qtbot):
    session.file.open_preset("googlenet")
    canvas = window.canvas
    qtbot.waitUntil(lambda: still(window))
    card = next(iter(canvas._scene.cards.values()))
    QTest.mousePress(canvas.viewport(), LEFT, pos=canvas.mapFromScene(card.pos()))
    before = canvas.seen
    session.notice("All is well.", "done")
    moment = QTimer(singleShot=True, interval=50)
    with qtbot.waitSignal(moment.timeout):
        moment.start()
    assert canvas.busy and canvas.seen == before
    QTest.mouseRelease(canvas.viewport(), LEFT, pos=canvas.mapFromScene(card.pos()))
    qtbot.waitUntil(lambda: still(window) and top(window) >= window.notices.height())


class Layouts(QObject):
    """Counts how often a widget is asked to lay itself out."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


def test_a_message_that_stands_leaves_the_window_in_peace(window, session, qtbot):
    layouts, moment = Layouts(), QTimer(singleShot=True, interval=100)
    window.notices.installEventFilter(layouts)
    session.notice("Opening torchvision:resnet152…", "info", actions=(("Cancel", list),))
    with qtbot.waitSignal(moment.timeout):
        moment.start()
    assert 0 < layouts.count < 10


def test_editing_while_training_says_so_with_the_way_out(window, session, qtbot):
    session.run.train()
    session.edit.set("C1", "out_channels", 9)
    assert window.notices.has("behind")
    session.edit.undo()
    answer(session, qtbot, news(session, 0, 1, version=session.version))
    assert not window.notices.has("behind")


def test_the_bar_says_how_far(window, session, qtbot):
    answer(session, qtbot, Ready(("cpu",), 1, ()))
    session.run.train()
    answer(session, qtbot, news(session, 0, 3, step=1240, steps=5000, accuracy=0.968, steps_per_second=62.0))
    text = window.runbar.status.text()
    assert "1,240" in text and "96.8 %" in text and "62 steps/s" in text and session.run.phase == TRAINING
    assert [duration(s) for s in (9, 187, 3729)] == ["9 s", "3:07", "1:02:09"]


def test_curves_draw_what_the_session_holds(window, session, qtbot):
    session.run.train()
    answer(session, qtbot, news(session, 0, 50))
    curves = window.panels["curves"]
    qtbot.waitUntil(lambda: all(len(c.data("batch")[0]) == 50 for c in (curves.loss, curves.accuracy)))
    for chart, column, scale in ((curves.loss, 1, 1), (curves.accuracy, 2, 100)):
        x, y = chart.data("batch")
        assert np.array_equal(x, session.run.points[:, 0]) and np.array_equal(y, scale * session.run.points[:, column])


@pytest.mark.parametrize("name", ["epochs", "batch_size", "momentum", "weight_decay", "seed", "threads"])
def test_plan_numbers_can_be_set_and_come_back(session, qtbot, name):
    form = PlanForm(session)
    qtbot.addWidget(form)
    session.run.set_plan(optimizer="sgd")
    before = session.run.plan
    form.editors[name].box.stepUp()
    assert getattr(session.run.plan, name) > getattr(before, name)
    session.run.set_plan(**{name: getattr(before, name)})
    assert form.editors[name].box.value() == getattr(before, name)


def test_the_bar_and_the_plan_show_the_same(session, qtbot):
    form, bar = PlanForm(session), RunBar(session)
    qtbot.addWidget(form)
    qtbot.addWidget(bar)
    bar.optimizer.setCurrentIndex(bar.optimizer.findData("adadelta"))
    bar.lr.setValue(0.5)
    assert session.run.plan.optimizer == "adadelta" and session.run.plan.lr == 0.5
    assert form.editors["lr"].box.value() == 0.5 and not form.editors["momentum"].isEnabled()


def test_the_page_of_keys_lists_every_command(window, qtbot):
    page = Keys(window)
    qtbot.addWidget(page)
    words = {label.text() for label in page.findChildren(QLabel)}
    assert {c.text for c in COMMANDS if c.keys} <= words


def test_the_layout_is_remembered(window, session, qtbot):
    window.docks["plan"].raise_()
    window.docks["picture"].hide()
    session.edit.document.mark_saved()
    assert window.close()
    again = Window(session.settings)
    qtbot.addWidget(again)
    fresh = Session(type(session.engine), session.settings)
    again.furnish(fresh)
    again.show()
    assert not again.docks["picture"].isVisible()
    again.place_afresh()
    assert again.docks["picture"].isVisible()
    fresh.edit.document.mark_saved()
    again.close()


def test_a_panel_behind_another_tab_does_nothing(window, session, qtbot):
    qtbot.waitUntil(lambda: not window.panels["filters"].isVisible())
    session.look.select(["C1"])
    assert window.panels["maps"].isVisible() and not window.panels["why"].isVisible()
    assert session.engine.last(Watch).interest.filters == ()
    size = window.docks["maps"].size()
    window.docks["filters"].raise_()
    qtbot.waitUntil(lambda: window.panels["filters"].isVisible() and not window.panels["maps"].isVisible())
    assert session.engine.last(Watch).interest.filters == ("C1",)
    assert session.engine.last(Watch).interest.maps == ()
    assert window.docks["filters"].size() == size
    window.docks["field"].setFloating(True)
    assert window.panels["field"].isVisible(), "a window of its own"
    window.docks["field"].setFloating(False)
    window.place_afresh()
    qtbot.waitUntil(lambda: window.panels["maps"].isVisible() and not window.panels["filters"].isVisible())
    bar = next(b for b in window.findChildren(QTabBar) if b.count() == 5)
    QTest.mouseClick(bar, LEFT, pos=bar.tabRect(4).center())
    qtbot.waitUntil(window.panels["why"].isVisible)


def test_play_becomes_hold_while_it_plays(window, session, lenet, qtbot):
    play = window.actions_["time_play"]
    session.edit.document.reset(lenet)
    session.run.train()
    answer(session, qtbot, news(session, 0, 100, step=100, steps=100, phase=IDLE))
    steps = np.arange(0, 101, 10)
    found = Recalled(session.time.folder, steps, np.array([0, 50]), 100, "done", 10, 10, (), 1000, 2000)
    answer(session, qtbot, found)
    qtbot.waitUntil(play.isEnabled)
    before = play.icon().pixmap(20).toImage()
    play.trigger()
    qtbot.waitUntil(lambda: play.text() == "Hold the training that plays")
    assert session.time.playing and play.icon().pixmap(20).toImage() != before
    play.trigger()
    qtbot.waitUntil(lambda: play.text() == "Play the training")
    assert not session.time.playing and play.icon().pixmap(20).toImage() == before


def test_panels_keep_the_canvas_wide(window):
    assert window.canvas.width() >= 0.45 * window.width()


@pytest.mark.parametrize(
    ("size", "table", "curves"), [((1280, 720), 455, 260), ((1600, 960), 650, 240), ((2560, 1440), 880, 600)]
)
def test_the_table_has_room_for_its_figures_before_the_curves_get_more(window, qtbot, size, table, curves):
    window.resize(*size)
    window.place_afresh()
    qtbot.waitUntil(lambda: window.docks["table"].width() >= table and window.docks["curves"].width() >= curves)
    assert window.canvas.width() >= 0.45 * window.width()


def test_the_plan_is_whole_beside_the_table_of_a_small_window(session, qtbot):
    form = PlanForm(session)
    qtbot.addWidget(form)
    form.resize(216, 220)
    form.show()
    assert form.widget().width() <= form.viewport().width()
