"""All channels of the selected layer, live."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from ...link.messages import Array, Frame, Unit
from ...net.layers import Softmax
from ...text import _
from ..paint.colour import Range
from ..paint.number import number
from ..paint.tiles import Tiles
from ..paint.view import MosaicView
from ..session import Session
from ..signed import signed
from .meaning import class_names, gone, problem_text, window
from .panel import Panel, Veil
from .scaling import Scaling

MANY = 256
"""A vector of more values is shown as coloured cells: nobody reads so many bars."""


MOST_WORDS = 9
"""Of a window of more words these are told: the rest is one line too many."""


class Cells(Tiles):
    """Feature maps; where a channel is a single value it has no position to tell. Of a sentence it tells the words."""

    say: Callable[[int, int], str] = staticmethod(lambda _y, _x: "")
    """The words that the unit at (y, x) sees; empty where it is no sentence."""

    def text(self, channel: int, y: int, x: int) -> str:
        layout = self.layout_shown
        if layout is not None and layout.height == layout.width == 1:
            return f"{_('value {}').format(channel)} · {number(self.value((channel, y, x)))}"
        words = self.say(y, x)
        return f"{super().text(channel, y, x)} · {words}" if words else super().text(channel, y, x)


class Maps(Panel):
    """Feature maps as a mosaic, vectors as bars, classes by name. A click selects a unit for all panels."""

    whole = False

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        cells = Cells()
        cells.say = self._words
        self.view = MosaicView(tiles=cells)
        self.scaling = Scaling()
        self._header.addWidget(self.scaling)
        self._column.addWidget(self.scaling.ends)
        self._column.addWidget(self.view, 1)
        self.veil = Veil(self.view, self.title)
        self._shown: object = None
        self.view.set_empty("")
        self.view.picked.connect(self._pick)
        self.view.tiles.rescaled.connect(self._remember)
        self.scaling.changed.connect(self._rescale)

    def wants(self) -> tuple[str, tuple[str, ...]]:
        id = self._session.look.selected
        return "maps", (id,) if id else ()

    def refresh(self, frame: Frame | None) -> None:
        id = self._session.look.selected
        row = self._session.rows.get(id)
        array = frame.maps.get(id) if frame else None
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
            self._show(id, array)
            self.veil.set_stale(self._session.look.stale)

    def show_nothing(self, text: str) -> None:
        self.come()
        self._shown = None
        self.title.say(self._session.look.selected)
        self.scaling.offer(False)
        self.veil.set_stale(False)
        self.view.set_empty(text)

    def _show(self, id: str, array: Array) -> None:
        bars = array.ndim == 1 and len(array) <= MANY
        self.title.say(f"{id} · {size_text(array.shape)}")
        self.scaling.offer(not bars)
        if bars:
            names = class_names(self._session, id) if len(array) < MANY else ()
            percent = isinstance(self._session.rows[id].node.layer, Softmax)
            self.view.show_bars(array, names if len(names) == len(array) else (), percent)
        else:
            planes = array if array.ndim == 3 else array[:, None, None]
            has_sign = signed(self._session.rows, id) or bool(planes.min() < 0)
            self.view.show_array(planes, has_sign, key=id)
            self.scaling.meet(has_sign)
        self._outline(array.shape)

    def _outline(self, shape: tuple[int, ...]) -> None:
        """Outline the unit where it is another one: it scrolls into sight, which a live picture must not do."""
        unit = self._session.look.unit
        if self._shown != (unit, shape):
            self._shown = unit, shape
            if unit is None:
                self.view.select(-1)
            else:
                self.view.select(unit.channel, unit.y, unit.x)

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
        self.view.set_scaling(self.scaling.chosen)


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
