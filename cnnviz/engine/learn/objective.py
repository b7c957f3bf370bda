"""What a training makes small."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import cross_entropy

from ...net.plan import Plan
from ..build import Net
from .noise import Noise


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a batch gives. `total`: what the gradients are of; `loss`: what is told, without what is beside it."""

    total: Tensor
    loss: Tensor
    logits: Tensor


class Objective:
    """Cross-entropy of one node's output; auxiliary outputs (Net.beside) add theirs with the plan's weight."""

    def __init__(self, net: Net, plan: Plan, end: str = ""):
        """`end`: the node that gives the logits, see build.logits_node."""
        self._net, self._plan, self._end = net, plan, end

    def __call__(self, x: Tensor, y: Tensor, noise: Noise) -> Outcome:
        """Of pictures (n, channels, height, width) and classes (n,); `noise`: where dropout draws from."""
        with noise:
            logits, others = self._outputs(x)
        loss = cross_entropy(logits, y)
        aux = [cross_entropy(other, y) for other in others]
        return Outcome(loss + self._plan.aux_weight * sum(aux) if aux else loss, loss, logits)

    def _outputs(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The logits, and those of the auxiliary outputs."""
        net = self._net
        if not net.beside:
            return net(x, end=self._end), []
        seen: dict[str, Tensor] = {}
        net(x, seen)
        return seen[self._end or net.end], [seen[id] for id in net.beside]
