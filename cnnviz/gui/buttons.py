"""Buttons whose words give way where there is no room for them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QStylePainter

from .paint import theme

LEAST = 80
"""Pixels below which a button does not shrink."""


class Giving(QPushButton):
    """A button that is cut with … where it is narrow, and says the whole in its tip then."""

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST, super().minimumSizeHint().height())

    def _fitting(self) -> str:
        """The words as far as there is room for them."""
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width() - 3 * theme.GRID)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setToolTip(self.text() if self._fitting() != self.text() else "")

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self._fitting()
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)
