"""A vector as horizontal bars: names at the left, numbers at the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from ...text import _
from . import theme
from .colour import LEVELS, NAN_COLOUR, SIGNED
from .number import number, percent
from .surface import Surface, outline

ROW = 20
LEAST = 13
"""Rows become as low as this where all of them fit then."""
SIDE, HEAD = 8, 4
"""Pixels at the left and the right, and above and below the rows."""
NEGATIVE, POSITIVE = (QColor(*SIGNED.table[i].tolist()) for i in (LEVELS // 4, LEVELS * 3 // 4))
Values = np.ndarray | Sequence[float]
BY_KEY = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class Bars(Surface):
    """One bar a value; scrolls where there are many. A click or the arrow keys pick one."""

    hovered = Signal(int, float)
    """Index and value under the pointer."""
    left = Signal()
    picked = Signal(int)
    say: Callable[[int], str] = staticmethod(lambda _index: "")
    """What a bar stands for in words, in place of its figure; empty: its figure."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Values"))
        self._values = self._beside = np.empty(0)
        self._labels: tuple[str, ...] = ()
        self._percent = False
        self._widths = (0, 0)
        self._limits = (0.0, 1.0)
        self._tall = ROW
        self._selected: int | None = None
        self._hover: int | None = None

    def show_bars(
        self, values: Values, labels: Sequence[str] = (), percent: bool = False, beside: Values | None = None
    ) -> None:
        """Show `values` (n,) with `labels`, or their indices where there are none.

        With `percent` values are shares of 1 and the track is the whole; otherwise the longest bar fills it.
        `beside` (n,): other values, on the same scale, as a mark on each bar.
        """
        self._values = np.array(values, np.float64).reshape(-1)
        self._labels, self._percent = tuple(labels), percent
        self._beside = np.empty(0) if beside is None else np.array(beside, np.float64).reshape(-1)
        if self._selected is not None and self._selected >= len(self._values):
            self._selected = None
        if self._hover is not None and self._hover >= len(self._values):
            self._hover = None
        names = QFontMetrics(theme.body())
        figures = QFontMetrics(theme.tabular(theme.caption()))
        widest = max((names.horizontalAdvance(self.label(i)) + 1 for i in range(len(self._values))), default=0)
        sample = "100.0 %" if percent else "−0.00123"  # a fixed width: bars do not move while numbers change
        self._widths = widest, figures.horizontalAdvance(sample)
        self._limits = self._ends()
        self._arrange()

    @property
    def selected(self) -> int | None:
        return self._selected

    @property
    def hover(self) -> int | None:
        """What is under the pointer."""
        return self._hover

    def select(self, index: int) -> None:
        """Outline a bar and scroll to it; one that is not there takes the outline away."""
        self._selected = index if 0 <= index < len(self._values) else None
        self.setAccessibleDescription("" if self._selected is None else self.text(index))
        if self._selected is not None:
            scroll, page = self.verticalScrollBar(), self.viewport().height()
            top = index * self._tall
            scroll.setValue(min(max(scroll.value(), top + self._tall + 2 * HEAD - page), top))
        self.viewport().update()

    def label(self, index: int) -> str:
        return self._labels[index] if index < len(self._labels) else str(index)

    def figure(self, index: int) -> str:
        """The number at the right of a bar."""
        return (percent if self._percent else number)(float(self._values[index]))

    def text(self, index: int) -> str:
        """`cat · 96.8 %`."""
        return f"{self.label(index)} · {self.say(index) or self.figure(index)}"

    def tip(self, at: QPointF) -> str:
        index = self.index_at(at)
        return "" if index is None else self.text(index)

    def index_at(self, point: QPointF) -> int | None:
        """The bar at a point of the viewport."""
        index = int((point.y() + self.verticalScrollBar().value() - HEAD) // self._tall)
        return index if 0 <= index < len(self._values) else None

    def bar(self, index: int) -> QRectF:
        """Where the bar itself is drawn, in the viewport; of no width for zero, the whole track for NaN and ±∞."""
        track = self._track(index)
        value = self._values[index]
        if not isfinite(value):
            return track
        low, high = self._limits
        zero = track.left() + track.width() * -low / (high - low)
        end = track.left() + track.width() * (value - low) / (high - low)
        end = min(max(end, track.left()), track.right())
        return QRectF(min(zero, end), track.top(), abs(end - zero), track.height())

    def _share(self, value: float) -> float:
        """Where a value lies on the track, 0 … 1."""
        low, high = self._limits
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def _ends(self) -> tuple[float, float]:
        if self._percent:
            return 0.0, 1.0
        both = np.concatenate([self._values, self._beside])
        finite = both[np.isfinite(both)]
        low, high = min(finite.min(initial=0.0), 0.0), max(finite.max(initial=0.0), 0.0)
        return (low, high) if high > low else (0.0, 1.0)

    def _row(self, index: int) -> QRect:
        top = HEAD + index * self._tall - self.verticalScrollBar().value()
        return QRect(SIDE, top, self.viewport().width() - 2 * SIDE, self._tall)

    def _track(self, index: int) -> QRectF:
        row, (names, figures) = self._row(index), self._names_and_figures()
        return QRectF(row.left() + names + 8, row.top() + 4, max(row.width() - names - figures - 16, 1), self._tall - 8)

    def _names_and_figures(self) -> tuple[int, int]:
        names, figures = self._widths
        return min(names, (self.viewport().width() - 2 * SIDE) * 2 // 5), figures

    def _arrange(self) -> None:
        scroll, page = self.verticalScrollBar(), self.viewport().height()
        share = (page - 2 * HEAD) // max(len(self._values), 1)
        self._tall = min(share, ROW) if share >= LEAST else ROW
        scroll.setRange(0, max(len(self._values) * self._tall + 2 * HEAD - page, 0))
        scroll.setPageStep(page)
        scroll.setSingleStep(self._tall)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme.current().colour("panel"))
        start = self.verticalScrollBar().value()
        first = max((start - HEAD) // self._tall, 0)
        last = min((start + self.viewport().height()) // self._tall + 1, len(self._values))
        for index in range(first, last):
            self._paint_row(painter, index)
        self.paint_ring(painter)

    def _paint_row(self, painter: QPainter, index: int) -> None:
        now, row, value = theme.current(), self._row(index), self._values[index]
        names, figures = self._names_and_figures()
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.body())
        painter.setPen(now.colour("text"))
        name = painter.fontMetrics().elidedText(self.label(index), Qt.TextElideMode.ElideRight, names)
        painter.drawText(QRect(row.left(), row.top(), names, self._tall), middle | Qt.AlignmentFlag.AlignLeft, name)
        painter.fillRect(self._track(index), now.colour("button"))
        if isfinite(value):
            painter.fillRect(self.bar(index), self._colour(value))
        else:
            painter.fillRect(self.bar(index), QColor(NAN_COLOUR))
            painter.fillRect(self.bar(index), QBrush(QColor(0, 0, 0, 160), Qt.BrushStyle.BDiagPattern))
        if index < len(self._beside) and isfinite(self._beside[index]):
            track = self._track(index)
            at = track.left() + (track.width() - 2) * self._share(self._beside[index])
            painter.fillRect(QRectF(round(at), track.top(), 2, track.height()), now.colour("text"))
        painter.setFont(theme.tabular(theme.caption()))
        painter.setPen(now.colour("caption"))
        box = QRect(row.right() + 1 - figures, row.top(), figures, self._tall)
        painter.drawText(box, middle | Qt.AlignmentFlag.AlignRight, self.figure(index))
        if index == self._selected:
            outline(painter, QRectF(row).adjusted(-2, 2, 2, -2))

    def _colour(self, value: float) -> QColor:
        """The maps' blue and red where signs occur; otherwise quiet."""
        if value < 0:
            return NEGATIVE
        return POSITIVE if self._ends()[0] < 0 else theme.current().family("Input")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.index_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index is not None:
            self._pick(index)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point(None)
        return super().viewportEvent(event)

    def _point(self, index: int | None) -> None:
        if index == self._hover:
            return
        self._hover = index
        if index is None:
            self.left.emit()
        else:
            self.hovered.emit(index, float(self._values[index]))

    def _pick(self, index: int) -> None:
        self.select(index)
        self.picked.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, last = Qt.Key(event.key()), len(self._values) - 1
        if last < 0:
            event.ignore()
        elif key in BY_KEY:
            here = -1 if self._selected is None else self._selected
            self._pick(min(max(here + BY_KEY[key], 0), last))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._pick(0 if key == Qt.Key.Key_Home else last)
        else:
            super().keyPressEvent(event)
