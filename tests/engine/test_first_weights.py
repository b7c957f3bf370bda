"""First weights are torch.nn.init's, for all layers or for one; what is frozen is not moved by any training."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from cnnviz.engine.build import Net
from cnnviz.engine.learn.health import Health
from cnnviz.engine.learn.optimizer import make_optimizer
from cnnviz.engine.learn.training import Untrainable
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import BatchNorm2d, Conv2d, Flatten, Input, Linear, ReLU
from cnnviz.net.learning import INITS, Learning
from cnnviz.net.network import Network
from cnnviz.net.plan import OPTIMIZERS, Plan

from .learn.plain import ours
from .nets import noisy, small
from .record.test_recorder import ready, train

WAYS: dict[str, Any] = {
    "kaiming_normal": lambda w, g: nn.init.kaiming_normal_(w, nonlinearity="relu", generator=g),
    "kaiming_uniform": lambda w, g: nn.init.kaiming_uniform_(w, nonlinearity="relu", generator=g),
    "xavier_normal": lambda w, g: nn.init.xavier_normal_(w, generator=g),
    "xavier_uniform": lambda w, g: nn.init.xavier_uniform_(w, generator=g),
    "normal": lambda w, g: nn.init.normal_(w, 0.0, 0.3, generator=g),
    "zeros": lambda w, g: nn.init.zeros_(w),
}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def three() -> Graph:
    g = Graph().add(Input(1, (8, 8)), id="image")
    layers = [("a", Conv2d(4, (3, 3))), ("norm", BatchNorm2d()), ("relu", ReLU()), ("b", Conv2d(4, (3, 3)))]
    for id, layer in [*layers, ("flat", Flatten()), ("out", Linear(10))]:
        g = g.add(layer, [g.nodes[-1].id], id=id)
    return g


@pytest.mark.parametrize("init", WAYS)
def test_all_weights_are_torchs(init: str) -> None:
    net = Net(analyse(three()), Plan(init=init, init_std=0.3, seed=5))
    dice = torch.Generator().manual_seed(5)
    for id in ("a", "b", "out"):
        module = net.layer(id)
        assert torch.equal(module.weight, WAYS[init](torch.empty_like(module.weight), dice))
        assert not module.bias.any()
    assert set(WAYS) | {"default"} == set(INITS)


def test_one_layer_has_its_own_way_and_the_others_the_plans() -> None:
    graph = three().change("b", learning=Learning(init="normal", init_std=0.3))
    net = Net(analyse(graph), Plan(init="xavier_uniform", seed=5))
    dice = torch.Generator().manual_seed(5)
    for id, init in (("a", "xavier_uniform"), ("b", "normal"), ("out", "xavier_uniform")):
        module = net.layer(id)
        assert torch.equal(module.weight, WAYS[init](torch.empty_like(module.weight), dice))
    zeros = Net(analyse(three().change("a", learning=Learning(init="zeros"))), Plan(seed=5))
    assert not zeros.layer("a").weight.any() and zeros.layer("b").weight.any()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_is_frozen_is_not_changed_by_training(optimizer: str) -> None:
    graph = three()
    for id in ("a", "norm"):
        graph = graph.change(id, learning=Learning(frozen=True))
    plan = Plan(optimizer=optimizer, lr=0.01, weight_decay=0.1, clip=1.0, epochs=1, batch_size=240)
    net = Net(analyse(graph), plan)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    assert len(list(ours(graph, plan, net))) == 6
    moved = {k.partition(".")[0] for k, v in net.state_dict().items() if not torch.equal(v, before[k])}
    assert moved == {"b", "out"}, "neither weights nor running statistics of the others"
    assert len(make_optimizer(net, plan).param_groups[0]["params"]) == 4


def test_a_frozen_part_trains_as_in_torch() -> None:
    graph, plan = small(), Plan(optimizer="sgd", lr=0.05, batch_size=240)
    frozen = graph.change("conv", learning=Learning(frozen=True))
    net, mine = Net(analyse(graph), plan), Net(analyse(frozen), plan)
    for p in net.layer("conv").parameters():
        p.requires_grad_(False)
    other = make_optimizer(net, plan)
    theirs = [s.loss for s in islice(ours(graph, plan, net, optimizer=other), 8)]
    assert [s.loss for s in islice(ours(frozen, plan, mine), 8)] == theirs
    assert theirs != [s.loss for s in islice(ours(graph, plan), 8)]


def test_health_is_read_where_layers_are_frozen() -> None:
    graph = noisy()
    graph = graph.change("conv", learning=Learning(frozen=True))
    plan = Plan(batch_size=240)
    net = Net(analyse(graph), plan)
    made = list(islice(ours(graph, plan, net, health=Health(net)), 3))
    assert len(made) == 3 and any(s.reading is not None for s in made)


def test_a_frozen_run_goes_on(tmp_path: Path) -> None:
    network = Network(three().change("b", learning=Learning(frozen=True)), "three")
    plan = Plan(epochs=1, threads=1, batch_size=240)
    whole = [(s.step, s.loss, s.test) for s in train(network, plan)]
    running = train(network, plan, tmp_path)
    begun = list(islice(running, 3))
    running.close()
    begun += ready(network, plan, tmp_path, resume=True).go()
    assert [(s.step, s.loss, s.test) for s in begun] == whole


def test_nothing_to_train_is_said() -> None:
    graph = small()
    for node in graph:
        graph = graph.change(node.id, learning=Learning(frozen=True))
    with pytest.raises(Untrainable, match="frozen"):
        ready(Network(graph, "small"), Plan())
