"""The window as a child of a process that has a model to show: the ends of the usual link, swapped."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import cast

from .launch import LOG, environment, new_folder
from .mailbox import Writer
from .messages import Command, Quit, Reply
from .wire import Outbox, Serve, Wire, WireError


class Host:
    """Starts the window and serves it from a thread of this process until it is closed."""

    def __init__(self, serve: Serve, command: tuple[str, ...] = ()) -> None:
        """`command`: another program than the window; the mailbox folder is added to it. Raises OSError."""
        self._folder = new_folder()
        start = [*(command or (sys.executable, "-m", "cnnviz", "--window")), str(self._folder)]
        with (self._folder / LOG).open("wb") as log:
            self._process = subprocess.Popen(
                start, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment()
            )
        self._wire = Wire(cast(io.RawIOBase, self._process.stdout), cast(io.RawIOBase, self._process.stdin))
        self._serve, self._inbox = serve, Outbox()
        self._threads = (Thread(target=self._pump, name="window"), Thread(target=self._work, name="explore"))
        for thread in self._threads:
            thread.start()

    @property
    def open(self) -> bool:
        """Whether the window is there."""
        return self._process.poll() is None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the window has been closed, at most `timeout` seconds; whether it has."""
        self._threads[1].join(timeout)
        return not self._threads[1].is_alive()

    def close(self) -> None:
        """Close the window."""
        self._process.terminate()
        self.wait()

    def _pump(self) -> None:
        with suppress(WireError, OSError):
            while (command := self._wire.receive()) is not None:
                self._inbox.put(cast(Command, command))
        self._inbox.put(Quit())
        self._inbox.close()

    def _work(self) -> None:
        def send(reply: Reply) -> None:
            with suppress(OSError, ValueError):  # the window has gone
                self._wire.send(reply)

        writer = Writer(self._folder)
        receive: Callable[[], Command | None] = self._inbox.get
        try:
            self._serve(receive, send, writer)
        finally:
            with suppress(OSError):
                self._wire.close_sink()
            if self._process.wait():
                self._tell()
            writer.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _tell(self) -> None:
        """The window ended badly: its own words, as a start from a terminal would show them."""
        if self._process.returncode > 0:
            with suppress(OSError):
                print((self._folder / LOG).read_text("utf-8", "replace").strip()[-2000:], file=sys.stderr)
