"""The table: cells, totals, one selection with the session, live edits, copies."""

from __future__ import annotations

import csv
import io

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from cnnviz.gui.paint.counts import count, memory, short
from cnnviz.gui.session import Session
from cnnviz.gui.table.columns import (
    FIELD,
    LAYER,
    MACS,
    MEMORY,
    OUT,
    PARAMS,
    TYPE,
    USUAL,
    field_text,
    tip,
)
from cnnviz.gui.table.copies import as_csv, as_markdown, as_text
from cnnviz.gui.table.rows import Rows
from cnnviz.gui.table.table import Table
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Add, AvgPool2d, Conv2d, Input, MaxPool2d, ReLU
from cnnviz.net.presets import preset


@pytest.fixture
def table(session: Session, lenet: Graph, qtbot: QtBot) -> Table:
    session.edit.document.reset(lenet)
    t = Table(session)
    qtbot.addWidget(t)
    t.resize(760, 140)
    t.show()
    qtbot.waitExposed(t)
    return t


def shown(t: Table, row: int) -> list[str]:
    """The usual columns' cells."""
    return [t.model.index(row, c).data() for c in USUAL]


def chosen(t: Table) -> list[int]:
    return sorted(i.row() for i in t.view.selectionModel().selectedRows())


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_numbers_as_people_read_them() -> None:
    assert [count(n) for n in (0, 61_706, 9_999_999, 10_000_000)] == ["0", "61,706", "9,999,999", "10.0 M"]
    assert [short(n) for n in (999, 1_000, 999_949, 999_951, 138_357_544)] == [
        "999",
        "1.0 k",
        "999.9 k",
        "1.0 M",
        "138.4 M",
    ]
    assert [memory(n) for n in (0, 1023, 1024, 18_816, 1_048_575, 3 * 2**20)] == [
        "0 B",
        "1,023 B",
        "1.0 KB",
        "18.4 KB",
        "1.0 MB",
        "3.0 MB",
    ]


def test_the_cells_of_a_row(table: Table) -> None:
    assert shown(table, 1) == ["C1", "Conv2d", "6×28×28", "156", "117,600", "18.4 KB", "5×5 /1"]
    assert shown(table, 5)[FIELD] == "whole"
    assert tip(table.model.rows[5], FIELD) == "Every unit sees the whole picture."
    assert "18,816 bytes" in tip(table.model.rows[1], MEMORY)


def test_large_numbers_are_short_and_exact_in_the_tip() -> None:
    g = Graph().add(Input(64, (224, 224)), id="i").add(Conv2d(64, (3, 3)), ["i"], id="c")
    row = analyse(g)["c"]
    model = Rows()
    model.show_rows(analyse(g))
    assert model.index(1, MACS).data() == "1.8 G"
    assert f"{row.macs:,}" in model.index(1, MACS).data(Qt.ItemDataRole.ToolTipRole)


def test_field_text_tells_axes_and_misaligned_branches() -> None:
    g = Graph().add(Input(1, (32, 32)), id="i").add(Conv2d(4, (5, 3), (2, 1)), ["i"], id="c")
    assert field_text(analyse(g)["c"].field) == "5×3 /2×1"
    g = (
        Graph()
        .add(Input(1, (32, 32)), id="i")
        .add(Conv2d(1, (2, 2), padding="same"), ["i"], id="c")
        .add(Add(), ["i", "c"], id="s")
    )
    row = analyse(g)["s"]
    assert field_text(row.field).startswith("≈ ")
    assert "disagree" in tip(row, FIELD)


def test_headings_say_what_is_counted(table: Table) -> None:
    told = table.model.headerData(MACS, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert "Multiply-adds" in told and "without bias" in told


# ── live ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_model_keeps_qts_rules_through_edits(session: Session, lenet: Graph, qtmodeltester: ModelTester) -> None:
    model = Rows()
    qtmodeltester.check(model)
    for g in (lenet, lenet.remove(["C1", "S2"]), preset("lenet5").graph, Graph(), lenet):
        model.show_rows(analyse(g))
    qtmodeltester.check(model)


def test_an_edit_tells_only_of_the_rows_it_changed(table: Table, session: Session) -> None:
    told: list[tuple[int, int, int]] = []

    def hear(first: QModelIndex, last: QModelIndex) -> None:
        told.append((first.row(), last.row(), first.column()))

    table.model.dataChanged.connect(hear)
    session.edit.move({"C1": (4.0, 4.0)})
    assert told == []
    session.edit.set("C1", "padding_mode", "reflect")
    assert told == []  # nothing that the table shows
    session.edit.set("output", "out_features", 12)
    assert told == [(5, 5, LAYER), (0, 5, PARAMS), (0, 5, MACS), (0, 5, MEMORY)]  # bars are shares of the whole
    assert shown(table, 5)[OUT] == "12"
    assert table.totals.texts[PARAMS] == f"{session.rows.params:,}"


def test_rows_come_and_go_where_the_layers_do(table: Table, session: Session) -> None:
    session.look.select(["S2"])
    session.edit.append("ReLU")
    assert shown(table, 4)[:2] == ["relu_1", "ReLU"]
    assert chosen(table) == [4]
    session.edit.undo()
    assert [r.id for r in table.model.rows] == [n.id for n in session.graph]
    session.edit.rename("C1", "first")
    assert shown(table, 1)[0] == "first"
    session.look.select(["S2"])
    session.look.select(["first"])
    assert chosen(table) == [1]


def test_every_edit_gives_the_rows_of_a_fresh_model(table: Table, session: Session) -> None:
    edits = [
        lambda: session.edit.remove(["S2"]),
        lambda: session.edit.add("Add", (0.0, 300.0)),
        lambda: session.edit.connect("C1", "add_1"),
        lambda: session.edit.connect("tanh_1", "add_1"),
        lambda: session.edit.connect("add_1", "flatten_1"),
        lambda: session.edit.set("C1", "kernel_size", (40, 40)),
        session.edit.undo,
        session.edit.undo,
        session.edit.undo,
        session.edit.redo,
        lambda: session.edit.remove(["input", "C1"]),
    ]
    for do in edits:
        do()
        fresh = Rows()
        fresh.show_rows(session.rows)
        assert [shown(table, i) for i in range(len(session.graph))] == [
            [fresh.index(i, c).data() for c in USUAL] for i in range(len(session.graph))
        ]


def test_selection_and_scroll_stay_through_an_edit_elsewhere(session: Session, qtbot: QtBot) -> None:
    session.edit.document.reset(preset("minivggnet").graph)
    t = Table(session)
    qtbot.addWidget(t)
    t.resize(700, 200)
    t.show()
    qtbot.waitExposed(t)
    ids = [n.id for n in session.graph]
    session.look.select(ids[2:4])
    bar = t.view.verticalScrollBar()
    bar.setValue(bar.maximum())
    place = bar.value()
    assert place > 0
    session.edit.set(ids[-2], "p", 0.25)
    session.edit.set(ids[1], "out_channels", 16)
    assert bar.value() == place
    assert chosen(t) == [2, 3]
    assert session.look.selection == tuple(ids[2:4])


def test_a_layer_that_gets_another_row_stays_selected_and_nothing_scrolls(table: Table, session: Session) -> None:
    start = Graph().add(Input(1, (8, 8)), id="i")
    tail = (
        start.add(ReLU(), ["i"], id="a")
        .add(ReLU(), ["i"], id="b")
        .add(ReLU(), ["i"], id="c")
        .add(ReLU(), ["i"], id="d")
    )
    for n in range(30):
        tail = tail.add(ReLU(), ["i"], id=f"r{n}")
    session.edit.document.reset(tail)
    session.look.select(["c"])
    bar = table.view.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    place = bar.value()
    i, a, b, c, d, *rest = tail.nodes
    session.edit.document.edit("another order", Graph((i, c, a, d, b, *rest)))
    assert session.look.selection == ("c",) and chosen(table) == [1]
    assert bar.value() == place
    session.edit.document.edit("fewer", Graph((i, a, c)))
    assert session.look.selection == ("c",) and chosen(table) == [2]
    session.look.select(["a"])
    session.edit.document.edit("fewer", Graph((a,)))
    assert session.look.selection == ("a",) and chosen(table) == [0]


# ── problems ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_problem_is_said_in_its_row_and_counted(table: Table, session: Session) -> None:
    session.edit.set("C1", "kernel_size", (40, 40))
    assert "40×40 window" in shown(table, 1)[OUT]
    assert shown(table, 1)[PARAMS:] == ["", "", "", ""]
    assert "40×40 window" in tip(table.model.rows[1], LAYER)
    assert shown(table, 2)[OUT] == shown(table, 3)[OUT] == "Waits for C1.", "whose problem it is, as on the card"
    assert table.totals.texts[OUT] == "1 problem"
    assert not table.grab().isNull()
    session.edit.undo()
    assert OUT not in table.totals.texts


def test_an_empty_network_is_painted(table: Table, session: Session) -> None:
    session.edit.remove([n.id for n in session.graph])
    assert table.model.rowCount() == 0
    assert table.totals.texts[TYPE] == "0 layers"
    assert not table.grab().isNull()


# ── selection ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_rows_and_layers_are_one_selection(table: Table, session: Session, qtbot: QtBot) -> None:
    told: list[tuple[str, ...]] = []

    def hear() -> None:
        told.append(session.look.selection)

    session.selection_changed.connect(hear)

    def click(row: int, key: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        where = table.view.visualRect(table.model.index(row, TYPE)).center()
        qtbot.mouseClick(table.view.viewport(), Qt.MouseButton.LeftButton, key, where)

    click(2)
    click(1, Qt.KeyboardModifier.ControlModifier)
    assert told == [("tanh_1",), ("tanh_1", "C1")]  # once each, the last one last
    session.look.select(["output", "S2"])
    assert chosen(table) == [3, 5]
    assert table.view.currentIndex().row() == 3
    assert len(told) == 3
    session.look.select([])
    assert chosen(table) == []
    qtbot.keyClick(table.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(session.look.selection) == 6


def test_a_layer_selected_elsewhere_scrolls_into_view(table: Table, session: Session) -> None:
    session.look.select(["output"])
    assert table.view.viewport().rect().contains(table.view.visualRect(table.model.index(5, LAYER)).center())
    session.look.select(["input"])
    assert table.view.verticalScrollBar().value() == 0


def test_arrow_keys_walk_the_layers(table: Table, session: Session, qtbot: QtBot) -> None:
    session.look.select(["C1"])
    qtbot.keyClick(table.view, Qt.Key.Key_Down)
    assert session.look.selection == ("tanh_1",)


# ── copies ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_csv_holds_exact_numbers(session: Session) -> None:
    rows = list(analyse(preset("lenet5").graph).values())
    read = list(csv.DictReader(io.StringIO(as_csv(rows, {}))))
    assert sum(int(r["params"]) for r in read) == 61_706
    assert sum(int(r["macs"]) for r in read) == 416_520
    c1 = next(r for r in read if r["id"] == "C1")
    assert (c1["output"], c1["activation_bytes"], c1["field_height"], c1["stride_width"]) == (
        "6×28×28",
        "18816",
        "5",
        "1",
    )
    assert c1["aligned"] == "yes" and c1["problem"] == ""


def test_copies_of_a_broken_network_say_what_the_window_says(table: Table, session: Session) -> None:
    session.edit.set("C1", "kernel_size", (40, 40))
    table.copy_as("csv")
    read = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert read[1]["params"] == "" and "40×40 window" in read[1]["problem"]
    assert read[3]["problem"] == shown(table, 3)[OUT] == "Waits for C1."
    for way in ("text", "markdown"):
        table.copy_as(way)
        assert QGuiApplication.clipboard().text().count("Waits for C1.") == len(read) - 2


def test_markdown_is_a_table_with_totals(lenet: Graph) -> None:
    lines = as_markdown(list(analyse(lenet).values()), {}).splitlines()
    assert lines[1] == "| --- | --- | ---: | ---: | --- | ---: | --- |"
    assert {line.count("|") for line in lines} == {8}
    assert lines[3] == "| C1 | 6×28×28 | 156 | 117,600 | 5×5 /1 | 18.4 KB | Conv2d |"
    assert lines[-1].startswith("| **Total** |")


def test_text_columns_align(lenet: Graph) -> None:
    lines = as_text(list(analyse(lenet).values()), {}).splitlines()
    end = lines[0].index("Parameters") + len("Parameters")
    assert lines[3][:end].endswith(" 156") and lines[-1][:end].endswith(f"{analyse(lenet).params:,}")
    wrong = analyse(lenet.change("C1", layer=Conv2d(6, (40, 40))))
    broken = as_text(list(wrong.values()), {id: wrong.reason(id) for id in wrong}).splitlines()
    assert len(broken[1]) <= len(lines[1])  # the sentence does not widen the columns


def test_copying_goes_to_the_clipboard(table: Table, session: Session, qtbot: QtBot) -> None:
    everything = list(session.rows.values())
    qtbot.keyClick(table.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == as_text(everything, {})
    session.look.select(["C1"])
    table.copy_as("csv")
    assert QGuiApplication.clipboard().text() == as_csv(everything, {})
    session.look.select(["S2", "C1"])
    table.copy_as("markdown")
    assert QGuiApplication.clipboard().text() == as_markdown([session.rows["C1"], session.rows["S2"]], {})


def test_the_menu_copies(table: Table, session: Session) -> None:
    menu: QMenu = table.menu()
    texts = [a.text() for a in menu.actions()]
    assert texts == ["Copy table as text", "Copy table as CSV", "Copy table as Markdown"]
    menu.actions()[2].trigger()
    assert QGuiApplication.clipboard().text() == as_markdown(list(session.rows.values()), {})
    session.look.select(["C1", "S2"])
    assert [a.text() for a in table.menu().actions()][1] == "Copy 2 rows as CSV"


def test_merges_and_pools_are_rows_like_others(session: Session, qtbot: QtBot) -> None:
    g = Graph().add(Input(3, (16, 16)), id="i").add(ReLU(), ["i"], id="r").add(Add(), ["i", "r"], id="s")
    g = g.add(MaxPool2d(), ["s"], id="m").add(AvgPool2d((3, 3)), ["m"], id="a")
    session.edit.document.reset(g)
    t = Table(session)
    qtbot.addWidget(t)
    assert [shown(t, i)[FIELD] for i in range(5)] == ["1×1 /1", "1×1 /1", "1×1 /1", "2×2 /2", "6×6 /4"]
