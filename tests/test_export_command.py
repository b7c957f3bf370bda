"""`cnnviz export`: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cnnviz import app
from cnnviz.net import files
from cnnviz.net.graph import Node
from cnnviz.net.layers import Conv2d, Flatten, Input, Linear, MaxPool2d
from cnnviz.net.presets import preset

from .saying import HERE, Said, asked, refused, save, tiny

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def trained(folder: Path, capsys: Said) -> tuple[str, Path]:
    net, run = tiny(folder), folder / "run"
    assert app.main(["train", net, "--out", str(run)]) == 0
    capsys.readouterr()
    return net, run


def test_python_with_weights_runs_with_torch_alone(tmp_path: Path, capsys: Said) -> None:
    net, run = trained(tmp_path, capsys)
    out = tmp_path / "mine.py"
    said = asked(capsys, "export", net, "--to", "python", "-o", str(out), "--weights", str(run))
    assert said.endswith("differs from the network by at most 0.\n") and "mine.safetensors" in said
    text = out.read_text("utf-8")
    assert "net.load_state_dict(load_file('mine.safetensors'))" in text and "650 parameters" in text
    code = (
        "import sys, torch; from mine import Net; from safetensors.torch import load_file\n"
        "net = Net(); net.load_state_dict(load_file('mine.safetensors'))\n"
        "assert not [m for m in sys.modules if m.startswith('cnnviz')]\n"
        "print(net(torch.ones(1, 1, 8, 8)).argmax().item())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    weights = load_file(run / "weights" / "last.safetensors")
    mine = torch.ones(1, 64) @ weights["fc.weight"].T + weights["fc.bias"]
    assert int(done.stdout) == mine.argmax().item()


def test_the_weights_of_a_network_file_are_not_written_over(tmp_path: Path, capsys: Said) -> None:
    net, run = trained(tmp_path, capsys)
    out = str(tmp_path / "tiny.py")
    assert "Choose another name" in refused(capsys, "export", net, "--to", "python", "-o", out, "--weights", str(run))
    assert not (tmp_path / "tiny.py").exists()


def test_weights_that_are_no_export_are_not_written_over(tmp_path: Path, capsys: Said) -> None:
    net, run = trained(tmp_path, capsys)
    (tmp_path / "mine.safetensors").write_text("another program's")
    again = ("export", net, "--to", "python", "-o", str(tmp_path / "mine.py"), "--weights", str(run))
    assert "there already" in refused(capsys, *again) and not (tmp_path / "mine.py").exists()
    assert (tmp_path / "mine.safetensors").read_text() == "another program's"
    (tmp_path / "mine.safetensors").unlink()
    asked(capsys, *again)
    asked(capsys, *again)


def test_onnx(tmp_path: Path, capsys: Said) -> None:
    net, run = trained(tmp_path, capsys)
    said = asked(capsys, "export", net, "--to", "onnx", "-o", str(tmp_path / "a.onnx"), "--weights", str(run))
    assert "differs from the network by at most" in said and (tmp_path / "a.onnx").stat().st_size > 2600


def test_keras(tmp_path: Path, capsys: Said) -> None:
    net, run = trained(tmp_path, capsys)
    said = asked(capsys, "export", net, "--to", "keras", "-o", str(tmp_path / "k.py"), "--weights", str(run))
    assert "differs from the network by at most" in said and "k.weights.h5" in said
    assert "model.load_weights('k.weights.h5')" in (tmp_path / "k.py").read_text("utf-8")
    assert (tmp_path / "k.weights.h5").is_file()


def test_json_svg_and_png(tmp_path: Path, capsys: Said) -> None:
    asked(capsys, "export", "lenet5", "--to", "json", "-o", str(tmp_path / "a.cnnviz"))
    assert files.read(tmp_path / "a.cnnviz").graph == preset("lenet5").graph
    assert json.loads((tmp_path / "a.cnnviz").read_text("utf-8"))["format"] == files.FORMAT
    asked(capsys, "export", "lenet5", "--to", "svg", "-o", str(tmp_path / "a.svg"))
    assert (tmp_path / "a.svg").read_text("utf-8").startswith("<svg ")


def test_a_picture_needs_no_display(tmp_path: Path) -> None:
    argv = [sys.executable, "main.py", "export", "lenet5", "--to", "png", "-o", str(tmp_path / "a.png")]
    done = subprocess.run(argv, cwd=HERE, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("to", ["python", "onnx", "keras", "svg"])
def test_a_broken_network_is_refused(to: str, tmp_path: Path, capsys: Said) -> None:
    net = save(tmp_path / "a.cnnviz", Node("input", Input(1, (8, 8))), Node("fc", Linear(10), ("input",)))
    said = refused(capsys, "export", net, "--to", to, "-o", str(tmp_path / "out"))
    assert "fc: Linear needs a vector" in said and not (tmp_path / "out").exists()


def test_what_keras_lacks_and_weights_of_another_network(tmp_path: Path, capsys: Said) -> None:
    nodes = Node("input", Input(1, (8, 8))), Node("pool", MaxPool2d(3, 2, 1), ("input",))
    net = save(tmp_path / "a.cnnviz", *nodes)
    assert "pool: MaxPool2d" in refused(capsys, "export", net, "--to", "keras", "-o", str(tmp_path / "k.py"))
    other = save(
        tmp_path / "b.cnnviz",
        Node("input", Input(1, (8, 8))),
        Node("conv", Conv2d(), ("input",)),
        Node("flat", Flatten(), ("conv",)),
    )
    _net, run = trained(tmp_path, capsys)
    said = refused(capsys, "export", other, "--to", "python", "-o", str(tmp_path / "o.py"), "--weights", str(run))
    assert "has no weights that fit conv" in said


def test_onnx_files_and_models_are_networks_too(tmp_path: Path, capsys: Said) -> None:
    net, run = trained(tmp_path, capsys)
    there, back = str(tmp_path / "a.onnx"), str(tmp_path / "b.py")
    asked(capsys, "export", net, "--to", "onnx", "-o", there, "--weights", str(run))
    assert "650" in asked(capsys, "summary", there)
    assert "at most 0." in asked(capsys, "export", there, "--to", "python", "-o", back)
    ours, theirs = load_file(run / "weights" / "last.safetensors"), load_file(tmp_path / "b.safetensors")
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)
    asked(capsys, "export", "torchvision:squeezenet1_1", "--to", "json", "-o", str(tmp_path / "s.cnnviz"))
    assert refused(capsys, "summary", str(tmp_path / "none.onnx")).startswith("none.onnx: No such file")
