"""The confusion matrix as one painted image: the diagonal is quiet, errors stand out."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from ...text import _, grouped
from ..paint import theme
from ..paint.number import percent
from ..paint.surface import MARGIN, Surface, outline

NAMED = 9
"""Pixels of a cell from which on rows and columns have names."""
ROOMY = 3 * NAMED
"""Pixels of a cell that gives what it has more to the names: those of few classes can be read in a small panel."""
FAINTEST = 0.15
"""How much of the error's colour a cell has that holds a single one."""
ARROWS = {
    Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1),
}  # fmt: skip
ALL = -1
"""In place of a class: any."""


@dataclass(frozen=True)
class Place:
    """Where the matrix stands in the viewport. `cell` pixels a class; below 1 several classes share a pixel."""

    left: int
    top: int
    side: int
    cell: float
    names: bool


class Matrix(Surface):
    """Rows are true classes, columns predicted ones. A click or the arrow keys pick a cell, a click on a name its
    whole row or column."""

    picked = Signal(int, int)
    """True and predicted class; ALL: any."""
    hovered = Signal()
    """Another cell, or none, is under the pointer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Confusion matrix"))
        for policy in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.counts = np.zeros((0, 0), np.int64)
        self.classes: tuple[str, ...] = ()
        self.by_row = False
        self.selected: tuple[int, int] | None = None
        self.hover: tuple[int, int] | None = None
        self._kept: tuple[object, QPixmap] | None = None
        self._data = 0  # counts what was shown

    def show_counts(self, counts: np.ndarray, classes: tuple[str, ...]) -> None:
        """Show `counts` (n, n), int."""
        if len(counts) != len(self.counts):
            self.selected = self.hover = None
        self.counts, self.classes = counts, classes
        self._data += 1
        self.viewport().update()

    def set_by_row(self, on: bool) -> None:
        """Show parts of each true class instead of counts."""
        self.by_row = on
        self._data += 1
        self.viewport().update()

    def select(self, cell: tuple[int, int] | None) -> None:
        """Outline a cell, row or column."""
        self.selected = cell
        self.setAccessibleDescription("" if cell is None else self.text(*cell))
        self.viewport().update()

    def text(self, true: int, predicted: int) -> str:
        """`3 taken for 5: 4 of 37 pictures (10.8 %)`."""
        n = len(self.counts)
        if not (-1 <= true < n and -1 <= predicted < n):
            return ""
        if predicted == ALL:
            right, whole = int(self.counts[true, true]), int(self.counts[true].sum())
            text = _("{true}: {right} of {whole} pictures are right")
            return text.format(true=self.classes[true], right=grouped(right), whole=grouped(whole))
        if true == ALL:
            right, whole = int(self.counts[predicted, predicted]), int(self.counts[:, predicted].sum())
            text = _("Taken for {predicted}: {whole} pictures, {right} rightly")
            return text.format(predicted=self.classes[predicted], right=grouped(right), whole=grouped(whole))
        count, whole = int(self.counts[true, predicted]), int(self.counts[true].sum())
        text = _("{true} taken for {predicted}: {count} of {whole} pictures")
        if true == predicted:
            text = _("{true} recognised: {count} of {whole} pictures")
        found = {"count": grouped(count), "whole": grouped(whole)}
        said = text.format(true=self.classes[true], predicted=self.classes[predicted], **found)
        return f"{said} ({percent(count / whole)})" if whole else said

    def tip(self, at: QPointF) -> str:
        cell = self.cell_at(at)
        return "" if cell is None else self.text(*cell)

    # ── where things are ────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def place(self) -> Place:
        """Where the matrix stands now."""
        n = max(len(self.counts), 1)
        wide, high = self.viewport().width() - 2 * MARGIN, self.viewport().height() - 2 * MARGIN
        across, down = self._names()
        for left, top in ((across, down), (0, 0)):
            side = max(min(wide - left, high - top), 1)
            step = ceil(n / side)
            blocks = ceil(n / step)
            cell = side // blocks / step  # whole pixels for each class, or for so many classes together
            if cell >= NAMED or not left:
                side = side // blocks * blocks
                free = max(0, wide - left - side) // 2  # in the middle, with its names
                return Place(MARGIN + free + left, MARGIN + top, side, cell, left > 0)
        raise AssertionError  # the second always fits

    def _names(self) -> tuple[int, int]:
        """Pixels for the names of rows (width) and of columns (height)."""
        if not self.classes or len(self.classes) > 200:
            return 0, 0
        metrics = QFontMetrics(theme.caption())
        widest = max(map(metrics.horizontalAdvance, self.classes)) + 6
        view = self.viewport()
        rough = min(view.width(), view.height()) / (len(self.classes) + 2)
        across, down = (_share(side - 2 * MARGIN, len(self.classes)) for side in (view.width(), view.height()))
        return min(widest, across), metrics.height() + 2 if widest <= rough else min(widest, down)

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """The cell at a point of the viewport; of several in one pixel the one with the most errors; a name: its row or
        column."""
        place, n = self.place, len(self.counts)
        x, y = point.x() - place.left, point.y() - place.top
        if not n or x >= place.side or y >= place.side or (x < 0 and y < 0):
            return None
        column, row = (int(v / place.cell) if v >= 0 else ALL for v in (x, y))
        if ALL in (row, column):
            return (row, column) if place.names else None
        step = self._step(place)
        if step > 1:
            row, column = row // step * step, column // step * step
            block = self._errors()[row : row + step, column : column + step]
            down, right = np.unravel_index(int(block.argmax()), block.shape)
            row, column = row + int(down), column + int(right)
        return min(row, n - 1), min(column, n - 1)

    def _step(self, place: Place) -> int:
        """Classes that share a pixel."""
        return max(1, ceil(1 / place.cell))

    def box(self, true: int, predicted: int) -> QRectF:
        """Where a cell, row or column is, in the viewport."""
        place = self.place
        left, wide = (0.0, float(place.side)) if predicted == ALL else (predicted * place.cell, place.cell)
        top, high = (0.0, float(place.side)) if true == ALL else (true * place.cell, place.cell)
        more_wide, more_high = max(0.0, 3 - wide), max(0.0, 3 - high)  # a pixel is hard to see
        left, top = place.left + left - more_wide / 2, place.top + top - more_high / 2
        return QRectF(left, top, wide + more_wide, high + more_high)

    # ── painting ────────────────────────────────────────────────────────────────────────────────────────────────────
    def shares(self) -> np.ndarray:
        """What the colours stand for: counts, or parts of each row, float (n, n)."""
        if not self.by_row:
            return self.counts.astype(float)
        shares: np.ndarray = self.counts / np.maximum(self.counts.sum(1, keepdims=True), 1)
        return shares

    def _errors(self) -> np.ndarray:
        errors = self.shares()
        np.fill_diagonal(errors, 0)
        return errors

    def pixels(self, step: int = 1) -> np.ndarray:
        """The matrix as colours, 0xAARRGGBB (n, n), or of `step` classes each where several share a pixel."""
        now, errors = theme.current(), self._errors()
        right = np.diagonal(self.counts) / np.maximum(self.counts.sum(1), 1)
        if step > 1:
            starts = np.arange(0, len(errors), step)
            errors = np.maximum.reduceat(np.maximum.reduceat(errors, starts, axis=0), starts, axis=1)
            right = np.add.reduceat(right, starts) / np.diff(np.append(starts, len(right)))
        most = errors.max(initial=0)
        strength = np.where(errors > 0, FAINTEST + (1 - FAINTEST) * (errors / max(most, 1e-12)) ** 0.75, 0.0)
        ground, error, quiet = (_rgb(now.colour(role)) for role in ("panel", "problem", "gap"))
        mixed = ground + strength[..., None] * (error - ground)
        diagonal = ground + (0.15 + 0.55 * right[:, None]) * (quiet - ground)
        there = np.arange(len(errors))
        if step > 1:  # a block on the diagonal holds errors, too
            mixed[there, there] = np.where(strength[there, there, None] > 0, mixed[there, there], diagonal)
        else:
            mixed[there, there] = diagonal
        r, g, b = np.rint(mixed).astype(np.uint32).transpose(2, 0, 1)
        colours: np.ndarray = 0xFF000000 | r << 16 | g << 8 | b
        return colours

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme.current().colour("panel"))
        if len(self.counts):
            painter.drawPixmap(0, 0, self._sheet())
            if self.hover is not None:
                painter.setPen(QPen(theme.current().colour("text"), 1))
                painter.drawRect(self.box(*self.hover).adjusted(0, 0, -1, -1))
            if self.selected is not None:
                outline(painter, self.box(*self.selected))
        self.paint_ring(painter)

    def _sheet(self) -> QPixmap:
        """All but what follows the pointer, kept until something changes."""
        view, ratio = self.viewport().size(), self.devicePixelRatioF()
        key = (self._data, view, ratio, theme.current().name)
        if self._kept is None or self._kept[0] != key:
            sheet = QPixmap(view * ratio)
            sheet.setDevicePixelRatio(ratio)
            sheet.fill(theme.current().colour("panel"))
            painter = QPainter(sheet)
            self._paint(painter)
            painter.end()
            self._kept = (key, sheet)
        return self._kept[1]

    def _paint(self, painter: QPainter) -> None:
        place, now = self.place, theme.current()
        pixels = np.ascontiguousarray(self.pixels(self._step(place)))
        image = QImage(pixels.data, pixels.shape[1], pixels.shape[0], pixels.strides[0], QImage.Format.Format_RGB32)
        frame = QRectF(place.left, place.top, place.side, place.side)
        painter.drawImage(frame, image)
        painter.setPen(QPen(now.colour("line"), 1))
        if place.cell >= 6:
            for i in range(1, len(self.counts)):
                at = i * place.cell
                painter.drawLine(QPointF(frame.left(), frame.top() + at), QPointF(frame.right(), frame.top() + at))
                painter.drawLine(QPointF(frame.left() + at, frame.top()), QPointF(frame.left() + at, frame.bottom()))
        painter.drawRect(frame)
        painter.setFont(theme.tabular(theme.caption()))
        self._paint_counts(painter, place, pixels)
        if place.names:
            self._paint_names(painter, place)

    def _paint_counts(self, painter: QPainter, place: Place, pixels: np.ndarray) -> None:
        """In cells where there is room for all of them."""
        shown = np.rint(100 * self.shares()).astype(np.int64) if self.by_row else self.counts
        metrics = painter.fontMetrics()
        widest = metrics.horizontalAdvance(grouped(int(shown.max(initial=0))))
        if place.cell < max(metrics.height(), widest + 4):
            return
        now = theme.current()
        for row, column in np.argwhere(self.counts > 0).tolist():
            colour = QColor(int(pixels[row, column]))
            light = 0.299 * colour.red() + 0.587 * colour.green() + 0.114 * colour.blue() > 140
            painter.setPen(QColor("#1B1F24" if light else "#FFFFFF") if row != column else now.colour("text"))
            text = grouped(int(shown[row, column]))
            painter.drawText(self.box(row, column), int(Qt.AlignmentFlag.AlignCenter), text)

    def _paint_names(self, painter: QPainter, place: Place) -> None:
        painter.setPen(theme.current().colour("caption"))
        metrics, middle = painter.fontMetrics(), Qt.AlignmentFlag.AlignVCenter
        left, top = place.left - MARGIN, place.top - MARGIN
        across, down = self._names()
        flat = max(map(metrics.horizontalAdvance, self.classes)) <= place.cell - 2
        for i, name in enumerate(self.classes):
            at = i * place.cell
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, across - 4)
            box = QRectF(place.left - across, place.top + at, across - 4, place.cell)
            painter.drawText(box, int(middle | Qt.AlignmentFlag.AlignRight), text)
            if flat:
                box = QRectF(place.left + at, top - down + MARGIN, place.cell, down - 2)
                painter.drawText(box, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom), name)
                continue
            painter.save()
            painter.translate(left + MARGIN + at + place.cell / 2, place.top - 3)
            painter.rotate(-90)
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, down - 4)
            painter.drawText(
                QRectF(0, -place.cell / 2, down, place.cell), int(middle | Qt.AlignmentFlag.AlignLeft), text
            )
            painter.restore()

    # ── what a person does ──────────────────────────────────────────────────────────────────────────────────────────
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.cell_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._pick(*cell)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point(None)
        return super().viewportEvent(event)

    def _point(self, cell: tuple[int, int] | None) -> None:
        if cell != self.hover:
            self.hover = cell
            self.viewport().update()
            self.hovered.emit()

    def _pick(self, true: int, predicted: int) -> None:
        self.select((true, predicted))
        self.picked.emit(true, predicted)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, n = Qt.Key(event.key()), len(self.counts)
        if key not in ARROWS or not n:
            super().keyPressEvent(event)
            return
        (row, column), (down, right) = self.selected or (0, 0), ARROWS[key]
        if self.selected is not None:
            row, column = (min(max(v + by, 0), n - 1) for v, by in ((row, down), (column, right)))
        self._pick(row, column)


def _rgb(colour: QColor) -> np.ndarray:
    return np.array([colour.red(), colour.green(), colour.blue()], float)


def _share(side: int, n: int) -> int:
    """Pixels that names of `n` classes may take of `side`: a quarter, and up to half where the cells are large."""
    return max(side // 4, min(side // 2, side - n * ROOMY))
