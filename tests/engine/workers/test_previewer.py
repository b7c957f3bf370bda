"""The preview is what a training's batch holds, and the survey is the data set's; both answer the newest request."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cnnviz.engine import data
from cnnviz.engine.augment import Augment
from cnnviz.engine.learn.feed import Feed
from cnnviz.engine.pictures import shown
from cnnviz.engine.workers.previewer import previewed
from cnnviz.link.adjusting import Adjust, Change
from cnnviz.link.augmenting import PICTURES, SIDE, VERSIONS, Preview, Previewed, Survey, Surveyed
from cnnviz.link.messages import PAUSED, Failed, News, Open, Pause, Train
from cnnviz.net.layers import Input
from cnnviz.net.plan import Plan

from ..desk import Desk
from ..nets import small

LAYER = Input(1, (16, 16), (0.3,), (0.4,))
PLAN = Plan(augment_rotation=20.0, augment_shift=3, augment_noise=0.1, augment_cutout=4)


def test_it_is_what_a_step_of_the_training_gets() -> None:
    digits = data.load("digits", "", LAYER)
    found = previewed(digits, Preview(1, PLAN, LAYER, roll=7))
    some = torch.tensor(found.indices)
    assert len(set(found.indices)) == len(set(found.labels)) == PICTURES
    assert np.array_equal(digits.train_y[list(found.indices)], found.labels)
    feed = Feed(digits.train_x, digits.train_y, LAYER, torch.device("cpu"), Augment.of(PLAN, LAYER))
    got = feed.batch(some.repeat_interleave(VERSIONS), 7)[0].numpy()
    assert (found.low, found.high) == (got.min(), got.max())
    assert got.min() == pytest.approx(-0.75) and got.max() <= (1 - 0.3) / 0.4 + 1e-6
    for i, picture in enumerate(found.before):
        assert np.array_equal(picture, shown(digits.train_x[found.indices[i]]))
        for j in range(VERSIONS):
            want = got[i * VERSIONS + j] * np.float32(0.4) + np.float32(0.3)
            assert np.array_equal(found.after[i, j], shown(want))
    assert previewed(digits, Preview(1, PLAN, LAYER, roll=8)).indices != found.indices


def test_without_augmentation_nothing_is_changed() -> None:
    digits = data.load("digits", "", LAYER)
    found = previewed(digits, Preview(1, Plan(), LAYER))
    assert np.abs(found.after.astype(int) - found.before[:, None]).max() <= 1  # rounding on the way there and back


@pytest.mark.parametrize(("n", "classes"), [(1, 1), (3, 2), (9, 2), (50, 3)])
def test_small_sets_and_few_classes(n: int, classes: int) -> None:
    x, y = np.zeros((n, 1, 16, 16), np.uint8), np.arange(n) % classes
    small = data.Data("few", tuple("abc"[:classes]), x, y, x, y, (16, 16))
    found = previewed(small, Preview(1, PLAN, LAYER))
    assert len(set(found.indices)) == min(n, PICTURES)
    assert len(set(found.labels)) == min(classes, n)


def test_large_pictures_are_thinned() -> None:
    layer = Input(3, (200, 150))
    x = np.zeros((5, 3, 200, 150), np.uint8)
    large = data.Data("large", ("a",), x, np.zeros(5, np.int64), x, np.zeros(5, np.int64), (200, 150))
    found = previewed(large, Preview(1, PLAN, layer))
    assert found.before.shape == (PICTURES, 67, 50, 3) and max(found.before.shape[1:3]) <= SIDE
    assert found.after.shape == (PICTURES, VERSIONS, 67, 50, 3)


def test_the_window_changes_augmentation_while_it_trains() -> None:
    plan, losses = Plan(epochs=1000, batch_size=240, threads=1), []
    for shift in (None, 1):
        with Desk() as desk:
            desk.send(Open(1, small(), plan), Train(1, plan, steps=3))
            desk.progress(lambda p: p.phase == PAUSED and p.step == 3)
            desk.send(Adjust(augment_shift=shift), Pause(False, 3))
            desk.progress(lambda p: p.phase == PAUSED and p.step == 6)
            desk.take()
            desk.progress(lambda p: len(desk.points[1]) == 6)
            losses.append([p[1] for p in desk.points[1]])
            changes = desk.all(News)[-1].changes
            assert changes == ((Change(4, "augment_shift", 0, 1),) if shift else ())
    assert losses[0][:3] == losses[1][:3] and losses[0][3] != losses[1][3]


def test_the_engine_answers_without_a_network() -> None:
    with Desk() as desk:
        desk.send(Preview(3, PLAN, LAYER, 1), Survey(4, PLAN, LAYER))
        assert desk.until(Previewed).number == 3
        found = desk.until(Surveyed)
        x = data.load("digits", "", LAYER).train_x
        assert (found.number, found.data, found.pictures) == (4, "digits", len(x))
        assert found.mean == pytest.approx((x.mean(dtype=np.float64),), abs=1e-9)
        desk.send(Preview(5, Plan(data="nowhere"), LAYER))
        wrong = desk.until(Failed)
        assert (wrong.what, wrong.run, wrong.details) == ("preview", 5, "") and "nowhere" in wrong.text
