"""Gradient flow: the picture's pixels are the numbers, and a click or the pointer finds the layer."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from cnnviz.gui.health.flow import Flow, Gradients
from cnnviz.gui.paint import theme
from cnnviz.gui.paint.colour import LEVELS, VIRIDIS
from cnnviz.net.health.reading import Layers, Series

from .readings import LAYERS, reading


@pytest.fixture
def flow(qtbot: QtBot) -> Flow:
    made = Flow()
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show()
    return made


def colour(flow: Flow, layer: int, part: float) -> QColor:
    """In the middle of a layer's row, at that part of the heat map's width."""
    heat, _profile = flow.areas()
    y = heat.top() + heat.height() * (layer + 0.5) / len(flow._shown.layers)
    return flow.grab().toImage().pixelColor(round(heat.left() + part * (heat.width() - 1)), round(y))


def viridis(share: float) -> tuple[int, ...]:
    return tuple(VIRIDIS.table[round(share * (LEVELS - 1))].tolist())


def test_the_pixels_are_the_gradients(flow: Flow) -> None:
    flow.show_series(Series(LAYERS, [reading(1, 1.0, 7.0, 0.1), reading(101, 1e-3, 7.0, 0.1)]))
    shown = Gradients.of(Series(LAYERS, [reading(1, 1.0, 7.0, 0.1), reading(101, 1e-3, 7.0, 0.1)]))
    assert shown.layers == ("C1", "output"), "batch norm is left out"
    low, high = shown.decades
    assert low <= -3 and high >= 0
    assert colour(flow, 0, 0.2).getRgb()[:3] == viridis((0 - low) / (high - low))
    assert colour(flow, 0, 1.0).getRgb()[:3] == viridis((-3 - low) / (high - low))
    assert colour(flow, 1, 0.5).getRgb()[:3] == viridis((-1 - low) / (high - low))


def test_no_gradient_and_none_at_all_look_different(flow: Flow) -> None:
    flow.show_series(Series(LAYERS, [reading(1, 0.0, 1.0, nan), reading(2, 0.0, 1.0, nan)]))
    now = theme.current()
    assert colour(flow, 0, 0.5) == now.colour("gap") and colour(flow, 1, 0.5) == now.colour("panel")


def test_a_click_picks_the_layer_and_the_pointer_tells_its_number(qtbot: QtBot, flow: Flow) -> None:
    flow.show_series(Series(LAYERS, [reading(1, 0.01, 1.0, 0.001), reading(11, 0.02, 1.0, 0.002)]))
    heat, profile = flow.areas()
    low = QPoint(round(heat.center().x()), round(heat.bottom()) - 5)
    with qtbot.waitSignal(flow.picked) as heard:
        qtbot.mouseClick(flow, Qt.MouseButton.LeftButton, pos=low)
    assert heard.args == ["output"]
    assert flow.told(heat.left() + 1, heat.top() + 1).startswith("C1 · step 1 · gradient 0.01")
    assert flow.told(heat.right() - 1, heat.bottom() - 1).startswith("output · step 11 · gradient 0.002")
    assert "step 11" in flow.told(profile.center().x(), profile.top() + 2)
    assert flow.told(heat.left(), heat.bottom() + 20) == ""


def test_the_profile_is_that_of_the_step_that_is_looked_at(flow: Flow) -> None:
    flow.show_series(Series(LAYERS, [reading(1), reading(11), reading(21)]))
    assert flow.reading == 2
    for step, at in ((11, 1), (15, 1), (20, 2), (0, 0), (99, 2), (None, 2)):
        flow.show_step(step)
        assert flow.reading == at
        flow.grab()


def test_all_kinds_of_numbers_are_drawn(flow: Flow) -> None:
    wild = [reading(1, inf, 1.0, 1e-30), reading(2, 0.0, 0.0, 0.0)]
    for rows in ([], [reading(1)], [reading(1, nan, nan, nan)], wild):
        flow.show_series(Series(LAYERS, rows))
        flow.grab()
    flow.show_series(Series(Layers(), []))
    flow.grab()
    flow.resize(flow.minimumSizeHint())
    many = Layers(tuple(f"layer_{i}" for i in range(300)))
    flow.show_series(Series(many, [reading(s, *np.geomspace(1e-9, 1.0, 300)) for s in (1, 5)]))
    flow.select("layer_7")
    flow.grab()
    assert flow.accessibleDescription().startswith("Step 5: layer_0 1e−9")


def test_two_runs_share_the_colours_and_the_profile(flow: Flow) -> None:
    mine = Series(LAYERS, [reading(1, 1.0, 7.0, 0.1), reading(101, 1.0, 7.0, 0.1)])
    theirs = Series(LAYERS, [reading(1, 1e-6, 7.0, 1e-6), reading(51, 1e-7, 7.0, 1e-6)])
    flow.show_series(mine)
    alone, before = flow.decades, flow.grab().toImage()
    flow.show_series(mine, theirs)
    low, high = flow.decades
    assert low <= -7 < alone[0] and high == alone[1]
    assert colour(flow, 0, 0.5).getRgb()[:3] == viridis((0 - low) / (high - low))
    assert flow.reading == 0, "live, both are seen at a step that both have come to: the nearest to 51"
    assert flow.grab().toImage() != before
    blue = theme.current().family("Convolution")
    _heat, profile = flow.areas()
    image = flow.grab().toImage()
    columns = {
        x
        for x in range(round(profile.left()), round(profile.right()))
        for y in range(round(profile.top()), round(profile.bottom()))
        if image.pixelColor(x, y) == blue
    }
    middle = profile.center().x()
    assert min(columns) < middle < max(columns), "a line on either side: this run's, and the other one's"
    flow.show_series(theirs, mine, second=True)
    assert flow.decades == (low, high), "both pictures in the same colours"


def test_another_network_has_a_profile_over_the_same_height(flow: Flow) -> None:
    deep = Layers(weights=tuple(f"conv_{i}" for i in range(5)))
    wide = replace(reading(1), gradients=(1e-2,) * 5)
    flow.show_series(Series(LAYERS, [reading(1)]), Series(deep, [wide]))
    flow.grab()
    flow.show_series(Series(deep, [wide]), Series(LAYERS, [reading(1)]), second=True)
    assert flow.layers == deep.weights
    flow.grab()
