"""Blocks that are one chain."""

from __future__ import annotations

from dataclasses import dataclass

from ...text import N_
from ..draft import Draft, inside
from ..layers import BatchNorm2d, Conv2d, MaxPool2d
from ..layers.base import setting
from .base import Block, activated, conv_norm


@dataclass(frozen=True)
class ConvBNReLU(Block):
    __doc__ = N_("Convolution, batch normalisation, ReLU: what most networks since 2015 are made of.")

    out_channels: int = setting(64, N_("output channels"), 1, 65_536)
    kernel_size: tuple[int, int] = setting((3, 3), N_("height and width of the window in pixels"), 1, 1024)
    stride: int = setting(1, N_("step from one window to the next in pixels"), 1, 1024)

    def put(self, draft: Draft, source: str, group: str) -> str:
        at = conv_norm(draft, source, group, ("conv", "bn"), self.out_channels, self.kernel_size, self.stride)
        return activated(draft, at, group)


@dataclass(frozen=True)
class VGGBlock(Block):
    __doc__ = N_(
        "Some 3×3 convolutions that keep the size, each with ReLU, then 2×2 max pooling. Two of them see 5×5 pixels, "
        "three 7×7, with fewer weights than one large window."
    )

    out_channels: int = setting(64, N_("output channels"), 1, 65_536)
    convolutions: int = setting(2, N_("number of 3×3 convolutions"), 1, 16)
    batch_norm: bool = setting(False, N_("normalise behind every convolution"))

    def put(self, draft: Draft, source: str, group: str) -> str:
        at = source
        for i in range(1, self.convolutions + 1):
            layer = Conv2d(self.out_channels, (3, 3), padding=(1, 1))
            at = draft.put(layer, at, id=inside(group, f"conv{i}"), group=group)
            if self.batch_norm:
                at = draft.put(BatchNorm2d(), at, id=inside(group, f"bn{i}"), group=group)
            at = activated(draft, at, group, f"relu{i}")
        return draft.put(MaxPool2d(), at, id=inside(group, "pool"), group=group)


@dataclass(frozen=True)
class DepthwiseSeparable(Block):
    __doc__ = N_(
        "A 3×3 convolution of every channel for itself, then a 1×1 convolution that mixes channels (MobileNet): "
        "nearly the reach of a full convolution for a ninth of its cost."
    )

    out_channels: int = setting(0, N_("output channels; 0: as many as come in"), 0, 65_536)
    stride: int = setting(1, N_("step from one window to the next in pixels"), 1, 16)

    def put(self, draft: Draft, source: str, group: str) -> str:
        c = draft.channels(source)
        at = conv_norm(draft, source, group, ("depthwise", "bn1"), c, (3, 3), self.stride, groups=c)
        at = activated(draft, at, group, "relu1")
        at = conv_norm(draft, at, group, ("pointwise", "bn2"), self.out_channels or c)
        return activated(draft, at, group, "relu2")
