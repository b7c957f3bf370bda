"""Training: a plain generator that makes one step at a time, for the window, the command line and the tests alike."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from math import inf

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ..net.layers import Source
from ..net.plan import Plan
from ..text import _, grouped
from .build import Net
from .data import Data
from .pictures import Array, normalised

EVALUATED = 256  # held-out pictures in one forward
LARGEST = 1e6  # a mean cross-entropy beyond it is as lost as one that is not finite (tanh nets never reach infinity)
KEPT = 8  # steps from one copy of the weights known to be good to the next
RANDOM = ("StochasticDepth", "RReLU", "FractionalMaxPool2d", "FractionalMaxPool3d", "MultiheadAttention")
"""Modules beside dropout that draw random numbers in a forward."""
FUSED = ("cpu", "cuda", "mps")  # devices for which torch has Adam as one kernel
FLOAT_BYTES = 1 << 30  # a larger set stays as uint8 and is normalised batch by batch


@dataclass(frozen=True)
class Test:
    """One measurement on all held-out pictures: mean loss, and the part that was classified right."""

    loss: float
    accuracy: float


@dataclass(frozen=True)
class Step:
    """What one step gave. `loss` and `accuracy` are the batch's, before the weights moved."""

    step: int  # counts from 1
    loss: float
    accuracy: float
    lr: float
    test: Test | None = None  # at the end of every epoch


class Diverged(ArithmeticError):
    """The numbers have left every useful range. The net has been given its last good weights back."""

    def __init__(self, step: int, node: str, text: str):
        super().__init__(text)
        self.step, self.node, self.text = step, node, text


class Controls:
    """What can be changed while a training runs, from any thread; read at every step."""

    def __init__(self, lr: float, pulse: Callable[[], bool] = lambda: True):
        self.lr = lr
        self.pulse = pulse  # called between the batches of a measurement; False: leave it and end


def steps(
    net: Net,
    data: Data,
    plan: Plan,
    layer: Source,
    end: str = "",
    controls: Controls | None = None,
    optimizer: torch.optim.Optimizer | None = None,
    start: int = 0,
    noise: Noise | None = None,
) -> Generator[Step, None, None]:
    """Train `net` by `plan`, one step for each `next`, from step `start` + 1 on; close the generator to stop.

    The loss is cross-entropy of node `end`'s output (see build.logits_node). Auxiliary outputs (Net.beside) add theirs
    with the plan's weight, as in GoogLeNet's paper; they are in no figure that is told. Every epoch goes through the
    training pictures in a new order, drawn from a generator of its own that is seeded by the plan; the last batch may
    be smaller. Dropout draws from a stream of its own, too, so on the CPU the same plan and number of threads give the
    same numbers bit for bit, whatever else the process does with torch's global random state between steps. With the
    weights, the optimizer's state and `noise`'s of a step, what comes after it is the same again.

    Raises Diverged where a loss is not finite, or absurdly large.
    """
    controls = controls or Controls(plan.lr)
    optimizer = optimizer or make_optimizer(net, plan)
    device = next(net.parameters()).device
    train, test = Feed(data.train_x, data.train_y, layer, device), Feed(data.test_x, data.test_y, layer, device)
    good = _Good(net)
    noise = noise or Noise(net, plan.seed)
    net.train()
    step = start
    for indices, last in _order(net, len(train), plan, start):
        x, y = train.batch(indices)
        lr = controls.lr
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.zero_grad()
        with noise:
            logits, others = _outputs(net, x, end)
        loss = cross_entropy(logits, y)
        aux = [cross_entropy(other, y) for other in others]
        torch.autograd.backward(loss + plan.aux_weight * sum(aux) if aux else loss)
        value = loss.item()
        step += 1
        if not value < LARGEST:
            raise good.diverged(net, step, x, lr)
        if step % KEPT == 1 or step == start + 1:
            good.keep()
        optimizer.step()
        accuracy = int((logits.detach().argmax(1) == y).sum()) / len(y)
        found = None
        if last:
            found = evaluate(net, test, end, controls.pulse)
            if found is not None and not found.loss < LARGEST:
                raise good.diverged(net, step, x, lr)
        del x, y, logits, others, loss, aux  # the next step finds their memory free, and warm
        yield Step(step, value, accuracy, lr, found)
        if last and found is None:
            return


def _outputs(net: Net, x: Tensor, end: str) -> tuple[Tensor, list[Tensor]]:
    """The logits, and those of the auxiliary outputs."""
    if not net.beside:
        return net(x, end=end), []
    seen: dict[str, Tensor] = {}
    net(x, seen)
    return seen[end or net.end], [seen[id] for id in net.beside]


def epoch_steps(net: nn.Module, pictures: int, plan: Plan) -> int:
    """Steps in one epoch. A last batch of one picture joins the one before it where the net normalises batches."""
    full, rest = divmod(pictures, plan.batch_size)
    normalises = any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in net.modules())
    return max(1, full + (rest > 0) - (rest == 1 and normalises))


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


def make_optimizer(net: nn.Module, plan: Plan) -> torch.optim.Optimizer:
    """The plan's optimizer over all of the net's parameters, which are on their device already."""
    p, decay = list(net.parameters()), plan.weight_decay
    if plan.optimizer == "sgd":
        return torch.optim.SGD(p, plan.lr, momentum=plan.momentum, weight_decay=decay, foreach=True)
    if plan.optimizer == "rmsprop":
        return torch.optim.RMSprop(p, plan.lr, momentum=plan.momentum, weight_decay=decay, foreach=True)
    if plan.optimizer == "adadelta":
        return torch.optim.Adadelta(p, plan.lr, weight_decay=decay, foreach=True)
    if all(w.is_floating_point() and w.device.type in FUSED for w in p):
        # one kernel over all weights takes a third of the time; its last digits differ from the other's
        return torch.optim.Adam(p, plan.lr, weight_decay=decay, fused=True)
    return torch.optim.Adam(p, plan.lr, weight_decay=decay, foreach=True)


class Feed:
    """Pictures and classes as tensors on a device, handed out in batches, normalised by the Input's settings."""

    def __init__(self, x: Array, y: Array, layer: Source, device: torch.device):
        self._layer, self._device = layer, device
        small = x.size * 4 <= FLOAT_BYTES
        self._x = torch.from_numpy(normalised(x, layer) if small else x)
        self._raw = not small
        self._y = torch.from_numpy(y)
        if device.type != "cpu" and small:
            self._x, self._y = self._x.to(device), self._y.to(device)

    def __len__(self) -> int:
        return len(self._y)

    def batch(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """(n, channels, height, width) float32 and (n,) classes."""
        indices = indices.to(self._x.device)
        x, y = self._x[indices], self._y[indices]
        if self._raw:
            x = torch.from_numpy(normalised(x.numpy(), self._layer))
        return x.to(self._device), y.to(self._device)


def _order(net: nn.Module, n: int, plan: Plan, start: int) -> Iterator[tuple[Tensor, bool]]:
    """Indices of every batch from step `start` on, and whether it ends an epoch."""
    dice = torch.Generator().manual_seed(plan.seed)
    count, size = epoch_steps(net, n, plan), plan.batch_size
    for epoch in range(plan.epochs):
        order = torch.randperm(n, generator=dice)
        for i in range(max(0, start - epoch * count), count):
            last = i == count - 1
            yield order[i * size : n if last else (i + 1) * size], last


class Noise:
    """torch's global random state, swapped for one of our own while a forward draws dropout from it."""

    def __init__(self, net: nn.Module, seed: int):
        self._needed = any(_draws(m) for m in net.modules())
        self._theirs = torch.Generator().manual_seed(seed).get_state()
        self.state = self._theirs  # of our own stream, between two steps

    def __enter__(self) -> None:
        if self._needed:
            self._theirs = torch.get_rng_state()
            torch.set_rng_state(self.state)

    def __exit__(self, *error: object) -> None:
        if self._needed:
            self.state = torch.get_rng_state()
            torch.set_rng_state(self._theirs)


def _draws(module: nn.Module) -> bool:
    """Whether it may draw random numbers: dropout and its like, and what we do not know."""
    kind = type(module)
    known = kind.__module__.startswith("torch.nn.modules.") or kind.__module__.startswith("cnnviz.engine.")
    return not known or isinstance(module, nn.modules.dropout._DropoutNd) or kind.__name__ in RANDOM


class _Good:
    """The weights of a short while ago that gave a finite loss."""

    def __init__(self, net: Net):
        self._live = list(net.state_dict().values())
        self._copies = [t.clone() for t in self._live]

    def keep(self) -> None:
        """The present weights are good."""
        for copy, live in zip(self._copies, self._live, strict=True):
            copy.copy_(live)

    def diverged(self, net: Net, step: int, x: Tensor, lr: float) -> Diverged:
        """Says at which layer the numbers went out of range, and gives the net the good weights back."""
        node = _first_lost(net, x) or net.end
        for copy, live in zip(self._copies, self._live, strict=True):
            live.copy_(copy)
        text = _(
            "Training stopped at step {step}: the numbers in {node} are no longer finite. Use a learning rate below "
            "{lr}. The last good weights are kept."
        )
        return Diverged(step, node, text.format(step=grouped(step), node=node, lr=f"{lr:g}"))


def _first_lost(net: Net, x: Tensor) -> str:
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
