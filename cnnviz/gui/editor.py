"""What every editor of a setting does: it shows a value, and tells one that a person entered."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ..net.layers.base import Kind
from .boxes import Decimal, Spin, refusal, say
from .paint import theme


class Reason(QLabel):
    """Wrapped words that have all the lines they need: a form would take some of them away."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWordWrap(True)
        self.setFont(theme.caption())

    def setText(self, text: str) -> None:
        super().setText(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setMinimumHeight(0)  # Qt counts it in
        self.setMinimumHeight(max(self.heightForWidth(self.width()), 0))


class Editor(QWidget):
    """An editor of one setting. `told` carries a value that a person entered; what cannot be is explained below."""

    told = Signal(object)

    def __init__(self, name: str, kind: Kind, parent: QWidget | None = None):
        super().__init__(parent)
        self.name, self.kind = name, kind
        self.line = QHBoxLayout()
        self.line.setSpacing(theme.GRID)
        self.called = name
        """What a person knows the setting as."""
        self.wrong = Reason(self)
        self.wrong.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.GRID // 2)
        box.addLayout(self.line)
        box.addWidget(self.wrong)

    def show_value(self, value: Any, fresh: bool = False) -> None:
        """Show a value; `fresh`: of another layer, so that nothing half typed stays."""
        raise NotImplementedError

    def parts(self) -> tuple[QWidget, ...]:
        """The widgets that take the focus, in their order."""
        raise NotImplementedError

    def explain(self, *boxes: Spin | Decimal) -> None:
        """Say what these refuse, until something else is typed or shown."""
        for box in boxes:
            box.refused.connect(self._refuse)
            box.lineEdit().textEdited.connect(self.wrong.hide)
            box.valueChanged.connect(self.wrong.hide)

    @Slot(object)
    def _refuse(self, value: float | str) -> None:
        box = self.sender()
        assert isinstance(box, (Spin, Decimal))
        say(self.wrong, refusal(self.called, box, value))

    @Slot(int)
    @Slot(float)
    @Slot(bool)
    @Slot(str)
    @Slot(object)
    def _tell(self, value: Any) -> None:
        self.told.emit(value)
