"""The shown pixels are those of the array, and a person's hand finds the unit it points at."""

from __future__ import annotations

import os
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from cnnviz.gui.paint import theme
from cnnviz.gui.paint.colour import (
    EASE,
    LEVELS,
    MIDDLE,
    MINUS,
    MINUS_COLOUR,
    NAN,
    NAN_COLOUR,
    PLUS,
    PLUS_COLOUR,
    SIGNED,
    VIRIDIS,
    Range,
    natural,
)
from cnnviz.gui.paint.mosaic import levels
from cnnviz.gui.paint.photo import Frame
from cnnviz.gui.paint.tiling import ZOOMS
from cnnviz.gui.paint.view import PER_CHANNEL, SHARED, MosaicView

RNG = np.random.default_rng(0)

# Pixels on the screen ------------------------------------------------------------------------------------------------


@pytest.fixture
def view(qtbot):
    theme.apply(QApplication.instance(), theme.LIGHT)
    widget = MosaicView()
    widget.resize(420, 320)
    qtbot.addWidget(widget)
    widget.show()
    return widget


def where(view, channel, y, x):
    """The pixel in the middle of a unit, in the viewport."""
    centre = view.tiles.place(view.tiles.layout_shown.unit(channel, y, x)).center()
    return QPoint(int(centre.x()), int(centre.y()))


def colour_at(view, *unit):
    return view.tiles.viewport().grab().toImage().pixelColor(where(view, *unit))


def table(palette, index):
    return QColor(*palette.table[index].tolist())


@pytest.mark.parametrize("shape", [(6, 28, 28), (16, 10, 10), (3, 1, 9), (1, 1, 1), (64, 56, 56)])
@pytest.mark.parametrize("signed", [True, False])
def test_shown_pixels_are_those_of_the_array(view, shape, signed):
    array = RNG.standard_normal(shape).astype(np.float32)
    view.show_array(array if signed else abs(array), signed)
    picture = view.tiles.viewport().grab().toImage()
    index = levels(array if signed else abs(array), natural(array if signed else abs(array), signed))
    step = view.tiles.layout_shown.step
    for _ in range(200):
        unit = tuple(int(RNG.integers(0, size)) for size in shape)
        unit = unit[0], unit[1] // step * step, unit[2] // step * step
        palette = SIGNED if signed else VIRIDIS
        assert picture.pixelColor(where(view, *unit)) == table(palette, index[unit]), unit


def test_units_are_square_and_never_mixed(view):
    view.show_array(np.eye(8, dtype=np.float32)[None], False)
    box = view.tiles.place(view.tiles.layout_shown.tile(0)).toRect()
    picture = view.tiles.viewport().grab(box).toImage()
    assert box.width() == box.height() == 8 * view.tiles.layout_shown.zoom
    seen = {picture.pixelColor(x, y).rgb() for x in range(box.width()) for y in range(box.height())}
    assert seen == {table(VIRIDIS, 0).rgb(), table(VIRIDIS, LEVELS - 1).rgb()}


def test_zero_is_white_in_signed_maps(view):
    view.show_array(np.array([[[-0.3, 0, 7]]], np.float32), True)
    assert colour_at(view, 0, 0, 1) == QColor("white")


def test_what_is_no_number_is_seen(view):
    view.show_array(np.array([[[nan, inf, -inf, 1]]], np.float32), False)
    picture = view.tiles.viewport().grab().toImage()
    for x, colour in enumerate((NAN_COLOUR, PLUS_COLOUR, MINUS_COLOUR)):
        box = view.tiles.place(view.tiles.layout_shown.unit(0, 0, x)).toRect()
        inside = {picture.pixel(i, j) for i in range(box.left(), box.right()) for j in range(box.top(), box.bottom())}
        assert colour in inside
        assert len(inside) > 1, "hatched: told from numbers by more than colour"
    assert view.tiles.marks == {NAN, PLUS, MINUS}
    view.show_array(np.ones((1, 1, 4), np.float32), False)
    view.grab()
    assert not view.tiles.marks


@pytest.mark.parametrize("ratio", [1, 2])
def test_pixels_stay_sharp_at_any_ratio(view, ratio, monkeypatch):
    monkeypatch.setattr(type(view.tiles), "devicePixelRatioF", lambda self: float(ratio))
    view.show_array(np.indices((9, 9)).sum(0)[None].astype(np.float32) % 2, False)
    picture = QImage(view.tiles.viewport().size() * ratio, QImage.Format.Format_RGB32)
    picture.setDevicePixelRatio(ratio)
    view.tiles.viewport().render(picture, QPoint(0, 0))
    top, left = view.tiles._origin()
    tile = view.tiles.layout_shown.tile(0)
    seen = {picture.pixel(left + tile[1] + i, top + tile[0] + j) for i in range(tile[3]) for j in range(tile[2])}
    assert seen == {table(VIRIDIS, 0).rgb(), table(VIRIDIS, LEVELS - 1).rgb()}
    assert view.tiles.layout_shown.gap == ratio


def test_one_range_a_channel_and_a_fixed_one(view):
    array = np.stack([np.eye(3), 10 * np.eye(3)]).astype(np.float32)
    view.show_array(array, False)
    assert colour_at(view, 0, 0, 0) == table(VIRIDIS, 25)
    view.set_scaling(PER_CHANNEL)
    assert colour_at(view, 0, 0, 0) == table(VIRIDIS, LEVELS - 1)
    view.set_scaling(Range(0, 2))
    assert colour_at(view, 0, 0, 0) == table(VIRIDIS, MIDDLE)
    assert view.tiles.shown == Range(0, 2)
    view.set_scaling(SHARED)
    assert colour_at(view, 0, 0, 0) == table(VIRIDIS, 25)


def test_the_array_is_copied(view):
    array = np.zeros((1, 2, 2), np.float32)
    view.show_array(array, True)
    array[:] = 5
    assert colour_at(view, 0, 0, 0) == QColor("white")


@pytest.mark.parametrize("shape", [(3, 3), (0, 3, 3)])
def test_what_is_no_feature_map_is_refused(view, shape):
    with pytest.raises(ValueError, match="channels, height, width"):
        view.show_array(np.zeros(shape), True)


def test_the_range_eases_while_seen_and_no_timer_is_left_when_hidden(view, qtbot):
    qtbot.waitExposed(view)
    one = np.full((2, 4, 4), 1, np.float32)
    view.show_array(one, True)
    view.grab()
    seen = []
    view.tiles.rescaled.connect(lambda: seen.append(view.tiles.shown.high))
    view.show_array(4 * one, True)
    qtbot.waitUntil(lambda: view.tiles.shown == Range(-4, 4))
    assert len([high for high in seen if 1 < high < 4]) >= 3, seen
    assert sorted(seen) == seen
    timer = view.tiles.findChild(QTimer)
    qtbot.waitUntil(lambda: not timer.isActive())
    view.show_array(9 * one, True)
    view.grab()
    assert timer.isActive()
    view.hide()
    assert not timer.isActive()


def test_where_states_follow_one_another_nothing_is_painted_in_between(view, qtbot):
    qtbot.waitExposed(view)
    timer = view.tiles.findChild(QTimer)
    for high in range(1, 6):
        view.show_array(np.full((2, 4, 4), high, np.float32), True)
        view.grab()
    assert timer.isActive()
    assert timer.interval() == 1000 * EASE
    qtbot.waitUntil(lambda: view.tiles.shown == Range(-5, 5))
    view.show_array(np.full((2, 4, 4), 2, np.float32), True, key="another")
    assert timer.interval() < 20, "what comes alone eases before one's eyes"


def test_the_value_of_a_unit_is_written_now_and_then_and_the_last_one_always(view, qtbot):
    states = [np.full((2, 4, 4), n, np.float32) for n in range(1, 6)]
    view.show_array(states[0], True)
    view.select(0, 1, 1)
    before = view.caption
    said = []
    for state in states[1:]:
        view.show_array(state, True)
        said.append(view.caption)
    assert len({before, *said}) <= 2, "not each of them"
    qtbot.waitUntil(lambda: view.caption.endswith("5"))
    view.select(1, 2, 2)
    assert view.caption.startswith("channel 1 · (2, 2)"), "another unit at once"


def test_another_picture_starts_at_its_own_range(view):
    one = np.ones((2, 4, 4), np.float32)
    view.show_array(one, False, key="conv2d_1")
    view.grab()
    view.show_array(5 * one, False, key="conv2d_2")
    view.grab()
    assert view.tiles.shown == Range(0, 5)


def test_ten_thousand_updates_keep_memory_flat(view):
    array = RNG.standard_normal((6, 28, 28)).astype(np.float32)
    target = QImage(view.size(), QImage.Format.Format_RGB32)
    pages = Path("/proc/self/statm")
    if not pages.exists():
        pytest.skip("memory is read from /proc")

    def update(times):
        for k in range(times):
            array[k % 6] += 1e-3
            view.show_array(array, True, key=k % 50)
            view.tiles.viewport().render(target, QPoint(0, 0))
        return int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    before = update(500)
    assert update(10_000) - before < 4 << 20


# A person's hand -----------------------------------------------------------------------------------------------------


def test_the_pointer_reads_units(view, qtbot):
    array = RNG.standard_normal((6, 28, 28)).astype(np.float32)
    view.show_array(array, True)
    port = view.tiles.viewport()
    with qtbot.waitSignal(view.hovered) as seen:
        QTest.mouseMove(port, where(view, 3, 12, 9))
    assert seen.args == [3, 12, 9, pytest.approx(float(array[3, 12, 9]))]
    assert view.caption.startswith("channel 3 · (12, 9) · ")
    assert view.tiles.tip(QPointF(where(view, 3, 12, 9))) == view.caption
    with qtbot.waitSignal(view.left):
        QTest.mouseMove(port, QPoint(1, 1))
    assert view.caption == ""
    with qtbot.waitSignal(view.picked) as picked:
        QTest.mouseClick(port, Qt.MouseButton.LeftButton, pos=where(view, 5, 1, 2))
    assert picked.args == [5, 1, 2]


def test_labels_name_channels(view):
    view.show_array(np.ones((2, 3, 3), np.float32), False, labels=["red", "green"])
    view.select(1, 0, 2)
    assert view.caption == "green · (0, 2) · 1"


def test_the_selected_unit_and_its_channel_are_outlined(view):
    view.show_array(np.zeros((6, 28, 28), np.float32), True)
    view.select(4, 9, 12)
    picture = view.tiles.viewport().grab().toImage()
    accent = theme.LIGHT.colour("accent")
    for box in (view.tiles.layout_shown.unit(4, 9, 12), view.tiles.layout_shown.tile(4)):
        frame = view.tiles.place(box).toAlignedRect().adjusted(-1, -1, 1, 1)
        assert picture.pixelColor(frame.topLeft()) == accent
        assert picture.pixelColor(frame.bottomRight()) == accent
    assert picture.pixelColor(where(view, 4, 9, 12)) == QColor("white"), "the unit itself stays seen"
    view.select(-1)
    assert view.tiles.selected is None
    assert colour_at(view, 4, 9, 11) == QColor("white"), "and its outline is gone"


def test_arrows_move_over_the_picture_as_it_is_seen(view, qtbot):
    view.show_array(np.zeros((6, 5, 5), np.float32), True)
    columns = view.tiles.layout_shown.columns
    picked = []
    view.picked.connect(lambda *unit: picked.append(unit))
    view.select(0, 4, 4)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_PageDown):
        QTest.keyClick(view.tiles, key)
    assert picked == [(1, 4, 0), (0, 4, 4), (columns, 0, 4), (0, 4, 4), (0, 3, 4), (1, 3, 4)]
    view.select(0, 0, 0)
    QTest.keyClick(view.tiles, Qt.Key.Key_Left)
    assert view.tiles.selected == (0, 0, 0), "stays at the border"


def test_the_wheel_zooms_around_the_pointer_and_scrolls(view):
    array = np.zeros((64, 56, 56), np.float32)
    view.show_array(array, True)
    tiles = view.tiles
    before, point = tiles.layout_shown.scale, where(view, 30, 28, 28)
    unit = tiles.unit_at(QPointF(point))
    for _ in range(3):
        turn(tiles, point, Qt.KeyboardModifier.ControlModifier)
    assert ZOOMS.index(tiles.layout_shown.scale) == ZOOMS.index(before) + 3
    here = tiles.unit_at(QPointF(point))
    assert here[0] == unit[0]
    assert max(abs(a - b) for a, b in zip(here, unit, strict=True)) <= 3
    down = tiles.verticalScrollBar().value()
    turn(tiles, point, Qt.KeyboardModifier.NoModifier)
    assert tiles.verticalScrollBar().value() < down
    tiles.select(63, 55, 55)
    assert tiles.viewport().rect().contains(where(view, 63, 55, 55)), "a selected unit is scrolled to"
    QTest.keyClick(tiles, Qt.Key.Key_0)
    assert tiles.layout_shown.scale == before


def turn(tiles, point, modifiers):
    port = tiles.viewport()
    event = QWheelEvent(
        QPointF(point),
        QPointF(port.mapToGlobal(point)),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(port, event)


def test_bars_are_as_long_as_their_values(view, qtbot):
    view.show_bars([0.5, 0.25, 0.0, 1.0], ["cat", "dog", "bird", "fish"], percent=True)
    lengths = [view.bars.bar(i).width() for i in range(4)]
    assert lengths == pytest.approx([lengths[3] / 2, lengths[3] / 4, 0, lengths[3]])
    picture = view.bars.viewport().grab().toImage()
    full = theme.LIGHT.family("Input")
    bar = view.bars.bar(0)
    y = round(bar.center().y())
    assert picture.pixelColor(round(bar.right()) - 2, y) == full
    assert picture.pixelColor(round(bar.right()) + 2, y) == theme.LIGHT.colour("button")
    with qtbot.waitSignal(view.picked) as picked:
        QTest.mouseClick(view.bars.viewport(), Qt.MouseButton.LeftButton, pos=bar.center().toPoint())
    assert picked.args == [0, 0, 0]
    assert view.caption == "cat · 50.0 %"
    QTest.keyClick(view.bars, Qt.Key.Key_Down)
    assert view.bars.selected == 1


def test_signed_and_strange_values_in_bars(view):
    view.show_bars([-2.0, 2.0, nan])
    low, high = view.bars.bar(0), view.bars.bar(1)
    assert low.width() == pytest.approx(high.width())
    assert low.right() == pytest.approx(high.left())
    assert view.bars.text(2) == "2 · NaN"
    view.show_bars(np.arange(500))
    view.select(499)
    assert view.bars.verticalScrollBar().value() == view.bars.verticalScrollBar().maximum()
    view.show_bars([])
    assert view.bars.grab().height()


def test_a_picture_is_shown_in_whole_multiples(view):
    pixels = RNG.integers(0, 256, (10, 12, 3), np.uint8)
    view.show_rgb(pixels)
    picture = view.photo.viewport().grab().toImage()
    assert view.photo.scale() == int(view.photo.scale()) > 1
    for y, x in np.ndindex(10, 12):
        box = view.photo.place(Frame(y, x, 1, 1)).toRect()
        corners = {picture.pixelColor(p).getRgb()[:3] for p in (box.topLeft(), box.bottomRight(), box.center())}
        assert corners == {tuple(pixels[y, x].tolist())}
        assert view.photo.pixel_at(QPointF(box.center())) == (y, x)


def test_a_frame_in_the_padding_makes_room_and_is_dashed_there(view):
    view.show_rgb(np.full((10, 10, 3), 255, np.uint8))
    before = view.photo.scale()
    view.set_frames([Frame(-4, -4, 8, 8)])
    assert view.photo.scale() < before
    box = view.photo.place(Frame(-4, -4, 8, 8)).toRect()
    assert view.photo.viewport().rect().contains(box)
    picture = view.photo.viewport().grab().toImage()
    accent = theme.LIGHT.colour("accent")
    inner = view.photo.place(Frame(0, 0, 4, 4)).toRect()
    y = box.bottom() + 1
    solid = [picture.pixelColor(x, y) == accent for x in range(inner.left() + 2, inner.right())]
    dashed = [picture.pixelColor(x, y) == accent for x in range(box.left() + 2, inner.left() - 4)]
    assert all(solid)
    assert 0.3 < sum(dashed) / len(dashed) < 0.9


@pytest.mark.parametrize("pixels", [np.zeros((3, 3), np.uint8), np.zeros((3, 3, 3))])
def test_what_is_no_picture_is_refused(view, pixels):
    with pytest.raises(ValueError, match="uint8"):
        view.show_rgb(pixels)


def test_the_empty_state_says_the_next_step(view):
    view.set_empty("Open a picture, or drop one here.")
    assert view.caption == ""
    view.show_array(np.ones((1, 2, 2), np.float32), False)
    assert view.tiles.isVisible()


def test_the_theme_changes_the_ground_of_a_picture_that_is_there(view, qtbot):
    view.show_array(np.ones((1, 2, 2), np.float32), False)
    for look in (theme.DARK, theme.LIGHT):
        theme.apply(QApplication.instance(), look)
        qtbot.waitUntil(lambda look=look: view.palette().window().color() == look.colour("window"))
        assert view.tiles.viewport().grab().toImage().pixelColor(1, 1) == look.colour("panel")


def test_a_keyboard_sees_where_it_is(view, qtbot):
    view.show_array(np.ones((1, 2, 2), np.float32), False)
    view.tiles.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(view.tiles.hasFocus)
    assert view.tiles.viewport().grab().toImage().pixelColor(1, 1) == theme.LIGHT.colour("accent")
    assert view.tiles.accessibleName()
    view.select(0, 1, 1)
    assert view.tiles.accessibleDescription() == "channel 0 · (1, 1) · 1"
