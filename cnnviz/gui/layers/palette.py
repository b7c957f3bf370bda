"""What can be put on the canvas: layers by family, blocks, and whole networks."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPalette
from PySide6.QtWidgets import QLabel, QLineEdit, QMenu, QStackedWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from ...net.catalogue import shipped
from ...net.layers import FAMILIES, TYPES
from ...text import _
from ..naming import ask_name
from ..paint import theme
from ..paint.counts import grouped
from ..session import Session
from .shelf import KIND, NAME, Shelf

SEARCHED = Qt.ItemDataRole.UserRole + 8  # (name, family, help) in lower case


class Palette(QWidget):
    """Layers by family, blocks and the shipped networks, found by words.

    Double-click or Enter appends a layer or block behind the selected layer; a drag puts it anywhere. A network is
    only asked for: `network_chosen` carries its preset name, and the window opens it.
    """

    network_chosen = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._closed: set[str] = set()  # headings that a person folded
        self._groups: list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = []
        self._best: QTreeWidgetItem | None = None  # what the search fits best
        self.search = _Search(self)
        self.search.setPlaceholderText(_("Search layers, blocks, networks"))
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(_("Search layers, blocks, networks"))
        self.list = Shelf(self)
        self._none = QLabel(self)
        self._none.setWordWrap(True)
        self._none.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._none.setMargin(2 * theme.GRID)
        self._none.setTextFormat(Qt.TextFormat.PlainText)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._none)
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, 0)
        box.setSpacing(theme.GRID)
        box.addWidget(self.search)
        box.addWidget(self._stack, 1)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self.setFocusProxy(self.search)
        self._fill()
        self.search.textChanged.connect(self._filter)
        self.search.entered.connect(self._enter)
        self.search.left_down.connect(self._go_down)
        self.list.chosen.connect(self._choose)
        self.list.tip_wanted.connect(self._tell_network)
        self.list.left_up.connect(self.search.setFocus)
        self.list.asked.connect(self._ask)
        session.blocks_changed.connect(self._show_own)
        self.list.itemExpanded.connect(self._unfolded)
        self.list.itemCollapsed.connect(self._folded)

    # ── contents ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _fill(self) -> None:
        for family in FAMILIES:
            types = [t for t in TYPES.values() if t.family == family]
            if types:
                heading = self._heading(_(family), "family", family)
                for cls in types:
                    self._row(
                        heading, cls.__name__, "layer", cls.__name__, _(cls.__doc__ or ""), f"{family} {_(family)}"
                    )
        self._fill_blocks()
        self._fill_networks()
        self.list.expandAll()
        QTimer.singleShot(0, self, self._show_own)  # what is wrong with one can be said when the window stands

    def _fill_blocks(self) -> None:
        heading = self._heading(_("Blocks"), "blocks", "")
        for name, item in shipped().items():
            self._row(heading, _(item.title), "block", name, _(item.about), _("Blocks"), name)
        self._mine = self._heading(_("My blocks"), "blocks", "own")
        self._mine.setHidden(True)

    @Slot()
    def _show_own(self) -> None:
        """List one's own blocks anew."""
        for row in self._rows_of(self._mine):
            self._mine.removeChild(row)
        self._rows_of(self._mine).clear()
        for name, item in self._session.keep.own.items():
            self._row(self._mine, item.title, "block", name, item.about, _("My blocks"))
        self._mine.setExpanded(True)
        self._filter(self.search.text())

    def _rows_of(self, heading: QTreeWidgetItem) -> list[QTreeWidgetItem]:
        return next(rows for h, rows in self._groups if h is heading)

    @Slot(QTreeWidgetItem, QPoint)
    def _ask(self, row: QTreeWidgetItem, where: QPoint) -> None:
        menu = self.menu(row)
        if menu is not None:
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(where)

    def menu(self, row: QTreeWidgetItem) -> QMenu | None:
        """The context menu of one's own block; others have none."""
        if row.data(0, KIND) != "block" or row.data(0, NAME) not in self._session.keep.own:
            return None
        self.list.setCurrentItem(row)
        menu = QMenu(self)
        menu.addAction(_("Rename…"), self._rename)
        menu.addAction(_("Delete"), self._delete)
        return menu

    @Slot()
    def _rename(self) -> None:
        row = self.list.currentItem()
        title = ask_name(self, _("Rename block"), _("Name in the palette"), row.text(0)) if row else ""
        if row is not None and title:
            self._session.keep.rename(row.data(0, NAME), title)

    @Slot()
    def _delete(self) -> None:
        row = self.list.currentItem()
        if row is not None:
            self._session.keep.delete(row.data(0, NAME))

    def _fill_networks(self) -> None:
        from ...net.presets import presets, words

        heading = self._heading(_("Networks"), "networks", "")
        for name in presets():
            title, about = words(name)
            self._row(heading, _(title) or name, "network", name, _(about), _("Networks"), name)

    @Slot(QTreeWidgetItem)
    def _tell_network(self, row: QTreeWidgetItem) -> None:
        """What there is to say of a network; its parameters are counted when somebody asks."""
        from ...net.presets import preset

        network = preset(row.data(0, NAME))
        tip = _("{n} parameters. Double-click or Enter opens it.").format(n=grouped(network.analyze().params))
        title, about = escape(row.text(0)), escape(_(network.about))
        row.setToolTip(0, f"<p><b>{title}</b></p><p>{about}</p><p>{escape(tip)}</p>")

    def _heading(self, text: str, kind: str, name: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(self.list, [text])
        item.setData(0, KIND, kind)
        item.setData(0, NAME, name)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        self._groups.append((item, []))
        return item

    def _row(
        self, heading: QTreeWidgetItem, text: str, kind: str, name: str, help: str, family: str, also: str = ""
    ) -> QTreeWidgetItem:
        item = QTreeWidgetItem(heading, [text])
        item.setData(0, KIND, kind)
        item.setData(0, NAME, name)
        item.setData(0, SEARCHED, tuple(s.lower() for s in (f"{text} {also}".strip(), family, help)))
        if kind in ("layer", "block"):
            item.setToolTip(0, f"<p>{escape(help)}</p>" if help else "")
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        item.setFlags(flags | Qt.ItemFlag.ItemIsDragEnabled if kind in ("layer", "block") else flags)
        self._rows_of(heading).append(item)
        return item

    def headings(self) -> list[QTreeWidgetItem]:
        """The headings of families, blocks and networks, from the top."""
        return [heading for heading, _rows in self._groups]

    def rows(self) -> list[QTreeWidgetItem]:
        """Every layer, block and network that the search leaves, from the top."""
        return [row for _heading, rows in self._groups for row in rows if not row.isHidden()]

    # ── search ──────────────────────────────────────────────────────────────────────────────────────────────────────
    @Slot(str)
    def _filter(self, text: str) -> None:
        words = text.lower().split()
        best, self._best = 9, None
        for heading, rows in self._groups:
            for row in rows:
                rank = _rank(words, row.data(0, SEARCHED))
                row.setHidden(rank is None)
                if rank is not None and rank < best:
                    best, self._best = rank, row
            heading.setHidden(all(r.isHidden() for r in rows))
            heading.setExpanded(bool(words) or heading.text(0) not in self._closed)
        if words and self._best is not None:
            self.list.setCurrentItem(self._best)
        else:
            self.list.setCurrentIndex(QModelIndex())
        self._none.setText(_("Nothing is called “{text}”. Esc shows everything again.").format(text=text.strip()))
        self._stack.setCurrentWidget(self._none if self._best is None else self.list)

    @Slot()
    def _enter(self) -> None:
        if not self.search.text().strip():
            self._go_down()
        elif self._best is not None:
            self.list.setCurrentItem(self._best)
            self._choose(self._best)
            self.search.selectAll()  # the next word replaces this one

    @Slot()
    def _go_down(self) -> None:
        if self._stack.currentWidget() is self.list:
            if self.list.currentItem() is None:
                self.list.setCurrentItem(self.rows()[0])
            self.list.setFocus(Qt.FocusReason.TabFocusReason)

    @Slot(QTreeWidgetItem)
    def _unfolded(self, heading: QTreeWidgetItem) -> None:
        if not self.search.text().strip():
            self._closed.discard(heading.text(0))

    @Slot(QTreeWidgetItem)
    def _folded(self, heading: QTreeWidgetItem) -> None:
        if not self.search.text().strip():
            self._closed.add(heading.text(0))

    # ── choosing ────────────────────────────────────────────────────────────────────────────────────────────────────
    @Slot(QTreeWidgetItem)
    def _choose(self, row: QTreeWidgetItem) -> None:
        if row.data(0, KIND) == "layer":
            self._session.edit.append(row.data(0, NAME))
        elif row.data(0, KIND) == "block":
            self._session.edit.add_block(row.data(0, NAME))
        else:
            self.network_chosen.emit(row.data(0, NAME))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.list.viewport().update()


def _rank(words: list[str], searched: tuple[str, str, str]) -> int | None:
    """How well a row fits: 0 named so, 1 name begins so, 2 in the name, 3 in the family, 4 in the help; None: not."""
    name, family, help = searched
    ranks = []
    for word in words:
        if word in name.split():
            ranks.append(0)
        elif name.startswith(word):
            ranks.append(1)
        elif word in name:
            ranks.append(2)
        elif word in family:
            ranks.append(3)
        elif word in help:
            ranks.append(4)
        else:
            return None
    return max(ranks, default=0)


class _Search(QLineEdit):
    """A search field that hands Enter and Down on, and is cleared by Esc."""

    entered = Signal()
    left_down = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
        elif key == Qt.Key.Key_Down:
            self.left_down.emit()
        else:
            super().keyPressEvent(event)
            return
        event.accept()
