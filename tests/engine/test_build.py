"""The module that a graph becomes, its first weights, and its source text."""

from __future__ import annotations

import pytest
import torch

from cnnviz.engine.build import Net, copy_state, fit_state, fresh, last_end, logits_node
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import BatchNorm2d, Conv2d, Flatten, Input, Linear, Softmax
from cnnviz.net.plan import Plan

from .nets import chain, lenet, noisy, small


def test_a_broken_net_runs_as_far_as_it_fits() -> None:
    graph = small().change("out", sources=("relu",))
    rows = analyse(graph)
    seen: dict[str, torch.Tensor] = {}
    net = Net(rows)
    net(torch.zeros(1, 1, 8, 8), seen)
    assert set(seen) == {"image", "conv", "relu", "pool", "flat"}
    assert net.end == last_end(rows) == "flat"
    assert Net(analyse(Graph()))(torch.ones(1)).item() == 1


def test_every_output_is_seen_and_one_may_be_asked_for() -> None:
    rows = analyse(lenet(softmax=True))
    net, seen, x = Net(rows), {}, torch.rand(2, 1, 32, 32)
    out = net(x, seen)
    assert {k: tuple(v.shape[1:]) for k, v in seen.items()} == {r.id: r.out for r in rows.values()}
    assert out is seen["prob"]
    assert torch.equal(net(x, end="output"), seen["output"])


def test_the_loss_takes_what_goes_into_a_last_softmax() -> None:
    assert logits_node(lenet()) == logits_node(lenet(softmax=True)) == "output"
    middle = small().add(Softmax(), ["out"], id="soft").add(Linear(3), ["soft"], id="end")
    assert logits_node(middle) == "end"
    assert logits_node(Graph()) == ""


def test_building_draws_nothing_from_torchs_random_state() -> None:
    before = torch.get_rng_state()
    Net(analyse(lenet()))
    assert torch.equal(before, torch.get_rng_state())


def test_first_weights() -> None:
    rows = analyse(chain(image=Input(3, (8, 8)), conv=Conv2d(64, (5, 5)), flat=Flatten(), out=Linear(500)))
    net = Net(rows, Plan(seed=1, init="kaiming_normal"))
    w = net.state_dict()
    assert w["conv.bias"].abs().sum() == 0 and w["out.bias"].abs().sum() == 0
    assert w["conv.weight"].std().item() == pytest.approx((2 / 75) ** 0.5, rel=0.05)
    assert w["out.weight"].std().item() == pytest.approx((2 / 1024) ** 0.5, rel=0.01)
    again = copy_state(net)
    fresh(net, Plan(seed=2))
    assert not torch.equal(again["conv.weight"], net.state_dict()["conv.weight"])
    fresh(net, Plan(seed=1, init="kaiming_normal"))
    assert all(torch.equal(again[k], v) for k, v in net.state_dict().items())


def test_weights_are_kept_where_name_and_shape_match() -> None:
    graph = noisy()
    old = copy_state(Net(analyse(graph), Plan(seed=1)))
    old["norm.running_mean"] += 3
    same = Net(analyse(graph))
    assert fit_state(same, old) == (("conv", "norm", "out"), ())
    assert all(torch.equal(old[k], v) for k, v in same.state_dict().items())
    wider = Net(analyse(graph.change("out", layer=Linear(7))))
    assert fit_state(wider, old) == (("conv", "norm"), ("out",))
    plain = Net(analyse(graph.change("conv", layer=Conv2d(4, (3, 3), bias=False))))
    assert fit_state(plain, old)[0] == ("conv", "norm", "out")
    other = Net(analyse(graph.change("norm", layer=BatchNorm2d(affine=False))))
    assert "norm" in fit_state(other, old)[0] and other.state_dict()["norm.running_mean"][0] == 3
    more = Net(analyse(graph.change("norm", layer=BatchNorm2d(affine=False)).change("norm", layer=BatchNorm2d())))
    less = {k: v for k, v in old.items() if k != "norm.weight"}
    assert fit_state(more, less)[1] == ("norm",)
    assert more.state_dict()["norm.running_mean"].abs().sum() == 0, "statistics without their weights would mislead"


def test_copies_are_nobody_elses() -> None:
    net = Net(analyse(small()))
    state = copy_state(net)
    with torch.no_grad():
        net.state_dict()["conv.weight"].zero_()
    assert state["conv.weight"].abs().sum() > 0
