"""The form: every setting of every layer type can be edited, undone, and is shown as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
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
from cnnviz.gui.session import Notice, Session
from cnnviz.net.graph import Graph
from cnnviz.net.layers import TYPES, Conv2d, Input, kinds

from .forms import enter, layer_of, opened, shown

SETTINGS = [(t, name) for t, cls in TYPES.items() for name in kinds(cls)]


@pytest.fixture
def form(session: Session, lenet: Graph, qtbot: QtBot) -> Form:
    return opened(session, lenet, "C1", qtbot)


def change(qtbot: QtBot, e: Editor, old: Any) -> Any:
    """Enter another value as a person does; gives it."""
    if isinstance(e, NumberEditor):
        new = (0.25 if old != 0.25 else 0.75) if isinstance(e.box, Decimal) else old + 1
        enter(qtbot, e.box, str(new))
        return new
    if isinstance(e, BoolEditor):
        qtbot.keyClick(e.box, Qt.Key.Key_Space)
        return not old
    if isinstance(e, ChoiceEditor):
        qtbot.keyClick(e.box, Qt.Key.Key_Down)
        return e.kind.choices[1 + e.kind.choices.index(old)]
    if isinstance(e, PairEditor):
        enter(qtbot, e.high, str(old[0] + 1))
        return old[0] + 1, old[0] + 1
    if isinstance(e, PaddingEditor):
        qtbot.keyClick(e.rule, Qt.Key.Key_Down)
        return "valid"
    if isinstance(e, SidesEditor):
        enter(qtbot, e.boxes[0], str(old[0] + 1))
        return (old[0] + 1,) * 4
    if isinstance(e, ShapeEditor):
        enter(qtbot, e.text, "16 x -1, 5")
        return 16, -1, 5
    if isinstance(e, TableEditor):
        e.text.setFocus()
        e.text.selectAll()
        qtbot.keyClicks(e.text, "0 1")
        qtbot.keyClick(e.text, Qt.Key.Key_Return)
        qtbot.keyClicks(e.text, "2")
        qtbot.keyClick(e.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        return (0, 1), (2,)
    assert isinstance(e, FloatsEditor)
    enter(qtbot, e.text, "0.485, 0.456, 0.406")
    return 0.485, 0.456, 0.406


@pytest.mark.parametrize(("type_name", "name"), SETTINGS)
def test_every_setting_is_edited_and_undone(session: Session, qtbot: QtBot, type_name: str, name: str) -> None:
    f = opened(session, Graph().add(TYPES[type_name](), id="it"), "it", qtbot)
    old = getattr(layer_of(session, "it"), name)
    e = f.editors[name]
    assert shown(e) == old
    new = change(qtbot, e, old)
    assert new != old
    assert getattr(layer_of(session, "it"), name) == new
    assert layer_of(session, "it") == replace(TYPES[type_name](), **{name: new})  # nothing else
    assert shown(e) == new
    session.edit.undo()
    assert getattr(layer_of(session, "it"), name) == old
    assert f.editors[name] is e and shown(e) == old
    session.edit.redo()
    assert shown(e) == new


@pytest.mark.parametrize("type_name", TYPES)
def test_the_form_shows_what_the_layer_is_and_takes(session: Session, qtbot: QtBot, type_name: str) -> None:
    session.edit.document.reset(Graph().add(TYPES[type_name](), id="it"))
    session.look.select(["it"])
    f = Form(session)
    qtbot.addWidget(f)
    assert list(f.editors) == list(kinds(TYPES[type_name]))
    assert f.words.does.text() == TYPES[type_name].__doc__
    assert f.head.name.text() == "it"
    for name, kind in kinds(TYPES[type_name]).items():
        assert all(p.toolTip() for p in f.editors[name].parts())
        f._explain(name)
        assert kind.help in f.help.text()


# ── the name ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_renaming_keeps_the_form_and_its_editors(form: Form, session: Session, qtbot: QtBot) -> None:
    editors = form.editors
    emptied: list[bool] = []

    def watch() -> None:
        emptied.append(not form.head.isVisible())

    session.selection_changed.connect(watch)
    enter(qtbot, form.head.name, "conv1")
    assert "conv1" in session.graph and "C1" not in session.graph
    assert session.look.selection == ("conv1",)
    assert form.editors is editors and form.head.name.text() == "conv1" and form.head.name.hasFocus()
    assert not any(emptied)


@pytest.mark.parametrize("name", ["1st", "S2", "class", "a b", ""])
def test_a_bad_name_is_explained_where_it_is_typed(form: Form, session: Session, qtbot: QtBot, name: str) -> None:
    notices: list[Notice] = []
    session.noticed.connect(notices.append)
    enter(qtbot, form.head.name, name or "\b")
    assert "C1" in session.graph
    assert form.head.wrong.isVisible() and form.head.wrong.text()
    assert not notices
    form.editors["bias"].parts()[0].setFocus()
    assert form.head.name.text() == "C1" and not form.head.wrong.isVisible()


# ── what is wrong, and what is selected ──────────────────────────────────────────────────────────────────────────────
def test_a_problem_takes_the_place_of_the_help(form: Form, session: Session) -> None:
    assert form.words.does.isVisible()
    session.edit.set("C1", "kernel_size", (40, 40))
    assert form.words.wrong.isVisible() and "40×40 window" in form.words.wrong.text()
    assert not form.words.cure.isVisible() and not form.words.does.isVisible()
    session.edit.undo()
    assert form.words.does.isVisible()


def test_no_hole_stays_where_a_problem_was(form: Form, session: Session, qtbot: QtBot) -> None:
    session.look.select(["output"])
    form.resize(260, 500)
    qtbot.waitUntil(lambda: form.words.width() < 260)
    high = form.words.height()
    session.edit.remove(["flatten_1"])
    qtbot.waitUntil(lambda: form.words.cure.isVisible() and form.words.height() > high)
    session.edit.undo()
    qtbot.waitUntil(lambda: form.words.height() == high)


def test_a_missing_flatten_is_put_in(form: Form, session: Session, qtbot: QtBot) -> None:
    session.edit.remove(["flatten_1"])
    session.look.select(["output"])
    qtbot.waitUntil(form.words.cure.isVisible)
    assert form.words.cure.text() == "Insert Flatten"
    qtbot.mouseClick(form.words.cure, Qt.MouseButton.LeftButton)
    assert session.rows["output"].problem is None
    assert session.graph[session.graph["output"].sources[0]].type == "Flatten"
    assert session.look.selection == ("output",) and form.words.does.isVisible()


def test_a_refused_value_is_taken_back(form: Form, session: Session) -> None:
    notices: list[Notice] = []
    session.noticed.connect(notices.append)
    e = form.editors["out_channels"]
    e.told.emit(0)  # what no box lets through
    assert layer_of(session).out_channels == 6 and shown(e) == 6
    assert len(notices) == 1


def test_none_and_several(form: Form, session: Session) -> None:
    session.look.select([])
    assert not form.head.isVisible() and "Select a layer" in form._nothing.text()
    session.look.select(["C1", "S2", "output"])
    assert "3 layers selected" in form._nothing.text() and "1 × Conv2d" in form._nothing.text()
    session.look.select(["S2"])
    assert form.head.isVisible() and not form._nothing.isVisible()
    session.edit.document.reset(Graph())
    assert "Drag a layer" in form._nothing.text()


def test_editors_stay_while_the_type_does(form: Form, session: Session) -> None:
    session.edit.document.reset(
        Graph().add(Input(), id="i").add(Conv2d(8), ["i"], id="a").add(Conv2d(4, padding="same"), ["a"], id="b")
    )
    session.look.select(["a"])
    editors = form.editors
    session.look.select(["b"])
    assert form.editors is editors
    session.look.select(["i"])
    session.look.select(["b"])
    assert form.editors is editors
    assert {n: shown(e) for n, e in editors.items()} == {n: getattr(layer_of(session, "b"), n) for n in editors}


def test_a_value_half_typed_never_reaches_another_layer(form: Form, session: Session, qtbot: QtBot) -> None:
    session.look.select(["input"])
    before = session.graph
    mean = form.editors["mean"].parts()[0]
    mean.setFocus()
    qtbot.keyClicks(mean, "25")
    session.look.select(["C1"])
    box = form.editors["out_channels"].parts()[0]
    box.setFocus()
    qtbot.keyClicks(box, "9")
    session.look.select(["S2"])
    session.look.select(["C1"])
    box = form.editors["out_channels"].parts()[0]
    box.setFocus()
    qtbot.keyClicks(box, "9")
    session.look.select([])
    assert session.graph is before
    session.look.select(["C1"])
    assert shown(form.editors["out_channels"]) == 6


def test_hidden_it_waits_and_shown_it_is_up_to_date(form: Form, session: Session) -> None:
    form.hide()
    session.edit.set("C1", "out_channels", 9)
    session.look.select(["input"])
    assert form.head.name.text() == "C1"
    session.look.select(["C1"])
    form.show()
    assert shown(form.editors["out_channels"]) == 9


def test_help_follows_the_focus(form: Form) -> None:
    form.editors["stride"].parts()[1].setFocus()
    assert form.help.text().startswith("stride: step from one window")
    form.head.name.setFocus()
    assert form.help.text() == ""
