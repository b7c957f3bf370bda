"""Editors of settings: what is typed, stepped, linked, refused and taken back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QKeySequence, QTextCursor, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from cnnviz.gui.boxes import Decimal, Spin
from cnnviz.gui.fields import FloatsEditor, LengthPaddingEditor, PaddingEditor, PairEditor, SidesEditor
from cnnviz.gui.layers.form import Form
from cnnviz.gui.lists import ShapeEditor, TableEditor
from cnnviz.gui.session import Session
from cnnviz.gui.training.planform import PlanForm
from cnnviz.gui.training.runbar import RunBar
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv1d, Conv2d, Layer, Reshape, SparseConv2d, ZeroPad2d
from cnnviz.net.layers.base import Kind, check

from .forms import enter, layer_of, opened, shown


@pytest.fixture
def form(session: Session, lenet: Graph, qtbot: QtBot) -> Form:
    return opened(session, lenet, "C1", qtbot)


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_typed_counts_once_it_is_entered(form: Form, session: Session, qtbot: QtBot) -> None:
    box = form.editors["out_channels"].parts()[0]
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(box, "12")
    assert layer_of(session).out_channels == 6
    session.edit.set("C1", "bias", False)  # an edit from elsewhere meanwhile
    assert box.text() == "12" and box.hasFocus()
    qtbot.keyClick(box, Qt.Key.Key_Tab)
    assert layer_of(session).out_channels == 12


def test_steps_are_one_undo_step(form: Form, session: Session, qtbot: QtBot) -> None:
    box = form.editors["out_channels"].parts()[0]
    for _ in range(5):
        qtbot.keyClick(box, Qt.Key.Key_Up)
    assert layer_of(session).out_channels == 11
    session.edit.undo()
    assert layer_of(session).out_channels == 6


def test_out_of_range_is_impossible(form: Form, session: Session, qtbot: QtBot) -> None:
    box = form.editors["out_channels"].parts()[0]
    enter(qtbot, box, "0")
    assert layer_of(session).out_channels == 6
    box.setValue(99_999_999)
    assert layer_of(session).out_channels == 65_536


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("999999", "out_channels must lie in 1…65,536, but is 999,999."),
        ("-5", "out_channels must lie in 1…65,536, but is -5."),
        ("2.5", 'out_channels must be a whole number, but is the text "2.5".'),
        ("six", 'out_channels must be a whole number, but is the text "six".'),
        ("99999999999999999999", "out_channels must lie in 1…65,536, but is 99,999,999,999,999,999,999."),
    ],
)
@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Tab])
def test_what_cannot_be_is_explained_and_the_old_value_stays(
    form: Form, session: Session, qtbot: QtBot, typed: str, says: str, key: Qt.Key
) -> None:
    field = form.editors["out_channels"]
    box = field.parts()[0]
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(box, typed)
    assert box.text() == typed and not field.wrong.isVisible(), "nothing is refused while it is typed"
    qtbot.keyClick(box, key)
    assert field.wrong.isVisible() and field.wrong.text() == says
    assert box.text() == "6" and layer_of(session).out_channels == 6
    enter(qtbot, box, "7")
    assert not field.wrong.isVisible() and layer_of(session).out_channels == 7


def test_an_explanation_goes_with_the_next_key_or_another_layer(form: Form, session: Session, qtbot: QtBot) -> None:
    field = form.editors["kernel_size"]
    high = field.parts()[0]
    enter(qtbot, high, "0")
    assert field.wrong.isVisible() and "kernel_size must lie in 1…" in field.wrong.text()
    qtbot.keyClicks(high, "3")
    assert not field.wrong.isVisible()
    enter(qtbot, high, "0")
    session.look.select(["output"])
    session.look.select(["C1"])
    assert not field.wrong.isVisible()
    enter(qtbot, high, "")
    assert not field.wrong.isVisible() and high.text() == "5", "nothing is wrong with an empty field"


@pytest.mark.parametrize("typed", ["-1", "1e13", "fast", "nan"])
def test_an_impossible_learning_rate_is_said(session: Session, qtbot: QtBot, typed: str) -> None:
    plan, bar, heard = PlanForm(session), RunBar(session), []
    session.noticed.connect(heard.append)
    for widget in (plan, bar):
        qtbot.addWidget(widget)
        widget.show()
        qtbot.waitActive(widget)
        field = plan.editors["lr"].box if widget is plan else bar.lr
        enter(qtbot, field, typed)
        assert field.value() == session.run.plan.lr == 0.001
    assert plan.editors["lr"].wrong.text().startswith("Learning rate must ")
    assert heard[-1].key == "plan" and heard[-1].text == plan.editors["lr"].wrong.text()
    enter(qtbot, bar.lr, "0.5")
    assert session.run.plan.lr == 0.5 and (heard[-1].key, heard[-1].text) == ("plan", "")
    assert plan.editors["lr"].wrong.isHidden()


@pytest.fixture
def eps(qtbot: QtBot) -> Decimal:
    box = Decimal(Kind("float", "", 1e-12, 1.0))
    qtbot.addWidget(box)
    box.setValue(1e-5)
    return box


def test_refused_settings_of_the_plan_are_named_as_they_stand_there_and_have_all_their_lines(session, qtbot):
    plan = PlanForm(session)
    qtbot.addWidget(plan)
    plan.resize(268, 200)
    plan.show()
    plan.unfold("augment_rotation")
    told = {"augment_crop": "Random crop must", "augment_rotation": "Rotation must", "augment_flip": "Flip must"}
    for name, words in told.items():
        enter(qtbot, plan.editors[name].box, "720")
        assert plan.editors[name].wrong.text().startswith(words)
    wrong = [plan.editors[name].wrong for name in told]
    qtbot.waitUntil(lambda: all(w.isVisible() and w.minimumHeight() >= w.heightForWidth(w.width()) for w in wrong))
    plan.resize(900, 200)
    line = wrong[0].fontMetrics().height()
    qtbot.waitUntil(lambda: all(w.minimumHeight() < 2 * line for w in wrong))


def test_small_numbers_are_written_and_stepped_by_magnitude(eps: Decimal, qtbot: QtBot) -> None:
    assert eps.text() == "1e-05"
    assert [eps.textFromValue(v) for v in (1e9, 1e6, 100_000, 1234567, 0.00012345678, 0)] == [
        "1e+09",
        "1e+06",
        "100000",
        "1234567",
        "0.00012345678",
        "0",
    ]
    eps.stepBy(1)
    assert eps.value() == 2e-5
    eps.stepBy(-2)
    assert eps.value() == 9e-6
    for typed, value in (("3e-7", 3e-7), ("0.001", 0.001), ("0,5", 0.5), ("1e-12", 1e-12)):
        enter(qtbot, eps, typed)
        assert eps.value() == value, typed


@pytest.mark.parametrize("typed", ["e", "1e", "--", "7", "1e-30", "nan", "inf"])
def test_what_is_no_number_in_range_does_not_get_in(eps: Decimal, qtbot: QtBot, typed: str) -> None:
    enter(qtbot, eps, typed)
    assert eps.value() == 1e-5
    assert check("eps", Kind("float", "", 1e-12, 1.0), eps.value())


def test_a_minus_that_was_copied_from_a_text_is_one(qtbot: QtBot) -> None:
    for box in (Decimal(Kind("float", "", -9.0, 9.0)), Spin(Kind("int", "", -9, 9))):
        qtbot.addWidget(box)
        box.lineEdit().setText("\N{MINUS SIGN}5")
        box.interpretText()
        assert box.value() == -5


def test_probabilities_step_down_to_zero_and_up_from_it(qtbot: QtBot) -> None:
    box = Decimal(Kind("float", "", 0.0, 1.0))
    qtbot.addWidget(box)
    box.setValue(0.5)
    seen = []
    for _ in range(15):
        box.stepBy(-1)
        seen.append(box.value())
    assert seen[:5] == [0.4, 0.3, 0.2, 0.1, 0.09] and seen[-1] == 0.0
    box.stepBy(1)
    assert box.value() == 0.01
    box.setValue(0.95)
    box.stepBy(1)
    assert box.value() == 1.0


def wheel(widget: QWidget) -> None:
    where = QPointF(widget.rect().center())
    turn = QWheelEvent(
        where,
        QPointF(widget.mapToGlobal(where.toPoint())),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, turn)


def test_the_wheel_turns_only_what_has_the_focus(form: Form, session: Session) -> None:
    before = session.graph
    for e in form.editors.values():
        for part in e.parts():
            form.head.name.setFocus()
            wheel(part)
    assert session.graph is before
    box = form.editors["out_channels"].parts()[0]
    box.setFocus()
    wheel(box)
    assert layer_of(session).out_channels == 7


def test_undo_is_the_windows_unless_something_is_typed(form: Form, session: Session, qtbot: QtBot) -> None:
    undo = QAction(form)
    undo.setShortcut(QKeySequence(QKeySequence.StandardKey.Undo))
    undo.triggered.connect(session.edit.undo)
    form.addAction(undo)
    box = form.editors["out_channels"].parts()[0]
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Up)
    enter(qtbot, box, "9")
    qtbot.keyClicks(box, "0")
    qtbot.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert layer_of(session).out_channels == 9 and shown(form.editors["out_channels"]) == 9
    qtbot.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert layer_of(session).out_channels == 6 and shown(form.editors["out_channels"]) == 6


def test_escape_takes_back_what_is_typed(form: Form, session: Session, qtbot: QtBot) -> None:
    box = form.editors["out_channels"].parts()[0]
    box.setFocus()
    qtbot.keyClicks(box, "99")
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert box.text() == "6"
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert layer_of(session).out_channels == 6


# ── pairs and padding ────────────────────────────────────────────────────────────────────────────────────────────────
def test_linked_sizes_change_together_in_one_step(form: Form, session: Session, qtbot: QtBot) -> None:
    e = form.editors["kernel_size"]
    assert isinstance(e, PairEditor) and e.link.isChecked()
    enter(qtbot, e.wide, "3")
    assert layer_of(session).kernel_size == (3, 3)
    qtbot.mouseClick(e.link, Qt.MouseButton.LeftButton)
    enter(qtbot, e.high, "7")
    assert layer_of(session).kernel_size == (7, 3)
    qtbot.mouseClick(e.link, Qt.MouseButton.LeftButton)
    assert layer_of(session).kernel_size == (7, 7)


def test_unequal_sizes_from_elsewhere_are_not_linked(form: Form, session: Session) -> None:
    e = form.editors["kernel_size"]
    assert isinstance(e, PairEditor)
    session.edit.set("C1", "kernel_size", (3, 5))
    assert not e.link.isChecked() and e.value == (3, 5)
    session.edit.undo()
    assert e.value == (5, 5) and not e.link.isChecked()  # as the person sees it, until another layer is shown
    session.look.select(["S2"])
    session.look.select(["C1"])
    link = form.editors["kernel_size"]
    assert isinstance(link, PairEditor) and link.link.isChecked()


def test_padding_by_rule_or_by_numbers(form: Form, session: Session, qtbot: QtBot) -> None:
    e = form.editors["padding"]
    assert isinstance(e, PaddingEditor) and e.pair.isVisible()
    enter(qtbot, e.pair.high, "2")
    assert layer_of(session).padding == (2, 2)
    for rule in ("valid", "same", "same_tf"):
        qtbot.keyClick(e.rule, Qt.Key.Key_Down)
        assert layer_of(session).padding == rule
        assert not e.pair.isVisible()
    qtbot.keyClick(e.rule, Qt.Key.Key_Home)
    assert layer_of(session).padding == (2, 2)  # the numbers that stood there


# ── several numbers ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_numbers_in_a_row_are_checked_where_they_are_typed(form: Form, session: Session, qtbot: QtBot) -> None:
    session.look.select(["input"])
    e = form.editors["std"]
    assert isinstance(e, FloatsEditor)
    before = session.graph
    for typed, why in (
        ("0.2, x", "commas"),
        ("0.2, 0", "std must lie in"),
        ("nan", "std must lie in"),
        ("", "one number"),
    ):
        e.text.setFocus()
        e.text.clear()
        qtbot.keyClicks(e.text, typed or "1")
        if not typed:
            qtbot.keyClick(e.text, Qt.Key.Key_Backspace)
        assert e.wrong.isVisible() and why in e.wrong.text(), typed
        qtbot.keyClick(e.text, Qt.Key.Key_Return)
        assert session.graph is before
    qtbot.keyClick(e.text, Qt.Key.Key_Escape)
    assert e.text.text() == "1" and not e.wrong.isVisible()
    enter(qtbot, e.text, "0.25; 0.5 0.75")
    assert layer_of(session, "input").std == (0.25, 0.5, 0.75)
    assert e.text.text() == "0.25, 0.5, 0.75"
    assert "3 numbers" in form.words.wrong.text()  # the picture has one channel: a problem of the row


def test_numbers_left_wrong_are_forgotten(form: Form, session: Session, qtbot: QtBot) -> None:
    session.look.select(["input"])
    e = form.editors["mean"]
    assert isinstance(e, FloatsEditor)
    e.text.setFocus()
    qtbot.keyClicks(e.text, "x")
    assert e.wrong.isVisible()
    form.editors["std"].parts()[0].setFocus()
    assert e.text.text() == "0" and not e.wrong.isVisible()


def test_passing_through_a_field_changes_nothing(form: Form, session: Session) -> None:
    session.edit.set("input", "mean", (1 / 3,))
    session.edit.document.edit("odd", session.graph.change("C1", layer=Conv2d(6, (5, 4))))
    before = session.graph
    for id in ("input", "C1", "S2"):
        session.look.select([id])
        for e in form.editors.values():
            for part in e.parts():
                part.setFocus()
    form.head.name.setFocus()
    assert session.graph is before


# ── sides, shapes, tables ────────────────────────────────────────────────────────────────────────────────────────────
def other(session: Session, layer: Layer, qtbot: QtBot) -> Form:
    return opened(session, Graph().add(layer, id="it"), "it", qtbot)


def test_four_sides_are_linked_or_each_for_itself(session: Session, qtbot: QtBot) -> None:
    form = other(session, ZeroPad2d(), qtbot)
    e = form.editors["padding"]
    assert isinstance(e, SidesEditor) and e.link.isChecked()
    enter(qtbot, e.boxes[2], "3")
    assert layer_of(session, "it").padding == (3, 3, 3, 3)
    qtbot.mouseClick(e.link, Qt.MouseButton.LeftButton)
    enter(qtbot, e.boxes[1], "-2")
    assert layer_of(session, "it").padding == (3, -2, 3, 3)
    session.edit.undo()  # edits of one setting are one step
    assert e.value == (1, 1, 1, 1) and not e.link.isChecked()
    session.edit.set("it", "padding", (1, 2, 3, 4))
    qtbot.mouseClick(e.link, Qt.MouseButton.LeftButton)
    assert layer_of(session, "it").padding == (1, 1, 1, 1)


def test_padding_of_a_sequence_is_a_rule_or_one_number(session: Session, qtbot: QtBot) -> None:
    form = other(session, Conv1d(), qtbot)
    e = form.editors["padding"]
    assert isinstance(e, LengthPaddingEditor)
    enter(qtbot, e.pair.parts()[0], "2")
    assert layer_of(session, "it").padding == 2
    qtbot.keyClick(e.rule, Qt.Key.Key_End)
    assert layer_of(session, "it").padding == "same_tf" and not e.pair.isVisible()


@pytest.mark.parametrize(
    ("typed", "why"), [("4 x 4 x 4 x 4", "one to three"), ("four", "whole numbers with"), ("-2", "must lie in")]
)
def test_a_shape_is_checked_where_it_is_typed(session: Session, qtbot: QtBot, typed: str, why: str) -> None:
    form = other(session, Reshape(), qtbot)
    e = form.editors["shape"]
    assert isinstance(e, ShapeEditor) and e.text.text() == "-1 × 1 × 1"
    enter(qtbot, e.text, typed)
    assert e.wrong.isVisible() and why in e.wrong.text()
    assert layer_of(session, "it").shape == (-1, 1, 1)
    enter(qtbot, e.text, "16, 5 x 5")
    assert layer_of(session, "it").shape == (16, 5, 5) and e.text.text() == "16 × 5 × 5"


def test_a_table_counts_once_it_is_left(session: Session, qtbot: QtBot) -> None:
    form = other(session, SparseConv2d(((0,), (1, 2))), qtbot)
    e = form.editors["table"]
    assert isinstance(e, TableEditor) and e.text.text() == "0\n1 2"
    e.text.setFocus()
    qtbot.waitUntil(e.text.hasFocus)
    e.text.moveCursor(QTextCursor.MoveOperation.End)
    qtbot.keyClick(e.text, Qt.Key.Key_Return)
    assert "lists of whole numbers" in e.wrong.text() or not e.wrong.isVisible()
    qtbot.keyClicks(e.text, "3 x")
    assert e.wrong.isVisible() and "a line for each output map" in e.wrong.text()
    qtbot.keyClick(e.text, Qt.Key.Key_Backspace)
    qtbot.keyClicks(e.text, "0")
    assert layer_of(session, "it").table == ((0,), (1, 2)) and not e.wrong.isVisible()
    form.editors["bias"].parts()[0].setFocus()
    assert layer_of(session, "it").table == ((0,), (1, 2), (3, 0))
    e.text.setFocus()
    qtbot.keyClick(e.text, Qt.Key.Key_Return)
    qtbot.keyClicks(e.text, "9")
    qtbot.keyClick(e.text, Qt.Key.Key_Escape)
    assert e.text.text() == "0\n1 2\n3 0" and len(layer_of(session, "it").table) == 3
