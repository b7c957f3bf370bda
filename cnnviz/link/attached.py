"""An engine that lives in somebody else's process: the window is that process's child, and looks at its model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from .mailbox import Reader
from .messages import Command, Frame, Quit, Reply
from .wire import GRACE, Outbox, Wire, WireError


class Attached:
    """Client's twin for the window that `explore` has started, at the child's end of the wire.

    There is nothing to restart: when the other process ends, `on_lost(0, "")` is called once.
    """

    own = False

    def __init__(
        self,
        wire: Wire,
        folder: str | Path,
        on_reply: Callable[[Reply], object],
        on_lost: Callable[[int, str], object],
    ) -> None:
        self._wire, self._on_reply, self._on_lost = wire, on_reply, on_lost
        self._mailbox = Reader(folder)
        self._outbox = Outbox()
        self._asked = False  # to end
        self._threads = (
            Thread(target=self._listen, name="replies", daemon=True),
            Thread(target=self._talk, name="commands"),
        )
        for thread in self._threads:
            thread.start()

    def send(self, command: Command) -> None:
        """Send a command; never waits."""
        self._outbox.put(command)

    def frame(self) -> Frame | None:
        """The newest frame, once; None where there is no newer one."""
        return self._mailbox.take()

    def restart(self) -> None:
        """Nothing: the engine is not ours."""

    def close(self, timeout: float = GRACE) -> None:
        """Tell the engine that the window has closed. May be called again."""
        self._asked = True
        self._outbox.put(Quit())
        self._outbox.close()
        self._threads[1].join(timeout)
        self._mailbox.close()

    def _talk(self) -> None:
        with suppress(OSError):  # it has ended: `_listen` tells
            while (command := self._outbox.get()) is not None:
                self._wire.send(command)
        with suppress(OSError):
            self._wire.close_sink()

    def _listen(self) -> None:
        with suppress(WireError, OSError):
            while (reply := self._wire.receive()) is not None:
                self._on_reply(reply)
        if not self._asked:
            self._on_lost(0, "")
