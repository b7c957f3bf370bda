"""Averages of probabilities, against plain numpy and scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, top_k_accuracy_score

from cnnviz.link import ensemble
from cnnviz.link.ensemble import combined, figures


def softmaxes(seed: int, members: int, n: int, classes: int) -> tuple[list[np.ndarray], np.ndarray]:
    dice = np.random.default_rng(seed)
    z = dice.normal(0, 2, (members, n, classes))
    p = np.exp(z) / np.exp(z).sum(2, keepdims=True)
    return list(p.astype(np.float32)), dice.integers(0, classes, n)


def named(p: list[np.ndarray]) -> Iterator[tuple[str, int, int, np.ndarray]]:
    return ((f"run{i}", i, 10 * i, a) for i, a in enumerate(p))


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 60), st.integers(2, 12))
def test_each_the_first_ones_and_all_but_one_are_what_plain_numpy_finds(
    seed: int, members: int, n: int, classes: int
) -> None:
    p, y = softmaxes(seed, members, n, classes)
    found = combined(named(p), y)
    assert [(m.name, m.seed, m.step) for m in found] == [(f"run{i}", i, 10 * i) for i in range(members)]
    for k, m in enumerate(found):
        others = p[:k] + p[k + 1 :]
        pairs = [(m.alone, p[k].astype(float)), (m.first, np.mean(np.array(p[: k + 1], float), axis=0))]
        if others:
            assert m.without is not None
            pairs.append((m.without, np.mean(np.array(others, float), axis=0)))
        else:
            assert m.without is None
        for said, average in pairs:
            assert said.top1 == pytest.approx(np.mean(average.argmax(1) != y))
            assert said.loss == pytest.approx(-np.mean(np.log(average[np.arange(n), y])))
            assert (said.top5 is None) == (classes <= 5)


@pytest.mark.parametrize("seed", range(5))
def test_errors_and_loss_are_scikit_learns(seed: int) -> None:
    (p,), y = softmaxes(seed, 1, 300, 9)
    found = figures(p, y)
    assert found.top5 == pytest.approx(1 - top_k_accuracy_score(y, p, k=5, labels=range(9)))
    exact = p.astype(float) / p.astype(float).sum(1, keepdims=True)
    assert found.loss == pytest.approx(log_loss(y, exact, labels=range(9)), rel=1e-5)


def test_a_class_that_is_held_impossible_has_a_finite_loss() -> None:
    found = figures(np.array([[1.0, 0.0]], np.float32), np.array([1]))
    assert found.top1 == 1.0 and np.isfinite(found.loss) and found.loss > 80


def test_what_takes_too_much_memory_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    p, y = softmaxes(0, 3, 10, 4)
    whole = combined(named(p), y)
    monkeypatch.setattr(ensemble, "ROOM", 3 * p[0].nbytes)
    part = combined(named(p), y)
    assert [m.first for m in part] == [m.first for m in whole]
    assert all(m.without is None for m in part)
