"""A data set's mean, deviation and range against numpy over the whole of it."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz.engine import data
from cnnviz.engine.data.survey import values
from cnnviz.net.layers import Input


def check(x: np.ndarray) -> None:
    found = values(x)
    whole = x.astype(np.float64) / (255 if x.dtype == np.uint8 else 1)
    axes = (0, 2, 3)
    assert np.allclose(found.mean, whole.mean(axes), rtol=1e-12, atol=1e-15)
    assert np.allclose(found.std, whole.std(axes), rtol=1e-9, atol=1e-12)
    assert np.array_equal(found.low, whole.min(axes)) and np.array_equal(found.high, whole.max(axes))


@pytest.mark.parametrize("at_once", [1, 500, 1 << 22])
def test_it_is_numpys_over_the_whole(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnviz.engine.data.survey.AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    check(rng.integers(0, 256, (30, 3, 9, 7), np.uint8))
    check(rng.integers(9, 12, (5, 1, 9, 7), np.uint8))
    check(rng.random((30, 2, 9, 7), np.float32))
    check(np.full((3, 1, 4, 4), 0.25, np.float32))


def test_of_the_digits() -> None:
    layer = Input(1, (8, 8))
    check(data.load("digits", "", layer).train_x)
