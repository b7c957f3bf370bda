"""Single lines of text in one font, measured once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics, QFontMetricsF, QPainter

KNOWN = 8192
"""Texts whose width is remembered: those of a large network."""


class Words:
    """The texts of a column: most say what others say, and what they said before."""

    def __init__(self, font: QFont):
        self.font, self.metrics = font, QFontMetrics(font)
        exact = QFontMetricsF(font)
        self._drop = exact.ascent() - exact.height() / 2  # from the middle of a line to its base
        self.width: Callable[[str], int] = lru_cache(KNOWN)(self.metrics.horizontalAdvance)
        """Pixels that a text takes."""

    def paint(self, painter: QPainter, left: int, room: int, middle: float, text: str, right: bool = False) -> None:
        """Write `text` in the painter's colour into so much room from `left` on, or at its right end.

        Its line is at the height `middle`; it is cut where it does not fit.
        """
        wide = self.width(text)
        if wide > room + 1:
            text = self.metrics.elidedText(text, Qt.TextElideMode.ElideRight, room + 1)
            wide = self.width(text)
        painter.setFont(self.font)
        painter.drawText(left + room - wide if right else left, round(middle + self._drop), text)
