"""What a block is: layers that belong together, written into a network under one group.

A block is declared once, as a layer is: a frozen dataclass whose fields are its settings. The networks of the course
are written with them, and the palette offers some under names of their own (`resources/blocks`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..draft import Draft, inside
from ..layers import BatchNorm2d, Conv2d, Layer, ReLU
from ..layers.base import check, kind_of

BLOCKS: dict[str, type[Block]] = {}
"""Every kind of block by its name in files, in the order of declaration."""

STRAIGHT = (1, 1)


@dataclass(frozen=True)
class Block:
    """Base of all blocks. Channel numbers of 0 mean: as many as come in."""

    def __init_subclass__(cls) -> None:
        BLOCKS[cls.__name__] = cls

    def __post_init__(self) -> None:
        for f in fields(self):
            object.__setattr__(self, f.name, check(f.name, kind_of(f), getattr(self, f.name)))

    def put(self, draft: Draft, source: str, group: str) -> str:
        """Write the block behind `source` (empty: behind nothing yet) under `group`; gives the id of its last node."""
        raise NotImplementedError


def conv_norm(
    draft: Draft,
    source: str,
    group: str,
    names: tuple[str, str],
    out_channels: int,
    kernel: tuple[int, int] = STRAIGHT,
    stride: int = 1,
    groups: int = 1,
) -> str:
    """A convolution without bias, padded so that stride 1 keeps the size, and its batch normalisation."""
    padding = kernel[0] // 2, kernel[1] // 2
    layer = Conv2d(out_channels, kernel, (stride, stride), padding, groups=groups, bias=False)
    at = draft.put(layer, source, id=inside(group, names[0]), group=group)
    return draft.put(BatchNorm2d(), at, id=inside(group, names[1]), group=group)


def activated(draft: Draft, source: str, group: str, name: str = "relu", layer: Layer = ReLU()) -> str:  # noqa: B008
    """An activation, ReLU unless said otherwise."""
    return draft.put(layer, source, id=inside(group, name), group=group)
