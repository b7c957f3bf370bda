"""One layer on the canvas."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from ...net.analysis import Row
from ...net.fold import GroupRow, name, path_of, title
from ...net.graph import Node
from ...net.kinds import kind
from ...net.layers import Source
from ...text import _
from ..paint import counts
from ..paint.counts import grouped, short
from ..paint.signs import chevron
from ..paint.theme import RADIUS
from . import strip as strips
from .places import BODY, BOUNDS, LEFT, OUT, PORT, QUIET, RIGHT, ROOM, SIGN, STRIP, in_port, ports
from .style import MAPS, TITLES, WORDS, Style, body_path, edge_path, paint_sign, pen, whole
from .world import World

OUTLINE = 4
"""Device pixels that a card's outline and its shadow stand out of its body."""
PILE = 3.0
"""How far each of the cards under a folded group looks out above it."""
LOW = 15
"""Device pixels above the maps that a title of ordinary size needs."""
INDENT = 13.0
"""From the sign of a folded group to its name."""
LINE = 14.0
"""Between two lines of captions."""


@dataclass(frozen=True)
class Face:
    """The words on a card, cut to fit."""

    title: str
    font: QFont  # of the title
    caption: str
    shape: str
    params: str
    words: tuple[str, ...]  # in the place of the maps: what is wrong


class Card(QGraphicsRectItem):
    """Paints one node. `state` fields are set by Scene and gestures, which then call `update`."""

    def __init__(self, row: Row, waits_for: str, world: World):
        super().__init__(BOUNDS)
        self.setPen(Qt.PenStyle.NoPen)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setZValue(1)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)  # paint is called for what was updated only
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)  # exposedRect says what that is
        self.row, self.waits_for, self.world = row, waits_for, world
        self.strip = strips.Strip()
        self.selected = self.dim = self.target = self.lifted = self.unwell = False
        self.hot_port: tuple[str, int] | None = None  # ("in" or "out", number) under the pointer
        self._face: Face | None = None
        self._strip_room = (0.0, 0.0)  # in device pixels, when it was last painted without maps
        self.place = (0.0, 0.0)
        """Its centre, also while it is being dragged."""
        self.put(*row.node.pos)

    def put(self, x: float, y: float) -> None:
        """Stand here."""
        if self.place != (x, y):
            self.place = (x, y)
            self.setPos(x, y)

    @property
    def node(self) -> Node:
        """The node it stands for, as last shown."""
        return self.row.node

    def show_row(self, row: Row, waits_for: str) -> None:
        """Stand for this row from now on; paint anew only where it looks different."""
        old, self.row = self.row, row
        waited, self.waits_for = self.waits_for, waits_for
        same_layer = row.node.layer is old.node.layer or row.node.layer == old.node.layer
        same_role = waits_for == waited and (row.problem is None) == (old.problem is None)
        if (
            same_layer
            and same_role
            and len(row.node.sources) == len(old.node.sources)
            and (row.node.weights, row.node.learning) == (old.node.weights, old.node.learning)
            and (row.out, row.params, row.problem) == (old.out, old.params, old.problem)
        ):
            return
        self._face = None
        alike = same_role and (same_layer or row.node.type == old.node.type)  # where captions cannot be read
        if not alike or self.world.zoom >= WORDS:
            self.update()
        elif self.strip.array is None and not strips.same_places(self._shape(old), self._shape(row), *self._strip_room):
            self.update_strip()

    def restyle(self) -> None:
        """The theme or a font is another one."""
        self._face = None
        self.update()

    def update_strip(self) -> None:
        """Paint only the maps anew."""
        if self.world.zoom >= MAPS:
            self.update(STRIP)

    def update_ports(self) -> None:
        """A wire has come to a port or left it."""
        if self.world.zoom >= WORDS:
            self.update()

    def mark(self, **states: bool) -> None:
        """Set some of selected, dim, target, lifted, unwell."""
        if "unwell" in states and states["unwell"] != self.unwell:
            self._face = None  # the title makes room for the mark
        if any(getattr(self, k) != v for k, v in states.items()):
            for k, v in states.items():
                setattr(self, k, v)
            self.update()

    # ── painting ────────────────────────────────────────────────────────────────────────────────────────────────────
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        world = painter.worldTransform()
        scale = world.m11()
        style = self.world.style
        box = whole(world.mapRect(BODY))
        if self.dim:
            painter.setOpacity(0.35)
        if scale >= MAPS and QUIET.contains(option.exposedRect) and not self._paint_words_instead():
            painter.resetTransform()
            painter.fillRect(box.adjusted(1 + round(4 * scale), 1, -1, -1), style.panel)
            self._paint_strip(painter, whole(world.mapRect(STRIP)))
            return
        painter.resetTransform()
        if scale < MAPS:
            self._paint_block(painter, box, scale, style)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_body(painter, box, scale, style)
        if not self._paint_words_instead():
            self._paint_strip(painter, whole(world.mapRect(STRIP)))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if scale < WORDS:
            self._paint_short(painter, box, scale, style)
            return
        painter.setWorldTransform(world)
        self._paint_face(painter, style)
        self._paint_ports(painter, style)

    def _paint_words_instead(self) -> bool:
        return self.row.problem is not None

    def _paint_body(self, painter: QPainter, box: QRectF, scale: float, style: Style) -> None:
        family, own, waits = self.node.layer.family, self._own_problem, bool(self.waits_for)
        look = family, scale, own, waits, self.selected, self.target, self.lifted
        out = self._outline(scale)
        around = box.adjusted(-out, -out, out, out)
        style.stamp(painter, around, look, lambda p: self._draw_body(p, box.width(), box.height(), scale, style))

    def _draw_body(self, painter: QPainter, width: float, height: float, scale: float, style: Style) -> None:
        radius = max(2.0, round(RADIUS * scale, 2))
        path = body_path(width, height, radius)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(self._outline(scale), self._outline(scale))
        if self.lifted:
            painter.translate(0, 3)
            painter.fillPath(path, QColor(0, 0, 0, 40))
            painter.translate(0, -3)
        own = self._own_problem
        if self._grouped:
            self._draw_pile(painter, width, radius, _step(scale), style)
        painter.fillPath(path, style.panel)
        painter.fillPath(edge_path(width, height, radius, scale), style.families[self.node.layer.family])
        if own:
            painter.setPen(pen(style.problem_ink, 2))
        elif self.waits_for:
            painter.setPen(pen(style.wire, 1, Qt.PenStyle.DashLine))
        else:
            painter.setPen(pen(style.accent if self.target else style.line))
        painter.drawPath(path)
        if self.selected:
            painter.setPen(pen(style.accent, 2))
            out = 1.5 if not own else 2.5
            painter.drawRoundedRect(QRectF(-out, -out, width + 2 * out, height + 2 * out), radius + out, radius + out)

    @staticmethod
    def _draw_pile(painter: QPainter, width: float, radius: float, step: float, style: Style) -> None:
        """Two more cards look out above: several layers lie here."""
        painter.setPen(pen(style.wire))
        painter.setBrush(style.panel)
        for by in (2 * step, step):
            painter.drawRoundedRect(QRectF(by + 1.5, 0.5 - by, width - 2 * by - 3, 4 * step), radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_strip(self, painter: QPainter, area: QRectF) -> None:
        style = self.world.style
        if self.strip.array is None:
            shape = self._shape(self.row)
            if shape:
                self._strip_room = area.width(), area.height()
                strips.placeholder(painter, area, shape, style)
            return
        opacity = painter.opacity()
        if self.world.stale:
            painter.setOpacity(opacity * strips.DIM)
        self.strip.paint(painter, area, style.theme, monotonic())
        painter.setOpacity(opacity)

    @staticmethod
    def _shape(row: Row) -> tuple[int, ...]:
        """Of what the strip shows: the Input's is one picture, however many channels it has."""
        return (1, *(row.out or ())[1:]) if isinstance(row.node.layer, Source) else row.out or ()

    def _paint_face(self, painter: QPainter, style: Style) -> None:
        face = self._face = self._face or self._words(style)
        top = BODY.top()
        painter.setFont(face.font)
        painter.setPen(style.text_ink)
        if self._grouped:
            chevron(painter, SIGN.center() - QPointF(1, 0), style.quiet_ink, down=False, size=3.5)
            painter.setPen(style.text_ink)
        painter.drawText(QPointF(LEFT + (INDENT if self._grouped else 0), top + 18), face.title)
        if self.unwell and not self._own_problem:
            paint_sign(painter, QPointF(RIGHT - 5, top + 13), 10, style, style.families["Activation"])
            painter.setPen(style.text_ink)
        painter.setFont(style.caption)
        if face.shape:
            painter.drawText(QPointF(LEFT, BODY.bottom() - 9), face.shape)
        painter.setPen(style.quiet_ink)
        painter.setFont(style.fitting((style.caption, style.tight), face.caption, ROOM))
        painter.drawText(QPointF(LEFT, top + 32), face.caption)
        painter.setFont(style.caption)
        if face.params:
            width = style.metrics(style.caption).horizontalAdvance(face.params)
            painter.drawText(QPointF(RIGHT - width, BODY.bottom() - 9), face.params)
        if face.words:
            if not self.waits_for:
                painter.setPen(style.problem_text)
                paint_sign(painter, QPointF(RIGHT - 6, top + 13), 13, style)
                painter.setPen(style.problem_text)
            for i, line in enumerate(face.words):
                painter.drawText(QPointF(LEFT, STRIP.top() + 13 + i * LINE), line)

    def _words(self, style: Style) -> Face:
        if isinstance(self.row, GroupRow):
            return self._group_words(style)
        node = self.node
        own = self._own_problem
        default = f"{node.type.lower()}_"
        called = "" if node.id.startswith(default) and node.id[len(default) :].isdigit() else node.id
        called = "" if called == node.type.lower() else called
        room = ROOM - (18 if own else 15 if self.unwell else 0)
        font = style.fitting((style.title, style.narrow), node.type, room)
        words = " · ".join(filter(None, (called, node.layer.brief, _("frozen") if node.learning.frozen else "")))
        caption = style.elided(style.caption, words, ROOM)
        return self._face_of(style.elided(font, node.type, room), font, caption, style)

    def _group_words(self, style: Style) -> Face:
        node = self.node
        room = ROOM - INDENT - (18 if self._own_problem else 15 if self.unwell else 0)
        font = style.fitting((style.title, style.narrow), self._title, room)
        of = kind(self.world.base.graph, path_of(node.id))
        caption = style.elided(style.tight, " · ".join(filter(None, (of, node.layer.brief))), ROOM)
        return self._face_of(style.elided(font, self._title, room, named=True), font, caption, style)

    def _face_of(self, title: str, font: QFont, caption: str, style: Style) -> Face:
        row = self.row
        shape = counts.shape(row.out) if row.out else ""
        params = grouped(row.params) if row.params else ""
        measure = style.metrics(style.caption).horizontalAdvance
        if params and measure(shape) + measure(params) + 6 > ROOM:
            params = short(row.params)
        if params and measure(shape) + measure(params) + 6 > ROOM:
            number, _space, unit = params.partition(" ")
            params = f"{float(number.replace(',', '')):,.0f} {unit}" if unit else number
        if row.node.weights and row.out:
            owner = _("Weights of {node}").format(node=row.node.weights)
            room = ROOM - measure(shape) - 6
            short_of = f"= {row.node.weights}"  # the tip says the whole
            params = owner if measure(owner) <= room else style.elided(style.caption, short_of, room, named=True)
        words: list[str] = []
        if self.waits_for:
            waits = _("waits for {node}").format(node=name(self.waits_for))
            words = style.wrapped(style.caption, waits, ROOM, 2)
        elif row.problem is not None:
            words = style.wrapped(style.caption, row.problem.text, ROOM, 5)
        return Face(title, font, caption, shape, params, tuple(words))

    @property
    def _title(self) -> str:
        """The layer's type, or the group's name."""
        return title(path_of(self.node.id)) if self._grouped else self.node.type

    @property
    def _grouped(self) -> bool:
        return isinstance(self.row, GroupRow)

    def _outline(self, scale: float) -> float:
        """Device pixels that what is painted stands out of the body."""
        return max(OUTLINE, 2 * _step(scale) + 1) if self._grouped else OUTLINE

    def _paint_short(self, painter: QPainter, box: QRectF, scale: float, style: Style) -> None:
        """Too small for captions: the title, as large as it can be read."""
        low = scale * (STRIP.top() - BODY.top()) < LOW
        width = round(box.width() - 4 * scale - 6)
        font, title = style.short_title(self._title, width, low, named=self._grouped)
        painter.setFont(font)
        painter.setPen(style.text_ink)
        painter.drawText(QPointF(box.left() + 4 * scale + 4, box.top() + (10 if low else 14)), title)
        if self._own_problem:
            paint_sign(painter, QPointF(box.right() - 8, box.bottom() - 9), 12, style)
        elif self.unwell:
            paint_sign(painter, QPointF(box.right() - 8, box.bottom() - 8), 9, style, style.families["Activation"])

    def _paint_block(self, painter: QPainter, box: QRectF, scale: float, style: Style) -> None:
        """Too small for maps: a block in the family's colour, with the title while titles can be told apart."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        family = self.node.layer.family
        painter.fillRect(box, (style.faded if self.waits_for else style.families)[family])
        if self.selected or self._own_problem:
            painter.setPen(pen(style.accent if self.selected else style.problem_ink, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box)
        if scale >= TITLES:
            painter.setFont(style.small)
            painter.setPen(style.text_ink if self.waits_for else style.panel)
            title = style.elided(style.small, self._title, box.width() - 2, self._grouped)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, title)
        if self._own_problem:
            paint_sign(painter, QPointF(box.right() - 1, box.top() + 1), 10, style)
        elif self.unwell:
            paint_sign(painter, QPointF(box.right() - 1, box.top() + 1), 8, style, style.families["Activation"])

    @property
    def _own_problem(self) -> bool:
        return self.row.problem is not None and not self.waits_for

    def _paint_ports(self, painter: QPainter, style: Style) -> None:
        used = len(self.node.sources)
        for i in range(ports(self.node)):
            self._paint_port(painter, in_port(self.node, i), ("in", i), i < used, style)
        self._paint_port(painter, OUT, ("out", 0), bool(self.world.readers(self.node.id)), style)

    def _paint_port(self, painter: QPainter, at: QPointF, port: tuple[str, int], used: bool, style: Style) -> None:
        hot = self.hot_port == port or (self.target and port[0] == "in")
        ink = style.accent if hot else style.wire
        painter.setPen(pen(ink, 1.5))
        painter.setBrush(ink if used else style.panel)
        radius = PORT + 1 if hot else PORT - 0.5
        painter.drawEllipse(at, radius, radius)


def _step(scale: float) -> float:
    """Device pixels by which each card of a pile looks out above the next."""
    return max(1.0, round(PILE * scale))
