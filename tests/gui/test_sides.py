"""Two runs in Maps and beside the picture: each side's colours, the difference, what one run lacks, which steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

from cnnviz.gui.inspect import Field, Filters, Maps, Picture
from cnnviz.gui.inspect.heat import missing_text
from cnnviz.gui.inspect.sides import Pair, lacking
from cnnviz.gui.paint.colour import SIGNED, VIRIDIS, Range, Ranges, joined
from cnnviz.gui.paint.number import number
from cnnviz.gui.paint.photo import Frame as FrameBox
from cnnviz.gui.paint.view import PER_CHANNEL
from cnnviz.gui.session.beside import ALL, DIFFERENCE, OTHER, THIS
from cnnviz.link.messages import Frame, Pictures, Unit
from cnnviz.link.past import Recalled, Show
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Input

from . import frames, test_beside
from .frames import CLASSES, colour_at, pixels
from .test_maps import place
from .test_session import answer

run, other = test_beside.run, test_beside.other


def opened(kind, run, qtbot):
    """A panel on C1 of the one run."""
    run.look.take_pictures(Pictures("digits", 1437, 360, CLASSES))
    run.look.select(["C1"])
    panel = kind(run)
    qtbot.addWidget(panel)
    panel.resize(420, 420)
    panel.show()
    return panel


@pytest.fixture
def maps(run, other, qtbot) -> Maps:
    """Another run stands beside at step 100; C1 is selected."""
    panel = opened(Maps, run, qtbot)
    run.beside.choose(other)
    return panel


def come(run, step=100, there=100, **fields):
    """A frame of both runs at the step that is asked for."""
    number = run.engine.last(Show).number
    more = {"run": run.run.number, "moment": number, "past": True}
    second = replace(frames.frame(run, 7, **more), step=there, **fields)
    frame = replace(frames.frame(run, 3, **more), step=step, other=second)
    frames.arrive(run, frame)
    return frame


def choose(maps: Maps, side: str) -> None:
    maps.sides.buttons[side].click()


def test_there_is_no_strip_without_another_run(run, maps):
    assert maps.sides.isVisible()
    run.beside.end()
    assert not maps.sides.isVisible()


def test_each_side_shows_its_own_numbers_in_the_same_colours(run, maps):
    frame = come(run)
    this, there = frame.maps["C1"], frame.other.maps["C1"]
    most = max(np.abs(this).max(), np.abs(there).max())
    for side, array in ((THIS, this), (OTHER, there)):
        choose(maps, side)
        assert maps.view.tiles.shown == Range(-most, most) or not maps.view.tiles.shown
        picture = pixels(maps.view.tiles.viewport())
        for unit in ((0, 0, 0), (5, 27, 27), (3, 14, 2)):
            level = round(float((array[unit] / most + 1) / 2 * 250))
            assert colour_at(picture, place(maps, *unit)) == pytest.approx(SIGNED.table[level].tolist(), abs=3)


def test_the_difference_is_signed_and_zero_is_white(run, maps):
    frame = come(run)
    same = replace(frame, other=replace(frame.other, maps={"C1": frame.maps["C1"] - np.float32(0)}))
    choose(maps, DIFFERENCE)
    difference = frame.maps["C1"] - frame.other.maps["C1"]
    most = np.abs(difference).max()
    picture = pixels(maps.view.tiles.viewport())
    for unit in ((0, 0, 0), (5, 27, 27)):
        level = round(float((difference[unit] / most + 1) / 2 * 250))
        assert colour_at(picture, place(maps, *unit)) == pytest.approx(SIGNED.table[level].tolist(), abs=3)
    frames.arrive(run, same)
    assert colour_at(pixels(maps.view.tiles.viewport()), place(maps, 2, 3, 3)) == (255, 255, 255)


def test_the_unit_under_the_pointer_is_told_in_both(run, maps):
    frame = come(run)
    a, b = frame.maps["C1"][4, 3, 20], frame.other.maps["C1"][4, 3, 20]
    run.look.pick(4, 3, 20)
    for side in (THIS, OTHER, DIFFERENCE, ALL):
        choose(maps, side)
        text = maps.panes.caption
        assert text.startswith("channel 4 · (3, 20) · this ")
        said = [float(t.split()[-1].replace("−", "-")) for t in text.split(" · ")[2:]]
        assert said == pytest.approx([a, b, a - b], rel=5e-3, abs=5e-4)


def test_all_three_stand_below_each_other_and_are_one_selection(run, maps, qtbot):
    come(run)
    choose(maps, ALL)
    views = maps.panes.seen
    assert len(views) == 3 and all(v.isVisible() for v in views)
    run.look.pick(2, 5, 5)
    assert [v.tiles.selected for v in views] == [(2, 5, 5)] * 3
    views[2].tiles.picked.emit(1, 2, 3)
    assert (run.look.unit.channel, run.look.unit.y, run.look.unit.x) == (1, 2, 3)
    views[1].tiles.zoom_to(8)
    assert {v.tiles.layout_shown.scale for v in views} == {8}
    views[0].tiles.verticalScrollBar().setValue(40)
    assert {v.tiles.verticalScrollBar().value() for v in views} == {40}
    assert maps.minimumSizeHint().height() < 260, "a small window does not grow"
    choose(maps, THIS)
    assert maps.panes.seen == (maps.view,) and not views[1].isVisible()


def test_a_small_window_keeps_its_height_through_all_sides(run, maps, qtbot):
    come(run)
    choose(maps, ALL)
    window = QMainWindow()
    qtbot.addWidget(window)
    choose(maps, THIS)
    dock = QDockWidget("maps", window)
    dock.setWidget(maps)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    window.resize(600, 300)
    with qtbot.waitExposed(window):
        window.show()
    for side in (ALL, THIS, DIFFERENCE, ALL, OTHER):
        choose(maps, side)
        last = maps.panes.seen[-1]
        qtbot.waitUntil(lambda view=last: view.isVisible() and view.geometry().bottom() < maps.panes.height())
        assert window.height() == 300, side
    maps.setParent(None)


def test_a_fixed_range_keeps_the_zero_of_the_difference_white(run, maps):
    come(run)
    choose(maps, ALL)
    maps.panes.set_scaling(Range(0.0, 2.0))
    assert maps.panes.seen[2].tiles._ease.fixed == Range(-2.0, 2.0)
    assert maps.panes.seen[0].tiles._ease.fixed == Range(0.0, 2.0)


def test_vectors_are_bars_with_a_mark_at_the_other_value(run, maps):
    run.look.select(["output"])
    frame = come(run)
    a, b = frame.maps["output"], frame.other.maps["output"]
    bars = maps.view.bars
    assert bars._limits == pytest.approx((min(a.min(), b.min(), 0), max(a.max(), b.max(), 0)))
    frames.arrive(run, replace(frame, other=replace(frame.other, maps={"output": 3 * b})))
    assert bars._limits == pytest.approx((min(a.min(), 3 * b.min(), 0), max(a.max(), 3 * b.max(), 0)))
    frames.arrive(run, frame)
    assert bars.text(3).startswith("three · this ") or bars.text(3).startswith("3 · this ")
    before = pixels(bars.viewport())
    choose(maps, DIFFERENCE)
    np.testing.assert_array_equal(bars._values, (a - b).astype(np.float64))
    assert not np.array_equal(pixels(bars.viewport()), before)


def test_a_layer_that_the_other_network_has_not_is_said(run, maps, monkeypatch):
    come(run, maps={})
    choose(maps, OTHER)
    said = maps.view._empty.text()
    many = dict.fromkeys("abcdef", run.rows["C1"])
    with monkeypatch.context() as m:
        m.setattr(run.beside, "account", replace(run.beside.account, rows=many))
        assert lacking(run, "So.", many) == "So. Both have a, b, c, d and others."
    assert said == "The other run's network has no C1. Both have tanh_1, S2, flatten_1, output."
    monkeypatch.setattr(run.beside, "account", replace(run.beside.account, rows={}))
    choose(maps, DIFFERENCE)
    assert lacking(run, "So.", ["C1"]).endswith("“Layer by layer”, in Runs, shows both.")
    assert "has no C1. They share no such layer: “Layer by layer”" in maps.view._empty.text()
    choose(maps, THIS)
    assert maps.view._pages.currentWidget() is maps.view._maps
    run.look.pick(0, 0, 0)
    assert "other" not in maps.view.caption


def test_this_run_has_the_whole_panel_where_the_other_lacks_the_layer(run, maps, qtbot):
    frame = come(run, maps={})
    choose(maps, THIS)
    alone = maps.view.height()
    choose(maps, ALL)
    why = "The other run's network has no C1. Both have tanh_1, S2, flatten_1, output."
    assert maps.panes.note == why and maps.panes.seen == (maps.view,)
    assert maps.view.tiles.value((4, 3, 20)) == frame.maps["C1"][4, 3, 20]
    qtbot.waitUntil(lambda: alone - 60 < maps.view.height() < alone)
    run.look.pick(4, 3, 20)
    assert maps.panes.caption.startswith("channel 4 · (3, 20) · ") and "other" not in maps.panes.caption
    choose(maps, DIFFERENCE)
    assert not maps.panes.note and maps.view._empty.text() == why
    choose(maps, ALL)
    come(run)
    assert not maps.panes.note and len(maps.panes.seen) == 3
    run.look.select([])
    assert not maps.panes.note


def test_the_step_can_be_read_in_a_small_panel(run, maps):
    come(run)
    maps.resize(330, 300)
    assert maps.sides.steps.text() == "step 100" and maps.sides.steps.toolTip() == "both at step 100"
    maps.resize(800, 300)
    assert maps.sides.steps.text() == "both at step 100"


def test_maps_of_another_shape_have_no_difference(run, maps):
    come(run, maps={"C1": np.ones((8, 28, 28), np.float32)})
    choose(maps, OTHER)
    assert maps.view.tiles.layout_shown.n == 8
    choose(maps, DIFFERENCE)
    assert maps.view._empty.text() == "C1 is 6×28×28 here and 8×28×28 in the other run: there is no difference to show."


def test_the_steps_that_are_seen_are_said(run, maps):
    come(run)
    assert maps.sides.steps.whole == "both at step 100"
    come(run, 40, 30)
    assert maps.sides.steps.whole == "step 40, other 30"
    assert "nearest" in maps.sides.steps.toolTip()


def test_live_a_side_goes_to_the_newest_step(run, maps):
    run.time.live()
    frames.arrive(run, frames.frame(run, 1, run=run.run.number, moment=run.engine.last(Show).number))
    assert maps.sides.buttons[THIS].isChecked() and maps.sides.steps.whole == "live"
    choose(maps, OTHER)
    assert run.time.at == 100 and run.engine.last(Show).other
    come(run)
    assert maps.sides.buttons[OTHER].isChecked()


def test_infinite_values_have_no_difference():
    a = np.array([np.inf, 1.0, np.nan], np.float32)
    pair = Pair(a, np.array([np.inf, 3.0, 1.0], np.float32))
    assert np.isnan(pair.difference[[0, 2]]).all() and pair.difference[1] == -2
    assert pair.told(1) == "this 1 · other 3 · Δ −2"
    assert Pair(a, a[:1]).told(2) == "this NaN · other –"


def test_ranges_are_joined_channel_by_channel():
    a, b = Ranges(np.array([0.0, -1]), np.array([1.0, 1])), Ranges(np.array([-2.0, 0]), np.array([0.5, 3]))
    both = joined(a, b)
    assert isinstance(both, Ranges) and both.low.tolist() == [-2, -1] and both.high.tolist() == [1, 3]
    assert joined(a, Ranges(np.zeros(3), np.ones(3))) is a
    assert joined(Range(0, 1), Range(-1, 0.5)) == Range(-1, 1)


def test_a_range_per_channel_is_that_of_both_runs(run, maps):
    frame = come(run)
    maps.panes.set_scaling(PER_CHANNEL)
    pixels(maps.view.tiles.viewport())
    shown = maps.view.tiles.shown
    most = [max(np.abs(frame.maps["C1"][c]).max(), np.abs(frame.other.maps["C1"][c]).max()) for c in range(6)]
    assert isinstance(shown, Ranges) and shown.high == pytest.approx(most)


def test_the_answer_tells_what_the_other_run_takes_it_for(run, maps, qtbot):
    panel = Picture(run)
    qtbot.addWidget(panel)
    panel.resize(420, 320)
    panel.show()
    come(run, probabilities=np.array([0.7, *[0.3 / 9] * 9], np.float32))
    assert panel.caption.text().endswith("mark: other run, zero with 70.0\N{NO-BREAK SPACE}%")
    assert panel.answer.bars._beside[0] == pytest.approx(0.7)
    run.beside.end()
    frames.arrive(run, frames.frame(run, 3, run=run.run.number, moment=run.engine.last(Show).number, past=True))
    assert "other run" not in panel.caption.text() and not len(panel.answer.bars._beside)


def more(run, qtbot, folder, steps):
    """A run's folder holds the weights of these steps by now."""
    found = Recalled(str(folder), np.array(steps), np.array([0]), steps[-1], "", 10, 10, (), 1000, 2000)
    if folder == run.beside.folder:
        points = np.zeros((0, 4))
        found = replace(found, points=points, tests=points)
    answer(run, qtbot, found)


def shows(run):
    return sum(isinstance(c, Show) for c in run.engine.sent)


def test_both_are_followed_at_the_newest_step_that_both_have(run, other, maps, qtbot):
    run.time.live()
    more(run, qtbot, other, [0, 10, 20, 30, 35])
    choose(maps, ALL)
    assert run.time.at == 30 and run.engine.last(Show).step == 30
    sent = shows(run)
    more(run, qtbot, run.time.folder, [*range(0, 121, 10)])
    assert shows(run) == sent, "the other one has not come so far"
    more(run, qtbot, other, [*range(0, 111, 10), 115])
    assert run.time.at == 110 and run.engine.last(Show) == replace(run.engine.last(Show), step=110, other=other)
    assert shows(run) == sent + 1
    maps.hide()
    more(run, qtbot, other, [*range(0, 131, 10)])
    assert shows(run) == sent + 1, "nothing is computed that nobody sees"
    maps.show()
    assert run.time.at == 120, "also where both have ended meanwhile"


def test_a_move_of_the_cursor_ends_the_following_and_this_run_goes_live(run, other, maps, qtbot):
    run.time.live()
    choose(maps, OTHER)
    assert run.time.follows
    run.time.go(20)
    more(run, qtbot, other, [0, 10, 20, 30])
    assert run.time.at == 20 and not run.time.follows
    choose(maps, THIS)
    assert run.time.at == 20, "a step that a person chose stays"
    run.time.live()
    choose(maps, OTHER)
    choose(maps, THIS)
    assert run.time.at is None
    choose(maps, OTHER)
    run.beside.end()
    assert run.time.at is None and not run.time.follows


@pytest.fixture
def filters(run, other, qtbot) -> Filters:
    """The weights of C1, another run beside."""
    panel = opened(Filters, run, qtbot)
    assert not panel.sides.isVisible() and len(panel._views) == 1, "nothing is made while there is one run"
    run.beside.choose(other)
    return panel


def test_weights_of_both_runs_and_their_difference(run, filters):
    frame = come(run)
    this, there = frame.filters["C1"], frame.other.filters["C1"]
    most = max(np.abs(this).max(), np.abs(there).max())
    tile, unit = 3, (3, 0, 2, 4)
    for side, value in ((THIS, this), (OTHER, there), (DIFFERENCE, this - there)):
        choose(filters, side)
        assert filters.tiles.value((tile, 2, 4)) == value[unit]
        if side != DIFFERENCE:
            pixels(filters)
            assert filters.tiles.shown == Range(-most, most)
    text = filters.tiles.text(tile, 2, 4)
    assert text.startswith("output 3 · input 0 · (2, 4) · this ") and " · Δ " in text
    choose(filters, ALL)
    assert [v.tiles.value((tile, 2, 4)) for v in filters.panes.seen] == [this[unit], there[unit], (this - there)[unit]]
    run.look.pick(2)
    assert [v.tiles.marked for v in filters.panes.seen] == [2, 2, 2]
    filters.panes.seen[2].picked.emit(5, 0, 0)
    assert run.look.unit.channel == 5


@pytest.mark.parametrize("there", [None, np.ones((8, 1, 5, 5), np.float32)])
def test_weights_that_the_other_run_has_not_are_told_of_once(run, filters, there):
    frame = come(run, filters={} if there is None else {"C1": there})
    choose(filters, ALL)
    assert filters.panes.seen == (filters.view,)
    assert "has no weights of C1" in filters.panes.note or "here and 8×1×5×5 in the other run" in filters.panes.note
    assert filters.tiles.value((3, 2, 4)) == frame.filters["C1"][3, 0, 2, 4]
    come(run)
    assert not filters.panes.note and len(filters.panes.seen) == 3


def test_one_choice_holds_for_maps_and_weights(run, filters, maps):
    run.look.select(["C1"])
    come(run)
    choose(maps, OTHER)
    assert filters.sides.buttons[OTHER].isChecked()
    choose(filters, DIFFERENCE)
    assert maps.sides.buttons[DIFFERENCE].isChecked()


def test_weights_of_another_shape_or_layer_are_said(run, filters):
    come(run, filters={"C1": np.ones((4, 1, 5, 5), np.float32)})
    choose(filters, DIFFERENCE)
    text = "C1 has 6×1×5×5 weights here and 4×1×5×5 in the other run: there is no difference to show."
    assert filters.view._empty.text() == text
    choose(filters, OTHER)
    assert "4×1×5×5 in the other run" in filters.view._empty.text()
    come(run, filters={})
    assert filters.view._empty.text() == "The other run's network has no weights of C1. Both have output."
    choose(filters, THIS)
    assert filters.view._pages.currentWidget() is filters.view._maps
    assert "other" not in filters.tiles.text(3, 0, 0)


def test_a_matrix_of_weights_is_compared_too(run, filters):
    run.look.select(["output"])
    frame = come(run)
    choose(filters, DIFFERENCE)
    assert filters.tiles.value((3, 0, 4)) == (frame.filters["output"] - frame.other.filters["output"])[3, 4]


def test_kernels_in_colour_are_compared_too(run, filters):
    """Zero difference is middle grey; the numbers are those of the view under the pointer."""
    run.edit.document.edit(
        "colour", Graph().add(Input(3, (12, 12)), id="first").add(Conv2d(8, (3, 3)), ["first"], id="conv")
    )
    run.look.select(["conv"])
    weight = np.linspace(-1, 1, 8 * 27, dtype=np.float32).reshape(8, 3, 3, 3)
    there = weight.copy()
    there[1] = 0
    row = run.rows["conv"]
    second = Frame(1, 0, 100, 0, filters={"conv": there})
    filters._show_sides(Frame(1, 0, 100, 0, filters={"conv": weight}, other=second, past=True), row, weight)
    run.beside.side = ALL
    filters._show_sides(Frame(1, 0, 100, 0, filters={"conv": weight}, other=second, past=True), row, weight)
    views = filters.panes.seen
    assert len(views) == 3
    top, left, _tall, _wide = views[2].photo.layout_shown.tile(0)
    assert views[2].photo._pixels[top, left].tolist() == [128] * 3
    red = number(float(weight[1, 0, 0, 0]))
    assert f"red {red} " in filters._mixed(2, 1, 0, 0) and "red 0 " in filters._mixed(1, 1, 0, 0)


@pytest.fixture
def field(run, other, qtbot) -> Field:
    run.look.select(["C1"])
    panel = Field(run)
    qtbot.addWidget(panel)
    panel.resize(420, 420)
    panel.show()
    run.look.pick(2, 3, 4)
    assert panel.second is None, "nothing is made while there is one run"
    run.beside.choose(other)
    return panel


def two_fields(run, **fields):
    """Frames of both runs: this one's gradient is in the left half of the window, the other's in one pixel."""
    this, there = np.zeros((32, 32), np.float32), np.zeros((32, 32), np.float32)
    this[3:8, 4:6] = 1
    there[5, 6] = 0.25
    frame = come(run, field=there, **fields)
    frame = replace(frame, field=this)
    frames.arrive(run, frame)


def test_the_fields_of_both_runs_stand_side_by_side(run, field):
    two_fields(run)
    second = field.second
    assert second.heat.isVisible() and field.heat.isVisible() and not field.bar.isVisible()
    assert second.heat.box == field.heat.box
    assert "brightest: 1" in field.measured.text() and "brightest: 0.25" in second.caption.text()
    assert second.caption.text().endswith("at step 100")
    place = second.heat.place(FrameBox(5, 6, 1, 1)).center().toPoint()
    assert colour_at(pixels(second.heat.viewport()), place) == tuple(VIRIDIS.table[250].tolist())
    second.heat.asked.emit(20, 20)
    assert run.look.unit.y > 3, "a click there selects, as in all pictures"
    run.beside.end()
    frames.arrive(run, frames.frame(run, 3, run=run.run.number, moment=run.engine.last(Show).number, past=True))
    assert not second.heat.isVisible() and second.hidden


def test_a_unit_that_the_other_network_has_not_is_said(run, field):
    two_fields(run, unit=None)
    assert field.second.caption.text() == "at step 100: not measured yet" and not field.second.heat.isVisible()
    rows = run.beside.account.rows
    assert missing_text(rows, Unit("gone", 0, 0, 0)) == "its network has no gone"
    assert missing_text(rows, Unit("C1", 9, 0, 0)) == "its C1 gives 6×28×28, without this unit"


def test_live_the_field_is_that_of_this_run_alone(run, field):
    two_fields(run)
    run.time.live()
    frames.arrive(run, frames.frame(run, 3, run=run.run.number, moment=run.engine.last(Show).number))
    assert field.second.hidden and field._does.text() == "What it does see"


def test_three_small_views_of_kernels_need_no_scrolling(run, filters, qtbot):
    filters.resize(360, 290)
    come(run)
    choose(filters, ALL)
    for view in filters.panes.seen:
        qtbot.waitUntil(lambda v=view: 0 < v.tiles.layout_shown.size[0] <= v.tiles.viewport().height())
        assert view.tiles.verticalScrollBar().maximum() == 0
