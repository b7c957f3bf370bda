"""One page with every key, made from the table of commands."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ...text import N_, _
from ..paint import theme
from .actions import COMMANDS, MENUS, Command

MOUSE = (
    (N_("Drag a layer onto the canvas"), N_("add it; on a wire: insert it")),
    (N_("Double-click or Enter on a block"), N_("unfold it")),
    (N_("Drag from port to port"), N_("draw a wire")),
    (N_("Ctrl+wheel"), N_("zoom the canvas")),
    (N_("Space+drag, middle button"), N_("pan the canvas")),
    (N_("Arrow keys on the canvas"), N_("go to the neighbouring layer")),
    (N_("Arrow keys on a picture"), N_("go to the neighbouring unit")),
    (N_("Drag on the time line"), N_("show another step of the training")),
    (N_("Arrow keys on the time line"), N_("go to the next step; Space plays")),
)


class Keys(QDialog):
    """The page; closes with Esc."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Keys"))
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 16, 24, 16)
        row.setSpacing(24)
        columns = [QVBoxLayout(), QVBoxLayout(), QVBoxLayout()]
        for column in columns:
            row.addLayout(column)
        for menu, place in zip(MENUS, (0, 0, 1, 1, 2, 2, 2), strict=True):
            commands = [c for c in COMMANDS if c.menu == menu and c.keys]
            columns[place].addWidget(_block(_(menu), [(_keys(c), _(c.text)) for c in commands]))
        columns[2].addWidget(_block(_("Mouse"), [(_(a), _(b)) for a, b in MOUSE]))
        for column in columns:
            column.addStretch(1)


def _keys(command: Command) -> str:
    native = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(k).toString(native) for k in command.keys.split("; "))


def _block(title: str, rows: list[tuple[str, str]]) -> QWidget:
    block = QWidget()
    grid = QGridLayout(block)
    grid.setContentsMargins(0, 0, 0, 8)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(4)
    head = QLabel(title)
    head.setFont(theme.title())
    grid.addWidget(head, 0, 0, 1, 2)
    for i, (keys, text) in enumerate(rows, 1):
        left = QLabel(keys)
        font = left.font()
        font.setBold(True)
        left.setFont(font)
        grid.addWidget(left, i, 0)
        grid.addWidget(QLabel(text), i, 1)
    grid.setColumnStretch(1, 1)
    return block
