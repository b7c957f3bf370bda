"""What a forward keeps in memory, and whether what is said to be needed is what the system gave."""

from __future__ import annotations

import subprocess
import sys
import weakref
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy

from cnnviz.engine import memory
from cnnviz.engine.build import Net
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Add, BatchNorm2d, Concat, Conv2d, Flatten, Input, Layer, Linear, MaxPool2d, ReLU
from cnnviz.net.plan import OPTIMIZERS, Plan
from cnnviz.net.presets import preset

from .nets import lenet, noisy

HERE = Path(__file__).resolve().parents[2]


class Stack:
    """A graph that grows at its end."""

    def __init__(self, layer: Layer):
        self.graph = Graph().add(layer)

    @property
    def end(self) -> str:
        return self.graph.nodes[-1].id

    def add(self, layer: Layer, *sources: str) -> str:
        self.graph = self.graph.add(layer, sources or (self.end,))
        return self.end


def residual(blocks: int = 4, channels: int = 32) -> Graph:
    """Skip connections: a map is read again, later."""
    net = Stack(Input(3, (32, 32)))
    last = net.add(Conv2d(channels, (3, 3), padding=(1, 1)))
    for _ in range(blocks):
        for _ in range(2):
            net.add(Conv2d(channels, (3, 3), padding=(1, 1)))
            net.add(BatchNorm2d())
            net.add(ReLU())
        last = net.add(Add(), net.end, last)
    for layer in (MaxPool2d((8, 8)), Flatten(), Linear(10)):
        net.add(layer)
    return net.graph


def dense(layers: int = 6, growth: int = 12) -> Graph:
    """All maps before are read again by every layer: none can be let go of."""
    net = Stack(Input(3, (32, 32)))
    maps = [net.add(Conv2d(growth, (3, 3), padding=(1, 1)))]
    for _ in range(layers):
        net.add(Concat(), maps[0], *maps)
        net.add(ReLU())
        maps.append(net.add(Conv2d(growth, (3, 3), padding=(1, 1))))
    for layer in (MaxPool2d((8, 8)), Flatten(), Linear(10)):
        net.add(layer)
    return net.graph


NETS = {"residual": residual, "dense": dense, "minivggnet": lambda: preset("minivggnet").graph}


def most_alive(net: Net, x: torch.Tensor, seen: dict[str, torch.Tensor] | None) -> int:
    """Outputs that are there at one time at most, while `net` runs without gradients."""
    alive: list[weakref.ref[torch.Tensor]] = []
    most = 0

    def count(_module: object, _ins: object, out: torch.Tensor) -> None:
        nonlocal most
        alive.append(weakref.ref(out))
        most = max(most, sum(r() is not None for r in alive))

    hooks = [m.register_forward_hook(count) for m in net.children()]
    with torch.no_grad():
        net.eval()(x, seen)
    for hook in hooks:
        hook.remove()
    return most


def test_a_forward_lets_go_of_what_nothing_reads_any_more() -> None:
    x = torch.rand(2, 3, 32, 32)
    chained = Net(analyse(lenet()))
    one = torch.rand(2, 1, 32, 32)
    assert most_alive(chained, one, None) == 4, "the picture, a map, its view by Flatten, what is made"
    assert most_alive(Net(analyse(residual())), x, None) == 4, "the picture, the skip, what is read, what is made"
    assert most_alive(Net(analyse(dense())), x, None) >= 8
    assert most_alive(chained, one, {}) == len(chained.order), "who asks for all outputs gets them"


@pytest.mark.parametrize("make", [noisy, residual, dense])
def test_letting_go_changes_no_number(make) -> None:
    graph = make()
    rows = analyse(graph)
    net = Net(rows, Plan(seed=1))
    x, y = torch.rand(4, *rows[graph.nodes[0].id].out), torch.arange(4)
    grads = []
    for seen in (None, {}):
        torch.manual_seed(0)  # of the dropout
        net.zero_grad()
        cross_entropy(net(x, seen), y).backward()
        grads.append([p.grad.clone() for p in net.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))
    middle = graph.nodes[3].id
    seen = {}
    net.eval()(x, seen)
    assert torch.equal(net(x, end=middle), seen[middle])


PEAK = """
import sys
import torch
from cnnviz.engine import memory
memory.tune()
torch.set_num_threads(1)
import numpy as np
from cnnviz.engine.build import Net, logits_node
from cnnviz.engine.learn.feed import Feed
from cnnviz.engine.learn.score import EVALUATED, evaluate
from cnnviz.net.analysis import analyse
from tests.engine.test_memory import NETS

def status(key):
    lines = open("/proc/self/status").read().split("\\n")
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) * 1024

graph = NETS[sys.argv[1]]()
rows = analyse(graph)
layer, end = graph.nodes[0].layer, logits_node(graph)
def pictures(n):
    shape = (n, layer.channels, *layer.size)
    return Feed(np.zeros(shape, np.uint8), np.zeros(n, np.int64), layer, torch.device("cpu"))
evaluate(Net(rows), pictures(2), end)  # what torch loads at first use is no part of it
feed = pictures(EVALUATED)
memory.give_back()
before = status("VmRSS")
open("/proc/self/clear_refs", "w").write("5")  # the peak counts from here
evaluate(Net(rows), feed, end)
print(status("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak is read from /proc")
@pytest.mark.parametrize("name", NETS)
def test_a_measurement_needs_what_is_said(name: str) -> None:
    """256 held-out pictures in one forward, against the peak that the system saw."""
    done = subprocess.run([sys.executable, "-c", PEAK, name], capture_output=True, text=True, check=True, cwd=HERE)
    said = memory.need_to_train(analyse(NETS[name]()), Plan(batch_size=1), 256)
    assert 0.7 < said / int(done.stdout) < 2.5


def test_every_optimizer_is_counted() -> None:
    assert set(memory.COPIES) == set(OPTIMIZERS)
    assert memory.copies_to_train(Plan(amsgrad=True)) == memory.copies_to_train(Plan()) + 1
    assert memory.copies_to_train(Plan(optimizer="sgd", amsgrad=True)) == memory.copies_to_train(Plan(optimizer="sgd"))
