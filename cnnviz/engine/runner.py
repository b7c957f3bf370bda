"""The one training thread: runs, what is told of them, and frames while they train."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, replace
from math import nan
from threading import Condition, Thread

import numpy as np

from ..link.adjusting import Adjust, Change
from ..link.messages import IDLE, PAUSED, STOPPING, TRAINING, News, Progress, Train
from ..link.past import Keep
from ..link.pulses import Pulses
from ..link.runs import Metrics
from ..link.scorebook import Score
from ..net.graph import Graph
from ..net.problems import Misfit
from .build import Net, State, copy_state
from .data import Cancelled
from .learn.controls import Controls
from .learn.lost import Diverged
from .learn.steps import Step
from .learn.training import Training, Untrainable
from .live import Live
from .looker import Looker
from .post import Post, Refused
from .shelf import Shelf

SPAN = 3.0  # seconds over which the speed is measured


class Run:
    """One training: what it shall do, and what is known of it. The runner's lock guards what threads share."""

    def __init__(self, command: Train, version: int, graph: Graph):
        self.command, self.version, self.graph = command, version, graph
        self.controls = Controls(command.plan.lr)
        self.phase = TRAINING
        self.stop = False
        self.hold = False
        self.budget = command.steps  # steps until it holds; 0: no limit
        self.step = command.start
        self.steps = 0
        self.epoch_steps = 1
        self.device = ""
        self.points = array("d")
        self.tests = array("d")
        self.score: Score | None = None  # the newest measurement
        self._classes: tuple[str, ...] = ()
        self.changes: list[Change] = []
        self.ended = ""  # why, before its plan
        self.health = Pulses()  # all of it that is kept
        self.pace: deque[tuple[float, int]] = deque()
        self.keeps: list[Keep] = []  # marks that wait for the step's end

    def ready(self, training: Training, before: Metrics | None) -> None:
        """The training is about to begin; `before`: of the steps it goes on from."""
        self.device, self.step = training.device, training.start
        self.controls.made = training.start
        self._classes = training.data.classes
        self.epoch_steps, self.steps = training.epoch_steps, training.steps
        if before is not None:
            self.points.extend(before.points[before.points[:, 0] <= training.kept].ravel())
            self.tests.extend(before.tests.ravel())
            self.changes.extend(c for c in before.changes if c.step <= training.kept)

    def add(self, step: Step, now: float) -> None:
        """This step has been made."""
        before, self.step = self.step, step.step
        self.points.extend((step.step, step.loss, step.accuracy, step.lr))
        self.changes.extend(step.changes)
        if step.test is not None:
            top5 = nan if step.test.top5 is None else step.test.top5
            self.tests.extend((step.step, step.test.loss, step.test.accuracy, top5))
            self.score = step.test.score(step.step, self._classes)
        if not self.pace or now - self.pace[-1][0] > SPAN / 20:
            self.pace.append((now, step.step))
            while now - self.pace[0][0] > SPAN and len(self.pace) > 2:
                self.pace.popleft()
        if self.budget and step.step > before:  # else it is one of the run before, measured only now
            self.budget -= 1
            self.hold = self.hold or not self.budget

    def progress(self) -> Progress:
        """How far it is."""
        speed = self.speed()
        return Progress(
            run=self.command.run,
            version=self.version,
            phase=self.phase,
            step=self.step,
            steps=self.steps,
            epoch=self.step / self.epoch_steps,
            steps_per_second=speed,
            seconds_left=(self.steps - self.step) / speed if speed and self.phase == TRAINING else None,
            loss=self.points[-3] if self.points else None,
            accuracy=self.tests[-2] if self.tests else None,
            lr=self.controls.lr,
            device=self.device,
            ended=self.ended,
            pulse=self.health.count,
        )

    def speed(self) -> float:
        """Steps a second lately; 0 while it is not known."""
        if len(self.pace) < 2:
            return 0.0
        (t0, s0), (t1, s1) = self.pace[0], self.pace[-1]
        return (s1 - s0) / (t1 - t0) if t1 > t0 else 0.0


class Runner:
    """Owns the training thread. All public methods return at once and may be called from any thread."""

    def __init__(self, post: Post, shelf: Shelf, looker: Looker, make_way: Callable[[], None] = lambda: None):
        """`make_way`: called in the training thread before it trains or goes on; waits for what would disturb it."""
        self.post, self.shelf, self.looker, self.make_way = post, shelf, looker, make_way
        self.change = Condition()
        self._run: Run | None = None  # the latest
        self._next: Run | None = None  # not begun yet
        self._live: Run | None = None  # the one that makes steps
        self._closed = False
        self._wanted = False  # somebody waits for the present weights
        self._state: tuple[State, int, int] | None = None  # the answer, with run and step
        self._thread = Thread(target=self._work, name="train")
        self._thread.start()

    # ── from other threads ───────────────────────────────────────────────────────────────────────────────────────────
    def start(self, run: Run) -> None:
        """Train; a run in progress ends first."""
        with self.change:
            if self._run is not None:
                self._run.stop = True
            self._run = self._next = run
            self.change.notify_all()
        self.post.news()

    def pause(self, on: bool, count: int) -> None:
        """Hold at the step's end, go on, or go on for `count` steps."""
        with self.change:
            if self._run is not None and self._run.phase != IDLE:
                self._run.hold = on and not count
                self._run.budget = count
                self.change.notify_all()

    def stop(self) -> None:
        """End at the step's end."""
        with self.change:
            if self._run is None or self._run.phase == IDLE:
                return
            self._run.stop = True
            self._run.phase = STOPPING
            self.change.notify_all()
        self.post.news()

    def keep(self, command: Keep) -> None:
        """Mark a step; the training thread does it where it writes into that folder."""
        with self.change:
            run = self._live
            if run is not None and run.command.folder == command.folder:
                run.keeps.append(command)
                self.change.notify_all()
                return
        self.looker.remember(command)

    def adjust(self, command: Adjust) -> None:
        """Go on with these settings from the next step on."""
        settings = {name: value for name, value in asdict(command).items() if value is not None}
        with self.change:
            run = self._run
            if run is not None:
                try:
                    replace(run.command.plan, **{**run.controls.now, **settings})
                except Misfit as error:
                    self.post.failed("adjust", Refused(str(error)), run.command.run)
                    return
                run.controls.set(**settings)
        self.post.news()

    def news(self, number: int, since: int) -> News:
        """Progress and points of the latest run; from the first point on where another run was asked for."""
        with self.change:
            run = self._run
            if run is None:
                return News(_NOTHING, 0, np.empty((0, 4)), np.empty((0, 4)))
            have = len(run.points) // 4
            first = min(max(since, 0), have) if number == run.command.run else 0
            points, tests, changes = run.points[4 * first :], run.tests[:], tuple(run.changes)
            progress = run.progress()
        return News(progress, first, np.array(points).reshape(-1, 4), np.array(tests).reshape(-1, 4), changes)

    def pulses(self, number: int, since: int) -> Pulses:
        """How healthy that run is; nothing where it is not the latest one."""
        with self.change:
            found = self._run.health if self._run is not None and self._run.command.run == number else Pulses(number)
        return found.after(since)

    @property
    def training(self) -> bool:
        """Whether frames come from the training thread now."""
        live = self._live
        return live is not None and live.phase != PAUSED

    def present(self) -> State | None:
        """Wait for the weights of the run in progress, at its step's end; None where none is training."""
        found = self.moment()
        return None if found is None else found[0]

    def moment(self) -> tuple[State, int, int] | None:
        """The same with the run's number and the step."""
        with self.change:
            live, self._wanted, self._state = self._live, True, None
            self.change.wait_for(lambda: self._state is not None or self._live is not live or not self.training)
            self._wanted = False
            return self._state

    def measured(self, number: int) -> Score | None:
        """The newest measurement of the run of this number; None where it is not the latest, or has none yet."""
        with self.change:
            run = self._run
            return run.score if run is not None and run.command.run == number else None

    def close(self, timeout: float) -> None:
        """End the run, having it recorded, and the thread."""
        with self.change:
            self._closed = True
            if self._run is not None:
                self._run.stop = True
            self.change.notify_all()
        self._thread.join(timeout)

    # ── the training thread ──────────────────────────────────────────────────────────────────────────────────────────
    def _work(self) -> None:
        while True:
            with self.change:
                self.change.wait_for(lambda: self._next is not None or self._closed)
                run, self._next = self._next, None
                if self._closed or run is None:
                    return
            try:
                Live(self, run).go()
            except (Exception, SystemExit) as error:
                node = error.node if isinstance(error, (Diverged, Untrainable)) else ""
                if not (run.stop and isinstance(error, Cancelled)):
                    self.post.failed("train", error, run.command.run, node)
            with self.change:
                run.phase = IDLE
                self.change.notify_all()
            self.looker.refresh()
            self.post.news()

    def begun(self, run: Run) -> None:
        """Frames come from the training thread now."""
        self._live = run
        self.make_way()

    def ended(self) -> None:
        """They do not any more."""
        self._live = None

    def answer(self, net: Net) -> None:
        """Give the present weights to who waits for them."""
        if self._wanted:
            state = copy_state(net)
            with self.change:
                live = self._live
                self._state = (state, live.command.run, live.controls.made) if live is not None else None
                self.change.notify_all()


_NOTHING = Progress(0, 0, IDLE, 0, 0, 0.0, 0.0, None, None, None, 0.0, "")
