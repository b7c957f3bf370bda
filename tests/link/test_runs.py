"""Which run can go on with which network and plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from cnnviz.link.runs import RunError, goes_on, job, notes
from cnnviz.net import files
from cnnviz.net.layers import ReLU
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan
from cnnviz.net.presets import preset

NETWORK = preset("lenet5")
GRAPH, PLAN = NETWORK.graph, Plan(epochs=2)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write(tmp_path)
    return tmp_path


def write(folder: Path, end: str = "stopped") -> None:
    files.write(folder / "network.cnnviz", Network(GRAPH, "network", plan=PLAN))
    notes = {"plan": asdict(PLAN), "step": 50, "epoch_steps": 45, "end": end}
    (folder / "run.json").write_text(json.dumps(notes))


def test_the_same_network_and_plan_go_on(run: Path) -> None:
    assert goes_on(run, 50, GRAPH, PLAN)
    assert goes_on(run, 50, GRAPH, replace(PLAN, lr=0.5, threads=3, device="cpu", epochs=9))
    moved = replace(GRAPH, nodes=tuple(replace(n, pos=(1.0, 2.0)) for n in GRAPH))
    assert goes_on(run, 50, moved, PLAN), "where a card lies is no matter"


@pytest.mark.parametrize("change", [{"batch_size": 7}, {"optimizer": "sgd"}, {"seed": 1}, {"data": "mnist"}])
def test_another_plan_is_another_run(run: Path, change: dict[str, object]) -> None:
    assert not goes_on(run, 50, GRAPH, replace(PLAN, **change))


def test_another_network_is_another_run(run: Path) -> None:
    assert not goes_on(run, 50, GRAPH.add(ReLU(), [GRAPH.ends[-1]]), PLAN)


def test_a_run_at_its_end_does_not_go_on(run: Path) -> None:
    assert not goes_on(run, 90, GRAPH, PLAN)
    assert goes_on(run, 90, GRAPH, replace(PLAN, epochs=3))
    assert not goes_on(run, 0, GRAPH, PLAN)


@pytest.mark.parametrize("end", ["", "done", "stopped"])
def test_a_killed_one_goes_on(run: Path, end: str) -> None:
    write(run, end)
    assert goes_on(run, 50, GRAPH, PLAN)


@pytest.mark.parametrize("end", ["diverged", "failed"])
def test_a_lost_one_does_not(run: Path, end: str) -> None:
    write(run, end)
    assert not goes_on(run, 50, GRAPH, PLAN)


def test_what_made_a_run(run: Path) -> None:
    assert job(run) == "", "older than that"
    said = json.loads((run / "run.json").read_text())
    for end in ("", "stopped", "done"):
        (run / "run.json").write_text(json.dumps(said | {"job": "a", "end": end}))
        assert job(run) == "a" and job(run, unfinished=True) == ("" if end == "done" else "a")
    assert job(run / "none") == ""


def test_no_run_folder_does_not_go_on(tmp_path: Path) -> None:
    assert not goes_on(tmp_path, 50, GRAPH, PLAN)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: "", "it is empty"),
        (lambda text: text[:30], "it breaks off in line 1"),
        (lambda text: text[:-1], "it breaks off in line 1"),
        (lambda text: text.replace(",", ";", 1), "line 1 makes no sense"),
        (lambda text: "\udcff\udcfe", "it is no JSON"),
        (lambda text: "[" * 100_000, "it is no JSON"),
        (lambda text: "[1]", "what it says has another form"),
        (lambda text: text.replace('"step": 50', '"step": "x"'), "“step” is no whole number"),
        (lambda text: text.replace('"step"', '"stop"'), "“step” is missing"),
        (lambda text: text.replace('"epochs": 2', '"epochs": "x"'), "epochs must be a whole number"),
    ],
)
def test_damaged_notes_are_told_of_with_the_way_on(run: Path, change: Callable[[str], str], why: str) -> None:
    said = change((run / "run.json").read_text())
    (run / "run.json").write_bytes(said.encode("utf-8", "surrogateescape"))
    with pytest.raises(RunError) as error:
        notes(run)
    text = str(error.value)
    assert text.startswith(f"{run / 'run.json'} is damaged ({why}") and text.endswith("or choose another run.")
    (run / "weights").mkdir()
    (run / "weights" / "last.safetensors").touch()
    with pytest.raises(RunError) as error:
        notes(run)
    way = f"begin a new run with {run / 'network.cnnviz'} and the weights in {run / 'weights' / 'last.safetensors'}."
    assert way in str(error.value)


def test_where_no_run_lies_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"is no run folder: there is no run\.json in it\."):
        notes(tmp_path)
    with pytest.raises(RunError, match=r"is no run folder: it is not there\."):
        notes(tmp_path / "none")
