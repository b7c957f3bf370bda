"""A sentence as the network gets it: a chip for every word, padding as dots, what a unit sees framed."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from ...link.messages import Array, Words
from ...text import _
from ..paint import theme
from ..paint.number import percent
from ..paint.surface import MARGIN, Surface

TALL, GAP, SIDE = 24, 6, 7
"""Height of a chip, pixels between chips, and between its edge and its word."""
DOT = 10
"""Width of a place that is padding."""
STRENGTH = 3
"""Height of the bar that says how much a word counts."""
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}


class Chips(Surface):
    """Words in reading order. A click asks for the unit that looks there, arrow keys for the next unit.

    Words that the vocabulary does not have are dashed and carry a question mark. Below each word a bar says how much
    it counts, the longest for the one that counts most.
    """

    asked = Signal(int, int)
    """y and x of the word that was clicked: its number, and 0."""
    stepped = Signal(int, int)
    hovered = Signal(int)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Words of the sentence"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._words = Words("", (), (), 0)
        self._length = 0
        self._seen: tuple[int, int] | None = None
        self._strength: Array | None = None
        self._places: list[QRectF] = []
        self._hover: int | None = None

    def show_words(self, words: Words, length: int) -> None:
        """Show these words, filled up to `length` places."""
        if (words, length) != (self._words, self._length):
            self._words, self._length = words, length
            self.setAccessibleDescription(words.text)
            self._arrange()

    def show_seen(self, seen: tuple[int, int] | None) -> None:
        """Frame so many places from this one on (first, count); may begin before the sentence and end behind it."""
        if seen != self._seen:
            self._seen = seen
            self.viewport().update()

    def show_strength(self, strength: Array | None) -> None:
        """How much each place counts, (length,), not negative; None: not known."""
        self._strength = strength if strength is not None and strength.shape == (self._length,) else None
        self.viewport().update()

    @property
    def seen(self) -> range:
        """The places that are framed."""
        first, count = self._seen or (0, 0)
        return range(max(first, 0), max(min(first + count, self._length), 0))

    def place(self, index: int) -> QRectF:
        """Where a place is in the viewport."""
        return self._places[index].translated(0, -self.verticalScrollBar().value())

    def index_at(self, point: QPointF) -> int | None:
        """The place at a point of the viewport."""
        around = GAP / 2
        boxes = (self.place(i).adjusted(-around, -around, around, around) for i in range(len(self._places)))
        return next((i for i, box in enumerate(boxes) if box.contains(point)), None)

    def share(self, index: int) -> float | None:
        """How much of the whole gradient is this place's."""
        if self._strength is None or not np.isfinite(self._strength).all():
            return None
        total = float(self._strength.sum())
        return float(self._strength[index]) / total if total > 0 else None

    def text(self, index: int) -> str:
        """`word 3 · dreadful · not in the vocabulary · 12.0 % of the gradient`."""
        parts = [_("word {n}").format(n=index)]
        if index < len(self._words.tokens):
            parts.append(self._words.tokens[index])
            if not self._words.known[index]:
                parts.append(_("not in the vocabulary: the net gets “unknown”"))
        else:
            parts.append(_("padding"))
        share = self.share(index)
        if share is not None:
            parts.append(_("{share} of the gradient").format(share=percent(share)))
        return " · ".join(parts)

    def tip(self, at: QPointF) -> str:
        index = self.index_at(at)
        return "" if index is None else self.text(index)

    # ── layout ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def _label(self, index: int) -> str:
        return self._words.tokens[index] + ("" if self._words.known[index] else " ?")

    def _arrange(self) -> None:
        metrics, room = QFontMetricsF(theme.body()), self.viewport().width() - 2 * MARGIN - 4
        left, top = 2.0 * MARGIN, 2.0 * MARGIN
        self._places = []
        for i in range(self._length):
            is_word = i < len(self._words.tokens)
            wide = min(metrics.horizontalAdvance(self._label(i)) + 2 * SIDE, room - MARGIN) if is_word else float(DOT)
            if left + wide > room and left > 2 * MARGIN:
                left, top = 2.0 * MARGIN, top + TALL + GAP
            self._places.append(QRectF(left, top, wide, TALL))
            left += wide + (GAP if is_word else 0)
        scroll, page = self.verticalScrollBar(), self.viewport().height()
        scroll.setRange(0, max(round(top) + TALL + 2 * MARGIN - page, 0))
        scroll.setPageStep(page)
        scroll.setSingleStep(TALL + GAP)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    # ── painting ────────────────────────────────────────────────────────────────────────────────────────────────────
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme.current().colour("panel"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.body())
        for i in range(len(self._places)):
            if i < len(self._words.tokens):
                self._paint_word(painter, i)
            else:
                self._paint_padding(painter, i)
        self._paint_seen(painter)
        self.paint_ring(painter)

    def _paint_word(self, painter: QPainter, index: int) -> None:
        now, box, known = theme.current(), self.place(index), self._words.known[index]
        painter.setPen(QPen(now.colour("line" if known else "problem"), 1, s=_line(known)))
        painter.setBrush(now.colour("button" if known else "panel"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(now.colour("text" if known else "problem_text"))
        inner = box.adjusted(SIDE, 0, -SIDE, -STRENGTH)
        words = painter.fontMetrics().elidedText(
            self._label(index), Qt.TextElideMode.ElideRight, int(inner.width()) + 1
        )
        painter.drawText(inner.adjusted(0, 0, 2, 0), int(Qt.AlignmentFlag.AlignVCenter), words)
        self._paint_strength(painter, index, inner)

    def _paint_strength(self, painter: QPainter, index: int, inner: QRectF) -> None:
        part = self._part(index)
        if part > 0:
            bar = QRectF(inner.left(), self.place(index).bottom() - STRENGTH - 2, inner.width() * part, STRENGTH)
            painter.fillRect(bar, theme.current().colour("accent"))

    def _paint_padding(self, painter: QPainter, index: int) -> None:
        now, box = theme.current(), self.place(index)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.colour("gap"))
        painter.drawEllipse(box.center(), 1.5, 1.5)
        part = self._part(index)
        if part > 0:
            bar = QRectF(box.left() + 1, box.bottom() - STRENGTH - 2, (box.width() - 2) * part, STRENGTH)
            painter.fillRect(bar, now.colour("accent"))

    def _part(self, index: int) -> float:
        """How much a place counts, beside the one that counts most."""
        if self._strength is None:
            return 0.0
        most = float(self._strength.max())
        return float(self._strength[index]) / most if most > 0 and np.isfinite(most) else 0.0

    def _paint_seen(self, painter: QPainter) -> None:
        """One frame around the places of each line."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.current().colour("accent"), 2, j=Qt.PenJoinStyle.MiterJoin))
        lines: dict[float, QRectF] = {}
        for i in self.seen:
            box = self.place(i)
            lines[box.top()] = lines.get(box.top(), box).united(box)
        for line in lines.values():
            painter.drawRect(line.adjusted(-2, -2, 2, 2))

    # ── pointer and keys ────────────────────────────────────────────────────────────────────────────────────────────
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.index_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index is not None:
            self.asked.emit(index, 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEPS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(step, 0)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point(None)
        return super().viewportEvent(event)

    def _point(self, index: int | None) -> None:
        if index != self._hover:
            self._hover = index
            if index is None:
                self.left.emit()
            else:
                self.hovered.emit(index)


def _line(known: bool) -> Qt.PenStyle:
    return Qt.PenStyle.SolidLine if known else Qt.PenStyle.DashLine
