"""What the panels need of the network, and the latest answer to that: arrays, which travel through the mailbox."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .subject import PictureInfo

Array = np.ndarray


@dataclass(frozen=True)
class Unit:
    """One output value of one node: of a feature map (channel, y, x), of a vector (channel, 0, 0)."""

    node: str
    channel: int = 0
    y: int = 0
    x: int = 0


@dataclass(frozen=True)
class Interest:
    """What the visible panels need; replaced as a whole."""

    number: int = 0
    thumbs: tuple[str, ...] = ()  # nodes whose cards are in view: a small strip of maps each
    maps: tuple[str, ...] = ()  # nodes shown in full
    filters: tuple[str, ...] = ()  # nodes whose weights are shown
    unit: Unit | None = None  # the unit whose measured receptive field is shown
    rate: float = 30.0  # frames a second at most


@dataclass(frozen=True, eq=False)
class Frame:
    """What the net did on the picture at one step. Arrays are float32 unless said.

    While training, whole frames come a few times a second. Those between are `partial`: maps and filters alone.

    thumbs    node -> (k, h, w): the first channels, thinned to at most 32×32 by means of equal blocks; a vector ->
              (n,): the whole of it, thinned to at most 64 values, each the one of largest magnitude, with its sign,
              in an equal share (the last may be shorter)
    maps      node -> (channels, height, width) or (features,)
    filters   node -> the layer's weight as torch keeps it; absent where it has none
    input     (channels, height, width): exactly what the net got
    shown     (height, width, 3) uint8: the same picture before normalising, in the net's size
    output    (classes,): the net's last vector; probabilities: its softmax
    field     (height, width): |d unit / d picture| summed over channels, for the interest's unit
    moment    number of the last Show (link/past.py) that the engine had heard; `past`: it shows a recorded step
    other     the same picture in the other run that it was to be shown beside, at its nearest recorded step
    """

    version: int
    run: int
    step: int
    interest: int
    partial: bool = False
    picture: PictureInfo = field(default_factory=PictureInfo)
    unit: Unit | None = None
    thumbs: dict[str, Array] = field(default_factory=dict)
    maps: dict[str, Array] = field(default_factory=dict)
    filters: dict[str, Array] = field(default_factory=dict)
    input: Array | None = None
    shown: Array | None = None
    output: Array | None = None
    probabilities: Array | None = None
    field: Array | None = None
    moment: int = 0
    past: bool = False
    other: Frame | None = None

    def __reduce__(self) -> tuple[type[Frame], tuple[object, ...]]:
        return type(self), tuple(vars(self).values())  # 30 a second: half of pickle's time went into the fields' names
