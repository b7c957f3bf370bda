"""Batch normalisation over the pictures of all processes, on the CPU, too, for which torch has none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from .group import Group


def sync(net: nn.Module, group: Group) -> None:
    """Have every batch normalisation of the net take mean and variance of the whole step while it trains."""
    for module in net.modules():
        if isinstance(module, _BatchNorm) and not isinstance(module, nn.SyncBatchNorm):
            # the modules stay what they are, so that names, states and exported code do
            module.forward = partial(_normalised, module, type(module).forward, group)  # type: ignore[method-assign]


def _normalised(bn: _BatchNorm, alone: Any, group: Group, x: Tensor) -> Tensor:
    """What `bn` makes of this process's part (n, channels, …) of a step; `alone`: what it does by itself."""
    if not bn.training and bn.track_running_stats:
        result: Tensor = alone(bn, x)
        return result
    bn._check_input_dim(x)  # type: ignore[no-untyped-call]
    across, shape = [0, *range(2, x.dim())], [1, -1, *[1] * (x.dim() - 2)]
    own = x.new_full((1,), x.numel() / x.shape[1])
    total: Callable[..., Tensor] = _Sum.apply
    sums = total(torch.cat((x.sum(across), own)), group)
    count = sums[-1].detach()
    mean = sums[:-1] / count
    away = x - mean.reshape(shape)
    var = total(away.square().sum(across), group) / count  # in two steps: E[x²] − E[x]² would lose its digits
    y: Tensor = away * torch.rsqrt(var + bn.eps).reshape(shape)
    if bn.training and bn.track_running_stats and bn.running_mean is not None and bn.running_var is not None:
        assert bn.num_batches_tracked is not None
        bn.num_batches_tracked.add_(1)
        part = 1 / float(bn.num_batches_tracked) if bn.momentum is None else bn.momentum
        bn.running_mean.lerp_(mean.detach(), part)
        bn.running_var.lerp_(var.detach() * (count / (count - 1)), part)
    if bn.affine:
        y = y * bn.weight.reshape(shape) + bn.bias.reshape(shape)
    return y


class _Sum(torch.autograd.Function):
    """The sum of a tensor over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, group: Group) -> Tensor:
        ctx.group = group
        return group.sum(own)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return ctx.group.sum(grads[0]), None
