"""One view for everything a layer gives: feature maps, vectors, pictures, or the word that there is nothing yet."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from . import theme
from .bars import Bars, Values
from .colour import Range
from .colourbar import EVERY_MS, ColourBar
from .photo import Frame, Photo
from .still import Still
from .tiles import Tiles

SHARED = "shared"
PER_CHANNEL = "per channel"


class MosaicView(QWidget):
    """Shows arrays in place, with a colour bar at the right and the value under the pointer below.

    A unit is (channel, y, x); an entry of a vector is (index, 0, 0), a pixel of a picture (0, y, x). The signals are
    a person's doing; `select` only shows.
    """

    hovered = Signal(int, int, int, float)
    """Channel, y, x and value under the pointer; the value of a picture's pixel is NaN."""
    left = Signal()
    """The pointer is over no unit any more."""
    picked = Signal(int, int, int)
    """The unit that a person chose by click or key."""

    def __init__(self, parent: QWidget | None = None, tiles: Tiles | None = None, photo: Photo | None = None) -> None:
        """`tiles`, `photo`: of a kind that words or places its units in its own way."""
        super().__init__(parent)
        self.tiles, self.bars, self.photo = tiles or Tiles(), Bars(), photo or Photo()
        self._bar = ColourBar()
        self._empty = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(4 * theme.GRID, 0, 4 * theme.GRID, 0)
        self._empty.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self._maps = QWidget()
        row = QHBoxLayout(self._maps)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.tiles, 1)
        row.addWidget(self._bar)
        self._pages = QStackedWidget()
        for page in (self._empty, self._maps, self.bars, self.photo):
            self._pages.addWidget(page)
        self._caption = QLabel()
        self._caption.setFont(theme.tabular(theme.caption()))
        self._caption.setContentsMargins(8, 0, 8, 0)
        self._caption.setFixedHeight(20)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._pages, 1)
        self._line = Still(self._caption)  # never widens the view
        column.addWidget(self._line)
        self._soon = QTimer(self, singleShot=True, interval=EVERY_MS)  # of numbers that never rest
        self._soon.timeout.connect(self._write)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        for quiet in (self._empty, self._caption):
            quiet.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._connect()

    def _connect(self) -> None:
        self.tiles.hovered.connect(self._hover_unit)
        self.tiles.picked.connect(self.picked)
        self.tiles.rescaled.connect(self._show_scale)
        self.bars.hovered.connect(self._hover_bar)
        self.bars.picked.connect(self._pick_bar)
        self.photo.hovered.connect(self._hover_pixel)
        self.photo.picked.connect(self._pick_pixel)
        for page in (self.tiles, self.bars, self.photo):
            page.left.connect(self._leave)
            page.picked.connect(self._write)

    # What is shown -----------------------------------------------------------------------------------------------

    def show_array(
        self,
        array: np.ndarray,
        signed: bool,
        labels: Sequence[str] = (),
        key: object = None,
        beside: np.ndarray | None = None,
    ) -> None:
        """Show a feature map (channels, height, width), copied. See `Tiles.show_array`."""
        self.tiles.show_array(array, signed, labels, key, beside)
        self._turn(self._maps)

    def show_bars(
        self, values: Values, labels: Sequence[str] = (), percent: bool = False, beside: Values | None = None
    ) -> None:
        """Show a vector (n,) as bars; with `percent` its values are shares of 1. See `Bars.show_bars`."""
        self.bars.show_bars(values, labels, percent, beside)
        self._turn(self.bars)

    def show_rgb(self, pixels: np.ndarray) -> None:
        """Show a picture, uint8 (height, width, 3), copied."""
        self.photo.show_rgb(pixels)
        self._turn(self.photo)

    def set_frames(self, frames: Sequence[Frame]) -> None:
        """Frame these windows of the picture."""
        self.photo.set_frames(frames)

    def set_empty(self, text: str) -> None:
        """Show nothing but the next step a person can take."""
        self._empty.setText(text)
        self._turn(self._empty)

    def set_scaling(self, scaling: str | Range) -> None:
        """What the colours stand for: `SHARED` by all channels, `PER_CHANNEL`, or a fixed Range."""
        self.tiles.fix(scaling if isinstance(scaling, Range) else None)
        self.tiles.set_each(scaling == PER_CHANNEL)
        self._show_scale()

    def set_grey(self, grey: bool) -> None:
        """Show values without a sign in grey instead of viridis."""
        self.tiles.set_grey(grey)
        self._show_scale()

    def select(self, channel: int, y: int = 0, x: int = 0) -> None:
        """Outline a unit in whatever is shown; one that is not there (channel −1) takes the outline away."""
        page = self._pages.currentWidget()
        if page is self._maps:
            self.tiles.select(channel, y, x)
        elif page is self.bars:
            self.bars.select(channel)
        elif page is self.photo:
            self.photo.select(y if channel == 0 else -1, x)
        self._write()

    def set_captioned(self, captioned: bool) -> None:
        """Whether there is a line below."""
        self._line.setVisible(captioned)

    @property
    def caption(self) -> str:
        """The line below: the unit under the pointer, else the selected one."""
        return self._caption.text()

    def _turn(self, page: QWidget) -> None:
        if self._pages.currentWidget() is not page:
            self._pages.setCurrentWidget(page)
            self.setFocusProxy(self.tiles if page is self._maps else page)
            self._soon.stop()
        if not self._soon.isActive():
            self._write()
            self._soon.start()

    @Slot()
    def _write(self) -> None:
        page = self._pages.currentWidget()
        text = ""
        if page is self._maps:
            unit = self.tiles.hover or self.tiles.selected
            text = self.tiles.text(*unit) if unit else ""
        elif page is self.bars:
            index = self.bars.hover if self.bars.hover is not None else self.bars.selected
            text = "" if index is None else self.bars.text(index)
        elif page is self.photo:
            pixel = self.photo.hover or self.photo.selected
            text = self.photo.text(*pixel) if pixel else ""
        self._caption.setText(text)

    def _show_scale(self) -> None:
        shown = self.tiles.shown
        if shown is not None and not isinstance(shown, Range):
            shown = shown[self.tiles.selected[0]] if self.tiles.selected else None
        self._bar.show_scale(self.tiles.palette_shown, shown, self.tiles.marks)

    # What a person does ------------------------------------------------------------------------------------------

    def _hover_unit(self, channel: int, y: int, x: int, value: float) -> None:
        self._write()
        self.hovered.emit(channel, y, x, value)

    def _hover_bar(self, index: int, value: float) -> None:
        self._write()
        self.hovered.emit(index, 0, 0, value)

    def _hover_pixel(self, y: int, x: int) -> None:
        self._write()
        self.hovered.emit(0, y, x, nan)

    def _leave(self) -> None:
        self._write()
        self.left.emit()

    def _pick_bar(self, index: int) -> None:
        self.picked.emit(index, 0, 0)

    def _pick_pixel(self, y: int, x: int) -> None:
        self.picked.emit(0, y, x)
