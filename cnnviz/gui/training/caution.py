"""What says, where a person looks anyway, that there is a sign of trouble."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from ...text import _
from ..paint import signs, theme
from ..session import Session


class Caution(QToolButton):
    """An amber sign with the worst sign's title, or how many there are; not there while there is none."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self.setAutoRaise(True)
        self.setFont(theme.caption())
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(signs.SIZE, signs.SIZE))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        session.health_changed.connect(self._show)
        self._colour()
        self._show()

    @Slot()
    def _show(self) -> None:
        found = self._session.health.present
        self.setVisible(bool(found))
        if found:
            more = _("{title} and {n} more").format(title=found[0].title, n=len(found) - 1)
            self.setText(found[0].title if len(found) == 1 else more)
            self.setToolTip("\n".join(s.text for s in found))
            self.setAccessibleName(", ".join(s.title for s in found))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()

    def _colour(self) -> None:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(QSize(signs.SIZE, signs.SIZE) * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        signs.sign(painter, QRectF(0, 0, signs.SIZE, signs.SIZE), theme.current().family("Activation"))
        painter.end()
        self.setIcon(QIcon(pixmap))
