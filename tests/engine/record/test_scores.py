"""Measurements in the run folder: recorded, thinned, cut where a run goes on."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from cnnviz.engine.learn.score import Test as Measured
from cnnviz.engine.record.moment import last
from cnnviz.engine.record.scores import Scores
from cnnviz.link.scorebook import SCORES, Scorebook
from cnnviz.link.verdicts import Verdicts
from cnnviz.net.plan import Plan

from .test_recorder import NETWORK, metrics, ready, train

PLAN = Plan(epochs=3, threads=1, lr=0.01)


def measured(step: int, accuracy: float = 0.5) -> tuple[int, Measured]:
    dice = np.random.default_rng(step)
    n = 10
    sure, loss = dice.random(n, np.float32), dice.random(n, np.float32)
    v = Verdicts(np.arange(n), dice.integers(0, n, n), sure, loss, dice.integers(0, n, n))
    return step, Measured(0.0, accuracy, 0.9, v)


def test_every_measurement_of_a_run_is_recorded_as_it_was_made(tmp_path: Path) -> None:
    made = list(train(NETWORK, PLAN, tmp_path))
    book = Scorebook(tmp_path)
    assert book.steps() == [45, 90, 135]
    lines = [line for line in metrics(tmp_path) if "test_loss" in line]
    for step, line in zip((s for s in made if s.test), lines, strict=True):
        found = book.at(step.step)
        assert found is not None and step.test is not None and step.test.verdicts is not None
        assert (found.loss, found.accuracy, found.top5) == (step.test.loss, step.test.accuracy, step.test.top5)
        assert line["test_top5"] == found.top5
        assert found.classes == tuple("0123456789")
        for name in ("true", "predicted", "confidence", "loss", "rank"):
            assert np.array_equal(getattr(found.verdicts, name), getattr(step.test.verdicts, name))
        assert found.accuracy == pytest.approx(1 - found.verdicts.error())


@pytest.mark.parametrize("steps", (44, 45, 46, 100))
def test_a_run_that_goes_on_has_the_measurements_of_one_that_did_not_stop(tmp_path: Path, steps: int) -> None:
    list(train(NETWORK, PLAN, tmp_path / "whole"))
    running = train(NETWORK, PLAN, tmp_path / "run")
    list(islice(running, steps))
    running.close()
    later = Scores(tmp_path / "run", (), steps)  # what a kill -9 between two files may leave: of steps to come …
    later.add([measured(steps + 1)])
    path = tmp_path / "run" / SCORES
    path.write_bytes(path.read_bytes() + b"half")  # … and half of one
    list(ready(NETWORK, PLAN, tmp_path / "run", resume=True).go())
    assert last(tmp_path / "run").step == 135
    one, other = Scorebook(tmp_path / "whole"), Scorebook(tmp_path / "run")
    assert one.steps() == other.steps() == [45, 90, 135]
    assert path.read_bytes() == (tmp_path / "whole" / SCORES).read_bytes()
    for step in one.steps():
        a, b = one.at(step), other.at(step)
        assert a is not None and b is not None and np.array_equal(a.verdicts.loss, b.verdicts.loss)


def test_a_new_run_in_an_old_folder_begins_anew(tmp_path: Path) -> None:
    Scores(tmp_path, ("a",)).add([measured(5)])
    Scores(tmp_path, ("b",)).add([measured(6)])
    assert Scorebook(tmp_path).steps() == [6]


def test_a_long_run_keeps_its_room_its_best_and_its_end(tmp_path: Path) -> None:
    room = 6000
    scores = Scores(tmp_path, tuple("0123456789"), room=room)
    accuracies = dict.fromkeys(range(1, 300), 0.5) | {3: 0.6, 118: 0.9, 150: 0.7}
    largest = 0
    for step, accuracy in accuracies.items():
        scores.add([measured(step, accuracy)])
        largest = max(largest, (tmp_path / SCORES).stat().st_size)
    scores.end()
    steps = Scorebook(tmp_path).steps()
    assert largest <= room and steps == sorted(set(steps))
    assert 118 in steps and 299 in steps and len(steps) > 8
    assert max(np.diff([s for s in steps if s != 118])) <= 40  # evenly spread
    assert Scorebook(tmp_path).at(118).accuracy == 0.9  # type: ignore[union-attr]


def test_pictures_that_change_are_written_again(tmp_path: Path) -> None:
    scores = Scores(tmp_path, ("a",))
    scores.add([measured(1)])
    step, test = measured(2)
    assert test.verdicts is not None
    other = Verdicts(test.verdicts.true[::-1], *(getattr(test.verdicts, k) for k in ("predicted", "confidence")),
                     test.verdicts.loss, test.verdicts.rank)  # fmt: skip
    scores.add([(step, Measured(0.0, 0.5, None, other)), measured(3)])
    book = Scorebook(tmp_path)
    for step, true in ((1, np.arange(10)), (2, np.arange(10)[::-1]), (3, np.arange(10))):
        found = book.at(step)
        assert found is not None and np.array_equal(found.verdicts.true, true)
