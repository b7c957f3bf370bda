"""ResNet: He, Zhang, Ren, Sun, 2015; for ImageNet, and the thin ones for CIFAR-10."""

from __future__ import annotations

from dataclasses import dataclass

from ...text import N_
from ..blocks import Block, Bottleneck, ResidualBlock
from ..blocks.base import activated, conv_norm
from ..draft import Draft
from ..graph import Graph
from ..layers import AdaptiveAvgPool2d, Flatten, Input, Linear, MaxPool2d
from ..layers.base import setting
from ..problems import Misfit
from .base import Family
from .imagenet import MEAN, STD

DEPTHS = {
    "18": (2, 2, 2, 2),
    "34": (3, 4, 6, 3),
    "50": (3, 4, 6, 3),
    "101": (3, 4, 23, 3),
    "152": (3, 8, 36, 3),
}
PLAIN_DEPTHS = ("18", "34")


@dataclass(frozen=True)
class ResNet(Family):
    __doc__ = N_("Four stages of residual blocks: basic ones in 18 and 34 layers, bottlenecks in the deeper networks.")

    depth: str = setting("50", N_("layers with weights"), choices=tuple(DEPTHS))
    stride_first: bool = setting(
        False, N_("bottlenecks step in their first 1×1 convolution, as in the paper, instead of in the 3×3")
    )
    classes: int = setting(1000, N_("number of classes"), 1, 100_000)
    size: int = setting(224, N_("height and width of the picture"), 1, 4096)

    def graph(self) -> Graph:
        draft = Draft()
        at = draft.put(Input(3, (self.size, self.size), MEAN, STD), id="input")
        at = _stem(draft, at)
        for stage, count in enumerate(DEPTHS[self.depth]):
            width = 64 * 2**stage
            for i in range(count):
                stride = 2 if stage and not i else 1
                block: Block = Bottleneck(width, stride=stride, stride_first=self.stride_first)
                if self.depth in PLAIN_DEPTHS:
                    block = ResidualBlock(width, stride)
                at = block.put(draft, at, f"layer{stage + 1}/{i}")
        draft.chain(at, ("avgpool", AdaptiveAvgPool2d()), ("flatten", Flatten()), ("fc", Linear(self.classes)))
        return draft.graph


def _stem(draft: Draft, at: str) -> str:
    at = conv_norm(draft, at, "", ("conv1", "bn1"), 64, (7, 7), 2)
    at = activated(draft, at, "", "relu")
    return draft.put(MaxPool2d((3, 3), (2, 2), (1, 1)), at, id="maxpool")


@dataclass(frozen=True)
class CifarResNet(Family):
    __doc__ = N_(
        "The thin ResNet for 32×32 pictures: 6n + 2 layers in three stages of 16, 32 and 64 channels. Without its "
        "skips it is the plain network that the paper compares it with."
    )

    depth: int = setting(20, N_("layers with weights: 6n + 2"), 8, 1202)
    shortcut: str = setting(
        "option_a",
        N_("how x gets the new size where it changes; “none”: the plain network without skips"),
        choices=("option_a", "projection", "none"),
    )
    classes: int = setting(10, N_("number of classes"), 1, 100_000)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.depth % 6 != 2:
            near = 6 * round((self.depth - 2) / 6) + 2
            raise Misfit("family.depth", depth=self.depth, near=near)

    def graph(self) -> Graph:
        draft = Draft()
        at = draft.put(Input(3, (32, 32), MEAN, STD), id="input")
        at = conv_norm(draft, at, "", ("conv1", "bn1"), 16, (3, 3))
        at = activated(draft, at, "", "relu")
        for stage in range(3):
            for i in range((self.depth - 2) // 6):
                stride = 2 if stage and not i else 1
                at = ResidualBlock(16 * 2**stage, stride, self.shortcut).put(draft, at, f"layer{stage + 1}/{i}")
        draft.chain(at, ("avgpool", AdaptiveAvgPool2d()), ("flatten", Flatten()), ("linear", Linear(self.classes)))
        return draft.graph
