"""The learning-rate finder: it is a plain loop with a rising rate, changes nothing, can be left, and is of use."""

from __future__ import annotations

from itertools import islice
from math import inf, nan

import pytest
import torch
from torch.nn.functional import cross_entropy

from cnnviz.engine.build import Net, logits_node
from cnnviz.engine.learn.finder import find
from cnnviz.link.measuring import Cease, Find, Found
from cnnviz.link.messages import Failed, Open, Pause, Save, Saved, Stop, Train
from cnnviz.net.analysis import analyse
from cnnviz.net.finding import COUNT, HIGH, LOW, is_lost, rate, smooth, suggested
from cnnviz.net.graph import Graph
from cnnviz.net.plan import Plan

from .desk import Desk
from .learn.plain import digits, layer_of, ours
from .nets import noisy, small

PLAN = Plan(optimizer="sgd", batch_size=100, threads=1)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def looked(graph: Graph, plan: Plan) -> list[tuple[float, float]]:
    net = Net(analyse(graph), plan)
    return list(find(net, digits(graph), plan, layer_of(graph), logits_node(graph)))


def test_it_is_the_plain_loop_with_a_rising_rate() -> None:
    graph = small()
    data, net = digits(graph), Net(analyse(graph), PLAN)
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    optimizer = torch.optim.SGD(net.parameters(), 1.0, momentum=0.9)
    made: list[tuple[float, float]] = []
    dice = torch.Generator().manual_seed(0)
    for batch in torch.randperm(len(x), generator=dice).split(100):
        optimizer.param_groups[0]["lr"] = LOW * (HIGH / LOW) ** (len(made) / (COUNT - 1))
        optimizer.zero_grad()
        loss = cross_entropy(net(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
        made.append((optimizer.param_groups[0]["lr"], loss.item()))
    assert looked(graph, PLAN)[: len(made)] == made


def test_it_suggests_a_rate_that_trains() -> None:
    for graph, optimizer in ((small(), "sgd"), (noisy(), "adam")):
        plan = Plan(optimizer=optimizer, batch_size=32)
        found = looked(graph, plan)
        lr = suggested(*zip(*found, strict=True))
        assert lr is not None and 1e-5 < lr < 1
        *_, last = islice(ours(graph, Plan(optimizer=optimizer, batch_size=32, lr=lr, epochs=3)), 135)
        assert last.test is not None and last.test.accuracy > 0.8, (optimizer, lr)


def test_what_is_suggested_is_where_the_loss_falls_fastest() -> None:
    rates = [rate(i) for i in range(COUNT)]
    assert (rates[0], rates[-1]) == (pytest.approx(LOW), pytest.approx(HIGH))
    losses = [2.3] * 50 + [2.3 - 0.1 * i for i in range(15)] + [0.8 + i for i in range(35)]
    found = suggested(rates, losses)
    assert found is not None and found == pytest.approx(rates[65] / 10, rel=0.5)
    slow = [2.3 - 0.02 * i for i in range(COUNT)]
    slow[30:40] = [slow[30] - 0.1 * i for i in range(10)]
    found = suggested(rates, slow)
    assert found is not None and rates[30] < found < rates[45]
    assert suggested(rates, [2.3] * COUNT) is None, "it never falls"
    assert suggested(rates[:5], [5.0, 4.0, 3.0, 2.0, 1.0]) is None, "too few"
    assert smooth([2.0, 2.0, 2.0]) == pytest.approx([2.0] * 3)
    assert is_lost([1.0, nan]) and is_lost([1.0, inf]) and is_lost([1.0] * 10 + [90.0]) and not is_lost([1.0, 2.0])


def test_the_window_gets_the_curve_and_nothing_is_changed(tmp_path: object) -> None:
    with Desk() as desk:
        desk.send(Open(1, small(), PLAN), Train(1, PLAN, steps=5))
        desk.progress(lambda p: p.phase == "paused" and p.step == 5)
        desk.send(Save(f"{tmp_path}/before.safetensors"))
        desk.until(Saved)
        desk.send(Find(7, PLAN))
        found = desk.until(Found, lambda f: f.done)
        assert found.number == 7 and len(found.rates) == len(found.losses) > 20
        desk.send(Save(f"{tmp_path}/after.safetensors"))
        desk.until(Saved, lambda s: s.path.endswith("after.safetensors"))
        desk.send(Pause(False, 2))
        desk.progress(lambda p: p.phase == "paused" and p.step == 7)
        desk.send(Stop())
        desk.progress(lambda p: p.phase == "idle")
        assert not desk.all(Failed)
    with open(f"{tmp_path}/before.safetensors", "rb") as a, open(f"{tmp_path}/after.safetensors", "rb") as b:
        assert a.read() == b.read()
    assert [p[1] for p in desk.points[1]] == [s.loss for s in islice(ours(small(), PLAN), 7)], "as if nobody had looked"


def test_it_can_be_left_and_says_what_is_wrong() -> None:
    with Desk() as desk:
        desk.send(Open(1, small(), PLAN), Find(1, PLAN), Cease(), Find(2, PLAN))
        assert desk.until(Found, lambda f: f.done).number == 2
        desk.send(Find(3, Plan(loss="rbf")))
        assert "ends in RBF" in desk.failure("find").text
