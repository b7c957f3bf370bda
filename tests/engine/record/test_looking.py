"""How often a recorder looks at what is due: seldom where steps are short, and never too late."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.engine.build import Net
from cnnviz.engine.learn.steps import Step
from cnnviz.engine.record.reader import Reader
from cnnviz.engine.record.recorder import EVERY, GLANCE, Recorder
from cnnviz.link import runs
from cnnviz.net.analysis import analyse
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan

from ..nets import small

NETWORK = Network(small(), "small", plan=Plan(threads=1))


class Recorded:
    """A run whose steps take what is said; the clock is read by the recorder alone."""

    def __init__(self, folder: Path):
        self.now, self.reads, self.step, self.folder = 0.0, 0, 0, folder
        state = Net(analyse(NETWORK.graph), NETWORK.plan).state_dict()
        self.recorder = Recorder(folder, NETWORK, {}, state, pytest.fail, worked=self._clock)

    def _clock(self) -> float:
        self.reads += 1
        return self.now

    def make(self, seconds: float) -> None:
        self.step, self.now = self.step + 1, self.now + seconds
        self.recorder.add(Step(self.step, 1.0, 0.5, 0.01))

    @property
    def told(self) -> int:
        """The last step in the folder."""
        lines = (self.folder / runs.METRICS).read_text().splitlines()
        return int(json.loads(lines[-1])["step"]) if lines else 0


@given(seconds=st.lists(st.floats(0.0005, 3.0), min_size=1, max_size=4))
def test_no_line_of_the_metrics_waits_much_longer_than_it_should(
    tmp_path_factory: pytest.TempPathFactory, seconds: list[float]
) -> None:
    run = Recorded(tmp_path_factory.mktemp("run"))
    made: list[float] = []
    for each in seconds:
        for _ in range(120):
            before = len(made)
            run.make(each)
            made.append(run.now)
            waits = run.now - made[run.told] if run.told < len(made) else 0.0
            # steps that have just become slower are looked at after ten of them at the latest
            settled = before % 120 >= 10
            assert waits <= EVERY + (max(GLANCE, each) if settled else 10 * each) + 1e-6
        assert len(made) == run.step


def test_short_steps_are_looked_at_every_tenth_time_and_long_ones_always(tmp_path: Path) -> None:
    run = Recorded(tmp_path)
    for _ in range(100):
        run.make(0.001)
    reads = run.reads
    for _ in range(100):
        run.make(0.001)
    assert run.reads - reads <= 3 * 10
    for _ in range(10):
        run.make(0.5)
    reads = run.reads
    for _ in range(100):
        run.make(0.5)
    assert run.reads - reads >= 100


@pytest.mark.parametrize("seconds", [0.001, 0.03, 0.5])
def test_weights_are_recorded_at_the_same_steps_however_long_they_take(tmp_path: Path, seconds: float) -> None:
    run = Recorded(tmp_path)
    for _ in range(200):
        run.make(seconds)
    reader = Reader(tmp_path / runs.TRACKS)
    reader.refresh()
    assert [*reader.steps][:21] == [*range(21)]
    assert not [s for s in reader.steps if s > 20 and s % 10]
    assert max(reader.steps) > 20
