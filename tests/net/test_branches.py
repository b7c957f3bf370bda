"""Where branches meet: channels of a Concat, F(x) and x of an Add."""

from __future__ import annotations

import pytest

from cnnviz.net.branches import residual, stacked
from cnnviz.net.presets import preset


def told(name: str, id: str) -> str:
    return " · ".join(f"{b.first}…{b.last} {b.name}" for b in stacked(preset(name).analyze(), id))


def test_channels_of_an_inception() -> None:
    assert told("googlenet", "inception3a_concat") == (
        "0…63 branch1 · 64…191 branch2 · 192…223 branch3 · 224…255 branch4"
    )
    assert told("squeezenet", next(n.id for n in preset("squeezenet").graph if n.type == "Concat")).startswith("0…63 ")


def test_channels_of_a_dense_layer_and_a_u_net() -> None:
    rows = preset("densenet121").analyze()
    for name in ("densenet121", "unet", "textcnn"):
        rows = preset(name).analyze()
        for row in rows.values():
            if row.node.type == "Concat":
                found = stacked(rows, row.id)
                assert found[0].first == 0 and row.out is not None and found[-1].last == row.out[0] - 1
                assert len({b.name for b in found}) == len(found)
    assert stacked(rows, rows.graph.nodes[0].id) == () and stacked(rows, "nobody") == ()


@pytest.mark.parametrize(
    ("name", "id", "labels"),
    [
        ("resnet18", "layer1_0_add", ("F(x)", "x")),
        ("resnet18", "layer2_0_add", ("F(x)", "W·x")),
        ("resnet50", "layer1_0_add", ("F(x)", "W·x")),
        ("resnet50", "layer3_1_add", ("F(x)", "x")),
    ],
)
def test_a_residual(name: str, id: str, labels: tuple[str, ...]) -> None:
    graph = preset(name).graph
    assert residual(graph, graph[id]) == labels


@pytest.mark.parametrize("name", ["resnet152", "resnet20", "mobilenet-v2"])
def test_every_addition_of_a_residual_network(name: str) -> None:
    graph = preset(name).graph
    sums = [n for n in graph if n.type == "Add"]
    assert sums and all("F(x)" in residual(graph, n) for n in sums)


def test_other_layers_have_none() -> None:
    graph = preset("googlenet").graph
    assert not any(residual(graph, n) for n in graph)
