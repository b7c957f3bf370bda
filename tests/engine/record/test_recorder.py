"""The run folder survives every kind of end, and a training goes on from it; also without a window."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError

from cnnviz.engine import data, worktime
from cnnviz.engine.build import Net, copy_state
from cnnviz.engine.data import DataError
from cnnviz.engine.learn.controls import Controls
from cnnviz.engine.learn.lost import Diverged
from cnnviz.engine.learn.steps import Step
from cnnviz.engine.learn.training import Training
from cnnviz.engine.post import Refused
from cnnviz.engine.record import recorder, weights, writer
from cnnviz.engine.record.moment import before, last
from cnnviz.engine.record.reader import Reader
from cnnviz.engine.record.weights import WeightsError, read_weights, write_weights
from cnnviz.link import runs
from cnnviz.net.analysis import analyse
from cnnviz.net.layers import Linear
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan

from ..nets import noisy, small

NETWORK = Network(small(), "small")
PLAN = Plan(epochs=2, threads=1, lr=0.01)


def ready(
    network: Network,
    plan: Plan,
    folder: Path | None = None,
    resume: bool = False,
    warn: Callable[[str], None] = pytest.fail,
) -> Training:
    rows = analyse(network.graph)
    since = last(folder) if resume and folder else None
    made = Training(rows, plan, lambda p, layer: data.load(p.data, p.data_dir, layer), lambda: Net(rows, plan), since)
    if folder:
        made.record(folder, warn)
    return made


def train(*args: Any, **more: Any) -> Generator[Step, None, None]:
    return ready(*args, **more).go()


def metrics(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_run_is_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "EVERY", 1e9)  # at its beginning and its end alone
    monkeypatch.setattr(writer, "SHARE", 1.0)  # however busy the machine is
    training = ready(NETWORK, PLAN, tmp_path / "run")
    made = list(training.go())
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
        "alive.json",
        "health.jsonl",
        "network.cnnviz",
        "metrics.jsonl",
        "scores.bin",
        "weights",
        "last.safetensors",
        "state-90.pt",
        "key-90.safetensors",
        "state-0.pt",
        "key-0.safetensors",
        "best.track",
        "measured.track",
        "start.track",
        *(f"every-{n}.track" for n in (10, 20, 40, 80)),
    }
    assert recorded.metrics.points[:, 1].tolist() == [s.loss for s in made]
    assert recorded.metrics.tests[:, 2].tolist() == [s.test.accuracy for s in made if s.test]
    assert recorded.metrics.tests[:, 3].tolist() == [s.test.top5 for s in made if s.test]
    assert training.step == 90


def test_the_weights_of_many_steps_are_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SHARE", 1.0)  # however busy the machine is
    training = ready(NETWORK, PLAN, tmp_path)
    seen = {0: copy_state(training.net)} | {s.step: copy_state(training.net) for s in training.go()}
    reader = Reader(tmp_path / runs.TRACKS)
    reader.refresh()
    assert reader.steps == (*range(21), 30, 40, 45, *range(50, 91, 10)), "45: pictures were measured"
    for step in reader.steps:
        for name, value in reader.read(step).items():
            assert torch.equal(value, seen[step][name].half().float())


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "adadelta"])
def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(tmp_path: Path, optimizer: str) -> None:
    plan = Plan(epochs=2, threads=1, lr=0.01, optimizer=optimizer)
    whole = list(train(NETWORK, plan))
    running = train(NETWORK, plan, tmp_path)
    list(islice(running, 50))
    running.close()
    assert last(tmp_path).step == 50
    again = ready(NETWORK, plan, tmp_path, resume=True)
    assert again.start == 50
    assert list(again.go()) == whole[50:]
    assert [line["step"] for line in metrics(tmp_path)] == list(range(1, 91))
    assert last(tmp_path).step == 90


@pytest.mark.parametrize("steps", [1, 44, 45, 46, 89])
def test_what_is_random_goes_on_too(tmp_path: Path, steps: int) -> None:
    network, plan = Network(noisy(), "noisy"), Plan(epochs=2, threads=1, lr=0.01, seed=5)
    torch.manual_seed(1)
    whole = list(train(network, plan))
    torch.manual_seed(2)  # nobody's business
    running = train(network, plan, tmp_path)
    begun = list(islice(running, steps))
    running.close()
    torch.manual_seed(3)
    again = ready(network, plan, tmp_path, resume=True)
    assert begun + list(again.go()) == whole
    unbroken = ready(network, plan)
    list(unbroken.go())
    assert all(
        torch.equal(a, b)
        for a, b in zip(again.net.state_dict().values(), unbroken.net.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize("steps", [1, 45, 60])
def test_augmentation_goes_on_too(tmp_path: Path, steps: int) -> None:
    plan = Plan(
        epochs=2, threads=1, seed=5, augment_crop=0.3, augment_rotation=10.0, augment_shift=1, augment_noise=0.1
    )
    whole = list(train(NETWORK, plan))
    assert whole != list(train(NETWORK, Plan(epochs=2, threads=1, seed=5)))
    running = train(NETWORK, plan, tmp_path)
    begun = list(islice(running, steps))
    running.close()
    assert begun + list(ready(NETWORK, plan, tmp_path, resume=True).go()) == whole


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_run_stopped_while_it_measured_measures_first(tmp_path: Path, epoch: int) -> None:
    whole = list(train(NETWORK, PLAN))
    calm = iter([True] * (epoch - 1) * 2 + [False])  # 360 held-out pictures are two batches
    controls = Controls(PLAN.lr, lambda: next(calm))
    begun = list(ready(NETWORK, PLAN, tmp_path).go(controls))
    assert [s.step for s in begun] == list(range(1, 45 * epoch + 1)) and begun[-1].test is None
    assert runs.notes(tmp_path).end == "stopped"
    again = ready(NETWORK, PLAN, tmp_path, resume=True)
    assert (again.start, again.kept) == (45 * epoch, 45 * epoch - 1)
    assert begun[:-1] + list(again.go()) == whole
    assert [line["step"] for line in metrics(tmp_path)] == list(range(1, 91))
    assert len(runs.metrics(tmp_path, 90).tests) == 2
    assert runs.notes(tmp_path).end == "done"
    assert list(train(NETWORK, PLAN, tmp_path, resume=True)) == [], "nothing is left to do"


def test_the_plan_rules_a_run_that_goes_on(tmp_path: Path) -> None:
    running = ready(NETWORK, PLAN, tmp_path)
    controls = Controls(PLAN.lr)
    making = running.go(controls)
    list(islice(making, 3))
    controls.lr = 0.002
    next(making)
    making.close()
    assert last(tmp_path).plan == replace(PLAN, lr=0.002), "as it was set by hand"
    again = ready(NETWORK, replace(PLAN, weight_decay=0.5), tmp_path, resume=True)
    assert again.optimizer.param_groups[0]["weight_decay"] == 0.5
    assert again.optimizer.state_dict()["state"][0]["step"] == 4
    other = ready(NETWORK, replace(PLAN, optimizer="sgd"), tmp_path, resume=True)
    assert next(other.go()).step == 5


def test_what_was_recorded_survives_a_kill(tmp_path: Path) -> None:
    code = f"""
import sys
from cnnviz.engine.record import recorder
from cnnviz.net.plan import Plan
from tests.engine.record.test_recorder import NETWORK, train
recorder.EVERY = 0.0
recorder.SHARE = 1e9
recorder.GLANCE = 0.0
for step in train(NETWORK, Plan(epochs=1000, threads=1), {str(tmp_path)!r}):
    if step.step == 20:
        print("go", flush=True)
"""
    engine = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3])
    assert engine.stdout is not None
    assert engine.stdout.readline() == b"go\n"
    os.kill(engine.pid, signal.SIGKILL)
    engine.wait()
    engine.stdout.close()
    recorded = last(tmp_path)
    assert recorded.step >= 19
    assert set(recorded.weights) == set(Net(analyse(NETWORK.graph)).state_dict())
    again = train(NETWORK, Plan(epochs=1000, threads=1), tmp_path, resume=True)
    assert next(again).step == recorded.step + 1
    again.close()
    assert [line["step"] for line in metrics(tmp_path)] == list(range(1, recorded.step + 2))


def test_it_records_every_two_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(worktime.time, "perf_counter", lambda: now[0])
    forward = Net.forward

    def slow(net: Net, *args: object, **more: object) -> object:
        now[0] += 2.1
        return forward(net, *args, **more)  # type: ignore[arg-type]

    running = train(NETWORK, PLAN, tmp_path)
    next(running)
    assert last(tmp_path).step == 0, "where the run began"
    now[0] += 2.1  # nobody asks for a step
    next(running)
    assert last(tmp_path).step == 0
    monkeypatch.setattr(Net, "forward", slow)
    next(running)
    assert last(tmp_path).step == 3
    monkeypatch.undo()
    next(running)
    assert last(tmp_path).step == 3


def test_a_folder_that_cannot_be_written_is_told_once_and_training_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told: list[str] = []
    assert len(list(train(NETWORK, PLAN, tmp_path / "file" / "run", warn=told.append))) == 90
    assert len(told) == 1 and "file" in told[0]
    assert "(Not a directory)" in told[0] and "Errno" not in told[0]


def test_divergence_leaves_good_weights_in_the_folder(tmp_path: Path) -> None:
    with pytest.raises(Diverged):
        list(train(NETWORK, Plan(optimizer="sgd", lr=1e9, threads=1), tmp_path))
    assert all(torch.isfinite(v).all() for v in last(tmp_path).weights.values())


@pytest.mark.parametrize("every", [0.0, 60.0])  # seconds between recordings: of each step, or of none
def test_divergence_leaves_the_weights_of_the_step_that_it_names(
    tmp_path: Path, every: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "EVERY", every)
    monkeypatch.setattr(recorder, "SHARE", 1e9)
    monkeypatch.setattr(recorder, "GLANCE", 0.0)
    plan = Plan(optimizer="sgd", lr=0.01, momentum=0.5, threads=1)
    states: dict[int, dict[str, torch.Tensor]] = {}
    controls, running = Controls(plan.lr), ready(NETWORK, plan, tmp_path)
    with pytest.raises(Diverged) as lost:
        for step in running.go(controls):
            states[step.step] = copy_state(running.net)
            if step.step == 20:
                controls.lr = 1e12
    good = lost.value.good
    assert 20 - 8 <= good < lost.value.step == len(states) + 1 and controls.made == good
    assert f"those of step {good}." in str(lost.value)
    found = last(tmp_path)
    assert found.step == good and all(torch.equal(v, states[good][k]) for k, v in found.weights.items())
    for step in (good, len(states)):  # a branch begins with what is exact
        exact = before(tmp_path, step)
        assert exact is not None and exact.step == (0 if every else step)
        if exact.step:
            assert all(torch.equal(v, states[step][k]) for k, v in exact.weights.items())


def test_what_cannot_be_trained_is_refused_with_a_sentence() -> None:
    for network, plan, error, words in (
        (Network(small(classes=7)), PLAN, Refused, "7"),
        (Network(small().change("out", sources=())), PLAN, Refused, "out"),
        (NETWORK, Plan(data="nothing"), DataError, "nothing"),
        (NETWORK, Plan(device="tpu"), Refused, "tpu"),
        (NETWORK, Plan(device="cuda:7"), Refused, "cuda:7"),
    ):
        with pytest.raises(error, match=words):
            ready(network, plan)


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

    monkeypatch.setattr(weights, "save_file", fail)
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
    list(train(NETWORK, Plan(epochs=1, threads=1), tmp_path))
    wider = Network(NETWORK.graph.change("out", layer=Linear(11)))
    with pytest.raises(Refused):
        ready(wider, PLAN, tmp_path, resume=True)


def test_a_damaged_state_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "a {run}"
    running = train(NETWORK, PLAN, folder)
    list(islice(running, 3))
    running.close()
    (folder / runs.key_file(0)).unlink()  # else the run would go on from there
    state = folder / "weights" / "state-3.pt"
    for content in (b"nonsense", state.read_bytes()[:2000]):
        state.write_bytes(content)
        with pytest.raises(WeightsError, match=r"The state of step 3 in .*a \{run\} is damaged"):
            last(folder)
    (folder / "run.json").write_text("{}")
    with pytest.raises(WeightsError, match=r"a \{run\}/run\.json is damaged"):
        last(folder)


def test_one_byte_that_is_wrong_is_not_gone_on_with(tmp_path: Path) -> None:
    list(train(NETWORK, Plan(epochs=1, threads=1), tmp_path))
    (state,) = (p for p in (tmp_path / "weights").glob("state-*.pt") if p.stem != "state-0")
    for path in (state, tmp_path / runs.LAST):
        whole = path.read_bytes()
        data = bytearray(whole)
        data[2 * len(data) // 3] ^= 1  # among the numbers: both files can still be read
        path.write_bytes(data)
        found = last(tmp_path)
        assert found.step == 0 and "damaged" in found.lost and "goes on from step 0" in found.lost
        path.write_bytes(whole)
    assert last(tmp_path).beside


def test_a_key_frame_that_is_damaged_is_passed_over(tmp_path: Path) -> None:
    list(train(NETWORK, Plan(epochs=1, threads=1), tmp_path))
    step = last(tmp_path).step
    for path in (tmp_path / runs.LAST, tmp_path / runs.key_file(step)):
        path.write_bytes(path.read_bytes()[:-1] + b"\x55")
    found = before(tmp_path, step)
    assert found is not None and found.step == 0
    path = tmp_path / runs.key_file(0)
    path.write_bytes(path.read_bytes()[:-1] + b"\x55")
    with pytest.raises(WeightsError, match="damaged"):
        before(tmp_path, step)


@pytest.mark.parametrize("kept", [0, 20])
def test_nothing_is_cut_off_where_the_disk_has_no_room_to_make_it_again(
    tmp_path: Path, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(islice(train(NETWORK, PLAN, tmp_path), 30))
    since = before(tmp_path, kept)
    assert since is not None and since.step <= 20
    there = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    full, said = shutil.disk_usage(tmp_path)._replace(free=100), list[str]()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda folder: full)
        rows = analyse(NETWORK.graph)
        training = Training(
            rows, PLAN, lambda p, layer: data.load(p.data, p.data_dir, layer), lambda: Net(rows, PLAN), since
        )
        training.record(tmp_path, said.append)
    assert len(said) == 1 and "No space left on device" in said[0]
    network = tmp_path / runs.NETWORK  # written again, the same
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == there | {network: network.read_bytes()}
    assert len(metrics(tmp_path)) == 30


def test_damaged_lines_are_left_out(tmp_path: Path) -> None:
    running = train(NETWORK, PLAN, tmp_path)
    list(islice(running, 10))
    running.close()
    path = tmp_path / "metrics.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3], lines[5] = b"\xff\x00{\n", b'{"step": 6}\n'
    path.write_bytes(b"".join(lines))
    assert runs.metrics(tmp_path, 9).points[:, 0].tolist() == [1, 2, 3, 5, 7, 8, 9]
    next(train(NETWORK, PLAN, tmp_path, resume=True))
    assert [line["step"] for line in metrics(tmp_path)] == [1, 2, 3, 5, 7, 8, 9, 10, 11]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"plan": 3}', '{"plan": {"lr": "x"}, "step": 1, "end": ""}'])
def test_what_is_no_run_folder_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(runs.RunError, match=str(tmp_path)):
        runs.notes(tmp_path)
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(runs.RunError, match=str(tmp_path)):
        runs.notes(tmp_path)


def test_lines_ahead_of_the_weights_are_dropped_when_resumed(tmp_path: Path) -> None:
    running = train(NETWORK, PLAN, tmp_path)
    list(islice(running, 10))
    running.close()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 11, "loss": 1.0}\n{"step": 12, "lo')  # killed while writing, the weights still of step 10
    next(train(NETWORK, PLAN, tmp_path, resume=True))
    assert [line["step"] for line in metrics(tmp_path)] == list(range(1, 12))
