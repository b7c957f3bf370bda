"""What everything is shown on: a picture of the data set or of a person's own, a sentence; and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..net.go import Position as Position
from ..net.layers import Board, Tokens

Array = np.ndarray


@dataclass(frozen=True)
class Sample:
    """A picture of the plan's data set; `index` counts the held-out pictures (`split` "test") or those trained on."""

    index: int = 0
    split: str = "test"


@dataclass(frozen=True)
class PictureFile:
    """A picture file on this machine."""

    path: str


@dataclass(frozen=True, eq=False)
class Pixels:
    """A picture in memory (from the clipboard): (height, width, channels) uint8."""

    array: Array
    name: str = ""


@dataclass(frozen=True)
class Sentence:
    """A text for a network that takes words; the engine makes tokens of it."""

    text: str


Picture = Sample | PictureFile | Pixels | Sentence | Position


def suits(picture: Picture, layer: object) -> bool:
    """Whether a network that begins with this layer can take it; of the data set there is always something."""
    if isinstance(picture, Sample):
        return True
    if isinstance(layer, Tokens):
        return isinstance(picture, Sentence)
    if isinstance(layer, Board):
        return isinstance(picture, Position)
    return isinstance(picture, PictureFile | Pixels)


@dataclass(frozen=True)
class Words:
    """A sentence as the network gets it. `count`: how many tokens the text has, of which the first are taken."""

    text: str
    tokens: tuple[str, ...]  # without the padding
    known: tuple[bool, ...]  # of each token, whether the vocabulary has it
    count: int


@dataclass(frozen=True)
class PictureInfo:
    """What stands behind the frame's input."""

    name: str = ""
    size: tuple[int, int] = (0, 0)  # height, width of the picture before fitting
    label: int | None = None  # its class, where it is known
    box: tuple[float, float, float, float] = (
        0.0,
        0.0,
        1.0,
        1.0,
    )  # part of the picture that the net gets: top, left, bottom, right
    words: Words | None = None  # where it is a sentence
    position: Position | None = None  # where it is a board
    planes: tuple[tuple[str, int, bool], ...] = ()  # of a board: name, how many, whether the position determines them
