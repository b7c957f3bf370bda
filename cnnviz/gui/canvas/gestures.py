"""One small object for each thing a person does with the mouse. It shows what will be and does it once, on release."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QApplication

from ...net.edit import Wire
from ...net.fold import path_of
from ...net.graph import Graph
from ..session import Session
from .places import snapped
from .scene import Port, Scene
from .view import View
from .wire import LooseWire


class Gesture(Protocol):
    """Points are of the viewport; the canvas calls `release` or `cancel` once, at the end."""

    @property
    def takes_view(self) -> bool: ...  # whether the view goes along at its edge

    def move(self, at: QPointF) -> None: ...
    def release(self, at: QPointF) -> None: ...
    def cancel(self) -> None: ...


class Pan:
    """Moves the paper."""

    takes_view = False

    def __init__(self, view: View, at: QPointF):
        self._view, self._last = view, at

    def move(self, at: QPointF) -> None:
        step = at - self._last
        self._view.pan_by(round(step.x()), round(step.y()))
        self._last = self._last + QPointF(round(step.x()), round(step.y()))

    def release(self, at: QPointF) -> None:
        self.move(at)

    def cancel(self) -> None:
        """Where we look is no edit."""


class Band:
    """Selects the cards that a rectangle touches."""

    takes_view = True

    def __init__(self, view: View, scene: Scene, session: Session, at: QPointF, kept: Iterable[str]):
        self._view, self._scene, self._session = view, scene, session
        self._kept = tuple(kept)
        self._start = view.to_canvas(at)
        self.area = QRectF(self._start, self._start)  # canvas
        self._found = self._kept

    def move(self, at: QPointF) -> None:
        self.area = QRectF(self._start, self._view.to_canvas(at)).normalized()
        self._found = tuple(dict.fromkeys((*self._kept, *self._scene.inside(self.area))))
        for id, card in self._scene.cards.items():
            card.mark(selected=id in self._found)
        self._view.viewport().update()

    def release(self, at: QPointF) -> None:
        self._view.viewport().update()
        self._session.look.select(self._session.fold.members(self._found))

    def cancel(self) -> None:
        chosen = self._session.fold.chosen
        for id, card in self._scene.cards.items():
            card.mark(selected=id in chosen)
        self._view.viewport().update()


class Move:
    """Carries cards; a single one without wires can be put onto a wire."""

    def __init__(self, view: View, scene: Scene, session: Session, at: QPointF, held: str, only: bool):
        """`held`: the card under the pointer. `only`: a click without a move selects it alone."""
        self._view, self._scene, self._session = view, scene, session
        self._at, self._start, self._held, self._only = at, view.to_canvas(at), held, only
        ids = [i for i in session.fold.chosen if i in scene.cards]
        self._from = {i: scene.cards[i].place for i in ids}
        self._wires = scene.wires_of(ids)
        self._moving = False
        self._onto: Wire | None = None
        node = scene.cards[held].node
        free = len(ids) == 1 and not node.sources and not scene.world.readers(held)
        self._insertable = free and node.layer.inputs[1] != 0 and not path_of(held)

    @property
    def takes_view(self) -> bool:
        return self._moving

    def move(self, at: QPointF) -> None:
        if not self._moving:
            if (at - self._at).manhattanLength() < QApplication.startDragDistance():
                return
            self._moving = True
            for id in self._from:
                self._scene.cards[id].mark(lifted=True)
                self._scene.cards[id].setZValue(2)
        here = self._view.to_canvas(at)
        x, y = self._from[self._held]
        u, v = snapped(x + here.x() - self._start.x(), y + here.y() - self._start.y())
        for id, (a, b) in self._from.items():
            self._scene.cards[id].put(*snapped(a + u - x, b + v - y))
        self._scene.lay_wires(self._wires)
        self._scene.lay_frames()
        if self._insertable:
            card = self._scene.cards[self._held].pos()
            reach = 12 / self._view.zoom
            self._onto = self._scene.wire_at(here, reach) or self._scene.wire_at(card, reach)
            self._scene.light(self._onto)

    def release(self, at: QPointF) -> None:
        if not self._moving:
            if self._only:
                self._session.look.select(self._session.fold.members([self._held]))
            return
        places = {i: self._scene.cards[i].place for i in self._from}
        onto = self._onto
        self._down()
        if onto is not None:
            self._session.edit.insert_node(self._held, onto, places[self._held])
        else:
            self._session.edit.move(places, gesture=object())

    def cancel(self) -> None:
        self._down()
        for id, place in self._from.items():
            if id in self._scene.cards:
                self._scene.cards[id].put(*place)
        self._scene.lay_wires([w for w in self._wires if w in self._scene.wires])
        self._scene.lay_frames()

    def _down(self) -> None:
        self._scene.light(None)
        for id in self._from:
            if id in self._scene.cards:
                self._scene.cards[id].mark(lifted=False)
                self._scene.cards[id].setZValue(1)


class Connect:
    """Draws a wire from a port to another card's port, in either direction."""

    takes_view = True

    def __init__(self, view: View, scene: Scene, session: Session, port: Port):
        self._view, self._scene, self._session, self._port = view, scene, session, port
        self._loose = LooseWire(scene.world)
        scene.addItem(self._loose)
        graph = session.fold.view.graph
        self._good = _targets(graph, port) if port.side == "out" else _sources(graph, port)
        for id, card in scene.cards.items():
            card.mark(dim=id != port.id and id not in self._good, target=port.side == "out" and id in self._good)
        self._over: Port | None = None

    def move(self, at: QPointF) -> None:
        here = self._view.to_canvas(at)
        self._over = self._aim(here)
        end = self._scene.port_place(self._over) if self._over else here
        start = self._scene.port_place(self._port)
        if self._port.side == "out":
            self._loose.run(start, end)
        else:
            self._loose.run(end, start)
        for id, card in self._scene.cards.items():
            hot = (self._over.side, self._over.number) if self._over and self._over.id == id else None
            if card.hot_port != hot:
                card.hot_port = hot
                card.update()

    def _aim(self, here: QPointF) -> Port | None:
        """The port that is meant: a near one, or the free one of the card under the pointer."""
        side = "in" if self._port.side == "out" else "out"
        port = self._scene.port_at(here, 16 / self._view.zoom)
        if port is not None and port.side == side and port.id != self._port.id:
            return port
        id = self._scene.card_at(here)
        if not id or id == self._port.id:
            return None
        node = self._scene.cards[id].node
        several = side == "in" and node.layer.inputs[1] != 1 and not (path_of(id) and len(node.sources) < 2)
        return Port(id, side, len(node.sources) if several else 0)

    def release(self, at: QPointF) -> None:
        self.move(at)
        over, port = self._over, self._port
        self.cancel()
        if over is not None:
            source, target = (port, over) if port.side == "out" else (over, port)
            self._session.edit.connect(source.id, target.id, target.number)

    def cancel(self) -> None:
        if self._loose.scene() is not None:
            self._scene.removeItem(self._loose)
        for card in self._scene.cards.values():
            card.hot_port = None
            card.mark(dim=False, target=False)
            card.update()


def _targets(graph: Graph, port: Port) -> set[str]:
    """Who can read this node without a loop."""
    above, todo = {port.id}, [port.id]
    while todo:
        for s in graph[todo.pop()].sources:
            if s not in above:
                above.add(s)
                todo.append(s)
    return {n.id for n in graph if n.id not in above and n.layer.inputs[1] != 0}


def _sources(graph: Graph, port: Port) -> set[str]:
    """Whom this node can read without a loop."""
    below, todo = {port.id}, [port.id]
    while todo:
        for r in graph.readers[todo.pop()]:
            if r not in below:
                below.add(r)
                todo.append(r)
    return {n.id for n in graph if n.id not in below}
