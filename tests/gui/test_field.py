"""The receptive field: the declared one and the measured one side by side, and the numbers between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cnnviz.gui.inspect import Field
from cnnviz.gui.inspect.field import declared_text, measured_text
from cnnviz.gui.inspect.gradient import effective, inside
from cnnviz.gui.paint.colour import VIRIDIS
from cnnviz.gui.paint.photo import Frame as Box
from cnnviz.gui.session import Session
from cnnviz.link.messages import Frame, Progress, Unit, Watch
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Add, Conv2d, Input, MaxPool2d

from .frames import arrive, colour_at, frame, open_net, pixels


@pytest.fixture
def panel(session: Session, lenet: Graph, qtbot) -> Field:
    open_net(session, lenet, "S2")
    made = Field(session)
    qtbot.addWidget(made)
    made.resize(420, 420)
    made.show()
    return made


def measured(session: Session, **fields) -> Frame:
    """A frame whose gradient is 1 in the left half of the unit's 6×6 window and 3 in one pixel of it."""
    field = np.zeros((32, 32), np.float32)
    field[10:16, 12:15] = 1
    field[12, 14] = 3
    return frame(session, **{"unit": Unit("S2", 1, 5, 6), "field": field} | fields)


def test_asks_for_the_selected_unit_only_while_seen(session: Session, panel: Field) -> None:
    session.look.pick(1, 5, 6)
    assert session.engine.last(Watch).interest.unit == Unit("S2", 1, 5, 6)
    panel.hide()
    assert session.engine.last(Watch).interest.unit is None


def test_declared_and_measured_side_by_side(session: Session, panel: Field) -> None:
    session.look.pick(1, 5, 6)
    sent = measured(session)
    arrive(session, sent)
    assert panel.title.whole == "S2 · channel 1 · (5, 6)"
    assert panel.shot.box == panel.heat.box == Box(10, 12, 6, 6)
    assert panel.declared.text() == "sees 6×6 pixels, stride 2, padding 0"
    assert panel.measured.text() == "gradient in the frame: 100\N{NO-BREAK SPACE}%\n95\N{NO-BREAK SPACE}% within 6×6"
    heat = pixels(panel.heat.viewport())
    for (y, x), level in (((0, 0), 0), ((12, 14), 250), ((13, 13), 83)):
        at = panel.heat.place(Box(y, x, 1, 1)).center().toPoint()
        assert colour_at(heat, at) == tuple(VIRIDIS.table[level].tolist())


def test_no_word_of_a_narrow_panel_is_cut(session: Session, panel: Field) -> None:
    panel.resize(300, 420)
    session.look.pick(1, 5, 6)
    arrive(session, measured(session))
    for caption in (panel.declared, panel.measured):
        assert caption.height() >= caption.heightForWidth(caption.width()) > 0
    tall = panel.measured.height()
    arrive(session, measured(session, field=np.zeros((32, 32), np.float32)))
    assert panel.measured.height() >= tall, "the picture above stays where it is"


def test_the_pixels_that_a_unit_sees_are_tinted_and_no_others(session: Session, qtbot, panel: Field) -> None:
    g = Graph().add(Input(1, (16, 16)), id="input")
    g = g.add(Conv2d(1, (2, 2), dilation=(3, 3), padding=(1, 1)), ["input"], id="wide")
    open_net(session, g, "wide")
    session.look.pick(0, 0, 4)
    sent = frame(session)
    arrive(session, sent)
    picture = pixels(panel.shot.viewport())
    tinted = set()
    for y in range(16):
        for x in range(16):
            at = panel.shot.place(Box(y, x, 1, 1)).center().toPoint()
            if colour_at(picture, at) != tuple(sent.shown[y, x].tolist()):
                tinted.add((y, x))
    assert tinted == {(2, 3), (2, 6)}


def test_a_unit_measured_before_keeps_its_own_frame(session: Session, panel: Field) -> None:
    session.look.pick(1, 5, 6)
    arrive(session, measured(session))
    session.look.pick(1, 0, 0)
    assert panel.shot.box == Box(0, 0, 6, 6)
    assert panel.heat.box == Box(10, 12, 6, 6)


def test_a_unit_that_sees_everything_is_told_in_words(session: Session, panel: Field) -> None:
    session.look.select(["output"])
    arrive(session, frame(session, unit=Unit("output", 0), field=np.ones((32, 32), np.float32)))
    assert panel.title.whole == "output · value 0"
    assert panel.declared.text() == "sees the whole picture"
    assert panel.measured.text() == "95\N{NO-BREAK SPACE}% within 32×32"
    assert panel.shot.box is panel.heat.box is None


def test_numbers_of_a_field() -> None:
    field = np.zeros((8, 8), np.float32)
    field[2:5, 2:5] = 1
    assert inside(field, (2, 2, 3, 3)) == 1
    assert inside(field, (-4, -4, 7, 7)) == pytest.approx(1 / 9)
    assert effective(field, (2, 2, 3, 3)) == 3
    assert effective(field, (1, 1, 5, 5), share=1 / 9) == 1
    assert effective(field, (2, 2, 4, 4)) == 4
    assert inside(np.zeros((4, 4)), (0, 0, 2, 2)) is None
    assert effective(np.full((4, 4), np.nan), (0, 0, 2, 2)) is None
    assert measured_text(np.zeros((4, 4)), None) == "no pixel changes this unit: its gradient is zero"
    assert measured_text(field, (2, 2, 2, 3)).startswith("gradient in the frame: 66.7 %\n")


def test_words_of_a_field() -> None:
    g = Graph().add(Input(1, (16, 16)), id="input").add(Conv2d(1, (3, 5), (2, 1), (1, 0)), ["input"], id="a")
    g = g.add(MaxPool2d((2, 2), (1, 1)), ["input"], id="b").add(MaxPool2d((1, 1), (1, 1)), ["input"], id="c")
    g = g.add(MaxPool2d((1, 1), (1, 1), padding=(0, 0)), ["input"], id="d").add(Add(), ["c", "d"], id="sum")
    rows = analyse(g)
    assert declared_text(rows, "a") == "sees 3×5 pixels, stride 2×1, padding 1×0"
    assert declared_text(rows, "sum") == "sees 1×1 pixels, stride 1, padding 0"
    g = Graph().add(Input(1, (16, 16)), id="input").add(Conv2d(1, (2, 2), padding="same"), ["input"], id="a")
    rows = analyse(g.add(Add(), ["a", "input"], id="sum"))
    assert declared_text(rows, "sum").endswith("; its branches are not aligned")


def test_says_what_is_missing(session: Session, lenet: Graph, panel: Field, qtbot) -> None:
    qtbot.waitUntil(lambda: panel.empty.text() == "Waiting for the engine")
    arrive(session, frame(session, field=None))
    qtbot.waitUntil(lambda: panel.measured.text() == "Waiting for the engine")
    assert panel.shot.isVisible()
    assert not panel.heat.isVisible()
    session.look.select([])
    assert panel.empty.text() == "Select a layer"
    open_net(session, lenet.change("C1", layer=Conv2d(6, (99, 99))), "C1")
    assert panel.empty.text() == f"⚠ {session.rows['C1'].problem.text}"


def test_there_is_a_colour_bar_where_there_is_room(session: Session, panel: Field) -> None:
    session.look.pick(1, 5, 6)
    arrive(session, measured(session))
    assert not panel.bar.isVisible()
    panel.resize(900, 700)
    assert panel.bar.isVisible()
    pixels(panel)
    assert panel.shot.size() == panel.heat.size()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"shown": np.zeros((9, 9, 3), np.uint8)},
        {"shown": np.zeros((9, 9, 3), np.uint8), "unit": Unit("S2", 99, 99, 99), "field": np.ones((9, 9), np.float32)},
        {"shown": np.zeros((32, 32, 3), np.uint8), "unit": Unit("gone"), "field": np.ones((4, 4), np.float32)},
        {"shown": np.zeros((32, 32, 3), np.uint8), "unit": Unit("S2"), "field": np.zeros((0, 0), np.float32)},
        {"shown": np.zeros((32, 32, 3), np.uint8), "unit": Unit("S2"), "field": np.full((32, 32), np.nan, np.float32)},
    ],
)
def test_frames_of_another_graph_never_hurt(session: Session, panel: Field, fields: dict) -> None:
    arrive(session, Frame(0, 0, 0, 0, **fields))
    pixels(panel)
    session.look.pick(1, 5, 6)
    arrive(session, measured(session))
    pixels(panel)
    assert panel.heat.box == Box(10, 12, 6, 6)


def test_what_a_run_of_the_network_as_it_was_measures_is_not_framed_by_the_edited_one(
    session: Session, panel: Field, lenet: Graph, qtbot
) -> None:
    session.look.pick(1, 5, 6)
    old = measured(session)
    arrive(session, old)
    session.run.progress = Progress(1, session.version, "training", 5, 9, 0, 0, None, None, None, 0.1, "cpu")
    session.edit.set("C1", "padding", (2, 2))
    now = session.engine.last(Watch).interest
    arrive(session, replace(old, interest=now.number, unit=now.unit))
    qtbot.waitUntil(lambda: panel.declared.text() == "after the edit: sees 6×6 pixels, stride 2, padding 2")
    qtbot.waitUntil(lambda: panel.heat.box is None)
    assert panel.measured.text().startswith("95\N{NO-BREAK SPACE}% within")
    qtbot.waitUntil(lambda: panel.title.old)
    stack = panel.both.children()  # from the lowest
    assert stack.index(panel.declared) > stack.index(panel.veil) > stack.index(panel.heat), "words are not dimmed"
    session.look.pick(1, 15, 15)
    assert "not in the network" not in panel.measured.text(), "nobody has measured it yet"
    none = replace(old, interest=session.engine.last(Watch).interest.number, unit=None, field=None)
    arrive(session, none)
    qtbot.waitUntil(lambda: panel.measured.text() == "This unit is not in the network that is training")
