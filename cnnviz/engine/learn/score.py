"""How good a network is on held-out pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy

from ..build import Net
from .feed import Feed

EVALUATED = 256  # held-out pictures in one forward


@dataclass(frozen=True)
class Test:
    """One measurement on all held-out pictures: mean loss, and the part that was classified right."""

    loss: float
    accuracy: float


def evaluate(net: Net, feed: Feed, end: str, pulse: Callable[[], bool] = lambda: True) -> Test | None:
    """Loss and accuracy on all of the feed's pictures, dropout off; None where `pulse` says to leave it."""
    was = net.training
    net.eval()
    loss, right, n = 0.0, 0, len(feed)
    try:
        with torch.no_grad():
            for first in range(0, n, EVALUATED):
                x, y = feed.batch(torch.arange(first, min(first + EVALUATED, n)))
                logits = net(x, end=end)
                loss += cross_entropy(logits, y, reduction="sum").item()
                right += int((logits.argmax(1) == y).sum())
                if not pulse():
                    return None
    finally:
        net.train(was)
    return Test(loss / n, right / n)
