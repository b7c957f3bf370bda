"""The two windows of imports: which model to open, and what a checkpoint holds for the network."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ...net.problems import shape_text
from ...text import _, grouped
from ..paint import theme
from ..session import Session

SPACE = 2 * theme.GRID
LINE = 22
"""Pixels of a line of a table."""


class ModelDialog(QDialog):
    """Choose one of torchvision's classification models, with random or pretrained weights."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self.setWindowTitle(_("Open model"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.search = QLineEdit(placeholderText=_("Search models"), clearButtonEnabled=True)
        self.list = QListWidget()
        self.list.setAccessibleName(_("Models of torchvision"))
        self.weights = QComboBox()
        self.weights.setAccessibleName(_("Weights"))
        self.hint = QLabel()
        self.hint.setFont(theme.caption())
        self.hint.setWordWrap(True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel, self
        )
        self._open = self.buttons.button(QDialogButtonBox.StandardButton.Open)
        self._open.setDefault(True)
        box = QVBoxLayout(self)
        box.setSpacing(SPACE)
        for widget in (self.search, self.list, self.weights, self.hint, self.buttons):
            box.addWidget(widget)
        self.resize(420, 520)
        self.search.setFocus()
        self.search.textChanged.connect(self._filter)
        self.list.currentItemChanged.connect(self._offer)
        self.list.itemActivated.connect(self.accept)
        self.weights.currentIndexChanged.connect(self._explain)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        session.models_changed.connect(self._fill)
        self._fill()
        if not session.models.names:
            session.models.ask()

    @Slot()
    def _fill(self) -> None:
        names = self._session.models.names
        self.list.clear()
        for name, offered in names:
            item = QListWidgetItem(name, self.list)
            item.setData(Qt.ItemDataRole.UserRole, offered)
        if names:
            self._filter(self.search.text())
        else:
            self.hint.setText(_("Asking torchvision what there is…"))
        self._open.setEnabled(bool(names))

    @Slot(str)
    def _filter(self, text: str) -> None:
        first: QListWidgetItem | None = None
        for i in range(self.list.count()):
            item = self.list.item(i)
            item.setHidden(text.strip().lower() not in item.text())
            if first is None and not item.isHidden():
                first = item
        current = self.list.currentItem()
        if current is None or current.isHidden():
            self.list.setCurrentRow(self.list.row(first) if first is not None else -1)

    @Slot()
    def _offer(self) -> None:
        item = self.list.currentItem()
        offered = item.data(Qt.ItemDataRole.UserRole) if item else ()
        self.weights.clear()
        self.weights.addItem(_("Random weights"), "")
        for name in offered or ():
            self.weights.addItem(_("Pretrained: {name}").format(name=name), name)
        self._open.setEnabled(item is not None)
        self._explain()

    @Slot()
    def _explain(self) -> None:
        if self.weights.currentData():
            self.hint.setText(_("Pretrained weights are downloaded once, and kept."))
        else:
            self.hint.setText(_("Random weights need no network. A checkpoint of your own can be loaded afterwards."))

    @property
    def chosen(self) -> tuple[str, str]:
        """(name of the model, name of its weights); empty where nothing is chosen."""
        item = self.list.currentItem()
        return (item.text() if item else ""), str(self.weights.currentData() or "")

    @Slot()
    def accept(self) -> None:
        name, weights = self.chosen
        if name:
            super().accept()
            self._session.models.start(f"torchvision:{name}", weights)


class CheckpointDialog(QDialog):
    """Shows which tensor of a checkpoint goes where, before anything is taken."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self.setWindowTitle(_("Load weights"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        found = session.models.found
        assert found is not None
        by_name = sum(how == "name" for _a, _b, how, _s in found.matches)
        self.summary = QLabel(wordWrap=True)
        counted = (
            (by_name, _("{n} by name")),
            (len(found.matches) - by_name, _("{n} by order and shape")),
            (len(found.left), _("{n} left over in the file")),
            (len(found.missing), _("{n} of the network without any")),
        )
        said = ", ".join(text.format(n=grouped(n)) for n, text in counted if n)
        self.summary.setText(f"{said}." if said else _("There is nothing in it."))
        self.table = QTreeWidget()
        self.table.setHeaderLabels([_("In the file"), _("In the network"), _("Shape"), _("Matched")])
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setAlternatingRowColors(True)
        self.table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.table.header().setStretchLastSection(False)
        for column in (2, 3):  # a reason that is cut tells nothing
            self.table.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        words = {"name": _("by name"), "order": _("by order and shape")}
        rows = [[theirs, ours, shape_text(shape), words[how]] for theirs, ours, how, shape in found.matches]
        rows += [[theirs, "", "", why] for theirs, why in found.left]
        rows += [["", ours, "", why] for ours, why in found.missing]
        for row in rows:
            item = QTreeWidgetItem(self.table, row)
            item.setSizeHint(0, QSize(0, LINE))
            for column, text in enumerate(row):
                item.setToolTip(column, text)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        take = self.buttons.addButton(_("Take these weights"), QDialogButtonBox.ButtonRole.AcceptRole)
        take.setEnabled(bool(found.matches))
        box = QVBoxLayout(self)
        box.setSpacing(SPACE)
        for widget in (self.summary, self.table, self.buttons):
            box.addWidget(widget)
        self.resize(860, 480)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    @Slot()
    def accept(self) -> None:
        super().accept()
        self._session.models.adopt()
