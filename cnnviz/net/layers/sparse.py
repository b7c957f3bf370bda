"""Convolutions that are not over all channels and all positions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...text import N_
from ..problems import Misfit
from ..window import Axis, Slide
from .base import Layer, Shape, Shapes, map_shape, setting, times, unusual

C3 = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5)),
)
"""The input maps that each of the 16 maps of LeNet-5's C3 reads: Table I of LeCun et al. 1998."""


@dataclass(frozen=True)
class SparseConv2d(Layer):
    __doc__ = N_(
        "A convolution in which each output map reads only some of the input maps, as a table says (C3 of LeNet-5): "
        "fewer weights, and maps that must become different."
    )

    family = "Convolution"

    table: tuple[tuple[int, ...], ...] = setting(
        C3, N_("for each output map the input maps that it reads, counted from 0"), 0, 65_535, kind="table"
    )
    kernel_size: tuple[int, int] = setting((5, 5), N_("height and width of the window in pixels"), 1, 1024)
    stride: tuple[int, int] = setting((1, 1), N_("step from one window to the next in pixels"), 1, 1024)
    padding: tuple[int, int] = setting((0, 0), N_("pixels added on each side"), 0, 1024)
    bias: bool = setting(True, N_("add one learned number to every output channel"))

    @property
    def links(self) -> int:
        """Pairs of an input map and an output map that reads it."""
        return sum(map(len, self.table))

    def out(self, ins: Shapes) -> Shape:
        c, h, w = map_shape(self, ins)
        for number, line in enumerate(self.table):
            if max(line) >= c:
                raise Misfit("table.map", number=number, map=max(line), channels=c)
            if len(set(line)) < len(line):
                raise Misfit("table.twice", number=number, maps=line)
        sizes = [(n + 2 * p - k) // s + 1 for n, p, k, s in self._axes(h, w)]
        if min(sizes) < 1:
            raise Misfit("shape.window", layer="SparseConv2d", kernel=self.kernel_size, shape=ins[0])
        return len(self.table), *sizes

    def _axes(self, h: int, w: int) -> list[tuple[int, int, int, int]]:
        return list(zip((h, w), self.padding, self.kernel_size, self.stride, strict=True))

    def window(self, ins: Shapes) -> tuple[Axis, Axis]:
        y, x = (Slide(k, s, 1, p) for _n, p, k, s in self._axes(0, 0))
        return y, x

    def params(self, ins: Shapes) -> int:
        k = self.kernel_size
        return self.links * k[0] * k[1] + self.bias * len(self.table)

    def macs(self, ins: Shapes, out: Shape) -> int:
        (_c, h, w), k = out, self.kernel_size
        return self.links * k[0] * k[1] * h * w

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        usual = unusual(stride=((1, 1), self.stride), padding=((0, 0), self.padding), bias=(True, self.bias))
        return "SparseConv2d", {"table": self.table, "kernel_size": self.kernel_size, **usual}

    def size_text(self, ins: Shapes) -> tuple[str, ...]:
        return tuple(f"⌊({n} + 2·{p} − {k})/{s}⌋ + 1" for n, p, k, s in self._axes(*ins[0][1:]))

    def size_symbols(self, ins: Shapes) -> tuple[str, ...]:
        return ("⌊(n + 2·p − k)/s⌋ + 1",) * 2

    def params_text(self, ins: Shapes) -> str:
        k = self.kernel_size
        return f"{self.links}·{k[0]}·{k[1]}" + (f" + {len(self.table)}" if self.bias else "")

    def params_symbols(self, ins: Shapes) -> str:
        return f"l·{self._kernel}" + (" + f" if self.bias else "")

    def macs_text(self, ins: Shapes) -> str:
        (_c, h, w), k = self.out(ins), self.kernel_size
        return f"{self.links}·{k[0]}·{k[1]}·{h}·{w}"

    def macs_symbols(self, ins: Shapes) -> str:
        return f"l·{self._kernel}·h·w"

    @property
    def _kernel(self) -> str:
        return "k·k" if self.kernel_size[0] == self.kernel_size[1] else "k₁·k₂"

    @property
    def brief(self) -> str:
        return times(self.kernel_size) + (f" /{self.stride[0]}" if self.stride[0] > 1 else "")


@dataclass(frozen=True)
class ChannelLinear(Layer):
    __doc__ = N_(
        "Linear over the channels, at every position alike: what a 1×1 convolution does, computed as a product of "
        "matrices (ConvNeXt)."
    )

    family = "Convolution"

    out_features: int = setting(16, N_("number of output channels"), 1, 65_536)
    bias: bool = setting(True, N_("add one learned number to every output channel"))

    def out(self, ins: Shapes) -> Shape:
        return self.out_features, *map_shape(self, ins)[1:]

    def params(self, ins: Shapes) -> int:
        return self.out_features * (ins[0][0] + self.bias)

    def macs(self, ins: Shapes, out: Shape) -> int:
        c, h, w = ins[0]
        return self.out_features * c * h * w

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        args: dict[str, Any] = {"in_features": ins[0][0], "out_features": self.out_features}
        return "ChannelLinear", args | unusual(bias=(True, self.bias))

    def params_text(self, ins: Shapes) -> str:
        return f"({ins[0][0]} + 1)·{self.out_features}" if self.bias else f"{ins[0][0]}·{self.out_features}"

    def params_symbols(self, ins: Shapes) -> str:
        return "(c + 1)·f" if self.bias else "c·f"

    def macs_text(self, ins: Shapes) -> str:
        c, h, w = ins[0]
        return f"{self.out_features}·{h}·{w}·{c}"

    def macs_symbols(self, ins: Shapes) -> str:
        return "f·h·w·c"


@dataclass(frozen=True)
class PositionBias(Layer):
    __doc__ = N_("Adds a learned number that differs from place to place, which a convolution's bias does not.")

    family = "Convolution"

    per_channel: bool = setting(True, N_("a number for each channel of each position, not one for all channels"))

    def out(self, ins: Shapes) -> Shape:
        return map_shape(self, ins)

    def params(self, ins: Shapes) -> int:
        c, h, w = ins[0]
        return (c if self.per_channel else 1) * h * w

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        c, h, w = ins[0]
        return "PositionBias", {"channels": c if self.per_channel else 1, "height": h, "width": w}

    def params_text(self, ins: Shapes) -> str:
        return "·".join(map(str, ins[0] if self.per_channel else ins[0][1:]))

    def params_symbols(self, ins: Shapes) -> str:
        return "c·h·w" if self.per_channel else "h·w"
