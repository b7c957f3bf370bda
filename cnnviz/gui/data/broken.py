"""The list of files that cannot be read."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from ...link.data import Contents
from ...text import _
from ..session.supply import listed


class BrokenDialog(QDialog):
    """Names and reasons, to be read and copied."""

    def __init__(self, contents: Contents, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle(_("Files that cannot be read"))
        self.text = QPlainTextEdit(listed(contents))
        self.text.setReadOnly(True)
        self.text.setAccessibleName(_("Files that cannot be read"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.text)
        column.addWidget(buttons)
        self.resize(560, 320)
