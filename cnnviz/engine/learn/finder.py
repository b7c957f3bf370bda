"""A learning rate looked for: a short training of a copy, in which the rate rises from nearly nothing to too much."""

from __future__ import annotations

from collections.abc import Generator

from torch.nn.utils import clip_grad_norm_

from ...net.finding import COUNT, is_lost, rate
from ...net.layers import Source
from ...net.plan import Plan
from ..augment import Augment
from ..build import Net
from ..data import Data
from .feed import Feed, order
from .noise import Noise
from .objective import Objective
from .optimizer import make_optimizer


def find(net: Net, data: Data, plan: Plan, layer: Source, end: str = "") -> Generator[tuple[float, float], None, None]:
    """(learning rate, loss of the batch) step by step, as the plan would train; until the loss is lost, or COUNT.

    The net is changed: give a copy. torch's global random state is not, as in steps.steps.
    """
    optimizer, device = make_optimizer(net, plan), net.device
    feed = Feed(data.train_x, data.train_y, layer, device, Augment.of(plan, layer))
    noise, objective, losses = Noise(net, plan.seed), Objective(net, plan, end), list[float]()
    weights = [p for p in net.parameters() if p.requires_grad]
    net.train()
    while len(losses) < COUNT:
        for indices, _last in feed.ahead(order(net, len(feed), plan, 0), 0):
            lr = rate(len(losses))
            for settings in optimizer.param_groups:
                settings["lr"] = lr
            optimizer.zero_grad()
            outcome = objective(*feed.batch(indices, len(losses)), noise)
            outcome.total.backward()  # type: ignore[no-untyped-call]
            if plan.clip:
                clip_grad_norm_(weights, plan.clip)
            optimizer.step()
            losses.append(outcome.loss.item())
            yield lr, losses[-1]
            if is_lost(losses) or len(losses) == COUNT:
                return
