"""The classes of a split with a bar for their pictures: to see whether they are balanced, and to choose one."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from ...text import _, grouped
from ..paint import theme

ROW = 20
"""Pixels of a line's height."""
BAR = 3
"""Pixels of a bar's height."""
PAD = 2 * theme.GRID


class Balance(QAbstractScrollArea):
    """A line for all classes and one for each; `chosen` tells the class, −1 for all."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.names: tuple[str, ...] = ()
        self.counts: np.ndarray = np.zeros(0, np.int64)
        self.wrong: np.ndarray | None = None  # of each class, where that is known
        self.label = -1
        self.setFrameShape(self.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(_("Classes"))
        self.verticalScrollBar().setSingleStep(ROW)

    def show_classes(self, names: tuple[str, ...], counts: np.ndarray, wrong: np.ndarray | None = None) -> None:
        """Show these classes with their pictures, and how many of them are classified wrongly."""
        self.names, self.counts, self.wrong = names, counts, wrong
        if self.label >= len(names):
            self.label = -1
        self._fit()
        self.viewport().update()

    def choose(self, label: int) -> None:
        """Choose a class as a person does; −1: all."""
        label = min(max(label, -1), len(self.names) - 1)
        top = (label + 1) * ROW
        bar = self.verticalScrollBar()
        bar.setValue(min(max(bar.value(), top + ROW - self.viewport().height()), top))
        if label != self.label:
            self.label = label
            self.viewport().update()
            self.chosen.emit(label)

    def text(self, label: int) -> str:
        """What there is to say of a class; −1: of all."""
        if label < 0:
            total = int(self.counts.sum())
            parts = [_("All classes"), _("{n} pictures").format(n=grouped(total))]
            wrong = None if self.wrong is None else int(self.wrong.sum())
        else:
            total = int(self.counts[label])
            share = total / max(1, int(self.counts.sum()))
            parts = [self.names[label], _("{n} pictures").format(n=grouped(total)), f"{100 * share:.1f} %"]
            wrong = None if self.wrong is None else int(self.wrong[label])
        if wrong is not None:
            parts.append(_("{n} classified wrongly").format(n=grouped(wrong)))
        return " · ".join(parts)

    def sizeHint(self) -> QSize:
        return QSize(26 * theme.GRID, 5 * ROW)

    def minimumSizeHint(self) -> QSize:
        return QSize(20 * theme.GRID, 3 * ROW)

    def _fit(self) -> None:
        room = (len(self.names) + 1) * ROW - self.viewport().height()
        self.verticalScrollBar().setRange(0, max(0, room))
        self.verticalScrollBar().setPageStep(self.viewport().height())

    def _at(self, at: QPointF) -> int | None:
        row = int(at.y() + self.verticalScrollBar().value()) // ROW
        return row - 1 if 0 <= row <= len(self.names) else None

    # ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and row is not None:
            self.choose(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        page = max(1, self.viewport().height() // ROW - 1)
        steps = {
            Qt.Key.Key_Up: self.label - 1,
            Qt.Key.Key_Down: self.label + 1,
            Qt.Key.Key_PageUp: self.label - page,
            Qt.Key.Key_PageDown: self.label + page,
            Qt.Key.Key_Home: -1,
            Qt.Key.Key_End: len(self.names) - 1,
        }
        key = Qt.Key(event.key())
        if key in steps and self.names:
            self.choose(steps[key])
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            row = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.text(row) if row is not None and self.names else "", self)
            return True
        return super().viewportEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), look.colour("panel"))
        if self.names:
            painter.setFont(theme.caption())
            most = max(1, int(self.counts.max(initial=1)))
            first = self.verticalScrollBar().value() // ROW
            last = min(len(self.names), first + self.viewport().height() // ROW + 1)
            for row in range(first, last + 1):
                self._paint(painter, row - 1, row * ROW - self.verticalScrollBar().value(), most)
        painter.end()

    def _paint(self, painter: QPainter, label: int, top: int, most: int) -> None:
        look, wide = theme.current(), self.viewport().width()
        here = label == self.label
        if here:
            painter.fillRect(0, top, wide, ROW, look.colour("highlight" if self.hasFocus() else "well"))
        on = "on_highlight" if here and self.hasFocus() else ""
        count = int(self.counts.sum()) if label < 0 else int(self.counts[label])
        number = grouped(count)
        figures = painter.fontMetrics().horizontalAdvance(number)
        line = QRect(PAD, top, wide - 2 * PAD, ROW - (0 if label < 0 else BAR))
        painter.setPen(look.colour(on or "caption"))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number)
        line.setRight(line.right() - figures - theme.GRID)
        name = _("All") if label < 0 else self.names[label]
        name = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, line.width())
        painter.setPen(look.colour(on or "text"))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        if label < 0:
            return
        room, low = wide - 2 * PAD, top + ROW - BAR - 1
        full = round(room * count / most)
        painter.fillRect(PAD, low, room, BAR, look.colour("well" if not here else "gap"))
        painter.fillRect(PAD, low, full, BAR, look.colour(on or "caption"))
        if self.wrong is not None and count and self.wrong[label]:
            part = max(1, round(full * int(self.wrong[label]) / count))
            painter.fillRect(PAD, low, part, BAR, look.colour("problem"))
