"""Buttons for the shape doctor's repairs, which tell when they are looked at."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QEnterEvent, QFocusEvent, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from ...net.repair import Repair
from ..buttons import Giving
from ..paint import theme


class Cure(Giving):
    """One repair: a click takes it. `quiet`: without a frame until the pointer is on it."""

    taken = Signal(object)  # Repair
    looked_at = Signal(object)  # Repair while the pointer or the focus is here, None afterwards

    def __init__(self, parent: QWidget, quiet: bool = False):
        super().__init__(parent)
        self.repair: Repair | None = None
        self.setFlat(quiet)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._take)
        self.hide()

    def show_repair(self, repair: Repair | None) -> None:
        """Stand for this repair; hidden without one."""
        looked = self.repair is not None and (self.underMouse() or self.hasFocus()) and self.isVisible()
        self.repair = repair
        self.setText(repair.text if repair else "")
        self.setVisible(repair is not None)
        if looked:
            self.looked_at.emit(repair)

    @Slot()
    def _take(self) -> None:
        if self.repair is not None:
            self.taken.emit(self.repair)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.looked_at.emit(self.repair)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.looked_at.emit(None)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.looked_at.emit(self.repair)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.looked_at.emit(None)


class Doctor(QWidget):
    """Repairs one below the other, under a heading; nothing where there are none."""

    taken = Signal(object)
    looked_at = Signal(object)

    def __init__(self, heading: str, parent: QWidget):
        super().__init__(parent)
        self._heading = QLabel(heading, self)
        self._heading.setFont(theme.caption())
        self._heading.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 2 * theme.GRID, 0, 0)
        self._box.setSpacing(0)
        self._box.addWidget(self._heading)
        self.cures: list[Cure] = []
        self.hide()

    def show_repairs(self, repairs: Sequence[Repair]) -> None:
        """Offer these."""
        while len(self.cures) < len(repairs):
            cure = Cure(self, quiet=True)
            cure.taken.connect(self.taken)
            cure.looked_at.connect(self.looked_at)
            self._box.addWidget(cure, 0, Qt.AlignmentFlag.AlignLeft)
            self.cures.append(cure)
        for i, cure in enumerate(self.cures):
            cure.show_repair(repairs[i] if i < len(repairs) else None)
        self.setVisible(bool(repairs))
