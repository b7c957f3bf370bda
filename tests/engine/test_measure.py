"""What measuring the layers gives, and that it keeps out of a training's way."""

from __future__ import annotations

from math import prod

import pytest
import torch
from torch import nn

from cnnviz.engine.build import Net
from cnnviz.engine.measure import Cancelled, measure
from cnnviz.link.measuring import Cease, Costs, Measure, Measuring
from cnnviz.link.messages import IDLE, PAUSED, Failed, News, Open, Opened, Pause, Train
from cnnviz.net import presets
from cnnviz.net.analysis import Analysis
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Input
from cnnviz.net.plan import Plan

from .desk import Desk
from .nets import chain, lenet, noisy, small

ONE = {"threads": 1}
FLOAT = 4


def cost_of(rows: Analysis, batch: int = 4) -> tuple[dict[str, int], int]:
    """Bytes by node, and of a step."""
    assert rows.input is not None
    x = torch.rand(batch, *rows[rows.input.id].out)  # type: ignore[misc]
    costs, step = measure(Net(rows), x, lambda done, total: None, lambda: True)
    assert {*costs} == {*rows}
    assert all(c.forward > 0 for c in costs.values())
    return {id: c.memory for id, c in costs.items()}, step


def test_bytes_are_those_of_the_tensors_that_torch_makes() -> None:
    rows = presets.preset("lenet5").analyze()
    found, step = cost_of(rows, 4)
    outs = {r.id: FLOAT * 4 * prod(r.out or ()) for r in rows.values()}
    # output and the gradient that comes to it, and the gradients it gives: to its weights, and to its inputs where
    # weights lie before them
    assert found["input"] == 0
    assert found["C1"] == 2 * outs["C1"] + FLOAT * rows["C1"].params
    assert found["C1_tanh"] == 3 * outs["C1"]
    assert found["S2"] == 2 * outs["S2"] + outs["C1"]
    assert found["F6"] == 2 * outs["F6"] + outs["flatten"] + FLOAT * rows["F6"].params
    kept = sum(outs[r.id] for r in rows.values() if r.node.type in ("Conv2d", "Tanh", "AvgPool2d"))
    assert kept < step < 3 * kept


def test_each_layer_works_as_in_training_and_backward_only_where_something_learns() -> None:
    rows = presets.preset("tinyvgg").analyze()
    assert rows.input is not None
    x = torch.rand(2, *rows[rows.input.id].out)  # type: ignore[misc]
    costs, _step = measure(Net(rows), x, lambda done, total: None, lambda: True)
    first = next(r.id for r in rows.values() if r.node.type == "Conv2d")
    assert costs[rows.input.id].backward == 0 < costs[first].backward
    assert all(c.backward > 0 for id, c in costs.items() if id != rows.input.id)


def test_parts_of_a_model_that_write_into_what_they_are_given_are_measured_too() -> None:
    rows = presets.preset("lenet5").analyze()
    net = Net(rows)
    net._modules["C1_tanh"] = nn.ReLU(inplace=True)
    costs, _step = measure(net, torch.rand(2, 1, 32, 32), lambda done, total: None, lambda: True)
    assert costs["C1_tanh"].backward > 0 and costs["S2"].forward > 0


def test_rounds_are_told_and_it_ends_as_soon_as_nobody_wants_it() -> None:
    rows = presets.preset("lenet5").analyze()
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> None:
        told.append((done, total))

    with pytest.raises(Cancelled):
        measure(Net(rows), torch.rand(2, 1, 32, 32), tell, lambda: len(told) < 2)
    assert [d for d, _t in told] == [0, 1] and {t for _d, t in told} <= set(range(3, 31))


# ── in the engine ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_engine_measures_the_open_net_and_leaves_it_as_it_was() -> None:
    graph = lenet(softmax=True)
    with Desk() as desk:
        desk.send(Open(3, graph, Plan(**ONE)))
        desk.until(Opened)
        before = torch.get_rng_state()
        desk.send(Measure(5, 2))
        assert desk.until(Measuring).number == 5
        costs = desk.until(Costs)
        assert torch.equal(torch.get_rng_state(), before)
    assert (costs.number, costs.version, costs.batch, costs.device, costs.threads) == (5, 3, 2, "cpu", 1)
    assert {*costs.costs} == {*graph.index} and costs.step_memory > 0


def test_a_net_in_training_is_not_measured_and_a_training_that_begins_is_not_disturbed() -> None:
    with Desk() as desk:
        desk.send(Open(1, small(), Plan(epochs=1000, **ONE)), Train(1, Plan(epochs=1000, **ONE)))
        desk.until(Opened)
        desk.progress(lambda p: p.step > 2)
        desk.send(Measure(1, 4))
        assert "training" in desk.until(Failed).text
        desk.send(Pause(True))
        desk.progress(lambda p: p.phase == PAUSED)
        desk.send(Measure(2, 4))
        assert desk.until(Costs).number == 2


def test_measuring_in_a_pause_leaves_the_training_as_it_would_have_been() -> None:
    plan, losses = Plan(epochs=1, **ONE), []
    for measured in (False, True):
        with Desk() as desk:
            desk.send(Open(1, noisy(), plan), Train(1, plan, steps=3))
            desk.progress(lambda p: p.phase == PAUSED)
            if measured:
                desk.send(Measure(1, 4))
                desk.until(Costs)
            desk.send(Pause(False))
            desk.progress(lambda p: p.phase == IDLE and p.step > 3)
            desk.until(News, lambda n: n.progress.phase == IDLE and len(desk.points[1]) == n.progress.steps)
            losses.append([p[1] for p in desk.points[1]])
    assert losses[0] == losses[1]


def test_a_training_that_begins_ends_a_measurement_and_says_so() -> None:
    with Desk() as desk:
        desk.send(Open(1, lenet(), Plan(**ONE)), Measure(1, 256))
        desk.until(Measuring, lambda m: m.total > 0)
        desk.send(Train(1, Plan(epochs=1, **ONE)))
        assert "training has begun" in desk.failure("measure").text
        desk.progress(lambda p: p.step > 0)
        assert not desk.all(Costs)


def test_a_training_says_nothing_of_a_measurement_that_is_done() -> None:
    with Desk() as desk:
        desk.send(Open(1, lenet(), Plan(**ONE)), Measure(1, 1))
        desk.until(Costs)
        desk.send(Train(1, Plan(epochs=1, **ONE)))
        desk.progress(lambda p: p.phase == IDLE and p.step > 0)
        assert not desk.all(Failed)


def test_only_the_newest_is_measured() -> None:
    with Desk() as desk:
        desk.send(Open(1, lenet(), Plan(**ONE)), Measure(1, 64), Cease(), Measure(2, 1))
        assert desk.until(Costs).number == 2
        assert [c.number for c in desk.all(Costs)] == [2]


def test_a_broken_net_is_not_measured() -> None:
    with Desk() as desk:
        desk.send(Open(1, Graph().add(Conv2d(4)), Plan(**ONE)), Measure(1, 1))
        assert "Mend" in desk.failure("measure").text


def test_a_batch_that_memory_cannot_hold_is_refused() -> None:
    with Desk() as desk:
        large = chain(image=Input(1, (32, 32)), conv=Conv2d(1024, (1, 1)))
        desk.send(Open(1, large, Plan(**ONE)), Measure(1, 65_536))
        assert "memory" in desk.failure("measure").text
