"""The rules: no sign of numbers that are in order, no flicker, and a sentence for every sign."""

from __future__ import annotations

import random
from dataclasses import replace
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.net.health.reading import Layers, Reading
from cnnviz.net.health.sign import FOLLOWS, ORDER, SENTENCES, TITLES, Sign, read_sign, short
from cnnviz.net.health.watch import BACK, DEAD, EXPLAINED, Gauge, Held, Watch

LAYERS = Layers(("C1", "F2"), ("relu_1", "relu_2"), ("norm",))
HEALTHY = Reading(1, 0.01, 1.0, 0.5, (0.01, 0.02), (0.1, 0.1), (1e-3, 2e-3), (0.1, 0.0), (0.1, 0.1), (0.0,) * 2, (1.0,) * 2, (0.1,), 3, 0.2, 0.15)  # fmt: skip # noqa: E501


def run(watch: Watch, steps: range, **numbers: object) -> None:
    for step in steps:
        watch.read(replace(HEALTHY, step=step, loss=1 / (1 + step / 50), **numbers))


def codes(watch: Watch) -> list[str]:
    return [s.code for s in watch.signs]


def test_nothing_is_wrong_with_what_is_in_order() -> None:
    watch = Watch(LAYERS, ("a",) * 10)
    run(watch, range(1, 400))
    for epoch in range(1, 20):
        watch.test(Held(400 + epoch, 0.5 / epoch, 0.9, 0.4 / epoch, 0.93))
    assert watch.signs == ()


SICK: dict[str, dict[str, object]] = {
    "dead": {"dead": (0.9, 0.1)},
    "saturated": {"saturated": (nan, 0.9)},
    "gap": {"gaps": (0.8,)},
    "vanishing": {"gradients": (1e-9, 0.02)},
    "exploding": {"gradients": (5.0, 0.02)},
    "still.gradient": {"gradients": (0.0, 0.02), "updates": (0.0, 2e-3)},
    "still.zeros": {"gradients": (0.0, 0.02), "updates": (0.0, inf), "weights": (0.0, 0.0)},
    "still.rate": {"updates": (0.0, 0.0), "lr": 0.0},
    "high.updates": {"updates": (0.2, 0.3)},
    "collapse": {"predicted": 1.0},
}


@pytest.mark.parametrize("key", SICK)
def test_what_is_not_is_told_once_with_its_layer_and_its_step(key: str) -> None:
    watch = Watch(LAYERS, tuple("abcdefghij"))
    run(watch, range(1, 101))
    run(watch, range(101, 221), **SICK[key])
    (sign,) = watch.signs
    assert sign.key == key and 99 <= sign.since <= 106
    assert sign.node in sign.text and f"step {sign.since}" in sign.text
    assert read_sign(sign.to_json()) == sign
    run(watch, range(221, 341))
    assert watch.signs == ()


@given(st.integers(0, 10**6))
def test_numbers_about_a_threshold_do_not_flicker(seed: int) -> None:
    dice, watch, changes, before = random.Random(seed), Watch(LAYERS), 0, False
    for step in range(1, 300):
        share = DEAD * dice.uniform(BACK + 0.01, 1.3)
        watch.read(replace(HEALTHY, step=step, dead=(share, 0.0)))
        now = "dead" in codes(watch)
        changes += now != before
        before = now
    assert changes <= 1


def test_a_large_input_of_the_last_layer_explodes_nothing() -> None:
    watch = Watch(LAYERS, ("a",) * 10)
    run(watch, range(1, 100), gradients=(0.02, 5.0))
    assert codes(watch) == []
    run(watch, range(100, 200), gradients=(5.0, 5.0))
    assert codes(watch) == ["exploding"] and watch.signs[0].node == "C1"
    watch = Watch(LAYERS, ("a",) * 10)
    run(watch, range(1, 100), gradients=(5.0, nan))  # the last layer is frozen
    assert codes(watch) == []


def test_one_strange_reading_is_no_sign() -> None:
    watch = Watch(LAYERS)
    run(watch, range(1, 100))
    watch.read(replace(HEALTHY, step=100, dead=(1.0, 1.0), gradients=(0.0, 50.0), gaps=(9.0,), predicted=1.0))
    run(watch, range(101, 110))
    assert watch.signs == ()


def test_a_gauge_tells_since_when() -> None:
    gauge = Gauge(1.0, lasting=10)
    for step in (1, 2, 3, 4, 5):
        gauge.add(step, 0.0 if step < 4 else 2.0)
        gauge.add(step, nan)  # says nothing
    assert gauge.since is None
    gauge.add(6, 2.0)
    assert gauge.since is None  # it has not lasted
    gauge.add(14, 2.0)
    assert gauge.since == 4
    gauge.stop()
    assert gauge.since is None


def test_what_follows_from_something_else_is_left_out() -> None:
    watch = Watch(LAYERS)
    run(watch, range(1, 130), dead=(1.0, 0.0), gradients=(0.0, 0.02), updates=(0.0, 1e-3), predicted=1.0)
    assert codes(watch) == ["dead"]
    assert set(EXPLAINED) <= set(ORDER) and all(causes <= set(ORDER) for causes in EXPLAINED.values())


def test_nothing_is_said_of_a_collapse_in_batches_of_a_few() -> None:
    watch = Watch(LAYERS, batch=2)
    run(watch, range(1, 300), predicted=1.0)
    assert watch.signs == ()


def test_over_fitting() -> None:
    watch = Watch(LAYERS)
    for epoch, loss in enumerate((1.0, 0.5, 0.3, 0.35, 0.4, 0.45), 1):
        watch.test(Held(10 * epoch, loss, 0.9, 0.1 / epoch, 0.95))
    (sign,) = watch.signs
    assert sign.key == "overfit.loss" and sign.since == 40 and "17 %" in sign.text.replace("\N{NO-BREAK SPACE}", " ")
    watch = Watch(LAYERS)
    for epoch, loss in enumerate((1.0, 0.5, 0.3, 0.301, 0.302, 0.301), 1):
        watch.test(Held(10 * epoch, loss, 0.75, 0.1 / epoch, 1.0))
    assert [s.key for s in watch.signs] == ["overfit.right"] and "75" in watch.signs[0].text
    watch = Watch(LAYERS)  # both are rising: that is no over-fitting
    for epoch, loss in enumerate((1.0, 0.5, 0.3, 0.35, 0.4, 0.45), 1):
        watch.test(Held(10 * epoch, loss, 0.9, loss, 0.95))
    assert watch.signs == ()


def test_a_training_that_goes_well_is_not_stuck_nor_slow() -> None:
    watch = Watch(LAYERS)
    for step in range(1, 500):
        watch.read(replace(HEALTHY, step=step, loss=0.02, right=0.99, updates=(1e-7, 1e-7)))
    assert watch.signs == ()
    for step in range(500, 900):
        watch.read(replace(HEALTHY, step=step, loss=0.02, right=0.5))
    assert codes(watch) == ["stuck"]


def test_every_sign_has_words() -> None:
    assert {key.partition(".")[0] for key in SENTENCES} == set(TITLES) and set(FOLLOWS) == set(SENTENCES)
    words = ("lr", "0.1"), ("last", "F2"), ("first", "2"), ("favourite", "3"), ("predicted", "1"), ("true", "2")
    more = ("train", "1"), ("right", "1"), ("accuracy", "2")
    for key in SENTENCES:
        code, _dot, by = key.partition(".")
        sign = Sign(code, "C1", 1200, 1000, 0.5, 0.1, (*words, *more, *((("by", by),) if by else ())), ("F2",))
        assert sign.text and "{" not in sign.text and sign.title and sign.text.endswith("F2 too.")


@pytest.mark.parametrize("said", [None, {}, [1], Sign("dead", "a", 1, 1, 1.0, 1.0).to_json() | {"code": "what"}])
def test_a_damaged_sign_is_refused(said: object) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_sign(said)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.5, "0.5"), (0.00123, "0.0012"), (9897.2, "9,897"), (1.23e-7, "1.2e−7"), (4.4e8, "4.4e8"), (1e9, "1e9")),
        *((12.34, "12"), (99.96, "100"), (0.0, "0"), (inf, "∞"), (nan, "–")),
    ],
)
def test_short_numbers(value: float, text: str) -> None:
    assert short(value) == text
