"""The picture as the network gets it, with what a unit sees framed in it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from ...link.messages import Array
from ...text import _
from ..paint import theme
from ..paint.number import number
from ..paint.photo import Frame, Photo

TINT = 0.3
"""Part of the accent in the pixels that a unit sees."""
STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class Framed(Photo):
    """A picture with one window framed. A click asks for the unit that looks there, arrow keys for the next unit."""

    asked = Signal(int, int)
    """y and x of a pixel that was clicked."""
    stepped = Signal(int, int)
    """Units down and across that an arrow key asked for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box: Frame | None = None

    def show_box(self, box: tuple[int, int, int, int] | None) -> None:
        """Frame a window (top, left, height, width) of the picture, or none."""
        new = Frame(*box) if box else None
        if new != self._box:
            self._box = new
            self.set_frames([new] if new else [])

    @property
    def box(self) -> Frame | None:
        """The window that is framed."""
        return self._box

    def mousePressEvent(self, event: QMouseEvent) -> None:
        pixel = self.pixel_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and pixel:
            self.asked.emit(*pixel)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEPS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(*step)


class Shot(Framed):
    """The picture as the network gets it: pixels are read before and after normalising."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._raw: Array | None = None
        self._got: Array | None = None
        self._mask: Array | None = None
        self._tint = ""

    def show_picture(self, raw: Array, got: Array | None = None, mask: Array | None = None) -> None:
        """Show `raw`, uint8 (height, width, 3). `got`: the same after normalising, (channels, height, width).

        `mask`, bool (height, width): the pixels to be tinted.
        """
        self._got = got if got is not None and got.ndim == 3 and got.shape[1:] == raw.shape[:2] else None
        mask = mask if mask is not None and mask.shape == raw.shape[:2] else None
        tint = theme.current().accent
        if tint == self._tint and _equal(mask, self._mask) and _equal(raw, self._raw):
            return
        self._raw, self._mask, self._tint = raw, mask, tint
        self.show_rgb(raw if mask is None else _tinted(raw, mask, theme.current().colour("accent")))

    def text(self, y: int, x: int) -> str:
        if self._raw is None:
            return ""
        raw = self._raw[y, x].tolist()
        got = [number(float(v)) for v in self._got[:, y, x]] if self._got is not None else []
        if len(set(raw)) == 1 and len(got) < 2:
            raw = raw[:1]
        text = f"({y}, {x}) · {' '.join(map(str, raw))}"
        if got and len(got) <= 4:
            text += f" · {_('the net gets {values}').format(values='  '.join(got))}"
        return text


def _equal(a: Array | None, b: Array | None) -> bool:
    return a is b or (a is not None and b is not None and np.array_equal(a, b))


def _tinted(raw: Array, mask: Array, colour: QColor) -> Array:
    tint = np.array([colour.red(), colour.green(), colour.blue()], np.float32) * TINT
    result = raw.copy()
    result[mask] = np.rint(raw[mask] * np.float32(1 - TINT) + tint)
    return result
