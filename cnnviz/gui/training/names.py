"""Editors of the plan's texts: a name to choose or to type, a folder, any text."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QMenu, QToolButton, QWidget

from ...net.layers.base import Kind
from ...text import _
from .. import naming
from ..boxes import LINE, Line, quietly
from ..editor import Editor


class TextEditor(Editor):
    """text: a line."""

    def __init__(self, name: str, kind: Kind, parent: QWidget | None = None):
        super().__init__(name, kind, parent)
        self.box = Line(self)
        self.box.setFixedHeight(LINE)
        self.line.addWidget(self.box, 1)
        self.box.editingFinished.connect(self._entered)
        self._shown = ""

    def show_value(self, value: Any, fresh: bool = False) -> None:
        self._shown = value
        if self.box.text() != value:
            quietly(self.box, self.box.setText, value)

    def parts(self) -> tuple[QWidget, ...]:
        return (self.box,)

    @Slot()
    def _entered(self) -> None:
        text = self.box.text().strip()
        if text != self._shown:
            self._shown = text
            self.told.emit(text)


class FolderEditor(TextEditor):
    """A folder, to be typed or chosen."""

    def __init__(self, name: str, kind: Kind, parent: QWidget | None = None):
        super().__init__(name, kind, parent)
        self.box.setPlaceholderText(_("the usual one"))
        self.browse = QToolButton(self)
        self.browse.setText("…")
        self.browse.setToolTip(_("Browse: choose the folder"))
        self.browse.setAccessibleName(_("Choose the folder"))
        self.browse.clicked.connect(self._browse)
        self.line.addWidget(self.browse)

    def parts(self) -> tuple[QWidget, ...]:
        return self.box, self.browse

    @Slot()
    def _browse(self) -> None:
        folder = naming.ask_folder(self, _("Choose the folder"), self._shown)
        if folder:
            self.told.emit(folder)


class NameEditor(Editor):
    """A name of several, or another one typed in."""

    def __init__(self, name: str, kind: Kind, names: tuple[str, ...], parent: QWidget | None = None):
        super().__init__(name, kind, parent)
        self.box = _Choice(names, self)
        self.box.setFixedHeight(LINE)
        self.line.addWidget(self.box, 1)
        self.box.told.connect(self._tell)

    def offer(self, names: tuple[str, ...]) -> None:
        """Other names to choose from."""
        self.box.offer(names)

    def show_value(self, value: Any, fresh: bool = False) -> None:
        self.box.show_text(value)

    def parts(self) -> tuple[QWidget, ...]:
        return (self.box,)


class DataEditor(NameEditor):
    """A data set: of a name, in a folder, or in a file."""

    def __init__(self, name: str, kind: Kind, names: tuple[str, ...], parent: QWidget | None = None):
        super().__init__(name, kind, names, parent)
        self.browse = QToolButton(self)
        self.browse.setText("…")
        self.browse.setToolTip(_("Browse: pictures of your own"))
        self.browse.setAccessibleName(_("Choose pictures of your own"))
        self.browse.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.browse)
        menu.addAction(_("Folder of class folders…"), self.choose_folder)
        menu.addAction(_("CSV or .npz file…"), self.choose_file)
        self.browse.setMenu(menu)
        self.line.addWidget(self.browse)

    def parts(self) -> tuple[QWidget, ...]:
        return self.box, self.browse

    @Slot()
    def choose_folder(self) -> None:
        """Ask for a folder, in which every class has one of its own."""
        self._take(naming.ask_folder(self, _("Choose a folder of class folders"), self._start()))

    @Slot()
    def choose_file(self) -> None:
        """Ask for a table of pictures, or a file that holds them."""
        wanted = _("Data sets") + " (*.csv *.tsv *.npz)"
        self._take(naming.ask_file(self, _("Choose a data set"), self._start(), wanted))

    def _start(self) -> str:
        text = self.box.currentText()
        return text if "/" in text or "\\" in text else ""

    def _take(self, path: str) -> None:
        if path:
            self.told.emit(path)


class _Choice(QComboBox):
    """Names to choose from, or another one typed in; `told` when a person has chosen."""

    told = Signal(str)

    def __init__(self, names: tuple[str, ...], parent: QWidget | None = None):
        super().__init__(parent)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.addItems(names)
        self.setSizeAdjustPolicy(self.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)  # beside its label also where the plan is narrow
        self.textActivated.connect(self._chosen)
        line = self.lineEdit()
        assert line is not None
        line.editingFinished.connect(self._chosen)
        self._shown = self.currentText()

    def offer(self, names: tuple[str, ...]) -> None:
        """Other names to choose from."""
        with QSignalBlocker(self):
            text = self._shown
            self.clear()
            self.addItems(names)
            self.setEditText(text)

    def show_text(self, text: str) -> None:
        """Show a name."""
        self._shown = text
        with QSignalBlocker(self):
            self.setEditText(text)

    @Slot()
    @Slot(str)
    def _chosen(self, _text: str = "") -> None:
        text = self.currentText().strip()
        if text and text != self._shown:
            self._shown = text
            self.told.emit(text)
