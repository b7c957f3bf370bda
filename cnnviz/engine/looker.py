"""The look thread: builds the editor's net, fits pictures, and makes frames while nothing trains."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from copy import deepcopy
from dataclasses import replace
from threading import Condition, Thread

import torch

from ..link.messages import (
    Adopt,
    Frame,
    Interest,
    Look,
    Match,
    Open,
    Opened,
    Picture,
    Pictures,
    Sample,
    Saved,
)
from ..link.past import Keep, Recall, Restore, Show
from ..link.subject import suits
from ..net.analysis import Analysis, analyse
from ..net.files import FileError
from ..net.graph import Graph
from ..net.layers import Board, Input, Source
from ..net.plan import Plan
from ..net.positions import positions
from ..text import _
from . import device, memory
from .build import Net, Parts, State, copy_state, fit_state, logits_node, spread
from .checkpoint import Checkpoint
from .data import DataError
from .held import Subject, Weights, fitting, waiting
from .look import Shot, Stamp, frame
from .past import Past, PastError
from .pictures import PictureError
from .post import Post, Refused
from .record.weights import WeightsError, write_weights
from .shelf import Shelf
from .workers.importer import Importer


class Looker:
    """Owns the look thread and its own copy of the net. Public methods return at once, unless they say otherwise."""

    def __init__(self, post: Post, shelf: Shelf, importer: Importer):
        self._post, self._shelf, self._importer = post, shelf, importer
        self._change = Condition()
        # waiting for the thread, guarded by _change
        self._opens: list[Open] = []
        self._saves: list[str] = []
        self._matches: list[Match | Adopt] = []
        self._looks: list[Look] = []
        self._asked: list[Recall | Keep | Restore] = []
        self._dirty = self._closed = False
        # for all to read; replaced as a whole
        self.interest = Interest()
        self.weights = Weights()
        self.foreign: Parts = {}  # what the net's Foreign nodes run
        self._opened = -1  # version
        self._built: tuple[int, Analysis, Plan] | None = None  # what the net was made of, where there is one
        self.fitted: dict[Source, Shot] = {}  # the present picture for each Input, as soon as it is ready
        self._run_input: tuple[Plan, Source] | None = None
        self.shown = Show(0)  # what was asked for last: the present network, or one of the past
        # the thread's own
        self._version, self._plan, self._rows = 0, Plan(), analyse(Graph())
        self._net: Net | None = None
        self._in_net: Weights | None = None
        self._picture: Picture = Sample()
        self._shots: dict[Hashable, Shot | None] = {}  # None: it could not be made
        self._told: dict[str, str] = {}  # failures that the window knows
        self._announced: tuple[object, ...] | None = None
        self._checkpoint = Checkpoint()
        self._past = Past(self.make_net)
        self._training: Callable[[], bool] = lambda: False
        self._present: Callable[[], State | None] = lambda: None
        self._thread = Thread(target=self._work, name="look")

    def begin(self, training: Callable[[], bool], present: Callable[[], State | None]) -> None:
        """Start the thread. `training`: whether frames come from elsewhere; `present`: the weights that train now."""
        self._training, self._present = training, present
        self._thread.start()

    # ── from other threads ───────────────────────────────────────────────────────────────────────────────────────────
    def open(self, command: Open) -> None:
        """The editor's net. A newer one replaces one that waits, unless that brings or drops weights."""
        with self._change:
            if self._opens and not (self._opens[-1].weights or self._opens[-1].fresh):
                self._opens.pop()
            self._opens.append(command)
            self._change.notify_all()

    def look(self, command: Look) -> None:
        """The picture to show everything on; a newer one replaces one that waits."""
        with self._change:
            self._looks = [command]
            self._change.notify_all()

    def watch(self, interest: Interest) -> None:
        """What frames shall hold."""
        self.interest = interest
        self.refresh()

    def save(self, path: str) -> None:
        """Write the net's weights."""
        with self._change:
            self._saves.append(path)
            self._change.notify_all()

    def match(self, command: Match | Adopt) -> None:
        """Find out what a checkpoint holds for the net, or take it."""
        with self._change:
            self._matches.append(command)
            self._change.notify_all()

    def show(self, command: Show) -> None:
        """Show the network as it was, or the present one."""
        with self._change:
            self.shown = command
            self._dirty = True
            self._change.notify_all()

    def remember(self, command: Recall | Keep | Restore) -> None:
        """Tell what a run has recorded, or keep or take some of it."""
        with self._change:
            self._asked.append(command)
            self._change.notify_all()

    def refresh(self) -> None:
        """Make a new frame."""
        with self._change:
            self._dirty = True
            self._change.notify_all()

    def run_input(self, plan: Plan, layer: Source) -> None:
        """A run takes in pictures so: keep one ready for it."""
        self._run_input = (plan, layer)
        self.refresh()

    def publish(self, state: State, run: int, step: int) -> None:
        """These are the net's weights now. The state must not be changed any more."""
        with self._change:
            self.weights = replace(self.weights, state={**self.weights.state, **state}, run=run, step=step)

    def wait_for(self, version: int) -> None:
        """Wait until this version, or a later one, has been opened (or could not be)."""
        with self._change:
            self._change.wait_for(lambda: self._opened >= version or self._closed)

    def close(self) -> None:
        """Have the thread end."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def join(self, timeout: float) -> None:
        """Wait for the thread's end."""
        self._thread.join(timeout)

    # ── the look thread ──────────────────────────────────────────────────────────────────────────────────────────────
    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(self._has_work)
                if self._closed and not self._saves:
                    return
                opens, saves, looks, matches = self._opens, self._saves, self._looks, self._matches
                asked, self._asked = self._asked, []
                self._opens, self._saves, self._looks, self._matches, self._dirty = [], [], [], [], False
            for command in opens:
                self._try("open", self._open, command)
            if opens:
                self._try("data", self._announce)
            if looks:
                self._try("look", self._turn_to, looks[-1])
            self._try("look", self._fit)
            for path in saves:
                self._try("save", self._save, path)
            for match in matches:
                self._try("checkpoint", self._match, match)
            for what in asked:
                self._try({Recall: "recall", Keep: "keep"}.get(type(what), "past"), self._remember, what)
            if self.shown.folder:
                self._try("past", self._render_past)
            elif not self._training():
                self._try("look", self._render)

    def _has_work(self) -> object:
        waits = self._opens or self._saves or self._looks or self._matches or self._asked
        return waits or self._dirty or self._closed

    def _try(self, what: str, work: Callable[..., None], *given: object) -> None:
        """Do it; a failure goes to the window, but not twice in a row unless a command waits for its answer."""
        try:
            work(*given)
        except (Exception, SystemExit) as error:
            known = DataError if what == "look" else ()
            what = "data" if isinstance(error, known) else what
            look = next((g.number for g in given if isinstance(g, Look)), 0)
            if look or what in ("open", "save", "checkpoint", "past", "keep") or self._told.get(what) != str(error):
                self._told[what] = str(error)
                self._post.failed(what, error, look=look)

    def _open(self, command: Open) -> None:
        try:
            self._rows = analyse(command.graph, self._rows)
            homes = self._net.homes if self._net is not None else {}
            self._version, self._plan = command.version, command.plan
            self._net = self._built = None
            self._shots.clear()
            if command.fresh:  # another document: the window has heard nothing of what belongs to it
                self._announced = None
                self._told.clear()
            self._build(command, homes)
        finally:
            with self._change:
                self._opened = command.version
                self._change.notify_all()

    def _build(self, command: Open, homes: Mapping[str, str]) -> None:
        memory.check(self._rows, copies=3)
        model = self._importer.made(command.model) if command.model else None
        with self._change:
            weights = Weights() if command.fresh else replace(self.weights, state=spread(self.weights.state, homes))
            if model is not None:
                weights = Weights(dict(model.state))
            self.weights = weights = replace(weights, plan=command.plan)
            if command.fresh or model is not None:
                self.foreign = model.foreign if model is not None else {}
        net = self._net = self.make_net(self._rows, command.plan)
        wrong: WeightsError | None = None
        if command.weights:
            try:
                weights = Weights(fitting(net, self._rows, command.weights), plan=command.plan)
                with self._change:
                    self.weights = weights
            except WeightsError as error:  # the net is there all the same
                wrong = error
        kept, fresh = fit_state(net, weights.state)
        self._in_net = weights
        self._built = (command.version, self._rows, command.plan)
        self._post.send(Opened(command.version, kept, fresh, "" if wrong else command.weights))
        if wrong is not None:
            raise wrong

    def make_net(self, rows: Analysis, plan: Plan) -> Net:
        """The net of these rows, with copies of the parts that only torch can run. For any thread."""
        return Net(rows, plan, deepcopy(dict(self.foreign)))

    def subject(self) -> Subject | None:
        """The net as it is now, for a thread that works on it by itself; None where there is none."""
        built = self._built
        layer = _input(built[1]) if built else None
        if built is None or layer is None:
            return None
        version, rows, plan = built
        net, shot = self.make_net(rows, plan), self.fitted.get(layer)
        fit_state(net, self.weights.state)
        shape = rows[rows.input.id].out if rows.input else None
        values = torch.zeros(shape or ()) if shot is None else torch.from_numpy(shot.fitted.values)
        return Subject(version, rows, plan, net, values[None])

    def _match(self, command: Match | Adopt) -> None:
        if isinstance(command, Match):
            self._post.send(self._checkpoint.match(command, self._net, self._refill))
            return
        state = self._checkpoint.adopted(command.number, self._net)
        with self._change:
            self.weights = replace(self.weights, state={**self.weights.state, **state}, run=0, step=0)
        self.refresh()

    def _announce(self) -> None:
        layer = _input(self._rows)
        if layer is None:
            return
        if isinstance(layer, Board):  # nothing to train on, but positions to look at
            if self._announced != ("positions", ""):
                self._announced = ("positions", "")
                self._post.send(Pictures("positions", 0, len(positions()), ()))
            return
        wanted = self._plan.source
        if self._announced != wanted:
            self._announced = None  # where it cannot be loaded, the one before has to be announced again
        data = self._shelf.data(self._plan, layer)
        self._told.pop("data", None)
        if self._announced != wanted:
            self._announced = wanted
            self._post.send(Pictures(data.name, len(data.train_y), len(data.test_y), data.classes))

    def _turn_to(self, command: Look) -> None:
        picture = command.picture
        self._told.pop("look", None)
        self._shelf.forget()
        layer = _input(self._rows) or Input()  # a net that cannot take it yet is no reason not to open the picture
        shot = self._shelf.shot(picture, self._plan, layer)
        self._picture, self._shots = picture, {_key(picture, self._plan, layer): shot}

    def _fit(self) -> None:
        """Have the picture ready for the editor's net and for the run's."""
        if (layer := _input(self._rows)) and not suits(self._picture, layer):
            self._picture = Sample()  # as the window has it
        wanted = [(self._plan, layer)] if layer else []
        wanted += [self._run_input] if self._run_input else []
        wanted += self._past.inputs(self.shown)
        shots, self._shots = self._shots, {}
        fitted: dict[Source, Shot] = {}
        wrong: Exception | None = None
        for plan, layer in reversed(wanted):
            key = _key(self._picture, plan, layer)
            if key not in shots:
                try:
                    shots[key] = self._shelf.shot(self._picture, plan, layer)
                except (PictureError, DataError) as error:
                    shots[key], wrong = None, error
            self._shots[key] = shot = shots[key]
            if shot is not None:
                fitted[layer] = shot
        self.fitted = fitted
        if wrong is not None:
            raise wrong

    def _save(self, path: str) -> None:
        state = self._present()
        if state is not None:
            with self._change:
                self.weights = replace(self.weights, state={**self.weights.state, **state})
        others = waiting(self._rows, self._net, self.weights.state)
        if self._net is None and not others:
            raise Refused(_("There is no network whose weights could be saved."))
        if self._net is not None:
            self._refill(self._net)
        write_weights(path, {**others, **(copy_state(self._net) if self._net is not None else {})})
        self._post.send(Saved(path))

    def _refill(self, net: Net) -> None:
        weights = self.weights
        if self._in_net is not weights:
            fit_state(net, weights.state)
            self._in_net = weights

    def _render(self) -> None:
        weights, interest = self.weights, self.interest
        stamp = Stamp(self._version, weights.run, weights.step, self.shown.number)
        if self._net is None:
            self._post.frame(Frame(stamp.version, stamp.run, stamp.step, interest.number, moment=stamp.moment))
            return
        self._refill(self._net)
        layer = _input(self._rows)
        shot = self.fitted.get(layer) if layer is not None else None
        torch.set_num_threads(device.threads(self._plan.threads))
        self._post.frame(frame(self._net, shot, interest, stamp, logits_node(self._rows.graph)))

    def _render_past(self) -> None:
        shown, interest = self.shown, self.interest
        try:
            found = self._past.frame(shown, self.fitted.get, interest)
        except (PastError, FileError):
            with self._change:
                if self.shown is shown:  # nothing newer was asked for: the present network is shown again
                    self.shown = Show(shown.number)
                    self._dirty = True
            raise
        self._post.frame(found)

    def _remember(self, command: Recall | Keep | Restore) -> None:
        if isinstance(command, Recall):
            self._post.send(self._past.recall(command))
        elif isinstance(command, Keep):
            self._past.keep(command)
        else:
            state = self._past.state(command.folder, command.step)
            with self._change:
                self.weights = replace(self.weights, state={**self.weights.state, **state}, run=0, step=0)
            self._dirty = True


def _input(rows: Analysis) -> Source | None:
    """The Input's settings, where they are possible."""
    node = rows.input
    if node is None or rows[node.id].problem is not None:
        return None
    assert isinstance(node.layer, Source)
    return node.layer


def _key(picture: Picture, plan: Plan, layer: Source) -> Hashable:
    return (picture, layer, plan.source if isinstance(picture, Sample) else None)
