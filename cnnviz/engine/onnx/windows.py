"""Operators that slide a window: convolution and pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...net.layers import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    Layer,
    LPPool2d,
    MaxPool1d,
    MaxPool2d,
    SparseConv2d,
    ZeroPad2d,
)
from ...net.layers.conv import added
from ...text import _
from .file import Operator
from .network import Reader, Unmapped, Wire, operator

UNEQUAL = "its padding is not the same on both sides"


def pads(
    op: Operator, sizes: tuple[int, ...], kernel: list[int], stride: list[int], dilation: list[int]
) -> list[tuple[int, int]]:
    """Pixels added (before, after) along each axis. Raises Unmapped."""
    rule = op.get("auto_pad", "NOTSET")
    given = [int(p) for p in op.get("pads", [0] * (2 * len(kernel)))]
    if rule in ("NOTSET", ""):
        return list(zip(given[: len(kernel)], given[len(kernel) :], strict=True))
    if rule == "VALID":
        return [(0, 0)] * len(kernel)
    found = [added("same_tf", *axis) for axis in zip(kernel, stride, dilation, sizes, strict=True)]
    if rule == "SAME_UPPER":
        return found
    if rule == "SAME_LOWER":
        return [(b, a) for a, b in found]
    raise Unmapped(f"auto_pad {rule}")


def _axes(op: Operator, count: int) -> tuple[list[int], list[int]]:
    """Stride and dilation."""
    return [int(v) for v in op.get("strides", [1] * count)], [int(v) for v in op.get("dilations", [1] * count)]


def _pair(values: list[int]) -> tuple[int, int]:
    return values[0], values[1]


@operator("Conv")
def _conv(r: Reader, op: Operator) -> Wire:
    weight, bias = r.constant(op, 1), r.bias(op, 2)
    x = r.wires.get(op.inputs[0])
    if x is not None and x.view[:1] == ("picked",):
        return _sparse(r, op, x)
    if x is not None and x.view[:1] == ("links",):
        return _linked(r, op, x)
    x, extra = _unpadded(r, op)
    kernel = [int(k) for k in weight.shape[2:]]
    stride, dilation = _axes(op, len(kernel))
    around = pads(op, x.sizes[1:], kernel, stride, dilation)
    groups = int(op.get("group", 1))
    if len(kernel) == 1:
        return _conv1d(r, op, x, around, groups)
    if len(kernel) != 2:
        raise Unmapped(_("it has {count} axes").format(count=len(kernel)))
    padding: Any
    same = [added("same_tf", *axis) for axis in zip(kernel, stride, dilation, x.sizes[1:], strict=True)]
    if extra is not None:  # the exporter wrote the padding of one module as an operator of its own
        around = [(b + p, a + q) for (b, a), (p, q) in zip(around, extra, strict=True)]
    if around == same and (extra is not None or any(b != a for b, a in around)):
        padding = "same_tf"
    elif any(b != a for b, a in around):
        (top, bottom), (left, right) = around
        x, padding = r.put(op, ZeroPad2d((left, right, top, bottom)), x), (0, 0)
    else:
        padding = tuple(b for b, _a in around)
    layer = Conv2d(
        weight.shape[0], _pair(kernel), _pair(stride), padding, "zeros", _pair(dilation), groups, bias is not None
    )
    return r.named(r.put(op, layer, x, weight=weight, bias=bias), op.inputs[1])


def _unpadded(r: Reader, op: Operator) -> tuple[Wire, list[tuple[int, int]] | None]:
    """What is convolved, and what a padding of the same module has added to it, which is undone."""
    x = r.wire(op.inputs[0])
    entry = r.source(x)
    mine = op.module.endswith("Same") and entry.operator.path == op.path
    if mine and isinstance(entry.layer, ZeroPad2d) and r.alone(op.inputs[0]) and x.entry == len(r.entries) - 1:
        left, right, top, bottom = entry.layer.padding
        before = entry.sources[0]
        r.entries.pop()
        return Wire(before, r.entries[before].shape), [(top, bottom), (left, right)]
    return x, None


def _conv1d(r: Reader, op: Operator, x: Wire, around: list[tuple[int, int]], groups: int) -> Wire:
    weight, bias = r.constant(op, 1), r.bias(op, 2)
    (stride,), (dilation,) = _axes(op, 1)
    (before, after) = around[0]
    size = int(weight.shape[2])
    padding: Any = before
    if before != after:
        if (before, after) != added("same_tf", size, stride, dilation, x.sizes[1]):
            raise Unmapped(_(UNEQUAL))
        padding = "same_tf"
    layer = Conv1d(weight.shape[0], size, stride, padding, "zeros", dilation, groups, bias is not None)
    return r.named(r.put(op, layer, x, weight=weight, bias=bias), op.inputs[1])


def _sparse(r: Reader, op: Operator, x: Wire) -> Wire:
    """A convolution of each picked channel for itself: what a table of connections begins with."""
    weight = r.constant(op, 1)
    stride, dilation = _axes(op, 2)
    around = pads(op, x.sizes[1:], list(weight.shape[2:]), stride, dilation)
    picked = x.view[1]
    if int(op.get("group", 1)) != len(picked) or len(op.inputs) > 2 or dilation != [1, 1]:
        raise Unmapped(_("it convolves channels that are picked one by one"))
    if any(b != a for b, a in around):
        raise Unmapped(_(UNEQUAL))
    return Wire(x.entry, x.sizes, ("links", picked, op, stride, [b for b, _a in around]))


def _linked(r: Reader, op: Operator, x: Wire) -> Wire:
    """The sum of the links of each output channel."""
    _view, picked, first, stride, padding = x.view
    weight, bias = r.constant(op, 1), r.bias(op, 2)
    kernels = r.constant(first, 1)
    ones = weight.reshape(weight.shape[0], -1)
    order = [(o, j) for o in range(len(ones)) for j in np.flatnonzero(ones[o])]
    if (
        ones.shape[1] != len(picked)
        or not np.isin(ones, (0, 1)).all()
        or [j for _o, j in order] != list(range(len(picked)))
    ):
        raise Unmapped(_("it adds up channels that are picked one by one"))
    table = tuple(tuple(int(picked[j]) for o_, j in order if o_ == o) for o in range(len(ones)))
    layer = SparseConv2d(table, kernels.shape[2:], tuple(stride), tuple(padding), bias is not None)
    return r.named(r.put(op, layer, Wire(x.entry, x.sizes), weight=kernels, bias=bias), first.inputs[1])


@operator("ConvTranspose")
def _conv_transpose(r: Reader, op: Operator) -> Wire:
    x, weight, bias = r.wire(op.inputs[0]), r.constant(op, 1), r.bias(op, 2)
    kernel = [int(k) for k in weight.shape[2:]]
    if len(kernel) != 2:
        raise Unmapped(_("it has {count} axes").format(count=len(kernel)))
    stride, dilation = _axes(op, 2)
    extra = [int(v) for v in op.get("output_padding", [0, 0])]
    given = [int(v) for v in op.get("pads", [0] * 4)]
    wanted = op.get("output_shape")
    rule = op.get("auto_pad", "NOTSET")
    if wanted is not None or rule.startswith("SAME"):
        wanted = wanted or [n * s for n, s in zip(x.sizes[1:], stride, strict=True)]
        full = [
            (n - 1) * s + d * (k - 1) + 1 + e
            for n, s, k, d, e in zip(x.sizes[1:], stride, kernel, dilation, extra, strict=True)
        ]
        total = [f - w for f, w in zip(full, wanted, strict=True)]
        if any(t < 0 for t in total):
            raise Unmapped(_("its output_shape is too large"))
        lower = rule == "SAME_UPPER"
        first = [t // 2 if lower else t - t // 2 for t in total]
        given = [*first, *(t - f for t, f in zip(total, first, strict=True))]
    padding = given[:2]
    for axis in (0, 1):  # less cut off behind than before is output padding
        more = given[axis] - given[2 + axis]
        if more < 0:
            raise Unmapped(_(UNEQUAL))
        extra[axis] += more
    layer = ConvTranspose2d(
        weight.shape[1] * int(op.get("group", 1)),
        _pair(kernel),
        _pair(stride),
        _pair(padding),
        _pair(extra),
        _pair(dilation),
        int(op.get("group", 1)),
        bias is not None,
    )
    return r.named(r.put(op, layer, x, weight=weight, bias=bias), op.inputs[1])


@operator("MaxPool", "AveragePool", "LpPool")
def _pool(r: Reader, op: Operator) -> Wire:
    x = r.wire(op.inputs[0])
    kernel = [int(k) for k in op.get("kernel_shape")]
    stride, dilation = _axes(op, len(kernel))
    around = pads(op, x.sizes[1:], kernel, stride, dilation)
    ceil = bool(op.get("ceil_mode", 0))
    if op.module == "AdaptiveAvgPool2d" or op.module == "AdaptiveMaxPool2d":
        return r.put(op, _adaptive(op, x, kernel, stride), x)
    if any(b != a for b, a in around):
        x, around, ceil = _evened(r, op, x, kernel, stride, around)
    padding = [b for b, _a in around]
    if len(kernel) == 1 and op.kind == "MaxPool":
        return r.put(op, MaxPool1d(kernel[0], stride[0], padding[0], dilation[0], ceil), x)
    if len(kernel) != 2:
        raise Unmapped(_("it has {count} axes").format(count=len(kernel)))
    layer: Layer
    if op.kind == "MaxPool":
        layer = MaxPool2d(_pair(kernel), _pair(stride), _pair(padding), ceil, _pair(dilation))
    elif op.kind == "LpPool":
        power = int(op.get("p", 2))
        if any(padding) or power % 2:
            raise Unmapped(_("padding, or an odd power"))
        layer = LPPool2d(power, _pair(kernel), _pair(stride), ceil)
    else:
        counts = bool(op.get("count_include_pad", 0)) or not (any(padding) or ceil)
        layer = AvgPool2d(_pair(kernel), _pair(stride), _pair(padding), ceil, counts)
    return r.put(op, layer, x)


def _adaptive(op: Operator, x: Wire, kernel: list[int], stride: list[int]) -> Layer:
    size = [(n - k) // s + 1 for n, k, s in zip(x.sizes[1:], kernel, stride, strict=True)]
    return (AdaptiveAvgPool2d if op.kind == "AveragePool" else AdaptiveMaxPool2d)(_pair(size))


def _evened(
    r: Reader, op: Operator, x: Wire, kernel: list[int], stride: list[int], around: list[tuple[int, int]]
) -> tuple[Wire, list[tuple[int, int]], bool]:
    """The same with as much padding on both sides: what is missing behind is a last window that runs over the edge."""
    counts = [(n + b + a - k) // s + 1 for n, (b, a), k, s in zip(x.sizes[1:], around, kernel, stride, strict=True)]
    ceiled = [-(-(n + 2 * b - k) // s) + 1 for n, (b, a), k, s in zip(x.sizes[1:], around, kernel, stride, strict=True)]
    if op.kind == "MaxPool" and counts == ceiled and all(b < a for b, a in around if b != a):
        return x, [(b, b) for b, _a in around], True
    if op.kind == "AveragePool" and op.get("count_include_pad", 0) and len(kernel) == 2:
        (top, bottom), (left, right) = around
        return r.put(op, ZeroPad2d((left, right, top, bottom)), x), [(0, 0), (0, 0)], False
    raise Unmapped(_(UNEQUAL))


@operator("GlobalAveragePool", "GlobalMaxPool")
def _global(r: Reader, op: Operator) -> Wire:
    x = r.wire(op.inputs[0])
    return r.put(op, AdaptiveAvgPool2d() if op.kind == "GlobalAveragePool" else AdaptiveMaxPool2d(), x)
