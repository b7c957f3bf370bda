"""Which groups are folded, and the table with one card for each of them: what canvas and table show.

Where nothing is folded the view is the network's own table, and cards stand where their nodes stand. Else places are
the view's own: `arrange` lays the cards out when another group is folded, and an edit leaves them where they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ...net import fold
from ...net.analysis import Analysis, Row
from ...net.arrange import arrange
from ...net.edit import MARGIN, Wire, make_room
from ...net.fold import path_of
from ...net.graph import Graph, paths
from ...net.layout import CARD, GAP, GRID
from ...text import _

if TYPE_CHECKING:
    from .hallway import Session

Point = tuple[float, float]
REMEMBERED = 50
"""Structures of the view whose places are known: an undo leads back to them."""


class Folding:
    """The fold state and what follows from it."""

    def __init__(self, session: Session):
        self._session = session
        self._wanted: frozenset[str] = frozenset()  # groups that are gone stay in it: undo brings them back folded
        self._bare = Analysis(Graph(), {})  # the folded table before its cards have places
        self._places: dict[str, Point] = {}
        self._known: dict[object, dict[str, Point]] = {}  # by the view's structure
        self._aims: dict[str, Point] = {}  # where cards are to stand after the edit under way; "": the new one
        self.view = self._bare
        """Rows of cards: those of nodes, and a GroupRow for each folded group."""
        self.aspect = 1.6
        """Width over height of the canvas."""

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def folded(self) -> frozenset[str]:
        """The groups that are folded."""
        return self._wanted & self._session.graph.closed if self._wanted else self._wanted

    @property
    def plain(self) -> bool:
        """Whether every node has its own card."""
        return self.view is self._session.rows

    def members(self, cards: Iterable[str]) -> tuple[str, ...]:
        """The nodes that these cards stand for."""
        return tuple(cards) if self.plain else fold.members(self.view, tuple(cards))

    def cards(self, ids: Collection[str]) -> tuple[str, ...]:
        """The cards that show these nodes."""
        return tuple(ids) if self.plain else fold.cards(self.view, ids)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The cards of the selected nodes."""
        return self.cards(self._session.look.selection)

    @property
    def selected(self) -> str:
        """The card of the node that panels show."""
        return next(iter(self.cards((self._session.look.selected,))), "")

    def behind(self, wires: Iterable[Wire]) -> tuple[Wire, ...]:
        """The wires of the network that these wires between cards stand for."""
        if self.plain:
            return tuple(wires)
        there = [w for w in wires if w.target in self.view and w.port < len(self.view[w.target].node.sources)]
        return tuple(b for w in there for b in fold.behind(self._session.rows, self.view, w))

    def block_of(self, id: str) -> tuple[str, ...]:
        """The nodes of the group that this node is the output of, where it counts as one; empty where it does not.

        A folded group does, and an open one of which all layers are selected.
        """
        card = next(iter(self.cards((id,))), "")
        if path_of(card):
            return fold.inside(self.view[card])
        chosen, graph = {*self._session.look.selection}, self._session.graph
        if len(chosen) > 1 and id in chosen:
            for path in paths(graph[id].group):
                if chosen == {*graph.groups[path]} and path in graph.closed:
                    return graph.groups[path]
        return ()

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def fold(self, *some: str) -> None:
        """Show each of these groups as one card."""
        for path in some:
            if path not in self._session.graph.closed:
                text = _("{block} cannot be one card: a way leads out of it and back in.")
                self._session.notice(text.format(block=fold.title(path)), "warning", key="edit")
                return
        self._refold(self._wanted.union(some))

    def unfold(self, *some: str) -> None:
        """Show what is in these groups; groups in them are still folded."""
        closed = self._session.graph.closed
        inner = {p for p in closed for path in some if p.rpartition("/")[0] == path}
        self._refold((self._wanted - {*some}) | inner)

    def toggle(self, path: str) -> None:
        """Fold an open group, unfold a folded one."""
        if path in self._wanted:
            self.unfold(path)
        else:
            self.fold(path)

    def fold_all(self) -> None:
        """Every group as one card."""
        self._refold(self._session.graph.closed)

    def unfold_all(self) -> None:
        """Every layer by itself."""
        self._refold(frozenset())

    @property
    def foldable(self) -> tuple[str, ...]:
        """The open groups that the selected cards lie in, the innermost of each."""
        graph, found = self._session.graph, dict[str, None]()
        for card in self.chosen:
            row = self.view.get(card)
            around = [p for p in paths(row.node.group) if p in graph.closed] if row is not None else []
            found |= dict.fromkeys(around[-1:])
        return tuple(found)

    @property
    def unfoldable(self) -> tuple[str, ...]:
        """The folded groups that are selected."""
        return tuple(path_of(c) for c in self.chosen if path_of(c))

    @property
    def dissolvable(self) -> tuple[str, ...]:
        """The blocks that are meant where blocks are to go: the selected ones, or those around the selected layers."""
        return self.unfoldable or self.foldable

    def fold_selected(self) -> None:
        """Fold the groups that the selected cards lie in."""
        if self.foldable:
            self.fold(*self.foldable)

    def unfold_selected(self) -> None:
        """Unfold the selected groups."""
        if self.unfoldable:
            self.unfold(*self.unfoldable)

    def lay_out(self) -> dict[str, Point]:
        """Where the cards would stand if they were laid out anew."""
        return arrange(self.view.graph, aspect=self.aspect)

    # ── places ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def aim(self, pos: Point, card: str = "") -> Point:
        """The edit under way puts a card here (default: the new one); gives the place for its node.

        A node's place counts where nothing is folded: as far from the nearest card's nodes as here from that card.
        """
        if self.plain or not self._places:
            return pos
        self._aims[card] = pos
        near = min(self._places, key=lambda i: abs(self._places[i][0] - pos[0]) + abs(self._places[i][1] - pos[1]))
        (x, y), (u, v) = self._places[near], self._bare[near].node.pos
        return _snapped(pos[0] - x + u, pos[1] - y + v)

    def forget_aims(self) -> None:
        """The edit has not happened."""
        self._aims.clear()

    def moved(self, places: dict[str, Point]) -> dict[str, Point]:
        """Where nodes come to stand when their cards are moved there: a group's nodes move along."""
        if self.plain:
            return places
        found: dict[str, Point] = {}
        for card, (x, y) in places.items():
            u, v = self._places[card]
            for id in fold.inside(self.view[card]):
                a, b = self._session.graph[id].pos
                found[id] = a + x - u, b + y - v
        return found

    # ── following the network ───────────────────────────────────────────────────────────────────────────────────────
    def opening(self, graph: Graph) -> None:
        """Another network comes: fold of it what is usual."""
        self._wanted = fold.usual(graph)
        self._forget()

    def carry(self, before: Graph, after: Graph) -> None:
        """The edit under way gives groups other paths: what is folded stays folded."""
        for path in self._wanted.intersection(before.groups):
            id = before.groups[path][0]
            rest = before[id].group[len(path) :]
            now = after[id].group.removesuffix(rest) if rest else after[id].group
            if now != path and now.rpartition("/")[2] == path.rpartition("/")[2]:
                self._wanted |= {now}

    def show_open(self, path: str, open: bool) -> None:
        """A group that the edit under way makes is open, or folded: told before the edit."""
        wanted = self._wanted - {path} if open else self._wanted | {path}
        if wanted != self._wanted:
            self._wanted = wanted
            self._forget()

    def graph_edited(self) -> None:
        """The session's rows are new."""
        rows = self._session.rows
        bare = fold.fold(rows, self.folded) if self._wanted else rows
        if bare is rows:
            self._bare, self.view, self._places = rows, rows, {}
        else:
            self._places = self._placed(bare)
            self._bare, self.view = bare, self._shown(bare)
        self._aims.clear()

    def _refold(self, wanted: frozenset[str]) -> None:
        before = self.folded
        self._wanted = wanted
        if self.folded != before:
            self._forget()
            self.graph_edited()
            self._session.view_changed.emit()

    def _forget(self) -> None:
        self._places = {}
        self._known.clear()

    def _placed(self, bare: Analysis) -> dict[str, Point]:
        """Where the cards of the folded table stand."""
        state = tuple((n.id, n.sources, n.pos) for n in bare.graph)
        fresh = [id for id in bare if id not in self._places]
        if state in self._known:  # after an undo, or where a setting was changed
            places = self._known.pop(state)
        elif not self._places or len(fresh) > 1:
            places = dict(arrange(bare.graph, aspect=self.aspect))
        elif _wiring(bare) == _wiring(self._bare):
            places = self._followed(bare)
        else:
            places = {id: self._places[id] for id in bare if id in self._places}
            for id in (*fresh, *(i for i in self._aims if i in places)):
                places = self._with(bare, places, id)
        self._known[state] = places
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        return places

    def _followed(self, bare: Analysis) -> dict[str, Point]:
        """Cards move as their nodes have been moved, by hand or by undo."""
        found = dict(self._places)
        for id, row in bare.items():
            old = self._bare[id]
            (x, y), (u, v) = row.node.pos, old.node.pos
            if (x, y) != (u, v) and fold.inside(row) == fold.inside(old):
                a, b = found[id]
                found[id] = _snapped(a + x - u, b + y - v)
        return found

    def _with(self, bare: Analysis, places: dict[str, Point], id: str) -> dict[str, Point]:
        """`places` with a card where it was aimed at, or behind what it reads; others make room."""
        others = {i: p for i, p in places.items() if i != id}
        aimed = self._aims.get(id) or self._aims.get("")
        if aimed is not None:
            aimed = _snapped(*aimed)
            if not any(_touch(aimed, p) for p in others.values()):
                return {**others, id: aimed}
        source = next((s for s in bare[id].node.sources if s in others), "")
        if not source:
            left, low = min(p[0] for p in others.values()), max(p[1] for p in others.values())
            return {**others, id: aimed or (left, low + CARD[1] + GAP[1])}
        x, y = others[source]
        graph = Graph(tuple(replace(bare[i].node, pos=p) for i, p in others.items()))
        pushed = make_room(Graph((*graph, replace(bare[id].node, pos=(x + CARD[0] + GAP[0], y)))), id)
        return {n.id: n.pos for n in pushed}

    def _shown(self, bare: Analysis) -> Analysis:
        """The folded table with its cards' places; rows that are as they were stay the same ones."""
        old = self.view
        rows: dict[str, Row] = {}
        for id, row in bare.items():
            place, was = self._places[id], old.get(id)
            if was is not None and row == self._bare.get(id) and was.node.pos == place:
                rows[id] = was
            else:
                rows[id] = row._replace(node=replace(row.node, pos=place))
        return Analysis(Graph(tuple(r.node for r in rows.values())), rows)


def _wiring(view: Analysis) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((n.id, n.sources) for n in view.graph)


def _snapped(x: float, y: float) -> Point:
    return float(GRID * round(x / GRID)), float(GRID * round(y / GRID))


def _touch(a: Point, b: Point) -> bool:
    return abs(a[0] - b[0]) < CARD[0] + MARGIN and abs(a[1] - b[1]) < CARD[1] + MARGIN
