"""The list that layers are taken from: how it is painted, its keys, and what a drag carries."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QDrag, QFont, QHelpEvent, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from ...net.layers import TYPES
from ...text import _
from ..mime import layer_data
from ..paint import theme
from ..paint.signs import dot

KIND = Qt.ItemDataRole.UserRole  # "family", "layer", "networks" or "network"
NAME = Qt.ItemDataRole.UserRole + 1  # family, layer type or preset name
HEIGHT = 24
CARD = QSize(132, 32)
Index = QModelIndex | QPersistentModelIndex


class Shelf(QTreeWidget):
    """Headings and rows. Enter or a double-click chooses a row; a click or Enter folds a heading."""

    chosen = Signal(QTreeWidgetItem)
    tip_wanted = Signal(QTreeWidgetItem)  # somebody points at a network that has no tip yet
    left_up = Signal()

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        self.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setItemDelegate(_Painter(self))
        self.setAccessibleName(_("Layers and networks"))
        self.itemClicked.connect(self._clicked)
        self.itemDoubleClicked.connect(self._double_clicked)

    @Slot(QTreeWidgetItem, int)
    def _clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if item.parent() is None:
            item.setExpanded(not item.isExpanded())

    @Slot(QTreeWidgetItem, int)
    def _double_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if item.parent() is not None:
            self.chosen.emit(item)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            item = self.itemAt(event.pos())
            if item is not None and item.data(0, KIND) == "network" and not item.toolTip(0):
                self.tip_wanted.emit(item)
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            if item.parent() is None:
                item.setExpanded(not item.isExpanded())
            else:
                self.chosen.emit(item)
        elif event.key() == Qt.Key.Key_Up and item is not None and self.itemAbove(item) is None:
            self.left_up.emit()
        else:
            super().keyPressEvent(event)

    def startDrag(self, actions: Qt.DropAction) -> None:
        item = self.currentItem()
        if item is not None and item.data(0, KIND) == "layer":
            carry(layer_drag(self, item.data(0, NAME)))


def layer_drag(source: QWidget, type_name: str) -> QDrag:
    """A drag that carries a layer type, with its card under the pointer."""
    drag = QDrag(source)
    drag.setMimeData(layer_data(type_name))
    drag.setPixmap(card(type_name, source.devicePixelRatioF()))
    drag.setHotSpot(QPoint(CARD.width() // 2, CARD.height() // 2))
    return drag


def carry(drag: QDrag) -> None:
    """Run a drag until it is dropped."""
    drag.exec(Qt.DropAction.CopyAction)


def card(type_name: str, ratio: float) -> QPixmap:
    """A small card with the layer's name and its family's colour, `ratio` device pixels a pixel."""
    now = theme.current()
    pixmap = QPixmap(CARD * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    body = QRectF(0.5, 0.5, CARD.width() - 1, CARD.height() - 1)
    painter.setPen(QPen(now.colour("line"), 1))
    painter.setBrush(now.colour("panel"))
    painter.drawRoundedRect(body, theme.RADIUS, theme.RADIUS)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(now.family(TYPES[type_name].family))
    painter.setClipRect(QRectF(0, 0, theme.GRID, CARD.height()))
    painter.drawRoundedRect(body, theme.RADIUS, theme.RADIUS)
    painter.setClipping(False)
    painter.setPen(now.colour("text"))
    painter.setFont(theme.body())
    painter.drawText(body.adjusted(3 * theme.GRID, 0, -theme.GRID, 0), Qt.AlignmentFlag.AlignVCenter, type_name)
    painter.end()
    return pixmap


class _Painter(QStyledItemDelegate):
    """Headings with their family's dot and a fold arrow; rows under them."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        now = theme.current()
        area = QRectF(option.rect)
        heading = not index.parent().isValid()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(area, now.colour("highlight"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, now.colour("button"))
        ink = now.colour("on_highlight") if selected else now.colour("caption" if heading else "text")
        left = area.left() + 2 * theme.GRID
        if heading:
            self._arrow(
                painter, QPointF(left + 3, area.center().y()), bool(option.state & QStyle.StateFlag.State_Open), ink
            )
            left += 4 * theme.GRID
            if index.data(KIND) == "family":
                dot(painter, QPointF(left + 4, area.center().y()), index.data(NAME), selected)
                left += 4 * theme.GRID
            font = theme.caption()
            font.setWeight(QFont.Weight.DemiBold)
        else:
            left += 8 * theme.GRID
            font = theme.body()
        right = area.right() - 2 * theme.GRID
        painter.setFont(font)
        painter.setPen(ink)
        text = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, max(0, int(right - left)))
        painter.drawText(QRectF(left, area.top(), right - left, area.height()), Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()

    def _arrow(self, painter: QPainter, centre: QPointF, open: bool, ink: QColor) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(ink, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        a, b = (3.0, 1.5) if open else (1.5, 3.0)
        points = [(-a, -b), (0, b), (a, -b)] if open else [(-a, -b), (a, 0), (-a, b)]
        painter.drawPolyline([centre + QPointF(x, y) for x, y in points])
        painter.restore()
