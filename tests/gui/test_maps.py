"""Feature maps: what is shown is what the frame holds, and one selection joins all panels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from cnnviz.gui.inspect import Field, Maps
from cnnviz.gui.inspect.meaning import class_names, unit_looking_at, window
from cnnviz.gui.paint import theme
from cnnviz.gui.paint.colour import SIGNED, VIRIDIS, Range
from cnnviz.gui.session import Session
from cnnviz.gui.signed import signed
from cnnviz.link.messages import Frame, Progress, Unit, Watch
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Input, Linear, MaxPool2d, ReLU, Sigmoid, Softmax

from .frames import CLASSES, arrive, colour_at, frame, has_colour, open_net, pixels


@pytest.fixture
def maps(session: Session, lenet: Graph, qtbot) -> Maps:
    open_net(session, lenet, "C1")
    panel = Maps(session)
    qtbot.addWidget(panel)
    panel.resize(420, 420)
    panel.show()
    return panel


def place(panel: Maps, channel: int, y: int, x: int) -> QPoint:
    tiles = panel.view.tiles
    middle = tiles.place(tiles.layout_shown.unit(channel, y, x)).center()
    return QPoint(int(middle.x()), int(middle.y()))


def test_shows_the_array_it_stands_for(session: Session, maps: Maps) -> None:
    sent = frame(session)
    arrive(session, sent)
    array = sent.maps["C1"]
    picture, most = pixels(maps.view.tiles.viewport()), np.abs(array).max()
    for unit in ((0, 0, 0), (1, 5, 7), (5, 27, 27), (3, 14, 2)):
        level = round(float((array[unit] / most + 1) / 2 * 250))
        assert colour_at(picture, place(maps, *unit)) == pytest.approx(SIGNED.table[level].tolist(), abs=3)
    assert maps.title.whole == "C1 · 6 maps of 28×28"


def test_asks_for_the_selected_layer_only_while_seen(session: Session, maps: Maps) -> None:
    assert session.engine.last(Watch).interest.maps == ("C1",)
    session.look.select(["S2"])
    assert session.engine.last(Watch).interest.maps == ("S2",)
    maps.hide()
    assert session.engine.last(Watch).interest.maps == ()
    arrive(session, frame(session))
    assert maps.title.whole == ""
    maps.show()
    assert session.engine.last(Watch).interest.maps == ("S2",)
    assert maps.title.whole == "S2 · 6 maps of 14×14"


def test_a_click_and_the_arrows_select_a_unit(session: Session, maps: Maps, qtbot) -> None:
    arrive(session, frame(session))
    pixels(maps)
    qtbot.mouseClick(maps.view.tiles.viewport(), Qt.MouseButton.LeftButton, pos=place(maps, 4, 3, 20))
    assert session.look.unit == Unit("C1", 4, 3, 20)
    qtbot.keyClick(maps.view.tiles, Qt.Key.Key_Down)
    assert session.look.unit == Unit("C1", 4, 4, 20)


def test_the_outline_follows_the_selected_unit(session: Session, maps: Maps) -> None:
    arrive(session, frame(session))
    session.look.pick(2, 1, 9)
    assert maps.view.tiles.selected == (2, 1, 9)
    box = maps.view.tiles.place(maps.view.tiles.layout_shown.unit(2, 1, 9)).toAlignedRect().adjusted(-3, -3, 3, 3)
    assert has_colour(pixels(maps.view.tiles.viewport()), theme.current().colour("accent"), box)


def test_a_live_frame_changes_numbers_but_not_the_scrolled_place(session: Session, lenet: Graph, maps: Maps) -> None:
    open_net(session, lenet.add(Linear(200), ["output"], id="wide"), "wide")
    arrive(session, frame(session))
    scroll = maps.view.bars.verticalScrollBar()
    scroll.setValue(900)
    arrive(session, frame(session, step=1))
    assert scroll.value() == 900


def test_the_last_layer_is_named_by_classes_and_softmax_in_percent(session: Session, lenet: Graph, maps: Maps) -> None:
    open_net(session, lenet.add(Softmax(), ["output"], id="softmax_1"), "output")
    arrive(session, frame(session))
    assert maps.view.bars.label(3) == "three"
    shares = np.array([0.01] * 3 + [0.9] + [0.015] * 6, np.float32)
    session.look.select(["softmax_1"])
    arrive(session, frame(session, maps={"softmax_1": shares}))
    assert maps.view.bars.text(3) == "three · 90.0 %"
    assert maps.scaling.isHidden()


def test_class_names_belong_only_to_what_becomes_the_answer(session: Session, lenet: Graph) -> None:
    twice = lenet.add(Linear(10), ["output"], id="second")
    open_net(session, twice)
    assert class_names(session, "second") == CLASSES
    assert class_names(session, "output") == ()
    assert class_names(session, "flatten_1") == ()


def test_a_long_vector_is_shown_as_cells(session: Session, lenet: Graph, maps: Maps) -> None:
    open_net(session, lenet, "flatten_1")
    sent = frame(session)
    arrive(session, sent)
    assert maps.view.tiles.layout_shown.n == 1176
    assert maps.view.tiles.text(7, 0, 0).startswith("value 7 · ")
    assert maps.title.whole == "flatten_1 · 1,176 values"


def test_only_values_with_a_sign_are_centred_on_zero(session: Session, maps: Maps) -> None:
    g = Graph().add(Input(1, (8, 8)), id="input").add(Conv2d(4), ["input"], id="conv")
    g = g.add(ReLU(), ["conv"], id="relu").add(MaxPool2d(), ["relu"], id="pool").add(Sigmoid(), ["pool"], id="sigmoid")
    open_net(session, g, "pool")
    assert {id: signed(session.rows, id) for id in g.index} == {
        "input": False,
        "conv": True,
        "relu": False,
        "pool": False,
        "sigmoid": False,
    }
    arrive(session, frame(session, maps={"pool": np.ones((4, 3, 3), np.float32)}))
    assert maps.view.tiles.palette_shown is VIRIDIS
    arrive(session, frame(session, maps={"pool": -np.ones((4, 3, 3), np.float32)}))
    assert maps.view.tiles.palette_shown is SIGNED


def test_the_range_can_be_fixed(session: Session, maps: Maps) -> None:
    arrive(session, frame(session))
    pixels(maps)
    maps.scaling.setCurrentIndex(2)
    assert maps.scaling.ends.isVisible()
    assert maps.scaling.high.value() == pytest.approx(np.abs(session.look.frame.maps["C1"]).max(), abs=1e-4)
    maps.scaling.high.setValue(2.0)
    pixels(maps)
    assert maps.view.tiles.shown == Range(-2.0, 2.0)
    arrive(session, frame(session, maps={"C1": np.full((6, 28, 28), 50, np.float32)}))
    pixels(maps)
    assert maps.view.tiles.shown == Range(-2.0, 2.0)
    maps.scaling.setCurrentIndex(0)
    assert not maps.scaling.ends.isVisible()


def test_says_what_is_missing(session: Session, lenet: Graph, maps: Maps, qtbot) -> None:
    empty = maps.view._empty
    qtbot.waitUntil(lambda: empty.text() == "Waiting for the engine")
    session.look.select([])
    assert empty.text() == "Select a layer"
    broken = lenet.change("C1", layer=Conv2d(6, (99, 99)))
    open_net(session, broken, "C1")
    why = session.rows["C1"].problem.text
    assert empty.text() == f"⚠ {why}"
    session.look.select(["S2"])
    assert empty.text() == f"⚠ Waits for tanh_1.\nC1: {why}"


def test_a_frame_from_before_the_edit_is_dimmed_and_says_so(session: Session, maps: Maps, qtbot) -> None:
    arrive(session, frame(session))
    bright = pixels(maps.panes)
    session.edit.set("output", "out_features", 7)
    assert session.look.stale
    qtbot.waitUntil(maps.veil.isVisible)
    assert maps.title.old and "as it was before the edit" in maps.title.toolTip()
    at = place(maps, 0, 0, 0) + maps.view.tiles.viewport().mapTo(maps.panes, QPoint())
    assert colour_at(pixels(maps.panes), at) != colour_at(bright, at)
    arrive(session, frame(session))
    assert not maps.veil.isVisible() and not maps.title.old
    assert np.array_equal(pixels(maps.view), bright)


def test_while_training_panels_take_turns_and_show_the_newest(session: Session, maps: Maps, qtbot) -> None:
    session.run.progress = Progress(1, session.version, "training", 5, 9, 0, 0, None, None, None, 0.1, "cpu")
    shown: list[Frame] = []
    maps.refresh = shown.append
    first, second = frame(session), frame(session)
    for f in (first, second):
        session.look.frame = f
        session.frame_arrived.emit(f)
    assert shown == [], "not at once"
    qtbot.waitUntil(lambda: bool(shown))
    assert shown == [second], "once, and the newer one"


def test_only_panels_of_maps_and_filters_heed_a_partial_frame(session: Session, maps: Maps, qtbot) -> None:
    field = Field(session)
    qtbot.addWidget(field)
    field.show()
    arrive(session, frame(session, step=1))
    before, field_before = pixels(maps.view.tiles.viewport()), pixels(field.heat.viewport())
    dots = np.zeros((32, 32), np.float32)
    dots[::2] = 1
    arrive(session, frame(session, step=2, partial=True, field=dots))
    assert not np.array_equal(pixels(maps.view.tiles.viewport()), before)
    assert np.array_equal(pixels(field.heat.viewport()), field_before)
    arrive(session, frame(session, step=3, field=dots))
    assert not np.array_equal(pixels(field.heat.viewport()), field_before)


def test_a_new_layer_is_not_in_the_network_that_trains(session: Session, lenet: Graph, maps: Maps, qtbot) -> None:
    old = frame(session)
    session.run.progress = Progress(1, session.version, "training", 5, 9, 0, 0, None, None, None, 0.1, "cpu")
    session.edit.document.edit("more", lenet.add(ReLU(), ["output"], id="more"))
    session.look.select(["more"])
    arrive(session, old)
    assert "training" not in maps.view._empty.text(), "it was made before the layer was asked for"
    arrive(session, replace(old, interest=session.engine.last(Watch).interest.number))
    qtbot.waitUntil(lambda: maps.view._empty.text() == "more is not in the network that is training")


@pytest.mark.parametrize(
    "maps_of_frame",
    [
        {},
        {"C1": np.zeros((0, 3, 3), np.float32)},
        {"C1": np.zeros(5, np.float32)},
        {"C1": np.zeros((2, 3, 4), np.float32)},
        {"C1": np.zeros((3, 4), np.float32)},
        {"C1": np.full((6, 28, 28), np.nan, np.float32)},
        {"C1": np.full((6, 28, 28), np.inf, np.float32)},
        {"gone": np.zeros((6, 28, 28), np.float32)},
    ],
)
def test_frames_of_another_graph_never_hurt(session: Session, maps: Maps, maps_of_frame: dict) -> None:
    session.look.pick(5, 27, 27)
    arrive(session, Frame(0, 0, 0, 0, maps=maps_of_frame))
    pixels(maps)
    arrive(session, frame(session))
    assert maps.view.tiles.selected == (5, 27, 27)


def test_both_themes(session: Session, maps: Maps, qapp: QApplication, qtbot) -> None:
    arrive(session, frame(session))
    before = theme.current()
    try:
        for look in (theme.LIGHT, theme.DARK):
            theme.apply(qapp, look)
            ground = look.colour("panel").toTuple()[:3]
            qtbot.waitUntil(lambda ground=ground: colour_at(pixels(maps), QPoint(1, 1)) == ground)
    finally:
        theme.apply(qapp, before)


def test_a_pixel_of_the_picture_finds_the_unit_that_looks_at_it(session: Session, lenet: Graph) -> None:
    open_net(session, lenet, "S2")
    unit = Unit("S2", 3, 5, 6)
    top, left, height, width = window(session.rows, unit)
    assert (top, left, height, width) == (10, 12, 6, 6)
    assert unit_looking_at(session.rows, unit, top + height // 2, left + width // 2) == unit
    assert unit_looking_at(session.rows, unit, 0, 31) == Unit("S2", 3, 0, 13)
    assert unit_looking_at(session.rows, Unit("output", 1), 3, 3) is None
    assert window(session.rows, Unit("nowhere")) is None


def test_a_message_does_not_touch_the_panels_edges(maps: Maps) -> None:
    margins = maps.view._empty.contentsMargins()
    assert margins.left() >= 4 * theme.GRID and margins.right() >= 4 * theme.GRID
