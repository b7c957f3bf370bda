"""Operators that move values: shapes, orders of axes, slices, padding, enlarging, and means over axes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ...net.layers import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    ChannelShuffle,
    ChannelSlice,
    Embedding,
    Flatten,
    GroupNorm,
    Input,
    Layer,
    Max,
    Mean,
    PixelShuffle,
    ReflectionPad2d,
    Reshape,
    Shortcut,
    Tokens,
    Upsample,
    ZeroPad2d,
)
from ...text import _
from .file import Array, Operator
from .network import Reader, Unmapped, Wire, operator
from .pointwise import LAST

FAR = 2**31 - 1  # where slices without an end end


@operator("Identity", "Cast", "CastLike")
def _same(r: Reader, op: Operator) -> Wire | tuple[Wire, ...]:
    value = r.file.constant(op.inputs[0])
    if value is None:
        return r.wires[op.inputs[0]]
    r.file.constants[op.outputs[0]] = value.astype(np.float32)  # a number like the picture's
    return ()


# ── shapes ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@operator("Shape")
def _shape(r: Reader, op: Operator) -> tuple[Wire, ...]:
    x = r.wires[op.inputs[0]]
    full = np.asarray([r.batch, *x.sizes], np.int64)
    r.file.constants[op.outputs[0]] = full[int(op.get("start", 0)) : op.get("end")]
    return ()


@operator("Flatten")
def _flatten(r: Reader, op: Operator) -> Wire:
    if int(op.get("axis", 1)) != 1:
        raise Unmapped(_("it does not keep the batch"))
    x = r.wire(op.inputs[0])
    return _laid_out(r, op, x, (prod(x.sizes),))


@operator("Reshape")
def _reshape(r: Reader, op: Operator) -> Wire:
    x = r.wires[op.inputs[0]]
    wanted = [int(n) for n in (op.get("shape") or r.constant(op, 1).reshape(-1).tolist())]
    full = (r.batch, *x.sizes)
    if not op.get("allowzero", 0):
        wanted = [full[i] if n == 0 else n for i, n in enumerate(wanted)]
    if wanted[:1] == [-1] and prod(wanted[1:]) == prod(x.sizes):
        wanted[0] = r.batch
    if wanted.count(-1) == 1 and wanted[0] != -1:
        wanted[wanted.index(-1)] = prod(full) // max(1, -prod(wanted))
    if not wanted or wanted[0] != r.batch or prod(wanted) != prod(full):
        raise Unmapped(_("it does not keep the batch"))
    return _laid_out(r, op, x, tuple(wanted[1:]))


def _laid_out(r: Reader, op: Operator, x: Wire, sizes: tuple[int, ...]) -> Wire:
    """The value in a new shape: a layer, or nothing where the shape stays, or part of what several operators do."""
    had = r.source(x).shape
    back = Wire(x.entry, had)
    if x.view[:1] == ("shuffled",) and sizes == had:
        return r.put(op, ChannelShuffle(x.view[1]), back)
    if x.view[:1] == ("normalised",) and sizes == had:
        return r.put(op, GroupNorm(x.view[1], x.view[2], False), back)
    if x.view:
        x = r.wire(op.inputs[0])
    if sizes == x.sizes:
        return x
    if len(sizes) == 4 and len(had) == 3 and sizes[0] * sizes[1] == had[0] and sizes[2:] == had[1:]:
        return Wire(x.entry, sizes, ("dealt", sizes[0]))
    if len(sizes) == 2 and any(o.kind == "InstanceNormalization" for o in r.file.reading.get(op.outputs[0], ())):
        return Wire(x.entry, sizes, ("grouped", sizes[0]))
    if len(sizes) > 3:
        raise Unmapped(_("it makes {count} axes").format(count=1 + len(sizes)))
    return r.put(op, Flatten() if len(sizes) == 1 else Reshape(sizes), x)


@operator("Squeeze", "Unsqueeze")
def _squeeze(r: Reader, op: Operator) -> Wire:
    x = r.wires[op.inputs[0]]
    given = op.get("axes")
    if given is None:
        found = r.optional(op, 1)
        given = None if found is None else found.reshape(-1).tolist()
    full = [r.batch, *x.sizes]
    if op.kind == "Squeeze":
        axes = (
            {int(a) % len(full) for a in given}
            if given is not None
            else {i for i, n in enumerate(full) if i and n == 1}
        )
        sizes = tuple(n for i, n in enumerate(full) if i not in axes)[1:]
    else:
        axes = {int(a) % (len(full) + len(given)) for a in given}
        sizes = tuple(full)
        for a in sorted(axes):
            sizes = (*sizes[:a], 1, *sizes[a:])
        sizes = sizes[1:]
    if 0 in axes:
        raise Unmapped(_("it is along the batch"))
    if x.view[:1] == ("rows",) and axes == {1}:
        return Wire(x.entry, r.source(x).shape)
    if axes == {1} and len(x.sizes) == 1 and op.kind == "Unsqueeze":
        readers = r.file.reading.get(op.outputs[0], ())
        if any(o.kind == "Sub" for o in readers):
            return Wire(x.entry, sizes, ("row",))
    return _laid_out(r, op, x, sizes)


# ── orders of axes ───────────────────────────────────────────────────────────────────────────────────────────────────
@operator("Transpose")
def _transpose(r: Reader, op: Operator) -> Wire:
    x = r.wires[op.inputs[0]]
    perm = [int(p) for p in op.get("perm", range(len(x.sizes), -1, -1))]
    kept = Wire(x.entry, r.source(x).shape)
    if perm == list(range(len(perm))):
        return x
    if x.view == () and perm == [0, 2, 3, 1]:
        c, h, w = x.sizes
        return Wire(x.entry, (h, w, c), LAST)
    if x.view == LAST and perm == [0, 3, 1, 2]:
        return kept
    if x.view[:1] == ("dealt",) and perm == [0, 2, 1, 3, 4]:
        return Wire(x.entry, x.sizes, ("shuffled", x.view[1]))
    if perm == [1, 0, 2, 3] and x.view == ():
        return Wire(x.entry, x.sizes, ("channels",))
    if perm == [1, 0, 2, 3] and x.view[:1] == ("taken",):
        return _picked(r, op, x)
    if x.view[:1] == ("rows",) and perm == [0, 2, 1]:
        entry = r.source(x)
        if isinstance(entry.layer, Embedding) and entry.layer.layout == "map" and x.entry == len(r.entries) - 1:
            entry.layer = Embedding(entry.layer.num_embeddings, entry.layer.embedding_dim, "channels")
            entry.shape = entry.layer.out((r.entries[entry.sources[0]].shape,))
            return Wire(x.entry, entry.shape)
    raise Unmapped(_("this order of the axes"))


@operator("DepthToSpace")
def _depth_to_space(r: Reader, op: Operator) -> Wire:
    if op.get("mode", "DCR") != "CRD":
        raise Unmapped(_("mode DCR"))
    return r.put(op, PixelShuffle(int(op.get("blocksize"))), r.wire(op.inputs[0]))


# ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@operator("Slice")
def _slice(r: Reader, op: Operator) -> Wire:
    x = r.wires[op.inputs[0]]
    if x.view[:1] != ("strided",):
        x = r.wire(op.inputs[0])
    if r.file.opset < 10:
        starts, ends, axes = (op.get(k) for k in ("starts", "ends", "axes"))
        steps = [1] * len(starts)
    else:
        starts, ends = (r.constant(op, i).reshape(-1).tolist() for i in (1, 2))
        axes = r.constant(op, 3, list(range(len(starts)))).reshape(-1).tolist()
        steps = r.constant(op, 4, [1] * len(starts)).reshape(-1).tolist()
    for start, end, axis, step in zip(starts, ends, axes or range(len(starts)), steps, strict=True):
        x = _cut(r, op, x, int(start), int(end), int(axis), int(step))
    return x


def _cut(r: Reader, op: Operator, x: Wire, start: int, end: int, axis: int, step: int) -> Wire:
    full = (r.batch, *x.sizes)
    axis %= len(full)
    first, last, step = slice(start, end, step).indices(full[axis])
    if (first, step) == (0, 1) and last == full[axis]:
        return x
    if axis == 0:
        raise Unmapped(_("it is along the batch"))
    if step > 1 and axis > 1 and len(full) == 4 and first == 0 and last > full[axis] - step:
        stride = list(x.view[1]) if x.view else [1, 1]
        stride[axis - 2] *= step
        sizes = (*x.sizes[: axis - 1], -(-full[axis] // step), *x.sizes[axis:])
        return Wire(x.entry, sizes, ("strided", tuple(stride)))
    if step != 1 or x.view:
        raise Unmapped(_("it takes every {step}th value").format(step=step))
    if axis == 1:
        return r.put(op, ChannelSlice(first, last), x)
    if len(full) != 4:
        raise Unmapped(_("it cuts a sequence"))
    cut = (-first, last - full[axis])
    return r.put(op, ZeroPad2d((0, 0, *cut) if axis == 2 else (*cut, 0, 0)), x)


@operator("Split")
def _split(r: Reader, op: Operator) -> tuple[Wire, ...]:
    x = r.wire(op.inputs[0])
    if int(op.get("axis", 0)) % (1 + len(x.sizes)) != 1:
        raise Unmapped(_("it is not along the channels"))
    sizes = op.get("split")
    if sizes is None and len(op.inputs) > 1 and op.inputs[1]:
        sizes = r.constant(op, 1).reshape(-1).tolist()
    if sizes is None:
        each = -(-x.sizes[0] // len(op.outputs))
        sizes = [min(each, x.sizes[0] - i * each) for i in range(len(op.outputs))]
    made, start = [], 0
    for size in sizes:
        made.append(r.put(op, ChannelSlice(start, start + int(size)), x))
        start += int(size)
    return tuple(made)


@operator("Gather", "GatherND")
def _gather(r: Reader, op: Operator) -> Wire:
    x = r.wires.get(op.inputs[0])
    if x is None:
        return _embedding(r, op)
    index = r.constant(op, 1)
    if op.kind == "GatherND" or (x.view[:1] == ("channels",) and int(op.get("axis", 0)) == 0):
        if x.view[:1] != ("channels",) or (op.kind == "GatherND" and index.shape[-1] != 1):
            raise Unmapped(_("it picks single values"))
        return Wire(x.entry, x.sizes, ("taken", tuple(int(i) for i in index.reshape(-1))))
    axis = int(op.get("axis", 0)) % (1 + len(x.sizes))
    entry = r.source(x)
    if isinstance(entry.layer, (Input, Tokens)) and axis == 3 and x.sizes[::2] == (1, 1) and index.ndim == 0:
        return Wire(x.entry, x.sizes[:2], ("words",))
    if isinstance(entry.layer, Embedding) and axis == 1 and index.ndim == 0 and len(x.sizes) == 3:
        return Wire(x.entry, x.sizes[1:], ("rows",))
    if axis == 1 and not x.view:
        return _picked(r, op, Wire(x.entry, x.sizes, ("taken", tuple(int(i) for i in index.reshape(-1)))))
    raise Unmapped(_("it picks single values"))


def _picked(r: Reader, op: Operator, x: Wire) -> Wire:
    """Channels that are picked: neighbours are a slice; any others are part of a table of connections."""
    chosen = x.view[1]
    count = r.source(x).shape[0]
    chosen = tuple(i % count for i in chosen)
    before = Wire(x.entry, r.source(x).shape)
    if chosen == tuple(range(chosen[0], chosen[0] + len(chosen))) and not _is_linked(r, op):
        return r.put(op, ChannelSlice(chosen[0], chosen[-1] + 1), before)
    return Wire(x.entry, before.sizes, ("picked", chosen))


def _is_linked(r: Reader, op: Operator) -> bool:
    return op.module == "SparseConv2d"


def _embedding(r: Reader, op: Operator) -> Wire:
    table = r.constant(op, 0)
    x = r.wires.get(op.inputs[1])
    if x is None or x.view != ("words",) or table.ndim != 2 or int(op.get("axis", 0)):
        raise Unmapped(_("it looks up what is not the number of a word"))
    entry = r.source(x)
    if isinstance(entry.layer, Input):
        entry.layer = Tokens(entry.layer.size[0], len(table))
    layer = Embedding(*table.shape)
    return r.named(r.put(op, layer, Wire(x.entry, entry.shape), weight=table), op.inputs[0])


# ── around and larger ────────────────────────────────────────────────────────────────────────────────────────────────
@operator("Pad")
def _pad(r: Reader, op: Operator) -> Wire:
    x = r.wires[op.inputs[0]]
    if x.view[:1] != ("strided",):
        x = r.wire(op.inputs[0])
    given = op.get("pads") or op.get("paddings") or r.constant(op, 1).reshape(-1).tolist()
    rank = 1 + len(x.sizes)
    axes = list(range(rank))
    if len(op.inputs) > 3 and op.inputs[3]:
        axes = [int(a) % rank for a in r.constant(op, 3).reshape(-1)]
    half = len(given) // 2
    sides = {a: (int(given[i]), int(given[i + half])) for i, a in enumerate(axes)}
    mode = op.get("mode", "constant")
    value = op.get("value", 0.0)
    if len(op.inputs) > 2 and op.inputs[2]:
        value = float(r.constant(op, 2).reshape(()))
    if rank != 4 or sides.get(0, (0, 0)) != (0, 0):
        raise Unmapped(_("it is not around a map"))
    if mode not in ("constant", "reflect") or (mode == "constant" and value != 0):
        raise Unmapped(_("it fills in what is not zero"))
    around = (*sides.get(3, (0, 0)), *sides.get(2, (0, 0)))
    channels = sides.get(1, (0, 0))
    if x.view or any(channels):
        return _option_a(r, op, x, channels, around)
    return r.put(op, ReflectionPad2d(around) if mode == "reflect" else ZeroPad2d(around), x)


def _option_a(r: Reader, op: Operator, x: Wire, channels: tuple[int, int], around: tuple[int, ...]) -> Wire:
    added = sum(channels)
    if any(around) or min(channels) < 0 or channels[0] != added // 2:
        raise Unmapped(_("it adds channels"))
    stride = x.view[1] if x.view else (1, 1)
    return r.put(op, Shortcut(x.sizes[0] + added, stride), Wire(x.entry, r.source(x).shape))


@operator("Resize", "Upsample")
def _resize(r: Reader, op: Operator) -> Wire:
    x = r.wire(op.inputs[0])
    scales = _scales(r, op, x)
    if len(scales) != 4 or scales[:2] != [1.0, 1.0] or any(s != int(s) or s < 1 for s in scales):
        raise Unmapped(_("it does not make a map a whole number of times as large"))
    factor = int(scales[2]), int(scales[3])
    mode = op.get("mode", "nearest")
    way = op.get("coordinate_transformation_mode", "asymmetric" if op.kind == "Upsample" else "half_pixel")
    rounding = op.get("nearest_mode", "round_prefer_floor")
    if mode == "nearest":
        usual = way == "asymmetric" and (rounding == "floor" or op.kind == "Upsample" or r.file.opset < 11)
        if not usual and not (way in ("half_pixel", "pytorch_half_pixel") and rounding.startswith("round_prefer")):
            raise Unmapped(f"{way}, {rounding}")
        return r.put(op, Upsample(factor), x)
    if mode != "linear" or way not in ("half_pixel", "pytorch_half_pixel", "align_corners") or op.get("antialias", 0):
        raise Unmapped(f"{mode}, {way}")
    return r.put(op, Upsample(factor, "bilinear", way == "align_corners"), x)


def _scales(r: Reader, op: Operator, x: Wire) -> list[float]:
    if op.get("scales") is not None:
        return [float(s) for s in op.get("scales")]
    at = 1 if op.kind == "Upsample" or r.file.opset < 11 else 2
    found: Array | None = r.optional(op, at)
    full = [r.batch, *x.sizes]
    if found is None or not found.size:
        sizes = r.constant(op, 3).reshape(-1).tolist()
        axes = op.get("axes", list(range(len(full))))
        goal = {int(a): n for a, n in zip(axes, sizes, strict=True)}
        return [goal.get(i, n) / n for i, n in enumerate(full)]
    values = [float(s) for s in found.reshape(-1)]
    axes = op.get("axes")
    return values if axes is None else [dict(zip(axes, values, strict=True)).get(i, 1.0) for i in range(len(full))]


# ── over axes ────────────────────────────────────────────────────────────────────────────────────────────────────────
@operator("ReduceMean", "ReduceMax")
def _reduce(r: Reader, op: Operator) -> Wire:
    x = r.wires[op.inputs[0]]
    last = x.view == LAST
    if not last:
        x = r.wire(op.inputs[0])
    given: Any = op.get("axes")
    if given is None:
        found = r.optional(op, 1)
        given = found.reshape(-1).tolist() if found is not None else list(range(1 + len(x.sizes)))
    rank, keep = 1 + len(x.sizes), bool(op.get("keepdims", 1))
    axes = {int(a) % rank for a in given}
    if last:
        if keep or axes != {1, 2}:
            raise Unmapped(_("it is over these axes"))
        axes, x = {2, 3}, Wire(x.entry, r.source(x).shape)
    mean = op.kind == "ReduceMean"
    if axes == {2, 3} and keep and op.module not in ("Mean", "Max"):
        return r.put(op, AdaptiveAvgPool2d() if mean else AdaptiveMaxPool2d(), x)
    name = {(2, 3): "both", (2,): "height" if rank == 4 else "both", (3,): "width", (1,): "channels"}.get(
        tuple(sorted(axes))
    )
    if name is None or rank < 3:
        raise Unmapped(_("it is over these axes"))
    layer: Layer = Mean(name, keep) if mean else Max(name, keep)
    return r.put(op, layer, x)
