"""The learning rate over a training: its ends, its shape, and the curve that is drawn of it."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.net.plan import SCHEDULES, Plan
from cnnviz.net.schedule import Plateau, curve, epoch_steps, factor, varies

EPOCH = 7


def rates(**settings: object) -> list[float]:
    plan = Plan(**{"epochs": 6, "lr": 0.1, **settings})
    return [plan.lr * factor(plan, EPOCH, step) for step in range(6 * EPOCH)]


def test_a_constant_rate_is_the_rate_itself() -> None:
    assert set(rates()) == {0.1} and not varies(Plan())


def test_steps_fall_at_the_ends_of_epochs() -> None:
    found = rates(schedule="step", step_epochs=2, lr_factor=0.5)
    assert found == [0.1] * 14 + [0.05] * 14 + [0.025] * 14


def test_a_cosine_ends_near_its_least_after_the_warm_up() -> None:
    found = rates(schedule="cosine", lr_least=0.2, warmup=10, warmup_from=0.0)
    assert found[0] == 0 and found[5] == pytest.approx(0.05) and max(found) == found[10] == 0.1
    assert found[10:] == sorted(found[10:], reverse=True) and found[-1] == pytest.approx(0.02, rel=0.02)


def test_one_cycle_needs_no_warm_up() -> None:
    found = rates(schedule="one_cycle", cycle_rise=0.5, cycle_start=10, cycle_end=100)
    assert found == rates(schedule="one_cycle", cycle_rise=0.5, cycle_start=10, cycle_end=100, warmup=20)
    assert found[0] == pytest.approx(0.01) and max(found) == found[20] == 0.1 and found[-1] == pytest.approx(0.0001)


def test_a_plateau_falls_after_its_patience_and_not_below_its_least() -> None:
    plan, now = Plan(schedule="plateau", plateau_patience=1, lr_factor=0.1, lr_least=0.05), Plateau()
    scales = []
    for loss in (1.0, 0.5, 0.5, 0.5, 0.4, 0.4, 0.4, inf, inf):
        now = now.told(plan, loss)
        scales.append(now.scale)
    assert scales == [1, 1, 1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05]


@given(
    st.builds(
        Plan,
        schedule=st.sampled_from(SCHEDULES),
        epochs=st.integers(1, 9),
        warmup=st.integers(0, 50),
        warmup_from=st.floats(0, 1),
        lr_factor=st.floats(0, 1),
        lr_least=st.floats(0, 1),
        cycle_rise=st.floats(0, 1),
        step_epochs=st.integers(1, 5),
        lr=st.just(1.0),
    ),
    st.integers(1, 9),
)
def test_every_schedule_stays_between_nothing_and_the_rate(plan: Plan, steps: int) -> None:
    drawn = curve(plan, steps)
    assert [step for step, _rate in drawn] == sorted({step for step, _rate in drawn})
    assert drawn[0][0] == 1 and drawn[-1][0] == plan.epochs * steps
    assert all(0 <= rate <= 1 + 1e-12 for _step, rate in drawn)


def test_the_drawing_of_a_long_plan_is_short_and_has_its_jumps() -> None:
    drawn = curve(Plan(epochs=1000, schedule="step", step_epochs=300, lr=1.0), 1000)
    assert len(drawn) < 600
    jumps = [(a, b) for (a, x), (b, y) in pairwise(drawn) if y != x]
    assert [b for _a, b in jumps] == [300_001, 600_001, 900_001] and all(b - a == 1 for a, b in jumps)


@pytest.mark.parametrize(
    ("n", "size", "normalises", "steps"), [(100, 32, False, 4), (97, 8, True, 12), (1, 8, True, 1)]
)
def test_steps_of_an_epoch(n: int, size: int, normalises: bool, steps: int) -> None:
    assert epoch_steps(Plan(batch_size=size), n, normalises) == steps
