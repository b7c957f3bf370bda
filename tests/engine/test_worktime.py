"""The clock by which recording and readings get their share of a training's time."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnviz.engine import worktime
from cnnviz.engine.build import Net
from cnnviz.engine.data import load
from cnnviz.engine.learn.training import Training
from cnnviz.net.analysis import analyse
from cnnviz.net.plan import Plan

from .nets import small


def test_it_stands_while_nobody_asks_for_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, rows = Plan(epochs=1, threads=1), analyse(small())
    training = Training(
        rows, plan, lambda plan, layer: load(plan.data, plan.data_dir, layer, plan), lambda: Net(rows, plan)
    )
    now = [50.0]
    monkeypatch.setattr(worktime.time, "perf_counter", lambda: now[0])
    started, forward = training.worked(), Net.forward

    def slow(net: Net, *args: object, **more: object) -> object:
        now[0] += 0.25
        return forward(net, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Net, "forward", slow)
    making = training.go()
    for _i in range(4):
        next(making)
        now[0] += 3600.0
    next(making)
    assert training.worked() - started - 1.25 == pytest.approx(0.0), "of five steps the time, and of no pause"
    making.close()
