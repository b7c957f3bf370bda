"""Blocks put into a network: on a wire, behind a layer, alone; shipped ones and one's own."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from cnnviz.net import files
from cnnviz.net.analysis import analyse
from cnnviz.net.catalogue import fragment, own, put, shipped
from cnnviz.net.edit import Wire
from cnnviz.net.graph import Graph
from cnnviz.net.kinds import kind
from cnnviz.net.layers import Conv2d, Flatten, Input, Linear, ReLU
from cnnviz.net.layout import CARD

KINDS = {
    "conv-bn-relu": "Conv-BN-ReLU",
    "vgg-block": "VGG block",
    "inception": "Inception",
    "inception-no-reduction": "Inception",
    "residual": "Residual",
    "bottleneck": "Bottleneck",
    "residual-downsampling": "Residual",
    "dense-block": "Dense block",
    "squeeze-excite": "Squeeze and excite",
    "fire": "Fire",
    "depthwise-separable": "Depthwise separable",
    "inverted-residual": "Inverted residual",
}


@pytest.fixture
def net() -> Graph:
    graph = Graph().add(Input(3, (32, 32)), id="input").add(Conv2d(16, (3, 3), padding=(1, 1)), ["input"], id="conv")
    graph = (
        graph.add(ReLU(), ["conv"], id="relu").add(Flatten(), ["relu"], id="flat").add(Linear(10), ["flat"], id="fc")
    )
    return graph.move({n.id: (176.0 * i, 0.0) for i, n in enumerate(graph)})


def apart(graph: Graph) -> bool:
    return not any(
        abs(a.pos[0] - b.pos[0]) < CARD[0] and abs(a.pos[1] - b.pos[1]) < CARD[1] for a, b in combinations(graph, 2)
    )


def test_all_are_there() -> None:
    assert [*shipped()] == [*KINDS] and all(i.title and i.about for i in shipped().values())


@pytest.mark.parametrize("name", KINDS)
def test_on_a_wire(net: Graph, name: str) -> None:
    item = shipped()[name]
    grown, path = put(analyse(net), item, (264.0, 0.0), wires=[Wire("conv", "relu")])
    assert not analyse(grown).problems and path in grown.closed and path == item.stem
    assert grown["relu"].sources[0] in grown.groups[path] and apart(grown)
    assert all(grown[n.id].layer == n.layer for n in net)
    assert kind(grown, path) == KINDS[name]
    again, other = put(analyse(grown), item, (264.0, 0.0), wires=[Wire("conv", grown.groups[path][0])])
    assert other == f"{path}_2" and len(again) > len(grown)


@pytest.mark.parametrize("name", KINDS)
def test_behind_a_layer_and_alone(net: Graph, name: str) -> None:
    grown, path = put(analyse(net), shipped()[name], after="conv")
    assert not analyse(grown).problems and grown["relu"].sources[0] in grown.groups[path] and apart(grown)
    end, path = put(analyse(net), shipped()[name], after="relu", pos=(900.0, 400.0))
    assert end["flat"].sources == ("relu",), "a branch"
    alone, path = put(analyse(net), shipped()[name], (200.0, 10.0))
    assert alone["relu"].sources == ("conv",) and apart(alone)


def test_one_s_own_again(net: Graph, tmp_path: Path) -> None:
    grown, path = put(analyse(net), shipped()["residual"], (264.0, 0.0), wires=[Wire("conv", "relu")])
    ids = grown.groups[path]
    files.write(tmp_path / "mine.cnnviz", fragment(grown, ids, "Mine"))
    (tmp_path / "broken.cnnviz").write_text("{", "utf-8")
    found, wrong = own(tmp_path)
    assert [*found] == ["mine"] and found["mine"].title == "Mine" and len(wrong) == 1
    again, path = put(analyse(grown), found["mine"], (264.0, 0.0), wires=[Wire("relu", "flat")])
    assert not analyse(again).problems and path == "mine" and len(again) == len(grown) + len(ids)
    assert {again[i].layer for i in again.groups["mine"]} == {grown[i].layer for i in ids}
    assert again["flat"].sources[0] in again.groups["mine"]


def test_an_input_is_no_part_of_a_block(net: Graph) -> None:
    with pytest.raises(ValueError, match="Input"):
        fragment(net, ["input", "conv"], "x")
