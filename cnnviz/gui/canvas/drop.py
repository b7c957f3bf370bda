"""A layer or block dragged from the palette: what it would do here, shown before it is done."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from ...net.edit import Wire
from ...net.layers import TYPES
from ...text import _
from ..session import Session
from .ghost import SOLID, THIN, Ghost
from .places import BODY, OUT, snapped
from .scene import Scene
from .wire import LooseWire

BEHIND = 24.0
"""How far behind a card (canvas pixels) a drop still connects to it."""


class Drop:
    """Lives from the moment a drag enters the canvas until it drops or leaves."""

    def __init__(self, scene: Scene, session: Session, type_name: str, block: str, reach: float):
        """`type_name` of a layer, or the name of a `block`."""
        self._scene, self._session, self._type, self._block = scene, session, type_name, block
        self._reach = reach
        self._takes_input = bool(block) or TYPES[type_name].inputs[1] != 0
        item = session.keep.item(block) if block else None
        family = "Group" if block else TYPES[type_name].family
        self._ghost = Ghost(_(item.title) if item else type_name, family, scene.world)
        self._loose = LooseWire(scene.world)
        self._loose.hide()
        self._wire: Wire | None = None
        self._after = ""
        scene.addItem(self._ghost)
        scene.addItem(self._loose)

    def move(self, at: QPointF) -> None:
        """The pointer is here (canvas)."""
        self._ghost.setPos(at)
        self._wire, self._after = self._aim(at)
        self._scene.light(self._wire)
        self._ghost.setOpacity(THIN if self._wire else SOLID)
        self._loose.setVisible(bool(self._after))
        if self._after:
            self._loose.run(self._scene.cards[self._after].pos() + OUT, at + QPointF(BODY.left(), 0))

    def _aim(self, at: QPointF) -> tuple[Wire | None, str]:
        """The wire that is meant, or the card behind which the layer is to stand."""
        if not self._takes_input:
            return None, ""
        port = self._scene.port_at(at, self._reach)
        if port is not None and port.side == "out":
            return None, port.id
        wire = self._scene.wire_at(at, self._reach)
        if wire is not None:
            return wire, ""
        for id, card in self._scene.cards.items():
            off = at - card.pos()
            behind = 0 < off.x() - OUT.x() <= BEHIND and abs(off.y()) <= BODY.bottom()
            if behind and not self._scene.world.readers(id):
                return None, id
        return None, ""

    def drop(self, at: QPointF) -> None:
        """Do what was shown."""
        self.move(at)
        wire, after = self._wire, self._after
        self.cancel()
        place = snapped(at.x(), at.y())
        edit = self._session.edit
        if self._block:
            edit.add_block(self._block, place, after, wire)
        elif wire is not None:
            edit.insert(self._type, wire, place)
        else:
            edit.add(self._type, place, after)

    def cancel(self) -> None:
        """Take away what was shown."""
        self._scene.light(None)
        for item in (self._ghost, self._loose):
            if item.scene() is not None:
                self._scene.removeItem(item)
