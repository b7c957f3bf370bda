"""Batches: the pictures of a data set as tensors on a device, and the order in which a training takes them."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ...net.layers import Source
from ...net.plan import Plan
from ..augment import Augment
from ..pictures import Array, normalised

FLOAT_BYTES = 1 << 30  # a larger set stays as uint8 and is normalised batch by batch


class Feed:
    """Pictures and classes as tensors on a device, handed out in batches, normalised by the Input's settings.

    augment  what is done to the pictures of a step before they are normalised; never given for held-out ones
    """

    def __init__(self, x: Array, y: Array, layer: Source, device: torch.device, augment: Augment | None = None):
        self._device, self._augment = device, augment
        small = x.size * 4 <= FLOAT_BYTES
        self._raw = augment is not None or not small
        self._x = torch.from_numpy(x if self._raw else normalised(x, layer))
        self._y = torch.from_numpy(y)
        if device.type != "cpu" and small:
            self._x, self._y = self._x.to(device), self._y.to(device)
        self._mean, self._std = (
            torch.tensor(v, dtype=torch.float32, device=device).reshape(-1, 1, 1) for v in (layer.mean, layer.std)
        )

    def __len__(self) -> int:
        return len(self._y)

    def batch(self, indices: Tensor, step: int = 0) -> tuple[Tensor, Tensor]:
        """(n, channels, height, width) float32 and (n,) classes, of those pictures as they are changed in `step`."""
        indices = indices.to(self._x.device)
        x, y = self._x[indices].to(self._device), self._y[indices].to(self._device)
        if self._raw:  # as pictures.normalised has it, bit for bit
            x = x.float().div_(255) if x.dtype == torch.uint8 else x
            x = x if self._augment is None else self._augment(x, step)
            x = x.sub_(self._mean).div_(self._std)
        return x, y


def epoch_steps(net: nn.Module, pictures: int, plan: Plan) -> int:
    """Steps in one epoch. A last batch of one picture joins the one before it where the net normalises batches."""
    full, rest = divmod(pictures, plan.batch_size)
    normalises = any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in net.modules())
    return max(1, full + (rest > 0) - (rest == 1 and normalises))


def order(net: nn.Module, n: int, plan: Plan, start: int) -> Iterator[tuple[Tensor, bool]]:
    """Indices of every batch from step `start` on, and whether it ends an epoch."""
    dice = torch.Generator().manual_seed(plan.seed)
    count, size = epoch_steps(net, n, plan), plan.batch_size
    for epoch in range(plan.epochs):
        drawn = torch.randperm(n, generator=dice)
        for i in range(max(0, start - epoch * count), count):
            last = i == count - 1
            yield drawn[i * size : n if last else (i + 1) * size], last
