"""The docks' sizes through all sizes of the window: what a person wants comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnviz.gui.session import Session
from cnnviz.gui.training.curves import Curves
from cnnviz.gui.window.window import Window
from cnnviz.net.graph import Graph
from cnnviz.net.health.reading import Series

from .hand import LEFT, NONE
from .health.readings import HIGH, LAYERS, SATURATED, reading
from .test_session import answer, news

WIDE, SMALL = QSize(1280, 720), QSize(785, 600)


@pytest.fixture
def window(session: Session, lenet: Graph, qtbot: QtBot) -> Iterator[Window]:
    w = Window(session.settings)
    w.resize(WIDE)
    qtbot.addWidget(w)
    w.furnish(session)
    session.edit.document.reset(lenet)
    with qtbot.waitExposed(w):
        w.show()
    qtbot.waitUntil(lambda: w.sizes._wanted and not w.sizes._soon.isActive())
    yield w
    session.file.let_go()
    w.close()


def sizes(window: Window) -> dict[str, QSize]:
    return {n: d.size() for n, d in window.docks.items() if window.panels[n].isVisible()}


def drag(window: Window, qtbot: QtBot, dock: str, start: QPoint, by: int) -> None:
    """Take hold of a line beside a dock and move it; QTest's moves do not hold the button."""
    none, wide = Qt.MouseButton.NoButton, window.docks[dock].width()

    def send(kind: QEvent.Type, place: QPoint, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        there = QPointF(window.mapToGlobal(place))
        QApplication.sendEvent(window, QMouseEvent(kind, QPointF(place), there, button, held, NONE))

    send(QEvent.Type.MouseButtonPress, start, LEFT, LEFT)
    send(QEvent.Type.MouseMove, start + QPoint(by, 0), none, LEFT)
    qtbot.waitUntil(lambda: window.docks[dock].width() != wide)  # Qt moves the line a moment later
    send(QEvent.Type.MouseButtonRelease, start + QPoint(by, 0), LEFT, none)
    qtbot.waitUntil(lambda: not window.sizes._held)


def test_docks_come_back_with_the_window_s_size(window: Window, qtbot: QtBot) -> None:
    before = sizes(window)
    for size in (SMALL, WIDE):
        window.resize(size)
        qtbot.waitUntil(lambda size=size: window.size() == size)
        assert (sizes(window) == before) == (size == WIDE)


def test_a_line_that_was_dragged_stays_where_it_was_put(window: Window, qtbot: QtBot) -> None:
    layers, before = window.docks["layers"], sizes(window)
    at = QPoint(layers.geometry().right() + 3, layers.geometry().center().y())
    drag(window, qtbot, "layers", at, 60)
    dragged = sizes(window)
    assert dragged["layers"] == before["layers"] + QSize(60, 0)
    for size in (SMALL, QSize(1400, 800), WIDE):
        window.resize(size)
    qtbot.waitUntil(lambda: window.size() == WIDE)
    assert sizes(window) == dragged


def test_what_is_dragged_in_a_small_window_alone_is_changed(window: Window, qtbot: QtBot) -> None:
    before, picture = sizes(window), window.docks["picture"]
    window.resize(900, 600)
    qtbot.waitUntil(lambda: window.size() == QSize(900, 600))
    narrow = picture.width()
    at = QPoint(picture.geometry().left() - 3, picture.geometry().center().y())
    drag(window, qtbot, "picture", at, -15)
    dragged = picture.width()
    assert dragged > narrow
    window.resize(WIDE)
    qtbot.waitUntil(lambda: window.size() == WIDE)
    assert picture.width() == dragged and window.docks["layers"].width() == before["layers"].width()


def test_panels_as_at_first_forgets_what_was_dragged(window: Window, qtbot: QtBot) -> None:
    before = sizes(window)
    window.sizes._wanted["layers"] += QSize(60, 0)
    window.place_afresh()
    qtbot.waitUntil(lambda: not window.sizes._soon.isActive())
    window.resize(SMALL)
    window.resize(WIDE)
    assert sizes(window)["layers"] == before["layers"]


@pytest.mark.parametrize("size", [WIDE, QSize(1024, 700), SMALL])
def test_a_training_that_begins_pushes_nothing(window: Window, qtbot: QtBot, size: QSize) -> None:
    """Curves in place of a hint, signs of trouble, and whatever else a training brings: every dock stays as it is."""
    session = window.session
    window.resize(size)
    qtbot.waitUntil(lambda: window.size() == size and not window.sizes._soon.isActive())
    before = {}
    while before != (before := sizes(window)):  # until the docks rest
        qtbot.wait(50)
    before, least = sizes(window), window.minimumSizeHint()
    session.run.train()
    told = news(session, 0, 50, steps=400)
    answer(session, qtbot, replace(told, tests=np.array([[40.0, 0.5, 0.9, 1.0]])))
    session.health.take_news(session.run.progress)
    session.health._set(session.run.number, 1, Series(LAYERS, (reading(1), reading(20))), (HIGH, SATURATED))
    curves = window.panels["curves"]
    assert isinstance(curves, Curves)
    qtbot.waitUntil(lambda: len(curves.loss.data("batch")[0]) == 50 and curves.caution.isVisibleTo(window))
    curves.top5.click()
    QApplication.processEvents()
    assert sizes(window) == before and window.minimumSizeHint() == least
    curves.grab()
