"""Functions and methods of torch, each with the layer of ours that does the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import Tensor

from ...net.layers import Layer
from ...net.layers.activation import (
    ELU,
    GELU,
    Hardsigmoid,
    Hardswish,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from ...net.layers.conv import Conv2d
from ...net.layers.conv1d import Conv1d
from ...net.layers.dense import Linear
from ...net.layers.merge import Add, Concat, Multiply
from ...net.layers.pool import AvgPool2d, MaxPool2d
from ...net.layers.regular import Dropout, Dropout2d, StochasticDepth
from ...net.layers.scale import ChannelScale, GroupNorm, LayerNorm
from ...net.layers.shape import PixelShuffle, ReflectionPad2d, Upsample, ZeroPad2d
from ...net.layers.sparse import ChannelLinear
from ...net.layers.whole import AdaptiveAvgPool2d, AdaptiveMaxPool2d, Max, Mean
from ...net.problems import Misfit
from .calls import Call, Rule
from .values import Value, Weight

FUNCTIONS: dict[str, Rule] = {}
"""Rules by the name of the function or method."""


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Registers a rule for functions and methods of these names."""

    def register(found: Rule) -> Rule:
        FUNCTIONS.update(dict.fromkeys(names, found))
        return found

    return register


def mapped(c: Call, value: Any, ranks: tuple[int, ...] = (3,)) -> Value | None:
    """The tensor as our layers take it, its steps done, where it is a map (or has one of these ranks); else None."""
    return c.mapper.settle(value, c.node) if isinstance(value, Value) and len(value.dims) in ranks else None


def pair(value: Any) -> tuple[int, int]:
    """One number or two as two."""
    first, second = value if isinstance(value, (tuple, list)) else (value, value)
    return first, second


# ── activations ──────────────────────────────────────────────────────────────────────────────────────────────────────
_POINTWISE: dict[str, tuple[str, Callable[..., Layer]]] = {
    "relu": ("input inplace=False", ReLU),
    "relu_": ("input", ReLU),
    "relu6": ("input inplace=False", ReLU6),
    "silu": ("input inplace=False", SiLU),
    "hardswish": ("input inplace=False", Hardswish),
    "hardsigmoid": ("input inplace=False", Hardsigmoid),
    "sigmoid": ("input", Sigmoid),
    "sigmoid_": ("input", Sigmoid),
    "tanh": ("input", Tanh),
    "tanh_": ("input", Tanh),
    "gelu": ("input approximate='none'", GELU),
    "leaky_relu": ("input negative_slope=0.01 inplace=False", LeakyReLU),
    "elu": ("input alpha=1.0 inplace=False", ELU),
    "softplus": ("input beta=1 threshold=20", lambda beta, threshold: _softplus(beta, threshold)),
}


def _softplus(beta: float, threshold: float) -> Layer:
    if threshold != 20:
        raise Misfit("setting.range", setting="threshold", low=20, high=20, value=threshold)
    return Softplus(float(beta))


@rule(*_POINTWISE)
def _pointwise(c: Call) -> Value | None:
    form, make = _POINTWISE[c.name]
    bound = c.bind(form)
    value = bound.pop("input")
    bound.pop("inplace", None)
    layer = make(**bound) if isinstance(value, Value) else None
    if isinstance(layer, GELU):
        layer = replace(layer, channels_last=value.last)
    return c.mapper.pointwise(c, layer, value) if layer is not None else None


@rule("softmax", "log_softmax")
def _softmax(c: Call) -> Value | None:
    bound = c.bind("input dim=None _stacklevel=3 dtype=None")
    value, dim = bound["input"], bound["dim"]
    if not isinstance(value, Value) or value.steps or bound["dtype"] is not None:
        return None
    if dim not in (1, -len(value.shape)):
        return None
    return c.mapper.put(c, Softmax() if c.name == "softmax" else LogSoftmax(), (value,))


# ── noise ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@rule("dropout", "feature_dropout", "dropout2d", "stochastic_depth")
def _dropout(c: Call) -> Value | None:
    """As traced in evaluation: `training` False stands for the module's flag, True means always."""
    depth = c.name == "stochastic_depth"
    bound = c.bind("input p mode training=True" if depth else "input p=0.5 training=True inplace=False")
    value = bound["input"]
    if not isinstance(value, Value) or bound["training"] is not False:
        return None
    if not bound["p"]:
        return value
    if depth:
        return c.mapper.pointwise(c, StochasticDepth(bound["p"], bound["mode"]), value)
    if c.name == "dropout":
        return c.mapper.pointwise(c, Dropout(bound["p"]), value)
    planes = mapped(c, value)
    return c.mapper.put(c, Dropout2d(bound["p"]), (planes,)) if planes else None


# ── pooling and means ────────────────────────────────────────────────────────────────────────────────────────────────
@rule("max_pool2d", "max_pool2d_with_indices")
def _max_pool2d(c: Call) -> Value | None:
    b = c.bind("input kernel_size stride=None padding=0 dilation=1 ceil_mode=False return_indices=False")
    value = mapped(c, b["input"])
    if value is None or b["return_indices"]:
        return None
    stride = b["stride"] or b["kernel_size"]
    layer = MaxPool2d(pair(b["kernel_size"]), pair(stride), pair(b["padding"]), b["ceil_mode"], pair(b["dilation"]))
    return c.mapper.put(c, layer, (value,))


@rule("avg_pool2d")
def _avg_pool2d(c: Call) -> Value | None:
    b = c.bind("input kernel_size stride=None padding=0 ceil_mode=False count_include_pad=True divisor_override=None")
    value = mapped(c, b["input"])
    if value is None or b["divisor_override"] is not None:
        return None
    stride = b["stride"] or b["kernel_size"]
    sizes = pair(b["kernel_size"]), pair(stride), pair(b["padding"])
    return c.mapper.put(c, AvgPool2d(*sizes, b["ceil_mode"], b["count_include_pad"]), (value,))


@rule("adaptive_avg_pool2d", "adaptive_max_pool2d")
def _adaptive(c: Call) -> Value | None:
    b = c.bind("input output_size return_indices=False")
    value = mapped(c, b["input"])
    if value is None or b["return_indices"]:
        return None
    return c.mapper.put(c, adaptive(c.name.split("_")[1], b["output_size"], value), (value,))


def adaptive(kind: str, size: Any, value: Value) -> Layer:
    """Adaptive pooling, "avg" or "max"; None in a size is the input's."""
    wanted = tuple(n if s is None else s for s, n in zip(pair(size), value.shape[1:], strict=True))
    return (AdaptiveAvgPool2d if kind == "avg" else AdaptiveMaxPool2d)((wanted[0], wanted[1]))


_OVER = {(1, 2): "both", (1,): "height", (2,): "width", (0,): "channels"}


@rule("mean", "amax")
def _reduce(c: Call) -> Value | None:
    b = c.bind("input dim keepdim=False" if c.name == "amax" else "input dim keepdim=False dtype=None")
    value = mapped(c, b["input"])
    if value is None or b.get("dtype") is not None:
        return None
    dims = b["dim"] if isinstance(b["dim"], (tuple, list)) else (b["dim"],)
    axis = _OVER.get(tuple(sorted(d % 4 - 1 for d in dims)))
    return c.mapper.put(c, (Max if c.name == "amax" else Mean)(axis, b["keepdim"]), (value,)) if axis else None


# ── where branches meet ──────────────────────────────────────────────────────────────────────────────────────────────
@rule("add", "add_", "iadd", "__add__", "__radd__")
def _add(c: Call) -> Value | None:
    b = c.bind("input other alpha=1")
    a, z = b["input"], b["other"]
    if b["alpha"] != 1:
        return None
    for value, number in ((a, z), (z, a)):
        if isinstance(value, Value) and type(number) in (int, float) and number == 0:
            return value  # sum() begins with it
    if not isinstance(a, Value) or not isinstance(z, Value) or a.dims != z.dims:
        return None
    return _met(c, Add(), a, z)


@rule("mul", "mul_", "imul", "multiply", "__mul__", "__rmul__")
def _multiply(c: Call) -> Value | None:
    b = c.bind("input other")
    a, z = b["input"], b["other"]
    if isinstance(a, Weight):
        a, z = z, a
    if isinstance(a, Value) and isinstance(z, Weight):
        return _scaled(c, a, z)
    if not isinstance(a, Value) or not isinstance(z, Value):
        return None
    if a.dims == z.dims:
        return _met(c, Multiply(), a, z)
    a, z = c.mapper.settle(a, c.node), c.mapper.settle(z, c.node)
    return c.mapper.put(c, Multiply(), (*c.mapper.unmet(c, Multiply(), a, z), z))


def _met(c: Call, layer: Layer, a: Value, z: Value) -> Value:
    if a.steps != z.steps or a.shape != z.shape:
        a, z = c.mapper.settle(a, c.node), c.mapper.settle(z, c.node)
    return c.mapper.put(c, layer, (*c.mapper.unmet(c, layer, a, z), z), steps=a.steps)


def _scaled(c: Call, value: Value, weight: Weight) -> Value | None:
    channels = value.shape[0]
    want = (channels, 1, 1) if not value.steps else (channels,)
    shape = tuple(weight.tensor.shape)
    if len(value.shape) != 3 or not (not value.steps or value.last) or not c.mapper.unowned(weight.tensor):
        return None
    if shape not in (want, (1, *want)) or not weight.tensor.requires_grad:
        return None
    kept = {"weight": weight.tensor.view(channels, 1, 1)}
    made = c.mapper.put(c, ChannelScale(), (value,), kept, value.steps, path=weight.name)
    c.mapper.counted.add(id(weight.tensor))
    return made


@rule("cat", "concat", "concatenate")
def _cat(c: Call) -> Value | None:
    b = c.bind("tensors dim=0")
    values = list(b["tensors"]) if isinstance(b["tensors"], (tuple, list)) else []
    if not values or not all(isinstance(v, Value) for v in values):
        return None
    if len(values) == 1:
        return values[0]  # type: ignore[no-any-return]
    rank = len(values[0].dims) + 1
    if all(v.last for v in values) and b["dim"] % rank == 3:
        return c.mapper.put(c, Concat(), values, steps=values[0].steps)
    if b["dim"] % rank != 1:
        return None
    return c.mapper.put(c, Concat(), [c.mapper.settle(v, c.node) for v in values])


# ── with weights ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _weights(c: Call, **given: Any) -> dict[str, Tensor] | None:
    """The tensors that are given as weights; None where some are computed."""
    found = {name: w for name, w in given.items() if w is not None}
    if not all(isinstance(w, Weight) for w in found.values()):
        return None
    return {name: w.tensor for name, w in found.items()}


def _home(weight: Weight) -> str:
    """The path of the module whose own weight this is."""
    path, _dot, name = weight.name.rpartition(".")
    return path if name in ("weight", "bias") and path else weight.name


@rule("conv2d", "conv1d")
def _conv(c: Call) -> Value | None:
    b = c.bind("input weight bias=None stride=1 padding=0 dilation=1 groups=1")
    weights = _weights(c, weight=b["weight"], bias=b["bias"])
    value = mapped(c, b["input"], (3,) if c.name == "conv2d" else (2,))
    if value is None or weights is None:
        return None
    out, _in, *size = weights["weight"].shape
    biased = b["bias"] is not None
    layer: Layer
    if c.name == "conv2d":
        padding = b["padding"] if isinstance(b["padding"], str) else pair(b["padding"])
        sizes = pair(tuple(size)), pair(b["stride"]), padding
        layer = Conv2d(out, *sizes, dilation=pair(b["dilation"]), groups=b["groups"], bias=biased)
    else:
        numbers = [v[0] if isinstance(v, (tuple, list)) else v for v in (b["stride"], b["padding"], b["dilation"])]
        stride, length_padding, dilation = numbers
        layer = Conv1d(out, size[0], stride, length_padding, dilation=dilation, groups=b["groups"], bias=biased)
    return c.mapper.put(c, layer, (value,), weights, path=_home(b["weight"]))


@rule("linear")
def _linear(c: Call) -> Value | None:
    b = c.bind("input weight bias=None")
    weights = _weights(c, weight=b["weight"], bias=b["bias"])
    if weights is None or not isinstance(b["input"], Value):
        return None
    return linear(c, b["input"], weights["weight"].shape[0], b["bias"] is not None, weights, _home(b["weight"]))


def linear(
    c: Call, value: Value, out: int, bias: bool, weights: dict[str, Tensor] | None = None, path: str | None = None
) -> Value | None:
    """Linear over the last axis: a vector's, or the channels of a map where they stand last."""
    if value.last:
        return c.mapper.put(c, ChannelLinear(out, bias), (value,), weights, value.steps, path=path)
    if len(value.dims) > 1:
        return None
    return c.mapper.put(c, Linear(out, bias), (c.mapper.settle(value, c.node),), weights, path=path)


@rule("layer_norm")
def _layer_norm(c: Call) -> Value | None:
    b = c.bind("input normalized_shape weight=None bias=None eps=1e-5 cudnn_enable=True")
    weights = _weights(c, weight=b["weight"], bias=b["bias"])
    if weights is None or not isinstance(b["input"], Value) or len(weights) == 1:
        return None
    path = _home(b["weight"]) if weights else None
    return layer_norm(c, b["input"], tuple(b["normalized_shape"]), b["eps"], bool(weights), weights, path)


def layer_norm(
    c: Call,
    value: Value,
    shape: tuple[int, ...],
    eps: float,
    affine: bool,
    weights: dict[str, Tensor] | None = None,
    path: str | None = None,
) -> Value | None:
    """Layer normalisation over everything, or over the channels where they stand last."""
    if value.last and shape == value.shape[:1]:
        return c.mapper.put(c, LayerNorm("channels", eps, affine), (value,), weights, value.steps, path=path)
    if shape != value.dims or len(shape) > 3:
        return None
    return c.mapper.put(c, LayerNorm("all", eps, affine), (c.mapper.settle(value, c.node),), weights, path=path)


@rule("group_norm")
def _group_norm(c: Call) -> Value | None:
    b = c.bind("input num_groups weight=None bias=None eps=1e-5 cudnn_enabled=True")
    weights = _weights(c, weight=b["weight"], bias=b["bias"])
    value = b["input"]
    if weights is None or not isinstance(value, Value) or value.steps or len(weights) == 1:
        return None
    path = _home(b["weight"]) if weights else None
    return c.mapper.put(c, GroupNorm(b["num_groups"], b["eps"], bool(weights)), (value,), weights, path=path)


# ── edges and sizes ──────────────────────────────────────────────────────────────────────────────────────────────────
@rule("pad")
def _pad(c: Call) -> Value | None:
    b = c.bind("input pad mode='constant' value=None")
    value = mapped(c, b["input"])
    sides = (*b["pad"], 0, 0)[:4]
    if value is None or len(b["pad"]) not in (2, 4):
        return None
    if not any(sides):
        return value
    if b["mode"] == "reflect":
        return c.mapper.put(c, ReflectionPad2d(sides), (value,))
    return c.mapper.put(c, ZeroPad2d(sides), (value,)) if b["mode"] == "constant" and not b["value"] else None


@rule("interpolate")
def _interpolate(c: Call) -> Value | None:
    b = c.bind(
        "input size=None scale_factor=None mode='nearest' align_corners=None recompute_scale_factor=None "
        "antialias=False"
    )
    value = mapped(c, b["input"])
    if value is None or b["antialias"]:
        return None
    return upsampled(c, value, b["size"], b["scale_factor"], b["mode"], bool(b["align_corners"]))


def upsampled(c: Call, value: Value, size: Any, scale: Any, mode: str, corners: bool) -> Value | None:
    """Enlarging by whole numbers, given as sizes or as factors."""
    if size is not None:
        if any(s % n for s, n in zip(pair(size), value.shape[1:], strict=True)):
            return None
        factors = tuple(s // n for s, n in zip(pair(size), value.shape[1:], strict=True))
    else:
        factors = pair(scale)
    if any(f != int(f) for f in factors) or (corners and mode != "bilinear"):
        return None
    return c.mapper.put(c, Upsample((int(factors[0]), int(factors[1])), mode, corners), (value,))


@rule("pixel_shuffle")
def _pixel_shuffle(c: Call) -> Value | None:
    b = c.bind("input upscale_factor")
    value = mapped(c, b["input"])
    return c.mapper.put(c, PixelShuffle(b["upscale_factor"]), (value,)) if value else None
