"""Batches: the pictures of a data set as tensors on a device, and the order in which a training takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from ...net import schedule
from ...net.layers import Source
from ...net.plan import Plan
from ..augment import Augment
from ..pictures import Array, normalised

FLOAT_BYTES = 1 << 30  # a larger set stays as uint8 and is normalised batch by batch
AHEAD = 1 << 18  # values that are augmented at once, where a batch has fewer: a megabyte


class Feed:
    """Pictures and classes as tensors on a device, handed out in batches, normalised by the Input's settings.

    augment  what is done to the pictures of a step before they are normalised; never given for held-out ones
    """

    def __init__(self, x: Array, y: Array, layer: Source, device: torch.device, augment: Augment | None = None):
        self._given, self._layer, self._device = x, layer, device
        self._ahead: dict[int, tuple[Tensor, Tensor]] = {}  # batches made before they are asked for, by step
        self._small = x.size * 4 <= FLOAT_BYTES
        self._raw: bool | None = None
        self._y = torch.from_numpy(y)
        if device.type != "cpu" and self._small:
            self._y = self._y.to(device)
        self._mean, self._std = (
            torch.tensor(v, dtype=torch.float32, device=device).reshape(-1, 1, 1) for v in (layer.mean, layer.std)
        )
        self.change(augment)

    def change(self, augment: Augment | None) -> None:
        """Do this to the pictures of the steps from now on."""
        self._augment = augment
        self._ahead.clear()
        raw = bool(self._raw) or augment is not None or not self._small  # once raw, they stay: the bits are the same
        if raw != self._raw:
            self._raw = raw
            self._x = torch.from_numpy(self._given if raw else normalised(self._given, self._layer))
            if self._small:
                self._x = self._x.to(self._device)

    def __len__(self) -> int:
        return len(self._y)

    def batch(self, indices: Tensor, step: int = 0, rows: slice | None = None) -> tuple[Tensor, Tensor]:
        """(n, channels, height, width) float32 and (n,) classes, of those pictures as they are changed in `step`.

        `rows`: of the batch, these alone.
        """
        if step in self._ahead:
            x, y = self._ahead.pop(step)
            return (x, y) if rows is None or len(x) == rows.stop - rows.start else (x[rows].clone(), y[rows].clone())
        whole, first = len(indices), rows.start if rows is not None else 0
        indices = indices if rows is None else indices[rows]
        x, y = self._taken(indices)
        if self._augment is not None:
            x = self._augment(x, step, first, whole)
        return self._normalised(x), y

    def ahead(self, order: Iterable[tuple[Tensor, bool]], start: int) -> Iterator[tuple[Tensor, bool]]:
        """The same `order`, of the steps from `start` on; `batch` will find some of them made already.

        Small batches are augmented several steps at once: begun for a few pictures each, it took a fifth of a step.
        """
        step, waiting, pictures = start, [], 0
        for item in order:
            waiting.append(item)
            pictures += len(item[0])
            if self._augment is None or pictures * self._x[0].numel() >= AHEAD:
                yield from self._several(waiting, step)
                step, waiting, pictures = step + len(waiting), [], 0
        yield from self._several(waiting, step)

    def _several(self, items: list[tuple[Tensor, bool]], step: int) -> Iterator[tuple[Tensor, bool]]:
        if self._augment is not None and len(items) > 1:
            sizes = [len(indices) for indices, _last in items]
            x, y = self._taken(torch.cat([indices for indices, _last in items]))
            x = self._normalised(self._augment.several(x, step, sizes))
            # a copy of each: where in memory a batch begins decides by which kernels it is reckoned
            parts = zip(torch.split(x, sizes), torch.split(y, sizes), strict=True)
            self._ahead = {step + i: (a.clone(), b.clone()) for i, (a, b) in enumerate(parts)}
        yield from items

    def _taken(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Those pictures and classes; pictures that are kept raw in 0…1."""
        indices = indices.to(self._x.device)
        x, y = (t.index_select(0, indices).to(self._device) for t in (self._x, self._y))  # twice as fast as t[…]
        return (x.float().div_(255) if x.dtype == torch.uint8 else x), y

    def _normalised(self, x: Tensor) -> Tensor:
        """As pictures.normalised has it, bit for bit."""
        return x.sub_(self._mean).div_(self._std) if self._raw else x


def epoch_steps(net: nn.Module, pictures: int, plan: Plan) -> int:
    """Steps in one epoch of this net; see schedule.epoch_steps."""
    normalises = any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in net.modules())
    return schedule.epoch_steps(plan, pictures, normalises)


def order(net: nn.Module, n: int, plan: Plan, start: int) -> Iterator[tuple[Tensor, bool]]:
    """Indices of every batch from step `start` on, and whether it ends an epoch."""
    dice = torch.Generator().manual_seed(plan.seed)
    count, size = epoch_steps(net, n, plan), plan.step_size
    for epoch in range(plan.epochs):
        drawn = torch.randperm(n, generator=dice)
        for i in range(max(0, start - epoch * count), count):
            last = i == count - 1
            yield drawn[i * size : n if last else (i + 1) * size], last
