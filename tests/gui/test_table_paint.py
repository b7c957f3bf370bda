"""The table: its columns' widths, and what is measured and painted when."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnviz.bench.table import chain
from cnnviz.gui.paint import theme
from cnnviz.gui.session import Session
from cnnviz.gui.table.cells import PAD, SIGN, total_font
from cnnviz.gui.table.columns import COLUMNS, FIELD, LAYER, MACS, OUT, PARAMS, TYPE, cell
from cnnviz.gui.table.table import Table
from cnnviz.gui.table.view import WIDEST
from cnnviz.gui.table.words import Words
from cnnviz.net.analysis import Row
from cnnviz.net.graph import Graph, Wire
from cnnviz.net.layers import Input
from cnnviz.net.presets import preset


def show(session: Session, graph: Graph, qtbot: QtBot, width: int = 760, height: int = 140) -> Table:
    session.edit.document.reset(graph)
    t = Table(session)
    qtbot.addWidget(t)
    t.resize(width, height)
    t.show()
    qtbot.waitExposed(t)
    return t


@pytest.fixture
def table(session: Session, lenet: Graph, qtbot: QtBot) -> Table:
    return show(session, lenet, qtbot)


# ── widths ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_nothing_is_cut_and_the_lecture_net_fits_a_small_window(session: Session, qtbot: QtBot) -> None:
    t = show(session, preset("lenet5").graph, qtbot, 398, 300)
    heading, cells = t.view.horizontalHeader(), t.view._cells
    end = t.view.columnViewportPosition(FIELD) + t.view.columnWidth(FIELD)
    assert end <= t.view.viewport().width()
    session.edit.set("C1", "out_channels", 1024)
    for column in range(7):
        assert t.view.columnWidth(column) >= heading.needs(column, heading.brief)
        assert all(t.view.columnWidth(column) >= cells.needs(r, column, heading.brief) for r in t.model.rows)
    wide = t.view.columnWidth(OUT)
    session.edit.undo()
    assert t.view.columnWidth(OUT) >= wide, "no column shrinks under a person's hands"
    session.edit.document.reset(Graph().add(Input(1, (8, 8)), id="i"))
    assert t.view.columnWidth(OUT) < wide, "another network"
    heading.own.add(OUT)
    t.view.setColumnWidth(OUT, 50)
    t.resize(1400, 300)
    assert t.view.columnWidth(OUT) == 50, "a person's own width"
    assert t.view.columnWidth(PARAMS) > heading.needs(PARAMS) + 20, "room is used"


def test_a_sum_that_does_not_fit_is_short_or_left_out_and_never_cut(session: Session, qtbot: QtBot) -> None:
    t = show(session, preset("lenet5").graph, qtbot, 760, 300)
    words, whole = Words(total_font()), "61,706"
    assert t.totals.written(PARAMS) == whole and whole not in t.totals.toolTip()
    for room, written in ((words.width("61.7 k"), "61.7 k"), (words.width("61.7 k") - 4, "…")):
        t.view.setColumnWidth(PARAMS, room + 2 * PAD)
        assert t.totals.written(PARAMS) == written and "Parameters: 61,706" in t.totals.toolTip()
    t.view.setColumnWidth(PARAMS, 90)
    t.resize(t.view.columnViewportPosition(PARAMS) + 50, 300)
    assert t.totals.written(PARAMS) == "…" or words.width(t.totals.written(PARAMS)) <= 50, "the window ends there"


def test_problems_stand_behind_the_word_total(session: Session, lenet: Graph, qtbot: QtBot) -> None:
    t = show(session, lenet.add(Input(1, (8, 8)), id="other").add(Input(1, (8, 8)), id="third"), qtbot)
    assert t.totals.written(OUT) == "2 problems"
    t.view.setColumnWidth(LAYER, 40)
    t.view.setColumnWidth(OUT, 40)
    left, _room = t.totals._place(OUT)
    assert t.totals.written(OUT) == "2" and "Output: 2 problems" in t.totals.toolTip()
    assert left - SIGN >= PAD + Words(total_font()).width("Total")


def test_a_long_name_leaves_room_for_the_other_columns(session: Session, lenet: Graph, qtbot: QtBot) -> None:
    t = show(session, lenet, qtbot)
    session.edit.rename("C1", "x" * 5000)
    assert t.view.columnWidth(LAYER) <= WIDEST + 24
    assert t.view.columnViewportPosition(PARAMS) < t.view.viewport().width()


def test_a_double_click_at_an_edge_fits_the_column(table: Table) -> None:
    table.view.setColumnWidth(OUT, 200)
    table.view.resizeColumnToContents(OUT)
    assert max(table.view._cells.needs(r, OUT) for r in table.model.rows) <= table.view.columnWidth(OUT) < 120


def told(row: Row) -> list[str]:
    return [cell(row, c) for c in range(7)]


def test_an_edit_measures_only_texts_that_are_new(session: Session, qtbot: QtBot) -> None:
    t = show(session, chain(60), qtbot)
    fonts = {*t.view._cells._words, t.view._cells._small}

    def measured() -> int:
        return sum(f.width.cache_info().misses for f in fonts)  # type: ignore[attr-defined]

    before, old = measured(), {c for r in t.model.rows for c in told(r)}
    session.edit.insert("Conv2d", Wire("n29", "n30"), (0.0, 400.0))  # all layers behind it have other shapes
    new = {c for r in t.model.rows for c in told(r)} - old
    assert 0 < measured() - before <= len(new) < 40
    before = measured()
    session.edit.move({"n30": (8.0, 8.0)})
    session.edit.undo()
    session.edit.undo()
    assert measured() == before, "all of it had been there"
    t.view.viewport().repaint()
    before = measured()
    t.view.viewport().repaint()
    assert measured() == before


# ── painting ────────────────────────────────────────────────────────────────────────────────────────────────────────
class Paints(QObject):
    """Counts how often widgets are painted."""

    def __init__(self, *widgets: QWidget):
        super().__init__()
        self.times = dict.fromkeys(widgets, 0)
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and isinstance(watched, QWidget):
            self.times[watched] += 1
        return False


def test_an_edit_that_fits_leaves_the_heading_alone(table: Table, session: Session, qtbot: QtBot) -> None:
    rows, heading = table.view.viewport(), table.view.horizontalHeader().viewport()
    paints = Paints(rows, heading)
    session.edit.set("C1", "bias", False)
    session.look.select(["S2"])
    qtbot.waitUntil(lambda: paints.times[rows] > 0)
    assert paints.times[heading] == 0
    session.edit.rename("S2", "a_much_longer_name_than_before")
    qtbot.waitUntil(lambda: paints.times[heading] > 0)


def test_a_sentence_leaves_the_type_room(table: Table, session: Session) -> None:
    session.edit.set("C1", "kernel_size", (40, 40))
    left, wide = table.view._sentence()
    assert left == table.view.columnViewportPosition(OUT) and wide > 100
    assert left + wide <= table.view.columnViewportPosition(TYPE)


def test_the_cell_that_ctrl_and_arrows_reach_is_outlined(table: Table, session: Session, qtbot: QtBot) -> None:
    session.look.select(["input"])
    table.view.setFocus()
    qtbot.waitUntil(table.view.hasFocus)
    accent = theme.current().colour("accent").rgb()
    for row in (1, 2):
        qtbot.keyClick(table.view, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
        assert session.look.selection == ("input",) and table.view.currentIndex().row() == row
        shot = table.view.viewport().grab().toImage()
        outlined = [r for r in range(4) if shot.pixel(2, table.view.rowViewportPosition(r)) == accent]
        assert outlined == [row]


# ── little room ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["lenet5", "alexnet", "resnet50", "googlenet", "vgg16", "densenet121"])
def test_figures_of_a_small_window_are_whole(session: Session, qtbot: QtBot, name: str) -> None:
    """466 pixels are what the table has of 1280×720."""
    session.file.open_preset(name)
    t = Table(session)
    qtbot.addWidget(t)
    t.resize(480, 160)
    t.show()
    qtbot.waitExposed(t)
    view, cells = t.view, t.view._cells
    for unfolded in (False, True):
        if unfolded:
            session.fold.unfold_all()
        ends = [view.columnViewportPosition(c) + view.columnWidth(c) for c in t.model.shown]
        assert view.viewport().width() in ends, "no column is cut by the edge of the view"
        for column in (OUT, PARAMS, MACS, FIELD):
            end = view.columnViewportPosition(column) + view.columnWidth(column)
            assert end <= view.viewport().width(), COLUMNS[column].name
            assert all(cells.needs(r, column, brief=True) <= view.columnWidth(column) for r in t.model.rows)
            assert t.totals.written(column) != "…" if column in t.totals.texts else True
        assert view.columnWidth(LAYER) >= 112 or view.columnWidth(LAYER) >= view._needs[LAYER]
    assert t.totals.written(PARAMS) in (t.totals.texts[PARAMS], COLUMNS[PARAMS].shorter(session.rows.params))


def test_counts_are_short_only_where_there_is_no_room(session: Session, qtbot: QtBot) -> None:
    t = show(session, preset("googlenet").graph, qtbot, 480, 160)
    assert t.view.heading.brief and t.totals.written(PARAMS) == "6.6 M"
    t.resize(1000, 160)
    assert not t.view.heading.brief and t.totals.written(PARAMS) == f"{session.rows.params:,}"
    assert not t.view._brief, "short figures are measured no more"


def test_the_name_of_the_last_column_in_view_is_whole_beside_the_button(session: Session, qtbot: QtBot) -> None:
    t = show(session, preset("lenet5").graph, qtbot, 480, 160)
    for wide in range(300, 900, 7):
        t.resize(wide, 160)
        view, heading = t.view, t.view.heading
        seen = [c for c in t.model.shown if view.columnViewportPosition(c) < view.viewport().width()]
        room = view.viewport().width() - heading._button.width() - view.columnViewportPosition(seen[-1])
        assert room >= heading.needs(seen[-1], heading.brief) - 1, wide
