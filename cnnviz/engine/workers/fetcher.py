"""Data sets for the window, from the network: in a thread of their own, since that takes its time."""

from __future__ import annotations

import time
from collections import deque

from ...link.data import Download, Downloaded, Downloading
from ..data.fetching import Part, download
from ..fetch import Cancelled
from ..post import Post
from .worker import Worker

TELL = 0.1  # seconds between two words on how far it is
SPAN = 3.0  # seconds over which the speed is measured


class Fetcher(Worker):
    """Fetches one data set at a time. Public methods return at once, unless they say otherwise."""

    def __init__(self, post: Post):
        super().__init__("download")
        self._post = post
        self._wanted: Download | None = None  # not begun yet
        self._begin()

    # ── from other threads ───────────────────────────────────────────────────────────────────────────────────────────
    def start(self, command: Download) -> None:
        """Fetch this data set instead of any that is being fetched."""
        with self._change:
            self._wanted, self._newest = command, command.number
            self._change.notify_all()

    def desist(self) -> None:
        """What is being fetched is not wanted any more."""
        with self._change:
            self._wanted, self._newest = None, 0

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _waits(self) -> object:
        return self._wanted

    def _turn(self) -> None:
        with self._change:
            command, self._wanted = self._wanted, None
        if command is None:
            return
        try:
            self._fetch(command)
        except Cancelled:
            pass
        except (Exception, SystemExit) as error:
            if self._newest == command.number:
                self._post.failed("download", error, command.number)

    def _fetch(self, command: Download) -> None:
        pace: deque[tuple[float, int, int]] = deque()  # time, file, bytes
        told = 0.0

        def tell(part: Part) -> None:
            nonlocal told
            now = time.monotonic()
            if now - told < TELL and part.done != part.total:
                return
            told = now
            pace.append((now, part.number, part.done))
            while pace[0][1] != part.number or (now - pace[0][0] > SPAN and len(pace) > 2):
                pace.popleft()
            took = now - pace[0][0]
            speed = (part.done - pace[0][2]) / took if took > 0 else 0.0
            self._post.send(
                Downloading(command.number, part.number, part.count, part.done, part.total, max(speed, 0.0))
            )

        place = download(command.name, command.folder, tell, lambda: self._newest == command.number)
        if self._newest == command.number:
            self._post.send(Downloaded(command.number, command.name, str(place)))
