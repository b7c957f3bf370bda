"""DenseNet: Huang, Liu, van der Maaten, Weinberger, 2016."""

from __future__ import annotations

from dataclasses import dataclass

from ...text import N_
from ..blocks import DenseBlock
from ..blocks.base import activated, conv_norm
from ..draft import Draft, inside
from ..graph import Graph
from ..layers import AdaptiveAvgPool2d, AvgPool2d, BatchNorm2d, Conv2d, Flatten, Input, Linear, MaxPool2d, ReLU
from ..layers.base import setting
from .base import Family
from .imagenet import MEAN, STD

DEPTHS = {"121": (6, 12, 24, 16), "169": (6, 12, 32, 32), "201": (6, 12, 48, 32)}


@dataclass(frozen=True)
class DenseNet(Family):
    __doc__ = N_(
        "Every layer of a block reads all layers before it; between the blocks, half of the channels are left."
    )

    depth: str = setting("121", N_("layers with weights"), choices=tuple(DEPTHS))
    growth: int = setting(32, N_("channels that each layer adds"), 1, 1024)
    classes: int = setting(1000, N_("number of classes"), 1, 100_000)

    def graph(self) -> Graph:
        draft = Draft()
        at = draft.put(Input(3, (224, 224), MEAN, STD), id="input")
        at = conv_norm(draft, at, "", ("conv0", "norm0"), 2 * self.growth, (7, 7), 2)
        at = activated(draft, at, "", "relu0")
        at = draft.put(MaxPool2d((3, 3), (2, 2), (1, 1)), at, id="pool0")
        counts = DEPTHS[self.depth]
        for i, layers in enumerate(counts, 1):
            at = DenseBlock(layers, self.growth).put(draft, at, f"denseblock{i}")
            if i < len(counts):
                at = _transition(draft, at, f"transition{i}")
        draft.chain(
            at,
            ("norm5", BatchNorm2d()),
            ("relu5", ReLU()),
            ("avgpool", AdaptiveAvgPool2d()),
            ("flatten", Flatten()),
            ("classifier", Linear(self.classes)),
        )
        return draft.graph


def _transition(draft: Draft, at: str, group: str) -> str:
    half = Conv2d(draft.channels(at) // 2, (1, 1), bias=False)
    layers = (("norm", BatchNorm2d()), ("relu", ReLU()), ("conv", half), ("pool", AvgPool2d()))
    return draft.chain(at, *((inside(group, name), layer) for name, layer in layers), group=group)
