"""The window is told how healthy its run is: what is new, and nothing of another run."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnviz.engine.learn import health
from cnnviz.link import pulses
from cnnviz.link.messages import IDLE, Open, Train
from cnnviz.link.pulses import Feel, Pulses
from cnnviz.net.plan import Plan

from .desk import Desk
from .nets import small


@pytest.fixture(autouse=True)
def readings_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is."""
    monkeypatch.setattr(health, "AHEAD", 1e9)


def test_the_window_hears_what_is_recorded(tmp_path: Path) -> None:
    plan = Plan(epochs=1, lr=0.0, threads=1, device="cpu")
    with Desk() as desk:
        desk.send(Open(1, small(), plan), Train(4, plan, folder=str(tmp_path)))
        done = desk.progress(lambda p: p.run == 4 and p.phase == IDLE and p.step == 45)
        assert done.pulse > 0
        desk.send(Feel(4, 0))
        told = desk.until(Pulses, lambda p: p.since == 0)
        assert told.count == done.pulse and told.run == 4
        middle = told.readings[3].step
        desk.send(Feel(4, middle))
        rest = desk.until(Pulses, lambda p: p.since == middle)
        assert rest.readings == told.readings[4:] and rest.signs == told.signs
        desk.send(Feel(3, 7))
        other = desk.until(Pulses, lambda p: p.run == 3)
        assert not other.readings and not other.signs
    read = pulses.read(tmp_path)
    assert read.signs == told.signs and read.series.layers == told.layers
    assert [r.step for r in read.series] == [r.step for r in told.readings]
