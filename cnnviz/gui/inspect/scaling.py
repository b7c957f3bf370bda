"""What the colours stand for, chosen by a person: one range for all channels, one each, or a fixed one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QWidget

from ...text import _
from ..paint import theme
from ..paint.colour import Range
from ..paint.view import PER_CHANNEL, SHARED

FIXED = "fixed"
LEAST = 0.0001
MOST = 1e6


class Scaling(QComboBox):
    """The choice; `ends` are the fields of a fixed range, shown only while it is chosen."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._signed = False
        self._current = Range(0.0, 1.0)
        self.ends = QWidget()
        self.low, self.high = _field(_("Lowest value")), _field(_("Highest value"))
        self._to = QLabel("…")
        row = QHBoxLayout(self.ends)
        row.setContentsMargins(2 * theme.GRID, 0, 2 * theme.GRID, theme.GRID)
        row.setSpacing(theme.GRID)
        row.addStretch(1)
        for part in (self.low, self._to, self.high):
            row.addWidget(part)
        self.ends.hide()
        self.setAccessibleName(_("Range of the colours"))
        for text, data, tip in (
            (_("Shared range"), SHARED, _("All channels share one range, so that they can be compared")),
            (_("Range per channel"), PER_CHANNEL, _("Each channel has its own range, so that faint ones are seen")),
            (_("Fixed range…"), FIXED, _("The range stays, so that steps of the training can be compared")),
        ):
            self.addItem(text, data)
            self.setItemData(self.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.currentIndexChanged.connect(self._choose)
        self.low.valueChanged.connect(self._limit)
        self.high.valueChanged.connect(self._limit)

    @property
    def chosen(self) -> str | Range:
        """For `MosaicView.set_scaling`. A fixed range of signed values is symmetric: zero stays white."""
        if self.currentData() != FIXED:
            return str(self.currentData())
        high = self.high.value()
        return Range(-high if self._signed else self.low.value(), high)

    def start_from(self, current: Range) -> None:
        """The range that a fixed one starts from."""
        self._current = current

    def meet(self, signed: bool) -> None:
        """Whether zero is in the middle of what is shown now."""
        if signed != self._signed:
            self._signed = signed
            self.low.setVisible(not signed)
            self._to.setVisible(not signed)
            self.high.setPrefix("±" if signed else "")
            self._limit()

    def offer(self, there: bool) -> None:
        """Show the choice where there are colours, hide it where there are none."""
        self.setVisible(there)
        self.ends.setVisible(there and self.currentData() == FIXED)

    @Slot()
    def _choose(self) -> None:
        fixed = self.currentData() == FIXED
        if fixed:
            self.low.setValue(self._current.low)
            self.high.setValue(self._current.high)
        self.ends.setVisible(fixed)
        self.changed.emit()

    @Slot()
    def _limit(self) -> None:
        self.high.setMinimum(LEAST if self._signed else self.low.value() + LEAST)
        if self.currentData() == FIXED:
            self.changed.emit()


def _field(name: str) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setDecimals(4)
    field.setRange(-MOST, MOST)
    field.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    field.setKeyboardTracking(False)
    field.setAccessibleName(name)
    field.setToolTip(name)
    return field
