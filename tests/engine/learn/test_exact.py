"""ConvNetJS's MNIST net, trained by us and by a loop that knows nothing of us: bit for bit the same over 200 steps."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from cnnviz.engine.build import Net
from cnnviz.link.messages import Open, Save, Saved, Stop, Train
from cnnviz.net.analysis import analyse
from cnnviz.net.plan import Plan
from cnnviz.net.presets import preset

from ..desk import Desk
from .plain import digits, ours

STEPS, BATCH, SEED = 200, 20, 3
GRAPH = preset("convnetjs-mnist").graph
PLANS = {
    "sgd": Plan(optimizer="sgd", lr=0.01, momentum=0.9, weight_decay=0.001, batch_size=BATCH, seed=SEED, threads=1),
    "adadelta": Plan(optimizer="adadelta", lr=1.0, weight_decay=0.001, batch_size=BATCH, seed=SEED, threads=1),
}


def by_hand(optimizer: str) -> tuple[list[float], list[Tensor]]:
    """Losses and weights of a script that a person would write with torch alone."""
    torch.set_num_threads(1)
    data = digits(GRAPH)
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    torch.manual_seed(SEED)
    net = nn.Sequential(
        *(nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2, 2)),
        *(nn.Conv2d(8, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 3)),
        *(nn.Flatten(), nn.Linear(256, 10)),
    )
    rule: Any = (
        torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=0.001)
        if optimizer == "sgd"
        else torch.optim.Adadelta(net.parameters(), lr=1.0, weight_decay=0.001)
    )
    order = torch.Generator().manual_seed(SEED)
    losses: list[float] = []
    while True:
        for batch in torch.randperm(len(x), generator=order).split(BATCH):
            rule.zero_grad()
            loss = cross_entropy(net(x[batch]), y[batch])
            loss.backward()
            rule.step()
            losses.append(loss.item())
            if len(losses) == STEPS:
                return losses, list(net.parameters())


@pytest.mark.parametrize("optimizer", PLANS)
def test_without_the_window(optimizer: str) -> None:
    losses, weights = by_hand(optimizer)
    net = Net(analyse(GRAPH), PLANS[optimizer])
    assert [s.loss for s in islice(ours(GRAPH, PLANS[optimizer], net), STEPS)] == losses
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), weights, strict=True))
    assert losses[-1] < losses[0] / 2, "it does learn"


@pytest.mark.parametrize("optimizer", PLANS)
def test_through_the_engine_of_a_window(optimizer: str, tmp_path: Path) -> None:
    losses, weights = by_hand(optimizer)
    plan = PLANS[optimizer]
    with Desk() as desk:
        desk.send(Open(1, GRAPH, plan), Train(1, plan, steps=STEPS))
        desk.progress(lambda p: p.phase == "paused" and p.step == STEPS)
        assert [point[1] for point in desk.points[1]] == losses
        desk.send(Stop())
        desk.progress(lambda p: p.phase == "idle")
        desk.send(Save(str(tmp_path / "net.safetensors")))
        desk.until(Saved)
    found = load_file(tmp_path / "net.safetensors")
    assert [tuple(t.shape) for t in found.values()] and len(found) == len(weights)
    names = [name for name, _p in Net(analyse(GRAPH)).named_parameters()]
    assert all(torch.equal(found[name], w) for name, w in zip(names, weights, strict=True))
