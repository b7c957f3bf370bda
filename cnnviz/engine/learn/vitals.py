"""The health of one training: what is read of it, what follows from it, and its recording."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...link import pulses
from ...link.runs import Metrics
from ...net.health.reading import Reading, Series
from ...net.health.sign import Sign
from ...net.health.watch import Held, Watch
from ..build import Net
from ..record.pulse import Pulse
from .health import Health
from .steps import Step


class Vitals:
    """Takes every step, and knows the signs of trouble after it. All methods are called by the training thread."""

    def __init__(self, net: Net, classes: Sequence[str], batch: int, worked: Callable[[], float] = time.perf_counter):
        """`worked`: see Health."""
        self.health = Health(net, worked=worked)
        self.series = Series(self.health.layers)
        self.count = 0
        """How often something has changed."""
        self._watch = Watch(self.health.layers, classes, batch)
        self._pulse: Pulse | None = None
        self._steps, self._loss, self._right = 0, 0.0, 0.0  # sums over all steps
        self._at_reading, self._at_test = (0, 0.0, 0.0), (0, 0.0, 0.0)  # what they were then

    @property
    def signs(self) -> tuple[Sign, ...]:
        """Those that stand now, the worst first."""
        return self._watch.signs

    def record(self, folder: Path, keep: int, metrics: Metrics | None) -> None:
        """Record it there; what the folder has up to step `keep` stays, and the run goes on from it.

        `metrics`: of the steps up to there.
        """
        if keep:
            before = pulses.read(folder, keep).series
            if before.layers == self.series.layers:
                self.series = before
            self._catch_up(metrics, keep)
            self.series.tell(self.signs)
        self._pulse = Pulse(folder, self.series, self.signs)
        self.count += 1

    def add(self, step: Step) -> None:
        """This step has been made."""
        self._steps += 1
        self._loss += step.loss
        self._right += step.accuracy
        if step.reading is not None or step.test is not None:
            with self.health.clock():
                self._take(step)

    def lost(self, step: int, node: str, lr: float) -> None:
        """The training has ended since its numbers are lost."""
        self._watch.lost(step, node, lr)
        self._changed(None, step)

    def write(self) -> None:
        """Put what is new into the run's folder."""
        if self._pulse is not None:
            self._pulse.write(self.signs)

    # ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _take(self, step: Step) -> None:
        reading, before = None, self.signs
        if step.reading is not None:
            loss, right = self._since(self._at_reading)
            self._at_reading = self._steps, self._loss, self._right
            reading = replace(step.reading, loss=loss, right=right)
            self.series.add(reading)
            self._watch.read(reading)
        if step.test is not None:
            loss, right = self._since(self._at_test)
            self._at_test = self._steps, self._loss, self._right
            self._watch.test(Held(step.step, step.test.loss, step.test.accuracy, loss, right))
        if reading is not None or self.signs != before:
            self._changed(reading, step.step)

    def _since(self, then: tuple[int, float, float]) -> tuple[float, float]:
        """Mean loss and accuracy of the batches since then."""
        steps = max(self._steps - then[0], 1)
        return (self._loss - then[1]) / steps, (self._right - then[2]) / steps

    def _changed(self, reading: Reading | None, step: int) -> None:
        self.count += 1
        self.series.tell(self.signs)
        if self._pulse is not None:
            self._pulse.add(reading, self.signs, step)

    def _catch_up(self, metrics: Metrics | None, keep: int) -> None:
        """What the rules know of the steps before."""
        points, tests = (metrics.points, metrics.tests) if metrics is not None else (np.empty((0, 4)), np.empty((0, 4)))
        events: list[tuple[int, int, Reading | Held]] = [(r.step, 0, r) for r in self.series]
        last = 0.0
        for step, loss, accuracy in tests[:, :3].tolist():
            of = points[(points[:, 0] > last) & (points[:, 0] <= step)]
            last = step
            if len(of) and step <= keep:
                train, right = of[:, 1:3].mean(0).tolist()
                events.append((int(step), 1, Held(int(step), loss, accuracy, train, right)))
        for _step, _kind, event in sorted(events, key=lambda e: e[:2]):
            if isinstance(event, Reading):
                self._watch.read(event)
            else:
                self._watch.test(event)
