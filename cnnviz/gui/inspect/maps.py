"""All channels of the selected layer, live."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from ...link.messages import Array, Frame, Unit
from ...net.layers import Softmax
from ...text import _
from ..paint.colour import Range
from ..paint.counts import shape
from ..paint.number import number
from ..paint.tiles import Tiles
from ..paint.view import MosaicView
from ..session import Session
from ..session.beside import DIFFERENCE, OTHER, THIS
from ..signed import signed
from .meaning import class_names, gone, problem_text, window
from .panel import Panel, Veil
from .panes import Panes
from .scaling import Scaling
from .sides import Pair, Sides, lacking

MANY = 256
"""A vector of more values is shown as coloured cells: nobody reads so many bars."""


MOST_WORDS = 9
"""Of a window of more words these are told: the rest is one line too many."""


class Cells(Tiles):
    """Feature maps; where a channel is a single value it has no position to tell. Of a sentence it tells the words."""

    say: Callable[[int, int], str] = staticmethod(lambda _y, _x: "")
    """The words that the unit at (y, x) sees; empty where it is no sentence."""

    compare: Callable[[int, int, int], str] = staticmethod(lambda _channel, _y, _x: "")
    """The unit's value in two runs, in place of its value; empty where there is one run."""

    def text(self, channel: int, y: int, x: int) -> str:
        words = "" if self._single else self.say(y, x)
        figure = self.compare(channel, y, x) or number(self.value((channel, y, x)))
        return " · ".join(filter(None, (self.called(channel, y, x), figure, words)))

    def called(self, channel: int, y: int, x: int) -> str:
        return _("value {}").format(channel) if self._single else super().called(channel, y, x)

    @property
    def _single(self) -> bool:
        """Whether a channel is one value, which has no place."""
        return self.layout_shown.height == self.layout_shown.width == 1


class Maps(Panel):
    """Feature maps as a mosaic, vectors as bars, classes by name. A click selects a unit for all panels."""

    whole = False

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.panes = Panes(self._make_view)
        self.view = self.panes.first
        self.sides = Sides(session)
        self.scaling = Scaling()
        self._header.addWidget(self.scaling)
        self._column.addWidget(self.sides)
        self._column.addWidget(self.scaling.ends)
        self._column.addWidget(self.panes, 1)
        self.veil = Veil(self.panes, self.title)
        self._shown: object = None
        self._pair: Pair | None = None
        self.view.set_empty("")
        self.view.tiles.rescaled.connect(self._remember)
        self.scaling.changed.connect(self._rescale)
        session.beside_changed.connect(self._renew)

    def _make_view(self) -> MosaicView:
        cells = Cells()
        cells.say, cells.compare = self._words, self._compared
        view = MosaicView(tiles=cells)
        view.bars.say = self._compared
        view.picked.connect(self._pick)
        return view

    def wants(self) -> tuple[str, tuple[str, ...]]:
        id = self._session.look.selected
        return "maps", (id,) if id else ()

    def refresh(self, frame: Frame | None) -> None:
        id = self._session.look.selected
        row = self._session.rows.get(id)
        array = frame.maps.get(id) if frame else None
        self.sides.follow()
        if row is None:
            self.show_nothing(_("Select a layer"))
        elif row.problem:
            self.show_nothing(problem_text(self._session.rows, id))
        elif array is None or array.ndim not in (1, 3) or not array.size:
            if gone(self._session, frame, id):
                self.show_nothing(_("{id} is not in the network that is training").format(id=id))
            else:
                self.wait()
        else:
            self.come()
            self._show_sides(frame, id, array)
            self.veil.set_stale(self._session.look.stale)

    def show_nothing(self, text: str) -> None:
        self.come()
        self._shown = None
        self.title.say(self._session.look.selected)
        self.scaling.offer(False)
        self.veil.set_stale(False)
        self._pair = None
        self.panes.show_one()
        self.view.set_empty(text)

    # ── two runs ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _show_sides(self, frame: Frame | None, id: str, array: Array) -> None:
        """This run, or what is chosen of it and the one beside."""
        beside = bool(self._session.beside.folder)
        other = frame.other if frame is not None and beside and frame.past else None
        if frame is not None and beside:
            self.sides.say(frame)
        self.title.say(f"{id} · {size_text(array.shape)}")
        side = self.sides.chosen if other is not None else THIS
        self.sides.show_side(side)
        there = other.maps.get(id) if other is not None else None
        usable = there is not None and there.ndim in (1, 3) and there.size > 0
        self._pair = Pair(array, there) if there is not None and usable else None
        shown = self.panes.show_side(side, self._lacking(id) if self._pair is None else "")
        for view, part in zip(self.panes.seen, shown, strict=True):
            self._show(view, id, array, part)
        self._outline(array.shape)
        self.panes.write()

    def _show(self, view: MosaicView, id: str, this: Array, side: str) -> None:
        pair = self._pair
        if side != THIS and pair is None:
            view.set_empty(self._lacking(id))
            return
        array = this if pair is None else pair.of(side)
        if pair is None or array is None:
            if array is None and pair is not None:
                text = _("{id} is {this} here and {other} in the other run: there is no difference to show.")
                here, there = shape(pair.this.shape), shape(pair.other.shape)
                view.set_empty(text.format(id=id, this=here, other=there))
                return
            array = this
        beside = None if pair is None or side == DIFFERENCE else pair.of(OTHER if side == THIS else THIS)
        self._show_array(view, id, array, beside, side)

    def _lacking(self, id: str) -> str:
        text, first = _("The other run's network has no {id}.").format(id=id), self._session.rows.input
        others = (other for other in self._session.rows if first is None or other != first.id)
        return lacking(self._session, text, others)  # every network has an input

    def _show_array(self, view: MosaicView, id: str, array: Array, beside: Array | None, side: str) -> None:
        bars = array.ndim == 1 and len(array) <= MANY
        self.scaling.offer(not bars)
        if bars:
            names = class_names(self._session, id) if len(array) < MANY else ()
            percent = isinstance(self._session.rows[id].node.layer, Softmax) and side != DIFFERENCE
            view.show_bars(array, names if len(names) == len(array) else (), percent, beside)
            return
        planes = array if array.ndim == 3 else array[:, None, None]
        has_sign = side == DIFFERENCE or signed(self._session.rows, id) or bool(planes.min() < 0)
        has_sign = has_sign or (beside is not None and bool(beside.min() < 0))
        near = None if beside is None or beside.ndim == 3 else beside[:, None, None]
        view.show_array(planes, has_sign, key=(id, side == DIFFERENCE), beside=beside if near is None else near)
        if view is self.view:
            self.scaling.meet(has_sign)

    def _compared(self, channel: int, y: int = 0, x: int = 0) -> str:
        return self._pair.told(channel, y, x) if self._pair is not None else ""

    def _outline(self, shape: tuple[int, ...]) -> None:
        """Outline the unit where it is another one: it scrolls into sight, which a live picture must not do."""
        unit = self._session.look.unit
        shown = unit, shape, len(self.panes.seen), self.sides.chosen
        if self._shown != shown:
            self._shown = shown
            for view in self.panes.seen:
                if unit is None:
                    view.select(-1)
                else:
                    view.select(unit.channel, unit.y, unit.x)

    def _words(self, y: int, x: int) -> str:
        frame, id = self._session.look.frame, self._session.look.selected
        words = frame.picture.words if frame else None
        box = window(self._session.rows, Unit(id, 0, y, x)) if words else None
        return words_in(words.tokens, box[0], box[2]) if words and box else ""

    @Slot(int, int, int)
    def _pick(self, channel: int, y: int, x: int) -> None:
        self._session.look.pick(channel, y, x)

    @Slot()
    def _remember(self) -> None:
        """A range that a person fixes starts from the one that is seen."""
        shown = self.view.tiles.shown
        if isinstance(shown, Range):
            self.scaling.start_from(shown)

    @Slot()
    def _rescale(self) -> None:
        self.panes.set_scaling(self.scaling.chosen)


def words_in(tokens: tuple[str, ...], first: int, count: int) -> str:
    """`“not good at all”`: the words of a window, with a dot for each place that is padding."""
    places = range(first, first + min(count, MOST_WORDS))
    said = " ".join(tokens[i] if 0 <= i < len(tokens) else "·" for i in places)
    return f"“{said}{' …' if count > MOST_WORDS else ''}”"


def size_text(shape: tuple[int, ...]) -> str:
    """`16 maps of 10×10`, `1 map of 32×32`, `84 values`."""
    if len(shape) == 1:
        return _("1 value") if shape[0] == 1 else _("{n} values").format(n=f"{shape[0]:,}")
    size = "×".join(map(str, shape[1:]))
    if shape[0] == 1:
        return _("1 map of {size}").format(size=size)
    return _("{n} maps of {size}").format(n=f"{shape[0]:,}", size=size)
