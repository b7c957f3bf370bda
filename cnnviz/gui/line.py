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
        self.whole = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setTextFormat(Qt.TextFormat.PlainText)
        if quiet:
            self.setFont(theme.caption())
            self.setForegroundRole(QPalette.ColorRole.PlaceholderText)

    def say(self, text: str, tip: str = "") -> None:
        """Show `text`; `tip`: what the pointer is told, the whole text where it is cut."""
        self.whole = text
        self.setAccessibleName(text)
        self.setToolTip(tip)
        self._cut()

    def sizeHint(self) -> QSize:
        return QSize(40, self.fontMetrics().height() + 2)

    def _cut(self) -> None:
        cut = self.fontMetrics().elidedText(self.whole, Qt.TextElideMode.ElideRight, self.width())
        self.setText(cut)
        if cut != self.whole and not self.toolTip():
            self.setToolTip(self.whole)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()
