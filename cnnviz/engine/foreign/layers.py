"""Modules of torch.nn, each with the layer of ours that does the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import nn

from ...net import layers as ours
from ...net.layers import Layer
from .calls import Call, Rule
from .functions import adaptive, layer_norm, linear, mapped, pair, upsampled
from .shaping import resized
from .values import Value

MODULES: dict[str, Rule] = {}
"""Rules by the name of the module's class."""


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Registers a rule for modules of these classes."""

    def register(found: Rule) -> Rule:
        MODULES.update(dict.fromkeys(names, found))
        return found

    return register


# ── modules with the same settings as our layer ──────────────────────────────────────────────────────────────────────
_SLIDING = ("kernel_size", "stride", "padding")
CONV = ("out_channels", *_SLIDING, "padding_mode", "dilation", "groups", "bias")
_NORM = ("eps", "momentum", "affine")

_PLAIN: dict[str, tuple[tuple[str, ...], dict[str, Any], tuple[int, ...]]] = {
    # settings by name; what else must be so; ranks of the input that it takes
    "Conv2d": (CONV, {}, (3,)),
    "Conv1d": (CONV, {}, (2,)),
    "ConvTranspose2d": (
        ("out_channels", *_SLIDING, "output_padding", "dilation", "groups", "bias"),
        {"padding_mode": "zeros"},
        (3,),
    ),
    "BatchNorm2d": (_NORM, {"track_running_stats": True}, (3,)),
    "BatchNorm1d": (_NORM, {"track_running_stats": True}, (1, 2)),
    "InstanceNorm2d": (("eps", "affine"), {"track_running_stats": False}, (3,)),
    "GroupNorm": (("num_groups", "eps", "affine"), {}, (1, 2, 3)),
    "LocalResponseNorm": (("size", "alpha", "beta", "k"), {}, (3,)),
    "MaxPool2d": ((*_SLIDING, "dilation", "ceil_mode"), {"return_indices": False}, (3,)),
    "MaxPool1d": ((*_SLIDING, "dilation", "ceil_mode"), {"return_indices": False}, (2,)),
    "AvgPool2d": ((*_SLIDING, "ceil_mode", "count_include_pad"), {"divisor_override": None}, (3,)),
    "LPPool2d": (("norm_type", "kernel_size", "stride", "ceil_mode"), {}, (3,)),
    "PixelShuffle": (("upscale_factor",), {}, (3,)),
    "ChannelShuffle": (("groups",), {}, (3,)),
    "Dropout2d": (("p",), {}, (3,)),
}
_POINTWISE: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "ReLU": ((), {}),
    "ReLU6": ((), {}),
    "SiLU": ((), {}),
    "Hardswish": ((), {}),
    "Hardsigmoid": ((), {}),
    "Sigmoid": ((), {}),
    "Tanh": ((), {}),
    "GELU": (("approximate",), {}),
    "LeakyReLU": (("negative_slope",), {}),
    "ELU": (("alpha",), {}),
    "Softplus": (("beta",), {"threshold": 20}),
    "Dropout": (("p",), {}),
    "StochasticDepth": (("p", "mode"), {}),
}
_NOISE = ("Dropout", "Dropout2d", "StochasticDepth")


@rule(*_PLAIN)
def _plain(c: Call) -> Value | None:
    names, must, ranks = _PLAIN[c.name]
    if not _is_so(c.module, must):
        return None
    value = mapped(c, only(c), ranks)
    if value is None:
        return None
    if c.name in _NOISE and not setting(c.module, "p"):
        return value
    return c.mapper.put(c, _layer(c, names), (value,))


@rule(*_POINTWISE)
def _pointwise(c: Call) -> Value | None:
    names, must = _POINTWISE[c.name]
    value = only(c)
    if value is None or not _is_so(c.module, must):
        return None
    if c.name in _NOISE and not setting(c.module, "p"):
        return value
    layer = _layer(c, names)
    if isinstance(layer, ours.GELU) and value.last:
        layer = replace(layer, channels_last=True)
    return c.mapper.pointwise(c, layer, value)


def only(c: Call) -> Value | None:
    """The tensor that is the module's one argument."""
    given = [*c.args, *c.kwargs.values()]
    return given[0] if len(given) == 1 and isinstance(given[0], Value) else None


def _is_so(module: nn.Module | None, must: dict[str, Any]) -> bool:
    return all(getattr(module, name, None) == wanted for name, wanted in must.items())


def setting(module: nn.Module | None, name: str) -> Any:
    """A setting of torch's as one of ours."""
    value = getattr(module, name)
    if name == "bias":
        return value is not None
    if isinstance(value, tuple) and len(value) == 1:  # of one axis
        return value[0]
    if isinstance(module, (nn.MaxPool2d, nn.AvgPool2d, nn.LPPool2d)) and name in (*_SLIDING, "dilation"):
        return pair(module.kernel_size if value is None else value)
    return module.kernel_size if name == "stride" and value is None else value  # type: ignore[union-attr]


def _layer(c: Call, names: tuple[str, ...]) -> Layer:
    made: Layer = ours.TYPES[c.name](**{name: setting(c.module, name) for name in names})
    return made


# ── modules that need a look ─────────────────────────────────────────────────────────────────────────────────────────
@rule("Identity")
def _identity(c: Call) -> Value | None:
    return c.args[0] if c.args and isinstance(c.args[0], Value) else None


@rule("Linear")
def _linear(c: Call) -> Value | None:
    value, module = only(c), c.module
    assert isinstance(module, nn.Linear)
    return linear(c, value, module.out_features, module.bias is not None) if value else None


@rule("LayerNorm")
def _layer_norm(c: Call) -> Value | None:
    value, module = only(c), c.module
    assert isinstance(module, nn.LayerNorm)
    if value is None or (module.elementwise_affine and module.bias is None):
        return None
    return layer_norm(c, value, tuple(module.normalized_shape), module.eps, module.elementwise_affine)


@rule("PReLU")
def _prelu(c: Call) -> Value | None:
    value, module = only(c), c.module
    assert isinstance(module, nn.PReLU)
    if value is None or value.steps:
        return None
    each = module.num_parameters > 1 or value.shape[0] == 1
    return c.mapper.put(c, ours.PReLU(each, module.init), (value,))


@rule("AdaptiveAvgPool2d", "AdaptiveMaxPool2d")
def _adaptive(c: Call) -> Value | None:
    value = mapped(c, only(c))
    if value is None or getattr(c.module, "return_indices", False):
        return None
    kind = "avg" if c.name == "AdaptiveAvgPool2d" else "max"
    return c.mapper.put(c, adaptive(kind, getattr(c.module, "output_size", None), value), (value,))


@rule("Softmax", "LogSoftmax")
def _softmax(c: Call) -> Value | None:
    value, dim = only(c), getattr(c.module, "dim", None)
    if value is None or value.steps or dim not in (1, -len(value.shape)):
        return None
    return c.mapper.put(c, ours.TYPES[c.name](), (value,))


@rule("Softmax2d")
def _softmax2d(c: Call) -> Value | None:
    value = mapped(c, only(c))
    return c.mapper.put(c, ours.Softmax(), (value,)) if value else None


@rule("Flatten")
def _flatten(c: Call) -> Value | None:
    value, module = only(c), c.module
    assert isinstance(module, nn.Flatten)
    if value is None:
        return None
    rank = len(value.dims) + 1
    start, end = module.start_dim % rank, module.end_dim % rank
    if start == 0:
        return None
    sizes = [c.mapper.batch, *value.dims]
    return resized(c, value, [*sizes[:start], -1, *sizes[end + 1 :]])


@rule("Unflatten")
def _unflatten(c: Call) -> Value | None:
    value, module = only(c), c.module
    assert isinstance(module, nn.Unflatten)
    if value is None or not isinstance(module.dim, int) or not module.dim % (len(value.dims) + 1):
        return None
    sizes, at = [c.mapper.batch, *value.dims], module.dim % (len(value.dims) + 1)
    return resized(c, value, [*sizes[:at], *module.unflattened_size, *sizes[at + 1 :]])


@rule("Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d")
def _upsample(c: Call) -> Value | None:
    value, module = mapped(c, only(c)), c.module
    assert isinstance(module, nn.Upsample)
    if value is None:
        return None
    return upsampled(c, value, module.size, module.scale_factor, module.mode, bool(module.align_corners))


@rule("ZeroPad2d", "ConstantPad2d", "ReflectionPad2d")
def _pad(c: Call) -> Value | None:
    value, module = mapped(c, only(c)), c.module
    assert isinstance(module, (nn.ConstantPad2d, nn.ReflectionPad2d))
    filled = isinstance(module, nn.ConstantPad2d) and module.value != 0
    if value is None or filled:
        return None
    left, right, top, bottom = module.padding
    make = ours.ReflectionPad2d if isinstance(module, nn.ReflectionPad2d) else ours.ZeroPad2d
    return c.mapper.put(c, make((left, right, top, bottom)), (value,))
