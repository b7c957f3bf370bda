"""Pooling over a whole axis, or into a given number of shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...text import N_
from ..problems import Misfit
from ..window import POINT, Axis, Share
from .base import POINTS, Layer, Shape, Shapes, Window, map_shape, plane, setting, times

AXES = ("both", "height", "width", "channels")


@dataclass(frozen=True)
class _Adaptive(Layer):
    """What adaptive pooling by means and by maxima share."""

    output_size: tuple[int, int] = setting((1, 1), N_("height and width of the output"), 1, 1024)

    def out(self, ins: Shapes) -> Shape:
        return map_shape(self, ins)[0], *self.output_size

    def window(self, ins: Shapes) -> tuple[Axis, Axis]:
        y, x = (Share(ins[0][1 + a], self.output_size[a]) for a in (0, 1))
        return y, x

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        return type(self).__name__, {"output_size": self.output_size}

    @property
    def brief(self) -> str:
        return times(self.output_size)


@dataclass(frozen=True)
class AdaptiveAvgPool2d(_Adaptive):
    __doc__ = N_("Means over as many windows as give this output size, whatever the input's; 1×1 averages a whole map.")

    family = "Pooling"


@dataclass(frozen=True)
class AdaptiveMaxPool2d(_Adaptive):
    __doc__ = N_("Maxima of as many windows as give this output size, whatever the input's.")

    family = "Pooling"


@dataclass(frozen=True)
class _Reduce(Layer):
    """What mean and maximum over an axis share. A sequence has a height, its length, and no width."""

    axis: str = setting("both", N_("what becomes one: height and width, one of them, or the channels"), choices=AXES)
    keep: bool = setting(False, N_("keep the axis, with size 1; else both gives a vector, one of them a sequence"))

    def out(self, ins: Shapes) -> Shape:
        shape = ins[0]
        if len(shape) == 1:
            raise Misfit("shape.map", layer=type(self).__name__, shape=shape)
        if self.axis == "channels" and not self.keep:
            raise Misfit("axis.channels", layer=type(self).__name__)
        if self.axis == "width" and len(shape) == 2:
            raise Misfit("axis.width", layer=type(self).__name__, shape=shape)
        gone = self._axes(ins)
        if self.keep:
            return tuple(1 if i in gone else n for i, n in enumerate(shape))
        return tuple(n for i, n in enumerate(shape) if i not in gone)

    def _axes(self, ins: Shapes) -> tuple[int, ...]:
        """Places in the shape of the axes that become one."""
        return {"channels": (0,), "height": (1,), "width": (2,)}.get(self.axis, tuple(range(1, len(ins[0]))))

    def window(self, ins: Shapes) -> Window:
        """Without its height a map is a sequence across the picture, and what runs across it has no field here."""
        if self.axis == "channels":
            return POINTS
        if not self.keep and self._axes(ins)[0] == 1:
            return None
        gone = self._axes(ins)
        y, x = (Share(n, 1) if i in gone else POINT for i, n in enumerate(plane(ins[0]), 1))
        return y, x

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        args: dict[str, Any] = {"dim": tuple(1 + a for a in self._axes(ins))}
        return type(self).__name__, args | ({"keepdim": True} if self.keep else {})

    @property
    def brief(self) -> str:
        return self.axis


@dataclass(frozen=True)
class Mean(_Reduce):
    __doc__ = N_("The mean over height and width, over one of them, or over the channels: global average pooling.")

    family = "Pooling"


@dataclass(frozen=True)
class Max(_Reduce):
    __doc__ = N_("The largest value over height and width, over one of them, or over the channels (max over time).")

    family = "Pooling"
