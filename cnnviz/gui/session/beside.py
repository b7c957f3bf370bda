"""The run that stands beside the one that is shown: what it is, its curves, and a run made to be compared."""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Slot

from ...link import control, runs
from ...link.account import Account, account
from ...link.past import Recall, Recalled
from ...net.files import FileError
from ...net.graph import Graph
from ...net.plan import Plan
from ...text import _, grouped
from ..planwords import words
from .course import Course
from .timing import NONE

if TYPE_CHECKING:
    from .hallway import Session

THIS, OTHER, DIFFERENCE, ALL = "this", "other", "difference", "all"
"""What the panels show of two runs."""
EVERY_MS = 1000
"""Between two looks into the other run's folder while somebody trains there."""
TOLD = 2
"""Settings that a name tells; of more it says how many."""


class Beside(QObject):
    """The other run. Which one it is, is session.time.other: the engine's frames show it as well."""

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self.account: Account | None = None  # None: no run stands beside
        self.course = Course()
        self.steps = NONE  # (n,) int64, rising: those whose weights the other run has recorded
        self.side = THIS
        self.alive = control.Alive()
        self._folder = ""
        self._pending: tuple[str, Plan, Graph | None] | None = None  # to be trained when nothing else is
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.look)
        session.time_changed.connect(self._follow)
        session.moment_changed.connect(self._follow)
        session.run_changed.connect(self._wait)

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def folder(self) -> str:
        """The other run's; empty where none stands beside."""
        return self._folder

    @property
    def name(self) -> str:
        """What the other run is called here: by what its plan has otherwise, or by its time or its folder."""
        return self.name_of(self.account) if self.account is not None else ""

    def name_of(self, other: Account) -> str:
        """`learning rate 0.01`, `run of 15:33`, `resnet20-long`: what tells a run from the one that is shown."""
        mine = self.present
        own = self.is_own(other.folder)
        if mine is not None and own:
            names = differing(other.plan, mine)
            if 0 < len(names) <= TOLD:
                return ", ".join(words(name, getattr(other.plan, name)) for name in names)
        if own and other.started:
            return _("run of {time}").format(time=time.strftime("%H:%M", time.localtime(other.started)))
        return Path(other.folder).name

    def is_own(self, folder: str) -> bool:
        """Whether the folder is one that this program has named: its name tells a person nothing."""
        return Path(folder).parent == self.home

    @property
    def home(self) -> Path:
        """Where this program's own runs lie."""
        return self._session.settings.folder / "runs"

    @property
    def present(self) -> Plan | None:
        """The plan of the run that is shown; None where there is none."""
        folder = self._session.time.folder
        try:
            return runs.notes(folder).plan if folder else None
        except runs.RunError:
            return self._session.run.plan  # it has not written anything yet

    @property
    def near(self) -> tuple[str, ...]:
        """Folders of runs that are likely to be compared with: this document's, and what the run branches from."""
        found = self._session.time.found
        wanted = [*self._session.run.folders, *([found.origin[0]] if found is not None and found.origin else [])]
        if self.home.is_dir():
            wanted += sorted((str(p) for p in self.home.iterdir() if p.is_dir()), reverse=True)
        shown = self._session.time.folder
        return tuple(f for f in dict.fromkeys(wanted) if f != shown and (Path(f) / runs.NOTES).is_file())

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def choose(self, folder: str | Path) -> bool:
        """Put this run beside the one that is shown. What cannot be is said."""
        folder, shown = str(Path(folder).absolute()), self._session.time.folder
        if not shown:
            self._session.notice(
                _("Train, or open a run: then another one can stand beside it."), "warning", key="beside"
            )
            return False
        if Path(folder) == Path(shown):
            text = _("{folder} is the run that is shown. Choose another one.")
            self._session.notice(text.format(folder=folder), "warning", key="beside")
            return False
        try:
            account(folder)
        except (runs.RunError, FileError) as error:
            self._session.notice(str(error), "error", key="beside")
            return False
        self._session.hush("beside")
        self._session.time.beside(folder)
        return True

    def choose_side(self, side: str) -> None:
        """Show this of the two runs, in all panels; what needs both goes from the live end to where both have come."""
        self.side = side
        time = self._session.time
        if side == THIS:
            if time.follows:
                time.live()
        elif time.at is None:
            time.together()
        self._session.beside_changed.emit()

    def end(self) -> None:
        """No other run any more."""
        if self._folder:
            self._session.time.beside("")

    def again(self, plan: Plan, graph: Graph | None = None) -> None:
        """Train by this plan from first weights, and put the run that is shown beside; one that goes on ends first.

        `graph`: what is put into the editor for that.
        """
        self._pending = (self._session.time.folder, plan, graph)
        if self._session.run.active:
            self._session.run.stop()
        else:
            self._begin_pending()

    @Slot()
    def _wait(self) -> None:
        if self._pending is not None and not self._session.run.active:
            QTimer.singleShot(0, self._begin_pending)  # the others hear of the end of that one first

    @Slot()
    def _begin_pending(self) -> None:
        """Now that nothing trains: an edit of the plan would act on a run that does, and be one more change."""
        if self._pending is None:
            return
        (folder, plan, graph), self._pending = self._pending, None
        document = self._session.edit.document
        if folder != self._session.time.folder:
            return  # another document has been opened meanwhile
        if graph is not None:
            document.edit(_("Put the network of the run before back"), graph)
        if plan != self._session.run.plan:
            document.edit_plan(_("Train again with one change"), plan)
        self._session.time.next_other = folder
        self._session.run.train_afresh()
        if not self._session.run.active:  # it was refused, and said why
            self._session.time.next_other = ""

    # ── following ───────────────────────────────────────────────────────────────────────────────────────────────────
    @Slot()
    def _follow(self) -> None:
        folder = self._session.time.other
        if folder == self._folder:
            return
        self._folder = folder
        self.course.clear()
        self.steps = NONE
        self.alive = control.Alive()
        self._timer.stop()
        self._read()
        if folder:
            self._timer.start()
            self.look()
        self._session.beside_changed.emit()

    def _read(self) -> None:
        try:
            self.account = account(self._folder, self.account) if self._folder else None
        except (runs.RunError, FileError):
            self.account = None  # the engine says it

    @Slot()
    def look(self) -> None:
        """Ask what is new in the other run's folder."""
        if self._folder:
            self._session.send(Recall(self._folder, len(self.course.points)))

    def take(self, found: Recalled) -> None:
        """What the other run's folder holds."""
        if found.folder != self._folder or found.points is None or found.tests is None:
            return
        self.steps = found.steps
        self._session.time.advance()
        before = len(self.course.points), len(self.course.tests)
        self.course.add(found.first, found.points)
        self.course.tests = found.tests
        lived, self.alive = self.alive.living, control.alive(self._folder, self.alive)
        if lived and self.alive.phase == control.DIED:
            text = _("The run beside, {name}, no longer trains: its program ended without a word, after step {step}.")
            told = text.format(name=self.name, step=grouped(self.alive.step))
            self._session.notice(told, "warning", key="beside")
        if not self.alive.living:
            self._timer.stop()
        if (len(self.course.points), len(self.course.tests)) != before:
            self._read()
            self._session.beside_changed.emit()


def differing(a: Plan, b: Plan) -> tuple[str, ...]:
    """Names of the settings that differ between two plans, in the plan's order."""
    return tuple(f.name for f in fields(Plan) if getattr(a, f.name) != getattr(b, f.name))


def changed(graph: Graph, folder: str) -> bool:
    """Whether the network in the editor is another one than the run has trained. False where that is not known."""
    try:
        return runs.shape(runs.network(folder).graph) != runs.shape(graph)
    except FileError:
        return False


def best(course: Course) -> tuple[int, float] | None:
    """(step, accuracy) of the best held-out measurement, the first of several; None where there is none."""
    tests: Any = course.tests
    if not len(tests):
        return None
    i = int(tests[:, 2].argmax())
    return int(tests[i, 0]), float(tests[i, 2])
