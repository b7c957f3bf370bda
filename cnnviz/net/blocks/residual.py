"""Blocks that add what they compute to what came in."""

from __future__ import annotations

from dataclasses import dataclass

from ...text import N_
from ..draft import Draft, inside
from ..layers import Add, Layer, ReLU6, Shortcut
from ..layers.base import setting
from .base import Block, activated, conv_norm

SHORTCUTS = ("projection", "option_a", "none")


@dataclass(frozen=True)
class ResidualBlock(Block):
    __doc__ = N_(
        "ResNet's basic block: two 3×3 convolutions compute F(x), and x is added to it. Where the size or the channels "
        "change, x takes a shortcut that changes them as well."
    )

    out_channels: int = setting(0, N_("output channels; 0: as many as come in"), 0, 65_536)
    stride: int = setting(1, N_("step of the first convolution; 2 halves the size"), 1, 16)
    shortcut: str = setting(
        "projection",
        N_(
            "how x gets the new size: “projection” by a 1×1 convolution, “option_a” by leaving pixels out and adding "
            "channels of zeros, “none”: the same layers without the addition"
        ),
        choices=SHORTCUTS,
    )

    def put(self, draft: Draft, source: str, group: str) -> str:
        came = draft.channels(source)
        out = self.out_channels or came
        at = conv_norm(draft, source, group, ("conv1", "bn1"), out, (3, 3), self.stride)
        at = activated(draft, at, group, "relu1")
        at = conv_norm(draft, at, group, ("conv2", "bn2"), out, (3, 3))
        if self.shortcut != "none":
            other = _shortcut(draft, source, group, out, self.stride, self.shortcut)
            at = draft.put(Add(), at, other, id=inside(group, "add"), group=group)
        return activated(draft, at, group, "relu2")


@dataclass(frozen=True)
class Bottleneck(Block):
    __doc__ = N_(
        "ResNet's block for deep networks: a 1×1 convolution reduces the channels, a 3×3 works on few of them, a "
        "1×1 restores them, and x is added."
    )

    width: int = setting(64, N_("channels of the 3×3 convolution"), 1, 65_536)
    expansion: int = setting(4, N_("output channels, in multiples of the width"), 1, 64)
    stride: int = setting(1, N_("step; 2 halves the size"), 1, 16)
    stride_first: bool = setting(
        False, N_("the step lies on the first 1×1 convolution, as in the paper, instead of the 3×3 as in torchvision")
    )

    def put(self, draft: Draft, source: str, group: str) -> str:
        out = self.width * self.expansion
        first, second = (self.stride, 1) if self.stride_first else (1, self.stride)
        at = conv_norm(draft, source, group, ("conv1", "bn1"), self.width, stride=first)
        at = activated(draft, at, group, "relu1")
        at = conv_norm(draft, at, group, ("conv2", "bn2"), self.width, (3, 3), second)
        at = activated(draft, at, group, "relu2")
        at = conv_norm(draft, at, group, ("conv3", "bn3"), out)
        other = _shortcut(draft, source, group, out, self.stride, "projection")
        at = draft.put(Add(), at, other, id=inside(group, "add"), group=group)
        return activated(draft, at, group, "relu3")


@dataclass(frozen=True)
class InvertedResidual(Block):
    __doc__ = N_(
        "MobileNetV2's block: 1×1 convolution to many channels, a 3×3 of every channel for itself, 1×1 back to few "
        "without an activation; x is added where the shape stays."
    )

    out_channels: int = setting(0, N_("output channels; 0: as many as come in"), 0, 65_536)
    stride: int = setting(1, N_("step of the 3×3 convolution"), 1, 16)
    expand: int = setting(6, N_("channels inside, in multiples of those that come in"), 1, 64)

    def put(self, draft: Draft, source: str, group: str) -> str:
        came = draft.channels(source)
        inner, out = came * self.expand, self.out_channels or came
        six: Layer = ReLU6()
        at = source
        if self.expand > 1:
            at = conv_norm(draft, at, group, ("expand", "expand_bn"), inner)
            at = activated(draft, at, group, "expand_relu6", six)
        at = conv_norm(draft, at, group, ("depthwise", "depthwise_bn"), inner, (3, 3), self.stride, groups=inner)
        at = activated(draft, at, group, "depthwise_relu6", six)
        at = conv_norm(draft, at, group, ("project", "project_bn"), out)
        if self.stride == 1 and out == came and source:
            at = draft.put(Add(), source, at, id=inside(group, "add"), group=group)
        return at


def _shortcut(draft: Draft, source: str, group: str, out: int, stride: int, kind: str) -> str:
    """What x is where it is added: itself where the shape stays."""
    if stride == 1 and (not source or draft.channels(source) == out):
        return source
    if kind == "option_a":
        layer: Layer = Shortcut(out, (stride, stride))
        return draft.put(layer, source, id=inside(group, "shortcut"), group=group)
    return conv_norm(draft, source, group, ("downsample_0", "downsample_1"), out, stride=stride)
