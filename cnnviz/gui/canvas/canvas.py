"""The canvas: shows what the session says, and has the verbs that the window offers."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, QVariantAnimation, Slot
from PySide6.QtGui import QGuiApplication, QHideEvent, QImage, QPainter, QPixmapCache, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGraphicsItem, QWidget

from ...link.messages import TRAINING, Frame
from ...net.fold import path_of, title
from ...text import _
from ..naming import ask_name
from ..paint import theme
from ..paint.colour import EASE
from ..paint.raster import LARGEST
from ..session import Session
from .gestures import Band
from .hands import Hands
from .passage import before, inherit, shift, starts
from .places import BODY, Point
from .scene import Scene, positions
from .style import MAPS, pen
from .tips import plain_tip
from .turns import Turns
from .unwell import Unwell
from .view import MOVE_TIME

KEPT = 64 * 1024
"""KiB for pictures of cards and wires: what fills a large screen of two pixels a point, where Qt's 10 MiB do not."""
LOOK_AFTER = 60
"""Milliseconds after the last scroll until the cards in view are asked for."""


MARGIN = 24.0
"""Canvas pixels around the network in a picture of it."""
GLIDERS = 150
"""Cards that move to new places before one's eyes at most: of more, every step would lead hundreds of wires anew."""
STEP_TIME = 33
"""Milliseconds from one picture to the next while a range eases."""


class Canvas(Hands):
    """The network as cards joined by wires."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(Scene(), session, parent)
        QPixmapCache.setCacheLimit(max(QPixmapCache.cacheLimit(), KEPT))
        self._shown = False  # the network has been fitted into the window that is seen
        self._picture: object = None  # of the last frame
        self._last_frame = 0.0
        self._from: dict[str, Point] = {}  # where cards came from, while they glide
        self._marked: set[str] = set()  # cards that are shown as selected
        self.turns = Turns(self)
        self._want = _timer(self, LOOK_AFTER)
        self._want.timeout.connect(self._tell_wants)
        self._ease = _timer(self, STEP_TIME)
        self._ease.timeout.connect(self._ease_strips)
        self._settle = QVariantAnimation(self)
        self._settle.setDuration(MOVE_TIME)
        self._settle.setStartValue(0.0)
        self._settle.setEndValue(1.0)
        self._settle.valueChanged.connect(self._glide_cards)
        self.setAccessibleName(_("Network"))
        session.graph_changed.connect(self._graph_changed)
        session.view_changed.connect(self._view_changed)
        session.selection_changed.connect(self._selection_changed)
        session.frame_arrived.connect(self._frame_arrived)
        self.looked_elsewhere.connect(self._want.start)
        Unwell(session, self.cards_scene)
        self._graph_changed()

    # ── what the session says ───────────────────────────────────────────────────────────────────────────────────────
    @Slot()
    def _graph_changed(self) -> None:
        self.end_gesture()
        self._settle.stop()
        self._from = {}
        scene, document = self.cards_scene, self._session.edit.document
        was_empty, had = not scene.cards, len(scene.cards)
        scene.show_rows(self._session.fold.view, self._session.rows)
        self.chosen_wires = tuple(w for w in self.chosen_wires if w in scene.wires)
        opened = not document.undo_text and not document.redo_text  # a file: its history is empty
        if opened and scene.cards:
            self._shown = self.isVisible()
            self.fit()
        elif self.fitted and abs(len(scene.cards) - had) > 1:
            self.fit()  # a block has come or gone, and others have made room
        if was_empty != (not scene.cards):
            self.viewport().update()  # the hint
        self._mark_selection()
        self._want.start()

    @Slot()
    def _view_changed(self) -> None:
        """Other groups are folded: cards go where they stand now, and what was clicked stays under the pointer."""
        self.end_gesture()
        self.settle()
        scene = self.cards_scene
        then, fitted, held = before(scene), self.fitted, self.to_canvas(QRectF(self.viewport().rect()).center())
        scene.show_rows(self._session.fold.view, self._session.rows)
        self.chosen_wires = tuple(w for w in self.chosen_wires if w in scene.wires)
        inherit(scene, then)
        frame = self._session.look.frame
        if frame is not None:
            scene.take(frame, jump=True)
        self._mark_selection()
        by = None if fitted else shift(scene, then)
        if by is None:
            self.show_whole()
        else:
            self.go(held + by)
        self._glide_from(starts(scene, then))
        self._want.start()

    @Slot()
    def _selection_changed(self) -> None:
        self._mark_selection()
        id = self._session.fold.selected
        if id:
            self.choose_wires(())
        card = self.cards_scene.cards.get(id)  # none where somebody selects before we heard of the new graph
        if card is not None and not self.hasFocus() and self.gesture is None:
            area, one = self.cards_scene.content(self._session.fold.chosen), BODY.translated(card.pos())
            fits = area.width() < self.seen.width() - 32 and area.height() < self.seen.height() - 32
            self.reveal(area if fits else one)

    def _mark_selection(self) -> None:
        chosen = set(self._session.fold.chosen)
        for id in self._marked ^ chosen:
            if id in self.cards_scene.cards:
                self.cards_scene.cards[id].mark(selected=id in chosen)
        self._marked = chosen & self.cards_scene.cards.keys()
        row = self._session.rows.get(self._session.look.selected)
        self.setAccessibleDescription(plain_tip(row) if row else "")

    @Slot(object)
    def _frame_arrived(self, frame: Frame) -> None:
        if frame.partial:
            return
        now, shown = monotonic(), (frame.picture, frame.version, frame.run)
        jump = shown != self._picture or now - self._last_frame > EASE
        self._picture, self._last_frame = shown, now
        self._show_stale()
        cards = self.cards_scene.cards
        self.turns.add(self.cards_scene.take(frame, jump), first=cards.get(self._session.fold.selected))
        if self._session.run.phase == TRAINING:
            self._ease.start(round(1000 * EASE))  # the next frame comes before that, and takes the range on
        else:
            self.turns.skip()
            self._ease.start(2 * STEP_TIME)

    @Slot()
    def _ease_strips(self) -> None:
        """After the last frame the ranges still go on to where they were going."""
        moving = self.cards_scene.easing()
        if self.isVisible() and moving:
            self.turns.add(moving)
            self._ease.start(STEP_TIME)

    def _show_stale(self) -> None:
        if self.cards_scene.world.stale != self._session.look.stale:
            self.cards_scene.world.stale = self._session.look.stale
            self.cards_scene.update_strips()

    @Slot()
    def _tell_wants(self) -> None:
        self._show_stale()  # the session counts its versions after it has told of the new graph
        seen, scene = self.isVisible() and self.zoom >= MAPS, self.cards_scene
        self._session.look.want("canvas", "thumbs", scene.nodes_of(scene.inside(self.seen)) if seen else ())

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def delete(self) -> None:
        """Delete what is selected."""
        if self.chosen_wires:
            self._session.edit.disconnect(self.chosen_wires)
        self._session.edit.remove(self._session.look.selection)

    def copy(self) -> None:
        """The selected layers to the clipboard."""
        if self._session.look.selection:
            QGuiApplication.clipboard().setText(self._session.edit.copy(self._session.look.selection))

    def cut(self) -> None:
        """Copy and delete."""
        self.copy()
        self._session.edit.remove(self._session.look.selection)

    def paste(self) -> None:
        """Layers from the clipboard."""
        self._put(QGuiApplication.clipboard().text())

    def duplicate(self) -> None:
        """The selected layers once more; the clipboard stays as it is."""
        if self._session.look.selection:
            self._put(self._session.edit.copy(self._session.look.selection))

    def _put(self, text: str) -> None:
        """Copied layers into the network and into view."""
        fitted = self.fitted
        if not self._session.edit.paste(text):
            return
        if fitted:
            self.fit()
        else:
            self.reveal(self.cards_scene.content(self._session.fold.chosen))

    def select_all(self) -> None:
        """Every layer; the one that panels show stays it."""
        shown = self._session.look.selected
        others = [n.id for n in self._session.graph if n.id != shown]
        self._session.look.select([*others, shown] if shown else others)

    def fold_block(self) -> None:
        """Show the blocks around the selected layers as one card each."""
        self._session.fold.fold_selected()

    def unfold_block(self) -> None:
        """Show what is in the selected blocks."""
        self._session.fold.unfold_selected()

    def make_block(self) -> None:
        """Ask for a name and make a block of the selected layers."""
        if self._session.look.selection:
            name = ask_name(self, _("Make a block"), _("Name of the block"), "block")
            if name:
                self._session.edit.make_block(self._session.look.selection, name)

    def save_block(self) -> None:
        """Ask for a name and keep the selected layers as a block of one's own."""
        if self._session.look.selection:
            blocks = [path_of(c) for c in self._session.fold.chosen if path_of(c)]
            start = title(blocks[0]) if len(blocks) == 1 else ""
            name = ask_name(self, _("Save as block"), _("Name in the palette"), start)
            if name:
                self._session.keep.save(self._session.look.selection, name)

    def dissolve_block(self) -> None:
        """Take the selected blocks away; their layers stay."""
        if self._session.fold.dissolvable:
            self._session.edit.dissolve(self._session.fold.dissolvable)

    def zoom_to_selection(self) -> None:
        """Show the selected layers as large as they can be read well."""
        self.show_area(self.cards_scene.content(self._session.fold.chosen), glide=True)

    def fit(self) -> None:
        self.settle()  # cards on their way would be fitted where they are now
        super().fit()

    def show_whole(self) -> None:
        self.settle()
        super().show_whole()

    def tidy(self) -> None:
        """Lay the network out anew and show it whole."""
        before = positions(self.cards_scene.cards)
        self._session.edit.tidy()
        self.show_whole()
        self._glide_from(before)

    def picture(self, fine: float = 2.0) -> QImage:
        """The whole network with its maps as it looks now, `fine` pixels for each of the canvas; nothing is marked."""
        self.settle()
        scene, marked = self.cards_scene, self._marked
        for id in marked:
            scene.cards[id].mark(selected=False)
        kept = {i: i.cacheMode() for i in (*scene.cards.values(), *scene.wires.values())}
        for item in kept:
            item.setCacheMode(QGraphicsItem.CacheMode.NoCache)  # Qt would take what it keeps of an earlier picture
        area = scene.content().adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
        fine = min(fine, LARGEST / max(area.width(), area.height()))
        image = QImage((area.size() * fine).toSize(), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(fine)
        image.fill(scene.world.style.ground)
        painter = QPainter(image)
        scene.render(painter, QRectF(QPointF(), area.size()), area)
        painter.end()
        for item, mode in kept.items():
            item.setCacheMode(mode)
        self._marked = set()
        self._mark_selection()
        return image

    @property
    def nodes(self) -> tuple[str, ...]:
        """Those whose maps its cards show."""
        return tuple(self.cards_scene.nodes_of(self.cards_scene.cards))

    def _glide_from(self, before: dict[str, Point]) -> None:
        """Cards move from these places to where they are."""
        after = positions(self.cards_scene.cards)
        if before != after and self.may_move() and len(after) <= GLIDERS:
            self._from = before
            self._glide_cards(0.0)
            self._settle.start()

    @Slot(float)
    def _glide_cards(self, part: float) -> None:
        cards = self.cards_scene.cards
        for id, (x, y) in self._from.items():
            u, v = cards[id].node.pos
            cards[id].put(x + (u - x) * part, y + (v - y) * part)
        self.cards_scene.lay_wires(self.cards_scene.wires)
        self.cards_scene.lay_frames()

    @property
    def moving(self) -> bool:
        return super().moving or self._settle.state() == QVariantAnimation.State.Running

    def settle(self) -> None:
        """Cards and view are where they were going."""
        self._settle.stop()
        if self._from:
            self._glide_cards(1.0)
            self._from = {}
        self.stop_motion()

    # ── Qt ──────────────────────────────────────────────────────────────────────────────────────────────────────────
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._shown and self.cards_scene.cards:
            self._shown = True
            self.fit()
        self._want.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tell_wants()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._session.fold.aspect = event.size().width() / max(1, event.size().height())
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.LanguageChange):
            self.cards_scene.restyle()
            self.viewport().update()

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        style = self.cards_scene.world.style
        if isinstance(self.gesture, Band):
            fill = theme.current().colour("accent")
            fill.setAlpha(28)
            painter.setPen(pen(style.accent))
            painter.setBrush(fill)
            painter.drawRect(self.gesture.area)
        if not self.cards_scene.cards:
            painter.resetTransform()
            painter.setFont(theme.body())
            painter.setPen(style.quiet_ink)
            area = self.viewport().rect().adjusted(16, 16, -16, -16)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area, flags, _("Drag an Input here, or open a network."))


def _timer(canvas: Canvas, after: int) -> QTimer:
    timer = QTimer(canvas)
    timer.setSingleShot(True)
    timer.setInterval(after)
    return timer
