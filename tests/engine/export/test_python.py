"""PyTorch source: the same net bit for bit, written as a person would."""

from __future__ import annotations

import inspect
from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import nn

from cnnviz.engine.build import Net
from cnnviz.engine.export.outline import Block, outline
from cnnviz.engine.export.python import code, source
from cnnviz.net.analysis import Analysis, analyse
from cnnviz.net.blocks import Inception, ResidualBlock
from cnnviz.net.draft import Draft
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Add, BatchNorm2d, Concat, Conv2d, ConvTranspose2d, Flatten, Input, Linear, ReLU
from cnnviz.net.plan import Plan
from cnnviz.net.presets import preset, presets

from ...net.samples import graphs
from ..nets import lenet, noisy, small
from ..oracle import picture

pytestmark = pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel")
LARGE = 5e8  # multiply-adds from which on a preset is only built, not run


def run(text: str, name: str = "Net") -> nn.Module:
    names: dict[str, object] = {"__name__": "exported"}
    exec(compile(text, "<exported>", "exec"), names)
    cls = names[name]
    assert isinstance(cls, type) and issubclass(cls, nn.Module)
    return cls()


def awkward() -> Graph:
    """Ids that clash with attributes of a module, with variables of the code, and with each other."""
    return (
        Graph()
        .add(Input(3, (9, 8)), id="x")
        .add(Conv2d(4, (3, 4), (2, 3), "same_tf"), ["x"], id="forward")
        .add(BatchNorm2d(), ["forward"], id="train")
        .add(ReLU(), ["train"], id="self")
        .add(ConvTranspose2d(4, (3, 3), (1, 1), (1, 1)), ["self"], id="__hidden")
        .add(Conv2d(4), ["__hidden"], id="ﬁ")
        .add(Conv2d(4, padding="same"), ["ﬁ"], id="fi")
        .add(Add(), ["fi", "fi", "ﬁ"], id="torch")
        .add(Concat(), ["torch", "fi"], id="nn")
    )


def same_bits(rows: Analysis) -> None:
    made = code(rows)
    ours, theirs = Net(rows, Plan(seed=5)).eval(), run(made.text).eval()
    theirs.load_state_dict(made.state(ours.state_dict()))
    x = picture(rows)
    with torch.no_grad():
        given = theirs(x)
        own = given[0] if isinstance(given, tuple) else given  # behind it are auxiliary outputs
        torch.testing.assert_close(ours(x), own, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("make", [lenet, small, noisy, awkward])
def test_exported_code_is_the_same_net(make) -> None:
    rows = analyse(make())
    same_bits(rows)
    net, made = Net(rows, Plan(seed=5)), code(rows)
    torch.manual_seed(5)
    theirs = run(made.text).state_dict()
    ours = made.state(net.state_dict())
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[k], theirs[k]) for k in ours), "first weights are those of torch.manual_seed"
    if make is not awkward:
        assert ours.keys() == net.state_dict().keys()


@pytest.mark.parametrize("name", presets())
def test_presets_are_the_same_in_code(name: str) -> None:
    rows = preset(name).analyze()
    made = code(rows)
    assert max(map(len, made.text.splitlines())) <= 120 or "table=" in made.text
    if rows.macs < LARGE:
        same_bits(rows)
    else:
        with torch.device("meta"):
            theirs = run(made.text)
        keys = {f"{made.paths[id]}." for id, row in rows.items() if row.params}
        assert all(any(k.startswith(key) for k in theirs.state_dict()) for key in keys)
        assert sum(p.numel() for p in theirs.parameters()) == rows.params


def test_a_chain_is_a_sequence() -> None:
    text = source(analyse(lenet(mean=0.5, std=0.25)), "LeNet5")
    assert "class LeNet5(nn.Sequential):" in text and "def forward" not in text
    assert "                C1=nn.Conv2d(1, 6, kernel_size=5),  # 6×28×28\n                T1=nn.Tanh(),\n" in text
    assert "MEAN, STD = (0.5,), (0.25,)" in text
    assert "INPUT = (1, 32, 32)" in text
    assert next(iter(run(text, "LeNet5").state_dict())) == "C1.weight"


def test_blocks_that_are_alike_are_one_class_and_repeats_a_loop() -> None:
    text = source(preset("resnet34").analyze())
    assert text.count("\nclass ") == 3
    assert "                layer1=nn.Sequential(*(ResidualBlock(64) for _ in range(3))),\n" in text
    assert "ResidualBlockWithProjection(64, 128),  # 128×28×28\n" in text
    assert "        downsample = self.downsample_0(x)\n" in text and "        y = y + downsample\n" in text
    net = run(text)
    assert "layer3.5.conv2.weight" in net.state_dict()
    assert list(inspect.signature(type(net.layer1[0]).__init__).parameters) == ["self", "channels"]


def test_what_differs_becomes_an_argument_named_after_its_part() -> None:
    text = source(preset("googlenet-paper").analyze())
    assert "    def __init__(\n        self,\n        in_channels: int,\n        branch1_channels: int,\n" in text
    assert "        return torch.cat((branch1, branch2, branch3, branch4), dim=1)\n" in text
    assert text.count("nn.Conv2d(") == 3 + 6


def test_blocks_of_different_kinds_have_different_names() -> None:
    text = source(preset("vgg16").analyze())
    assert "class Block1(" in text and "class Block3(" in text and "block4=Block3(256, 512)" in text


def test_groups_that_read_each_other_are_dissolved() -> None:
    g = Graph().add(Input(1, (16, 16)), id="image")
    for id, sources, group in (
        ("a1", ["image"], "a"),
        ("b1", ["a1"], "b"),
        ("a2", ["b1"], "a"),
        ("c1", ["a2"], "c"),
        ("c2", ["c1"], "c"),
    ):
        g = g.add(Conv2d(2), sources, id=id, group=group)
    top = outline(analyse(g), "c2")
    assert [p.name for p in top.parts] == ["a1", "b", "a2", "c"]
    assert [isinstance(p, Block) for p in top.parts] == [False, True, False, True]
    same_bits(analyse(g))


def test_a_group_may_give_and_take_several() -> None:
    g = (
        Graph()
        .add(Input(1, (8, 8)), id="image")
        .add(Conv2d(2), ["image"], id="one")
        .add(Conv2d(2), ["image"], id="two")
        .add(ReLU(), ["one"], id="relu1", group="pair")
        .add(ReLU(), ["two"], id="relu2", group="pair")
        .add(Add(), ["relu1", "relu2"], id="sum", group="pair")
        .add(Concat(), ["sum", "relu1"], id="end")
    )
    text = source(analyse(g))
    assert "def forward(self, x1: torch.Tensor, x2: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:" in text
    same_bits(analyse(g))


def test_blocks_among_other_groups_and_digits_as_names() -> None:
    draft = Draft()
    at = draft.put(Input(3, (16, 16)), id="input")
    for i in range(2):
        at = ResidualBlock(8).put(draft, at, f"stages/{i}/body")
    at = draft.chain(at, ("features_0", Conv2d(4)), ("features_1", ReLU()), group="features")
    at = Inception(1, 2, 3, 4, 5, 6).put(draft, at, "stem/inception3a")
    draft.chain(at, ("flat", Flatten()), ("out", Linear(3)))
    text = source(analyse(draft.graph))
    same_bits(analyse(draft.graph))
    assert "features=nn.Sequential(\n                    nn.Conv2d(8, 4, kernel_size=3),  # 4×14×14\n" in text


def test_what_cannot_be_written_is_refused_by_name() -> None:
    graph = small().change("out", sources=("relu",))
    with pytest.raises(ValueError, match=r"out: .*Flatten"):
        source(analyse(graph))


def test_the_empty_network_and_a_picture_alone() -> None:
    for graph in (Graph(), Graph().add(Input(1, (3, 3)))):
        x = torch.rand(1, 1, 3, 3)
        assert torch.equal(run(source(analyse(graph)))(x), x)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs(), st.data())
def test_random_networks_in_random_groups(graph: Graph, data: st.DataObject) -> None:
    paths = st.sampled_from(["", "a", "a/0", "a/1", "a/1/c", "b", "2"])
    nodes = tuple(replace(n, group=data.draw(paths)) for n in graph)
    rows = analyse(Graph(nodes))
    assume(not rows.problems)
    same_bits(rows)
