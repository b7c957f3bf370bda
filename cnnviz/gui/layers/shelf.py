"""The list that layers are taken from: how it is painted, its keys, and what a drag carries."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QMimeData,
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
from PySide6.QtGui import QContextMenuEvent, QDrag, QFont, QHelpEvent, QKeyEvent, QPainter, QPen, QPixmap
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
from ..mime import block_data, layer_data
from ..paint import theme
from ..paint.signs import chevron, dot

KIND = Qt.ItemDataRole.UserRole  # "family", "layer", "blocks", "block", "networks" or "network"
NAME = Qt.ItemDataRole.UserRole + 1  # family, layer type, block name or preset name
HEIGHT = 24
CARD = QSize(132, 32)
Index = QModelIndex | QPersistentModelIndex


class Shelf(QTreeWidget):
    """Headings and rows. Enter or a double-click chooses a row; a click or Enter folds a heading."""

    chosen = Signal(QTreeWidgetItem)
    tip_wanted = Signal(QTreeWidgetItem)  # somebody points at a network that has no tip yet
    left_up = Signal()
    asked = Signal(QTreeWidgetItem, QPoint)  # a context menu, on the screen

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
        self.setAccessibleName(_("Layers, blocks and networks"))
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
        if item is None:
            return
        if item.data(0, KIND) == "layer":
            carry(layer_drag(self, item.data(0, NAME)))
        elif item.data(0, KIND) == "block":
            carry(block_drag(self, item.data(0, NAME), item.text(0)))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        item = self.itemAt(event.pos())
        if item is not None:
            self.asked.emit(item, event.globalPos())


def layer_drag(source: QWidget, type_name: str) -> QDrag:
    """A drag that carries a layer type, with its card under the pointer."""
    return _drag(source, layer_data(type_name), type_name, TYPES[type_name].family)


def block_drag(source: QWidget, name: str, title: str) -> QDrag:
    """A drag that carries a block."""
    return _drag(source, block_data(name), title, "Group")


def _drag(source: QWidget, data: QMimeData, title: str, family: str) -> QDrag:
    drag = QDrag(source)
    drag.setMimeData(data)
    drag.setPixmap(card(title, family, source.devicePixelRatioF()))
    drag.setHotSpot(QPoint(CARD.width() // 2, CARD.height() // 2))
    return drag


def carry(drag: QDrag) -> None:
    """Run a drag until it is dropped."""
    drag.exec(Qt.DropAction.CopyAction)


def card(title: str, family: str, ratio: float) -> QPixmap:
    """A small card with this title and the family's colour, `ratio` device pixels a pixel."""
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
    painter.setBrush(now.family(family))
    painter.setClipRect(QRectF(0, 0, theme.GRID, CARD.height()))
    painter.drawRoundedRect(body, theme.RADIUS, theme.RADIUS)
    painter.setClipping(False)
    painter.setPen(now.colour("text"))
    painter.setFont(theme.body())
    area = body.adjusted(3 * theme.GRID, 0, -theme.GRID, 0)
    title = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, int(area.width()))
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, title)
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
            is_open = bool(option.state & QStyle.StateFlag.State_Open)
            chevron(painter, QPointF(left + 3, area.center().y()), ink, is_open)
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
