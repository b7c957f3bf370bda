"""The run folder survives every kind of end, and a training goes on from it; also without a window."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from cnnviz.engine import history
from cnnviz.engine.build import Net, copy_state
from cnnviz.engine.data import DataError
from cnnviz.engine.headless import Training
from cnnviz.engine.history import WeightsError, last, read_weights, write_weights
from cnnviz.engine.post import Refused
from cnnviz.engine.train import Diverged
from cnnviz.net.analysis import analyse
from cnnviz.net.layers import Linear
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan

from .nets import noisy, small

NETWORK = Network(small(), "small")
PLAN = Plan(epochs=2, threads=1, lr=0.01)


def metrics(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_run_is_written_whole(tmp_path: Path) -> None:
    training = Training(NETWORK, PLAN, tmp_path / "run")
    made = list(training)
    assert training.steps == len(made) == 90
    recorded = last(tmp_path / "run")
    assert recorded.step == 90 and recorded.plan == PLAN and recorded.network.graph == NETWORK.graph
    assert all(torch.equal(recorded.weights[k], v) for k, v in training.net.state_dict().items())
    lines = metrics(tmp_path / "run")
    assert [line["loss"] for line in lines] == [s.loss for s in made]
    assert [line["step"] for line in lines if "test_accuracy" in line] == [45, 90]
    notes = json.loads((tmp_path / "run" / "run.json").read_text())
    assert notes["end"] == "done" and notes["threads"] == 1 and notes["data"]["hash"] and notes["versions"]["torch"]
    assert {p.name for p in (tmp_path / "run").rglob("*")} == {
        "run.json",
        "network.cnnviz",
        "metrics.jsonl",
        "weights",
        "last.safetensors",
        "optimizer-90.pt",
    }
    summary = training.summary
    assert (summary.steps, summary.train_loss) == (90, made[-1].loss)
    assert made[-1].test is not None and summary.test_accuracy == made[-1].test.accuracy
    assert summary.samples_per_second > 0


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "adadelta"])
def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(tmp_path: Path, optimizer: str) -> None:
    plan = Plan(epochs=2, threads=1, lr=0.01, optimizer=optimizer)
    whole = list(Training(NETWORK, plan))
    running = iter(Training(NETWORK, plan, tmp_path))
    list(islice(running, 50))
    running.close()  # type: ignore[attr-defined]
    assert last(tmp_path).step == 50
    again = Training(NETWORK, plan, tmp_path, resume=True)
    assert again.start == 50
    assert list(again) == whole[50:]
    assert [line["step"] for line in metrics(tmp_path)] == list(range(1, 91))
    assert last(tmp_path).step == 90


def test_what_was_recorded_survives_a_kill(tmp_path: Path) -> None:
    code = f"""
import sys
from cnnviz.engine import history
from cnnviz.engine.headless import Training
from cnnviz.net.plan import Plan
from tests.engine.test_history import NETWORK
history.EVERY = 0.0
history.SHARE = 1e9
for step in Training(NETWORK, Plan(epochs=1000, threads=1), {str(tmp_path)!r}):
    if step.step == 20:
        print("go", flush=True)
"""
    engine = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert engine.stdout is not None
    assert engine.stdout.readline() == b"go\n"
    os.kill(engine.pid, signal.SIGKILL)
    engine.wait()
    engine.stdout.close()
    recorded = last(tmp_path)
    assert recorded.step >= 19
    assert set(recorded.weights) == set(Net(analyse(NETWORK.graph)).state_dict())
    again = Training(NETWORK, Plan(epochs=1000, threads=1), tmp_path, resume=True)
    assert next(iter(again)).step == recorded.step + 1
    assert [line["step"] for line in metrics(tmp_path)] == list(range(1, recorded.step + 2))


def test_it_records_every_two_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(history.time, "monotonic", lambda: now[0])
    running = iter(Training(NETWORK, PLAN, tmp_path))
    next(running)
    assert not (tmp_path / "weights" / "last.safetensors").exists()
    now[0] += 2.1
    next(running)
    assert last(tmp_path).step == 2
    next(running)
    assert last(tmp_path).step == 2


def test_a_folder_that_cannot_be_written_is_told_once_and_training_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told: list[str] = []
    assert len(list(Training(NETWORK, PLAN, tmp_path / "file" / "run", warn=told.append))) == 90
    assert len(told) == 1 and "file" in told[0]
    assert "(Not a directory)" in told[0] and "Errno" not in told[0]


def test_divergence_leaves_good_weights_in_the_folder(tmp_path: Path) -> None:
    with pytest.raises(Diverged):
        list(Training(NETWORK, Plan(optimizer="sgd", lr=1e9, threads=1), tmp_path))
    assert all(torch.isfinite(v).all() for v in last(tmp_path).weights.values())


def test_what_cannot_be_trained_is_refused_with_a_sentence() -> None:
    for network, plan, error, words in (
        (Network(small(classes=7)), PLAN, Refused, "7"),
        (Network(small().change("out", sources=())), PLAN, Refused, "out"),
        (NETWORK, Plan(data="nothing"), DataError, "nothing"),
        (NETWORK, Plan(device="tpu"), Refused, "tpu"),
        (NETWORK, Plan(device="cuda:7"), Refused, "cuda:7"),
    ):
        with pytest.raises(error, match=words):
            Training(network, plan)


def test_weights_files(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    state = copy_state(Net(analyse(noisy())))
    write_weights(path, state)
    assert all(torch.equal(read_weights(path)[k], v) for k, v in state.items())
    with pytest.raises(WeightsError, match=r"none\.safetensors"):
        read_weights(tmp_path / "none.safetensors")
    path.write_bytes(b"hello")
    with pytest.raises(
        WeightsError, match=r"w\.safetensors is damaged, or holds no weights at all\. Choose another .+\.$"
    ):
        read_weights(path)
    with pytest.raises(WeightsError, match=r"^nowhere\.safetensors: Its folder is not there\."):
        write_weights(tmp_path / "nowhere" / "nowhere.safetensors", state)
    with pytest.raises(WeightsError):
        last(tmp_path)


FULL = "I/O error: No space left on device (os error 28)"  # as safetensors says it


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), SafetensorError(f"serializing: {FULL}")])
def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    path = tmp_path / "w.safetensors"
    write_weights(path, {"a": torch.ones(1)})

    def fail(tensors: object, path: Path, metadata: object) -> None:
        path.write_bytes(b"half")
        raise error

    monkeypatch.setattr(history, "save_file", fail)
    with pytest.raises(
        WeightsError, match=r"^w\.safetensors: The disk is full\. Make room, or choose another folder\.$"
    ):
        write_weights(path, {"a": torch.zeros(1)})
    assert read_weights(path)["a"].item() == 1
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_read_only_weights_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    write_weights(path, {"a": torch.ones(1)})
    path.chmod(0o444)
    with pytest.raises(WeightsError, match=r"^w\.safetensors: It is read-only\."):
        write_weights(path, {"a": torch.zeros(1)})
    assert read_weights(path)["a"].item() == 1


def test_a_head_for_other_classes_starts_fresh_when_resumed(tmp_path: Path) -> None:
    list(Training(NETWORK, Plan(epochs=1, threads=1), tmp_path))
    wider = Network(NETWORK.graph.change("out", layer=Linear(11)))
    with pytest.raises(Refused):
        Training(wider, PLAN, tmp_path, resume=True)


def test_lines_ahead_of_the_weights_are_dropped_when_resumed(tmp_path: Path) -> None:
    running = iter(Training(NETWORK, PLAN, tmp_path))
    list(islice(running, 10))
    running.close()  # type: ignore[attr-defined]
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 11, "loss": 1.0}\n{"step": 12, "lo')  # killed while writing, the weights still of step 10
    next(iter(Training(NETWORK, PLAN, tmp_path, resume=True)))
    assert [line["step"] for line in metrics(tmp_path)] == list(range(1, 12))
