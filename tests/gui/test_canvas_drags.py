"""Real drags onto the canvas on a real X server: `xvfb-run -a python -m pytest -m x11`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QTimer, Slot
from PySide6.QtGui import QCursor, QDrag, QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget
from pytestqt.qtbot import QtBot

from cnnviz.gui import mime
from cnnviz.gui.canvas import Canvas
from cnnviz.gui.canvas.places import OUT, in_port
from cnnviz.gui.session import Session
from cnnviz.net.edit import Wire
from cnnviz.net.graph import Graph

LEFT, NO = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton

pytestmark = [
    pytest.mark.x11,
    pytest.mark.skipif(
        not os.environ.get("DISPLAY") or os.environ.get("QT_QPA_PLATFORM") == "offscreen",
        reason="needs a real X server: QT_QPA_PLATFORM=xcb xvfb-run -a",
    ),
]


class Shelf(QLabel):
    """Stands for the palette: a drag of one layer type starts here."""

    def __init__(self, type_name: str):
        super().__init__(type_name)
        self.result: Qt.DropAction | None = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.result is None:
            self.result = Qt.DropAction.IgnoreAction
            drag = QDrag(self)
            drag.setMimeData(self.load())
            self.result = drag.exec(Qt.DropAction.CopyAction)

    def load(self) -> QMimeData:
        return mime.layer_data(self.text())


class Finger(QObject):
    """Presses, moves in small steps and lets go, by timer: a drag runs its own event loop meanwhile."""

    def __init__(self, window: QWidget, places: list[QPoint]):
        super().__init__(window)
        self._window = window.windowHandle()
        self._places = places
        self.done = False
        self._timer = QTimer(self, interval=15, singleShot=True)
        self._timer.timeout.connect(self._step)
        QCursor.setPos(places[0])
        self._send(QEvent.Type.MouseButtonPress, places[0], LEFT, LEFT)
        self._timer.start()

    @Slot()
    def _step(self) -> None:
        here = self._places.pop(0)
        if self._places:
            self._timer.start()  # first: the move may start a drag, which returns when it is over
            self._send(QEvent.Type.MouseMove, here, NO, LEFT)
        else:
            self.done = True
            self._send(QEvent.Type.MouseButtonRelease, here, LEFT, NO)

    def _send(self, kind: QEvent.Type, place: QPoint, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        local = QPointF(self._window.mapFromGlobal(place))
        none = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(self._window, QMouseEvent(kind, local, QPointF(place), button, held, none))


def way(start: QPoint, end: QPoint, steps: int = 10) -> list[QPoint]:
    return [start + (end - start) * i / steps for i in range(steps + 1)] + [end]


@pytest.fixture
def bench(session: Session, lenet: Graph, qtbot: QtBot) -> Iterator[tuple[Shelf, Canvas]]:
    assert QGuiApplication.platformName() == "xcb"
    session.edit.document.reset(lenet.move({n.id: (n.pos[0] * 1.375, n.pos[1]) for n in lenet}))
    window = QWidget()
    shelf, canvas = Shelf("ReLU"), Canvas(session)
    row = QHBoxLayout(window)
    row.addWidget(shelf)
    row.addWidget(canvas, 1)
    window.resize(1200, 500)
    window.move(0, 0)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    canvas.look(0.8, QPointF(550, 0))
    yield shelf, canvas
    window.close()


def on_screen(canvas: Canvas, place: QPointF) -> QPoint:
    return canvas.viewport().mapToGlobal(canvas.mapFromScene(place))


def drag(qtbot: QtBot, canvas: Canvas, start: QPoint, end: QPoint) -> None:
    finger = Finger(canvas.window(), way(start, end))
    qtbot.waitUntil(lambda: finger.done)


def test_a_layer_dragged_from_the_palette_is_added(bench: tuple[Shelf, Canvas], session: Session, qtbot: QtBot) -> None:
    shelf, canvas = bench
    drag(qtbot, canvas, shelf.mapToGlobal(shelf.rect().center()), on_screen(canvas, QPointF(500, 180)))
    qtbot.waitUntil(lambda: "relu_1" in session.graph)
    assert shelf.result == Qt.DropAction.CopyAction
    x, y = session.graph["relu_1"].pos
    assert abs(x - 500) <= 6 and abs(y - 180) <= 6


def test_a_layer_dragged_onto_a_wire_is_inserted(bench: tuple[Shelf, Canvas], session: Session, qtbot: QtBot) -> None:
    shelf, canvas = bench
    item = canvas.cards_scene.wires[Wire("tanh_1", "S2")]
    middle = QPointF((item.points[0][0] + item.points[-1][0]) / 2, 0)
    drag(qtbot, canvas, shelf.mapToGlobal(shelf.rect().center()), on_screen(canvas, middle))
    qtbot.waitUntil(lambda: "relu_1" in session.graph)
    assert session.graph["S2"].sources == ("relu_1",) and session.graph["relu_1"].sources == ("tanh_1",)
    assert len(canvas.cards_scene.items()) == len(canvas.cards_scene.cards) + len(canvas.cards_scene.wires)


def test_port_to_port_and_moving_a_card(bench: tuple[Shelf, Canvas], session: Session, qtbot: QtBot) -> None:
    _shelf, canvas = bench
    session.edit.add("ReLU", (500.0, 180.0))
    cards = canvas.cards_scene.cards
    target = cards["relu_1"].pos() + in_port(cards["relu_1"].node, 0)
    drag(qtbot, canvas, on_screen(canvas, cards["C1"].pos() + OUT), on_screen(canvas, target))
    assert session.graph["relu_1"].sources == ("C1",)
    grip = QPointF(0, -50)
    start = cards["relu_1"].pos() + grip
    drag(qtbot, canvas, on_screen(canvas, start), on_screen(canvas, start + QPointF(100, 0)))
    assert abs(session.graph["relu_1"].pos[0] - 600) <= 4
    session.edit.undo()
    assert session.graph["relu_1"].pos[0] == 500


def test_a_layer_held_at_the_edge_takes_the_view_along(
    bench: tuple[Shelf, Canvas], session: Session, qtbot: QtBot
) -> None:
    """In the event loop of a real drag: the view moves while the pointer rests."""
    shelf, canvas = bench
    edge = canvas.viewport().mapToGlobal(QPoint(canvas.viewport().width() - 4, 250))
    middle = canvas.viewport().mapToGlobal(canvas.viewport().rect().center())
    start = canvas.centre.x()
    places = way(shelf.mapToGlobal(shelf.rect().center()), middle) + way(middle, edge) + [edge] * 60
    finger = Finger(canvas.window(), places)
    qtbot.waitUntil(lambda: finger.done)
    qtbot.waitUntil(lambda: "relu_1" in session.graph)
    assert canvas.centre.x() > start + 60 and not canvas.edge.active
    assert abs(session.graph["relu_1"].pos[0] - canvas.to_canvas(QPointF(canvas.mapFromGlobal(edge))).x()) <= 6
