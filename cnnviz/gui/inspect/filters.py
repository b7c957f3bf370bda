"""The weights of the selected layer, live."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QWidget

from ...link.messages import Array, Frame
from ...net.analysis import Row
from ...net.layers import Embedding, Layer, Linear, Shape
from ...text import _
from ..paint.counts import shape
from ..paint.number import number
from ..paint.view import MosaicView
from ..session import Session
from ..session.beside import DIFFERENCE, OTHER, THIS
from .grids import ColourTiles, WeightTiles
from .meaning import gone, problem_text
from .panel import Panel, Veil
from .panes import Panes
from .sides import Pair, Sides, lacking
from .weights import (
    Kernels,
    factors,
    folded,
    kernels,
    matrix_shape,
    planes,
    sees_colours,
    unflattened,
    weighted,
    weighted_ids,
)

COLOUR, SIGNED = "colour", "signed"
BLOCKS, MATRIX, UNIT = "blocks", "matrix", "unit"
NOTHING: Array = np.zeros(0, np.float32)
LONG = 1024, 8
"""A matrix whose rows have more weights than this, and so many times more than there are rows, is a line on any
screen: its rows are folded into blocks."""
NAMED = 4
"""So many layers with weights are named where the selected one has none."""


class Filters(Panel):
    """Kernels of a convolution, the matrix of a Linear layer, the factors of a batch normalisation.

    What belongs to the selected channel is outlined; a click on a weight selects its output channel.
    """

    whole = False

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._views: list[MosaicView] = []
        self._colours: list[Kernels | None] = []  # what each view mixes colours from
        self.panes = Panes(self._make_view)
        self.view = self.panes.first
        self.sides = Sides(session)
        self._weights = Pair(NOTHING, NOTHING)
        self._parts: tuple[str, ...] = (THIS,)
        self._pair: Pair | None = None  # the weights of both runs as they are laid out
        self._excuse = ""  # why there is nothing of the other run to show
        self.way = QComboBox()
        self.way.setAccessibleName(_("How weights are shown"))
        self.way.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.way.hide()
        self._ways: tuple[str, ...] = ()
        self._chosen: set[str] = set()  # what a person left each choice at; the first one before that
        self._kernels: Kernels | None = None
        self._map: Shape | None = None  # of the inputs, where one unit of a Linear layer is shown as maps
        self._block: tuple[int, int] | None = None  # inputs of a Linear layer, and how many stand in a row of a block
        self._marked: object = None
        self._header.addWidget(self.way)
        self._column.addWidget(self.sides)
        self._column.addWidget(self.panes, 1)
        self.veil = Veil(self.panes, self.title)
        self.view.set_empty("")
        session.beside_changed.connect(self._renew)
        self.way.activated.connect(self._choose)

    def _make_view(self) -> MosaicView:
        tiles, colours = WeightTiles(self._word), ColourTiles(partial(self._mixed, len(self._views)))
        view = MosaicView(tiles=tiles, photo=colours)
        tiles.compare = self._compared
        view.bars.say = self._compared
        view.picked.connect(self._pick)
        self._views.append(view)
        self._colours.append(None)
        return view

    @property
    def tiles(self) -> WeightTiles:
        """Those of the first view."""
        return _parts(self.view)[0]

    @property
    def colours(self) -> ColourTiles:
        """Those of the first view."""
        return _parts(self.view)[1]

    def wants(self) -> tuple[str, tuple[str, ...]]:
        id = self._session.look.selected
        row = self._session.rows.get(id)
        return "filters", (id,) if row and weighted(row) else ()

    # ── what is shown ───────────────────────────────────────────────────────────────────────────────────────────────
    def refresh(self, frame: Frame | None) -> None:
        id = self._session.look.selected
        row = self._session.rows.get(id)
        weight = frame.filters.get(id) if frame else None
        self.sides.follow()
        if row is None:
            self.show_nothing(_("Select a layer"))
        elif row.problem:
            self.show_nothing(problem_text(self._session.rows, id))
        elif not weighted(row):
            self.show_nothing(self._weightless(row))
        elif frame is None or weight is None or not weight.size or not self._show_sides(frame, row, weight):
            if gone(self._session, frame, id):
                self.show_nothing(_("{id} is not in the network that is training").format(id=id))
            else:
                self.wait()
        else:
            self.come()
            self.veil.set_stale(self._session.look.stale)

    def show_nothing(self, text: str) -> None:
        self.come()
        self._marked = None
        self.title.say(self._session.look.selected)
        self._offer(())
        self.veil.set_stale(False)
        self._pair = None
        self.panes.show_one()
        self.view.set_empty(text)

    def _weightless(self, row: Row) -> str:
        text = _("{layer} has no weights.").format(layer=row.node.type)
        others = list(weighted_ids(self._session.rows))
        if not others:
            return text
        names = ", ".join(others[:NAMED]) + (", …" if len(others) > NAMED else "")
        return f"{text} {_('Select one of these: {names}').format(names=names)}"

    # ── two runs ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _show_sides(self, frame: Frame, row: Row, weight: Array) -> bool:
        """Show this run's weights, or what is chosen of them and the other run's."""
        beside = bool(self._session.beside.folder)
        other = frame.other if beside and frame.past else None
        if beside:
            self.sides.say(frame)
        there = other.filters.get(row.id) if other is not None else None
        side = self.sides.chosen if other is not None else THIS
        self.sides.show_side(side)
        self._weights = Pair(weight, NOTHING if there is None else there)
        self._excuse = ""
        if there is None or not there.size:
            text = _("The other run's network has no weights of {id}.").format(id=row.id)
            self._excuse = lacking(self._session, text, weighted_ids(self._session.rows))
        elif there.shape != weight.shape:
            text = _("{id} has {this} weights here and {other} in the other run: there is no difference to show.")
            self._excuse = text.format(id=row.id, this=shape(weight.shape), other=shape(there.shape))
        self._parts = self.panes.show_side(side, self._excuse)
        shown = self._show(row, weight)
        self.panes.write()
        return shown

    def _fill(self, lay: Callable[[Array], Array], key: object, across: int = 1, free: bool = True) -> None:
        """Show the weights as `lay` gives them: planes (tiles, height, width), or a vector as bars."""
        this = lay(self._weights.this)
        self._pair = None if self._excuse else Pair(this, lay(self._weights.other))
        for view, side in zip(self.panes.seen, self._parts, strict=True):
            array = this if self._pair is None else self._pair.of(side)
            if array is None or (side != THIS and self._pair is None):
                view.set_empty(self._excuse)
                continue
            near = self._pair.of(OTHER if side == THIS else THIS) if self._pair and side != DIFFERENCE else None
            if array.ndim == 1:
                view.show_bars(array, beside=near)
            else:
                _parts(view)[0].set_rows(across, free, tight=len(self._parts) > 1)
                view.show_array(array, signed=True, key=(key, side == DIFFERENCE), beside=near)

    def _mix(self, row: Row) -> None:
        """Show kernels in colour; their difference is grey where both are equal."""
        self._pair = None
        for view, side in zip(self.panes.seen, self._parts, strict=True):
            weight = self._weights.of(side)
            found = kernels(row, weight) if weight is not None and (side == THIS or not self._excuse) else None
            self._colours[self._views.index(view)] = found
            if found is None:
                view.set_empty(self._excuse)
            else:
                view.show_rgb(_parts(view)[1].compose(found.colours))

    def _compared(self, tile: int, y: int = 0, x: int = 0) -> str:
        return self._pair.told(tile, y, x) if self._pair is not None else ""

    # ── one layer ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _show(self, row: Row, weight: Array) -> bool:
        """Whether the weight is this layer's, and shown; one of an older graph may have another shape."""
        if kernels(row, weight) is not None:
            return self._show_kernels(row, weight)
        maps, line = planes(row, weight), factors(weight)
        if maps is None and matrix_shape(row) is not None:
            return self._show_linear(row, weight)
        self._offer(())
        self._kernels, self._map, self._block = None, None, None
        if maps is not None:
            self._map = maps.shape
            self.title.say(f"{row.id} · {_('{size} weights').format(size=shape(weight.shape))}")
            self._fill(lambda w: _planes(row, w), row.id)
        elif line is not None:
            self.title.say(f"{row.id} · {_('{n} factors').format(n=f'{len(line):,}')}")
            self._fill(_line, row.id)
        else:
            return False
        self._mark(weight.shape)
        return True

    def _show_kernels(self, row: Row, weight: Array) -> bool:
        found = kernels(row, weight)
        if found is None:
            return False
        self._kernels, self._map, self._block = found, None, None
        o, i, h, w = found.shape
        text = _("{n} kernels of {size}").format(n=f"{o}×{i}", size=f"{h}×{w}")
        self.title.say(f"{row.id} · {text}", _("One row for each output channel, one column for each input channel"))
        self._offer((COLOUR, SIGNED) if sees_colours(self._session.rows, row.id) else ())
        if self._way() == COLOUR:
            self._mix(row)
        else:
            self._fill(lambda w: _tiles(row, w), row.id, i, free=i == 1)
        self._mark(found.shape)
        return True

    def _show_linear(self, row: Row, weight: Array) -> bool:
        if weight.shape != matrix_shape(row):
            return False
        unit = self._session.look.unit
        maps = unflattened(self._session.rows, row.id)
        long = weight.shape[1] > max(LONG[0], LONG[1] * weight.shape[0])
        ways = ((BLOCKS,) if long else ()) + (MATRIX,) + ((UNIT,) if maps else ())
        self._offer(ways if len(ways) > 1 else ())
        self._kernels, self._map, self._block = None, maps if self._way() == UNIT else None, None
        if self._map and unit:
            c, h, w_ = self._map
            text = _("output {out} · {n} maps of {size}").format(out=unit.channel, n=c, size=f"{h}×{w_}")
            self.title.say(f"{row.id} · {text}")
            self._fill(lambda w: w[unit.channel].reshape(c, h, w_), (row.id, "unit"))
        elif self._way() == BLOCKS:
            blocks = folded(weight)
            self._block = weight.shape[1], blocks.shape[2]
            text = _("{size} as {block} blocks").format(size=shape(weight.shape), block=shape(blocks.shape[1:]))
            tip = _("The weights of one output, a row of the matrix, are written in lines as words on a page")
            self.title.say(f"{row.id} · {text}", tip)
            self._fill(folded, (row.id, "blocks"))
        else:
            text = _("{size} weights").format(size=shape(weight.shape))
            self.title.say(f"{row.id} · {text}", _("One row for each output, one column for each input"))
            self._fill(lambda w: w[None], row.id)
        self._mark((weight.shape, self._map))
        return True

    # ── ways to show it ─────────────────────────────────────────────────────────────────────────────────────────────
    def _offer(self, ways: tuple[str, ...]) -> None:
        if ways == self._ways:
            return
        self._ways = ways
        words = {
            BLOCKS: _("By output"),
            COLOUR: _("In colour"),
            SIGNED: _("By channel"),
            MATRIX: _("All weights"),
            UNIT: _("One as maps"),
        }
        self.way.clear()
        for way in ways:
            self.way.addItem(words[way], way)
        left_at = next((way for way in ways if way in self._chosen), "")
        self.way.setCurrentIndex(ways.index(left_at) if left_at else 0)
        self.way.setVisible(bool(ways))

    def _way(self) -> str:
        return str(self.way.currentData() or "")

    @Slot()
    def _choose(self) -> None:
        self._chosen = self._chosen - set(self._ways) | {self._way()}
        self._marked = None
        self.refresh(self._session.look.frame)

    # ── one selection ───────────────────────────────────────────────────────────────────────────────────────────────
    def _mark(self, shown: object) -> None:
        """Outline what belongs to the selected channel."""
        unit = self._session.look.unit
        channel = unit.channel if unit else -1
        now = channel, shown, self._way(), self._parts
        if self._marked == now:
            return
        self._marked = now
        for view in self.panes.seen:
            self._mark_in(view, channel)

    def _mark_in(self, view: MosaicView, channel: int) -> None:
        tiles, colours = _parts(view)
        matrix = self._map is None
        alone = self._block is not None and tiles.layout_shown is not None and tiles.layout_shown.n == 1
        tiles.mark(channel if matrix and not alone else -1)
        colours.mark(channel)
        chosen = tiles.selected
        if chosen and matrix and self._output(*chosen) != channel:
            tiles.select(-1, 0, 0)
        if view.bars.isVisible():
            view.select(channel)

    def _output(self, tile: int, y: int, x: int) -> int:
        if self._block:
            return tile
        return self._kernels.place(tile)[0] if self._kernels else y

    @Slot(int, int, int)
    def _pick(self, channel: int, y: int, x: int) -> None:
        unit = self._session.look.unit
        if unit is None or self._map is not None:
            return
        sender = self.sender()
        view = sender if isinstance(sender, MosaicView) else self.view
        if self._ways and self._way() == COLOUR:
            weight = _parts(view)[1].weight_at(y, x)
            output = weight[0] if weight else unit.channel
        elif view.bars.isVisible():
            output = channel
        else:
            output = self._output(channel, y, x)
        self._session.look.pick(output, unit.y, unit.x)

    # ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _word(self, tile: int, y: int, x: int) -> str:
        """What stands at a place of the mosaic."""
        if self._kernels:
            out, source = self._kernels.place(tile)
            if tile in self._kernels.absent:
                return _("output {out} does not read input {source}").format(out=out, source=source)
            return _("output {out} · input {source} · ({y}, {x})").format(out=out, source=source, y=y, x=x)
        layer = self._layer()
        if self._map and isinstance(layer, Embedding):
            return _("word {word} · number {number}").format(word=y, number=x)
        if self._map and not isinstance(layer, Linear):
            return _("channel {channel} · ({y}, {x})").format(channel=tile, y=y, x=x)
        if self._map:
            return _("input channel {source} · ({y}, {x})").format(source=tile, y=y, x=x)
        if self._block:
            inputs, across = self._block
            source = y * across + x
            return _("output {out} · input {source}").format(out=tile, source=source) if source < inputs else ""
        return _("output {out} · input {source}").format(out=y, source=x)

    def _layer(self) -> Layer | None:
        row = self._session.rows.get(self._session.look.selected)
        return row.node.layer if row else None

    def _mixed(self, which: int, out: int, y: int, x: int) -> str:
        found = self._colours[which]
        if found is None or not np.all(np.array((out, y, x)) < np.array(found.array.shape)[[0, 2, 3]]):
            return ""
        red, green, blue = (number(float(v)) for v in found.array[out, :, y, x])
        place = _("output {out} · ({y}, {x})").format(out=out, y=y, x=x)
        return f"{place} · {_('red {r}  green {g}  blue {b}').format(r=red, g=green, b=blue)}"


def _parts(view: MosaicView) -> tuple[WeightTiles, ColourTiles]:
    tiles, colours = view.tiles, view.photo
    assert isinstance(tiles, WeightTiles) and isinstance(colours, ColourTiles)
    return tiles, colours


def _tiles(row: Row, weight: Array) -> Array:
    found = kernels(row, weight)
    assert found is not None
    return found.tiles


def _planes(row: Row, weight: Array) -> Array:
    found = planes(row, weight)
    assert found is not None
    return found


def _line(weight: Array) -> Array:
    found = factors(weight)
    assert found is not None
    return found
