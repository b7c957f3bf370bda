"""The picture: shown as the network gets it, framed where the selected unit looks, paged through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget

from cnnviz.gui.inspect import Picture
from cnnviz.gui.inspect.picture import made
from cnnviz.gui.paint import theme
from cnnviz.gui.paint.photo import Frame as Box
from cnnviz.gui.session import Session
from cnnviz.link.messages import Frame, Look, PictureFile, PictureInfo, Pictures, Sample, Unit
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d

from .frames import arrive, colour_at, frame, has_colour, open_net, pixels


@pytest.fixture
def panel(session: Session, lenet: Graph, qtbot) -> Picture:
    open_net(session, lenet, "C1")
    made = Picture(session)
    qtbot.addWidget(made)
    made.resize(420, 420)
    made.show()
    return made


def middle(panel: Picture, y: int, x: int) -> QPoint:
    return panel.shot.place(Box(y, x, 1, 1)).center().toPoint()


def test_shows_the_pixels_the_network_gets(session: Session, panel: Picture) -> None:
    sent = frame(session)
    arrive(session, sent)
    session.look.pick(0, 0, 0)
    picture = pixels(panel.shot.viewport())
    for y, x in ((31, 31), (20, 9), (9, 25)):
        assert colour_at(picture, middle(panel, y, x)) == tuple(sent.shown[y, x].tolist())


def test_frames_what_the_selected_unit_sees(session: Session, panel: Picture) -> None:
    arrive(session, frame(session))
    session.look.pick(2, 4, 9)
    assert panel.shot.box == Box(4, 9, 5, 5)
    edge = panel.shot.place(Box(4, 9, 5, 5)).toAlignedRect().adjusted(-2, -2, 2, 2)
    picture = pixels(panel.shot.viewport())
    assert has_colour(picture, theme.current().colour("accent"), edge)
    session.look.select(["output"])
    assert panel.shot.box is None
    assert not has_colour(pixels(panel.shot.viewport()), theme.current().colour("accent"))


def test_the_part_in_the_padding_is_seen_beside_the_picture(session: Session, lenet: Graph, panel: Picture) -> None:
    open_net(session, lenet.change("C1", layer=Conv2d(6, (5, 5), padding=(2, 2))), "C1")
    arrive(session, frame(session))
    session.look.pick(0, 0, 0)
    assert panel.shot.box == Box(-2, -2, 5, 5)
    whole, box = panel.shot.place(Box(0, 0, 32, 32)), panel.shot.place(Box(-2, -2, 5, 5))
    assert panel.shot.viewport().rect().contains(box.toAlignedRect())
    margin = box.toAlignedRect().adjusted(-2, -2, 2, 2)
    margin.setBottom(int(whole.top()) - 3)
    assert has_colour(pixels(panel.shot.viewport()), theme.current().colour("accent"), margin)


def test_a_click_asks_for_the_unit_that_looks_there(session: Session, panel: Picture, qtbot) -> None:
    arrive(session, frame(session))
    session.look.pick(3, 0, 0)
    qtbot.mouseClick(panel.shot.viewport(), Qt.MouseButton.LeftButton, pos=middle(panel, 12, 20))
    assert session.look.unit == Unit("C1", 3, 10, 18)
    qtbot.keyClick(panel.shot, Qt.Key.Key_Right)
    assert session.look.unit == Unit("C1", 3, 10, 19)
    session.look.pick(3, 0, 0)
    qtbot.keyClick(panel.shot, Qt.Key.Key_Up)
    assert session.look.unit == Unit("C1", 3, 0, 0)


def test_hovering_reads_pixels_before_and_after_normalising(session: Session, panel: Picture, qtbot) -> None:
    sent = frame(session)
    arrive(session, sent)
    panel.shot.hovered.emit(9, 12)
    assert (
        panel.caption.text()
        == f"(9, 12) · {sent.shown[9, 12, 0]} · the net gets {sent.input[0, 9, 12]:.3g}".replace("-", "−")
    )
    panel.shot.left.emit()
    assert panel.caption.text() == "8×8 picture, scaled to 32×32"


def test_says_where_the_picture_comes_from(session: Session, panel: Picture) -> None:
    arrive(session, frame(session))
    assert panel.title.whole == "digits test 1 · label three"
    info = PictureInfo("cat.png", (480, 640), None, (0.0, 0.125, 1.0, 0.875))
    arrive(session, frame(session, picture=info))
    assert panel.title.whole == "cat.png"
    assert panel.caption.text() == "640×480 picture, cropped to 480×480, scaled to 32×32"
    assert made(PictureInfo("x", (32, 32)), (32, 32)) == "32×32 picture"
    assert made(PictureInfo("x", (30, 1200)), (30, 20)) == "1,200×30 picture, scaled to 20×30", "width first"


def test_says_whether_the_answer_is_right(session: Session, panel: Picture) -> None:
    sent = frame(session)
    arrive(session, sent)
    assert panel.answer.verdict.text() == "✓ three with 90.0 %: correct"
    assert panel.answer.bars.text(3) == "✓ three · 90.0 %"
    arrive(session, frame(session, picture=replace(sent.picture, label=5)))
    assert panel.answer.verdict.text() == "✗ three with 90.0 %: wrong, it is five"
    arrive(session, frame(session, picture=replace(sent.picture, label=None)))
    assert panel.answer.verdict.text() == "three with 90.0 %"
    arrive(session, frame(session, probabilities=np.full(10, np.nan, np.float32)))
    assert panel.answer.verdict.text() == "The network gives no numbers"
    arrive(session, frame(session, probabilities=None))
    assert panel.answer.isHidden()


def test_all_ten_classes_are_seen_in_a_small_window(session: Session, panel: Picture) -> None:
    """In one of 1280×720 the bars have 162 pixels, and fewer where a message is long."""
    arrive(session, replace(frame(session), probabilities=np.full(10, 0.1, np.float32)))
    bars = panel.answer.bars
    for _ in range(3):  # the verdict has come, and the room for it
        QApplication.processEvents()
    panel.resize(371, panel.height() - bars.viewport().height() + 150)
    assert bars.viewport().height() <= 150
    assert bars.verticalScrollBar().maximum() == 0 and bars.bar(9).bottom() < bars.viewport().height()
    assert bars.bar(1).top() - bars.bar(0).top() >= bars.fontMetrics().ascent()


def test_of_many_classes_the_best_are_shown(session: Session, panel: Picture) -> None:
    shares = np.linspace(0, 1, 100, dtype=np.float32)
    arrive(session, frame(session, probabilities=shares))
    assert [panel.answer.bars.label(i) for i in range(3)] == ["99", "98", "97"]
    assert panel.answer.verdict.text() == "99 with 100.0 %"


def test_pages_through_the_data_set(session: Session, panel: Picture, qtbot) -> None:
    paging = panel.paging
    assert paging.place.text() == "1 of 360"
    qtbot.mouseClick(paging.forth, Qt.MouseButton.LeftButton)
    assert session.engine.last(Look).picture == Sample(1, "test")
    qtbot.mouseClick(paging.back, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(paging.back, Qt.MouseButton.LeftButton)
    assert session.engine.last(Look).picture == Sample(359, "test")
    assert paging.place.text() == "360 of 360"
    paging.place.setValue(12)
    assert session.engine.last(Look).picture == Sample(11, "test")
    paging.split.setCurrentIndex(1)
    paging.split.activated.emit(1)
    assert session.engine.last(Look).picture == Sample(0, "train")
    assert paging.place.text() == "1 of 1,437"
    before = len(session.engine.sent)
    paging.split.activated.emit(1)
    assert len(session.engine.sent) == before


def test_paging_comes_back_from_a_picture_of_ones_own(session: Session, panel: Picture, qtbot) -> None:
    session.look.open_picture("cat.png")
    assert panel.paging.place.text() == "–"
    qtbot.mouseClick(panel.paging.forth, Qt.MouseButton.LeftButton)
    assert session.engine.last(Look).picture == Sample(0, "test")
    assert PictureFile("cat.png") in [c.picture for c in session.engine.sent if isinstance(c, Look)]


def test_paging_says_why_it_cannot(session: Session, panel: Picture) -> None:
    session.look.take_pictures(Pictures("none", 0, 0, ()))
    assert not panel.paging.forth.isEnabled()
    assert panel.paging.forth.toolTip() == "The data set is not loaded yet"


def test_asks_the_window_for_a_picture_and_leaves_drops_to_it(session: Session, panel: Picture, qtbot) -> None:
    with qtbot.waitSignal(panel.open_requested):
        qtbot.mouseClick(panel.paging.open, Qt.MouseButton.LeftButton)
    assert not [w for w in [panel, *panel.findChildren(QWidget)] if w.acceptDrops()]


def test_says_what_is_missing(session: Session, panel: Picture, qtbot) -> None:
    qtbot.waitUntil(lambda: panel.empty.text() == "Waiting for the engine")
    open_net(session, Graph())
    assert panel.empty.text() == "The network has no Input. Drag one onto the canvas."


def test_a_frame_from_before_the_edit_is_dimmed(session: Session, panel: Picture, qtbot) -> None:
    arrive(session, frame(session))
    session.edit.set("input", "size", (16, 16))
    qtbot.waitUntil(lambda: panel.shot.box is None)
    qtbot.waitUntil(panel.veil.isVisible)
    assert panel.title.text().startswith("before the edit · "), "no words over the picture"
    assert "as it was before the edit" in panel.title.toolTip()
    arrive(session, frame(session))
    assert not panel.veil.isVisible() and "before" not in panel.title.text() + panel.title.toolTip()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"shown": np.zeros((0, 0, 3), np.uint8)},
        {"shown": np.zeros((5, 7, 3), np.uint8), "input": np.zeros((1, 4, 4), np.float32)},
        {"shown": np.zeros((5, 7, 3), np.uint8), "input": None, "probabilities": np.zeros(0, np.float32)},
        {"shown": np.zeros((5, 7, 3), np.uint8), "probabilities": np.ones(3, np.float32) / 3},
        {"shown": np.zeros((5, 7, 3), np.uint8), "picture": PictureInfo(label=99), "input": np.zeros((40, 5, 7))},
    ],
)
def test_frames_of_another_graph_never_hurt(session: Session, panel: Picture, fields: dict) -> None:
    arrive(session, Frame(0, 0, 0, 0, **fields))
    panel.shot.hovered.emit(4, 6) if panel.shot.isVisible() else None
    pixels(panel)
    arrive(session, frame(session))
    pixels(panel)
    assert panel.title.whole.endswith("label three")
