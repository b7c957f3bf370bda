"""What the shape doctor has mended is built and runs, forward and backward."""

from __future__ import annotations

from random import Random

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings

import cnnviz
from cnnviz.engine.build import Net
from cnnviz.net.analysis import Analysis
from cnnviz.net.graph import Graph
from cnnviz.net.presets import presets

from ..net.breaking import broken, mended
from ..net.samples import graphs

pytestmark = [
    pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel"),
    pytest.mark.filterwarnings("ignore:Initializing zero-element tensors"),
]
often = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
HEAVY = 3e8  # multiply-adds, weights or values that a test does not wait for


def heavy(rows: Analysis) -> bool:
    """Whether a test cannot wait for it."""
    return max(rows.macs, 30 * rows.params, 20 * rows.activation_bytes) > HEAVY


def run(rows: Analysis) -> None:
    """Run it once to and fro; of a heavy one the shapes alone, forward."""
    assert rows.input is not None
    torch.manual_seed(0)
    shape = rows[rows.input.id].out or ()
    if heavy(rows):
        with torch.device("meta"), torch.no_grad():
            y = Net(rows).train()(torch.rand(2, *shape))
    else:
        net = Net(rows).train()
        y = net(torch.rand(2, *shape))
        y.sum().backward()
        assert any(p.grad is not None for p in net.parameters())
    assert tuple(y.shape[1:]) == rows[rows.graph.ends[0]].out == (10,)


@pytest.mark.parametrize("name", presets())
def test_mended_presets_run(name: str) -> None:
    graph = cnnviz.load(name).graph
    tried = 4 if len(graph) < 40 else 1
    for seed in range(100, 100 + tried):
        run(mended(broken(Random(seed), graph))[0])


@often
@given(graphs())
def test_mended_random_networks_run(graph: Graph) -> None:
    rows = mended(graph)[0]
    assume(not heavy(rows))
    run(rows)
