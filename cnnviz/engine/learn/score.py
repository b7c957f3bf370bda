"""How good a network is on held-out pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ...link.scorebook import Score
from ...link.verdicts import TOP, Array, Verdicts
from ...net.plan import Plan
from ..build import Net
from .feed import Feed
from .group import ALONE, Group
from .loss import criterion

EVALUATED = 256  # held-out pictures in one forward


@dataclass(frozen=True)
class Test:
    """One measurement on all held-out pictures: mean loss, the part that was classified right, and all the rest.

    `top5`: the part whose class is among the five likeliest; None below six classes.
    """

    loss: float
    accuracy: float
    top5: float | None = None
    verdicts: Verdicts | None = field(default=None, compare=False, repr=False)

    def score(self, step: int, classes: tuple[str, ...]) -> Score | None:
        """It as the window gets it, with the step after which it was made."""
        if self.verdicts is None:
            return None
        return Score(step, self.loss, self.accuracy, self.top5, classes, self.verdicts)


def evaluate(
    net: Net,
    feed: Feed,
    end: str,
    pulse: Callable[[], bool] = lambda: True,
    group: Group = ALONE,
    plan: Plan | None = None,
) -> Test | None:
    """What the net makes of all of the feed's pictures, dropout off; None where `pulse`, asked after every batch, says
    to leave it. The processes of the group take a share of the pictures each, and all of them get the whole.

    plan   whose loss is told; cross-entropy where none is given
    """
    lost = criterion(plan or Plan(), net.soft, net.near)
    was, left = net.training, False
    net.eval()
    loss, right, n, classes = 0.0, 0, len(feed), 0
    rows = group.rows(n)
    group.same(net.buffers())  # each process has running statistics of its own
    found: list[tuple[Tensor, ...]] = []
    try:
        with torch.no_grad():
            for first in range(rows.start, rows.stop, EVALUATED):
                x, y = feed.batch(torch.arange(first, min(first + EVALUATED, rows.stop)))
                outputs = net(x, end=end)
                loss += lost(outputs, y, end or net.end, "sum").item()
                logits = net.scores(outputs, end or net.end)
                predicted = logits.argmax(1)
                right += int((predicted == y).sum())
                found.append((y, predicted, *judge(logits, y, predicted)))
                classes = logits.shape[1]
                if not pulse():
                    left = True
                    break
    finally:
        net.train(was)
    loss, hits, leaving = group.total(loss, right, left)
    if leaving:
        return None
    verdicts = _gathered(found, group)
    return Test(loss / n, hits / n, float(np.mean(verdicts.rank < TOP)) if classes > TOP else None, verdicts)


def probabilities(net: Net, feed: Feed, end: str, pulse: Callable[[], bool] = lambda: True) -> Array | None:
    """Softmax (n, classes) float32 of all of the feed's pictures, dropout off; None where `pulse` says to leave it."""
    was = net.training
    net.eval()
    found: list[Array] = []
    try:
        with torch.no_grad():
            for first in range(0, len(feed), EVALUATED):
                x, _y = feed.batch(torch.arange(first, min(first + EVALUATED, len(feed))))
                logits = net.scores(net(x, end=end), end or net.end)
                found.append(logits.float().softmax(1).cpu().numpy())
                if not pulse():
                    return None
    finally:
        net.train(was)
    return np.concatenate(found)


def judge(logits: Tensor, y: Tensor, predicted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Confidence, cross-entropy and rank, each (n,), of logits (n, classes), true and predicted classes (n,).

    They are those of Verdicts. A NaN counts as larger than the true class's logit, whatever that is.
    """
    logp = logits.float().log_softmax(1)
    confidence = logp.gather(1, predicted[:, None])[:, 0].exp()
    loss = -logp.gather(1, y[:, None])[:, 0]
    own = logits.gather(1, y[:, None])
    after = torch.arange(logits.shape[1], device=logits.device) >= y[:, None]
    rank = ~((logits < own) | ((logits == own) & after))
    return confidence, loss, rank.sum(1)


def _gathered(found: list[tuple[Tensor, ...]], group: Group) -> Verdicts:
    """Of all pictures, in order, from what each process has found."""
    own = [torch.cat(column).cpu().numpy() for column in zip(*found, strict=True)]
    parts = [part for part in group.gather(own) if part]
    columns = (np.concatenate(column) for column in zip(*parts, strict=True))
    true, predicted, confidence, loss, rank = columns if parts else [np.zeros(0, np.int64)] * 5
    return Verdicts(true, predicted, confidence, loss, rank)
