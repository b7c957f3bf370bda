"""Code → graph → code: what is exported and imported again is the same network, and exported again the same text."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import nn

from cnnviz import app
from cnnviz.engine import modules
from cnnviz.engine.build import Net, NothingDrawn
from cnnviz.engine.export.python import code, source
from cnnviz.engine.foreign.carried import carried
from cnnviz.engine.foreign.imported import Imported, from_module
from cnnviz.engine.foreign.mapper import ModelError
from cnnviz.engine.foreign.models import load_model
from cnnviz.net.analysis import Analysis, analyse
from cnnviz.net.families import FAMILIES
from cnnviz.net.graph import Graph
from cnnviz.net.layers import TYPES, Add, Input, Layer, Multiply, ReLU, Shortcut, Sigmoid, Source
from cnnviz.net.presets import preset, presets

from ...net.samples import graphs, sample, variants
from ..oracle import picture

pytestmark = pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel")
OURS = [c for c in vars(modules).values() if isinstance(c, type) and c.__module__ == modules.__name__]


def made(text: str) -> nn.Module:
    """The network that exported text defines."""
    names: dict[str, object] = {"__name__": "exported"}
    exec(compile(text, "<exported>", "exec"), names)
    net = names["Net"]
    assert isinstance(net, type) and issubclass(net, nn.Module)
    return net().eval()


def back(rows: Analysis, text: str) -> Imported:
    """The network of exported text."""
    assert rows.input is not None and isinstance(rows.input.layer, Source)
    return from_module(made(text), rows.input.layer.out(()), source=rows.input.layer)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a module that can be imported is written; named after the folder, so that each test has its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / f"{tmp_path.name}_net.py"


def imported(file: Path) -> Imported:
    importlib.invalidate_caches()
    with NothingDrawn():  # other weights, the same code
        return load_model(f"{file.stem}:Net")


@pytest.mark.parametrize("name", presets())
def test_presets_come_back(name: str, file: Path) -> None:
    network = preset(name)
    text = source(network.analyze())
    file.write_text(text, "utf-8")
    again = imported(file)
    assert source(again.network.analyze()) == text
    assert not again.notes and not again.foreign
    ids = [n.id for n in network.graph], [n.id for n in again.network.graph]
    if name == "densenet121":  # its concatenations are named after the layer behind them, which code does not tell
        ids = tuple([i for i in each if "concat" not in i] for each in ids)  # type: ignore[assignment]
    assert ids[0] == ids[1]
    assert [(n.group, n.layer) for n in network.graph] == [(n.group, n.layer) for n in again.network.graph]


def test_the_command_line_writes_the_same_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The model's weights travel along, which the head then says; its title is kept."""
    assert app.main(["export", "lenet5-1998", "--to", "python", "-o", str(file)]) == 0
    (there := file.parent / "there").mkdir()
    second = there / file.name
    assert app.main(["export", f"{file.stem}:Net", "--to", "python", "-o", str(second)]) == 0
    first, again = file.read_text("utf-8"), second.read_text("utf-8")
    title, body = first.split('"""\n', 1)
    assert again.startswith(title) and "With its weights:" in again and again.endswith(body)
    third = there / "more" / file.name
    third.parent.mkdir()
    file.write_text(again, "utf-8")
    importlib.reload(importlib.import_module(file.stem))
    assert app.main(["export", f"{file.stem}:Net", "--to", "python", "-o", str(third)]) == 0
    assert third.read_text("utf-8") == again
    assert "at most 0." in capsys.readouterr().out


@pytest.mark.parametrize("cls", TYPES.values(), ids=lambda c: c.__name__)
def test_every_layer_with_every_setting_comes_back(cls: type[Layer]) -> None:
    for layer in variants(cls):
        rows = analyse(sample(layer))
        if rows.problems or getattr(layer, "p", 1) == 0:  # dropout of nothing is left out
            continue
        text = source(rows)
        assert source(back(rows, text).network.analyze()) == text


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs(), st.data())
def test_random_networks_in_random_groups_come_back(graph: Graph, data: st.DataObject) -> None:
    paths = st.sampled_from(["", "a", "a/0", "a/1", "a/1/c", "b", "2"])
    rows = analyse(Graph(tuple(replace(n, group=data.draw(paths)) for n in graph)))
    assume(not rows.problems and len({rows[end].out for end in rows.graph.ends}) == 1)
    text = source(rows)
    assert source(back(rows, text).network.analyze()) == text


def test_what_meets_several_times() -> None:
    """A sum of a sum is written as one; where it is read twice, it has a line of its own."""
    g = Graph().add(Input(2, (4, 4)), id="input").add(ReLU(), ["input"], id="a").add(Sigmoid(), ["input"], id="b")
    g = g.add(Add(), ["a", "b"], id="two").add(Add(), ["two", "input"], id="three")
    g = g.add(Multiply(), ["three", "three"], id="square").add(Multiply(), ["square", "square"], id="fourth")
    text = source(analyse(g))
    assert "        x = a + b + x  # 2×4×4\n        x = x * x  # 2×4×4\n        return x * x  # 2×4×4\n" in text
    again = back(analyse(g), text)
    assert [len(n.sources) for n in again.network.graph] == [0, 1, 1, 3, 2, 2]
    assert source(again.network.analyze()) == text


@pytest.mark.parametrize("version", ["paper", "torchvision"])
def test_auxiliary_outputs_come_back(version: str) -> None:
    graph = FAMILIES["GoogLeNet"](version=version, heads=True).graph()  # type: ignore[call-arg]
    rows = analyse(graph)
    text = source(rows)
    assert "        return z, aux1, aux2\n" in text
    with NothingDrawn():
        again = back(rows, text)
    assert source(again.network.analyze()) == text and not again.notes
    assert [n.id for n in again.network.graph] == [n.id for n in graph]


# ── our own modules ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("cls", OURS, ids=lambda c: c.__name__)
def test_our_modules_are_known_by_their_code(cls: type[nn.Module]) -> None:
    def carries(text: str) -> str:
        names: dict[str, object] = {"__name__": "exported"}
        exec("import torch\nfrom torch import nn\nINPUT = 3\n\n\n" + text, names)
        theirs = names[cls.__name__]
        assert isinstance(theirs, type)
        return carried(theirs.__new__(theirs))

    text = inspect.getsource(cls)
    assert carries(text) == cls.__name__
    assert carries("# moved\n" + text.replace('"""', '"""Here: ', 1)) == cls.__name__
    assert not carries(text + "\n    def __call__(self, x):\n        return x\n")
    assert not carries(text.replace("def forward(self, ", "def forward(self, extra, ", 1))
    if "nn.functional" in text:
        assert not carries(text.replace("(nn.Module)", "(torch.nn.Module)") + "\n\nnn = torch.nn.utils\n")


class Odd(nn.Module):
    """Called as ours, with channels of zeros at the end only."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.before, self.behind, self.stride = 0, out_channels - in_channels, (stride, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.pad(x[:, :, :: self.stride[0], :: self.stride[1]], (0, 0, 0, 0, self.before, self.behind))


Odd.__name__ = Odd.__qualname__ = "Shortcut"


def test_a_class_that_is_only_called_as_ours_is_not_ours() -> None:
    changed = modules.Shortcut(2, 6)
    changed.before, changed.behind = 0, 4
    x = torch.randn(2, 2, 8, 8)
    for theirs in (Odd(2, 6, 2), changed):
        again = from_module(nn.Sequential(theirs), (2, 8, 8))
        assert not any(isinstance(n.layer, Shortcut) for n in again.network.graph)
        assert torch.equal(again.net().eval()(x), theirs(x))
    ours = from_module(nn.Sequential(modules.Shortcut(2, 6)), (2, 8, 8))
    assert [type(n.layer) for n in ours.network.graph] == [Input, Shortcut]


def test_weights_come_back() -> None:
    rows = preset("lenet5-1998").analyze()
    written = code(rows)
    net, theirs = Net(rows).eval(), made(written.text)
    theirs.load_state_dict(written.state(net.state_dict()))
    assert rows.input is not None
    again = from_module(theirs, (1, 32, 32))
    x = picture(rows)
    with torch.no_grad():
        assert torch.equal(again.net().eval()(x), net(x))
    assert again.state.keys() == net.state_dict().keys()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("INPUT = (3, 8, 8)", "Input(channels=3, size=(8, 8), mean=(0.0,), std=(1.0,))"),
        ("INPUT, MEAN, STD = (3, 8, 8), [0.5], (1, 2, 3)", "mean=(0.5,), std=(1.0, 2.0, 3.0))"),
        ("INPUT, PLANES = (3, 8, 8), 3", "Board(size=(8, 8), planes=3)"),
    ],
)
def test_what_a_module_says_of_its_input(more: str, says: str, file: Path) -> None:
    file.write_text(f"from torch import nn\ndef Net(): return nn.Conv2d(3, 4, 1)\n{more}\n", "utf-8")
    assert says in repr(imported(file).network.graph.nodes[0].layer)
    assert load_model(f"{file.stem}:Net", (3, 4, 4)).network.analyze()["conv2d"].out == (4, 4, 4)


@pytest.mark.parametrize(
    "more", ["INPUT = (3, 8)", "INPUT = (3, 8, 'x')", "INPUT, MEAN = (3, 8, 8), (1, 2)", "INPUT = 3"]
)
def test_what_a_module_says_wrongly(more: str, file: Path) -> None:
    file.write_text(f"from torch import nn\ndef Net(): return nn.Conv2d(3, 4, 1)\n{more}\n", "utf-8")
    with pytest.raises(ModelError):
        imported(file)
