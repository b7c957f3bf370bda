"""Where branches meet."""

from __future__ import annotations

from dataclasses import dataclass

from ...text import N_
from ..problems import Misfit
from ..window import POINT, Axis, Whole
from .base import POINTS, Layer, Shape, Shapes, Window, plane


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
class Multiply(Layer):
    __doc__ = N_(
        "Multiplies its inputs value by value. One number for each channel (c×1×1) weighs whole channels: "
        "squeeze and excite."
    )

    family = "Merge"
    inputs = (2, None)

    def out(self, ins: Shapes) -> Shape:
        if len(set(ins)) == 1:
            return ins[0]
        sizes = list(zip(*ins, strict=False))
        if len({len(s) for s in ins}) > 1 or any(len({*n, 1}) > 2 for n in sizes):
            raise Misfit("shape.broadcast", layer="Multiply", shapes=ins)
        return tuple(map(max, sizes))

    def windows(self, ins: Shapes) -> tuple[Window, ...]:
        full = plane(self.out(ins))
        return tuple((_axis(h, full[0]), _axis(w, full[1])) for h, w in map(plane, ins))


def _axis(inputs: int, outputs: int) -> Axis:
    return POINT if inputs == outputs else Whole(1)


@dataclass(frozen=True)
class Concat(Layer):
    __doc__ = N_("Stacks the channels of its inputs: the inception module of GoogLeNet.")

    family = "Merge"
    inputs = (2, None)

    def out(self, ins: Shapes) -> Shape:
        channels, sizes = 0, ins[0][1:]
        for shape in ins:
            if shape[1:] != sizes:
                raise Misfit("shape.concat", layer="Concat", shapes=ins)
            channels += shape[0]
        return channels, *sizes

    def window(self, ins: Shapes) -> Window:
        return POINTS if len(ins[0]) > 1 else None

    def size_text(self, ins: Shapes) -> tuple[str, ...]:
        # of a sequence one text is that of its length
        return (" + ".join(str(s[0]) for s in ins),) if len(ins[0]) != 2 else ()
