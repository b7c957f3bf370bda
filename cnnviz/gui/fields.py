"""Editors of settings, one for each kind that a layer can declare.

An editor shows a value without telling anybody, and tells a value only when a person has entered it: by Enter, by
leaving the field, by arrows or by the wheel over the field that has the focus. Entering what is shown already, or what
cannot be, tells nothing.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from ..net.acting import NAMES
from ..net.layers.base import PADDINGS, Kind
from ..text import _
from .boxes import LINE, Combo, Decimal, Link, Spin, quietly
from .editor import Editor
from .lists import FloatsEditor, IntsEditor, ShapeEditor, TableEditor
from .paint import theme


def editor(name: str, kind: Kind, parent: QWidget | None = None) -> Editor:
    """The editor for a setting of this kind. Raises KeyError for a kind that no layer declares."""
    return EDITORS[kind.name](name, kind, parent)


# ── single values ────────────────────────────────────────────────────────────────────────────────────────────────────
class NumberEditor(Editor):
    """int and float."""

    def __init__(self, name: str, kind: Kind, parent: QWidget | None = None):
        super().__init__(name, kind, parent)
        self.box = Decimal(kind, self) if kind.name == "float" else Spin(kind, self)
        self.line.addWidget(self.box, 1)
        self.line.addStretch()
        self.box.valueChanged.connect(self._tell)
        self.explain(self.box)

    @property
    def value(self) -> int | float:
        """The number as shown."""
        return self.box.value()

    def show_value(self, value: Any, fresh: bool = False) -> None:
        if fresh or self.box.value() != value:
            quietly(self.box, self.box.setValue, value)
            self.wrong.hide()

    def parts(self) -> tuple[QWidget, ...]:
        return (self.box,)


class BoolEditor(Editor):
    """bool."""

    def __init__(self, name: str, kind: Kind, parent: QWidget | None = None):
        super().__init__(name, kind, parent)
        self.box = QCheckBox(self)
        self.box.setFixedHeight(LINE)
        self.line.addWidget(self.box)
        self.line.addStretch()
        self.box.toggled.connect(self._tell)

    def show_value(self, value: Any, fresh: bool = False) -> None:
        quietly(self.box, self.box.setChecked, value)

    def parts(self) -> tuple[QWidget, ...]:
        return (self.box,)


class ChoiceEditor(Editor):
    """choice."""

    def __init__(self, name: str, kind: Kind, parent: QWidget | None = None):
        super().__init__(name, kind, parent)
        self.box = Combo(tuple(_(NAMES.get(c, c)) for c in kind.choices), self)
        self.line.addWidget(self.box)
        self.line.addStretch()
        self.box.currentIndexChanged.connect(self._chosen)

    def show_value(self, value: Any, fresh: bool = False) -> None:
        quietly(self.box, self.box.setCurrentIndex, self.kind.choices.index(value))

    @Slot(int)
    def _chosen(self, index: int) -> None:
        self.told.emit(self.kind.choices[index])

    def parts(self) -> tuple[QWidget, ...]:
        return (self.box,)


# ── height and width ─────────────────────────────────────────────────────────────────────────────────────────────────
class PairEditor(Editor):
    """pair: height × width, and a link that keeps them equal."""

    def __init__(self, name: str, kind: Kind, parent: QWidget | None = None):
        super().__init__(name, kind, parent)
        self.high, self.wide = Spin(kind, self), Spin(kind, self)
        self.link = Link(self)
        cross = QLabel("×", self)
        for widget, stretch in ((self.high, 1), (cross, 0), (self.wide, 1), (self.link, 0)):
            self.line.addWidget(widget, stretch)
        self.line.addStretch()
        self.high.setAccessibleName(_("{setting}, height").format(setting=name))
        self.wide.setAccessibleName(_("{setting}, width").format(setting=name))
        self.high.valueChanged.connect(self._height)
        self.wide.valueChanged.connect(self._width)
        self.link.toggled.connect(self._linked)
        self.explain(self.high, self.wide)

    @property
    def value(self) -> tuple[int, int]:
        """(height, width) as shown."""
        return self.high.value(), self.wide.value()

    def show_value(self, value: Any, fresh: bool = False) -> None:
        for box, v in zip((self.high, self.wide), value, strict=True):
            if fresh or box.value() != v:
                quietly(box, box.setValue, v)
                self.wrong.hide()
        if fresh or value[0] != value[1]:
            quietly(self.link, self.link.setChecked, value[0] == value[1])

    def parts(self) -> tuple[QWidget, ...]:
        return self.high, self.wide, self.link

    @Slot(int)
    def _height(self, value: int) -> None:
        if self.link.isChecked():
            quietly(self.wide, self.wide.setValue, value)
        self.told.emit(self.value)

    @Slot(int)
    def _width(self, value: int) -> None:
        if self.link.isChecked():
            quietly(self.high, self.high.setValue, value)
        self.told.emit(self.value)

    @Slot(bool)
    def _linked(self, on: bool) -> None:
        if on and self.high.value() != self.wide.value():
            quietly(self.wide, self.wide.setValue, self.high.value())
            self.told.emit(self.value)


class SidesEditor(Editor):
    """sides: left, right, top and bottom, and a link that keeps them equal."""

    def __init__(self, name: str, kind: Kind, parent: QWidget | None = None):
        super().__init__(name, kind, parent)
        self.boxes = tuple(Spin(kind, self) for _side in range(4))
        self.link = Link(self, _("Keep all sides equal"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.GRID)
        for i, (box, side) in enumerate(zip(self.boxes, (_("left"), _("right"), _("top"), _("bottom")), strict=True)):
            label = QLabel(side, self)
            label.setFont(theme.caption())
            grid.addWidget(label, i // 2, i % 2 * 2)
            grid.addWidget(box, i // 2, i % 2 * 2 + 1)
            box.setAccessibleName(f"{name}, {side}")
            box.valueChanged.connect(self._changed)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        self.line.addLayout(grid, 1)
        self.line.addWidget(self.link, 0, Qt.AlignmentFlag.AlignVCenter)
        self.line.addStretch()
        self.link.toggled.connect(self._linked)
        self.explain(*self.boxes)

    @property
    def value(self) -> tuple[int, ...]:
        """(left, right, top, bottom) as shown."""
        return tuple(box.value() for box in self.boxes)

    def show_value(self, value: Any, fresh: bool = False) -> None:
        for box, v in zip(self.boxes, value, strict=True):
            if fresh or box.value() != v:
                quietly(box, box.setValue, v)
                self.wrong.hide()
        if fresh or len(set(value)) > 1:
            quietly(self.link, self.link.setChecked, len(set(value)) == 1)

    def parts(self) -> tuple[QWidget, ...]:
        return *self.boxes, self.link

    @Slot(int)
    def _changed(self, value: int) -> None:
        if self.link.isChecked():
            self._equal(value)
        self.told.emit(self.value)

    @Slot(bool)
    def _linked(self, on: bool) -> None:
        if on and len(set(self.value)) > 1:
            self._equal(self.boxes[0].value())
            self.told.emit(self.value)

    def _equal(self, value: int) -> None:
        for box in self.boxes:
            quietly(box, box.setValue, value)


class PaddingEditor(Editor):
    """padding: a rule by its name, or numbers."""

    def __init__(self, name: str, kind: Kind, parent: QWidget | None = None):
        super().__init__(name, kind, parent)
        self.rule = Combo((_("numbers"), *PADDINGS), self)
        self.pair = self._numbers()
        box = QVBoxLayout()
        box.setSpacing(theme.GRID)
        box.addWidget(self.rule, 0, Qt.AlignmentFlag.AlignLeft)
        box.addWidget(self.pair)
        self.line.addLayout(box, 1)
        self.rule.currentIndexChanged.connect(self._ruled)
        self.pair.told.connect(self._tell)

    def _numbers(self) -> PairEditor | NumberEditor:
        return PairEditor(self.name, self.kind, self)

    def show_value(self, value: Any, fresh: bool = False) -> None:
        numbers = not isinstance(value, str)
        quietly(self.rule, self.rule.setCurrentIndex, 0 if numbers else 1 + PADDINGS.index(value))
        if numbers:
            self.pair.show_value(value, fresh)
        self.pair.setVisible(numbers)

    def parts(self) -> tuple[QWidget, ...]:
        return self.rule, *self.pair.parts()

    @Slot(int)
    def _ruled(self, index: int) -> None:
        self.told.emit(PADDINGS[index - 1] if index else self.pair.value)


class LengthPaddingEditor(PaddingEditor):
    """length_padding: a rule by its name, or one number."""

    def _numbers(self) -> PairEditor | NumberEditor:
        return NumberEditor(self.name, self.kind, self)


EDITORS: dict[str, type[Editor]] = {
    "int": NumberEditor,
    "float": NumberEditor,
    "bool": BoolEditor,
    "choice": ChoiceEditor,
    "pair": PairEditor,
    "sides": SidesEditor,
    "padding": PaddingEditor,
    "length_padding": LengthPaddingEditor,
    "floats": FloatsEditor,
    "ints": IntsEditor,
    "shape": ShapeEditor,
    "table": TableEditor,
}
