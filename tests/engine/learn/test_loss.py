"""The losses against torch's and the paper's formula; clipping and smoothing in a plain loop; RBF: the nearest wins."""

from __future__ import annotations

from itertools import islice
from math import exp, log
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss, one_hot
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD

from cnnviz.engine.build import Net, logits_node
from cnnviz.engine.learn.feed import Feed
from cnnviz.engine.learn.loss import criterion
from cnnviz.engine.learn.score import evaluate
from cnnviz.engine.learn.training import Untrainable
from cnnviz.net.acting import unfit
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import RBF, Flatten, Linear, Softmax
from cnnviz.net.network import Network
from cnnviz.net.plan import LOSSES, Plan

from ..nets import small
from ..record.test_recorder import ready
from .plain import digits, layer_of, ours, plain, same_weights


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def smoothed(y: Tensor, part: float = 0.2) -> Tensor:
    return one_hot(y, 10).float() * (1 - part) + part / 10


def with_softmax() -> Graph:
    return small().add(Softmax(), [small().ends[-1]], id="softmax")


def with_rbf() -> Graph:
    return small().add(RBF(10), [small().ends[-1]], id="rbf")


CASES: list[tuple[Graph, dict[str, Any], Any]] = [
    (small(), {"label_smoothing": 0.2}, lambda out, y: cross_entropy(out, y, label_smoothing=0.2)),
    (small(), {"loss": "mse"}, lambda out, y: mse_loss(out, one_hot(y, 10).float())),
    (with_softmax(), {"loss": "mse"}, lambda out, y: mse_loss(out, one_hot(y, 10).float())),
    (small(), {"loss": "mse", "label_smoothing": 0.2}, lambda out, y: mse_loss(out, smoothed(y))),
    (with_rbf(), {}, lambda out, y: cross_entropy(-out, y)),
]


@pytest.mark.parametrize(("graph", "settings", "loss_of"), CASES)
def test_it_is_the_plain_loop_with_torchs_loss(graph: Graph, settings: dict[str, Any], loss_of: Any) -> None:
    plan = Plan(optimizer="sgd", lr=0.01, batch_size=240, epochs=2, **settings)
    losses, net = plain(graph, plan, lambda p: SGD(p, 0.01, momentum=0.9), 12, loss_of)
    mine = Net(analyse(graph), plan)
    made = list(islice(ours(graph, plan, mine), 12))
    assert [s.loss for s in made] == losses and same_weights(mine, net)
    data = digits(graph)
    with torch.no_grad():
        whole = loss_of(net.eval()(torch.from_numpy(data.test_x)), torch.from_numpy(data.test_y)).item()
    assert made[-1].test is not None and made[-1].test.loss == pytest.approx(whole, rel=1e-5)


def test_clipping_is_torchs() -> None:
    plan = Plan(optimizer="sgd", lr=0.1, batch_size=240, clip=0.05)
    losses, net = plain(
        small(), plan, lambda p: SGD(p, 0.1, momentum=0.9), 12, between=lambda p: clip_grad_norm_(p, 0.05)
    )
    mine = Net(analyse(small()), plan)
    assert [s.loss for s in islice(ours(small(), plan, mine), 12)] == losses and same_weights(mine, net)
    free = [s.loss for s in islice(ours(small(), Plan(optimizer="sgd", lr=0.1, batch_size=240)), 12)]
    assert free != losses


def test_the_rbf_loss_is_the_papers() -> None:
    distances = torch.tensor([[0.5, 3.0, 1.0], [4.0, 2.0, 0.1]], dtype=torch.float64)
    y, j = torch.tensor([0, 1]), 0.7

    def equation_9(row: list[float], right: int) -> float:
        return row[right] + log(exp(-j) + sum(exp(-value) for value in row))

    expected = [equation_9(row, int(right)) for row, right in zip(distances.tolist(), y, strict=True)]
    lost = criterion(Plan(loss="rbf", rbf_j=j))
    assert lost(distances, y, "rbf", "sum").item() == pytest.approx(sum(expected), rel=1e-12)
    assert lost(distances, y, "rbf", "mean").item() == pytest.approx(sum(expected) / 2, rel=1e-12)


@pytest.mark.parametrize("loss", ["cross_entropy", "rbf"])
def test_of_distances_the_smallest_wins(loss: str) -> None:
    graph, plan = with_rbf(), Plan(loss=loss, optimizer="adam", lr=0.01, epochs=6)
    net = Net(analyse(graph), plan)
    *_, end = ours(graph, plan, net)
    assert end.test is not None and end.test.accuracy > 0.8
    data = digits(graph)
    with torch.no_grad():
        nearest = net.eval()(torch.from_numpy(data.test_x)).argmin(1)
    assert (nearest == torch.from_numpy(data.test_y)).float().mean().item() == pytest.approx(end.test.accuracy)


def test_a_softmax_of_distances_is_no_distance() -> None:
    graph = with_rbf().add(Softmax(), ["rbf"], id="softmax")
    net = Net(analyse(graph))
    assert not net.near and net.soft == {"rbf"} and Net(analyse(with_rbf())).near == {"rbf"}


def test_the_rbf_loss_needs_distances() -> None:
    plan = Plan(loss="rbf")
    found = unfit(plan, analyse(small()))
    assert found is not None and "needs a network that ends in RBF" in found.text and "Linear" in found.text
    assert unfit(plan, analyse(with_rbf())) is None and unfit(Plan(), analyse(small())) is None
    with pytest.raises(Untrainable, match="ends in RBF"):
        ready(Network(small(), "small"), plan)
    heads = with_rbf()
    heads = heads.add(Flatten(), ["pool"], id="flat_2").add(Linear(10), ["flat_2"], id="head")
    assert unfit(plan, analyse(heads)) is not None, "auxiliary outputs, too"


@pytest.mark.parametrize("setting", ["augment_cutout", "augment_shift"])
def test_an_augmentation_that_can_leave_nothing_of_a_picture_is_refused(setting: str) -> None:
    rows = analyse(small())
    assert rows.input is not None
    least = min((rows[rows.input.id].out or ())[1:])
    found = unfit(Plan(**{setting: least}), rows)
    assert found is not None and f"less than {least} px" in found.text
    assert setting.removeprefix("augment_") in found.text
    assert unfit(Plan(**{setting: least - 1}), rows) is None


@pytest.mark.parametrize("loss", LOSSES)
def test_sums_are_means_times_pictures(loss: str) -> None:
    outputs, y = torch.rand(7, 10, generator=torch.Generator().manual_seed(0)), torch.arange(7)
    lost = criterion(Plan(loss=loss, label_smoothing=0.1))
    assert lost(outputs, y, "", "sum").item() == pytest.approx(7 * lost(outputs, y, "", "mean").item(), rel=1e-5)


def test_what_is_measured_without_a_plan_is_cross_entropy() -> None:
    graph = small()
    net, data = Net(analyse(graph)), digits(graph)
    feed = Feed(data.test_x, data.test_y, layer_of(graph), torch.device("cpu"))
    found = evaluate(net, feed, logits_node(graph))
    assert found is not None and found.loss == pytest.approx(2.3, abs=0.1)
