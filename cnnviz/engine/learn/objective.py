"""What a training makes small."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.amp import autocast

from ...net.plan import Plan
from ..build import Net
from .group import ALONE, Group
from .loss import criterion
from .noise import Noise


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a batch gives. `total`: what the gradients are of; `loss`: what is told, without what is beside it.

    `logits`: the larger, the likelier the class."""

    total: Tensor
    loss: Tensor
    logits: Tensor


class Objective:
    """The plan's loss of one node's output; auxiliary outputs (Net.beside) add theirs with the plan's weight."""

    def __init__(self, net: Net, plan: Plan, end: str = "", group: Group = ALONE):
        """`end`: the node that gives the logits, see build.logits_node. `group`: the processes that train the net."""
        self._net, self._end, self._mixed = net, end or net.end, plan.precision == "mixed"
        self._outputs = group.parallel(_Outputs(net, end))
        self.follow(plan)

    def follow(self, plan: Plan) -> None:
        """Another plan acts from the next call on."""
        self._aux_weight, self._criterion = plan.aux_weight, criterion(plan, self._net.soft, self._net.near)

    def __call__(self, x: Tensor, y: Tensor, noise: Noise) -> Outcome:
        """Of pictures (n, channels, height, width) and classes (n,); `noise`: where dropout draws from."""
        with noise, autocast(x.device.type, torch.bfloat16) if self._mixed else nullcontext():
            outputs, others = self._outputs(x)
        if self._mixed:  # the loss is taken in full precision
            outputs, others = outputs.float(), [other.float() for other in others]
        loss = self._criterion(outputs, y, self._end, "mean")
        beside = zip(self._net.beside, others, strict=True)
        aux = [self._criterion(other, y, node, "mean") for node, other in beside] if others else []
        total = loss + self._aux_weight * sum(aux) if aux else loss
        return Outcome(total, loss, self._net.scores(outputs, self._end))


class _Outputs(nn.Module):
    """A net as one function of a batch: the logits, and those of the auxiliary outputs."""

    def __init__(self, net: Net, end: str):
        super().__init__()
        self.net, self.end = net, end

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits, each (n, classes), of pictures (n, channels, height, width)."""
        net = self.net
        if not net.beside:
            return net(x, end=self.end), []
        seen: dict[str, Tensor] = {}
        net(x, seen)
        return seen[self.end or net.end], [seen[id] for id in net.beside]
