"""What stands for a folded group of layers on the canvas and in the table."""

from __future__ import annotations

from dataclasses import dataclass

from ...text import N_, _
from .base import Layer


@dataclass(frozen=True)
class Group(Layer, listed=False):
    __doc__ = N_("Layers that belong together, folded into one card. Unfold it to see and edit them.")

    family = "Group"
    inputs = (0, None)

    name: str = ""  # the last part of the group's path
    count: int = 0  # layers in it

    def __post_init__(self) -> None:
        """Nothing is checked: no file and no form makes one."""

    @property
    def brief(self) -> str:
        return _("{n} layers").format(n=self.count)
