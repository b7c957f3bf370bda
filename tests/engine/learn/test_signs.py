"""Real trainings: a healthy one shows no sign of trouble, a sick one shows its own and names the layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz.engine.build import Net, logits_node
from cnnviz.engine.data import Data, load
from cnnviz.engine.learn.health import Health
from cnnviz.engine.learn.lost import Diverged
from cnnviz.engine.learn.steps import steps
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.health.sign import Sign
from cnnviz.net.health.watch import Held, Watch
from cnnviz.net.layers import BatchNorm1d, BatchNorm2d, Conv2d, Flatten, Input, Layer, Linear, ReLU, Sigmoid
from cnnviz.net.plan import Plan

from ..nets import chain, lenet


def relus() -> Graph:
    return chain(
        image=Input(1, (8, 8)),
        conv_a=Conv2d(8, (3, 3)),
        relu_a=ReLU(),
        conv_b=Conv2d(8, (3, 3)),
        relu_b=ReLU(),
        flat=Flatten(),
        out=Linear(10),
    )


def deep(act: type[Layer], depth: int = 8) -> Graph:
    layers = {f"{kind}{i}": made for i in range(depth) for kind, made in (("fc", Linear(32)), ("act", act()))}
    return chain(image=Input(1, (8, 8)), flat=Flatten(), **layers, out=Linear(10))


def normed() -> Graph:
    return chain(
        image=Input(1, (8, 8)),
        conv=Conv2d(8, (3, 3)),
        norm_a=BatchNorm2d(),
        relu_a=ReLU(),
        flat=Flatten(),
        fc=Linear(32),
        norm_b=BatchNorm1d(),
        relu_b=ReLU(),
        out=Linear(10),
    )


def layer(net: Net, id: str) -> nn.Conv2d:
    found = net.layer(id)
    assert isinstance(found, nn.Conv2d)
    return found


def negative_bias(net: Net) -> None:
    bias = layer(net, "conv_a").bias
    assert bias is not None
    bias.fill_(-50)


def huge(net: Net) -> None:
    for id in ("C1", "C3", "C5"):
        layer(net, id).weight.mul_(30)


def larger(net: Net) -> None:
    for m in net.modules():
        if isinstance(m, nn.Linear):
            m.weight.mul_(4)


def zeros(net: Net) -> None:
    for p in net.parameters():
        p.zero_()


def mostly_zeros(data: Data) -> Data:
    """Three quarters of the pictures are of one class."""
    kept, held = (np.flatnonzero((y == 0) | (np.arange(len(y)) % 15 == 0)) for y in (data.train_y, data.test_y))
    train = {"train_x": data.train_x[kept], "train_y": data.train_y[kept]}
    return replace(data, **train, test_x=data.test_x[held], test_y=data.test_y[held])


def fifty(data: Data) -> Data:
    return replace(data, train_x=data.train_x[:50], train_y=data.train_y[:50])


@dataclass
class Case:
    """A training, and what it is to show at its end; `may`: what may be seen on the way."""

    graph: Callable[[], Graph]
    plan: Plan
    steps: int
    end: set[tuple[str, str]]
    poke: Callable[[Net], None] = lambda net: None
    data: Callable[[Data], Data] = lambda data: data
    may: frozenset[str] = frozenset()


def watched(case: Case) -> tuple[tuple[Sign, ...], set[str]]:
    """The signs at the end, and the codes of all that were there on the way."""
    torch.set_num_threads(1)
    rows = analyse(case.graph())
    net = Net(rows, case.plan)
    with torch.no_grad():
        case.poke(net)
    assert rows.input is not None and isinstance(rows.input.layer, Input)
    data = case.data(load("digits", "", rows.input.layer))
    health = Health(net, share=1e9)
    watch = Watch(health.layers, data.classes, case.plan.batch_size)
    losses, rights, epoch = list[float](), list[float](), list[tuple[float, float]]()
    seen: set[str] = set()
    try:
        making = steps(net, data, case.plan, rows.input.layer, logits_node(rows.graph), health=health)
        for s in islice(making, case.steps):
            losses.append(s.loss)
            rights.append(s.accuracy)
            epoch.append((s.loss, s.accuracy))
            if s.reading:
                watch.read(replace(s.reading, loss=float(np.mean(losses)), right=float(np.mean(rights))))
                losses, rights = [], []
            if s.test:
                train, right = np.mean(epoch, axis=0).tolist()
                watch.test(Held(s.step, s.test.loss, s.test.accuracy, train, right))
                epoch = []
            seen |= {sign.code for sign in watch.signs}
    except Diverged as e:
        watch.lost(e.step, e.node, case.plan.lr)
    return watch.signs, seen


SGD = Plan(optimizer="sgd", lr=0.01)
CASES = {
    "healthy LeNet-5": Case(lenet, Plan(epochs=10), 450, set()),
    "healthy LeNet-5, SGD": Case(lenet, replace(SGD, lr=0.05), 450, set()),
    "healthy, ReLU": Case(relus, Plan(epochs=10), 450, set()),
    "healthy, batch norm": Case(normed, Plan(), 300, set()),
    "dead by bias": Case(relus, Plan(), 100, {("dead", "relu_a")}, negative_bias),
    "saturated by weights": Case(lenet, Plan(), 60, {("saturated", "T3")}, huge),
    "vanishing": Case(lambda: deep(Sigmoid), SGD, 60, {("vanishing", "fc0")}),
    "exploding": Case(lambda: deep(ReLU), replace(SGD, lr=1e-6), 40, {("exploding", "fc1")}, larger),
    "rate too high, loss": Case(lenet, replace(SGD, lr=0.5), 60, {("high", "output")}),
    "rate too high, at once": Case(lenet, Plan(lr=0.1), 60, {("high", "C5")}),
    "rate too low": Case(lenet, Plan(lr=1e-7), 60, {("low", "C5")}),
    "rate of 0": Case(lenet, Plan(lr=0.0), 60, {("still", "")}),
    "zeros": Case(lenet, Plan(), 60, {("still", "C1")}, zeros),
    "tiny batches": Case(normed, Plan(batch_size=2), 200, {("gap", "norm_b")}, may=frozenset({"exploding"})),
    "collapse": Case(relus, replace(SGD, lr=3e-4, epochs=200), 200, {("collapse", "")}, data=mostly_zeros),
    "over-fitting": Case(relus, Plan(epochs=300), 600, {("overfit", "")}, data=fifty),
}


LONG = {"healthy LeNet-5, SGD", "healthy, ReLU", "healthy, batch norm", "over-fitting"}


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] if n in LONG else []) for n in CASES])
def test_each_shows_its_own(name: str) -> None:
    case = CASES[name]
    signs, seen = watched(case)
    assert {(s.code, s.node) for s in signs if s.code not in case.may} == case.end, [s.text for s in signs]
    assert seen <= {code for code, _node in case.end} | case.may
    assert all(s.node in s.text for s in signs if s.node)


def test_numbers_that_are_lost_are_told_with_the_layer() -> None:
    signs, _seen = watched(Case(lambda: deep(ReLU), replace(SGD, lr=1.0), 100, set(), larger))
    assert signs[0].code == "lost" and signs[0].node in signs[0].text and "learning rate was 1" in signs[0].text


def test_labels_that_say_nothing_keep_the_loss_stuck() -> None:
    def shuffled(data: Data) -> Data:
        return replace(data, train_y=np.random.default_rng(0).permutation(data.train_y))

    case = Case(lenet, Plan(optimizer="sgd", lr=0.02, momentum=0.0), 260, set(), data=shuffled)
    signs, _seen = watched(case)
    assert [s.code for s in signs] == ["stuck"] and "2.3" in signs[0].text
