"""Data sets for the window, from the network: in a thread of their own, since that takes its time."""

from __future__ import annotations

import time
from collections import deque
from threading import Condition, Thread

from ..link.data import Download, Downloaded, Downloading
from .data.fetching import Part, download
from .fetch import Cancelled
from .post import Post

TELL = 0.1  # seconds between two words on how far it is
SPAN = 3.0  # seconds over which the speed is measured


class Fetcher:
    """Fetches one data set at a time. Public methods return at once, unless they say otherwise."""

    def __init__(self, post: Post):
        self._post = post
        self._change = Condition()
        self._wanted: Download | None = None  # not begun yet
        self._newest = 0  # number of the last Download
        self._closed = False
        self._thread = Thread(target=self._work, name="download")
        self._thread.start()

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
                command, self._wanted = self._wanted, None
                if self._closed or command is None:
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
