"""What the table and the comparison are like as Qt views: flat rows of one height below a line of names."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QSize, Qt, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from ..paint import theme

HEIGHT = 26
"""Pixels of a row."""
LOOSE = 24
"""Pixels that a column gets beyond its contents where there is room to spare."""


class FlatTable(QTableView):
    """Rows that are selected as a whole, without a grid; its owner paints them."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        side = self.verticalHeader()
        side.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        side.setMinimumSectionSize(HEIGHT)
        side.setDefaultSectionSize(HEIGHT)
        side.hide()


class FlatHeading(QHeaderView):
    """The columns' names. `own`: columns whose width a person has chosen."""

    def __init__(self, parent: QWidget):
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(False)
        self.setHighlightSections(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setStretchLastSection(True)
        self.setMinimumSectionSize(6 * theme.GRID)
        self.setFixedHeight(HEIGHT + 2)
        self.own: set[int] = set()
        self._held = False
        self.sectionResized.connect(self._note)

    @Slot(int, int, int)
    def _note(self, section: int, before: int, now: int) -> None:
        if self._held:
            self.own.add(section)

    def sizeHint(self) -> QSize:
        """As high as it is; Qt would measure the names at each edit."""
        return QSize(self.length(), HEIGHT + 2)

    @Slot(QItemSelection, QItemSelection)
    def selectionChanged(self, on: QItemSelection, off: QItemSelection) -> None:
        """The names look the same whichever rows are selected: nothing is painted anew."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._held = True
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._held = False
