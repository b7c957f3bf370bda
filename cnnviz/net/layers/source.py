"""What enters a network: a picture, a sentence, a board. Every other layer stands behind one of these."""

from __future__ import annotations

from dataclasses import dataclass

from ...text import N_
from ..problems import Misfit
from .base import Layer, Shape, Shapes, setting, times


class Source(Layer):
    """Where values enter: `channels` planes of `size` (height, width), to become (value − mean) / std."""

    inputs = (0, 0)

    channels: int
    size: tuple[int, int]
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    def out(self, ins: Shapes) -> Shape:
        return self.channels, *self.size

    def torch(self, ins: Shapes) -> tuple[str, dict[str, object]]:
        return "Identity", {}


@dataclass(frozen=True)
class Input(Source):
    __doc__ = N_(
        "The picture that enters the network. A picture of another size is cropped to this shape and scaled; "
        "its values 0…1 become (value − mean) / deviation."
    )

    family = "Input"

    channels: int = setting(3, N_("1 for grey, 3 for colour"), 1, 65_536)
    size: tuple[int, int] = setting((32, 32), N_("height and width in pixels"), 1, 16_384)
    mean: tuple[float, ...] = setting(
        (0.0,), N_("taken from every value: one number, or one for each channel"), -1e6, 1e6, kind="floats"
    )
    std: tuple[float, ...] = setting(
        (1.0,), N_("every value is divided by it: one number, or one for each channel"), 1e-6, 1e6, kind="floats"
    )

    def out(self, ins: Shapes) -> Shape:
        for name in ("mean", "std"):
            if len(getattr(self, name)) not in (1, self.channels):
                raise Misfit("setting.count", setting=name, have=len(getattr(self, name)), channels=self.channels)
        return super().out(ins)

    @property
    def brief(self) -> str:
        return times(self.size)


@dataclass(frozen=True)
class Tokens(Source):
    __doc__ = N_(
        "The sentence that enters the network, as the numbers of its words in a vocabulary, one below the other. "
        "An Embedding behind it turns the numbers into vectors."
    )

    family = "Input"
    signed = False

    length: int = setting(64, N_("words of a sentence; shorter ones are filled up"), 1, 65_536)
    vocabulary: int = setting(10_000, N_("how many words there are: the numbers are below it"), 1, 16_777_216)

    @property
    def channels(self) -> int:  # type: ignore[override]  # it follows from what a sentence is
        """One: a word is one number."""
        return 1

    @property
    def size(self) -> tuple[int, int]:  # type: ignore[override]
        """(words, 1)."""
        return self.length, 1

    @property
    def brief(self) -> str:
        return str(self.length)


@dataclass(frozen=True)
class Board(Source):
    __doc__ = N_(
        "The board position that enters the network: planes of 0 and 1, each of which says one thing of a point."
    )

    family = "Input"
    signed = False

    size: tuple[int, int] = setting((19, 19), N_("height and width in points"), 1, 16_384)
    planes: int = setting(48, N_("how many things are said of each point (48 in AlphaGo)"), 1, 65_536)

    @property
    def channels(self) -> int:  # type: ignore[override]
        """One for each plane."""
        return self.planes

    @property
    def brief(self) -> str:
        return times(self.size)
