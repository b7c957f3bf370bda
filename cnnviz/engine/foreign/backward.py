"""What a model's code says of its gradients: functions with a gradient of their own, and parts under `no_grad`.

Following `forward` alone would lose both: the network would give the same and be trained otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, get_ident
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.autograd import Function
from torch.utils._pytree import tree_any, tree_map

Hear = Callable[[Callable[..., Any], tuple[Any, ...]], Any]
"""Is told a function and its arguments, and gives its result."""

_STOPPED = "stopped"
_lock = Lock()
_hearing: dict[int, Hearing] = {}  # by thread
_torchs = Function.__dict__["apply"]


class Hearing:
    """What is heard of this thread while a model is followed. `inside`: functions of autograd that are followed."""

    def __init__(self, hear: Hear):
        self.hear, self.inside = hear, 0

    def mark(self, node: fx.Node) -> None:
        """Note whether an operation is done where no gradient is kept."""
        if node.op.startswith("call_") and not self.inside and not torch.is_grad_enabled():
            node.meta[_STOPPED] = True


@contextmanager
def hearing(hear: Hear) -> Iterator[Hearing]:
    """While it lasts, somebody's autograd functions in this thread come to `hear` in place of being followed."""
    mine = Hearing(hear)
    with _lock:
        _hearing[get_ident()] = mine
        Function.apply = classmethod(_applied)  # type: ignore[assignment,method-assign]
    try:
        with torch.enable_grad():
            yield mine
    finally:
        with _lock:
            del _hearing[get_ident()]
            if not _hearing:
                Function.apply = _torchs  # type: ignore[method-assign]


def stop(graph: fx.Graph) -> None:
    """Put a `detach` behind what was computed under `no_grad` and is used outside."""
    for node in list(graph.nodes):
        users = [u for u in node.users if _STOPPED not in u.meta and u.op != "output"]
        if _STOPPED in node.meta and users:
            with graph.inserting_after(node):
                still = graph.call_function(_still, (node,))
            still.meta = dict(node.meta)
            for user in users:
                user.replace_input_with(node, still)


def _applied(cls: Any, *args: Any, **kwargs: Any) -> Any:
    mine, real = _hearing.get(get_ident()), _torchs.__get__(None, cls)
    if mine is None or mine.inside:
        return real(*args, **kwargs)
    if not kwargs and not cls.__module__.startswith("torch.") and not tree_any(_is_code, args):
        return mine.hear(_function(cls), args)
    mine.inside += 1  # checkpoints and their like: what they run, with its weights, is in the code that they are given
    try:
        return real(*args, **kwargs)
    finally:
        mine.inside -= 1


def _is_code(value: Any) -> bool:
    return isinstance(value, nn.Module) or (callable(value) and not isinstance(value, (Tensor, fx.Proxy)))


def _function(cls: Any) -> Callable[..., Any]:
    """A function that is called as the class is named."""

    def apply(*args: Any) -> Any:
        return _torchs.__get__(None, cls)(*args)  # what the class inherits, also while others are heard

    apply.__name__ = apply.__qualname__ = cls.__name__
    apply.__module__ = cls.__module__
    return apply


def _still(value: Any) -> Any:
    return tree_map(lambda v: v.detach() if isinstance(v, Tensor) else v, value)


_still.__name__ = _still.__qualname__ = "detach"
