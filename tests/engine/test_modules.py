"""The modules torch.nn lacks: what they compute, by other means or by the code they were published in."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from cnnviz.engine.build import Net
from cnnviz.engine.modules import (
    RBF,
    ChannelLayerNorm,
    ChannelLinear,
    ChannelScale,
    PositionBias,
    Shortcut,
    SparseConv2d,
    StochasticDepth,
    SubSample,
    TokenEmbedding,
)
from cnnviz.net import layers
from cnnviz.net.analysis import Analysis, analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import (
    AdaptiveAvgPool2d,
    Conv1d,
    Conv2d,
    Embedding,
    Flatten,
    Input,
    Layer,
    Linear,
    Max,
    Mean,
    Multiply,
    Sigmoid,
    Tanh,
    Tokens,
    Upsample,
    plane,
)
from cnnviz.net.layers.sparse import C3
from cnnviz.net.plan import Plan
from cnnviz.net.region import seen

from .nets import chain
from .oracle import folds_back, reached


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


# ── LeNet-5 as in 1998 ───────────────────────────────────────────────────────────────────────────────────────────────
def lenet_1998() -> Analysis:
    return analyse(
        chain(
            image=Input(1, (32, 32)),
            C1=Conv2d(6, (5, 5)),
            S2=layers.SubSample(),
            T2=Tanh(),
            C3=layers.SparseConv2d(),
            S4=layers.SubSample(),
            T4=Tanh(),
            C5=Conv2d(120, (5, 5)),
            flat=Flatten(),
            F6=Linear(84),
            T6=Tanh(),
            out=layers.RBF(10, "digits"),
        )
    )


def test_lenet_of_1998_has_the_papers_numbers() -> None:
    rows = lenet_1998()
    counts = {id: rows[id].params for id in ("C1", "S2", "C3", "S4", "C5", "F6", "out")}
    assert counts == {"C1": 156, "S2": 12, "C3": 1516, "S4": 32, "C5": 48120, "F6": 10164, "out": 0}
    assert (rows.params, rows.fixed, rows["out"].fixed) == (60_000, 840, 840)
    assert rows["C3"].macs == 60 * 25 * 100  # with the 16·100 biases the paper's 151,600 connections
    net = Net(rows)
    assert sum(p.numel() for p in net.parameters()) == 60_000
    assert net.out.prototypes.numel() == 840 and not net.out.prototypes.requires_grad


def test_a_sparse_convolution_is_one_with_zeros_where_the_table_has_no_link() -> None:
    sparse, full = SparseConv2d(C3, 5), nn.Conv2d(6, 16, 5)
    mask = torch.tensor([[i in line for i in range(6)] for line in C3])
    with torch.no_grad():
        full.weight[mask] = sparse.weight[:, 0]  # row by row, as the table is read
        full.weight[~mask] = 0
        full.bias.copy_(sparse.bias)
    x = noise(2, 6, 14, 14)
    torch.testing.assert_close(sparse(x), full(x))
    x[0, 3, 7, 7] = torch.nan
    ill = sparse(x)[0].isnan().flatten(1).any(1)
    assert ill.tolist() == [3 in line for line in C3], "a masked weight would spread it to all maps"


def test_sparse_kernels_start_as_torchs_do_by_their_own_inputs() -> None:
    table = (tuple(range(64)), (0,)) * 50
    m = SparseConv2d(table, 5)
    wide, narrow = m.kernels()[0], torch.cat(m.kernels()[1::2])
    for kernel, fan_in in ((wide, 1600), (narrow, 25)):
        assert kernel.abs().max().item() <= fan_in**-0.5 and kernel.abs().max().item() > 0.95 * fan_in**-0.5
    rows = analyse(chain(image=Input(64, (9, 9)), it=layers.SparseConv2d(table)))
    net = Net(rows, Plan(init="kaiming_normal"))
    assert net.it.bias.abs().sum() == 0
    assert net.it.kernels()[0].std().item() == pytest.approx((2 / 1600) ** 0.5, rel=0.05)
    assert torch.cat(net.it.kernels()[1::2]).std().item() == pytest.approx((2 / 25) ** 0.5, rel=0.05)


def test_sub_sampling_adds_up_four_and_starts_as_their_mean() -> None:
    m, x = SubSample(3, 2, 2), noise(2, 3, 6, 7)
    torch.testing.assert_close(m(x), functional.avg_pool2d(x, 2))
    with torch.no_grad():
        m.weight.copy_(torch.tensor([1.0, 2.0, 3.0]))
        m.bias.copy_(torch.tensor([0.0, -1.0, 1.0]))
    four = x[:, 1, 2:4, 4:6].sum((1, 2))
    torch.testing.assert_close(m(x)[:, 1, 1, 2], 2 * four - 1)


def test_the_output_of_1998_measures_how_far_a_vector_is_from_the_drawn_digits() -> None:
    m = RBF(84, 10, True)
    assert m.prototypes.unique().tolist() == [-1, 1] and len({tuple(p.tolist()) for p in m.prototypes}) == 10
    assert m(m.prototypes[7:8])[0].argmin() == 7 and m(m.prototypes[7:8])[0, 7] == 0
    x = noise(2, 84)
    torch.testing.assert_close(m(x), torch.cdist(x, m.prototypes).square())
    one = ["".join("#" if v > 0 else "." for v in row) for row in m.prototypes[1].reshape(12, 7).tolist()]
    assert one[0] == "..##..." and one[-1] == "#######"
    drawn = RBF(5, 3)
    assert torch.equal(drawn.prototypes, RBF(5, 3).prototypes) and drawn.prototypes.unique().tolist() == [-1, 1]


# ── the code they were published in ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("size", [8, 9])
def test_the_shortcut_of_option_a(size: int) -> None:
    """akamaster/pytorch_resnet_cifar10's LambdaLayer."""
    x, planes = noise(2, 16, size, size), 32
    wanted = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, planes // 4, planes // 4), "constant", 0)
    assert torch.equal(Shortcut(16, planes, 2)(x), wanted)


def test_the_layers_of_convnext_give_its_bits() -> None:
    """torchvision's CNBlock, from the depthwise convolution's output on."""
    torch.manual_seed(0)
    norm, wide, narrow = ChannelLayerNorm(24, eps=1e-6), ChannelLinear(24, 96), ChannelLinear(96, 24)
    scale, x = ChannelScale(24, 1e-6), noise(2, 24, 7, 7)
    y = functional.layer_norm(x.permute(0, 2, 3, 1), (24,), norm.weight, norm.bias, 1e-6)
    y = functional.linear(y, wide.weight, wide.bias)
    y = functional.linear(y, narrow.weight, narrow.bias).permute(0, 3, 1, 2)
    assert torch.equal(scale(narrow(wide(norm(x)))), scale.weight * y)


@pytest.mark.parametrize("mode", ["row", "batch"])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_stochastic_depth_draws_as_torchvision_does(mode: str, p: float) -> None:
    from cnnviz.engine.vision import torchvision

    x = noise(16, 3, 2, 2)
    torch.manual_seed(1)
    wanted = torchvision().ops.stochastic_depth(x, p, mode, training=True)
    torch.manual_seed(1)
    m = StochasticDepth(p, mode)
    assert torch.equal(m(x), wanted)
    assert m.eval()(x) is x


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_words_are_looked_up_and_no_number_crashes() -> None:
    m = TokenEmbedding(5, 3)
    x = torch.tensor([[1.0, 4.0, 9.0, -2.0, torch.nan]])[:, None, :, None]
    out = m(x)
    assert out.shape == (1, 1, 5, 3)
    assert torch.equal(out[0, 0, :4], m.weight[[1, 4, 4, 0]])
    line = TokenEmbedding(5, 3, channels=True)
    line.load_state_dict(m.state_dict())
    assert torch.equal(line(x)[0], out[0, 0].T)


@pytest.mark.parametrize("flat", [True, False])
def test_a_sentence_is_seen_by_the_windows_that_read_it(flat: bool) -> None:
    """Kim's network with Conv2d over a map of words, and with Conv1d along a sequence."""
    if flat:
        graph = chain(words=Tokens(12, 50), look=Embedding(50, 6), conv=Conv2d(4, (3, 6)), top=Max())
    else:
        graph = chain(words=Tokens(12, 50), look=Embedding(50, 6, "channels"), conv=Conv1d(4, 3), top=Max())
    rows = analyse(graph)
    field = rows["conv"].field
    assert field is not None and field.size == (3, 1) and field.window(4, 0) == (4, 0, 3, 1)
    assert rows["conv"].out == ((4, 10, 1) if flat else (4, 10)) and rows["top"].out == (4,)
    truth = reached(rows)
    for id in ("look", "conv"):
        height, width = plane(rows[id].out or ())
        for y in range(height):
            for x in range(width):
                region = seen(rows, id, y, x)
                assert region is not None and region.mask() == truth[id][y, x].tolist()
    assert seen(rows, "top", 0, 0) is None


# ── fields of branches that are not of one size ──────────────────────────────────────────────────────────────────────
def excited(size: int, *before: Layer) -> Analysis:
    """Squeeze and excite behind some layers, and a convolution behind that."""
    g = Graph().add(Input(2, size), id="x")
    for layer in before:
        g = g.add(layer, [g.nodes[-1].id])
    g = g.add(AdaptiveAvgPool2d(), [g.nodes[-1].id], id="squeeze").add(Conv2d(2, 1), ["squeeze"], id="gate")
    g = g.add(Multiply(), [g.nodes[-3].id, "gate"], id="it").add(Conv2d(2, 3), ["it"], id="after")
    return analyse(g)


def agrees(rows: Analysis) -> None:
    truth = reached(rows)
    for row in rows.values():
        if row.field is None or row.out is None:
            continue
        height, width = plane(row.out)
        for y in range(height):
            for x in range(width):
                region = seen(rows, row.id, y, x)
                assert region is not None and region.mask() == truth[row.id][y, x].tolist(), (row.id, y, x)


def test_behind_squeeze_and_excite_every_unit_sees_the_whole_picture() -> None:
    rows = excited(9, Conv2d(2, 3, padding=1))
    for id in ("it", "after"):
        field = rows[id].field
        assert field is not None and field.stride == (0, 0) and field.aligned
        top, left, height, width = field.window(3, 3)
        assert top <= 0 and left <= 0 and top + height >= 9 and left + width >= 9
    agrees(rows)


def test_where_a_rim_is_not_seen_squeezed_branches_are_not_aligned_but_regions_exact() -> None:
    rows = excited(10, Conv2d(2, 3, 2))  # the last row and column are read by nothing
    field = rows["it"].field
    assert field is not None and not field.aligned
    region = seen(rows, "it", 0, 0)
    assert region is not None and region.hull == (0, 0, 9, 9)
    agrees(rows)


def test_products_of_rows_and_columns() -> None:
    """Coordinate attention: a column of row weights times a row of column weights."""
    g = Graph().add(Input(2, (5, 7)), id="x")
    g = g.add(Mean("width", True), ["x"], id="rows").add(Max("height", True), ["x"], id="cols")
    g = g.add(Sigmoid(), ["rows"], id="gate").add(Multiply(), ["gate", "cols"], id="it")
    g = g.add(Mean("channels", True), ["x"], id="flat").add(Multiply(), ["it", "flat", "x"], id="all")
    rows = analyse(g)
    assert rows["it"].out == rows["all"].out == (2, 5, 7)
    agrees(rows)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "corners"])
def test_enlarged_maps_are_seen_through_what_follows(mode: str) -> None:
    up = Upsample((3, 2), "nearest" if mode == "nearest" else "bilinear", mode == "corners")
    rows = analyse(chain(x=Input(1, (6, 5)), a=Conv2d(1, 3, (2, 1), 1), up=up, b=Conv2d(1, (2, 3)), up2=up))
    agrees(rows)
    assert folds_back(up) == (mode != "nearest")


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("scale", [2, 3, 5, 7, 32])
def test_bilinear_upsampling_reads_what_torch_reads(scale: int, corners: bool) -> None:
    """Also where torch, dividing as a float32, takes the pixel before the right one."""
    for n in (2, 8, 33):
        rows = analyse(chain(x=Input(1, (n, 1)), it=Upsample((scale, 1), "bilinear", corners)))
        truth = reached(rows)["it"][:, 0, :, 0]
        for y in range(n * scale):
            region = seen(rows, "it", y, 0)
            assert region is not None and [line[0] for line in region.mask()] == truth[y].tolist(), (n, y)


def test_position_bias_of_the_policy_network() -> None:
    m = PositionBias(1, 19, 19)
    assert sum(p.numel() for p in m.parameters()) == 361 and m.bias.abs().sum() == 0
    with torch.no_grad():
        m.bias[0, 3, 15] = 2
    assert m(torch.zeros(2, 4, 19, 19))[:, :, 3, 15].unique().tolist() == [2]
