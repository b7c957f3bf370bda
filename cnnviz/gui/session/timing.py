"""The one time cursor: which training step all panels show, of which recorded run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Slot

from ...link import runs
from ...link.messages import IDLE, Failed, Frame
from ...link.past import Keep, Recall, Recalled, Restore, Show
from ...net.files import FileError
from ...text import _, grouped
from .followed import Followed

if TYPE_CHECKING:
    from .hallway import Session

EVERY_MS, FOLLOWED_MS = 1000, 500
"""Between two looks into the run folder: of a run of our own, and of one that another program trains."""
PLAYED_S, LONGEST_S, FRAME_MS = 12.0, 0.2, 40
"""Seconds that the whole training plays in, and that the mean recorded step stands at most; milliseconds of a frame."""
NONE = np.empty(0, np.int64)


class Timing(QObject):
    """Where in time the panels are, and what of a run there is to look at."""

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self.folder = ""  # of the run whose time this is
        self.found: Recalled | None = None  # what it holds, as was last heard
        self.at: int | None = None  # the step that was asked for; None: the live end, or the present network
        self.playing = False
        self._played = 0.0  # where in time it plays, between the recorded steps
        self.follows = False  # the cursor goes on to the newest step that both runs have come to
        self.other = ""  # run folder that is shown beside …
        self.next_other = ""  # … and beside the next run, as soon as that begins
        self.followed = False  # another program trains, or has trained, there
        self.far = Followed(session)
        self._number = 0  # of the newest Show
        self._floor = 0  # frames that follow an older Show are of another time
        self._run = 0
        self._active = False
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._play = QTimer(self, interval=FRAME_MS)
        self._play.timeout.connect(self._next)
        session.run_changed.connect(self._follow_run)
        session.graph_changed.connect(self._follow_graph)

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def steps(self) -> np.ndarray:
        """(n,) int64: the steps whose weights are recorded, rising."""
        return self.found.steps if self.found is not None else NONE

    @property
    def end(self) -> int:
        """The last step of the run."""
        p = self._session.run.progress
        live = p.step if p is not None and not self.followed else 0
        return max(live, self.found.step if self.found is not None else 0)

    @property
    def shown(self) -> int | None:
        """The recorded step that the panels show; None while that is the present network."""
        frame = self._session.look.frame
        return frame.step if self.at is not None and frame is not None and frame.past else None

    @property
    def marks(self) -> tuple[runs.Mark, ...]:
        """Steps with a name, in rising order."""
        return self.found.marks if self.found is not None else ()

    @property
    def best(self) -> int | None:
        """The step with the best held-out accuracy, the first of several; None before a measurement."""
        tests = self._session.run.tests
        return int(tests[int(np.argmax(tests[:, 2])), 0]) if len(tests) else None

    def nearest(self, step: int) -> int | None:
        """The recorded step nearest to this one; None where nothing is recorded."""
        steps = self.steps
        return int(steps[int(np.abs(steps - step).argmin())]) if len(steps) else None

    def takes(self, frame: Frame) -> bool:
        """Whether a frame belongs to the time that is looked at."""
        return frame.moment >= self._floor

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def go(self, step: int) -> None:
        """Show the network as it was after this step, or after the nearest that is recorded, and stay there."""
        if not self.folder or not len(self.steps):
            return
        held, self.playing = self.playing, False
        self._play.stop()
        before = self.at
        self._to(step)
        if held and self.at == before:
            self._session.moment_changed.emit()

    def _to(self, step: int) -> None:
        step = min(max(step, 0), self.end)
        self.follows = False
        if step != self.at:
            before, self.at = self.at, step
            self._show(new=before is None)

    def live(self) -> None:
        """Show the present network again, and follow it."""
        if self._leave():
            self._show(new=True)

    def _leave(self) -> bool:
        """The cursor stands at the live end, and nothing moves it; whether it stood elsewhere."""
        left, self.at, self.playing, self.follows = self.at is not None, None, False, False
        self._play.stop()
        return left

    def move(self, by: int) -> None:
        """To the next recorded step (1) or the one before (−1); behind the last one is the live end."""
        steps = self.steps
        if not len(steps):
            return
        here = int(steps[-1]) + 1 if self.at is None else self.nearest(self.at) or 0
        i = int(np.searchsorted(steps, here, "right" if by > 0 else "left")) + (0 if by > 0 else -1)
        if i >= len(steps):
            self.live()
        else:
            self.go(int(steps[max(i, 0)]))

    def play(self) -> None:
        """Go through the recorded steps from here to the end, of a run that goes on to its live end; again: hold."""
        if self.playing:
            self.playing = False
            self._play.stop()
            self._session.moment_changed.emit()
            return
        if not len(self.steps):
            return
        self.playing = True
        if self.at is None or self.at >= int(self.steps[-1]):
            self._to(0)
        self._played = float(self.at or 0)
        self._play.start()
        self._session.moment_changed.emit()

    @Slot()
    def _next(self) -> None:
        shown, steps = self.shown, self.steps
        if self.at is None or not len(steps):
            self.live()
            return
        if shown is None or shown != self.nearest(self.at):
            return  # the last one has not been painted yet
        if self.at >= int(steps[-1]):
            if self._session.run.active and not self.other:  # it has caught up
                self.live()
            else:
                self.play()
            return
        seconds = min(PLAYED_S, LONGEST_S * len(steps))
        self._played = self._played + self.end * FRAME_MS / 1000 / seconds
        i = int(np.searchsorted(steps, self._played, "right")) - 1
        if int(steps[i]) > self.at:  # time passes as evenly as the steps, however sparse they are recorded
            self._to(int(steps[i]))

    def mark(self, name: str) -> None:
        """Give the step that is shown a name, and keep it."""
        if not self.folder:
            return
        step = self.shown if self.at is not None else self._present
        if step is None:
            return
        live = self.at is None and self._session.run.active
        self._session.send(Keep(self.folder, -1 if live else step, name))
        self.look()

    def unmark(self, step: int) -> None:
        """Take a mark away; what is thinned out may take its weights then."""
        self._session.send(Keep(self.folder, step, ""))
        self.look()

    def take_weights(self) -> None:
        """Have the network in the editor take the weights of the step that is shown."""
        step = self.shown
        if step is None:
            return
        self._session.send(Restore(self.folder, step))
        self._session.run.weights_taken()
        self.live()
        text = _("The network has the weights of step {step} now.").format(step=grouped(step))
        self._session.notice(text, "done", key="time")

    def branch(self) -> None:
        """Train on from the step that is shown, in a run of its own."""
        step = self.shown
        if step is not None:
            folder = self.folder
            self.live()
            self._session.run.branch(folder, step)

    def beside(self, folder: str) -> None:
        """Show another run beside this one, step by step; an empty name ends that."""
        self.other = folder
        if not folder and self.follows:
            self.live()
        if folder and self.at is None and not self._session.run.active and len(self.steps):
            self.at = self.end
        self._show(new=True)

    def together(self) -> None:
        """Show both runs at the newest step that both have recorded, and go on with it while one of them trains."""
        if self.folder and len(self.steps):
            new, self.at, self.follows = self.at is None, self.newest, True
            self._show(new)

    def advance(self) -> None:
        """To a newer step of both runs, where there is one and somebody looks inside; called once a second."""
        if self.follows and self._session.look.inside and self.newest != self.at:
            self.at = self.newest
            self._show(new=False)

    @property
    def moving(self) -> bool:
        """Whether the cursor follows two runs of which one still trains."""
        session = self._session
        return self.follows and (session.run.active or session.beside.alive.living)

    @property
    def newest(self) -> int:
        """The newest step that both runs have recorded; where they share none, the end of the shorter one."""
        there = self._session.beside.steps
        both = np.intersect1d(self.steps, there)
        return int(both[-1]) if len(both) else min(self.end, *map(int, there[-1:]), self.end)

    @property
    def _present(self) -> int | None:
        """The recorded step that the present network is at, or near."""
        return self.nearest(self.end)

    def _show(self, new: bool) -> None:
        self._number += 1
        if new:
            self._floor = self._number
        run, session = self._session.run, self._session
        version = run.progress.version if run.progress is not None and not self.followed else session.version
        if self.at is None and not (self.followed and len(self.steps)):
            session.send(Show(self._number))
        else:
            at = self.end if self.at is None else self.at
            session.send(Show(self._number, self.folder, at, version, run.number, self.other))
        session.moment_changed.emit()

    # ── following ───────────────────────────────────────────────────────────────────────────────────────────────────
    def open(self, folder: str | Path) -> bool:
        """Open a run: its network, its curves, its time; follow it while another program trains there."""
        folder = str(Path(folder).absolute())
        try:
            notes = runs.notes(folder)
            network = runs.network(folder)
        except (runs.RunError, FileError) as error:
            self._session.notice(str(error), "error", key="file")
            return False
        last = Path(folder) / runs.LAST
        network = replace(network, name=Path(folder).name, plan=notes.plan)
        self._session.file.show_run(network, last if last.is_file() else None)
        self._session.run.adopt(folder, notes)
        self.folder, self.followed, self._run = folder, True, self._session.run.number
        self.far.open(folder)
        self._timer.setInterval(FOLLOWED_MS)
        self._timer.start()
        self.look()
        return True

    @Slot()
    def look(self) -> None:
        """Ask what the run folder holds by now."""
        if self.folder:
            since = len(self._session.run.points) if self.followed else -1
            self._session.send(Recall(self.folder, since))

    def take(self, found: Recalled) -> None:
        """What the run folder holds."""
        if found.folder != self.folder:
            return
        before, self.found = self.found, found
        if self.followed:
            self.far.take(found)
            self._session.health.open(self.folder)
            if self.at is None and (before is None or not np.array_equal(before.steps, found.steps)):
                self._show(new=False)  # its newest recorded step
            if not self.far.living:
                self._timer.stop()
        self.advance()
        if before is None or not _same(before, found):
            self._session.time_changed.emit()

    def failed(self, reply: Failed) -> bool:
        """A step could not be shown: the present network is. Whether a person need not hear of it."""
        if reply.what in ("past", "recall") and self.followed and not (Path(self.folder) / runs.NOTES).is_file():
            self._lost_run()
            return True
        if reply.what == "past" and self.at is not None and self._lost_other():
            return True
        if reply.what == "past" and self._leave():
            self._floor = self._number
            self._session.moment_changed.emit()
        elif reply.what == "recall" and self.followed:
            self._timer.stop()
            self.far.lost()
        return reply.what == "recall" and not self.followed  # a run that has not written anything yet

    def _lost_run(self) -> None:
        """The followed run's folder is gone: said in one place, whichever question met it first."""
        self._timer.stop()
        self._leave()
        self._floor = self._number
        self.far.lost()
        text = _("The run in {folder} is gone. Its curves stay until another run; the panels show the present network.")
        self._session.notice(text.format(folder=self.folder), "error", key="time")
        self._session.moment_changed.emit()

    def _lost_other(self) -> bool:
        """Whether it was the run beside that could not be shown: then this one is, without it."""
        if not self.other or (Path(self.other) / runs.NETWORK).is_file():
            return False
        text = _("The run in {folder} is gone. The comparison has ended.").format(folder=self.other)
        self._session.notice(text, "error", key="beside")
        self.beside("")
        return True

    @Slot()
    def _follow_run(self) -> None:
        run = self._session.run
        if run.number != self._run:
            self._run = run.number
            self._begin(run.folders[0] if run.active and run.folders else "")
        if run.active != self._active and not self.followed:
            self._active = run.active
            self.look()
            if run.active:
                self._timer.start()
            else:
                self._timer.stop()

    def _begin(self, folder: str) -> None:
        """Another run, or none: its time begins at its live end."""
        self.folder, self.found, self.followed = folder, None, False
        self.other, self.next_other = (self.next_other if folder else ""), ""
        self.far.open("")
        self._timer.stop()
        self._timer.setInterval(EVERY_MS)
        self._active = False
        self._leave()
        if self._number:
            self._show(new=True)
        self._session.time_changed.emit()

    @Slot()
    def _follow_graph(self) -> None:
        """An edit is of the present network: that is what is shown then."""
        frame = self._session.look.frame
        if self.at is not None and frame is not None and not self._session.is_present(frame.version):
            p = self._session.run.progress
            if p is None or p.phase == IDLE or self.followed:
                self.live()

    def resend(self) -> None:
        """Tell a new engine what is looked at."""
        self._show(new=True)
        self.look()


def _same(a: Recalled, b: Recalled) -> bool:
    """Whether both say the same of what can be looked at."""
    return (a.step, a.end, a.marks, a.size, a.origin) == (b.step, b.end, b.marks, b.size, b.origin) and np.array_equal(
        a.steps, b.steps
    )
