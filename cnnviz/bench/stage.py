"""The real window with a real engine, for measuring: everything is on and nothing is remembered."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, Qt, QTimer

from ..gui.session import READY
from ..gui.settings import Settings
from ..gui.window.garbage import between_events
from ..gui.window.start import application, build
from ..link.launch import launch
from ..link.messages import IDLE, PAUSED
from ..net import files, presets
from ..net.network import Network

PATIENCE = 60.0  # seconds for anything to happen


class Stage:
    """A window on a network file, its engine started; a context manager."""

    def __init__(self, path: Path, folder: Path):
        self.app = application()
        launched = launch()
        self.session, self.window = build(
            launched, str(path), Settings(folder / "home"), recover=False, size=(1600, 960)
        )
        self.window.show()
        self._tidy = between_events()  # as in the program
        self.frames = 0
        self.session.frame_arrived.connect(self._count)

    def __enter__(self) -> Stage:
        self._tidy.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._tidy.__exit__(None, None, None)
        self.session.file.let_go()  # nobody is asked to save
        self.window.close()
        self.window.deleteLater()
        self.until(lambda: True)

    def _count(self, frame: object) -> None:
        self.frames += 1

    def until(self, done: Callable[[], object]) -> None:
        """Let the window live until `done`. Raises TimeoutError."""
        loop, end = QEventLoop(), time.monotonic() + PATIENCE
        timer = QTimer()
        timer.timeout.connect(lambda: loop.quit() if done() or time.monotonic() > end else None)
        timer.start(1)
        loop.exec()
        if not done():
            raise TimeoutError("the engine does not answer")

    def rest(self, seconds: float) -> None:
        """Let the window live for a while."""
        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()

    def begin(self, layer: str) -> None:
        """Train with every viewer on `layer`, and hold."""
        s = self.session
        self.until(lambda: s.engine_state == READY and s.look.pictures and s.look.frame)
        s.look.select([layer])
        docks, vertical = self.window.docks, Qt.Orientation.Vertical
        self.window.splitDockWidget(docks["maps"], docks["filters"], vertical)
        self.window.splitDockWidget(docks["filters"], docks["field"], vertical)
        docks["curves"].raise_()
        s.run.train()
        self.until(lambda: s.run.progress and s.run.progress.step > 5)
        self.hold()

    def hold(self) -> int:
        """Pause; the number of steps done so far."""
        s = self.session
        if s.run.phase not in (PAUSED, IDLE):
            s.run.pause()
            self.until(lambda: s.run.phase in (PAUSED, IDLE))
        assert s.run.progress is not None
        return s.run.progress.step

    def speed(self, seconds: float) -> float:
        """Steps per second over one turn of training with the window live, by the engine's own clock.

        The plain loop measures itself in its process, too: neither is charged with being started and held.
        """
        self.hold()
        self.session.run.pause()
        self.rest(seconds)
        assert self.session.run.progress is not None
        speed = self.session.run.progress.steps_per_second
        self.hold()
        return speed


class Plain:
    """bench.plain in a process of its own; takes turns."""

    def __init__(self, path: Path, tuned: bool):
        args = [sys.executable, "-m", "cnnviz.bench.plain", str(path)] + (["--tuned"] if tuned else [])
        self._process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the plain loop has ended")
        return line

    def _say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def speed(self, rest: Callable[[float], None], seconds: float) -> float:
        """Steps per second over one turn, during which `rest(seconds)` is called."""
        self._say("go")
        rest(seconds)
        self._say("hold")
        steps, took = self._line().split()
        return int(steps) / float(took)

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


def workplace(preset: str, batch: int, pictures: int = 16_384) -> tuple[Path, tempfile.TemporaryDirectory[str]]:
    """A network file whose plan trains it for long on made pictures of its size, and the folder of it."""
    folder = tempfile.TemporaryDirectory(prefix="cnnviz-bench-")
    network = presets.preset(preset)
    rows = network.analyze()
    assert rows.input is not None
    shape = rows[rows.input.id].out
    assert shape is not None
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (pictures, *shape[1:], shape[0]), np.uint8)
    y = rng.integers(0, 10, pictures)
    data = Path(folder.name, "made.npz")
    np.savez(data, x_train=x, y_train=y, x_test=x[:64], y_test=y[:64])
    plan = replace(network.plan, data=str(data), batch_size=batch, epochs=100_000, optimizer="adam", lr=1e-4)
    path = Path(folder.name, f"{preset}.cnnviz")
    files.write(path, Network(network.graph, preset, plan=plan))
    return path, folder
