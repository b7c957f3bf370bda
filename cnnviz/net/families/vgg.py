"""VGG: Simonyan and Zisserman, 2014."""

from __future__ import annotations

from dataclasses import dataclass

from ...text import N_
from ..blocks import VGGBlock
from ..draft import Draft
from ..graph import Graph
from ..layers import AdaptiveAvgPool2d, Dropout, Flatten, Input, Linear, ReLU
from ..layers.base import setting
from .base import Family
from .imagenet import MEAN, STD

DEPTHS = {"11": (1, 1, 2, 2, 2), "13": (2, 2, 2, 2, 2), "16": (2, 2, 3, 3, 3), "19": (2, 2, 4, 4, 4)}
WIDTHS = (64, 128, 256, 512, 512)


@dataclass(frozen=True)
class VGG(Family):
    __doc__ = N_("Nothing but 3×3 convolutions in five blocks, each half as large and twice as deep as the one before.")

    depth: str = setting("16", N_("layers with weights"), choices=tuple(DEPTHS))
    batch_norm: bool = setting(False, N_("normalise behind every convolution"))
    classes: int = setting(1000, N_("number of classes"), 1, 100_000)
    size: int = setting(224, N_("height and width of the picture"), 32, 4096)

    def graph(self) -> Graph:
        draft = Draft()
        at = draft.put(Input(3, (self.size, self.size), MEAN, STD), id="input")
        for i, (width, count) in enumerate(zip(WIDTHS, DEPTHS[self.depth], strict=True), 1):
            at = VGGBlock(width, count, self.batch_norm).put(draft, at, f"block{i}")
        draft.chain(
            at,
            ("avgpool", AdaptiveAvgPool2d((7, 7))),
            ("flatten", Flatten()),
            ("fc1", Linear(4096)),
            ("fc1_relu", ReLU()),
            ("dropout1", Dropout()),
            ("fc2", Linear(4096)),
            ("fc2_relu", ReLU()),
            ("dropout2", Dropout()),
            ("fc3", Linear(self.classes)),
        )
        return draft.graph
