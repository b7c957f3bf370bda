"""Layers and networks to test with, derived from the layer types: a new type or setting is tested by being declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import strategies as st

from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import (
    TYPES,
    AdaptiveAvgPool2d,
    Board,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    Embedding,
    Flatten,
    Input,
    Kind,
    Layer,
    MaxPool1d,
    Mean,
    Multiply,
    Shape,
    Source,
    SparseConv2d,
    Tokens,
    Upsample,
    kinds,
)
from cnnviz.net.layers.base import PADDINGS
from cnnviz.net.layers.conv import MODES

CHANNELS, SIZE = 4, (11, 9)  # of the picture in front of a sample layer
SHAPES: dict[str, Shape] = {
    "Conv1d": (CHANNELS, 11),
    "MaxPool1d": (CHANNELS, 11),
    "Embedding": (1, 11, 1),
    "SparseConv2d": (6, *SIZE),
    "GroupNorm": (8, *SIZE),
    "PixelShuffle": (16, 3, 4),
    "ChannelShuffle": (8, *SIZE),
    "RBF": (84,),
}
"""What other layers take in, where that is not enough. A sequence or a vector is reshaped from a picture."""
TOGETHER = {("Upsample", "align_corners"): {"mode": "bilinear"}}
"""Settings that matter only with others."""
NUMBERS = {
    ("GroupNorm", "num_groups"): (1, 2, 8),
    ("ChannelShuffle", "groups"): (1, 4),
    ("Shortcut", "out_channels"): (4, 7, 10),
    ("LPPool2d", "norm_type"): (1, 4),  # odd powers of negative values have no root: NaN
    ("MaxPool1d", "padding"): (1,),
    ("ChannelSlice", "start"): (1, 2),
    ("ChannelSlice", "stop"): (2, 4),
    ("Reshape", "shape"): ((-1,), (4, 99), (2, -1), (9, 4, 11), (-1, 3, 3)),
    ("SparseConv2d", "table"): (((0,),), ((5, 0), (2,), (1, 2, 3)), ((3,), (3,), (3,))),
    ("ZeroPad2d", "padding"): ((0, 0, 0, 0), (1, 2, 3, 4), (-1, 0, 0, 0), (0, -2, 1, -3), (-4, -4, -5, -5)),
    ("ReflectionPad2d", "padding"): ((0, 0, 0, 0), (1, 2, 3, 4), (8, 0, 10, 0)),
}
"""Values to try where the neighbours of the default do not fit, or are not enough."""
ALSO: dict[tuple[str, str], dict[str, Any]] = {
    ("Mean", "axis"): {"keep": True},
    ("Max", "axis"): {"keep": True},
    ("ChannelSlice", "start"): {"stop": 3},
}
"""What goes along with a value so that it fits."""


def variants(cls: type[Layer]) -> Iterator[Layer]:
    """The default, and each setting moved to every choice, up, down, and apart along the axes."""
    yield cls()
    for name, kind in kinds(cls).items():
        for value in NUMBERS.get((cls.__name__, name), ()) or _others(kind, getattr(cls(), name)):
            yield replace(cls(), **{name: value}, **ALSO.get((cls.__name__, name), {}))


def pairs(cls: type[Layer]) -> Iterator[tuple[Layer, Layer]]:
    """Two layers that differ in one setting."""
    for name, kind in kinds(cls).items():
        usual = replace(cls(), **TOGETHER.get((cls.__name__, name), ALSO.get((cls.__name__, name), {})))
        for value in NUMBERS.get((cls.__name__, name), ()) or _others(kind, getattr(cls(), name)):
            yield usual, replace(usual, **{name: value})


def _others(kind: Kind, now: Any) -> Iterator[Any]:
    if kind.name == "bool":
        yield not now
    elif kind.name == "choice":
        yield from (c for c in kind.choices if c != now)
    elif kind.name == "floats":
        yield from ((0.5,), (0.1, 0.2, 0.3))
    elif kind.name == "float":
        yield from (v for v in (now / 2, kind.low, kind.high) if v != now)
    elif kind.name == "int":
        yield from (v for v in (2 * now, now - 1) if kind.low <= v <= kind.high)
    elif kind.name == "length_padding":
        yield from (*PADDINGS, now + 1)
    else:
        if kind.name == "padding":
            yield from PADDINGS
        yield from (v for v in ((now[0] + 1,) * 2, (now[0] - 1,) * 2) if v[0] >= kind.low)
        yield from ((now[0] + 1, now[1]), (now[0], now[1] + 1))


def padded() -> Iterator[Conv2d]:
    """Convolutions with every padding and mode, even and odd kernels, strides and dilations."""
    for mode, pad in product(MODES, ((2, 1), (0, 3), "same", "same_tf")):
        for kernel, stride, dilation in (
            ((3, 3), 1, 1),
            ((2, 4), 1, 1),
            ((3, 2), 1, 2),
            ((3, 4), 2, 1),
            ((2, 3), 3, 2),
        ):
            if pad != "same" or stride == 1:
                yield Conv2d(3, kernel, stride, pad, mode, dilation)


def mixed() -> Iterator[Layer]:
    """Settings that only matter together."""
    for ceil, kernel, stride, pad in product((False, True), ((2, 2), (3, 2), (3, 3)), (1, 2, 3), (0, 1)):
        for name in ("MaxPool2d", "AvgPool2d"):
            yield TYPES[name](kernel_size=kernel, stride=stride, padding=pad, ceil_mode=ceil)  # type: ignore[call-arg]
    for kernel, stride, pad, extra, dilation in ((3, 1, 1, 0, 1), (3, 3, 1, 2, 1), (1, 3, 0, 0, 1), (2, 3, 1, 1, 2)):
        yield ConvTranspose2d(6, kernel, stride, pad, extra, dilation, 2, False)
    yield Conv2d(8, 3, groups=4)
    yield Conv2d(4, 3, groups=4, bias=False)
    for mode, rule in product(MODES, (2, "same", "same_tf")):
        for k, stride, dilation in ((4, 1, 1), (3, 1, 2), (4, 3, 1)):
            if rule != "same" or stride == 1:
                yield Conv1d(3, k, stride, rule, mode, dilation)
    for ceil, k, stride, edge in product((False, True), (2, 3), (1, 2, 3), (0, 1)):
        yield MaxPool1d(k, stride, edge, 1, ceil)
    for high, wide in ((1, 3), (3, 2), (5, 4)):
        yield Upsample((high, wide))
        yield Upsample((high, wide), "bilinear")
        yield Upsample((high, wide), "bilinear", True)
    for name, axis in product(("Mean", "Max"), ("both", "height", "width")):
        yield TYPES[name](axis=axis)  # type: ignore[call-arg]
    yield SparseConv2d(((5, 0), (2,)), (3, 2), (2, 1), (1, 2), False)


LAYERS = list(dict.fromkeys([v for cls in TYPES.values() for v in variants(cls)] + list(padded()) + list(mixed())))


def sample(layer: Layer) -> Graph:
    """The layer behind a picture, behind its two unlike branches where it merges, or behind Flatten for a vector."""
    if isinstance(layer, Source):
        return Graph().add(layer)
    shape = SHAPES.get(type(layer).__name__, (CHANNELS, *SIZE))
    if isinstance(layer, Embedding):
        return Graph().add(Tokens(11, 20), id="input_1").add(layer, ["input_1"], id="it")
    if len(shape) == 2:  # a sequence that runs down the picture
        g = Graph().add(Input(shape[0], (shape[1], 3))).add(Mean("width"), ["input_1"], id="line")
        return g.add(layer, ["line"], id="it")
    if len(shape) == 1:
        return Graph().add(Input(1, (1, *shape))).add(Flatten(), ["input_1"], id="flat").add(layer, ["flat"], id="it")
    g = Graph().add(Input(shape[0], shape[1:]))
    inputs = ("input_1",)
    if isinstance(layer, Multiply):  # squeeze and excite
        g = g.add(AdaptiveAvgPool2d(), ["input_1"], id="squeezed")
        inputs = ("input_1", "squeezed")
    elif layer.inputs[0] == 2:
        g = g.add(Conv2d(CHANNELS, 3, padding=1), ["input_1"])
        inputs = ("conv2d_1", "input_1")
    mapped = g.add(layer, inputs, id="it")
    if analyse(mapped)["it"].problem is None:
        return mapped
    return g.add(TYPES["Flatten"](), inputs, id="flat").add(layer, ("flat",), id="it")


# ── random networks ──────────────────────────────────────────────────────────────────────────────────────────────────
SMALL = {"stride": 3, "kernel_size": 4, "dilation": 2, "groups": 2, "padding": 2, "output_padding": 1, "num_groups": 2}
DRAWN = {
    "norm_type": (1, 2, 4),
    "shape": ((-1,), (-1, 1, 1), (1, -1), (2, -1, 1), (4, 2, 2)),
    "table": (((0,),), ((0, 1), (1,)), ((2, 0), (1,), (3, 2, 1))),
    "sides": ((0, 0, 0, 0), (1, 0, 2, 1), (0, -1, 0, 2), (-1, -1, -2, 0)),
}
"""Values to draw, by setting or by kind, where small whole numbers will not do."""


def _value(kind: Kind, name: str) -> st.SearchStrategy[Any]:
    whole = st.integers(int(max(kind.low, 0)), SMALL.get(name, 5))
    if drawn := DRAWN.get(name) or DRAWN.get(kind.name):
        return st.sampled_from([v for v in drawn if kind.name != "sides" or min(v) >= kind.low])
    if kind.name == "bool":
        return st.booleans()
    if kind.name == "choice":
        return st.sampled_from(kind.choices)
    if kind.name == "floats":
        return st.sampled_from([(0.5,), (1.0,), (0.1, 0.2)])
    if kind.name == "float":
        return st.sampled_from([v for v in (0.01, 0.5) if kind.low <= v <= kind.high])
    if kind.name == "int":
        return whole
    if kind.name == "length_padding":
        return st.one_of(whole, st.sampled_from(PADDINGS))
    pair = st.one_of(whole, st.tuples(whole, whole))
    return st.one_of(pair, st.sampled_from(PADDINGS)) if kind.name == "padding" else pair


def layers(names: tuple[str, ...] = tuple(TYPES)) -> st.SearchStrategy[Layer]:
    """Layers of these types with random small settings; about half of them as they are by default."""

    def settled(name: str) -> st.SearchStrategy[Layer]:
        cls = TYPES[name]
        values = {k: _value(kind, k) for k, kind in kinds(cls).items()}
        return st.fixed_dictionaries({}, optional=values).map(lambda given: cls(**given))

    return st.sampled_from(names).flatmap(settled)


FLAT = ("Flatten", "Linear", "BatchNorm1d", "RBF")
LINES = (
    "Conv1d",
    "MaxPool1d",
    "BatchNorm1d",
    "Dropout",
    "ReLU",
    "Concat",
    "Add",
    "Multiply",
    "Mean",
    "Max",
    "LayerNorm",
)
"""What sequences are for."""


@st.composite
def graphs(draw: st.DrawFn, most: int = 8) -> Graph:
    """Networks of all layer types, sequential and branching, that mostly fit together but need not."""
    size = st.integers(1, 12)
    entering = draw(st.integers(0, 7))
    if entering == 0:
        g = Graph().add(Tokens(draw(size), 9)).add(draw(layers(("Embedding",))), ["tokens_1"])
    elif entering == 1:
        g = Graph().add(Board(draw(size), draw(st.integers(1, 4))))
    else:
        g = Graph().add(Input(draw(st.integers(1, 4)), (draw(size), draw(size))))
        if entering == 2:
            g = g.add(Mean("width"), [g.nodes[-1].id])
    everything = tuple(n for n in TYPES if n == "Input" or not issubclass(TYPES[n], Source))
    deep = tuple(n for n in everything if n not in (*FLAT, "Input", "Embedding"))
    for _ in range(draw(st.integers(1, most))):
        names = deep if draw(st.integers(0, 5)) else everything
        if len(analyse(g)[g.nodes[-1].id].out or ()) == 2 and draw(st.integers(0, 5)):
            names = LINES
        layer = draw(layers(names))
        ids = [n.id for n in g]
        fewest = layer.inputs[0]
        near = st.sampled_from(ids[-2:]) if draw(st.booleans()) else st.sampled_from(ids)
        count = fewest if draw(st.integers(0, 9)) else draw(st.integers(0, 3))
        g = g.add(layer, [draw(near) for _ in range(count)])
    return g
