"""Two processes started by torchrun make one training: the numbers of one process, and an end for all of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from time import monotonic

import numpy as np
import pytest

from cnnviz import app
from cnnviz.engine.record.moment import last
from cnnviz.link import runs
from cnnviz.link.control import ENDED, PAUSE, STOP, alive, ask
from cnnviz.link.messages import PAUSED, TRAINING
from cnnviz.net.graph import Node
from cnnviz.net.layers import BatchNorm2d, Conv2d, Dropout, Flatten, Input, Linear, ReLU
from cnnviz.net.plan import Plan

from .saying import HERE, Said, metrics, save

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")]

PATIENCE = 120.0  # seconds: generous, the machine may be busy
PLAN = Plan(epochs=3, batch_size=48, lr=0.005, threads=1, seed=2)


def net(folder: Path, *extra: str) -> str:
    """A small network; `extra`: "bn", "dropout"."""
    # before a normalisation, a bias has no gradient but rounding, which Adam would make large
    conv = Conv2d(6, 3, bias="bn" not in extra)
    nodes = [Node("input", Input(1, (8, 8))), Node("conv", conv, ("input",))]
    nodes += [Node("bn", BatchNorm2d(), ("conv",))] if "bn" in extra else []
    nodes.append(Node("relu", ReLU(), (nodes[-1].id,)))
    nodes.append(Node("flat", Flatten(), ("relu",)))
    nodes += [Node("drop", Dropout(0.3), ("flat",))] if "dropout" in extra else []
    nodes.append(Node("out", Linear(10), (nodes[-1].id,)))
    return save(folder / f"net{'-'.join(extra)}.cnnviz", *nodes, plan=PLAN)


def workers(agent: int) -> list[int]:
    """Processes that torchrun has started and that are not dead, in the order of their rank."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == agent and state not in "ZX":
                found.append((int(dict(_environment(stat.parent)).get("RANK", -1)), int(stat.parent.name)))
    return [pid for rank, pid in sorted(found) if rank >= 0]


def _environment(process: Path) -> Iterator[tuple[str, str]]:
    for line in (process / "environ").read_bytes().split(b"\0"):
        name, _is, value = line.decode(errors="replace").partition("=")
        yield name, value


@contextmanager
def torchrun(*argv: str, said: Path, restarts: int = 0) -> Iterator[subprocess.Popen[bytes]]:
    """`cnnviz train …` in two processes; nothing of it is left at the end, whatever happens."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["--max-restarts", str(restarts), "--monitor-interval", "0.1", "-m", "cnnviz", "train", *argv]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with said.open("wb") as out, subprocess.Popen(command, cwd=HERE, stdout=out, stderr=out, env=environment) as agent:
        try:
            yield agent
        finally:
            left = workers(agent.pid)
            agent.kill()
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def ended(agent: subprocess.Popen[bytes]) -> int:
    return agent.wait(PATIENCE)


def until(holds: Callable[[], bool], agent: subprocess.Popen[bytes]) -> None:
    end = monotonic() + PATIENCE
    while not holds():
        assert monotonic() < end and agent.poll() is None
        Event().wait(0.02)


def figures(run: Path, name: str = "loss") -> np.ndarray:
    return np.array([line[name] for line in metrics(run) if name in line])


@pytest.mark.parametrize("extra", [(), ("bn",)])
def test_two_processes_are_one_with_the_double_batch(tmp_path: Path, capsys: Said, extra: tuple[str, ...]) -> None:
    one, two, said = tmp_path / "one", tmp_path / "two", tmp_path / "said.txt"
    more = ["--sync-bn", "--augment-shift", "1", "--augment-noise", "0.1"] if extra else []
    with torchrun(net(tmp_path, *extra), "--out", str(two), "--json", *more, said=said) as agent:
        assert ended(agent) == 0, said.read_text()
    assert app.main(["train", net(tmp_path, *extra), "--batch", "96", "--out", str(one), *more]) == 0
    assert len(metrics(two)) == len(metrics(one)) == 3 * 15, "1438 = 14·96 + 94"
    np.testing.assert_allclose(figures(two), figures(one), rtol=0, atol=1e-5)
    np.testing.assert_allclose(figures(two, "test_loss"), figures(one, "test_loss"), rtol=0, atol=1e-5)
    assert (figures(two, "accuracy") == pytest.approx(figures(one, "accuracy"))) and len(figures(two, "lr")) == 45
    a, b = last(one), last(two)
    for name, value in a.weights.items():
        np.testing.assert_allclose(b.weights[name], value, rtol=0, atol=1e-4)
    lines = said.read_text().splitlines()
    assert sum(line.startswith("epoch ") for line in lines) == 3, "one of them talks"
    assert json.loads(lines[-1])["steps"] == 45
    notes = json.loads((two / "run.json").read_text())
    assert notes["end"] == "done" and notes["processes"] == 2 and notes["plan"]["batches"] == 2


def test_a_signal_to_one_ends_all_and_the_run_goes_on_bit_for_bit(tmp_path: Path, capsys: Said) -> None:
    given, whole, parted = net(tmp_path, "dropout"), tmp_path / "whole", tmp_path / "parted"
    said = tmp_path / "said.txt"
    more = ["--epochs", "40"]
    with torchrun(given, "--out", str(whole), *more, said=said) as agent:
        assert ended(agent) == 0, said.read_text()
    with torchrun(given, "--out", str(parted), *more, said=said) as agent:
        until(lambda: "epoch 2/" in said.read_text(), agent)
        os.kill(workers(agent.pid)[1], signal.SIGTERM)
        assert ended(agent) == 0, said.read_text()
    assert "Stopped after step" in said.read_text() and "Traceback" not in said.read_text()
    notes = runs.notes(parted)
    assert notes.end == "stopped" and 30 <= notes.step < 600 and last(parted).step == notes.step
    assert len(metrics(parted)) == notes.step and alive(parted).phase == ENDED
    with torchrun(given, "--out", str(parted), "--resume", *more, said=said) as agent:
        assert ended(agent) == 0, said.read_text()
    assert (parted / "metrics.jsonl").read_bytes() == (whole / "metrics.jsonl").read_bytes()

    capsys.readouterr()
    assert app.main(["train", given, "--out", str(parted), "--resume", "--epochs", "41"]) == 0
    err = capsys.readouterr().err
    assert "made by 2 processes, and goes on with one process. A step takes the same 96 pictures. Dropout draws" in err
    assert len(metrics(parted)) == 41 * 15 and runs.notes(parted).plan.batches == 2


def test_a_killed_one_ends_all_with_a_word(tmp_path: Path) -> None:
    run, said = tmp_path / "run", tmp_path / "said.txt"
    with torchrun(net(tmp_path), "--out", str(run), "--epochs", "100000", said=said) as agent:
        until(lambda: (run / runs.NOTES).exists() and runs.notes(run).step > 0, agent)
        os.kill(workers(agent.pid)[1], signal.SIGKILL)
        assert ended(agent) == 1
        assert not workers(agent.pid)
    assert "cnnviz: Process 1 of 2 ends: another one has ended, or is out of reach. What" in said.read_text()
    assert runs.notes(run).end == "" and alive(run).phase == ENDED and alive(run).end == "failed"
    assert last(run).step > 0


def test_torchrun_starts_again_where_the_run_was_recorded(tmp_path: Path) -> None:
    run, said = tmp_path / "run", tmp_path / "said.txt"
    with torchrun(net(tmp_path), "--out", str(run), "--epochs", "100000", said=said, restarts=1) as agent:
        until(lambda: alive(run).phase == TRAINING, agent)
        ask(run, PAUSE)
        until(lambda: alive(run).phase == PAUSED, agent)
        paused, first = alive(run), workers(agent.pid)
        assert last(run).step == paused.step
        os.kill(first[1], signal.SIGKILL)
        until(lambda: alive(run).pid not in (0, paused.pid) and alive(run).step > paused.step, agent)
        ask(run, STOP)
        assert ended(agent) == 0, said.read_text()
    steps = [line["step"] for line in metrics(run)]
    assert steps == list(range(1, runs.notes(run).step + 1)) and len(steps) > paused.step
    jump = abs(np.diff(figures(run))[paused.step - 1])
    assert jump < 1, "it goes on with what it had learned"


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (["--resume"], "holds no run to go on with. Leave out --resume."),  # the first one finds out for all
        (["--data", "nothing.npz"], "nothing.npz"),  # the first one goes ahead
        (["--device", "cuda:77"], "There is no device cuda:77 here."),  # all of them find out
    ],
)
def test_what_is_wrong_is_said_once(tmp_path: Path, wrong: list[str], text: str) -> None:
    said = tmp_path / "said.txt"
    with torchrun(net(tmp_path), "--out", str(tmp_path / "run"), *wrong, said=said) as agent:
        assert ended(agent) == 1
    (line,) = [line for line in said.read_text().splitlines() if line.startswith("cnnviz: ")]
    assert text in line and not (tmp_path / "run").exists()
