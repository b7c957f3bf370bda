"""The arithmetic: formulas with the layer's own numbers, live, to be copied."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnviz.gui.layers.why import WIDE, Why, figures, statements
from cnnviz.gui.paint import theme
from cnnviz.gui.session import Session
from cnnviz.net.analysis import analyse
from cnnviz.net.explain import explain
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Add, Conv2d, Input, Linear, ReLU


@pytest.fixture
def why(session: Session, lenet: Graph, qtbot: QtBot) -> Why:
    session.edit.document.reset(lenet)
    session.look.select(["C1"])
    w = Why(session)
    qtbot.addWidget(w)
    w.resize(320, 400)
    w.show()
    qtbot.waitExposed(w)
    return w


def turn() -> None:
    """One turn of the event loop."""
    loop = QEventLoop()
    QTimer.singleShot(0, loop.quit)
    loop.exec()


def lines(w: Why) -> str:
    turn()
    return w.text.toPlainText().replace("\N{NO-BREAK SPACE}", " ").replace("\u2028", "\n")


@pytest.mark.parametrize("width", [WIDE - 100, WIDE + 100])
def test_the_formulas_of_a_convolution(why: Why, width: int) -> None:
    why.resize(width, 400)
    told = lines(why)
    assert "⌊(32 + 2·0 − 1·(5−1) − 1)/1⌋ + 1 = 28" in told
    assert "(5·5·1 + 1)·6 = 156" in told
    assert "= 117,600" in told
    assert ("<table" in why.text.toHtml()) == (width >= WIDE)


def test_every_formula_is_told(why: Why, session: Session) -> None:
    for row in session.rows.values():
        session.look.select([row.id])
        for f in explain(row):
            assert f.label in lines(why)
            assert f"{f.value:,}" in lines(why)


def test_it_follows_edits_and_the_selection(why: Why, session: Session) -> None:
    session.edit.set("C1", "padding", (2, 2))
    assert "⌊(32 + 2·2 − 1·(5−1) − 1)/1⌋ + 1 = 32" in lines(why)
    session.look.select(["output"])
    assert lines(why).startswith("output") and "Every unit sees the whole picture." in lines(why)
    session.look.select([])
    assert "Select a layer" in lines(why)


def test_what_a_person_marked_stays_marked(why: Why, session: Session) -> None:
    why.text.selectAll()
    marked = why.text.textCursor().selectedText()
    session.edit.set("output", "out_features", 12)
    turn()
    assert why.text.textCursor().selectedText() == marked
    why.text.copy()


def test_a_new_layer_is_written_once(why: Why, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edit and the selection that follows it are one thing to tell."""
    turn()
    written: list[str] = []
    monkeypatch.setattr(why.text, "setHtml", written.append)
    session.edit.set("C1", "out_channels", 7)
    session.edit.append("ReLU")
    turn()
    assert len(written) == 1 and "relu_1" in written[0]


def test_hidden_it_waits_and_shown_it_is_up_to_date(why: Why, session: Session) -> None:
    why.hide()
    session.edit.set("C1", "out_channels", 7)
    assert "(5·5·1 + 1)·6" in lines(why)
    why.show()
    assert "(5·5·1 + 1)·7 = 182" in lines(why)


def test_a_broken_layer_says_why_and_one_behind_it_too(why: Why, session: Session) -> None:
    session.edit.set("C1", "kernel_size", (40, 40))
    assert "40×40 window does not fit" in lines(why)
    session.look.select(["S2"])
    assert "Waits for C1." in lines(why)
    assert "C1: Conv2d's 40×40 window does not fit" in lines(why)


def test_merges_state_their_alignment() -> None:
    g = Graph().add(Input(1, (32, 32)), id="i").add(Conv2d(1, (3, 3), padding="same"), ["i"], id="odd")
    g = g.add(Conv2d(1, (2, 2), padding="same"), ["i"], id="even").add(Add(), ["i", "odd"], id="good")
    g = g.add(Add(), ["i", "even"], id="bad").add(ReLU(), ["bad"], id="after")
    rows = analyse(g)
    assert "are aligned" in statements(rows["good"])[0]
    assert "are not aligned" in statements(rows["bad"])[0]
    assert "before this layer" in statements(rows["after"])[0]
    assert statements(rows["odd"]) == []
    broken = analyse(g.add(Linear(), ["i"], id="l"))
    assert statements(broken["l"]) == []


def test_long_numbers_are_grouped() -> None:
    assert figures("4·120·1024 + 99") == "4·120·1,024 + 99"


def test_both_themes(why: Why, qapp: QApplication, qtbot: QtBot) -> None:
    def coloured(now: theme.Theme) -> bool:
        return now.caption.lower() in why.text.toHtml().lower()

    try:
        theme.apply(qapp, theme.DARK)
        qtbot.waitUntil(lambda: coloured(theme.DARK))
    finally:
        theme.apply(qapp, theme.LIGHT)
    qtbot.waitUntil(lambda: coloured(theme.LIGHT))


def test_where_branches_meet(session: Session, qtbot: QtBot) -> None:
    session.file.open_preset("googlenet")
    panel = Why(session)
    qtbot.addWidget(panel)
    panel.show()
    session.look.select(["inception3a_concat"])
    panel.refresh()
    assert "0…63 branch1 · 64…191 branch2 · 192…223 branch3 · 224…255 branch4" in panel.text.toPlainText()
    session.file.open_preset("resnet18")
    session.look.select(["layer1_0_add"])
    panel.refresh()
    assert "F(x) comes from layer1_0_bn2; x is the block's input, maxpool." in panel.text.toPlainText()
