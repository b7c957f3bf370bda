"""The mosaic is what its layout says, number by number."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor

from cnnviz.gui.paint.colour import BLANK, GAP, LEVELS, MIDDLE, MINUS, NAN, PLUS, VIRIDIS, Range, natural, natural_each
from cnnviz.gui.paint.mosaic import BLOCK, Screen, crop, levels, mosaic, sheet, to_image
from cnnviz.gui.paint.tiling import LEGIBLE, ZOOMS, Layout, at, fit

RNG = np.random.default_rng(0)
LAYOUTS = st.builds(
    Layout,
    n=st.integers(1, 40),
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    columns=st.integers(1, 8),
    scale=st.sampled_from([-7, -3, -2, 1, 2, 3, 5]),
    gap=st.integers(1, 3),
)
SIDE = st.integers(1, 700)


def slow_levels(array, shown):
    """The same with one number at a time, in double precision."""
    out = np.empty(array.shape, np.uint8)
    for place, value in np.ndenumerate(array):
        if np.isnan(value):
            out[place] = NAN
        elif np.isinf(value):
            out[place] = PLUS if value > 0 else MINUS
        else:
            share = (float(value) - shown.low) / (shown.high - shown.low)
            out[place] = round(min(max(share, 0), 1) * (LEVELS - 1))
    return out


# Numbers to levels ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.float16, np.int64])
def test_levels_are_the_nearest(kind, signed):
    array = (RNG.standard_normal((3, 7, 5)) * 10).astype(kind)
    shown = natural(array, signed)
    assert abs(levels(array, shown).astype(int) - slow_levels(array, shown)).max() <= 1
    assert levels(array, shown).flat[array.argmax()] == (LEVELS - 1 if signed is False else levels(array, shown).max())


def test_levels_are_exact_at_zero_and_the_ends():
    for widest in (1e-30, 0.1, 1 / 3, 7, 1e30):
        array = np.array([-widest, 0, widest], np.float32).reshape(1, 1, 3)
        assert levels(array, natural(array, True)).ravel().tolist() == [0, MIDDLE, LEVELS - 1]


def test_what_lies_outside_takes_the_nearer_end():
    array = np.array([-9, 0, 0.5, 1, 9, 3e38, -3e38], np.float32).reshape(1, 1, 7)
    assert levels(array, Range(0, 1)).ravel().tolist() == [0, 0, MIDDLE, LEVELS - 1, LEVELS - 1, LEVELS - 1, 0]


def test_what_is_no_number_is_marked_and_spoils_nothing_beside_it():
    array = RNG.standard_normal((4, 150, 150)).astype(np.float32)
    clean = levels(array, Range(-3, 3)).copy()
    places = [(0, 0, 0, nan), (1, 9, 9, inf), (2, 9, 9, -inf), (3, 149, 149, nan)]
    for channel, y, x, value in places:
        array[channel, y, x] = value
    marked = levels(array, Range(-3, 3))
    assert [marked[p[:3]] for p in places] == [NAN, PLUS, MINUS, NAN]
    assert (marked != clean).sum() <= len(places) + 5, "only rounding differs elsewhere"
    assert natural(array, True).high < 10


def test_blocks_meet_without_a_seam_and_buffers_are_used_again():
    array = np.linspace(-1, 1, 3 * BLOCK + 17, dtype=np.float32).reshape(1, 1, -1)
    out = np.empty(array.shape, np.uint8)
    assert levels(array, Range(-1, 1), out) is out
    steps = np.diff(out.ravel().astype(int))
    assert set(steps.tolist()) == {0, 1}


def test_each_channel_fills_its_own_range():
    array = RNG.random((5, 6, 7)).astype(np.float32) * 10.0 ** np.arange(5)[:, None, None].astype(np.float32)
    index = levels(array, natural_each(array, False))
    assert index.max(axis=(1, 2)).tolist() == [LEVELS - 1] * 5
    for channel, picture in enumerate(array):
        alone = levels(picture[None], natural(picture, False))[0]
        assert (index[channel] == alone).all()


# Where channels lie --------------------------------------------------------------------------------------------------


@given(LAYOUTS, st.data())
@settings(deadline=None)
def test_units_and_pixels_find_each_other(layout, data):
    unit = tuple(data.draw(st.integers(0, size - 1)) for size in (layout.n, layout.height, layout.width))
    top, left, height, width = layout.unit(*unit)
    shown = unit[0], unit[1] // layout.step * layout.step, unit[2] // layout.step * layout.step
    for y, x in ((top, left), (top + height - 1, left + width - 1)):
        assert layout.unit_at(y, x) == shown
        assert 0 <= y < layout.size[0]
        assert 0 <= x < layout.size[1]


@given(LAYOUTS)
@settings(max_examples=40, deadline=None)
def test_the_picture_is_what_unit_at_says(layout):
    """Every pixel of the mosaic against the slow, obvious way."""
    index = np.arange(layout.n * layout.height * layout.width).reshape(layout.n, layout.height, layout.width)
    index = (index * 7 % LEVELS).astype(np.uint8)
    picture = mosaic(index, layout)
    assert picture.shape == layout.size
    for y, x in np.ndindex(*picture.shape):
        if (y * 31 + x * 17) % 5 == 0:
            unit = layout.unit_at(y, x)
            assert picture[y, x] in (GAP, BLANK) if unit is None else picture[y, x] == index[unit]


@given(LAYOUTS, st.data())
@settings(deadline=None)
def test_a_part_is_the_part_of_the_whole(layout, data):
    index = RNG.integers(0, LEVELS, (layout.n, layout.height, layout.width), np.uint8)
    whole = mosaic(index, layout)
    top, left = (data.draw(st.integers(0, size - 1)) for size in whole.shape)
    out = np.empty((data.draw(st.integers(1, whole.shape[0] - top)), whole.shape[1] - left), np.uint8)
    crop(sheet(index, layout), layout, top, left, out)
    assert (out == whole[top : top + out.shape[0], left:]).all()


@given(st.integers(1, 600), st.integers(1, 80), st.integers(1, 80), SIDE, SIDE, st.integers(1, 2))
@settings(deadline=None)
def test_channels_are_as_large_as_there_is_room_for(n, height, width, tall, wide, gap):
    layout = fit(n, height, width, (tall, wide), gap)
    place = ZOOMS.index(layout.scale)
    fits = layout.size[0] <= tall and layout.size[1] <= wide
    if fits and place + 1 < len(ZOOMS):
        larger = at(n, height, width, wide, ZOOMS[place + 1], gap).size
        assert larger[0] > tall or larger[1] > wide
    if not fits:
        assert layout.scale == 1 or max(layout.cells) < 2 * LEGIBLE, "scrolls only where tiles are as small as legible"
    if layout.scale < 0:
        assert max(layout.cells) >= LEGIBLE
    assert layout.columns * layout.rows - n < layout.rows, "rows are as equal as can be"


def test_impossible_layouts_are_refused():
    with pytest.raises(ValueError, match="not a layout"):
        Layout(1, 0, 3)


def test_a_screen_writes_in_place():
    screen = Screen()
    screen.resize(3, 5)
    memory = screen.pixels.ctypes.data
    for value in (7, 9):
        screen.pixels[...] = value
        assert screen.image(list(range(0xFF000000, 0xFF000100))).pixel(4, 2) == 0xFF000000 + value
    screen.resize(3, 5)
    assert screen.pixels.ctypes.data == memory
    assert to_image(np.full((2, 3), 4, np.uint8), VIRIDIS.colours()).pixelColor(2, 1) == QColor(
        *VIRIDIS.table[4].tolist()
    )
