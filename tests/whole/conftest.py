"""The whole program: a real engine process, and on X real mouse and keys from outside (xdotool)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from cnnviz.gui.session import READY, Session
from cnnviz.gui.settings import Settings
from cnnviz.gui.window.start import build
from cnnviz.gui.window.window import Window
from cnnviz.link.launch import launch

LONG = 60_000  # ms: a busy machine may need a while to load torch


class Program:
    """The program as a person has it."""

    def __init__(self, home: Path, qtbot):
        self.session: Session
        self.window: Window
        self.session, self.window = build(launch(), "", Settings(home), size=(1280, 720))
        self.client = self.session.engine
        self.qtbot = qtbot
        self.said: list[str] = []
        self.session.noticed.connect(self._hear)
        self.window.move(0, 0)
        with qtbot.waitExposed(self.window):
            self.window.show()

    def _hear(self, notice) -> None:
        if notice.text:
            self.said.append(notice.text)

    def until(self, done: Callable[[], object]) -> None:
        """Let it run until `done`."""
        self.qtbot.waitUntil(lambda: bool(done()), timeout=LONG)

    def ready(self) -> None:
        """The engine is up and has shown the first picture."""
        s = self.session
        self.until(lambda: s.engine_state == READY and s.look.frame and s.look.pictures)

    def close(self) -> None:
        """As a person who discards everything."""
        self.session.file.let_go()
        self.window.close()
        self.client.close()


@pytest.fixture
def program(tmp_path: Path, qtbot) -> Iterator[Program]:
    p = Program(tmp_path / "home", qtbot)
    yield p
    p.close()
    p.window.deleteLater()


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A colour picture of 300×200 with a bright ring, as PNG."""
    y, x = np.mgrid[:200, :300]
    ring = np.exp(-(((np.hypot(y - 90, x - 140) - 50) / 9) ** 2))
    picture = np.stack([ring * 250, ring * 180 + 20, 40 + 0 * ring], 2).astype(np.uint8)
    path = tmp_path / "ring.png"
    Image.fromarray(picture).save(path)
    return path


def need_x() -> None:
    """Skip where there is no X server to work on."""
    if QGuiApplication.platformName() != "xcb" or not shutil.which("xdotool"):
        pytest.skip("needs an X server and xdotool")


class Hand:
    """Mouse and keys of the X server, moved from outside."""

    def __init__(self, program: Program):
        need_x()
        self._program = program

    def do(self, *words: object) -> None:
        """One xdotool command line, while the program lives."""
        process = subprocess.Popen(["xdotool", *map(str, words)])
        self._program.until(lambda: process.poll() is not None)
        assert process.returncode == 0

    def at(self, widget: QWidget, point: QPoint) -> QPoint:
        """A widget's point on the screen."""
        return widget.mapToGlobal(point)

    def click(self, where: QPoint) -> None:
        """Press and release."""
        self.do("mousemove", where.x(), where.y(), "sleep", 0.1, "click", 1, "sleep", 0.1)

    def drag(self, start: QPoint, end: QPoint) -> None:
        """Press, go there in steps, release."""
        words: list[object] = ["mousemove", start.x(), start.y(), "sleep", 0.15, "mousedown", 1, "sleep", 0.15]
        for i in range(1, 13):
            p = start + (end - start) * i / 12
            words += ["mousemove", p.x(), p.y(), "sleep", 0.03]
        self.do(*words, "sleep", 0.2, "mouseup", 1, "sleep", 0.2)

    def key(self, *keys: str) -> None:
        """Keys one after the other, such as `ctrl+z`."""
        self.do("key", "--delay", 60, *keys)


@pytest.fixture
def hand(program: Program) -> Hand:
    return Hand(program)
