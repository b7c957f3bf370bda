"""Blocks of parallel branches whose channels are stacked."""

from __future__ import annotations

from dataclasses import dataclass

from ...text import N_
from ..draft import Draft, inside
from ..layers import Concat, Conv2d, MaxPool2d
from ..layers.base import setting
from .base import Block, activated, conv_norm


@dataclass(frozen=True)
class Inception(Block):
    __doc__ = N_(
        "GoogLeNet's module: windows of 1×1, 3×3 and 5×5 and a pooling look at the same input, and their channels "
        "are stacked. 1×1 convolutions first reduce the channels that the large windows would have to go through."
    )

    c1: int = setting(64, N_("channels of the 1×1 branch"), 1, 4096)
    r3: int = setting(96, N_("channels that the 3×3 branch is reduced to"), 1, 4096)
    c3: int = setting(128, N_("channels of the 3×3 branch"), 1, 4096)
    r5: int = setting(16, N_("channels that the 5×5 branch is reduced to"), 1, 4096)
    c5: int = setting(32, N_("channels of the 5×5 branch"), 1, 4096)
    pool: int = setting(32, N_("channels that the pooling branch is reduced to"), 1, 4096)
    large: tuple[int, int] = setting((5, 5), N_("window of the third branch; torchvision's GoogLeNet has 3×3"), 1, 15)
    reduction: bool = setting(True, N_("1×1 convolutions before the large windows and behind the pooling"))
    batch_norm: bool = setting(False, N_("batch normalisation behind every convolution, which then has no bias"))

    def put(self, draft: Draft, source: str, group: str) -> str:
        one = self._conv(draft, source, group, "branch1", self.c1, (1, 1))
        three = five = source
        if self.reduction:
            three = self._conv(draft, source, group, "branch2_0", self.r3, (1, 1))
            five = self._conv(draft, source, group, "branch3_0", self.r5, (1, 1))
        three = self._conv(draft, three, group, "branch2_1", self.c3, (3, 3))
        five = self._conv(draft, five, group, "branch3_1", self.c5, self.large)
        pool = draft.put(
            MaxPool2d((3, 3), (1, 1), (1, 1), ceil_mode=self.batch_norm),
            source,
            id=inside(group, "branch4_0"),
            group=group,
        )
        if self.reduction:
            pool = self._conv(draft, pool, group, "branch4_1", self.pool, (1, 1))
        return draft.put(Concat(), one, three, five, pool, id=inside(group, "concat"), group=group)

    def _conv(self, draft: Draft, source: str, group: str, name: str, out: int, kernel: tuple[int, int]) -> str:
        if self.batch_norm:
            at = conv_norm(draft, source, group, (f"{name}_conv", f"{name}_bn"), out, kernel)
        else:
            padding = kernel[0] // 2, kernel[1] // 2
            layer = Conv2d(out, kernel, padding=padding)
            at = draft.put(layer, source, id=inside(group, f"{name}_conv"), group=group)
        return activated(draft, at, group, f"{name}_relu")


@dataclass(frozen=True)
class Fire(Block):
    __doc__ = N_(
        "SqueezeNet's module: a 1×1 convolution squeezes the channels, 1×1 and 3×3 convolutions expand them again "
        "side by side."
    )

    squeeze: int = setting(16, N_("channels after squeezing"), 1, 4096)
    expand1: int = setting(64, N_("channels of the 1×1 branch"), 1, 4096)
    expand3: int = setting(64, N_("channels of the 3×3 branch"), 1, 4096)

    def put(self, draft: Draft, source: str, group: str) -> str:
        def conv(source: str, name: str, out: int, k: int) -> str:
            layer = Conv2d(out, (k, k), padding=(k // 2, k // 2))
            at = draft.put(layer, source, id=inside(group, name), group=group)
            return activated(draft, at, group, f"{name}_activation")

        squeezed = conv(source, "squeeze", self.squeeze, 1)
        one = conv(squeezed, "expand1x1", self.expand1, 1)
        three = conv(squeezed, "expand3x3", self.expand3, 3)
        return draft.put(Concat(), one, three, id=inside(group, "concat"), group=group)
