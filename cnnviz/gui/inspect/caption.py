"""Quiet words below a picture, all of them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ..paint import theme


class Caption(QLabel):
    """Wrapped words with room for some lines, and for more where they need it.

    While its width stays it only grows: a live picture above must not change its size with every word.
    """

    def __init__(self, lines: int = 2, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = lines
        self.setFont(theme.tabular(theme.caption()))
        self.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.setContentsMargins(2 * theme.GRID, 0, 2 * theme.GRID, theme.GRID)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(self._least)

    @property
    def _least(self) -> int:
        return self._lines * self.fontMetrics().height() + theme.GRID

    def say(self, text: str) -> None:
        """Show `text`; a number stays with its percent sign."""
        text = text.replace(" %", "\N{NO-BREAK SPACE}%")
        if text != self.text():
            self.setText(text)
            self._grow(self.height())

    def _grow(self, least: int) -> None:
        tall = max(least, self.heightForWidth(self.width()))
        if tall != self.height():
            self.setFixedHeight(tall)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._grow(self._least)
