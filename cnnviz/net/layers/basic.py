"""Where a picture enters, and where its map becomes a vector."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from ...text import N_
from ..problems import Misfit
from .base import Layer, Shape, Shapes, setting, times


@dataclass(frozen=True)
class Input(Layer):
    __doc__ = N_(
        "The picture that enters the network. A picture of another size is cropped to this shape and scaled; "
        "its values 0…1 become (value − mean) / deviation."
    )

    family = "Input"
    inputs = (0, 0)

    channels: int = setting(3, N_("1 for grey, 3 for colour"), 1, 65_536)
    size: tuple[int, int] = setting((32, 32), N_("height and width in pixels"), 1, 16_384)
    mean: tuple[float, ...] = setting(
        (0.0,), N_("taken from every value: one number, or one for each channel"), -1e6, 1e6, kind="floats"
    )
    std: tuple[float, ...] = setting(
        (1.0,), N_("every value is divided by it: one number, or one for each channel"), 1e-6, 1e6, kind="floats"
    )

    def out(self, ins: Shapes) -> Shape:
        for name in ("mean", "std"):
            if len(getattr(self, name)) not in (1, self.channels):
                raise Misfit("setting.count", setting=name, have=len(getattr(self, name)), channels=self.channels)
        return self.channels, *self.size

    def torch(self, ins: Shapes) -> tuple[str, dict[str, object]]:
        return "Identity", {}

    @property
    def brief(self) -> str:
        return times(self.size)


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
