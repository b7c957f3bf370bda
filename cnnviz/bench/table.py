"""The analysis against torchinfo, with equal numbers; and an edit of a large network."""

from __future__ import annotations

from collections.abc import Iterator

from ..net.analysis import analyse
from ..net.graph import Graph, Node, graph
from ..net.layers import BatchNorm2d, Conv2d, Input, ReLU
from ..net.presets import preset
from .toggle import Result, clock, judge, toggle


def chain(n: int) -> Graph:
    """An Input and `n` layers in a row: convolution, batch norm, ReLU, and again."""
    nodes = [Node("input", Input(3, (32, 32)))]
    kinds = (Conv2d(8, (3, 3), padding=(1, 1)), BatchNorm2d(), ReLU())
    for i in range(n):
        nodes.append(Node(f"n{i}", kinds[i % 3], (nodes[-1].id,), pos=(160.0 * (i % 20), 140.0 * (i // 20))))
    return graph(nodes)


def analysis() -> Iterator[Result]:
    """Full cold analysis, receptive fields included, over torchinfo.summary of the same network."""
    import torch
    import torchinfo

    from ..engine.build import Net

    torch.set_num_threads(1)
    for name, g in (("minivggnet", preset("minivggnet").graph), ("chain of 1,000", chain(1000))):
        rows = analyse(g)
        net = Net(rows).eval()
        size = (1, *rows[g.nodes[0].id].out)  # type: ignore[misc]
        theirs = torchinfo.summary(net, size, verbose=0, device="cpu")
        if theirs.total_params != rows.params:
            raise AssertionError(f"torchinfo counts {theirs.total_params} parameters, we {rows.params}")
        a, b, ratio = toggle(
            lambda g=g: clock(lambda: analyse(g)),  # type: ignore[misc]
            lambda net=net, size=size: clock(lambda: torchinfo.summary(net, size, verbose=0, device="cpu")),  # type: ignore[misc]
        )
        yield judge(f"analysis, {name}", a * 1e3, b * 1e3, "ms", ">= 20", ratio)
