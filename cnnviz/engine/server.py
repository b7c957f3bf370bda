"""The engine: hears commands, answers at once, and leaves all work to its two threads, *train* and *look*."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ..link.adjusting import Adjust
from ..link.augmenting import Preview, Survey
from ..link.data import Desist, Download, Leave, Loading, Stock
from ..link.ensemble import Combine, Uncombine
from ..link.exporting import Export, Withdraw
from ..link.mailbox import Mailbox
from ..link.measuring import Cease, Find, Measure
from ..link.messages import (
    Adopt,
    Catalogue,
    Command,
    Forget,
    Import,
    Imported,
    Look,
    Match,
    Open,
    Pause,
    Picture,
    Quit,
    Ready,
    Reply,
    Save,
    Stop,
    Take,
    Train,
    Watch,
)
from ..link.past import Keep, Recall, Restore, Show
from ..link.predictions import Abandon, Fetch, Predict, Review
from ..link.pulses import Feel
from ..net.graph import Graph
from ..net.plan import Plan
from ..text import _
from . import device, memory
from .looker import Looker
from .post import Post, Refused
from .runner import Run, Runner
from .shelf import Shelf
from .workers.combiner import Combiner
from .workers.exporter import Exporter
from .workers.fetcher import Fetcher
from .workers.importer import Importer
from .workers.librarian import Librarian
from .workers.measurer import Measurer
from .workers.predictor import Predictor
from .workers.previewer import Previewer

if TYPE_CHECKING:  # torch.fx is loaded with the first model
    from .foreign import imported

PATIENCE = 0.4
"""Seconds that a data set may take before it is told of."""
TELL = 0.1
"""Seconds between two words on it."""
FAREWELL = 1.8
"""Seconds that the threads have to end; the process is ended after 2 (link.wire.GRACE)."""


@dataclass(frozen=True, eq=False)
class Guest:
    """A model that a process shows, and the picture to look at it with."""

    model: imported.Imported
    picture: Picture | None = None


def serve(
    receive: Callable[[], Command | None],
    send: Callable[[Reply], None],
    mailbox: Mailbox,
    guest: Guest | None = None,
) -> None:
    """Work until `receive()` gives Quit or None; then have the run recorded, and return.

    Replies come from several threads, so `send` must allow that. No command waits for torch: each is answered, or
    handed to a thread, within a millisecond.

    guest: the model of the process that this engine is a guest in, which is opened at once. Nothing is then done to
    the process itself: its memory and its threads are somebody else's.
    """
    if guest is None:
        memory.tune()
        torch.set_num_threads(device.threads())
        warm_up()
    post, shelf = Post(send, mailbox), Shelf()
    importer = Importer(post)
    looker = Looker(post, shelf, importer)
    measurer = Measurer(post, looker, shelf)
    runner = Runner(post, shelf, looker, measurer.make_way)
    looker.begin(lambda: runner.training, runner.present)
    measurer.begin(lambda: runner.training)
    exporter = Exporter(post, looker, runner.present)
    fetcher, librarian = Fetcher(post), Librarian(post, shelf)
    shelf.tell = _Told(post)
    predictor = Predictor(post, shelf, looker, runner.moment, runner.measured)
    previewer, combiner = Previewer(post, shelf), Combiner(post, shelf)
    send(Ready(device.devices(), device.threads(), device.versions()))
    if guest is not None:
        model = guest.model
        send(Imported(importer.adopt(model), model.network, model.classes, model.notes, guest.picture))
    engine = _Engine(
        *(post, shelf, looker, runner, importer, measurer, exporter, predictor, fetcher, librarian, previewer, combiner)
    )
    try:
        while (command := receive()) is not None and not isinstance(command, Quit):
            engine.obey(command)
    finally:
        until = time.monotonic() + FAREWELL
        shelf.leave()
        for worker in (importer, measurer, exporter, predictor, fetcher, librarian, previewer, combiner, looker):
            worker.close()
        runner.close(until - time.monotonic())
        looker.join(max(0.0, until - time.monotonic()))
        for worker in (importer, measurer, exporter, predictor, fetcher, librarian, previewer, combiner):
            worker.join(max(0.0, until - time.monotonic()))


def warm_up() -> None:
    """Do once what torch does slowly the first time: the first optimizer imports its compiler, for 1.7 s."""
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], 0.1)
    torch.autograd.backward(weight.sum())
    optimizer.step()


class _Told:
    """Tells the window how far a data set is that takes its time."""

    def __init__(self, post: Post):
        self._post, self._began, self._told = post, 0.0, 0.0

    def __call__(self, name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if not done:
            self._began = now
        if now - self._began > PATIENCE and now - self._told > TELL:
            self._told = now
            self._post.send(Loading(name, done, total))


class _Engine:
    """What the listening thread knows: the editor's net. Nothing here may take longer than a millisecond."""

    def __init__(
        self,
        post: Post,
        shelf: Shelf,
        looker: Looker,
        runner: Runner,
        importer: Importer,
        measurer: Measurer,
        exporter: Exporter,
        predictor: Predictor,
        fetcher: Fetcher,
        librarian: Librarian,
        previewer: Previewer,
        combiner: Combiner,
    ):
        self._post, self._shelf, self._looker, self._runner, self._importer = post, shelf, looker, runner, importer
        self._measurer, self._exporter, self._predictor = measurer, exporter, predictor
        self._fetcher, self._librarian, self._previewer = fetcher, librarian, previewer
        self._combiner = combiner
        self._open = Open(0, Graph(), Plan())

    def obey(self, command: Command) -> None:
        """Answer, or hand to a thread."""
        match command:
            case Open():
                self._shelf.leave(unless=command.plan.source)
                self._open = command
                self._looker.open(command)
            case Import():
                self._importer.start(command)
            case Forget():
                self._importer.forget()
            case Catalogue():
                self._importer.list()
            case Match() | Adopt():
                self._looker.match(command)
            case Look():
                self._looker.look(command)
            case Watch(interest):
                self._looker.watch(interest)
            case Train():
                self._runner.start(Run(command, self._open.version, self._open.graph))
            case Pause(on, steps):
                self._runner.pause(on, steps)
            case Stop():
                self._runner.stop()
            case Adjust():
                self._runner.adjust(command)
            case Measure() | Find():
                self._measurer.start(command, self._open.version)
            case Cease():
                self._measurer.cease()
            case Export():
                self._exporter.start(command, self._open.version, self._open.graph)
            case Withdraw():
                self._exporter.withdraw()
            case Predict() | Fetch() | Review():
                self._predictor.start(command, self._open)
            case Abandon():
                self._predictor.abandon(command)
            case Combine():
                self._combiner.start(command)
            case Uncombine():
                self._combiner.leave()
            case Preview() | Survey():
                self._previewer.start(command)
            case Download():
                self._fetcher.start(command)
            case Leave():
                self._shelf.leave()
            case Stock():
                self._librarian.start(command, self._open)
            case Desist():
                self._fetcher.desist()
            case Save(path):
                self._looker.save(path)
            case Show():
                self._looker.show(command)
            case Recall() | Restore():
                self._looker.remember(command)
            case Keep():
                self._runner.keep(command)
            case Take(run, since):
                self._post.heard()
                self._post.send(self._runner.news(run, since))
            case Feel(run, since):
                self._post.send(self._runner.pulses(run, since))
            case _:
                self._post.failed(
                    "engine", Refused(_("The engine does not know this command: {command}.").format(command=command))
                )
