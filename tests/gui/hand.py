"""A hand on the canvas: events as the mouse and the palette send them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnviz.gui import mime
from cnnviz.gui.canvas import Canvas
from cnnviz.gui.canvas.places import OUT, in_port
from cnnviz.gui.session import Session
from cnnviz.net.graph import Graph

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


def shown(session: Session, graph: Graph, qtbot: QtBot) -> Canvas:
    """A canvas with this network at 1 : 1 in a window of 1400×600."""
    session.edit.document.reset(spread(graph))
    widget = Canvas(session)
    qtbot.addWidget(widget)
    widget.resize(1400, 600)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.actual_size()
    return widget


def spread(graph: Graph) -> Graph:
    """Room between the cards for everything that is dropped."""
    return graph.move({n.id: (n.pos[0] * 1.375, n.pos[1]) for n in graph})


def at(canvas: Canvas, x: float, y: float) -> QPoint:
    """A canvas point in the viewport."""
    return canvas.mapFromScene(QPointF(x, y))


def card(canvas: Canvas, id: str) -> QPoint:
    """The middle of a card's title, where nothing else is."""
    x, y = canvas.cards_scene.cards[id].place
    return at(canvas, x, y - 50)


def out_port(canvas: Canvas, id: str) -> QPoint:
    return canvas.mapFromScene(canvas.cards_scene.cards[id].pos() + OUT)


def port(canvas: Canvas, id: str, number: int = 0) -> QPoint:
    item = canvas.cards_scene.cards[id]
    return canvas.mapFromScene(item.pos() + in_port(item.node, number))


def mouse(canvas: Canvas, kind: QEvent.Type, place: QPoint, held: bool, keys: Qt.KeyboardModifier = NONE) -> None:
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else LEFT
    buttons = LEFT if held else Qt.MouseButton.NoButton
    view = canvas.viewport()
    event = QMouseEvent(kind, QPointF(place), QPointF(view.mapToGlobal(place)), button, buttons, keys)
    QApplication.sendEvent(view, event)


def press(canvas: Canvas, place: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    mouse(canvas, QEvent.Type.MouseButtonPress, place, True, keys)


def move(canvas: Canvas, place: QPoint) -> None:
    mouse(canvas, QEvent.Type.MouseMove, place, True)


def release(canvas: Canvas, place: QPoint) -> None:
    mouse(canvas, QEvent.Type.MouseButtonRelease, place, False)


def click(canvas: Canvas, place: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    press(canvas, place, keys)
    release(canvas, place)


def pull(canvas: Canvas, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    press(canvas, start, keys)
    for i in range(1, 6):
        move(canvas, start + (end - start) * i / 5)
    release(canvas, end)


def drag_in(canvas: Canvas, data: QMimeData, place: QPoint) -> bool:
    """Enter and move; whether the canvas takes it."""
    view, copy = canvas.viewport(), Qt.DropAction.CopyAction
    enter = QDragEnterEvent(place, copy, data, LEFT, NONE)
    enter.ignore()
    QApplication.sendEvent(view, enter)
    if enter.isAccepted():
        QApplication.sendEvent(view, QDragMoveEvent(place, copy, data, LEFT, NONE))
    return enter.isAccepted()


def drop(canvas: Canvas, type_name: str, place: QPoint) -> None:
    data = mime.layer_data(type_name)
    assert drag_in(canvas, data, place)
    event = QDropEvent(QPointF(place), Qt.DropAction.CopyAction, data, LEFT, NONE)
    QApplication.sendEvent(canvas.viewport(), event)


def items(canvas: Canvas) -> int:
    return len(canvas.cards_scene.items())


def in_step(canvas: Canvas) -> bool:
    """One card a node, one item a wire, each where it belongs."""
    scene, graph = canvas.cards_scene, canvas._session.graph
    count = sum(len(n.sources) for n in graph)
    return (
        set(scene.cards) == set(graph.index)
        and all(scene.cards[n.id].place == n.pos for n in graph)
        and items(canvas) == len(graph) + count == len(scene.cards) + len(scene.wires)
    )
