"""How long every layer takes forward and backward on this machine, and how much memory its tensors need."""

from __future__ import annotations

import statistics
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from ..link.measuring import Cost
from .build import Net

ENOUGH = 2.0  # seconds that the rounds shall take together …
ROUNDS = (3, 30)  # … fewest and most of them

Tell = Callable[[int, int], None]
"""Called after each round with how many are done, and of how many."""


class Cancelled(Exception):
    """The measurement is not wanted any more."""


@dataclass
class _Layer:
    """One node of the net with the seconds it took in each round."""

    id: str
    module: nn.Module
    sources: tuple[str, ...]
    done: tuple[str, ...]  # outputs that nothing reads after it
    forward: list[float] = field(default_factory=list)
    backward: list[float] = field(default_factory=list)
    memory: int = 0

    @cached_property
    def params(self) -> list[nn.Parameter]:
        return [*self.module.parameters()]


def measure(net: Net, x: Tensor, tell: Tell, go_on: Callable[[], bool]) -> tuple[dict[str, Cost], int]:
    """Costs by node, and the most bytes that the tensors of one whole step held at once.

    x: (batch, …), as the net takes it. Each layer runs by itself, as in training (dropout on, batches normalised by
    themselves): forward on the outputs of the layers before, then backward with a gradient of ones for its weights,
    and for its inputs where weights lie before them, as training does it. Times are medians of several rounds after a
    first one that does not count. Bytes are those of the tensors that the layer makes, its gradients among them; its
    inputs, its weights, and what a library keeps to itself are not counted.

    The net is used up by it: running statistics have moved. Raises Cancelled once `go_on` says no.
    """
    net.train()
    layers = [_Layer(id, _module(net, id), sources, done) for id, sources, done in net.order]
    start = time.perf_counter()
    for layer, ins in (walk := _Walk(layers, x, go_on)):  # slow, since what it needs is loaded and laid out
        given = _copies(ins)
        with _Held() as held:
            walk.out = _step(layer, ins, given, x.device).out
        layer.memory = held.most
    first = time.perf_counter() - start
    step_memory = _whole(net, x)
    rounds = max(ROUNDS[0], min(ROUNDS[1], round(ENOUGH / max(first, 1e-3))))
    for i in range(rounds):
        tell(i, rounds)
        for layer, ins in (walk := _Walk(layers, x, go_on)):
            done = _step(layer, ins, _copies(ins), x.device)
            walk.out = done.out
            layer.forward.append(done.forward)
            layer.backward.append(done.backward)
    middle = statistics.median
    return {n.id: Cost(middle(n.forward), middle(n.backward), n.memory) for n in layers}, step_memory


def _module(net: Net, id: str) -> nn.Module:
    module = net.layer(id)
    assert module is not None
    return module


class _Walk:
    """Every layer with its inputs, each of which knows whether weights lie before it; `out`: what the layer gave."""

    def __init__(self, layers: list[_Layer], x: Tensor, go_on: Callable[[], bool]):
        self._layers, self._x, self._go_on = layers, x, go_on
        self.out = x

    def __iter__(self) -> Iterator[tuple[_Layer, list[Tensor]]]:
        seen: dict[str, Tensor] = {}
        learns: set[str] = set()
        for layer in self._layers:
            if not self._go_on():
                raise Cancelled
            if layer.params or learns.intersection(layer.sources):
                learns.add(layer.id)
            yield layer, [seen[s].detach().requires_grad_(s in learns) for s in layer.sources] or [self._x]
            seen[layer.id] = self.out
            for s in layer.done:
                del seen[s]


def _copies(ins: list[Tensor]) -> list[Tensor]:
    """For the layer to work on: parts of imported models may write into what they are given."""
    return [i.clone() for i in ins]


@dataclass(frozen=True, eq=False)
class _Done:
    out: Tensor
    forward: float
    backward: float


def _step(layer: _Layer, ins: list[Tensor], given: list[Tensor], device: torch.device) -> _Done:
    """One layer forward on `given`, copies of `ins`, and backward to `ins` and its weights."""
    _wait(device)
    start = time.perf_counter()
    out = layer.module(*given)
    _wait(device)
    forward, backward = time.perf_counter() - start, 0.0
    wanted = [t for t in (*ins, *layer.params) if t.requires_grad]
    if wanted and out.requires_grad:
        slope = torch.ones_like(out)
        _wait(device)
        start = time.perf_counter()
        torch.autograd.grad(out, wanted, slope, allow_unused=True)
        _wait(device)
        backward = time.perf_counter() - start
    return _Done(out.detach(), forward, backward)


def _wait(device: torch.device) -> None:
    """Until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _whole(net: Net, x: Tensor) -> int:
    with _Held() as held:
        out = net(x)
        if out.requires_grad:
            torch.autograd.grad(out.sum(), [p for p in net.parameters() if p.requires_grad], allow_unused=True)
    most: int = held.most
    return most


class _Held(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own is not typed
    """While it lasts, counts the bytes of the tensors that torch makes in this thread: now, and the most."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._now = 0
        self.most = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {t.untyped_storage()._cdata for t in tree_iter((args, kwargs)) if isinstance(t, Tensor)}
        out = func(*args, **(kwargs or {}))
        for tensor in tree_iter(out):
            if isinstance(tensor, Tensor):
                self._add(tensor.untyped_storage(), given)
        return out

    def _add(self, storage: torch.UntypedStorage, given: set[int]) -> None:
        key = storage._cdata
        if key in self._known or key in given:  # a view of what is counted already, or of what was there before
            return
        self._known.add(key)
        self._now += storage.nbytes()
        self.most = max(self.most, self._now)
        weakref.finalize(storage, self._gone, key, storage.nbytes())

    def _gone(self, key: int, size: int) -> None:
        self._known.discard(key)
        self._now -= size
