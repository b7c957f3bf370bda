"""Where branches meet."""

from __future__ import annotations

from dataclasses import dataclass

from ...text import N_
from ..problems import Misfit
from ..window import Axis
from .base import POINTS, Layer, Shape, Shapes


@dataclass(frozen=True)
class Add(Layer):
    __doc__ = N_("Adds its inputs value by value: the skip connection of ResNet, F(x) + x.")

    family = "Merge"
    inputs = (2, None)

    def out(self, ins: Shapes) -> Shape:
        if len(set(ins)) > 1:
            raise Misfit("shape.equal", layer="Add", shapes=ins)
        return ins[0]


@dataclass(frozen=True)
class Concat(Layer):
    __doc__ = N_("Stacks the channels of its inputs: the inception module of GoogLeNet.")

    family = "Merge"
    inputs = (2, None)

    def out(self, ins: Shapes) -> Shape:
        if len({s[1:] for s in ins}) > 1:
            raise Misfit("shape.concat", layer="Concat", shapes=ins)
        return sum(s[0] for s in ins), *ins[0][1:]

    def window(self, ins: Shapes) -> tuple[Axis, Axis] | None:
        return POINTS if len(ins[0]) == 3 else None

    def size_text(self, ins: Shapes) -> tuple[str, ...]:
        return (" + ".join(str(s[0]) for s in ins),)
