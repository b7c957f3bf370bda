"""What window and engine say to each other of what goes into the net: augmented pictures, and the values of a data set.

Both are asked of a plan's data set in the size of an Input; neither needs a network that works.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..net.layers import Input
from ..net.plan import Plan

Array = np.ndarray[Any, np.dtype[Any]]

PICTURES, VERSIONS = 4, 9
"""Of a preview: training pictures, and how often each is changed."""
SIDE = 96
"""Pixels of a preview's height and width at most: larger pictures are thinned."""


# ── to the engine ────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Preview:
    """Change some training pictures as the plan says; answered by Previewed or Failed("preview") of this number.

    A newer one replaces it. `roll`: which pictures, and which random numbers.
    """

    number: int
    plan: Plan
    layer: Input
    roll: int = 0


@dataclass(frozen=True)
class Survey:
    """Go through all training pictures of the plan; answered by Surveyed or Failed("survey") of this number."""

    number: int
    plan: Plan
    layer: Input


# ── from the engine ──────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, eq=False)
class Previewed:
    """Training pictures and what the net gets of them, made as a training makes its batches, and shown as pictures.

    indices   of the training pictures, (PICTURES,) or fewer
    labels    their classes
    before    (pictures, height, width, 3) uint8: as the data set has them, in the net's size
    after     (pictures, VERSIONS, height, width, 3) uint8: what the net gets, times the Input's std, plus its mean
    low, high the smallest and the largest value that the net gets in them
    """

    number: int
    indices: tuple[int, ...]
    labels: tuple[int, ...]
    before: Array
    after: Array
    low: float
    high: float


@dataclass(frozen=True)
class Surveyed:
    """Of the training pictures' values 0…1, before normalising, for each channel: mean, deviation and range."""

    number: int
    data: str
    pictures: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


Asked = Preview | Survey
Answered = Previewed | Surveyed
