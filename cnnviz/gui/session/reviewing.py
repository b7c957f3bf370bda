"""What the run has made of the held-out pictures at each of its measurements: one of them is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...link.messages import Failed
from ...link.predictions import Review, Reviewed
from ...link.scorebook import Score

if TYPE_CHECKING:
    from .hallway import Session


class Reviewing:
    """The measurement that panels show: the newest one, or the one that was asked for.

    Nothing is asked of the engine before a panel calls `refresh`, and never twice at a time.
    """

    def __init__(self, session: Session):
        self._session = session
        self.score: Score | None = None
        self.step: int | None = None  # the step that is looked at; None: the newest measurement
        self.trouble = ""  # why the last one did not come
        self._number = 0
        self._waits = False  # for an answer
        self._told: tuple[int, int | None] | None = None  # run and measured step that were asked for last
        self._asked = (0, False)  # how far the run was then …
        self._lacked: tuple[int, bool] | None = None  # … and the same where its record did not hold that yet

    @property
    def steps(self) -> np.ndarray:
        """Steps after which the run was measured, (m,) float64 in order; the record may hold fewer of a long run."""
        return self._session.run.tests[:, 0]

    @property
    def folder(self) -> str:
        """Of the run that is looked at."""
        folders = self._session.run.folders
        return folders[0] if folders else ""

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def look(self, step: int | None) -> None:
        """Look at the measurement nearest to this step; None: always at the newest."""
        if step != self.step:
            self.step = step
            self._session.review_changed.emit()
            self.refresh()

    def go(self, step: int | None) -> None:
        """Look at the measurement after this step, with everything else at that time; None: at the newest, live."""
        time = self._session.time
        if step is None:
            time.live()
        elif len(time.steps):
            time.go(step)
        self.look(step)  # where nothing is recorded, there is no time to go to

    def follow(self) -> None:
        """The time cursor is elsewhere."""
        self.look(self._session.time.at)

    def refresh(self) -> None:
        """Ask for what is to be seen, where that is not what was asked for last; `review_changed` follows."""
        wanted = self._wanted()
        again = self._lacked is not None and self._lacked != self._far
        if wanted is None or self._waits or (wanted == self._told and not again):
            return
        self._told, self._waits, self._asked = wanted, True, self._far
        self._number += 1
        self._session.send(Review(self._number, wanted[0], self.folder, wanted[1]))

    @property
    def _far(self) -> tuple[int, bool]:
        """How many measurements there are, and whether more will come: they are recorded seconds later."""
        return len(self.steps), self._session.run.active

    def _wanted(self) -> tuple[int, int] | None:
        """The run, and of its measured steps the one to be seen."""
        steps = self.steps
        if not len(steps):
            return None
        place = len(steps) - 1 if self.step is None else int(np.argmin(np.abs(steps - self.step)))
        return self._session.run.number, int(steps[place])

    # ── what comes back ─────────────────────────────────────────────────────────────────────────────────────────────
    def take(self, reply: Reviewed) -> None:
        """An answer of the engine's; one of an older request is dropped."""
        if reply.number != self._number or not self._waits:
            return
        self._waits, self.trouble = False, ""
        if reply.run == self._session.run.number:
            self.score = reply.score
            exact = reply.score is not None and self._told == (reply.run, reply.score.step)
            self._lacked = None if exact else self._asked
            self._session.review_changed.emit()
        self.refresh()

    def failed(self, reply: Failed) -> None:
        """The engine could not read it; the panel says why."""
        if reply.run == self._number:
            self._waits, self.trouble = False, reply.text
            self._session.review_changed.emit()

    def lost(self) -> None:
        """The engine has died: ask the next one."""
        self._waits, self._told = False, None

    def forget(self) -> None:
        """Another run begins, or another network is opened."""
        self._waits, self._told, self._lacked = False, None, None
        self.score, self.step, self.trouble = None, None, ""
        self._session.review_changed.emit()
