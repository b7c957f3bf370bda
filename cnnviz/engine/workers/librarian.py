"""What there is in the plan's data set: counts, files that are broken, duplicates; in a thread of its own."""

from __future__ import annotations

import numpy as np

from ...link.data import BROKEN, Contents, Stock
from ...link.messages import Open
from ...net.analysis import analyse
from ...net.layers import Board, Source
from ..data import Data, DataError, leaks
from ..post import Post
from ..shelf import Shelf
from .worker import Worker


class Librarian(Worker):
    """Takes stock of one data set at a time. Public methods return at once, unless they say otherwise."""

    def __init__(self, post: Post, shelf: Shelf):
        super().__init__("stock")
        self._post, self._shelf = post, shelf
        self._wanted: tuple[Stock, Open] | None = None  # and the net; not begun yet
        self._begin()

    # ── from other threads ───────────────────────────────────────────────────────────────────────────────────────────
    def start(self, command: Stock, of: Open) -> None:
        """Stock the data set of this net's plan instead of any other."""
        with self._change:
            self._wanted, self._newest = (command, of), command.number
            self._change.notify_all()

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _waits(self) -> object:
        return self._wanted

    def _turn(self) -> None:
        with self._change:
            wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        command, net = wanted
        try:
            self._stock(command, net)
        except DataError:  # left, or not there: who loads it says so
            pass
        except Exception as error:
            if self._newest == command.number:
                self._post.failed("stock", error, command.number)

    def _stock(self, command: Stock, net: Open) -> None:
        rows = analyse(net.graph)
        node = rows.input
        if node is None or rows[node.id].problem is not None or isinstance(node.layer, Board):
            return
        assert isinstance(node.layer, Source)
        data = self._shelf.data(net.plan, node.layer)
        found = contents(data, command.number)
        self._post.send(found)
        twins = leaks.find(data, lambda _done, _total: self._newest == command.number)
        self._post.send(contents(data, command.number, twins))


def contents(data: Data, number: int = 0, twins: leaks.Twins | None = None) -> Contents:
    """What a data set holds; without `twins` duplicates have not been looked for."""
    none = np.zeros(0, np.int64)
    return Contents(
        number,
        data.name,
        data.classes,
        data.train_y,
        data.test_y,
        data.size if data.train_files is None else None,
        data.broken[:BROKEN],
        len(data.broken),
        data.notes,
        data.dropped,
        twins is not None,
        *((twins.leaked, twins.source, twins.again_train, twins.again_test) if twins else (none,) * 4),
        *((twins.torn_train, twins.torn_test) if twins else (none,) * 2),
    )
