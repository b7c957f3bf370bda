"""What each layer type is in Keras, whose maps have their channels last: calls, and weights in Keras's order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...net import layers as net
from ...net.analysis import Analysis, Row
from ...net.layers import Layer
from ...net.layers.conv import added

Array = NDArray[np.float32]
State = Mapping[str, Array]


class Unlike(Exception):
    """Keras has no such layer, or not with these settings; the message says which settings."""


@dataclass
class Call:
    """One Keras layer: its class, its arguments as text, and its weights."""

    kind: str
    args: list[str] = field(default_factory=list)
    weights: list[Array] = field(default_factory=list)

    def text(self, name: str = "") -> str:
        """The expression that makes it, named where it has weights."""
        args = [*self.args, *([f'name="{name}"'] if name and self.weights else [])]
        return f"layers.{self.kind}({', '.join(args)})"


ACTIVATIONS: dict[type[Layer], str] = {
    net.ReLU: "relu",
    net.Tanh: "tanh",
    net.Sigmoid: "sigmoid",
    net.SiLU: "silu",
    net.GELU: "gelu",
    net.Hardswish: "hard_silu",
    net.Hardsigmoid: "hard_sigmoid",
    net.ReLU6: "relu6",
    net.Softplus: "softplus",
    net.Softmax: "softmax",
    net.LogSoftmax: "log_softmax",
}


def activation(layer: Layer) -> str:
    """Keras's word for this activation; empty where it has none."""
    if isinstance(layer, net.GELU) and layer.approximate != "none":
        return ""
    if isinstance(layer, net.Softplus) and layer.beta != 1:
        return ""
    return ACTIVATIONS.get(type(layer), "")


def calls(row: Row, rows: Analysis, state: State) -> list[Call]:
    """The Keras layers that do what this one does, one behind the other. Raises Unlike."""
    layer = row.node.layer
    word = activation(layer)
    if word:
        return [Call("Activation", [f'"{word}"'])] if word not in ("relu", "softmax") else [Call(type(layer).__name__)]
    make = _MADE.get(type(layer))
    if make is None:
        raise Unlike
    home = (row.node.weights or row.id) + "."
    weights = {k.removeprefix(home): v for k, v in state.items() if k.startswith(home)}
    return make(layer, row, rows, weights)


# ── convolution ──────────────────────────────────────────────────────────────────────────────────────────────────────
def _size(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else repr(pair)


def _padded(sides: list[tuple[int, int]]) -> list[Call]:
    """A layer of zeros around a map, where there are any: (before, after) of height and width."""
    if not any(map(any, sides)):
        return []
    (top, bottom), (left, right) = sides
    if top == bottom and left == right:
        return [Call("ZeroPadding2D", [_size((top, left))])]
    return [Call("ZeroPadding2D", [repr(((top, bottom), (left, right)))])]


def _conv(layer: net.Conv2d, row: Row, rows: Analysis, w: State) -> list[Call]:
    if layer.padding_mode != "zeros":
        raise Unlike(f"padding_mode={layer.padding_mode!r}")
    if layer.stride != (1, 1) and layer.dilation != (1, 1):
        raise Unlike("stride, dilation")
    channels, height, width = row.ins[0]
    sides = [layer.sides(a, n) for a, n in enumerate((height, width))]
    same = [
        added("same_tf", *axis)
        for axis in zip(layer.kernel_size, layer.stride, layer.dilation, (height, width), strict=True)
    ]
    args = [_size(layer.kernel_size)]
    args += [f"strides={_size(layer.stride)}"] if layer.stride != (1, 1) else []
    before: list[Call] = []
    if any(map(any, sides)):
        # called again with a stride, for another size, “same” would be other padding
        if sides == same and (layer.stride == (1, 1) or len(rows.graph.family(row.id)) == 1):
            args.append('padding="same"')
        else:
            before = _padded(sides)
    args += [f"dilation_rate={_size(layer.dilation)}"] if layer.dilation != (1, 1) else []
    bias = [w["bias"]] if layer.bias else []
    deep = layer.groups == channels > 1
    if deep:
        each = layer.out_channels // channels
        kernel = w["weight"].reshape(channels, each, *layer.kernel_size).transpose(2, 3, 0, 1)
        args += [f"depth_multiplier={each}"] if each > 1 else []
    else:
        kernel = w["weight"].transpose(2, 3, 1, 0)
        args = [str(layer.out_channels), *args, *([f"groups={layer.groups}"] if layer.groups > 1 else [])]
    args += [] if layer.bias else ["use_bias=False"]
    return [*before, Call("DepthwiseConv2D" if deep else "Conv2D", args, [kernel, *bias])]


def _transposed(layer: net.ConvTranspose2d, row: Row, rows: Analysis, w: State) -> list[Call]:
    if layer.groups > 1 or layer.output_padding != (0, 0) or layer.dilation != (1, 1):
        raise Unlike("groups, output_padding, dilation")
    if any(k < s for k, s in zip(layer.kernel_size, layer.stride, strict=True)):
        raise Unlike("kernel_size < stride")
    args = [str(layer.out_channels), _size(layer.kernel_size), f"strides={_size(layer.stride)}"]
    args += [] if layer.bias else ["use_bias=False"]
    made = [Call("Conv2DTranspose", args, [w["weight"].transpose(2, 3, 1, 0), *([w["bias"]] if layer.bias else [])])]
    return made + ([Call("Cropping2D", [_size(layer.padding)])] if any(layer.padding) else [])


# ── pooling ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _pool(layer: net.MaxPool2d | net.AvgPool2d, row: Row, rows: Analysis, w: State) -> list[Call]:
    largest = isinstance(layer, net.MaxPool2d)
    if isinstance(layer, net.MaxPool2d) and layer.dilation != (1, 1):
        raise Unlike("dilation")
    assert row.out is not None
    sides = []
    for n, m, k, s, p in zip(row.ins[0][1:], row.out[1:], layer.kernel_size, layer.stride, layer.padding, strict=True):
        sides.append((p, max(0, (m - 1) * s + k - n - p) if layer.ceil_mode else p))
    before = _padded(sides)
    if before and largest and not _is_positive(row.node.sources[0], rows):
        raise Unlike("padding, ceil_mode")  # Keras would fill in zeros, which may be larger than what is there
    if before and isinstance(layer, net.AvgPool2d) and (layer.ceil_mode or not layer.count_include_pad):
        raise Unlike("count_include_pad, ceil_mode")
    args = [_size(layer.kernel_size)] + (
        [f"strides={_size(layer.stride)}"] if layer.stride != layer.kernel_size else []
    )
    return [*before, Call("MaxPooling2D" if largest else "AveragePooling2D", args)]


def _is_positive(id: str, rows: Analysis) -> bool:
    """Whether a node never gives a negative value."""
    node = rows[id].node
    if not node.layer.signed:
        return True
    keeps = (net.MaxPool2d, net.AvgPool2d, net.Concat, net.Add, net.Multiply, net.Dropout, net.Dropout2d)
    return isinstance(node.layer, keeps) and all(_is_positive(s, rows) for s in node.sources)


def _adaptive(layer: net.AdaptiveAvgPool2d | net.AdaptiveMaxPool2d, row: Row, rows: Analysis, w: State) -> list[Call]:
    largest = isinstance(layer, net.AdaptiveMaxPool2d)
    if layer.output_size == (1, 1):
        readers = rows.graph.readers[row.id]
        flat = len(readers) == 1 and isinstance(rows[readers[0]].node.layer, net.Flatten)
        kind = "GlobalMaxPooling2D" if largest else "GlobalAveragePooling2D"
        return [Call(kind, [] if flat else ["keepdims=True"])]
    sizes = row.ins[0][1:]
    if any(n % m for n, m in zip(sizes, layer.output_size, strict=True)):
        raise Unlike(f"output_size={layer.output_size}")
    window = sizes[0] // layer.output_size[0], sizes[1] // layer.output_size[1]
    return [Call("MaxPooling2D" if largest else "AveragePooling2D", [_size(window)])] if window != (1, 1) else []


def _reduced(layer: net.Mean | net.Max, row: Row, rows: Analysis, w: State) -> list[Call]:
    if layer.axis != "both" or len(row.ins[0]) != 3:
        raise Unlike(f"axis={layer.axis!r}")
    kind = "GlobalMaxPooling2D" if isinstance(layer, net.Max) else "GlobalAveragePooling2D"
    return [Call(kind, ["keepdims=True"] if layer.keep else [])]


# ── the others ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _batch_norm(layer: net.BatchNorm2d | net.BatchNorm1d, row: Row, rows: Analysis, w: State) -> list[Call]:
    if len(row.ins[0]) == 2:
        raise Unlike("sequences")
    args = [f"momentum={round(1 - layer.momentum, 9)!r}", f"epsilon={layer.eps!r}"]
    affine = [w["weight"], w["bias"]] if layer.affine else []
    args += [] if layer.affine else ["center=False", "scale=False"]
    return [Call("BatchNormalization", args, [*affine, w["running_mean"], w["running_var"]])]


def _layer_norm(layer: net.LayerNorm, row: Row, rows: Analysis, w: State) -> list[Call]:
    rank = len(row.ins[0])
    whole = layer.over == "all" and rank > 1
    if rank == 2 and whole:
        raise Unlike("sequences")
    args = ([f"axis={list(range(1, rank + 1))}"] if whole else []) + [f"epsilon={layer.eps!r}"]
    args += [] if layer.elementwise_affine else ["center=False", "scale=False"]
    weights = [w["weight"], w["bias"]] if layer.elementwise_affine else []
    return [Call("LayerNormalization", args, [v.transpose(1, 2, 0) if whole else v for v in weights])]


def _group_norm(layer: net.GroupNorm | net.InstanceNorm2d, row: Row, rows: Analysis, w: State) -> list[Call]:
    groups = layer.num_groups if isinstance(layer, net.GroupNorm) else row.ins[0][0]
    args = [f"groups={groups}", f"epsilon={layer.eps!r}"] + ([] if layer.affine else ["center=False", "scale=False"])
    return [Call("GroupNormalization", args, [w["weight"], w["bias"]] if layer.affine else [])]


def _dense(layer: net.Linear | net.ChannelLinear, row: Row, rows: Analysis, w: State) -> list[Call]:
    args = [str(layer.out_features)] + ([] if layer.bias else ["use_bias=False"])
    return [Call("Dense", args, [w["weight"].T, *([w["bias"]] if layer.bias else [])])]


def _prelu(layer: net.PReLU, row: Row, rows: Analysis, w: State) -> list[Call]:
    rank = len(row.ins[0])
    axes = list(range(1, rank + 1))
    shared = axes if not layer.per_channel else axes[:-1]
    shape = [1 if a in shared else row.ins[0][0] for a in axes]
    return [Call("PReLU", [f"shared_axes={shared}"] if shared else [], [w["weight"].reshape(shape)])]


def _zero_pad(layer: net.ZeroPad2d, row: Row, rows: Analysis, w: State) -> list[Call]:
    left, right, top, bottom = layer.padding
    sides = [(top, bottom), (left, right)]
    cut = [tuple(max(0, -n) for n in pair) for pair in sides]
    put = [(max(0, a), max(0, b)) for a, b in sides]
    made = [Call("Cropping2D", [repr(tuple(cut))])] if any(map(any, cut)) else []
    return made + _padded(put)


def _upsample(layer: net.Upsample, row: Row, rows: Analysis, w: State) -> list[Call]:
    if layer.mode == "bilinear" and layer.align_corners:
        raise Unlike("align_corners")
    args = [_size(layer.scale_factor)] + (['interpolation="bilinear"'] if layer.mode == "bilinear" else [])
    return [Call("UpSampling2D", args)]


def _simple(kind: str, setting: str = "", given: str = "") -> Callable[..., list[Call]]:
    def make(layer: Layer, row: Row, rows: Analysis, w: State) -> list[Call]:
        value = getattr(layer, setting) if setting else None
        return [Call(kind, [f"{given}{value!r}"] if setting else [])]

    return make


_MADE: dict[type[Layer], Callable[..., list[Call]]] = {
    net.Conv2d: _conv,
    net.ConvTranspose2d: _transposed,
    net.ChannelLinear: _dense,
    net.MaxPool2d: _pool,
    net.AvgPool2d: _pool,
    net.AdaptiveAvgPool2d: _adaptive,
    net.AdaptiveMaxPool2d: _adaptive,
    net.Mean: _reduced,
    net.Max: _reduced,
    net.BatchNorm2d: _batch_norm,
    net.BatchNorm1d: _batch_norm,
    net.LayerNorm: _layer_norm,
    net.GroupNorm: _group_norm,
    net.InstanceNorm2d: _group_norm,
    net.Linear: _dense,
    net.PReLU: _prelu,
    net.LeakyReLU: _simple("LeakyReLU", "negative_slope", "negative_slope="),
    net.ELU: _simple("ELU", "alpha", "alpha="),
    net.Dropout: _simple("Dropout", "p"),
    net.Dropout2d: _simple("SpatialDropout2D", "p"),
    net.ZeroPad2d: _zero_pad,
    net.Upsample: _upsample,
    net.Flatten: _simple("Flatten"),
    net.Add: _simple("Add"),
    net.Multiply: _simple("Multiply"),
    net.Concat: _simple("Concatenate"),
}


def merges(layer: Any) -> bool:
    """Whether a Keras layer takes its inputs as a list."""
    return isinstance(layer, (net.Add, net.Multiply, net.Concat))
