"""Freezing and first weights of one layer: kept in files of format 1, in copies, in undo; nothing else changes."""

from __future__ import annotations

import json

import pytest

from cnnviz.net import edit, files
from cnnviz.net.analysis import analyse
from cnnviz.net.edit import copy, paste, set_learning
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Input
from cnnviz.net.learning import LEARNING, Learning
from cnnviz.net.network import Network
from cnnviz.net.problems import Misfit

FROZEN = Learning(frozen=True, init="normal", init_std=0.05)


def net() -> Graph:
    g = Graph().add(Input(1, (8, 8)), id="image").add(Conv2d(4, (3, 3)), ["image"], id="conv")
    return g.change("conv", learning=FROZEN)


def test_files_keep_it_and_old_ones_have_none() -> None:
    network = Network(net(), "net")
    data = json.loads(files.dump(network))
    assert data["format"] == 1 and [n.get("learning") for n in data["nodes"]] == [
        None,
        {"frozen": True, "init": "normal", "init_std": 0.05},
    ]
    assert files.from_json(data).graph == network.graph
    del data["nodes"][1]["learning"]
    assert files.from_json(data).graph["conv"].learning == LEARNING
    assert "learning" not in files.dump(Network(net().change("conv", learning=LEARNING), "net"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"frosen": True}, "no setting “frosen”"),
        ({"frozen": 1}, "frozen must be true or false"),
        ({"init": "best"}, "init must be one of"),
        ({"init_std": -1}, "init_std must lie in"),
        ([], "learning"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(given: object, said: str) -> None:
    data = json.loads(files.dump(Network(net(), "net")))
    data["nodes"][1]["learning"] = given
    with pytest.raises(files.FileError, match=said) as caught:
        files.from_json(data)
    assert "conv" in str(caught.value)


def test_it_is_copied_with_its_layer() -> None:
    graph, new = paste(net(), copy(net(), ["conv"]), (0.0, 100.0))
    assert graph[new[0]].learning == FROZEN


def test_it_is_set_and_goes_through_an_analysis() -> None:
    rows = analyse(net())
    graph = set_learning(net(), "conv", "frozen", False)
    assert graph["conv"].learning == Learning(init="normal", init_std=0.05)
    assert set_learning(graph, "conv", "frozen", False) is graph
    again = analyse(graph, rows)
    assert again["conv"].node.learning == graph["conv"].learning and again["conv"].params == rows["conv"].params
    with pytest.raises(Misfit):
        edit.set_learning(graph, "conv", "init", "best")
