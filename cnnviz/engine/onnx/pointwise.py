"""Activations and normalisation."""

from __future__ import annotations

from math import isclose
from typing import Any

import numpy as np

from ...net.layers import (
    ELU,
    GELU,
    BatchNorm1d,
    BatchNorm2d,
    Dropout,
    GroupNorm,
    Hardsigmoid,
    Hardswish,
    InstanceNorm2d,
    Layer,
    LayerNorm,
    LeakyReLU,
    LocalResponseNorm,
    LogSoftmax,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from ...text import _
from .file import Operator, short
from .network import Reader, Unmapped, Wire, operator

PLAIN: dict[str, type[Layer]] = {
    "Relu": ReLU,
    "Tanh": Tanh,
    "Sigmoid": Sigmoid,
    "HardSwish": Hardswish,
    "Softplus": Softplus,
}
LAST = ("last",)
"""The view of a map whose channels have been moved behind its pixels."""


def anywhere(r: Reader, op: Operator, layer: Layer) -> Wire:
    """A layer that does the same to every value, whatever the order of the axes."""
    x = r.wires.get(op.inputs[0])
    if x is None or (x.view and x.view != LAST):
        x = r.wire(op.inputs[0])
    return r.put(op, layer, x, view=x.view)


@operator(*PLAIN)
def _plain(r: Reader, op: Operator) -> Wire:
    return anywhere(r, op, PLAIN[op.kind]())


@operator("Elu", "LeakyRelu", "HardSigmoid", "Gelu", "Swish")
def _settled(r: Reader, op: Operator) -> Wire:
    if op.kind == "Elu":
        return anywhere(r, op, ELU(op.get("alpha", 1.0)))
    if op.kind == "LeakyRelu":
        return anywhere(r, op, LeakyReLU(op.get("alpha", 0.01)))
    if op.kind == "Swish":
        if op.get("alpha", 1.0) != 1.0:
            raise Unmapped(_("alpha is not 1"))
        return anywhere(r, op, SiLU())
    if op.kind == "HardSigmoid":
        if not isclose(op.get("alpha", 0.2), 1 / 6, rel_tol=1e-6) or op.get("beta", 0.5) != 0.5:
            raise Unmapped(_("alpha is not 1/6, or beta is not 1/2"))
        return anywhere(r, op, Hardsigmoid())
    x = r.wires.get(op.inputs[0])
    last = x is not None and x.view == LAST
    return anywhere(r, op, GELU(op.get("approximate", "none"), last))


@operator("Clip")
def _clip(r: Reader, op: Operator) -> Wire:
    x = r.wires.get(op.inputs[0])
    if x is not None and x.view[:1] == ("words",):
        return x  # a number that stands for no word is the nearest that does
    low, high = op.get("min"), op.get("max")
    if r.file.opset >= 11:
        bounds = [r.optional(op, i) for i in (1, 2)]
        low, high = (None if b is None else float(b.reshape(())) for b in bounds)
    if low == 0 and high == 6:
        return anywhere(r, op, ReLU6())
    if low == 0 and (high is None or high >= 3.4e38):
        return anywhere(r, op, ReLU())
    raise Unmapped(_("it does not cut at 0 and 6"))


@operator("PRelu")
def _prelu(r: Reader, op: Operator) -> Wire:
    x, slope = r.wire(op.inputs[0]), r.constant(op, 1)
    values = slope.reshape(-1)
    shared = values.size == 1 or ((values == values[0]).all() and op.module != "PReLU" and slope.ndim > 3)
    if not shared and (values.size != x.sizes[0] or slope.shape[-len(x.sizes) :][:1] not in ((x.sizes[0],), ())):
        raise Unmapped(_("it has a slope for each pixel"))
    layer = PReLU(per_channel=not shared)
    return r.named(r.put(op, layer, x, weight=values[:1] if shared else values), op.inputs[1])


@operator("Softmax", "LogSoftmax")
def _softmax(r: Reader, op: Operator) -> Wire:
    x = r.wires.get(op.inputs[0])
    layer = Softmax() if op.kind == "Softmax" else LogSoftmax()
    axis = int(op.get("axis", 1 if r.file.opset < 13 else -1))
    if x is not None and x.view == LAST and axis in (-1, 3):
        return r.put(op, layer, x, view=x.view)
    x = r.wire(op.inputs[0])
    if axis % (1 + len(x.sizes)) != 1 or (r.file.opset < 13 and len(x.sizes) > 1 and max(x.sizes[1:]) > 1):
        raise Unmapped(_("it is not over the channels"))
    return r.put(op, layer, x)


@operator("Dropout")
def _dropout(r: Reader, op: Operator) -> Wire:
    x = r.wires.get(op.inputs[0])
    ratio = op.get("ratio", 0.5)
    if r.file.opset >= 12:
        given = r.optional(op, 1)
        ratio = 0.5 if given is None else short(float(given.reshape(())))
    return anywhere(r, op, Dropout(ratio)) if x is not None and not x.view else r.wires[op.inputs[0]]


@operator("BatchNormalization")
def _batch_norm(r: Reader, op: Operator) -> Wire:
    x = r.wire(op.inputs[0])
    if op.get("training_mode", 0):
        raise Unmapped(_("it is in training mode"))
    scale, bias, mean, var = (r.constant(op, i) for i in (1, 2, 3, 4))
    kind = BatchNorm2d if len(x.sizes) == 3 else BatchNorm1d
    momentum = short(1 - op.get("momentum", 0.9))
    layer = kind(op.get("epsilon", 1e-5), round(momentum, 6))
    made = r.put(op, layer, x, weight=scale, bias=bias, running_mean=mean, running_var=var)
    return r.named(made, op.inputs[1])


@operator("InstanceNormalization")
def _instance_norm(r: Reader, op: Operator) -> Wire:
    x = r.wires.get(op.inputs[0])
    scale, bias = r.constant(op, 1), r.constant(op, 2)
    plain = bool((scale == 1).all() and (bias == 0).all())
    eps = op.get("epsilon", 1e-5)
    if x is not None and x.view[:1] == ("grouped",):
        if not plain:
            raise Unmapped(_("it scales whole groups"))
        return Wire(x.entry, x.sizes, ("normalised", x.view[1], eps))
    affine: dict[str, Any] = {} if plain else {"weight": scale, "bias": bias}
    return r.put(op, InstanceNorm2d(eps, not plain), r.wire(op.inputs[0]), **affine)


@operator("GroupNormalization")
def _group_norm(r: Reader, op: Operator) -> Wire:
    x, scale, bias = r.wire(op.inputs[0]), r.constant(op, 1), r.constant(op, 2)
    groups = int(op.get("num_groups"))
    if scale.size == groups != x.sizes[0]:  # opset 18 had one for each group
        scale, bias = (np.repeat(v, x.sizes[0] // groups) for v in (scale, bias))
    plain = bool((scale == 1).all() and (bias == 0).all()) and not r.file.is_tensor(op.path + ".weight")
    given: dict[str, Any] = {} if plain else {"weight": scale, "bias": bias}
    return r.named(r.put(op, GroupNorm(groups, op.get("epsilon", 1e-5), not plain), x, **given), op.inputs[1])


@operator("LayerNormalization")
def _layer_norm(r: Reader, op: Operator) -> Wire:
    x = r.wires.get(op.inputs[0])
    scale, bias = r.constant(op, 1), r.optional(op, 2)
    eps = op.get("epsilon", 1e-5)
    if x is None:
        x = r.wire(op.inputs[0])
    rank = 1 + len(x.sizes)
    axis = int(op.get("axis", -1)) % rank
    if bias is None:
        bias = np.zeros_like(scale)
    if x.view == LAST and axis == rank - 1:
        made = r.put(op, LayerNorm("channels", eps), x, view=LAST, weight=scale, bias=bias)
        return r.named(made, op.inputs[1])
    x = r.wire(op.inputs[0])
    if axis != 1:
        raise Unmapped(_("it is not over all values, nor over the channels"))
    plain = bool((scale == 1).all() and (bias == 0).all()) and not op.inputs[1].endswith("weight")
    whole: dict[str, Any] = {k: np.broadcast_to(v, x.sizes) for k, v in (("weight", scale), ("bias", bias))}
    given = {} if plain else whole
    return r.named(r.put(op, LayerNorm("all", eps, not plain), x, **given), op.inputs[1])


@operator("LRN")
def _lrn(r: Reader, op: Operator) -> Wire:
    x, size = r.wire(op.inputs[0]), int(op.get("size"))
    if size % 2 == 0:
        raise Unmapped(_("its size is even"))
    layer = LocalResponseNorm(size, op.get("alpha", 1e-4), op.get("beta", 0.75), op.get("bias", 1.0))
    return r.put(op, layer, x)
