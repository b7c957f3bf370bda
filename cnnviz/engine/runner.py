"""The one training thread: runs, what is told of them, and frames while they train."""

from __future__ import annotations

import time
from array import array
from collections import deque
from collections.abc import Callable
from threading import Condition, Thread

import numpy as np
import torch

from ..link.messages import IDLE, PAUSED, STOPPING, TRAINING, News, Progress, Train
from ..net.analysis import Analysis, analyse, trainable
from ..net.graph import Graph
from ..net.layers import Source
from ..net.network import Network
from ..net.problems import Problem
from . import device, memory
from .build import Net, State, copy_state, fit_state, logits_node
from .data import Data
from .history import Recorder
from .look import Stamp, frame, glance
from .looker import Looker
from .post import Post, Refused
from .shelf import Shelf
from .train import EVALUATED, Controls, Diverged, Step, epoch_steps, make_optimizer, steps

NEWS = 0.1  # seconds between bells for points
WHOLE, PARTIAL = 0.006, 0.018  # parts of the time that whole and partial frames may take …
SELDOM = 0.3  # … but at most so many seconds between two of a kind, unless
HEAVY = 0.2  # they would take more than this part
WHOLE_RATE = 6.0  # whole frames a second at most: strips of all cards, output and measured field
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
        self.step = self.steps = 0
        self.epoch_steps = 1
        self.device = ""
        self.points = array("d")
        self.tests = array("d")
        self.pace: deque[tuple[float, int]] = deque()

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
            accuracy=self.tests[-1] if self.tests else None,
            lr=self.controls.lr,
            device=self.device,
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
        self._post, self._shelf, self._looker, self._make_way = post, shelf, looker, make_way
        self._change = Condition()
        self._run: Run | None = None  # the latest
        self._next: Run | None = None  # not begun yet
        self._live: Run | None = None  # the one that makes steps
        self._closed = False
        self._wanted = False  # somebody waits for the present weights
        self._state: State | None = None  # the answer
        self._thread = Thread(target=self._work, name="train")
        self._thread.start()

    # ── from other threads ───────────────────────────────────────────────────────────────────────────────────────────
    def start(self, run: Run) -> None:
        """Train; a run in progress ends first."""
        with self._change:
            if self._run is not None:
                self._run.stop = True
            self._run = self._next = run
            self._change.notify_all()
        self._post.news()

    def pause(self, on: bool, count: int) -> None:
        """Hold at the step's end, go on, or go on for `count` steps."""
        with self._change:
            if self._run is not None and self._run.phase != IDLE:
                self._run.hold = on and not count
                self._run.budget = count
                self._change.notify_all()

    def stop(self) -> None:
        """End at the step's end."""
        with self._change:
            if self._run is None or self._run.phase == IDLE:
                return
            self._run.stop = True
            self._run.phase = STOPPING
            self._change.notify_all()
        self._post.news()

    def rate(self, lr: float) -> None:
        """Learning rate from the next step on."""
        with self._change:
            if self._run is not None:
                self._run.controls.lr = lr
        self._post.news()

    def news(self, number: int, since: int) -> News:
        """Progress and points of the latest run; from the first point on where another run was asked for."""
        with self._change:
            run = self._run
            if run is None:
                return News(_NOTHING, 0, np.empty((0, 4)), np.empty((0, 3)))
            have = len(run.points) // 4
            first = min(max(since, 0), have) if number == run.command.run else 0
            points, tests = run.points[4 * first :], run.tests[:]
            progress = run.progress()
        return News(progress, first, np.array(points).reshape(-1, 4), np.array(tests).reshape(-1, 3))

    @property
    def training(self) -> bool:
        """Whether frames come from the training thread now."""
        live = self._live
        return live is not None and live.phase != PAUSED

    def present(self) -> State | None:
        """Wait for the weights of the run in progress, at its step's end; None where none is training."""
        with self._change:
            live, self._wanted, self._state = self._live, True, None
            self._change.wait_for(lambda: self._state is not None or self._live is not live or not self.training)
            self._wanted = False
            return self._state

    def close(self, timeout: float) -> None:
        """End the run, having it recorded, and the thread."""
        with self._change:
            self._closed = True
            if self._run is not None:
                self._run.stop = True
            self._change.notify_all()
        self._thread.join(timeout)

    # ── the training thread ──────────────────────────────────────────────────────────────────────────────────────────
    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._next is not None or self._closed)
                run, self._next = self._next, None
                if self._closed or run is None:
                    return
            node = ""
            try:
                _Training(self, run).go()
            except (Exception, SystemExit) as error:
                node = error.node if isinstance(error, (Diverged, Untrainable)) else ""
                self._post.failed("train", error, run.command.run, node)
            with self._change:
                run.phase = IDLE
                self._change.notify_all()
            self._looker.refresh()
            self._post.news()

    def _answer(self, net: Net) -> None:
        if self._wanted:
            state = copy_state(net)
            with self._change:
                self._state = state
                self._change.notify_all()


class _Training:
    """One run from its begin to its end, in the training thread."""

    def __init__(self, runner: Runner, run: Run):
        self._runner, self._run = runner, run
        self._post, self._looker = runner._post, runner._looker
        self._next_news = 0.0
        self._whole, self._partial = _Pace(WHOLE), _Pace(PARTIAL)
        self._probed: tuple[object, int] = (None, -1)  # picture and interest of the last whole frame

    def go(self) -> None:
        run, plan = self._run, self._run.command.plan
        self._looker.wait_for(run.version)
        if run.stop:
            return
        rows = analyse(run.graph)
        _refuse(trainable(rows))
        assert rows.input is not None and isinstance(rows.input.layer, Source)
        self._layer: Source = rows.input.layer
        data = self._runner._shelf.data(plan, self._layer)
        _refuse(trainable(rows, len(data.classes)))
        where = _device(plan.device)
        if where.type == "cpu":
            memory.check_training(rows, plan, min(EVALUATED, len(data.test_y)))
        threads = device.threads(plan.threads)
        torch.set_num_threads(threads)
        self._logits = logits_node(rows.graph)
        net = self._first(rows)
        if rows.uncosted:
            from .foreign.gradient import check_gradient  # torch.fx is loaded with the first model

            check_gradient(net, rows, self._logits)
        self._net = net.to(where)
        self._optimizer = make_optimizer(self._net, plan)
        with self._runner._change:
            run.device = where.type
            run.epoch_steps = epoch_steps(self._net, len(data.train_y), plan)
            run.steps = plan.epochs * run.epoch_steps
        self._publish()
        self._looker.run_input(plan, self._layer)
        self._recorder = self._make_recorder(rows, data, threads)
        end = "failed"
        self._runner._live = run
        self._runner._make_way()
        try:
            end = self._drain(data)
        except Diverged:
            end = "diverged"
            raise
        finally:
            self._publish()
            self._runner._live = None
            if self._recorder is not None:
                self._recorder.record(self._net, self._optimizer, end)

    def _first(self, rows: Analysis) -> Net:
        weights = self._looker.weights
        if not self._run.command.keep:
            return self._looker.make_net(rows, self._run.command.plan)
        net = self._looker.make_net(rows, weights.plan)
        fit_state(net, weights.state)
        return net

    def _make_recorder(self, rows: Analysis, data: Data, threads: int) -> Recorder | None:
        command = self._run.command
        if not command.folder:
            return None

        def failed(text: str) -> None:
            self._post.failed("record", Refused(text), command.run)

        network = Network(rows.graph, name="network", plan=command.plan)
        return Recorder(command.folder, network, command.plan, data, threads, failed)

    def _drain(self, data: Data) -> str:
        run = self._run
        run.controls.pulse = self._pulse
        making = steps(self._net, data, run.command.plan, self._layer, self._logits, run.controls, self._optimizer)
        for step in making:
            self._add(step)
            if not self._pulse():
                making.close()
                break
            if run.hold:
                self._hold()
                if run.stop:
                    making.close()
                    break
        return "done" if run.step == run.steps else "stopped"

    def _add(self, step: Step) -> None:
        run, now = self._run, time.monotonic()
        with self._runner._change:
            run.step = step.step
            run.points.extend((step.step, step.loss, step.accuracy, step.lr))
            if step.test is not None:
                run.tests.extend((step.step, step.test.loss, step.test.accuracy))
            if not run.pace or now - run.pace[-1][0] > SPAN / 20:
                run.pace.append((now, step.step))
                while now - run.pace[0][0] > SPAN and len(run.pace) > 2:
                    run.pace.popleft()
            if run.budget:
                run.budget -= 1
                run.hold = run.hold or not run.budget
        if self._recorder is not None:
            self._recorder.add(step)

    def _pulse(self) -> bool:
        """What is due between two batches; False where the run shall end."""
        now = time.monotonic()
        self._probe(now)
        if now >= self._next_news:
            self._next_news = now + NEWS
            self._post.news()
        if self._recorder is not None and self._recorder.due:
            self._recorder.record(self._net, self._optimizer)
        self._runner._answer(self._net)
        return not self._run.stop

    def _probe(self, now: float) -> None:
        """Put a frame where one is due. The first one of a picture or an interest is a whole one, and soon."""
        shot, interest = self._looker.shot(self._layer), self._looker.interest
        if shot is None:
            return
        stamp = Stamp(self._run.version, self._run.command.run, self._run.step)
        if self._whole.due(now, hurry=self._probed != (shot, interest.number)):
            self._probed = (shot, interest.number)
            self._post.frame(frame(self._net, shot, interest, stamp, self._logits))
            self._whole.took(now, min(WHOLE_RATE, interest.rate))
            self._partial.wait(now, interest.rate)
        elif self._partial.due(now) and (interest.maps or interest.filters):
            self._post.frame(glance(self._net, shot, interest, stamp))
            self._partial.took(now, interest.rate)

    def _hold(self) -> None:
        """Wait until the run goes on or ends."""
        run, change = self._run, self._runner._change
        self._publish()
        with change:
            if run.stop:
                return
            run.phase = PAUSED
            run.pace.clear()
            change.notify_all()
        self._looker.refresh()
        self._post.news()
        with change:
            change.wait_for(lambda: run.stop or not run.hold or run.budget)
            run.hold = False
            if not run.stop:
                run.phase = TRAINING
        self._runner._make_way()
        self._post.news()

    def _publish(self) -> None:
        """The run's weights are the net's weights now."""
        self._looker.publish(copy_state(self._net), self._run.command.run, self._run.step)


class _Pace:
    """When the next frame of a kind is due: by the clock, and never so often that it takes more than its share."""

    def __init__(self, share: float):
        self._share = share
        self._cost = self._next = self._soonest = 0.0

    def due(self, now: float, hurry: bool = False) -> bool:
        """Whether it is time for one; in a `hurry` it is as soon as they do not take more than HEAVY of the time."""
        return now >= (self._soonest if hurry else self._next)

    def took(self, start: float, rate: float) -> None:
        """One has been made from `start` until now; `rate` a second is wanted at most."""
        took = time.monotonic() - start
        # one slow frame (another program had the core) must not make the next ones seldom
        self._cost = took if not self._cost else min(took, 0.7 * self._cost + 0.3 * took)
        self.wait(start, rate)

    def wait(self, start: float, rate: float) -> None:
        """None is needed for a while: another kind has just shown the same."""
        self._soonest = start + self._cost / HEAVY
        self._next = max(self._soonest, start + max(1 / max(rate, 0.1), min(self._cost / self._share, SELDOM)))


class Untrainable(Refused):
    """This network cannot be trained, and because of which node."""

    def __init__(self, problem: Problem):
        super().__init__(problem.text)
        self.node = str(dict(problem.args).get("node", ""))


def _refuse(problem: Problem | None) -> None:
    if problem is not None:
        raise Untrainable(problem)


def _device(name: str) -> torch.device:
    try:
        return device.device(name)
    except ValueError as error:
        raise Refused(str(error)) from error


_NOTHING = Progress(0, 0, IDLE, 0, 0, 0.0, 0.0, None, None, None, 0.0, "")
