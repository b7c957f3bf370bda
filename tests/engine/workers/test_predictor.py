"""What the engine says of every picture of a split, and that a training is not disturbed by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from cnnviz.engine import data
from cnnviz.engine.build import Net, fit_state
from cnnviz.engine.learn import steps
from cnnviz.engine.pictures import normalised, shown
from cnnviz.engine.record.weights import read_weights
from cnnviz.engine.workers.predictor import fetched
from cnnviz.link.messages import IDLE, PAUSED, Failed, News, Open, Opened, Pause, Save, Saved, Train
from cnnviz.link.predictions import MOST, Abandon, Fetch, Fetched, Predict, Predicting, Predictions, Review, Reviewed
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Input, Source
from cnnviz.net.plan import Plan

from ..desk import Desk
from ..nets import lenet, noisy, small

ONE = {"threads": 1}


def by_hand(graph: Graph, path: str, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of the saved weights, and the classes."""
    rows = analyse(graph)
    assert rows.input is not None and isinstance(rows.input.layer, Source)
    net = Net(rows)
    fit_state(net, read_weights(path))
    found = data.load("digits", "", rows.input.layer)
    x, y = (found.train_x, found.train_y) if split == "train" else (found.test_x, found.test_y)
    with torch.no_grad():
        return net.eval()(torch.from_numpy(normalised(x, rows.input.layer))), torch.from_numpy(y)


@pytest.mark.parametrize("split", ("test", "train"))
def test_predictions_are_those_of_the_weights_there_are(tmp_path: object, split: str) -> None:
    plan, path = Plan(epochs=1, **ONE), f"{tmp_path}/w.safetensors"
    with Desk() as desk:
        desk.send(Open(3, small(), plan), Train(7, plan))
        end = desk.progress(lambda p: p.phase == IDLE and p.step > 0)
        desk.send(Predict(5, split), Save(path))
        found = desk.until(Predictions)
        assert desk.until(Predicting).number == 5
        desk.until(Saved)
    assert (found.number, found.version, found.run, found.step) == (5, 3, 7, end.step)
    assert (found.split, found.data, found.classes) == (split, "digits", tuple("0123456789"))
    logits, y = by_hand(small(), path, split)
    v = found.verdicts
    assert np.array_equal(v.true, y) and np.array_equal(v.predicted, logits.argmax(1))
    assert np.allclose(v.loss, cross_entropy(logits, y, reduction="none"), atol=1e-5)
    if split == "test":
        assert 1 - v.error() == pytest.approx(end.accuracy)


def test_while_it_trains_the_present_weights_are_asked_and_the_training_stays_as_it_is() -> None:
    plan, losses = Plan(epochs=2, **ONE), []
    for asked in (False, True):
        with Desk() as desk:
            desk.send(Open(1, noisy(), plan), Train(1, plan, steps=3))
            desk.progress(lambda p: p.phase == PAUSED)
            if asked:
                desk.send(Predict(1))
                assert (desk.until(Predictions).run, desk.until(Predictions).step) == (1, 3)
                desk.send(Predict(2), Pause(False))
                desk.until(Predictions, lambda p: p.number == 2)
            else:
                desk.send(Pause(False))
            desk.progress(lambda p: p.phase == IDLE and p.step > 3)
            desk.take()
            desk.progress(lambda p: p.phase == IDLE and len(desk.points[1]) == p.steps)
            losses.append([p[1] for p in desk.points[1]])
    assert losses[0] == losses[1]


def test_a_net_that_trains_is_asked_at_a_steps_end() -> None:
    plan = Plan(epochs=10_000, **ONE)
    with Desk() as desk:
        desk.send(Open(1, small(), plan), Train(4, plan))
        desk.progress(lambda p: p.step > 5)
        desk.send(Predict(1, "train"))
        found = desk.until(Predictions)
        assert found.run == 4 and found.step > 5


def test_a_net_that_is_being_measured_is_asked_at_the_step_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    measured, plan = steps.evaluate, Plan(epochs=1, **ONE)
    with Desk() as desk:

        def evaluate(net: Net, feed: Any, end: str, pulse: Callable[[], bool], *more: Any) -> Any:
            desk.send(Predict(1))
            while not desk.all(Predictions):
                assert pulse()
            return measured(net, feed, end, pulse, *more)

        monkeypatch.setattr(steps, "evaluate", evaluate)
        desk.send(Open(1, small(), plan), Train(4, plan))
        end = desk.progress(lambda p: p.phase == IDLE and p.step > 0)
        found = desk.until(Predictions)
    assert found.step == end.step and 1 - found.verdicts.error() == pytest.approx(end.accuracy)


def test_a_newer_request_replaces_one_and_an_abandoned_one_is_not_answered() -> None:
    with Desk() as desk:
        desk.send(Open(1, lenet(), Plan(**ONE)))
        desk.until(Opened)
        desk.send(Predict(1, "train"), Abandon(1), Predict(2), Abandon(1))
        assert desk.until(Predictions).number == 2
        assert [p.number for p in desk.all(Predictions)] == [2]


def test_what_cannot_be_classified_is_refused_with_its_cause() -> None:
    with Desk() as desk:
        desk.send(Open(1, Graph().add(Conv2d(4)), Plan(**ONE)), Predict(1))
        assert "Mend" in desk.failure("predict").text and desk.failure("predict").run == 1
    with Desk() as desk:
        desk.send(Open(1, small(classes=4), Plan(**ONE)), Predict(2))
        assert "10 classes" in desk.failure("predict").text
    with Desk() as desk:
        desk.send(Open(1, small(), Plan(data="nothing", **ONE)), Predict(3), Fetch(4, "test", (1,)))
        assert "nothing" in desk.failure("predict").text
        assert "nothing" in desk.failure("fetch").text and desk.failure("fetch").run == 4


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_pictures_come_in_the_order_asked_for_as_the_data_set_has_them() -> None:
    layer = Input(1, (8, 8))
    with Desk() as desk:
        desk.send(Open(1, small(), Plan(**ONE)), Fetch(9, "test", (5, 0, 5, 10_000, -1)))
        found = desk.until(Fetched)
    have = data.load("digits", "", layer)
    assert (found.number, found.split, found.indices) == (9, "test", (5, 0, 5))
    assert found.labels == tuple(have.test_y[[5, 0, 5]])
    for picture, i in zip(found.pictures, found.indices, strict=True):
        assert np.array_equal(picture, shown(have.test_x[i]))


def test_large_pictures_are_thinned_and_too_many_left_out() -> None:
    layer = Input(3, (130, 70))
    x = np.random.default_rng(0).integers(0, 256, (3, 3, 130, 70), np.uint8)
    y = np.arange(3)
    whole = data.Data("d", ("a", "b", "c"), x, y, x[:2], y[:2], (130, 70))
    found = fetched(whole, layer, Fetch(1, "train", (2, 1)))
    assert found.pictures.shape == (2, 44, 24, 3) and found.labels == (2, 1)
    assert np.array_equal(found.pictures[0], x[2].transpose(1, 2, 0)[::3, ::3])
    assert len(fetched(whole, layer, Fetch(1, "test", (0,) * (MOST + 5))).indices) == MOST
    assert fetched(whole, layer, Fetch(1, "test", ())).pictures.shape[0] == 0


# ── what a run has measured ──────────────────────────────────────────────────────────────────────────────────────────
def test_every_measurement_of_a_run_can_be_asked_for_the_newest_before_it_is_written(tmp_path: Path) -> None:
    plan, folder = Plan(epochs=3, **ONE), str(tmp_path / "run")
    with Desk() as desk:
        desk.send(Open(1, small(), plan), Review(1, 7, ""), Train(7, plan, folder=folder))
        assert desk.until(Reviewed).score is None
        desk.progress(lambda p: p.phase == IDLE and p.step > 0)
        tests = desk.until(News, lambda n: len(n.tests) == 3).tests
        for number, step in enumerate((None, 0, 90, 91, 10**6), 2):
            desk.send(Review(number, 7, folder, step))
            found = desk.until(Reviewed, lambda r, number=number: r.number == number)  # type: ignore[misc]
            assert found.run == 7 and found.score is not None
            near = {None: 135, 0: 45, 90: 90, 91: 90, 10**6: 135}[step]
            assert [(found.score.step, found.score.loss, found.score.accuracy)] == [
                tuple(t[:3]) for t in tests if t[0] == near
            ]
        desk.send(Review(90, 3, ""), Review(91, 3, folder, 44))  # not the engine's latest run
        assert desk.until(Reviewed, lambda r: r.number == 90).score is None
        other = desk.until(Reviewed, lambda r: r.number == 91).score
        assert other is not None and other.step == 45
    with Desk() as desk:  # another engine, the same folder
        desk.send(Review(1, 7, folder))
        newest = desk.until(Reviewed).score
        assert newest is not None and newest.step == 135 and newest.classes == tuple("0123456789")


def test_the_newest_measurement_is_known_where_nothing_is_recorded() -> None:
    with Desk() as desk:
        desk.send(Open(1, small(), Plan(epochs=1, **ONE)), Train(7, Plan(epochs=1, **ONE)))
        end = desk.progress(lambda p: p.phase == IDLE and p.step > 0)
        desk.send(Review(1, 7, "", 3))
        found = desk.until(Reviewed).score
        assert found is not None and (found.step, found.accuracy) == (45, end.accuracy)


def test_a_network_with_a_problem_is_refused_for_that() -> None:
    broken = small()
    first = next(n.id for n in broken if isinstance(n.layer, Conv2d))
    with Desk() as desk:
        desk.send(Open(1, broken.change(first, layer=Conv2d(4, (900, 900))), Plan(**ONE)), Predict(1))
        said = desk.until(Failed, lambda f: f.what == "predict").text
    assert said == "There is no network that could be tried. Mend the layers that have a problem first."
