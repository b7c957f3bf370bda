"""Ensembles for the window: the answers of several runs averaged, in a thread that is there while it is needed."""

from __future__ import annotations

import time
from threading import Lock, Thread

from ...link.ensemble import Combine, Combined, Combining
from ..ensemble import Left, ensemble
from ..post import Post
from ..shelf import Shelf

TELL = 0.2  # seconds between two words on how far it is


class Combiner:
    """One ensemble at a time. Public methods return at once, unless they say otherwise."""

    def __init__(self, post: Post, shelf: Shelf):
        self._post, self._shelf = post, shelf
        self._lock = Lock()
        self._newest = 0  # number of the last Combine; 0: none is wanted
        self._threads: list[Thread] = []

    def start(self, command: Combine) -> None:
        """Average these runs, instead of those before."""
        with self._lock:
            self._newest = command.number
            self._threads = [t for t in self._threads if t.is_alive()]
            thread = Thread(target=self._work, args=(command,), name="combine")
            self._threads.append(thread)
        thread.start()

    def leave(self) -> None:
        """The average is not wanted any more."""
        self._newest = 0

    def close(self) -> None:
        """Have the thread end."""
        self.leave()

    def join(self, timeout: float) -> None:
        """Wait for the thread's end."""
        until = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _work(self, command: Combine) -> None:
        told, number = 0.0, command.number

        def go_on(done: int) -> bool:
            nonlocal told
            if self._newest == number and time.monotonic() - told > TELL:
                told = time.monotonic()
                self._post.send(Combining(number, done, len(command.folders)))
            return self._newest == number

        try:
            members, data = ensemble(command.folders, command.split, self._shelf.data, go_on)
            pictures = len(data.train_y if command.split == "train" else data.test_y)
            if self._newest == number:
                self._post.send(Combined(number, members, data.name, command.split, pictures))
        except Left:
            pass
        except (Exception, SystemExit) as error:
            if self._newest == number:
                self._post.failed("combine", error, number)
