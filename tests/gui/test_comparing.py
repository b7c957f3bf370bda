"""What to compare with: the choice in the window, versions of the network itself, and the dock that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnnviz.gui.session import Session
from cnnviz.gui.table.compare import Comparison
from cnnviz.gui.window import questions
from cnnviz.gui.window.comparing import PAIRS, CompareDialog, begin, show
from cnnviz.gui.window.window import LAYOUT, Window
from cnnviz.net import files
from cnnviz.net.compare import compare
from cnnviz.net.fold import subtotals
from cnnviz.net.network import Network
from cnnviz.net.presets import preset

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> Iterator[Window]:
    w = Window(session.settings)
    w.resize(1280, 720)
    qtbot.addWidget(w)
    w.furnish(session)
    session.file.open_preset("lenet5")
    with qtbot.waitExposed(w):
        w.show()
    yield w
    session.file.let_go()
    w.close()


def heard(session: Session, qtbot: QtBot) -> list[str]:
    told: list[str] = []
    session.noticed.connect(lambda notice: told.append(notice.text) if notice.text else None)
    return told


# ── the session's part ───────────────────────────────────────────────────────────────────────────────────────────────
def test_what_it_was_when_opened_and_saved(session: Session, tmp_path: Path) -> None:
    session.file.open_preset("lenet5")
    session.edit.set("C1", "out_channels", 9)
    assert session.compare.with_saved()
    other = session.compare.other
    assert other is not None and other.rows.params == 61_706 and other.name == "lenet5 as saved"
    assert session.file.save(tmp_path / "mine.cnnviz")
    assert session.compare.other is not None and session.compare.other.name == "mine.cnnviz as saved"
    assert compare(session.rows, session.compare.other.rows).same, "now the file holds the edit"
    session.compare.with_now()
    session.edit.undo()
    assert not compare(session.rows, session.compare.other.rows).same, "what was kept stays"
    session.file.open_preset("alexnet")
    assert session.compare.other.rows.params != session.rows.params, "and stays beside another network"
    session.compare.end()
    assert session.compare.other is None


def test_what_cannot_be_compared_with_is_said(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    told = heard(session, qtbot)
    assert not session.compare.with_file(tmp_path / "none.cnnviz")
    assert "There is no such file" in told[-1]
    assert not session.compare.with_file(tmp_path / "a.onnx")
    assert "Compare with it as it is now" in told[-1]
    assert not session.compare.with_preset("nothing")
    assert session.compare.other is None


def test_groups_of_both_fold_together(session: Session) -> None:
    session.file.open_preset("plain20")
    session.compare.with_preset("resnet20")
    session.fold.fold_all()
    assert "layer1/" in session.compare.view
    session.fold.unfold("layer1")
    assert "layer1/0/" in session.compare.view and "layer1/" not in session.compare.view
    session.fold.unfold_all()
    assert session.compare.view is session.compare.other.rows


# ── the window ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_dock_is_there_when_asked_for(window: Window, session: Session, qtbot: QtBot) -> None:
    dock, table = window.docks["compare"], window.docks["table"]
    assert dock.isHidden() and table.titleBarWidget() is None
    window.canvas.setFocus()
    QTest.keyClick(window, Qt.Key.Key_K, CTRL | SHIFT)
    qtbot.waitUntil(dock.isVisible)
    assert table in window.tabifiedDockWidgets(dock) and window.docks["curves"] not in window.tabifiedDockWidgets(dock)
    assert dock.titleBarWidget() is not None and table.titleBarWidget() is not None, "tabs name both"
    panel = window.panels["compare"]
    assert isinstance(panel, Comparison) and panel.model.rowCount() == len(session.graph)
    qtbot.mouseClick(panel.view.heading.away, Qt.MouseButton.LeftButton)
    assert dock.isHidden() and session.compare.other is None
    qtbot.waitUntil(lambda: table.titleBarWidget() is None)


def test_choosing_by_words(window: Window, session: Session, qtbot: QtBot) -> None:
    QTest.keyClick(window, Qt.Key.Key_K, CTRL)
    dialog = next(d for d in window.findChildren(CompareDialog) if d.isVisible())
    assert dialog.chosen is not None and dialog.chosen.kind == "now"
    QTest.keyClicks(dialog.search, "alexnet tower")
    assert dialog.chosen is not None and dialog.chosen.name == "alexnet-one-tower"
    dialog.search.clear()
    QTest.keyClicks(dialog.search, "no such thing")
    assert dialog.chosen is None and "Nothing is called so" in dialog.about.text()
    dialog.search.clear()
    QTest.keyClicks(dialog.search, "vgg-19")
    QTest.keyClick(dialog.search, Qt.Key.Key_Return)
    assert session.compare.other is not None and session.compare.other.name == "vgg19"
    assert window.docks["compare"].isVisible()


def test_enter_in_the_list_chooses_once(
    window: Window, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(questions, "open_network", lambda parent, folder: asked.append(folder) or "")
    window.desk.compare()
    dialog = next(d for d in window.findChildren(CompareDialog) if d.isVisible())
    row = next(r for h, rows in dialog._sections for r in rows if r.data(Qt.ItemDataRole.UserRole).kind == "file")
    dialog.list.setCurrentItem(row)
    dialog.list.setFocus()
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    assert len(asked) == 1


def test_a_window_that_was_left_before_there_was_this_dock(session: Session, qtbot: QtBot) -> None:
    w = Window(session.settings)
    qtbot.addWidget(w)
    w.resize(1280, 720)
    w.furnish(session)
    w.docks["compare"].setObjectName("another")  # what the older window did not have
    with qtbot.waitExposed(w):
        w.show()
    state = w.saveState(LAYOUT)
    w.docks["compare"].setObjectName("compare")
    assert w.restoreState(state, LAYOUT)
    w.desk.compare_now()
    dock = w.docks["compare"]
    assert dock.isVisible() and w.dockWidgetArea(dock) == w.dockWidgetArea(w.docks["table"])
    session.file.let_go()
    w.close()


def test_closed_and_opened_again(window: Window, session: Session) -> None:
    session.compare.with_preset("vgg19")
    show(window)
    window.docks["compare"].toggleViewAction().trigger()
    assert window.docks["compare"].isHidden() and session.compare.other is not None
    window.docks["compare"].toggleViewAction().trigger()
    panel = window.panels["compare"]
    assert isinstance(panel, Comparison) and panel.stack.currentIndex() == 1


def test_a_file_is_asked_for(window: Window, session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "mine.cnnviz"
    files.write(path, Network(preset("alexnet").graph))
    choice = CompareDialog(window)
    one = next(
        c for h, rows in choice._sections for r in rows if (c := r.data(Qt.ItemDataRole.UserRole)).kind == "file"
    )
    choice.close()
    monkeypatch.setattr(questions, "open_network", lambda parent, folder: "")
    begin(window, one)
    assert session.compare.other is None and window.docks["compare"].isHidden()
    monkeypatch.setattr(questions, "open_network", lambda parent, folder: str(path))
    begin(window, one)
    assert session.compare.other is not None and session.compare.other.name == "mine.cnnviz"
    session.compare.end()


@pytest.mark.parametrize(
    ("left", "params", "macs"), [("two-3x3", -7_136, -7_340_032), ("inception-reduced", None, None), ("plain20", 0, 0)]
)
def test_the_pairs_of_the_course(
    window: Window, session: Session, left: str, params: int | None, macs: int | None
) -> None:
    pair = next(p for p in PAIRS if p.left == left)
    begin(window, pair)
    assert session.file.name == left and session.compare.other is not None and session.compare.other.name == pair.name
    found = compare(session.rows, session.compare.other.rows)
    if params is None:  # more than half of the multiply-adds
        assert found.macs.change is not None and found.macs.change < -0.5 and found.params.change is not None
        return
    assert (found.params.difference, found.macs.difference) == (params, macs)
    if left == "two-3x3":
        mine, theirs = subtotals(session.rows, "window"), subtotals(session.compare.other.rows, "window")
        assert round(100 * (mine.params / theirs.params - 1)) == -28
        assert mine.field == theirs.field, "both see as much"


def test_unsaved_edits_are_asked_for_before_a_pair_is_opened(
    window: Window, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.edit.set("C1", "out_channels", 9)
    monkeypatch.setattr(questions, "unsaved", lambda parent, name, weights: "cancel")
    begin(window, PAIRS[0])
    assert session.file.name == "lenet5" and session.compare.other is None


def test_panels_as_at_first(window: Window, session: Session) -> None:
    session.compare.with_preset("vgg19")
    window.docks["compare"].show()
    window.place_afresh()
    assert window.docks["compare"].isHidden()
    assert window.docks["curves"] not in window.tabifiedDockWidgets(window.docks["table"])
