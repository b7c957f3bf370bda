"""What a command says, and the networks that the tests of commands use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnnviz import app
from cnnviz.net import files
from cnnviz.net.graph import Node, graph
from cnnviz.net.layers import Flatten, Input, Linear
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan

HERE = Path(__file__).resolve().parents[1]
Said = pytest.CaptureFixture[str]


def refused(said: Said, *argv: str, status: int = 1) -> str:
    """The one line on stderr with which this is refused."""
    assert app.main(argv) == status
    err = said.readouterr().err
    assert err.startswith("cnnviz: ") and err.endswith("\n") and err.count("\n") == 1
    assert "Traceback" not in err and "fault of the program" not in err
    return err[8:-1]


def asked(said: Said, *argv: str) -> str:
    """What this prints, with status 0 and nothing on stderr."""
    assert app.main(argv) == 0
    out, err = said.readouterr()
    assert not err
    return out


def save(path: Path, *nodes: Node, plan: Plan | None = None) -> str:
    files.write(path, Network(graph(nodes), path.stem, plan=plan or Plan()))
    return str(path)


def tiny(folder: Path) -> str:
    """A network that learns digits in a blink."""
    plan = Plan(epochs=2, batch_size=256, lr=0.01, threads=1)
    return save(
        folder / "tiny.cnnviz",
        Node("input", Input(1, (8, 8))),
        Node("flatten", Flatten(), ("input",)),
        Node("fc", Linear(10), ("flatten",)),
        plan=plan,
    )


def metrics(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
