"""What tests of the form share: reading and filling editors as a person does."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnviz.gui.boxes import Decimal
from cnnviz.gui.editor import Editor
from cnnviz.gui.fields import (
    BoolEditor,
    ChoiceEditor,
    FloatsEditor,
    NumberEditor,
    PaddingEditor,
    PairEditor,
    SidesEditor,
)
from cnnviz.gui.layers.form import Form
from cnnviz.gui.lists import ShapeEditor, TableEditor
from cnnviz.gui.session import Session
from cnnviz.net.graph import Graph


def opened(session: Session, graph: Graph, id: str, qtbot: QtBot) -> Form:
    """A form in an active window that shows one layer of the graph."""
    session.edit.document.reset(graph)
    session.look.select([id])
    form = Form(session)
    qtbot.addWidget(form)
    form.resize(320, 640)
    form.show()
    qtbot.waitActive(form)
    return form


def layer_of(session: Session, id: str = "C1") -> Any:
    return session.graph[id].layer


def shown(e: Editor) -> Any:
    """The value that a person reads in an editor."""
    if isinstance(e, NumberEditor):
        return float(e.box.text()) if isinstance(e.box, Decimal) else int(e.box.text())
    if isinstance(e, BoolEditor):
        return e.box.isChecked()
    if isinstance(e, ChoiceEditor):
        return e.box.currentText()
    if isinstance(e, PairEditor):
        return int(e.high.text()), int(e.wide.text())
    if isinstance(e, PaddingEditor):
        return shown(e.pair) if e.rule.currentIndex() == 0 else e.rule.currentText()
    if isinstance(e, SidesEditor):
        return tuple(int(box.text()) for box in e.boxes)
    if isinstance(e, ShapeEditor):
        return tuple(int(w) for w in e.text.text().split(" × "))
    if isinstance(e, TableEditor):
        return tuple(tuple(map(int, line.split())) for line in e.text.text().split("\n"))
    assert isinstance(e, FloatsEditor)
    return tuple(float(w) for w in e.text.text().split(","))


def enter(qtbot: QtBot, widget: QWidget, text: str) -> None:
    """Type over what stands there."""
    widget.setFocus()
    qtbot.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(widget, text)
    qtbot.keyClick(widget, Qt.Key.Key_Return)
