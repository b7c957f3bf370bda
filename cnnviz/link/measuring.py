"""What window and engine say to each other when the layers are measured: their times, and the memory they need."""

from __future__ import annotations

from dataclasses import dataclass

from ..net.plan import Plan


# ── to the engine ────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Measure:
    """Measure every layer of the open network on a batch of so many pictures, on the plan's device."""

    number: int
    batch: int


@dataclass(frozen=True)
class Find:
    """Look for a learning rate: train a copy of the open network's weights by this plan, the rate rising."""

    number: int
    plan: Plan


@dataclass(frozen=True)
class Cease:
    """What is being measured is not wanted any more."""


# ── from the engine ──────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Measuring:
    """How far it is: rounds of `total`; 0 while their number is not known."""

    number: int
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Cost:
    """Of one layer and one batch: seconds forward and backward, and the most bytes its own tensors held at once."""

    forward: float
    backward: float
    memory: int


@dataclass(frozen=True)
class Costs:
    """What was measured on net `version`.

    `step_memory`: the most bytes that the tensors of one step (forward and backward, weights not counted) held at once.
    """

    number: int
    version: int
    batch: int
    device: str
    threads: int
    costs: dict[str, Cost]  # by node
    step_memory: int


@dataclass(frozen=True)
class Found:
    """The losses of the steps so far, by learning rate; `done`: there will be no more."""

    number: int
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    done: bool = False


Asked = Measure | Find | Cease
Answered = Measuring | Costs | Found
