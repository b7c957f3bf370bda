"""A part of an imported model for which there is no layer type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ...text import N_
from ..problems import Misfit
from .base import Layer, Shape, Shapes


@dataclass(frozen=True)
class Foreign(Layer, listed=False):
    __doc__ = N_(
        "A part of an imported model for which there is no layer type here. It runs as it did there and shows its "
        "maps, but it cannot be edited, and its cost and receptive field are not known."
    )

    family = "Foreign"
    inputs = (0, None)
    known: ClassVar[bool] = False

    name: str = ""  # what it is in the model: a class or a function
    shape: Shape = (1,)  # of its output, as traced
    takes: Shapes = ()  # of its inputs, as traced
    parameters: int = 0  # trainable scalars that no other node counts

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or type(self.parameters) is not int or self.parameters < 0:
            raise Misfit("foreign.form")
        object.__setattr__(self, "shape", _shape(self.shape))
        if not isinstance(self.takes, (list, tuple)):
            raise Misfit("foreign.form")
        object.__setattr__(self, "takes", tuple(map(_shape, self.takes)))

    def out(self, ins: Shapes) -> Shape:
        if ins != self.takes:
            raise Misfit("foreign.shape", layer=self.name or "Foreign", need=self.takes, have=ins)
        return self.shape

    def window(self, ins: Shapes) -> None:
        return None

    def params(self, ins: Shapes) -> int:
        return self.parameters

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        raise Misfit("foreign.source", layer=self.name or "Foreign")

    @property
    def brief(self) -> str:
        return self.name


def _shape(value: Any) -> Shape:
    if not isinstance(value, (list, tuple)) or not all(type(n) is int and n >= 0 for n in value):
        raise Misfit("foreign.form")
    return tuple(value)
