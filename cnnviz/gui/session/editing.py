"""The verbs that change the network. Each is one undo step; what it cannot do it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ...net import catalogue, edit, regroup
from ...net.analysis import Analysis
from ...net.document import Document
from ...net.edit import Wire
from ...net.fold import name as card_name
from ...net.fold import path_of, subtotals
from ...net.graph import Graph, LoopError
from ...net.layers import TYPES, Layer
from ...net.plan import Plan
from ...net.problems import Misfit
from ...net.repair import Repair, repairs
from ...text import _

if TYPE_CHECKING:
    from .hallway import Session

Point = tuple[float, float]


class Editing:
    """The document and everything that can be done to its graph. Positions are canvas pixels, centres of cards."""

    def __init__(self, session: Session):
        self._session = session
        self.document = Document(on_graph=self._graph_changed, on_plan=self._plan_changed)
        self._offered: tuple[Analysis | None, dict[str, tuple[Repair, ...]]] = None, {}

    def _graph_changed(self, graph: Graph) -> None:
        self._session.graph_edited()

    def _plan_changed(self, before: Plan) -> None:
        self._session.run.plan_edited(before)

    def _do(self, text: str, make: Callable[[], Graph], merge: object = None) -> bool:
        try:
            graph = make()
        except LoopError:
            why = _("That wire would close a loop. A network runs one way, from Input to output.")
        except Misfit as e:
            why = e.problem.text
        except ValueError as e:
            why = str(e)
        else:
            self.document.edit(text, graph, merge)
            self._session.fold.forget_aims()
            return True
        self._session.fold.forget_aims()
        self._session.notice(why, "warning", key="edit")
        return False

    # ── layers ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def add(self, type_name: str, pos: Point, after: str = "") -> str:
        """A new layer on the empty canvas, reading the card `after` where given; its id."""
        fold = self._session.fold

        def make(layer: Layer) -> tuple[Graph, str]:
            source = regroup.outlet(fold.view, after)
            graph, id = edit.add(self.document.graph, layer, fold.aim(pos))
            return (edit.connect(graph, source, id) if source else graph), id

        return self._new(type_name, make)

    def append(self, type_name: str) -> str:
        """A new layer behind the selected one, or at the end; its id."""
        graph = self.document.graph
        after = self._session.look.selected or edit.end(graph)
        block = self._session.fold.block_of(after) if after else ()
        return self._new(type_name, lambda layer: edit.append(graph, layer, after, block=block))

    def insert(self, type_name: str, wire: Wire, pos: Point) -> str:
        """A new layer in the middle of a wire between cards, on all wires that it stands for; its id."""
        fold = self._session.fold
        first, *also = fold.behind([wire]) or (wire,)
        return self._new(type_name, lambda layer: edit.insert(self.document.graph, layer, first, fold.aim(pos), also))

    def _new(self, type_name: str, make: Callable[[Layer], tuple[Graph, str]]) -> str:
        made: list[str] = []

        def build() -> Graph:
            graph, id = make(TYPES[type_name]())
            made.append(id)
            return graph

        if not self._do(_("Add {type}").format(type=type_name), build):
            return ""
        self._session.look.select([made[0]])
        return made[0]

    def insert_node(self, id: str, wire: Wire, pos: Point) -> None:
        """Put a card that is not connected into the middle of a wire, here; others make room."""
        text, fold = _("Insert {id}").format(id=id), self._session.fold
        first, *also = fold.behind([wire]) or (wire,)
        self._do(text, lambda: edit.insert_node(self.document.graph, id, first, fold.aim(pos, id), also))

    def remove(self, ids: Iterable[str]) -> None:
        """Delete layers; the chain heals."""
        gone = [i for i in ids if i in self.document.graph]
        if gone:
            text = _("Delete {id}").format(id=gone[0]) if len(gone) == 1 else _("Delete {n} layers").format(n=len(gone))
            self._do(text, lambda: edit.remove(self.document.graph, gone))

    def set(self, id: str, name: str, value: Any) -> bool:
        """Change one setting; changes of one setting in a row are one undo step."""
        text = _("Set {setting} of {id}").format(setting=name, id=id)
        return self._do(text, lambda: edit.set_setting(self.document.graph, id, name, value), merge=("set", id, name))

    def set_learning(self, id: str, name: str, value: Any) -> bool:
        """Change whether a layer learns, or how its first weights are drawn."""
        text = _("Set {setting} of {id}").format(setting=name, id=id)
        graph = self.document.graph
        return self._do(text, lambda: edit.set_learning(graph, id, name, value), merge=("learn", id, name))

    def normalise(self, id: str, mean: tuple[float, ...], std: tuple[float, ...]) -> bool:
        """Give an Input this mean and deviation, in one step."""

        def make() -> Graph:
            return edit.set_setting(edit.set_setting(self.document.graph, id, "mean", mean), id, "std", std)

        return self._do(_("Normalise {id} by the data set").format(id=id), make)

    def own_weights(self, id: str) -> bool:
        """Give a layer that uses another's weights its own."""
        text = _("Give {node} weights of its own").format(node=id)
        return self._do(text, lambda: edit.own_weights(self.document.graph, id))

    def rename(self, id: str, new: str) -> bool:
        """Give a layer another id."""
        if not self._do(_("Rename {id}").format(id=id), lambda: edit.rename(self.document.graph, id, new)):
            return False
        self._session.look.select([new])
        return True

    def put(self, text: str, graph: Graph, id: str) -> bool:
        """The network becomes this one, as a change called `text`; selects the layer `id`."""
        if not self._do(text, lambda: graph):
            return False
        self._session.look.select([id])
        return True

    # ── repairs ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def repairs(self, id: str) -> tuple[Repair, ...]:
        """What the shape doctor offers for this layer, or for the one that it waits for, the best first."""
        rows = self._session.rows
        if self._offered[0] is not rows:
            self._offered = rows, {}
        known = self._offered[1]
        cause = rows.cause(id).id if id in rows else ""
        if cause not in known:
            known[cause] = repairs(rows, cause) if cause else ()
        return known[cause]

    def repair(self, repair: Repair) -> bool:
        """Take what was offered; where the network has changed since, the offer that says the same now, if any."""
        if repair.before.graph is not self.document.graph:
            now = self.repairs(repair.id) if repair.id else self._session.run.remedies
            same = [r for r in now if r.text == repair.text]
            if not same:
                text = _("The network has changed since: “{repair}” does not apply any more.")
                self._session.notice(text.format(repair=repair.text), "info", key="edit")
                return False
            repair = same[0]
        if not self._do(repair.text, lambda: repair.graph):
            return False
        touched = [c.after.id for c in repair.changes if c.after is not None]
        stays = [i for i in (repair.id, *touched) if i in self.document.graph]
        self._session.look.select(stays[:1])
        return True

    # ── blocks ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def add_block(self, name: str, pos: Point | None = None, after: str = "", wire: Wire | None = None) -> str:
        """Put a block of the palette on a wire between cards, behind the card `after`, or alone at `pos`; its path.

        Without any of these it stands behind the selected layer, or at the end.
        """
        fold, item = self._session.fold, self._session.keep.item(name)
        if item is None:
            self._session.notice(_("There is no block {name} any more.").format(name=name), "warning", key="edit")
            return ""
        before, made = self.document.graph, [""]
        behind = fold.behind([wire]) if wire else ()
        block: tuple[str, ...] = ()
        if wire is None and not after and pos is None:
            after = self._session.look.selected or edit.end(before) or ""
            block = fold.block_of(after) if after else ()

        def make() -> Graph:
            start = regroup.outlet(fold.view, after) if after and not block else after
            graph, made[0] = catalogue.put(self._session.rows, item, pos, start, behind, block)
            fold.show_open(made[0], len(graph) - len(before) <= catalogue.OPEN)
            return graph

        if not self._do(_("Add the block {name}").format(name=_(item.title)), make):
            return ""
        ids = [n.id for n in self.document.graph if n.id not in before]
        exits = subtotals(self._session.rows, made[0]).exits
        self._session.look.select([*(i for i in ids if i != exits[-1]), exits[-1]])
        return made[0]

    def make_block(self, ids: Iterable[str], called: str) -> bool:
        """Put layers into a group of this name; it is shown open."""
        chosen = [i for i in ids if i in self.document.graph]
        before = self.document.graph

        def make() -> Graph:
            graph, _path = regroup.make_group(before, chosen, called)
            self._session.fold.carry(before, graph)
            return graph

        return self._do(_("Make the block {name}").format(name=called), make)

    def dissolve(self, some: Iterable[str]) -> bool:
        """Take groups away; their layers stay."""
        before = self.document.graph

        def make() -> Graph:
            graph = before
            for path in gone:
                graph = regroup.dissolve(graph, path)
            self._session.fold.carry(before, graph)
            return graph

        gone = sorted((p for p in some if p in before.groups), reverse=True)  # inner ones before outer ones
        return self._do(_("Dissolve the block {name}").format(name=", ".join(gone)), make)

    # ── wires ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def connect(self, source: str, target: str, port: int | None = None) -> bool:
        """Draw a wire between two cards."""
        view = self._session.fold.view

        def make() -> Graph:
            start = regroup.outlet(view, source)
            if path_of(target):
                return regroup.feed(self._session.rows, view, start, target, port or 0)
            return edit.connect(self.document.graph, start, target, port)

        return self._do(
            _("Connect {source} to {target}").format(source=card_name(source), target=card_name(target)), make
        )

    def disconnect(self, wires: Iterable[Wire]) -> None:
        """Delete wires between cards."""
        graph = self.document.graph
        wires = self._session.fold.behind(wires)
        # from the last port down, so that the ports of the others stay true
        for wire in sorted(wires, key=lambda w: -w.port):
            graph = edit.disconnect(graph, wire)
        self._do(_("Delete wire"), lambda: graph)

    # ── places ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def move(self, places: dict[str, Point], gesture: object = None) -> None:
        """Put cards elsewhere; moves with the same `gesture` are one undo step."""
        merge = None if gesture is None else ("move", gesture)
        nodes = self._session.fold.moved(places)
        self._do(_("Move"), lambda: self.document.graph.move(nodes), merge)

    def tidy(self) -> None:
        """Lay all cards out anew."""
        fold = self._session.fold
        self._do(_("Tidy layout"), lambda: self.document.graph.move(fold.moved(fold.lay_out())))

    # ── copies ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def copy(self, ids: Iterable[str]) -> str:
        """The layers as text for the clipboard."""
        return edit.copy(self.document.graph, tuple(ids))

    def paste(self, text: str, offset: Point = (24.0, 24.0)) -> tuple[str, ...]:
        """Put copied layers in and select them; their new ids."""
        made: list[str] = []

        def build() -> Graph:
            graph, ids = edit.paste(self.document.graph, text, offset)
            made.extend(ids)
            return graph

        if not self._do(_("Paste"), build):
            return ()
        self._session.look.select(made)
        return tuple(made)

    # ── undo ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def undo(self) -> None:
        """Take the last edit back; layers that come back are selected."""
        self._step(self.document.undo)

    def redo(self) -> None:
        """Do again what was taken back; layers that come back are selected."""
        self._step(self.document.redo)

    def _step(self, go: Callable[[], None]) -> None:
        before = self.document.graph
        go()
        back = [n.id for n in self.document.graph if n.id not in before]
        if back:
            self._session.look.select(back)
