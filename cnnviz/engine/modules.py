"""The few modules torch.nn lacks. Each is self-contained, because exported code carries its source."""

from __future__ import annotations

import torch
from torch import nn


class Add(nn.Module):
    """The sum of its inputs, value by value."""

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total


class Concat(nn.Module):
    """The channels of its inputs, one after the other."""

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return torch.cat(inputs, dim=1)


class Conv2dSame(nn.Conv2d):
    """Conv2d with TensorFlow's "same" padding: ⌈size / stride⌉ outputs; an odd pixel goes to the bottom and right."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pads: list[int] = []
        for axis in (1, 0):  # pad() wants the last axis first
            size, stride = x.shape[2 + axis], self.stride[axis]
            reach = self.dilation[axis] * (self.kernel_size[axis] - 1)
            total = max(0, ((size - 1) // stride) * stride + reach + 1 - size)
            pads += [total // 2, total - total // 2]
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        padded = nn.functional.pad(x, pads, mode=mode) if any(pads) else x
        return nn.functional.conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
