"""The plain PyTorch loop that a person would write, to hold beside ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from cnnviz.engine.build import Net, logits_node
from cnnviz.engine.data import Data, load
from cnnviz.engine.learn.steps import Step, steps
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Input
from cnnviz.net.plan import Plan


def layer_of(graph: Graph) -> Input:
    layer = graph.nodes[0].layer
    assert isinstance(layer, Input)
    return layer


def digits(graph: Graph) -> Data:
    return load("digits", "", layer_of(graph))


def ours(graph: Graph, plan: Plan, net: Net | None = None, **more) -> Iterator[Step]:
    return steps(net or Net(analyse(graph), plan), digits(graph), plan, layer_of(graph), logits_node(graph), **more)


def plain(
    graph: Graph,
    plan: Plan,
    make: Callable[[list[nn.Parameter]], torch.optim.Optimizer],
    count: int,
    loss_of: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
    before: Callable[[int, torch.optim.Optimizer], None] = lambda step, optimizer: None,
    between: Callable[[list[nn.Parameter]], None] = lambda parameters: None,
) -> tuple[list[float], Net]:
    """Losses of `count` steps, and the net then. `before` step 0, 1 …; `between` gradients and step."""
    data = digits(graph)
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    net = Net(analyse(graph), plan)
    parameters = list(net.parameters())
    optimizer = make(parameters)
    torch.manual_seed(plan.seed)  # dropout
    dice = torch.Generator().manual_seed(plan.seed)  # order
    losses: list[float] = []
    while True:
        for batch in torch.randperm(len(x), generator=dice).split(plan.batch_size):
            before(len(losses), optimizer)
            optimizer.zero_grad()
            loss = loss_of(net(x[batch]), y[batch])
            loss.backward()
            between(parameters)
            optimizer.step()
            losses.append(loss.item())
            if len(losses) == count:
                return losses, net


def same_weights(a: Net, b: Net) -> bool:
    return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
