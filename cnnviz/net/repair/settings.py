"""Repairs that change a layer's settings: windows, padding, groups, and numbers that must fit the channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from math import gcd, prod
from typing import Any

from ...text import N_
from ..layers import Input, Layer, Shape, kinds
from ..problems import shape_text
from .base import Case, Offer, Offers, made, offer, said

SET = N_("Set {setting} of {node} to {value}")
USUAL = (11, 7, 5, 3, 2)
"""Kernels that are tried where the largest that fits leaves too little."""
LARGER = 3
"""How often the picture is doubled to see whether a window fits then."""


# ── windows ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def window(case: Case) -> Offers:
    """A window larger than its map: padding, a smaller window, or a larger map.

    First what leaves most of the layers behind it right; of the values of one setting only the best.
    """
    told: set[tuple[str, ...]] = set()
    ranked = [(_wrong(case, o), i, o) for i, o in enumerate(_window(case)) if o.graph is not None]
    for _count, _place, it in sorted(ranked, key=lambda it: it[:2]):
        kind = it.template, it.args.get("setting", ""), it.args.get("node", "")
        if kind not in told:
            told.add(kind)
            yield it


def _wrong(case: Case, offered: Offer) -> int:
    """Rows that would give nothing."""
    if offered.graph is None:
        return len(case.rows)
    return sum(r.out is None for r in case.tried(offered.graph).values())


def _window(case: Case) -> Offers:
    pools = case.layer.family == "Pooling"
    sizes = case.ins[0][1:]
    kernel, dilation, padding = (_axes(case.layer, n, sizes) for n in ("kernel_size", "dilation", "padding"))
    reach = tuple(d * (k - 1) for d, k in zip(dilation, kernel, strict=True))
    pads = tuple(max(p, -((n - r - 1) // 2)) for r, n, p in zip(reach, sizes, padding, strict=True))
    whole = tuple((r + 1) // 2 if r + 1 > n + 2 * p else p for r, n, p in zip(reach, sizes, padding, strict=True))
    most = tuple((n + 2 * p - 1) // d + 1 for n, p, d in zip(sizes, padding, dilation, strict=True))
    less = tuple(map(min, kernel, most))
    pad = _change(case, "padding", pads)
    smaller = _kernel(case, less)
    # as large as leaves something for the layers behind
    usual_sizes = USUAL if _wrong(case, smaller) else ()
    usual_kernels = [_kernel(case, tuple(min(size, k) for k in less)) for size in usual_sizes]
    if pools:
        if min(less) > 1:
            yield smaller
            yield from usual_kernels
        if len(case.node.sources) == 1:
            yield offer(N_("Remove {node}: its map is {map}"), case.remove(), node=case.id, map=sizes)
    else:
        yield pad
    yield smaller
    yield from usual_kernels
    if max(padding) > 0:
        bare = _put(case, kernel_size=tuple(map(min, kernel, sizes)), padding=(0,) * len(sizes))
        yield offer(SET, bare, setting="kernel_size", node=case.id, value=shape_text(less))
    yield _change(case, "padding", whole)
    yield from wider(case)
    if pools:
        yield pad
    if max(dilation) > 1:
        yield _change(case, "dilation", (1,) * len(sizes))


def _kernel(case: Case, kernel: tuple[int, ...]) -> Offer:
    words = N_("Use a kernel of {kernel}: the map is {map}")
    return offer(words, _put(case, kernel_size=kernel), kernel=shape_text(kernel), map=case.ins[0][1:])


def wider(case: Case) -> Offers:
    """A larger map for this layer: one pooling less before it, one stride less, a larger picture."""
    shrinks = [r for r in case.chain if max(_axes(r.node.layer, "stride", (1, 1))) > 1]
    for row in [r for r in shrinks if r.node.layer.family == "Pooling"][:1]:
        yield offer(N_("Remove the last pooling {node}"), case.remove(row.id), node=row.id)
    for row in [r for r in shrinks if r.node.layer.family != "Pooling"][:1]:
        one = 1 if isinstance(getattr(row.node.layer, "stride"), int) else (1, 1)  # noqa: B009 - not every Layer has it
        yield offer(SET, case.set(row.id, stride=one), setting="stride", node=row.id, value=1)
    first = case.rows.input
    if first is not None and isinstance(first.layer, Input):
        for i in range(1, LARGER + 1):
            size = tuple(n * 2**i for n in first.layer.size)
            yield offer(SET, case.set(first.id, size=size), setting="size", node=first.id, value=size)


def empty(case: Case) -> Offers:
    """Padding, or cutting, that leaves nothing."""
    if case.node.type == "ZeroPad2d":
        left, right, top, bottom = getattr(case.layer, "padding")  # noqa: B009
        (left, right), (top, bottom) = _cut(left, right, case.ins[0][2]), _cut(top, bottom, case.ins[0][1])
        sides = (left, right, top, bottom)
        yield offer(SET, case.set(padding=sides), setting="padding", node=case.id, value=said(sides))
        return
    yield _change(case, "padding", (0, 0))
    reach = [s * (n - 1) for s, n in zip(_axes(case.layer, "stride", (1, 1)), case.ins[0][1:], strict=True)]
    yield _change(case, "padding", tuple(r // 2 for r in reach))


def _cut(before: int, after: int, n: int) -> tuple[int, int]:
    """As many pixels cut off at both ends as leave one."""
    if n + min(before, 0) + min(after, 0) >= 1:
        return before, after
    before = max(before, -(n - 1) // 2)
    return before, max(after, -(n - 1) - min(before, 0))


# ── padding ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def same_stride(case: Case) -> Offers:
    """“same” beside a stride."""
    yield offer(N_("Use padding “same_tf”"), case.set(padding="same_tf"))
    sizes = case.ins[0][1:]
    kernel, dilation = (_axes(case.layer, n, sizes) for n in ("kernel_size", "dilation"))
    yield _change(case, "padding", tuple(d * (k - 1) // 2 for d, k in zip(dilation, kernel, strict=True)))
    yield _change(case, "stride", (1,) * len(sizes))


def mode(case: Case) -> Offers:
    """More mirrored pixels than there are."""
    if case.node.type == "ReflectionPad2d":
        h, w = case.ins[0][1:]
        sides = tuple(min(p, n - 1) for p, n in zip(getattr(case.layer, "padding"), (w, w, h, h), strict=True))  # noqa: B009
        if any(sides):
            yield offer(SET, case.set(padding=sides), setting="padding", node=case.id, value=said(sides))
        yield offer(N_("Use {type} instead"), case.turn("ZeroPad2d"), type="ZeroPad2d")
        return
    yield offer(SET, case.set(padding_mode="zeros"), setting="padding_mode", node=case.id, value="zeros")
    sizes = case.ins[0][1:]
    least = tuple(min(p, n - 1) for p, n in zip(_axes(case.layer, "padding", sizes), sizes, strict=True))
    yield _change(case, "padding", least)


def half(case: Case) -> Offers:
    """More padding around a pooling than half of its window."""
    sizes = case.ins[0][1:]
    kernel, padding = (_axes(case.layer, n, sizes) for n in ("kernel_size", "padding"))
    yield _change(case, "padding", tuple(min(p, k // 2) for p, k in zip(padding, kernel, strict=True)))
    yield _change(case, "padding", (0,) * len(sizes))


def output(case: Case) -> Offers:
    """As many extra rows as a stride, which would be empty."""
    stride, dilation, extra = (_axes(case.layer, n, (1, 1)) for n in ("stride", "dilation", "output_padding"))
    least = tuple(min(o, max(s, d) - 1) for o, s, d in zip(extra, stride, dilation, strict=True))
    yield _change(case, "output_padding", least)
    yield _change(case, "stride", tuple(max(s, o + 1) for s, o in zip(stride, extra, strict=True)))


# ── channels ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def groups(case: Case) -> Offers:
    """Groups that do not divide the channels of a convolution."""
    c, out, now = case.args["inputs"], case.args["outputs"], case.args["groups"]
    if now == out > 1:  # depthwise: a filter for each channel
        yield offer(
            N_("Set groups and out_channels of {node} to {value}"),
            case.set(groups=c, out_channels=c),
            node=case.id,
            value=c,
        )
    fits = gcd(c, out)
    yield from _numbers(case, "groups", _divisor(fits, now), 1)


def groups_of_channels(case: Case) -> Offers:
    """Groups that do not divide the channels that come in."""
    name = "num_groups" if "num_groups" in _names(case.layer) else "groups"
    yield from _numbers(case, name, _divisor(case.args["channels"], case.args["groups"]), 1)


def _divisor(n: int, most: int) -> int:
    return next((d for d in range(min(n, most), 1, -1) if n % d == 0), 1)


def single(case: Case) -> Offers:
    """A normalisation over one value."""
    if case.node.type == "GroupNorm":
        yield from _numbers(case, "num_groups", 1)


def slices(case: Case) -> Offers:
    """A slice outside of the channels."""
    start, stop, c = case.args["start"], case.args["stop"], case.args["channels"]
    if start < c:
        yield offer(SET, case.set(stop=c), setting="stop", node=case.id, value=c)
    if start < stop:
        wide = min(stop - start, c)
        place = c - wide, c
        yield offer(N_("Take channels {start} to {stop}"), case.set(start=place[0], stop=c), start=place[0], stop=c - 1)
    yield offer(N_("Take channels {start} to {stop}"), case.set(start=0, stop=c), start=0, stop=c - 1)


def shuffle(case: Case) -> Offers:
    """Channels that cannot be laid out as pixels."""
    c, need, factor = case.args["channels"], case.args["need"], case.args["factor"]
    more = -(-c // need) * need
    yield from source_channels(case, more)
    yield offer(
        N_("Insert Conv2d 1×1 with {channels} channels"), case.insert(made("Conv2d", out_channels=more, kernel_size=1)),
        channels=more,
    )  # fmt: skip
    yield from _numbers(case, "upscale_factor", *(f for f in range(factor - 1, 1, -1) if c % f**2 == 0))


def source_channels(case: Case, channels: int) -> Offers:
    """The layer before with so many output channels, where that is what decides and nobody else reads it."""
    for row in case.chain:
        layer = row.node.layer
        if case.graph.readers[row.id] != (case.id,) and row is case.chain[0]:
            return
        if "out_channels" in _names(layer):
            yield offer(
                SET, case.set(row.id, out_channels=channels), setting="out_channels", node=row.id, value=channels
            )
            return
        if row.out is None or row.ins[:1] != (row.out,):
            return


def shortcut(case: Case) -> Offers:
    """A shortcut with fewer channels than come in."""
    yield from _numbers(case, "out_channels", case.args["channels"])


def keep_axis(case: Case) -> Offers:
    """A map without channels."""
    yield offer(SET, case.set(keep=True), setting="keep", node=case.id, value="true")


def axis_height(case: Case) -> Offers:
    """The width of a sequence."""
    yield offer(SET, case.set(axis="height"), setting="axis", node=case.id, value="height")


def reshape(case: Case) -> Offers:
    """Values that do not fit a shape."""
    shape, values = tuple(abs(n) or 1 for n in case.args["shape"]), case.args["values"]
    for i in range(len(shape)):
        rest = prod(shape[:i] + shape[i + 1 :])
        if values % rest == 0:
            whole = (*shape[:i], values // rest, *shape[i + 1 :])
            yield offer(SET, case.set(shape=whole), setting="shape", node=case.id, value=whole)
    column = (values, 1, 1)[: len(shape)]
    yield offer(SET, case.set(shape=column), setting="shape", node=case.id, value=column)


# ── tables and prototypes ────────────────────────────────────────────────────────────────────────────────────────────
def table(case: Case) -> Offers:
    """A connection table that names maps that are not there, or one map twice."""
    lines = getattr(case.layer, "table")  # noqa: B009
    c = case.ins[0][0]
    need = max(max(line) for line in lines) + 1
    if need > c:
        yield from source_channels(case, need)
    cut = tuple(tuple(dict.fromkeys(m for m in line if m < c)) or (i % c,) for i, line in enumerate(lines))
    yield offer(N_("Let {node} read only the {channels} maps there are, each once"), case.set(table=cut),
                node=case.id, channels=c)  # fmt: skip
    dense = _dense(case)
    if dense is not None:
        yield offer(N_("Use {type} instead"), case.graph.change(case.id, layer=dense), type="Conv2d")


def _dense(case: Case) -> Layer | None:
    layer: Any = case.layer
    return made(
        "Conv2d",
        out_channels=len(layer.table),
        kernel_size=layer.kernel_size,
        stride=layer.stride,
        padding=layer.padding,
        bias=layer.bias,
    )


def digits(case: Case) -> Offers:
    """Drawn digits that are no picture of the vector."""
    values, have = case.args["values"], case.args["have"]
    fewer = {"out_features": case.args["digits"]} if case.args["classes"] > case.args["digits"] else {}
    if have == values:
        yield offer(SET, case.set(**fewer), setting="out_features", node=case.id, value=case.args["digits"])
    elif not fewer:
        first = case.chain[0] if case.chain else None
        if first and first.node.type == "Linear" and case.graph.readers[first.id] == (case.id,):
            yield offer(
                SET, case.set(first.id, out_features=values), setting="out_features", node=first.id, value=values
            )
        yield offer(N_("Insert Linear with {n} outputs"), case.insert(made("Linear", out_features=values)), n=values)
    yield offer(SET, case.set(prototypes="random"), setting="prototypes", node=case.id, value="random")


# ── any layer ────────────────────────────────────────────────────────────────────────────────────────────────────────
def one_number(case: Case) -> Offers:
    """Mean or deviation for more or fewer channels than there are."""
    name = case.args["setting"]
    one = getattr(case.layer, name)[:1]
    both = {n: getattr(case.layer, n)[:1] for n in ("mean", "std") if len(getattr(case.layer, n)) > 1}
    yield offer(SET, case.set(**{name: one}), setting=name, node=case.id, value=f"{one[0]:g}")
    yield offer(N_("Set mean and std of {node} to one number each"), case.set(**both), node=case.id)
    have = case.args["have"]
    yield offer(SET, case.set(channels=have), setting="channels", node=case.id, value=have)


def usual(case: Case) -> Offers:
    """One setting as it is in a new layer, whatever is wrong; then all of them."""
    cls = type(case.layer)
    if any("kind" not in f.metadata for f in fields(cls)):
        return
    new = cls()
    for name in kinds(cls):
        value = getattr(new, name)
        if value != getattr(case.layer, name):
            yield offer(SET, case.set(**{name: value}), setting=name, node=case.id, value=said(value))
    yield offer(N_("Give {node} the settings of a new layer"), case.graph.change(case.id, layer=new), node=case.id)


def huge(case: Case) -> Offers:
    """More values than a computer can hold."""
    yield from usual(case)
    for name in ("out_channels", "out_features", "size"):
        if name in _names(case.layer):
            value = getattr(type(case.layer)(), name)
            yield offer(SET, case.set(**{name: value}), setting=name, node=case.id, value=said(value))


def _names(layer: Layer) -> set[str]:
    return {f.name for f in fields(layer)}


def _axes(layer: Layer, name: str, sizes: Shape) -> tuple[int, ...]:
    """A setting along each axis; what a layer without it does."""
    value = getattr(layer, name, 0 if name == "padding" else 1)
    if isinstance(value, str):
        return (0,) * len(sizes)
    return value if isinstance(value, tuple) else (value,) * len(sizes)


def _put(case: Case, **values: tuple[int, ...]) -> Any:
    """Settings along each axis; of a sequence's layers the one there is."""
    known = {k: v for k, v in values.items() if k in _names(case.layer)}
    if len(known) < len(values):
        return None
    alone = {k: v[0] if isinstance(getattr(type(case.layer)(), k), int) else v for k, v in known.items()}
    return case.set(**alone)


def _change(case: Case, name: str, value: tuple[int, ...]) -> Any:
    return offer(SET, _put(case, **{name: value}), setting=name, node=case.id, value=said(value))


def _numbers(case: Case, name: str, *values: int) -> Offers:
    for value in dict.fromkeys(values):
        yield offer(SET, case.set(**{name: value}), setting=name, node=case.id, value=value)


Cure = Callable[[Case], Offers]
CURES: dict[str, tuple[Cure, ...]] = {
    "shape.window": (window,),
    "shape.empty": (empty,),
    "padding.same_stride": (same_stride,),
    "padding.mode": (mode,),
    "padding.half": (half,),
    "padding.output": (output,),
    "groups": (groups,),
    "groups.one": (groups_of_channels,),
    "norm.single": (single,),
    "shape.slice": (slices,),
    "shape.shuffle": (shuffle,),
    "shape.shortcut": (shortcut,),
    "shape.reshape": (reshape,),
    "axis.channels": (keep_axis,),
    "axis.width": (axis_height,),
    "table.map": (table,),
    "table.twice": (table,),
    "rbf.digits": (digits,),
    "setting.count": (one_number,),
    "size.huge": (huge,),
}
"""What is offered for each problem of a layer's settings, the best first."""
