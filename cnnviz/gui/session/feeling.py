"""How healthy the training is: the readings and signs that the engine tells, and what can be tried about them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ...link import pulses
from ...link.messages import Progress
from ...link.pulses import Feel, Pulses
from ...net.analysis import Analysis
from ...net.health.reading import Series
from ...net.health.sign import Sign
from ...net.health.trial import Trial, trials
from ...net.plan import Plan
from ...text import _

if TYPE_CHECKING:
    from .hallway import Session

KEY = "health"
"""Of the message that an experiment has been taken."""


class Feeling:
    """The health of the newest run, or of one that was opened."""

    def __init__(self, session: Session):
        self._session = session
        self.series = Series()
        """The readings that are kept."""
        self.present: tuple[Sign, ...] = ()
        """The signs that stand now, the worst first."""
        self.signs: tuple[Sign, ...] = ()
        """Those that held at the step that the time cursor stands at; live, the present ones."""
        self._run = self._count = 0
        self._asked = False
        self._written: object = None  # folder, size and time of the file that was read last
        self._there: tuple[object, Series] | None = None  # of the run beside: its file as it was read, and what it held
        self._offered: tuple[Analysis, Plan, dict[str, tuple[Trial, ...]]] | None = None

    # ── what is known ───────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def marks(self) -> Mapping[str, Sign]:
        """The worst sign of each layer of the network in the editor that has one."""
        found: dict[str, Sign] = {}
        for sign in self.signs:
            for id in (sign.node, *sign.also):
                if id in self._session.graph:
                    found.setdefault(id, sign)
        return found

    def trials(self, sign: Sign) -> tuple[Trial, ...]:
        """What can be tried about it with the network and the plan of now."""
        rows, plan = self._session.rows, self._session.run.plan
        if self._offered is None or self._offered[0] is not rows or self._offered[1] != plan:
            self._offered = rows, plan, {}
        known = self._offered[2]
        key = f"{sign.key} {sign.node} {sign.also}"
        if key not in known:
            known[key] = trials(sign, rows, plan)
        return known[key]

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def take_trial(self, trial: Trial) -> bool:
        """Do it: a change that can be undone; False where the network has become another one meanwhile."""
        run = self._session.run
        if trial.graph is not None:
            if not self._session.edit.put(trial.text, trial.graph, trial.node):
                return False
        elif not run.set_plan(**dict(trial.settings)):
            return False
        if trial.at_once and run.active:
            return True
        text = _("{trial}: done. It acts with the next training.").format(trial=trial.text)
        again = (_("Train from new weights"), run.train_afresh)
        self._session.notice(text, "done", key=KEY, actions=(again,))
        return True

    def open(self, folder: str | Path) -> None:
        """Show the health of a recorded run; asked again, what has come since, where another program trains there."""
        try:
            state = (Path(folder) / pulses.FILE).stat()
            written: object = folder, state.st_size, state.st_mtime_ns
        except OSError:
            written = folder, 0
        if written != self._written:
            found = pulses.read(folder)
            self._set(0, 0, found.series, found.signs)
            self._written = written

    def beside(self) -> Series | None:
        """The readings of the run that stands beside, read again where new ones came; None: there are none."""
        folder = self._session.beside.folder
        try:
            state = (Path(folder) / pulses.FILE).stat() if folder else None
        except OSError:
            state = None
        if state is None:
            self._there = None
            return None
        written = folder, state.st_size, state.st_mtime_ns
        if self._there is None or self._there[0] != written:
            self._there = written, pulses.read(folder).series
        return self._there[1] if len(self._there[1]) else None

    def forget(self) -> None:
        """Another network is being opened."""
        self._set(0, 0, Series(), ())

    # ── what comes back ─────────────────────────────────────────────────────────────────────────────────────────────
    def take_news(self, progress: Progress) -> None:
        """Ask for what is new of the run's health, where there is something."""
        if progress.run != self._run:
            self._asked = False
            self._set(progress.run, 0, Series(), ())
        if progress.pulse != self._count and not self._asked:
            self._asked = True
            last = self.series.last
            self._session.send(Feel(progress.run, last.step if last is not None else 0))

    def take(self, told: Pulses) -> None:
        """An answer of the engine's; those of an older run are dropped."""
        if told.run != self._run or not self._asked:
            return
        self._asked = False
        series = self.series if told.since and told.layers == self.series.layers else Series(told.layers)
        for reading, stood in zip(told.readings, told.told or ((),) * len(told.readings), strict=True):
            series.add(reading)
            series.tell(stood)
        self._set(told.run, told.count, series, told.signs)

    def _set(self, run: int, count: int, series: Series, signs: tuple[Sign, ...]) -> None:
        self._run, self._count, self.series, self.present = run, count, series, signs
        series.tell(signs)
        self._written = None
        self.signs = self._then()
        self._session.health_changed.emit()

    def _then(self) -> tuple[Sign, ...]:
        at = self._session.time.at
        return self.present if at is None else self.series.signs(at)

    def follow(self) -> None:
        """The time cursor stands elsewhere."""
        before, self.signs = self.signs, self._then()
        if self.signs != before:
            self._session.health_changed.emit()
