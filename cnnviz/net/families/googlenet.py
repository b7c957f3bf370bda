"""GoogLeNet: Szegedy et al., 2014, as in the paper and as in torchvision."""

from __future__ import annotations

from dataclasses import dataclass

from ...text import N_
from ..blocks import Inception
from ..blocks.base import activated, conv_norm
from ..draft import Draft, inside
from ..graph import Graph
from ..layers import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    Input,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Softmax,
)
from ..layers.base import setting
from .base import Family
from .imagenet import MEAN, STD

# of Table 1: 1×1, 3×3 reduced, 3×3, 5×5 reduced, 5×5, pooling projected
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
HEADS = ("4a", "4d")  # modules behind which the paper's auxiliary classifiers hang
NORM = LocalResponseNorm(5, 1e-4, 0.75, 1.0)


@dataclass(frozen=True)
class GoogLeNet(Family):
    __doc__ = N_("Nine inception modules, 22 layers deep, with a twelfth of AlexNet's weights.")

    version: str = setting(
        "paper",
        N_("“paper”: 5×5 branches, biases, local response normalisation; “torchvision”: 3×3 and batch normalisation"),
        choices=("paper", "torchvision"),
    )
    heads: bool = setting(False, N_("the auxiliary classifiers that help gradients into the middle while training"))
    classes: int = setting(1000, N_("number of classes"), 1, 100_000)
    reduction: bool = setting(True, N_("1×1 convolutions before the large windows"))

    def graph(self) -> Graph:
        draft = Draft()
        at = draft.put(Input(3, (224, 224), MEAN, STD), id="input")
        at = self._stem(draft, at)
        modern = self.version == "torchvision"
        for name, sizes in MODULES.items():
            if name[1] == "a" and name != "3a":
                two = modern and name == "5a"  # torchvision's last one has a 2×2 window
                window = (2, 2) if two else (3, 3)
                at = draft.put(MaxPool2d(window, (2, 2), ceil_mode=True), at, id=f"maxpool{int(name[0])}")
            large = (3, 3) if modern else (5, 5)
            at = Inception(*sizes, large, self.reduction, modern).put(draft, at, f"inception{name}")
            if self.heads and name in HEADS:
                self._head(draft, at, f"aux{1 + HEADS.index(name)}")
        at = draft.put(AdaptiveAvgPool2d(), at, id="avgpool")
        at = draft.chain(
            at,
            ("flatten", Flatten()),
            ("dropout", Dropout(0.2 if modern else 0.4)),
            ("fc", Linear(self.classes)),
        )
        if not modern:
            draft.put(Softmax(), at, id="softmax")
        return draft.graph

    def _stem(self, draft: Draft, at: str) -> str:
        pool = MaxPool2d((3, 3), (2, 2), ceil_mode=True)
        if self.version == "torchvision":
            at = self._conv(draft, at, "conv1", 64, 7, 2)
            at = draft.put(pool, at, id="maxpool1")
            at = self._conv(draft, at, "conv2", 64, 1, 1)
            at = self._conv(draft, at, "conv3", 192, 3, 1)
            return draft.put(pool, at, id="maxpool2")
        return draft.chain(
            at,
            ("conv1", Conv2d(64, (7, 7), (2, 2), (3, 3))),
            ("conv1_relu", ReLU()),
            ("maxpool1", pool),
            ("norm1", NORM),
            ("conv2_reduce", Conv2d(64, (1, 1))),
            ("conv2_reduce_relu", ReLU()),
            ("conv2", Conv2d(192, (3, 3), padding=(1, 1))),
            ("conv2_relu", ReLU()),
            ("norm2", NORM),
            ("maxpool2", pool),
        )

    def _conv(self, draft: Draft, at: str, group: str, out: int, kernel: int, stride: int) -> str:
        at = conv_norm(draft, at, group, ("conv", "bn"), out, (kernel, kernel), stride)
        return activated(draft, at, group)

    def _head(self, draft: Draft, at: str, group: str) -> None:
        modern = self.version == "torchvision"
        pool = AdaptiveAvgPool2d((4, 4)) if modern else AvgPool2d((5, 5), (3, 3))
        at = draft.put(pool, at, id=inside(group, "avgpool"), group=group)
        if modern:
            at = self._conv(draft, at, group, 128, 1, 1)
        else:
            conv = Conv2d(128, (1, 1))
            at = draft.chain(at, (inside(group, "conv"), conv), (inside(group, "relu"), ReLU()), group=group)
        draft.chain(
            at,
            (inside(group, "flatten"), Flatten()),
            (inside(group, "fc1"), Linear(1024)),
            (inside(group, "fc1_relu"), ReLU()),
            (inside(group, "dropout"), Dropout(0.7)),
            (inside(group, "fc2"), Linear(self.classes)),
            group=group,
        )
