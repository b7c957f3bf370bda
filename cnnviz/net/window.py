"""Which inputs one output unit looks at, along one axis, and how such looks add up over layers.

A *tap* is a position on the layer's own input. Layers pick their taps in several ways: `Slide` (convolution, pooling,
padding), `Spread` (transposed convolution), `Share` (adaptive pooling), `Stretch` and `Blend` (upsampling), `Whole`.
A `Span` is what they add up to: the receptive field along one axis of the picture.

Units of one layer may see windows of different sizes: after a transposed convolution of stride 2
even and odd units differ. They differ periodically, so a Span holds one window for each unit of a
period and is exact for every unit, not only a bound. Ordinary networks have period 1, where the
recurrences are those of Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural
Networks", Distill 2019.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Slide:
    """Output o looks at `stride·o − before + dilation·j`, j = 0 … kernel−1."""

    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    before: int = 0
    mode: str = "zeros"

    def taps(self, o: int) -> range:
        """Positions of unit `o`, not clipped to the input."""
        first = self.stride * o - self.before
        return range(first, first + self.dilation * (self.kernel - 1) + 1, self.dilation)

    def turn(self, period: int) -> tuple[int, int]:
        """Smallest (outputs, inputs) after which the taps repeat on inputs of this period."""
        outputs = period // gcd(period, self.stride)
        return outputs, outputs * self.stride


@dataclass(frozen=True, slots=True)
class Spread:
    """Input u reaches outputs `stride·u − before + dilation·j`; an output looks at those that reach it."""

    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    before: int = 0
    mode: str = "zeros"

    def taps(self, o: int) -> list[int]:
        """Positions of unit `o`, not clipped to the input; none where the kernel leaves gaps."""
        hits = ((o + self.before - self.dilation * j, self.stride) for j in range(self.kernel))
        return sorted(a // s for a, s in hits if a % s == 0)

    def turn(self, period: int) -> tuple[int, int]:
        """Smallest (outputs, inputs) after which the taps repeat on inputs of this period."""
        return period * self.stride, period


@dataclass(frozen=True, slots=True)
class Share:
    """Output o of `outputs` looks at `⌊o·inputs/outputs⌋ … ⌈(o+1)·inputs/outputs⌉ − 1` (adaptive pooling)."""

    inputs: int
    outputs: int
    mode: str = "zeros"

    def taps(self, o: int) -> range:
        """Positions of unit `o`."""
        return range(o * self.inputs // self.outputs, -(-(o + 1) * self.inputs // self.outputs))

    def turn(self, period: int) -> tuple[int, int]:
        """Smallest (outputs, inputs) after which the taps repeat on inputs of this period."""
        g = gcd(self.inputs, self.outputs)
        times = period // gcd(period, self.inputs // g)
        return self.outputs // g * times, self.inputs // g * times


@dataclass(frozen=True, slots=True)
class Stretch:
    """Output o looks at input `⌊o/scale⌋`: every input stands `scale` times."""

    scale: int
    mode: str = "zeros"

    def taps(self, o: int) -> tuple[int]:
        """Positions of unit `o`, not clipped to the input."""
        return (o // self.scale,)

    def turn(self, period: int) -> tuple[int, int]:
        """Smallest (outputs, inputs) after which the taps repeat on inputs of this period."""
        return period * self.scale, period


@dataclass(frozen=True, slots=True)
class Blend:
    """Output o looks at the two inputs it lies between, also where one of them has weight 0 (linear interpolation).

    With `corners` first and last output lie on first and last input, else outputs are spread evenly over the pixels.
    """

    inputs: int
    scale: int
    corners: bool = False
    mode: str = "zeros"

    def taps(self, o: int) -> tuple[int, int]:
        """Positions of unit `o`, not clipped to the input."""
        if self.corners:
            first = o * (self.inputs - 1) // (self.inputs * self.scale - 1)
        else:
            first = (2 * o + 1 - self.scale) // (2 * self.scale)
        return first, first + 1

    def turn(self, period: int) -> tuple[int, int]:
        """Smallest (outputs, inputs) after which the taps repeat on inputs of this period."""
        outputs, inputs = (self.inputs * self.scale - 1, self.inputs - 1) if self.corners else (self.scale, 1)
        g = gcd(outputs, inputs)
        times = period // gcd(period, inputs // g)
        return outputs // g * times, inputs // g * times

    def reads(self, o: int) -> tuple[int, int]:
        """Positions inside the input that torch reads: it holds the first one inside, and divides as a float32."""
        first = max(self.taps(o)[0], 0)
        if self.corners:
            each = _float32((self.inputs - 1) / (self.inputs * self.scale - 1))
            first = min(int(_float32(each * o)), self.inputs - 1)
        return first, min(first + 1, self.inputs - 1)


@dataclass(frozen=True, slots=True)
class Whole:
    """Every output looks at all inputs, wherever it stands."""

    inputs: int
    mode: str = "zeros"

    def taps(self, o: int) -> range:
        """Positions of unit `o`."""
        return range(self.inputs)

    def turn(self, period: int) -> tuple[int, int]:
        """Smallest (outputs, inputs) after which the taps repeat: from one output to the next nothing moves on."""
        return 1, 0


def _float32(number: float) -> float:
    return float(struct.unpack("f", struct.pack("f", number))[0])


@lru_cache(maxsize=4096)
def slide(kernel: int = 1, stride: int = 1, dilation: int = 1, before: int = 0, mode: str = "zeros") -> Slide:
    """The Slide of these numbers, the same object every time: deep networks ask for few, many times."""
    made = Slide(kernel, stride, dilation, before, mode)
    return POINT if made == POINT else made


Axis = Slide | Spread | Share | Stretch | Blend | Whole
POINT = Slide()
PERIODS = 4096  # the longest period of a Span


class TooLongError(ValueError):
    """The windows repeat so late that a Span would take more memory than it is worth."""


def reads(axis: Axis, o: int, n: int) -> Iterable[int]:
    """The positions inside an input of size `n` that unit `o` looks at."""
    if isinstance(axis, Blend):
        return axis.reads(o)
    return (i for tap in axis.taps(o) if (i := fold(tap, n, axis.mode)) is not None)


def fold(tap: int, n: int, mode: str) -> int | None:
    """The input position that stands at `tap` of an axis of size `n`: itself inside, by padding mode outside."""
    if 0 <= tap < n:
        return tap
    if mode == "circular":
        return tap % n
    if mode == "replicate":
        return min(max(tap, 0), n - 1)
    if mode == "reflect":
        return -tap if tap < 0 else 2 * (n - 1) - tap
    return None


class Span(NamedTuple):
    """A receptive field along one axis, in pixels of the picture.

    Unit `i` sees pixels `at(i)[0] … at(i)[0] + at(i)[1] − 1`. Windows repeat every `len(windows)` units,
    moved on by `advance` pixels.
    """

    windows: tuple[tuple[int, int], ...] = ((0, 1),)
    advance: int = 1

    @property
    def size(self) -> int:
        """Pixels seen by the unit that sees most."""
        return max(w[1] for w in self.windows)

    @property
    def start(self) -> int:
        """First pixel of unit 0; negative where it lies in the padding."""
        return self.windows[0][0]

    @property
    def stride(self) -> Fraction | int:
        """Pixels from one unit's window to the next one's."""
        if len(self.windows) == 1:
            return self.advance
        f = Fraction(self.advance, len(self.windows))
        return f.numerator if f.denominator == 1 else f

    def at(self, i: int) -> tuple[int, int]:
        """(first pixel, number of pixels) of unit `i`, not clipped to the picture."""
        turns, phase = divmod(i, len(self.windows))
        start, size = self.windows[phase]
        return start + turns * self.advance, size

    def through(self, axis: Axis) -> Span:
        """The span of the units of a layer that looks through `axis` at units with this span. Raises TooLongError."""
        if type(axis) is Slide and len(self.windows) == 1:  # nearly every layer
            (start, size), jump = self.windows[0], self.advance
            wider = size + axis.dilation * (axis.kernel - 1) * jump if size else 0
            return Span(((start - axis.before * jump, wider),), jump * axis.stride)
        period = len(self.windows)
        outputs, inputs = axis.turn(period)
        if outputs > PERIODS:
            raise TooLongError
        windows = tuple(_hull([self.at(u) for u in axis.taps(o)]) for o in range(outputs))
        return _shortest(windows, inputs // period * self.advance)


def _hull(windows: list[tuple[int, int]]) -> tuple[int, int]:
    seen = [w for w in windows if w[1]]
    if not seen:
        return (0, 0)
    first = min(w[0] for w in seen)
    return first, max(w[0] + w[1] for w in seen) - first


def _shortest(windows: tuple[tuple[int, int], ...], advance: int) -> Span:
    """The same span with the shortest period that describes it."""
    n = len(windows)
    for p in range(1, n):
        if n % p == 0 and advance % (n // p) == 0:
            step = advance // (n // p)
            if all(windows[i] == (windows[i % p][0] + i // p * step, windows[i % p][1]) for i in range(n)):
                return Span(windows[:p], step)
    return Span(windows, advance)


def join_plain(spans: Sequence[Span]) -> tuple[Span, bool] | None:
    """`join` of ordinary branches, whose units see windows of one size at one and the same stride; None for others."""
    first = spans[0]
    advance = first.advance
    if not advance or len(first.windows) > 1:
        return None
    low, size = first.windows[0]
    high, centre = low + size, 2 * low + size
    aligned = True
    for s in spans:
        windows = s.windows
        if s.advance != advance or len(windows) > 1:
            return None
        start, size = windows[0]
        if not size:
            return None
        end = start + size
        if start + end != centre:
            aligned = False
        if start < low:
            low = start
        if end > high:
            high = end
    joined = low, high - low
    return (first if joined == first.windows[0] else Span((joined,), advance)), aligned


def join(spans: Sequence[Span], pixels: int = 0) -> tuple[Span, bool]:
    """What a unit sees that looks at the same position of several branches, and whether they are aligned.

    Where all units of one branch see all of a picture of so many `pixels`, as behind squeeze and excite, so do those
    of the join. Else branches are aligned where they agree in stride and centre. Where strides disagree no single
    stride is true; the widest one is given, with the windows as they are from unit 0 on. Raises TooLongError.
    """
    first = spans[0]
    plain = join_plain(spans)
    if plain is not None:
        return plain
    if all(s == first for s in spans):
        return first, True
    for s in spans:
        if not s.advance and all(w[0] <= 0 and w[0] + w[1] >= pixels for w in s.windows):
            return s, True
    widest = max(spans, key=lambda s: s.stride)
    same = all(s.stride == first.stride for s in spans)
    n = lcm(*(len(s.windows) for s in spans)) if same else len(widest.windows)
    if n > PERIODS:
        raise TooLongError
    rows = [[s.at(i) for s in spans] for i in range(n)]
    centred = all(len({2 * w[0] + w[1] for w in row if w[1]}) <= 1 for row in rows)
    advance = widest.advance * n // len(widest.windows)
    return _shortest(tuple(_hull(row) for row in rows), advance), same and centred
