"""Normalisation: values are centred and scaled by what they usually are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...text import N_
from .base import Layer, Shape, Shapes, map_shape, setting, vector_size


@dataclass(frozen=True)
class _BatchNorm(Layer):
    """What batch normalisation of maps and of vectors share."""

    eps: float = setting(1e-5, N_("added to the variance, so that nothing is divided by zero"), 1e-12, 1.0)
    momentum: float = setting(0.1, N_("weight of the newest batch in the running mean and variance"), 0.0, 1.0)
    affine: bool = setting(True, N_("learn a factor and an offset for each channel"))

    def params(self, ins: Shapes) -> int:
        return 2 * ins[0][0] * self.affine

    def params_text(self, ins: Shapes) -> str:
        return f"2·{ins[0][0]}" if self.affine else ""

    def params_symbols(self, ins: Shapes) -> str:
        return "2·c" if self.affine else ""

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        args: dict[str, Any] = {"num_features": ins[0][0]}
        rest: dict[str, Any] = {
            "eps": (1e-5, self.eps),
            "momentum": (0.1, self.momentum),
            "affine": (True, self.affine),
        }
        return type(self).__name__, args | {k: mine for k, (usual, mine) in rest.items() if mine != usual}


@dataclass(frozen=True)
class BatchNorm2d(_BatchNorm):
    __doc__ = N_(
        "Gives each channel mean 0 and variance 1 over the batch while training, by running averages afterwards; "
        "then a learned factor and offset."
    )

    family = "Normalisation"

    def out(self, ins: Shapes) -> Shape:
        return map_shape(self, ins)


@dataclass(frozen=True)
class BatchNorm1d(_BatchNorm):
    __doc__ = N_("Batch normalisation of a vector: each feature gets mean 0 and variance 1 over the batch.")

    family = "Normalisation"

    def out(self, ins: Shapes) -> Shape:
        return (vector_size(self, ins),)
