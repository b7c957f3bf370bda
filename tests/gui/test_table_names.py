"""The layers' names stay where they are while the other columns are scrolled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnviz.gui.session import Session
from cnnviz.gui.table.columns import BACKWARD, FORWARD, LAYER, MEASURED, ORDER, OUT, PEAK, TYPE
from cnnviz.gui.table.table import Table
from cnnviz.link.measuring import Cost, Costs, Measure

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def table(session: Session, qtbot: QtBot) -> Iterator[Table]:
    session.file.open_preset("resnet18")
    session.fold.fold_all()
    widget = Table(session)
    qtbot.addWidget(widget)
    widget.show_columns(ORDER)
    widget.resize(380, 300)
    with qtbot.waitExposed(widget):
        widget.show()
    yield widget
    widget.close()


def names(part: QWidget, wide: int) -> QImage:
    """What is painted at the left, without the line at its edge."""
    return part.grab(QRect(0, 0, wide - 1, part.height())).toImage()


def called(table: Table) -> list[str]:
    return [table.model.index(i, LAYER).data() for i in range(table.model.rowCount())]


def test_names_stay_and_the_other_columns_go(table: Table) -> None:
    view, wide = table.view, table.view.columnWidth(LAYER)
    assert 2 * wide <= view.viewport().width()
    parts = (view.viewport(), view.heading.viewport(), table.totals)
    before = [part.grab().toImage() for part in parts]
    kept = [names(part, wide) for part in parts]
    total = table.view.fontMetrics().horizontalAdvance("Total")
    for across in (1, 40, wide, 500, view.horizontalScrollBar().maximum()):
        view.horizontalScrollBar().setValue(across)
        assert names(view.viewport(), wide) == kept[0] and names(view.heading.viewport(), wide) == kept[1]
        assert names(table.totals, total) == kept[2].copy(0, 0, total - 1, kept[2].height())
        assert across == 1 or view.viewport().grab().toImage() != before[0]
    view.horizontalScrollBar().setValue(0)
    assert [part.grab().toImage() for part in parts] == before


def test_names_that_take_half_of_the_view_go_with_the_others(table: Table) -> None:
    view = table.view
    view.heading.own.add(LAYER)
    view.setColumnWidth(LAYER, 250)
    view.horizontalScrollBar().setValue(200)
    assert view.heading.kept == 0 and view.heading.place(LAYER) == -200


def test_a_click_on_a_name_that_stays_means_its_layer(table: Table, session: Session, qtbot: QtBot) -> None:
    view = table.view
    view.horizontalScrollBar().setValue(300)
    place = called(table).index("layer1")
    middle = view.rowViewportPosition(place) + view.rowHeight(place) // 2
    qtbot.mouseClick(view.viewport(), LEFT, NONE, QPoint(60, middle))
    assert set(session.look.selection) == set(session.graph.groups["layer1"])
    assert view.horizontalScrollBar().value() == 300
    assert view.indexAt(QPoint(60, middle)) == table.model.index(place, LAYER)
    assert view.indexAt(QPoint(view.heading.kept + 20, middle)).column() not in (LAYER, OUT)
    qtbot.mouseClick(view.viewport(), LEFT, NONE, QPoint(9, middle))
    assert any(name.startswith("layer1/") for name in called(table)), "its sign unfolds it"


def test_keys_go_through_the_rows_without_scrolling_back(table: Table, qtbot: QtBot) -> None:
    view = table.view
    view.setCurrentIndex(table.model.index(0, LAYER))
    view.horizontalScrollBar().setValue(300)
    for _ in range(8):
        qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.currentIndex().row() == 8 and view.horizontalScrollBar().value() == 300
    assert view.viewport().rect().contains(view.viewport().rect().left(), view.rowViewportPosition(8))


def test_edges_of_columns_below_the_names_cannot_be_drawn(table: Table, qtbot: QtBot) -> None:
    view = table.view
    view.horizontalScrollBar().setValue(0)
    view.horizontalScrollBar().setValue(view.columnViewportPosition(OUT) + view.columnWidth(OUT) - 30)
    before = [view.columnWidth(c) for c in ORDER]
    edge = QPoint(30, 10)  # of the output, which is out of sight
    heading = view.heading.viewport()
    qtbot.mousePress(heading, LEFT, NONE, edge)
    qtbot.mouseMove(heading, edge + QPoint(40, 0))
    qtbot.mouseRelease(heading, LEFT, NONE, edge + QPoint(40, 0))
    assert [view.columnWidth(c) for c in ORDER] == before


def test_a_sentence_ends_at_the_edge_and_begins_beside_the_names(table: Table) -> None:
    view = table.view
    for across in (0, 40, 300):
        view.horizontalScrollBar().setValue(across)
        left, wide = view._sentence()
        assert left == max(view.columnViewportPosition(OUT), view.heading.kept)
        assert left + wide == view.viewport().width() < view.columnViewportPosition(TYPE), "what is cut ends in dots"


def test_what_has_been_measured_comes_into_view(table: Table, session: Session) -> None:
    table.show_columns(tuple(c for c in ORDER if c not in MEASURED))
    assert table.view.horizontalScrollBar().value() == 0
    session.cost.start()
    costs = {id: Cost(0.001, 0.002, 1000) for id in session.graph.index}
    number = session.engine.last(Measure).number  # type: ignore[attr-defined]
    session.engine.reply(Costs(number, session.version, 1, "cpu", 1, costs, 123_456))  # type: ignore[attr-defined]
    view = table.view
    wide = view.columnWidth(LAYER)
    assert view.columnViewportPosition(FORWARD) == wide == view.heading.kept
    ends = [view.columnViewportPosition(c) + view.columnWidth(c) for c in (FORWARD, BACKWARD, PEAK)]
    assert wide < ends[0] < ends[1] < ends[2] <= view.viewport().width()
    view.horizontalScrollBar().setValue(0)
    session.cost.count_for(8)
    assert view.horizontalScrollBar().value() == 0, "once"
