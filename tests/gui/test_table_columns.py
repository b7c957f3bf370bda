"""Columns that a person chooses, what was measured, and figures that nobody knows."""

from __future__ import annotations

import csv
import io

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication
from pytestqt.qtbot import QtBot

from cnnviz.commands.summary import as_json, as_text
from cnnviz.gui.session import Notice, Session
from cnnviz.gui.table import choice
from cnnviz.gui.table.choice import ColumnMenu
from cnnviz.gui.table.columns import (
    ALONE,
    BACKWARD,
    BUFFERS,
    COLUMNS,
    CONNECTIONS,
    FIELD,
    FORWARD,
    FROZEN,
    KERNEL,
    LAYER,
    MACS,
    MEMORY,
    NUMBERS,
    ORDER,
    OUT,
    PADDING,
    PARAMS,
    PEAK,
    STEP,
    STRIDE,
    TYPE,
    Sight,
    cell,
    tip,
)
from cnnviz.gui.table.copies import as_csv
from cnnviz.gui.table.table import Table
from cnnviz.link.measuring import Cease, Cost, Costs, Measure, Measuring
from cnnviz.link.messages import Failed
from cnnviz.net.analysis import analyse
from cnnviz.net.fold import fold
from cnnviz.net.graph import Graph
from cnnviz.net.layers import BatchNorm2d, Conv2d, Input, ReLU
from cnnviz.net.layers.foreign import Foreign
from cnnviz.net.presets import preset


@pytest.fixture
def table(session: Session, lenet: Graph, qtbot: QtBot) -> Table:
    session.edit.document.reset(lenet)
    t = Table(session)
    qtbot.addWidget(t)
    t.resize(900, 240)
    t.show()
    qtbot.waitExposed(t)
    return t


def measured(session: Session, batch: int = 1) -> Costs:
    """An answer for every layer of the session's network: 1 ms, 2 ms and 1,000 bytes for the first, and so on."""
    costs = {id: Cost(0.001 * (i + 1), 0.002 * (i + 1), 1000 * (i + 1)) for i, id in enumerate(session.graph.index)}
    number = session.engine.last(Measure).number
    return Costs(number, session.version, batch, "cpu", 1, costs, 123_456)


def ticks(menu: ColumnMenu) -> dict[str, QAction]:
    return {a.text(): a for a in menu.actions() if a.isCheckable()}


# ── what stands in them ──────────────────────────────────────────────────────────────────────────────────────────────
def test_settings_have_columns_of_their_own() -> None:
    g = (
        Graph()
        .add(Input(3, (32, 32)), id="i")
        .add(Conv2d(8, (3, 5), (2, 1), (1, 2)), ["i"], id="c")
        .add(Conv2d(8, (3, 3), padding="same"), ["c"], id="s")
        .add(ReLU(), ["s"], id="r")
    )
    rows = analyse(g)
    assert [cell(rows["c"], c) for c in (KERNEL, STRIDE, PADDING)] == ["3×5", "2×1", "1×2"]
    assert [cell(rows["s"], c) for c in (KERNEL, STRIDE, PADDING)] == ["3×3", "1", "same"]
    assert [cell(rows["r"], c) for c in (KERNEL, STRIDE, PADDING)] == ["", "", ""]
    assert cell(rows["s"], STEP) == "2×1"


def test_what_is_frozen_and_what_is_only_kept_is_counted_apart() -> None:
    rows = preset("lenet5-1998").analyze()
    ends = rows[rows.graph.ends[0]]
    assert cell(ends, FROZEN) == "840" and COLUMNS[FROZEN].sum(rows, ALONE) == 840  # 10 prototypes of 84
    assert COLUMNS[CONNECTIONS].sum(rows, ALONE) == rows.connections
    g = Graph().add(Input(3, (8, 8)), id="i").add(BatchNorm2d(), ["i"], id="b")
    assert cell(analyse(g)["b"], BUFFERS) == "7"


def test_frozen_parameters_are_counted_apart_and_said(session: Session, table: Table) -> None:
    g = preset("lenet5").graph
    session.edit.document.reset(g)
    before = dict(table.totals.texts)
    assert "frozen" not in before[TYPE] and "Frozen" not in table.totals.toolTip()
    conv = next(n for n in g if isinstance(n.layer, Conv2d))
    session.edit.set_learning(conv.id, "frozen", True)
    row = session.rows[conv.id]
    assert row.params == row.frozen == 156 and cell(row, FROZEN) == "156"
    assert COLUMNS[FROZEN].sum(session.rows, ALONE) == session.rows.frozen == 156
    assert table.totals.texts[PARAMS] == before[PARAMS] and table.totals.texts[TYPE].endswith(", 1 frozen")
    trained = session.rows.params - 156
    assert f"Trainable: {trained:,}. Frozen: 156." in table.totals.toolTip()
    assert "Frozen: 156." in tip(row, PARAMS)
    assert f"{trained:,} are trained, 156 are frozen" in as_text("net", session.rows)
    assert as_json("net", session.rows)["totals"]["frozen"] == 156
    assert table.totals.texts[OUT] == "156 frozen", "seen without a tip, beside the sum"
    table.grab()
    session.edit.undo()
    assert session.rows.frozen == 0 and table.totals.texts[TYPE] == before[TYPE]


@pytest.mark.parametrize("name", ["lenet5-1998", "googlenet", "resnet18"])
def test_rows_sum_to_the_totals_in_every_column_of_counts_folded_or_not(name: str) -> None:
    rows = preset(name).analyze()
    for view in (rows, fold(rows, rows.graph.closed)):
        for column in (PARAMS, FROZEN, BUFFERS, MACS, CONNECTIONS, MEMORY):
            amounts = [COLUMNS[column].amount(r, ALONE) for r in view.values()]
            assert sum(amounts) == COLUMNS[column].sum(rows, ALONE), COLUMNS[column].name


def test_a_cost_that_nobody_knows_is_never_nothing(session: Session, table: Table) -> None:
    g = Graph().add(Input(3, (8, 8)), id="i").add(Conv2d(4), ["i"], id="c")
    out = analyse(g)["c"].out
    g = g.add(Foreign("attention", (4, 3, 3), (out,), 12), ["c"], id="part").add(ReLU(), ["part"], id="r")
    session.edit.document.reset(g)
    session.graph_edited()
    rows = session.rows
    assert cell(rows["part"], MACS) == "unknown" and "not known" in tip(rows["part"], MACS)
    assert [cell(rows[i], FIELD) for i in ("part", "r")] == ["unknown", "unknown"]
    assert "only torch can run" in tip(rows["r"], FIELD)
    assert table.totals.texts[MACS] == f"≥ {rows.macs:,}"
    assert "not counted: 1" in table.totals.toolTip()
    table.copy_as("text")
    last = QGuiApplication.clipboard().text().splitlines()[-1]
    assert f"≥ {rows.macs:,}" in last
    read = list(csv.DictReader(io.StringIO(as_csv([*rows.values()], {}))))
    assert [r["macs"] for r in read] == ["0", str(rows.macs), "", "0"]


# ── choosing ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_columns_are_ticked_shown_and_remembered(session: Session, table: Table, qtbot: QtBot) -> None:
    menu = ColumnMenu(session, table.model.shown, table)
    menu.chosen.connect(table.show_columns)
    assert {n for n, a in ticks(menu).items() if a.isChecked()} == {"Type", "Parameters", "MACs", "Memory", "Field"}
    ticks(menu)["Kernel"].trigger()
    ticks(menu)["Memory"].trigger()
    view = table.view
    there = [c for c in ORDER if not view.isColumnHidden(c)]
    assert there == [LAYER, OUT, KERNEL, PARAMS, MACS, FIELD, TYPE] == list(table.model.shown)
    heading = view.horizontalHeader()
    assert sorted(there, key=heading.visualIndex) == there
    again = Table(session)
    qtbot.addWidget(again)
    assert again.model.shown == table.model.shown
    table.copy_as("markdown")
    assert QGuiApplication.clipboard().text().splitlines()[0] == (
        "| Layer | Output | Kernel | Parameters | MACs | Field | Type |"
    )


def test_the_menu_opens_at_the_button_and_at_the_heading(
    table: Table, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QPoint] = []
    monkeypatch.setattr(ColumnMenu, "popup", lambda self, where: opened.append(where))
    heading = table.view.heading
    qtbot.mouseClick(heading._button, Qt.MouseButton.LeftButton)
    assert opened == [heading._button.mapToGlobal(QPoint(0, heading._button.height()))]
    assert heading._button.geometry().right() == heading.rect().right()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(5, 5), heading.mapToGlobal(QPoint(5, 5)))
    QCoreApplication.sendEvent(heading.viewport(), event)
    assert len(opened) == 2


def test_a_broken_row_and_every_column_go_together(session: Session, table: Table) -> None:
    table.show_columns(ORDER)
    session.edit.set("C1", "kernel_size", (40, 40))
    for column in ORDER:
        text = table.model.index(1, column).data()
        assert text == {LAYER: "C1", TYPE: "Conv2d"}.get(column, "") or column == OUT
    table.grab()


def test_widths_hold_what_stands_in_them(session: Session, table: Table) -> None:
    table.show_columns(ORDER)
    view = table.view
    for column in ORDER:
        for row in range(len(session.rows)):
            needs = view._cells.needs(table.model.rows[row], column)
            assert view.columnWidth(column) >= needs, COLUMNS[column].name


# ── the batch ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_memory_is_counted_for_a_batch(session: Session, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = session.rows.activation_bytes
    menu = ColumnMenu(session, table.model.shown, table)
    batches = {a.data(): a for a in menu.actions()[-1].menu().actions()}
    assert batches[1].isChecked() and session.run.plan.batch_size in batches
    batches[session.run.plan.batch_size].trigger()
    n = session.run.plan.batch_size
    assert table.model.headerData(MEMORY, Qt.Orientation.Horizontal) == f"Memory ×{n}"
    amount = COLUMNS[MEMORY].amount
    assert sum(amount(r, table.model.sight) for r in table.model.rows) == n * alone == table.model.wholes[MEMORY]
    monkeypatch.setattr(choice, "ask_batch", lambda parent, present: 100)
    menu._ask()
    assert session.cost.batch == 100 == Session(type(session.engine), session.settings).cost.batch
    monkeypatch.setattr(choice, "ask_batch", lambda parent, present: 0)
    menu._ask()
    assert session.cost.batch == 100


# ── measuring ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_was_measured_comes_into_view_and_edited_layers_lose_it(session: Session, table: Table) -> None:
    session.cost.start()
    assert session.engine.last(Measure) == Measure(1, 1) and session.cost.busy
    session.engine.reply(measured(session))
    assert not session.cost.busy
    assert {FORWARD, BACKWARD, PEAK} <= {*table.model.shown}
    assert [table.model.index(1, c).data() for c in (FORWARD, BACKWARD, PEAK)] == ["2.000", "4.000", "2.0 KB"]
    assert table.totals.texts[FORWARD] == "21.000" and table.totals.texts[PEAK] == "120.6 KB"
    assert "batch of 1, cpu" in table.model.headerData(FORWARD, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    session.edit.set("C1", "out_channels", 9)
    behind = {"C1", "tanh_1", "S2", "flatten_1", "output"}
    shown = {r.id: table.model.text(r, FORWARD) for r in table.model.rows}
    assert {id for id, text in shown.items() if not text} == behind
    assert table.totals.texts[FORWARD] == "1.000" and PEAK not in table.totals.texts
    session.edit.undo()
    assert table.totals.texts[FORWARD] == "21.000"
    session.cost.count_for(8)
    assert FORWARD not in table.totals.texts  # another batch has not been measured


def test_a_person_who_hid_a_measured_column_is_not_shown_it_again(session: Session, table: Table) -> None:
    session.cost.start()
    session.engine.reply(measured(session))
    table.show_columns(tuple(c for c in table.model.shown if c != PEAK))
    session.cost.start()
    session.engine.reply(measured(session))
    assert FORWARD in table.model.shown and PEAK not in table.model.shown


def test_a_folded_block_took_what_its_layers_took(session: Session) -> None:
    rows = preset("resnet18").analyze()
    view = fold(rows, rows.graph.closed)
    costs = {id: Cost(0.001, 0.002, i) for i, id in enumerate(rows)}
    sight = Sight(1, costs)
    group = next(r for r in view.values() if r.id.endswith("/"))
    assert COLUMNS[FORWARD].amount(group, sight) == pytest.approx(0.001 * len(group.members))
    assert COLUMNS[PEAK].amount(group, sight) == max(costs[m].memory for m in group.members)
    del costs[group.members[0]]
    assert COLUMNS[FORWARD].amount(group, sight) is None


def test_how_far_it_is_and_cancel(session: Session) -> None:
    said: list[Notice] = []
    session.noticed.connect(said.append)
    session.cost.start()
    session.engine.reply(Measuring(1, 2, 30))
    assert "round 3 of 30" in said[-1].text and said[-1].actions[0][0] == "Cancel"
    said[-1].actions[0][1]()
    assert session.engine.last(Cease) == Cease() and not session.cost.busy and not said[-1].text
    session.engine.reply(measured(session))
    assert session.cost.measured is None


def test_a_failure_ends_it(session: Session) -> None:
    session.cost.start()
    session.engine.reply(Failed("measure", "There is not enough memory."))
    assert not session.cost.busy
    session.cost.start()
    session.engine.lose(-9, "")
    assert not session.cost.busy


def test_every_column_of_figures_can_be_summed_and_has_words() -> None:
    rows = preset("lenet5").analyze()
    for i, column in enumerate(COLUMNS):
        assert column.name and column.tip
        assert (i in NUMBERS) == column.number
        if column.number and i not in (FORWARD, BACKWARD, PEAK):
            assert column.sum(rows, ALONE) is not None
