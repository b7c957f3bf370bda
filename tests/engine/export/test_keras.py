"""Keras source: what Keras makes of it, on torch, gives the network's numbers."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cnnviz.engine.build import Net
from cnnviz.engine.export import to_keras as to_keras_module
from cnnviz.engine.export.to_keras import KerasCode, to_keras, verify_keras
from cnnviz.engine.export.to_onnx import ExportError
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import (
    Add,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    ChannelSlice,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    GroupNorm,
    Input,
    LayerNorm,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    PReLU,
    ReLU,
    SiLU,
    Softmax,
    Upsample,
    ZeroPad2d,
)
from cnnviz.net.presets import preset

from ..nets import chain
from .test_onnx import shaken

CLOSE = 1e-4


def made(graph: Graph) -> KerasCode:
    rows = analyse(graph)
    return to_keras(Net(rows), rows)


def same(graph: Graph) -> KerasCode:
    rows = analyse(graph)
    net = shaken(rows)
    code = to_keras(net, rows)
    assert verify_keras(net, rows, code).within(CLOSE)
    return code


def test_a_chain_reads_like_lecture_notes() -> None:
    text = made(preset("lenet5").graph).text
    assert text.startswith("import keras\nfrom keras import layers\n\nmodel = keras.Sequential(\n    [\n")
    assert '        layers.Conv2D(6, 5, activation="tanh", name="C1"),  # 28×28×6\n' in text
    assert "        layers.AveragePooling2D(2),  # 14×14×6\n" in text


def test_all_kinds_of_layers_give_the_same_numbers() -> None:
    g = chain(
        image=Input(3, (18, 15)),
        same=Conv2d(8, (3, 3), padding="same"),
        relu=ReLU(),
        tf=Conv2d(8, (3, 2), (2, 2), "same_tf", bias=False),
        norm=BatchNorm2d(),
        silu=SiLU(),
        deep=Conv2d(16, 3, padding=1, groups=8),
        slope=PReLU(per_channel=True),
        groups=GroupNorm(4),
        padded=Conv2d(8, 3, 2, 1, groups=2),
        layer=LayerNorm(),
        channels=LayerNorm("channels"),
        act=ReLU(),
        pool=MaxPool2d(3, 2, 1),
        up=Upsample((2, 3), "bilinear"),
        back=ConvTranspose2d(4, 3, 2, 1),
        around=ZeroPad2d((1, 0, -1, 2)),
        mean=AvgPool2d(3, 2, 1),
    )
    g = g.add(ChannelSlice(1, 3), ["mean"], id="part").add(Concat(), ["part", "mean"], id="cat")
    g = g.add(Conv2d(6, 1), ["cat"], id="one").add(Add(), ["one", "cat"], id="sum").add(Flatten(), ["sum"], id="flat")
    g = g.add(BatchNorm1d(), ["flat"], id="last").add(Linear(5), ["last"], id="out").add(Softmax(), ["out"], id="soft")
    text = same(g).text
    assert "keras.Model(inputs, " in text and "layers.Permute" not in text
    assert "DepthwiseConv2D(3, " in text and "[..., 1:3]" in text and 'activation="softmax"' in text


def test_where_the_order_of_a_flattened_map_is_seen_it_is_torchs() -> None:
    g = chain(image=Input(3, (4, 5)), conv=Conv2d(2), flat=Flatten(), soft=Softmax())
    assert "layers.Permute((3, 1, 2))" in same(g).text


def test_what_keras_lacks_is_refused_by_name() -> None:
    with pytest.raises(ExportError, match=r"norm: LocalResponseNorm cannot be written"):
        made(chain(image=Input(3, (8, 8)), norm=LocalResponseNorm()))
    with pytest.raises(ExportError, match=r"pool: MaxPool2d with these settings .*padding"):
        made(chain(image=Input(3, (8, 8)), pool=MaxPool2d(3, 2, 1)))


def test_code_that_fails_says_why() -> None:
    rows = analyse(chain(image=Input(1, (4, 4)), flat=Flatten(), out=Linear(2)))
    code = to_keras(Net(rows), rows)
    with pytest.raises(ExportError, match=r"Keras cannot run this code: .*no_such"):
        verify_keras(Net(rows), rows, KerasCode(code.text.replace("Flatten", "no_such"), code.weights))


def test_a_shape_stands_where_it_is_given() -> None:
    text = made(
        chain(image=Input(3, (8, 8)), conv=Conv2d(4, stride=(2, 2), padding=(1, 1)), flat=Flatten(), out=Linear(5))
    ).text
    padded = next(line for line in text.splitlines() if "ZeroPadding2D" in line)
    assert padded.endswith("ZeroPadding2D(1),") and "  # 4×4×4\n" in text


def test_where_keras_is_missing_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_given: object) -> None:
        raise to_keras_module.apart.Failure("ModuleNotFoundError: No module named 'keras'")

    monkeypatch.setattr(to_keras_module.apart, "run", missing)
    rows = analyse(chain(image=Input(1, (4, 4)), flat=Flatten(), out=Linear(2)))
    net = Net(rows)
    with pytest.raises(ExportError, match=r'Run: python -m pip install "cnnviz\[keras\]"$'):
        verify_keras(net, rows, to_keras(net, rows))
    extras = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = extras["optional-dependencies"]
    assert wanted["keras"] == [r for r in wanted["dev"] if r.startswith("keras")]
