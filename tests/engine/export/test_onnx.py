"""ONNX out and in: what is written gives the same numbers, and comes back as the same graph."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from cnnviz.engine.build import Net
from cnnviz.engine.export.to_onnx import ExportError, runner, to_onnx
from cnnviz.engine.export.verify import verify
from cnnviz.engine.foreign.imported import Imported
from cnnviz.engine.onnx.file import OnnxError
from cnnviz.engine.onnx.opening import from_onnx
from cnnviz.net.analysis import Analysis, analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import (
    TYPES,
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    ChannelScale,
    ChannelShuffle,
    ChannelSlice,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Embedding,
    Flatten,
    GroupNorm,
    Hardswish,
    Input,
    InstanceNorm2d,
    Layer,
    LayerNorm,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    Multiply,
    PixelShuffle,
    PReLU,
    ReLU6,
    Shortcut,
    SiLU,
    SparseConv2d,
    SubSample,
    Tokens,
    Upsample,
    ZeroPad2d,
)
from cnnviz.net.presets import preset

from ...net.samples import sample
from ..nets import lenet, noisy
from ..oracle import picture

pytestmark = [
    pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # torch's exporter's own
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
CLOSE = 1e-5


def shaken(rows: Analysis) -> Net:
    """A net whose running statistics are not the trivial ones."""
    net, dice = Net(rows).eval(), torch.Generator().manual_seed(1)
    for key, value in net.state_dict().items():
        if key.endswith("running_mean"):
            value.normal_(0, 0.1, generator=dice)
        if key.endswith("running_var"):
            value.uniform_(0.5, 1.5, generator=dice)
    return net


def there_and_back(graph: Graph, folder: Path) -> Imported:
    """Exported, verified, opened again; its output must be the net's."""
    rows = analyse(graph)
    net = shaken(rows)
    contents = to_onnx(net, rows)
    found = verify(net, rows, contents)
    assert found.within(CLOSE), found
    (folder / "net.onnx").write_bytes(contents)
    back = from_onnx(folder / "net.onnx")
    again = back.net().eval()
    x = picture(rows)
    with torch.no_grad():
        torch.testing.assert_close(net(x), again(x), rtol=CLOSE, atol=CLOSE)
    return back


def form(graph: Graph) -> list[tuple[Layer, tuple[int, ...]]]:
    """A graph up to the names of its nodes, and to how a padding is said."""
    place = {n.id: i for i, n in enumerate(graph)}
    return [(plain(n.layer), tuple(place[s] for s in n.sources)) for n in graph]


def plain(layer: Layer) -> Layer:
    if isinstance(layer, Conv2d) and layer.padding == "same" and all(k % 2 for k in layer.kernel_size):
        reach = tuple(d * (k - 1) // 2 for k, d in zip(layer.kernel_size, layer.dilation, strict=True))
        return replace(layer, padding=reach)
    return layer


def many() -> Graph:
    """Much of what ONNX has words for, in one network, since an export takes seconds."""
    g = Graph().add(Input(4, (16, 16), (0.1, 0.2, 0.3, 0.4), (0.5,)), id="image")

    def put(layer: Layer, *sources: str) -> str:
        nonlocal g
        g = g.add(layer, sources or [g.nodes[-1].id], id=f"n{len(g)}", group="block/1" if len(g) % 3 else "")
        return g.nodes[-1].id

    put(Conv2d(8, (3, 2), padding="same_tf", dilation=(1, 2)))
    put(LocalResponseNorm(5))
    put(ReLU6())
    put(GroupNorm(2))
    put(SiLU())
    skip = put(Conv2d(8, 3, padding=1, groups=2, bias=False))
    put(InstanceNorm2d())
    put(Hardswish())
    put(PReLU(per_channel=True))
    put(ChannelShuffle(4))
    put(Add(), g.nodes[-1].id, skip, skip)
    put(LayerNorm())
    put(ConvTranspose2d(8, 3, 2, 1, 1))
    put(PixelShuffle())
    put(Upsample((1, 2), "bilinear"))
    put(AvgPool2d(3, 2, 1))
    put(ZeroPad2d((0, 1, 2, 0)))
    put(ChannelScale())
    put(MaxPool2d(3, 2, ceil_mode=True))
    put(Shortcut(4, (2, 2)))
    part = put(ChannelSlice(1, 3))
    put(Concat(), part, part)
    scale = put(AdaptiveAvgPool2d())
    put(Multiply(), g.nodes[-2].id, scale)
    put(Flatten())
    put(Linear(5, False))
    return g


def test_much_of_it_comes_back_as_it_was(tmp_path: Path) -> None:
    graph = many()
    back = there_and_back(graph, tmp_path)
    assert form(back.network.graph) == form(graph)
    assert [n.id for n in back.network.graph][1:] == [n.id for n in graph][1:]
    assert [n.group for n in back.network.graph] == [n.group for n in graph]


@pytest.mark.parametrize("name", ["lenet5-1998", "minivggnet", "textcnn"])
def test_presets_come_back(name: str, tmp_path: Path) -> None:
    graph = preset(name).graph
    assert form(there_and_back(graph, tmp_path).network.graph) == form(graph)


LARGE = ("alexnet-table", "googlenet", "densenet121", "mobilenet-v2")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet20", "unet", *(pytest.param(n, marks=pytest.mark.large) for n in LARGE)])
def test_larger_presets_come_back(name: str, tmp_path: Path) -> None:
    graph = preset(name).graph
    assert form(there_and_back(graph, tmp_path).network.graph) == form(graph)


def test_batches_of_any_size() -> None:
    rows = analyse(noisy())
    run = runner(to_onnx(Net(rows), rows))
    assert [run(picture(rows, n).numpy()).shape for n in (1, 5)] == [(1, 10), (5, 10)]


def test_training_goes_on_after_an_export() -> None:
    rows = analyse(noisy())
    net = Net(rows).train()
    to_onnx(net, rows)
    assert net.training and all(m.training for m in net.children())


def test_a_broken_network_is_refused() -> None:
    rows = analyse(lenet().change("output", sources=("C5",)))
    with pytest.raises(ExportError, match="output"):
        to_onnx(Net(rows), rows)


# ── files of others ──────────────────────────────────────────────────────────────────────────────────────────────────
def model(
    *nodes: onnx.NodeProto, shape: tuple[object, ...] = ("N", 3, 8, 8), opset: int = 17, **tensors: object
) -> bytes:
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in tensors.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    contents: bytes = made.SerializeToString()
    return contents


def opened(contents: bytes, folder: Path, x: torch.Tensor | None = None) -> Imported:
    """The network, whose output must be onnxruntime's."""
    (folder / "other.onnx").write_bytes(contents)
    back = from_onnx(folder / "other.onnx")
    given = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)) if x is None else x
    layer = back.network.graph.nodes[0].layer
    assert isinstance(layer, Input)
    mean, std = (torch.tensor(v)[:, None, None] for v in (layer.mean, layer.std))
    with torch.no_grad():
        ours = back.net().eval()((given - mean) / std)
    torch.testing.assert_close(ours, torch.from_numpy(runner(contents)(given.numpy())), rtol=CLOSE, atol=CLOSE)
    return back


def rand(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def types(back: Imported) -> list[str]:
    return [n.type for n in back.network.graph][1:]


CASES: Iterator[tuple[str, bytes, list[str]]] = iter(
    [
        (
            "asymmetric padding",
            model(helper.make_node("Conv", ["x", "w"], ["y"], pads=[0, 1, 2, 1]), w=rand(4, 3, 3, 3)),
            ["ZeroPad2d", "Conv2d"],
        ),
        (
            "auto_pad",
            model(
                helper.make_node("Conv", ["x", "w", "b"], ["a"], auto_pad="SAME_UPPER", strides=[2, 2]),
                helper.make_node("Conv", ["a", "v"], ["y"], auto_pad="SAME_LOWER"),
                w=rand(4, 3, 3, 3),
                b=rand(4),
                v=rand(2, 4, 2, 2),
            ),
            ["Conv2d", "ZeroPad2d", "Conv2d"],
        ),
        (
            "a sum with a constant is a bias",
            model(
                helper.make_node("Conv", ["x", "w"], ["a"]),
                helper.make_node("Add", ["b", "a"], ["c"]),
                helper.make_node("Flatten", ["c"], ["d"]),
                helper.make_node("MatMul", ["d", "m"], ["e"]),
                helper.make_node("Add", ["e", "f"], ["y"]),
                w=rand(4, 3, 3, 3),
                b=rand(1, 4, 1, 1),
                m=rand(144, 5),
                f=rand(5),
            ),
            ["Conv2d", "Flatten", "Linear"],
        ),
        (
            "shapes worked out",
            model(
                helper.make_node("Shape", ["x"], ["s"]),
                helper.make_node("Gather", ["s", "zero"], ["n"], axis=0),
                helper.make_node("Unsqueeze", ["n", "axes"], ["m"]),
                helper.make_node("Concat", ["m", "rest"], ["t"], axis=0),
                helper.make_node("Reshape", ["x", "t"], ["y"]),
                zero=np.int64(0),
                axes=np.array([0]),
                rest=np.array([-1]),
            ),
            ["Flatten"],
        ),
        (
            "normalisation of the picture",
            model(
                helper.make_node("Sub", ["x", "m"], ["a"]),
                helper.make_node("Div", ["a", "s"], ["b"]),
                helper.make_node("Relu", ["b"], ["y"]),
                m=np.float32([[[0.5]], [[0.25]], [[0.75]]]),
                s=np.float32(0.5),
            ),
            ["ReLU"],
        ),
        (
            "a factor and an offset for each channel",
            model(
                helper.make_node("Relu", ["x"], ["r"]),
                helper.make_node("Mul", ["r", "k"], ["a"]),
                helper.make_node("Add", ["a", "b"], ["y"]),
                k=rand(3, 1, 1),
                b=rand(3, 1, 1),
            ),
            ["ReLU", "BatchNorm2d"],
        ),
        (
            "swish taken apart, and channels split",
            model(
                helper.make_node("Sigmoid", ["x"], ["g"]),
                helper.make_node("Mul", ["x", "g"], ["s"]),
                helper.make_node("Split", ["s", "sizes"], ["a", "b"], axis=1),
                helper.make_node("Concat", ["b", "a"], ["y"], axis=1),
                sizes=np.array([1, 2]),
            ),
            ["SiLU", "ChannelSlice", "ChannelSlice", "Concat"],
        ),
        (
            "pooling with padding on one side, as TensorFlow has it",
            model(
                helper.make_node("MaxPool", ["x"], ["a"], kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"),
                helper.make_node("GlobalAveragePool", ["a"], ["y"]),
            ),
            ["MaxPool2d", "AdaptiveAvgPool2d"],
        ),
        (
            "old attributes",
            model(
                helper.make_node("Clip", ["x"], ["a"], min=0.0, max=6.0),
                helper.make_node("Slice", ["a"], ["b"], starts=[0, 1], ends=[2, 8], axes=[1, 2]),
                helper.make_node("Dropout", ["b"], ["y"], ratio=0.25),
                opset=9,
            ),
            ["ReLU6", "ChannelSlice", "ZeroPad2d", "Dropout"],
        ),
    ]
)


@pytest.mark.parametrize(("contents", "wanted"), [pytest.param(c, w, id=n) for n, c, w in CASES])
def test_files_of_others(contents: bytes, wanted: list[str], tmp_path: Path) -> None:
    assert types(opened(contents, tmp_path)) == wanted


def test_channels_last(tmp_path: Path) -> None:
    contents = model(
        helper.make_node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["a", "w"], ["y"]),
        shape=(1, 9, 8, 3),
        w=rand(2, 3, 3, 3),
    )
    (tmp_path / "last.onnx").write_bytes(contents)
    back = from_onnx(tmp_path / "last.onnx")
    assert back.network.graph.nodes[0].layer == Input(3, (9, 8))


RELU = helper.make_node("Relu", ["x"], ["y"], name="first")


@pytest.mark.parametrize(
    ("contents", "says"),
    [
        (b"nonsense that is no protobuf", "bad.onnx: It is not an ONNX file"),
        (b"", "bad.onnx: It is not an ONNX file, or an empty one"),
        (
            model(helper.make_node("Einsum", ["x", "x"], ["y"], name="sum", equation="a,a->a")),
            "bad.onnx: sum (Einsum): There is no layer for the operator Einsum.",
        ),
        (model(helper.make_node("Relu", ["z"], ["y"], name="r")), "r (Relu): It reads “z”, which nothing"),
        (model(helper.make_node("Relu", ["x"], ["z"])), "Its output “y” is given by no operator."),
        (model(RELU, shape=("N", 3, "H")), "bad.onnx: x: Its sizes are ?×3×?; needed are"),
        (model(RELU, shape=("N", 3)), "It takes vectors of 3"),
        (model(RELU, shape=(1, 3, 8, 2**40)), "bad.onnx: x: size must lie in 1…16,384, but is 1,099,511,627,776."),
        (
            model(helper.make_node("Conv", ["x", "w"], ["y"], name="c", strides=[0, 0]), w=rand(4, 3, 3, 3)),
            "c (Conv): There is no layer for this use of the operator Conv: its inputs or attributes are not as",
        ),
        (
            model(helper.make_node("Conv", ["x", "w"], ["y"], name="c"), w=rand(4, 5, 3, 3)),
            "c (Conv)",
        ),
        (
            model(helper.make_node("Conv", ["x", "w"], ["y"], name="c"), w=rand(4, 3, 9, 9)),
            "bad.onnx: c (Conv): Conv2d's 9×9 window does not fit its 3×8×8 input.",
        ),
        (
            model(
                helper.make_node("ConstantOfShape", ["s"], ["c"], name="big"),
                helper.make_node("Add", ["x", "c"], ["y"]),
                s=np.array([10**6, 10**6]),
            ),
            "big (ConstantOfShape): It makes a constant that is too large.",
        ),
        (model(helper.make_node("Softmax", ["x"], ["y"], name="s", axis=3)), "it is not over the channels."),
    ],
)
def test_what_cannot_be_opened_is_one_sentence_with_the_place(contents: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(contents)
    with pytest.raises(OnnxError) as e:
        from_onnx(tmp_path / "bad.onnx")
    assert says in str(e.value) and "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("free", "wanted", "shape"),
    [
        (("N", 3, "H", "W"), None, (3, 224, 224)),
        (("N", 3, "H", "W"), (3, 96, 64), (3, 96, 64)),
        (("N", "C", 40, "W"), (1, 96, 64), (1, 40, 64)),
        (("N", 3, 8, 8), (1, 96, 64), (3, 8, 8)),
    ],
)
def test_sizes_that_a_file_leaves_free(
    free: tuple[object, ...], wanted: tuple[int, ...] | None, shape: tuple[int, ...], tmp_path: Path
) -> None:
    (tmp_path / "free.onnx").write_bytes(model(RELU, shape=free))
    made = from_onnx(tmp_path / "free.onnx", wanted)
    assert made.network.graph.nodes[0].layer == Input(shape[0], shape[1:])
    assert ["×".join(map(str, shape)) in note for note in made.notes] == ([] if free == ("N", 3, 8, 8) else [True])


def test_a_sequential_of_the_older_exporter(tmp_path: Path) -> None:
    made = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Conv2d(4, 2, 1)))
    given = {"input_names": ["x"], "output_names": ["y"], "dynamic_axes": {"x": {0: "N", 2: "H", 3: "W"}}}
    path = tmp_path / "seq.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(made.eval(), (torch.zeros(1, 3, 9, 9),), path, dynamo=False, **given)
    back = from_onnx(path, (3, 12, 10))
    assert [n.type for n in back.network.graph] == ["Input", "Conv2d", "ReLU", "Conv2d"]
    x = torch.randn(2, 3, 12, 10)
    torch.testing.assert_close(back.net().eval()(x), made(x))


def test_cut_files_are_refused(tmp_path: Path) -> None:
    whole = model(helper.make_node("Conv", ["x", "w"], ["y"]), w=rand(4, 3, 3, 3))
    for size in range(0, len(whole) - 1, 7):
        (tmp_path / "cut.onnx").write_bytes(whole[:size])
        with pytest.raises(OnnxError, match=r"cut\.onnx"):
            from_onnx(tmp_path / "cut.onnx")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OnnxError, match=r"none\.onnx: No such file"):
        from_onnx(tmp_path / "none.onnx")
    with pytest.raises(OnnxError):
        from_onnx(tmp_path)


def test_sub_sampling_and_tables_give_the_same(tmp_path: Path) -> None:
    g = Graph().add(Input(3, (9, 9)), id="image").add(SubSample(), ["image"], id="s")
    g = g.add(SparseConv2d(((0, 1), (2,), (0, 2)), (2, 2)), ["s"], id="c")
    assert form(there_and_back(g, tmp_path).network.graph) == form(g)


@pytest.mark.slow
@pytest.mark.parametrize("cls", [c for c in TYPES.values() if c not in (Tokens, Embedding)])
def test_every_layer_type_is_written(cls: type[Layer], tmp_path: Path) -> None:
    """As it usually is: it gives the same numbers in ONNX, and comes back with them."""
    rows = analyse(sample(cls()))
    net = shaken(rows)
    contents = to_onnx(net, rows)
    assert verify(net, rows, contents).within(CLOSE)
    (tmp_path / "net.onnx").write_bytes(contents)
    back = from_onnx(tmp_path / "net.onnx")
    x = picture(rows)
    with torch.no_grad():
        torch.testing.assert_close(net(x), back.net().eval()(x), rtol=CLOSE, atol=CLOSE)
