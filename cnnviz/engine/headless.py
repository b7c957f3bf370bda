"""Training without a window: the same steps and defaults, written to a run folder that a window can follow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from ..net.analysis import analyse, trainable
from ..net.layers import Source
from ..net.network import Network
from ..net.plan import Plan
from . import data, device, history, memory
from .build import Net, fit_state, logits_node
from .post import Refused
from .train import Step, epoch_steps, make_optimizer, steps


@dataclass(frozen=True)
class Summary:
    """How a training went, as `cnnviz train --json` says in its last line. None: nothing was measured."""

    steps: int
    train_loss: float | None
    test_accuracy: float | None
    samples_per_second: float


class Training:
    """One training of a network by a plan; iterate to train.

    folder  run folder to record into; empty: none. `warn` is told where that fails, once; training goes on.
    resume  go on from what `folder` has recorded last.

    Raises post.Refused (a sentence) where the network cannot be trained, data.DataError, history.WeightsError,
    net.files.FileError; while iterating train.Diverged.
    """

    def __init__(
        self,
        network: Network,
        plan: Plan,
        folder: str | Path = "",
        resume: bool = False,
        warn: Callable[[str], None] = lambda text: None,
    ):
        memory.tune()
        rows = analyse(network.graph)
        problem = trainable(rows)
        if problem is None:
            assert rows.input is not None and isinstance(rows.input.layer, Source)
            self._layer: Source = rows.input.layer
            self._data = data.load(plan.data, plan.data_dir, self._layer)
            problem = trainable(rows, len(self._data.classes))
        if problem is not None:
            raise Refused(problem.text)
        try:
            where = device.device(plan.device)
        except ValueError as error:
            raise Refused(str(error)) from error
        self.device = where.type
        self.threads = device.threads(plan.threads)
        torch.set_num_threads(self.threads)
        self.net = Net(rows, plan)
        last = history.last(folder) if resume else None
        self.start = last.step if last else 0
        if last is not None:
            fit_state(self.net, last.weights)
        self.net.to(where)
        self._optimizer = make_optimizer(self.net, plan)
        if last is not None and last.optimizer is not None:
            self._optimizer.load_state_dict(last.optimizer)
        self._plan, self._logits = plan, logits_node(network.graph)
        self.steps = plan.epochs * epoch_steps(self.net, len(self._data.train_y), plan)
        self._recorder = None
        if folder:
            self._recorder = history.Recorder(folder, network, plan, self._data, self.threads, warn, self.start)
        self._last: Step | None = None
        self._accuracy: float | None = None
        self._seconds, self._samples = 0.0, 0

    def __iter__(self) -> Iterator[Step]:
        """Train; what is recorded is complete however the iteration ends."""
        making = steps(
            self.net,
            self._data,
            self._plan,
            self._layer,
            self._logits,
            optimizer=self._optimizer,
            start=self.start,
        )
        end = "stopped"
        try:
            while True:
                started = time.perf_counter()
                step = next(making, None)
                self._seconds += time.perf_counter() - started
                if step is None:
                    end = "done"
                    return
                self._note(step)
                yield step
        finally:
            making.close()
            if self._recorder is not None:
                self._recorder.record(self.net, self._optimizer, end)

    @property
    def summary(self) -> Summary:
        """What came out so far."""
        loss = self._last.loss if self._last else None
        speed = self._samples / self._seconds if self._seconds else 0.0
        return Summary(self._last.step if self._last else self.start, loss, self._accuracy, speed)

    def _note(self, step: Step) -> None:
        self._last = step
        self._samples += min(self._plan.batch_size, len(self._data.train_y))
        if step.test is not None:
            self._accuracy = step.test.accuracy
        if self._recorder is not None:
            self._recorder.add(step)
            if self._recorder.due:
                self._recorder.record(self.net, self._optimizer)
