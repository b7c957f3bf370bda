"""Networks as they were: the nets of recorded runs with the weights of their steps. The look thread's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ..link import runs
from ..link.frames import Frame, Interest
from ..link.lines import Lines
from ..link.past import Keep, Recall, Recalled, Show
from ..net.analysis import Analysis, analyse
from ..net.layers import Source
from ..net.plan import Plan
from ..text import _
from . import device
from .build import Net, State, logits_node
from .look import Shot, Stamp, frame
from .record import marks
from .record.reader import Reader, TrackError

MOST = 2  # runs that are kept open: the one that is looked at, and the one beside it


class PastError(ValueError):
    """A recorded step cannot be shown; the message is a sentence that says why."""


class Past:
    """Frames of recorded steps. `make_net`: builds a net with the parts that only torch can run."""

    def __init__(self, make_net: Callable[[Analysis, Plan], Net]):
        self._make_net = make_net
        self._recorded: dict[str, _Recorded] = {}
        self._metrics: dict[str, Lines] = {}

    def inputs(self, shown: Show) -> list[tuple[Plan, Source]]:
        """What the nets that are shown take in, and how they were trained; none where there are none."""
        folders = [f for f in (shown.folder, shown.other) if f and shown.folder]
        found = []
        for folder in folders:
            try:
                run = self._open(folder)
            except (OSError, ValueError):
                continue  # `frame` says it
            found.append((run.plan, run.layer))
        return found

    def frame(self, shown: Show, shot: Callable[[Source], Shot | None], interest: Interest) -> Frame:
        """What the run's net did at the recorded step nearest to the one asked for; `shot`: the picture for an Input.

        Raises PastError, net.files.FileError.
        """
        run = self._open(shown.folder)
        torch.set_num_threads(device.threads(run.plan.threads))
        step = run.load(shown.step)
        stamp = Stamp(shown.version, shown.run, step, shown.number, past=True)
        found = frame(run.net, shot(run.layer), interest, stamp, run.logits)
        if not shown.other:
            return found
        other = self._open(shown.other)
        stamp = replace(stamp, step=other.load(shown.step))
        return replace(found, other=frame(other.net, shot(other.layer), interest, stamp, other.logits))

    def state(self, folder: str, step: int) -> State:
        """The weights of the recorded step nearest to this one. Raises PastError, net.files.FileError."""
        run = self._open(folder)
        run.load(step)
        return {k: v.clone() for k, v in run.net.state_dict().items()}

    def recall(self, command: Recall) -> Recalled:
        """What the folder holds. Raises runs.RunError."""
        notes, tracks = runs.notes(command.folder), self._open(command.folder).reader
        tracks.refresh()
        exact = np.array(list(runs.keys(command.folder)), np.int64)
        points = tests = None
        first = 0
        if command.since >= 0:
            metrics = self._metrics.setdefault(command.folder, Lines(Path(command.folder) / runs.METRICS))
            first = min(command.since, metrics.refresh(notes.step))
            points = np.array(metrics.points[first:], float).reshape(-1, 4)
            tests = np.array(metrics.tests, float).reshape(-1, 4)
        told = () if points is None else (int(p[0]) for p in points[-1:])
        return Recalled(
            folder=command.folder,
            steps=np.array(tracks.steps, np.int64),
            exact=exact,
            step=max((notes.step, *tracks.steps[-1:], *told)),
            end=notes.end,
            epoch_steps=notes.epoch_steps,
            epochs=notes.plan.epochs,
            marks=runs.marks(command.folder),
            size=runs.size(command.folder),
            room=notes.room,
            origin=notes.origin,
            first=first,
            points=points,
            tests=tests,
        )

    def keep(self, command: Keep) -> None:
        """Mark a step of a run that does not train, or take its mark away. Raises PastError, OSError."""
        reader = self._open(command.folder).reader
        reader.refresh()
        try:
            marks.keep(Path(command.folder), reader, command.step, command.name)
        except TrackError as error:
            raise PastError(str(error)) from error

    def _open(self, folder: str) -> _Recorded:
        found = self._recorded.pop(folder, None)
        if found is None or found.stale:
            found = _Recorded(folder, self._make_net)
        self._recorded[folder] = found
        while len(self._recorded) > MOST:
            del self._recorded[next(iter(self._recorded))]
        return found


class _Recorded:
    """One run folder: its net, and the step whose weights are in it. Raises net.files.FileError, PastError."""

    def __init__(self, folder: str, make_net: Callable[[Analysis, Plan], Net]):
        self._folder, self._make_net = folder, make_net
        if not (Path(folder) / runs.NETWORK).exists():
            raise PastError(
                _("The run in {folder} is gone. What is shown is the present network.").format(folder=folder)
            )
        network = runs.network(folder)
        self._made = _stamp(folder)
        self.plan, self._rows = network.plan, analyse(network.graph)
        node = self._rows.input
        if node is None or not isinstance(node.layer, Source):
            raise PastError(_("The network in {folder} has no Input.").format(folder=folder))
        self.layer = node.layer
        self.logits = logits_node(network.graph)
        self.reader = Reader(Path(folder) / runs.TRACKS)
        self._net: Net | None = None
        self._step = -1

    @property
    def stale(self) -> bool:
        """Another run has been written into the folder meanwhile."""
        return _stamp(self._folder) != self._made

    @property
    def net(self) -> Net:
        """The net; built when it is first needed."""
        if self._net is None:
            self._net = self._make_net(self._rows, self.plan)
            self._state = self._net.state_dict()
        return self._net

    def load(self, wanted: int) -> int:
        """Put the weights of the recorded step nearest to this one into the net; gives that step. Raises PastError."""
        net = self.net
        if wanted not in self.reader.steps:
            self.reader.refresh()
        while (step := self.reader.nearest(wanted)) is not None:
            if step == self._step:
                return step
            try:
                self._step = -1
                self.reader.read_into(step, self._state)
            except TrackError:
                continue  # damaged: the reader has dropped it, the next nearest is as good
            except RuntimeError as error:
                text = _("The recorded weights in {folder} do not fit the network that lies there.")
                raise PastError(text.format(folder=self._folder)) from error
            self._step = step
            net.eval()
            return step
        text = _("{folder} has recorded the weights of no step that can be read.")
        raise PastError(text.format(folder=self._folder))


def _stamp(folder: str) -> float:
    """Tells one writing of the folder's network from another."""
    try:
        return (Path(folder) / runs.NETWORK).stat().st_mtime
    except OSError:
        return 0.0
