"""The bench's own arithmetic: what is measured against what, and what is left out."""

from __future__ import annotations

from itertools import count

import pytest

from cnnviz.bench import toggle as toggling
from cnnviz.bench.toggle import judge, toggle, trimmed


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toggling, "ticks", lambda: (0.0, 0.0))


def test_a_machine_that_becomes_slower_changes_no_ratio() -> None:
    turns = count()
    a, b, ratio = toggle(lambda: 100.0 - next(turns), lambda: 0.9 * (100.0 - next(turns)))
    assert ratio == pytest.approx(0.9) and b / a == pytest.approx(0.9, abs=0.01)


def test_what_comes_in_some_turns_only_is_in_the_mean_and_not_in_the_median() -> None:
    def seldom(turns: count[int]) -> float:
        return 0.9 if next(turns) % 5 == 0 else 1.0

    few, many = count(), count()
    assert toggle(lambda: 1.0, lambda: seldom(few), 100)[2] == 1.0
    # 20 of 100 are slower; the outermost five at either end do not count
    assert toggle(lambda: 1.0, lambda: seldom(many), 100, typical=trimmed)[2] == pytest.approx(
        1 - 0.1 * 15 / 90, abs=0.002
    )


def test_turns_in_which_others_worked_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, busy = count(), [0.0]

    def disturbed() -> float:
        if next(turns) % 3 == 0:
            busy[0] += 1e9
            return 0.1
        return 0.8

    monkeypatch.setattr(toggling, "ticks", lambda: (busy[0], 0.0))
    assert toggle(lambda: 1.0, disturbed, most=9)[2] == 0.8


def test_trimmed_leaves_out_as_many_at_both_ends() -> None:
    assert trimmed([*range(1, 20), 1000.0]) == pytest.approx(10.5)
    assert trimmed([1.0, 2.0, 6.0]) == pytest.approx(3.0)


def test_a_goal_is_of_the_ratio_where_there_is_one() -> None:
    assert judge("x", 5.0, 6.0, "steps/s", ">= 0.8", 0.83).holds
    assert not judge("x", 5.0, 6.0, "steps/s", "<= 0.8", 0.83).holds
    assert judge("x", 5.0, None, "ms", "<= 5").holds
