"""Garbage is collected by the event loop, and never where Python happens to allocate."""

from __future__ import annotations

import gc
import weakref

import pytest

from cnnviz.gui.window.garbage import between_events


class Knot:
    """Refers to itself, so that only a collection frees it."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def python_collects():
    gc.enable()
    yield
    gc.disable()


def test_the_event_loop_collects_and_nobody_else(qtbot, python_collects):
    freed = []
    with between_events():
        knots = [Knot() for _ in range(5000)]
        for knot in knots:
            weakref.finalize(knot, freed.append, 1)
        del knots, knot
        more = [Knot() for _ in range(5000)]
        assert not freed, "so many allocations would have been reason enough"
        qtbot.waitUntil(lambda: len(freed) == 5000)
        assert not gc.isenabled()
        assert len(more) == 5000
    assert gc.isenabled()


def test_where_python_did_not_collect_it_does_not_afterwards(qtbot):
    assert not gc.isenabled(), "tests with windows are like this"
    with between_events():
        pass
    assert not gc.isenabled()
