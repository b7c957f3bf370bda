"""Many pictures of the data set side by side, each with what it is and what it was taken for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from ...text import _
from ..paint import theme
from ..paint.surface import MARGIN, Surface, outline

SIZE = 64
"""Pixels of a picture's longer side, as near as whole multiples come."""
GAP = 8
CHUNK = 96
"""Pictures asked for at a time."""
WORDS = 132
"""Pixels of the longest caption that tiles make room for."""
KEPT = 4096
"""Pictures kept, so that going back is at once."""
BY_KEY = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


@dataclass(frozen=True)
class Item:
    """A picture: its number in its split, the words below it, whether they tell of an error, and what its tip says."""

    index: int
    caption: str
    wrong: bool
    tip: str


class PictureWall(Surface):
    """One painted mosaic; asks for those pictures that are in view and not there yet."""

    wanted = Signal(object)
    """Indices, a tuple: `add` them."""
    picked = Signal(int)
    """The index of a picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Pictures"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.items: tuple[Item, ...] = ()
        self.images: dict[int, QImage] = {}
        self.texts: dict[int, str] = {}
        self.selected: int | None = None  # the index of a picture
        self._asked: set[int] = set()
        self._words = 0  # pixels that captions get
        self._gone: set[int] = set()  # asked for, and did not come

    def show_items(self, items: tuple[Item, ...]) -> None:
        """Show these, from the first on where they are others than before."""
        if [i.index for i in items[:CHUNK]] != [i.index for i in self.items[:CHUNK]]:
            self.verticalScrollBar().setValue(0)
        self.items = items
        metrics = QFontMetrics(theme.tabular(theme.caption()))
        longest = max((metrics.horizontalAdvance(i.caption) for i in items[:KEPT]), default=0)
        self._words = min(longest + 2, WORDS)
        self._arrange()

    def add(self, indices: tuple[int, ...], pictures: np.ndarray, texts: tuple[str, ...] = ()) -> None:
        """They have come: (k, height, width, 3) uint8, or texts."""
        for place, index in enumerate(indices):
            if texts:
                self.texts[index] = texts[place]
                continue
            rgb = np.ascontiguousarray(pictures[place])
            high, wide = rgb.shape[:2]
            self.images[index] = QImage(rgb.data, wide, high, 3 * wide, QImage.Format.Format_RGB888).copy()
        while len(self.images) > KEPT:
            del self.images[next(iter(self.images))]
        self._gone |= self._asked - set(indices)
        self._asked.clear()
        self._arrange()

    def forget(self) -> None:
        """The pictures are of another data set, split or size now."""
        self.images, self.texts = {}, {}
        self._asked.clear()
        self._gone.clear()
        self.viewport().update()

    def failed(self) -> None:
        """What was asked for does not come."""
        self._gone |= self._asked
        self._asked.clear()

    def select(self, index: int | None) -> None:
        """Outline the picture of this index."""
        self.selected = index
        self.viewport().update()

    # ── where things are ────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def _picture(self) -> tuple[int, int]:
        """Width and height that a picture is drawn with."""
        image = next(iter(self.images.values()), None)
        if self.texts or image is None or image.isNull():
            return SIZE, SIZE
        longer = max(image.width(), image.height())
        zoom = max(1, round(SIZE / longer))
        return image.width() * zoom, image.height() * zoom

    @property
    def tile(self) -> tuple[int, int]:
        """Width and height of a picture with its caption."""
        line = QFontMetrics(theme.caption()).height() + 2
        if self.texts:
            return max(self.viewport().width() - 2 * MARGIN, 100), 2 * line + GAP
        wide, high = self._picture
        return max(wide, SIZE, self._words) + GAP, high + line + GAP

    @property
    def columns(self) -> int:
        """Pictures side by side."""
        return max(1, (self.viewport().width() - 2 * MARGIN) // self.tile[0])

    def place(self, number: int) -> QRect:
        """Where the item of this place in the row of all stands, in the viewport."""
        wide, high = self.tile
        row, column = divmod(number, self.columns)
        top = MARGIN + row * high - self.verticalScrollBar().value()
        return QRect(MARGIN + column * wide, top, wide - GAP, high - GAP)

    def item_at(self, point: QPointF) -> int | None:
        """The place of the item there in the row of all."""
        wide, high = self.tile
        column = int((point.x() - MARGIN) // wide)
        row = int((point.y() - MARGIN + self.verticalScrollBar().value()) // high)
        number = row * self.columns + column
        return number if 0 <= column < self.columns and 0 <= number < len(self.items) else None

    def _seen(self) -> range:
        high, top = self.tile[1], self.verticalScrollBar().value()
        first = max(0, (top - MARGIN) // high) * self.columns
        last = ((top + self.viewport().height()) // high + 1) * self.columns
        return range(first, min(last, len(self.items)))

    def _arrange(self) -> None:
        rows, scroll, page = -(-len(self.items) // self.columns), self.verticalScrollBar(), self.viewport().height()
        scroll.setRange(0, max(rows * self.tile[1] + 2 * MARGIN - page, 0))
        scroll.setPageStep(page)
        scroll.setSingleStep(self.tile[1] // 2)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def tip(self, at: QPointF) -> str:
        number = self.item_at(at)
        return "" if number is None else self.items[number].tip

    # ── painting ────────────────────────────────────────────────────────────────────────────────────────────────────
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, now = QPainter(self.viewport()), theme.current()
        painter.fillRect(self.viewport().rect(), now.colour("panel"))
        seen = self._seen()
        for number in seen:
            self._paint_item(painter, number)
        self.paint_ring(painter)
        painter.end()
        self._ask(seen)

    def _paint_item(self, painter: QPainter, number: int) -> None:
        item, box, now = self.items[number], self.place(number), theme.current()
        painter.setFont(theme.tabular(theme.caption()))
        line = painter.fontMetrics().height() + 2
        if self.texts:
            self._paint_text(painter, item, box, line)
            return
        wide, high = self._picture
        target = QRect(box.left() + (box.width() - wide) // 2, box.top(), wide, high)
        image = self.images.get(item.index)
        if image is None:
            painter.fillRect(target, now.colour("button"))
        else:
            painter.drawImage(target, image)
        painter.setPen(now.colour("problem_text" if item.wrong else "caption"))
        words = painter.fontMetrics().elidedText(item.caption, Qt.TextElideMode.ElideMiddle, box.width() + GAP - 2)
        below = QRect(box.left() - GAP // 2, target.bottom() + 1, box.width() + GAP, line)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignCenter), words)
        if item.index == self.selected:
            outline(painter, QRectF(target))

    def _paint_text(self, painter: QPainter, item: Item, box: QRect, line: int) -> None:
        now = theme.current()
        painter.setPen(now.colour("problem_text" if item.wrong else "caption"))
        painter.drawText(QRect(box.left(), box.top(), box.width(), line), 0, item.caption)
        painter.setPen(QColor(now.text))
        text = painter.fontMetrics().elidedText(
            self.texts.get(item.index, "…"), Qt.TextElideMode.ElideRight, box.width() - 4
        )
        painter.drawText(QRect(box.left(), box.top() + line, box.width(), line), 0, text)
        if item.index == self.selected:
            outline(painter, QRectF(box).adjusted(-1, 0, -2, 0))

    def _ask(self, seen: range) -> None:
        """For what is in view, and a little more."""
        if self._asked or not seen:
            return
        ahead = range(seen.start, min(seen.start + max(CHUNK, len(seen)), len(self.items)))
        have = {*(self.texts or self.images), *self._gone}
        missing = tuple(i for n in ahead if (i := self.items[n].index) not in have)
        if any(self.items[n].index not in have for n in seen):
            self._asked = set(missing)
            self.wanted.emit(missing)

    # ── what a person does ──────────────────────────────────────────────────────────────────────────────────────────
    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self.item_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and number is not None:
            self._pick(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key not in BY_KEY or not self.items:
            super().keyPressEvent(event)
            return
        here = next((n for n, i in enumerate(self.items) if i.index == self.selected), None)
        across, down = BY_KEY[key]
        new = 0 if here is None else here + across + down * self.columns
        if 0 <= new < len(self.items):
            self._pick(new)

    def _pick(self, number: int) -> None:
        box, scroll = self.place(number), self.verticalScrollBar()
        if box.top() < 0:
            scroll.setValue(scroll.value() + box.top() - MARGIN)
        elif box.bottom() > self.viewport().height():
            scroll.setValue(scroll.value() + box.bottom() - self.viewport().height() + MARGIN)
        self.select(self.items[number].index)
        self.picked.emit(self.items[number].index)
