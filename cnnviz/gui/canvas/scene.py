"""The items of the canvas, kept in step with the graph: what did not change is not touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import monotonic

from PySide6.QtCore import QObject, QPointF, QRectF
from PySide6.QtWidgets import QGraphicsScene

from ...link.messages import Frame
from ...net.analysis import Analysis, Row
from ...net.arrange import frames
from ...net.edit import Wire
from ...net.fold import GroupRow
from ...net.graph import Graph, Node
from ..signed import signed
from . import route
from .card import Card
from .frame import FrameItem
from .places import BODY, OUT, Point, in_port, ports
from .style import Style
from .wire import WireItem
from .world import World

FAR = 4e5
"""Half the side of the plane; cards further out cannot be reached."""


@dataclass(frozen=True)
class Port:
    """A port of a card."""

    id: str
    side: str  # "in" or "out"
    number: int = 0


class Scene(QGraphicsScene):
    """One Card for each node and one WireItem for each wire."""

    def __init__(self, parent: QObject | None = None):
        super().__init__(-FAR, -FAR, 2 * FAR, 2 * FAR, parent)
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.world = World()
        self.cards: dict[str, Card] = {}
        self.wires: dict[Wire, WireItem] = {}
        self._long: dict[Wire, WireItem] = {}  # those that other cards can be in the way of
        self._rows: Analysis | None = None
        self.frames: dict[str, FrameItem] = {}  # by the path of the open group
        self._base: Analysis | None = None  # the network's own rows
        self._cards_of: dict[str, str] = {}  # of nodes whose maps a group's card shows
        self._signed: dict[str, bool] = {}  # as far as asked for: the same for every frame of this network

    # ── the graph ───────────────────────────────────────────────────────────────────────────────────────────────────
    def show_rows(self, rows: Analysis, base: Analysis | None = None) -> None:
        """Be these cards; `base`: the network's own rows, where groups are folded."""
        graph, before = rows.graph, self._rows.graph if self._rows is not None else Graph()
        self._rows, self._base, self._signed = rows, base or rows, {}
        self.world.show(rows, self._base)
        folded = rows.items() if self._base is not rows else ()
        self._cards_of = {shown_node(r): id for id, r in folded if isinstance(r, GroupRow)}
        moved: list[Point] = []  # places that cards came to or left
        shifted: set[str] = set()  # cards whose wires lie elsewhere
        reshaped: set[str] = set()  # cards whose wires look different
        cut: list[Wire] = []
        drawn: list[Wire] = []
        for id in [i for i in self.cards if i not in graph]:
            gone = self.cards.pop(id)
            moved.append(gone.place)
            cut += _into(gone.node)
            self.removeItem(gone)
        for id, row in rows.items():
            cause = rows.cause(id).id if row.problem else id
            waits_for = "" if cause == id else cause
            card = self.cards.get(id)
            if card is None:
                self.cards[id] = card = Card(row, waits_for, self.world)
                self.addItem(card)
                moved.append(card.place)
                shifted.add(id)
                drawn += _into(row.node)
                continue
            if card.place != row.node.pos:
                moved += card.place, row.node.pos
                shifted.add(id)
                card.put(*row.node.pos)
            if row is card.row and waits_for == card.waits_for:
                continue
            if row.node.sources != card.node.sources:
                old, new = _into(card.node), _into(row.node)
                cut += [w for w in old if w not in new]
                drawn += [w for w in new if w not in old]
                shifted.add(id)
            if self.world.shows(row.out) != self.world.shows(card.row.out):
                reshaped.add(id)
            card.show_row(row, waits_for)
        for id in {*before.ends} ^ {*graph.ends}:
            if id in self.cards:
                self.cards[id].update_ports()
        self._show_wires(cut, drawn)
        passing = [w for w, item in self._long.items() if route.touched(item.points, moved)]
        for wire in passing:
            self.wires[wire].ends = None  # led anew, though its own cards stand where they stood
        self.lay_wires({*self.wires_of(shifted), *passing})
        for wire in self.wires_of(reshaped):
            self.wires[wire].update()
        self.lay_frames()

    def lay_frames(self) -> None:
        """Draw the frame of every open group around its cards."""
        graph = self._rows.graph if self._rows is not None else Graph()
        rects = frames(graph, positions(self.cards)) if graph.grouped else {}
        for path in [p for p in self.frames if p not in rects]:
            gone = self.frames.pop(path)
            self.removeItem(gone)
            self.removeItem(gone.label)
        for path, rect in rects.items():
            if path not in self.frames:
                self.frames[path] = FrameItem(path, self.world)
                self.addItem(self.frames[path])
                self.addItem(self.frames[path].label)
            self.frames[path].put(QRectF(*rect), self._base is not None and path in self._base.graph.closed)

    def _show_wires(self, cut: list[Wire], drawn: list[Wire]) -> None:
        for wire in cut:
            self.removeItem(self.wires.pop(wire))
            self._long.pop(wire, None)
        for wire in drawn:
            self.wires[wire] = item = WireItem(wire, self.world)
            self.addItem(item)

    def lay_wires(self, which: Iterable[Wire]) -> None:
        """Lead these wires from their source cards to their target cards, around the cards in between."""
        blocks = route.Blocks(c.place for c in self.cards.values())
        out = BODY.right()
        for wire in which:
            source, target = self.cards[wire.source], self.cards[wire.target]
            item = self.wires[wire]
            ends = (source.place, target.place, len(target.node.sources))
            if ends == item.ends:
                continue
            item.ends = ends
            x, y = source.place
            at = in_port(target.node, wire.port)
            u, v = target.place
            item.run(route.corners((x + out, y), (u + at.x(), v + at.y()), blocks))
            if route.short(item.points):
                self._long.pop(wire, None)
            else:
                self._long[wire] = item

    def wires_of(self, ids: Iterable[str]) -> list[Wire]:
        """Wires that begin or end at one of these cards."""
        some = set(ids)
        return [w for w in self.wires if w.source in some or w.target in some]

    def restyle(self) -> None:
        """The theme or a font is another one."""
        self.world.style = Style()
        for card in self.cards.values():
            card.restyle()
        for item in (*self.wires.values(), *self.frames.values(), *(f.label for f in self.frames.values())):
            item.update()

    # ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def take(self, frame: Frame, jump: bool) -> list[Card]:
        """Have the frame's maps; the cards that show some, to be painted anew."""
        now = monotonic()
        shown: list[Card] = []
        if frame.shown is None and not frame.thumbs:  # there is nothing to look at, or not yet: nor on the cards
            shown += [card for card in self.cards.values() if card.strip.array is not None]
            for gone in shown:
                gone.strip.clear()
            return shown
        first, looking = self._rows.input if self._rows is not None else None, None  # none where it is folded
        if first is not None and frame.shown is not None:
            looking = self.cards[first.id]
            if looking.strip.take_picture(frame.shown):
                shown.append(looking)
        for id, array in frame.thumbs.items():
            card = self.cards.get(self._cards_of.get(id, id))
            if card is not None and card is not looking:
                card.strip.take(array, self._has_sign(id), now, jump)
                shown.append(card)
        return shown

    def _has_sign(self, id: str) -> bool:
        if id not in self._signed:
            assert self._base is not None, "there are cards"
            self._signed[id] = signed(self._base, id)
        return self._signed[id]

    def easing(self) -> list[Card]:
        """Cards whose range still eases."""
        return [card for card in self.cards.values() if card.strip.eases]

    def update_strips(self) -> None:
        """Paint all strips anew."""
        for card in self.cards.values():
            card.update_strip()

    # ── what is where ───────────────────────────────────────────────────────────────────────────────────────────────
    def content(self, ids: Iterable[str] = ()) -> QRectF:
        """The rectangle around these cards; around all cards and wires where none are given."""
        cards = [self.cards[i] for i in ids if i in self.cards]
        around = QRectF()
        if not cards:
            cards = list(self.cards.values())
            for item in self.wires.values():
                around |= item.extent()
            for frame in self.frames.values():
                around |= frame.rect()
        if not cards:
            return around
        xs, ys = zip(*(c.place for c in cards), strict=True)
        return around | BODY.translated(min(xs), min(ys)) | BODY.translated(max(xs), max(ys))

    def nodes_of(self, ids: Iterable[str]) -> list[str]:
        """The nodes whose maps these cards show."""
        return [shown_node(self.cards[i].row) for i in ids]

    def frame_at(self, at: QPointF) -> FrameItem | None:
        """The frame whose name or sign is here; the innermost one."""
        here = [f for f in self.frames.values() if f.on_name(at) or f.on_sign(at)]
        return max(here, key=FrameItem.zValue) if here else None

    def inside(self, area: QRectF) -> list[str]:
        """Ids of the cards that touch `area`."""
        grown = area.adjusted(BODY.left(), BODY.top(), BODY.right(), BODY.bottom())
        return [i for i, c in self.cards.items() if grown.contains(c.pos())]

    def card_at(self, at: QPointF) -> str:
        """Id of the card here; the one painted last, "" where none is."""
        found = ""
        for id, card in self.cards.items():
            if BODY.contains(at - card.pos()) and (not found or card.zValue() >= self.cards[found].zValue()):
                found = id
        return found

    def port_at(self, at: QPointF, reach: float) -> Port | None:
        """The nearest port within `reach`."""
        best, found = reach, None
        for port, place in self._ports_near(at, reach):
            away = (place - at).manhattanLength()
            if away <= best:
                best, found = away, port
        return found

    def _ports_near(self, at: QPointF, reach: float) -> Iterator[tuple[Port, QPointF]]:
        area = BODY.adjusted(-reach, -reach, reach, reach)
        for id, card in self.cards.items():
            if area.contains(at - card.pos()):
                yield Port(id, "out"), card.pos() + OUT
                for i in range(ports(card.node)):
                    yield Port(id, "in", i), card.pos() + in_port(card.node, i)

    def port_place(self, port: Port) -> QPointF:
        """Where a port is."""
        card = self.cards[port.id]
        return card.pos() + (OUT if port.side == "out" else in_port(card.node, port.number))

    def wire_at(self, at: QPointF, reach: float) -> Wire | None:
        """A wire that passes within `reach`."""
        return next((w for w, item in self.wires.items() if item.near(at, reach)), None)

    def light(self, wire: Wire | None) -> None:
        """Show where the layer in hand would be inserted."""
        for w, item in self.wires.items():
            item.mark(lit=w == wire)


def shown_node(row: Row) -> str:
    """The node whose maps the card of this row shows."""
    return row.exits[-1] if isinstance(row, GroupRow) else row.id


def _into(node: Node) -> list[Wire]:
    return [Wire(s, node.id, i) for i, s in enumerate(node.sources)]


def positions(cards: dict[str, Card]) -> dict[str, Point]:
    """Where the cards are shown."""
    return {i: c.place for i, c in cards.items()}
