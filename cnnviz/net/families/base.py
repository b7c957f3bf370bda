"""What a family of networks is: the same plan written for other depths and widths.

A family is declared once, as a layer is: a frozen dataclass whose fields are its settings. The shipped networks of a
family name it and its settings, and the dialog “New from a family” is made from the same fields.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..graph import Graph
from ..layers.base import check, kind_of

FAMILIES: dict[str, type[Family]] = {}
"""Every family by its name in files, in the order of declaration."""


@dataclass(frozen=True)
class Family:
    """Base of all families. Settings that are impossible raise Misfit."""

    def __init_subclass__(cls) -> None:
        FAMILIES[cls.__name__] = cls

    def __post_init__(self) -> None:
        for f in fields(self):
            object.__setattr__(self, f.name, check(f.name, kind_of(f), getattr(self, f.name)))

    def graph(self) -> Graph:
        """The network, its cards not placed yet."""
        raise NotImplementedError
