"""What is tried out on a copy of the open network, in a thread of its own: never while the net trains.

Its layers are measured, or a learning rate is looked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from ...link.measuring import Costs, Find, Found, Measure, Measuring
from ...net.acting import unfit
from ...net.analysis import trainable
from ...net.layers import Source
from ...text import _
from .. import device, memory
from ..post import Post, Refused
from .worker import Worker

if TYPE_CHECKING:
    from ..looker import Looker
    from ..shelf import Shelf

TELL = 0.1  # seconds between two words on how far it is


class Measurer(Worker):
    """Owns the thread. Public methods return at once, unless they say otherwise."""

    def __init__(self, post: Post, looker: Looker, shelf: Shelf):
        super().__init__("measure")
        self._post, self._looker, self._shelf = post, looker, shelf
        self._wanted: tuple[Measure | Find, int] | None = None  # and the version of the net; not begun yet
        self._what = "measure"  # the last command, as Failed names it
        self._busy = False
        self._training: Callable[[], bool] = lambda: False

    def begin(self, training: Callable[[], bool]) -> None:
        """Start the thread. `training`: whether a net trains now."""
        self._training = training
        self._begin()

    def start(self, command: Measure | Find, version: int) -> None:
        """Do so on this version of the net, instead of what is being done."""
        with self._change:
            self._wanted, self._newest = (command, version), command.number
            self._what = "find" if isinstance(command, Find) else "measure"
            self._change.notify_all()

    def cease(self) -> None:
        """What is being done is not wanted any more."""
        with self._change:
            self._wanted, self._newest = None, 0

    def make_way(self) -> None:
        """Wait until nothing is being done: training draws from the same random numbers, and wants the cores."""
        with self._change:
            waiting, what, self._wanted, self._newest = self._newest, self._what, None, 0
            self._change.wait_for(lambda: not self._busy)
        if waiting:
            self._post.failed(what, Refused(_("A training has begun, which needs the machine. Try again later.")))

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _waits(self) -> object:
        return self._wanted

    def _turn(self) -> None:
        with self._change:
            wanted, self._wanted = self._wanted, None
            self._busy = wanted is not None
        if wanted is None:
            return
        command, version = wanted
        try:
            self._looker.wait_for(version)
            if isinstance(command, Find):
                self._find(command)
            else:
                self._measure(command)
        except (Exception, SystemExit) as error:
            if self._newest == command.number:
                self._post.failed(self._what, error)
        with self._change:
            self._busy = False
            if self._newest == command.number:
                self._newest = 0
            self._change.notify_all()

    def _measure(self, command: Measure) -> None:
        from ..measure import Cancelled, measure

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

    def _find(self, command: Find) -> None:
        from ..build import logits_node
        from ..learn.finder import find

        number, plan, told = command.number, command.plan, 0.0
        if self._training():
            raise Refused(_("The net is training and needs the machine. Pause it, then look for a learning rate."))
        of = self._looker.subject()
        layer = of.rows.input.layer if of is not None and of.rows.input is not None else None
        if of is None or not isinstance(layer, Source):
            raise Refused(_("There is no network that could be trained. Mend the layers that have a problem first."))
        data = self._shelf.data(plan, layer)
        problem = trainable(of.rows, len(data.classes)) or unfit(plan, of.rows)
        if problem is not None:
            raise Refused(problem.text)
        where = device.device(plan.device)
        if where.type == "cpu":
            memory.check_training(of.rows, plan, 1)
        torch.set_num_threads(device.threads(plan.threads))
        rates, losses = list[float](), list[float]()
        for rate, loss in find(of.net.to(where), data, plan, layer, logits_node(of.rows.graph)):
            rates.append(rate)
            losses.append(loss)
            if self._newest != number:
                return
            if time.monotonic() - told > TELL:
                told = time.monotonic()
                self._post.send(Found(number, tuple(rates), tuple(losses)))
        with self._change:
            wanted = self._newest == number
            self._newest = 0 if wanted else self._newest
        if wanted:
            self._post.send(Found(number, tuple(rates), tuple(losses), True))
