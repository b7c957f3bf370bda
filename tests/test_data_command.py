"""`cnnviz data`: what it says of a data set, and its download."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cnnviz.app import main
from cnnviz.commands.progress import Pictures
from cnnviz.engine.data import load
from cnnviz.net.layers import Input

from .engine.data.pictures import put, put_classes
from .engine.data.test_fetching import put_mnist, server  # noqa: F401  # the fixture
from .engine.server import Server


def said(capsys, *words: str) -> str:
    assert main(["data", *words]) == 0
    return capsys.readouterr().out


def test_digits(capsys: pytest.CaptureFixture) -> None:
    lines = said(capsys, "digits").splitlines()
    assert lines[0] == "digits · 1×8×8 · 1,438 to train on · 359 held out · 10 classes"
    assert lines[2].split() == ["class", "train", "held", "out"] and lines[3].split()[:3] == ["0", "147", "31"]
    assert lines[-2:] == [
        "Values 0…1 of the pictures trained on: mean 0.3054; deviation 0.3759",
        "No picture is there twice.",
    ]
    found = json.loads(said(capsys, "digits", "--json"))
    x = load("digits", "", Input(1, (8, 8))).train_x.astype(float)
    assert found["mean"] == pytest.approx([x.mean()]) and found["std"] == pytest.approx([x.std()])
    assert json.loads(said(capsys, "sentences", "--json"))["mean"] is None


def test_for_programs(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    put_classes(tmp_path / "train", 3)
    put_classes(tmp_path / "val", 1)
    put(tmp_path / "val/dog/1.png", 7)
    (tmp_path / "train/cat/x.png").write_text("x")
    found = json.loads(said(capsys, str(tmp_path), "--json"))
    assert found["classes"] == [{"name": "cat", "train": 3, "test": 1}, {"name": "dog", "train": 3, "test": 2}]
    assert found["leaked"] == [0, 1] and found["size"] is None and found["broken"][0]["file"] == "train/cat/x.png"
    text = said(capsys, str(tmp_path))
    assert "2 held-out pictures are trained on, too (train with --drop-leaks" in text
    assert "1 file of" in text and "  train/cat/x.png: x.png is not a picture" in text


def test_shapes_and_sentences(capsys: pytest.CaptureFixture) -> None:
    assert said(capsys, "shapes").startswith("shapes · 1×32×32 · 2,000 to train on · 500 held out · 4 classes")
    assert said(capsys, "sentences").startswith("sentences · words · 1,600 to train on · 400 held out · 2 classes")


def test_what_is_not_there_says_how_to_get_it(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    for words in (["data", "mnist"], ["train", "lenet5", "--data", "mnist", "--out", str(tmp_path / "run")]):
        assert main([*words, "--data-dir", str(tmp_path)]) == 1
        told = capsys.readouterr().err
        assert told.startswith("cnnviz: ") and told.count("\n") == 1
        assert told.endswith(f"“cnnviz data mnist --data-dir {tmp_path} --download” downloads it (12 MB).\n")
    assert main(["data", "digits", "--download"]) == 1
    assert "digits cannot be downloaded. Known are mnist," in capsys.readouterr().err


def test_download(capsys: pytest.CaptureFixture, tmp_path: Path, server: Server) -> None:  # noqa: F811
    put_mnist(server)
    text = said(capsys, "mnist", "--data-dir", str(tmp_path), "--download")
    assert text.startswith("mnist · 1×28×28 · 6 to train on · 4 held out · 10 classes")


def test_training_names_what_it_leaves_out(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    for i in range(20):
        put(tmp_path / "pets" / "abcdefghij"[i // 2] / f"{i}.png", i)
    (tmp_path / "pets/a/x.png").write_text("x")
    out = str(tmp_path / "run")
    assert main(["train", "lenet5", "--data", str(tmp_path / "pets"), "--epochs", "1", "--out", out]) == 0
    assert "1 file of " in capsys.readouterr().err


def test_progress_is_for_terminals() -> None:
    class Terminal:
        text = ""

        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> None:
            self.text += text

        def flush(self) -> None:
            """Nothing waits."""

    out = Terminal()
    bar = Pictures("pets", out)  # type: ignore[arg-type]
    bar._drawn = -1.0
    assert bar.show(1000, 5000) and "reading pets: 1,000 of 5,000 pictures" in out.text
    bar.end()
    assert out.text.endswith("\r\x1b[K") and np.isfinite(bar._drawn)
