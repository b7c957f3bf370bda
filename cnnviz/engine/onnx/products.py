"""Operators of two values: products of matrices, and sums and products with constants or with each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...net.layers import (
    RBF,
    Add,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    ChannelLinear,
    ChannelScale,
    Concat,
    GroupNorm,
    Hardsigmoid,
    Hardswish,
    Input,
    InstanceNorm2d,
    Layer,
    Linear,
    Multiply,
    PositionBias,
    Sigmoid,
    SiLU,
    SubSample,
)
from ...net.layers.dense import DRAWN
from ...text import _
from .. import modules
from .file import Array, Operator
from .network import Reader, Unmapped, Wire, operator
from .pointwise import LAST

EXACT = 1e-12  # added to a variance of 1 in float32 it changes nothing


@operator("Gemm")
def _gemm(r: Reader, op: Operator) -> Wire:
    x, weight, bias = r.wire(op.inputs[0]), r.constant(op, 1), r.bias(op, 2)
    if op.get("transA", 0):
        raise Unmapped(_("it transposes the picture"))
    weight = weight * np.float32(op.get("alpha", 1.0)) if op.get("alpha", 1.0) != 1 else weight
    weight = weight if op.get("transB", 0) else weight.T
    if bias is not None:
        beta = op.get("beta", 1.0)
        bias = np.broadcast_to(bias.reshape(-1) * np.float32(beta), weight.shape[:1])
    return _linear(r, op, x, weight, bias)


def _linear(r: Reader, op: Operator, x: Wire, weight: Array, bias: Array | None) -> Wire:
    if x.sizes != (weight.shape[1],):
        raise Unmapped(_("its sizes do not fit"))
    return r.named(r.put(op, Linear(weight.shape[0], bias is not None), x, weight=weight, bias=bias), op.inputs[1])


@operator("MatMul")
def _matmul(r: Reader, op: Operator) -> Wire:
    weight = r.constant(op, 1)
    x = r.wires.get(op.inputs[0])
    if weight.ndim != 2:
        raise Unmapped(_("it is no product of a vector and a matrix"))
    if x is not None and x.view == LAST:
        made = r.put(op, ChannelLinear(weight.shape[1], False), x, weight=weight.T)
        return r.named(Wire(made.entry, (*x.sizes[:-1], weight.shape[1]), LAST), op.inputs[1])
    return _linear(r, op, r.wire(op.inputs[0]), weight.T, None)


# ── with constants ───────────────────────────────────────────────────────────────────────────────────────────────────
@operator("Add", "Sub", "Mul", "Div", "Sum")
def _arithmetic(r: Reader, op: Operator) -> Wire:
    moving, fixed = r.split(op)
    if not fixed:
        return _merged(r, op)
    if len(moving) != 1 or len(fixed) != 1:
        raise Unmapped(_("it has several constants"))
    value = r.file.constant(fixed[0])
    assert value is not None
    first = op.inputs[0] == moving[0]
    x = r.wires[moving[0]]
    if op.kind == "Sub" and x.view[:1] == ("row",) and value.ndim == 2:
        return Wire(x.entry, x.sizes, ("apart", value))
    value = value.astype(np.float32)
    if op.kind == "Div":
        if not first:
            raise Unmapped(_("it divides by the picture"))
        return _scaled(r, op, x, np.float32(1) / value, divided=value)
    if op.kind == "Mul":
        return _scaled(r, op, x, value)
    if op.kind == "Sub" and not first:
        x = _scaled(r, op, x, np.float32(-1) * np.ones_like(value))
        return _shifted(r, op, x, value)
    return _shifted(r, op, x, -value if op.kind == "Sub" else value)


def _channels(value: Array, x: Wire) -> Array | None:
    """A constant as one number for each channel, or None where it is something else."""
    sizes = x.sizes
    count = sizes[-1] if x.view == LAST else sizes[0]
    shape = (1,) * (1 + len(sizes) - value.ndim) + value.shape
    wanted = (1, *(1,) * (len(sizes) - 1), count) if x.view == LAST else (1, count, *(1,) * (len(sizes) - 1))
    if value.size == 1:
        return np.full(count, value.reshape(()), np.float32)
    return value.reshape(-1) if shape == wanted else None


def _scaled(r: Reader, op: Operator, x: Wire, value: Array, divided: Array | None = None) -> Wire:
    each, entry = _channels(value, x), r.source(x)
    if each is None:
        raise Unmapped(_("a product with a constant that is not one number for each channel"))
    if isinstance(entry.layer, Input) and not x.view and not _is_used(r, x):
        std = each if divided is None else np.broadcast_to(np.ravel(divided), each.shape)
        old = np.asarray(entry.layer.std, np.float32)
        mean = _floats(np.asarray(entry.layer.mean, np.float32) + 0 * each)
        made = old * std if divided is not None else old / std
        entry.layer = replace(entry.layer, mean=mean, std=_floats(made))
        return x
    if isinstance(entry.layer, (GroupNorm, InstanceNorm2d)) and not entry.layer.affine and r.alone(_moving(r, op)):
        entry.layer = replace(entry.layer, affine=True)
        entry.weights = {"weight": each, "bias": np.zeros_like(each)}
        r.named(x, _fixed(r, op))
        return x
    if x.view == LAST or len(x.sizes) == 3:
        return r.named(r.put(op, ChannelScale(), x, view=x.view, scale=each, weight=each), _fixed(r, op))
    return _affine(r, op, x, each)


def _affine(r: Reader, op: Operator, x: Wire, scale: Array, shift: Array | None = None) -> Wire:
    """A factor and an offset for each channel, as batch normalisation by a mean of 0 and a variance of 1."""
    layer = BatchNorm2d(EXACT) if len(x.sizes) == 3 else BatchNorm1d(EXACT)
    zero = np.zeros_like(scale)
    made = r.put(
        op, layer, x, weight=scale, bias=shift if shift is not None else zero, running_mean=zero, running_var=zero + 1
    )
    return r.named(made, _fixed(r, op))


def _shifted(r: Reader, op: Operator, x: Wire, value: Array) -> Wire:
    each, entry = _channels(value, x), r.source(x)
    if x.view not in ((), LAST):
        raise Unmapped(_("its axes are in another order"))
    if each is None:
        whole = np.broadcast_to(value, (1, *x.sizes))[0]
        if len(x.sizes) != 3 or x.view:
            raise Unmapped(_("a sum with a constant of this shape"))
        shared = value.shape[-3:-2] in ((), (1,)) and x.sizes[0] > 1
        bias = whole[:1] if shared else whole
        return r.named(r.put(op, PositionBias(not shared), x, bias=bias), _fixed(r, op))
    if isinstance(entry.layer, Input) and not x.view and not _is_used(r, x):
        std = np.asarray(entry.layer.std, np.float32) + 0 * each
        mean = np.asarray(entry.layer.mean, np.float32) - each * std
        entry.layer = replace(
            entry.layer, mean=tuple(float(str(m)) for m in mean), std=tuple(float(str(s)) for s in std)
        )
        return x
    alone = r.alone(_moving(r, op))
    if alone and getattr(entry.layer, "bias", None) is False:
        entry.layer = replace(entry.layer, bias=True)  # type: ignore[call-arg]
        entry.weights["bias"] = each
        return x
    if (
        alone
        and isinstance(entry.layer, (GroupNorm, InstanceNorm2d))
        and not entry.weights.get("bias", np.ones(1)).any()
    ):
        entry.weights["bias"] = each
        return x
    if alone and isinstance(entry.layer, ChannelScale) and not x.view:
        before = Wire(entry.sources[0], r.entries[entry.sources[0]].shape)
        if x.entry == len(r.entries) - 1:
            r.entries.pop()
            return _sub_sample(r, op, before, entry.weights["weight"], each) or _affine(
                r, op, before, entry.weights["weight"], each
            )
    if x.view:
        raise Unmapped(_("its axes are in another order"))
    return _affine(r, op, x, np.ones_like(each), each)


def _sub_sample(r: Reader, op: Operator, x: Wire, scale: Array, shift: Array) -> Wire | None:
    """A mean, a factor and an offset of one module: sub-sampling; None where it is something else."""
    entry = r.source(x)
    pool = entry.layer
    if op.module != "SubSample" or not isinstance(pool, AvgPool2d) or x.entry != len(r.entries) - 1:
        return None
    if pool.padding != (0, 0) or pool.ceil_mode:
        return None
    r.entries.pop()
    before = Wire(entry.sources[0], r.entries[entry.sources[0]].shape)
    count = np.float32(pool.kernel_size[0] * pool.kernel_size[1])
    return r.put(op, SubSample(pool.kernel_size, pool.stride), before, weight=scale / count, bias=shift)


def _floats(values: Array) -> tuple[float, ...]:
    """As a person would write them."""
    return tuple(float(str(v)) for v in values.astype(np.float32))


def _is_used(r: Reader, x: Wire) -> bool:
    """Whether a layer reads this value already."""
    return any(x.entry in e.sources for e in r.entries)


def _moving(r: Reader, op: Operator) -> str:
    return r.split(op)[0][0]


def _fixed(r: Reader, op: Operator) -> str:
    return r.split(op)[1][0]


# ── with each other ──────────────────────────────────────────────────────────────────────────────────────────────────
def _merged(r: Reader, op: Operator) -> Wire:
    wires = [r.wires[i] for i in op.inputs]
    if op.kind in ("Sub", "Div"):
        raise Unmapped(_("a difference or a quotient of two values"))
    if op.kind == "Mul":
        gated = _gated(r, op, wires)
        if gated is not None:
            return gated
    views = {w.view for w in wires}
    if views != {()}:
        raise Unmapped(_("its axes are in another order"))
    entry, layer = r.source(wires[0]), Multiply() if op.kind == "Mul" else Add()
    if (
        op.path
        and entry.operator.path == op.path
        and entry.layer == layer
        and r.alone(op.inputs[0])
        and wires[0].entry == len(r.entries) - 1
    ):
        r.entries.pop()  # the exporter takes a sum of three apart
        wires[:1] = [Wire(s, r.entries[s].shape) for s in entry.sources]
    return r.put(op, layer, *wires)


def _gated(r: Reader, op: Operator, wires: list[Wire]) -> Wire | None:
    """x · sigmoid(x) is an activation of its own."""
    for gate, x, name in ((wires[1], wires[0], op.inputs[1]), (wires[0], wires[1], op.inputs[0])):
        entry = r.source(gate)
        kinds: dict[type[Layer], Layer] = {Sigmoid: SiLU(), Hardsigmoid: Hardswish()}
        made = kinds.get(type(entry.layer))
        if made is not None and entry.sources == (x.entry,) and r.alone(name) and gate.entry == len(r.entries) - 1:
            r.entries.pop()
            return r.put(op, made, x, view=x.view)
    return None


@operator("Concat")
def _concat(r: Reader, op: Operator) -> Wire:
    wires = [r.wire(i) for i in op.inputs]
    if int(op.get("axis")) % (1 + len(wires[0].sizes)) != 1:
        raise Unmapped(_("it is not along the channels"))
    return wires[0] if len(wires) == 1 else r.put(op, Concat(), *wires)


# ── the distance from prototypes ─────────────────────────────────────────────────────────────────────────────────────
@operator("Pow")
def _pow(r: Reader, op: Operator) -> Wire:
    x = r.wires.get(op.inputs[0])
    if x is None or x.view[:1] != ("apart",) or r.constant(op, 1).tolist() not in (2, [2]):
        raise Unmapped(_("it is not the square of a difference"))
    return Wire(x.entry, x.sizes, ("squares", x.view[1]))


@operator("ReduceSum")
def _reduce_sum(r: Reader, op: Operator) -> Wire:
    x = r.wires.get(op.inputs[0])
    axes = op.get("axes") or r.constant(op, 1).tolist()
    if x is None or x.view[:1] != ("squares",) or list(axes) not in ([2], [-1]) or op.get("keepdims", 1):
        raise Unmapped(_("it is not a sum of squared differences"))
    prototypes = x.view[1]
    before = Wire(x.entry, r.entries[x.entry].shape)
    drawn = prototypes.shape[1] == DRAWN[1] and len(prototypes) <= DRAWN[0]
    digits = drawn and np.array_equal(modules.RBF(DRAWN[1], len(prototypes), True).prototypes.numpy(), prototypes)
    return r.put(op, RBF(len(prototypes), "digits" if digits else "random"), before, prototypes=prototypes)
