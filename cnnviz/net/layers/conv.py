"""Convolution and transposed convolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...text import N_
from ..problems import Misfit
from ..window import POINT, Axis, Spread, slide
from .base import POINTS, Layer, Shape, Shapes, map_shape, setting, times, unusual

MODES = ("zeros", "reflect", "replicate", "circular")


@dataclass(frozen=True)
class Conv2d(Layer):
    __doc__ = N_(
        "Slides small windows (kernels) over all input channels. Each kernel makes one output channel: at every "
        "position the sum of input × weight over its window, plus one bias."
    )

    family = "Convolution"

    out_channels: int = setting(16, N_("number of kernels, which is the number of output channels"), 1, 65_536)
    kernel_size: tuple[int, int] = setting((3, 3), N_("height and width of the window in pixels"), 1, 1024)
    stride: tuple[int, int] = setting((1, 1), N_("step from one window to the next in pixels"), 1, 1024)
    padding: tuple[int, int] | str = setting(
        (0, 0),
        N_(
            "pixels added on each side; “valid”: none, “same”: as many as keep the size (stride 1), "
            "“same_tf”: TensorFlow's rule, size ⌈n/stride⌉"
        ),
        0,
        1024,
        kind="padding",
    )
    padding_mode: str = setting("zeros", N_("what the added pixels hold"), choices=MODES)
    dilation: tuple[int, int] = setting((1, 1), N_("distance between the pixels a window takes"), 1, 1024)
    groups: int = setting(1, N_("channel groups that do not see each other"), 1, 65_536)
    bias: bool = setting(True, N_("add one learned number to every output channel"))

    def out(self, ins: Shapes) -> Shape:
        c, h, w = map_shape(self, ins)
        check_groups(self.groups, c, self.out_channels)
        if self.padding == "same" and self.stride != (1, 1):
            raise Misfit("padding.same_stride", stride=self.stride)
        height, width = self._count(0, h, ins), self._count(1, w, ins)
        return self.out_channels, height, width

    def _count(self, axis: int, n: int, ins: Shapes) -> int:
        before, after = self.sides(axis, n)
        if self.padding_mode != "zeros":
            check_mode(self.padding_mode, before, after, n)
        reach = self.dilation[axis] * (self.kernel_size[axis] - 1)
        size = (n + before + after - reach - 1) // self.stride[axis] + 1
        if size < 1:
            raise Misfit("shape.window", layer="Conv2d", kernel=self.kernel_size, shape=ins[0])
        return size

    def sides(self, axis: int, n: int) -> tuple[int, int]:
        """Pixels added (before, after) along `axis` (0: height) of an input of size `n`."""
        if isinstance(self.padding, str):
            return added(self.padding, self.kernel_size[axis], self.stride[axis], self.dilation[axis], n)
        return self.padding[axis], self.padding[axis]

    def window(self, ins: Shapes) -> tuple[Axis, Axis]:
        _c, h, w = ins[0]
        y, x = self._slide(0, h), self._slide(1, w)
        return POINTS if y is x is POINT else (y, x)

    def _slide(self, a: int, n: int) -> Axis:
        before, _after = self.sides(a, n)
        return slide(self.kernel_size[a], self.stride[a], self.dilation[a], before, self.padding_mode)

    def params(self, ins: Shapes) -> int:
        k = self.kernel_size
        return self.out_channels * (k[0] * k[1] * (ins[0][0] // self.groups) + self.bias)

    def macs(self, ins: Shapes, out: Shape) -> int:
        (c, h, w), k = out, self.kernel_size
        return c * h * w * k[0] * k[1] * (ins[0][0] // self.groups)

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        args: dict[str, Any] = {
            "in_channels": ins[0][0],
            "out_channels": self.out_channels,
            "kernel_size": self.kernel_size,
        }
        args |= unusual(
            stride=((1, 1), self.stride),
            padding=((0, 0), self.padding),
            padding_mode=("zeros", self.padding_mode),
            dilation=((1, 1), self.dilation),
            groups=(1, self.groups),
            bias=(True, self.bias),
        )
        if self.padding == "same_tf":
            del args["padding"]
            return "Conv2dSame", args
        return "Conv2d", args

    def size_text(self, ins: Shapes) -> tuple[str, ...]:
        return tuple(self._size(a, n) for a, n in enumerate(ins[0][1:]))

    def _size(self, axis: int, n: int) -> str:
        before, after = self.sides(axis, n)
        pad = f"2·{before}" if before == after else f"{before} + {after}"
        reach = f"{self.dilation[axis]}·({self.kernel_size[axis]}−1)"
        return f"⌊({n} + {pad} − {reach} − 1)/{self.stride[axis]}⌋ + 1"

    def params_text(self, ins: Shapes) -> str:
        k = self.kernel_size
        each = f"{k[0]}·{k[1]}·{ins[0][0] // self.groups}"
        return f"({each} + 1)·{self.out_channels}" if self.bias else f"{each}·{self.out_channels}"

    def macs_text(self, ins: Shapes) -> str:
        (c, h, w), k = self.out(ins), self.kernel_size
        return f"{c}·{h}·{w}·({k[0]}·{k[1]}·{ins[0][0] // self.groups})"

    def size_symbols(self, ins: Shapes) -> tuple[str, ...]:
        pads = (self.sides(a, n) for a, n in enumerate(ins[0][1:]))
        return tuple(f"⌊(n + {'2·p' if p == q else 'p₁ + p₂'} − d·(k−1) − 1)/s⌋ + 1" for p, q in pads)

    def params_symbols(self, ins: Shapes) -> str:
        return f"({self._each} + 1)·f" if self.bias else f"{self._each}·f"

    def macs_symbols(self, ins: Shapes) -> str:
        return f"f·h·w·({self._each})"

    @property
    def _each(self) -> str:
        return f"{_kernel(self.kernel_size)}·c" + ("/g" if self.groups > 1 else "")

    @property
    def brief(self) -> str:
        return times(self.kernel_size) + (f" /{self.stride[0]}" if self.stride[0] > 1 else "")


@dataclass(frozen=True)
class ConvTranspose2d(Layer):
    __doc__ = N_(
        "The transpose of a convolution: every input value puts its kernel, weighted, onto the output, and what "
        "overlaps is added. With stride 2 the map gets twice as large."
    )

    family = "Convolution"

    out_channels: int = setting(16, N_("number of output channels"), 1, 65_536)
    kernel_size: tuple[int, int] = setting((2, 2), N_("height and width of the kernel in pixels"), 1, 1024)
    stride: tuple[int, int] = setting((2, 2), N_("output pixels from one input's kernel to the next one's"), 1, 1024)
    padding: tuple[int, int] = setting((0, 0), N_("output pixels cut off on each side"), 0, 1024)
    output_padding: tuple[int, int] = setting((0, 0), N_("pixels added at the bottom and right end"), 0, 1023)
    dilation: tuple[int, int] = setting((1, 1), N_("distance between the pixels a kernel reaches"), 1, 1024)
    groups: int = setting(1, N_("channel groups that do not see each other"), 1, 65_536)
    bias: bool = setting(True, N_("add one learned number to every output channel"))

    def out(self, ins: Shapes) -> Shape:
        c, h, w = map_shape(self, ins)
        check_groups(self.groups, c, self.out_channels)
        sizes = []
        for a, n in enumerate((h, w)):
            if self.output_padding[a] >= max(self.stride[a], self.dilation[a]):
                raise Misfit(
                    "padding.output",
                    output_padding=self.output_padding,
                    stride=self.stride,
                    dilation=self.dilation,
                )
            reach = self.dilation[a] * (self.kernel_size[a] - 1)
            sizes.append((n - 1) * self.stride[a] - 2 * self.padding[a] + reach + self.output_padding[a] + 1)
        if min(sizes) < 1:
            raise Misfit("shape.empty", layer="ConvTranspose2d", out=(self.out_channels, *sizes), shape=ins[0])
        return self.out_channels, *sizes

    def window(self, ins: Shapes) -> tuple[Axis, Axis]:
        y, x = (Spread(self.kernel_size[a], self.stride[a], self.dilation[a], self.padding[a]) for a in (0, 1))
        return y, x

    def params(self, ins: Shapes) -> int:
        k = self.kernel_size
        return ins[0][0] * (self.out_channels // self.groups) * k[0] * k[1] + self.bias * self.out_channels

    def macs(self, ins: Shapes, out: Shape) -> int:
        """Every input value times its whole kernel, the parts cut off by padding included."""
        (c, h, w), k = ins[0], self.kernel_size
        return c * h * w * k[0] * k[1] * (self.out_channels // self.groups)

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        args: dict[str, Any] = {
            "in_channels": ins[0][0],
            "out_channels": self.out_channels,
            "kernel_size": self.kernel_size,
        }
        return "ConvTranspose2d", args | unusual(
            stride=((1, 1), self.stride),
            padding=((0, 0), self.padding),
            output_padding=((0, 0), self.output_padding),
            groups=(1, self.groups),
            bias=(True, self.bias),
            dilation=((1, 1), self.dilation),
        )

    def size_text(self, ins: Shapes) -> tuple[str, ...]:
        return tuple(
            f"({n}−1)·{self.stride[a]} − 2·{self.padding[a]} + {self.dilation[a]}·({self.kernel_size[a]}−1) + "
            f"{self.output_padding[a]} + 1"
            for a, n in enumerate(ins[0][1:])
        )

    def params_text(self, ins: Shapes) -> str:
        k = self.kernel_size
        each = f"{k[0]}·{k[1]}·{ins[0][0]}·{self.out_channels // self.groups}"
        return f"{each} + {self.out_channels}" if self.bias else each

    def macs_text(self, ins: Shapes) -> str:
        (c, h, w), k = ins[0], self.kernel_size
        return f"{c}·{h}·{w}·({k[0]}·{k[1]}·{self.out_channels // self.groups})"

    def size_symbols(self, ins: Shapes) -> tuple[str, ...]:
        return ("(n−1)·s − 2·p + d·(k−1) + o + 1",) * 2

    def params_symbols(self, ins: Shapes) -> str:
        each = f"{_kernel(self.kernel_size)}·c·f" + ("/g" if self.groups > 1 else "")
        return f"{each} + f" if self.bias else each

    def macs_symbols(self, ins: Shapes) -> str:
        _c, h, w = ins[0]
        pixels = "n·n" if h == w else "n₁·n₂"
        return f"c·{pixels}·({_kernel(self.kernel_size)}·f{'/g' if self.groups > 1 else ''})"

    @property
    def brief(self) -> str:
        return times(self.kernel_size) + (f" ×{self.stride[0]}" if self.stride[0] > 1 else "")


def _kernel(size: tuple[int, int]) -> str:
    """Height times width of a kernel in letters."""
    return "k·k" if size[0] == size[1] else "k₁·k₂"


def added(rule: int | str, kernel: int, stride: int, dilation: int, n: int) -> tuple[int, int]:
    """Pixels that a padding, a number or a rule's name, adds (before, after) an axis of size `n`."""
    if not isinstance(rule, str):
        return rule, rule
    reach = dilation * (kernel - 1)
    total = {"valid": 0, "same": reach}.get(rule, max(0, (-(-n // stride) - 1) * stride + reach + 1 - n))
    return total // 2, total - total // 2


def check_groups(groups: int, inputs: int, outputs: int) -> None:
    """Raises Misfit where the groups do not divide the channels."""
    if inputs % groups or outputs % groups:
        raise Misfit("groups", groups=groups, inputs=inputs, outputs=outputs)


def check_mode(mode: str, before: int, after: int, n: int) -> None:
    """Raises Misfit where so much padding is impossible: torch mirrors at most n − 1 pixels and wraps at most n."""
    most = max(before, after)
    if (mode == "reflect" and most >= n) or (mode == "circular" and most > n):
        raise Misfit("padding.mode", mode=mode, padding=most, size=most - (mode == "circular"))
