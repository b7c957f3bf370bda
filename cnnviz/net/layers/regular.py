"""Regularisation: noise while training, nothing afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...text import N_
from .base import Layer, Shape, Shapes, map_shape, setting, unusual


@dataclass(frozen=True)
class Dropout(Layer):
    __doc__ = N_("While training sets each value to zero with probability p and scales the rest by 1 / (1 − p).")

    family = "Regularisation"

    p: float = setting(0.5, N_("probability that a value is dropped"), 0.0, 1.0)

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return type(self).__name__, {"p": self.p}


@dataclass(frozen=True)
class Dropout2d(Layer):
    __doc__ = N_("While training sets whole channels to zero with probability p and scales the rest by 1 / (1 − p).")

    family = "Regularisation"

    p: float = setting(0.5, N_("probability that a channel is dropped"), 0.0, 1.0)

    def out(self, ins: Shapes) -> Shape:
        return map_shape(self, ins)

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return type(self).__name__, {"p": self.p}


@dataclass(frozen=True)
class StochasticDepth(Layer):
    __doc__ = N_(
        "While training leaves a branch out with probability p, and scales it by 1 / (1 − p) where it stays: a "
        "network with skips is now deep, now shallow."
    )

    family = "Regularisation"

    p: float = setting(0.2, N_("probability that the branch is left out"), 0.0, 1.0)
    mode: str = setting("row", N_("row: decided for each picture; batch: for all together"), choices=("row", "batch"))

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return "StochasticDepth", {"p": self.p, **unusual(mode=("row", self.mode))}
