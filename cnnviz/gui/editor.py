"""What every editor of a setting does: it shows a value, and tells one that a person entered."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ..net.layers.base import Kind
from .paint import theme


class Editor(QWidget):
    """An editor of one setting. `told` carries a value that a person entered."""

    told = Signal(object)

    def __init__(self, name: str, kind: Kind, parent: QWidget | None = None):
        super().__init__(parent)
        self.name, self.kind = name, kind
        self.line = QHBoxLayout(self)
        self.line.setContentsMargins(0, 0, 0, 0)
        self.line.setSpacing(theme.GRID)

    def show_value(self, value: Any, fresh: bool = False) -> None:
        """Show a value; `fresh`: of another layer, so that nothing half typed stays."""
        raise NotImplementedError

    def parts(self) -> tuple[QWidget, ...]:
        """The widgets that take the focus, in their order."""
        raise NotImplementedError

    @Slot(int)
    @Slot(float)
    @Slot(bool)
    @Slot(str)
    @Slot(object)
    def _tell(self, value: Any) -> None:
        self.told.emit(value)
