"""`cnnviz train` and `cnnviz activations`: what they record, and what stops them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from cnnviz import app
from cnnviz.commands import train as train_command
from cnnviz.commands.progress import Progress, clock
from cnnviz.engine import memory
from cnnviz.engine.learn import health
from cnnviz.engine.record.moment import last
from cnnviz.link import pulses
from cnnviz.net import files
from cnnviz.net.acting import hint
from cnnviz.net.graph import Node
from cnnviz.net.layers import Conv2d, Flatten, Input, Linear
from cnnviz.net.plan import Plan

from .saying import HERE, Said, asked, metrics, refused, save
from .saying import tiny as make_tiny


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    """A network that learns digits in a blink."""
    return make_tiny(tmp_path)


def test_train_records_a_run(capsys: Said, tmp_path: Path, tiny: str) -> None:
    run = tmp_path / "run"
    assert app.main(["train", tiny, "--out", str(run), "--json"]) == 0
    out, err = capsys.readouterr()
    last = json.loads(out.splitlines()[-1])
    assert set(last) == {"steps", "train_loss", "test_accuracy", "samples_per_second"}
    assert last["steps"] == 12 and 0.5 < last["test_accuracy"] <= 1
    assert err.count("epoch") == 2  # a line an epoch where stderr is no terminal
    lines = metrics(run)
    assert [m["step"] for m in lines] == list(range(1, 13))
    assert lines[-1]["test_accuracy"] == last["test_accuracy"]
    notes = json.loads((run / "run.json").read_text())
    assert notes["end"] == "done" and notes["plan"]["batch_size"] == 256 and notes["threads"] == 1
    assert files.read(run / "network.cnnviz").graph == files.read(tiny).graph


def test_the_same_seed_gives_the_same_losses(capsys: Said, tmp_path: Path, tiny: str) -> None:
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert app.main(["train", tiny, "--out", str(tmp_path / name), "--seed", seed]) == 0
    a, b, c = (metrics(tmp_path / name) for name in "abc")
    assert a == b != c


def test_settings_that_do_nothing_or_do_not_go_together_are_told(capsys: Said, tmp_path: Path, tiny: str) -> None:
    given = ["--out", str(tmp_path / "run"), "--optimizer", "adagrad", "--lr", "0.02", "--rho", "0.5", "--epochs", "1"]
    assert app.main(["train", tiny, *given]) == 0
    assert "cnnviz: Adagrad has no rho; that belongs to Adadelta." in capsys.readouterr().err
    given = ["--out", str(tmp_path / "no"), "--optimizer", "sgd", "--momentum", "0", "--nesterov"]
    assert app.main(["train", tiny, *given]) == 1
    assert "nesterov needs a momentum above 0" in capsys.readouterr().err and not (tmp_path / "no").exists()


def test_a_run_is_not_written_over(capsys: Said, tmp_path: Path, tiny: str) -> None:
    assert app.main(["train", tiny, "--out", str(tmp_path / "run")]) == 0
    before = (tmp_path / "run" / "metrics.jsonl").read_bytes()
    capsys.readouterr()
    assert "holds a run already" in refused(capsys, "train", tiny, "--out", str(tmp_path / "run"))
    assert (tmp_path / "run" / "metrics.jsonl").read_bytes() == before


def test_resume_goes_on_as_if_it_had_not_stopped(capsys: Said, tmp_path: Path, tiny: str) -> None:
    for name, epochs in (("whole", "3"), ("parts", "1")):
        assert app.main(["train", tiny, "--out", str(tmp_path / name), "--epochs", epochs]) == 0
    assert app.main(["train", tiny, "--out", str(tmp_path / "parts"), "--resume", "--epochs", "3"]) == 0
    assert metrics(tmp_path / "parts") == metrics(tmp_path / "whole")
    other = save(tmp_path / "other.cnnviz", Node("input", Input(1, (8, 8))), Node("f", Flatten(), ("input",)),
                 Node("fc", Linear(10, bias=False), ("f",)))  # fmt: skip
    capsys.readouterr()
    assert "another network" in refused(capsys, "train", other, "--out", str(tmp_path / "parts"), "--resume")


def test_the_weights_of_a_step_of_the_run(capsys: Said, tmp_path: Path, tiny: str) -> None:
    run, image = tmp_path / "run", tmp_path / "a.png"
    Image.new("L", (8, 8), 90).save(image)
    assert app.main(["train", tiny, "--out", str(run), "--epochs", "20"]) == 0  # 120 steps
    layer = files.read(tiny).graph.ends[0]

    def look(*more: str) -> np.ndarray:
        out = str(tmp_path / "maps.npy")
        assert app.main(["activations", tiny, "--image", str(image), "--layer", layer, "-o", out, *more]) == 0
        return np.load(out)

    first, last = look(), look("--weights", str(run))
    capsys.readouterr()
    np.testing.assert_allclose(look("--weights", str(run), "--step", "0"), first, rtol=1e-2, atol=1e-2)
    assert f"{run} at step 0" in capsys.readouterr().out
    np.testing.assert_allclose(look("--weights", str(run), "--step", "120"), last, rtol=1e-2, atol=1e-2)
    assert not np.allclose(look("--weights", str(run), "--step", "3"), last, rtol=1e-1, atol=1e-1)
    capsys.readouterr()
    look("--weights", str(run), "--step", "83")
    assert "Step 83 was not recorded; the nearest one that was is 84." in capsys.readouterr().err
    asked = ("activations", tiny, "--image", str(image), "--layer", layer, "-o", str(tmp_path / "b.npy"), "--step", "3")
    assert "--step is of a run" in refused(capsys, *asked)
    for track in run.rglob("*.track"):
        track.unlink()
    assert "weights of no step" in refused(capsys, *asked, "--weights", str(run))


def test_a_learning_rate_of_a_billion_stops_by_itself(capsys: Said, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert app.main(["train", "lenet5", "--out", str(run), "--lr", "1e9", "--epochs", "1", "--threads", "1"]) == 1
    err = capsys.readouterr().err
    warned, told = err.splitlines()
    assert warned.startswith("Learning rate too high: At step 1 ")
    assert told.startswith("cnnviz: lenet5: Training stopped at step ")
    assert json.loads((run / "run.json").read_text())["end"] == "diverged"


def test_a_sign_of_trouble_is_told_once(
    capsys: Said, tmp_path: Path, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "AHEAD", 1e9)  # however busy the machine is
    assert app.main(["train", tiny, "--out", str(tmp_path / "run"), "--batch", "16", "--lr", "0", "--epochs", "3"]) == 0
    err = capsys.readouterr().err
    assert err.count("Weights that stay still: Nothing has moved since step 1: the learning rate is 0.") == 1
    assert [s.code for s in pulses.read(tmp_path / "run").signs] == ["still"]


def test_a_folder_that_cannot_be_written(capsys: Said, tmp_path: Path, tiny: str) -> None:
    (tmp_path / "file").touch()
    said = refused(capsys, "train", tiny, "--out", str(tmp_path / "file" / "run"))
    assert "run cannot be written (Not a directory). Choose another folder" in said


@pytest.mark.parametrize("out", ["", "a\0b"])
def test_a_folder_without_a_name(capsys: Said, tmp_path: Path, tiny: str, out: str, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        app.main(["train", tiny, "--out", out])
    assert ended.value.code == 2 and "is no name of a folder" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["tiny.cnnviz"]


@pytest.mark.parametrize("more", [[], ["--resume"]])
def test_what_ended_before_anything_was_recorded_is_begun_anew(
    capsys: Said, tmp_path: Path, tiny: str, more: list[str]
) -> None:
    run = tmp_path / "run"
    assert app.main(["train", tiny, "--out", str(run), *([] if not more else ["--lr", "0.003"])]) == 0
    whole = (run / "metrics.jsonl").read_bytes()
    shutil.rmtree(run / "weights")  # as where the disk was full, or the process was killed, in its first instant
    (run / "metrics.jsonl").write_bytes(b"")
    notes = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**notes, "step": 0, "end": ""}))
    (run / ".run.json.99.new").write_text("half")
    capsys.readouterr()
    assert "another network" in refused(capsys, "train", "lenet5", "--out", str(run), "--resume")
    assert app.main(["train", tiny, "--out", str(run), *more]) == 0  # by its own plan, where it is that run
    said = "ended before its first weights were recorded: it begins anew."
    assert (said in capsys.readouterr().err) == ("--resume" in more)
    assert (run / "metrics.jsonl").read_bytes() == whole
    assert not list(run.rglob(".*"))


def test_a_warm_up_that_never_ends_is_told(capsys: Said, tmp_path: Path, tiny: str) -> None:
    assert app.main(["train", tiny, "--out", str(tmp_path / "a"), "--warmup", "12"]) == 0
    said = "cnnviz: All 12 steps are warm-up, which takes 12: the learning rate never comes to 0.01."
    assert capsys.readouterr().err.count(said) == 1
    assert app.main(["train", tiny, "--out", str(tmp_path / "b"), "--warmup", "11"]) == 0
    assert "warm-up" not in capsys.readouterr().err


def test_targets_that_are_all_alike_are_told(capsys: Said, tmp_path: Path, tiny: str) -> None:
    said = "At 1 every class gets the same target, whatever the picture shows: nothing is learned."
    for number, smoothing in enumerate(("1", "0.9")):
        line = ["train", tiny, "--out", str(tmp_path / str(number)), "--label-smoothing", smoothing]
        assert app.main(line) == 0
        assert (said in capsys.readouterr().err) == (smoothing == "1")
    assert not hint(Plan(label_smoothing=1.0, loss="rbf"), "label_smoothing")  # which has none


def test_a_folder_whose_network_may_not_be_written(capsys: Said, tmp_path: Path, tiny: str) -> None:
    run = tmp_path / "run"
    assert app.main(["train", tiny, "--out", str(run)]) == 0
    (run / "network.cnnviz").chmod(0o444)
    capsys.readouterr()
    said = refused(capsys, "train", tiny, "--out", str(run), "--resume", "--epochs", "3")
    assert "cannot be written (network.cnnviz: it is read-only). Choose another folder" in said


def test_metrics_that_are_lost_are_told_of(capsys: Said, tmp_path: Path, tiny: str) -> None:
    run = tmp_path / "run"
    assert app.main(["train", tiny, "--out", str(run)]) == 0
    lines = (run / "metrics.jsonl").read_text().splitlines(keepends=True)
    (run / "metrics.jsonl").write_text("".join([*lines[:4], '{"step": 5, "lo\n', *lines[6:]]))
    capsys.readouterr()
    assert app.main(["train", tiny, "--out", str(run), "--resume", "--epochs", "3"]) == 0
    err = capsys.readouterr().err
    assert f"2 of 12 steps in {run / 'metrics.jsonl'} are missing or damaged" in err
    assert len(metrics(run)) == 16 and err.count("missing") == 1


def test_a_step_with_a_damaged_digit_is_a_step_that_is_lost(capsys: Said, tmp_path: Path, tiny: str) -> None:
    run = tmp_path / "run"
    assert app.main(["train", tiny, "--out", str(run)]) == 0
    path = run / "metrics.jsonl"
    text = path.read_text().replace('"step": 3,', '"step": 9,').replace('"step": 12,', '"step": 72,')
    path.write_text(text.replace('"loss": ', '"loss": null, "was": ', 1))
    capsys.readouterr()
    assert app.main(["train", tiny, "--out", str(run), "--resume", "--epochs", "3"]) == 0
    err = capsys.readouterr().err
    assert f"3 of 12 steps in {path} are missing or damaged" in err
    assert [line["step"] for line in metrics(run)] == [2, *range(4, 12), *range(13, 19)]


@pytest.mark.parametrize("lost", ["run.json", "weights/last.safetensors"])
def test_a_damaged_run_is_not_written_over(capsys: Said, tmp_path: Path, tiny: str, lost: str) -> None:
    run = tmp_path / "run"
    assert app.main(["train", tiny, "--out", str(run)]) == 0
    (run / lost).unlink()
    before = (run / "metrics.jsonl").read_bytes()
    capsys.readouterr()
    assert "holds a run already" in refused(capsys, "train", tiny, "--out", str(run))
    if lost == "run.json":
        assert "no run.json in it" in refused(capsys, "train", tiny, "--out", str(run), "--resume")
    assert (run / "metrics.jsonl").read_bytes() == before


def test_a_training_that_does_not_fit_is_refused_before_it_starts(
    capsys: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1_000_000_000)
    said = refused(capsys, "train", "minivggnet", "--data", "digits", "--out", str(tmp_path / "run"), "--batch", "9999")
    assert "Training needs about " in said and "only 1.0 GB are free. Use a smaller batch" in said
    assert not (tmp_path / "run").exists()


def test_a_network_that_cannot_be_trained(capsys: Said, tmp_path: Path) -> None:
    net = save(tmp_path / "a.cnnviz", Node("input", Input()), Node("conv", Conv2d(), ("input",)))
    said = refused(capsys, "train", net, "--out", str(tmp_path / "run"))
    assert (
        "conv gives 16×30×30, but needs one value for each of the 10 classes of digits. --fit mends that: Add " in said
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_ctrl_c_keeps_what_is_recorded(tmp_path: Path, tiny: str) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-m", "cnnviz", "train", tiny, "--out", str(run), "--epochs", "100000"]
    with subprocess.Popen(command, cwd=HERE, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stderr is not None
        assert child.stderr.readline().startswith("epoch 1/")
        child.send_signal(signal.SIGINT)
        rest = child.communicate(timeout=60)[1].splitlines()
    assert child.returncode == 130
    assert rest[-1].startswith("cnnviz: Stopped after step ") and not any("Traceback" in line for line in rest)
    notes = json.loads((run / "run.json").read_text())
    assert notes["end"] == "stopped"
    assert [m["step"] for m in metrics(run)] == list(range(1, notes["step"] + 1))
    assert (run / "weights" / "last.safetensors").is_file()


def test_ctrl_c_ends_at_the_end_of_its_step(
    capsys: Said, tmp_path: Path, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = Progress.show

    def pressed(bar: Progress, step: int, loss: float) -> None:
        show(bar, step, loss)
        if step == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Progress, "show", pressed)
    before = signal.getsignal(signal.SIGINT)
    assert "Stopped after step 3" in refused(capsys, "train", tiny, "--out", str(tmp_path / "run"), status=130)
    assert len(metrics(tmp_path / "run")) == 3
    assert signal.getsignal(signal.SIGINT) is before


# ── activations ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_activations(capsys: Said, tmp_path: Path, tiny: str) -> None:
    Image.fromarray(np.arange(48 * 40, dtype=np.uint8).reshape(48, 40)).save(tmp_path / "a.png")
    run = tmp_path / "run"
    assert app.main(["train", tiny, "--out", str(run)]) == 0
    capsys.readouterr()
    common = ["--image", str(tmp_path / "a.png"), "-o", str(tmp_path / "maps.npy")]
    assert "1×8×8" in asked(capsys, "activations", tiny, "--layer", "input", *common)
    x = np.load(tmp_path / "maps.npy")
    assert x.shape == (1, 8, 8) and x.dtype == np.float32
    asked(capsys, "activations", tiny, "--layer", "fc", "--weights", str(run), *common)
    from safetensors.torch import load_file

    w = load_file(run / "weights" / "last.safetensors")
    expected = w["fc.weight"] @ torch.from_numpy(x).flatten() + w["fc.bias"]
    np.testing.assert_allclose(np.load(tmp_path / "maps.npy"), expected.numpy(), rtol=1e-5, atol=1e-6)
    assert "no weights that fit" in refused(
        capsys, "activations", "lenet5", "--layer", "C1", "--weights", str(run), *common
    )
    (tmp_path / "a.png").write_text("no picture")
    assert refused(capsys, "activations", tiny, "--layer", "fc", *common).startswith("a.png is ")


class Terminal:
    """Takes what is drawn and says that it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True


def test_the_bar_is_redrawn_in_place() -> None:
    out = Terminal()
    bar = Progress(4, out=out)  # type: ignore[arg-type]
    bar.show(4, 0.25)
    bar.line("epoch 1")
    bar.end()
    drawn = out.text.split("\r\x1b[K")
    assert "█" * 24 + " 4/4 steps  loss 0.2500  0:00 left" in drawn
    assert "epoch 1\n" in drawn and drawn[-1] == ""
    assert [clock(s) for s in (5, 65, 7207)] == ["0:05", "1:05", "2:00:07"]


def test_a_run_with_nothing_left_to_do_says_so_and_stays_as_it_is(capsys: Said, tmp_path: Path, tiny: str) -> None:
    run = tmp_path / "run"
    assert app.main(["train", tiny, "--out", str(run), "--epochs", "2", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    before = {p: p.read_bytes() for p in run.rglob("*") if p.is_file()}
    assert app.main(["train", tiny, "--out", str(run), "--resume", "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == (
        f"cnnviz: The run in {run} had ended already, at step 12 of 12. To train on, raise --epochs above 2.\n"
    )
    assert json.loads(out) == {**first, "train_loss": pytest.approx(first["train_loss"]), "samples_per_second": 0.0}
    assert app.main(["train", tiny, "--out", str(run), "--resume", "--epochs", "1"]) == 0
    said = "has made 12 steps already; --epochs 1 are 6. To train on, raise --epochs above 2."
    assert said in capsys.readouterr().err
    assert app.main(["train", tiny, "--out", str(run), "--resume", "--lr", "0.5"]) == 0
    first_line = capsys.readouterr().err.splitlines()[0]
    assert first_line.startswith("cnnviz: ") and "lr 0.5 in place of 0.01" in first_line, first_line
    assert "Of no use in a run that has ended" in first_line
    assert {p: p.read_bytes() for p in run.rglob("*") if p.is_file()} == before


def test_a_run_that_ended_early_says_how_it_goes_on(capsys: Said, tmp_path: Path, tiny: str) -> None:
    given = ["train", tiny, "--out", str(tmp_path / "run")]
    assert app.main([*given, "--epochs", "9", "--stop-patience", "1", "--lr", "0"]) == 0
    assert app.main([*given, "--resume"]) == 0
    said = capsys.readouterr().err.splitlines()[-1]
    assert "had ended already, at step 12 of 54. Ended early: " in said and "raise --stop-patience above 1, or" in said
    assert app.main([*given, "--resume", "--stop-patience", "0"]) == 0
    assert metrics(tmp_path / "run")[-1]["step"] == 54


def test_a_schedule_that_is_stretched_is_told(capsys: Said, tmp_path: Path, tiny: str) -> None:
    given = ["train", tiny, "--out", str(tmp_path / "run"), "--schedule", "cosine"]
    assert app.main([*given, "--epochs", "1"]) == 0
    assert app.main([*given, "--epochs", "3", "--resume"]) == 0
    assert "by its schedule over 3 epochs, in place of 1." in capsys.readouterr().err


def test_other_settings_of_a_run_that_goes_on_are_told(capsys: Said, tmp_path: Path, tiny: str) -> None:
    given = ["train", tiny, "--out", str(tmp_path / "run")]
    assert app.main([*given, "--epochs", "1", "--batch", "64", "--seed", "1"]) == 0
    assert app.main([*given, "--epochs", "2", "--seed", "1", "--resume"]) == 0
    assert "From here on" not in capsys.readouterr().err
    assert app.main([*given, "--epochs", "3", "--lr", "0.5", "--seed", "2", "--resume"]) == 0
    said = capsys.readouterr().err
    assert "From here on: lr 0.5 in place of " in said and ", seed 2 in place of 1." in said


@pytest.mark.parametrize(("option", "value"), [("--batch-size", "32"), ("--held-out", "0.5"), ("--data", "shapes")])
def test_what_its_steps_are_counted_by_stays(capsys: Said, tmp_path: Path, tiny: str, option: str, value: str) -> None:
    given = ["train", tiny, "--out", str(tmp_path / "run")]
    assert app.main([*given, "--epochs", "1"]) == 0
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert app.main([*given, "--epochs", "2", option, value, "--resume"]) == 1
    said = capsys.readouterr().err
    assert f"cannot go on with {value}. Leave it out, or begin a new run from its weights: --weights" in said
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_of_two_that_begin_in_one_folder_the_later_one_is_refused(
    capsys: Said, tmp_path: Path, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, load = tmp_path / "run", train_command.loaded
    given = ["train", tiny, "--out", str(run)]

    def slowly(*args: Any) -> Any:
        monkeypatch.setattr(train_command, "loaded", load)
        assert app.main(given) == 0  # somebody else, meanwhile
        capsys.readouterr()
        return load(*args)

    monkeypatch.setattr(train_command, "loaded", slowly)
    assert "holds a run already" in refused(capsys, *given)
    assert [m["step"] for m in metrics(run)] == [*range(1, 13)]


def test_a_run_that_goes_on_with_other_pictures_says_so(capsys: Said, tmp_path: Path, tiny: str) -> None:
    path, run = tmp_path / "my.npz", tmp_path / "run"
    random = np.random.default_rng(0)
    x, y = random.integers(0, 256, (60, 8, 8), np.uint8), np.arange(60) % 10
    np.savez(path, x_train=x, y_train=y)
    given = ["train", tiny, "--data", str(path), "--out", str(run), "--batch", "16"]
    assert app.main([*given, "--epochs", "1"]) == 0
    before = json.loads((run / "run.json").read_text())["data"]
    said = "The pictures or labels of my.npz are not those that the run was trained on up to step"
    for epochs, changed in ((2, False), (3, True), (4, False)):
        if changed:
            np.savez(path, x_train=255 - x, y_train=y)
        capsys.readouterr()
        assert app.main([*given, "--epochs", str(epochs), "--resume"]) == 0
        assert (said in capsys.readouterr().err.replace(str(path), "my.npz")) == changed
        now = json.loads((run / "run.json").read_text())["data"]
        assert now.get("before") == (before["hash"] if changed else None) and (epochs < 3) == (now == before)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals are POSIX")
@pytest.mark.parametrize("ignored", [False, True])
def test_a_closed_terminal_ends_a_run_as_ctrl_c_does_but_for_nohup(tmp_path: Path, tiny: str, ignored: bool) -> None:
    run, nohup = tmp_path / "run", ["nohup"] if ignored else []
    command = [*nohup, sys.executable, "-m", "cnnviz", "train", tiny, "--out", str(run), "--epochs", "100000"]
    with subprocess.Popen(
        command, cwd=HERE, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as child:
        assert child.stderr is not None
        while not child.stderr.readline().startswith("epoch 1/"):
            pass
        child.send_signal(signal.SIGHUP)
        if ignored:
            assert child.stderr.readline().startswith("epoch ")
            child.send_signal(signal.SIGINT)
        rest = child.communicate(timeout=60)[1].splitlines()
    assert child.returncode == 130 and rest[-1].startswith("cnnviz: Stopped after step ")
    assert json.loads((run / "run.json").read_text())["end"] == "stopped"


def test_sigterm_ends_a_run_that_goes_on_bit_for_bit(tmp_path: Path) -> None:
    """The whole state of both runs is the same in the end."""
    given = [sys.executable, "-m", "cnnviz", "train", "lenet5", "--epochs", "3", "--threads", "1", "--out"]
    with subprocess.Popen([*given, str(tmp_path / "parts")], cwd=HERE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("epoch 1/3")
        process.send_signal(signal.SIGTERM)
        said = process.stderr.read().splitlines()[-1]
        assert process.wait() == 130
    assert said.startswith("cnnviz: Stopped after step ") and said.endswith("; --resume goes on from there.")
    for name, more in (("parts", ["--resume"]), ("whole", [])):
        subprocess.run([*given, str(tmp_path / name), *more], cwd=HERE, check=True)
    assert metrics(tmp_path / "parts") == metrics(tmp_path / "whole")
    parts, whole = (last(tmp_path / name) for name in ("parts", "whole"))
    assert parts.step == whole.step == 135
    assert all(torch.equal(parts.weights[k], v) for k, v in whole.weights.items())
