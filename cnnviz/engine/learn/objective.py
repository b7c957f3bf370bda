"""What a training makes small."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ...net.plan import Plan
from ..build import Net
from .group import ALONE, Group
from .noise import Noise


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a batch gives. `total`: what the gradients are of; `loss`: what is told, without what is beside it."""

    total: Tensor
    loss: Tensor
    logits: Tensor


class Objective:
    """Cross-entropy of one node's output; auxiliary outputs (Net.beside) add theirs with the plan's weight."""

    def __init__(self, net: Net, plan: Plan, end: str = "", group: Group = ALONE):
        """`end`: the node that gives the logits, see build.logits_node. `group`: the processes that train the net."""
        self._outputs = group.parallel(_Outputs(net, end))
        self.plan = plan  # another one acts from the next call on

    def __call__(self, x: Tensor, y: Tensor, noise: Noise) -> Outcome:
        """Of pictures (n, channels, height, width) and classes (n,); `noise`: where dropout draws from."""
        with noise:
            logits, others = self._outputs(x)
        loss = cross_entropy(logits, y)
        aux = [cross_entropy(other, y) for other in others]
        return Outcome(loss + self.plan.aux_weight * sum(aux) if aux else loss, loss, logits)


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
