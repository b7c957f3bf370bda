"""Keeps what an engine says until somebody listens: it is started before there is a window."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from .messages import Reply


class Relay:
    """Pass `reply` and `lost` to a client; what they are called with reaches `listen`'s functions, in order."""

    def __init__(self) -> None:
        self._kept: list[Reply | tuple[int, str]] = []
        self._listener: tuple[Callable[[Reply], None], Callable[[int, str], None]] | None = None
        self._lock = Lock()

    def reply(self, reply: Reply) -> None:
        """The client's `on_reply`."""
        self._pass(reply)

    def lost(self, status: int, log: str) -> None:
        """The client's `on_lost`."""
        self._pass((status, log))

    def listen(self, on_reply: Callable[[Reply], None], on_lost: Callable[[int, str], None]) -> None:
        """From now on these are called, first with what was kept."""
        with self._lock:
            self._listener = (on_reply, on_lost)
            kept, self._kept = self._kept, []
            for word in kept:
                self._tell(word)

    def _pass(self, word: Reply | tuple[int, str]) -> None:
        with self._lock:
            if self._listener is None:
                self._kept.append(word)
            else:
                self._tell(word)

    def _tell(self, word: Reply | tuple[int, str]) -> None:
        if self._listener is not None:
            on_reply, on_lost = self._listener
            if isinstance(word, tuple):
                on_lost(*word)
            else:
                on_reply(word)
