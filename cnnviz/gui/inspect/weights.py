"""How the weights of a layer become pictures: which number of the weight stands where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import ceil, sqrt

import numpy as np

from ...link.messages import Array
from ...net.analysis import Analysis, Row
from ...net.layers import (
    RBF,
    ChannelLinear,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    Embedding,
    Flatten,
    Input,
    LayerNorm,
    Linear,
    PositionBias,
    Shape,
    SparseConv2d,
)


@dataclass(frozen=True, eq=False)
class Kernels:
    """The kernels of a convolution: `array` is (outputs, inputs of a group, height, width), whatever torch's order is.

    Output channels of one group see the same inputs; group g those from g · inputs on.
    """

    array: Array
    groups: int = 1
    absent: frozenset[int] = frozenset()  # tiles in whose place there is no kernel, but zeros

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(outputs, inputs of a group, height, width)."""
        o, i, h, w = self.array.shape
        return o, i, h, w

    @property
    def tiles(self) -> Array:
        """One kernel a tile, (outputs · inputs, height, width): the inputs of an output stand side by side."""
        return self.array.reshape(-1, *self.array.shape[2:])

    def place(self, tile: int) -> tuple[int, int]:
        """(output channel, input channel) of a tile."""
        out, i = divmod(tile, self.shape[1])
        return out, out * self.groups // self.shape[0] * self.shape[1] + i

    @cached_property
    def colours(self) -> Array:
        """The kernels of three input channels as red, green and blue: uint8 (outputs, height, width, 3).

        Zero is middle grey; every kernel reaches black or white at its own largest weight.
        """
        weights = np.nan_to_num(self.array, posinf=0, neginf=0)
        most = np.abs(weights).max(axis=(1, 2, 3), keepdims=True)
        scaled = weights * (127 / np.where(most > 0, most, 1)) + 128
        colours: Array = np.rint(scaled).astype(np.uint8).transpose(0, 2, 3, 1)
        return colours


def kernels(row: Row, weight: Array) -> Kernels | None:
    """The kernels of a convolution's weight; None where the weight is another layer's or an older graph's.

    Along a sequence they are one pixel wide. Where a table leaves links out, zeros stand in their place.
    """
    layer = row.node.layer
    if not weight.size or not row.ins:
        return None
    if isinstance(layer, Conv1d):
        found = Kernels(weight[..., None], layer.groups) if weight.ndim == 3 else None
        return found if found and found.shape[2:] == (layer.kernel_size, 1) else None
    if weight.ndim != 4:
        return None
    if isinstance(layer, SparseConv2d):
        if weight.shape != (layer.links, 1, *layer.kernel_size):
            return None
        tiles = [o * row.ins[0][0] + i for o, line in enumerate(layer.table) for i in line]
        whole = np.zeros((len(layer.table), row.ins[0][0], *layer.kernel_size), weight.dtype)
        whole.reshape(-1, *layer.kernel_size)[tiles] = weight[:, 0]
        return Kernels(whole, absent=frozenset(range(whole.shape[0] * whole.shape[1])) - set(tiles))
    if isinstance(layer, Conv2d):
        found = Kernels(weight, layer.groups)
    elif isinstance(layer, ConvTranspose2d):
        if len(weight) % layer.groups:
            return None
        own = weight.reshape(layer.groups, len(weight) // layer.groups, *weight.shape[1:])
        o, i = layer.groups * own.shape[2], own.shape[1]
        found = Kernels(own.swapaxes(1, 2).reshape(o, i, *weight.shape[2:]), layer.groups)
    else:
        return None
    expected = (layer.out_channels, row.ins[0][0] // layer.groups, *layer.kernel_size)
    return found if found.shape == expected else None


def sees_colours(rows: Analysis, id: str) -> bool:
    """Whether the node is a convolution that looks at the red, green and blue of the picture."""
    row = rows[id]
    first = row.node.sources and isinstance(rows[row.node.sources[0]].node.layer, Input)
    return bool(first) and isinstance(row.node.layer, Conv2d) and row.node.layer.groups == 1 and row.ins[0][0] == 3


def unflattened(rows: Analysis, id: str) -> Shape | None:
    """The feature map whose values a Linear layer weighs, where they come out of a Flatten; else None."""
    row = rows[id]
    if not isinstance(row.node.layer, Linear):
        return None
    while row.node.sources:
        row = rows[row.node.sources[0]]
        if isinstance(row.node.layer, Flatten):
            return row.ins[0] if row.ins and len(row.ins[0]) == 3 else None
        if len(row.node.sources) != 1 or row.out != row.ins[0]:
            return None
    return None


def folded(matrix: Array) -> Array:
    """Each row of a matrix (n, inputs) as a block of about square shape, (n, height, width), filled line by line.

    The end is filled up with zeros where no width near the square root divides the inputs.
    """
    n, inputs = matrix.shape
    side = ceil(sqrt(inputs))
    width = next((w for w in range(side, side + side // 2) if inputs % w == 0), side)
    height = -(-inputs // width)
    if height * width != inputs:
        matrix = np.pad(matrix, ((0, 0), (0, height * width - inputs)))
    return matrix.reshape(n, height, width)


def matrix_shape(row: Row) -> Shape | None:
    """The shape (outputs, inputs) of the weight of a layer that multiplies by a matrix, or measures from its rows."""
    if isinstance(row.node.layer, (Linear, ChannelLinear, RBF)) and row.out:
        return row.out[0], row.ins[0][0]
    return None


def planes(row: Row, weight: Array) -> Array | None:
    """A weight that is a map itself, (channels, height, width); a table of words, (1, words, numbers); drawn digits."""
    layer = row.node.layer
    if row.out is None:
        return None
    if isinstance(layer, Embedding):
        return weight[None] if weight.shape == (layer.num_embeddings, layer.embedding_dim) else None
    if isinstance(layer, RBF) and layer.prototypes == "digits" and weight.shape == matrix_shape(row):
        return weight.reshape(-1, 12, 7)
    if not isinstance(layer, (PositionBias, LayerNorm)) or weight.ndim < 2 or weight.shape[1:] != row.out[1:]:
        return None
    return weight if weight.ndim == 3 else weight[..., None]


def factors(weight: Array) -> Array | None:
    """One number for each channel, as batch normalisation has them."""
    return weight.reshape(-1) if weight.ndim == 1 or weight.shape[1:] == (1, 1) else None


def weighted(row: Row) -> bool:
    """Whether the layer has a weight that can be shown, or uses another's."""
    return row.params + row.fixed > 0 or bool(row.node.weights and row.out)


def weighted_ids(rows: Analysis) -> Iterator[str]:
    """The nodes that have weights, in their order."""
    return (id for id, row in rows.items() if weighted(row))
