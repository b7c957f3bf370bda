"""The engine inside this process, in a thread: for tests, for work without a window, and under a debugger."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Self

from .mailbox import LocalMailbox
from .messages import Command, Frame, Quit, Reply
from .wire import GRACE, Outbox, Serve


class LocalClient:
    """Client's twin around `serve`, the engine's entry. Replies come from the engine's threads.

    Where the engine fails, `on_lost(1, traceback)` is called; without one the error goes to `threading.excepthook`.
    """

    own = True

    def __init__(
        self,
        serve: Serve,
        on_reply: Callable[[Reply], object],
        on_lost: Callable[[int, str], object] | None = None,
    ) -> None:
        self._serve = serve
        self._on_reply = on_reply
        self._on_lost = on_lost
        self._run: _Run | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the engine runs."""
        return self._run is not None and self._run.thread.is_alive()

    def start(self) -> None:
        """Start the engine; returns at once."""
        if self._run is None:
            self._run = _Run(self._serve, self._on_reply, self._on_lost)

    def send(self, command: Command) -> None:
        """Send a command; never waits. Dropped where there is no engine to obey it."""
        if self._run is not None:
            self._run.inbox.put(command)

    def frame(self) -> Frame | None:
        """The newest frame, once; None where there is no newer one."""
        return None if self._run is None else self._run.mailbox.take()

    def kill(self) -> None:
        """As near to killing as a thread allows: the engine's commands end, and no reply comes any more."""
        self._end(GRACE, ask=False)

    def restart(self) -> None:
        """A fresh engine in place of the present one; what that was told must be told again."""
        self.kill()
        self.start()

    def close(self, timeout: float = GRACE) -> None:
        """Have the engine save and end; wait for at most `timeout` seconds. May be called again."""
        self._end(timeout, ask=True)

    def _end(self, timeout: float, ask: bool) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.end(timeout, ask)


class _Run:
    """One engine thread from its start to its end."""

    def __init__(
        self, serve: Serve, on_reply: Callable[[Reply], object], on_lost: Callable[[int, str], object] | None
    ) -> None:
        self._serve = serve
        self._on_reply = on_reply
        self._on_lost = on_lost
        self._asked = False  # to end
        self._deaf = False
        self.inbox = Outbox()
        self.mailbox = LocalMailbox()
        self.thread = threading.Thread(target=self._work, name="engine")
        self.thread.start()

    def end(self, timeout: float, ask: bool) -> None:
        """Ask it to end, or show it the end of its commands, and wait."""
        self._asked = True
        self._deaf = not ask
        if ask:
            self.inbox.put(Quit())
        self.inbox.close(drop=not ask)
        if self.thread is not threading.current_thread():  # `on_lost` may restart
            self.thread.join(timeout)
        self.mailbox.close()

    def _send(self, reply: Reply) -> None:
        if not self._deaf:
            self._on_reply(reply)

    def _work(self) -> None:
        try:
            self._serve(self.inbox.get, self._send, self.mailbox)
        except Exception:
            self.inbox.close(drop=True)
            if self._on_lost is None:
                raise
            self._on_lost(1, traceback.format_exc())
            return
        self.inbox.close(drop=True)
        if not self._asked and self._on_lost is not None:
            self._on_lost(0, "")
