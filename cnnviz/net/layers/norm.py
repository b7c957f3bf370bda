"""Normalisation: values are centred and scaled by what they usually are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...text import N_
from ..problems import Misfit
from .base import Layer, Shape, Shapes, map_shape, setting, unusual


@dataclass(frozen=True)
class _BatchNorm(Layer):
    """What batch normalisation of maps and of vectors share."""

    eps: float = setting(1e-5, N_("added to the variance, so that nothing is divided by zero"), 1e-12, 1.0)
    momentum: float = setting(0.1, N_("weight of the newest batch in the running mean and variance"), 0.0, 1.0)
    affine: bool = setting(True, N_("learn a factor and an offset for each channel"))

    def params(self, ins: Shapes) -> int:
        return 2 * ins[0][0] * self.affine

    def buffers(self, ins: Shapes) -> int:
        return 2 * ins[0][0] + 1  # means and variances, and how many batches they are of

    def params_text(self, ins: Shapes) -> str:
        return f"2·{ins[0][0]}" if self.affine else ""

    def params_symbols(self, ins: Shapes) -> str:
        return "2·c" if self.affine else ""

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        usual = unusual(eps=(1e-5, self.eps), momentum=(0.1, self.momentum), affine=(True, self.affine))
        return type(self).__name__, {"num_features": ins[0][0], **usual}


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
    __doc__ = N_(
        "Batch normalisation of a vector or of a sequence: each feature gets mean 0 and variance 1 over the batch."
    )

    family = "Normalisation"

    def out(self, ins: Shapes) -> Shape:
        if len(ins[0]) > 2:
            raise Misfit("shape.vector", layer="BatchNorm1d", shape=ins[0])
        return ins[0]


@dataclass(frozen=True)
class LocalResponseNorm(Layer):
    __doc__ = N_("Divides each value by how large its neighbours in the channels before and behind are (AlexNet).")

    family = "Normalisation"

    size: int = setting(5, N_("channels that count as neighbours, the value's own among them"), 1, 65_536)
    alpha: float = setting(1e-4, N_("how much the mean square of the neighbours counts"), 0.0, 1e3)
    beta: float = setting(0.75, N_("power of the divisor"), 0.0, 10.0)
    k: float = setting(1.0, N_("added to the divisor (2 in AlexNet's paper)"), 1e-3, 1e3)

    def out(self, ins: Shapes) -> Shape:
        return map_shape(self, ins)

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        usual = unusual(alpha=(1e-4, self.alpha), beta=(0.75, self.beta), k=(1.0, self.k))
        return "LocalResponseNorm", {"size": self.size, **usual}

    @property
    def brief(self) -> str:
        return str(self.size)
