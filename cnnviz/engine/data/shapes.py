"""Synthetic pictures of shapes, drawn from the plan's settings: what a network makes of place, size and noise.

Drawn with plain sums, products and square roots only, and with numpy's RandomState: the same bits on every machine.
The first pictures stay the same when more are asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ...net.plan import Plan
from ...text import _
from .. import memory
from ..pictures import Array
from .base import DataError, Raw

BLOCK = 256  # pictures drawn at a time
HALF_ROOT_3 = 0.8660254037844386
EDGE = 0.5  # pixels on either side of an outline over which it fades

Far = Callable[[Array, Array, Array], Any]
"""How far outside the outline a point (right, down of the centre) is, for a radius; pixels, inside below 0."""


def _circle(x: Array, y: Array, r: Array) -> Any:
    return np.sqrt(x * x + y * y) - r


def _square(x: Array, y: Array, r: Array) -> Any:
    return np.maximum(abs(x), abs(y)) - r * 0.8862  # of a circle's area


def _triangle(x: Array, y: Array, r: Array) -> Any:
    low = y - 0.5 * r
    side = HALF_ROOT_3 * abs(x) - 0.5 * y - 0.5 * r
    return np.maximum(low, side)


def _cross(x: Array, y: Array, r: Array) -> Any:
    arm = 0.36 * r
    across = np.maximum(abs(x) - r, abs(y) - arm)
    down = np.maximum(abs(x) - arm, abs(y) - r)
    return np.minimum(across, down)


def _ring(x: Array, y: Array, r: Array) -> Any:
    width = 0.3 * r
    return abs(np.sqrt(x * x + y * y) - (r - width / 2)) - width / 2


def _diamond(x: Array, y: Array, r: Array) -> Any:
    return (abs(x) + abs(y) - r) * 0.7071067811865476


def _bar(x: Array, y: Array, r: Array) -> Any:
    return np.maximum(abs(x) - r, abs(y) - 0.3 * r)


def _pole(x: Array, y: Array, r: Array) -> Any:
    return _bar(y, x, r)


OUTLINES: dict[str, Far] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "cross": _cross,
    "ring": _ring,
    "diamond": _diamond,
    "bar": _bar,
    "pole": _pole,
}
"""The shapes by name; `bar` lies, `pole` stands."""


def read(folder: Path, plan: Plan) -> Raw:
    """The pictures that the plan's `shapes_` settings describe. Raises DataError where they make no sense."""
    names = kinds(plan)
    if plan.shapes_small > plan.shapes_large:
        text = _(
            "shapes: the smallest size, {small}, is above the largest, {large}. Make the range the other way round."
        )
        raise DataError(text.format(small=plan.shapes_small, large=plan.shapes_large))
    side, channels = plan.shapes_side, 3 if plan.shapes_colour else 1
    need = (plan.shapes_train + plan.shapes_test) * side * side * channels
    have = memory.lacking(need)
    if have is not None:
        text = _("shapes takes about {need} of memory, but only {have} are free. Ask for fewer or smaller pictures.")
        raise DataError(text.format(need=memory.size_text(need), have=memory.size_text(have)))
    train = _part(plan, names, plan.shapes_train, plan.shapes_place, 0)
    test = _part(plan, names, plan.shapes_test, plan.shapes_place_test, 1)
    return Raw(*train, *test, names)


def kinds(plan: Plan) -> tuple[str, ...]:
    """The shapes that the plan names, each once. Raises DataError."""
    names = tuple(dict.fromkeys(part.strip().lower() for part in plan.shapes_kinds.split(",") if part.strip()))
    wrong = [n for n in names if n not in OUTLINES]
    if wrong:
        text = _("shapes: there is no shape {name}. Known are {known}.")
        raise DataError(text.format(name=wrong[0], known=", ".join(OUTLINES)))
    if len(names) < 2:
        text = _("shapes needs two shapes or more to tell apart. Known are {known}.")
        raise DataError(text.format(known=", ".join(OUTLINES)))
    return names


def _part(plan: Plan, names: tuple[str, ...], n: int, place: float, stream: int) -> tuple[Array, Array]:
    """(n, side, side, channels) uint8 and (n,) classes, in turn."""
    dice, dust = (np.random.RandomState([plan.shapes_seed, stream, kind]) for kind in (0, 1))
    side, channels = plan.shapes_side, 3 if plan.shapes_colour else 1
    y = np.arange(n, dtype=np.int64) % len(names)
    x = np.empty((n, side, side, channels), np.uint8)
    for first in range(0, n, BLOCK):
        some = y[first : first + BLOCK]
        drawn = dice.random_sample((len(some), 9))
        cover = _cover(plan, names, some, drawn, place)[..., None]
        ink, ground = _colours(plan, drawn)
        values = ground + (ink - ground) * cover
        if plan.shapes_noise:
            values += plan.shapes_noise * dust.standard_normal(values.shape)
        x[first : first + BLOCK] = np.rint(np.clip(values, 0, 1) * 255)
    return x, y


def _cover(plan: Plan, names: tuple[str, ...], y: Array, drawn: Array, place: float) -> Array:
    """How much of each pixel the shape covers: (n, side, side) in 0…1."""
    side = plan.shapes_side
    small, large = plan.shapes_small, plan.shapes_large
    radius = (small + (large - small) * drawn[:, 0]) * side / 2
    free = place * (side / 2 - radius)
    middle = np.arange(side) + 0.5 - side / 2
    out = np.empty((len(y), side, side))
    for i, kind in enumerate(y):
        down, right = (2 * drawn[i, 1:3] - 1) * free[i]
        far = OUTLINES[names[kind]](middle[None, :] - right, middle[:, None] - down, radius[i])
        out[i] = np.clip(0.5 - far / (2 * EDGE), 0, 1)
    return out


def _colours(plan: Plan, drawn: Array) -> tuple[Array, Array]:
    """Of the shapes and of what is behind them: (n, 1, 1, channels); a shape is always the brighter."""
    if not plan.shapes_colour:
        return np.ones((len(drawn), 1, 1, 1)), np.zeros((len(drawn), 1, 1, 1))
    return 0.45 + 0.55 * drawn[:, None, None, 3:6], 0.3 * drawn[:, None, None, 6:9]
