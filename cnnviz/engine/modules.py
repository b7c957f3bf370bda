"""The modules torch.nn lacks. Each is self-contained, because exported code carries its source.

What draws first weights takes a generator for it, so that the engine need not disturb torch's global random state.
"""

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


class Conv1dSame(nn.Conv1d):
    """Conv1d with TensorFlow's "same" padding: ⌈length / stride⌉ outputs; an odd place goes to the end."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size, stride = x.shape[2], self.stride[0]
        reach = self.dilation[0] * (self.kernel_size[0] - 1)
        total = max(0, ((size - 1) // stride) * stride + reach + 1 - size)
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        padded = nn.functional.pad(x, (total // 2, total - total // 2), mode=mode) if total else x
        return nn.functional.conv1d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class SparseConv2d(nn.Module):
    """A convolution in which output map i reads only the input maps table[i]; each such link has a kernel of its own.

    Links that are not there are not computed, so that a NaN goes only where it is connected to.
    """

    def __init__(
        self,
        table: tuple[tuple[int, ...], ...],
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.table, self.stride, self.padding = table, stride, padding
        size = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
        links = [(i, o) for o, line in enumerate(table) for i in line]
        self.inputs: torch.Tensor
        self.outputs: torch.Tensor
        self.register_buffer("inputs", torch.tensor([i for i, _ in links]), persistent=False)
        self.register_buffer("outputs", torch.tensor([o for _, o in links]), persistent=False)
        self.weight = nn.Parameter(torch.empty(len(links), 1, *size))
        self.bias = nn.Parameter(torch.empty(len(table))) if bias else None
        self.reset_parameters()

    def kernels(self) -> list[torch.Tensor]:
        """The kernels of each output map in turn, (1, inputs, height, width): views of the weight."""
        return [k.transpose(0, 1) for k in torch.split(self.weight, [len(line) for line in self.table])]

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As torch does it for a convolution, each output map by the number of its own inputs."""
        with torch.no_grad():
            for number, kernel in enumerate(self.kernels()):
                bound = kernel.numel() ** -0.5
                kernel.uniform_(-bound, bound, generator=generator)
                if self.bias is not None:
                    self.bias[number].uniform_(-bound, bound, generator=generator)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        links = nn.functional.conv2d(
            x[:, self.inputs], self.weight, None, self.stride, self.padding, groups=len(self.weight)
        )
        maps = links.new_zeros(len(links), len(self.table), *links.shape[2:]).index_add(1, self.outputs, links)
        return maps if self.bias is None else maps + self.bias[:, None, None]


class ChannelLinear(nn.Linear):
    """Linear over the channels of a map, at every position alike."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class PositionBias(nn.Module):
    """Adds a learned number to each position: for each channel its own, or with one channel for all the same."""

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.empty(channels, height, width))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.zeros_(self.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.bias


class SubSample(nn.Module):
    """The sum of each window times a learned number, plus another: one of each for every channel.

    It starts as the mean of the window.
    """

    def __init__(self, num_channels: int, kernel_size: int | tuple[int, int], stride: int | tuple[int, int]) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride
        self.weight = nn.Parameter(torch.empty(num_channels))
        self.bias = nn.Parameter(torch.empty(num_channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        height, width = (self.kernel_size, self.kernel_size) if isinstance(self.kernel_size, int) else self.kernel_size
        nn.init.constant_(self.weight, 1 / (height * width))
        nn.init.zeros_(self.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        sums = nn.functional.avg_pool2d(x, self.kernel_size, self.stride, divisor_override=1)
        return sums * self.weight[:, None, None] + self.bias[:, None, None]


class Mean(nn.Module):
    """The mean over some axes."""

    def __init__(self, dim: tuple[int, ...], keepdim: bool = False) -> None:
        super().__init__()
        self.dim, self.keepdim = dim, keepdim

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(self.dim, keepdim=self.keepdim)


class Max(nn.Module):
    """The largest value over some axes."""

    def __init__(self, dim: tuple[int, ...], keepdim: bool = False) -> None:
        super().__init__()
        self.dim, self.keepdim = dim, keepdim

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.amax(self.dim, keepdim=self.keepdim)


class ChannelLayerNorm(nn.LayerNorm):
    """LayerNorm over the channels, at every position for itself."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class ChannelGELU(nn.GELU):
    """GELU of a map with its channels last: torch has another routine for values that lie one after the other."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class ChannelScale(nn.Module):
    """Multiplies each channel by a learned factor."""

    def __init__(self, num_channels: int, init: float = 1.0) -> None:
        super().__init__()
        self.init = init
        self.weight = nn.Parameter(torch.empty(num_channels, 1, 1))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.constant_(self.weight, self.init)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weight * x


class RBF(nn.Module):
    """The squared distance of a vector from each of some fixed prototypes of −1 and 1.

    They are drawn at random, always the same; or they are the digits, drawn on 12 rows of 7 pixels.
    """

    DIGITS = """
        0011100 0011000 0111110 0111110 0000110 1111111 0011110 1111111 0111110 0111110
        0100010 0111000 1100011 1100011 0001110 1100000 0110000 0000011 1100011 1100011
        1100011 1111000 1100011 0000011 0001110 1100000 1100000 0000110 1100011 1100011
        1100011 0011000 0000011 0000011 0010110 1100000 1100000 0000110 1100011 1100011
        1100011 0011000 0000110 0000110 0010110 1111110 1111110 0001100 0110110 1100011
        1100011 0011000 0000110 0011100 0100110 1100011 1100011 0001100 0111110 0111111
        1100011 0011000 0001100 0000110 0100110 0000011 1100011 0011000 1100011 0000011
        1100011 0011000 0011000 0000011 1111111 0000011 1100011 0011000 1100011 0000011
        1100011 0011000 0110000 0000011 1111111 0000011 1100011 0110000 1100011 0000011
        1100011 0011000 1100000 0000011 0000110 1100011 1100011 0110000 1100011 0000110
        0100010 0011000 1100000 1100011 0000110 1100011 1100011 1100000 1100011 0001100
        0011100 1111111 1111111 0111110 0000110 0111110 0111110 1100000 0111110 0111000
    """

    def __init__(self, in_features: int, out_features: int, digits: bool = False) -> None:
        super().__init__()
        if digits:
            rows = [line.split() for line in self.DIGITS.split("\n") if line.strip()]
            bits = torch.tensor([[int(b) for row in rows for b in row[digit]] for digit in range(10)])[:out_features]
        else:
            bits = torch.randint(2, (out_features, in_features), generator=torch.Generator().manual_seed(0))
        self.prototypes: torch.Tensor
        self.register_buffer("prototypes", bits * 2.0 - 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x[:, None] - self.prototypes).square().sum(2)


class TokenEmbedding(nn.Embedding):
    """A vector for each word: (batch, 1, words, 1) word numbers, as floats, become (batch, 1, words, numbers).

    With `channels` they become a sequence (batch, numbers, words). A number that stands for no word is the nearest
    that does.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, channels: bool = False) -> None:
        super().__init__(num_embeddings, embedding_dim)
        self.channels = channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        vectors = super().forward(x[:, :, :, 0].long().clamp(0, self.num_embeddings - 1))
        return vectors[:, 0].transpose(1, 2) if self.channels else vectors[:, 0, None]


class Multiply(nn.Module):
    """The product of its inputs, value by value."""

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        product = inputs[0]
        for x in inputs[1:]:
            product = product * x
        return product


class StochasticDepth(nn.Module):
    """While training leaves pictures, or the whole batch, out with probability p; scales what stays by 1 / (1 − p)."""

    def __init__(self, p: float, mode: str = "row") -> None:
        super().__init__()
        self.p, self.mode = p, mode

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0.0:
            return x
        stays = 1.0 - self.p
        size = [x.shape[0] if self.mode == "row" else 1] + [1] * (x.ndim - 1)
        noise = torch.empty(size, dtype=x.dtype, device=x.device).bernoulli_(stays)
        return x * (noise.div_(stays) if stays > 0.0 else noise)


class Reshape(nn.Module):
    """The same values in another shape, given without the batch."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(len(x), *self.shape)


class ChannelSlice(nn.Module):
    """Channels `start` to `stop` − 1."""

    def __init__(self, start: int, stop: int) -> None:
        super().__init__()
        self.start, self.stop = start, stop

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, self.start : self.stop]


class Shortcut(nn.Module):
    """Every stride-th pixel, and channels of zeros, half of them before and half behind: ResNet's option A."""

    def __init__(self, in_channels: int, out_channels: int, stride: int | tuple[int, int] = 2) -> None:
        super().__init__()
        self.before = (out_channels - in_channels) // 2
        self.behind = out_channels - in_channels - self.before
        self.stride = (stride, stride) if isinstance(stride, int) else stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        taken = x[:, :, :: self.stride[0], :: self.stride[1]]
        return nn.functional.pad(taken, (0, 0, 0, 0, self.before, self.behind))
