"""What the tabs of docks say when the pointer rests on them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QTabBar, QToolTip


class TabTips(QObject):
    """Gives each tab its tip, by its title: QMainWindow makes the tabs anew, with their titles for tips."""

    def __init__(self, tips: Mapping[str, str], parent: QObject):
        super().__init__(parent)
        self._tips = tips

    def tip(self, title: str) -> str:
        """What there is to say of a tab; empty where its title says it."""
        return self._tips.get(title, "")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(watched, QTabBar) or not isinstance(event, QHelpEvent):
            return False
        if event.type() != QEvent.Type.ToolTip:
            return False
        title = watched.tabText(watched.tabAt(event.pos())).replace("&", "")
        QToolTip.showText(event.globalPos(), self.tip(title), watched)
        return True
