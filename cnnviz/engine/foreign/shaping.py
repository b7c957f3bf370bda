"""Functions and methods that only rearrange, cut, or ask for sizes. Most become steps and no nodes."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import torch

from ...net.layers.shape import ChannelShuffle, ChannelSlice
from .calls import Call
from .functions import mapped, rule
from .values import Pieces, Step, Value


# ── what is not computed at all ──────────────────────────────────────────────────────────────────────────────────────
@rule("contiguous", "float", "cpu", "requires_grad_", "identity")
def _same(c: Call) -> Value | None:
    value = c.args[0]
    return value if isinstance(value, Value) else None


@rule("clone")
def _clone(c: Call) -> Value | None:
    value = c.args[0]
    return replace(value, memory=c.mapper.memory()) if isinstance(value, Value) else None


@rule("to", "type")
def _to(c: Call) -> Value | None:
    value, plain = c.args[0], (torch.float32, torch.device("cpu"), "cpu", False, True)
    given = [*c.args[1:], *c.kwargs.values()]
    return value if isinstance(value, Value) and all(g in plain for g in given) else None


@rule("_assert")
def _asserted(c: Call) -> tuple[()]:
    return ()


_ATTRIBUTES: dict[str, Any] = {"dtype": torch.float32, "device": torch.device("cpu"), "is_cuda": False}


@rule("getattr")
def _getattr(c: Call) -> Any:
    value, name = c.args[:2]
    if not isinstance(value, Value):
        return None
    if name == "shape":
        return _size(c, value)
    return len(value.dims) + 1 if name == "ndim" else _ATTRIBUTES.get(name)


@rule("size")
def _size_of(c: Call) -> Any:
    b = c.bind("input dim=None")
    if not isinstance(b["input"], Value):
        return None
    size = _size(c, b["input"])
    return size if b["dim"] is None else size[b["dim"]]


@rule("dim", "ndimension")
def _dim(c: Call) -> int | None:
    return len(c.args[0].dims) + 1 if isinstance(c.args[0], Value) else None


def _size(c: Call, value: Value) -> torch.Size:
    return torch.Size((c.mapper.batch, *value.dims))


# ── other sizes ──────────────────────────────────────────────────────────────────────────────────────────────────────
@rule("view", "reshape")
def _reshape(c: Call) -> Value | None:
    value, *sizes = c.args
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = list(sizes[0])
    if not isinstance(value, Value) or c.kwargs or not all(type(s) is int for s in sizes):
        return None
    return resized(c, value, sizes)


@rule("flatten")
def _flatten(c: Call) -> Value | None:
    b = c.bind("input start_dim=0 end_dim=-1")
    value = b["input"]
    if not isinstance(value, Value):
        return None
    size = list(_size(c, value))
    start, end = b["start_dim"] % len(size), b["end_dim"] % len(size)
    if start == 0:
        return None
    return resized(c, value, [*size[:start], prod(size[start : end + 1]), *size[end + 1 :]])


@rule("squeeze")
def _squeeze(c: Call) -> Value | None:
    b = c.bind("input dim")
    value = b["input"]
    if not isinstance(value, Value):
        return None
    size = _size(c, value)
    dims = b["dim"] if isinstance(b["dim"], (tuple, list)) else (b["dim"],)
    gone = {d % len(size) for d in dims if size[d] == 1}
    return None if 0 in gone else resized(c, value, [n for i, n in enumerate(size) if i not in gone])


@rule("unsqueeze")
def _unsqueeze(c: Call) -> Value | None:
    b = c.bind("input dim")
    value = b["input"]
    if not isinstance(value, Value):
        return None
    size = list(_size(c, value))
    at = b["dim"] % (len(size) + 1)
    return resized(c, value, [*size[:at], 1, *size[at:]]) if at else None


def resized(c: Call, value: Value, sizes: list[int]) -> Value | None:
    """The tensor in other sizes, the number of pictures first, −1 for what is left; None where pictures mix."""
    batch = c.mapper.batch
    if -1 in sizes:
        given = prod(s for s in sizes if s != -1)
        sizes = [batch * value.count // given if s == -1 else s for s in sizes] if given else sizes
    if sizes[:1] != [batch] or prod(sizes[1:]) != value.count:
        return None
    changed = value.through(Step("reshape", tuple(sizes[1:])))
    return c.mapper.settle(changed, c.node, own=True) if c.mapper.is_layer(changed) else changed


# ── another order ────────────────────────────────────────────────────────────────────────────────────────────────────
@rule("permute")
def _permute(c: Call) -> Value | None:
    value, *order = c.args
    order = [*order, *c.kwargs.values()]
    if len(order) == 1 and isinstance(order[0], (tuple, list)):
        order = list(order[0])
    if not isinstance(value, Value) or not all(type(a) is int for a in order):
        return None
    return _ordered(value, [a % len(order) for a in order])


@rule("transpose", "swapaxes", "swapdims")
def _transpose(c: Call) -> Value | None:
    value, first, second = (*c.args, *c.kwargs.values())
    if not isinstance(value, Value):
        return None
    order = list(range(len(value.dims) + 1))
    order[first], order[second] = order[second], order[first]
    return _ordered(value, order)


def _ordered(value: Value, order: list[int]) -> Value | None:
    if order[0] != 0 or len(order) != len(value.dims) + 1:
        return None
    return value.through(Step("permute", tuple(a - 1 for a in order[1:])))


@rule("channel_shuffle", "native_channel_shuffle")
def _shuffle(c: Call) -> Value | None:
    b = c.bind("input groups")
    value = mapped(c, b["input"])
    return c.mapper.put(c, ChannelShuffle(b["groups"]), (value,)) if value else None


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@rule("chunk", "split", "tensor_split")
def _cut(c: Call) -> Pieces | None:
    by = {"chunk": "chunks", "split": "split_size_or_sections"}.get(c.name)
    if by is None:
        return None
    if c.name == "split" and "split_size" in c.kwargs:
        c.kwargs[by] = c.kwargs.pop("split_size")
    b = c.bind(f"input {by} dim=0")
    value, wanted = b["input"], b[by]
    if not isinstance(value, Value) or value.steps or b["dim"] % (len(value.shape) + 1) != 1:
        return None
    channels = value.shape[0]
    if isinstance(wanted, int):
        each = -(-channels // wanted) if c.name == "chunk" else wanted
        ends = [*range(each, channels, each), channels]
    else:
        ends = [sum(wanted[: i + 1]) for i in range(len(wanted))]
    return Pieces(value, tuple(zip([0, *ends[:-1]], ends, strict=True)))


@rule("getitem", "__getitem__")
def _getitem(c: Call) -> Any:
    held, key = c.args
    if isinstance(held, Pieces) and type(key) is int:
        return _slice(c, held.value, *held.cuts[key])
    if isinstance(held, (tuple, list)):
        return held[key]
    if not isinstance(held, Value) or held.steps:
        return None
    keys = list(key) if isinstance(key, tuple) else [key]
    if any(k is Ellipsis for k in keys):
        return None
    if None in keys:
        return _widened(c, held, keys)
    if not all(isinstance(k, slice) and k.step in (None, 1) for k in keys):
        return None
    everything = [slice(None), *(slice(None) for _ in held.shape)]
    whole = [k.start in (None, 0) and k.stop is None for k in keys]
    if not whole[0] or len(keys) > len(everything) or not all(whole[2:]):
        return None
    if len(keys) < 2 or whole[1]:
        return held
    start, stop, _step = keys[1].indices(held.shape[0])
    return _slice(c, held, start, stop)


def _widened(c: Call, value: Value, keys: list[Any]) -> Value | None:
    """Indexing with None, which adds axes of size 1."""
    size, sizes = list(_size(c, value)), list[int]()
    if not all(k is None or k == slice(None) for k in keys) or keys[0] is None:
        return None
    for key in keys:
        sizes.append(1 if key is None else size.pop(0))
    return resized(c, value, [*sizes, *size])


@rule("narrow")
def _narrow(c: Call) -> Value | None:
    b = c.bind("input dim start length")
    value = b["input"]
    if not isinstance(value, Value) or value.steps or b["dim"] % (len(value.shape) + 1) != 1:
        return None
    return _slice(c, value, b["start"], b["start"] + b["length"])


def _slice(c: Call, value: Value, start: int, stop: int) -> Value:
    if (start, stop) == (0, value.shape[0]):
        return value
    return c.mapper.put(c, ChannelSlice(start, stop), (value,), memory=value.memory)
