"""Training: the plan, the verbs, and what came back."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...link import control
from ...link.adjusting import Adjust, Change
from ...link.messages import (
    IDLE,
    PAUSED,
    STOPPING,
    TRAINING,
    Failed,
    News,
    Open,
    Pause,
    Progress,
    Stop,
    Train,
)
from ...link.runs import LAST, Notes, goes_on
from ...net.acting import unfit
from ...net.analysis import Analysis, trainable
from ...net.layers import Board, Tokens
from ...net.plan import LIVE, Plan
from ...net.problems import Misfit, Problem, problem
from ...net.repair import Repair, remedies
from ...text import _
from .course import Course
from .mending import as_actions

if TYPE_CHECKING:
    from .followed import Followed
    from .hallway import Session

HOME_DATA, HOME_SENTENCES = "digits", "sentences"
"""The data sets that come with the program: pictures, and what a network with Tokens takes."""
REMEMBERED = 3
"""Run folders that a document remembers: the newest may not have recorded anything yet."""
AGAIN = 1.0
"""Seconds after which a second Stop is meant: it ends the engine."""


class Running:
    """The plan and the one run there is at a time."""

    def __init__(self, session: Session):
        self._session = session
        self.number = 0  # of the newest run
        self.progress: Progress | None = None
        self.course = Course()
        self.folders: tuple[str, ...] = ()  # of the document's runs, the newest first, with the one that was recovered
        self.learned = False  # the weights have changed since they were saved
        self._data_trouble = ""  # why the plan's data set is not there …
        self.data_code = ""  # … and which of link.data's cases that is
        self._asked = 0.0  # when Stop was asked for
        self._source = ""  # weights file that the document was opened with or saved to
        self.apart = False  # the net's weights are no longer those that the last run has recorded
        self._weights = ""  # file that the next Open takes weights from
        self._fresh = False
        self._model = False  # the next Open names the model that the document came from
        self._offered: tuple[Analysis, int | None, tuple[Repair, ...]] | None = None
        self._waiting: tuple[bool, int, tuple[str, int] | None] | None = (
            None  # to be started when the present one has ended
        )

    @property
    def points(self) -> np.ndarray:
        """(n, 4): step, train loss, train accuracy, learning rate."""
        return self.course.points

    @property
    def tests(self) -> np.ndarray:
        """(m, 4): step, held-out loss, held-out accuracy, held-out top-5 accuracy."""
        return self.course.tests

    @property
    def changes(self) -> tuple[Change, ...]:
        """Of settings, while it ran."""
        return self.course.changes

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def phase(self) -> str:
        """IDLE, TRAINING, PAUSED or STOPPING."""
        return self.progress.phase if self.progress else IDLE

    @property
    def active(self) -> bool:
        """A run is going on, paused or not."""
        return self.phase != IDLE

    @property
    def opening(self) -> bool:
        """Another network is being opened: the engine must hear of it even where it looks like the one before."""
        return self._fresh

    @property
    def problem(self) -> Problem | None:
        """Why the network in the editor cannot be trained."""
        found = trainable(self._session.rows, self._classes)
        found = found or unfit(self.plan, self._session.rows)
        return found or (problem("plan.data", why=self._data_trouble) if self._data_trouble else None)

    @property
    def remedies(self) -> tuple[Repair, ...]:
        """What the shape doctor offers so that the network in the editor can be trained, the best first."""
        key = self._session.rows, self._classes
        if self._offered is None or self._offered[0] is not key[0] or self._offered[1] != key[1]:
            self._offered = (*key, remedies(*key))
        return self._offered[2]

    @property
    def knows(self) -> bool:
        """There are weights that a training goes on with: learned, opened with the document, or an imported model's."""
        return self.learned or bool(self._source or self._session.models.number)

    @property
    def recorded(self) -> tuple[int, Path] | None:
        """(step, file) of the newest weights that a run of this document has recorded."""
        found = (self._session.file.last_weights(f) for f in self.folders)
        return next((f for f in found if f is not None), None)

    @property
    def _classes(self) -> int | None:
        """Of the plan's data set; None while it is not loaded."""
        pictures = self._session.look.pictures
        return len(pictures.classes) if pictures and pictures.data == self.plan.data else None

    @property
    def behind(self) -> bool:
        """The run trains the network as it was before an edit."""
        return self.active and self.progress is not None and not self._session.is_present(self.progress.version)

    @property
    def _far(self) -> Followed | None:
        """The other program that trains the run which is shown."""
        far = self._session.time.far
        return far if self._session.time.followed and far.living else None

    # ── plan ────────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def plan(self) -> Plan:
        """How the network in the editor is trained."""
        return self._session.edit.document.plan

    def set_plan(self, **settings: Any) -> bool:
        """Change the plan; changes of one setting in a row are one undo step.

        The settings plan.LIVE act at once, everything else with the next run.
        """
        try:
            plan = replace(self.plan, **settings)
        except Misfit as e:
            self._session.notice(e.problem.text, "warning", key="plan")
            return False
        text = _("Set {setting} of the plan").format(setting=", ".join(settings))
        self._session.edit.document.edit_plan(text, plan, merge=("plan", *settings))
        return True

    def plan_edited(self, before: Plan) -> None:
        """The document's plan is another one: tell the engine and the panels."""
        plan = self.plan
        live = {name: getattr(plan, name) for name in LIVE if getattr(plan, name) != getattr(before, name)}
        if live and self.active:
            self._session.send(Adjust(**live))
        if plan.source != before.source and not self.opening:
            self.load_again()
        self._session.plan_changed.emit()
        self._session.document_changed.emit()

    def load_again(self) -> None:
        """Have the engine look for the plan's data set anew."""
        self._data_trouble = self.data_code = ""
        self._session.hush("failed.data", "failed.download", "failed.train")
        self._session.predict.forget()
        self._session.supply.forget()
        self.open_graph()

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def train(self) -> None:
        """Train with the weights there are (fresh ones where nothing is known), or go on where the run is paused."""
        if self.phase == PAUSED:
            self.pause()
        elif not self.active:
            self._start(keep=self.knows)

    def train_on(self) -> None:
        """Train the network in the editor with the weights that fit; a run that goes on is ended first."""
        self._anew(keep=True)

    def train_afresh(self) -> None:
        """Train the network in the editor from first weights, drawn anew; a run that goes on is ended first."""
        self._anew(keep=False)

    def _anew(self, keep: bool) -> None:
        if self.active and self.problem is not None:
            self._refuse(self.problem)  # the healthy run goes on
        elif self.active:
            self._waiting = (keep, 0, None)
            self.stop()
        else:
            self._start(keep)

    def pause(self) -> None:
        """Hold the run, or let it go on."""
        if self._far is not None:
            self._far.ask(control.GO if self.phase == PAUSED else control.PAUSE)
        elif self.active:
            self._session.send(Pause(self.phase != PAUSED))

    def step(self) -> None:
        """One training step, then hold."""
        if self._far is not None:
            text = _("Another program trains this run: it can be paused and stopped from here, not stepped.")
            self._session.notice(text, "info", key="time")
        elif self.phase == IDLE:
            self._start(keep=self.knows, steps=1)
        else:
            self._session.send(Pause(False, steps=1))

    def stop(self) -> None:
        """End the run at the step's end; asked a second time, end the engine and start it anew."""
        if self._far is not None and self.progress:
            if self._far.ask(control.STOP):
                self.show(replace(self.progress, phase=STOPPING))
        elif self.phase == STOPPING:
            if time.monotonic() - self._asked > AGAIN:
                self._session.replace_engine()
        elif self.active and self.progress:
            self._asked = time.monotonic()
            self._session.send(Stop())
            self.show(replace(self.progress, phase=STOPPING))

    def _start(
        self, keep: bool, steps: int = 0, origin: tuple[str, int] | None = None, seed: int | None = None
    ) -> None:
        if self.problem is not None:
            self._refuse(self.problem)
            return
        self._session.hush("train", "ended", "branch", "failed.train", "failed.record", "engine", "notes", "followed")
        self.number += 1
        if origin is not None:
            folder, start = self._session.file.run_folder(), origin[1]
        else:
            folder, start = (self._unfinished() if keep else None) or (self._session.file.run_folder(), 0)
        self.folders = (folder, *[f for f in self.folders if f != folder][: REMEMBERED - 1])
        self.apart = False
        self.course.cut(start)
        if not start:
            self._session.review.forget()
        self._session.points_arrived.emit()
        plan = self.plan if seed is None else replace(self.plan, seed=seed)
        self._session.send(Train(self.number, plan, keep, folder, steps, start, origin[0] if origin else ""))
        self.show(self._beginning(TRAINING, start, self.progress.steps if self.progress else 0))

    def _beginning(self, phase: str, step: int, steps: int) -> Progress:
        """How far it is before the engine tells."""
        version, lr = self._session.version, self.plan.lr
        return Progress(self.number, version, phase, step, steps, 0.0, 0.0, None, None, None, lr, "")

    def train_seed(self, seed: int) -> None:
        """Train from first weights by the plan with another seed, which the document does not take over."""
        if not self.active:
            self._start(keep=False, seed=seed)

    def halve_batch(self) -> None:
        """Train on with half the batch: there was not enough memory for the whole."""
        if self.set_plan(batch_size=max(self.plan.batch_size // 2, 1)) and not self.active:
            self._start(keep=self.knows)

    def branch(self, folder: str, step: int) -> None:
        """Train on from a recorded step of a run, in a new run."""
        if self.active:
            self._waiting = (True, 0, (folder, step))
            self.stop()
        else:
            self._start(True, origin=(folder, step))

    def weights_taken(self) -> None:
        """The network has other weights than the last run has recorded."""
        self.apart = self.learned = True
        self._session.document_changed.emit()

    def adopt(self, folder: str, notes: Notes) -> None:
        """The document is the network of this recorded run, which can be gone on with."""
        self.folders = (folder,)
        self.show(self._beginning(IDLE, notes.step, notes.plan.epochs * notes.epoch_steps))

    def _unfinished(self) -> tuple[str, int] | None:
        """(folder, step) of the last run where this network can go on with it as if it had not ended."""
        recorded = self.recorded
        if recorded is None or self.apart:
            return None
        step, weights = recorded
        folder = next(f for f in self.folders if weights == Path(f) / LAST)
        return (folder, step) if goes_on(folder, step, self._session.graph, self.plan) else None

    def _refuse(self, why: Problem) -> None:
        row = self._session.rows.problems[0] if self._session.rows.problems else None
        if row is not None:
            self._session.look.select([row.id])
        self._session.notice(why.text, "error", key="train", actions=as_actions(self._session, self.remedies))

    def use_home_data(self) -> None:
        """Train on the data set that comes with the program."""
        self.set_plan(data=self.home_data, data_dir="")

    @property
    def home_data(self) -> str:
        """The data set that comes with the program and fits the network's input; empty where there is none."""
        node = self._session.rows.input
        if node is not None and isinstance(node.layer, Board):
            return ""
        return HOME_SENTENCES if node is not None and isinstance(node.layer, Tokens) else HOME_DATA

    # ── what comes back ─────────────────────────────────────────────────────────────────────────────────────────────
    def take_news(self, news: News) -> None:
        """Progress and new points; those of an older run are dropped."""
        if news.progress.run != self.number:
            return
        self.course.take(news)
        if news.progress.step and not self.learned:
            self.learned = True
            self._session.document_changed.emit()
        if news.progress.ended and news.progress.phase == IDLE and self.active:
            self._session.notice(news.progress.ended, "done", key="ended")
        asked = self.phase == STOPPING and news.progress.phase != IDLE
        self.show(replace(news.progress, phase=STOPPING) if asked else news.progress)
        self._session.points_arrived.emit()
        if self.phase == IDLE and self._waiting:
            (keep, steps, origin), self._waiting = self._waiting, None
            before, step = self.folders[0], self.progress.step if self.progress else 0
            self._start(keep, steps, origin)
            if origin is not None and self.active:  # a branch is no restart: the person may want that run back
                self._session.notice(control.left(before, step), "info", key="branch")

    def failed(self, reply: Failed) -> None:
        """The engine could not do something; a run it belongs to has ended."""
        if reply.what == "data":
            self._data_trouble, self.data_code = reply.text, reply.code
            self._session.run_changed.emit()
        if reply.what == "train" and reply.run == self.number and self.progress:
            self._waiting, self.apart = None, True
            self.show(replace(self.progress, phase=IDLE))
            if reply.node:
                self._session.look.select([reply.node])

    def lost(self) -> int:
        """The engine has died: the run is over. Gives the step whose weights are on disk, 0 for none."""
        self._waiting = None
        if self.progress:
            self.show(replace(self.progress, phase=IDLE))
        recorded = self.recorded
        self._weights = str(recorded[1]) if recorded else self._source
        self._model = True
        return recorded[0] if recorded else 0

    def saved(self, path: str) -> None:
        """The weights are in this file now."""
        self.learned, self._source = False, path
        self._session.document_changed.emit()

    def open_graph(self) -> None:
        """Tell the engine of the network in the editor."""
        weights, fresh = self._weights, self._fresh
        model = self._session.models.number if self._model else 0
        self._weights, self._fresh, self._model = "", False, False
        self._session.send(Open(self._session.version, self._session.graph, self.plan, weights, fresh, model))

    def begin(self, weights: Path | None) -> None:
        """Another network is being opened, and its weights lie there."""
        if self.active:
            self.stop()
        self.progress = None
        self.folders, self.learned, self.apart, self._data_trouble, self.data_code = (), False, False, "", ""
        self._source = str(weights) if weights else ""
        self.number += 1  # replies of an older run are dropped from here on
        self.course.clear()
        self._weights, self._fresh, self._model = self._source, True, True
        self._session.run_changed.emit()
        self._session.points_arrived.emit()
        self._session.health.forget()

    def show(self, progress: Progress) -> None:
        """This is how far the run is."""
        self.progress = progress
        self._session.run_changed.emit()
