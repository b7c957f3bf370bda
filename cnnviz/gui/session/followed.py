"""A recorded run that another program trains, or has trained: how far it is, and what is asked of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...link import control, runs
from ...link.messages import IDLE, STOPPING
from ...link.past import Recalled
from ...text import _

if TYPE_CHECKING:
    from .hallway import Session


class Followed:
    """The run that has been opened; its folder is all that both programs have in common."""

    def __init__(self, session: Session):
        self._session = session
        self._folder = ""
        self.alive = control.Alive()
        self._told: set[str] = set()  # what has been said of this run

    @property
    def living(self) -> bool:
        """Whether another program trains it now."""
        return self.alive.living

    def open(self, folder: str) -> None:
        """Follow the run in this folder; an empty name: none."""
        self._folder = folder
        self._told.clear()
        self.alive = control.alive(folder) if folder else control.Alive()

    def take(self, found: Recalled) -> None:
        """What its folder holds by now: the curves, and how far it is."""
        run = self._session.run
        self.alive = control.alive(self._folder, self.alive)
        if found.points is None or found.tests is None or run.progress is None:
            return
        before = run.progress
        run.course.add(found.first, found.points)
        run.course.tests = found.tests
        last = run.points[-1] if len(run.points) else None
        phase = self.alive.phase if self.living else IDLE
        if before.phase == STOPPING and self.living:
            phase = STOPPING  # asked for, and not yet heard
        run.show(
            replace(
                before,
                phase=phase,
                step=found.step,
                steps=found.epochs * found.epoch_steps,
                epoch=found.step / max(found.epoch_steps, 1),
                loss=float(last[1]) if last is not None else None,
                lr=float(last[3]) if last is not None else before.lr,
                accuracy=float(run.tests[-1, 2]) if len(run.tests) else None,
            )
        )
        self._session.points_arrived.emit()
        self._warn(empty=not len(found.steps) and not len(run.points))

    def _warn(self, empty: bool) -> None:
        """Say once that the run has died, or is no longer recorded, and how to go on with it, or that it is `empty`."""
        seen, said = self.alive, {}
        empty = empty and not self.living  # one that lives has only just begun
        if seen.lost:
            said["lost"] = control.unrecorded(seen, self._folder)
        if seen.phase == control.DIED:
            text = _("This run no longer trains: its program ended without a word, on {host}.")
            said["died"] = text.format(host=seen.host)
        if empty:
            said["empty"] = _("Nothing has been recorded of this run yet: “Train” begins a new one with its network.")
        if not said.keys() - self._told:
            return
        self._told |= said.keys()
        if not self.living and not empty:
            said["on"] = _("“Train on” continues from what is recorded.")
        self._session.notice(" ".join(said.values()), "warning", key="followed")

    def lost(self) -> None:
        """Its folder cannot be read: where nobody is known to train in it, it is followed no longer."""
        self.alive = control.alive(self._folder)
        progress = self._session.run.progress
        if not self.living and progress is not None and progress.phase != IDLE:
            self._session.run.show(replace(progress, phase=IDLE))

    def ask(self, what: str) -> bool:
        """Have the other program pause (control.PAUSE), go on (GO) or end (STOP); says where that does not work."""
        try:
            control.ask(self._folder, what)
        except runs.RunError as error:
            self._session.notice(str(error), "warning", key="time")
            return False
        return True
