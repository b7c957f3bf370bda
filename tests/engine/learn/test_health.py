"""What is read of a training is what plain torch gives, takes its share of the time at most, and changes nothing."""

from __future__ import annotations

import random
import time
from itertools import islice
from math import isnan, nan

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from cnnviz.engine.build import Net, logits_node
from cnnviz.engine.data import load
from cnnviz.engine.learn.feed import Feed, order
from cnnviz.engine.learn.health import DENSE, SILENT, SPARSE, Health
from cnnviz.engine.learn.optimizer import make_optimizer
from cnnviz.engine.learn.steps import Step, steps
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.health.reading import Reading
from cnnviz.net.layers import (
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Hardsigmoid,
    Input,
    Layer,
    LeakyReLU,
    Linear,
    ReLU,
    ReLU6,
    Sigmoid,
    Tanh,
)
from cnnviz.net.plan import Plan

from ..nets import chain

OFTEN = 1e9
"""A share of the time with which every step's turn comes as the schedule says."""


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def net_of(dice: random.Random) -> Graph:
    """Some convolutions and a vector, with activations and normalisations of all kinds between."""
    acts: list[type[Layer]] = [ReLU, Tanh, Sigmoid, ReLU6, LeakyReLU, Hardsigmoid]
    layers: dict[str, Layer] = {"image": Input(1, (8, 8))}
    for i in range(dice.randint(1, 3)):
        layers[f"conv_{i}"] = Conv2d(dice.randint(2, 6), (3, 3))
        if dice.random() < 0.5:
            layers[f"norm_{i}"] = BatchNorm2d(momentum=dice.choice([0.1, 0.5, 1.0]))
        layers[f"act_{i}"] = dice.choice(acts)()
    layers |= {"flat": Flatten(), "fc": Linear(12), "norm": BatchNorm1d(), "act": dice.choice(acts)()}
    return chain(**layers, drop=Dropout(0.2), out=Linear(10))


def training(graph: Graph, plan: Plan, net: Net, health: Health | None) -> list[Step]:
    rows = analyse(graph)
    assert rows.input is not None and isinstance(rows.input.layer, Input)
    data = load("digits", "", rows.input.layer)
    making = steps(net, data, plan, rows.input.layer, logits_node(graph), health=health)
    return list(islice(making, 60))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_reading_changes_nothing(seed: int, optimizer: str) -> None:
    graph, plan = net_of(random.Random(seed)), Plan(optimizer=optimizer, lr=0.01, seed=seed)
    with_, without = (Net(analyse(graph), plan) for _ in range(2))
    health = Health(with_, share=OFTEN)
    read, plain = training(graph, plan, with_, health), training(graph, plan, without, None)
    assert sum(s.reading is not None for s in read) > DENSE
    assert [(s.loss, s.accuracy, s.test) for s in read] == [(s.loss, s.accuracy, s.test) for s in plain]
    assert all(
        torch.equal(a, b) for a, b in zip(with_.state_dict().values(), without.state_dict().values(), strict=True)
    )
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in with_.modules())


def close(a: float, b: float) -> bool:
    return (isnan(a) and isnan(b)) or a == pytest.approx(b, rel=2e-4, abs=1e-6)


class Plain:
    """The same loop by hand, with everything kept."""

    def __init__(self, graph: Graph, plan: Plan):
        self.net, self.graph = Net(analyse(graph), plan), graph
        rows = analyse(graph)
        assert rows.input is not None and isinstance(rows.input.layer, Input)
        data = load("digits", "", rows.input.layer)
        self.feed = Feed(data.train_x, data.train_y, rows.input.layer, torch.device("cpu"))
        self.order = order(self.net, len(self.feed), plan, 0)
        self.optimizer = make_optimizer(self.net, plan)
        self.noise = torch.Generator().manual_seed(plan.seed).get_state()
        self.zeros: dict[str, Tensor] = {}
        self.net.train()

    def step(self) -> dict[str, dict[str, float]]:
        """Of the next step, by the field's name and the node."""
        indices, _last = next(self.order)
        x, y = self.feed.batch(indices)
        seen: dict[str, Tensor] = {}
        torch.set_rng_state(self.noise)
        logits = self.net(x, seen)
        self.noise = torch.get_rng_state()
        self.optimizer.zero_grad()
        cross_entropy(logits, y).backward()
        before = {n: p.detach().clone() for n, p in self.net.named_parameters()}
        grads = {n: p.grad for n, p in self.net.named_parameters()}
        self.optimizer.step()
        after = dict(self.net.named_parameters())
        found: dict[str, dict[str, float]] = {}
        for node in self.graph:
            names = [n for n in before if n.startswith(f"{node.id}.")]
            if names:
                flat = [torch.cat([t[n].detach().reshape(-1) for n in names]) for t in (grads, before, after)]
                moved = float((flat[2] - flat[1]).double().norm() / flat[1].double().norm())
                for name, value in zip(("gradients", "weights"), flat, strict=False):
                    found.setdefault(name, {})[node.id] = float(value.double().square().mean().sqrt())
                found.setdefault("updates", {})[node.id] = moved
            if node.id.startswith("act"):
                self._activation(node.id, seen[node.id].detach(), found)
            if node.id.startswith("norm"):
                given, module = seen[node.sources[0]].detach(), self.net.layer(node.id)
                assert isinstance(module, nn.modules.batchnorm._BatchNorm)
                args = given, module.running_mean.clone(), module.running_var.clone()
                both = [
                    nn.functional.batch_norm(*args, training=training, momentum=0.0, eps=module.eps)
                    for training in (True, False)
                ]
                found.setdefault("gaps", {})[node.id] = float((both[0] - both[1]).square().mean().sqrt())
        guess = logits.argmax(1)
        top = int(guess.bincount(minlength=10).argmax())
        found["favourite"] = {"": float(top)}
        found["predicted"] = {"": float((guess == top).float().mean())}
        found["true"] = {"": float((y == top).float().mean())}
        return found

    def _activation(self, id: str, out: Tensor, found: dict[str, dict[str, float]]) -> None:
        layer = self.graph[id].layer
        dead = flat = nan
        if isinstance(layer, ReLU | ReLU6):
            zero = out.reshape(*out.shape[:2], -1).eq(0).all(2).all(0)
            self.zeros[id] = torch.where(zero, self.zeros.get(id, torch.zeros(len(zero))) + len(out), 0.0)
            dead = float((self.zeros[id] >= SILENT).float().mean())
        if isinstance(layer, Tanh):
            flat = float((out.abs() > 0.97).float().mean())
        if isinstance(layer, Sigmoid | Hardsigmoid):
            flat = float(((out < 0.015) | (out > 0.985)).float().mean())
        for name, value in (("dead", dead), ("saturated", flat)):
            found.setdefault(name, {})[id] = value
        found.setdefault("means", {})[id] = float(out.double().mean())
        found.setdefault("spreads", {})[id] = float(out.double().std(correction=0))


@pytest.mark.parametrize("seed", range(12))
def test_the_numbers_are_those_of_plain_torch(seed: int) -> None:
    dice = random.Random(seed)
    graph = net_of(dice)
    plan = Plan(optimizer=dice.choice(["sgd", "adam"]), lr=dice.choice([0.01, 0.1]), seed=seed, batch_size=32)
    net, plain = Net(analyse(graph), plan), Plain(graph, plan)
    with torch.no_grad():  # some channels die, some units are saturated
        for each in (net, plain.net):
            conv = each.layer("conv_0")
            assert isinstance(conv, nn.Conv2d) and conv.bias is not None
            conv.bias[0] = -100.0
            conv.weight[1] *= 50
    health = Health(net, share=OFTEN)
    read = [s.reading for s in training(graph, plan, net, health)[:DENSE]]
    for reading in read:
        assert reading is not None
        expected = plain.step()
        assert reading.lr == plan.lr
        compare(reading, health, expected)


def compare(reading: Reading, health: Health, expected: dict[str, dict[str, float]]) -> None:
    nodes = {"gaps": health.layers.norms} | dict.fromkeys(("gradients", "weights", "updates"), health.layers.weights)
    nodes |= dict.fromkeys(("dead", "saturated", "means", "spreads"), health.layers.units)
    for name, values in expected.items():
        if "" in values:
            assert getattr(reading, name) == pytest.approx(values[""]), name
            continue
        assert set(nodes[name]) == set(values), name
        for node, value in zip(nodes[name], getattr(reading, name), strict=True):
            assert close(value, values[node]), (reading.step, name, node, value, values[node])


def test_frozen_layers_have_no_gradient_and_shared_ones_count_once() -> None:
    graph = chain(image=Input(1, (8, 8)), flat=Flatten(), one=Linear(64), relu=ReLU(), two=Linear(64), out=Linear(10))
    graph = graph.change("two", weights="one")
    net = Net(analyse(graph), Plan())
    assert Health(net).layers.weights == ("one", "out")
    module = net.layer("one")
    assert module is not None
    module.requires_grad_(False)
    health = Health(net, share=OFTEN)
    first = training(graph, Plan(), net, health)[0].reading
    assert first is not None
    assert isnan(first.gradients[0]) and isnan(first.updates[0]) and first.weights[0] > 0
    assert first.gradients[1] > 0 and first.updates[1] > 0


def test_no_hook_stays_where_a_forward_fails() -> None:
    graph = net_of(random.Random(1))
    net = Net(analyse(graph), Plan())
    beat = Health(net).beat(1, 0.1)

    def fails() -> None:
        net(torch.zeros(2, 3, 8, 8))

    with pytest.raises(RuntimeError):
        beat.forward(fails)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


def test_it_is_seldom_due_and_never_takes_more_than_its_share() -> None:
    health = Health(Net(analyse(net_of(random.Random(0))), Plan()), share=OFTEN)
    steps_read = []
    for step in range(1, 20_000):
        if health.due(step):
            steps_read.append(step)
            health.beat(step, 0.1)
    assert steps_read[:DENSE] == list(range(1, DENSE + 1))
    apart = np.diff(steps_read)
    assert (np.diff(apart) >= 0).all() and apart[-1] == SPARSE
    health = Health(health.net, share=0.0, ahead=1.0)
    assert health.due(1)
    health.spent = 1.5
    assert not health.due(1_000_000)


def test_a_reading_that_others_hold_up_does_not_silence_those_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    health = Health(Net(analyse(net_of(random.Random(0))), Plan()), share=0.001, ahead=0.04, worked=lambda: 0.0)
    monkeypatch.setattr(time, "perf_counter", iter([0.0, 0.5]).__next__)
    monkeypatch.setattr(time, "thread_time", iter([7.0, 7.001]).__next__)
    with health.clock():
        pass
    assert health.spent == pytest.approx(0.001) and health.due(1)


def test_going_on_begins_densely_again() -> None:
    health = Health(Net(analyse(net_of(random.Random(0))), Plan()), share=OFTEN)
    assert health.due(5001)
    health.beat(5001, 0.1)
    assert health.due(5002)


def test_weights_of_zero_move_infinitely_far() -> None:
    graph = chain(image=Input(1, (8, 8)), flat=Flatten(), one=Linear(10))
    net = Net(analyse(graph), Plan())
    with torch.no_grad():
        for p in net.parameters():
            p.zero_()
    first = training(graph, Plan(optimizer="sgd"), net, Health(net, share=OFTEN))[0].reading
    assert first is not None
    assert first.updates == (float("inf"),) and first.weights == (0.0,)
