"""`cnnviz train NET --fit`: a network of other classes than the data's is told of, and fitted to them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from cnnviz import app
from cnnviz.engine.record.reader import Reader
from cnnviz.link import runs

from .saying import Said, asked, metrics, refused, tiny

MODEL = """
import torch
from torch import nn

class Odd(nn.Module):
    def forward(self, x):
        return torch.special.erf(x)

def make():
    torch.manual_seed(3)
    return nn.Sequential(nn.Conv2d(1, 4, 3), Odd(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(64, 7))
"""


@pytest.fixture
def four(tmp_path: Path) -> str:
    """A data set of four classes."""
    dice = np.random.default_rng(0)
    x, y = dice.random((40, 8, 8), np.float32), np.arange(40) % 4
    np.savez(tmp_path / "four.npz", x_train=x, y_train=y)
    return str(tmp_path / "four.npz")


def first(run: Path) -> dict[str, torch.Tensor]:
    """The weights before the first step."""
    reader = Reader(run / runs.TRACKS)
    reader.refresh()
    return dict(reader.read(0))


def test_other_classes_are_told_with_the_way_out(tmp_path: Path, capsys: Said, four: str) -> None:
    net, run = tiny(tmp_path), tmp_path / "run"
    wrong = f"gives 10, but needs one value for each of the 4 classes of {four}. "
    said = refused(capsys, "train", net, "--data", four, "--out", str(run))
    assert said.endswith(wrong + "--fit mends that: Set out_features of fc to 4.")
    said = refused(capsys, "evaluate", net, "--data", four)
    assert wrong + "Choose the data set that it was trained on, or train it" in said
    assert not run.exists()


def test_it_is_fitted_and_goes_on_as_it_was(tmp_path: Path, capsys: Said, four: str) -> None:
    net = tiny(tmp_path)
    for name, epochs in (("whole", "3"), ("parts", "1")):
        given = ["train", net, "--fit", "--data", four, "--out", str(tmp_path / name)]
        assert app.main([*given, "--epochs", epochs]) == 0
        assert " to 4." in capsys.readouterr().err.splitlines()[0]
    assert app.main([*given, "--epochs", "3", "--resume"]) == 0
    assert metrics(tmp_path / "parts") == metrics(tmp_path / "whole")
    analysis = runs.network(tmp_path / "whole").analyze()
    assert analysis[analysis.graph.ends[0]].out == (4,)
    capsys.readouterr()
    said = refused(capsys, "evaluate", net, "--weights", str(tmp_path / "whole"))
    assert said.endswith(f"The weights are of another network. Give that one: {tmp_path / 'whole' / 'network.cnnviz'}.")
    out = asked(capsys, "evaluate", str(tmp_path / "whole" / "network.cnnviz"), "--weights", str(tmp_path / "whole"))
    assert f"pictures of {four}" in out


def test_what_fits_already_stays_as_it_is(tmp_path: Path, capsys: Said) -> None:
    net = tiny(tmp_path)
    for name, more in (("a", ["--fit"]), ("b", [])):
        assert app.main(["train", net, "--out", str(tmp_path / name), *more]) == 0
        assert "Set " not in capsys.readouterr().err
    assert metrics(tmp_path / "a") == metrics(tmp_path / "b")


def test_weights_of_other_classes_are_taken_but_for_the_last_layer(tmp_path: Path, four: str) -> None:
    for name, more in (("old", []), ("new", ["--fit", "--data", four, "--weights", str(tmp_path / "old")])):
        assert (
            app.main(["train", "lenet5", "--epochs", "1", "--threads", "1", "--out", str(tmp_path / name), *more]) == 0
        )
    begun = first(tmp_path / "new")
    reader = Reader(tmp_path / "old" / runs.TRACKS)
    reader.refresh()
    learned = reader.read(reader.steps[-1])
    same = {name for name, value in begun.items() if torch.equal(value, learned[name])}
    assert {name.partition(".")[0] for name in begun.keys() - same} == {"output"}


def test_a_model_keeps_its_own_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, four: str) -> None:
    (tmp_path / "fitted_model.py").write_text(MODEL)
    monkeypatch.syspath_prepend(tmp_path)
    run = tmp_path / "run"
    given = ["train", "fitted_model:make", "--input", "1,8,8", "--data", four, "--fit", "--out", str(run)]
    try:
        assert app.main([*given, "--epochs", "1"]) == 0
        weight = sys.modules["fitted_model"].make()[0].weight.detach()
    finally:
        sys.modules.pop("fitted_model", None)
    begun = first(run)
    (name,) = (n for n, v in begun.items() if v.shape == weight.shape)
    assert torch.equal(begun[name], weight.half().float())
    assert {tuple(v.shape) for v in begun.values()} >= {(4, 64), (4,)}
