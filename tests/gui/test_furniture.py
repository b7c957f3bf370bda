"""What stands in the window: docks and their buttons, tabs and their tips, the menu of networks, the page of keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QTabBar, QToolTip
from pytestqt.qtbot import QtBot

from cnnviz.gui.paint import theme
from cnnviz.gui.session import Session
from cnnviz.gui.window.keys import Keys
from cnnviz.gui.window.networks import FAMILIES, NetworkMenu, family
from cnnviz.gui.window.window import Window
from cnnviz.net.graph import Graph
from cnnviz.net.presets import presets, words

from .hand import LEFT


@pytest.fixture
def window(session: Session, lenet: Graph, qtbot: QtBot) -> Iterator[Window]:
    w = Window(session.settings)
    w.resize(1280, 720)
    qtbot.addWidget(w)
    w.furnish(session)
    session.edit.document.reset(lenet)
    with qtbot.waitExposed(w):
        w.show()
    yield w
    session.file.let_go()
    w.close()


def test_every_network_is_in_the_menu_by_its_title(qtbot: QtBot) -> None:
    chosen: list[str] = []
    top = QMenu()
    qtbot.addWidget(top)
    menu = NetworkMenu("Networks", chosen.append, top)
    found = [a for heading in menu.actions() if heading.menu() for a in heading.menu().actions()]
    assert sorted(a.data() for a in found) == sorted(presets())
    assert all(a.text() == words(a.data())[0] and a.data() in a.toolTip() for a in found)
    next(a for a in found if a.text() == "Network in network").trigger()
    assert chosen == ["nin"]


def test_no_family_of_networks_is_empty_or_too_long() -> None:
    counts = {title: sum(family(n) == title for n in presets()) for title, _starts in FAMILIES}
    assert all(1 <= n <= 10 for n in counts.values()), counts


def test_the_page_of_keys_fits_a_small_screen(window: Window, qtbot: QtBot) -> None:
    page = Keys(window)
    qtbot.addWidget(page)
    assert page.sizeHint().width() <= 1264 and page.sizeHint().height() <= 660


def test_a_click_on_a_tab_moves_the_focus_to_no_other_panel(window: Window, qtbot: QtBot) -> None:
    bar = next(b for b in window.findChildren(QTabBar) if b.count() == 5)
    window.panels["maps"].view.tiles.setFocus()
    assert window.panels["maps"].isAncestorOf(window.focusWidget())
    QTest.mouseClick(bar, LEFT, pos=bar.tabRect(1).center())
    qtbot.waitUntil(window.panels["filters"].isVisible)
    qtbot.waitUntil(lambda: not window.panels["maps"].isVisible())
    assert window.focusWidget() is window.canvas


def test_every_tab_is_seen_in_a_small_window(window: Window, qtbot: QtBot) -> None:
    bars = [b for b in window.findChildren(QTabBar) if b.isVisible()]
    assert {b.tabText(i) for b in bars for i in range(b.count())} > {"Curves", "Results", "Maps", "Formulas", "Data"}

    def fit() -> bool:
        return all(b.tabRect(b.count() - 1).right() < b.width() and b.tabRect(0).left() >= 0 for b in bars)

    qtbot.waitUntil(fit, timeout=2000)


def test_a_tab_says_what_it_is(window: Window) -> None:
    bar = next(b for b in window.findChildren(QTabBar) if b.count() == 5)
    place = bar.tabRect(2).center()
    QApplication.sendEvent(bar, QHelpEvent(QEvent.Type.ToolTip, place, bar.mapToGlobal(place)))
    assert bar.tabText(2) == "Field" and QToolTip.text().startswith("The receptive field")
    QToolTip.showText(QPoint(), "")


def test_buttons_of_docks_are_seen_in_both_themes(window: Window, qapp: QApplication) -> None:
    before = theme.current()
    try:
        for look in (theme.DARK, theme.LIGHT):
            theme.apply(qapp, look)
            QApplication.sendPostedEvents()
            for name in ("qt_dockwidget_floatbutton", "qt_dockwidget_closebutton"):
                button = window.docks["layers"].findChild(QAbstractButton, name)
                picture = button.icon().pixmap(16, 16).toImage()
                inks = {QColor(picture.pixelColor(x, y)).name() for x in range(16) for y in range(16)}
                assert QColor(look.text).name() in inks
    finally:
        theme.apply(qapp, before)
