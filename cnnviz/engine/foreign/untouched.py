"""A model that somebody else owns, left as it was: flags, attributes, buffers, hooks, generators of numbers."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


@contextmanager
def untouched(model: nn.Module) -> Iterator[None]:
    """While it lasts, `model` is in evaluation mode and may change as its code pleases; afterwards it is as before.

    Parameters are not copied, since nothing here writes to them: what is run is run on copies (see `copies`).
    """
    modules = list(model.modules())
    before = [_Attributes(m) for m in modules]
    buffers = [(b, b.detach().clone()) for b in model.buffers() if not b.is_meta]
    dice = _dice()
    try:
        for m in modules:
            m.training = False  # not eval(): a model may do more there than set the flag
        with torch.no_grad():
            yield
    finally:
        for kept in before:
            kept.restore()
        with torch.no_grad():
            for buffer, values in buffers:
                if not torch.equal(buffer, values):
                    buffer.copy_(values)
        _restore_dice(dice)


class _Attributes:
    """What a module holds, one level into its lists and dictionaries (which `forward` may fill)."""

    def __init__(self, module: nn.Module):
        self._module = module
        self._held = dict(module.__dict__)
        self._inside = [(v, v.copy()) for v in self._held.values() if isinstance(v, (list, dict, set))]

    def restore(self) -> None:
        """Put everything back."""
        for container, values in self._inside:
            if _same(container, values):
                continue
            container.clear()
            (container.extend if isinstance(container, list) else container.update)(values)
        if not _same(self._module.__dict__, self._held):
            self._module.__dict__.clear()
            self._module.__dict__.update(self._held)


def _same(a: Any, b: Any) -> bool:
    """Whether two containers hold the same objects; what compares slowly or strangely is compared by identity."""
    if isinstance(a, dict):
        return len(a) == len(b) and all(k in b and b[k] is v for k, v in a.items())
    if isinstance(a, set):
        return bool(a == b)
    return len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True))


def _dice() -> list[Any]:
    numpy = sys.modules.get("numpy")
    states = [torch.get_rng_state(), random.getstate(), numpy.random.get_state() if numpy else None]
    return [*states, torch.cuda.get_rng_state_all() if torch.cuda.is_available() else None]


def _restore_dice(states: list[Any]) -> None:
    torch.set_rng_state(states[0])
    random.setstate(states[1])
    if states[2] is not None:
        sys.modules["numpy"].random.set_state(states[2])
    if states[3] is not None:
        torch.cuda.set_rng_state_all(states[3])
