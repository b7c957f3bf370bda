"""A training's pulse: gradients, updates and activations by layer, read on the batch that trains if there is time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from math import inf, nan, sqrt
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from ...net.health.reading import Layers, Reading
from ..build import Net

SHARE, AHEAD = 0.0005, 0.04  # part of the time that reading may take, and seconds that it may be ahead of that
DENSE = 10  # steps at the start that are all read; the next reading then waits for a fifth of the steps so far …
SPARSE = 100  # … but for no more than so many
SILENT = 64  # pictures in a row for which a channel gave nothing but zeros: it counts as dead
FLAT = 0.97  # of the range from its middle: beyond it a value counts as saturated (tanh's slope is below 0.06 there)

DYING = (nn.ReLU, nn.ReLU6)
RANGES = {nn.Tanh: (0.0, 1.0), nn.Sigmoid: (0.5, 0.5), nn.Hardsigmoid: (0.5, 0.5)}
"""Of activations that level off at both ends: middle and half of the range."""
OTHERS = (nn.LeakyReLU, nn.GELU, nn.SiLU, nn.ELU, nn.PReLU, nn.Hardswish, nn.Softplus)
UNITS = (*DYING, *RANGES, *OTHERS)

T = TypeVar("T")


class Health:
    """Reads a net's health while it trains. All methods are called by the training thread."""

    def __init__(
        self,
        net: Net,
        share: float | None = None,
        ahead: float | None = None,
        worked: Callable[[], float] = time.perf_counter,
    ):
        """`share`, `ahead`: other than SHARE and AHEAD. `worked`: the seconds of which reading may take its share."""
        self.net, self._share, self._ahead = net, SHARE if share is None else share, AHEAD if ahead is None else ahead
        modules = [(id, m) for id, *_rest in net.order if (m := net.layer(id)) is not None]
        owned = [(id, m) for id, m in modules if id not in net.homes]
        self.params = {id: own for id, m in owned if (own := tuple(m.parameters()))}
        self.norms = {
            id: m for id, m in owned if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.running_mean is not None
        }
        self.calls: dict[nn.Module, list[int]] = {}  # which units a module is, in the order in which it is called
        units = [(id, m) for id, m in modules if isinstance(m, UNITS)]
        for i, (_id, m) in enumerate(units):
            self.calls.setdefault(m, []).append(i)
        self.layers = Layers(tuple(self.params), tuple(id for id, _m in units), tuple(self.norms))
        self.silent: list[Tensor | None] = [None] * len(units)  # pictures for which each channel has been silent
        self.resting = False
        """Nothing is read meanwhile."""
        self._first = self._next = 0
        self.spent, self._worked, self._began = 0.0, worked, worked()

    def due(self, step: int) -> bool:
        """Whether this step's turn has come, and there is time for it."""
        if step < self._next or self.resting:
            return False
        return self.spent <= self._ahead + self._share * (self._worked() - self._began)

    def beat(self, step: int, lr: float) -> Beat:
        """Read this step, which is about to be made."""
        self._first = self._first or step
        since = step - self._first
        self._next = step + (1 if since < DENSE else min(since // 5, SPARSE))
        return Beat(self, step, lr)

    @contextmanager
    def clock(self) -> Iterator[None]:
        """What is done meanwhile is done for the reading alone.

        Counted is the thread's own time: once held up by others, it would not be read again for minutes.
        """
        began = time.thread_time()
        try:
            with torch.no_grad():
                yield
        finally:
            self.spent += time.thread_time() - began


class Beat:
    """One step as it is read: `forward`, then `backward`, then `end`. It changes nothing that the training uses."""

    def __init__(self, health: Health, step: int, lr: float):
        self._health, self._step, self._lr = health, step, lr
        layers = health.layers
        self._units: list[list[Tensor | float]] = [[nan] * 4 for _id in layers.units]
        self._gaps: list[Tensor | float] = [nan] * len(layers.norms)
        self._running: dict[int, list[Tensor]] = {}  # of norms that are in their forward, before it
        self._calls = {m: iter(order) for m, order in health.calls.items()}
        self._before: list[Tensor] = []
        self._gradients: list[list[float]] = []

    def forward(self, run: Callable[[], T]) -> T:
        """What `run` gives, which takes the net forward once; its hooks are gone afterwards, whatever happens."""
        health = self._health
        with health.clock():
            hooks = [m.register_forward_hook(self._unit) for m in health.calls]
            for i, m in enumerate(health.norms.values()):
                hooks.append(m.register_forward_pre_hook(partial(self._before_norm, i)))
                hooks.append(m.register_forward_hook(partial(self._after_norm, i)))
        try:
            return run()
        finally:
            with health.clock():
                for hook in hooks:
                    hook.remove()

    def backward(self) -> None:
        """The gradients are there, the optimizer has not moved the weights yet."""
        with self._health.clock():
            self._gradients = self._lengths([[w.grad for w in own] for own in self._health.params.values()])
            self._before = [w.detach().clone() for own in self._health.params.values() for w in own]

    def end(self, logits: Tensor, y: Tensor) -> Reading:
        """The weights have moved. `logits`: (n, classes) of the batch, `y`: (n,) its classes."""
        with self._health.clock():
            return self._read(logits.detach(), y)

    # ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _unit(self, module: nn.Module, ins: Any, out: Tensor) -> None:
        with self._health.clock():
            i = next(self._calls[module], None)
            if i is not None and isinstance(out, Tensor) and out.numel():
                self._units[i] = self._state(i, module, out.detach())

    def _state(self, i: int, module: nn.Module, out: Tensor) -> list[Tensor | float]:
        dead: Tensor | float = nan
        flat: Tensor | float = nan
        if isinstance(module, DYING) and out.dim() > 1:
            zero = out.amax((0, *range(2, out.dim()))) == 0
            before = self._health.silent[i]
            silent = torch.where(zero, (before if before is not None else 0) + len(out), 0)
            self._health.silent[i] = silent
            dead = (silent >= SILENT).sum() / len(silent)
        elif type(module) in RANGES:
            middle, half = RANGES[type(module)]
            flat = ((out - middle if middle else out).abs() > FLAT * half).sum() / out.numel()
        whole = out.float()
        # var_mean takes 40 times as long as these two
        return [dead, flat, whole.sum() / out.numel(), torch.linalg.vector_norm(whole) / sqrt(out.numel())]

    def _before_norm(self, i: int, module: nn.Module, ins: Any) -> None:
        with self._health.clock():
            if module.training:
                self._running[i] = [t.clone() for t in _running(module)]

    def _after_norm(self, i: int, module: nn.Module, ins: tuple[Tensor, ...], out: Tensor) -> None:
        assert isinstance(module, nn.modules.batchnorm._BatchNorm)
        with self._health.clock():
            old = self._running.pop(i, None)
            seen = module.num_batches_tracked
            part = module.momentum if module.momentum is not None or seen is None else 1 / max(int(seen), 1)
            if old is None or not part:
                return
            n = ins[0].numel() // ins[0].shape[1]
            # what the batch had is told by how far it has moved the running statistics: no pass over the data
            new = _running(module)
            mean, variance = (o + (now - o) / part for o, now in zip(old, new, strict=True))
            variance = variance.clamp(min=0) * (n - 1) / n
            batch, whole = variance + module.eps, new[1] + module.eps
            # of the input normalised both ways: the mean square of the difference, exactly, without making either
            apart = variance * (batch.rsqrt() - whole.rsqrt()) ** 2 + (mean - new[0]) ** 2 / whole
            self._gaps[i] = apart.mean().sqrt()

    @staticmethod
    def _lengths(tensors: list[list[Tensor | None]]) -> list[list[float]]:
        """Euclidean norm of each tensor; NaN where there is none. One wait for the device in all."""
        some = [t for own in tensors for t in own if t is not None and t.is_floating_point()]
        found = iter(torch.stack(list(torch._foreach_norm(some))).tolist() if some else [])
        return [[next(found) if t is not None and t.is_floating_point() else nan for t in own] for own in tensors]

    def _read(self, logits: Tensor, y: Tensor) -> Reading:
        health = self._health
        params = health.params.values()
        moved: list[list[Tensor | None]] = []
        before: list[list[Tensor | None]] = []
        then = iter(self._before)
        for own in params:
            old = [next(then) for _w in own]
            before.append([*old])
            moved.append([w.detach() - o for w, o in zip(own, old, strict=True)])
        sizes = [sum(w.numel() for w in own) for own in params]
        weights, updates = (list(map(_whole, self._lengths(each))) for each in (before, moved))
        gradients = list(map(_whole, self._gradients))
        counts = torch.bincount(logits.argmax(1), minlength=logits.shape[1])
        favourite = int(counts.argmax())
        units = list(zip(*(_numbers(u) for u in self._units), strict=True)) or [()] * 4
        return Reading(
            step=self._step,
            lr=self._lr,
            gradients=tuple(g / sqrt(n) for g, n in zip(gradients, sizes, strict=True)),
            weights=tuple(w / sqrt(n) for w, n in zip(weights, sizes, strict=True)),
            updates=tuple(
                nan if g != g else u / w if w else (inf if u else 0.0)
                for u, w, g in zip(updates, weights, gradients, strict=True)
            ),
            dead=units[0],
            saturated=units[1],
            means=units[2],
            spreads=tuple(sqrt(max(r * r - m * m, 0.0)) for m, r in zip(units[2], units[3], strict=True)),
            gaps=tuple(map(float, self._gaps)),
            favourite=favourite,
            predicted=int(counts[favourite]) / len(y),
            true=int((y == favourite).sum()) / len(y),
        )


def _running(module: nn.Module) -> list[Tensor]:
    """Running mean and variance of a batch normalisation that has them."""
    mean, variance = module.running_mean, module.running_var
    assert isinstance(mean, Tensor) and isinstance(variance, Tensor)
    return [mean, variance]


def _whole(lengths: list[float]) -> float:
    """The norm of all of them as one, of those that have one; NaN where none has."""
    some = [n for n in lengths if n == n]
    return sqrt(sum(n * n for n in some)) if some else nan


def _numbers(values: list[Tensor | float]) -> tuple[float, ...]:
    return tuple(map(float, values))
