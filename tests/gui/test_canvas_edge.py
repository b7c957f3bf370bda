"""What is dragged to the edge takes the view along: a card, a wire, a rectangle, a layer from the palette."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QDragLeaveEvent, QDragMoveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnviz.gui import mime
from cnnviz.gui.canvas import Canvas
from cnnviz.gui.session import Session
from cnnviz.net.graph import Graph

from .hand import LEFT, NONE, at, card, drag_in, move, out_port, press, release, shown

COPY = Qt.DropAction.CopyAction


@pytest.fixture
def canvas(session: Session, lenet: Graph, qtbot: QtBot) -> Iterator[Canvas]:
    """LeNet at 1 : 1 in a window of 600×400, with its first three cards in view."""
    widget = shown(session, lenet, qtbot)
    widget.resize(600, 400)
    widget.look(1.0, widget.cards_scene.cards["C1"].pos())
    yield widget
    assert not widget.edge.active, "nothing is dragged any more"
    widget.close()


def right_edge(canvas: Canvas, inside: int = 2) -> QPoint:
    return QPoint(canvas.viewport().width() - 1 - inside, 200)


def moves_on(canvas: Canvas, qtbot: QtBot, by: float = 150.0) -> None:
    """Waits until the view has gone so far to the right."""
    start = canvas.centre.x()
    qtbot.waitUntil(lambda: canvas.centre.x() > start + by)


def test_a_card_at_the_edge_takes_the_view_along(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    before = session.graph["C1"].pos
    press(canvas, card(canvas, "C1"))
    move(canvas, QPoint(300, 200))
    move(canvas, right_edge(canvas))
    moves_on(canvas, qtbot)
    hand = canvas.to_canvas(right_edge(canvas).toPointF())
    x, y = canvas.cards_scene.cards["C1"].place
    assert abs(x - hand.x()) <= 4 and abs(y - 50 - hand.y()) <= 4, "it stays under the pointer"
    assert not canvas.fitted
    release(canvas, right_edge(canvas))
    there = session.graph["C1"].pos
    assert there[0] > before[0] + 400 and there == canvas.cards_scene.cards["C1"].place
    assert not canvas.edge.active
    session.edit.undo()
    assert session.graph["C1"].pos == before, "one step"


def test_a_wire_reaches_a_card_that_was_out_of_view(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    session.edit.add("ReLU", (1400.0, 0.0))
    canvas.settle()
    canvas.look(1.0, canvas.cards_scene.cards["C1"].pos())
    press(canvas, out_port(canvas, "C1"))
    move(canvas, QPoint(400, 200))
    move(canvas, right_edge(canvas))
    qtbot.waitUntil(lambda: at(canvas, 1400, 0).x() < 400)
    goal = at(canvas, 1400, 0)
    move(canvas, goal)
    assert not canvas.edge.active, "away from the edge it stays"
    release(canvas, goal)
    assert session.graph["relu_1"].sources == ("C1",)


def test_a_rectangle_grows_beyond_the_view(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    press(canvas, QPoint(300, 20))
    move(canvas, QPoint(320, 350))
    move(canvas, QPoint(canvas.viewport().width() + 30, 350))  # the mouse is held, so it may be outside
    qtbot.waitUntil(lambda: at(canvas, *session.graph["output"].pos).x() < 500)
    release(canvas, QPoint(canvas.viewport().width() + 30, 350))
    assert "output" in session.look.selection and "input" not in session.look.selection


def drag_to(canvas: Canvas, place: QPoint) -> None:
    QApplication.sendEvent(canvas.viewport(), QDragMoveEvent(place, COPY, mime.layer_data("ReLU"), LEFT, NONE))


def test_a_layer_from_the_palette_takes_the_view_along(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    data = mime.layer_data("ReLU")
    assert drag_in(canvas, data, QPoint(2, 200))
    assert not canvas.edge.active, "it comes in over the left edge"
    drag_to(canvas, QPoint(300, 300))
    drag_to(canvas, right_edge(canvas))
    moves_on(canvas, qtbot)
    ghost = canvas._drop._ghost.pos()
    assert abs(ghost.x() - canvas.to_canvas(right_edge(canvas).toPointF()).x()) < 1
    place = canvas.to_canvas(right_edge(canvas).toPointF())
    QApplication.sendEvent(canvas.viewport(), QDropEvent(right_edge(canvas).toPointF(), COPY, data, LEFT, NONE))
    assert abs(session.graph["relu_1"].pos[0] - place.x()) <= 4
    assert not canvas.edge.active


def test_leaving_and_esc_stop_it(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    drag_in(canvas, mime.layer_data("ReLU"), QPoint(300, 300))
    drag_to(canvas, right_edge(canvas))
    assert canvas.edge.active
    QApplication.sendEvent(canvas.viewport(), QDragLeaveEvent())
    assert not canvas.edge.active
    press(canvas, card(canvas, "C1"))
    move(canvas, QPoint(300, 200))
    move(canvas, right_edge(canvas))
    assert canvas.edge.active
    QApplication.sendEvent(canvas, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Escape, NONE))
    assert not canvas.edge.active
    release(canvas, right_edge(canvas))


def test_the_nearer_the_faster_and_clicks_move_nothing(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.edge.follow(QPoint(300, 200).toPointF())
    pulls = []
    for inside in (60, 30, 15, 0, -40):
        canvas.edge.follow(right_edge(canvas, inside).toPointF())
        pulls.append(canvas.edge._pull().x())
    assert pulls[0] == 0 < pulls[1] < pulls[2] < pulls[3] == pulls[4]
    canvas.edge.follow(QPoint(2, 2).toPointF())
    assert canvas.edge._pull().x() < 0 > canvas.edge._pull().y(), "into the corner"
    canvas.edge.stop()
    canvas.look(1.0, canvas.cards_scene.cards["C1"].pos())
    press(canvas, QPoint(598, 390))
    move(canvas, QPoint(597, 390))
    assert not canvas.edge.active, "a drag that begins at the edge has not been away from it"
    release(canvas, QPoint(597, 390))
