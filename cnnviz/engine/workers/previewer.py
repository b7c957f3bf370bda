"""What goes into the net, for the window: augmented pictures and a data set's values, in a thread of their own."""

from __future__ import annotations

import numpy as np
import torch

from ...link.augmenting import PICTURES, SIDE, VERSIONS, Preview, Previewed, Survey, Surveyed
from ..augment import Augment
from ..data import Data
from ..data.survey import Values, values
from ..learn.feed import Feed
from ..pictures import shown
from ..post import Post
from ..shelf import Shelf
from .worker import Worker


class Previewer(Worker):
    """Owns the thread. Public methods return at once, unless they say otherwise."""

    def __init__(self, post: Post, shelf: Shelf):
        super().__init__("preview")
        self._post, self._shelf = post, shelf
        self._wanted: dict[type, Preview | Survey] = {}  # the newest of each, not begun yet
        self._surveyed: tuple[Data, Values] | None = None
        self._begin()

    def start(self, command: Preview | Survey) -> None:
        """Answer this instead of an older one of its kind."""
        with self._change:
            self._wanted[type(command)] = command
            self._change.notify_all()

    def _waits(self) -> object:
        return self._wanted

    def _turn(self) -> None:
        with self._change:
            command = self._wanted.pop(next(iter(self._wanted)))
        try:
            data = self._shelf.data(command.plan, command.layer)
            if isinstance(command, Preview):
                self._post.send(previewed(data, command))
            else:
                self._post.send(self._survey(data, command))
        except Exception as error:
            self._post.failed("preview" if isinstance(command, Preview) else "survey", error, command.number)

    def _survey(self, data: Data, command: Survey) -> Surveyed:
        if self._surveyed is None or self._surveyed[0] is not data:
            self._surveyed = (data, values(data.train_x))
        found = self._surveyed[1]
        return Surveyed(command.number, data.name, len(data.train_y), found.mean, found.std, found.low, found.high)


def previewed(data: Data, command: Preview) -> Previewed:
    """Some training pictures, of different classes where there are such, as a training step would have them."""
    plan, layer = command.plan, command.layer
    order = np.random.RandomState(command.roll).permutation(len(data.train_y))
    _classes, first = np.unique(data.train_y[order], return_index=True)
    others = np.setdiff1d(np.arange(min(len(order), PICTURES)), first)
    some = order[np.concatenate((np.sort(first), others))[:PICTURES]]
    x, labels = data.train_x[some], data.train_y[some]
    feed = Feed(x, labels, layer, torch.device("cpu"), Augment.of(plan, layer))
    got = feed.batch(torch.arange(len(some)).repeat_interleave(VERSIONS), command.roll)[0].numpy()
    mean, std = (np.array(v, np.float32).reshape(-1, 1, 1) for v in (layer.mean, layer.std))
    thin = max(1, -(-max(layer.size) // SIDE))
    after = np.stack([shown(p)[::thin, ::thin] for p in got * std + mean])
    return Previewed(
        number=command.number,
        indices=tuple(map(int, some)),
        labels=tuple(map(int, labels)),
        before=np.stack([shown(p)[::thin, ::thin] for p in x]),
        after=after.reshape(len(some), VERSIONS, *after.shape[1:]),
        low=float(got.min()),
        high=float(got.max()),
    )
