"""In the form of an Input: mean and deviation of the data set beside the Input's own, and a button that takes them."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ...link.augmenting import Surveyed
from ...net.layers import Input
from ...text import _, grouped
from ..buttons import Giving
from ..paint import theme
from ..paint.number import number
from ..session import Session

DIGITS = 4
"""Decimals of the mean and the deviation that are taken over: as people write them."""
LEAST = 1e-4
"""A channel of a smaller deviation, which is the same everywhere, is not divided by it."""
MOST = 4
"""Channels whose numbers are all shown."""


class Normalising(QWidget):
    """Hidden where the selected layer is no Input of pictures."""

    def __init__(self, session: Session, parent: QWidget):
        super().__init__(parent)
        self._session = session
        self.head, self.gets = _quiet(self), _quiet(self)
        self.cells = {(row, column): _figure(self) for row in ("set", "input") for column in ("mean", "std")}
        self.take = Giving(_("Use the data set's"), self)
        self.take.clicked.connect(self._take)
        self._table = QWidget(self)
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(3 * theme.GRID)
        grid.setVerticalSpacing(theme.GRID // 2)
        grid.setColumnStretch(3, 1)
        for column, name in enumerate(("mean", "std"), 1):
            title = _quiet(self, wrapped=False)
            title.setText(name)
            grid.addWidget(title, 0, column, Qt.AlignmentFlag.AlignLeft)
        for line, (row, name) in enumerate((("set", _("data set")), ("input", _("this Input"))), 1):
            title = _quiet(self, wrapped=False)
            title.setText(name)
            grid.addWidget(title, line, 0, Qt.AlignmentFlag.AlignLeft)
            for column, which in enumerate(("mean", "std"), 1):
                grid.addWidget(self.cells[row, which], line, column, Qt.AlignmentFlag.AlignLeft)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, theme.GRID, 0, 0)
        box.setSpacing(theme.GRID)
        for widget in (self.head, self._table, self.gets):
            box.addWidget(widget)
        box.addWidget(self.take, 0, Qt.AlignmentFlag.AlignLeft)
        for signal in (session.selection_changed, session.graph_changed, session.plan_changed):
            signal.connect(self.refresh)
        for signal in (session.pictures_changed, session.engine_changed, session.survey_changed):
            signal.connect(self.refresh)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the selected Input beside the data set as it is now."""
        chosen, preview = self._session.look.selection, self._session.preview
        node = self._session.graph[chosen[0]] if len(chosen) == 1 else None
        layer = node.layer if node is not None else None
        there = isinstance(layer, Input) and layer == preview.layer
        self.setVisible(there)
        if not there or not isinstance(layer, Input) or not self.isVisible():
            return
        preview.survey()
        found = preview.surveyed
        for widget in (self._table, self.gets, self.take):
            widget.setVisible(found is not None)
        if found is None:
            self.head.setText(preview.trouble or _("Reading the data set…"))
            return
        text = _("Values 0…1 of the {n} training pictures of {data}:")
        self.head.setText(text.format(n=grouped(found.pictures), data=found.data))
        for column in ("mean", "std"):
            self.cells["set", column].setText(_numbers(getattr(found, column)))
            self.cells["input", column].setText(_numbers(getattr(layer, column)))
        low, high, mean, std = got(found, layer)
        text = _("So the net gets values from {low} to {high}, of mean {mean} and deviation {std}.")
        self.gets.setText(text.format(low=number(low), high=number(high), mean=_short(mean), std=_short(std)))
        same = (layer.mean, layer.std) == normal(found)
        self.take.setEnabled(not same)
        self.take.setToolTip(_("The Input has them.") if same else "")

    @Slot()
    def _take(self) -> None:
        found = self._session.preview.surveyed
        if found is not None:
            self._session.edit.normalise(self._session.look.selected, *normal(found))


def normal(found: Surveyed) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation for an Input, by which the net gets values of mean 0 and deviation 1."""
    mean = tuple(round(m, DIGITS) for m in found.mean)
    return mean, tuple(round(s, DIGITS) if s >= LEAST else 1.0 for s in found.std)


def got(found: Surveyed, layer: Input) -> tuple[float, float, float, float]:
    """Smallest and largest value, mean and deviation of what the net gets of all training pictures."""
    n = len(found.mean)
    means, stds = (v * n if len(v) == 1 else v for v in (layer.mean, layer.std))
    low = min((v - m) / s for v, m, s in zip(found.low, means, stds, strict=True))
    high = max((v - m) / s for v, m, s in zip(found.high, means, stds, strict=True))
    each = [(v - m) / s for v, m, s in zip(found.mean, means, stds, strict=True)]
    mean = sum(each) / n
    spread = sum((v / s) ** 2 + (e - mean) ** 2 for v, s, e in zip(found.std, stds, each, strict=True)) / n
    return low, high, mean, spread**0.5


def _numbers(values: Iterable[float]) -> str:
    """`0.491 0.482 0.447`; of many channels the ends."""
    values = tuple(values)
    words = [f"{v:.{DIGITS if len(values) == 1 else 3}f}".replace("-", "−") for v in values]
    return "  ".join(words if len(words) <= MOST else (words[0], "…", words[-1]))


def _short(value: float) -> str:
    """With two decimals; no minus before nothing."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def _quiet(parent: QWidget, wrapped: bool = True) -> QLabel:
    label = QLabel(parent)
    label.setWordWrap(wrapped)
    label.setFont(theme.caption())
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    if wrapped:
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def _figure(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setFont(theme.tabular(theme.caption()))
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
