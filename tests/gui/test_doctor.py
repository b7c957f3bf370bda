"""The shape doctor in the window: what mends a network is offered where it is wrong, and is one click and one undo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from cnnviz.gui.canvas.menu import ENTRIES, build_menu
from cnnviz.gui.canvas.tips import card_tip
from cnnviz.gui.layers.form import Form
from cnnviz.gui.layers.why import Why
from cnnviz.gui.session import Notice, Session
from cnnviz.gui.session.mending import LINES, as_actions, preview
from cnnviz.gui.table.columns import OUT, tip
from cnnviz.gui.table.table import Table
from cnnviz.net.graph import Graph


@pytest.fixture
def broken(session: Session, lenet: Graph) -> Session:
    """LeNet without its Flatten; the layer that lacks it is selected."""
    session.edit.document.reset(lenet)
    session.edit.remove(["flatten_1"])
    session.look.select(["output"])
    return session


@pytest.fixture
def form(broken: Session, qtbot: QtBot) -> Iterator[Form]:
    f = Form(broken)
    qtbot.addWidget(f)
    with qtbot.waitExposed(f):
        f.show()
    yield f


# ── session ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_repair_is_one_step(broken: Session) -> None:
    first = broken.edit.repairs("output")[0]
    assert broken.edit.repair(first)
    assert broken.graph == first.graph and broken.rows["output"].problem is None
    assert broken.look.selected == "output"
    assert broken.edit.document.undo_text == "Insert Flatten"
    broken.edit.undo()
    assert broken.rows["output"].problem is not None
    assert broken.edit.repairs("input") == ()


def test_an_offer_from_before_an_edit_is_made_anew_or_refused(broken: Session) -> None:
    notices: list[Notice] = []
    broken.noticed.connect(notices.append)
    offered = broken.edit.repairs("output")[0]
    broken.edit.set("C1", "out_channels", 7)
    assert broken.edit.repair(offered)
    assert broken.graph["C1"].layer.out_channels == 7 and broken.rows["output"].problem is None  # type: ignore[attr-defined]
    assert not broken.edit.repair(offered)
    assert "does not apply any more" in notices[-1].text


def test_what_is_refused_comes_with_what_mends_it(broken: Session) -> None:
    notices: list[Notice] = []
    broken.noticed.connect(notices.append)
    broken.run.train()
    (label, mend), *_more = next(n for n in notices if n.key == "train").actions
    assert label == "Insert Flatten" == as_actions(broken, broken.run.remedies)[0][0]
    mend()
    assert broken.run.problem is None and broken.run.remedies == ()


# ── the form ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_form_offers_every_way(form: Form, broken: Session, qtbot: QtBot) -> None:
    qtbot.waitUntil(form.words.cure.isVisible)
    others = [c for c in form.others.cures if c.isVisible()]
    assert [form.words.cure.text(), *(c.text() for c in others)] == [r.text for r in broken.edit.repairs("output")]
    assert form.words.arithmetic.text() == "6·14·14 = 1,176"
    second = others[0].repair
    qtbot.mouseClick(others[0], Qt.MouseButton.LeftButton)
    assert second is not None and broken.graph == second.graph
    qtbot.waitUntil(lambda: not form.others.isVisible())
    assert not form.words.cure.isVisible() and form.words.does.isVisible()


def test_a_repair_looked_at_shows_its_table(form: Form, qtbot: QtBot) -> None:
    cure = form.words.cure
    qtbot.waitUntil(cure.isVisible)
    QApplication.sendEvent(cure, QFocusEvent(QEvent.Type.FocusIn))
    assert "flatten_1" in form.help.text() and "1,176" in form.help.text() and "11,770" in form.help.text()
    QApplication.sendEvent(cure, QFocusEvent(QEvent.Type.FocusOut))
    assert form.help.text() == ""


def test_long_words_do_not_widen_the_form(form: Form, qtbot: QtBot) -> None:
    qtbot.waitUntil(form.words.cure.isVisible)
    assert all(c.minimumSizeHint().width() <= 80 for c in (form.words.cure, *form.others.cures))


def test_without_a_selection_the_form_says_what_the_network_lacks(form: Form, broken: Session, qtbot: QtBot) -> None:
    broken.edit.repair(broken.edit.repairs("output")[0])
    broken.edit.add("ReLU", (0.0, 200.0), after="C1")
    broken.look.select([])
    qtbot.waitUntil(lambda: form.words.cure.isVisible() and form.words.cure.text() == "Delete relu_1")
    assert "several ends" in form.words.wrong.text()
    qtbot.mouseClick(form.words.cure, Qt.MouseButton.LeftButton)
    assert broken.run.problem is None


# ── elsewhere ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_menus_offer_repairs_first(broken: Session, qtbot: QtBot) -> None:
    around = QWidget()
    for _words, verb, _need in ENTRIES:
        setattr(around, verb or "line", lambda: None)
    qtbot.addWidget(around)
    table = Table(broken)
    qtbot.addWidget(table)
    texts = [r.text for r in broken.edit.repairs("output")]
    for menu in (build_menu(around, broken, False), table.menu()):
        first = menu.actions()[: len(texts) + 1]
        assert [a.text() for a in first] == [*texts, ""] and first[-1].isSeparator()
        assert "flatten_1" in first[0].toolTip() and menu.toolTipsVisible()
    broken.look.select(["C1", "output"])  # as a folded group selects what is in it
    menu = table.menu()
    assert menu.actions()[0].text() == "Insert Flatten"
    menu.actions()[0].trigger()
    assert broken.rows["output"].problem is None
    assert not menu.actions()[0].isVisible() or table.menu().actions()[0].text() == "Copy table as text"


def test_tips_and_formulas_have_the_arithmetic(broken: Session, qtbot: QtBot) -> None:
    row = broken.rows["output"]
    assert "6·14·14 = 1,176" in card_tip(row, broken.rows) and "Insert Flatten" in card_tip(row, broken.rows)
    assert tip(row, OUT).endswith("6·14·14 = 1,176")
    why = Why(broken)
    qtbot.addWidget(why)
    why.show()
    assert "6·14·14 = 1,176" in why.text.toPlainText()


def test_a_preview_is_short(broken: Session) -> None:
    broken.edit.undo()
    broken.edit.set("C1", "kernel_size", (40, 40))
    shown = preview(broken.edit.repairs("C1")[0])
    assert shown.count("<tr>") == LINES and "more rows" in shown and "parameters in all" in shown
    assert preview(broken.edit.repairs("tanh_1")[0]) == shown, "it waits for the same layer"
