"""How a training goes over its epochs: what the learning rate is multiplied by, and whether it ends early."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ...net.plan import Plan
from ...net.schedule import Patience, Plateau, factor, varies
from ...text import _, grouped
from .score import Test


class Course:
    """The plan's schedule, with what it remembers of the held-out measurements."""

    def __init__(self, plan: Plan, epoch_steps: int):
        self._plan, self._epoch_steps = plan, epoch_steps
        self._varies = varies(plan)
        self.plateau, self.patience = Plateau(), Patience()

    def factor(self, step: int) -> float:
        """What the learning rate is multiplied by where so many steps have been made."""
        return factor(self._plan, self._epoch_steps, step, self.plateau.scale) if self._varies else 1.0

    def measured(self, step: int, test: Test) -> None:
        """An epoch has ended after this step with this measurement."""
        self.plateau = self.plateau.told(self._plan, test.loss)
        self.patience = self.patience.told(self._plan, step, test.loss, test.accuracy)

    @property
    def ended(self) -> str:
        """Why the training ends before its plan does, as a sentence; empty: it does not."""
        found, plan = self.patience, self._plan
        if not found.ended(plan):
            return ""
        if found.bad == 1:
            text = _("Ended early: no better held-out {what} for an epoch. The best was {best} at step {step}.")
        else:
            text = _("Ended early: no better held-out {what} for {n} epochs. The best was {best} at step {step}.")
        on_loss = plan.stop_on == "loss"
        best = f"{found.best:.4f}" if on_loss else f"{-found.best:.2%}"
        what = _("loss") if on_loss else _("accuracy")
        return text.format(what=what, n=found.bad, best=best, step=grouped(found.step))

    @property
    def state(self) -> dict[str, Any]:
        """What it remembers, as plain numbers."""
        return {"plateau": asdict(self.plateau), "patience": asdict(self.patience)}

    def take(self, state: Mapping[str, Any]) -> None:
        """Go on with what another one remembered."""
        self.plateau = Plateau(**state.get("plateau", {}))
        self.patience = Patience(**state.get("patience", {}))
