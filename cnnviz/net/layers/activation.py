"""Activations: one value in, one value out; and Softmax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...text import N_
from .base import POINTS, Layer, Shapes, Window, setting, unusual


@dataclass(frozen=True)
class ReLU(Layer):
    __doc__ = N_("max(0, x): passes what is positive, stops the rest.")

    family = "Activation"
    signed = False


@dataclass(frozen=True)
class LeakyReLU(Layer):
    __doc__ = N_("x where positive, else slope · x: nothing dies entirely.")

    family = "Activation"

    negative_slope: float = setting(0.01, N_("slope for negative values"), 0.0, 1.0)

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return "LeakyReLU", {"negative_slope": self.negative_slope}


@dataclass(frozen=True)
class Tanh(Layer):
    __doc__ = N_("tanh(x): squeezes values into −1…1 (the activation of LeNet-5).")

    family = "Activation"


@dataclass(frozen=True)
class Sigmoid(Layer):
    __doc__ = N_("1 / (1 + e^−x): squeezes values into 0…1.")

    family = "Activation"
    signed = False


@dataclass(frozen=True)
class GELU(Layer):
    __doc__ = N_("x times the share of a normal distribution below x: a smooth ReLU (ConvNeXt, transformers).")

    family = "Activation"

    approximate: str = setting("none", N_("“tanh”: by a formula that is faster to compute"), choices=("none", "tanh"))
    channels_last: bool = setting(
        False, N_("computed with the channels of a map last, as ConvNeXt does it: torch rounds otherwise there")
    )

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        name = "ChannelGELU" if self.channels_last else "GELU"
        return name, unusual(approximate=("none", self.approximate))


@dataclass(frozen=True)
class SiLU(Layer):
    __doc__ = N_("x · sigmoid(x), also called swish: a smooth ReLU that dips below zero (EfficientNet).")

    family = "Activation"


@dataclass(frozen=True)
class ELU(Layer):
    __doc__ = N_("x where positive, else α·(e^x − 1): bends smoothly down to −α.")

    family = "Activation"

    alpha: float = setting(1.0, N_("where negative values level off, below zero"), 0.0, 100.0)

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return "ELU", unusual(alpha=(1.0, self.alpha))


@dataclass(frozen=True)
class PReLU(Layer):
    __doc__ = N_("x where positive, else slope · x, with a slope that is learned.")

    family = "Activation"

    per_channel: bool = setting(False, N_("a slope for each channel, not one for all"))
    init: float = setting(0.25, N_("the slope before training"), -1.0, 1.0)

    def params(self, ins: Shapes) -> int:
        return ins[0][0] if self.per_channel else 1

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return "PReLU", unusual(num_parameters=(1, self.params(ins)), init=(0.25, self.init))

    def params_text(self, ins: Shapes) -> str:
        return str(self.params(ins))

    def params_symbols(self, ins: Shapes) -> str:
        return "c" if self.per_channel else "1"


@dataclass(frozen=True)
class Hardswish(Layer):
    __doc__ = N_("x · hardsigmoid(x): SiLU by straight lines, for small processors (MobileNetV3).")

    family = "Activation"


@dataclass(frozen=True)
class Hardsigmoid(Layer):
    __doc__ = N_("x/6 + 1/2, kept within 0…1: a sigmoid by straight lines.")

    family = "Activation"
    signed = False


@dataclass(frozen=True)
class ReLU6(Layer):
    __doc__ = N_("ReLU that stops at 6: numbers stay small enough for few bits (MobileNetV2).")

    family = "Activation"
    signed = False


@dataclass(frozen=True)
class Softplus(Layer):
    __doc__ = N_("log(1 + e^(β·x)) / β: ReLU without its corner.")

    family = "Activation"
    signed = False

    beta: float = setting(1.0, N_("the larger, the sharper the bend"), 0.01, 100.0)

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return "Softplus", unusual(beta=(1.0, self.beta))


@dataclass(frozen=True)
class _OverChannels(Layer):
    """What softmax and its logarithm share: the values of a vector, or those of one place of a map, make one whole."""

    def window(self, ins: Shapes) -> Window:
        return POINTS if len(ins[0]) > 1 else None

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return type(self).__name__, {"dim": 1}


@dataclass(frozen=True)
class Softmax(_OverChannels):
    __doc__ = N_("e^x over the sum of all e^x: probabilities that add up to 1. Over a map: over its channels.")

    family = "Activation"
    signed = False


@dataclass(frozen=True)
class LogSoftmax(_OverChannels):
    __doc__ = N_("The logarithm of Softmax: log-probabilities. Over a map: over its channels.")

    family = "Activation"
