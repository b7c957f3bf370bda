"""Several trained networks that answer together: their probabilities are averaged, and what each adds is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .verdicts import TOP

Array = np.ndarray[Any, np.dtype[Any]]

ROOM = 1 << 30
"""Bytes of probabilities that are kept for leaving each member out; where they are more, that is not told."""


@dataclass(frozen=True)
class Figures:
    """Of probabilities: parts of the pictures that are wrong, and the mean cross-entropy. `top5`: None below six
    classes."""

    top1: float
    top5: float | None
    loss: float


@dataclass(frozen=True)
class Member:
    """One network of an ensemble.

    alone    its own figures
    first    of the average of all up to it
    without  of the average of all the others; None where there are none, or they took too much memory
    """

    name: str  # its run folder
    seed: int
    step: int
    alone: Figures
    first: Figures
    without: Figures | None = None


# ── to the engine ────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Combine:
    """Average what the last weights of these run folders make of the pictures of a split.

    Told of by Combining, answered by Combined or Failed("combine") with this number. A newer one replaces it.
    """

    number: int
    folders: tuple[str, ...]
    split: str = "test"


@dataclass(frozen=True)
class Uncombine:
    """The average is not wanted any more."""


# ── from the engine ──────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Combining:
    """So many of the networks have answered."""

    number: int
    done: int
    total: int


@dataclass(frozen=True)
class Combined:
    """What the networks are worth alone and together, on so many pictures of a data set."""

    number: int
    members: tuple[Member, ...]
    data: str
    split: str
    pictures: int


Asked = Combine | Uncombine
Answered = Combining | Combined


def figures(probabilities: Array, true: Array) -> Figures:
    """Of probabilities (n, classes) and classes (n,). Of equal probabilities the first class counts as the larger."""
    own = probabilities[np.arange(len(true)), true]
    classes = np.arange(probabilities.shape[1])
    above = (probabilities > own[:, None]) | ((probabilities == own[:, None]) & (classes < true[:, None]))
    rank = above.sum(1)
    top5 = float(np.mean(rank >= TOP)) if probabilities.shape[1] > TOP else None
    loss = -np.log(np.maximum(own.astype(np.float64), np.finfo(np.float32).tiny))
    return Figures(float(np.mean(rank > 0)), top5, float(np.mean(loss)))


def combined(given: Iterable[tuple[str, int, int, Array]], true: Array) -> tuple[Member, ...]:
    """The members of an ensemble in the order in which they come: name, seed, step, probabilities (n, classes)."""
    kept: list[Array] | None = []
    found: list[Member] = []
    total = np.zeros(0)
    for k, (name, seed, step, p) in enumerate(given, 1):
        total = p.astype(np.float64) if k == 1 else total + p
        found.append(Member(name, seed, step, figures(p, true), figures(total / k, true)))
        if kept is not None:
            kept = [*kept, p] if (k + 1) * p.nbytes <= ROOM else None
    if kept is None or len(found) < 2:
        return tuple(found)
    rest = (figures((total - p) / (len(kept) - 1), true) for p in kept)
    return tuple(Member(m.name, m.seed, m.step, m.alone, m.first, r) for m, r in zip(found, rest, strict=True))
