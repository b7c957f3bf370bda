"""Errors, confusion and calibration, against scikit-learn and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from cnnviz.link.verdicts import BINS, Verdicts, by_class, calibration, confused, confusion


def made(seed: int, n: int = 200, classes: int = 7) -> Verdicts:
    dice = np.random.default_rng(seed)
    true, predicted = (dice.integers(0, classes, n) for _i in range(2))
    predicted = np.where(dice.random(n) < 0.6, true, predicted)
    rank = np.where(true == predicted, 0, dice.integers(1, classes, n))
    return Verdicts(true, predicted, dice.random(n, np.float32), dice.exponential(1, n).astype(np.float32), rank)


@given(st.integers(0, 10**6), st.integers(2, 30), st.integers(1, 300))
def test_the_confusion_matrix_and_the_classes_are_those_of_scikit_learn(seed: int, classes: int, n: int) -> None:
    v = made(seed, n, classes)
    labels = list(range(classes))
    assert np.array_equal(confusion(v, classes), confusion_matrix(v.true, v.predicted, labels=labels))
    found = by_class(v, classes)
    args = {"labels": labels, "average": None, "zero_division": np.nan}
    assert np.array_equal(found.accuracy, recall_score(v.true, v.predicted, **args), equal_nan=True)
    assert np.array_equal(found.precision, precision_score(v.true, v.predicted, **args), equal_nan=True)
    assert np.array_equal(found.pictures, confusion(v, classes).sum(1))
    assert v.error() == pytest.approx(1 - found.right.sum() / n)


@given(st.integers(0, 10**6), st.integers(1, 300))
def test_calibration_is_what_a_plain_loop_finds(seed: int, n: int) -> None:
    v = made(seed, n)
    found, ece = calibration(v), 0.0
    for b in range(BINS):
        inside = [i for i in range(n) if b / BINS < v.confidence[i] <= (b + 1) / BINS or (b == 0 == v.confidence[i])]
        assert found.count[b] == len(inside)
        if inside:
            sure, right = (float(np.mean(a[inside])) for a in (v.confidence.astype(float), v.right))
            assert (found.confidence[b], found.accuracy[b]) == pytest.approx((sure, right))
            ece += abs(right - sure) * len(inside) / n
        else:
            assert np.isnan(found.accuracy[b]) and np.isnan(found.confidence[b])
    assert found.error == pytest.approx(ece)


def test_numbers_that_are_none_are_in_no_bin_and_come_first_among_the_worst() -> None:
    v = made(1, 6)
    v.confidence[2], v.loss[2], v.loss[4] = np.nan, np.nan, 100.0
    assert calibration(v).count.sum() == 5
    assert v.worst()[:2].tolist() == [2, 4]


def test_the_worst_of_a_cell_have_the_largest_loss_first() -> None:
    v = made(3)
    for true, predicted in ((1, 2), (None, 3), (4, None), (None, None)):
        which = v.worst(v.cell(true, predicted))
        assert np.all(np.diff(v.loss[which]) <= 0)
        assert len(which) == sum(
            true in (None, t) and predicted in (None, p) for t, p in zip(v.true, v.predicted, strict=True)
        )


def test_the_pairs_confused_most_are_the_largest_of_the_matrix() -> None:
    v = made(5, 1000)
    matrix = confusion(v, 7)
    np.fill_diagonal(matrix, 0)
    found = confused(v, 7, 10)
    assert [c for _t, _p, c in found] == sorted(matrix.ravel().tolist(), reverse=True)[:10]
    assert all(matrix[t, p] == c for t, p, c in found)
    assert len(confused(v, 7, 1000)) == np.count_nonzero(matrix)


def test_of_no_pictures_there_is_nothing_to_say() -> None:
    none = np.zeros(0, np.int64)
    v = Verdicts(none, none, none.astype(np.float32), none.astype(np.float32), none)
    assert (len(v), v.error(), v.error(5), calibration(v).error) == (0, 0.0, 0.0, 0.0)
    assert confused(v, 3, 5) == [] and not confusion(v, 3).any() and len(v.worst()) == 0
