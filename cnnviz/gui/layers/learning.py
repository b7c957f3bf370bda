"""In the form: whether the selected layer learns, and how its first weights are drawn."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from ...net.layers.base import kind_of
from ...net.layers.foreign import Foreign
from ...net.learning import Learning
from ...text import N_, _
from ..boxes import LINE
from ..editor import Editor
from ..fields import editor
from ..paint import theme
from ..session import Session

LABELS = {"frozen": N_("frozen"), "init": N_("first weights"), "init_std": N_("deviation")}


class Learns(QWidget):
    """A row for each setting of node.learning; hidden where the layer has no weights of its own."""

    def __init__(self, session: Session, parent: QWidget):
        super().__init__(parent)
        self._session = session
        self.editors: dict[str, Editor] = {}
        self._labels: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, theme.GRID, 0, 0)
        grid.setHorizontalSpacing(3 * theme.GRID)
        grid.setVerticalSpacing(theme.GRID + 2)
        grid.setColumnStretch(1, 1)
        head = QLabel(_("In training"), self)
        head.setFont(theme.caption())
        head.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        grid.addWidget(head, 0, 0, 1, 2)
        for i, f in enumerate(fields(Learning), 1):
            kind = kind_of(f)
            label, made = QLabel(_(LABELS[f.name]), self), editor(f.name, kind, self)
            label.setBuddy(made.parts()[0])
            label.setFixedHeight(LINE)
            for widget in (label, made, *made.parts()):
                widget.setToolTip(_(kind.help))
            made.parts()[0].setAccessibleName(_(LABELS[f.name]))
            grid.addWidget(label, i, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(made, i, 1, Qt.AlignmentFlag.AlignTop)
            made.told.connect(self._set)
            self.editors[f.name], self._labels[f.name] = made, label
        session.selection_changed.connect(self.refresh)
        session.graph_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the selected layer as it is now."""
        chosen = self._session.look.selection
        row = self._session.rows[chosen[0]] if len(chosen) == 1 and chosen[0] in self._session.rows else None
        there = row is not None and bool(row.params) and not row.node.weights
        there = there and row is not None and not isinstance(row.node.layer, Foreign)
        self.setVisible(there)
        if not there or row is None:
            return
        learning = row.node.learning
        for name, made in self.editors.items():
            made.show_value(getattr(learning, name))
        for widget in (self._labels["init_std"], self.editors["init_std"]):
            widget.setVisible(learning.init == "normal")

    @Slot(object)
    def _set(self, value: Any) -> None:
        made, chosen = self.sender(), self._session.look.selected
        if isinstance(made, Editor) and chosen and not self._session.edit.set_learning(chosen, made.name, value):
            self.refresh()
