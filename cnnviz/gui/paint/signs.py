"""The two small marks that stand beside words: a family's dot and the sign of what is wrong."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QWidget

from . import theme

SIZE = 14
"""Width and height of the sign in pixels."""


def dot(painter: QPainter, centre: QPointF, family: str, ring: bool = False, radius: float = 4) -> None:
    """A disc in the colour of a layer family; with a ring it stands out on the selection too."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.current().colour("on_highlight"), 1.5) if ring else QPen(Qt.PenStyle.NoPen))
    painter.setBrush(theme.current().family(family))
    painter.drawEllipse(centre, radius, radius)
    painter.restore()


def sign(painter: QPainter, inside: QRectF, colour: QColor | None = None, back: QColor | None = None) -> None:
    """The triangle with an exclamation mark, in the problem colour where no other is given."""
    now = theme.current()
    x, y = inside.center().x(), inside.center().y()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    fill = colour or now.colour("problem")
    painter.setPen(QPen(fill, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(fill)
    corners = ((0, -5.2), (6, 5), (-6, 5))
    painter.drawPolygon(QPolygonF([QPointF(x + a, y + b) for a, b in corners]))
    painter.setPen(QPen(back or now.colour("panel"), 1.7, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(QPointF(x, y - 1.6), QPointF(x, y + 1.4))
    painter.drawPoint(QPointF(x, y + 3.8))
    painter.restore()


def chevron(painter: QPainter, at: QPointF, ink: QColor, down: bool, size: float = 3.0) -> None:
    """The mark of what can be folded (down) or unfolded, its middle `at`."""
    a, b = (size, size / 2) if down else (size / 2, size)
    points = [(-a, -b), (0.0, b), (a, -b)] if down else [(-a, -b), (a, 0.0), (-a, b)]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline([at + QPointF(x, y) for x, y in points])
    painter.restore()


def sign_pixmap(ratio: float) -> QPixmap:
    """The sign for texts and buttons, `ratio` device pixels a pixel."""
    pixmap = QPixmap(QSize(SIZE, SIZE) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    sign(painter, QRectF(0, 0, SIZE, SIZE))
    painter.end()
    return pixmap


class Sign(QWidget):
    """The sign as a widget, for layouts."""

    def sizeHint(self) -> QSize:
        return QSize(SIZE + 2, SIZE + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        sign(painter, QRectF(self.rect()))
        painter.end()
