"""Layers and networks to test with, derived from the layer types: a new type or setting is tested by being declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import strategies as st

from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import TYPES, Conv2d, ConvTranspose2d, Input, Kind, Layer, kinds
from cnnviz.net.layers.base import PADDINGS
from cnnviz.net.layers.conv import MODES

CHANNELS, SIZE = 4, (11, 9)  # of the picture in front of a sample layer


def variants(cls: type[Layer]) -> Iterator[Layer]:
    """The default, and each setting moved to every choice, up, down, and apart along the axes."""
    yield cls()
    for name, kind in kinds(cls).items():
        for value in _others(kind, getattr(cls(), name)):
            yield replace(cls(), **{name: value})


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


LAYERS = [v for cls in TYPES.values() for v in variants(cls)] + list(padded()) + list(mixed())


def sample(layer: Layer) -> Graph:
    """The layer behind a picture, behind its two unlike branches where it merges, or behind Flatten for a vector."""
    if isinstance(layer, Input):
        return Graph().add(layer)
    g = Graph().add(Input(CHANNELS, SIZE))
    inputs = ("input_1",)
    if layer.inputs[0] == 2:
        g = g.add(Conv2d(CHANNELS, 3, padding=1), ["input_1"])
        inputs = ("conv2d_1", "input_1")
    mapped = g.add(layer, inputs, id="it")
    if analyse(mapped)["it"].problem is None:
        return mapped
    return g.add(TYPES["Flatten"](), inputs, id="flat").add(layer, ("flat",), id="it")


# ── random networks ──────────────────────────────────────────────────────────────────────────────────────────────────
def _value(kind: Kind, name: str) -> st.SearchStrategy[Any]:
    small = {"stride": 3, "kernel_size": 4, "dilation": 2, "groups": 2, "padding": 2, "output_padding": 1}.get(name, 5)
    whole = st.integers(int(max(kind.low, 0)), small)
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
    pair = st.one_of(whole, st.tuples(whole, whole))
    return st.one_of(pair, st.sampled_from(PADDINGS)) if kind.name == "padding" else pair


def layers(names: tuple[str, ...] = tuple(TYPES)) -> st.SearchStrategy[Layer]:
    """Layers of these types with random small settings; about half of them as they are by default."""

    def settled(name: str) -> st.SearchStrategy[Layer]:
        cls = TYPES[name]
        values = {k: _value(kind, k) for k, kind in kinds(cls).items()}
        return st.fixed_dictionaries({}, optional=values).map(lambda given: cls(**given))

    return st.sampled_from(names).flatmap(settled)


@st.composite
def graphs(draw: st.DrawFn, most: int = 8) -> Graph:
    """Networks of all layer types, sequential and branching, that mostly fit together but need not."""
    size = st.integers(1, 12)
    g = Graph().add(Input(draw(st.integers(1, 4)), (draw(size), draw(size))))
    deep = tuple(n for n in TYPES if n not in ("Input", "Flatten", "Linear", "BatchNorm1d"))
    for _ in range(draw(st.integers(1, most))):
        layer = draw(layers(deep if draw(st.integers(0, 5)) else tuple(TYPES)))
        ids = [n.id for n in g]
        fewest = layer.inputs[0]
        near = st.sampled_from(ids[-2:]) if draw(st.booleans()) else st.sampled_from(ids)
        count = fewest if draw(st.integers(0, 9)) else draw(st.integers(0, 3))
        g = g.add(layer, [draw(near) for _ in range(count)])
    return g
