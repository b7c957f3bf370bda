"""One view, or three of the same shape below each other that scroll and zoom together."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QScrollBar, QVBoxLayout, QWidget

from ...text import _
from ..paint import theme
from ..paint.colour import Range
from ..paint.still import Still
from ..paint.view import MosaicView
from ..session.beside import ALL, DIFFERENCE, OTHER, THIS
from .caption import Caption

NAMES, CAPTION = 3, 20
LEAST = 44
"""Pixels of a view's height, so that three of them do not make the window taller."""


class Panes(QWidget):
    """`first` is always there; the two others are made when they are first needed. `make` gives a view."""

    def __init__(self, make: Callable[[], MosaicView], parent: QWidget | None = None):
        super().__init__(parent)
        self._make = make
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._views: list[MosaicView] = []
        self._labels: list[QLabel] = []
        self._scaling: str | Range | None = None
        self._together = False
        self._caption = QLabel()  # one for all, so that the views are of one height
        self._caption.setFont(theme.tabular(theme.caption()))
        self._caption.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._caption.setContentsMargins(2 * theme.GRID, 0, 2 * theme.GRID, 0)
        self._caption.setFixedHeight(CAPTION)
        self._line = Still(self._caption)
        self._line.hide()
        self._column.addWidget(self._line)
        self._note = Caption(1)  # why this run's view stands alone
        self._note.hide()
        self._column.insertWidget(0, self._note)
        self.first = self._add(_("This run"))
        self.seen: tuple[MosaicView, ...] = (self.first,)
        self.setFocusProxy(self.first)

    def _add(self, name: str) -> MosaicView:
        view, label = self._make(), QLabel(name)
        label.setFont(theme.caption())
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        label.setContentsMargins(2 * theme.GRID, 0, 2 * theme.GRID, 0)
        label.hide()
        self._views.append(view)
        self._labels.append(label)
        self._column.insertWidget(self._column.count() - 1, label)
        self._column.insertWidget(self._column.count() - 1, view, 1)
        view.hovered.connect(self.write)
        view.left.connect(self.write)
        view.tiles.verticalScrollBar().valueChanged.connect(self._scroll_down)
        view.bars.verticalScrollBar().valueChanged.connect(self._scroll_bars)
        view.tiles.horizontalScrollBar().valueChanged.connect(self._scroll_across)
        view.tiles.zoomed.connect(self._zoom)
        if self._scaling is not None:
            self.set_scaling(self._scaling)
        return view

    @Slot()
    def write(self) -> None:
        """Tell the unit under the pointer in whichever view it is, else the selected one."""
        text = next((v.caption for v in self.seen if v.tiles.hover or v.bars.hover is not None), self.first.caption)
        if self._caption.text() != text:
            self._caption.setText(text)

    @property
    def caption(self) -> str:
        """The line below the views."""
        return self._caption.text() if len(self.seen) > 1 else self.first.caption

    @property
    def note(self) -> str:
        """Why this run's view stands alone; empty where it does not."""
        return self._note.text() if not self._note.isHidden() else ""

    def show_side(self, side: str, excuse: str = "") -> tuple[str, ...]:
        """Make room for a side; gives what the views show, from the top.

        All three are this run alone, in full height, where `excuse` says why there is nothing to put below it.
        """
        if side == ALL and not excuse:
            self.show_three()
            return THIS, OTHER, DIFFERENCE
        self.show_one(excuse if side == ALL else "")
        return (THIS if side == ALL else side,)

    def show_one(self, note: str = "") -> tuple[MosaicView, ...]:
        """The first one alone, below a `note` on why; gives what is seen."""
        self._tell(note)
        if len(self.seen) != 1:
            self._see((self.first,))
        return self.seen

    def show_three(self) -> tuple[MosaicView, ...]:
        """All three; gives them from the top."""
        self._tell("")
        while len(self._views) < NAMES:
            self._add((_("This run"), _("Other run"), _("Difference"))[len(self._views)])
        if len(self.seen) != NAMES:
            self._see(tuple(self._views))
        return self.seen

    def _tell(self, note: str) -> None:
        self._note.say(note)
        self._note.setVisible(bool(note))

    def _see(self, views: tuple[MosaicView, ...]) -> None:
        self.seen = views
        three = len(views) > 1
        if three:
            self._squeeze(LEAST)  # before they are shown: the window would grow for a moment, and stay so
        self._line.setVisible(three)
        for view, label in zip(self._views, self._labels, strict=True):
            view.setVisible(view in views)
            label.setVisible(three)
        if not three:
            self._squeeze(0)

    def _squeeze(self, least: int) -> None:
        for view in self._views:
            view.setMinimumHeight(least)
            view.set_captioned(not least)

    def set_scaling(self, scaling: str | Range) -> None:
        """What the colours stand for, in all of them; of the difference zero stays in the middle."""
        self._scaling = scaling
        for i, view in enumerate(self._views):
            view.set_scaling(_middled(scaling) if i == NAMES - 1 else scaling)

    @Slot(int)
    def _scroll_down(self, value: int) -> None:
        self._scroll([view.tiles.verticalScrollBar() for view in self.seen], value)

    @Slot(int)
    def _scroll_across(self, value: int) -> None:
        self._scroll([view.tiles.horizontalScrollBar() for view in self.seen], value)

    @Slot(int)
    def _scroll_bars(self, value: int) -> None:
        self._scroll([view.bars.verticalScrollBar() for view in self.seen], value)

    def _scroll(self, bars: list[QScrollBar], value: int) -> None:
        if not self._together:
            self._together = True  # one that cannot go as far must not hold the others back
            for bar in bars:
                bar.setValue(value)
            self._together = False

    @Slot(object)
    def _zoom(self, scale: int | None) -> None:
        if not self._together:
            self._together = True
            for view in self.seen:
                if view.tiles is not self.sender():
                    view.tiles.zoom_to(scale)
            self._together = False


def _middled(scaling: str | Range) -> str | Range:
    if isinstance(scaling, str):
        return scaling
    most = max(abs(scaling.low), abs(scaling.high))
    return Range(-most, most)
