"""What the net does on one picture, as arrays for the window: maps, filters, output, the measured receptive field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from ..link.messages import Frame, Interest, PictureInfo, Unit
from .build import Net
from .pictures import Array, Fitted

THUMBS = 8  # channels of a map in a thumbnail
THUMB_SIZE = 32  # pixels of its longer side at most
THUMB_VALUES = 64  # of a vector at most


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture fitted to a net's Input, and what stands behind it."""

    fitted: Fitted
    info: PictureInfo


@dataclass(frozen=True)
class Stamp:
    """Which net at which step a frame shows."""

    version: int
    run: int = 0
    step: int = 0


def frame(net: Net, shot: Shot | None, interest: Interest, stamp: Stamp, logits: str = "") -> Frame:
    """One forward of `net` as it is used after training, and what the interest asks for.

    `logits`: the node whose vector is the frame's output. Nodes of the interest that the net does not have are left
    out; without a picture there are only filters. Dropout is off, batch normalisation takes its running statistics;
    afterwards the net is in the mode it was in, its weights and gradients untouched.
    """
    filters = {id: _array(w) for id in interest.filters if (w := _weight(net, id)) is not None}
    if shot is None:
        return Frame(stamp.version, stamp.run, stamp.step, interest.number, filters=filters)
    was, device = net.training, next((p.device for p in net.parameters()), torch.device("cpu"))
    x = torch.from_numpy(shot.fitted.values).to(device)[None]
    unit, seen = interest.unit, dict[str, Tensor]()
    net.eval()
    try:
        with torch.set_grad_enabled(unit is not None):
            net(x.requires_grad_(unit is not None), seen)
            field = _field(seen, x, unit) if unit is not None else None
    finally:
        net.train(was)
    maps = {id: t.detach()[0] for id, t in seen.items()}
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
        probabilities=None if vector is None else _array(vector.softmax(0)),
        field=None if field is None else _array(field),
    )


def _field(seen: dict[str, Tensor], x: Tensor, unit: Unit) -> Tensor | None:
    """|d unit / d picture| summed over channels: (height, width); None where there is no such unit."""
    out = seen.get(unit.node)
    if out is None:
        return None
    place = (unit.channel, unit.y, unit.x)[: out.dim() - 1]
    if not all(0 <= i < n for i, n in zip(place, out.shape[1:], strict=True)):
        return None
    value = out[(0, *place)]
    if not value.requires_grad:
        return torch.zeros_like(x[0, 0])
    (slope,) = torch.autograd.grad(value, x, allow_unused=True)
    return torch.zeros_like(x[0, 0]) if slope is None else slope[0].abs().sum(0)


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
    layer = net._modules.get(id)
    weight = getattr(layer, "weight", None)
    return weight if isinstance(weight, Tensor) else None


def _array(values: Tensor) -> Array:
    """float32, its own memory."""
    return np.array(values.detach().to("cpu").numpy(), np.float32)
