"""What the net does on one picture, as arrays for the window: maps, filters, output, the measured receptive field."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from ..link.messages import Frame, Interest, PictureInfo, Unit
from .build import Net
from .modules import TokenEmbedding
from .pictures import Array, Fitted

THUMBS = 8  # channels of a map in a thumbnail
THUMB_SIZE = 32  # pixels of its longer side at most
THUMB_VALUES = 64  # of a vector at most


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture fitted to a net's Input, and what stands behind it."""

    fitted: Fitted
    info: PictureInfo

    @cached_property
    def batch(self) -> Tensor:
        """What the net takes in: (1, channels, height, width)."""
        return torch.from_numpy(self.fitted.values)[None]


@dataclass(frozen=True)
class Stamp:
    """Which net at which step a frame shows."""

    version: int
    run: int = 0
    step: int = 0
    moment: int = 0  # number of the last Show
    past: bool = False


def frame(net: Net, shot: Shot | None, interest: Interest, stamp: Stamp, logits: str = "") -> Frame:
    """One forward of `net` as it is used after training, and what the interest asks for.

    `logits`: the node whose vector is the frame's output. Nodes of the interest that the net does not have are left
    out; without a picture there are only filters. Dropout is off, batch normalisation takes its running statistics;
    afterwards the net is in the mode it was in, its weights and gradients untouched.
    """
    filters = _filters(net, interest)
    if shot is None:
        return Frame(
            stamp.version,
            stamp.run,
            stamp.step,
            interest.number,
            filters=filters,
            moment=stamp.moment,
            past=stamp.past,
        )
    x, unit, seen = _batch(net, shot), interest.unit, dict[str, Tensor]()
    with _at_rest(net), torch.set_grad_enabled(unit is not None):
        net(x.requires_grad_(unit is not None), seen)
        field = _field(seen, x, _embedded(net, seen), unit) if unit is not None else None
    maps = {id: _first(t) for id, t in seen.items()}
    end = maps.get(logits)
    vector = end.double() if end is not None and end.dim() == 1 else None
    return Frame(
        version=stamp.version,
        run=stamp.run,
        step=stamp.step,
        interest=interest.number,
        picture=shot.info,
        unit=unit if field is not None else None,
        thumbs={id: _array(_thumb(maps[id])) for id in interest.thumbs if id in maps},
        maps={id: _array(maps[id]) for id in interest.maps if id in maps},
        filters=filters,
        input=shot.fitted.values,
        shown=shot.fitted.shown,
        output=None if vector is None else _array(vector),
        probabilities=None if vector is None else _array(net.scores(vector, logits).softmax(0)),
        field=None if field is None else _array(field),
        moment=stamp.moment,
        past=stamp.past,
    )


def glance(net: Net, shot: Shot, interest: Interest, stamp: Stamp) -> Frame:
    """A partial frame: the interest's maps and filters alone, for which the forward ends at the last of these maps.

    Its arrays are the net's own memory where they can be: they hold until the net's next step.
    """
    wanted = set(interest.maps)
    last = next((id for id, *_rest in reversed(net.order) if id in wanted), "")
    seen: dict[str, Tensor] = {}
    if last:
        with _at_rest(net), torch.no_grad():
            net(_batch(net, shot), seen, end=last)
    return Frame(
        version=stamp.version,
        run=stamp.run,
        step=stamp.step,
        interest=interest.number,
        partial=True,
        picture=shot.info,
        maps={id: _seen(_first(seen[id])) for id in interest.maps if id in seen},
        filters={id: _seen(w) for id in interest.filters if (w := _weight(net, id)) is not None},
        moment=stamp.moment,
    )


@contextmanager
def _at_rest(net: Net) -> Iterator[None]:
    """The net in evaluation mode; afterwards each module is in the mode it was in."""
    busy = [m for m in net.parts if m.training]
    put = object.__setattr__  # nn.Module's own first asks whether the flag is a weight: ten times as slow
    for m in busy:
        put(m, "training", False)
    try:
        yield
    finally:
        for m in busy:
            put(m, "training", True)


def _batch(net: Net, shot: Shot) -> Tensor:
    return shot.batch.to(net.device).detach()  # one of its own, for a gradient of its own


def _first(batch: Tensor) -> Tensor:
    """Of the first picture: (channels, height, width) or (features,). A sequence is a map one pixel wide."""
    values = batch.detach()[0]
    return values[..., None] if values.dim() == 2 else values


def _filters(net: Net, interest: Interest) -> dict[str, Array]:
    return {id: _array(w) for id in interest.filters if (w := _weight(net, id)) is not None}


def _embedded(net: Net, seen: dict[str, Tensor]) -> Tensor | None:
    """Where words become vectors: the first numbers of a sentence that have a gradient."""
    return next((seen[id] for id, m in net.named_children() if isinstance(m, TokenEmbedding)), None)


def _field(seen: dict[str, Tensor], x: Tensor, words: Tensor | None, unit: Unit) -> Tensor | None:
    """|d unit / d picture| summed over channels: (height, width); of words over each one's vector: (words, 1).

    None where there is no such unit.
    """
    out = seen.get(unit.node)
    if out is None:
        return None
    place = (unit.channel, unit.y, unit.x)[: out.dim() - 1]
    if not all(0 <= i < n for i, n in zip(place, out.shape[1:], strict=True)):
        return None
    value = out[(0, *place)]
    slope = None
    entry = x if words is None else words
    if value.requires_grad and entry.requires_grad:
        (slope,) = torch.autograd.grad(value, entry, allow_unused=True)
    if slope is None:
        return torch.zeros_like(x[0, 0])
    size = slope[0].abs()
    if words is None:
        return size.sum(0)
    return size.sum((0, 2))[:, None] if size.dim() == 3 else size.sum(0)[:, None]  # (1, words, n) or (n, words)


def _thumb(values: Tensor) -> Tensor:
    """The first channels, each value the mean of a block so large that the map gets at most 32 pixels high and wide."""
    if values.dim() == 1:
        return _peaks(values)
    first = values[:THUMBS]
    block = -(-max(first.shape[1:]) // THUMB_SIZE)
    return first if block == 1 else avg_pool2d(first[None], block, ceil_mode=True)[0]


def _peaks(vector: Tensor) -> Tensor:
    """All of a vector in 64 values at most: of each share the one of largest magnitude, of which NaN is the largest."""
    share = -(-len(vector) // THUMB_VALUES)
    if share <= 1:
        return vector
    shares = pad(vector, (0, -len(vector) % share)).reshape(-1, share)
    return shares.gather(1, shares.abs().argmax(1, keepdim=True))[:, 0]


def _weight(net: Net, id: str) -> Tensor | None:
    """What the layer has learned, or was given; a bias where that is all."""
    layer = net.layer(id)
    found = (getattr(layer, name, None) for name in ("weight", "bias", "prototypes"))
    return next((t for t in found if isinstance(t, Tensor)), None)


def _seen(values: Tensor) -> Array:
    """float32, one value behind the other; the tensor's own memory where that is so."""
    return np.ascontiguousarray(values.detach().to("cpu").numpy(), np.float32)


def _array(values: Tensor) -> Array:
    """float32, one value behind the other, its own memory."""
    return np.array(values.detach().to("cpu").numpy(), np.float32, order="C")
