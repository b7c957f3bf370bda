"""Palettes, ranges, and ranges that ease."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cnnviz.gui.paint.colour import (
    BLANK,
    EASE,
    GAP,
    GREY,
    LEVELS,
    MIDDLE,
    MINUS,
    NAN,
    PALETTES,
    PLUS,
    SIGNED,
    VIRIDIS,
    Ease,
    Range,
    Ranges,
    natural,
    natural_each,
)
from cnnviz.gui.paint.colourbar import ColourBar
from cnnviz.gui.paint.number import number, percent


def rgb(palette, index):
    return "{:02X}{:02X}{:02X}".format(*palette.table[index])


def light(palette):
    """How light each level is, 0 to 255."""
    return palette.table[:LEVELS] @ np.array([0.2126, 0.7152, 0.0722])


def test_the_indices_do_not_meet():
    assert LEVELS % 2 == 1
    assert sorted({*range(LEVELS), GAP, NAN, MINUS, PLUS, BLANK}) == list(range(256))


def test_zero_is_exactly_white_where_values_are_signed():
    assert rgb(SIGNED, MIDDLE) == "FFFFFF"
    assert (SIGNED.table[:LEVELS] == 255).all(axis=1).sum() == 1
    blue, red = light(SIGNED)[:MIDDLE], light(SIGNED)[:MIDDLE:-1]
    assert (np.diff(blue) > 0).all()
    assert (np.diff(red) > 0).all()
    assert abs(blue - red).max() < 12, "equal distance from zero looks equally strong"


def test_viridis_is_the_known_one():
    """Values of the published table at its ends and between our stops."""
    assert [rgb(VIRIDIS, i) for i in (0, MIDDLE, LEVELS - 1)] == ["440154", "21908C", "FDE725"]
    published = {0.1: (72, 37, 118), 0.33: (49, 103, 142), 0.66: (50, 182, 122), 0.95: (221, 227, 24)}
    for place, colour in published.items():
        ours = VIRIDIS.table[round(place * (LEVELS - 1))].astype(int)
        assert abs(ours - colour).max() <= 4, place


@pytest.mark.parametrize("palette", [VIRIDIS, GREY], ids=lambda p: p.name)
def test_more_is_lighter(palette):
    assert (np.diff(light(palette)[::5]) > 0).all()


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda p: p.name)
def test_marks_are_unlike_every_number(palette):
    marks = palette.table[[NAN, MINUS, PLUS]].astype(int)
    distance = abs(palette.table[:LEVELS, None].astype(int) - marks).sum(axis=2)
    assert distance.min() > 60
    colours = palette.colours(gap=0xFF112233, ground=0xFF445566)
    assert (colours[GAP], colours[BLANK]) == (0xFF112233, 0xFF445566)
    assert colours[0] == 0xFF000000 | int(rgb(palette, 0), 16)


@pytest.mark.parametrize(
    ("values", "signed", "low", "high"),
    [
        ([1, 2, 3], False, 0, 3),
        ([-1, 2, 3], False, -1, 3),
        ([-1, 2, 3], True, -3, 3),
        ([0, 0], False, 0, 1),
        ([0, 0], True, -1, 1),
        ([2, 2], False, 0, 2),
        ([-2, -2], False, -2, 0),
        ([-2, -2], True, -2, 2),
        ([np.nan, 1, -np.inf, np.inf], False, 0, 1),
        ([np.nan, np.inf], True, -1, 1),
        ([np.nan], False, 0, 1),
        ([], False, 0, 1),
        ([1e-44], False, 0, 1),
    ],
)
def test_natural_ranges(values, signed, low, high):
    assert natural(np.array(values, np.float32), signed) == Range(low, high)


@given(arrays(np.float32, array_shapes(min_dims=3, max_dims=3)), st.booleans())
@settings(deadline=None)
def test_natural_ranges_hold_all_finite_values(array, signed):
    each = natural_each(array, signed)
    for channel, shown in zip(array, map(each.__getitem__, range(len(array))), strict=True):
        finite = channel[np.isfinite(channel)]
        assert shown.low - 1e-30 <= finite.min(initial=0)
        assert shown.high + 1e-30 >= finite.max(initial=-np.inf)
        assert not signed or shown.low == -shown.high
        assert natural(channel, signed) == shown


@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, 1), (0, np.inf), (np.nan, 1)])
def test_impossible_ranges_are_refused(low, high):
    with pytest.raises(ValueError, match="two finite numbers"):
        Range(low, high)


def test_a_range_eases_to_its_target_and_stays():
    ease = Ease()
    with pytest.raises(LookupError):
        ease.at(0)
    ease.follow(Range(-1, 1), 0)
    assert ease.at(0) == Range(-1, 1)
    assert ease.settled(0)
    ease.follow(Range(-3, 3), 10)
    highs = [ease.at(10 + EASE * k / 10).high for k in range(11)]
    assert highs[0] == 1
    assert highs[10] == 3
    assert (np.diff(highs) > 0).all()
    assert max(np.diff(highs)) < 1, "no jump"
    assert ease.settled(10 + EASE)


def test_a_signed_range_stays_symmetric_while_it_eases():
    ease = Ease()
    ease.follow(Range(-1, 1), 0)
    ease.follow(Range(-7, 7), 0)
    for k in range(1, 30):
        shown = ease.at(k / 100)
        assert shown.low == -shown.high


def test_a_target_that_moves_is_followed_without_a_jump_or_a_standstill():
    ease = Ease()
    ease.follow(Range(0, 1), 0)
    seen = [1.0]
    for k in range(30):
        ease.follow(Range(0, 2 + k / 100), k / 30)
        seen.append(ease.at((k + 1) / 30).high)
    assert max(np.diff(seen)) < 0.4
    assert seen[-1] > 2.2, "30 targets a second, and the range keeps up"
    ease.follow(Range(0, 2.29), 1.0)
    assert not ease.settled(1.0)
    ease.follow(Range(0, 2.29), 1.0 + EASE)
    assert ease.settled(1.0 + EASE), "the same target does not start again"


def test_a_fixed_range_stands_still():
    ease = Ease()
    ease.follow(Range(0, 1), 0)
    ease.fix(Range(0, 5))
    ease.follow(Range(0, 9), 1)
    assert ease.at(1.1) == Range(0, 5)
    assert ease.settled(1.1)
    ease.fix(None)
    assert ease.at(1 + EASE) == Range(0, 9)


def test_one_range_a_channel_eases_too_and_another_count_jumps():
    ease = Ease()
    ease.follow(Ranges(np.zeros(2), np.ones(2)), 0)
    ease.follow(Ranges(np.zeros(2), np.array([1.0, 3.0])), 0)
    half = ease.at(EASE / 2).high
    assert half[0] == 1
    assert 1 < half[1] < 3
    ease.follow(Ranges(np.zeros(3), np.ones(3)), 0.1)
    assert ease.at(0.1).high.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (0.1834, "0.183"),
        (-0.5, "−0.500"),
        (1234.4, "1,234"),
        (1.5e-7, "1.50e−7"),
        (2e9, "2.00e9"),
        (np.nan, "NaN"),
        (np.inf, "∞"),
        (-np.inf, "−∞"),
    ],
)
def test_numbers_as_people_read_them(value, text):
    assert number(value) == text


def test_shares_as_people_read_them():
    assert percent(0.9678) == "96.8 %"
    assert percent(float("nan")) == "NaN"


def test_the_bar_writes_a_range_that_never_rests_now_and_then_and_the_last_one_always(qtbot):
    bar = ColourBar()
    qtbot.addWidget(bar)
    for high in range(1, 9):
        bar.show_scale(VIRIDIS, Range(0.0, float(high)), frozenset())
    assert bar.toolTip() == "From 0 to 1"
    qtbot.waitUntil(lambda: bar.toolTip() == "From 0 to 8")
    bar.show_scale(VIRIDIS, None, frozenset())
    assert bar.toolTip() == "Each channel has its own range", "another kind of scale at once"
