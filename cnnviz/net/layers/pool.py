"""Pooling: many values become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...text import N_
from ..problems import Misfit
from ..window import POINT, Axis, slide
from .base import Layer, Shape, Shapes, map_shape, sequence_shape, setting, times, unusual


@dataclass(frozen=True)
class _Window(Layer):
    """What all layers share that put a sliding window on each channel for itself."""

    @property
    def axes(self) -> tuple[tuple[int, int, int, int], ...]:
        """(kernel, stride, padding, dilation) along each axis."""
        raise NotImplementedError

    @property
    def ceils(self) -> bool:
        """Whether the last window is kept also where it runs over the edge."""
        return False

    def out(self, ins: Shapes) -> Shape:
        axes, ceils = self.axes, self.ceils
        shape = map_shape(self, ins) if len(axes) == 2 else sequence_shape(self, ins)
        sizes = []
        for n, (kernel, stride, padding, dilation) in zip(shape[1:], axes, strict=True):
            if padding > kernel // 2:  # as torch counts, however far the dilation spreads it
                kernels, paddings = (tuple(a[i] for a in axes) for i in (0, 2))
                raise Misfit("padding.half", padding=paddings, kernel=kernels)
            size = _count(n, kernel, stride, padding, dilation, ceils)
            if size < 1:
                raise Misfit("shape.window", layer=type(self).__name__, kernel=tuple(a[0] for a in axes), shape=ins[0])
            sizes.append(size)
        return shape[0], *sizes

    def window(self, ins: Shapes) -> tuple[Axis, Axis]:
        slides = [slide(k, s, d, p) for k, s, p, d in self.axes]
        return slides[0], slides[-1] if len(slides) == 2 else POINT

    def size_text(self, ins: Shapes) -> tuple[str, ...]:
        left, right = "⌈⌉" if self.ceils else "⌊⌋"
        texts = []
        for n, (k, s, p, d) in zip(ins[0][1:], self.axes, strict=True):
            text = f"{left}({n} + 2·{p} − {d}·({k}−1) − 1)/{s}{right} + 1"
            texts.append(text + " − 1" if self._drops(n, k, s, p, d) else text)
        return tuple(texts)

    def size_symbols(self, ins: Shapes) -> tuple[str, ...]:
        left, right = "⌈⌉" if self.ceils else "⌊⌋"
        text = f"{left}(n + 2·p − d·(k−1) − 1)/s{right} + 1"
        drops = (self._drops(n, *axis) for n, axis in zip(ins[0][1:], self.axes, strict=True))
        return tuple(text + " − 1" if d else text for d in drops)

    def _drops(self, n: int, k: int, s: int, p: int, d: int) -> bool:
        """Whether a last window is left out that would start in the padding."""
        return self.ceils and _count(n, k, s, p, d, True) < -(-(n + 2 * p - d * (k - 1) - 1) // s) + 1


def _count(n: int, kernel: int, stride: int, padding: int, dilation: int, ceils: bool) -> int:
    """How many windows there are along an axis of size `n`."""
    room = n + 2 * padding - dilation * (kernel - 1) - 1
    if not ceils:
        return room // stride + 1
    size = -(-room // stride) + 1
    # torch drops a last window that would start in the padding behind the input
    return size - 1 if (size - 1) * stride >= n + padding else size


@dataclass(frozen=True)
class _Pool(_Window):
    """What max and average pooling of maps share."""

    kernel_size: tuple[int, int] = setting((2, 2), N_("height and width of the window in pixels"), 1, 1024)
    stride: tuple[int, int] = setting((2, 2), N_("step from one window to the next in pixels"), 1, 1024)
    padding: tuple[int, int] = setting((0, 0), N_("pixels added on each side, at most half the kernel"), 0, 512)
    ceil_mode: bool = setting(False, N_("keep the last window also where it runs over the edge"))

    @property
    def axes(self) -> tuple[tuple[int, int, int, int], ...]:
        return tuple(zip(self.kernel_size, self.stride, self.padding, (1, 1), strict=True))

    @property
    def ceils(self) -> bool:
        return self.ceil_mode

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        args: dict[str, Any] = {"kernel_size": self.kernel_size, "stride": self.stride}
        return type(self).__name__, args | unusual(padding=((0, 0), self.padding), ceil_mode=(False, self.ceil_mode))

    @property
    def brief(self) -> str:
        return times(self.kernel_size) + (f" /{self.stride[0]}" if self.stride != self.kernel_size else "")


@dataclass(frozen=True)
class MaxPool2d(_Pool):
    __doc__ = N_("Keeps the largest value of each window: smaller maps that say that something is there, not where.")

    family = "Pooling"

    dilation: tuple[int, int] = setting((1, 1), N_("distance between the pixels a window takes"), 1, 1024)

    @property
    def axes(self) -> tuple[tuple[int, int, int, int], ...]:
        return tuple(zip(self.kernel_size, self.stride, self.padding, self.dilation, strict=True))

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        name, args = super().torch(ins)
        return name, args | ({"dilation": self.dilation} if self.dilation != (1, 1) else {})


@dataclass(frozen=True)
class AvgPool2d(_Pool):
    __doc__ = N_("Keeps the mean of each window (the sub-sampling of LeNet-5).")

    family = "Pooling"

    count_include_pad: bool = setting(True, N_("count padding pixels as zeros in the mean"))

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        name, args = super().torch(ins)
        return name, args | ({} if self.count_include_pad else {"count_include_pad": False})


@dataclass(frozen=True)
class LPPool2d(_Window):
    __doc__ = N_("The norm of each window, (Σ xᵖ)^(1/p): p = 1 is the sum, and the larger p, the nearer the largest.")

    family = "Pooling"

    norm_type: int = setting(2, N_("the power p; of odd ones above 1 a negative sum has no root"), 1, 16)
    kernel_size: tuple[int, int] = setting((2, 2), N_("height and width of the window in pixels"), 1, 1024)
    stride: tuple[int, int] = setting((2, 2), N_("step from one window to the next in pixels"), 1, 1024)
    ceil_mode: bool = setting(False, N_("keep the last window also where it runs over the edge"))

    @property
    def axes(self) -> tuple[tuple[int, int, int, int], ...]:
        return tuple(zip(self.kernel_size, self.stride, (0, 0), (1, 1), strict=True))

    @property
    def ceils(self) -> bool:
        return self.ceil_mode

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        args = {"norm_type": self.norm_type, "kernel_size": self.kernel_size, "stride": self.stride}
        return "LPPool2d", args | unusual(ceil_mode=(False, self.ceil_mode))

    @property
    def brief(self) -> str:
        return times(self.kernel_size)


@dataclass(frozen=True)
class SubSample(_Window):
    __doc__ = N_(
        "Adds up the values of each window and multiplies by one learned number, then adds another; one such pair "
        "for each map (LeNet-5 in 1998)."
    )

    family = "Pooling"

    kernel_size: tuple[int, int] = setting((2, 2), N_("height and width of the window in pixels"), 1, 1024)
    stride: tuple[int, int] = setting((2, 2), N_("step from one window to the next in pixels"), 1, 1024)

    @property
    def axes(self) -> tuple[tuple[int, int, int, int], ...]:
        return tuple(zip(self.kernel_size, self.stride, (0, 0), (1, 1), strict=True))

    def params(self, ins: Shapes) -> int:
        return 2 * ins[0][0]

    def connections(self, ins: Shapes) -> int:
        (c, h, w), k = self.out(ins), self.kernel_size
        return c * h * w * (k[0] * k[1] + 1)

    def connections_text(self, ins: Shapes) -> str:
        (c, h, w), k = self.out(ins), self.kernel_size
        return f"{c}·{h}·{w}·({k[0]}·{k[1]} + 1)"

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return "SubSample", {"num_channels": ins[0][0], "kernel_size": self.kernel_size, "stride": self.stride}

    def params_text(self, ins: Shapes) -> str:
        return f"2·{ins[0][0]}"

    def params_symbols(self, ins: Shapes) -> str:
        return "2·c"

    @property
    def brief(self) -> str:
        return times(self.kernel_size)


@dataclass(frozen=True)
class MaxPool1d(_Window):
    __doc__ = N_("Keeps the largest value of each window of a sequence.")

    family = "Pooling"

    kernel_size: int = setting(2, N_("length of the window"), 1, 1024)
    stride: int = setting(2, N_("step from one window to the next"), 1, 1024)
    padding: int = setting(0, N_("places added at each end, at most half the kernel"), 0, 512)
    dilation: int = setting(1, N_("distance between the places a window takes"), 1, 1024)
    ceil_mode: bool = setting(False, N_("keep the last window also where it runs over the edge"))

    @property
    def axes(self) -> tuple[tuple[int, int, int, int], ...]:
        return ((self.kernel_size, self.stride, self.padding, self.dilation),)

    @property
    def ceils(self) -> bool:
        return self.ceil_mode

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        args = {"kernel_size": self.kernel_size, "stride": self.stride}
        return "MaxPool1d", args | unusual(
            padding=(0, self.padding), dilation=(1, self.dilation), ceil_mode=(False, self.ceil_mode)
        )

    @property
    def brief(self) -> str:
        return str(self.kernel_size)
