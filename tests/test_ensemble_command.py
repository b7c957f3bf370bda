"""`cnnviz ensemble`: what runs of several seeds are worth together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from cnnviz import app
from cnnviz.engine import data
from cnnviz.engine.record.weights import read_weights
from cnnviz.net.graph import Node
from cnnviz.net.layers import Flatten, Input, Linear
from cnnviz.net.plan import Plan

from .saying import Said, asked, refused, save, tiny


@pytest.fixture
def runs(tmp_path: Path, capsys: Said) -> list[str]:
    """Three run folders of one network with seeds 3, 4, 5."""
    net, folders = tiny(tmp_path), [str(tmp_path / f"run{i}") for i in range(3)]
    for seed, folder in enumerate(folders, 3):
        assert app.main(["train", net, "--out", folder, "--epochs", "1", "--seed", str(seed)]) == 0
    capsys.readouterr()
    return folders


def softmax(folder: str, x: np.ndarray) -> np.ndarray:
    w = read_weights(Path(folder) / "weights" / "last.safetensors")
    flat = torch.from_numpy(x.reshape(len(x), -1))
    return torch.softmax(flat @ w["fc.weight"].T + w["fc.bias"], 1).double().numpy()


@pytest.mark.parametrize("split", ("test", "train"))
def test_what_each_adds_is_what_numpy_finds(runs: list[str], capsys: Said, split: str) -> None:
    said = json.loads(asked(capsys, "ensemble", *runs, "--split", split, "--json"))
    found = data.load("digits", "", Input(1, (8, 8)))
    x, y = (found.train_x, found.train_y) if split == "train" else (found.test_x, found.test_y)
    p = [softmax(folder, x) for folder in runs]
    assert (said["data"], said["split"], said["pictures"]) == ("digits", split, len(y))
    assert [(m["run"], m["seed"], m["step"]) for m in said["members"]] == [(r, 3 + i, 6) for i, r in enumerate(runs)]
    for k, m in enumerate(said["members"]):
        together = np.mean(p[: k + 1], axis=0)
        rest = np.mean([a for i, a in enumerate(p) if i != k], axis=0)
        for name, average in (("alone", p[k]), ("together", together), ("without", rest)):
            assert m[name]["top1_error"] == pytest.approx(np.mean(average.argmax(1) != y))
            assert m[name]["loss"] == pytest.approx(-np.mean(np.log(average[np.arange(len(y)), y])), rel=1e-5)


def test_it_prints_a_line_for_each(runs: list[str], capsys: Said) -> None:
    out = asked(capsys, "ensemble", *runs)
    assert "3 networks" in out and "359 held-out pictures of digits" in out
    lines = out.splitlines()[3:]
    assert [line.split()[:3] for line in lines] == [[str(k), r, str(2 + k)] for k, r in enumerate(runs, 1)]
    assert asked(capsys, "ensemble", runs[0]).startswith("1 network on 359 held-out pictures")


def test_what_cannot_answer_together_says_why(runs: list[str], tmp_path: Path, capsys: Said) -> None:
    assert "no run folder" in refused(capsys, "ensemble", runs[0], str(tmp_path))
    dice = np.random.default_rng(0)
    np.savez(tmp_path / "other.npz", x_train=dice.random((20, 8, 8), np.float32), y_train=np.arange(20) % 4)
    four = save(
        tmp_path / "four.cnnviz",
        Node("input", Input(1, (8, 8))),
        Node("flatten", Flatten(), ("input",)),
        Node("fc", Linear(4), ("flatten",)),
        plan=Plan(epochs=1, threads=1, data=str(tmp_path / "other.npz")),
    )
    assert app.main(["train", four, "--out", str(tmp_path / "four")]) == 0
    capsys.readouterr()
    assert "four" in refused(capsys, "ensemble", runs[0], str(tmp_path / "four"))
    assert "nowhere" in refused(capsys, "ensemble", *runs, "--data", "nowhere")
