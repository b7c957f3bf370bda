"""Groups in the table: folded rows, subtotals above layers, one selection, copies that count once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from cnnviz.gui.session import Session
from cnnviz.gui.table.columns import LAYER, OUT, TYPE
from cnnviz.gui.table.outline import OpenRow
from cnnviz.gui.table.table import Table

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def table(session: Session, qtbot: QtBot) -> Iterator[Table]:
    session.file.open_preset("resnet18")
    session.fold.fold_all()
    widget = Table(session)
    qtbot.addWidget(widget)
    widget.resize(900, 600)
    with qtbot.waitExposed(widget):
        widget.show()
    yield widget
    widget.close()


def names(t: Table) -> list[str]:
    return [t.model.index(i, LAYER).data() for i in range(t.model.rowCount())]


def click(t: Table, id: str, qtbot: QtBot, column: int = TYPE, keys: Qt.KeyboardModifier = NONE) -> None:
    where = t.view.visualRect(t.model.index(t.model.place[id], column)).center()
    qtbot.mouseClick(t.view.viewport(), LEFT, keys, where)


def sign(t: Table, id: str, qtbot: QtBot) -> None:
    place = t.view.visualRect(t.model.index(t.model.place[id], LAYER))
    x = place.left() + t.view._cells.indent(t.model.rows[t.model.place[id]]) + 9
    qtbot.mouseClick(t.view.viewport(), LEFT, NONE, QPoint(x, place.center().y()))


def chosen(t: Table) -> set[str]:
    return {t.model.rows[i.row()].id for i in t.view.selectionModel().selectedRows()}


def test_folded_groups_are_rows_with_their_totals(table: Table, session: Session) -> None:
    assert names(table)[5:9] == ["layer1", "layer2", "layer3", "layer4"]
    row = table.model.rows[6]
    inside = [session.rows[i] for i in session.graph.groups["layer2"]]
    assert row.params == sum(r.params for r in inside) and row.out == inside[-1].out
    assert sum(r.params for r in table.model.rows) == session.rows.params
    assert table.model.index(6, TYPE).data() == f"{len(inside)} layers"


def test_the_sign_unfolds_and_folds_on_both_sides(table: Table, session: Session, qtbot: QtBot) -> None:
    sign(table, "layer2/", qtbot)
    assert names(table)[5:9] == ["layer1", "layer2", "layer2/0", "layer2/1"]
    assert isinstance(table.model.rows[6], OpenRow) and table.model.depths["layer2/0/"] == 1
    counted = [r for r in table.model.rows if not isinstance(r, OpenRow)]
    assert sum(r.macs for r in counted) == session.rows.macs
    session.fold.unfold("layer2/0")
    assert table.model.depths["layer2_0_conv1"] == 2 and not table.grab().isNull()
    sign(table, "layer2/", qtbot)
    assert "layer2/" in session.fold.view and "layer2_0_conv1" not in table.model.place


def test_keys_and_double_click(table: Table, session: Session, qtbot: QtBot) -> None:
    click(table, "layer1/", qtbot)
    qtbot.keyClick(table.view, Qt.Key.Key_Right)
    assert "layer1/" not in session.fold.view
    qtbot.keyClick(table.view, Qt.Key.Key_Left)
    assert "layer1/" in session.fold.view
    where = table.view.visualRect(table.model.index(table.model.place["layer1/"], OUT)).center()
    qtbot.mouseDClick(table.view.viewport(), LEFT, NONE, where)
    assert "layer1/" not in session.fold.view


def test_one_selection(table: Table, session: Session, qtbot: QtBot) -> None:
    click(table, "layer3/", qtbot)
    assert session.look.selection == tuple(session.graph.groups["layer3"]) and chosen(table) == {"layer3/"}
    session.fold.unfold("layer3")
    assert chosen(table) == {"layer3/", "layer3/0/", "layer3/1/"}, "subtotals, as all of their layers are selected"
    click(table, "layer3/1/", qtbot, keys=Qt.KeyboardModifier.ControlModifier)
    assert chosen(table) == {"layer3/0/"} and session.look.selected == "layer3_0_relu2"
    click(table, "layer3/", qtbot)
    assert len(session.look.selection) == len(session.graph.groups["layer3"])
    assert session.look.selected == "layer3_1_relu2"
    click(table, "layer3/", qtbot, keys=Qt.KeyboardModifier.ControlModifier)
    assert session.look.selection == () and chosen(table) == set()
    session.look.select(["layer3_0_bn1"])
    assert chosen(table) == {"layer3/0/"}


def test_a_problem_in_an_open_group_is_said_at_both(table: Table, session: Session) -> None:
    session.edit.set("layer2_0_conv1", "stride", (1, 1))
    assert "layer2_0_add" in table.model.index(6, OUT).data()
    session.fold.unfold("layer2")
    session.fold.unfold("layer2/0")
    assert "layer2_0_add" in table.model.index(table.model.place["layer2/"], OUT).data()
    assert not table.grab().isNull()
    session.edit.undo()
    assert table.model.index(table.model.place["layer2/"], OUT).data() == "128×28×28"


def test_copies_say_what_is_a_subtotal_and_count_once(table: Table, session: Session) -> None:
    session.fold.unfold("layer2")
    table.copy_as("csv")
    read = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert [r["id"] for r in read if r["subtotal"] == "yes"] == ["layer2"]
    assert sum(int(r["params"]) for r in read if r["subtotal"] == "no") == session.rows.params
    for way in ("text", "markdown"):
        table.copy_as(way)
        told = QGuiApplication.clipboard().text()
        assert "▾ layer2" in told and "subtotal of" in told and "\N{NO-BREAK SPACE}▸ layer2/0" in told
        assert f"{session.rows.params:,}" in told.splitlines()[-1]


def test_an_edit_tells_only_the_rows_that_change(table: Table, session: Session) -> None:
    session.fold.unfold("layer4")
    told: list[tuple[int, int]] = []

    def hear(first: object, last: object) -> None:
        told.append((first.row(), last.row()))  # type: ignore[attr-defined]

    table.model.dataChanged.connect(hear)
    session.edit.move({"fc": (9000.0, 0.0)})
    assert not told
    session.edit.set("layer4_1_conv2", "bias", True)
    assert {a for a, _b in told} >= {table.model.place["layer4/"], table.model.place["layer4/1/"]}
