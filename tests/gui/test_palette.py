"""The palette: what it lists, what a search leaves, and what choosing does."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QDrag, QHelpEvent, QImage
from PySide6.QtWidgets import QTreeWidgetItem
from pytestqt.qtbot import QtBot

from cnnviz.gui.layers import palette as palette_module
from cnnviz.gui.layers import shelf as module
from cnnviz.gui.layers.palette import Palette
from cnnviz.gui.layers.shelf import card
from cnnviz.gui.mime import layer_type
from cnnviz.gui.paint import theme
from cnnviz.gui.session import Notice, Session
from cnnviz.net.catalogue import shipped
from cnnviz.net.graph import Graph
from cnnviz.net.layers import TYPES
from cnnviz.net.presets import presets

from .conftest import StillEngine


@pytest.fixture
def palette(session: Session, lenet: Graph, qtbot: QtBot) -> Palette:
    session.edit.document.reset(lenet)
    p = Palette(session)
    qtbot.addWidget(p)
    p.resize(240, 600)
    p.show()
    qtbot.waitExposed(p)
    p.search.setFocus()
    return p


def names(p: Palette) -> list[str]:
    return [r.data(0, module.NAME) for r in p.rows()]


def test_every_layer_block_and_network_is_there_under_its_family(palette: Palette) -> None:
    families = [h.data(0, module.NAME) for h in palette.headings()]
    layers = sorted(TYPES, key=lambda t: families.index(TYPES[t].family))
    assert names(palette) == [*layers, *shipped(), *presets()]
    for heading in palette.headings():
        for i in range(heading.childCount()):
            row = heading.child(i)
            if row.data(0, module.KIND) == "layer":
                assert TYPES[row.data(0, module.NAME)].family == heading.data(0, module.NAME)
                assert row.toolTip(0)


def test_a_network_row_tells_its_parameters(palette: Palette) -> None:
    row = next(r for r in palette.rows() if r.data(0, module.NAME) == "lenet5")
    assert row.text(0) == "LeNet-5" and not row.toolTip(0), "counted when somebody asks"
    at = palette.list.visualItemRect(row).center()
    palette.list.viewportEvent(QHelpEvent(QEvent.Type.ToolTip, at, palette.list.viewport().mapToGlobal(at)))
    assert "61,706" in row.toolTip(0)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("conv2d", "Conv2d"),
        ("relu", "ReLU"),
        ("add", "Add"),
        ("norm", "BatchNorm2d"),
        ("skip", "Add"),
        ("resnet50", "resnet50"),
        ("LENET", "lenet5"),
    ],
)
def test_search_marks_the_best_hit(palette: Palette, qtbot: QtBot, typed: str, first: str) -> None:
    qtbot.keyClicks(palette.search, typed)
    assert palette.list.currentItem().data(0, module.NAME) == first
    assert first in names(palette)


def test_search_hides_the_rest_and_escape_brings_it_back(palette: Palette, qtbot: QtBot) -> None:
    everything = names(palette)
    palette.headings()[0].setExpanded(False)
    qtbot.keyClicks(palette.search, "pool")
    assert set(names(palette)) < set(everything)
    assert {"MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d"} <= set(names(palette))
    qtbot.keyClick(palette.search, Qt.Key.Key_Escape)
    assert palette.search.text() == ""
    assert names(palette) == everything
    assert not palette.headings()[0].isExpanded()  # as it was left
    assert palette.headings()[1].isExpanded()


def test_nothing_found_is_said(palette: Palette, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.search, "xyzzy")
    assert not palette.list.isVisible()
    assert "xyzzy" in palette._none.text()
    before = palette._session.graph
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert palette._session.graph is before


def test_enter_in_the_search_appends_the_hit_behind_the_selection(
    palette: Palette, session: Session, qtbot: QtBot
) -> None:
    session.look.select(["C1"])
    qtbot.keyClicks(palette.search, "relu")
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert session.graph["relu_1"].sources == ("C1",)
    assert session.graph["tanh_1"].sources == ("relu_1",)
    session.edit.undo()
    assert "relu_1" not in session.graph


def test_the_whole_way_by_keyboard(palette: Palette, session: Session, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.search, "drop")
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    assert palette.list.hasFocus()
    qtbot.keyClick(palette.list, Qt.Key.Key_Down)
    qtbot.keyClick(palette.list, Qt.Key.Key_Return)
    assert "dropout2d_1" in session.graph
    for _ in range(3):
        qtbot.keyClick(palette.list, Qt.Key.Key_Up)
    assert palette.search.hasFocus()


def test_enter_folds_a_heading(palette: Palette, qtbot: QtBot) -> None:
    heading = palette.headings()[1]
    palette.list.setCurrentItem(heading)
    qtbot.keyClick(palette.list, Qt.Key.Key_Return)
    assert not heading.isExpanded()
    qtbot.mouseClick(
        palette.list.viewport(), Qt.MouseButton.LeftButton, pos=palette.list.visualItemRect(heading).center()
    )
    assert heading.isExpanded()


def test_double_click_appends(palette: Palette, session: Session, qtbot: QtBot) -> None:
    row = next(r for r in palette.rows() if r.text(0) == "Conv2d")
    where = palette.list.visualItemRect(row).center()
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseDClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert [n.id for n in session.graph if n.type == "Conv2d"] == ["C1", "conv2d_1"]


def test_enter_in_the_search_never_takes_a_heading(palette: Palette, session: Session, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.search, "pool")
    palette.list.setCurrentItem(palette.headings()[2])
    with qtbot.assertNotEmitted(palette.network_chosen):
        qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert "maxpool2d_1" in session.graph
    qtbot.keyClicks(palette.search, "tanh")  # replaces the word before
    assert palette.search.text() == "tanh"


def test_a_network_is_only_asked_for(palette: Palette, session: Session, qtbot: QtBot) -> None:
    before = session.graph
    qtbot.keyClicks(palette.search, "tinyvgg")
    with qtbot.waitSignal(palette.network_chosen) as asked:
        qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert asked.args == ["tinyvgg"]
    assert session.graph is before


def test_a_drag_carries_the_layer_type(palette: Palette, monkeypatch: pytest.MonkeyPatch) -> None:
    carried: list[tuple[str, bool]] = []

    def carry(drag: QDrag) -> None:
        carried.append((layer_type(drag.mimeData()), drag.pixmap().isNull()))

    monkeypatch.setattr(module, "carry", carry)
    palette.list.setCurrentItem(next(r for r in palette.rows() if r.text(0) == "MaxPool2d"))
    palette.list.startDrag(Qt.DropAction.CopyAction)
    assert carried == [("MaxPool2d", False)]
    for still in (palette.headings()[0], next(r for r in palette.rows() if r.data(0, module.NAME) == "lenet5")):
        palette.list.setCurrentItem(still)
        palette.list.startDrag(Qt.DropAction.CopyAction)
    assert len(carried) == 1


def test_the_carried_card_shows_the_family(palette: Palette) -> None:
    pixmap = card("Linear", "Dense", 2.0)
    assert pixmap.deviceIndependentSize().toSize() == module.CARD
    image: QImage = pixmap.toImage()
    assert image.pixelColor(QPoint(4, 32)) == theme.current().family("Dense")
    assert image.pixelColor(QPoint(240, 32)) == QColor(theme.current().panel)


# ── blocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def row_of(p: Palette, name: str) -> QTreeWidgetItem:
    return next(r for r in p.rows() if r.data(0, module.NAME) == name)


def test_a_block_is_appended_as_one(palette: Palette, session: Session, lenet: Graph) -> None:
    session.edit.document.reset(lenet)
    session.look.select(["tanh_1"])
    palette.list.chosen.emit(row_of(palette, "residual"))
    inside = session.graph.groups["residual"]
    assert session.graph["S2"].sources[0] in inside and session.look.selected == session.graph["S2"].sources[0]
    assert session.fold.plain, "shown open: it is small"
    session.edit.undo()
    assert session.graph == lenet
    palette.list.chosen.emit(row_of(palette, "dense-block"))
    assert "dense_block/" in session.fold.view and session.fold.selected == "dense_block/"
    session.edit.undo()
    assert session.graph == lenet and session.fold.plain


def test_one_s_own_blocks(
    palette: Palette, session: Session, lenet: Graph, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.edit.document.reset(lenet)
    mine = next(h for h in palette.headings() if h.text(0) == "My blocks")
    assert mine.isHidden()
    assert session.keep.save(["C1", "tanh_1"], "Conv and tanh")
    (name,) = session.keep.own
    assert not mine.isHidden() and row_of(palette, name).text(0) == "Conv and tanh"
    session.look.select(["S2"])
    palette.list.chosen.emit(row_of(palette, name))
    made = session.graph.groups["Conv_and_tanh"]
    assert [session.graph[i].layer for i in made] == [lenet["C1"].layer, lenet["tanh_1"].layer]
    assert session.graph["flatten_1"].sources == (made[-1],) and session.graph[made[0]].sources == ("S2",)
    monkeypatch.setattr(palette_module, "ask_name", lambda *a: "Stem")
    menu = palette.menu(row_of(palette, name))
    assert menu is not None and palette.menu(row_of(palette, "fire")) is None
    menu.actions()[0].trigger()
    assert [i.title for i in session.keep.own.values()] == ["Stem"]
    (session.keep.folder / "broken.cnnviz").write_text("no", "utf-8")
    said: list[Notice] = []
    session.noticed.connect(said.append)
    again = Session(StillEngine, session.settings)
    again.noticed.connect(said.append)
    assert [i.title for i in again.keep.own.values()] == ["Stem"] and "broken" in said[-1].text
    again.close()
    (name,) = session.keep.own
    menu = palette.menu(row_of(palette, name))
    assert menu is not None
    menu.actions()[1].trigger()
    assert not session.keep.own and mine.isHidden()
    assert not session.keep.save(["input", "C1"], "x") and "Input" in said[-1].text
    session.noticed.disconnect(said.append)


def test_a_block_needs_a_name_of_its_own_however_long(session: Session, lenet: Graph) -> None:
    session.edit.document.reset(lenet)
    session.graph_edited()
    assert not session.keep.save(["C1", "tanh_1"], "  ") and not session.keep.own
    for title in ("블록" * 150, "x" * 300):
        assert session.keep.save(["C1", "tanh_1"], title)
    assert not session.keep.save(["C1", "tanh_1"], "x" * 300)
    assert sorted(item.title for item in session.keep.own.values()) == sorted(["블록" * 150, "x" * 300])
