"""Convolution along a sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...text import N_
from ..problems import Misfit
from ..window import POINT, Axis, Slide
from .base import Layer, Shape, Shapes, sequence_shape, setting, unusual
from .conv import MODES, added, check_groups, check_mode


@dataclass(frozen=True)
class Conv1d(Layer):
    __doc__ = N_(
        "Slides small windows (kernels) along a sequence, over all its channels. Each kernel makes one output channel."
    )

    family = "Convolution"

    out_channels: int = setting(16, N_("number of kernels, which is the number of output channels"), 1, 65_536)
    kernel_size: int = setting(3, N_("length of the window"), 1, 1024)
    stride: int = setting(1, N_("step from one window to the next"), 1, 1024)
    padding: int | str = setting(
        0,
        N_(
            "places added at each end; “valid”: none, “same”: as many as keep the length (stride 1), "
            "“same_tf”: TensorFlow's rule, length ⌈n/stride⌉"
        ),
        0,
        1024,
        kind="length_padding",
    )
    padding_mode: str = setting("zeros", N_("what the added places hold"), choices=MODES)
    dilation: int = setting(1, N_("distance between the places a window takes"), 1, 1024)
    groups: int = setting(1, N_("channel groups that do not see each other"), 1, 65_536)
    bias: bool = setting(True, N_("add one learned number to every output channel"))

    def out(self, ins: Shapes) -> Shape:
        c, n = sequence_shape(self, ins)
        check_groups(self.groups, c, self.out_channels)
        if self.padding == "same" and self.stride != 1:
            raise Misfit("padding.same_stride", stride=self.stride)
        before, after = self._sides(n)
        check_mode(self.padding_mode, before, after, n)
        size = (n + before + after - self.dilation * (self.kernel_size - 1) - 1) // self.stride + 1
        if size < 1:
            raise Misfit("shape.window", layer="Conv1d", kernel=self.kernel_size, shape=ins[0])
        return self.out_channels, size

    def _sides(self, n: int) -> tuple[int, int]:
        return added(self.padding, self.kernel_size, self.stride, self.dilation, n)

    def window(self, ins: Shapes) -> tuple[Axis, Axis]:
        before = self._sides(ins[0][1])[0]
        return Slide(self.kernel_size, self.stride, self.dilation, before, self.padding_mode), POINT

    def params(self, ins: Shapes) -> int:
        return self.out_channels * (self.kernel_size * (ins[0][0] // self.groups) + self.bias)

    def macs(self, ins: Shapes, out: Shape) -> int:
        c, n = out
        return c * n * self.kernel_size * (ins[0][0] // self.groups)

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        args: dict[str, Any] = {
            "in_channels": ins[0][0],
            "out_channels": self.out_channels,
            "kernel_size": self.kernel_size,
        }
        args |= unusual(
            stride=(1, self.stride),
            padding=(0, self.padding),
            padding_mode=("zeros", self.padding_mode),
            dilation=(1, self.dilation),
            groups=(1, self.groups),
            bias=(True, self.bias),
        )
        if self.padding == "same_tf":
            del args["padding"]
            return "Conv1dSame", args
        return "Conv1d", args

    def size_text(self, ins: Shapes) -> tuple[str, ...]:
        n = ins[0][1]
        before, after = self._sides(n)
        pad = f"2·{before}" if before == after else f"{before} + {after}"
        return (f"⌊({n} + {pad} − {self.dilation}·({self.kernel_size}−1) − 1)/{self.stride}⌋ + 1",)

    def size_symbols(self, ins: Shapes) -> tuple[str, ...]:
        before, after = self._sides(ins[0][1])
        return (f"⌊(n + {'2·p' if before == after else 'p₁ + p₂'} − d·(k−1) − 1)/s⌋ + 1",)

    def params_text(self, ins: Shapes) -> str:
        each = f"{self.kernel_size}·{ins[0][0] // self.groups}"
        return f"({each} + 1)·{self.out_channels}" if self.bias else f"{each}·{self.out_channels}"

    def params_symbols(self, ins: Shapes) -> str:
        each = "k·c" + ("/g" if self.groups > 1 else "")
        return f"({each} + 1)·f" if self.bias else f"{each}·f"

    def macs_text(self, ins: Shapes) -> str:
        c, n = self.out(ins)
        return f"{c}·{n}·({self.kernel_size}·{ins[0][0] // self.groups})"

    def macs_symbols(self, ins: Shapes) -> str:
        return f"f·h·(k·c{'/g' if self.groups > 1 else ''})"

    @property
    def brief(self) -> str:
        return str(self.kernel_size) + (f" /{self.stride}" if self.stride > 1 else "")
