"""Torch modules at the doors: `cnnviz summary torchvision:NAME`, `package.module:callable`, and from Python."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

import cnnviz
from cnnviz import app
from cnnviz.engine.foreign.mapper import ModelError
from cnnviz.engine.vision import VisionError
from cnnviz.net.presets import is_model

from .engine.foreign import nasty

Said = pytest.CaptureFixture[str]
HERE = "tests.engine.foreign.nasty"


def summary(capsys: Said, *argv: str) -> dict[str, object]:
    """What `cnnviz summary … --json` says."""
    assert app.main(["summary", *argv, "--json"]) == 0
    said: dict[str, object] = json.loads(capsys.readouterr().out)
    return said


def refused(capsys: Said, *argv: str) -> str:
    """What a command that fails says, in one line."""
    assert app.main(list(argv)) == 1
    said = capsys.readouterr().err
    assert said.startswith("cnnviz: ") and said.count("\n") == 1
    return said


def test_torchvision_by_name(capsys: Said) -> None:
    said = summary(capsys, "torchvision:squeezenet1_1")
    assert said["input"] == [3, 224, 224]
    assert said["totals"]["params"] == 1_235_496  # type: ignore[index]
    assert round(said["totals"]["macs"] / 1e9, 3) == 0.349  # type: ignore[index]
    assert "uncosted" not in said["totals"]  # type: ignore[operator]
    assert {layer["problem"] for layer in said["layers"]} == {None}  # type: ignore[attr-defined]
    assert summary(capsys, "torchvision:squeezenet1_1", "--input", "3,64,96")["input"] == [3, 64, 96]


def test_a_module_of_ones_own(capsys: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine_here.py").write_text(
        "from torch import nn\nclass A:\n    net = nn.Sequential(nn.Conv2d(1, 2, 3))\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert summary(capsys, "mine_here:A.net", "--input", "1,8,8")["totals"]["params"] == 20  # type: ignore[index]


def test_what_is_not_known_says_so(capsys: Said) -> None:
    said = summary(capsys, f"{HERE}:Odd", "--input", "3,8,8")
    foreign = [layer for layer in said["layers"] if layer["type"] == "Foreign"]  # type: ignore[attr-defined]
    assert foreign and {layer["macs"] for layer in foreign} == {None}
    assert said["totals"]["uncosted"] == [layer["id"] for layer in foreign]  # type: ignore[index]
    assert app.main(["summary", f"{HERE}:Odd", "--input", "3,8,8"]) == 0
    text = capsys.readouterr().out
    assert "Foreign (roll)" in text and " + ?" in text and "unknown" in text
    assert "Layers whose cost is not known: 9." in text
    assert "The output does not come from the weights of unused; they are left out." in text


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["torchvision:resnet51"], "torchvision:resnet51: torchvision has no classification model “resnet51”."),
        ([f"{HERE}:Odd"], f"{HERE}:Odd: Say what the model takes, as channels, height and width"),
        ([f"{HERE}:Odd", "--input", "4,8,8"], f"{HERE}:Odd: conv.conv2d: the model's own code fails here: "),
        ([f"{HERE}:Nope", "--input", "3,8,8"], f"{HERE}:Nope: {HERE} has no Nope."),
        (["no_such_package:f", "--input", "3,8,8"], "no_such_package cannot be imported: No module named"),
        ([f"{HERE}:SHAPE", "--input", "3,8,8"], "SHAPE is neither a module nor a function that gives one."),
        (["math:sqrt", "--input", "3,8,8"], "math:sqrt: Calling sqrt fails: "),
        (["os:getcwd", "--input", "3,8,8"], "os:getcwd: getcwd gives a str, not a torch.nn.Module."),
    ],
)
def test_what_goes_wrong_is_one_line(argv: list[str], says: str, capsys: Said) -> None:
    assert says in refused(capsys, "summary", *argv)


def test_names_of_models() -> None:
    assert is_model("torchvision:resnet50") and is_model("a.b:c.d")
    assert is_model("모델.망:만들기") and is_model("netz.größe:Café")
    for name in ("lenet5", "a.cnnviz", r"C:\nets\a.cnnviz", "C:/a", "torchvision:", ":f", "a b:c", "1a:b", "가 나:다"):
        assert not is_model(name)


# ── Python ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_load() -> None:
    torch.manual_seed(0)
    net = cnnviz.load("torchvision:squeezenet1_1")
    assert isinstance(net, cnnviz.Network) and net.analyze().params == 1_235_496
    module, x = net.to_torch().eval(), torch.randn(1, 3, 64, 64)
    torch.manual_seed(0)
    with torch.no_grad():
        assert torch.equal(module(x), cnnviz.load("torchvision:squeezenet1_1").to_torch().eval()(x))
    assert cnnviz.load(f"{HERE}:Odd", (3, 8, 8)).analyze().uncosted
    with pytest.raises(VisionError):
        cnnviz.load("torchvision:resnet51")
    with pytest.raises(ModelError):
        cnnviz.load(f"{HERE}:Odd")


def test_summary_of_a_module() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    for size in ((3, 8, 8), [3, 8, 8], (2, 3, 8, 8), torch.zeros(2, 3, 8, 8), (torch.zeros(1, 3, 8, 8),)):
        net = cnnviz.summary(model, size)
        assert net.analyze().params == sum(p.numel() for p in model.parameters())
    assert "linear_3" in str(net) and "total" in str(net)
    with torch.no_grad():
        assert torch.equal(net.to_torch()(torch.ones(1, 3, 8, 8)), model(torch.ones(1, 3, 8, 8)))


def test_the_network_can_travel_to_the_window() -> None:
    network = cnnviz.summary(nasty.Attention(), nasty.SHAPE).imported.network  # type: ignore[union-attr]
    copy = pickle.loads(pickle.dumps(network))
    assert copy == network
    assert copy.analyze().params == network.analyze().params


def test_a_file_keeps_what_is_known_of_foreign_parts(tmp_path: Path) -> None:
    net = cnnviz.summary(nasty.Attention(), nasty.SHAPE)
    net.save(tmp_path / "a.cnnviz")
    back = cnnviz.load(tmp_path / "a.cnnviz")
    assert back.graph == net.graph
    assert back.analyze().params == net.analyze().params and not back.analyze().problems
    with pytest.raises(
        ValueError, match=r"^concat is a part of an imported model\. Import the model again to run it\."
    ):
        back.to_torch()
    with pytest.raises(ValueError, match="is a part of an imported model: it has no source text here"):
        back.to_python()
    for settings in ('{"name": 3}', '{"shape": "x"}', '{"takes": [3]}', '{"parameters": -1}', '{"colour": 1}'):
        text = (
            '{"format": 1, "nodes": [{"id": "input", "type": "Input"}, {"id": "a", "type": "Foreign", "settings": '
            f'{settings}, "sources": ["input"]}}]}}'
        )
        (tmp_path / "b.cnnviz").write_text(text)
        with pytest.raises(ValueError, match=r"b\.cnnviz: a: "):
            cnnviz.load(tmp_path / "b.cnnviz")
