"""Pictures in rows: each as it is, and beside it as often as there is room what becomes of it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize
from PySide6.QtGui import QHelpEvent, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ...link.augmenting import Previewed
from ...text import _
from ..paint import theme

FEWEST = 4
"""Versions beside a picture that there is always room for: the pictures are drawn smaller for it."""
LARGEST = 96
"""Pixels of a picture's width at most."""
NARROW = 320
"""Pixels of width below which two pictures are enough: the settings stand below them."""
GAP, BETWEEN = 2, 10
"""Pixels between versions, and between a picture and its versions."""


class Versions(QWidget):
    """Paints a preview; its height follows from its width."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(_("Training pictures and what the net gets of them"))
        self._shown: Previewed | None = None
        self._classes: tuple[str, ...] = ()
        self._images: tuple[tuple[QImage, ...], ...] = ()

    def show_preview(self, shown: Previewed, classes: tuple[str, ...]) -> None:
        """Show these pictures, in place of those before."""
        self._classes = classes
        if shown is not self._shown:
            self._shown = shown
            rows = zip(shown.before, shown.after, strict=True)
            self._images = tuple((_image(first), *(_image(v) for v in versions)) for first, versions in rows)
        self._settle()
        self.update()

    def cells(self) -> list[list[QRectF]]:
        """Where the pictures are: of each row the picture itself, then the versions that there is room for."""
        if self._shown is None:
            return []
        height, width = self._shown.before.shape[1:3]
        room = self.width() - 2
        scale = (room - BETWEEN - (FEWEST - 1) * GAP) / ((1 + FEWEST) * width)
        if scale >= 1:
            scale = float(max(1, int(min(scale, LARGEST / width))))
        wide, high = width * scale, height * scale
        some = int((room - wide - BETWEEN + GAP + 1e-6) // (wide + GAP))
        some = max(1, min(some, self._shown.after.shape[1]))
        rows = min(len(self._images), 2 if self.width() < NARROW else len(self._images))
        across = [1.0, *(1 + wide + BETWEEN + i * (wide + GAP) for i in range(some))]
        return [[QRectF(x, 1 + i * (high + GAP), wide, high) for x in across] for i in range(rows)]

    def tip(self, at: QPointF) -> str:
        """What the picture at this point is; empty beside them."""
        shown = self._shown
        for i, row in enumerate(self.cells()):
            for j, cell in enumerate(row):
                if shown is not None and cell.contains(at):
                    label = shown.labels[i]
                    name = self._classes[label] if label < len(self._classes) else str(label)
                    text = _("Training picture {index}: {name}").format(index=f"{shown.indices[i]:,}", name=name)
                    return text if not j else text + ", " + _("as the net gets it")
        return ""

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def _settle(self) -> None:
        rows = self.cells()
        if rows:
            self.setFixedHeight(round(rows[-1][0].bottom()) + 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settle()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            text = self.tip(QPointF(event.pos()))
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(theme.current().colour("line"), 1))
        for row, images in zip(self.cells(), self._images, strict=False):
            for cell, image in zip(row, images, strict=False):
                painter.drawImage(cell, image)
                painter.drawRect(cell.adjusted(-0.5, -0.5, 0.5, 0.5))
        painter.end()


def _image(pixels: np.ndarray) -> QImage:
    """A copy of (height, width, 3) uint8."""
    kept = np.ascontiguousarray(pixels)
    height, width, _three = kept.shape
    view = QImage(kept.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return view.convertToFormat(QImage.Format.Format_RGB32)
