"""Editors of settings that hold several numbers, typed as text. What is wrong with it stands below."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QWidget

from ..net.layers.base import Kind, check
from ..net.problems import Misfit
from ..text import _
from .boxes import LINE, Line, Lines, say
from .editor import Editor
from .paint import theme


class Written(Editor):
    """A value that is typed as text."""

    def __init__(self, name: str, kind: Kind, parent: QWidget | None = None):
        super().__init__(name, kind, parent)
        self.text = self._box()
        self.line.addWidget(self.text, 1)
        self._shown: tuple[Any, ...] = ()
        self.text.textEdited.connect(self._checked)
        self.text.editingFinished.connect(self._entered)
        self.text.left.connect(self._revert)

    def _box(self) -> Line | Lines:
        line = Line(self)
        line.setFixedHeight(LINE)
        return line

    def show_value(self, value: Any, fresh: bool = False) -> None:
        if fresh or value != self._shown or not self.text.hasFocus():
            self._shown = value
            self.text.setText(self._write(value))
            self.wrong.hide()

    def parts(self) -> tuple[QWidget, ...]:
        return (self.text,)

    def _write(self, value: Any) -> str:
        raise NotImplementedError

    def _numbers(self, text: str) -> Any:
        """What is typed, not checked yet. Raises ValueError where something is no number."""
        raise NotImplementedError

    def _advice(self) -> str:
        """What to type, where something is no number."""
        raise NotImplementedError

    def _read(self) -> tuple[Any, ...]:
        """The value as typed. Raises Misfit, or ValueError where something is no number."""
        value: tuple[Any, ...] = check(self.name, self.kind, self._numbers(self.text.text()))
        return value

    @Slot()
    def _checked(self) -> None:
        try:
            self._read()
        except Misfit as e:
            say(self.wrong, e.problem.text)
        except ValueError:
            say(self.wrong, self._advice())
        else:
            self.wrong.hide()

    @Slot()
    def _entered(self) -> None:
        if not self.text.isModified():
            return
        try:
            value = self._read()
        except ValueError:
            return
        if value != self._shown:
            self.told.emit(value)

    @Slot()
    def _revert(self) -> None:
        self.show_value(self._shown, fresh=True)


class FloatsEditor(Written):
    """floats: numbers with commas between."""

    def _write(self, value: Any) -> str:
        return ", ".join(f"{v:.15g}" for v in value)

    def _numbers(self, text: str) -> Any:
        return tuple(float(w) for w in _words(text))

    def _advice(self) -> str:
        return _("Write numbers with commas between, such as 0.485, 0.456, 0.406.")


class IntsEditor(Written):
    """ints: whole numbers with commas between, or none."""

    def _write(self, value: Any) -> str:
        return ", ".join(map(str, value))

    def _numbers(self, text: str) -> Any:
        return tuple(int(w) for w in _words(text))

    def _advice(self) -> str:
        return _("Write whole numbers with commas between, such as 32, 64, or nothing.")


class ShapeEditor(Written):
    """shape: one to three sizes with × between."""

    def _write(self, value: Any) -> str:
        return " × ".join(map(str, value))

    def _numbers(self, text: str) -> Any:
        return tuple(int(w) for w in _words(text.replace("×", " ").replace("x", " ").replace("−", "-")))

    def _advice(self) -> str:
        return _("Write whole numbers with × or commas between, such as 16 × 5 × 5.")


class TableEditor(Written):
    """table: a line of whole numbers for each entry."""

    def _box(self) -> Line | Lines:
        lines = Lines(self)
        lines.setFixedHeight(6 * QFontMetrics(lines.font()).lineSpacing() + 3 * theme.GRID)
        return lines

    def _write(self, value: Any) -> str:
        return "\n".join(" ".join(map(str, line)) for line in value)

    def _numbers(self, text: str) -> Any:
        return tuple(tuple(int(w) for w in _words(line)) for line in text.strip().split("\n"))

    def _advice(self) -> str:
        return _("Write a line for each output map: the numbers of its input maps, such as 0 1 2.")


def _words(text: str) -> list[str]:
    return text.replace(",", " ").replace(";", " ").split()
