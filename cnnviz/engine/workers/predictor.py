"""What the open network makes of every picture of a split, in a thread of its own, also while it trains; and what runs
have made of the held-out pictures."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from ...link.messages import Open
from ...link.predictions import MOST, SIDE, Abandon, Fetch, Fetched, Predict, Predicting, Predictions, Review, Reviewed
from ...link.scorebook import Score, Scorebook
from ...net.analysis import analyse
from ...net.layers import Source, Tokens
from ...text import _
from .. import device, memory
from ..build import State, fit_state, logits_node
from ..data import Data
from ..learn.feed import Feed
from ..learn.score import EVALUATED, evaluate
from ..looker import Looker
from ..pictures import Array, shown
from ..post import Post, Refused
from ..shelf import Shelf
from .worker import Worker

TELL = 0.1  # seconds between two words on how far it is


class Predictor(Worker):
    """Owns the thread. Public methods return at once, unless they say otherwise."""

    def __init__(
        self,
        post: Post,
        shelf: Shelf,
        looker: Looker,
        present: Callable[[], tuple[State, int, int] | None],
        newest: Callable[[int], Score | None],
    ):
        """`present`: waits for the weights of the training in progress, with run and step; None where there is none.
        `newest`: the last measurement of the run of this number, where it is still known."""
        super().__init__("predict")
        self._post, self._shelf, self._looker = post, shelf, looker
        self._present, self._newest_score = present, newest
        self._wanted: tuple[Predict, Open] | None = None  # and the net; not begun yet
        self._quick: list[tuple[Fetch | Review, Open]] = []
        self._book: tuple[str, Scorebook] | None = None  # the folder that was asked for last
        self._begin()

    def start(self, command: Predict | Fetch | Review, of: Open) -> None:
        """Answer this, of this net. A Predict replaces the one before it."""
        with self._change:
            if not isinstance(command, Predict):
                self._quick.append((command, of))
            else:
                self._wanted, self._newest = (command, of), command.number
            self._change.notify_all()

    def abandon(self, command: Abandon) -> None:
        """These predictions are not wanted any more."""
        with self._change:
            if command.number == self._newest:
                self._wanted, self._newest = None, 0

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _waits(self) -> object:
        return self._wanted or self._quick

    def _turn(self) -> None:
        with self._change:
            quick, self._quick = self._quick, []
            wanted, self._wanted = (None, self._wanted) if quick else (self._wanted, None)
        for command, net in quick:
            try:
                self._fetch(command, net) if isinstance(command, Fetch) else self._review(command)
            except Exception as error:
                self._post.failed("fetch" if isinstance(command, Fetch) else "review", error, command.number)
        if wanted is not None:
            predict, net = wanted
            try:
                self._predict(predict, net)
            except (Exception, SystemExit) as error:
                if self._newest == predict.number:
                    self._post.failed("predict", error, predict.number)

    def _predict(self, command: Predict, net: Open) -> None:
        number, told = command.number, 0.0
        self._post.send(Predicting(number, 0, 0))
        self._looker.wait_for(net.version)
        state = self._present()
        of, weights = self._looker.subject(), self._looker.weights
        end = logits_node(of.rows.graph) if of is not None and of.rows.input is not None else ""
        if of is None or of.rows.input is None or of.rows[end].problem is not None:
            raise Refused(_("There is no network that could be tried. Mend the layers that have a problem first."))
        run, step = weights.run, weights.step
        if state is not None:
            fit_state(of.net, state[0])
            _state, run, step = state
        layer = of.rows.input.layer
        assert isinstance(layer, Source)
        data = self._shelf.data(of.plan, layer)
        x, y = _split(data, command.split)
        outputs = of.rows[end].out
        if outputs is None or len(outputs) != 1 or outputs[0] <= int(y.max(initial=0)):
            text = _("{end} gives {out}, but {data} has {n} classes. Give it one output for each class.")
            shape = "×".join(map(str, outputs or ()))
            raise Refused(text.format(end=end, out=shape, data=data.name, n=len(data.classes)))
        where = device.device(of.plan.device)
        if where.type == "cpu":
            memory.check_measuring(of.rows, min(EVALUATED, len(y)))
        torch.set_num_threads(device.threads(of.plan.threads))
        feed, done = Feed(x, y, layer, where), 0

        def pulse() -> bool:
            nonlocal told, done
            done += EVALUATED
            if time.monotonic() - told > TELL:
                told = time.monotonic()
                self._post.send(Predicting(number, min(done, len(y)), len(y)))
            return self._newest == number

        found = evaluate(of.net.to(where), feed, end, pulse)
        if found is not None and found.verdicts is not None:
            classes = data.classes
            reply = Predictions(number, of.version, run, step, command.split, data.name, classes, found.verdicts)
            self._post.send(reply)

    def _review(self, command: Review) -> None:
        score = self._newest_score(command.run)
        if score is None or command.step not in (None, score.step):
            if self._book is None or self._book[0] != command.folder:
                self._book = (command.folder, Scorebook(command.folder))
            old = self._book[1].at(command.step) if command.folder else None
            score = min(
                (s for s in (old, score) if s), key=lambda s: abs(s.step - (command.step or s.step)), default=None
            )
        self._post.send(Reviewed(command.number, command.run, score))

    def _fetch(self, command: Fetch, net: Open) -> None:
        rows = analyse(net.graph)
        node = rows.input
        if node is None or rows[node.id].problem is not None or not isinstance(node.layer, Source):
            raise Refused(_("There is no network that takes pictures. Mend its Input first."))
        self._post.send(fetched(self._shelf.data(net.plan, node.layer), node.layer, command))


def fetched(data: Data, layer: Source, command: Fetch) -> Fetched:
    """These pictures of the data set, thinned to at most SIDE pixels a side."""
    x, y = _split(data, command.split)
    indices = tuple(i for i in command.indices[:MOST] if 0 <= i < len(y))
    labels = tuple(int(y[i]) for i in indices)
    if isinstance(layer, Tokens):
        texts = data.train_texts if command.split == "train" else data.test_texts
        none = np.zeros((0, 0, 0, 3), np.uint8)
        return Fetched(command.number, command.split, indices, labels, none, tuple(texts[i] for i in indices))
    thin = max(1, -(-max(x.shape[2:]) // SIDE))
    pictures = [shown(x[i])[::thin, ::thin] for i in indices]
    stack = np.stack(pictures) if pictures else np.zeros((0, *x.shape[2:], 3), np.uint8)
    return Fetched(command.number, command.split, indices, labels, stack)


def _split(data: Data, split: str) -> tuple[Array, Array]:
    return (data.train_x, data.train_y) if split == "train" else (data.test_x, data.test_y)
