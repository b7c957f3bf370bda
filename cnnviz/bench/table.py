"""The analysis against torchinfo, with equal numbers; and an edit of a large network."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from ..net.analysis import analyse
from ..net.graph import Graph, Node, graph
from ..net.layers import BatchNorm2d, Conv2d, Input, ReLU
from ..net.presets import preset
from .toggle import Result, clock, judge, toggle

DEEP = ("vgg16", "googlenet", "resnet50", "densenet121")


def chain(n: int) -> Graph:
    """An Input and `n` layers in a row: convolution, batch norm, ReLU, and again."""
    nodes = [Node("input", Input(3, (32, 32)))]
    kinds = (Conv2d(8, (3, 3), padding=(1, 1)), BatchNorm2d(), ReLU())
    for i in range(n):
        nodes.append(Node(f"n{i}", kinds[i % 3], (nodes[-1].id,), pos=(160.0 * (i % 20), 140.0 * (i // 20))))
    return graph(nodes)


def analysis() -> Iterator[Result]:
    """Full cold analysis, receptive fields included, over torchinfo.summary of the same network."""
    for name, g in (("minivggnet", preset("minivggnet").graph), ("chain of 1,000", chain(1000))):
        yield _against(name, g, "cpu", ">= 20")
    for name in DEEP:
        yield _against(name, preset(name).graph, "cpu", ">= 100")
    for name in DEEP:
        yield _against(name, preset(name).graph, "meta", ">= 25")


def linear() -> Iterator[Result]:
    """The cost of a node in a chain of 4,000 over that in one of 500: 1 where it is linear."""
    short, long = chain(500), chain(4000)
    with _settled():
        a, b, ratio = toggle(lambda: clock(lambda: analyse(short)) / 500, lambda: clock(lambda: analyse(long)) / 4000)
    yield judge("cost of a node, 4,000 over 500", b * 1e6, a * 1e6, "µs", "<= 1.3", ratio)


@contextmanager
def _settled() -> Iterator[None]:
    """As in the program once it has started: garbage collections do not go through what was there before."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _against(name: str, g: Graph, device: str, goal: str) -> Result:
    """Against torchinfo's forward on zeros, or its run on the meta device, which computes nothing."""
    import torch
    import torchinfo

    from ..engine.build import Net

    torch.set_num_threads(1)
    rows = analyse(g)
    net = Net(rows).eval().to(device)
    size = (1, *rows[g.nodes[0].id].out)  # type: ignore[misc]

    def summary() -> torchinfo.ModelStatistics:
        return torchinfo.summary(net, size, verbose=0, device=device)

    if summary().total_params != rows.params:
        raise AssertionError(f"torchinfo counts {summary().total_params} parameters, we {rows.params}")
    with _settled():
        a, b, ratio = toggle(lambda: clock(lambda: analyse(g)), lambda: clock(summary))
    where = "" if device == "cpu" else ", meta device"
    return judge(f"analysis, {name}{where}", a * 1e3, b * 1e3, "ms", goal, ratio)
