"""One training made ready and recorded, for the window, the command line and the tests alike."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from ...link import control, runs
from ...link.adjusting import Change
from ...link.messages import PAUSED, TRAINING
from ...net.acting import unfit
from ...net.analysis import Analysis, trainable
from ...net.layers import Source
from ...net.network import Network
from ...net.plan import Plan
from ...net.problems import Problem
from ...text import _, grouped
from .. import device, memory
from ..augment import seed
from ..build import Net, fit_state, logits_node
from ..data import Data
from ..post import Refused
from ..record.beacon import Beacon
from ..record.moment import Moment
from ..record.recorder import Recorder
from ..worktime import Worktime
from .controls import Controls, changes_between
from .course import Course
from .feed import Feed, epoch_steps
from .group import ALONE, SAVE, STOP, Group
from .lost import Diverged
from .noise import Noise
from .optimizer import adjust, make_optimizer
from .score import EVALUATED, evaluate
from .steps import Step, steps
from .synced import sync
from .vitals import Vitals


class Untrainable(Refused):
    """This network cannot be trained, and because of which node."""

    def __init__(self, problem: Problem):
        super().__init__(problem.text)
        self.node = str(dict(problem.args).get("node", ""))


class Training:
    """One training of a network by a plan; `go` makes its steps.

    rows   the network
    data   gives the plan's data set for this Input
    net    builds the net, on the CPU
    since  go on from there: bit for bit what the run would have given on the CPU, had it not ended
    group  the processes that make this training together, each one a Training of its own

    torch's number of threads is the plan's from here on. Raises Untrainable, Refused (an unknown device, a part without
    gradient), MemoryError, all with a sentence; data.DataError.
    """

    def __init__(
        self,
        rows: Analysis,
        plan: Plan,
        data: Callable[[Plan, Source], Data],
        net: Callable[[], Net],
        since: Moment | None = None,
        group: Group = ALONE,
    ):
        _refuse(trainable(rows) or unfit(plan, rows))
        assert rows.input is not None and isinstance(rows.input.layer, Source)
        self.rows, self.plan, self.layer, self.group = rows, plan, rows.input.layer, group
        self.data = data(plan, self.layer)
        _refuse(trainable(rows, len(self.data.classes)))
        try:
            where = device.device(plan.device, group.local, group.beside)
        except ValueError as error:
            raise Refused(str(error)) from error
        if plan.precision == "mixed" and (why := device.unmixed(where)):
            raise Refused(_("{why} Choose single precision.").format(why=why))
        if where.type == "cpu":
            share = replace(plan, batch_size=-(-plan.step_size // group.size), batches=1)
            memory.check_training(rows, share, min(EVALUATED, len(self.data.test_y)))
        self.device, self.threads = where.type, device.threads(plan.threads, group.beside)
        torch.set_num_threads(self.threads)
        self.logits = logits_node(rows.graph)
        self.net = net()
        if rows.uncosted:
            from ..foreign.gradient import check_gradient  # torch.fx is loaded with the first model

            check_gradient(self.net, rows, self.logits)
        if since is not None:
            fit_state(self.net, since.weights)
        self.net.to(where)
        if plan.sync_bn and group.size > 1:
            sync(self.net, group)
        self.optimizer = make_optimizer(self.net, plan)
        self.noise = Noise(self.net, _seed(plan, group.rank))
        if where.type == "cuda" and group.size > 1:  # there dropout draws from a generator that is alike in all of them
            torch.cuda.manual_seed(_seed(plan, group.rank))
        self.pictures = len(self.data.train_y)
        self.normalises = any(isinstance(m, _BatchNorm) for m in self.net.modules())
        self.epoch_steps = epoch_steps(self.net, self.pictures, plan)
        self.course = Course(plan, self.epoch_steps)
        self.start = self.step = since.step if since is not None else 0
        self._changes: tuple[Change, ...] = ()  # made between the run before and its going on
        if since is not None:
            self._take(since)
            self._changes = changes_between(since.plan, plan, self.start + 1)
        self.steps = plan.epochs * self.epoch_steps
        self._owed = self._unmeasured(since)
        self._done = bool(self.start >= self.steps or self.course.ended) and self._owed is None
        self.worked = Worktime()
        self.vitals = Vitals(self.net, self.data.classes, plan.batch_size, self.worked) if group.leads else None
        self._before = since.metrics if since is not None else None
        self._data_before = since.data if since is not None else ""
        self.other_data = ""
        """That the run has been trained on another data set so far, as a sentence; known once it is recorded."""
        self._recorder: Recorder | None = None
        self._beacon: Beacon | None = None
        group.wants(SAVE, lambda: self.recording and self._recorder is not None and self._recorder.due)
        self.paused = False  # told to those who follow the run's folder
        self.recording = True  # False: what is made meanwhile is not recorded

    @property
    def beside(self) -> dict[str, Any]:
        """What a training needs beside the weights, to go on as if it had not ended; all processes ask together."""
        found = {"optimizer": self.optimizer.state_dict(), "noise": self.noise.state, "course": self.course.state}
        return found if self.group.size == 1 else found | {"noises": self.group.gather(self.noise.state)}

    def _take(self, since: Moment) -> None:
        optimizer, noise = since.beside.get("optimizer"), since.beside.get("noise")
        if optimizer is not None and since.plan.optimizer == self.plan.optimizer:
            settings = self.optimizer.state_dict()["param_groups"]  # the plan's, which may say otherwise by now
            self.optimizer.load_state_dict({"state": optimizer["state"], "param_groups": settings})
            adjust(self.optimizer, self.plan)
        noises = since.beside.get("noises", [noise])
        if noise is not None and self.group.rank < len(noises):
            self.noise.state = noises[self.group.rank]
        self.course.take(since.beside.get("course", {}))

    @property
    def kept(self) -> int:
        """Of what was written of the run before, the steps up to this one stay; the next one is told (again)."""
        return self.start - (self._owed is not None)

    @property
    def over(self) -> bool:
        """Whether there is nothing (more) to do by the plan."""
        return self._done

    @property
    def recorded(self) -> list[int]:
        """The steps whose weights can be looked at; for any thread."""
        return self._recorder.steps if self._recorder is not None else []

    @property
    def unrecorded(self) -> str:
        """That the run is no longer recorded, since when, and the way on, as a sentence; empty where it is."""
        if self._recorder is None:
            return ""
        return control.unrecorded(self._alive(), self._recorder.folder)

    @property
    def lost(self) -> str:
        """Why it is not recorded (any more), as a part of a sentence; empty where it is."""
        return self._recorder.lost if self._recorder is not None else ""

    @property
    def holds(self) -> bool:
        """Whether the folder that it is recorded in, as far as it is, is this run's still."""
        return self._recorder is not None and self._recorder.claim.holds

    def mark(self, name: str, step: int | None = None) -> None:
        """Give the present step, or a recorded one, a name, and keep it; without a name no longer. Between two steps.

        Raises record.reader.TrackError, OSError.
        """
        if self._recorder is not None:
            self._recorder.mark(name, step)

    def record(
        self,
        folder: str | Path,
        failed: Callable[[str], None],
        heard: Callable[[str], None] = lambda what: None,
        origin: tuple[str, int] | None = None,
    ) -> None:
        """Record it there. `failed` is told once where that does not work; the training goes on without.

        All processes of the group come here, and the first one records. `heard`: called from another thread with what
        is asked through the folder: control.PAUSE, GO, STOP. `origin`: folder and step of the run that this one
        branches from.
        """
        first = {} if self.kept else self.beside
        if not self.group.leads:
            return
        data, content = self.data, self.data.digest()
        told = {"name": data.name, "train": self.pictures, "test": len(data.test_y), "hash": content}
        if self._data_before not in ("", content):
            told["before"] = self._data_before
            text = _("The pictures or labels of {name} are not those that the run was trained on up to step {step}.")
            self.other_data = text.format(name=data.name, step=grouped(self.start))
        about = {
            "epoch_steps": self.epoch_steps,
            "device": self.device,
            "threads": self.threads,
            "processes": self.group.size,
            "job": self.group.job,
            "data": told,
        }
        network = Network(self.rows.graph, name="network", plan=self.plan)
        state = self.net.state_dict()
        self._recorder = Recorder(folder, network, about, state, failed, self.kept, data.classes, origin, self.worked)
        if not self.kept:
            self._recorder.start(first)
        if self.vitals is not None and not self._recorder.lost:
            self.vitals.record(Path(folder), self.kept, self._before)
        claim = self._recorder.claim
        self._beacon = Beacon(Path(folder), self._alive, heard, lambda: claim.holds)

    def go(self, controls: Controls | None = None) -> Generator[Step, None, None]:
        """Train to the plan's end, or until it is closed; either way, what is recorded is complete then.

        Where the run before ended while it measured the held-out pictures, that is done first, and its step given
        again. Raises lost.Diverged.
        """
        controls = controls or Controls(self.plan.lr)
        controls.made = self.start
        end, together = "stopped", self.group.size == 1  # whether all processes know that this one ends
        if self._beacon is not None:
            self._beacon.start()
        try:
            if self._owed is not None:
                feed = Feed(self.data.test_x, self.data.test_y, self.layer, self.net.device)
                found = evaluate(self.net, feed, self.logits, controls.pulse, self.group, self.plan)
                if found is None:
                    return
                self.course.measured(self._owed.step, found)
                yield self._add(replace(self._owed, test=found))
            if self.course.ended:
                return
            making = steps(
                *(self.net, self.data, self.plan, self.layer, self.logits),
                *(controls, self.optimizer, self.start, self.noise, self.group),
                course=self.course,
                health=self.vitals.health if self.vitals is not None else None,
            )
            with closing(making):
                for step in making:
                    if self._changes:
                        step, self._changes = replace(step, changes=self._changes + step.changes), ()
                    step = self._add(step)
                    self.worked.leave()
                    yield step
                    self.worked.come_back()
            together = True
        except Diverged as error:
            end, together = runs.DIVERGED, True
            self.step = controls.made = error.good  # whose weights are there again
            if self._recorder is not None:
                self._recorder.fall_back(error.good)
            if self.vitals is not None:
                self.vitals.lost(error.step, error.node, controls.lr)
            raise
        except (Exception, SystemExit):
            end = "failed"
            raise
        finally:
            end = "done" if end == "stopped" and self._done else end
            try:
                if together or self._done or self.group.agreed(STOP):
                    self._record(end)
            finally:
                if self._beacon is not None:
                    self._beacon.close(end)

    def save(self) -> None:
        """Record the present step now. Between two steps only."""
        self._record("")

    def _add(self, step: Step) -> Step:
        self.step = step.step
        self._done = bool(step.step >= self.steps or self.course.ended) and step.test is not None
        if self.vitals is not None:
            self.vitals.add(step)
        if self._recorder is not None and self.recording:
            self._recorder.add(step)
        if self.group.agreed(SAVE):
            self.save()
        return step

    def _alive(self) -> control.Alive:
        recorded, lost = (self._recorder.recorded, self._recorder.lost) if self._recorder is not None else (0, "")
        return control.Alive(PAUSED if self.paused else TRAINING, self.step, self.steps, recorded=recorded, lost=lost)

    def _record(self, end: str) -> None:
        if self._recorder is not None or self.group.size > 1:
            beside = self.beside
            if self._recorder is not None:
                self._recorder.record(beside, end)
                if self.vitals is not None and not self._recorder.lost:
                    self.vitals.write()

    def _unmeasured(self, since: Moment | None) -> Step | None:
        """The step after which the run before should have measured the held-out pictures, and had not yet."""
        if since is None or since.step % self.epoch_steps or not len(since.metrics.points):
            return None
        (step, loss, accuracy, lr), tests = since.metrics.points[-1].tolist(), since.metrics.tests
        if step != since.step or (len(tests) and tests[-1, 0] == step):
            return None
        return Step(since.step, loss, accuracy, lr)


def _seed(plan: Plan, rank: int) -> int:
    """What the random numbers of a process's dropout begin with."""
    return seed(plan.seed, -rank) if rank else plan.seed


def _refuse(problem: Problem | None) -> None:
    if problem is not None:
        raise Untrainable(problem)
