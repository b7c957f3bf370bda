"""Schedules step by step against torch.optim.lr_scheduler, on a training that really goes on; what they remember."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim import SGD, lr_scheduler

from cnnviz.engine.build import Net
from cnnviz.engine.learn import score
from cnnviz.engine.learn.controls import Controls
from cnnviz.engine.learn.course import Course
from cnnviz.link import runs
from cnnviz.net.analysis import analyse
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan

from ..nets import small
from ..record.test_recorder import metrics, ready, train
from .plain import ours, plain, same_weights

BATCH, EPOCH = 240, 6  # 1,438 digits


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


SCHEDULES: list[tuple[dict[str, Any], Any, bool]] = [  # the plan's, torch's, whether torch is told every step
    ({"schedule": "step", "step_epochs": 2, "lr_factor": 0.3}, lambda o: lr_scheduler.StepLR(o, 2, 0.3), False),
    ({"schedule": "cosine", "lr_least": 0.1}, lambda o: lr_scheduler.CosineAnnealingLR(o, 5 * EPOCH, 0.005), True),
    (
        {"schedule": "one_cycle"},
        lambda o: lr_scheduler.OneCycleLR(o, 0.05, total_steps=5 * EPOCH, cycle_momentum=False),
        True,
    ),
    (
        {"schedule": "one_cycle", "cycle_rise": 0.55, "cycle_start": 5, "cycle_end": 50},
        lambda o: lr_scheduler.OneCycleLR(
            *(o, 0.05, 5 * EPOCH), pct_start=0.55, div_factor=5, final_div_factor=50, cycle_momentum=False
        ),
        True,
    ),
    (
        {"warmup": 8, "warmup_from": 0.25},
        lambda o: lr_scheduler.LinearLR(o, start_factor=0.25, total_iters=8),
        True,
    ),
    (
        {"schedule": "cosine", "warmup": 8, "warmup_from": 0.25},
        lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.LinearLR(o, 0.25, 1, 8), lr_scheduler.CosineAnnealingLR(o, 5 * EPOCH - 8)], [8]
        ),
        True,
    ),
]


@pytest.mark.parametrize(("settings", "make", "each"), SCHEDULES)
@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*optimizer.step")  # of SequentialLR's own making
def test_every_step_is_made_with_torchs_rate(settings: dict[str, Any], make: Any, each: bool) -> None:
    graph, plan = small(), Plan(optimizer="sgd", lr=0.05, batch_size=BATCH, epochs=5, **settings)
    made: list[Any] = []

    def optimizer(parameters: list[Any]) -> SGD:
        made.append(SGD(parameters, 0.05, momentum=0.9))
        made.append(make(made[0]))
        return made[0]

    theirs: list[float] = []

    def before(step: int, optimizer: Any) -> None:
        if step and (each or step % EPOCH == 0):
            made[1].step()
        theirs.append(optimizer.param_groups[0]["lr"])

    losses, net = plain(graph, plan, optimizer, 5 * EPOCH, before=before)
    mine = Net(analyse(graph), plan)
    steps = list(ours(graph, plan, mine))
    assert [s.lr for s in steps] == pytest.approx(theirs, rel=1e-9)
    assert [s.loss for s in steps] == pytest.approx(losses, rel=1e-4)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(mine.parameters(), net.parameters(), strict=True))


@pytest.mark.parametrize("cooldown", [0, 2])
def test_a_plateau_is_torchs(cooldown: int) -> None:
    plan = Plan(schedule="plateau", plateau_patience=2, lr_factor=0.5, plateau_threshold=0.01, lr_least=0.1)
    plan = replace(plan, plateau_cooldown=cooldown)
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], 0.8)
    theirs = lr_scheduler.ReduceLROnPlateau(optimizer, "min", 0.5, 2, 0.01, cooldown=cooldown, min_lr=0.08)
    mine, dice = Course(plan, 10), torch.Generator().manual_seed(0)
    for epoch in range(60):
        loss = float(torch.rand(1, generator=dice)) + 1 / (1 + epoch // 9)
        theirs.step(loss)
        mine.measured(10 * epoch, score.Test(loss, 0.5))
        assert 0.8 * mine.factor(10 * epoch) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
    assert mine.plateau.scale == 0.1, "it has fallen as far as it may"
    assert mine.plateau.bad == theirs.num_bad_epochs and mine.plateau.cooling == theirs.cooldown_counter


PLATEAU = Plan(
    epochs=6, threads=1, batch_size=BATCH, schedule="plateau", plateau_patience=0, plateau_threshold=1.0, warmup=3
)


@pytest.mark.parametrize("stop", [1, EPOCH - 1, EPOCH, 2 * EPOCH, 2 * EPOCH + 1])
def test_what_a_plateau_remembers_goes_on(tmp_path: Path, stop: int) -> None:
    network = Network(small(), "small")
    whole = list(train(network, PLATEAU))
    assert len({s.lr for s in whole}) > 4, "it has warmed up, and fallen more than once"
    running = train(network, PLATEAU, tmp_path)
    begun = list(islice(running, stop))
    running.close()
    assert begun + list(ready(network, PLATEAU, tmp_path, resume=True).go()) == whole


def test_what_a_plateau_has_not_been_told_it_is_told_first(tmp_path: Path) -> None:
    network = Network(small(), "small")
    whole = list(train(network, PLATEAU))
    calm = iter([True, True, False])  # leaves the second measurement
    begun = list(ready(network, PLATEAU, tmp_path).go(Controls(PLATEAU.lr, lambda: next(calm))))
    assert begun[-1].step == 2 * EPOCH and begun[-1].test is None
    assert begun[:-1] + list(ready(network, PLATEAU, tmp_path, resume=True).go()) == whole


def test_the_rate_that_is_set_is_what_the_schedule_scales(tmp_path: Path) -> None:
    network = Network(small(), "small")
    plan = Plan(epochs=5, threads=1, batch_size=BATCH, schedule="step", step_epochs=2, lr_factor=0.5, lr=0.01)
    training, controls = ready(network, plan, tmp_path), Controls(plan.lr)
    making = training.go(controls)
    rates = [s.lr for s in islice(making, 2 * EPOCH + 1)]
    assert rates == [0.01] * 2 * EPOCH + [0.005]
    controls.lr = 0.1
    assert next(making).lr == 0.05
    making.close()
    assert runs.notes(tmp_path).plan == replace(plan, lr=0.1), "what is recorded is what was set"
    assert metrics(tmp_path)[-1]["lr"] == 0.05
    again = ready(network, runs.notes(tmp_path).plan, tmp_path, resume=True)
    assert next(again.go()).lr == 0.05


def test_an_untouched_plan_trains_as_ever() -> None:
    graph, plan = small(), Plan(optimizer="sgd", batch_size=BATCH, lr=0.05)
    losses, net = plain(graph, plan, lambda p: SGD(p, 0.05, momentum=0.9), 10)
    mine = Net(analyse(graph), plan)
    assert [s.loss for s in islice(ours(graph, plan, mine), 10)] == losses
    assert same_weights(mine, net)
