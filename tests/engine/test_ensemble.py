"""The engine averages the runs of a window, and leaves it when nobody waits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnnviz.link.ensemble import Combine, Combined, Combining, Uncombine
from cnnviz.link.messages import IDLE, Open, Train
from cnnviz.link.predictions import Predict, Predictions
from cnnviz.net.plan import Plan

from .desk import Desk
from .nets import small


def test_runs_of_several_seeds_are_averaged_in_the_engine(tmp_path: Path) -> None:
    folders = tuple(str(tmp_path / f"run{i}") for i in range(3))
    errors: list[float] = []
    with Desk() as desk:
        for i, folder in enumerate(folders):
            plan = Plan(epochs=2, threads=1, lr=0.01, seed=i)
            desk.send(Open(i + 1, small(), plan), Train(i + 1, plan, folder=folder))
            desk.progress(lambda p, i=i: p.run == i + 1 and p.phase == IDLE and p.step > 0)  # type: ignore[misc]
            desk.send(Predict(i + 1))
            found = desk.until(Predictions, lambda p, i=i: p.number == i + 1)  # type: ignore[misc]
            errors.append(found.verdicts.error())
        desk.send(Combine(4, folders))
        done = desk.until(Combined)
        assert desk.until(Combining).total == 3
    assert (done.number, done.data, done.split, done.pictures) == (4, "digits", "test", 359)
    assert [(m.name, m.seed, m.step) for m in done.members] == [(f, i, 90) for i, f in enumerate(folders)]
    assert [m.alone.top1 for m in done.members] == pytest.approx(errors)
    assert done.members[0].first == done.members[0].alone
    assert done.members[2].first.top1 <= max(errors) and all(m.without for m in done.members)
    assert len(np.unique([m.alone.loss for m in done.members])) == 3


def test_what_is_no_run_is_told_and_what_nobody_wants_is_not_answered(tmp_path: Path) -> None:
    with Desk() as desk:
        desk.send(Open(1, small(), Plan(threads=1)), Combine(1, (str(tmp_path),)))
        assert str(tmp_path) in desk.failure("combine").text and desk.failure("combine").run == 1
        desk.send(Combine(2, (str(tmp_path),)), Uncombine(), Predict(1))
        desk.until(Predictions)
        assert not desk.all(Combined)
