"""Our own modules, which exported code brings along, each with the layer that it was written from."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import nn

from ...net import layers as ours
from ...net.layers import Layer, Shape
from ...net.layers.dense import DRAWN
from .. import modules
from ..build import NothingDrawn, module_type
from .calls import OURS, Call, Rule
from .functions import mapped
from .layers import CONV, only, setting
from .trial import alike, plain
from .values import Value

Reader = Callable[[Any, Shape], Layer]
"""Gives the layer that a module was made from, by its attributes and the shape that it takes."""


def _same(name: str, *named: str) -> Reader:
    """A layer whose settings are called as the module's attributes."""
    return lambda module, shape: ours.TYPES[name](**{n: setting(module, n) for n in named})


def _padded(name: str) -> Reader:
    names, rule = [n for n in CONV if n != "padding"], {"padding": "same_tf"}
    return lambda module, shape: ours.TYPES[name](**rule, **{n: setting(module, n) for n in names})


def _sparse(module: Any, shape: Shape) -> Layer:
    height, width = module.weight.shape[2:]
    return ours.SparseConv2d(module.table, (height, width), module.stride, module.padding, module.bias is not None)


def _position_bias(module: Any, shape: Shape) -> Layer:
    return ours.PositionBias(len(module.bias) == shape[0])


def _reduced(name: str) -> Reader:
    def read(module: Any, shape: Shape) -> Layer:
        all_, names = tuple(range(2, len(shape) + 1)), {(1,): "channels", (2,): "height", (3,): "width"}
        settings = {"axis": "both" if module.dim == all_ else names[module.dim], "keep": module.keepdim}
        return ours.TYPES[name](**settings)

    return read


def _layer_norm(module: Any, shape: Shape) -> Layer:
    return ours.LayerNorm("channels", module.eps, module.elementwise_affine)


def _gelu(module: Any, shape: Shape) -> Layer:
    return ours.GELU(module.approximate, True)


def _rbf(module: Any, shape: Shape) -> Layer:
    count, values = module.prototypes.shape
    fits = values == DRAWN[1] and count <= DRAWN[0]
    drawn = fits and torch.equal(module.prototypes.cpu(), modules.RBF(values, count, True).prototypes)
    return ours.RBF(count, "digits" if drawn else "random")


def _embedding(module: Any, shape: Shape) -> Layer:
    layout = "channels" if module.channels else "map"
    return ours.Embedding(module.num_embeddings, module.embedding_dim, layout)


def _shortcut(module: Any, shape: Shape) -> Layer:
    return ours.Shortcut(shape[0] + module.before + module.behind, module.stride)


_READERS: dict[str, Reader] = {
    "Conv2dSame": _padded("Conv2d"),
    "Conv1dSame": _padded("Conv1d"),
    "SparseConv2d": _sparse,
    "ChannelLinear": _same("ChannelLinear", "out_features", "bias"),
    "PositionBias": _position_bias,
    "SubSample": _same("SubSample", "kernel_size", "stride"),
    "Mean": _reduced("Mean"),
    "Max": _reduced("Max"),
    "ChannelLayerNorm": _layer_norm,
    "ChannelGELU": _gelu,
    "ChannelScale": _same("ChannelScale", "init"),
    "RBF": _rbf,
    "TokenEmbedding": _embedding,
    "StochasticDepth": _same("StochasticDepth", "p", "mode"),
    "Reshape": _same("Reshape", "shape"),
    "ChannelSlice": _same("ChannelSlice", "start", "stop"),
    "Shortcut": _shortcut,
}


def _own(c: Call) -> Value | None:
    value = mapped(c, only(c), (1, 2, 3))
    if value is None or c.module is None:
        return None
    layer = _READERS[c.name.removeprefix(OURS)](c.module, value.shape)
    return c.mapper.put(c, layer, (value,)) if _does(c.module, layer, value.shape) else None


def _does(module: nn.Module, layer: Layer, shape: Shape) -> bool:
    """Whether the layer does what the module does, whose attributes somebody may have changed."""
    name, args = layer.torch((shape,))
    with NothingDrawn():
        made = module_type(name)(**args)
    theirs = plain(deepcopy(module))
    if theirs.state_dict().keys() != made.state_dict().keys():
        return False
    made.load_state_dict(theirs.state_dict())
    return alike(theirs, made.eval(), shape)


def _merged(c: Call) -> Value | None:
    """Several inputs become one."""
    values = [mapped(c, a, (1, 2, 3)) for a in c.args]
    together = [v for v in values if v is not None]
    if len(together) < len(values) or c.kwargs:
        return None
    return c.mapper.put(c, ours.TYPES[c.name.removeprefix(OURS)](), together)


OWN: dict[str, Rule] = {
    **{f"{OURS}{name}": _own for name in _READERS},
    **{f"{OURS}{name}": _merged for name in ("Add", "Multiply", "Concat")},
}
"""Rules by `cnnviz.` and the name of the module's class."""
