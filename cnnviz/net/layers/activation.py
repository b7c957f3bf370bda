"""Activations: one value in, one value out; and Softmax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...text import N_
from ..window import Axis
from .base import POINTS, Layer, Shapes, setting


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
class Softmax(Layer):
    __doc__ = N_("e^x over the sum of all e^x: probabilities that add up to 1. Over a map: over its channels.")

    family = "Activation"
    signed = False

    def window(self, ins: Shapes) -> tuple[Axis, Axis] | None:
        return POINTS if len(ins[0]) == 3 else None

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return "Softmax", {"dim": 1}
