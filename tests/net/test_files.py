"""Network files: what is written is read back; what is wrong is said in one line with file, place and cure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cnnviz.net import files, presets
from cnnviz.net.files import FileError
from cnnviz.net.graph import Graph, Node, graph
from cnnviz.net.layers import TYPES, Conv2d, Input, Linear, ReLU, kinds
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan


def small() -> Network:
    g = graph(
        (
            Node("input", Input(1, (8, 9), mean=(0.5,))),
            Node("C1", Conv2d(4, (3, 5), padding="same", bias=False), ("input",), "layer1/0", (184.0, -2.5)),
            Node("합성곱", ReLU(), ("C1",), pos=(1.0 / 3.0, 4.0)),
        )
    )
    return Network(g, "small", "작은 “net”", "Two\nlines.", Plan(lr=0.1, optimizer="sgd", data="shapes"))


def entry(**fields: Any) -> dict[str, Any]:
    return {"id": "C1", "type": "Conv2d", "settings": {}, "sources": ["input"], "group": "", "pos": [0, 0]} | fields


def data(*nodes: Any, **fields: Any) -> dict[str, Any]:
    first = {"id": "input", "type": "Input", "settings": {}, "sources": [], "group": "", "pos": [0, 0]}
    return {"format": 1, "name": "net", "nodes": [first, *nodes]} | fields


def refusal(text: str | dict[str, Any]) -> str:
    """The one line that refuses this text."""
    with pytest.raises(FileError) as caught:
        files.parse(text if isinstance(text, str) else json.dumps(text), "net.cnnviz")
    line = str(caught.value)
    assert line.startswith("net.cnnviz: ")
    assert "\n" not in line and line.isprintable() and len(line) <= files.LONGEST + 5
    assert line.endswith((".", "?"))
    return line


# ── round trip ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_written_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "small.cnnviz"
    files.write(path, small())
    assert files.read(path) == small()


def test_the_same_network_gives_the_same_text_with_one_node_a_line() -> None:
    text = files.dump(small())
    assert text == files.dump(files.parse(text, "small.cnnviz"))
    assert [line.split('"')[3] for line in text.splitlines() if line.startswith("    {")] == ["input", "C1", "합성곱"]
    assert json.loads(text) == files.to_json(small())


def test_an_empty_network_is_a_network(tmp_path: Path) -> None:
    files.write(tmp_path / "empty.cnnviz", Network(Graph(), "empty"))
    assert files.read(tmp_path / "empty.cnnviz") == Network(Graph(), "empty")


@pytest.mark.parametrize("name", TYPES)
def test_every_layer_type_with_defaults_and_with_every_setting(name: str) -> None:
    layer = TYPES[name]()
    node = Node("a", layer)
    assert files.from_json(files.to_json(Network(graph((node,))))).graph.nodes == (node,)
    full = {k: list(v) if isinstance(v := getattr(layer, k), tuple) else v for k in kinds(type(layer))}
    read = files.from_json({"format": 1, "nodes": [{"id": "a", "type": name, "settings": full}]})
    assert read.graph["a"].layer == layer


def test_defaults_of_format_1() -> None:
    """Files leave defaults out, so a changed default changes what old files mean: it needs a new format number."""
    defaults = {name: {k: getattr(cls(), k) for k in kinds(cls)} for name, cls in TYPES.items()}
    pool = {"kernel_size": (2, 2), "stride": (2, 2), "padding": (0, 0), "ceil_mode": False}
    norm = {"eps": 1e-5, "momentum": 0.1, "affine": True}
    known: dict[str, dict[str, Any]] = {
        "Input": {"channels": 3, "size": (32, 32), "mean": (0.0,), "std": (1.0,)},
        "Flatten": {},
        "Conv2d": {
            "out_channels": 16,
            "kernel_size": (3, 3),
            "stride": (1, 1),
            "padding": (0, 0),
            "padding_mode": "zeros",
            "dilation": (1, 1),
            "groups": 1,
            "bias": True,
        },
        "ConvTranspose2d": {
            "out_channels": 16,
            "kernel_size": (2, 2),
            "stride": (2, 2),
            "padding": (0, 0),
            "output_padding": (0, 0),
            "dilation": (1, 1),
            "groups": 1,
            "bias": True,
        },
        "MaxPool2d": pool | {"dilation": (1, 1)},
        "AvgPool2d": pool | {"count_include_pad": True},
        "AdaptiveAvgPool2d": {"output_size": (1, 1)},
        "BatchNorm2d": norm,
        "BatchNorm1d": norm,
        "ReLU": {},
        "LeakyReLU": {"negative_slope": 0.01},
        "Tanh": {},
        "Sigmoid": {},
        "Softmax": {},
        "Linear": {"out_features": 10, "bias": True},
        "Add": {},
        "Concat": {},
        "Dropout": {"p": 0.5},
        "Dropout2d": {"p": 0.5},
    }
    assert {k: v for k, v in defaults.items() if k in known} == known


def test_fields_that_may_be_left_out() -> None:
    net = files.parse('{"format": 1, "nodes": [{"id": "input", "type": "Input"}]}', "my net.cnnviz")
    assert net == Network(graph((Node("input", Input()),)), "my net")


def test_sources_may_come_later_in_the_file() -> None:
    net = files.from_json({"format": 1, "nodes": [entry(), {"id": "input", "type": "Input"}]})
    assert [n.id for n in net.graph] == ["input", "C1"]


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "a.cnnviz").write_text(files.dump(small()), "utf-8-sig")
    assert files.read(tmp_path / "a.cnnviz") == small()


def test_a_network_that_does_not_fit_is_read_all_the_same() -> None:
    """Wrong shapes are a normal state of editing, not a fault of the file."""
    net = files.from_json(data(entry(type="Linear")))
    assert net.graph["C1"].layer == Linear()
    assert net.analyze()["C1"].problem is not None


# ── wrong contents ───────────────────────────────────────────────────────────────────────────────────────────────────
WRONG: dict[str, tuple[Any, str]] = {
    "no type": (
        data({k: v for k, v in entry().items() if k != "type"}),
        "net.cnnviz: C1: The field “type” is missing. Add it.",
    ),
    "no id": (
        data({k: v for k, v in entry().items() if k != "id"}),
        "net.cnnviz: node 2: The field “id” is missing. Add it.",
    ),
    "no nodes": ({"format": 1}, "net.cnnviz: The field “nodes” is missing. Add it."),
    "no format": ({"nodes": []}, "the field “format” is missing"),
    "a list": ("[]", "It is not a network"),
    "null": ("null", "It is not a network"),
    "nodes is an object": ({"format": 1, "nodes": {}}, "The field “nodes” must be a list of nodes."),
    "a node is a text": ({"format": 1, "nodes": ["a"]}, "node 1: It must be an object { … }."),
    "unknown field": (data(entry(colour="red")), "C1: The field “colour” is unknown. Remove it."),
    "unknown top field": (data(author="me"), "The field “author” is unknown. Remove it."),
    "unknown layer": (data(entry(type="Conv2D")), "C1: There is no layer type “Conv2D”. Did you mean “Conv2d”?"),
    "unknown layer, far": (data(entry(type="zzz")), "There is no layer type “zzz”. See the palette for what there is."),
    "unknown setting": (
        data(entry(settings={"kernel": 3})),
        "C1: Conv2d has no setting “kernel”. Did you mean “kernel_size”?",
    ),
    "no settings at all": (
        data(entry(type="ReLU", settings={"x": 1})),
        "C1: ReLU has no setting “x”. Remove it.",
    ),
    "negative kernel": (data(entry(settings={"kernel_size": -3})), "C1: kernel_size must lie in 1…1,024, but is -3."),
    "kernel of three": (data(entry(settings={"kernel_size": [3, 3, 3]})), "C1: kernel_size must be one whole number"),
    "kernel is true": (data(entry(settings={"kernel_size": True})), "C1: kernel_size must be a whole number"),
    "kernel is an object": (data(entry(settings={"kernel_size": {}})), "C1: kernel_size must be a whole number"),
    "kernel is enormous": (data(entry(settings={"kernel_size": 10**400})), "C1: "),
    "choice is a list": (data(entry(settings={"padding_mode": []})), "C1: padding_mode must be one of zeros, reflect"),
    "settings is a list": (data(entry(settings=[])), "C1: The field “settings” must be an object"),
    "sources is a text": (data(entry(sources="input")), "C1: The field “sources” must be a list of node ids."),
    "sources has a number": (data(entry(sources=[1])), "C1: The field “sources” must be a list of node ids."),
    "unknown source": (
        data(entry(sources=["inptu"])),
        "C1: It reads “inptu”, which is not there. Did you mean “input”?",
    ),
    "loop": (
        data(entry(sources=["C2"]), entry(id="C2", sources=["C1"])),
        "These nodes form a loop: C1, C2. Remove a source of one of them.",
    ),
    "kernel in quotes": (
        data(entry(settings={"kernel_size": "6"})),
        'C1: kernel_size must be a whole number, but is the text "6".',
    ),
    "plan in quotes": (data(plan={"lr": "0.1"}), 'plan: lr must be a number, but is the text "0.1".'),
    "reads itself": (data(entry(sources=["C1"])), "form a loop: C1"),
    "doubled id": (data(entry(), entry()), "C1: Two nodes have this id. Rename one."),
    "id is no name": (data(entry(id="9 a")), "9 a: The id must be a name"),
    "id is empty": (data(entry(id="")), "node 2: The id must be a name"),
    "id is a number": (data(entry(id=7)), "node 2: The field “id” must be a text."),
    "position NaN": (data(entry(pos=[0.0, float("nan")])), "C1: The field “pos” must be two numbers"),
    "position Infinity": (data(entry(pos=[float("inf"), 0])), "C1: The field “pos” must be two numbers"),
    "position -Infinity": (data(entry(pos=[float("-inf"), 0])), "C1: The field “pos” must be two numbers"),
    "position too far": (data(entry(pos=[1e300, 0])), "C1: The field “pos” must be two numbers"),
    "position of integers too long": (data(entry(pos=[10**400, 0])), "C1: The field “pos” must be two numbers"),
    "position in words": (data(entry(pos=["1", "2"])), "C1: The field “pos” must be two numbers"),
    "position of one": (data(entry(pos=[1])), "C1: The field “pos” must be two numbers"),
    "p is NaN": (data(entry(type="Dropout", settings={"p": float("nan")})), "C1: p must lie in 0…1, but is nan."),
    "future format": (
        {"format": 2, "anything": True},
        "It was made by a newer cnnviz (format 2; this one reads 1). Update cnnviz.",
    ),
    "format zero": (data(format=0), "The field “format” must be 1."),
    "format is a text": (data(format="1"), "The field “format” must be 1."),
    "format is true": (data(format=True), "The field “format” must be 1."),
    "plan with unknown setting": (
        data(plan={"epoch": 3}),
        "plan: A plan has no setting “epoch”. Did you mean “epochs”?",
    ),
    "plan out of range": (data(plan={"batch_size": 0}), "plan: batch_size must lie in 1…65,536, but is 0."),
    "plan with a bad text": (data(plan={"data": 3}), "plan: data must be a text."),
    "plan is a list": (data(plan=[]), "The field “plan” must be an object"),
    "cut off": (files.dump(small())[:120], "is not JSON"),
    "nothing": ("", "Line 1, column 1 is not JSON"),
    "deep": ("[" * 200_000, "nested too deeply"),
    "deep settings": (
        '{"format": 1, "nodes": [{"id": "a", "type": "ReLU", "settings": ' + '{"a":' * 200_000,
        "nested too deeply",
    ),
    "long number": ('{"format": ' + "1" * 10_000 + "}", "a number too long"),
    "long text": (data(entry(type="x" * 1_000_000)), "There is no layer type “xxx"),
    "lines and controls": (data(entry(type="a\nb\x1b[31m\u202e")), "There is no layer type"),
    "half a character": (data(entry(id="\ud800")), "The id must be a name"),
    "not an object in a list": (data(7), "node 2: It must be an object"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_contents_are_refused_in_one_line(case: str) -> None:
    text, says = WRONG[case]
    assert says in refusal(text)


def test_any_byte_changed_gives_a_network_or_one_line() -> None:
    good = files.dump(small()).encode()
    dice = Random(0)
    for _ in range(1500):
        bad = bytearray(good)
        for _ in range(dice.randint(1, 3)):
            where = dice.randrange(len(bad))
            bad[where : where + dice.randint(0, 3)] = bytes(dice.choices(b'{}[]",:-0e9nulltrue', k=dice.randint(0, 3)))
        text = bytes(bad).decode("utf-8", "replace")
        try:
            files.parse(text, "net.cnnviz")
        except FileError as e:
            assert "\n" not in str(e)


# ── wrong files ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_ten_megabytes_of_random_bytes(tmp_path: Path) -> None:
    path = tmp_path / "noise.cnnviz"
    path.write_bytes(Random(1).randbytes(10 * 2**20))
    with pytest.raises(FileError, match=r"^noise\.cnnviz: It is not a network: not text in UTF-8\."):
        files.read(path)


def test_files_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"^gone\.cnnviz: There is no such file\. Check the name\.$"):
        files.read(tmp_path / "gone.cnnviz")
    with pytest.raises(FileError, match=r"It is a folder\. Choose a \.cnnviz file\.$"):
        files.read(tmp_path)
    with pytest.raises(FileError, match=r"^a\.cnnviz: There is no such file"):
        (tmp_path / "f").touch()
        files.read(tmp_path / "f" / "a.cnnviz")
    with pytest.raises(FileError, match="name is too long"):
        files.read(tmp_path / ("n" * 300))


@pytest.mark.skipif(os.name != "posix", reason="devices and pipes are POSIX")
def test_devices_and_pipes_do_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(FileError, match="It is a device"):
            files.read(path)


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "huge.cnnviz", "wb") as f:
        f.truncate(files.LARGEST + 1)
    with pytest.raises(FileError, match="too large for a network"):
        files.read(tmp_path / "huge.cnnviz")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "a.cnnviz").touch()
    monkeypatch.setattr(Path, "read_bytes", denied)  # root may read everything, so the system is asked in vain
    with pytest.raises(FileError, match=r"^a\.cnnviz: You may not read it\."):
        files.read(tmp_path / "a.cnnviz")


def test_opening_runs_no_code(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    bomb = f"__import__('pathlib').Path({str(mark)!r}).touch()"
    with pytest.raises(FileError):
        files.parse(json.dumps(data(entry(type=bomb))), "a.cnnviz")
    with pytest.raises(FileError):
        files.parse(json.dumps(data(entry(type="__class__", settings={"__init__": bomb}))), "a.cnnviz")
    files.parse(json.dumps(data(about=bomb, name=bomb)), "a.cnnviz")
    assert not mark.exists()


# ── presets ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_load_takes_a_preset_or_a_file(tmp_path: Path) -> None:
    files.write(tmp_path / "mine.cnnviz", small())
    assert presets.load("lenet5") is presets.preset("lenet5")
    assert presets.load(tmp_path / "mine.cnnviz") == small()


@pytest.mark.parametrize("ask", [presets.load, presets.preset])
def test_an_unknown_preset_names_the_nearest(ask: Any) -> None:
    with pytest.raises(
        FileError, match=r"^lenet: There is neither such a file nor such a preset\. Did you mean “lenet5”\?$"
    ):
        ask("lenet")


def test_a_preset_needs_no_pydantic() -> None:
    """pydantic takes 0.1 s, which the first window does not have."""
    code = "import sys; from cnnviz.net.presets import preset; preset('lenet5'); assert 'pydantic' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_equal_layers_of_a_file_are_one_object(tmp_path: Path) -> None:
    graph = Graph().add(Input(), id="i").add(ReLU(), ["i"], id="a").add(ReLU(), ["a"], id="b")
    assert graph["a"].layer is not graph["b"].layer
    files.write(tmp_path / "n.cnnviz", Network(graph, "n"))
    read_ = files.read(tmp_path / "n.cnnviz").graph
    assert read_["a"].layer is read_["b"].layer and read_ == graph


@pytest.mark.parametrize("suffix", files.WEIGHTS)
def test_a_weights_file_says_what_it_is(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"some{suffix}"
    path.write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(FileError, match=rf"^some\{suffix}: It holds weights, not a network\. .+ Load weights…"):
        files.read(path)
