"""The commands that read a network: what they print for people and for programs, and how they refuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import cnnviz
from cnnviz import app, cli
from cnnviz.commands.table import aligned, width
from cnnviz.engine.build import Net
from cnnviz.net import files, presets
from cnnviz.net.graph import Graph, Node
from cnnviz.net.layers import Flatten, Input, Linear
from cnnviz.net.network import Network
from cnnviz.net.presets import preset

from .saying import HERE, Said, asked, refused, save


# ── networks and summary ─────────────────────────────────────────────────────────────────────────────────────────────
def test_networks(capsys: Said) -> None:
    found = json.loads(asked(capsys, "networks", "--json"))
    assert {n["name"]: (n["params"], n["macs"]) for n in found}["lenet5"] == (61_706, 416_520)
    assert [n["name"] for n in found] == list(presets.presets())
    assert all(set(n) == {"name", "title", "input", "params", "macs"} and len(n["input"]) == 3 for n in found)
    text = asked(capsys, "networks")
    assert "minivggnet" in text and "2,169,770" in text


def test_summary_for_programs(capsys: Said) -> None:
    made = json.loads(asked(capsys, "summary", "lenet5", "--json"))
    assert set(made) == {"network", "input", "layers", "totals"}
    assert (made["network"], made["input"]) == ("lenet5", [1, 32, 32])
    rest = {"fixed": 0, "activation_bytes": made["totals"]["activation_bytes"]}
    assert made["totals"] == {"params": 61_706, "macs": 416_520, "connections": 423_038} | rest
    assert [n["params"] for n in made["layers"] if n["params"]] == [156, 2_416, 48_120, 10_164, 850]
    assert sum(n["activation_bytes"] for n in made["layers"]) == made["totals"]["activation_bytes"]
    by_id = {n["id"]: n for n in made["layers"]}
    assert by_id["C3"] == {
        "id": "C3",
        "type": "Conv2d",
        "group": "",
        "out": [16, 10, 10],
        "params": 2_416,
        "fixed": 0,
        "macs": 240_000,
        "connections": 241_600,
        "activation_bytes": 6_400,
        "receptive_field": {"size": [14, 14], "stride": [2, 2], "padding": [0, 0], "aligned": True},
        "problem": None,
    }
    assert by_id["F6"]["receptive_field"] is None
    made = json.loads(asked(capsys, "summary", "lenet5-1998", "--json"))
    assert (made["totals"]["params"], made["totals"]["fixed"]) == (60_000, 840)
    assert [n["fixed"] for n in made["layers"] if n["fixed"]] == [840]
    joined = [n["connections"] for n in made["layers"] if n["connections"]]
    assert joined == [122_304, 5_880, 151_600, 2_000, 48_120, 10_164, 840]
    assert made["totals"]["connections"] == sum(joined) == 340_908


def test_summary_for_people(capsys: Said) -> None:
    text = asked(capsys, "summary", "lenet5")
    assert "48,120" in text and "61,706" in text and "416,520" in text and "14×14" in text
    lines = text.splitlines()
    ends = {line.index(number) + len(number) for line in lines for number in ("48,120", "61,706") if number in line}
    assert len(ends) == 1  # numbers stand under each other


def test_summary_with_another_input(capsys: Said) -> None:
    made = json.loads(asked(capsys, "summary", "convnetjs-cifar10", "--input", "3,64,40", "--json"))
    assert made["input"] == [3, 64, 40]
    assert made["layers"][-2]["out"] == [20 * 8 * 5]


def test_another_number_of_channels_keeps_the_normalisation_possible(capsys: Said, tmp_path: Path) -> None:
    net = save(tmp_path / "rgb.cnnviz", Node("input", Input(3, (8, 8), mean=(0.4, 0.5, 0.6))))
    assert json.loads(asked(capsys, "summary", net, "--input", "1,8,8", "--json"))["input"] == [1, 8, 8]


def test_a_broken_network_is_shown_and_refused(capsys: Said) -> None:
    assert app.main(["summary", "tinyvgg", "--input", "3,8,8", "--json"]) == 1
    out, err = capsys.readouterr()
    layers = {n["id"]: n for n in json.loads(out)["layers"]}
    assert layers["conv2_1"]["problem"]["code"] == "shape.window"
    assert layers["output"]["problem"] == {"code": "waits", "text": "Waits for conv2_1."}
    assert layers["output"]["out"] is None
    assert err.startswith("cnnviz: tinyvgg: conv2_1: Conv2d's 3×3 window does not fit its 10×2×2 input.")
    assert err.count("\n") == 1
    assert app.main(["summary", "tinyvgg", "--input", "3,8,8"]) == 1
    assert "waits for conv2_1" in capsys.readouterr().out


def test_an_empty_network_is_refused(capsys: Said, tmp_path: Path) -> None:
    files.write(tmp_path / "a.cnnviz", Network(Graph()))
    assert "The network is empty." in refused(capsys, "summary", str(tmp_path / "a.cnnviz"))


def test_a_network_without_input_has_none_to_replace(capsys: Said, tmp_path: Path) -> None:
    net = save(tmp_path / "a.cnnviz", Node("f", Flatten()))
    assert "has no Input" in refused(capsys, "summary", net, "--input", "1,8,8")


# ── usage ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "argv",
    [
        ["export", "lenet5"],
        ["lenet"],
        ["summary"],
        ["summary", "lenet5", "--input", "1,2"],
        ["summary", "lenet5", "--input", "0,8,8"],
        ["summary", "lenet5", "--input", "a,b,c"],
        ["train", "lenet5"],
        ["train", "lenet5", "--out", "r", "--optimizer", "newton"],
        ["train", "lenet5", "--out", "r", "--epochs", "many"],
        ["train", "lenet5", "--out", "r", "--epochs", "0"],
        ["train", "lenet5", "--out", "r", "--lr", "nan"],
        ["activations", "lenet5", "--layer", "C1"],
        ["--nonsense"],
    ],
)
def test_wrong_usage_is_status_2(argv: list[str], capsys: Said) -> None:
    with pytest.raises(SystemExit) as e:
        app.main(argv)
    assert e.value.code == 2
    said, where = capsys.readouterr().err.splitlines()
    command = " ".join(("cnnviz", *argv[:1])) if argv[0] in cli.COMMANDS else "cnnviz"
    assert said.startswith(f"{command}: error: ") and where == f"“{command} --help” lists what it takes."


@pytest.mark.parametrize(
    ("argv", "meant"),
    [
        (["trian", "lenet5"], "train"),
        (["lenet"], "lenet5"),
        (["train", "lenet5", "--out", "r", "--epochz", "3"], "--epochs"),
        (["train", "lenet5", "--out", "r", "--optimizer", "sdg"], "sgd"),
    ],
)
def test_a_slip_of_the_finger_is_understood(argv: list[str], meant: str, capsys: Said) -> None:
    with pytest.raises(SystemExit):
        app.main(argv)
    assert f"Did you mean {meant}?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--epochs", "0", "epochs must lie in 1…100,000, but is 0."),
        ("--batch", "-3", "batch_size must lie in 1…65,536, but is -3."),
        ("--lr", "-1", "lr must lie in 0…1e+12, but is -1."),
        ("--momentum", "1", "momentum must lie in 0…0.9999, but is 1."),
        ("--weight-decay", "inf", "weight_decay must lie in"),
        ("--seed", "1.5", 'seed must be a whole number, but is the text "1.5".'),
        ("--threads", "9999", "threads must lie in 0…1,024, but is 9,999."),
    ],
)
def test_a_wrong_number_of_the_plan_names_its_option(option: str, value: str, says: str, capsys: Said) -> None:
    with pytest.raises(SystemExit) as e:
        app.main(["train", "lenet5", "--out", "r", option, value])
    assert e.value.code == 2
    names = {"--batch": "--batch/--batch-size"}
    assert f"error: argument {names.get(option, option)}: {says}" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder in which nobody can make one")
def test_the_demo_names_the_folder_it_cannot_make(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cnnviz", "demo", "--out", "/proc/d"]
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, cwd=HERE, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == (
        "cnnviz: The folder /proc/d cannot be made (No such file or directory). Choose another with --out.\n"
    )


def test_help_and_version(capsys: Said) -> None:
    for flag, says in (("--help", "summary"), ("--version", cnnviz.__version__)):
        with pytest.raises(SystemExit) as e:
            app.main([flag])
        assert e.value.code == 0
        assert says in capsys.readouterr().out


@pytest.mark.parametrize("argv", [[], ["lenet5"], ["some.cnnviz"], [os.path.join("folder", "x")]])
def test_the_window_takes_a_network(argv: list[str]) -> None:
    args = cli.parse(argv)
    assert (args.command, args.file) == ("window", (argv or [""])[0])


def test_a_file_that_is_not_there_opens_no_window(capsys: Said, tmp_path: Path) -> None:
    assert "There is no such file." in refused(capsys, str(tmp_path / "gone.cnnviz"))


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["summary", "lenet"], "Did you mean “lenet5”?"),
        (["summary", "gone.cnnviz"], "gone.cnnviz: There is no such file."),
        (["train", "lenet5", "--out", "r", "--data", "digitz"], "There is no data set digitz."),
        (["train", "lenet5", "--out", "r", "--device", "tpu"], "There is no device tpu here."),
        (["train", "tinyvgg", "--out", "r", "--data-dir", "nowhere"], "or train on digits."),
        (["train", "lenet5", "--out", "r", "--resume"], "r holds no run to go on with."),
        (["activations", "lenet5", "--image", "no.png", "--layer", "C1", "-o", "a.npy"], "no.png"),
        (["activations", "lenet5", "--image", "no.png", "--layer", "C2", "-o", "a.npy"], "has no layer “C2”."),
    ],
)
def test_wrong_words_are_status_1(
    argv: list[str], says: str, capsys: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert says in refused(capsys, *argv)
    assert not list(tmp_path.iterdir())


# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_columns_stand_under_each_other() -> None:
    text = aligned([("층", "n"), ("conv", "10")], right=(1,))
    assert text == "층     n\nconv  10"
    assert width("합성곱 2") == 8


# ── Python ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_python_interface(tmp_path: Path) -> None:
    net = cnnviz.load("lenet5")
    assert isinstance(net, cnnviz.Network) and net.graph == preset("lenet5").graph
    module = net.to_torch()
    assert isinstance(module, Net)
    assert sum(p.numel() for p in module.parameters()) == net.analyze().params == 61_706
    assert module(torch.zeros(2, 1, 32, 32)).shape == (2, 10)
    space: dict[str, Any] = {}
    exec(net.to_python(), space)
    copy = space["Net"]()
    copy.load_state_dict(module.state_dict())
    x = torch.rand(2, 1, 32, 32)
    assert torch.equal(copy(x), module(x))
    net.save(tmp_path / "a.cnnviz")
    assert cnnviz.load(tmp_path / "a.cnnviz") == net
    with pytest.raises(files.FileError):
        cnnviz.load("lenet")
    assert {"load", "Network"} <= set(dir(cnnviz))
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        cnnviz.lod  # noqa: B018


def test_a_broken_network_is_no_module(tmp_path: Path) -> None:
    path = save(tmp_path / "a.cnnviz", Node("input", Input()), Node("fc", Linear(), ("input",)))
    with pytest.raises(ValueError, match=r"^fc: Linear needs a vector"):
        cnnviz.load(path).to_torch()
    with pytest.raises(ValueError, match=r"^fc: Linear needs a vector"):
        cnnviz.load(path).to_python()
