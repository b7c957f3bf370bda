"""What is changed while a training runs acts from the next step on, and is recorded."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from torch.optim import SGD, Optimizer

from cnnviz.engine.build import Net, copy_state
from cnnviz.engine.learn.controls import Controls
from cnnviz.engine.record.again import made_again
from cnnviz.link import runs
from cnnviz.link.adjusting import Adjust, Change, values_at
from cnnviz.link.messages import News, Open, Pause, Stop, Train
from cnnviz.net.analysis import analyse
from cnnviz.net.network import Network
from cnnviz.net.plan import LIVE, Plan

from ..desk import Desk
from ..nets import small
from ..record.test_recorder import metrics, ready, train
from .plain import ours, plain, same_weights

NETWORK = Network(small(), "small")
PLAN = Plan(optimizer="sgd", lr=0.05, batch_size=240, epochs=4, threads=1)
NEW = {"lr": 0.02, "momentum": 0.5, "weight_decay": 0.1}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_it_is_the_plain_loop_with_the_same_changes() -> None:
    def before(step: int, optimizer: Optimizer) -> None:
        if step == 4:
            optimizer.param_groups[0].update(NEW)

    losses, net = plain(small(), PLAN, lambda p: SGD(p, 0.05, momentum=0.9), 10, before=before)
    mine, controls = Net(analyse(small()), PLAN), Controls(PLAN.lr)
    making = ours(small(), PLAN, mine, controls=controls)
    made = list(islice(making, 4))
    controls.set(**NEW)
    made += islice(making, 6)
    assert [s.loss for s in made] == losses and same_weights(mine, net)
    assert [s.step for s in made if s.changes] == [5]
    assert {(c.setting, c.old, c.new) for c in made[4].changes} == {
        ("lr", 0.05, 0.02),
        ("momentum", 0.9, 0.5),
        ("weight_decay", 0.0, 0.1),
    }
    controls.set(**NEW)
    assert not next(making).changes, "nothing is another"


def test_every_setting_that_can_be_changed_has_its_place_in_the_message() -> None:
    assert set(Adjust.__dataclass_fields__) == set(LIVE)


def test_changes_are_recorded_and_go_on(tmp_path: Path) -> None:
    training, controls = ready(NETWORK, PLAN, tmp_path), Controls(PLAN.lr)
    making = training.go(controls)
    begun = list(islice(making, 3))
    controls.set(momentum=0.5)
    begun += islice(making, 3)
    making.close()
    changes = runs.metrics(tmp_path, 100).changes
    assert changes == (Change(4, "momentum", 0.9, 0.5),) and runs.metrics(tmp_path, 3).changes == ()
    assert [line.get("changes") for line in metrics(tmp_path)] == [None] * 3 + [[["momentum", 0.9, 0.5]]] + [None] * 2
    plan = runs.notes(tmp_path).plan
    assert plan == replace(PLAN, momentum=0.5)
    later = replace(plan, lr=0.01)  # changed while it did not run
    resumed = begun + list(islice(ready(NETWORK, later, tmp_path, resume=True).go(), 3))
    assert resumed[6].changes == (Change(7, "lr", 0.05, 0.01),)

    whole, controls = train(NETWORK, PLAN), Controls(PLAN.lr)
    making = ready(NETWORK, PLAN).go(controls)
    made = list(islice(making, 3))
    controls.set(momentum=0.5)
    made += islice(making, 3)
    controls.set(lr=0.01)
    made += islice(making, 3)
    assert resumed == made != list(islice(whole, 9))


def test_augmentation_is_changed_at_once_and_goes_on(tmp_path: Path) -> None:
    new = {"augment_shift": 1, "augment_noise": 0.1}
    training, controls = ready(NETWORK, PLAN, tmp_path), Controls(PLAN.lr)
    making = training.go(controls)
    begun = list(islice(making, 2))
    controls.set(**new)
    begun += islice(making, 2)
    making.close()
    assert set(runs.metrics(tmp_path, 4).changes) == {Change(3, k, 0, v) for k, v in new.items()}
    plan = runs.notes(tmp_path).plan
    assert plan == replace(PLAN, **new)
    rest = list(islice(ready(NETWORK, plan, tmp_path, resume=True).go(), 3))
    controls = Controls(PLAN.lr)
    making = ready(NETWORK, PLAN).go(controls)
    made = list(islice(making, 2))
    controls.set(**new)
    made += islice(making, 5)
    assert begun + rest == made
    assert made[2:] != list(islice(train(NETWORK, PLAN), 7))[2:]


@pytest.mark.parametrize("step", [3, 5, 9, 11])
def test_a_step_is_made_again_with_what_was_changed_then(tmp_path: Path, step: int) -> None:
    plan = replace(PLAN, schedule="cosine", warmup=4)
    training, controls = ready(NETWORK, plan, tmp_path), Controls(plan.lr)
    data, made, then = training.data, [], {}
    making = training.go(controls)
    for new in ({}, {"momentum": 0.5}, {"lr": 0.2}, {}, {}, {"weight_decay": 0.01}, {"momentum": 0.3}, *[{}] * 5):
        controls.set(**new)
        made.append(next(making))
        then[made[-1].step] = copy_state(training.net)
    making.close()
    for path in (tmp_path / runs.LAST, *(tmp_path / p for s, p in runs.keys(tmp_path).items() if s > 1)):
        path.unlink(missing_ok=True)  # so that there is something to be made again
    remaking = made_again(tmp_path, step, lambda plan, layer: data, Net)
    again = []
    with pytest.raises(StopIteration) as end:
        while True:
            again.append(next(remaking))
    assert again == made[step - len(again) : step] and again
    moment = end.value.value
    assert all(torch.equal(v, then[step][k]) for k, v in moment.weights.items())
    values = {"momentum": 0.5, "lr": 0.2} | ({"weight_decay": 0.01} if step > 5 else {})
    assert moment.plan == replace(plan, **values | ({"momentum": 0.3} if step > 6 else {}))


def test_what_a_setting_was_at_a_step() -> None:
    changes = (Change(3, "lr", 0.1, 0.2), Change(5, "lr", 0.2, 0.3), Change(5, "momentum", 0.9, 0.8))
    assert values_at(changes, 2) == {"lr": 0.1, "momentum": 0.9}
    assert values_at(changes, 4) == {"lr": 0.2, "momentum": 0.9}
    assert values_at(changes, 5) == {"lr": 0.3, "momentum": 0.8}
    assert values_at((), 5) == {}


def test_the_window_hears_of_changes_and_of_those_that_cannot_be() -> None:
    plan = replace(PLAN, epochs=1000, nesterov=True)
    with Desk() as desk:
        desk.send(Open(1, small(), plan), Train(1, plan, steps=3))
        desk.progress(lambda p: p.phase == "paused" and p.step == 3)
        desk.send(Adjust(momentum=0.0))
        assert "nesterov needs a momentum above 0" in desk.failure("adjust").text
        desk.send(Adjust(lr=0.01, momentum=0.6), Pause(False, 2))
        desk.progress(lambda p: p.phase == "paused" and p.step == 5)
        news = desk.all(News)[-1]
        assert news.changes == (Change(4, "lr", 0.05, 0.01), Change(4, "momentum", 0.9, 0.6))
        desk.send(Stop())
        desk.progress(lambda p: p.phase == "idle")
