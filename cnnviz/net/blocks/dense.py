"""Blocks in which channels are collected, or weighed by the whole map."""

from __future__ import annotations

from dataclasses import dataclass

from ...text import N_
from ..draft import Draft, inside
from ..layers import AdaptiveAvgPool2d, BatchNorm2d, Concat, Conv2d, Multiply, ReLU, Sigmoid
from ..layers.base import setting
from .base import Block, activated


@dataclass(frozen=True)
class DenseBlock(Block):
    __doc__ = N_("DenseNet's block: every layer reads the channels of all layers before it and adds a few of its own.")

    layers: int = setting(4, N_("number of layers"), 1, 64)
    growth: int = setting(32, N_("channels that each layer adds"), 1, 1024)
    reduce: int = setting(4, N_("channels of the 1×1 convolution in front of the 3×3, in multiples of growth"), 1, 64)

    def put(self, draft: Draft, source: str, group: str) -> str:
        had = [source]
        for i in range(1, self.layers + 1):
            name = f"denselayer{i}"

            def called(part: str, name: str = name) -> str:
                return inside(group, f"{name}_{part}")

            at = source
            if i > 1:
                at = draft.put(Concat(), *had, id=called("concat"), group=group)
            at = draft.put(BatchNorm2d(), at, id=called("norm1"), group=group)
            at = draft.put(ReLU(), at, id=called("relu1"), group=group)
            at = draft.put(Conv2d(self.reduce * self.growth, (1, 1), bias=False), at, id=called("conv1"), group=group)
            at = draft.put(BatchNorm2d(), at, id=called("norm2"), group=group)
            at = draft.put(ReLU(), at, id=called("relu2"), group=group)
            three = Conv2d(self.growth, (3, 3), padding=(1, 1), bias=False)
            had.append(draft.put(three, at, id=called("conv2"), group=group))
        return draft.put(Concat(), *had, id=inside(group, "concat"), group=group)


@dataclass(frozen=True)
class SqueezeExcite(Block):
    __doc__ = N_(
        "Weighs channels: the mean of every map goes through two small layers, and the factors between 0 and 1 that "
        "come out multiply the maps."
    )

    squeeze: int = setting(0, N_("channels in between; 0: a sixteenth of those that come in"), 0, 65_536)

    def put(self, draft: Draft, source: str, group: str) -> str:
        c = draft.channels(source)
        at = draft.put(AdaptiveAvgPool2d(), source, id=inside(group, "avgpool"), group=group)
        at = draft.put(Conv2d(self.squeeze or max(1, c // 16), (1, 1)), at, id=inside(group, "fc1"), group=group)
        at = activated(draft, at, group)
        at = draft.put(Conv2d(c, (1, 1)), at, id=inside(group, "fc2"), group=group)
        at = activated(draft, at, group, "scale", Sigmoid())
        return draft.put(Multiply(), source, at, id=inside(group, "multiply"), group=group)
