"""The canvas: what a person does on it with mouse and keys."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragLeaveEvent, QDropEvent, QGuiApplication, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnviz.gui import mime
from cnnviz.gui.canvas import Canvas
from cnnviz.gui.canvas.places import BODY, WIDTH
from cnnviz.gui.session import Notice, Session
from cnnviz.net.edit import Wire
from cnnviz.net.graph import Graph, Node
from cnnviz.net.layers import Input, Linear, ReLU

from .hand import (
    LEFT,
    NONE,
    at,
    card,
    click,
    drag_in,
    drop,
    in_step,
    items,
    move,
    out_port,
    port,
    press,
    pull,
    release,
    shown,
)


@pytest.fixture
def canvas(session: Session, lenet: Graph, qtbot: QtBot) -> Iterator[Canvas]:
    """LeNet at 1 : 1 in a window of 1400×600."""
    widget = shown(session, lenet, qtbot)
    yield widget
    widget.close()


# ── from the palette ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_drop_on_the_empty_canvas_adds(canvas: Canvas, session: Session) -> None:
    drop(canvas, "MaxPool2d", at(canvas, 303, 202))
    x, y = session.graph["maxpool2d_1"].pos
    assert abs(x - 303) <= 3 and abs(y - 202) <= 3 and x % 4 == y % 4 == 0
    assert session.graph["maxpool2d_1"].sources == ()
    assert session.look.selection == ("maxpool2d_1",)
    assert in_step(canvas)


def test_drop_on_a_wire_inserts(canvas: Canvas, session: Session) -> None:
    place = (port(canvas, "tanh_1") + out_port(canvas, "C1")) / 2
    data = mime.layer_data("ReLU")
    assert drag_in(canvas, data, place)
    assert canvas.cards_scene.wires[Wire("C1", "tanh_1")].lit
    QApplication.sendEvent(canvas.viewport(), QDragLeaveEvent())
    assert not canvas.cards_scene.wires[Wire("C1", "tanh_1")].lit
    drop(canvas, "ReLU", place)
    assert session.graph["relu_1"].sources == ("C1",)
    assert session.graph["tanh_1"].sources == ("relu_1",)
    assert not any(w.lit for w in canvas.cards_scene.wires.values()) and in_step(canvas)
    session.edit.undo()
    assert "relu_1" not in session.graph


def test_cards_make_room_for_one_dropped_between_them(canvas: Canvas, session: Session) -> None:
    session.edit.move({"tanh_1": (396.0, 0.0)})  # no room for a card before it
    drop(canvas, "ReLU", (port(canvas, "tanh_1") + out_port(canvas, "C1")) / 2)
    session.edit.add("Sigmoid", (600.0, 200.0))
    wire = canvas.cards_scene.wires[Wire("relu_1", "tanh_1")]
    middle = (wire.points[0][0] + wire.points[-1][0]) / 2
    start = card(canvas, "sigmoid_1")
    pull(canvas, start, start + at(canvas, middle, 0) - at(canvas, *canvas.cards_scene.cards["sigmoid_1"].place))
    row = [session.graph[i].pos for i in ("C1", "relu_1", "sigmoid_1", "tanh_1", "S2")]
    assert session.graph["tanh_1"].sources == ("sigmoid_1",)
    assert all(y == 0 for _x, y in row) and all(b[0] - a[0] > WIDTH for a, b in pairwise(row))


def test_drop_behind_an_end_connects_in_one_step(canvas: Canvas, session: Session) -> None:
    drop(canvas, "Softmax", out_port(canvas, "output") + QPoint(20, 30))
    assert session.graph["softmax_1"].sources == ("output",)
    session.edit.undo()
    assert "softmax_1" not in session.graph and in_step(canvas)


def test_drop_on_an_out_port_branches(canvas: Canvas, session: Session) -> None:
    drop(canvas, "ReLU", out_port(canvas, "C1"))
    assert session.graph["relu_1"].sources == ("C1",)
    assert session.graph["tanh_1"].sources == ("C1",)


def test_drop_further_away_connects_nothing(canvas: Canvas, session: Session) -> None:
    drop(canvas, "ReLU", out_port(canvas, "output") + QPoint(60, 0))
    assert session.graph["relu_1"].sources == ()


def test_an_input_is_never_wired_in(canvas: Canvas, session: Session) -> None:
    drop(canvas, "Input", (port(canvas, "tanh_1") + out_port(canvas, "C1")) / 2)
    assert session.graph["tanh_1"].sources == ("C1",) and session.graph["input_1"].sources == ()


def test_leaving_takes_the_ghost_away(canvas: Canvas) -> None:
    before = items(canvas)
    assert drag_in(canvas, mime.layer_data("ReLU"), QPoint(100, 100))
    assert items(canvas) == before + 2
    QApplication.sendEvent(canvas.viewport(), QDragLeaveEvent())
    assert items(canvas) == before


def test_files_are_left_to_the_window(canvas: Canvas) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/a.png")])
    assert not drag_in(canvas, data, QPoint(100, 100))
    odd = QMimeData()
    odd.setData(mime.LAYER, b"\xff\xfe")
    assert not drag_in(canvas, odd, QPoint(100, 100))


# ── by mouse ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_port_to_port_connects(canvas: Canvas, session: Session) -> None:
    drop(canvas, "ReLU", at(canvas, 300, 200))
    pull(canvas, out_port(canvas, "C1"), port(canvas, "relu_1"))
    assert session.graph["relu_1"].sources == ("C1",) and in_step(canvas)
    drop(canvas, "Tanh", at(canvas, 800, 200))
    pull(canvas, port(canvas, "tanh_2"), out_port(canvas, "relu_1"))
    assert session.graph["tanh_2"].sources == ("relu_1",)


def test_a_merge_takes_a_wire_at_its_free_port(canvas: Canvas, session: Session) -> None:
    session.edit.add("Add", (600.0, 200.0))
    pull(canvas, out_port(canvas, "C1"), port(canvas, "add_1"))
    pull(canvas, out_port(canvas, "tanh_1"), card(canvas, "add_1"))
    assert session.graph["add_1"].sources == ("C1", "tanh_1")
    pull(canvas, out_port(canvas, "input"), port(canvas, "add_1", 2))
    assert session.graph["add_1"].sources == ("C1", "tanh_1", "input")


def test_a_loop_is_refused_with_words(canvas: Canvas, session: Session) -> None:
    said: list[Notice] = []
    session.noticed.connect(said.append)
    press(canvas, out_port(canvas, "S2"))
    move(canvas, port(canvas, "C1"))
    assert canvas.cards_scene.cards["C1"].dim and not canvas.cards_scene.cards["output"].dim
    assert canvas.cards_scene.cards["output"].target
    release(canvas, port(canvas, "C1"))
    session.noticed.disconnect(said.append)
    assert "loop" in said[0].text and session.graph["C1"].sources == ("input",)
    assert not any(c.dim or c.target for c in canvas.cards_scene.cards.values()) and in_step(canvas)


def test_moving_is_one_undo_step_on_the_grid(canvas: Canvas, session: Session) -> None:
    before = session.graph["C1"].pos
    pull(canvas, card(canvas, "C1"), card(canvas, "C1") + QPoint(53, 101))
    x, y = session.graph["C1"].pos
    assert (x, y) == (before[0] + 52, before[1] + 100) and x % 4 == y % 4 == 0
    session.edit.undo()
    assert session.graph["C1"].pos == before and not session.edit.document.undo_text and in_step(canvas)


def test_several_cards_move_together(canvas: Canvas, session: Session) -> None:
    click(canvas, card(canvas, "C1"))
    click(canvas, card(canvas, "S2"), Qt.KeyboardModifier.ControlModifier)
    before = {i: session.graph[i].pos for i in ("C1", "S2")}
    pull(canvas, card(canvas, "S2"), card(canvas, "S2") + QPoint(0, 40))
    assert session.look.selection == ("C1", "S2")
    assert all(session.graph[i].pos == (x, y + 40) for i, (x, y) in before.items())
    click(canvas, card(canvas, "S2"))
    assert session.look.selection == ("S2",)


def test_a_loose_card_dropped_on_a_wire_is_inserted_in_one_step(canvas: Canvas, session: Session) -> None:
    drop(canvas, "ReLU", at(canvas, 300, 200))
    wire = canvas.cards_scene.wires[Wire("C1", "tanh_1")]
    middle = (wire.points[0][0] + wire.points[-1][0]) / 2
    start = card(canvas, "relu_1")
    place = start + at(canvas, middle, 0) - at(canvas, *canvas.cards_scene.cards["relu_1"].place)
    pull(canvas, start, place)
    assert session.graph["relu_1"].sources == ("C1",) and session.graph["tanh_1"].sources == ("relu_1",)
    assert abs(session.graph["relu_1"].pos[1]) < 4
    session.edit.undo()
    assert session.graph["relu_1"].sources == () and session.graph["relu_1"].pos[1] > 100 and in_step(canvas)


def test_delete_heals_the_chain(canvas: Canvas, session: Session) -> None:
    click(canvas, card(canvas, "tanh_1"))
    canvas.delete()
    assert session.graph["S2"].sources == ("C1",) and in_step(canvas)


def test_a_wire_can_be_selected_and_deleted(canvas: Canvas, session: Session) -> None:
    session.look.select(["C1"])
    click(canvas, (port(canvas, "tanh_1") + out_port(canvas, "C1")) / 2 + QPoint(0, 4))
    assert canvas.chosen_wires == (Wire("C1", "tanh_1"),) and session.look.selection == ()
    canvas.delete()
    assert session.graph["tanh_1"].sources == () and len(session.graph) == 6 and in_step(canvas)


def test_selecting_a_card_elsewhere_lets_go_of_wires(canvas: Canvas, session: Session) -> None:
    click(canvas, (port(canvas, "tanh_1") + out_port(canvas, "C1")) / 2)
    session.look.select(["S2"])
    assert canvas.chosen_wires == ()


def test_rubber_band(canvas: Canvas, session: Session) -> None:
    pull(canvas, at(canvas, -100, -100), at(canvas, 300, 100))
    assert session.look.selection == ("input", "C1")
    pull(canvas, at(canvas, 800, -100), at(canvas, 830, 100), Qt.KeyboardModifier.ShiftModifier)
    assert session.look.selection == ("input", "C1", "flatten_1")
    click(canvas, at(canvas, 300, 200))
    assert session.look.selection == ()


def test_ctrl_click_adds_and_takes_away(canvas: Canvas, session: Session) -> None:
    ctrl = Qt.KeyboardModifier.ControlModifier
    click(canvas, card(canvas, "C1"))
    click(canvas, card(canvas, "S2"), ctrl)
    click(canvas, card(canvas, "C1"), ctrl)
    assert session.look.selection == ("S2",)


def test_selection_goes_both_ways_without_loops(canvas: Canvas, session: Session) -> None:
    told: list[tuple[str, ...]] = []
    session.selection_changed.connect(lambda: told.append(session.look.selection))
    session.look.select(["S2"])
    assert [i for i, c in canvas.cards_scene.cards.items() if c.selected] == ["S2"] and len(told) == 1
    click(canvas, card(canvas, "C1"))
    assert session.look.selection == ("C1",) and len(told) == 2
    assert "C1" in canvas.accessibleDescription()


def test_selected_elsewhere_is_brought_into_view(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    canvas.clearFocus()
    canvas.look(1.0, QPointF(-3000, 0))
    session.look.select(["output"])
    body = BODY.translated(canvas.cards_scene.cards["output"].pos())
    qtbot.waitUntil(lambda: canvas.seen.contains(body))


@pytest.mark.parametrize("gesture", ["move", "band", "connect", "drop"])
@pytest.mark.parametrize("other", [False, True])
def test_the_graph_may_change_during_a_gesture(canvas: Canvas, session: Session, gesture: str, other: bool) -> None:
    start = {
        "move": card(canvas, "C1"),
        "band": at(canvas, 300, 200),
        "connect": out_port(canvas, "C1"),
        "drop": QPoint(100, 100),
    }[gesture]
    if gesture == "drop":
        assert drag_in(canvas, mime.layer_data("ReLU"), start)
    else:
        press(canvas, start)
        move(canvas, start + QPoint(60, 40))
    if other:
        session.edit.document.reset(Graph().add(Input(), id="picture").add(Linear(), ["picture"]))
    else:
        session.edit.remove(["C1"])
    version = session.version
    assert in_step(canvas)
    move(canvas, start + QPoint(90, 60))
    release(canvas, start + QPoint(90, 60))
    event = QDropEvent(QPointF(start), Qt.DropAction.CopyAction, mime.layer_data("ReLU"), LEFT, NONE)
    QApplication.sendEvent(canvas.viewport(), event)
    assert session.version == version and in_step(canvas)


def test_escape_takes_a_move_back(canvas: Canvas, session: Session) -> None:
    press(canvas, card(canvas, "C1"))
    move(canvas, card(canvas, "C1") + QPoint(60, 40))
    assert not in_step(canvas)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert in_step(canvas) and not session.edit.document.undo_text


# ── by keys and verbs ────────────────────────────────────────────────────────────────────────────────────────────────
def test_arrows_follow_the_wires(canvas: Canvas, session: Session) -> None:
    session.edit.add("ReLU", (660.0, 200.0), after="C1")
    session.look.select(["C1"])
    for key, id in (("Right", "tanh_1"), ("Down", "relu_1"), ("Up", "tanh_1"), ("Left", "C1"), ("Left", "input")):
        QTest.keyClick(canvas, getattr(Qt.Key, f"Key_{key}"))
        assert session.look.selected == id
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert session.look.selected == "input"


def test_keys_that_are_not_ours_go_on_to_the_window(canvas: Canvas) -> None:
    for key in (0, Qt.Key.Key_A.value, 0x1FFFFFF):
        event = QKeyEvent(QEvent.Type.KeyPress, key, NONE)
        canvas.keyPressEvent(event)
        assert not event.isAccepted()


def test_a_layer_may_be_selected_before_its_card_is_there(session: Session, qtbot: QtBot) -> None:
    hasty = session.graph_changed.connect(lambda: session.look.select([n.id for n in session.graph]))
    widget = Canvas(session)
    qtbot.addWidget(widget)
    session.edit.add("Input", (0.0, 0.0))
    session.graph_changed.disconnect(hasty)
    assert widget.cards_scene.cards["input_1"].selected


def test_copy_and_paste(canvas: Canvas, session: Session) -> None:
    session.look.select(["C1", "tanh_1"])
    canvas.copy()
    canvas.paste()
    new = session.look.selection
    assert len(session.graph) == 8 and len(new) == 2 and session.graph[new[1]].sources == (new[0],)
    canvas.cut()
    assert len(session.graph) == 6 and "cnnviz" in QGuiApplication.clipboard().text()
    QGuiApplication.clipboard().setText("mine")
    session.look.select(["C1"])
    canvas.duplicate()
    assert len(session.graph) == 7 and QGuiApplication.clipboard().text() == "mine" and in_step(canvas)


@pytest.mark.parametrize("fitted", [True, False])
def test_a_copy_is_brought_into_view(canvas: Canvas, session: Session, fitted: bool, qtbot: QtBot) -> None:
    canvas.setFocus()
    session.look.select(["output"])
    canvas.fit()
    if not fitted:
        canvas.zoom_by(3.0, canvas.mapFromScene(canvas.cards_scene.cards["output"].pos()).toPointF())
    canvas.duplicate()
    (copy,) = session.look.selection
    assert copy != "output"
    qtbot.waitUntil(lambda: canvas.seen.contains(BODY.translated(canvas.cards_scene.cards[copy].pos())))
    assert canvas.fitted == fitted


def test_layers_that_come_back_are_selected(canvas: Canvas, session: Session) -> None:
    session.look.select(["C1", "S2"])
    canvas.delete()
    session.edit.undo()
    assert set(session.look.selection) == {"C1", "S2"}
    session.look.select(["output"])
    canvas.duplicate()
    (copy,) = session.look.selection
    session.edit.undo()
    session.edit.redo()
    assert session.look.selection == (copy,)


def test_select_all_keeps_the_layer_that_is_shown(canvas: Canvas, session: Session) -> None:
    session.look.select(["S2"])
    canvas.select_all()
    assert len(session.look.selection) == 6 and session.look.selected == "S2"


def test_tidy_is_one_step_and_ends_in_step(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    before = {n.id: n.pos for n in session.graph}
    canvas.tidy()
    qtbot.waitUntil(lambda: in_step(canvas))
    assert {n.id: n.pos for n in session.graph} != before
    assert session.edit.document.undo_text
    session.edit.undo()
    assert in_step(canvas)


def test_an_edit_while_the_cards_glide(canvas: Canvas, session: Session) -> None:
    canvas.tidy()
    session.edit.remove(["C1"])
    assert in_step(canvas)


def test_fitting_while_the_cards_glide_shows_where_they_go(canvas: Canvas, session: Session) -> None:
    canvas.tidy()
    assert not in_step(canvas)
    canvas.fit()
    assert in_step(canvas) and canvas.seen.contains(canvas.cards_scene.content())


def test_a_large_network_is_tidied_at_once(canvas: Canvas, session: Session) -> None:
    nodes = [Node("input", Input())]
    for i in range(300):
        nodes.append(Node(f"n{i}", ReLU(), (nodes[-1].id,)))
    session.edit.document.reset(Graph(tuple(nodes)))
    canvas.tidy()
    assert in_step(canvas) and canvas.fitted
