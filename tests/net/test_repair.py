"""The shape doctor: what it offers mends its problem, the first offer is the sensible one, and it gets there."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import cnnviz
from cnnviz.net import analysis, edit
from cnnviz.net.analysis import Analysis, analyse, trainable
from cnnviz.net.edit import Wire
from cnnviz.net.families.googlenet import GoogLeNet
from cnnviz.net.graph import Graph
from cnnviz.net.layers import TYPES, Input
from cnnviz.net.presets import presets
from cnnviz.net.problems import SENTENCES
from cnnviz.net.refusal import refusal, value
from cnnviz.net.repair import CURES, Repair, remedies, repairs
from cnnviz.net.repair.measure import measure
from cnnviz.net.repair.whole import STAGES

from .breaking import broken, dice, mended, other
from .samples import graphs

often = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
NAMES = presets()


def net(*layers: tuple[str, dict[str, Any]], size: tuple[int, int, int] = (1, 28, 28)) -> Graph:
    """A chain behind an Input, with the ids of new layers."""
    graph = Graph().add(Input(size[0], size[1:]))
    for name, values in layers:
        graph = graph.add(TYPES[name](**values), [graph.nodes[-1].id])
    return graph


def offered(graph: Graph, id: str = "") -> list[str]:
    """What is offered for a row, or for the whole network."""
    rows = analyse(graph)
    return [r.text for r in (repairs(rows, id) if id else remedies(rows, 10))]


RELU, FLAT, LINEAR = ("ReLU", {}), ("Flatten", {}), ("Linear", {})


# ── what is said first ───────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("graph", "id", "first"),
    [
        (net(("Conv2d", {}), LINEAR), "linear_1", "Insert Flatten"),
        (net(("Linear", {"out_features": 4096}), size=(64, 55, 55)), "linear_1",
         "Insert AdaptiveAvgPool2d and Flatten"),
        (net(("BatchNorm1d", {})), "batchnorm1d_1", "Use BatchNorm2d instead"),
        (net(("Conv2d", {"kernel_size": 5}), size=(3, 4, 4)), "conv2d_1", "Set padding of conv2d_1 to 1"),
        (net(("MaxPool2d", {"kernel_size": 3}), size=(3, 2, 2)), "maxpool2d_1",
         "Use a kernel of 2×2: the map is 2×2"),
        (net(("MaxPool2d", {}), size=(3, 1, 1)), "maxpool2d_1", "Remove maxpool2d_1: its map is 1×1"),
        (net(("Conv2d", {"groups": 5}), size=(4, 9, 9)), "conv2d_1", "Set groups of conv2d_1 to 4"),
        (net(("Conv2d", {"padding": "same", "stride": 2})), "conv2d_1", "Use padding “same_tf”"),
        (net(("MaxPool2d", {"padding": 3})), "maxpool2d_1", "Set padding of maxpool2d_1 to 1"),
        (net(FLAT, ("Conv2d", {})), "conv2d_1", "Move it before flatten_1"),
        (net(FLAT, ("Dropout2d", {})), "dropout2d_1", "Use Dropout instead"),
        (net(FLAT, ("Reshape", {"shape": (16, 5, 5)})), "reshape_1", None),
        (net(("PixelShuffle", {}), size=(6, 9, 9)), "pixelshuffle_1", "Insert Conv2d 1×1 with 8 channels"),
        (net(("Conv2d", {"out_channels": 6}), ("PixelShuffle", {})), "pixelshuffle_1",
         "Set out_channels of conv2d_1 to 8"),
        (net(("ChannelSlice", {"start": 1, "stop": 9}), size=(3, 5, 5)), "channelslice_1",
         "Set stop of channelslice_1 to 3"),
        (net(("Conv2d", {"kernel_size": 7, "padding": 4, "padding_mode": "reflect"}), size=(1, 4, 4)), "conv2d_1",
         "Set padding_mode of conv2d_1 to zeros"),
        (net(("ConvTranspose2d", {"output_padding": 2})), "convtranspose2d_1",
         "Set output_padding of convtranspose2d_1 to 1"),
        (net(("ZeroPad2d", {"padding": -9}), size=(1, 9, 9)), "zeropad2d_1", "Set padding of zeropad2d_1 to -4"),
        (net(("Conv1d", {}), size=(3, 9, 9)), "conv1d_1", "Use Conv2d instead"),
    ],
)  # fmt: skip
def test_the_first_one_is_what_a_teacher_would_say(graph: Graph, id: str, first: str | None) -> None:
    assert analyse(graph)[id].problem is not None
    assert first is None or offered(graph, id)[0] == first


def residual(**second: Any) -> Graph:
    """A block in which the skip connection does not fit."""
    g = net(("Conv2d", {"out_channels": 64, "padding": 1}), RELU, size=(3, 56, 56))
    g = g.add(TYPES["Conv2d"](**{"out_channels": 64, "padding": 1, **second}), ["relu_1"])
    return g.add(TYPES["Add"](), ["conv2d_2", "relu_1"])


def test_a_skip_gets_a_projection_with_the_stride_that_fits() -> None:
    graph = residual(out_channels=128, stride=2)
    assert offered(graph, "add_1")[:2] == [
        "Add a 1×1 shortcut with stride 2 and 128 channels",
        "Add a shortcut without weights (option A)",
    ]
    rows = repairs(analyse(graph), "add_1")[0].rows
    assert rows["add_1"].out == (128, 28, 28) and rows["conv2d_3"].node.sources == ("relu_1",)
    assert offered(residual(out_channels=96), "add_1")[0] == "Add a 1×1 shortcut with 96 channels"


def test_a_branch_that_lost_its_padding_gets_it_back() -> None:
    assert offered(residual(padding=0), "add_1")[0] == "Set padding of conv2d_2 to 1"
    assert "Crop to 55×55 to meet" in offered(residual(kernel_size=2, padding=0), "add_1")


def test_branches_that_are_stacked_meet() -> None:
    g = net(("Conv2d", {}), size=(3, 16, 16)).add(TYPES["MaxPool2d"](), ["input_1"])
    g = g.add(TYPES["Concat"](), ["conv2d_1", "maxpool2d_1"])
    assert offered(g, "concat_1")[0] == "Remove maxpool2d_1" or "meet" in "".join(offered(g, "concat_1"))


def test_a_wire_that_was_cut_is_drawn_again() -> None:
    g = cnnviz.load("lenet5").graph
    for wire in edit.wires(g):
        cut = edit.disconnect(g, wire)
        first = repairs(analyse(cut), wire.target)[0]
        assert first.text == f"Connect it behind {wire.source}"
        assert analyse(first.graph).params == analyse(g).params


def test_a_skip_that_was_cut_is_drawn_again() -> None:
    g = residual()
    cut = edit.disconnect(g, Wire("relu_1", "add_1", 1))
    assert repairs(analyse(cut), "add_1")[0].text == "Connect relu_1 to it"


def test_a_second_input() -> None:
    g = net(FLAT, LINEAR).add(Input(), id="other")
    assert offered(g, "other") == ["Delete this second Input"]
    g = g.add(TYPES["Conv2d"](), ["other"]).add(TYPES["Flatten"](), ["conv2d_1"])
    assert offered(g, "other")[0] == "Delete this second Input, read input_1 instead"


def test_what_waits_leads_to_its_cause() -> None:
    g = net(("Conv2d", {"kernel_size": 5}), RELU, size=(3, 4, 4))
    rows = analyse(g)
    assert rows["relu_1"].problem.code == "waits"  # type: ignore[union-attr]
    assert [r.text for r in repairs(rows, "relu_1")] == [r.text for r in repairs(rows, "conv2d_1")]
    assert repairs(rows, "input_1") == ()


# ── the whole network ────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("graph", "code", "first"),
    [
        (Graph(), "net.empty", "Add an Input 1×28×28"),
        (Graph().add(TYPES["Conv2d"]()), "net.no_input", "Add an Input 1×28×28"),
        (Graph().add(TYPES["Linear"]()), "net.no_input", "Add an Input 1×28×28 and Flatten"),
        (Graph().add(TYPES["Embedding"]()), "net.no_input", "Add Tokens before it"),
        (net(FLAT, ("Linear", {"out_features": 7}), RELU), "net.output", "Set out_features of linear_1 to 10"),
        (net(("Conv2d", {})), "net.output",
         "Add AdaptiveAvgPool2d, Flatten and a Linear with 10 outputs"),
        (net(("Conv2d", {}), ("AdaptiveAvgPool2d", {}), FLAT), "net.output", "Set out_channels of conv2d_1 to 10"),
        (net(FLAT, size=(1, 2, 5)), "net.no_weights", "Add a Linear with 10 outputs"),
        (net(FLAT, LINEAR).add(TYPES["ReLU"](), ["input_1"]), "net.ends", "Delete relu_1"),
    ],
)  # fmt: skip
def test_the_whole_network(graph: Graph, code: str, first: str) -> None:
    rows = analyse(graph)
    assert trainable(rows, 10).code == code  # type: ignore[union-attr]
    assert remedies(rows, 10)[0].text == first
    mended(graph)


def test_a_net_that_can_be_trained_needs_nothing() -> None:
    assert remedies(analyse(net(FLAT, LINEAR)), 10) == ()


# ── one change is enough ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("name", "id", "setting", "to", "first"),
    [
        ("unet", "down2_conv1", "padding", 0, "Set padding of down2_conv1 to 1"),
        ("unet", "down2_conv1", "dilation", 2, "Set dilation of down2_conv1 to 1"),
        ("unet", "pool2", "stride", 3, "Set stride of pool2 to 2"),
        ("unet", "up1_upconv", "output_padding", 2, "Set output_padding of up1_upconv to 0"),
        ("densenet121", "denseblock4_denselayer14_conv1", "stride", (2, 64),
         "Set stride of denseblock4_denselayer14_conv1 to 1"),
        ("densenet121", "denseblock3_denselayer10_conv2", "kernel_size", 1,
         "Set kernel_size of denseblock3_denselayer10_conv2 to 3"),
        ("resnet18", "layer4_0_conv2", "out_channels", 513, "Set out_channels of layer4_0_conv2 to 512"),
        ("resnet20", "layer3_0_shortcut", "out_channels", 3, "Set out_channels of layer3_0_shortcut to 64"),
        ("textcnn", "embedding", "layout", "channels", "Set layout of embedding to map"),
        ("textcnn", "embedding", "embedding_dim", 7, "Set embedding_dim of embedding to 300"),
        ("textcnn", "tokens", "length", 3, "Set length of tokens to 64"),
        ("zfnet", "input", "size", 1, "Set size of input to 224×224"),
    ],
)  # fmt: skip
def test_a_setting_is_put_back_wherever_it_is(name: str, id: str, setting: str, to: Any, first: str) -> None:
    was = cnnviz.load(name).graph
    rows = analyse(edit.set_setting(was, id, setting, to))
    for row in rows.problems[:1]:
        found = repairs(rows, row.id)[0]
        assert (found.text, found.rows.problems) == (first, ())
        assert found.graph[id].layer == was[id].layer


def test_a_layer_in_a_dense_block_that_does_not_belong_there_is_taken_out() -> None:
    graph = cnnviz.load("densenet121").graph
    wire = Wire("denseblock3_denselayer1_norm2", "denseblock3_denselayer1_relu2")
    rows = analyse(edit.insert(graph, TYPES["LPPool2d"](), wire, (0.0, 0.0))[0])
    found = repairs(rows, rows.problems[0].id)[0]
    assert found.text == "Remove lppool2d_1" and not found.rows.problems


def test_what_a_repair_leads_to_is_mended_with_it() -> None:
    graph = edit.insert(cnnviz.load("lenet5").graph, TYPES["MaxPool1d"](), Wire("S2", "C3"), (0.0, 0.0))[0]
    rows = analyse(graph)
    found = repairs(rows, "maxpool1d_1")
    assert found[0].text == "Use MaxPool2d instead; then for C5: set padding of C5 to 2"
    assert found[1].text == "Use MaxPool2d instead" and found[1].rows.problems
    check(rows, found[0], "maxpool1d_1")
    assert not found[0].rows.problems and [step.id for step in found[0].steps] == ["maxpool1d_1", "C5"]


def test_two_settings_are_put_back_together() -> None:
    graph = edit.set_setting(cnnviz.load("unet").graph, "down1_conv1", "padding", 0)
    rows = analyse(edit.set_setting(graph, "down3_conv2", "padding", 2))
    first = repairs(rows, rows.problems[0].id)[0]
    assert first.text == "Set padding of down1_conv1 to 1; then for up2_concat: set padding of down3_conv2 to 1"
    assert not first.rows.problems


def test_layers_that_lost_the_same_source_get_one_together() -> None:
    rows = analyse(cnnviz.load("resnet18").graph.remove(["layer1_1_relu2"]))
    assert len(rows.problems) == 2
    first = repairs(rows, "layer2_0_conv1")[0]
    assert first.text == "Connect layer2_0_conv1, layer2_0_downsample_0 behind layer1_1_add"
    assert not first.rows.problems


def test_two_wires_cut_apart_are_not_drawn_from_one_layer() -> None:
    graph = cnnviz.load("resnet18").graph
    for wire in (Wire("layer1_0_bn1", "layer1_0_relu1"), Wire("layer4_1_bn1", "layer4_1_relu1")):
        graph = edit.disconnect(graph, wire)
    rows = analyse(graph)
    assert repairs(rows, "layer1_0_relu1")[0].text == "Connect it behind layer1_0_bn1"
    first = remedies(rows)[0]
    assert first.text == "Connect it behind layer1_0_bn1; then for layer4_1_relu1: connect it behind layer4_1_bn1"
    assert not first.rows.problems


def test_a_card_mends_its_own_problem_and_the_network_all_of_them() -> None:
    graph = edit.set_setting(cnnviz.load("resnet20").graph, "layer1_0_conv1", "groups", 5)
    graph, new = edit.add(graph, TYPES["ReLU"](), (0.0, 0.0))
    rows = analyse(graph)
    assert [r.id for r in repairs(rows, "layer1_0_conv1")[0].rows.problems] == [new]
    first = remedies(rows)[0]
    assert not first.rows.problems
    assert first.text.startswith(repairs(rows, "layer1_0_conv1")[0].text + f"; then for {new}: ")


def first_mends(name: str, seeds: range) -> None:
    """After one changed setting the first repair leaves nothing to mend, wherever the problem came out."""
    base = analyse(cnnviz.load(name).graph)
    for seed in seeds:
        rows = analyse(other(Random(f"{name} {seed}"), base.graph), base)
        if rows.problems:
            first = repairs(rows, rows.problems[0].id)[0]
            assert not first.rows.problems, (name, seed, first.text)
            check(rows, first, rows.problems[0].id)


@pytest.mark.parametrize("name", NAMES)
def test_the_first_repair_is_enough_after_one_setting(name: str) -> None:
    first_mends(name, range(40))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_first_repair_is_enough_after_one_setting_at_length(name: str) -> None:
    first_mends(name, range(40, 340))


@pytest.mark.parametrize("name", NAMES)
def test_the_first_remedy_is_enough_after_anything(name: str) -> None:
    base = analyse(cnnviz.load(name).graph)
    for seed in range(8):
        rows = analyse(broken(Random(f"{name} {seed}"), base.graph, 3), base)
        if rows.problems:
            first = remedies(rows)[0]
            assert not first.rows.problems, (name, seed, first.text)


# ── every one ────────────────────────────────────────────────────────────────────────────────────────────────────────
def check(rows: Analysis, repair: Repair, id: str) -> None:
    """A repair mends what it was offered for, breaks nothing, and says what it does."""
    assert repair.text and "{" not in repair.text and not repair.text.endswith(".")
    after, old = repair.rows, rows[id].problem
    assert old is not None
    assert id not in after or after[id].problem != old
    assert id not in after or after[id].problem is None or after[id].problem.code != old.code  # type: ignore[union-attr]
    assert measure(after) < measure(rows)
    assert not [i for i, r in rows.items() if r.out and i in after and after[i].out is None]
    assert repair.graph != rows.graph
    if after.get(id) is not None and after[id].problem is not None:  # it leads on
        assert after[id].problem.code == "waits" or repairs(after, id)  # type: ignore[union-attr]


@often
@given(graphs())
def test_every_repair_does_what_it_says(graph: Graph) -> None:
    rows = analyse(graph)
    for row in rows.problems:
        found = repairs(rows, row.id)
        assert found, row.problem
        assert len({r.text for r in found}) == len(found)
        for repair in found:
            check(rows, repair, row.id)


@often
@given(graphs())
def test_random_networks_are_mended(graph: Graph) -> None:
    mended(graph)


@pytest.mark.parametrize("name", NAMES)
def test_broken_presets_are_mended(name: str) -> None:
    graph = cnnviz.load(name).graph
    for seed in range(6 if len(graph) < 60 else 2):
        mended(broken(Random(seed), graph))


@often
@given(dice())
def test_lenet_after_anything_is_mended(luck: Random) -> None:
    graph = broken(luck, cnnviz.load("lenet5").graph, 8)
    rows = analyse(graph)
    for row in rows.problems:
        for repair in repairs(rows, row.id):
            check(rows, repair, row.id)
    mended(graph)


def test_every_problem_of_a_network_has_repairs_of_its_own() -> None:
    said = {"waits", "net.broken", "foreign.form", "foreign.source"}  # lead to another, or stand in no row
    refused = {code for code in SENTENCES if code.startswith("setting.")} - {"setting.count"}  # as it is typed
    home = Path(analysis.__file__).parent
    sources = [p.read_text("utf-8") for p in (*(home / "layers").glob("*.py"), home / "analysis.py")]
    raised = {code for s in sources for code in re.findall(r'(?:Misfit|problem)\(\s*"([a-z_.]+)"', s)}
    assert {"shape.window", "net.ends", "inputs.none"} <= raised
    assert raised - refused - said <= set(CURES) | set(STAGES)


# ── formulas ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("graph", "id", "text"),
    [
        (net(("Conv2d", {"kernel_size": 5}), size=(3, 2, 2)), "conv2d_1", "⌊(2 + 2·0 − 1·(5−1) − 1)/1⌋ + 1 = −2"),
        (net(("Conv2d", {}), LINEAR), "linear_1", "16·26·26 = 10816"),
        (net(("Conv2d", {"groups": 3}), size=(6, 9, 9)), "conv2d_1", "16 = 5·3 + 1"),
        (residual(out_channels=128, stride=2), "add_1", "128×28×28 ≠ 64×56×56"),
        (net(RELU), "relu_1", ""),
    ],
)
def test_a_refusal_is_arithmetic(graph: Graph, id: str, text: str) -> None:
    assert refusal(analyse(graph)[id]) == text


@often
@given(graphs())
def test_no_refusal_fails(graph: Graph) -> None:
    for row in analyse(graph).values():
        assert isinstance(refusal(row), str)
        assert row.problem is None or row.problem.code != "shape.window" or refusal(row)


def test_arithmetic_is_read_as_it_is_written() -> None:
    assert value("⌊(7 + 2·0 − 1·(3−1) − 1)/2⌋ + 1") == 3
    assert value("⌈(7 − 2)/2⌉ + 1 − 1") == 3
    assert value("−3 + 2·2") == 1


def test_heads_for_another_number_of_classes_are_set_together() -> None:
    graph = GoogLeNet(heads=True, classes=7).graph()
    rows = analyse(graph)
    assert trainable(rows, 7) is None
    first = remedies(rows, 10)[0]
    assert first.text == "Set the outputs of aux1_fc2, aux2_fc2, fc to 10"
    assert trainable(first.rows, 10) is None and first.rows.graph.ends == graph.ends
