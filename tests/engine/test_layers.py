"""One harness over every layer type and every setting: what we declare is what torch does."""

from __future__ import annotations

import json
from itertools import product

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from cnnviz.engine.build import Net
from cnnviz.engine.export.python import source
from cnnviz.net import files
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import (
    RBF,
    TYPES,
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    Input,
    Layer,
    Max,
    MaxPool2d,
    Mean,
    Multiply,
    ReLU,
    Reshape,
    Source,
    plane,
)
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan
from cnnviz.net.region import seen

from ..net.samples import LAYERS, pairs, sample
from .oracle import folds_back, picture, reached, run

pytestmark = pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel")  # what an uneven padding costs

every_layer = pytest.mark.parametrize("layer", LAYERS, ids=repr)


@every_layer
def test_shape_params_and_macs_are_torchs(layer: Layer) -> None:
    rows = analyse(sample(layer))
    assert not rows.problems, rows.problems[0].problem
    row = rows[rows.graph.nodes[-1].id]
    net = Net(rows).eval()
    outs: dict[str, torch.Tensor] = {}
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net(picture(rows, 1), outs)
    assert tuple(outs[row.id].shape[1:]) == row.out
    it = getattr(net, row.id)
    assert sum(p.numel() for p in it.parameters()) == row.params
    assert row.fixed == (it.prototypes.numel() if isinstance(layer, RBF) else 0) == rows.fixed
    kept = sum(v.numel() for v in it.state_dict().values())  # what lies beside the weights in a file
    assert row.node.layer.buffers(row.ins) == kept - row.params - row.fixed
    counts = counter.get_flop_counts().get(f"Net.{row.id}", {})
    assert sum(counts.values()) == 2 * row.macs
    assert outs[row.id].numel() * outs[row.id].element_size() == row.activation_bytes


@every_layer
def test_exported_code_gives_the_same_bits(layer: Layer) -> None:
    """With the first weights that torch's own seed gives it, and from the same seed while training, too."""
    rows = analyse(sample(layer))
    space: dict[str, object] = {}
    exec(source(rows), space)
    torch.manual_seed(3)
    ours, theirs = Net(rows, Plan(seed=3)), space["Net"]()  # type: ignore[operator]
    mine, exported = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(exported) and all(torch.equal(mine[k], exported[k]) for k in mine)
    x = picture(rows)
    for training in (True, False):
        outs = []
        for net in (ours, theirs):
            torch.manual_seed(4)
            with torch.no_grad():
                outs.append(net.train(training)(x))
        assert torch.equal(*outs)


@every_layer
def test_file_round_trip(layer: Layer) -> None:
    network = Network(sample(layer), name="sample")
    assert files.from_json(json.loads(json.dumps(files.to_json(network)))) == network


@every_layer
def test_units_see_what_a_nan_pixel_reaches(layer: Layer) -> None:
    if isinstance(layer, Source):
        pytest.skip("the picture itself")
    rows = analyse(sample(layer))
    row = rows["it"]
    truth = reached(rows)
    assert row.out is not None
    if row.field is None:
        assert seen(rows, "it", 0, 0) is None
        # what lays values out anew has no field though its units do not see all; of the others each sees everything
        assert "it" not in truth or isinstance(layer, (Reshape, Mean, Max)) or bool(truth["it"].all())
        return
    folds = folds_back(layer)
    height, width = plane(rows["input_1"].out or ())
    for y, x in product(*map(range, plane(row.out))):
        region = seen(rows, "it", y, x)
        assert region is not None
        assert region.mask() == truth["it"][y, x].tolist(), (y, x)
        top, left, h, w = row.field.window(y, x)
        inside = top >= 0 and left >= 0 and top + h <= height and left + w <= width
        if inside and not isinstance(layer, Multiply):  # its branches' windows differ: only all of the picture is exact
            assert region.hull == (top, left, h, w) or not (h and w)
        elif region.products and not folds:
            t, l, rh, rw = region.hull  # noqa: E741
            assert top <= t and t + rh <= top + h and left <= l and l + rw <= left + w


@pytest.mark.parametrize("cls", TYPES.values())
def test_every_setting_changes_the_code(cls: type[Layer]) -> None:
    for usual, other in pairs(cls):
        assert source(analyse(sample(usual))) != source(analyse(sample(other))), other


@pytest.mark.parametrize("cls", TYPES.values())
def test_every_layer_explains_itself(cls: type[Layer]) -> None:
    assert cls.__doc__ and not cls.__doc__.startswith(cls.__name__ + "(")


# ── the cases of vdumoulin/conv_arithmetic (arXiv 1603.07285) ────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("i", "k", "s", "p", "d", "o"),
    [
        pytest.param(4, 3, 1, 0, 1, 2, id="no_padding_no_strides"),
        pytest.param(5, 4, 1, 2, 1, 6, id="arbitrary_padding_no_strides"),
        pytest.param(5, 3, 1, 1, 1, 5, id="same_padding_no_strides"),
        pytest.param(5, 3, 1, 2, 1, 7, id="full_padding_no_strides"),
        pytest.param(5, 3, 2, 0, 1, 2, id="no_padding_strides"),
        pytest.param(5, 3, 2, 1, 1, 3, id="padding_strides"),
        pytest.param(6, 3, 2, 1, 1, 3, id="padding_strides_odd"),
        pytest.param(7, 3, 1, 0, 2, 3, id="dilation"),
    ],
)
def test_convolution_arithmetic(i: int, k: int, s: int, p: int, d: int, o: int) -> None:
    rows = analyse(Graph().add(Input(1, i)).add(Conv2d(1, k, s, p, dilation=d), ["input_1"], id="it"))
    assert rows["it"].out == (1, o, o)
    assert run(rows, picture(rows))["it"].shape[2:] == (o, o)


@pytest.mark.parametrize(
    ("i", "k", "s", "p", "a", "o"),
    [
        pytest.param(2, 3, 1, 0, 0, 4, id="no_padding_no_strides"),
        pytest.param(6, 4, 1, 2, 0, 5, id="arbitrary_padding_no_strides"),
        pytest.param(5, 3, 1, 1, 0, 5, id="same_padding_no_strides"),
        pytest.param(7, 3, 1, 2, 0, 5, id="full_padding_no_strides"),
        pytest.param(2, 3, 2, 0, 0, 5, id="no_padding_strides"),
        pytest.param(3, 3, 2, 1, 0, 5, id="padding_strides"),
        pytest.param(3, 3, 2, 1, 1, 6, id="padding_strides_odd"),
    ],
)
def test_transposed_convolution_arithmetic(i: int, k: int, s: int, p: int, a: int, o: int) -> None:
    rows = analyse(Graph().add(Input(1, i)).add(ConvTranspose2d(1, k, s, p, a), ["input_1"], id="it"))
    assert rows["it"].out == (1, o, o)
    assert run(rows, picture(rows))["it"].shape[2:] == (o, o)


PICTURE = [[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]
KERNEL = [[0, 1, 2], [2, 2, 0], [0, 1, 2]]


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (Conv2d(1, 3, bias=False), [[12, 12, 17], [10, 17, 19], [9, 6, 14]]),
        (Conv2d(1, 3, 2, 1, bias=False), [[6, 17, 3], [8, 17, 13], [6, 4, 4]]),
        (AvgPool2d(3, 1), [[15 / 9, 15 / 9, 15 / 9], [1, 11 / 9, 16 / 9], [10 / 9, 7 / 9, 12 / 9]]),
        (MaxPool2d(3, 1), [[3, 3, 3], [3, 3, 3], [3, 2, 3]]),
    ],
    ids=repr,
)
def test_numbers_of_the_convolution_guide(layer: Layer, wanted: list[list[float]]) -> None:
    net = Net(analyse(Graph().add(Input(1, 5)).add(layer, ["input_1"], id="it"))).eval()
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(torch.tensor(KERNEL, dtype=torch.float32))
        out = net(torch.tensor(PICTURE, dtype=torch.float32)[None, None])
    torch.testing.assert_close(out[0, 0], torch.tensor(wanted, dtype=torch.float32))


# ── several layers ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_fields_of_a_deep_network_are_exact_in_the_middle() -> None:
    """Away from the edges the declared window is the hull of what is seen, for every unit of every layer."""
    g = Graph().add(Input(1, 64))
    for i, layer in enumerate(
        (Conv2d(2, 5), AvgPool2d(), ReLU(), Conv2d(2, (3, 5)), ConvTranspose2d(2, 3), Conv2d(2, 3, (2, 1), dilation=2))
    ):
        g = g.add(layer, [g.nodes[-1].id], id=f"n{i}")
    rows = analyse(g)
    truth = reached(rows)
    checked = 0
    for row in rows.values():
        assert row.field is not None and row.out is not None
        for y in range(0, row.out[1], 3):
            for x in range(0, row.out[2], 3):
                region = seen(rows, row.id, y, x)
                assert region is not None and torch.equal(torch.tensor(region.mask()), truth[row.id][y, x])
                top, left, h, w = row.field.window(y, x)
                if top >= 8 and left >= 8 and top + h <= 56 and left + w <= 56:
                    assert region.hull == (top, left, h, w)
                    checked += 1
    assert checked > 200
