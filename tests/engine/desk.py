"""The window's part, played by a test: sends commands, answers bells, keeps everything that comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Condition
from typing import Self, TypeVar

from cnnviz.engine import server
from cnnviz.link.local import LocalClient
from cnnviz.link.messages import Bell, Command, Failed, Frame, News, Progress, Reply, Take

T = TypeVar("T")
PATIENCE = 60.0  # seconds: generous, the machine may be busy


class Desk:
    """An engine in this process. `answers`: whether bells for news are answered with Take."""

    def __init__(self, answers: bool = True):
        self.answers = answers
        self.replies: list[Reply] = []
        self.points: dict[int, list[tuple[float, ...]]] = {}
        self.frames: list[Frame] = []
        self._change = Condition()
        self._client = LocalClient(server.serve, self._hear)

    def __enter__(self) -> Self:
        self._client.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._client.close(timeout=PATIENCE)

    def send(self, *commands: Command) -> None:
        for command in commands:
            self._client.send(command)

    def _hear(self, reply: Reply) -> None:
        with self._change:
            self.replies.append(reply)
            if isinstance(reply, News) and self.answers:
                points = self.points.setdefault(reply.progress.run, [])
                assert reply.first == len(points), "points come in order, none twice, none missing"
                points += [tuple(p) for p in reply.points]
            if isinstance(reply, Bell) and not reply.frame and self.answers:
                self.take()
            self._change.notify_all()

    def take(self) -> None:
        """Answer the bell."""
        run = max(self.points, default=0)
        self.send(Take(run, len(self.points.get(run, ()))))

    def all(self, kind: type[T]) -> list[T]:
        return [r for r in self.replies if isinstance(r, kind)]

    def until(self, kind: type[T], holds: Callable[[T], object] = lambda reply: True) -> T:
        """Wait for the first reply of this kind for which that holds."""
        with self._change:
            ok = self._change.wait_for(lambda: any(holds(r) for r in self.all(kind)), PATIENCE)
            assert ok, f"no such {kind.__name__} among {self.replies[-5:]}"
            return next(r for r in self.all(kind) if holds(r))

    def progress(self, holds: Callable[[Progress], object]) -> Progress:
        """Wait for News whose progress is so."""
        return self.until(News, lambda news: holds(news.progress)).progress

    def failure(self, what: str) -> Failed:
        return self.until(Failed, lambda f: f.what == what)

    def frame(self, holds: Callable[[Frame], object] = lambda frame: True) -> Frame:
        """Wait for a new frame for which that holds."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            frame = self._client.frame()
            if frame is not None:
                self.frames.append(frame)
                if holds(frame):
                    return frame
            with self._change:
                self._change.wait(0.002)
        raise AssertionError(f"no such frame; the last one: {self.frames[-1:]}")
