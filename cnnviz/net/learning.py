"""How one layer takes part in a training: its own first weights, and whether it learns at all."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from ..text import N_
from .layers.base import check, kind_of, setting

INITS = ("default", "kaiming_normal", "kaiming_uniform", "xavier_normal", "xavier_uniform", "normal", "zeros")
"""Ways to draw first weights; of all but torch's default, biases are zero."""
PLAN = "plan"


@dataclass(frozen=True)
class Learning:
    """Belongs to a node, not to its layer: what the layer computes does not change with it."""

    frozen: bool = setting(False, N_("training leaves its weights as they are, running statistics, too"))
    init: str = setting(PLAN, N_("first weights: as the plan says, or drawn in its own way"), choices=(PLAN, *INITS))
    init_std: float = setting(0.01, N_("standard deviation of normal first weights"), 0.0, 1e3)

    def __post_init__(self) -> None:
        for f in fields(self):
            object.__setattr__(self, f.name, check(f.name, kind_of(f), getattr(self, f.name)))

    def to_json(self) -> dict[str, Any]:
        """The settings that are not as they usually are."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}


LEARNING = Learning()
