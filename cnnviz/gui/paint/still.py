"""A place for a label whose text changes many times a second."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class Still(QWidget):
    """Gives a label the width there is.

    In a layout each new text of a label has everything around it laid out anew, up to the window; in here it is
    painted, and only where it needs another height, of more lines say, the layout around hears of it.
    """

    def __init__(self, label: QLabel, parent: QWidget | None = None):
        super().__init__(parent)
        self._label = label
        label.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._fit()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._label.resize(event.size())
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        label = self._label
        if not label.text() and self.height() == self.minimumHeight():
            return  # no words need no other room than the last ones
        tall = label.heightForWidth(self.width()) if label.wordWrap() else label.sizeHint().height()
        tall = min(max(tall, label.fontMetrics().height(), label.minimumHeight()), label.maximumHeight())
        if tall != self.height():
            self.setFixedHeight(tall)
