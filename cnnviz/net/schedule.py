"""How the learning rate goes: pure numbers, the same for the curve that is drawn beforehand and for the engine.

A schedule multiplies the learning rate by a factor, so that one that a person changes meanwhile is scaled as well.
Steps count from 0 here: `factor(plan, n, 0)` is for the very first one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, inf, pi

from .plan import Plan


@dataclass(frozen=True)
class Plateau:
    """What torch's ReduceLROnPlateau remembers: the factor so far, the best loss, and epochs without a better one."""

    scale: float = 1.0
    best: float = inf
    bad: int = 0
    cooling: int = 0

    def told(self, plan: Plan, loss: float) -> Plateau:
        """After an epoch with this held-out loss."""
        better = loss < self.best * (1 - plan.plateau_threshold)
        bad = 0 if better or self.cooling else self.bad + 1
        # torch counts a bad epoch before it looks whether it is cooling down
        now = replace(self, best=loss if better else self.best, bad=bad, cooling=max(0, self.cooling - 1))
        if bad <= plan.plateau_patience:
            return now
        scale = max(self.scale * plan.lr_factor, plan.lr_least)
        return replace(now, scale=scale, bad=0, cooling=plan.plateau_cooldown)


@dataclass(frozen=True)
class Patience:
    """The best held-out measurement so far (loss, or minus the accuracy), its step, and epochs without a better one."""

    best: float = inf
    step: int = 0
    bad: int = 0

    def told(self, plan: Plan, step: int, loss: float, accuracy: float) -> Patience:
        """After the epoch that ended with this step."""
        value = loss if plan.stop_on == "loss" else -accuracy
        if value < self.best - plan.stop_delta or self.best == inf:
            return Patience(value, step, 0)
        return replace(self, bad=self.bad + 1)

    def ended(self, plan: Plan) -> bool:
        """Whether the plan has the training end now."""
        return 0 < plan.stop_patience <= self.bad


def epoch_steps(plan: Plan, pictures: int, normalises: bool = False) -> int:
    """Steps in one epoch. Where the net normalises batches, a last step of fewer than two pictures for each of the
    plan's batches joins the one before it."""
    full, rest = divmod(pictures, plan.step_size)
    return max(1, full + (rest > 0) - (0 < rest < 2 * plan.batches and normalises))


def varies(plan: Plan) -> bool:
    """Whether the learning rate does not stay as it is set."""
    return plan.schedule != "constant" or warms(plan)


def warms(plan: Plan) -> bool:
    """Whether the first steps are made with a lower rate that rises to the plan's."""
    return plan.warmup > 0 and plan.schedule != "one_cycle"


def factor(plan: Plan, steps_an_epoch: int, step: int, scale: float = 1.0) -> float:
    """What the learning rate is multiplied by at this step; `scale`: of the Plateau by then."""
    whole = plan.epochs * steps_an_epoch
    if plan.schedule == "one_cycle":
        return _cycle(plan, whole, step)
    warm = 1.0
    if warms(plan) and step < plan.warmup:
        warm = plan.warmup_from + (1 - plan.warmup_from) * step / plan.warmup
    if plan.schedule == "step":
        return warm * plan.lr_factor ** (step // steps_an_epoch // plan.step_epochs)
    if plan.schedule == "cosine":
        if step < plan.warmup:
            return warm
        part = (step - plan.warmup) / max(1, whole - plan.warmup)
        return plan.lr_least + (1 - plan.lr_least) * (1 + cos(pi * part)) / 2
    return warm * scale if plan.schedule == "plateau" else warm


def _cycle(plan: Plan, whole: int, step: int) -> float:
    """torch's OneCycleLR of two cosines: up to the learning rate, and down to nearly nothing."""
    top = plan.cycle_rise * whole - 1
    first = 1 / plan.cycle_start
    if step <= top:
        return _between(first, 1.0, step / top if top > 0 else 1.0)
    rest = whole - 1 - top
    return _between(1.0, first / plan.cycle_end, (step - top) / rest if rest > 0 else 1.0)


def _between(start: float, end: float, part: float) -> float:
    return end + (start - end) / 2 * (1 + cos(pi * part))


def curve(plan: Plan, steps_an_epoch: int, most: int = 512) -> list[tuple[float, float]]:
    """(step, learning rate) over the whole plan, at `most` even steps and the ends of what jumps; for a drawing.

    These steps count from 1, as those of a run do.

    Of a plateau nobody knows beforehand where it falls: it is drawn as if it never did.
    """
    whole = plan.epochs * steps_an_epoch
    steps = {round(i * (whole - 1) / (most - 1)) for i in range(most)} | {min(whole - 1, plan.warmup)}
    if plan.schedule == "step" and plan.epochs // plan.step_epochs < most:
        jumps = range(plan.step_epochs * steps_an_epoch, whole, plan.step_epochs * steps_an_epoch)
        steps |= {s for jump in jumps for s in (jump - 1, jump)}
    return [(float(s + 1), plan.lr * factor(plan, steps_an_epoch, s)) for s in sorted(steps)]
