"""A line of text that is cut with … where there is no room, and says the whole in its tip."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from .paint import theme


class Line(QLabel):
    """Takes the room there is."""

    def __init__(self, quiet: bool = False):
        super().__init__()
        self.whole = self._short = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setTextFormat(Qt.TextFormat.PlainText)
        if quiet:
            self.setFont(theme.caption())
            self.setForegroundRole(QPalette.ColorRole.PlaceholderText)

    def say(self, text: str, tip: str = "", short: str = "") -> None:
        """Show `text`, or `short` where there is no room for it.

        `tip`: what the pointer is told, the whole text where it is cut.
        """
        self.whole, self._short = text, short
        self.setAccessibleName(text)
        self.setToolTip(tip)
        self._cut()

    def sizeHint(self) -> QSize:
        return QSize(40, self.fontMetrics().height() + 2)

    def _cut(self) -> None:
        fits = not self._short or self.fontMetrics().horizontalAdvance(self.whole) <= self.width()
        text = self.whole if fits else self._short
        cut = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, self.width())
        self.setText(cut)
        if cut != self.whole and not self.toolTip():
            self.setToolTip(self.whole)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()
