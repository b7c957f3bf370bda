"""`cnnviz evaluate`: its numbers are scikit-learn's, and what cannot be judged says why."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    log_loss,
    precision_score,
    recall_score,
    top_k_accuracy_score,
)

from cnnviz import app
from cnnviz.engine import data
from cnnviz.engine.record.weights import read_weights
from cnnviz.net.graph import Node
from cnnviz.net.layers import Flatten, Input, Linear

from .saying import Said, asked, refused, save
from .saying import tiny as make_tiny


@pytest.fixture
def run(tmp_path: Path, capsys: Said) -> tuple[str, str]:
    """A network, and the folder of its run."""
    net, folder = make_tiny(tmp_path), str(tmp_path / "run")
    assert app.main(["train", net, "--out", folder, "--epochs", "1"]) == 0
    capsys.readouterr()
    return net, folder


def scores(folder: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Softmax (n, 10) of the run's last weights, by hand, and the classes."""
    w = read_weights(Path(folder) / "weights" / "last.safetensors")
    found = data.load("digits", "", Input(1, (8, 8)))
    x, y = (found.train_x, found.train_y) if split == "train" else (found.test_x, found.test_y)
    flat = torch.from_numpy(x.reshape(len(x), -1))
    return torch.softmax(flat @ w["fc.weight"].T + w["fc.bias"], 1).numpy(), y


@pytest.mark.parametrize("split", ("test", "train"))
def test_what_it_says_is_what_scikit_learn_finds(run: tuple[str, str], capsys: Said, split: str) -> None:
    net, folder = run
    said = json.loads(asked(capsys, "evaluate", net, "--weights", folder, "--split", split, "--json"))
    p, y = scores(folder, split)
    guess, labels = p.argmax(1), list(range(10))
    assert said["network"] == net and said["data"] == "digits" and said["split"] == split
    assert said["pictures"] == len(y)
    assert said["top1_error"] == pytest.approx(1 - accuracy_score(y, guess))
    assert said["top5_error"] == pytest.approx(1 - top_k_accuracy_score(y, p, k=5))
    assert said["loss"] == pytest.approx(log_loss(y, p.astype(float) / p.astype(float).sum(1, keepdims=True)), rel=1e-4)
    assert said["confusion"] == confusion_matrix(y, guess).tolist()
    args = {"labels": labels, "average": None}
    assert [c["accuracy"] for c in said["classes"]] == pytest.approx(recall_score(y, guess, **args))
    wanted = precision_score(y, guess, zero_division=np.nan, **args)
    assert [np.nan if c["precision"] is None else c["precision"] for c in said["classes"]] == pytest.approx(
        wanted, nan_ok=True
    )
    sure = p.max(1)
    ece = 0.0
    for b in said["calibration"]:
        inside = (sure > b["from"]) & (sure <= b["to"])
        assert b["pictures"] == inside.sum()
        if inside.any():
            assert b["confidence"] == pytest.approx(sure[inside].mean(), rel=1e-4)
            assert b["accuracy"] == pytest.approx((guess == y)[inside].mean())
            ece += abs(b["accuracy"] - b["confidence"]) * inside.sum() / len(y)
    assert said["calibration_error"] == pytest.approx(ece)


def test_it_prints_figures_classes_and_the_matrix(run: tuple[str, str], capsys: Said) -> None:
    net, folder = run
    out = asked(capsys, "evaluate", net, "--weights", folder)
    assert "359 held-out pictures of digits" in out and "Top-1 error" in out and "Calibration error" in out
    p, y = scores(folder, "test")
    row = confusion_matrix(y, p.argmax(1))[3]
    line = next(x for x in out.split("true \\ predicted")[1].splitlines() if x.startswith("3 "))
    assert line.split()[1:] == [str(c) if c else "·" for c in row]


def test_many_classes_are_told_by_the_pairs_confused_most(tmp_path: Path, capsys: Said) -> None:
    dice = np.random.default_rng(0)
    path = tmp_path / "many.npz"
    names = np.array([f"kind {i}" for i in range(30)])
    x, y = dice.random((60, 4, 4), np.float32), np.repeat(np.arange(30), 2)
    np.savez(path, x_train=x, y_train=y, x_test=x, y_test=y, classes=names)
    net = save(
        tmp_path / "n.cnnviz",
        Node("input", Input(1, (4, 4))),
        Node("flatten", Flatten(), ("input",)),
        Node("fc", Linear(30), ("flatten",)),
    )
    assert app.main(["evaluate", net, "--data", str(path)]) == 0
    out = capsys.readouterr().out
    assert "Confused most" in out and "→ kind" in out and "true \\ predicted" not in out


def test_what_cannot_be_judged_says_why(run: tuple[str, str], tmp_path: Path, capsys: Said) -> None:
    net, folder = run
    assert "nowhere" in refused(capsys, "evaluate", net, "--weights", folder, "--data", "nowhere")
    assert "mnist" in refused(capsys, "evaluate", net, "--data", "mnist", "--data-dir", str(tmp_path))
    other = save(
        tmp_path / "other.cnnviz",
        Node("input", Input(1, (8, 8))),
        Node("flatten", Flatten(), ("input",)),
        Node("fc", Linear(4), ("flatten",)),
    )
    assert "fc" in refused(capsys, "evaluate", other)
    assert "fc" in refused(capsys, "evaluate", net, "--weights", folder, "--data", "digits", "--input", "1,9,9")
    assert "device" in refused(capsys, "evaluate", net, "--device", "nothing")


def test_a_run_folder_in_place_of_its_network_says_how_it_is_meant(run: tuple[str, str], capsys: Said) -> None:
    _net, folder = run
    for command in (["evaluate", folder], ["train", folder, "--out", folder + "2"]):
        said = refused(capsys, *command)
        assert f"{folder} is a run folder" in said and "network.cnnviz" in said and f"--weights {folder}" in said
    assert asked(capsys, "evaluate", f"{folder}/network.cnnviz", "--weights", folder)
