"""A training that is killed at any instant: what it has recorded is there, and it goes on as if nothing had been."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import pytest
import torch

from cnnviz.engine import data
from cnnviz.engine.record import recorder, writer
from cnnviz.engine.record.moment import last
from cnnviz.engine.record.reader import Reader
from cnnviz.link import runs
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan

from ..nets import noisy
from .test_recorder import ready

NETWORK = Network(noisy(), "noisy")
PLAN = Plan(epochs=400, threads=1, lr=0.003, optimizer="sgd")
RUN = 0.25  # seconds that each process has at most


@pytest.fixture(autouse=True)
def all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded at nearly every step: the kill comes while something is being written."""
    monkeypatch.setattr(recorder, "EVERY", 0.0)
    monkeypatch.setattr(recorder, "SHARE", 1e9)
    monkeypatch.setattr(recorder, "GLANCE", 0.0)
    monkeypatch.setattr(writer, "SHARE", 1.0)
    monkeypatch.setattr(writer, "AHEAD", 1e9)
    warm = ready(NETWORK, PLAN)
    next(warm.go())
    monkeypatch.setattr(data, "load", lambda *_given, **_more: warm.data)  # once for all processes


def train_in_a_fork(folder: Path, seconds: float) -> None:
    """Go on with the run in a process of its own, which is killed after so long."""
    child = os.fork()
    if not child:
        try:
            started = (folder / runs.NOTES).exists() and (folder / runs.LAST).exists()
            for _step in ready(NETWORK, PLAN, folder, resume=started, warn=print).go():
                pass
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("kills", [12, pytest.param(100, marks=pytest.mark.large)])
def test_killed_again_and_again_it_is_the_same_run(tmp_path: Path, kills: int) -> None:
    dice, step = random.Random(kills), 0
    for kill in range(kills):
        train_in_a_fork(tmp_path, dice.uniform(0.0, RUN))
        if not (tmp_path / runs.LAST).exists():
            assert not step, f"kill {kill}: nothing that was recorded is lost"
            continue
        found = last(tmp_path)
        assert found.step >= step, f"kill {kill}: what was recorded stays recorded"
        assert found.metrics.points[:, 0].tolist() == list(range(1, found.step + 1))
        assert runs.notes(tmp_path).plan == PLAN
        assert runs.network(tmp_path).graph == NETWORK.graph
        reader = Reader(tmp_path / runs.TRACKS)
        reader.refresh()
        for recorded in reader.steps:
            reader.read(recorded)
        step = found.step
    assert step > kills, "it has come forward"
    whole = ready(NETWORK, PLAN)
    losses = []
    for made in whole.go():
        losses.append(made.loss)
        if made.step == step:
            break
    found = last(tmp_path)
    assert found.metrics.points[:, 1].tolist() == losses, "as if it had never been killed"
    assert all(torch.equal(found.weights[k], v) for k, v in whole.net.state_dict().items())
    print(f"{kills} kills, {step} steps", file=sys.stderr)
