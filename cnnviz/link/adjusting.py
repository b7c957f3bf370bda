"""What is changed of a training while it runs, and what is known of such changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


# ── to the engine ────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Adjust:
    """Go on with these values from the next step on: the settings plan.LIVE; None: as it is.

    Values that do not go together with the run's plan are refused with Failed("adjust"), and the run goes on as it was.
    """

    lr: float | None = None
    momentum: float | None = None
    weight_decay: float | None = None
    augment_crop: float | None = None
    augment_rotation: float | None = None
    augment_flip: float | None = None
    augment_shift: int | None = None
    augment_brightness: float | None = None
    augment_contrast: float | None = None
    augment_noise: float | None = None
    augment_cutout: int | None = None
    clip: float | None = None
    label_smoothing: float | None = None


# ── from the engine ──────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Change:
    """`step` was the first that was made with the `new` value of a setting of the plan."""

    step: int
    setting: str
    old: float
    new: float


def values_at(changes: Iterable[Change], step: int) -> dict[str, float]:
    """Of the settings that were ever changed, the values with which step `step` + 1 goes on from step `step`.

    `changes`: of a whole run, in their order.
    """
    values: dict[str, float] = {}
    for change in changes:
        if change.step <= step:
            values[change.setting] = change.new
        else:
            values.setdefault(change.setting, change.old)
    return values
