"""One run of the window's: made ready, trained, told of, and looked at between two steps; in the training thread."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from ..link import control, runs
from ..link.messages import PAUSED, STOPPING, TRAINING
from ..link.pulses import Pulses
from ..net.analysis import Analysis, analyse
from ..net.layers import Source
from ..net.plan import Plan
from ..text import _
from .build import Net, copy_state, fit_state
from .data import Data
from .learn.steps import Step
from .learn.training import Training
from .look import Shot, Stamp, frame, glance
from .post import Refused
from .record import moment
from .record.again import fork, made_again
from .record.moment import Moment
from .record.reader import TrackError
from .record.weights import cause

if TYPE_CHECKING:
    from .runner import Run, Runner

NEWS = 0.2  # seconds between bells for points
WHOLE, PARTIAL = 0.006, 0.018  # parts of the time that whole and partial frames may take …
SELDOM = 0.3  # … but at most so many seconds between two of a kind, unless
HEAVY = 0.2  # they would take more than this part
WHOLE_RATE = 6.0  # whole frames a second at most: strips of all cards, output and measured field


class Live:
    """One run from its begin to its end."""

    def __init__(self, runner: Runner, run: Run):
        self._runner, self._run = runner, run
        self._post, self._looker = runner.post, runner.looker
        self._next_news = 0.0
        self._whole, self._partial = _Pace(WHOLE), _Pace(PARTIAL)
        self._fitted: dict[Source, Shot] | None = None  # the looker's
        self._shot: Shot | None = None  # of these the one for the net
        self._probed: tuple[object, ...] = ()  # picture, interest and Show of the last whole frame

    def go(self) -> None:
        """Train. Raises what learn.Training and its steps raise, record.WeightsError, net.files.FileError."""
        run, command = self._run, self._run.command
        self._looker.wait_for(run.version)
        if run.stop:
            return
        rows = analyse(run.graph)
        since = self._since()
        if self._run.stop:  # asked for meanwhile
            return
        training = Training(rows, command.plan, self._data, lambda: self._first(rows), since)
        self._training, self._net = training, training.net
        with self._runner.change:
            run.ready(training, since.metrics if since else None)
        self._publish()
        self._looker.run_input(command.plan, training.layer)
        if command.folder:
            origin = (command.origin, command.start) if command.origin else None
            training.record(command.folder, self._not_recorded, self._heard, origin)
            if training.other_data:
                self._not_recorded(training.other_data)
        self._runner.begun(run)
        try:
            self._drain()
        finally:
            self._feel()
            self._publish()
            run.ended = self._training.course.ended
            self._runner.ended()

    def _since(self) -> Moment | None:
        """What the training goes on from; where it branches, the steps to there are made again first."""
        command = self._run.command
        if not command.start and not command.origin:
            return None
        if not command.origin:
            found = moment.last(command.folder)
            if found.lost:
                self._not_recorded(found.lost)
            return found
        making = made_again(command.origin, command.start, self._data, self._looker.make_net)
        with closing(making):
            while not self._run.stop:
                try:
                    self._run.step = next(making).step
                except StopIteration as end:
                    self._fork()
                    state: Moment = end.value
                    same = runs.shape(state.network.graph) == runs.shape(self._run.graph)
                    return state if same else replace(state, beside={})  # of other weights
                self._tell(time.monotonic())
        return None

    def _data(self, plan: Plan, layer: Source) -> Data:
        """The data set, whatever the editor turns to while it is loaded. Raises DataError."""
        return self._runner.shelf.data(plan, layer, lambda: not self._run.stop)

    def _fork(self) -> None:
        command = self._run.command
        try:
            if command.folder:
                fork(command.origin, command.folder)
        except OSError as error:
            text = _("{folder} cannot be written ({why}). The branch is not recorded.")
            self._not_recorded(text.format(folder=command.folder, why=cause(error)))

    def _first(self, rows: Analysis) -> Net:
        weights = self._looker.weights
        if not self._run.command.keep:
            return self._looker.make_net(rows, self._run.command.plan)
        net = self._looker.make_net(rows, weights.plan)
        fit_state(net, weights.state)
        return net

    def _not_recorded(self, text: str) -> None:
        self._post.failed("record", Refused(text), self._run.command.run)

    def _heard(self, what: str) -> None:
        """Somebody who follows the run's folder asks for this; called from another thread."""
        run = self._run
        with self._runner.change:
            run.hold = what == control.PAUSE
            run.budget = 0
            if what == control.STOP:
                run.stop, run.phase = True, STOPPING
            self._runner.change.notify_all()
        self._post.news()

    def _drain(self) -> None:
        run = self._run
        run.controls.pulse = self._pulse
        making = self._training.go(run.controls)
        try:
            for step in making:
                self._add(step)
                if run.keeps:
                    self._mark()
                if not self._pulse():
                    break
                if run.hold:
                    self._hold()
                    if run.stop:
                        break
        finally:
            making.close()

    def _add(self, step: Step) -> None:
        with self._runner.change:
            self._run.add(step, time.monotonic())
        self._feel()

    def _feel(self) -> None:
        """Have what is new of the run's health told."""
        vitals, run = self._training.vitals, self._run
        if vitals is not None and vitals.count != run.health.count:
            series = vitals.series
            kept, stood = tuple(series), tuple(map(series.told, series))
            told = Pulses(run.command.run, vitals.count, 0, series.layers, kept, vitals.signs, stood)
            with self._runner.change:
                run.health = told

    def _pulse(self) -> bool:
        """What is due between two batches; False where the run shall end."""
        now = time.monotonic()
        self._probe(now)
        self._tell(now)
        self._runner.answer(self._net)
        return not self._run.stop

    def _tell(self, now: float) -> None:
        if now >= self._next_news:
            self._next_news = now + NEWS
            self._post.news()

    def _mark(self) -> None:
        """Give names to steps, where that is asked for."""
        run = self._run
        while run.keeps:
            command = run.keeps.pop(0)
            try:
                self._training.mark(command.name, command.step if command.step >= 0 else None)
            except (TrackError, OSError) as error:
                self._post.failed("keep", error)

    def _probe(self, now: float) -> None:
        """Put a frame where one is due. The first one of a picture or an interest is a whole one, and soon."""
        fitted, interest, shown = self._looker.fitted, self._looker.interest, self._looker.shown
        if fitted is not self._fitted:  # asked at every step, and a layer's hash is that of all its fields
            self._fitted, self._shot = fitted, fitted.get(self._training.layer)
        shot = self._shot
        if shot is None or shown.folder:
            return
        asked = (shot, interest.number, shown.number)
        whole = self._whole.due(now, hurry=self._probed != asked)
        if not whole and not (self._partial.due(now) and (interest.maps or interest.filters)):
            return
        stamp = Stamp(self._run.version, self._run.command.run, self._run.controls.made, shown.number)
        if whole:
            self._probed = asked
            self._post.frame(frame(self._net, shot, interest, stamp, self._training.logits))
            self._whole.took(now, min(WHOLE_RATE, interest.rate))
            self._partial.wait(now, interest.rate)
        else:
            self._post.frame(glance(self._net, shot, interest, stamp))
            self._partial.took(now, interest.rate)

    def _hold(self) -> None:
        """Wait until the run goes on or ends."""
        run, change = self._run, self._runner.change
        self._publish()
        self._training.save()
        with change:
            if run.stop:
                return
            run.phase = PAUSED
            self._training.paused = True
            run.pace.clear()
            change.notify_all()
        self._looker.refresh()
        self._post.news()
        while True:
            with change:
                change.wait_for(lambda: run.stop or not run.hold or run.budget or run.keeps)
                if not run.keeps:
                    break
            self._mark()
        with change:
            run.hold = self._training.paused = False
            if not run.stop:
                run.phase = TRAINING
        self._runner.make_way()
        self._post.news()

    def _publish(self) -> None:
        """The run's weights are the net's weights now."""
        self._looker.publish(copy_state(self._net), self._run.command.run, self._run.controls.made)


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
