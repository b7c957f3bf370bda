"""What can be changed while a training runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ...link.adjusting import Change
from ...net.plan import LIVE, Plan


class Controls:
    """What can be changed while a training runs, from any thread; read at every step.

    `made`: the steps that the weights have behind them. While held-out pictures are measured after a step, that counts,
    though it is told when they are through.
    """

    def __init__(self, lr: float, pulse: Callable[[], bool] = lambda: True):
        self.now: Mapping[str, float] = {"lr": lr}  # of the settings plan.LIVE those that say other than the plan
        self.made = 0
        self.pulse = pulse  # called between the batches of a measurement; False: leave it and end

    @property
    def lr(self) -> float:
        """The learning rate that is set; the schedule scales it."""
        return self.now["lr"]

    @lr.setter
    def lr(self, lr: float) -> None:
        self.set(lr=lr)

    def set(self, **settings: float) -> None:
        """From the next step on."""
        self.now = {**self.now, **settings}  # another mapping: that is how it is noticed


def changed(plan: Plan, now: Mapping[str, float], step: int) -> tuple[Plan, tuple[Change, ...]]:
    """The plan with these values, and what that changes from `step` on."""
    settings: dict[str, Any] = {**now}
    later = replace(plan, **settings)
    return later, changes_between(plan, later, step)


def changes_between(old: Plan, new: Plan, step: int) -> tuple[Change, ...]:
    """Those of the settings plan.LIVE that differ."""
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in LIVE)
    return tuple(Change(step, name, a, b) for name, a, b in pairs if a != b)
