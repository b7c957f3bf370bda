"""A session for panels: the real one, with an engine that only remembers what it was told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cnnviz.gui.session import Session
from cnnviz.gui.settings import Settings
from cnnviz.gui.window import questions
from cnnviz.link.messages import Command, Frame, Reply
from cnnviz.net.graph import Graph
from cnnviz.net.layers import AvgPool2d, Conv2d, Flatten, Input, Linear, Tanh


class StillEngine:
    """Takes commands, gives the frames a test puts into `frames`, answers through `reply`."""

    own = True

    def __init__(self, on_reply: Callable[[Reply], None], on_lost: Callable[[int, str], None]):
        self.reply, self.lose = on_reply, on_lost
        self.sent: list[Command] = []
        self.frames: list[Frame] = []
        self.restarts = 0
        self.closed = False

    def send(self, command: Command) -> None:
        self.sent.append(command)

    def frame(self) -> Frame | None:
        return self.frames.pop() if self.frames else None

    def restart(self) -> None:
        self.restarts += 1

    def close(self, timeout: float = 2.0) -> None:
        self.closed = True

    def last(self, kind: type) -> Command:
        """The newest command of this type."""
        return next(c for c in reversed(self.sent) if isinstance(c, kind))


@pytest.fixture(autouse=True)
def no_question_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that fails with unsaved edits must not wait for somebody to answer."""
    monkeypatch.setattr(questions, "unsaved", lambda parent, name, weights: "discard")


@pytest.fixture
def session(qapp: object, tmp_path: Path) -> Iterator[Session]:
    s = Session(StillEngine, Settings(tmp_path / "home"))
    yield s
    s.close()


@pytest.fixture
def lenet() -> Graph:
    """A small LeNet with the ids of the lecture."""
    g = Graph().add(Input(1, (32, 32)), id="input", pos=(0.0, 0.0))
    layers = [("C1", Conv2d(6, (5, 5))), ("tanh_1", Tanh()), ("S2", AvgPool2d()), ("flatten_1", Flatten())]
    for i, (id, layer) in enumerate([*layers, ("output", Linear(10))]):
        g = g.add(layer, [g.nodes[-1].id], id=id, pos=(160.0 * (i + 1), 0.0))
    return g
