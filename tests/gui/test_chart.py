"""The chart of training curves: what it keeps of millions of points, where it paints them, and what it says."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QColor, QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from cnnviz.gui.paint import theme, trace
from cnnviz.gui.paint.axis import exact, linear, logarithmic, nice, reach
from cnnviz.gui.paint.chart import Chart
from cnnviz.gui.paint.columns import Curve, extremes, lasts, means
from cnnviz.gui.paint.trace import Series, mixed, polygon
from cnnviz.gui.training.curves import smooth

THIN, BOLD = Series("batch", "Convolution", "thin", "train"), Series("mean", "Convolution", "bold")
DOTS = Series("held_out", "Activation", "dots", "held out")
ODD = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([nan, inf, -inf]))


@pytest.fixture
def chart(qtbot) -> Chart:
    c = Chart("Loss", (THIN, BOLD, DOTS))
    qtbot.addWidget(c)
    c.resize(450, 180)
    return c


def columns_of(curve: Curve, edges: np.ndarray) -> np.ndarray:
    """(n,) the column of every point, one by one."""
    return np.array([min(max(int(np.sum(edges <= x)) - 1, 0), len(edges) - 2) for x in curve.x], int)


# ── what is kept of many points ─────────────────────────────────────────────────────────────────────────────────────


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 100), ODD), max_size=60), st.integers(1, 30))
def test_columns_keep_extremes_means_and_lasts(points, count):
    points.sort(key=lambda p: p[0])
    x, y = np.array(points, float).reshape(-1, 2).T
    curve = Curve.of(x, y)
    assert np.array_equal(curve.y, y[np.isfinite(y)])
    edges = np.linspace(0, 100, count + 1)
    where = columns_of(curve, edges)
    held = np.unique(where)
    columns, values, _gaps = extremes(curve, edges)
    assert columns.tolist() == np.repeat(held, 2).tolist()
    assert [sorted(p) for p in values.reshape(-1, 2).tolist()] == [
        [curve.y[where == c].min(), curve.y[where == c].max()] for c in held
    ]
    columns, values, _gaps = means(curve, edges)
    assert columns.tolist() == held.tolist()
    assert values == pytest.approx([curve.y[where == c].mean() for c in held], abs=1e-6)
    at, _gaps = lasts(curve, edges)
    assert at.tolist() == [int(np.flatnonzero(where == c)[-1]) for c in held]


@settings(deadline=None, max_examples=60)
@given(st.lists(ODD, max_size=40))
def test_a_curve_is_broken_where_values_are_not_finite(values):
    y = np.array(values, float)
    curve = Curve.of(np.arange(len(y), dtype=float), y)
    good = np.isfinite(y)
    marks = [i for i in range(len(y)) if good[i] and i + 1 < len(y) and not good[i + 1]]
    assert curve.x[curve.ends].tolist() == marks
    after = [i for i in range(1, len(y)) if good[i] and not good[i - 1] and good[:i].any()]
    assert curve.x[curve.broken].tolist() == after
    columns, starts = curve.starts(np.arange(len(y) + 1) - 0.5)
    assert columns[curve.gaps(starts)].tolist() == after


def test_pixels_reach_qt_as_they_are():
    points = np.random.default_rng(0).random((7, 2))
    assert [(p.x(), p.y()) for p in polygon(points).toList()] == [tuple(p) for p in points.tolist()]
    assert polygon(np.empty((0, 2))).isEmpty()


def test_a_million_points_become_a_few_in_few_calls(chart, qtbot, monkeypatch):
    n = 1_000_000
    x = np.arange(n, dtype=float)
    y = np.sin(x / 1e4)
    y[123_456] = 40.0
    calls: list[str] = []
    whole = trace.trace
    monkeypatch.setattr(trace, "trace", lambda *a: (calls.append(a[1]), whole(*a))[1])
    chart.set_data("batch", x, y)
    chart.set_data("mean", *smooth(x, y))
    chart.set_data("held_out", x, y)
    with qtbot.waitExposed(chart):
        chart.show()
    for _ in range(3):
        chart.repaint()
    assert calls == ["thin", "bold", "dots"], "once for the data, not once a paint"
    drawing = chart._drawn()
    sizes = {k: sum(line.size() for line in t.lines) for k, t in drawing.traces.items()}
    wide = drawing.plot.width()
    assert sizes["batch"] <= 2 * wide and sizes["mean"] <= wide and sizes["held_out"] <= wide / 4 + 1
    top = min(p.y() for p in drawing.traces["batch"].lines[0].toList())
    assert top == pytest.approx(chart.place(0, 40.0).y()), "the one large loss is not lost"


# ── axes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def is_nice(value: float) -> bool:
    return f"{value:.6e}"[:8] in ("1.000000", "2.000000", "5.000000")


@settings(deadline=None)
@given(st.floats(-1e8, 1e8), st.floats(0, 1e8), st.integers(2, 12))
def test_ticks_are_nice_and_cover_the_range(low, span, most):
    axis = linear(low, low + span, most)
    assert axis.low <= low and low + span <= axis.high and axis.low < axis.high
    assert 2 <= len(axis.ticks) <= most + 1 and len(axis.labels) == len(axis.ticks)
    assert (axis.ticks[0], axis.ticks[-1]) == (axis.low, axis.high)
    step = (axis.high - axis.low) / (len(axis.ticks) - 1)
    assert is_nice(step) or step < 1e-6 * abs(axis.high)  # the difference of large numbers is rounded


@settings(deadline=None)
@given(st.floats(1e-12, 1e12), st.floats(1, 1e12), st.integers(2, 12))
def test_logarithmic_ticks_are_nice_and_cover_the_range(low, ratio, most):
    axis = logarithmic(low, low * ratio, most)
    assert axis.low <= low and low * ratio <= axis.high and axis.low < axis.high
    assert 2 <= len(axis.ticks) <= most + 1 and all(is_nice(t) for t in axis.ticks)
    assert list(axis.ticks) == sorted(set(axis.ticks))


@pytest.mark.parametrize(
    ("axis", "labels"),
    [
        (linear(0.1, 2.7, 6, 0.0), ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0"]),
        (linear(3.0, 100.0, 5, 0.0, 100.0), ["0", "20", "40", "60", "80", "100"]),
        (linear(100.0, 100.0, 5, 0.0, 100.0), None),
        (linear(0.0, 0.0, 5, 0.0), None),
        (exact(12_345.0, 4), ["0", "5,000", "10,000"]),
        (exact(0.0, 4), ["0", "1"]),
        (exact(600.0, 1), ["0", "500"]),
        (exact(2.0, 1), ["0", "2"]),
        (logarithmic(0.06, 3.0, 8), ["0.05", "0.1", "0.2", "0.5", "1", "2", "5"]),
        (logarithmic(0.06, 3.0, 4), ["0.05", "0.1", "0.5", "1", "5"]),
        (logarithmic(2e-8, 3.0, 4), ["1e−6", "0.0001", "0.01", "1"]),
    ],
)
def test_labels(axis, labels):
    assert axis.low < axis.high
    if labels is not None:
        assert list(axis.labels) == labels


def test_a_range_stays_while_values_change_a_little():
    assert {linear(0.2 + d, 2.3 + d, 5, 0.0) for d in np.linspace(0, 0.1, 20)} == {linear(0.2, 2.3, 5, 0.0)}
    assert nice(1.0) == 1.0 and nice(1.01) == 2.0 and nice(0.3) == 0.5


# ── what is painted ─────────────────────────────────────────────────────────────────────────────────────────────────


class Paints(QObject):
    """Notes the theme at every paint of a widget."""

    def __init__(self, parent: QObject, into: list[str]):
        super().__init__(parent)
        self._into = into

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._into.append(theme.current().name)
        return False


def shade(series: Series) -> QColor:
    return mixed(series.ink(), theme.current().colour("panel"), trace.FAINT) if series.style == "thin" else series.ink()


def painted(chart: Chart, colour: QColor) -> set[tuple[int, int]]:
    """Pixels of exactly this colour, below the title."""
    image = chart.grab().toImage()
    return {
        (x, y)
        for x in range(image.width())
        for y in range(26, image.height())
        if image.pixel(x, y) & 0xFFFFFF == colour.rgb() & 0xFFFFFF
    }


@pytest.mark.parametrize("log", [False, True])
def test_a_curve_is_painted_where_its_values_are(chart, log):
    x = np.arange(1001.0)
    y = np.where(x < 500, 1.0, 3.0)
    chart.set_data("batch", x, y)
    chart.set_log(log)
    pixels = painted(chart, shade(THIN))
    low, jump, high = chart.place(250, 1.0), chart.place(500, 2.0), chart.place(750, 3.0)
    for spot in (low, high):
        column = {py for px, py in pixels if px == int(spot.x())}
        assert len(column) == 1 and abs(column.pop() - spot.y()) <= 1
    assert len({py for px, py in pixels if abs(px - jump.x()) <= 1}) >= low.y() - high.y() - 1, "the step is a line"
    plot = chart._drawn().plot
    assert {px for px, _py in pixels} == set(range(int(plot.left()), int(plot.right()))), "a pixel in every column"


def test_dots_and_the_mean_are_painted_over_the_batches(chart):
    chart.set_data("batch", np.arange(100.0), np.full(100, 1.0))
    chart.set_data("mean", np.arange(100.0), np.full(100, 2.0))
    chart.set_data("held_out", np.array([50.0]), np.array([3.0]))
    dot = painted(chart, DOTS.ink())
    centre, spot = np.mean(list(dot), axis=0), chart.place(50, 3.0)
    assert centre == pytest.approx([spot.x(), spot.y()], abs=0.6) and len(dot) > 12
    line = painted(chart, BOLD.ink())
    assert {y for _x, y in line} == {round(chart.place(0, 2.0).y())} and len(line) > 300


def test_dense_dots_are_thinned(chart):
    x = np.arange(5000.0)
    chart.set_data("held_out", x, np.ones(5000))
    dots = chart._drawn().traces["held_out"].dots.toList()
    assert 90 < len(dots) <= chart._drawn().plot.width() / 4 + 1
    assert chart.place(4999, 1.0).x() == pytest.approx(dots[-1].x()), "the newest is shown"


def test_values_that_are_not_finite_leave_a_gap_and_a_mark(chart):
    x, y = np.arange(400.0), np.ones(400)
    y[200:300], y[350:] = nan, inf
    chart.set_data("batch", x, y)
    pixels = painted(chart, shade(THIN))
    gap = range(int(chart.place(206, 1).x()), int(chart.place(298, 1).x()))
    assert not {px for px, _py in pixels} & set(gap)
    assert [p.x() for p in chart._drawn().traces["batch"].ends.toList()] == pytest.approx(
        [chart.place(199, 1).x(), chart.place(349, 1).x()]
    )
    marks = {px for px, _py in painted(chart, theme.current().colour("problem"))}
    assert any(abs(px - chart.place(349, 1).x()) <= 3 for px in marks)
    chart.set_step(250)
    assert chart.readout() == ("Step 250", "train NaN")


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", [[], [0.5], [0.0], [nan], [inf, nan], [1e308, 1.0], [-1e300, 1e300]])
def test_few_and_strange_values(chart, values, log):
    n = len(values)
    for key in ("batch", "mean", "held_out"):
        chart.set_data(key, np.arange(1.0, n + 1), np.array(values))
    chart.set_log(log)
    across, up = chart.axes()
    assert across.low == 0 and up.low < up.high and np.isfinite([up.low, up.high]).all()
    if values == [0.5]:
        spot = chart.place(1, 0.5)
        assert any(abs(px - spot.x()) <= 3 and abs(py - spot.y()) <= 3 for px, py in painted(chart, DOTS.ink()))
    else:
        chart.grab()
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert chart.step == (n or None)


def test_one_batch_is_seen(chart):
    chart.set_data("batch", np.array([1.0]), np.array([0.5]))
    chart.set_extent(10)
    spot = chart.place(1, 0.5)
    assert any(abs(x - spot.x()) <= 1 and abs(y - spot.y()) <= 1 for x, y in painted(chart, shade(THIN)))


def test_wrong_data_is_refused(chart):
    with pytest.raises(ValueError, match="batch: x is"):
        chart.set_data("batch", np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match="falls"):
        chart.set_data("batch", np.array([2.0, 1.0]), np.zeros(2))
    with pytest.raises(KeyError):
        chart.set_data("test", np.zeros(1), np.zeros(1))


def test_the_plan_s_steps_are_the_extent(chart):
    chart.set_data("batch", np.arange(100.0), np.ones(100))
    chart.set_extent(5000)
    assert chart.axes()[0].high == 5000
    chart.set_extent(10)
    assert chart.axes()[0].high == 99


@pytest.mark.parametrize("wide", [140, 180, 300])
@pytest.mark.parametrize("steps", [41_400, 249_999, 1_000_000, 7_777_777])
def test_labels_of_steps_do_not_touch(chart, steps, wide):
    chart.set_data("batch", np.arange(10.0), np.ones(10))
    chart.set_extent(steps)
    chart.resize(wide, 120)
    axis, figures = chart.axes()[0], QFontMetricsF(theme.tabular(theme.caption()))
    half = [figures.horizontalAdvance(text) / 2 for text in axis.labels]
    ends = [min(chart.place(t, 0).x() + h, wide - 2) for t, h in zip(axis.ticks, half, strict=True)]
    assert axis.ticks[0] == 0 and all(b - 2 * h >= a + 7 for a, b, h in zip(ends, ends[1:], half[1:], strict=False))


def test_an_axis_of_steps_grows_with_what_is_trained():
    assert reach(46, 552) == 552, "a short plan is shown whole"
    assert [reach(n, 41_400) for n in (1, 400, 500, 900, 5000, 16_000)] == [500, 500, 1000, 2000, 10_000, 41_400]
    assert all(n < reach(n, 10**6) <= 3.1 * n for n in range(500, 10**6, 999) if reach(n, 10**6) < 10**6)
    assert reach(10**6, 10**6) == 10**6


def test_both_themes_have_their_own_colours(chart, qtbot, qapp: QApplication):
    chart.set_data("batch", np.arange(100.0), np.ones(100))
    chart.set_data("held_out", np.arange(100.0), np.ones(100))
    with qtbot.waitExposed(chart):
        chart.show()
    before, shown = theme.current(), []
    chart.installEventFilter(seen := Paints(chart, shown))
    try:
        for look in (theme.DARK, theme.LIGHT):
            theme.apply(qapp, look)
            qtbot.waitUntil(lambda look=look: look.name in shown)  # repainted by itself
            image = chart.grab().toImage()
            assert QColor(image.pixel(2, 100)) == look.colour("panel")
            assert painted(chart, look.family("Activation"))
            heads = {image.pixel(x, y) & 0xFFFFFF for x in range(8, 200) for y in range(4, 20)}
            assert look.colour("text").rgb() & 0xFFFFFF in heads
    finally:
        chart.removeEventFilter(seen)
        theme.apply(qapp, before)


# ── what it says ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_hairline_says_exact_values(chart, qtbot):
    rng = np.random.default_rng(0)
    x, y = np.arange(1.0, 10_001), rng.random(10_000)
    chart.set_data("batch", x, y)
    chart.set_data("mean", *smooth(x, y))
    chart.set_data("held_out", np.array([5000.0, 10_000]), np.array([0.25, 0.125]))
    with qtbot.waitExposed(chart):
        chart.show()
    spot = chart.place(2500, 0.5)
    QTest.mouseMove(chart, QPoint(round(spot.x()), 90))
    step = chart.step
    assert step is not None and abs(step - 2500) < 30
    assert chart.readout() == (f"Step {step:,.0f}", f"train {y[int(step) - 1]:#.4g}")
    assert chart.accessibleDescription() == f"Step {step:,.0f}: train {y[int(step) - 1]:#.4g}"
    QTest.mouseMove(chart, QPoint(round(chart.place(5000, 0.5).x()) + 3, 90))
    assert chart.readout() == ("Step 5,000", f"train {y[4999]:#.4g}", "held out 0.2500"), "a dot draws it near"
    bare, hair = chart.grab().toImage(), round(chart.place(5000, 0).x())
    assert QColor(bare.pixel(hair, 40)) == theme.current().colour("caption")
    QApplication.sendEvent(chart, QEvent(QEvent.Type.Leave))
    assert chart.step is None and chart.readout() == ()
    assert chart.accessibleDescription() == f"Step 10,000: train {y[-1]:#.4g}, held out 0.1250"


def test_keys_move_the_hairline(chart):
    x = np.arange(1.0, 10_001)
    chart.set_data("batch", x, x)
    column = chart.axes()[0].high / chart._drawn().plot.width()
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert chart.step == 10_000, "begins with the newest"
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert column <= 10_000 - chart.step <= column + 1
    here = chart.step
    QTest.keyClick(chart, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert chart.step == here - 1
    QTest.keyClick(chart, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert chart.step == here
    QTest.keyClick(chart, Qt.Key.Key_Home)
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert chart.step == 1
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert column <= chart.step - 1 <= column + 1
    QTest.keyClick(chart, Qt.Key.Key_End)
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert chart.step == 10_000
    QTest.keyClick(chart, Qt.Key.Key_Escape)
    assert chart.step is None


def test_the_readout_stays_inside(chart):
    chart.set_data("batch", np.arange(100.0), np.ones(100))
    chart.set_step(99)
    image = chart.grab().toImage()
    line, hair = theme.current().colour("line"), round(chart.place(99, 0).x())
    sides = [x for x in range(image.width()) if QColor(image.pixel(x, 40)) == line]
    assert sides and max(sides) < hair, "flipped to the left of the hairline"
