"""What a network makes of every picture of a split, and all that follows from it: errors, confusion, calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

TOP = 5
"""How many guesses top-5 error allows; with fewer than TOP + 1 classes it says nothing."""
BINS = 15
"""Of confidence, equally wide, from 0 to 1."""


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Of every picture of a split, in the split's order; all (n,).

    true        its class, int64
    predicted   the class with the largest logit, int64; of equal ones the first
    confidence  softmax of that class, float32
    loss        cross-entropy, float32
    rank        classes whose logit is above the true one's (of equal ones, those before it), int64; 0 where it is right
    """

    true: Array
    predicted: Array
    confidence: Array
    loss: Array
    rank: Array

    def __len__(self) -> int:
        return len(self.true)

    @property
    def right(self) -> Array:
        """Whether the picture is classified right: bool (n,)."""
        return np.equal(self.true, self.predicted)

    def error(self, top: int = 1) -> float:
        """Part of the pictures whose class is not among the `top` largest logits; 0 where there are no pictures."""
        wrong = ~self.right if top == 1 else self.rank >= top
        return float(np.mean(wrong)) if len(self) else 0.0

    def worst(self, which: Array | None = None) -> Array:
        """Indices of the pictures (those of the bool array (n,) `which`), the largest loss first, NaN before all."""
        found = np.arange(len(self)) if which is None else np.flatnonzero(which)
        key = np.nan_to_num(self.loss[found].astype(float), nan=np.inf, posinf=np.inf)
        return found[np.argsort(-key, kind="stable")]

    def cell(self, true: int | None = None, predicted: int | None = None) -> Array:
        """The pictures of this class taken for that one, bool (n,); None: of any."""
        found = np.ones(len(self), bool)
        if true is not None:
            found &= self.true == true
        if predicted is not None:
            found &= self.predicted == predicted
        return found


def confusion(verdicts: Verdicts, classes: int) -> Array:
    """Counts (classes, classes) int64: rows are true, columns predicted classes."""
    return tally(verdicts.true * classes + verdicts.predicted, classes * classes).reshape(classes, classes)


def tally(which: Array, count: int) -> Array:
    """How often each of 0 … count - 1 occurs, (count,) int64."""
    return np.bincount(which, minlength=count).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Classes:
    """Of every class, (classes,): pictures, how many of them are right, and how often it is predicted."""

    pictures: Array
    right: Array
    predicted: Array

    @property
    def accuracy(self) -> Array:
        """Part of a class's pictures that is right (its recall); NaN where it has none."""
        return _share(self.right, self.pictures)

    @property
    def precision(self) -> Array:
        """Part of what is predicted to be the class that is right; NaN where nothing is."""
        return _share(self.right, self.predicted)


def by_class(verdicts: Verdicts, classes: int) -> Classes:
    """What is right and wrong of each class."""
    right = tally(verdicts.true[verdicts.right], classes)
    return Classes(tally(verdicts.true, classes), right, tally(verdicts.predicted, classes))


def confused(verdicts: Verdicts, classes: int, most: int) -> list[tuple[int, int, int]]:
    """The pairs that are confused most: (true, predicted, pictures), the most frequent first, then by class."""
    wrong = ~verdicts.right
    pairs, counts = np.unique(verdicts.true[wrong] * classes + verdicts.predicted[wrong], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:most]
    return [(int(p) // classes, int(p) % classes, int(c)) for p, c in zip(pairs[order], counts[order], strict=True)]


@dataclass(frozen=True, eq=False)
class Calibration:
    """By confidence, in BINS bins: pictures (int64), their mean confidence and accuracy (NaN where there are none).

    Bin b holds confidences above b / BINS up to (b + 1) / BINS. `error`: the expected calibration error, the mean of
    |accuracy − confidence| over all pictures, taken bin by bin (Guo et al. 2017).
    """

    count: Array
    confidence: Array
    accuracy: Array
    error: float


def calibration(verdicts: Verdicts) -> Calibration:
    """Whether the network is right as often as it is sure."""
    sure = verdicts.confidence.astype(float)
    sane = np.isfinite(sure)
    edges = np.arange(1, BINS) / BINS
    bin_ = np.searchsorted(edges, sure[sane], "left")
    count = tally(bin_, BINS)
    confidence = _share(np.bincount(bin_, sure[sane], BINS), count)
    accuracy = _share(np.bincount(bin_, verdicts.right[sane], BINS), count)
    gaps = np.nan_to_num(np.abs(accuracy - confidence))
    return Calibration(count, confidence, accuracy, float(gaps @ count / max(1, count.sum())))


def _share(part: Array, whole: Array) -> Array:
    share: Array = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return share
