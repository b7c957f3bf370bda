"""Asking for a name: a function, so that tests can answer it."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QWidget


def ask_name(parent: QWidget, title: str, label: str, text: str = "") -> str:
    """What a person types, `text` at first; empty where they cancel."""
    name, taken = QInputDialog.getText(parent, title, label, QLineEdit.EchoMode.Normal, text)
    return name.strip() if taken else ""


def ask_folder(parent: QWidget, title: str, start: str) -> str:
    """The folder that a person chooses, to begin with `start`; empty where they do not."""
    return QFileDialog.getExistingDirectory(parent, title, start)


def ask_file(parent: QWidget, title: str, start: str, kinds: str) -> str:
    """The file that a person chooses, of these `kinds`, to begin with `start`; empty where they do not."""
    return QFileDialog.getOpenFileName(parent, title, start, kinds)[0]
