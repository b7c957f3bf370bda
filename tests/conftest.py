"""What holds for every test: no display needed, no thread and no window left behind."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from hypothesis import settings
from pytestqt.qtbot import QtBot

# where a change is judged, the same cases every time; new ones are searched for everywhere else
settings.register_profile("judged", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("judged")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--all-models`: all of torchvision's classification models, where else ten are taken."""
    parser.addoption("--all-models", action="store_true", help="test all of torchvision's models and large networks")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked `large` takes minutes, and is for --all-models."""
    if not config.getoption("--all-models"):
        items[:] = [item for item in items if item.get_closest_marker("large") is None]


PATIENCE = 60_000
"""Milliseconds until something that a test waits for counts as missing: a machine may have ten times as much to do."""


class PatientBot(QtBot):
    """pytest-qt's bot, that waits long where its own would have given up after one second or five."""

    def waitExposed(self, widget, *, timeout=PATIENCE):
        return super().waitExposed(widget, timeout=timeout)

    def waitActive(self, widget, *, timeout=PATIENCE):
        return super().waitActive(widget, timeout=timeout)

    def waitSignal(self, signal, *, timeout=PATIENCE, **more):
        return super().waitSignal(signal, timeout=timeout, **more)

    def waitUntil(self, callback, *, timeout=PATIENCE):
        return super().waitUntil(callback, timeout=timeout)


_modules = 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[object]:
    """Around a test with windows garbage is collected, and within it is not: a widget freed while Qt goes through the
    widgets of a window ends the process. What was imported is not gone through, so it takes milliseconds."""
    global _modules
    if "qapp" not in getattr(item, "fixturenames", ()):
        return (yield)
    gc.disable()
    try:
        return (yield)
    finally:
        if len(sys.modules) > _modules + 20:
            _modules = len(sys.modules)
            gc.collect()
            gc.freeze()
        gc.collect()
        gc.enable()


@pytest.fixture
def qtbot(qapp: object, request: pytest.FixtureRequest) -> QtBot:
    """In place of pytest-qt's own."""
    return PatientBot(request)


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """pytest-qt's QApplication gets the style that the program has."""
    return ["cnnviz", "-style", "fusion"]


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that leaves a thread running or a window open, by name."""
    before = set(threading.enumerate())
    yield
    started = set(threading.enumerate()) - before
    for thread in started:
        thread.join(5)  # one that is told to end, as a queue's feeder is by its close, takes a moment
    left = [t.name for t in started if t.is_alive()]
    assert not left, f"threads left running: {left}"
    if "PySide6.QtWidgets" in sys.modules:
        from PySide6.QtWidgets import QApplication

        shown = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
        if shown:
            del shown
            gc.collect()  # only where something is left: with torch loaded it takes a second
            shown = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
        assert not shown, f"windows left open: {shown}"
