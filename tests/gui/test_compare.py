"""The comparison in the window: lines beside each other, live, one selection, and what it says of what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from cnnviz.gui.session import Session
from cnnviz.gui.table.cells import DOT, PAD
from cnnviz.gui.table.compare import Comparison
from cnnviz.gui.table.lines import COLUMNS, FIELD, LEFT, MACS, MARK, NAME, OUT, PARAMS, RIGHT, Lines
from cnnviz.gui.table.outline import outline
from cnnviz.gui.table.sides import NAMES, bar, beginnings, without
from cnnviz.net import edit, files
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.network import Network
from cnnviz.net.presets import preset

CLICK, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> Iterator[Comparison]:
    session.file.open_preset("lenet5")
    widget = Comparison(session)
    qtbot.addWidget(widget)
    widget.resize(1100, 420)
    with qtbot.waitExposed(widget):
        widget.show()
    yield widget
    widget.close()


def at(side: str, what: str) -> int:
    return next(i for i, c in enumerate(COLUMNS) if (c.side, c.what) == (side, what))


def shown(p: Comparison, place: int) -> list[str]:
    return [p.model.index(place, i).data() for i in range(len(COLUMNS))]


def beside(p: Comparison) -> list[tuple[str, str, str]]:
    """(left, mark, right) of every line."""
    places = range(p.model.rowCount())
    return [tuple(p.model.index(i, at(*c)).data() for c in ((LEFT, NAME), ("", MARK), (RIGHT, NAME))) for i in places]  # type: ignore[misc]


def place_of(p: Comparison, id: str, side: str = LEFT) -> int:
    return next(i for i, x in enumerate(p.model.lines) if (r := getattr(x, side)) is not None and r.id == id)


def click(p: Comparison, place: int, qtbot: QtBot, column: int = 0, keys: Qt.KeyboardModifier = NONE) -> None:
    p.view.scrollTo(p.model.index(place, column))
    qtbot.mouseClick(p.view.viewport(), CLICK, keys, p.view.visualRect(p.model.index(place, column)).center())


def chosen(p: Comparison) -> list[str]:
    rows = sorted(i.row() for i in p.view.selectionModel().selectedRows())
    return [line.left.id if line.left else "" for line in (p.model.lines[r] for r in rows)]


# ── figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_line_tells_what_both_have(panel: Comparison, session: Session) -> None:
    session.compare.with_preset("lenet5")
    session.edit.set("C1", "kernel_size", (3, 3))
    place = place_of(panel, "C1")
    assert shown(panel, place)[:5] == ["C1", "6×30×30", "60", "48,600", "3×3 /1"]
    assert shown(panel, place)[5:] == ["≠", "C1", "6×28×28", "156", "117,600", "5×5 /1", "−96", "−69,000"]
    tip = panel.model.index(place, at("", MARK)).data(Qt.ItemDataRole.ToolTipRole)
    assert "kernel_size: 3×3 here, 5×5 in lenet5" in tip and "Output: 6×30×30 here, 6×28×28 in lenet5" in tip
    assert "Parameters: 60 here, 156 in lenet5" in tip
    assert beside(panel)[place + 1] == ("C1_tanh", "≈", "C1_tanh"), "alike behind one that differs"
    assert beside(panel)[0] == ("input", "=", "input")
    assert "Alike in both" in panel.model.index(0, at("", MARK)).data(Qt.ItemDataRole.ToolTipRole)
    sums = panel.sums.texts
    assert (sums[at(LEFT, PARAMS)], sums[at(RIGHT, PARAMS)]) == (f"{session.rows.params:,}", "61,706")
    assert sums[at("", PARAMS)] == "−96   −0.2 %"
    assert f"Parameters: {session.rows.params:,} here, 61,706 in lenet5 (−0.2 %)" in panel.sums.toolTip()


def test_bars_have_one_scale_on_both_sides(panel: Comparison, session: Session) -> None:
    session.compare.with_preset("alexnet")
    rows = [*session.rows.values(), *preset("alexnet").analyze().values()]
    assert panel.model.most == {PARAMS: max(r.params for r in rows), MACS: max(r.macs for r in rows)}
    assert panel.sums._bars[at(RIGHT, PARAMS)] == 1 > panel.sums._bars[at(LEFT, PARAMS)] > 0


def test_the_larger_bar_is_wider_on_the_screen(panel: Comparison, session: Session) -> None:
    session.compare.with_preset("alexnet")
    place = place_of(panel, "F6")
    assert panel.model.lines[place].right is not None
    panel.view.scrollTo(panel.model.index(place, 0))
    picture = panel.view.viewport().grab().toImage()

    def filled(side: str) -> int:
        """Pixels of the bar's colour along the upper edge of the cell's bar."""
        box = panel.view.visualRect(panel.model.index(place, at(side, PARAMS)))
        return sum(
            picture.pixelColor(x, box.top() + 5).name() == bar().name() for x in range(box.left(), box.right() + 1)
        )

    assert filled(LEFT) == 0, "a ten-thousandth is no bar"
    assert filled(RIGHT) > 30


# ── live ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_every_edit_is_seen_beside_the_kept_version(panel: Comparison, session: Session) -> None:
    session.compare.with_now()
    assert all(mark == "=" for _a, mark, _b in beside(panel)) and panel.sums.texts[at("", MARK)] == "="
    session.look.select(["S2"])
    session.edit.append("ReLU")
    session.edit.remove(["C3_tanh"])
    lines = beside(panel)
    assert ("relu_1", "+", "") in lines and ("", "−", "C3_tanh") in lines
    assert "Only in this network" in panel.model.tip(panel.model.lines[place_of(panel, "relu_1")], COLUMNS[0])
    session.edit.undo()
    session.edit.undo()
    assert all(mark == "=" for _a, mark, _b in beside(panel))


def test_the_model_keeps_qts_rules(qtmodeltester: ModelTester, lenet: Graph) -> None:
    model = Lines()
    qtmodeltester.check(model)
    there = analyse(lenet)
    for g in (lenet, edit.remove(lenet, ["C1", "S2"]), preset("alexnet").graph, Graph(), lenet):
        rows = analyse(g)
        model.show_networks(outline(rows, rows), outline(there, there), "lenet")
        assert model.rowCount() >= max(len(rows), len(there))
    qtmodeltester.check(model)


def test_nothing_is_done_while_nobody_sees_it(panel: Comparison, session: Session) -> None:
    session.compare.with_now()
    panel.hide()
    session.edit.set("C1", "out_channels", 9)
    assert all(line.same for line in panel.model.lines)
    panel.show()
    assert not all(line.same for line in panel.model.lines)


# ── selection ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_one_selection_with_the_canvas(panel: Comparison, session: Session, qtbot: QtBot) -> None:
    session.compare.with_preset("alexnet")
    click(panel, place_of(panel, "C3"), qtbot, at(LEFT, PARAMS))
    assert session.look.selected == "C3"
    session.look.select(["F6"])
    assert chosen(panel) == ["F6"]
    QTest.keyClick(panel.view, Qt.Key.Key_Up)
    assert session.look.selected != "F6" or chosen(panel) == [""], "keys go from line to line"
    click(panel, place_of(panel, "S2"), qtbot)
    click(panel, place_of(panel, "S4"), qtbot, keys=Qt.KeyboardModifier.ControlModifier)
    assert session.look.selection == ("S2", "S4")
    only = place_of(panel, "dropout6", RIGHT)
    assert panel.model.lines[only].left is None
    click(panel, only, qtbot, at(RIGHT, NAME))
    assert session.look.selection == ("S2", "S4"), "a layer of the other network has no card"


def test_an_edit_keeps_the_selection(panel: Comparison, session: Session) -> None:
    session.compare.with_now()
    session.look.select(["S4"])
    session.edit.set("C1", "out_channels", 9)
    assert chosen(panel) == ["S4"]


# ── groups ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_groups_fold_on_both_sides(panel: Comparison, session: Session, qtbot: QtBot) -> None:
    session.file.open_preset("plain20")
    session.fold.fold_all()
    session.compare.with_preset("resnet20")
    assert ("layer1", "≠", "layer1") in beside(panel)
    assert "Layers inside: 18 here, 21 in resnet20" in panel.model.tip(
        panel.model.lines[place_of(panel, "layer1/")], COLUMNS[0]
    )
    place = place_of(panel, "layer1/")
    box = panel.view.visualRect(panel.model.index(place, NAMES[RIGHT]))
    qtbot.mouseClick(panel.view.viewport(), CLICK, NONE, QPoint(box.left() + 9, box.center().y()))
    assert "layer1" not in session.fold.folded
    assert ("layer1/0", "≠", "layer1/0") in beside(panel)
    panel.view.setCurrentIndex(panel.model.index(place_of(panel, "layer1/0/"), 0))
    QTest.keyClick(panel.view, Qt.Key.Key_Right)
    assert ("", "−", "layer1_0_add") in beside(panel)
    QTest.keyClick(panel.view, Qt.Key.Key_Left)
    assert ("", "−", "layer1_0_add") not in beside(panel)


def test_a_group_that_only_the_other_network_has(panel: Comparison, session: Session, qtbot: QtBot) -> None:
    session.compare.with_preset("resnet18")
    folded = [line for line in panel.model.lines if line.right is not None and line.right.id == "layer1/0/"]
    assert folded, "opened as usual"
    place = place_of(panel, "layer1/0/", RIGHT)
    panel.view.scrollTo(panel.model.index(place, 0))
    where = panel.view.visualRect(panel.model.index(place, at(RIGHT, OUT))).center()
    qtbot.mouseDClick(panel.view.viewport(), CLICK, NONE, where)
    assert any(line.right is not None and line.right.id == "layer1_0_conv1" for line in panel.model.lines)


# ── what is wrong ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_empty_panel_says_the_next_step(panel: Comparison, session: Session, qtbot: QtBot) -> None:
    assert panel.stack.currentIndex() == 0
    with qtbot.waitSignal(panel.asked):
        qtbot.mouseClick(panel.start, CLICK)
    session.compare.with_preset("alexnet")
    assert panel.stack.currentIndex() == 1
    with qtbot.waitSignal(panel.asked):
        qtbot.mouseClick(panel.view.heading.other, CLICK)
    assert panel.view.heading.other.text().startswith("alexnet")
    qtbot.mouseClick(panel.view.heading.away, CLICK)
    assert session.compare.other is None and panel.stack.currentIndex() == 0


def test_a_broken_edit_says_so_in_its_row(panel: Comparison, session: Session) -> None:
    session.compare.with_now()
    session.edit.set("C1", "kernel_size", (99, 99))
    place = place_of(panel, "C1")
    assert shown(panel, place)[1:5] == ["", "", "", ""] and shown(panel, place)[-2:] == ["", ""]
    assert "does not fit" in panel.model.tip(panel.model.lines[place], COLUMNS[at(LEFT, OUT)])
    assert panel.sums.texts[NAMES[LEFT]] == "1 problem" and panel.sums.texts[at("", PARAMS)] == "–"
    assert not panel.strip.isVisible(), "it is this network that is broken"


def test_a_broken_or_lost_file_is_said(panel: Comparison, session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mine.cnnviz"
    graph = preset("lenet5").graph
    files.write(path, Network(graph))
    assert session.compare.with_file(path) and not panel.strip.isVisible()
    files.write(path, Network(edit.remove(graph, ["flatten"])))
    qtbot.waitUntil(panel.strip.isVisible)
    assert "mine.cnnviz is broken at F6" in panel.strip.text.text()
    path.unlink()
    qtbot.waitUntil(lambda: "There is no such file" in panel.strip.text.text())
    assert panel.model.rowCount() > 0, "what it held last"
    files.write(path, Network(graph))
    qtbot.waitUntil(lambda: not panel.strip.isVisible())
    session.compare.end()


# ── room ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_columns_go_and_come_with_the_room(panel: Comparison, session: Session, qtbot: QtBot) -> None:
    session.file.open_preset("vgg16")
    session.compare.with_preset("vgg19")

    def there(width: int) -> set[str]:
        panel.resize(width, 420)
        qtbot.waitUntil(lambda: panel.view.width() == width)
        return {c.what for i, c in enumerate(COLUMNS) if not panel.view.isColumnHidden(i)}

    assert there(1500) == {NAME, OUT, PARAMS, MACS, FIELD, MARK} and not panel.model.brief
    assert there(860) == {NAME, PARAMS, MACS, MARK}
    assert there(560) == {NAME, PARAMS, MACS, MARK} and panel.model.brief
    place = place_of(panel, "block3_conv1")
    assert shown(panel, place)[at(LEFT, PARAMS)] == "295.2 k"
    assert "295,168 parameters" in panel.model.tip(panel.model.lines[place], COLUMNS[at(LEFT, PARAMS)])
    assert panel.view.horizontalScrollBar().maximum() == 0, "nothing is out of sight"
    assert there(1500) == {NAME, OUT, PARAMS, MACS, FIELD, MARK} and not panel.model.brief
    for i in range(len(COLUMNS)):
        assert panel.view.columnWidth(i) >= panel.view._needs[i]


def test_a_column_that_was_the_last_one_has_its_width_before_another(
    panel: Comparison, session: Session, qtbot: QtBot
) -> None:
    session.compare.end()
    session.file.open_preset("inception-reduced")
    panel.resize(397, 160)
    session.compare.with_preset("inception-direct")
    qtbot.waitUntil(lambda: panel.view.width() == 397)
    panel.resize(701, 160)
    qtbot.waitUntil(lambda: panel.view.width() == 701)
    for i in range(len(COLUMNS)):
        if not panel.view.isColumnHidden(i) and COLUMNS[i].number:
            assert panel.view.columnWidth(i) >= panel.view._brief[i], COLUMNS[i].heading


def test_layers_are_told_apart_however_little_room_there_is(panel: Comparison, session: Session, qtbot: QtBot) -> None:
    session.file.open_preset("inception-reduced")
    session.compare.with_preset("inception-direct")
    panel.resize(557, 160)  # of 1280×720
    qtbot.waitUntil(lambda: panel.view.width() == 557)
    seen = {(c.side, c.what) for i, c in enumerate(COLUMNS) if not panel.view.isColumnHidden(i)}
    assert {(LEFT, PARAMS), (RIGHT, PARAMS), ("", PARAMS), ("", MACS)} <= seen
    assert panel.view.horizontalScrollBar().maximum() == 0
    for side in (LEFT, RIGHT):
        room = panel.view.columnWidth(NAMES[side]) - 2 * PAD - DOT
        rows = [r for line in panel.model.lines if (r := getattr(line, side)) is not None]
        said = [panel.view._beside.written(r, side, room - panel.view._beside.indent(r, side), False)[0] for r in rows]
        assert len({*said}) == len(said), "no two layers read alike"
        assert any(name.startswith("…") for name in said)
    for i, column in enumerate(COLUMNS):
        if column.number and not panel.view.isColumnHidden(i):
            assert panel.sums.needs(i, brief=True) <= panel.view.columnWidth(i) + 1, "no sum is cut"
    place = place_of(panel, "inception_branch1_conv")
    assert "branch1_conv" in panel.model.tip(panel.model.lines[place], COLUMNS[NAMES[LEFT]])


def test_what_names_begin_with_alike_is_left_out_first() -> None:
    rows = preset("inception-reduced").analyze()
    group = next(r.node.group for r in rows.values() if r.node.group)
    assert "branch" in beginnings([*rows.values()])[group]
    assert without("branch3x3_conv", "branch") == "…3x3_conv" and without("concat", "branch") == "concat"
    assert without("branch", "branch") == "branch"
