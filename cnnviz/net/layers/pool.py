"""Pooling: many values become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...text import N_
from ..problems import Misfit
from ..window import Axis, Share, Slide
from .base import Layer, Shape, Shapes, map_shape, setting, times


@dataclass(frozen=True)
class _Pool(Layer):
    """What max and average pooling share: a sliding window on each channel for itself."""

    kernel_size: tuple[int, int] = setting((2, 2), N_("height and width of the window in pixels"), 1, 1024)
    stride: tuple[int, int] = setting((2, 2), N_("step from one window to the next in pixels"), 1, 1024)
    padding: tuple[int, int] = setting((0, 0), N_("pixels added on each side, at most half the kernel"), 0, 512)
    ceil_mode: bool = setting(False, N_("keep the last window also where it runs over the edge"))

    @property
    def spread(self) -> tuple[int, int]:
        """Distance between the pixels a window takes."""
        return (1, 1)

    def out(self, ins: Shapes) -> Shape:
        c, h, w = map_shape(self, ins)
        sizes = []
        for a, n in enumerate((h, w)):
            reach = self.spread[a] * (self.kernel_size[a] - 1)
            if self.padding[a] > (reach + 1) // 2:
                raise Misfit("padding.half", padding=self.padding, kernel=self.kernel_size)
            size = self._count(n, a)
            if size < 1:
                raise Misfit("shape.window", layer=type(self).__name__, kernel=self.kernel_size, shape=ins[0])
            sizes.append(size)
        return c, *sizes

    def _count(self, n: int, a: int) -> int:
        room = n + 2 * self.padding[a] - self.spread[a] * (self.kernel_size[a] - 1) - 1
        s = self.stride[a]
        if not self.ceil_mode:
            return room // s + 1
        size = -(-room // s) + 1
        # torch drops a last window that would start in the padding behind the input
        return size - 1 if (size - 1) * s >= n + self.padding[a] else size

    def window(self, ins: Shapes) -> tuple[Axis, Axis]:
        y, x = (Slide(self.kernel_size[a], self.stride[a], self.spread[a], self.padding[a]) for a in (0, 1))
        return y, x

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        args: dict[str, Any] = {"kernel_size": self.kernel_size, "stride": self.stride}
        if self.padding != (0, 0):
            args["padding"] = self.padding
        if self.ceil_mode:
            args["ceil_mode"] = True
        return type(self).__name__, args

    def size_text(self, ins: Shapes) -> tuple[str, ...]:
        left, right = "⌈⌉" if self.ceil_mode else "⌊⌋"
        texts = []
        for a, n in enumerate(ins[0][1:]):
            text = (
                f"{left}({n} + 2·{self.padding[a]} − {self.spread[a]}·({self.kernel_size[a]}−1) − 1)"
                f"/{self.stride[a]}{right} + 1"
            )
            texts.append(text + " − 1" if self._dropped(n, a) else text)
        return tuple(texts)

    def size_symbols(self, ins: Shapes) -> tuple[str, ...]:
        left, right = "⌈⌉" if self.ceil_mode else "⌊⌋"
        text = f"{left}(n + 2·p − d·(k−1) − 1)/s{right} + 1"
        return tuple(text + " − 1" if self._dropped(n, a) else text for a, n in enumerate(ins[0][1:]))

    def _dropped(self, n: int, a: int) -> bool:
        """Whether a last window is left out that would start in the padding."""
        room = n + 2 * self.padding[a] - self.spread[a] * (self.kernel_size[a] - 1) - 1
        return self.ceil_mode and self._count(n, a) < -(-room // self.stride[a]) + 1

    @property
    def brief(self) -> str:
        return times(self.kernel_size) + (f" /{self.stride[0]}" if self.stride != self.kernel_size else "")


@dataclass(frozen=True)
class MaxPool2d(_Pool):
    __doc__ = N_("Keeps the largest value of each window: smaller maps that say that something is there, not where.")

    family = "Pooling"

    dilation: tuple[int, int] = setting((1, 1), N_("distance between the pixels a window takes"), 1, 1024)

    @property
    def spread(self) -> tuple[int, int]:
        return self.dilation

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
class AdaptiveAvgPool2d(Layer):
    __doc__ = N_("Means over as many windows as give this output size, whatever the input's; 1×1 averages a whole map.")

    family = "Pooling"

    output_size: tuple[int, int] = setting((1, 1), N_("height and width of the output"), 1, 1024)

    def out(self, ins: Shapes) -> Shape:
        return map_shape(self, ins)[0], *self.output_size

    def window(self, ins: Shapes) -> tuple[Axis, Axis]:
        y, x = (Share(ins[0][1 + a], self.output_size[a]) for a in (0, 1))
        return y, x

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return "AdaptiveAvgPool2d", {"output_size": self.output_size}

    @property
    def brief(self) -> str:
        return times(self.output_size)
