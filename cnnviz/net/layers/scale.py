"""Normalisation of one picture by itself, without its batch; and a learned factor for each channel."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

from ...text import N_
from ..problems import Misfit
from .base import POINTS, Layer, Shape, Shapes, Window, map_shape, setting, unusual


@dataclass(frozen=True)
class GroupNorm(Layer):
    __doc__ = N_("Gives each group of channels mean 0 and variance 1 over the picture; then a factor and an offset.")

    family = "Normalisation"

    num_groups: int = setting(4, N_("groups that the channels are divided into"), 1, 65_536)
    eps: float = setting(1e-5, N_("added to the variance, so that nothing is divided by zero"), 1e-12, 1.0)
    affine: bool = setting(True, N_("learn a factor and an offset for each channel"))

    def out(self, ins: Shapes) -> Shape:
        if ins[0][0] % self.num_groups:
            raise Misfit("groups.one", groups=self.num_groups, channels=ins[0][0])
        if prod(ins[0]) == self.num_groups:
            raise Misfit("norm.single", layer="GroupNorm", shape=ins[0])
        return ins[0]

    def window(self, ins: Shapes) -> None:
        return None

    def params(self, ins: Shapes) -> int:
        return 2 * ins[0][0] * self.affine

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        usual = unusual(eps=(1e-5, self.eps), affine=(True, self.affine))
        return "GroupNorm", {"num_groups": self.num_groups, "num_channels": ins[0][0], **usual}

    def params_text(self, ins: Shapes) -> str:
        return f"2·{ins[0][0]}" if self.affine else ""

    def params_symbols(self, ins: Shapes) -> str:
        return "2·c" if self.affine else ""

    @property
    def brief(self) -> str:
        return str(self.num_groups)


@dataclass(frozen=True)
class InstanceNorm2d(Layer):
    __doc__ = N_("Gives each channel of each picture mean 0 and variance 1: takes contrast and brightness away.")

    family = "Normalisation"

    eps: float = setting(1e-5, N_("added to the variance, so that nothing is divided by zero"), 1e-12, 1.0)
    affine: bool = setting(False, N_("learn a factor and an offset for each channel"))

    def out(self, ins: Shapes) -> Shape:
        _c, h, w = map_shape(self, ins)
        if h * w == 1:
            raise Misfit("norm.single", layer="InstanceNorm2d", shape=ins[0])
        return ins[0]

    def window(self, ins: Shapes) -> None:
        return None

    def params(self, ins: Shapes) -> int:
        return 2 * ins[0][0] * self.affine

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        usual = unusual(eps=(1e-5, self.eps), affine=(False, self.affine))
        return "InstanceNorm2d", {"num_features": ins[0][0], **usual}

    def params_text(self, ins: Shapes) -> str:
        return f"2·{ins[0][0]}" if self.affine else ""

    def params_symbols(self, ins: Shapes) -> str:
        return "2·c" if self.affine else ""


@dataclass(frozen=True)
class LayerNorm(Layer):
    __doc__ = N_(
        "Gives all values of one picture together mean 0 and variance 1, or at every position those of its channels "
        "(ConvNeXt); then a learned factor and offset for each."
    )

    family = "Normalisation"

    over: str = setting(
        "all", N_("all: the whole map; channels: each position for itself"), choices=("all", "channels")
    )
    eps: float = setting(1e-5, N_("added to the variance, so that nothing is divided by zero"), 1e-12, 1.0)
    elementwise_affine: bool = setting(True, N_("learn a factor and an offset for each value that is normalised"))

    def _shape(self, ins: Shapes) -> Shape:
        return ins[0] if self.over == "all" else ins[0][:1]

    def window(self, ins: Shapes) -> Window:
        return POINTS if self.over == "channels" and len(ins[0]) > 1 else None

    def params(self, ins: Shapes) -> int:
        return 2 * prod(self._shape(ins)) * self.elementwise_affine

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        usual = unusual(eps=(1e-5, self.eps), elementwise_affine=(True, self.elementwise_affine))
        over = self._shape(ins)
        if len(over) == len(ins[0]):
            return "LayerNorm", {"normalized_shape": over, **usual}
        return "ChannelLayerNorm", {"normalized_shape": over[0], **usual}

    def params_text(self, ins: Shapes) -> str:
        return "2·" + "·".join(map(str, self._shape(ins))) if self.elementwise_affine else ""

    def params_symbols(self, ins: Shapes) -> str:
        if not self.elementwise_affine or len(self._shape(ins)) == 2:
            return ""
        return "2·c·h·w" if len(self._shape(ins)) == 3 else "2·c"


@dataclass(frozen=True)
class ChannelScale(Layer):
    __doc__ = N_("Multiplies each channel by a learned factor (the layer scale of ConvNeXt).")

    family = "Normalisation"

    init: float = setting(1.0, N_("the factor before training (0.000001 in ConvNeXt)"), -1e3, 1e3)

    def out(self, ins: Shapes) -> Shape:
        return map_shape(self, ins)

    def params(self, ins: Shapes) -> int:
        return ins[0][0]

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return "ChannelScale", {"num_channels": ins[0][0], **unusual(init=(1.0, self.init))}

    def params_text(self, ins: Shapes) -> str:
        return str(ins[0][0])

    def params_symbols(self, ins: Shapes) -> str:
        return "c"
