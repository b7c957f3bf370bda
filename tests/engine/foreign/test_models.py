"""torchvision's models as our networks: exact to the last bit. Ten by name; all of them with --all-models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cnnviz.engine import vision
from cnnviz.engine.foreign.imported import Imported, from_module
from cnnviz.net.analysis import Analysis
from cnnviz.net.layers import Source, plane
from cnnviz.net.region import seen
from cnnviz.net.window import Axis, reads

torch.set_num_threads(1)

TEN = (
    *("alexnet", "resnet18", "resnet50", "googlenet", "densenet121", "mobilenet_v2", "mobilenet_v3_small"),
    *("squeezenet1_1", "shufflenet_v2_x0_5", "convnext_tiny"),
)
WITHOUT = ("vit", "swin", "maxvit")  # transformers
DECLARED = ("alexnet", "vgg", "googlenet", "resnet", "squeezenet", "mobilenet_v2", "densenet121")
SHARE = 0.05  # of Foreign nodes over all CNNs
SMALL = 96  # pixels: enough for every CNN, and quick
REFERENCE = Path(__file__).parents[4] / "shared" / "reference.json"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`name` is a model; tests of one come together, so that it is built once."""
    if "name" in metafunc.fixturenames:
        every = metafunc.config.getoption("--all-models")
        metafunc.parametrize("name", vision.models() if every else TEN, scope="module")


@pytest.fixture
def cnn(name: str) -> str:
    """A model that is no transformer."""
    if name.startswith(WITHOUT):
        pytest.skip("a transformer")
    return name


def size(name: str) -> int:
    """Pixels of a small picture for this model."""
    return vision.preparation(name)[0] if name.startswith(WITHOUT) else SMALL


def drawn(weight: Tensor, *_args: object, **_settings: object) -> Tensor:
    """First weights as random as any, in a tenth of the time that cut-off normal distributions take."""
    with torch.no_grad():
        bound = (3 / max(1, weight[0].numel())) ** 0.5
        return weight.uniform_(-bound, bound)


@lru_cache(maxsize=2)
def made(name: str, side: int) -> tuple[nn.Module, Imported]:
    """A model with random weights, and what we make of it."""
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        for slow in ("kaiming_uniform_", "kaiming_normal_", "normal_", "trunc_normal_", "uniform_"):
            patch.setattr(nn.init, slow, drawn)
        model = vision.build(name)
    side = getattr(model, "image_size", side)
    return model, from_module(model, (3, side, side), name)


def picture(imported: Imported, batch: int = 2) -> Tensor:
    """Random pictures for a model."""
    rows = imported.network.analyze()
    assert rows.input is not None
    shape = rows[rows.input.id].out
    assert shape is not None
    return torch.randn(batch, *shape, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """Nothing stays in memory."""
    yield
    made.cache_clear()


def test_output_is_the_models_own_bit_for_bit(name: str) -> None:
    model, imported = made(name, size(name))
    net, x = imported.net(), picture(imported)
    with torch.no_grad():
        assert torch.equal(net.eval()(x), model.eval()(x))
        torch.manual_seed(7)
        wanted = model.train()(x)
        torch.manual_seed(7)
        assert torch.equal(net.train()(x), wanted)
    # batch normalisation has learned the same; but for foreign parts, `state` is the model's own memory
    mine, graph = net.state_dict(), imported.network.graph
    ours = {k: v for k, v in imported.state.items() if graph[k.partition(".")[0]].type != "Foreign"}
    assert all(torch.equal(mine[k], v) for k, v in ours.items())


def test_shapes_of_all_nodes_and_parameters_are_the_models(name: str) -> None:
    model, imported = made(name, size(name))
    rows = imported.network.analyze()
    assert not rows.problems
    assert rows.params == sum(p.numel() for p in model.parameters())
    ran: dict[str, Tensor] = {}
    theirs: dict[str, tuple[int, ...]] = {}
    first = {path: id for id, path in reversed(imported.origin.items())}

    def note(path: str, out: Tensor) -> None:
        theirs.setdefault(path, tuple(out.shape))

    hooks = [
        m.register_forward_hook(lambda _m, _i, out, p=path: note(p, out))
        for path, m in model.named_modules()
        if path in first and not m._modules
    ]
    with torch.no_grad():
        model.eval()(picture(imported, 1))
        imported.net().eval()(picture(imported, 1), ran)
    for hook in hooks:
        hook.remove()
    assert {id: tuple(v.shape[1:]) for id, v in ran.items()} == {r.id: r.out for r in rows.values()}
    for path, shape in theirs.items():
        out = rows[first[path]].out
        assert out is not None
        assert shape[1:] in (out, (*out[1:], out[0])), path  # channels last in ConvNeXt


def test_macs_are_torchvisions_to_the_printed_digit(cnn: str) -> None:
    side = vision.preparation(cnn)[0]
    rows = made(cnn, side)[1].network.analyze()
    stated = vision.weights(cnn)[0]
    assert not rows.uncosted
    assert round(rows.macs / 1e9, 3) == stated.gmacs
    assert cnn == "inception_v3" or rows.params == stated.params  # it counts a head that is there for training only


@pytest.mark.skipif(not REFERENCE.is_file(), reason="the reference numbers are not here")
@pytest.mark.parametrize("which", ["alexnet", "resnet18", "resnet50", "googlenet", "mobilenet_v2"])
def test_macs_are_the_references(which: str) -> None:
    stated = json.loads(REFERENCE.read_text("utf-8"))["torchvision.exact_conv_linear_macs"]["value"][which]
    rows = made(which, stated["input"][1])[1].network.analyze()
    assert (rows.macs, rows.params) == (stated["macs"], stated["params"])


def test_nothing_is_foreign(cnn: str) -> None:
    nodes = made(cnn, SMALL)[1].network.graph.nodes
    foreign = [n.id for n in nodes if n.type == "Foreign"]
    assert len(foreign) <= SHARE * len(nodes)
    assert not (cnn.startswith(DECLARED) and foreign)


# ── receptive fields ─────────────────────────────────────────────────────────────────────────────────────────────────
def reached(rows: Analysis, y: int, x: int) -> dict[str, np.ndarray]:
    """By node with a field the units that see pixel (y, x), by their windows."""
    found: dict[str, np.ndarray] = {}
    for row in rows.values():
        if row.field is None or row.out is None:
            continue
        hit = np.zeros(plane(row.out), bool)
        if isinstance(row.node.layer, Source):
            hit[y, x] = True
        for source, shape, axes in zip(row.node.sources, row.ins, row.node.layer.windows(row.ins), strict=True):
            assert axes is not None
            down, across = (_looks(a, n, m) for a, n, m in zip(axes, plane(shape), plane(row.out), strict=True))
            hit |= down @ found[source] @ across.T
        found[row.id] = hit
    return found


@lru_cache(maxsize=512)
def _looks(axis: Axis, inputs: int, outputs: int) -> np.ndarray:
    """(outputs, inputs): who looks at what along one axis."""
    looks = np.zeros((outputs, inputs), bool)
    for o in range(outputs):
        looks[o, list(reads(axis, o, inputs))] = True
    return looks


def test_units_see_what_a_nan_pixel_reaches(cnn: str) -> None:
    _model, imported = made(cnn, SMALL)
    rows, net = imported.network.analyze(), imported.net().eval()
    assert rows.input is not None
    for y, x in ((SMALL // 2, SMALL // 2), (3, SMALL - 1)):
        # one after the other: two kernels of torch may spread a NaN within what they compute at once
        ones, ran = torch.ones(1, *rows[rows.input.id].out or ()), {}
        ones[..., y, x] = torch.nan
        with torch.no_grad():
            net(ones, ran)
        ours = reached(rows, y, x)
        for id, hit in ours.items():
            truth = ran[id][0].isnan().flatten(0, max(0, ran[id].dim() - 4)).any(0).numpy()
            assert np.array_equal(hit, truth.reshape(hit.shape)), (id, y, x)
    dice = np.random.default_rng(0)
    for id in dice.choice(list(ours), 12):
        v, u = (int(dice.integers(n)) for n in ours[id].shape)
        region = seen(rows, id, v, u)
        assert region is not None
        assert region.mask()[y][x] == ours[id][v, u], (id, v, u)
