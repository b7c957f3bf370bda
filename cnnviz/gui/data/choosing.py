"""Which pictures of a data set are shown: by class, by what the network makes of them, by their copies."""

from __future__ import annotations

import numpy as np

from ...link.data import Contents
from ...link.verdicts import Verdicts

ALL, WRONG, LEAKED, COPIES, TORN = "all", "wrong", "leaked", "copies", "torn"
"""All pictures; those classified wrongly, the worst first; those that are in both parts; copies of earlier ones in the
same part; those of which a copy has another class."""


def labels(contents: Contents, split: str) -> np.ndarray:
    """(n,) classes of the split's pictures."""
    return contents.test_y if split == "test" else contents.train_y


def balance(contents: Contents, split: str) -> np.ndarray:
    """How many pictures of each class the split has, (classes,)."""
    return np.bincount(labels(contents, split), minlength=len(contents.classes))


def chosen(
    contents: Contents, split: str, label: int | None = None, kind: str = ALL, verdicts: Verdicts | None = None
) -> np.ndarray:
    """Numbers of the split's pictures (of the class `label`) that are shown; none WRONG without `verdicts`."""
    y = labels(contents, split)
    test = split == "test"
    if kind == WRONG:
        fits = verdicts is not None and len(verdicts) == len(y)
        found = verdicts.worst(~verdicts.right) if verdicts is not None and fits else np.zeros(0, np.int64)
    elif kind == LEAKED:
        found = contents.leaked if test else np.unique(contents.source)
    elif kind == COPIES:
        found = contents.again_test if test else contents.again_train
    elif kind == TORN:
        found = contents.torn_test if test else contents.torn_train
    else:
        found = np.arange(len(y))
    return found if label is None else found[y[found] == label]
