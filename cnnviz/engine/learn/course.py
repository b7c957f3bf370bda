"""How a training goes over its epochs: what the learning rate is multiplied by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ...net.plan import Plan
from ...net.schedule import Plateau, factor, varies
from .score import Test


class Course:
    """The plan's schedule, with what it remembers of the held-out measurements."""

    def __init__(self, plan: Plan, epoch_steps: int):
        self._plan, self._epoch_steps = plan, epoch_steps
        self._varies = varies(plan)
        self.plateau = Plateau()

    def factor(self, step: int) -> float:
        """What the learning rate is multiplied by where so many steps have been made."""
        return factor(self._plan, self._epoch_steps, step, self.plateau.scale) if self._varies else 1.0

    def measured(self, test: Test) -> None:
        """An epoch has ended with this measurement."""
        self.plateau = self.plateau.told(self._plan, test.loss)

    @property
    def state(self) -> dict[str, Any]:
        """What it remembers, as plain numbers."""
        return {"plateau": asdict(self.plateau)}

    def take(self, state: Mapping[str, Any]) -> None:
        """Go on with what another one remembered."""
        self.plateau = Plateau(**state.get("plateau", {}))
