"""What a person does on the canvas with mouse and keys. A press starts a Gesture, which does its work on release."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from ...net.edit import Wire
from ...net.fold import GroupRow, path_of, subtotals
from .. import mime
from ..session import Session
from .drop import Drop
from .edge import Edge
from .frame import FrameItem
from .gestures import Band, Connect, Gesture, Move, Pan
from .menu import build_menu
from .neighbours import neighbour
from .places import BODY, SIGN
from .scene import Port, Scene
from .style import WORDS
from .tips import card_tip, group_tip
from .unwell import unwell_tip
from .view import View

NEAR = 8.0
"""Device pixels: a click this near to a wire or a port means it."""
DROP_NEAR = 14.0
"""Device pixels: a layer dropped this near to a wire or a port means it."""
ADDING = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
"""With one of these a click adds to the selection or takes away from it."""
WAYS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Hands(View):
    """A View of the session's network that can be worked on."""

    def __init__(self, scene: Scene, session: Session, parent: QWidget | None = None):
        super().__init__(scene, parent)
        scene.setParent(self)
        self.cards_scene = scene
        self._session = session
        self.gesture: Gesture | None = None
        self.chosen_wires: tuple[Wire, ...] = ()
        self._drop: Drop | None = None
        self.edge = Edge(self, self._carry)
        self._space = False
        self._hot: Port | None = None
        self._over_sign = False
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # ── mouse ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if self.gesture is not None:
            return
        at = event.position()
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space):
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
            self.gesture = Pan(self, at)
        elif left:
            self.settle()
            self.gesture = self._begin(at, several=bool(event.modifiers() & ADDING))

    def _begin(self, at: QPointF, several: bool) -> Gesture | None:
        """What a press of the left button starts here."""
        scene, session, here = self.cards_scene, self._session, self.to_canvas(at)
        port = self._port_at(here)
        if port is not None:
            return Connect(self, scene, session, port)
        id = scene.card_at(here)
        chosen = session.fold.chosen
        if id:
            self.choose_wires(())
            if not several and self._sign_at(here):
                session.fold.unfold(path_of(id))
                return None
            if several and id in chosen:
                self.select_cards([i for i in chosen if i != id])
                return None
            if id not in chosen:
                self.select_cards([*chosen, id] if several else [id])
            return Move(self, scene, session, at, id, only=not several)
        wire = scene.wire_at(here, NEAR / self.zoom)
        if wire is not None:
            others = self.chosen_wires if several else ()
            if not several:
                session.look.select(())
            self.choose_wires(tuple(w for w in others if w != wire) + ((wire,) if wire not in others else ()))
            return None
        self.choose_wires(())
        frame = scene.frame_at(here)
        if frame is not None:
            return self._take_frame(frame, at, here)
        return Band(self, scene, session, at, chosen if several else ())

    def _take_frame(self, frame: FrameItem, at: QPointF, here: QPointF) -> Gesture | None:
        """The sign folds the group, its name carries it."""
        session = self._session
        if frame.on_sign(here):
            session.fold.fold(frame.path)
            return None
        inside = self._inside(frame)
        self.select_cards(inside)
        return Move(self, self.cards_scene, session, at, inside[-1], only=False)

    def _inside(self, frame: FrameItem) -> list[str]:
        """The cards in a frame."""
        return [n.id for n in self._session.fold.view.graph if f"{n.group}/".startswith(f"{frame.path}/")]

    def select_cards(self, cards: Iterable[str]) -> None:
        """Select the nodes that these cards stand for."""
        self._session.look.select(self._session.fold.members(cards))

    def _port_at(self, here: QPointF) -> Port | None:
        return self.cards_scene.port_at(here, NEAR / self.zoom) if self.zoom >= WORDS else None

    def choose_wires(self, some: tuple[Wire, ...]) -> None:
        """Select these wires."""
        if some != self.chosen_wires:
            self.chosen_wires = some
            for wire, item in self.cards_scene.wires.items():
                item.mark(selected=wire in some)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.gesture is not None:
            self.gesture.move(event.position())
            if self.gesture.takes_view:
                self.edge.follow(event.position())
        elif not event.buttons():
            here = self.to_canvas(event.position())
            self._hover(self._port_at(here))
            over = self._hot is None and self._sign_at(here)
            if over != self._over_sign:
                self._over_sign = over
                self._show_cursor()

    def _sign_at(self, here: QPointF) -> bool:
        """Whether a click here folds or unfolds a group."""
        id, frame = self.cards_scene.card_at(here), self.cards_scene.frame_at(here)
        if id:
            return bool(path_of(id)) and self.zoom >= WORDS and SIGN.contains(here - self.cards_scene.cards[id].pos())
        return frame is not None and frame.on_sign(here)

    def _hover(self, port: Port | None) -> None:
        if port == self._hot:
            return
        for old in (self._hot, port):
            card = self.cards_scene.cards.get(old.id) if old else None
            if card is not None:
                card.hot_port = (port.side, port.number) if port and port.id == card.node.id else None
                card.update()
        self._hot = port
        self._show_cursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gesture = self.gesture
        if gesture is not None and not event.buttons():
            self.gesture = None  # before it edits: an edit ends the gesture that is under way
            self.edge.stop()
            gesture.release(event.position())
            self._show_cursor()

    def _carry(self, at: QPointF) -> None:
        """The view has moved under the pointer: what is dragged stays with it."""
        if self.gesture is not None:
            self.gesture.move(at)
        elif self._drop is not None:
            self._drop.move(self.to_canvas(at))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        here = self.to_canvas(event.position())
        if event.button() != Qt.MouseButton.LeftButton or self.gesture is not None or not self._toggle_at(here):
            self.mousePressEvent(event)

    def _toggle_at(self, here: QPointF) -> bool:
        """Fold or unfold the group whose card or name is here; whether there is one."""
        fold, id = self._session.fold, self.cards_scene.card_at(here)
        frame = self.cards_scene.frame_at(here)
        if path_of(id):
            fold.unfold(path_of(id))
        elif not id and frame is not None and frame.foldable:
            fold.fold(frame.path)
        else:
            return False
        return True

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(None)

    def end_gesture(self) -> None:
        """The graph is another one, or Esc: what was under way has not happened."""
        gesture, self.gesture = self.gesture, None
        self.edge.stop()
        if gesture is not None:
            gesture.cancel()
            self._show_cursor()
        self._hover(None)
        self._end_drop()

    @property
    def busy(self) -> bool:
        return self.gesture is not None or self._drop is not None

    def settle(self) -> None:
        """Cards and view are where they were going."""
        self.stop_motion()

    def _show_cursor(self) -> None:
        shape = Qt.CursorShape
        over = shape.CrossCursor if self._hot else shape.PointingHandCursor if self._over_sign else shape.ArrowCursor
        self.viewport().setCursor(shape.OpenHandCursor if self._space else over)

    # ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()  # may be a number that Qt.Key does not know
        if key == Qt.Key.Key_Space:
            self._space = True
            if self.gesture is None:
                self._show_cursor()
        elif key == Qt.Key.Key_Escape:
            self._escape()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._session.fold.unfoldable:
            self._session.fold.unfold_selected()
        elif key in WAYS and event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier):
            self._go(*WAYS[key])
        else:
            event.ignore()  # not ours: QGraphicsView would scroll

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._show_cursor()
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._space = False

    def _escape(self) -> None:
        if self.gesture is not None:
            self.end_gesture()
        else:
            self.choose_wires(())
            self._session.look.select(())

    def _go(self, dx: int, dy: int) -> None:
        """Select the next card that way."""
        fold = self._session.fold
        id = neighbour(fold.view.graph, fold.selected, dx, dy)
        if id:
            self.select_cards([id])
            self.reveal(BODY.translated(self.cards_scene.cards[id].pos()))

    # ── from the palette ────────────────────────────────────────────────────────────────────────────────────────────
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._end_drop()
        name, block = mime.layer_type(event.mimeData()), mime.block_name(event.mimeData())
        if not name and self._session.keep.item(block) is None:
            event.ignore()  # files are the window's
            return
        self.end_gesture()
        self.settle()
        self._drop = Drop(self.cards_scene, self._session, name, block, DROP_NEAR / self.zoom)
        self._drop.move(self.to_canvas(event.position()))
        self.edge.follow(event.position())
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self._drop is None:
            event.ignore()
            return
        self._drop.move(self.to_canvas(event.position()))
        self.edge.follow(event.position())
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._end_drop()

    def dropEvent(self, event: QDropEvent) -> None:
        drop, self._drop = self._drop, None
        self.edge.stop()
        if drop is None:
            event.ignore()
            return
        event.acceptProposedAction()
        drop.drop(self.to_canvas(event.position()))
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _end_drop(self) -> None:
        drop, self._drop = self._drop, None
        if drop is not None:
            self.edge.stop()
            drop.cancel()

    # ── tips and menu ───────────────────────────────────────────────────────────────────────────────────────────────
    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            id = self.cards_scene.card_at(self.to_canvas(QPointF(event.pos())))
            frame = self.cards_scene.frame_at(self.to_canvas(QPointF(event.pos())))
            tip = self._tip(id) if id else self._frame_tip(frame) if frame is not None else ""
            QToolTip.showText(event.globalPos(), tip, self.viewport())
            return True
        return super().viewportEvent(event)

    def _tip(self, id: str) -> str:
        rows, view = self._session.rows, self._session.fold.view
        row = view[id]
        tip = group_tip(row, rows, view.reason(id)) if isinstance(row, GroupRow) else card_tip(rows[id], rows)
        return tip + unwell_tip(self._session, id)

    def _frame_tip(self, frame: FrameItem) -> str:
        row = subtotals(self._session.rows, frame.path)
        return group_tip(row, self._session.rows, row.problem.text if row.problem else "", open=True)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.gesture is not None:
            return
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            here = self.to_canvas(QPointF(event.pos()))
            id, frame = self.cards_scene.card_at(here), self.cards_scene.frame_at(here)
            if id and id not in self._session.fold.chosen:
                self.select_cards([id])
            elif not id and frame is not None:
                self.select_cards(self._inside(frame))
        build_menu(self, self._session, bool(self.chosen_wires)).popup(event.globalPos())
        event.accept()
