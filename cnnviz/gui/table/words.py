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
        if self.width(text) > room + 1:
            text = self.metrics.elidedText(text, Qt.TextElideMode.ElideRight, room + 1)
        self._write(painter, left, room, middle, text, right)

    def figure(self, text: str, short: str, room: int) -> str:
        """What is written of a figure where there is so much room: itself, its `short` form, or `…`.

        It is never cut: 416,52 is another number than 416,520.
        """
        return next((t for t in (text, short) if t and self.width(t) <= room + 1), "…" if text else "")

    def paint_figure(
        self, painter: QPainter, left: int, room: int, middle: float, text: str, short: str = "", right: bool = True
    ) -> None:
        """Write a figure as `paint` does, whole or not at all."""
        self._write(painter, left, room, middle, self.figure(text, short, room), right)

    def _write(self, painter: QPainter, left: int, room: int, middle: float, text: str, right: bool) -> None:
        painter.setFont(self.font)
        start = left + room - self.width(text) if right else left
        painter.drawText(start, round(middle + self._drop), text)
