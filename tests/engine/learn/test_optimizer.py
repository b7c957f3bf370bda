"""Every optimizer with every setting it has is torch's own, bit for bit; what is turned on later does not fail."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
import torch
from torch import optim

from cnnviz.engine.build import Net
from cnnviz.engine.learn.optimizer import adjust, arguments, make_optimizer, mover
from cnnviz.net.acting import HAS, OWNED, RATES, absent, idle
from cnnviz.net.analysis import analyse
from cnnviz.net.plan import OPTIMIZERS, Plan
from cnnviz.net.problems import Misfit

from ..nets import small
from .plain import ours, plain, same_weights

ADAMS = {"beta1": 0.8, "beta2": 0.95, "amsgrad": True, "weight_decay": 0.2}
ADAMS_TOO = {"betas": (0.8, 0.95), "amsgrad": True, "weight_decay": 0.2}
ADAGRADS = {"lr_decay": 0.01, "initial_accumulator": 0.1, "adagrad_eps": 1e-6}
ADAGRADS_TOO = {"lr_decay": 0.01, "initial_accumulator_value": 0.1, "eps": 1e-6}
SETTINGS: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [  # the plan's, torch's
    ("sgd", {"momentum": 0.7, "nesterov": True}, optim.SGD, {"momentum": 0.7, "nesterov": True}),
    ("sgd", {"momentum": 0.7, "dampening": 0.3}, optim.SGD, {"momentum": 0.7, "dampening": 0.3}),
    ("sgd", {"momentum": 0.0}, optim.SGD, {}),
    ("adam", {"beta1": 0.8, "beta2": 0.95, "eps": 1e-4}, optim.Adam, {"betas": (0.8, 0.95), "eps": 1e-4}),
    ("adam", {"amsgrad": True}, optim.Adam, {"amsgrad": True}),
    ("adamw", {"weight_decay": 0.01}, optim.AdamW, {}),
    ("adamw", ADAMS, optim.AdamW, ADAMS_TOO),
    ("rmsprop", {"momentum": 0.0, "alpha": 0.9, "eps": 1e-5}, optim.RMSprop, {"alpha": 0.9, "eps": 1e-5}),
    ("rmsprop", {"momentum": 0.5, "centered": True}, optim.RMSprop, {"momentum": 0.5, "centered": True}),
    ("adadelta", {"rho": 0.8, "adadelta_eps": 1e-4}, optim.Adadelta, {"rho": 0.8, "eps": 1e-4}),
    ("adagrad", ADAGRADS, optim.Adagrad, ADAGRADS_TOO),
]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize(("name", "settings", "kind", "theirs"), SETTINGS)
def test_it_is_torchs_own(name: str, settings: dict[str, Any], kind: Any, theirs: dict[str, Any]) -> None:
    graph, plan = small(), Plan(optimizer=name, lr=0.02, batch_size=50, seed=3, **settings)
    fused = {"fused": True} if name.startswith("adam") else {}
    losses, net = plain(graph, plan, lambda p: kind(p, 0.02, **theirs, **fused), 40)
    mine = Net(analyse(graph), plan)
    assert [s.loss for s in islice(ours(graph, plan, mine), 40)] == losses
    assert same_weights(mine, net)


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_a_step_of_adam_is_torchs_own_also_where_weights_come_and_go(name: str) -> None:
    plan = Plan(optimizer=name, lr=0.01, weight_decay=0.1)
    nets = [Net(analyse(small()), plan) for _i in range(2)]
    nets[1].load_state_dict(nets[0].state_dict())
    both = [make_optimizer(net, plan) for net in nets]
    moves = mover(both[0]), both[1].step
    assert moves[0] != both[0].step, "it takes the short way"
    for step in range(12):
        if step == 6:  # what is turned on later
            for optimizer in both:
                adjust(optimizer, replace(plan, amsgrad=True, lr=0.05))
        dice = torch.Generator().manual_seed(step)
        for mine, theirs in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
            there = step > 3 or mine.dim() > 1  # some get their first gradient later, some miss one
            mine.grad = torch.randn(mine.shape, generator=dice) if there and step != 9 else None
            theirs.grad = None if mine.grad is None else mine.grad.clone()
        for move in moves:
            move()
        assert same_weights(*nets)
    for one, other in zip(*(o.state_dict()["state"].values() for o in both), strict=True):
        assert one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_is_not_set_is_as_in_torch(name: str) -> None:
    net = Net(analyse(small()))
    kind = type(make_optimizer(net, Plan(optimizer=name)))
    usual = kind(list(net.parameters())).defaults
    here = arguments(Plan(optimizer=name))
    ours = {"momentum": 0.9, "weight_decay": 0.0}  # as cnnviz always had them
    assert {k: v for k, v in here.items() if k not in ours} == {k: usual[k] for k in here if k not in ours}
    assert {k: here[k] for k in ours if k in here} == {k: ours[k] for k in ours if k in here}
    assert usual["lr"] == RATES[name]


def test_every_setting_of_an_optimizer_changes_what_it_is_made_with() -> None:
    for name, settings in HAS.items():
        before = Plan(optimizer=name)
        for setting in settings:
            value = getattr(before, setting)
            after = replace(before, **{setting: not value if isinstance(value, bool) else value / 2 + 0.1})
            assert arguments(after) != arguments(before), (name, setting)
            assert not idle(after, setting)
        for setting in {n for n, (chooser, _of) in OWNED.items() if chooser == "optimizer"} - set(settings):
            assert absent(before, setting) and setting in idle(before, setting)


@pytest.mark.parametrize("settings", [{"momentum": 0.0}, {"dampening": 0.1}])
def test_nesterov_says_what_it_needs(settings: dict[str, float]) -> None:
    with pytest.raises(Misfit, match="nesterov needs a momentum above 0 and a dampening of 0"):
        Plan(optimizer="sgd", nesterov=True, **settings)
    assert Plan(optimizer="adam", nesterov=True, **settings)


@pytest.mark.parametrize(
    ("name", "off", "on"),
    [
        ("rmsprop", {"momentum": 0.0}, {"momentum": 0.5, "centered": True}),
        ("adam", {}, {"amsgrad": True}),
        ("sgd", {"momentum": 0.0}, {"momentum": 0.5, "nesterov": True}),
    ],
)
def test_what_is_turned_on_later_begins_empty(name: str, off: dict[str, Any], on: dict[str, Any]) -> None:
    graph, plan = small(), Plan(optimizer=name, batch_size=50, **off)
    net = Net(analyse(graph), plan)
    optimizer = make_optimizer(net, plan)
    list(islice(ours(graph, plan, net, optimizer=optimizer), 3))
    later = replace(plan, **on)
    adjust(optimizer, later)
    made = list(islice(ours(graph, later, net, optimizer=optimizer, start=3), 3))
    assert [s.step for s in made] == [4, 5, 6]
