"""Asking for recorded steps of a run: what a run folder holds, the network as it was, marks.

While a Show with a folder holds, all frames are of that step of that run, on whatever picture is looked at; training
goes on meanwhile. Each Frame says which Show it follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .runs import Mark


# ── window to engine ─────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Show:
    """Show the network of the run in this folder as it was after `step`, or at the nearest step that was recorded.

    A newer one replaces it; without a folder the present network is shown again. `version`, `run`: what the frames say
    of themselves. `other`: a run folder whose network is shown beside it at the same step. What cannot be shown is
    Failed("past"), and the present network is shown.
    """

    number: int
    folder: str = ""
    step: int = 0
    version: int = 0
    run: int = 0
    other: str = ""


@dataclass(frozen=True)
class Recall:
    """Tell what this run folder holds; answered by Recalled or Failed("recall").

    `since`: index of the first point that is wanted; below 0: none are.
    """

    folder: str
    since: int = -1


@dataclass(frozen=True)
class Keep:
    """Give this recorded step a name, and keep its weights whatever is thinned out; without a name no longer.

    `step` below 0: the one at which the training is. What cannot be kept is Failed("keep").
    """

    folder: str
    step: int
    name: str


@dataclass(frozen=True)
class Restore:
    """Take the weights of this recorded step for the network in the editor, where they fit; or Failed("past")."""

    folder: str
    step: int


# ── engine to window ─────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, eq=False)
class Recalled:
    """What a run folder holds.

    steps    (n,) int64: those whose weights can be looked at, rising
    exact    (m,) int64: key frames
    points   (k, 4) from index `first` on, and tests (all): as in messages.News; None where none were asked for
    size     bytes that the folder takes; `room`: what the weights may take
    """

    folder: str
    steps: np.ndarray
    exact: np.ndarray
    step: int  # the last one
    end: str  # how the run ended, empty while it runs
    epoch_steps: int
    epochs: int
    marks: tuple[Mark, ...]
    size: int
    room: int
    origin: tuple[str, int] | None = None
    first: int = 0
    points: np.ndarray | None = None
    tests: np.ndarray | None = None


Asked = Show | Recall | Keep | Restore
Answered = Recalled
