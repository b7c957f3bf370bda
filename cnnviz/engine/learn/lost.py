"""Where a training's numbers leave every useful range: noticed, told, and the last good weights given back."""

from __future__ import annotations

from math import inf

import torch
from torch import Tensor

from ...text import _, grouped
from ..build import Net

LARGEST = 1e6  # a mean cross-entropy beyond it is as lost as one that is not finite (tanh nets never reach infinity)


class Diverged(ArithmeticError):
    """The numbers have left every useful range. The net has been given its last good weights back, of step `good`."""

    def __init__(self, step: int, node: str, text: str, good: int):
        super().__init__(text)
        self.step, self.node, self.text, self.good = step, node, text, good


class Good:
    """The weights of a short while ago that gave a finite loss."""

    def __init__(self, net: Net, step: int):
        self._live = list(net.state_dict().values())
        self._copies = [t.clone() for t in self._live]
        self._step = step

    def keep(self, step: int) -> None:
        """The present weights, of this step, are good."""
        self._step = step
        for copy, live in zip(self._copies, self._live, strict=True):
            copy.copy_(live)

    def diverged(self, net: Net, step: int, x: Tensor, lr: float) -> Diverged:
        """Says at which layer the numbers went out of range, and gives the net the good weights back."""
        node = first_lost(net, x) or net.end
        for copy, live in zip(self._copies, self._live, strict=True):
            live.copy_(copy)
        text = _(
            "Training stopped at step {step}: the numbers in {node} are no longer finite. Use a learning rate below "
            "{lr}. The last good weights are kept, those of step {good}."
        )
        said = text.format(step=grouped(step), node=node, lr=f"{lr:g}", good=grouped(self._step))
        return Diverged(step, node, said, self._step)


def first_lost(net: Net, x: Tensor) -> str:
    """The first node with a weight or an output that is not finite, else that is very large; empty: there is none."""
    seen: dict[str, Tensor] = {}
    with torch.no_grad():
        net(x, seen)
    largest = {}
    for id, *_rest in net.order:
        module = net.layer(id)
        assert module is not None
        tensors = (*module.state_dict().values(), seen[id])
        largest[id] = max(float(t.abs().max()) if bool(torch.isfinite(t).all()) else inf for t in tensors if t.numel())
    return next((id for limit in (inf, LARGEST / 100) for id, size in largest.items() if size >= limit), "")
