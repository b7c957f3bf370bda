"""Writing a run into its folder (link/runs.py says what lies there)."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...link import runs
from ...net import files
from ...net.network import Network
from ...text import _
from ..build import State
from ..device import versions
from ..learn.steps import Step
from . import marks
from .claim import Claim, Gone
from .keys import Keys
from .reader import Reader
from .scores import Scores
from .weights import CHECKSUM, atomically, cause, checksum, write_weights
from .writer import FIRST, Writer

EVERY = 2.0  # seconds between recordings
SHARE = 0.0005  # of the time that recording may take, where weights are so many that it takes long
STRIDES = (10, 5, 2, 1)  # steps from one look at what is due to the next: all of them divide the track's spacing …
GLANCE = 0.1  # … and they take no more seconds than these
FORMAT = 1
USUAL, LARGEST = 160_000_000, 2_000_000_000  # bytes for the recorded weights where nothing is said …
RECORDS = 40  # … so that a large network, too, has this many steps to look at
AGAIN = 4  # times the weights' bytes that a run needs to go on: weights, what Adam has beside them, some records
KEYS = 4  # one of so many parts of them is for key frames


class Recorder:
    """Writes one run into its folder; `failed` is called once, with a sentence, where that does not work.

    Training goes on without a recording then. All methods are called by the training thread. `state`: the net's own
    tensors, which the training changes. `keep`: what the folder has of the steps up to this one stays, and the run
    goes on there. `classes`: names of the data set's. `origin`: folder and step that the run branches from. `worked`:
    the seconds that the training has, of which recording may take its share.

    claim     its hold on the folder, which may be deleted, and be another run's by now: nothing is written there then
    recorded  the last step that the folder has whole
    lost      why nothing is recorded any more, as a part of a sentence; empty where it is
    """

    def __init__(
        self,
        folder: str | Path,
        network: Network,
        about: Mapping[str, Any],
        state: State,
        failed: Callable[[str], None],
        keep: int = 0,
        classes: tuple[str, ...] = (),
        origin: tuple[str, int] | None = None,
        worked: Callable[[], float] = time.monotonic,
    ):
        self.folder, self._failed, self._broken = Path(folder), failed, False
        self.claim = Claim(self.folder)
        self.lost, self.recorded = "", keep
        self._notes = {"format": FORMAT, "id": self.claim.id, "plan": asdict(network.plan), **about}
        self._notes["versions"] = dict(versions())
        self._made: list[Step] = []  # since the last recording
        self._worked, self._now = worked, worked()  # read when there is a look at what is due:
        self._stride, self._looked = 1, keep  # after every so many steps, and after which one it was
        self._due = self._lines_due = worked() + EVERY
        self._step, self._state = keep, state
        self._scores: Scores | None = None
        self._classes = classes
        self._track: Writer | None = None
        self._keys: Keys | None = None
        self._states: set[int] = set()  # steps whose state files lie in the folder
        self._best = -1.0  # held-out accuracy
        if origin is not None:
            self._notes["origin"] = {"folder": origin[0], "step": origin[1]}
        self._try(lambda: self._begin(network, keep), begun=False)

    def add(self, step: Step) -> None:
        """This step has been made."""
        self._made.append(step)  # put into words when they are written: here every microsecond is the training's
        self._step = step.step
        if step.step % self._stride == 0 or step.step <= FIRST or step.test is not None:
            self._look(step)

    def _look(self, step: Step) -> None:
        """Write what is due after this step."""
        if self._track is not None and self._track.due(step.step):
            self._try(self._follow)
        if step.test is not None:
            better, self._best = step.test.accuracy > self._best, max(step.test.accuracy, self._best)
            self._try(lambda: self._keep(better))
        before, self._now = self._now, self._worked()
        took = (self._now - before) / max(step.step - self._looked, 1)
        self._stride = next((n for n in STRIDES if n * took <= GLANCE), 1)
        self._looked = step.step
        if step.test is not None or self._now >= self._lines_due:
            self._try(self._tell)  # curves and results of a large network do not wait for its weights

    def fall_back(self, step: int) -> None:
        """The net has the weights of this earlier step again."""
        self._step = step

    def start(self, beside: Mapping[str, Any]) -> None:
        """No step has been made: everything that comes can be made again from here."""
        self._try(lambda: self._record(beside, ""))

    def mark(self, name: str, step: int | None = None) -> None:
        """Give the present step, or another recorded one, a name, and keep its weights; without a name no longer.

        Raises reader.TrackError, OSError.
        """
        try:
            self.claim.check()
        except Gone as error:
            raise marks.refused(self._step if step is None else step, self.folder, error) from error
        if step is not None and (step != self._step or not name):
            reader = Reader(self.folder / runs.TRACKS)
            reader.refresh()
            marks.keep(self.folder, reader, step, name)
        else:
            self._try(lambda: self._mark(name))

    @property
    def steps(self) -> list[int]:
        """The steps whose weights can be looked at. Appended to, or replaced as a whole: any thread may read it."""
        return self._track.steps if self._track is not None else []

    @property
    def due(self) -> bool:
        """Whether it is time to record."""
        return not self._broken and self._now >= self._due

    def record(self, beside: Mapping[str, Any], end: str = "") -> None:
        """Write weights, what is `beside` them, and metrics now.

        `end`: how the run ended ("done", "stopped", "diverged" …), where it has.
        """
        started = self._worked()
        self._try(lambda: self._record(beside, end))
        now = self._worked()
        self._due = now + max(EVERY, (now - started) / SHARE)

    def _begin(self, network: Network, keep: int) -> None:
        (self.folder / runs.LAST).parent.mkdir(parents=True, exist_ok=True)
        for folder in (self.folder, self.folder / runs.TRACKS):  # what a process that was killed left half written
            for left in folder.glob(".*.new"):
                left.unlink(missing_ok=True)
        files.write(self.folder / runs.NETWORK, network)
        kept = runs.lines(self.folder, keep) if keep else []
        # what the folder has of later steps goes, and is made again: not where that could not be written
        _refuse_full(self.folder, AGAIN * _bytes(self._state) + sum(map(len, kept)))
        room = self._notes["room"] = budget(network.plan.record_mb, self._state)
        self._write_notes("")
        self._track = Writer(self.folder / runs.TRACKS, self._state, keep, room - room // KEYS, self._worked)
        self._keys = Keys(self.folder, keep, room // KEYS)
        self._states = set(runs.states(self.folder))
        self._scores = Scores(self.folder, self._classes, keep)
        atomically(self.folder / runs.METRICS, lambda beside: _write(beside, "".join(kept)))
        tests = runs.metrics(self.folder, keep).tests if keep else np.empty((0, 4))
        self._best = max(tests[:, 2], default=-1.0)
        kept_marks = [m for m in runs.marks(self.folder) if keep and m.step <= keep]
        if kept_marks or (self.folder / runs.MARKS).exists():
            marks.write(self.folder, kept_marks)
        self._follow()

    def _follow(self) -> None:
        if self._track is not None:
            self._track.add(self._step, self._state)

    def _keep(self, best: bool) -> None:
        if self._track is not None:
            self._track.measured(self._step, self._state)
            if best:
                self._track.best(self._step, self._state)

    def _mark(self, name: str) -> None:
        if self._track is not None:
            self._track.mark(self._step, self._state)
            others = [m for m in runs.marks(self.folder) if m.step != self._step]
            marks.write(self.folder, [*others, runs.Mark(self._step, name)])

    def _tell(self) -> None:
        self._lines_due = self._worked() + EVERY
        if self._made:
            with (self.folder / runs.METRICS).open("a", encoding="utf-8") as file:
                file.writelines(map(_line, self._made))
            if self._scores is not None:
                self._scores.add([(s.step, s.test) for s in self._made if s.test is not None])
            for change in (c for step in self._made if step.changes for c in step.changes):
                self._notes["plan"][change.setting] = change.new
            self._made.clear()

    def _record(self, beside: Mapping[str, Any], end: str) -> None:
        self._tell()
        if end and self._scores is not None:
            self._scores.end()
        mine = self.folder / runs.state_file(self._step)
        kept = self._keys.steps if self._keys is not None else ()
        exact = end != runs.DIVERGED  # else the optimizer is some steps ahead of the weights
        if exact or self._step not in kept:
            atomically(mine, lambda new: torch.save(dict(beside), new))
        own = {name: t.clone() for name, t in self._state.items()}  # the format takes no two names for one memory
        said = {"format": "pt", "step": str(self._step), CHECKSUM: checksum(own)}
        write_weights(self.folder / runs.LAST, own, said)
        if self._keys is not None and exact:
            self._keys.add(self._step)
        self._states.add(self._step)
        for old in self._states.difference((self._step, *(self._keys.steps if self._keys is not None else ()))):
            (self.folder / runs.state_file(old)).unlink(missing_ok=True)
            self._states.remove(old)
        self._write_notes(end)
        self.recorded = self._step

    def _write_notes(self, end: str) -> None:
        notes = json.dumps({**self._notes, "step": self._step, "end": end}, indent=1)
        atomically(self.folder / runs.NOTES, lambda beside: _write(beside, notes))
        self.claim.take()

    def _try(self, work: Callable[[], None], begun: bool = True) -> None:
        if self._broken:
            return
        try:
            if begun:
                self.claim.check()
            work()
        except (OSError, ValueError, RuntimeError) as error:
            gone = begun and not isinstance(error, Gone) and not self.claim.holds
            self._broken, self.lost = True, _("the folder is gone") if gone else cause(error)
            self._made.clear()
            text = _("The run cannot be recorded in {folder} ({why}). Training goes on without.")
            self._failed(text.format(folder=self.folder, why=self.lost))


def budget(megabytes: int, state: State) -> int:
    """Bytes that the weights of a run may take; where nothing is said, more for a network that is large."""
    if megabytes:
        return megabytes * 1_000_000
    numbers = sum(t.numel() for t in state.values())
    return max(USUAL, min(numbers * 2 * RECORDS * KEYS // (KEYS - 1), LARGEST))


def _refuse_full(folder: Path, needed: int) -> None:
    """Raise OSError where the disk has less room than so many bytes."""
    disk = shutil.disk_usage(folder)
    if disk.total and disk.free < needed:  # some that lie elsewhere do not say
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _bytes(state: State) -> int:
    return sum(t.numel() * t.element_size() for t in state.values())


def _line(step: Step) -> str:
    # the same as json's, which takes five times as long; every step has these, and they are finite
    said = (
        f'"step": {step.step}, "loss": {float(step.loss)}, "accuracy": {float(step.accuracy)}, "lr": {float(step.lr)}'
    )
    more: dict[str, Any] = {}
    if step.test is not None:
        more |= {"test_loss": step.test.loss, "test_accuracy": step.test.accuracy}
        more |= {} if step.test.top5 is None else {"test_top5": step.test.top5}
    if step.changes:
        more["changes"] = [[c.setting, c.old, c.new] for c in step.changes]
    rest = f", {json.dumps(more)[1:-1]}" if more else ""
    return f"{{{said}{rest}}}\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
