"""The heading of a group of settings, which folds and unfolds it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ...text import _
from ..paint import theme
from ..paint.signs import chevron

HEIGHT = 24
"""Of a heading, in pixels."""


class Heading(QAbstractButton):
    """A title with the mark of folding; checked: unfolded. Folded, it says what is unusual in what it hides."""

    def __init__(self, title: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.setText(title)
        self.setAccessibleName(title)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)
        self._unusual = ""
        self.toggled.connect(self._tip)
        self._tip()

    def sizeHint(self) -> QSize:
        return QSize(120, HEIGHT)

    def tell(self, unusual: str) -> None:
        """What is not as it usually is among the settings, in a few words; empty: nothing."""
        if unusual != self._unusual:
            self._unusual = unusual
            self._tip()
            self.update()

    @property
    def told(self) -> str:
        """What it says beside its title."""
        return "" if self.isChecked() else self._unusual

    @Slot()
    def _tip(self) -> None:
        tip = _("Fold these settings") if self.isChecked() else _("Show these settings")
        self.setToolTip(f"{self.told}\n{tip}" if self.told else tip)

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        painter = QPainter(self)
        area = QRectF(self.rect())
        lit = self.underMouse() or self.hasFocus()
        chevron(painter, QPointF(4, area.center().y()), now.colour("text" if lit else "caption"), self.isChecked())
        font = theme.caption()
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(now.colour("text" if lit else "caption"))
        left = 4.0 * theme.GRID
        painter.drawText(area.adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        left += QFontMetrics(font).horizontalAdvance(self.text()) + 2 * theme.GRID
        room = int(area.width() - left)
        if self.told and room > 0:
            painter.setFont(theme.caption())
            painter.setPen(now.colour("caption"))
            words = painter.fontMetrics().elidedText(self.told, Qt.TextElideMode.ElideRight, room)
            painter.drawText(area.adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, words)
        elif room > 0:
            painter.setPen(QPen(now.colour("line"), 1))
            painter.drawLine(QPointF(left, area.center().y() + 0.5), QPointF(area.right(), area.center().y() + 0.5))
        painter.end()
