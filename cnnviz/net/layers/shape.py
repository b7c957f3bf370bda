"""Layers that move values to other places: flattening, padding, enlarging, cutting, shuffling. None of them learns."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

from ...text import N_
from ..problems import Misfit
from ..window import POINT, Axis, Blend, Slide, Stretch, Whole
from .base import POINTS, Layer, Shape, Shapes, Window, map_shape, setting, times, unusual


@dataclass(frozen=True)
class Flatten(Layer):
    __doc__ = N_("Lays a feature map out as one vector: channel by channel, row by row.")

    family = "Shape"

    def out(self, ins: Shapes) -> Shape:
        return (prod(ins[0]),)

    def window(self, ins: Shapes) -> None:
        return None

    def size_text(self, ins: Shapes) -> tuple[str, ...]:
        return ("·".join(map(str, ins[0])),)


@dataclass(frozen=True)
class Reshape(Layer):
    __doc__ = N_("Lays the same values, in the same order, out in another shape.")

    family = "Shape"

    shape: tuple[int, ...] = setting(
        (-1, 1, 1),
        N_("channels, height, width of the output (two numbers: a sequence, one: a vector); −1: whatever is left"),
        -1,
        16_777_216,
        kind="shape",
    )

    def out(self, ins: Shapes) -> Shape:
        values, given = prod(ins[0]), prod(n for n in self.shape if n != -1)
        free = self.shape.count(-1)
        if free > 1 or 0 in self.shape or values % given or (not free and values != given):
            raise Misfit("shape.reshape", shape=self.shape, given=ins[0], values=values)
        return tuple(values // given if n == -1 else n for n in self.shape)

    def window(self, ins: Shapes) -> None:
        return None

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return "Reshape", {"shape": self.shape}

    @property
    def brief(self) -> str:
        return "×".join(str(n).replace("-1", "?") for n in self.shape)


@dataclass(frozen=True)
class _Pad(Layer):
    """What the layers share that put pixels around a map."""

    @property
    def sides(self) -> tuple[int, int, int, int]:
        """Pixels added (left, right, top, bottom)."""
        raise NotImplementedError

    @property
    def mode(self) -> str:
        """What the added pixels hold, as torch calls it."""
        raise NotImplementedError

    def out(self, ins: Shapes) -> Shape:
        c, h, w = map_shape(self, ins)
        left, right, top, bottom = self.sides
        sizes = h + top + bottom, w + left + right
        kept = h + min(top, 0) + min(bottom, 0), w + min(left, 0) + min(right, 0)
        if min(kept) < 1:
            raise Misfit("shape.empty", layer=type(self).__name__, out=(c, *sizes), shape=ins[0])
        return c, *sizes

    def window(self, ins: Shapes) -> tuple[Axis, Axis]:
        left, _right, top, _bottom = self.sides
        return Slide(before=top, mode=self.mode), Slide(before=left, mode=self.mode)

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return type(self).__name__, {"padding": self.sides}

    def size_text(self, ins: Shapes) -> tuple[str, ...]:
        left, right, top, bottom = self.sides
        pairs = zip(ins[0][1:], ((top, bottom), (left, right)), strict=True)
        return tuple(f"{n} {_signed(before)} {_signed(after)}" for n, (before, after) in pairs)

    @property
    def brief(self) -> str:
        return ",".join(map(str, self.sides)) if len(set(self.sides)) > 1 else str(self.sides[0])


def _signed(n: int) -> str:
    return f"+ {n}" if n >= 0 else f"− {-n}"


@dataclass(frozen=True)
class ZeroPad2d(_Pad):
    __doc__ = N_("Puts zeros around a map, on each side as many as wanted; a negative number cuts pixels off.")

    family = "Shape"

    padding: tuple[int, int, int, int] = setting(
        (1, 1, 1, 1), N_("pixels added at the left, right, top, bottom; negative: cut off"), -1024, 1024, kind="sides"
    )

    @property
    def sides(self) -> tuple[int, int, int, int]:
        return self.padding

    @property
    def mode(self) -> str:
        return "zeros"


@dataclass(frozen=True)
class ReflectionPad2d(_Pad):
    __doc__ = N_("Puts the map's own mirror image around it, so that its edges have no seam.")

    family = "Shape"

    padding: tuple[int, int, int, int] = setting(
        (1, 1, 1, 1), N_("pixels added at the left, right, top, bottom"), 0, 1024, kind="sides"
    )

    @property
    def sides(self) -> tuple[int, int, int, int]:
        return self.padding

    @property
    def mode(self) -> str:
        return "reflect"

    def out(self, ins: Shapes) -> Shape:
        _c, h, w = map_shape(self, ins)
        for n, most in ((h, max(self.padding[2:])), (w, max(self.padding[:2]))):
            if most >= n:  # as torch: the edge itself is not doubled
                raise Misfit("padding.mode", mode=self.mode, padding=most, size=most)
        return super().out(ins)


@dataclass(frozen=True)
class Upsample(Layer):
    __doc__ = N_("Enlarges a map: “nearest” repeats each pixel, “bilinear” goes smoothly from one to the next.")

    family = "Shape"

    scale_factor: tuple[int, int] = setting((2, 2), N_("how many times as high and as wide"), 1, 32)
    mode: str = setting("nearest", N_("how pixels in between come about"), choices=("nearest", "bilinear"))
    align_corners: bool = setting(False, N_("bilinear: the corners' pixels stay in the corners"))

    def out(self, ins: Shapes) -> Shape:
        c, h, w = map_shape(self, ins)
        return c, h * self.scale_factor[0], w * self.scale_factor[1]

    def window(self, ins: Shapes) -> tuple[Axis, Axis]:
        y, x = (self._axis(n, s) for n, s in zip(ins[0][1:], self.scale_factor, strict=True))
        return y, x

    def _axis(self, n: int, scale: int) -> Axis:
        if scale == 1:
            return POINT
        if self.mode == "nearest":
            return Stretch(scale)
        return Whole(1) if n == 1 else Blend(n, scale, self.align_corners)

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        corners = self.align_corners and self.mode == "bilinear"
        args: dict[str, Any] = {"scale_factor": self.scale_factor}
        return "Upsample", args | unusual(mode=("nearest", self.mode), align_corners=(False, corners))

    def size_text(self, ins: Shapes) -> tuple[str, ...]:
        return tuple(f"{n}·{s}" for n, s in zip(ins[0][1:], self.scale_factor, strict=True))

    @property
    def brief(self) -> str:
        return times(self.scale_factor)


@dataclass(frozen=True)
class PixelShuffle(Layer):
    __doc__ = N_("Enlarges a map by its own channels: four channels become one of twice the height and width.")

    family = "Shape"

    upscale_factor: int = setting(2, N_("how many times as high and as wide"), 1, 32)

    def out(self, ins: Shapes) -> Shape:
        c, h, w = map_shape(self, ins)
        r = self.upscale_factor
        if c % r**2:
            raise Misfit("shape.shuffle", factor=r, need=r**2, channels=c)
        return c // r**2, h * r, w * r

    def window(self, ins: Shapes) -> tuple[Axis, Axis]:
        axis: Axis = Stretch(self.upscale_factor) if self.upscale_factor > 1 else POINT
        return axis, axis

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return "PixelShuffle", {"upscale_factor": self.upscale_factor}

    def size_text(self, ins: Shapes) -> tuple[str, ...]:
        return tuple(f"{n}·{self.upscale_factor}" for n in ins[0][1:])

    @property
    def brief(self) -> str:
        return f"×{self.upscale_factor}"


@dataclass(frozen=True)
class ChannelShuffle(Layer):
    __doc__ = N_("Deals the channels out anew, one of each group in turn, so that groups mix (ShuffleNet).")

    family = "Shape"

    groups: int = setting(2, N_("how many groups the channels come in"), 1, 65_536)

    def out(self, ins: Shapes) -> Shape:
        c = map_shape(self, ins)[0]
        if c % self.groups:
            raise Misfit("groups.one", groups=self.groups, channels=c)
        return ins[0]

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return "ChannelShuffle", {"groups": self.groups}

    @property
    def brief(self) -> str:
        return str(self.groups)


@dataclass(frozen=True)
class ChannelSlice(Layer):
    __doc__ = N_("Takes some channels and leaves the others.")

    family = "Shape"

    start: int = setting(0, N_("first channel taken, counted from 0"), 0, 65_535)
    stop: int = setting(1, N_("first channel behind it that is not taken"), 1, 65_536)

    def out(self, ins: Shapes) -> Shape:
        c = ins[0][0]
        if not self.start < self.stop <= c:
            raise Misfit("shape.slice", start=self.start, stop=self.stop, channels=c)
        return self.stop - self.start, *ins[0][1:]

    def window(self, ins: Shapes) -> Window:
        return POINTS if len(ins[0]) > 1 else None

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return "ChannelSlice", {"start": self.start, "stop": self.stop}

    @property
    def brief(self) -> str:
        return f"{self.start}:{self.stop}"


@dataclass(frozen=True)
class Shortcut(Layer):
    __doc__ = N_(
        "ResNet's skip connection without weights (option A): takes every second pixel and adds channels of zeros, "
        "half of them before and half behind."
    )

    family = "Shape"

    out_channels: int = setting(16, N_("channels of the output, zeros included"), 1, 65_536)
    stride: tuple[int, int] = setting((2, 2), N_("step from one pixel taken to the next"), 1, 1024)

    def out(self, ins: Shapes) -> Shape:
        c, h, w = map_shape(self, ins)
        if self.out_channels < c:
            raise Misfit("shape.shortcut", out_channels=self.out_channels, channels=c)
        return self.out_channels, -(-h // self.stride[0]), -(-w // self.stride[1])

    def window(self, ins: Shapes) -> tuple[Axis, Axis]:
        return Slide(stride=self.stride[0]), Slide(stride=self.stride[1])

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return "Shortcut", {"in_channels": ins[0][0], "out_channels": self.out_channels, "stride": self.stride}

    def size_text(self, ins: Shapes) -> tuple[str, ...]:
        return tuple(f"⌈{n}/{s}⌉" for n, s in zip(ins[0][1:], self.stride, strict=True))

    @property
    def brief(self) -> str:
        return f"/{self.stride[0]}"
