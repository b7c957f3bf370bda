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


def test_small_batches_are_made_several_at_once_with_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan(
        augment_crop=0.4, augment_rotation=20.0, augment_contrast=0.5, augment_noise=0.1, augment_cutout=3, seed=2
    )
    order = [(torch.arange(i, i + size), size == 1) for i, size in enumerate((4, 4, 4, 3, 1, 4, 4, 2))]

    def made(start: int, ahead: int) -> list[torch.Tensor]:
        monkeypatch.setattr("cnnviz.engine.learn.feed.AHEAD", ahead)
        feed = Feed(BYTES, CLASSES, LAYER, CPU, Augment.of(plan, LAYER))
        steps = enumerate(feed.ahead(iter(order[start:]), start), start)
        found = []
        for step, (indices, last) in steps:
            assert (indices.tolist(), last) == (order[step][0].tolist(), order[step][1])
            x, y = feed.batch(indices, step)
            assert y.tolist() == indices.tolist()
            assert x.is_contiguous() and x.storage_offset() == 0
            found.append(x)
        return found

    alone = made(0, 1)
    assert len(alone) == len(order)
    for start in (0, 1, 3):
        for ahead in (10 * 3 * 72, 1 << 18):
            assert all(torch.equal(a, b) for a, b in zip(made(start, ahead), alone[start:], strict=True))


def test_some_rows_of_a_batch_are_as_they_are_among_all() -> None:
    augment = Augment.of(Plan(augment_rotation=30.0, augment_noise=0.2), LAYER)
    feed = Feed(BYTES, CLASSES, LAYER, CPU, augment)
    x, y = feed.batch(SOME, 9)
    part, classes = feed.batch(SOME, 9, slice(1, 3))
    assert torch.equal(part, x[1:3]) and torch.equal(classes, y[1:3])


def test_it_can_be_changed_between_two_steps() -> None:
    """Also where batches have been made ahead."""
    some, other = Augment.of(Plan(augment_noise=0.2), LAYER), Augment.of(Plan(augment_shift=2), LAYER)
    order = [(torch.arange(i, i + 2), False) for i in range(9)]
    for first, then in ((0, 1), (1, 2), (2, 0), (1, 0)):
        by = (None, some, other)
        feed = Feed(BYTES, CLASSES, LAYER, CPU, by[first])
        for step, (indices, _last) in enumerate(feed.ahead(iter(order), 0)):
            if step == 3:
                feed.change(by[then])
            fresh = Feed(BYTES, CLASSES, LAYER, CPU, by[first if step < 3 else then])
            assert torch.equal(feed.batch(indices, step)[0], fresh.batch(indices, step)[0])
