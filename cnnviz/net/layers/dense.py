"""Layers in which every output sees every input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...text import N_
from .base import Layer, Shape, Shapes, setting, vector_size


@dataclass(frozen=True)
class Linear(Layer):
    __doc__ = N_("Fully connected: every output is a weighted sum of all inputs, plus one bias.")

    family = "Dense"

    out_features: int = setting(10, N_("number of outputs"), 1, 16_777_216)
    bias: bool = setting(True, N_("add one learned number to every output"))

    def out(self, ins: Shapes) -> Shape:
        vector_size(self, ins)
        return (self.out_features,)

    def window(self, ins: Shapes) -> None:
        return None

    def params(self, ins: Shapes) -> int:
        return self.out_features * (ins[0][0] + self.bias)

    def macs(self, ins: Shapes) -> int:
        return self.out_features * ins[0][0]

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        args: dict[str, Any] = {"in_features": ins[0][0], "out_features": self.out_features}
        return "Linear", args | ({} if self.bias else {"bias": False})

    def params_text(self, ins: Shapes) -> str:
        return f"({ins[0][0]} + 1)·{self.out_features}" if self.bias else f"{ins[0][0]}·{self.out_features}"

    def macs_text(self, ins: Shapes) -> str:
        return f"{ins[0][0]}·{self.out_features}"

    def params_symbols(self, ins: Shapes) -> str:
        return "(n + 1)·f" if self.bias else "n·f"

    def macs_symbols(self, ins: Shapes) -> str:
        return "n·f"
