"""Pictures side by side, as many as there are: only those in view are asked for and painted."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from ...text import _
from ..paint import theme

EDGE = 48
"""Pixels that a picture's larger side takes at least, if whole multiples of it allow; larger ones are scaled down."""
LARGEST, ABREAST = 144, 8
"""Where there is room pictures grow up to so many pixels, with about so many in a row."""
GAP = theme.GRID
KEPT = 4096
"""Pictures that are kept; when there are more, those out of view go."""
MARK = 9
"""Pixels of the corner that marks a picture which is classified wrongly."""


class Grid(QAbstractScrollArea):
    """Shows pictures by their numbers.

    `needed`: these are in view and not there yet. `picked`: a person chose this one, by click or key. `pointed`: the
    pointer is over this one (−1: over none).
    """

    needed = Signal(object)  # tuple of numbers
    picked = Signal(int)
    pointed = Signal(int)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.indices: np.ndarray = np.zeros(0, np.int64)
        self.wrong: frozenset[int] = frozenset()
        self.current = -1  # number of the picture that everything is shown on, where it is one of these
        self._pictures: dict[int, QImage] = {}
        self._size = (EDGE, EDGE)  # width, height of a tile
        self._kind = (0, 0)  # height, width of the pictures; 0: none has come yet
        self._over = -1
        self.setFrameShape(self.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName(_("Pictures of the data set"))
        self.verticalScrollBar().valueChanged.connect(self._need)

    # ── what is shown ───────────────────────────────────────────────────────────────────────────────────────────────
    def show_numbers(self, indices: np.ndarray, wrong: Iterable[int] = ()) -> None:
        """Show these pictures in this order; those `wrong` are marked."""
        same = np.array_equal(indices, self.indices)
        self.indices, self.wrong = indices, frozenset(wrong)
        self._fit()
        if not same:
            self.verticalScrollBar().setValue(0)
        self._need()
        self.viewport().update()

    def forget(self) -> None:
        """The pictures are others by now."""
        self._pictures.clear()
        self._need()
        self.viewport().update()

    def take(self, indices: Iterable[int], pictures: np.ndarray) -> None:
        """Pictures that were needed: (k, height, width, 3) uint8."""
        for i, x in zip(indices, pictures, strict=True):
            rows = np.ascontiguousarray(x)
            height, width = rows.shape[:2]
            self._pictures[i] = QImage(rows.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        if len(pictures):
            self._measure(pictures.shape[1], pictures.shape[2])
        if len(self._pictures) > KEPT:
            seen = {int(i) for i in self._seen()}
            self._pictures = {i: p for i, p in self._pictures.items() if i in seen}
        self._need()
        self.viewport().update()

    def show_current(self, index: int, bring: bool = False) -> None:
        """Everything is shown on this picture now; `bring`: scroll to it."""
        self.current = index
        where = np.flatnonzero(self.indices == index)
        if bring and len(where):
            self._bring(int(where[0]))
        self.viewport().update()

    def has(self, index: int) -> bool:
        """Whether this picture is there."""
        return index in self._pictures

    def _measure(self, height: int, width: int) -> None:
        self._kind = (height, width)
        larger, edge = max(height, width), min(max(EDGE, self.width() // ABREAST), LARGEST)
        by = max(1, edge // larger) if larger <= edge else edge / larger
        size = (max(1, round(width * by)), max(1, round(height * by)))
        if size != self._size:
            self._size = size
            self._fit()

    # ── where ───────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def columns(self) -> int:
        """Pictures in a row, always with room for the bar beside them: else it would come and go."""
        room = self.width() - self.verticalScrollBar().sizeHint().width()
        return max(1, (room - GAP) // (self._size[0] + GAP))

    def _rows(self) -> int:
        return -(-len(self.indices) // self.columns)

    def _fit(self) -> None:
        tall = self._rows() * (self._size[1] + GAP) + GAP
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, tall - self.viewport().height()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(self._size[1] + GAP)

    def _seen(self) -> np.ndarray:
        """Numbers of the pictures in view."""
        step, top = self._size[1] + GAP, self.verticalScrollBar().value()
        first, last = top // step, (top + self.viewport().height()) // step + 1
        return self.indices[first * self.columns : last * self.columns]

    def _need(self) -> None:
        missing = tuple(int(i) for i in self._seen() if int(i) not in self._pictures)
        if missing and self.isVisible():
            self.needed.emit(missing)

    def place(self, at: int) -> QRect:
        """Where the picture stands that is number `at` of those shown, in the viewport."""
        row, column = divmod(at, self.columns)
        wide, tall = self._size
        y = GAP + row * (tall + GAP) - self.verticalScrollBar().value()
        return QRect(GAP + column * (wide + GAP), y, wide, tall)

    def _at(self, at: QPointF) -> int:
        """Which of those shown is there; −1: none."""
        wide, tall = self._size
        column = int(at.x() - GAP / 2) // (wide + GAP)
        row = int(at.y() - GAP / 2 + self.verticalScrollBar().value()) // (tall + GAP)
        found = row * self.columns + column
        return found if 0 <= column < self.columns and row >= 0 and found < len(self.indices) else -1

    def _bring(self, at: int) -> None:
        step, bar = self._size[1] + GAP, self.verticalScrollBar()
        top = at // self.columns * step
        bar.setValue(min(max(bar.value(), top + step + GAP - self.viewport().height()), top))

    # ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def sizeHint(self) -> QSize:
        return QSize(4 * (EDGE + GAP) + GAP, 3 * (EDGE + GAP) + GAP)

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * (EDGE + GAP), EDGE + 2 * GAP)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._kind[0]:
            self._measure(*self._kind)
        self._fit()
        self._need()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and at >= 0:
            self.picked.emit(int(self.indices[at]))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._at(event.position()))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point(-1)
        return super().viewportEvent(event)

    def _point(self, at: int) -> None:
        index = int(self.indices[at]) if at >= 0 else -1
        if index != self._over:
            self._over = index
            self.pointed.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        where = np.flatnonzero(self.indices == self.current)
        here, n = (int(where[0]) if len(where) else -1), len(self.indices)
        page = self.columns * max(1, self.viewport().height() // (self._size[1] + GAP))
        steps = {
            Qt.Key.Key_Left: here - 1,
            Qt.Key.Key_Right: here + 1,
            Qt.Key.Key_Up: here - self.columns,
            Qt.Key.Key_Down: here + self.columns,
            Qt.Key.Key_PageUp: max(0, here - page),
            Qt.Key.Key_PageDown: min(n - 1, here + page),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: n - 1,
        }
        key = Qt.Key(event.key())
        if key not in steps or not n:
            super().keyPressEvent(event)
            return
        to = steps[key] if here >= 0 else 0
        if 0 <= to < n:
            self._bring(to)
            self.picked.emit(int(self.indices[to]))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), look.colour("panel"))
        step = self._size[1] + GAP
        first = self.verticalScrollBar().value() // step * self.columns
        for at in range(first, min(len(self.indices), first + len(self._seen()))):
            index, place = int(self.indices[at]), self.place(at)
            picture = self._pictures.get(index)
            if picture is None:
                painter.fillRect(place, look.colour("well"))
            else:
                painter.drawImage(place, picture)
            if index in self.wrong:
                self._mark(painter, place)
            if index == self.current:
                painter.setPen(Qt.PenStyle.NoPen)
                for side in _outline(place):
                    painter.fillRect(side, look.colour("accent"))
        painter.end()

    def _mark(self, painter: QPainter, place: QRect) -> None:
        """A corner cut off: seen without its colour, too."""
        right, top = place.right() + 1, place.top()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for size, role in ((MARK + 2, "panel"), (MARK, "problem")):
            painter.setBrush(theme.current().colour(role))
            corner = [QPointF(right - size, top), QPointF(right, top), QPointF(right, top + size)]
            painter.drawPolygon(QPolygonF(corner))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _outline(place: QRect) -> tuple[QRect, ...]:
    """Four sides, 2 pixels each, around a picture."""
    out = place.adjusted(-2, -2, 2, 2)
    wide, tall = out.width(), out.height()
    return (
        QRect(out.left(), out.top(), wide, 2),
        QRect(out.left(), out.bottom() - 1, wide, 2),
        QRect(out.left(), out.top(), 2, tall),
        QRect(out.right() - 1, out.top(), 2, tall),
    )
