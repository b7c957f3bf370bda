"""The panel of training curves: the running mean, the turns in which charts are drawn, what is remembered."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import nan

import numpy as np
import pytest

from cnnviz.gui.paint import theme
from cnnviz.gui.paint.chart import Chart
from cnnviz.gui.training.curves import MOST, Curves, smooth

from .test_session import answer, news


def test_the_running_mean_is_one():
    y = np.random.default_rng(0).random(1000)
    x, mean = smooth(np.arange(1000.0), y)
    assert np.array_equal(x, np.arange(1000.0))
    assert mean[[0, 500, 999]] == pytest.approx([y[:11].mean(), y[490:511].mean(), y[989:].mean()])
    y[100], y[200] = 1e30, nan
    _x, mean = smooth(x, y)
    assert mean[500] == pytest.approx(y[490:511].mean()), "a large loss long ago changes nothing"
    assert np.isnan(mean[200]) and mean[201] == pytest.approx(np.nanmean(y[191:212]))
    x, mean = smooth(np.arange(100_000.0), np.arange(100_000.0))
    assert len(x) <= MOST and mean[1000:2000] == pytest.approx(x[1000:2000], abs=32)


def test_charts_are_drawn_in_turns_and_not_while_hidden(session, qtbot, monkeypatch):
    curves = Curves(session)
    qtbot.addWidget(curves)
    turns: list[Chart] = []
    whole = Chart.set_extent
    monkeypatch.setattr(Chart, "set_extent", lambda self, x: (turns.append(self), whole(self, x))[1])
    session.run.train()
    answer(session, qtbot, news(session, 0, 50, steps=400))
    assert not curves._timer.isActive() and not turns
    curves.show()
    qtbot.waitUntil(lambda: len(turns) == 2 and not curves._timer.isActive())
    assert turns == [curves.loss, curves.accuracy]
    assert curves.loss.axes()[0].high == 400 and curves.accuracy.axes()[1].high == 100
    for first in (50, 60, 70):
        answer(session, qtbot, news(session, first, 10, steps=400))
    qtbot.waitUntil(lambda: len(curves.accuracy.data("batch")[0]) == 80 and not curves._timer.isActive())
    assert all(a is not b for a, b in pairwise(turns)), "one after the other"
    assert np.array_equal(curves.accuracy.data("batch")[1], 100 * session.run.points[:, 2])
    curves.hide()
    answer(session, qtbot, news(session, 80, 10, steps=400))
    assert not curves._timer.isActive()


def test_the_legend_has_room_in_the_smallest_panel(session, qtbot):
    curves = Curves(session)
    qtbot.addWidget(curves)
    curves.show()
    session.run.train()
    answer(session, qtbot, news(session, 0, 50, steps=400))
    curves.draw()
    curves.resize(curves.minimumSizeHint())
    legend = curves.legend
    qtbot.waitUntil(lambda: 0 < legend.width() <= curves.width())
    assert legend.width() >= legend.sizeHint().width() and legend.accessibleName() == "train, held out"
    picture = legend.grab().toImage()
    inks = {picture.pixelColor(x, picture.height() // 2).name() for x in range(picture.width())}
    assert {theme.current().family(f).name() for f in ("Convolution", "Activation")} <= inks


def test_logarithmic_loss_is_remembered(session, qtbot):
    curves = Curves(session)
    qtbot.addWidget(curves)
    assert not curves.loss.log
    curves.log.click()
    assert curves.loss.log and not curves.accuracy.log
    again = Curves(session)
    qtbot.addWidget(again)
    assert again.loss.log and again.log.isChecked()
    again.log.click()
    third = Curves(session)
    qtbot.addWidget(third)
    assert not third.loss.log


def test_of_a_long_plan_the_axis_shows_what_has_been_trained(session, qtbot):
    curves = Curves(session)
    qtbot.addWidget(curves)
    curves.show()
    session.run.train()
    answer(session, qtbot, news(session, 0, 50, steps=90_000))
    qtbot.waitUntil(lambda: len(curves.accuracy.data("batch")[0]) == 50)
    assert curves.loss.axes()[0].high == curves.accuracy.axes()[0].high == 500


def test_top_5_accuracy_is_drawn_when_asked_for(session, qtbot):
    curves = Curves(session)
    qtbot.addWidget(curves)
    curves.show()
    session.run.train()
    few = np.array([[25.0, 0.9, 0.6, nan]])
    answer(session, qtbot, replace(news(session, 0, 50, steps=400), tests=few))
    qtbot.waitUntil(lambda: len(curves.accuracy.data("held_out")[0]) == 1)
    assert curves.top5.isHidden(), "below six classes there is none"
    answer(
        session,
        qtbot,
        replace(news(session, 50, 50, steps=400), tests=np.array([[50, 0.5, 0.8, 0.97], [100, 0.4, 0.9, 0.99]])),
    )
    qtbot.waitUntil(lambda: curves.top5.isVisible())
    assert not len(curves.accuracy.data("top5")[0])
    curves.top5.click()
    qtbot.waitUntil(lambda: len(curves.accuracy.data("top5")[0]) == 2)
    x, y = curves.accuracy.data("top5")
    assert x.tolist() == [50, 100] and y.tolist() == [97, 99]
    curves.accuracy.set_step(100)
    assert "top-5 99" in " ".join(curves.accuracy.readout())
    again = Curves(session)
    qtbot.addWidget(again)
    assert again.top5.isChecked(), "remembered"
