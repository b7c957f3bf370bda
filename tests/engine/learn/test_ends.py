"""Early stopping ends a run as done and says why, also over a resume; mixed precision is torch's autocast."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.optim import SGD

from cnnviz.engine import device
from cnnviz.engine.build import Net
from cnnviz.engine.learn import score
from cnnviz.engine.learn.course import Course
from cnnviz.engine.post import Refused
from cnnviz.link import runs
from cnnviz.link.messages import Open, Train
from cnnviz.net.analysis import analyse
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan

from ..desk import Desk
from ..nets import small
from ..record.test_recorder import ready, train
from .plain import ours

NETWORK = Network(small(), "small")
STOPS = Plan(epochs=20, threads=1, batch_size=240, optimizer="sgd", lr=1e-9, stop_patience=3, stop_on="accuracy")
EPOCH = 6


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("plan", "values", "ends"),
    [
        (Plan(stop_patience=2), [1.0, 0.9, 0.95, 0.9], 4),
        (Plan(stop_patience=2, stop_delta=0.2), [1.0, 0.9, 0.85], 3),
        (Plan(stop_patience=1, stop_on="accuracy"), [0.1, 0.2, 0.2], 3),
        (Plan(), [1.0] * 50, None),
    ],
)
def test_it_ends_after_so_many_epochs_without_a_better_one(plan: Plan, values: list[float], ends: int | None) -> None:
    course, ended = Course(plan, 10), []
    for epoch, value in enumerate(values, 1):
        course.measured(10 * epoch, score.Test(value, value))
        if course.ended:
            ended.append(epoch)
    assert ended[:1] == ([ends] if ends else [])
    other = Course(plan, 10)
    other.take(course.state)
    assert other.ended == course.ended


def test_a_run_that_ends_early_is_done_and_stays_so(tmp_path: Path) -> None:
    training = ready(NETWORK, STOPS, tmp_path)
    made = list(training.go())
    assert made[-1].step == 4 * EPOCH and training.course.ended.startswith("Ended early: no better held-out accuracy")
    assert "at step 6." in training.course.ended
    assert runs.notes(tmp_path).end == "done" and runs.goes_on(tmp_path, 4 * EPOCH, NETWORK.graph, STOPS)
    again = ready(NETWORK, STOPS, tmp_path, resume=True)
    assert list(again.go()) == [] and again.course.ended
    assert runs.notes(tmp_path).end == "done"
    patient = ready(NETWORK, Plan(**{**STOPS.to_json(), "stop_patience": 5}), tmp_path, resume=True)
    assert [s.step for s in patient.go()] == list(range(4 * EPOCH + 1, 6 * EPOCH + 1))


@pytest.mark.parametrize("stop", [1, EPOCH, 3 * EPOCH, 3 * EPOCH + 2])
def test_patience_goes_on(tmp_path: Path, stop: int) -> None:
    whole = list(train(NETWORK, STOPS))
    running = train(NETWORK, STOPS, tmp_path)
    begun = list(islice(running, stop))
    running.close()
    assert begun + list(ready(NETWORK, STOPS, tmp_path, resume=True).go()) == whole


def test_the_window_is_told_why() -> None:
    with Desk() as desk:
        desk.send(Open(1, small(), STOPS), Train(1, STOPS))
        done = desk.progress(lambda p: p.phase == "idle" and p.step)
        assert done.step == 4 * EPOCH and done.ended.startswith("Ended early")


def test_mixed_precision_is_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, plan = small(), Plan(optimizer="sgd", lr=0.05, batch_size=240, precision="mixed")
    mine, net = Net(analyse(graph), plan), Net(analyse(graph), plan)
    made = [s.loss for s in islice(ours(graph, plan, mine), 8)]
    from .plain import digits

    data = digits(graph)
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    optimizer, losses = SGD(net.parameters(), 0.05, momentum=0.9), []
    dice = torch.Generator().manual_seed(0)
    while len(losses) < 8:
        for batch in torch.randperm(len(x), generator=dice).split(240)[: 8 - len(losses)]:
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                outputs = net(x[batch])
            loss = cross_entropy(outputs.float(), y[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert made == losses
    single = [s.loss for s in islice(ours(graph, Plan(optimizer="sgd", lr=0.05, batch_size=240)), 8)]
    assert made != single and made == pytest.approx(single, rel=0.02)
    assert all(p.dtype == torch.float32 for p in mine.parameters())


def test_where_there_is_no_mixed_precision_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "unmixed", lambda where: "This processor cannot compute in bfloat16.")
    with pytest.raises(Refused, match=r"cannot compute in bfloat16\. Choose single precision\."):
        ready(NETWORK, Plan(precision="mixed", device="cpu"))
    assert ready(NETWORK, Plan(device="cpu"))
