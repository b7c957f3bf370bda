"""What a client calls, and how a test waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from cnnviz.link.messages import Reply

LONG = 30.0
"""Seconds after which a test gives up waiting."""


class Ears:
    """Collects what comes from the engine and lets a test wait for it."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.losses: list[tuple[int, str, str]] = []
        self.change = threading.Condition()

    def reply(self, reply: Reply) -> None:
        with self.change:
            self.replies.append(reply)
            self.change.notify_all()

    def lost(self, status: int, details: str) -> None:
        with self.change:
            self.losses.append((status, details, threading.current_thread().name))
            self.change.notify_all()

    def wait(self, condition: Callable[[], Any]) -> None:
        with self.change:
            assert self.change.wait_for(condition, LONG), (self.replies, self.losses)

    def wait_for(self, reply: Reply) -> None:
        self.wait(lambda: reply in self.replies)
