"""The dock Runs: what differs between the run that is shown and the one that stands beside it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QBrush, QGuiApplication, QKeySequence, QPalette, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...link.account import Account, account
from ...link.runs import RunError
from ...net.files import FileError
from ...text import N_, _
from ..paint import theme
from ..session import Session
from .contrast import Line, as_markdown, as_text, contrast, differing

EVERY_MS = 1000
"""Between two readings while a run trains."""
EMPTY = N_("Put another run beside this one: “Compare with a run” in the menu ⋯ of the time line.")
STARTS = N_("This run has not recorded anything yet.")
WIDEST = 320
"""Pixels of a column, so that both runs stand near each other in a wide window."""
LEAST, ROW = 80, 22
"""Pixels of such a column at least, and of a row's height."""


class Runs(QWidget):
    """A table of what differs, or of everything; it is copied as text or as Markdown."""

    layers_asked = Signal()
    """A person wants both networks side by side."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self.lines: tuple[Line, ...] = ()
        self._this: Account | None = None
        self.table = _Table(0, 3)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(ROW)
        self.table.verticalHeader().setMinimumSectionSize(ROW)
        self.table.setFrameShape(QTableWidget.Shape.NoFrame)
        self.table.setAccessibleName(_("What differs between two runs"))
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._menu)
        self.everything = QCheckBox(_("Everything"))
        self.everything.setToolTip(_("Also what both runs have in common"))
        self.everything.toggled.connect(self.refresh)
        self.said = QLabel()
        self.said.setFont(theme.caption())
        self.said.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.layers = QToolButton()
        self.layers.setText(_("Layer by layer"))
        self.layers.setToolTip(_("Both networks side by side, row by row"))
        self.layers.setAutoRaise(True)
        self.layers.clicked.connect(self.layers_asked)
        self.copy = QToolButton()
        self.copy.setText(_("Copy"))
        self.copy.setAutoRaise(True)
        self.copy.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.copy_text = QAction(_("Copy as text"), self)
        self.copy_text.triggered.connect(self._copy_text)
        self.copy_text.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        self.copy_text.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.table.addAction(self.copy_text)
        self.copy_markdown = QAction(_("Copy as Markdown"), self)
        self.copy_markdown.triggered.connect(self._copy_markdown)
        menu = QMenu(self.copy)
        menu.addActions([self.copy_text, self.copy_markdown])
        self.copy.setMenu(menu)
        self.empty = QLabel(_(EMPTY))
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        foot = QHBoxLayout()
        foot.setContentsMargins(2 * theme.GRID, 0, 2 * theme.GRID, 0)
        foot.addWidget(self.everything)
        foot.addWidget(self.said, 1)
        foot.addWidget(self.layers)
        foot.addWidget(self.copy)
        self.foot = QWidget()
        self.foot.setLayout(foot)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, theme.GRID // 2)
        box.setSpacing(0)
        box.addWidget(self.empty, 1)
        box.addWidget(self.table, 1)
        box.addWidget(self.foot)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self._soon = QTimer(self, singleShot=True, interval=EVERY_MS)
        self._soon.timeout.connect(self.refresh)
        session.beside_changed.connect(self.refresh)
        session.time_changed.connect(self.refresh)
        session.points_arrived.connect(self._later)
        self.refresh()

    @Slot()
    def _later(self) -> None:
        if self.isVisible() and self._session.beside.folder and not self._soon.isActive():
            self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.lines:
            self._fill()  # items keep the colours that they were made with

    @Slot()
    def refresh(self) -> None:
        """Read both runs, and show what differs."""
        other = self._session.beside.account
        this = self._present() if other is not None else None
        some = other is not None and this is not None
        self.empty.setText(_(STARTS) if other is not None else _(EMPTY))
        self.empty.setVisible(not some)
        self.table.setVisible(some)
        self.foot.setVisible(some)
        if other is None or this is None:
            self.lines = ()
            self.table.setRowCount(0)
            return
        lines = contrast(this, other, self._session.run.course, self._session.beside.course)
        found = lines if self.everything.isChecked() else differing(lines)
        alike = all(line.same for line in lines if not line.kept)
        self.said.setText(_("Plan, network, data and machine are the same.") if alike else "")
        self.layers.setVisible(any(not line.same for line in lines if line.section == _("Network")))
        if (found, self.titles) != (self.lines, self._headed()):
            self.lines = found
            self._fill()

    def _present(self) -> Account | None:
        folder = self._session.time.folder
        try:
            self._this = account(folder, self._this) if folder else None
        except (RunError, FileError):
            self._this = None  # it has not written anything yet
        return self._this

    @property
    def titles(self) -> tuple[str, str]:
        """What the two runs are called."""
        folder = self._session.time.folder
        own = self._session.beside.is_own(folder)
        return _("This run") if own else Path(folder).name, self._session.beside.name

    def _headed(self) -> tuple[str, str]:
        first, second = (self.table.horizontalHeaderItem(i) for i in (1, 2))
        return (first.text() if first else "", second.text() if second else "")

    def _fill(self) -> None:
        place = self.table.verticalScrollBar().value()
        self.table.clearSpans()
        self.table.setHorizontalHeaderLabels(["", *self.titles])
        for i, folder in ((1, self._session.time.folder), (2, self._session.beside.folder)):
            item = self.table.horizontalHeaderItem(i)
            if item is not None:
                item.setToolTip(folder)
        rows: list[Line | str] = []
        section = ""
        for line in self.lines:
            if line.section != section:
                section = line.section
                rows.append(section)
            rows.append(line)
        self.table.setRowCount(len(rows))
        told = self.everything.isChecked()  # among what is the same a difference stands out
        for i, row in enumerate(rows):
            if isinstance(row, str):
                self._head(i, row)
            else:
                for j, text in enumerate((row.name, row.this, row.other)):
                    self.table.setItem(i, j, _item(text, bold=told and bool(j) and not row.same, quiet=not j))
        self.table.verticalScrollBar().setValue(place)
        self.table.share_out()

    def _head(self, i: int, text: str) -> None:
        item = _item(text, bold=True)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setForeground(QBrush(theme.current().colour("text")))
        self.table.setItem(i, 0, item)
        self.table.setSpan(i, 0, 1, 3)

    # ── copies ──────────────────────────────────────────────────────────────────────────────────────────────────────
    @Slot()
    def _copy_text(self) -> None:
        QGuiApplication.clipboard().setText(as_text(self.lines, *self.titles))

    @Slot()
    def _copy_markdown(self) -> None:
        QGuiApplication.clipboard().setText(as_markdown(self.lines, *self.titles))

    @Slot(QPoint)
    def _menu(self, where: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([self.copy_text, self.copy_markdown])
        menu.popup(self.table.viewport().mapToGlobal(where))


class _Table(QTableWidget):
    """Both runs have the same width, and no more than they need."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.share_out()

    def share_out(self) -> None:
        """Share out what the names leave."""
        room = self.viewport().width() - self.columnWidth(0)
        for column in (1, 2):
            self.setColumnWidth(column, min(max(room // 2, LEAST), WIDEST))


def _item(text: str, bold: bool = False, quiet: bool = False) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setToolTip(text)
    font = theme.tabular(theme.body())
    font.setBold(bold)
    item.setFont(font)
    if quiet:
        item.setData(Qt.ItemDataRole.ForegroundRole, QBrush(theme.current().colour("caption")))
    return item
