"""Networks that are made to be small: SqueezeNet (Iandola et al., 2016), MobileNetV2 (Sandler et al., 2018)."""

from __future__ import annotations

from dataclasses import dataclass

from ...text import N_
from ..blocks import Fire, InvertedResidual
from ..blocks.base import activated, conv_norm
from ..draft import Draft
from ..graph import Graph
from ..layers import AdaptiveAvgPool2d, Conv2d, Dropout, Flatten, Input, Linear, MaxPool2d, ReLU, ReLU6
from ..layers.base import setting
from .base import Family
from .imagenet import MEAN, STD

# of MobileNetV2's stages: expansion, output channels, blocks, step of the first
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
# of SqueezeNet 1.1's fire modules: squeezed channels, each branch's channels; poolings come before those numbered 4, 6
FIRES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
POOLED = (4, 6)


@dataclass(frozen=True)
class MobileNetV2(Family):
    __doc__ = N_("Inverted residual blocks of depthwise convolutions: 300 million multiply-adds for ImageNet.")

    classes: int = setting(1000, N_("number of classes"), 1, 100_000)

    def graph(self) -> Graph:
        draft = Draft()
        at = draft.put(Input(3, (224, 224), MEAN, STD), id="input")
        at = conv_norm(draft, at, "", ("conv_first", "bn_first"), 32, (3, 3), 2)
        at = activated(draft, at, "", "relu6_first", ReLU6())
        number = 0
        for expand, out, count, first in STAGES:
            for i in range(count):
                number += 1
                at = InvertedResidual(out, first if not i else 1, expand).put(draft, at, f"block{number}")
        at = conv_norm(draft, at, "", ("conv_last", "bn_last"), 1280)
        at = activated(draft, at, "", "relu6_last", ReLU6())
        draft.chain(
            at,
            ("avgpool", AdaptiveAvgPool2d()),
            ("flatten", Flatten()),
            ("dropout", Dropout(0.2)),
            ("classifier", Linear(self.classes)),
        )
        return draft.graph


@dataclass(frozen=True)
class SqueezeNet(Family):
    __doc__ = N_(
        "SqueezeNet 1.1: fire modules, no fully connected layer, AlexNet's accuracy with a fiftieth of its weights."
    )

    classes: int = setting(1000, N_("number of classes"), 1, 100_000)

    def graph(self) -> Graph:
        draft = Draft()
        pool = MaxPool2d((3, 3), (2, 2), ceil_mode=True)
        at = draft.put(Input(3, (224, 224), MEAN, STD), id="input")
        at = draft.chain(at, ("conv1", Conv2d(64, (3, 3), (2, 2))), ("relu1", ReLU()), ("pool1", pool))
        for i, (squeeze, expand) in enumerate(FIRES, 2):
            if i in POOLED:
                at = draft.put(pool, at, id=f"pool{i - 1}")
            at = Fire(squeeze, expand, expand).put(draft, at, f"fire{i}")
        draft.chain(
            at,
            ("dropout", Dropout()),
            ("conv10", Conv2d(self.classes, (1, 1))),
            ("relu10", ReLU()),
            ("avgpool", AdaptiveAvgPool2d()),
            ("flatten", Flatten()),
        )
        return draft.graph
