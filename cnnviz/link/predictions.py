"""What window and engine say to each other of a whole split: what the network makes of every picture, now or at an
earlier measurement of a run, and the pictures.

`split` is "test" for the held-out pictures, "train" for those trained on; indices count a split's pictures as Sample's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .scorebook import Score
from .verdicts import Verdicts

Array = np.ndarray[Any, np.dtype[Any]]

MOST = 512
"""Pictures in one Fetch; further ones are left out."""
SIDE = 64
"""Pixels of a fetched picture's height and width at most: larger ones are thinned."""


# ── to the engine ────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Predict:
    """Classify every picture of a split by the open network with its present weights, also while it trains.

    Told of by Predicting, answered by Predictions or Failed("predict") whose `run` is this number. A newer one
    replaces it.
    """

    number: int
    split: str = "test"


@dataclass(frozen=True)
class Abandon:
    """The Predict of this number is not wanted any more."""

    number: int


@dataclass(frozen=True)
class Fetch:
    """Send these pictures, in this order; answered by Fetched or Failed("fetch") whose `run` is this number."""

    number: int
    split: str
    indices: tuple[int, ...]


@dataclass(frozen=True)
class Review:
    """Send what a run measured on the held-out pictures; answered by Reviewed or Failed("review") with this number.

    run     whose newest measurement the engine may still have, else it is read from its folder
    step    the measurement made nearest to it; None: the newest
    """

    number: int
    run: int
    folder: str
    step: int | None = None


# ── from the engine ──────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Predicting:
    """So many of `total` pictures are classified."""

    number: int
    done: int
    total: int


@dataclass(frozen=True, eq=False)
class Predictions:
    """What net `version`, with the weights of this run's step (0, 0: of no run), makes of every picture of a split."""

    number: int
    version: int
    run: int
    step: int
    split: str
    data: str  # name of the data set
    classes: tuple[str, ...]
    verdicts: Verdicts


@dataclass(frozen=True, eq=False)
class Fetched:
    """Pictures of a split, before normalising: (k, height, width, 3) uint8; of sentences `texts` instead.

    `indices` are those of the request that there are, `labels` their classes (k,).
    """

    number: int
    split: str
    indices: tuple[int, ...]
    labels: tuple[int, ...]
    pictures: Array
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Reviewed:
    """A measurement; None where there is none."""

    number: int
    run: int
    score: Score | None


Asked = Predict | Abandon | Fetch | Review
Answered = Predicting | Predictions | Fetched | Reviewed
