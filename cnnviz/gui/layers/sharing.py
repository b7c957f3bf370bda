"""In the form: whose weights the selected layer uses, and a button that gives it its own."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from ...text import _
from ..buttons import Giving
from ..paint import theme
from ..session import Session


class Sharing(QWidget):
    """One line; hidden where the layer has weights of its own, or none."""

    def __init__(self, session: Session, parent: QWidget):
        super().__init__(parent)
        self._session = session
        self.words = QLabel(self)
        self.words.setFont(theme.caption())
        self.words.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.own = Giving(_("Give it weights of its own"), self)
        self.own.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2 * theme.GRID)
        line.addWidget(self.words, 1)
        line.addWidget(self.own)
        self.own.clicked.connect(self._give)
        session.selection_changed.connect(self.refresh)
        session.graph_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the selected layer as it is now."""
        chosen = self._session.look.selection
        owner = self._session.graph[chosen[0]].weights if len(chosen) == 1 else ""
        self.words.setText(_("Weights of {node}").format(node=owner) if owner else "")
        self.words.setToolTip(_("One layer that is called several times: it learns from all of its calls."))
        self.setVisible(bool(owner))

    @Slot()
    def _give(self) -> None:
        self._session.edit.own_weights(self._session.look.selected)
