"""What says, where a person looks anyway, that there is a sign of trouble."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QIcon, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from ...text import _
from ..paint import signs, theme
from ..session import Session


class Caution(QToolButton):
    """An amber sign with the worst sign's title, or how many there are; not there while there is none."""

    def __init__(self, session: Session, parent: QWidget | None = None, shrinks: bool = False):
        """`shrinks`: without its words where there is no room for them; the tip has them."""
        super().__init__(parent)
        self._session, self._shrinks = session, shrinks
        self._whole = QSize()  # with its words
        self.setAutoRaise(True)
        self.setFont(theme.caption())
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(signs.SIZE, signs.SIZE))
        fixed = QSizePolicy.Policy.Fixed
        self.setSizePolicy(QSizePolicy.Policy.Maximum if shrinks else fixed, fixed)
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
        self._measure()

    def _measure(self) -> None:
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._whole = super().sizeHint()
        self.updateGeometry()
        self._fit()

    def _fit(self) -> None:
        whole = self.width() >= self._whole.width() or not self._shrinks
        some, only = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly
        self.setToolButtonStyle(some if whole else only)

    def sizeHint(self) -> QSize:
        return self._whole

    def minimumSizeHint(self) -> QSize:
        side = self._whole.height()
        return QSize(side, side) if self._shrinks else self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()
        elif event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._measure()

    def _colour(self) -> None:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(QSize(signs.SIZE, signs.SIZE) * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        signs.sign(painter, QRectF(0, 0, signs.SIZE, signs.SIZE), theme.current().family("Activation"))
        painter.end()
        self.setIcon(QIcon(pixmap))
