"""A training's health goes into its folder, is the same when it is read, and goes on with the run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from cnnviz.engine.build import Net
from cnnviz.engine.data import load
from cnnviz.engine.learn.lost import Diverged
from cnnviz.engine.learn.training import Training
from cnnviz.engine.learn.vitals import Vitals
from cnnviz.engine.record import moment
from cnnviz.engine.record.pulse import LINES, Pulse
from cnnviz.link import pulses
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.health.reading import MOST, Layers, Reading, Series
from cnnviz.net.health.sign import Sign
from cnnviz.net.plan import Plan

from ..nets import small


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step's turn comes as the schedule says, however slow the machine is."""
    monkeypatch.setattr("cnnviz.engine.learn.health.Health.due", lambda self, step: step >= self._next)


def training(
    graph: Graph, plan: Plan, poke: Callable[[Net], None] = lambda net: None, since: object = None
) -> Training:
    rows = analyse(graph)

    def net() -> Net:
        made = Net(rows, plan)
        with torch.no_grad():
            poke(made)
        return made

    return Training(rows, plan, lambda plan, layer: load("digits", "", layer), net, since)  # type: ignore[arg-type]


def dead(net: Net) -> None:
    bias = dict(net.named_parameters())["conv.bias"]
    bias.fill_(-50)


def fail(text: str) -> None:
    raise AssertionError(text)


def vitals(training: Training) -> Vitals:
    assert training.vitals is not None
    return training.vitals


def test_what_is_read_of_the_folder_is_what_the_training_knew(tmp_path: Path) -> None:
    made = training(small(), Plan(epochs=2), dead)
    made.record(tmp_path, fail)
    losses = [s.loss for s in made.go()]
    known, read = vitals(made), pulses.read(tmp_path)
    assert [s.code for s in known.signs] == ["dead"] and known.signs[0].node == "relu"
    assert read.signs == known.signs and read.series.layers == known.series.layers
    assert [r.step for r in read.series] == [r.step for r in known.series]
    for a, b in zip(read.series, known.series, strict=True):
        assert a.gradients == pytest.approx(b.gradients, rel=1e-3) and a.dead == pytest.approx(b.dead, rel=1e-3)
    first, second = list(known.series)[:2]
    assert (first.loss, second.loss) == pytest.approx(losses[:2])
    between = losses[list(known.series)[-2].step : list(known.series)[-1].step]
    assert known.series.last is not None and known.series.last.loss == pytest.approx(sum(between) / len(between))


def test_a_run_that_goes_on_keeps_what_was_read_and_cuts_what_is_behind(tmp_path: Path) -> None:
    plan = Plan(epochs=2)
    made = training(small(), plan, dead)
    made.record(tmp_path, fail)
    going = made.go()
    for _step in range(70):
        next(going)
    going.close()
    before = pulses.read(tmp_path)
    assert before.series.last is not None and before.series.last.step <= 70
    line = pulses.line(replace(before.series.last, step=900), ())
    with (tmp_path / pulses.FILE).open("a") as file:
        file.write(line + '{"step": 71, "lr"')  # a kill while the next one was written
    again = training(small(), plan, since=moment.last(tmp_path))
    again.record(tmp_path, fail)
    known = vitals(again)
    assert [r.step for r in known.series] == [r.step for r in before.series]
    assert [s.code for s in known.signs] == [s.code for s in before.signs] == ["dead"]
    list(again.go())
    after = pulses.read(tmp_path)
    steps = [r.step for r in after.series]
    assert steps[: len(before.series)] == [r.step for r in before.series] and 900 not in steps
    assert steps[-1] > 71 and after.signs == known.signs


def test_a_new_run_in_the_folder_begins_with_nothing(tmp_path: Path) -> None:
    (tmp_path / pulses.FILE).write_text(Layers(("old",)).to_json() + "\n" + pulses.line(Reading(5, 0.1), ()))
    made = training(small(), Plan(epochs=1))
    made.record(tmp_path, fail)
    assert len(pulses.read(tmp_path).series) == 0 and "old" not in pulses.read(tmp_path).series.layers.weights


def test_a_training_that_is_lost_says_so_in_its_folder(tmp_path: Path) -> None:
    made = training(small(), Plan(epochs=2, optimizer="sgd", lr=1e6))
    made.record(tmp_path, fail)
    with pytest.raises(Diverged):
        list(made.go())
    (first, *_rest) = pulses.read(tmp_path).signs
    assert first.code == "lost" and first.node and vitals(made).signs[0] == first


def test_the_file_stays_small(tmp_path: Path) -> None:
    series = Series(Layers(("a",), (), ()))
    pulse = Pulse(tmp_path, series, ())
    sign = Sign("stuck", "", 1, 1, 1.0, 1.0, (("first", "2"),))
    for step in range(1, 5 * LINES):
        reading = Reading(step, 0.1, 1.0, 0.5, (1.0,), (1.0,), (1.0,))
        stood = (sign,) if step % 1000 < 500 else ()
        series.add(reading)
        series.tell(stood)
        pulse.add(reading, stood, step)
        if step % 50 == 0:
            pulse.write(stood)
    series.tell((sign,))
    pulse.add(None, (sign,), step)
    pulse.write((sign,))
    lines = (tmp_path / pulses.FILE).read_text().splitlines()
    assert MOST / 2 < len(lines) <= LINES + 1
    read = pulses.read(tmp_path)
    assert read.signs == (sign,) and read.series.last == series.last and len(read.series) <= MOST
    for r in read.series:  # written anew, it still says what stood when
        assert (
            read.series.told(r) == series.told(r) == ((sign,) if r.step % 1000 < 500 or r is read.series.last else ())
        )


def test_damage_costs_the_damaged_line_alone(tmp_path: Path) -> None:
    good = [pulses.line(Reading(s, 0.1, 1.0, 0.5, (1.0,), (1.0,), (1.0,)), ()) for s in range(1, 5)]
    lines = [
        Layers(("a",)).to_json() + "\n",
        good[0],
        "\x00\xff{\n",
        good[1],
        json.dumps([1]) + "\n",
        good[2],
        good[3][:-5],
    ]
    (tmp_path / pulses.FILE).write_text("".join(lines))
    assert [r.step for r in pulses.read(tmp_path).series] == [1, 2, 3]
    assert [r.step for r in pulses.read(tmp_path, 2).series] == [1, 2]
    (tmp_path / pulses.FILE).write_text("".join(lines[1:]))
    assert len(pulses.read(tmp_path).series) == 0
    assert len(pulses.read(tmp_path / "nowhere").series) == 0


def test_a_full_disk_ends_it_quietly(tmp_path: Path) -> None:
    made = training(small(), Plan(epochs=1))
    made.record(tmp_path, fail)
    (tmp_path / pulses.FILE).unlink()
    (tmp_path / pulses.FILE).mkdir()
    assert len(list(made.go())) == 45 and len(vitals(made).series) > 5
