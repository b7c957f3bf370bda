"""What a unit sees of the picture: its receptive field, and what becomes of it from layer to layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..text import _
from .layers.base import POINTS, Window
from .window import Span, join, join_plain


class Field(NamedTuple):
    """The receptive field of a layer's units, in pixels of the picture, along height and width."""

    y: Span
    x: Span
    aligned: bool = True  # False: branches that met behind this layer disagree in stride or centre

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the window of the unit that sees most."""
        return self.y.size, self.x.size

    @property
    def stride(self) -> tuple[float, float]:
        """Pixels between the windows of neighbouring units."""
        return _plain(self.y.stride), _plain(self.x.stride)

    @property
    def padding(self) -> tuple[int, int]:
        """How far the first unit's window reaches beyond the top and left edge."""
        return -self.y.start, -self.x.start

    @property
    def step(self) -> str:
        """The stride for a person: `2`, `2×1`, `2 down` where all units of a row see the same; empty where all do."""
        y, x = (f"{n:.3g}" if isinstance(n, float) else str(n) for n in self.stride)
        if 0 not in self.stride:
            return y if y == x else f"{y}×{x}"
        return _("{step} down").format(step=y) if y != "0" else _("{step} across").format(step=x) if x != "0" else ""

    def covers(self, height: int, width: int) -> bool:
        """Whether every unit sees all of a picture of this size."""
        axes = ((self.y, height), (self.x, width))
        return all(not s.advance and all(w[0] <= 0 and sum(w) >= n for w in s.windows) for s, n in axes)

    def window(self, y: int, x: int) -> tuple[int, int, int, int]:
        """(top, left, height, width) of what unit (y, x) sees, not clipped to the picture."""
        (top, height), (left, width) = self.y.at(y), self.x.at(x)
        return top, left, height, width


def _plain(number: Any) -> float:
    return number if isinstance(number, int) else float(number)


PIXEL = Field(Span(), Span())


def through(window: Window, field: Field | None) -> Field | None:
    """What units see that look through `window` at units with this field. Raises TooLongError."""
    if window is POINTS:  # activations, normalisation: what the layer before sees
        return field
    if window is None or field is None:
        return None
    (y, x), (down, across, aligned) = window, field
    span = down.through(y)
    if across is down and (y is x or y == x):  # square kernels: the usual case
        return Field(span, span, aligned)
    return Field(span, across.through(x), aligned)


def meet(fields: Sequence[Field | None], picture: tuple[int, int]) -> Field | None:
    """What units see that look at the same place of several branches. Raises TooLongError."""
    known = [f for f in fields if f is not None]
    if len(known) < len(fields):
        return None
    ys, xs = [f.y for f in known], [f.x for f in known]
    y, y_aligned = join(ys, picture[0])
    if picture[0] == picture[1] and xs == ys:  # the usual case
        x, x_aligned = y, y_aligned
    else:
        x, x_aligned = join(xs, picture[1])
    return Field(y, x, y_aligned and x_aligned and all(f.aligned for f in known))


def meet_on(before: Field | None, last: Field | None) -> Field | None:
    """`meet` of several branches and a last one, where `before` is that of the several.

    None where that does not follow from the two: only of aligned, ordinary branches the windows add up one by one.
    """
    if before is None or last is None or not before.aligned:
        return None
    y = join_plain((before.y, last.y))
    x = y if before.x is before.y and last.x is last.y else join_plain((before.x, last.x))
    if y is None or x is None:
        return None
    return Field(y[0], x[0], y[1] and x[1] and last.aligned)
