"""A run folder as a whole: what it says, and what it leaves out."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from cnnviz.link import runs
from cnnviz.link.account import account
from cnnviz.net import files
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Input
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan


def graph(channels: int = 4) -> Graph:
    return Graph().add(Input(1, (8, 8)), id="input").add(Conv2d(channels, (3, 3)), ["input"], id="conv")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files.write(tmp_path / runs.NETWORK, Network(graph(), plan=Plan(lr=0.5)))
    said = {
        "plan": asdict(Plan(lr=0.5)),
        "step": 30,
        "epoch_steps": 10,
        "end": "stopped",
        "origin": {"folder": "/before", "step": 7},
        "device": "cpu",
        "threads": 3,
        "processes": 2,
        "data": {"name": "digits", "hash": "4246"},
        "versions": {"torch": "2.13.0"},
    }
    (tmp_path / runs.NOTES).write_text(json.dumps(said))
    return tmp_path


def test_it_tells_the_run_as_a_whole(folder: Path) -> None:
    found = account(folder)
    assert (found.plan.lr, found.step, found.end, found.origin) == (0.5, 30, "stopped", ("/before", 7))
    assert (found.device, found.threads, found.processes) == ("cpu", 3, 2)
    assert found.data["hash"] == "4246" and found.versions == {"torch": "2.13.0"}
    assert found.rows["conv"].params == 40 and found.started > 0


def test_what_an_older_program_has_not_written_is_left_out(folder: Path) -> None:
    said = {"plan": {}, "step": 1, "epoch_steps": 1, "end": "", "data": "digits", "threads": "many"}
    (folder / runs.NOTES).write_text(json.dumps(said))
    found = account(folder)
    assert (found.device, found.threads, found.processes, dict(found.data), found.versions) == ("", 0, 1, {}, {})


def test_the_network_is_read_once_a_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = account(folder)
    second = account(folder, first)
    assert second.rows is first.rows
    files.write(folder / runs.NETWORK, Network(graph(6)))
    os.utime(folder / runs.NETWORK, (first.started + 5, first.started + 5))
    assert account(folder, first).rows["conv"].params == 60


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(runs.RunError, match="no run folder"):
        account(tmp_path)
