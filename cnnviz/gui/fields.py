"""Editors of settings, one for each kind that a layer can declare.

An editor shows a value without telling anybody, and tells a value only when a person has entered it: by Enter, by
leaving the field, by arrows or by the wheel over the field that has the focus. Entering what is shown already, or what
cannot be, tells nothing.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ..net.layers.base import PADDINGS, Kind, check
from ..net.problems import Misfit
from ..text import _
from .boxes import LINE, Combo, Decimal, Line, Link, Spin, quietly, say
from .paint import theme

NAMES = {"sgd": "SGD", "adam": "Adam", "rmsprop": "RMSprop", "adadelta": "Adadelta"}
"""What people call a choice, where they do not write it as the files do."""


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


def editor(name: str, kind: Kind, parent: QWidget | None = None) -> Editor:
    """The editor for a setting of this kind. Raises KeyError for a kind that no layer declares."""
    return EDITORS[kind.name](name, kind, parent)


# ── single values ────────────────────────────────────────────────────────────────────────────────────────────────────
class NumberEditor(Editor):
    """int and float."""

    def __init__(self, name: str, kind: Kind, parent: QWidget | None = None):
        super().__init__(name, kind, parent)
        self.box = Spin(kind, self) if kind.name == "int" else Decimal(kind, self)
        self.line.addWidget(self.box, 1)
        self.line.addStretch()
        self.box.valueChanged.connect(self._tell)

    def show_value(self, value: Any, fresh: bool = False) -> None:
        if fresh or self.box.value() != value:
            quietly(self.box, self.box.setValue, value)

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
        self.box = Combo(tuple(NAMES.get(c, c) for c in kind.choices), self)
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

    @property
    def value(self) -> tuple[int, int]:
        """(height, width) as shown."""
        return self.high.value(), self.wide.value()

    def show_value(self, value: Any, fresh: bool = False) -> None:
        for box, v in zip((self.high, self.wide), value, strict=True):
            if fresh or box.value() != v:
                quietly(box, box.setValue, v)
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


class PaddingEditor(Editor):
    """padding: a rule by its name, or numbers."""

    def __init__(self, name: str, kind: Kind, parent: QWidget | None = None):
        super().__init__(name, kind, parent)
        self.rule = Combo((_("numbers"), *PADDINGS), self)
        self.pair = PairEditor(name, kind, self)
        box = QVBoxLayout()
        box.setSpacing(theme.GRID)
        box.addWidget(self.rule, 0, Qt.AlignmentFlag.AlignLeft)
        box.addWidget(self.pair)
        self.line.addLayout(box, 1)
        self.rule.currentIndexChanged.connect(self._ruled)
        self.pair.told.connect(self._tell)

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


# ── several numbers ──────────────────────────────────────────────────────────────────────────────────────────────────
class FloatsEditor(Editor):
    """floats: numbers with commas between. What is wrong with them stands below."""

    def __init__(self, name: str, kind: Kind, parent: QWidget | None = None):
        super().__init__(name, kind, parent)
        self.text = Line(self)
        self.text.setFixedHeight(LINE)
        self.wrong = QLabel(self)
        self.wrong.setWordWrap(True)
        self.wrong.setFont(theme.caption())
        self.wrong.hide()
        box = QVBoxLayout()
        box.setSpacing(theme.GRID // 2)
        box.addWidget(self.text)
        box.addWidget(self.wrong)
        self.line.addLayout(box, 1)
        self._shown: tuple[float, ...] = ()
        self.text.textEdited.connect(self._checked)
        self.text.editingFinished.connect(self._entered)
        self.text.left.connect(self._revert)

    def show_value(self, value: Any, fresh: bool = False) -> None:
        if fresh or value != self._shown or not self.text.hasFocus():
            self._shown = value
            self.text.setText(", ".join(f"{v:.15g}" for v in value))
            self.wrong.hide()

    def parts(self) -> tuple[QWidget, ...]:
        return (self.text,)

    def _read(self) -> tuple[float, ...]:
        """The numbers as typed. Raises Misfit, or ValueError where something is no number."""
        words = self.text.text().replace(",", " ").replace(";", " ").split()
        values: tuple[float, ...] = check(self.name, self.kind, tuple(float(w) for w in words))
        return values

    @Slot()
    def _checked(self) -> None:
        try:
            self._read()
        except Misfit as e:
            say(self.wrong, e.problem.text)
        except ValueError:
            say(self.wrong, _("Write numbers with commas between, such as 0.485, 0.456, 0.406."))
        else:
            self.wrong.hide()

    @Slot()
    def _entered(self) -> None:
        if not self.text.isModified():
            return
        try:
            values = self._read()
        except ValueError:
            return
        if values != self._shown:
            self.told.emit(values)

    @Slot()
    def _revert(self) -> None:
        self.show_value(self._shown, fresh=True)


EDITORS: dict[str, type[Editor]] = {
    "int": NumberEditor,
    "float": NumberEditor,
    "bool": BoolEditor,
    "choice": ChoiceEditor,
    "pair": PairEditor,
    "padding": PaddingEditor,
    "floats": FloatsEditor,
}
