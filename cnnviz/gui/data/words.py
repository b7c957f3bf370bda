"""What is said of a data set, in a line each."""

from __future__ import annotations

from pathlib import PurePath

import numpy as np

from ...link.data import Contents
from ...text import _, grouped

UNEVEN = 2.0
"""How much larger the largest class is than the smallest before it is said."""


def head(contents: Contents) -> str:
    """What it is and how much of it there is."""
    name = PurePath(contents.name).name or contents.name
    parts = [name]
    if contents.size is not None and min(contents.size) > 1:
        parts.append("×".join(map(str, contents.size)))
    parts.append(_("{n} to train on").format(n=grouped(len(contents.train_y))))
    parts.append(_("{n} held out").format(n=grouped(len(contents.test_y))))
    return " · ".join(parts)


def unbalanced(counts: np.ndarray, classes: tuple[str, ...]) -> str:
    """Which class is much larger than which; empty where they are about equal."""
    if not len(counts):
        return ""
    most, least = int(counts.argmax()), int(counts.argmin())
    if not counts[least]:
        return _("no picture of {name} to train on").format(name=classes[least])
    times = counts[most] / counts[least]
    if times < UNEVEN:
        return ""
    text = _("{large} has {times} times as many pictures as {small}")
    return text.format(large=classes[most], small=classes[least], times=f"{times:.1f}")


def doubled(contents: Contents) -> str:
    """How many pictures are there twice; empty while that is not known."""
    if not contents.compared:
        return ""
    parts = []
    if len(contents.leaked):
        parts.append(_("{n} held out are trained on, too").format(n=grouped(len(contents.leaked))))
    if contents.dropped:
        parts.append(_("{n} left out that are trained on, too").format(n=grouped(contents.dropped)))
    copies = len(contents.again_train) + len(contents.again_test)
    if copies:
        parts.append(_("{n} copies").format(n=grouped(copies)))
    torn = len(contents.torn_train) + len(contents.torn_test)
    if torn:
        parts.append(_("{n} equal ones with different classes").format(n=grouped(torn)))
    return " · ".join(parts) or _("no picture is there twice")
