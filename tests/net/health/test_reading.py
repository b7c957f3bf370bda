"""Readings in a file are the readings; a run's series is dense first, then evenly spread, and always bounded."""

from __future__ import annotations

import json
from math import inf, isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.net.health.reading import FIRST, MOST, Layers, Reading, Series, read_layers, read_reading

LAYERS = Layers(("C1", "F2"), ("relu",), ("norm",))
NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=32)


def reading(step: int, value: float = 0.5) -> Reading:
    two, one = (value, nan), (value,)
    return Reading(step, 0.1, 1.5, 0.25, two, two, two, one, one, one, one, one, 3, 0.5, 0.125)


@given(st.integers(1, 10**9), NUMBERS)
def test_a_line_is_the_reading_to_four_digits(step: int, value: float) -> None:
    before = reading(step, value)
    layers = read_layers(json.loads(LAYERS.to_json()))
    after = read_reading(json.loads(json.dumps(before.to_json(), allow_nan=False)), layers)
    assert layers == LAYERS and (after.step, after.favourite) == (step, 3)
    for a, b in zip((*before.updates, *before.gaps), (*after.updates, *after.gaps), strict=True):
        assert (isnan(a) and isnan(b)) or a == pytest.approx(b, rel=1e-3)


@pytest.mark.parametrize(
    "said", [None, [], {}, {"step": 1}, reading(1).to_json() | {"gradients": [1.0]}, reading(1).to_json() | {"dead": 1}]
)
def test_other_lines_are_refused(said: object) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_reading(said, LAYERS)
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_layers(said)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=1500))
def test_a_series_is_bounded_dense_first_and_has_the_newest(apart: list[int]) -> None:
    steps, step = [], 0
    for by in apart:
        step += by
        steps.append(step)
    series = Series(LAYERS, map(reading, steps))
    kept = [r.step for r in series]
    assert len(kept) <= MOST and kept == sorted(set(kept)) and set(kept) <= set(steps)
    assert kept[:FIRST] == steps[:FIRST] and kept[-1] == steps[-1]
    if len(steps) > MOST:
        widest = max(b - a for a, b in zip(kept[FIRST:-1], kept[FIRST + 1 : -1], strict=False))
        assert widest <= 5 * (steps[-1] - steps[FIRST - 1]) / (MOST - FIRST) + max(apart)


def test_the_same_readings_give_the_same_series_in_parts() -> None:
    whole = Series(LAYERS, (reading(s) for s in range(1, 2000)))
    other = Series(LAYERS)
    for end in range(100, 2100, 100):
        for r in (reading(s) for s in range(max(1, end - 150), min(end, 2000))):  # some are told twice
            other.add(r)
    assert [r.step for r in other] == [r.step for r in whole]


def test_numbers_of_a_node() -> None:
    series = Series(LAYERS, [reading(1, 0.5), reading(4, inf)])
    assert series.of("gradients", "C1") == ((1, 4), (0.5, inf))
    assert series.of("loss") == ((1, 4), (1.5, 1.5))
    assert series.of("gaps", "norm") == ((1, 4), (0.5, inf))
    assert series.of("gaps", "C1") == ((), ())
    assert [r.step for r in series.upto(3)] == [1] and [r.step for r in series.since(1)] == [4]
    assert series.last is not None and series.last.step == 4 and Series().last is None
