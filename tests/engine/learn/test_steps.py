"""Training: it learns, it is the plain PyTorch loop, it repeats bit for bit, and it says where it diverged."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from cnnviz.engine.build import Net, logits_node
from cnnviz.engine.data import Data, load
from cnnviz.engine.learn.controls import Controls
from cnnviz.engine.learn.feed import epoch_steps
from cnnviz.engine.learn.lost import Diverged
from cnnviz.engine.learn.optimizer import make_optimizer
from cnnviz.engine.learn.steps import Step, steps
from cnnviz.engine.look import Shot, Stamp, frame
from cnnviz.engine.pictures import fit
from cnnviz.link.messages import Interest, PictureInfo
from cnnviz.net.analysis import analyse, trainable
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Flatten, Input, Linear, ReLU, Softmax
from cnnviz.net.plan import OPTIMIZERS, Plan

from ..nets import lenet, noisy, small


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def layer_of(graph: Graph) -> Input:
    layer = graph.nodes[0].layer
    assert isinstance(layer, Input)
    return layer


def digits(graph: Graph) -> Data:
    return load("digits", "", layer_of(graph))


def training(graph: Graph, plan: Plan, net: Net | None = None) -> Iterator[Step]:
    net = net or Net(analyse(graph), plan)
    return steps(net, digits(graph), plan, layer_of(graph), logits_node(graph))


@pytest.mark.slow
@pytest.mark.parametrize("softmax", [False, True])
def test_lenet_learns_the_digits(softmax: bool) -> None:
    *_, last = training(lenet(softmax=softmax), Plan(epochs=10, batch_size=32, optimizer="adam", lr=0.002, seed=0))
    assert last.test is not None and last.test.accuracy >= 0.97
    assert last.step == 10 * 45


OPTIMIZER = {  # with settings that are not the usual ones: test_optimizer.py
    "sgd": lambda p: torch.optim.SGD(p, 0.05, momentum=0.8, weight_decay=0.01),
    "adam": lambda p: torch.optim.Adam(p, 0.05, weight_decay=0.01, fused=True),
    "adamw": lambda p: torch.optim.AdamW(p, 0.05, weight_decay=0.01, fused=True),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.05, weight_decay=0.01),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.05, momentum=0.8, weight_decay=0.01),
    "adadelta": lambda p: torch.optim.Adadelta(p, 0.05, weight_decay=0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("make", [small, noisy])
def test_it_is_the_plain_loop(name: str, make) -> None:
    graph = make()
    plan = Plan(optimizer=name, lr=0.05, momentum=0.8, weight_decay=0.01, batch_size=50, seed=3)
    data = digits(graph)
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)

    net = Net(analyse(graph), plan)
    optimizer = OPTIMIZER[name](net.parameters())
    losses: list[float] = []
    torch.manual_seed(3)  # dropout
    dice = torch.Generator().manual_seed(3)  # order
    while len(losses) < 50:
        for batch in torch.randperm(len(x), generator=dice).split(50):
            optimizer.zero_grad()
            loss = cross_entropy(net(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())

    ours = Net(analyse(graph), plan)
    assert [s.loss for s in islice(training(graph, plan, ours), len(losses))] == losses
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), net.parameters(), strict=True))


def test_adam_is_the_plain_one_up_to_rounding() -> None:
    graph, plan = small(), Plan(optimizer="adam", lr=0.005, weight_decay=0.01, batch_size=50, seed=3)
    data = digits(graph)
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    net, ours = Net(analyse(graph), plan), Net(analyse(graph), plan)
    optimizer = torch.optim.Adam(net.parameters(), 0.005, weight_decay=0.01, foreach=False, fused=False)
    losses: list[float] = []
    for batch in torch.randperm(len(x), generator=torch.Generator().manual_seed(3)).split(50):
        optimizer.zero_grad()
        loss = cross_entropy(net(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    made = [s.loss for s in islice(training(graph, plan, ours), len(losses))]
    torch.testing.assert_close(torch.tensor(made), torch.tensor(losses), rtol=1e-4, atol=1e-5)
    for a, b in zip(ours.parameters(), net.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_complex_weights_have_an_adam_too() -> None:
    net = torch.nn.Module()
    net.w = torch.nn.Parameter(torch.ones(3, dtype=torch.complex64))
    optimizer = make_optimizer(net, Plan(optimizer="adam", lr=0.1))
    (net.w.abs() ** 2).sum().backward()
    optimizer.step()
    assert (net.w.abs() < 1).all()


def test_auxiliary_outputs_are_trained_with_their_weight_and_are_in_no_figure() -> None:
    graph = small()
    for head in ("one", "two"):  # one that ends in a softmax: its logits are taken
        graph = graph.add(Flatten(), ["pool"], id=f"{head}_flat").add(Linear(10), [f"{head}_flat"], id=head)
    graph = graph.add(Softmax(), ["two"], id="two_softmax")
    order = {n.id: n for n in graph}
    graph = Graph((*(n for id, n in order.items() if id not in ("flat", "out")), order["flat"], order["out"]))
    assert graph.ends == ("one", "two_softmax", "out") and trainable(analyse(graph), 10) is None
    plan = Plan(optimizer="sgd", lr=0.05, momentum=0.0, batch_size=50, seed=3, aux_weight=0.4)
    data = digits(graph)
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    net = Net(analyse(graph), plan)
    assert net.beside == ("one", "two")
    optimizer = torch.optim.SGD(net.parameters(), 0.05)
    losses: list[float] = []
    for batch in torch.randperm(len(x), generator=torch.Generator().manual_seed(3)).split(50):
        optimizer.zero_grad()
        seen: dict[str, torch.Tensor] = {}
        net(x[batch], seen)
        main, one, two = (cross_entropy(seen[id], y[batch]) for id in ("out", "one", "two"))
        (main + 0.4 * (one + two)).backward()
        optimizer.step()
        losses.append(main.item())
    ours = Net(analyse(graph), plan)
    first = {k: v.clone() for k, v in ours.named_parameters()}
    *_, last = made = list(islice(training(graph, plan, ours), len(losses)))
    assert [s.loss for s in made] == losses
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), net.parameters(), strict=True))
    assert not any(torch.equal(v, first[k]) for k, v in ours.named_parameters())
    assert last.test is not None
    alone = training(graph.remove(["two_softmax", "two", "two_flat", "one", "one_flat"]), plan)
    assert [s.loss for s in islice(alone, 5)] != losses[:5]


def test_ends_of_other_shapes_are_no_auxiliary_outputs() -> None:
    graph = small().add(ReLU(), ["pool"], id="loose")
    found = trainable(analyse(graph), 10)
    assert found is not None and found.code == "net.ends"


def test_the_same_plan_gives_the_same_numbers_whatever_else_goes_on() -> None:
    graph, plan = noisy(), Plan(epochs=2, lr=0.01)
    quiet = list(training(graph, plan))
    over = threading.Event()

    def hammer() -> None:
        rows = analyse(graph)
        shot = Shot(fit(np.zeros((8, 8, 1), np.uint8), layer_of(graph)), PictureInfo())
        while not over.is_set():
            frame(Net(rows, plan), shot, Interest(thumbs=tuple(graph.index)), Stamp(0))

    other = threading.Thread(target=hammer)
    other.start()
    try:
        loud = []
        for step in training(graph, plan):
            loud.append(step)
            torch.rand(1)  # as a user's own code might, between two steps
    finally:
        over.set()
        other.join()
    assert loud == quiet
    assert list(training(graph, Plan(epochs=2, lr=0.01, seed=1))) != quiet


def test_training_leaves_the_global_random_state_alone() -> None:
    before = torch.get_rng_state()
    list(islice(training(noisy(), Plan()), 3))
    assert torch.equal(before, torch.get_rng_state())


def test_an_epoch_sees_every_picture_once_and_is_measured_at_its_end() -> None:
    graph, plan = small(), Plan(epochs=2, batch_size=100)
    made = list(training(graph, plan))
    assert [s.step for s in made] == list(range(1, 31))
    assert [s.step for s in made if s.test] == [15, 30]
    assert epoch_steps(Net(analyse(graph)), 1438, plan) == 15


def test_a_last_batch_of_one_joins_the_one_before_where_batches_are_normalised() -> None:
    plan = Plan(epochs=1, batch_size=479)  # 1438 = 3·479 + 1
    assert len(list(training(noisy(), plan))) == 3
    assert len(list(training(small(), plan))) == 4


def test_measuring_can_be_left() -> None:
    graph, plan = small(), Plan(epochs=3, batch_size=1438)
    controls = Controls(0.1, pulse=lambda: False)
    made = list(steps(Net(analyse(graph)), digits(graph), plan, layer_of(graph), "out", controls))
    assert len(made) == 1 and made[0].test is None


def test_the_learning_rate_can_be_changed() -> None:
    graph, controls = small(), Controls(0.1)
    making = steps(Net(analyse(graph)), digits(graph), Plan(), layer_of(graph), "out", controls)
    assert next(making).lr == 0.1
    controls.lr = 0.0
    weights = next(making).lr, next(making).lr
    assert weights == (0.0, 0.0)
    making.close()


def test_training_resumes_where_it_was() -> None:
    graph, plan = small(), Plan(epochs=2, optimizer="sgd", momentum=0.0)
    whole = list(training(graph, plan))
    net = Net(analyse(graph), plan)
    list(islice(training(graph, plan, net), 60))
    rest = list(steps(net, digits(graph), plan, layer_of(graph), "out", start=60))
    assert rest == whole[60:]


@pytest.mark.parametrize(("make", "node"), [(small, "conv"), (lenet, "C1"), (noisy, "conv")])
def test_divergence_names_step_and_layer_and_gives_good_weights_back(make, node: str) -> None:
    graph, plan = make(), Plan(optimizer="sgd", lr=1e9)
    net = Net(analyse(graph), plan)
    first = {k: v.clone() for k, v in net.state_dict().items()}
    with pytest.raises(Diverged) as caught:
        list(training(graph, plan, net))
    error = caught.value
    assert 2 <= error.step <= 10
    assert error.node == node
    assert f"step {error.step}" in error.text and node in error.text
    assert all(bool(torch.isfinite(v).all()) for v in net.state_dict().values())
    assert torch.equal(first[f"{node}.weight"], net.state_dict()[f"{node}.weight"])


def test_large_sets_are_normalised_batch_by_batch_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = small()
    graph = graph.change("image", layer=Input(1, (8, 8), (0.3,), (0.4,)))
    one = list(islice(training(graph, Plan()), 5))
    monkeypatch.setattr("cnnviz.engine.learn.feed.FLOAT_BYTES", 0)
    assert list(islice(training(graph, Plan()), 5)) == one


def test_held_out_pictures_are_never_augmented() -> None:
    found = []
    for settings in ({}, {"augment_noise": 0.5, "augment_rotation": 90.0}):
        plan = Plan(epochs=1, batch_size=600, lr=0.0, optimizer="sgd", **settings)
        *_, last = made = list(training(small(), plan))
        found.append(last.test)
        losses = [s.loss for s in made]
    assert found[0] == found[1] and found[0] is not None
    assert losses != [s.loss for s in training(small(), Plan(epochs=1, batch_size=600, lr=0.0, optimizer="sgd"))]
