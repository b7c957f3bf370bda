"""The open network's layers measured in a thread of their own: never while the net trains."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from threading import Condition, Thread
from typing import TYPE_CHECKING

import torch

from ..link.measuring import Costs, Measure, Measuring
from ..text import _
from . import device, memory
from .post import Post, Refused

if TYPE_CHECKING:
    from .looker import Looker

TELL = 0.1  # seconds between two words on how far it is


class Measurer:
    """Owns the thread. Public methods return at once, unless they say otherwise."""

    def __init__(self, post: Post, looker: Looker):
        self._post, self._looker = post, looker
        self._change = Condition()
        self._wanted: tuple[Measure, int] | None = None  # and the version of the net; not begun yet
        self._newest = 0  # number of the last Measure; 0: none is wanted
        self._busy = self._closed = False
        self._training: Callable[[], bool] = lambda: False
        self._thread = Thread(target=self._work, name="measure")

    def begin(self, training: Callable[[], bool]) -> None:
        """Start the thread. `training`: whether a net trains now."""
        self._training = training
        self._thread.start()

    def start(self, command: Measure, version: int) -> None:
        """Measure this version of the net, instead of what is being measured."""
        with self._change:
            self._wanted, self._newest = (command, version), command.number
            self._change.notify_all()

    def cease(self) -> None:
        """What is being measured is not wanted any more."""
        with self._change:
            self._wanted, self._newest = None, 0

    def make_way(self) -> None:
        """Wait until nothing is being measured: training draws from the same random numbers, and wants the cores."""
        with self._change:
            waiting, self._wanted, self._newest = self._newest, None, 0
            self._change.wait_for(lambda: not self._busy)
        if waiting:
            self._post.failed(
                "measure", Refused(_("A training has begun, which needs the machine. Measure again later."))
            )

    def close(self) -> None:
        """Have the thread end."""
        with self._change:
            self._closed, self._newest = True, 0
            self._change.notify_all()

    def join(self, timeout: float) -> None:
        """Wait for the thread's end."""
        self._thread.join(timeout)

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._wanted or self._closed)
                if self._closed:
                    return
                wanted, self._wanted, self._busy = self._wanted, None, True
            assert wanted is not None
            command, version = wanted
            try:
                self._looker.wait_for(version)
                self._measure(command)
            except (Exception, SystemExit) as error:
                if self._newest == command.number:
                    self._post.failed("measure", error)
            with self._change:
                self._busy = False
                if self._newest == command.number:
                    self._newest = 0
                self._change.notify_all()

    def _measure(self, command: Measure) -> None:
        from .measure import Cancelled, measure

        number, told = command.number, 0.0

        def tell(done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told > TELL:
                told = time.monotonic()
                self._post.send(Measuring(number, done, total))

        self._post.send(Measuring(number))
        if self._training():
            raise Refused(_("The net is training and needs the machine. Pause it, then measure."))
        of = self._looker.subject()
        if of is None:
            raise Refused(_("There is no network that could be measured. Mend the layers that have a problem first."))
        plan, where = of.plan, device.device(of.plan.device)
        if where.type == "cpu":
            memory.check_training(of.rows, replace(plan, batch_size=command.batch, optimizer="sgd"), measured=1)
        threads = device.threads(plan.threads)
        torch.set_num_threads(threads)
        x = of.picture.to(where).repeat(command.batch, *(1 for _size in of.picture.shape[1:]))
        state = torch.get_rng_state()  # dropout draws from it; the process it may be a guest in gets it back
        try:
            costs, step = measure(of.net.to(where), x, tell, lambda: self._newest == number)
        except Cancelled:
            return
        finally:
            torch.set_rng_state(state)
        with self._change:
            wanted = self._newest == number
            self._newest = 0 if wanted else self._newest  # it has its answer: nobody need be told that it was ended
        if wanted:
            self._post.send(Costs(number, of.version, command.batch, where.type, threads, costs, step))
