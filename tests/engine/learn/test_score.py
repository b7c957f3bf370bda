"""What one measurement of a network says of every held-out picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import top_k_accuracy_score
from torch import nn
from torch.nn.functional import cross_entropy, softmax

from cnnviz.engine.build import Net
from cnnviz.engine.learn.feed import Feed
from cnnviz.engine.learn.score import EVALUATED, evaluate, judge
from cnnviz.net.analysis import analyse
from cnnviz.net.layers import Input

from ..nets import noisy, small


def pictures(n: int, classes: int = 10, size: int = 8) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(n)
    return dice.random((n, 1, size, size), np.float32), dice.integers(0, classes, n)


@pytest.mark.parametrize("n", (1, 255, EVALUATED, EVALUATED + 1, 700))
def test_loss_and_accuracy_are_bit_for_bit_those_of_a_plain_loop_and_top_five_is_scikit_learns(n: int) -> None:
    x, y = pictures(n)
    graph = small()
    net = Net(analyse(graph))
    found = evaluate(net, Feed(x, y, Input(1, (8, 8)), torch.device("cpu")), net.end)
    loss, right, all_logits = 0.0, 0, []
    net.eval()
    with torch.no_grad():
        for i in range(0, n, EVALUATED):
            logits, labels = net(torch.from_numpy(x[i : i + EVALUATED])), torch.from_numpy(y[i : i + EVALUATED])
            loss += cross_entropy(logits, labels, reduction="sum").item()
            right += int((logits.argmax(1) == labels).sum())
            all_logits.append(logits)
    logits = torch.cat(all_logits)
    assert found is not None and (found.loss, found.accuracy) == (loss / n, right / n)
    assert found.top5 == pytest.approx(top_k_accuracy_score(y, logits.numpy(), k=5, labels=range(10)))
    v = found.verdicts
    assert v is not None and np.array_equal(v.true, y)
    assert np.array_equal(v.predicted, logits.argmax(1).numpy())
    assert np.allclose(v.confidence, softmax(logits, 1).max(1).values.numpy(), rtol=1e-6)
    assert np.allclose(v.loss, cross_entropy(logits, torch.from_numpy(y), reduction="none").numpy(), atol=1e-6)
    order = np.argsort(-logits.numpy(), axis=1, kind="stable")
    assert np.array_equal(v.rank, np.argmax(order == y[:, None], axis=1))
    assert v.error() == pytest.approx(1 - found.accuracy) and v.error(5) == pytest.approx(1 - found.top5)


def test_below_six_classes_there_is_no_top_five() -> None:
    x, y = pictures(20, 5)
    net = Net(analyse(small(classes=5)))
    found = evaluate(net, Feed(x, y, Input(1, (8, 8)), torch.device("cpu")), net.end)
    assert found is not None and found.top5 is None and found.verdicts is not None


def test_the_net_is_in_training_again_and_a_measurement_that_is_left_gives_nothing() -> None:
    x, y = pictures(600)
    net = Net(analyse(noisy()))
    feed = Feed(x, y, Input(1, (8, 8)), torch.device("cpu"))
    asked: list[bool] = []
    assert evaluate(net, feed, net.end, lambda: bool(asked.append(net.training))) is None
    assert asked == [False] and net.training
    assert isinstance(net, nn.Module)


def test_equal_logits_rank_as_argmax_takes_them_and_a_nan_is_never_right() -> None:
    logits = torch.tensor([[1.0, 2.0, 2.0], [2.0, 2.0, 2.0], [0.0, float("nan"), 1.0], [float("nan"), 1.0, 0.0]])
    y = torch.tensor([2, 2, 2, 0])
    predicted = logits.argmax(1)
    assert predicted.tolist()[:2] == [1, 0]
    _confidence, loss, rank = judge(logits, y, predicted)
    assert rank.tolist() == [1, 2, 1, 3]
    assert torch.isnan(loss[2:]).all() and torch.isfinite(loss[:2]).all()
