"""Batches: the same numbers however the pictures are kept, and augmented ones beside a plain way to make them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cnnviz.engine.augment import Augment
from cnnviz.engine.learn.feed import Feed
from cnnviz.engine.pictures import normalised
from cnnviz.net.layers import Input
from cnnviz.net.plan import Plan

CPU = torch.device("cpu")
LAYER = Input(3, (8, 9), (0.2, 0.4, 0.5), (0.3, 0.2, 0.1))
RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (20, 3, 8, 9), np.uint8)
CLASSES = np.arange(20)
SOME = torch.tensor([3, 3, 19, 0])


@pytest.mark.parametrize("x", [BYTES, RNG.random((20, 3, 8, 9), np.float32)])
def test_large_sets_give_the_same_bits(x: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, before = Feed(x, CLASSES, LAYER, CPU), x.copy()
    monkeypatch.setattr("cnnviz.engine.learn.feed.FLOAT_BYTES", 0)
    each = Feed(x, CLASSES, LAYER, CPU)
    for feed in (kept, each):
        batch, classes = feed.batch(SOME)
        assert np.array_equal(batch.numpy(), normalised(x[SOME.numpy()], LAYER))
        assert classes.tolist() == [3, 3, 19, 0]
    assert np.array_equal(x, before), "the data set itself is never written to"


@pytest.mark.parametrize("x", [BYTES, RNG.random((20, 3, 8, 9), np.float32)])
def test_augmented_pictures_are_normalised_after_it(x: np.ndarray) -> None:
    plan, before = Plan(augment_flip=0.5, augment_shift=2, augment_contrast=0.5, augment_cutout=3), x.copy()
    augment = Augment.of(plan, LAYER)
    feed = Feed(x, CLASSES, LAYER, CPU, augment)
    batch, _classes = feed.batch(SOME, 4)
    floats = x[SOME.numpy()].astype(np.float32) / (255 if x.dtype == np.uint8 else 1)
    assert augment is not None
    want = normalised(augment(torch.from_numpy(floats.astype(np.float32)), 4).numpy(), LAYER)
    assert np.array_equal(batch.numpy(), want)
    assert not torch.equal(feed.batch(SOME, 5)[0], batch)
    assert np.array_equal(x, before)
    assert (batch == 0).all(1).any(), "what is cut out is 0 for the net"
