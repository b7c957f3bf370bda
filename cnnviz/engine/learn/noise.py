"""The random stream of dropout and its like, apart from torch's global one."""

from __future__ import annotations

import torch
from torch import nn

RANDOM = ("StochasticDepth", "RReLU", "FractionalMaxPool2d", "FractionalMaxPool3d", "MultiheadAttention")
"""Modules beside dropout that draw random numbers in a forward."""


class Noise:
    """torch's global random state, swapped for one of our own while a forward draws dropout from it.

    needed  whether the net may draw anything
    """

    def __init__(self, net: nn.Module, seed: int):
        self.needed = any(_draws(m) for m in net.modules())
        self._theirs = torch.Generator().manual_seed(seed).get_state()
        self.state = self._theirs  # of our own stream, between two steps

    def __enter__(self) -> None:
        if self.needed:
            self._theirs = torch.get_rng_state()
            torch.set_rng_state(self.state)

    def __exit__(self, *error: object) -> None:
        if self.needed:
            self.state = torch.get_rng_state()
            torch.set_rng_state(self._theirs)


def _draws(module: nn.Module) -> bool:
    """Whether it may draw random numbers: dropout and its like, and what we do not know."""
    kind = type(module)
    known = kind.__module__.startswith("torch.nn.modules.") or kind.__module__.startswith("cnnviz.engine.")
    return not known or isinstance(module, nn.modules.dropout._DropoutNd) or kind.__name__ in RANDOM
