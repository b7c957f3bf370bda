"""Exactly which pixels of the picture one unit sees, found by walking back through the network.

`analysis.Field` says what units see on an endless picture. Here the picture ends: what lies in the padding is left out
or folded back (reflect, replicate, circular), strides and dilations leave gaps, and branches add up. Every layer picks
rows and columns independently of each other, so what a unit sees is a union of products rows × columns; a set of rows
or of columns is one int, bit i for row i.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from .analysis import Analysis
from .layers import Source, plane
from .window import POINT, Axis, reads

Product = tuple[int, int]  # rows, columns


@dataclass(frozen=True, slots=True)
class Region:
    """A set of pixels of a picture of `height` × `width`: the union of `products` of row sets and column sets."""

    height: int
    width: int
    products: tuple[Product, ...]

    def contains(self, y: int, x: int) -> bool:
        """Whether pixel (y, x) belongs to it."""
        return y >= 0 and x >= 0 and any(r >> y & 1 and c >> x & 1 for r, c in self.products)

    @property
    def hull(self) -> tuple[int, int, int, int]:
        """(top, left, height, width) of the smallest rectangle around it; all 0 where it is empty."""
        if not self.products:
            return 0, 0, 0, 0
        rows = cols = 0
        for r, c in self.products:
            rows, cols = rows | r, cols | c
        top, left = _first(rows), _first(cols)
        return top, left, rows.bit_length() - top, cols.bit_length() - left

    def mask(self) -> list[list[bool]]:
        """The picture's rows of pixels: True for those that belong to it."""
        lines = []
        for y in range(self.height):
            line = 0
            for r, c in self.products:
                if r >> y & 1:
                    line |= c
            lines.append([bool(line >> x & 1) for x in range(self.width)])
        return lines

    def rects(self) -> tuple[tuple[int, int, int, int], ...]:
        """Rectangles (top, left, height, width) that cover it exactly; those of different products may overlap."""
        return tuple((y, x, h, w) for r, c in self.products for y, h in _runs(r) for x, w in _runs(c))

    @property
    def count(self) -> int:
        """Number of pixels in it."""
        total = 0
        for y in range(self.height):
            line = 0
            for r, c in self.products:
                if r >> y & 1:
                    line |= c
            total += line.bit_count()
        return total


def seen(rows: Analysis, id: str, y: int, x: int) -> Region | None:
    """The pixels that unit (y, x) of node `id` sees in the picture.

    None where units see the whole picture (Flatten, Linear and what follows) or the node has a problem.
    Raises IndexError where the map has no such unit.
    """
    row = rows[id]
    picture = rows[rows.input.id].out if rows.input else None
    if row.field is None or row.out is None or picture is None:
        return None
    height, width = plane(row.out)
    if not (0 <= y < height and 0 <= x < width):
        raise IndexError(f"{id} has no unit ({y}, {x}): its maps are {height}×{width}")
    found: set[Product] = set()
    wanted: dict[str, set[Product]] = {id: {(1 << y, 1 << x)}}
    end = rows.graph.nodes.index(row.node)
    for node in reversed(rows.graph.nodes[: end + 1]):
        products = wanted.get(node.id)
        if not products:
            continue
        if isinstance(node.layer, Source):
            found = products
            continue
        here = rows[node.id]
        assert here.out is not None  # a node with a field has no problem
        for source, shape, axes in zip(node.sources, here.ins, node.layer.windows(here.ins), strict=True):
            assert axes is not None  # and looks through windows only
            looked = products if axes == (POINT, POINT) else _looked(axes, plane(shape), plane(here.out), products)
            wanted[source] = _absorb((*wanted[source], *looked)) if source in wanted else looked
    return Region(*plane(picture), tuple(sorted(found)))


def _looked(
    axes: tuple[Axis, Axis], inputs: tuple[int, int], outputs: tuple[int, int], products: Iterable[Product]
) -> set[Product]:
    """The inputs that sets of units look at."""
    (ay, hi, ho), (ax, wi, wo) = zip(axes, inputs, outputs, strict=True)
    return _absorb((_back(ay, hi, ho, r), _back(ax, wi, wo, c)) for r, c in products)


@lru_cache(maxsize=8192)
def _back(axis: Axis, inputs: int, outputs: int, units: int) -> int:
    """The inputs that a set of units looks at along one axis."""
    if axis == POINT:
        return units
    table = _table(axis, inputs, outputs)
    looked = 0
    while units:
        low = units & -units
        looked |= table[low.bit_length() - 1]
        units ^= low
    return looked


@lru_cache(maxsize=256)
def _table(axis: Axis, inputs: int, outputs: int) -> tuple[int, ...]:
    """The inputs that each unit looks at along one axis."""
    table = []
    for o in range(outputs):
        looked = 0
        for i in reads(axis, o, inputs):
            looked |= 1 << i
        table.append(looked)
    return tuple(table)


def _absorb(products: Iterable[Product]) -> set[Product]:
    """The same set of units in fewer products: no empty ones, none inside another, equal sides joined."""
    by_rows: dict[int, int] = {}
    for r, c in products:
        if r and c:
            by_rows[r] = by_rows.get(r, 0) | c
    by_cols: dict[int, int] = {}
    for r, c in by_rows.items():
        by_cols[c] = by_cols.get(c, 0) | r
    if len(by_cols) < 2:
        return {(r, c) for c, r in by_cols.items()}
    kept: list[Product] = []
    for c, r in sorted(by_cols.items(), key=lambda p: -p[0].bit_count() * p[1].bit_count()):
        if not any(r | kr == kr and c | kc == kc for kr, kc in kept):
            kept.append((r, c))
    return set(kept)


def _first(bits: int) -> int:
    """Place of the lowest bit."""
    return (bits & -bits).bit_length() - 1


def _runs(bits: int) -> Iterator[tuple[int, int]]:
    """(start, length) of each run of ones."""
    at = 0
    while bits:
        skip = _first(bits)
        bits >>= skip
        length = _first(~bits)
        yield at + skip, length
        bits >>= length
        at += skip + length
