"""Frames: what they hold is what the net computes, and looking changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cnnviz.engine.build import Net, copy_state
from cnnviz.engine.look import Shot, Stamp, frame
from cnnviz.engine.pictures import fit
from cnnviz.link.messages import Interest, PictureInfo, Unit
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Flatten, Input, Linear, Softmax

from .nets import chain, lenet, noisy

PICTURE = np.random.default_rng(0).integers(0, 256, (32, 32, 1), np.uint8)


def shot(graph: Graph, picture: np.ndarray = PICTURE) -> Shot:
    layer = graph.nodes[0].layer
    assert isinstance(layer, Input)
    return Shot(fit(picture, layer), PictureInfo("noise", picture.shape[:2]))


def test_maps_are_those_of_the_net_as_it_is_used() -> None:
    graph = noisy()
    net = Net(analyse(graph))
    net.train()
    before = copy_state(net)
    got = frame(net, shot(graph), Interest(4, maps=tuple(graph.index)), Stamp(3, 2, 1), "out")
    assert net.training and all(m.training for m in net.modules())
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())
    net.eval()
    seen: dict[str, torch.Tensor] = {}
    net(torch.from_numpy(shot(graph).fitted.values)[None], seen)
    assert set(got.maps) == set(graph.index)
    for id, values in got.maps.items():
        np.testing.assert_array_equal(values, seen[id][0].detach().numpy())
        assert values.dtype == np.float32
    assert (got.version, got.run, got.step, got.interest) == (3, 2, 1, 4)


@pytest.mark.parametrize(("size", "thumb"), [(32, 32), (33, 17), (64, 32), (100, 25)])
def test_thumbs_are_block_means_of_the_first_channels(size: int, thumb: int) -> None:
    graph = chain(image=Input(1, (size, size)), conv=Conv2d(12, (3, 3), padding="same"))
    picture = np.random.default_rng(0).integers(0, 256, (size, size, 1), np.uint8)
    got = frame(Net(analyse(graph)), shot(graph, picture), Interest(0, ("conv",), ("conv",)), Stamp(0))
    assert got.thumbs["conv"].shape == (8, thumb, thumb)
    block = -(-size // 32)
    mean = got.maps["conv"][3, :block, :block].mean()
    assert got.thumbs["conv"][3, 0, 0] == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize(("features", "columns"), [(1, 1), (64, 64), (65, 33), (120, 60), (1690, 63)])
def test_thumbs_of_vectors_show_the_peaks_of_the_whole(features: int, columns: int) -> None:
    graph = chain(image=Input(1, (32, 32)), flat=Flatten(), fc=Linear(features))
    got = frame(Net(analyse(graph)), shot(graph), Interest(0, ("fc", "flat"), ("fc",)), Stamp(0))
    whole, thumb = got.maps["fc"], got.thumbs["fc"]
    assert len(thumb) == columns
    share = -(-features // columns)
    for i, value in enumerate(thumb):
        part = whole[i * share : (i + 1) * share]
        assert value == part[np.abs(part).argmax()]
    assert thumb[np.abs(thumb).argmax()] == whole[np.abs(whole).argmax()]
    assert len(got.thumbs["flat"]) == 64


def test_a_peak_that_is_no_number_stays_in_a_thumb() -> None:
    graph = chain(image=Input(1, (32, 32)), flat=Flatten(), fc=Linear(100))
    net = Net(analyse(graph))
    with torch.no_grad():
        net.state_dict()["fc.bias"][70] = torch.nan
        net.state_dict()["fc.bias"][99] = -torch.inf
    thumb = frame(net, shot(graph), Interest(0, ("fc",)), Stamp(0)).thumbs["fc"]
    assert np.flatnonzero(np.isnan(thumb)).tolist() == [35] and thumb[49] == -np.inf


def test_the_output_is_what_goes_into_a_last_softmax() -> None:
    graph = lenet(softmax=True)
    got = frame(Net(analyse(graph)), shot(graph), Interest(0, maps=("output", "prob")), Stamp(0), "output")
    np.testing.assert_array_equal(got.output, got.maps["output"])
    np.testing.assert_allclose(got.probabilities, got.maps["prob"], atol=1e-7)
    headless = graph.remove(["output", "prob"])
    none = frame(Net(analyse(headless)), shot(headless), Interest(), Stamp(0), "S4")
    assert none.output is None and none.probabilities is None


def test_the_measured_receptive_field_is_the_gradient() -> None:
    graph = lenet()
    rows = analyse(graph)
    net, picture = Net(rows), shot(graph)
    for unit in (Unit("C1", 1, 3, 4), Unit("C3", 15, 9, 0), Unit("output", 7), Unit("image", 0, 5, 6)):
        got = frame(net, picture, Interest(unit=unit), Stamp(0))
        x = torch.from_numpy(picture.fitted.values)[None].requires_grad_()
        seen: dict[str, torch.Tensor] = {}
        net.eval()(x, seen)
        index = (0, unit.channel, unit.y, unit.x)[: seen[unit.node].dim()]
        (slope,) = torch.autograd.grad(seen[unit.node][index], x)
        assert got.unit == unit and got.field is not None
        np.testing.assert_allclose(got.field, slope[0].abs().sum(0).numpy(), rtol=1e-5, atol=1e-9)
        field = rows[unit.node].field
        if field is not None:
            top, left, height, width = field.window(unit.y, unit.x)
            outside = got.field.copy()
            outside[top : top + height, left : left + width] = 0
            assert not outside.any()
    assert all(p.grad is None for p in net.parameters())


@pytest.mark.parametrize("unit", [Unit("gone"), Unit("C1", 6), Unit("C1", 0, 28, 0), Unit("output", -1)])
def test_a_unit_that_is_not_there_has_no_field(unit: Unit) -> None:
    graph = lenet()
    got = frame(Net(analyse(graph)), shot(graph), Interest(unit=unit), Stamp(0))
    assert got.field is None and got.unit is None


def test_without_a_picture_there_are_filters() -> None:
    net = Net(analyse(lenet()))
    got = frame(net, None, Interest(2, filters=("C1", "S2", "T1", "gone")), Stamp(1))
    assert set(got.filters) == {"C1"} and got.input is None and got.interest == 2
    with torch.no_grad():
        net.state_dict()["C1.weight"].zero_()
    assert got.filters["C1"].any(), "a copy"


def test_softmax_over_a_map_and_a_net_without_weights() -> None:
    graph = chain(image=Input(1, (32, 32)), soft=Softmax())
    got = frame(Net(analyse(graph)), shot(graph), Interest(thumbs=("soft",), unit=Unit("soft", 0, 1, 1)), Stamp(0))
    assert got.thumbs["soft"].min() == 1 and got.field is not None and not got.field.any()
