"""A net for torch's ONNX exporter: what it writes wrongly, or takes apart, replaced by what ONNX has a word for."""

from __future__ import annotations

import copy
from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from .. import modules
from ..build import Net

KEPT = "cnnviz.kept"
"""Domain of operators that the exporter would work out and drop, for as long as it works."""


def expressible(net: Net) -> Net:
    """A copy of `net`, sharing its weights, that gives the same but for rounding, and only in evaluation."""
    made = copy.copy(net)
    made._modules = {id: _replaced(m) if m is not None else None for id, m in net._modules.items()}
    return made


def _replaced(module: nn.Module) -> nn.Module:
    for kind, make in _MADE.items():
        if type(module) is kind:
            return make(module).eval()
    return module


class LocalResponseNorm(nn.Module):
    """ONNX's own operator; the exporter would write a pooling over five axes."""

    def __init__(self, norm: nn.LocalResponseNorm):
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        norm = self.norm
        if norm.size % 2 == 0:  # ONNX's window then begins one channel later
            return norm(x)  # type: ignore[no-any-return]
        attributes: Any = {"size": norm.size, "alpha": norm.alpha, "beta": norm.beta, "bias": norm.k}
        return torch.onnx.ops.symbolic("LRN", (x,), attributes, dtype=x.dtype, shape=x.shape, version=13)


class Dropout(nn.Module):
    """ONNX's own operator, which does nothing in evaluation; the exporter would leave the layer out."""

    def __init__(self, dropout: nn.Dropout):
        super().__init__()
        self.p = dropout.p

    def forward(self, x: Tensor) -> Tensor:
        ratio = torch.tensor(self.p)
        return torch.onnx.ops.symbolic(f"{KEPT}::Dropout", (x, ratio), {}, dtype=x.dtype, shape=x.shape, version=1)


class Flatten(nn.Module):
    """ONNX's own operator; the exporter would work out the new shape from the batch's size."""

    def __init__(self, _flatten: nn.Flatten):
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        shape = (x.shape[0], prod(x.shape[1:]))
        return torch.onnx.ops.symbolic("Flatten", (x,), {"axis": 1}, dtype=x.dtype, shape=shape, version=13)


class Reshape(nn.Module):
    """The same for another shape; 0 stands for the batch as it is."""

    def __init__(self, reshape: modules.Reshape):
        super().__init__()
        self.shape = reshape.shape

    def forward(self, x: Tensor) -> Tensor:
        sizes = torch.tensor([0, *self.shape])
        left = prod(x.shape[1:]) // max(1, -prod(self.shape))
        shape = (x.shape[0], *(left if n == -1 else n for n in self.shape))
        return torch.onnx.ops.symbolic("Reshape", (x, sizes), {}, dtype=x.dtype, shape=shape, version=14)


class Softplus(nn.Module):
    """ONNX's own operator; the exporter would also write from where on it is the identity."""

    def __init__(self, softplus: nn.Softplus):
        super().__init__()
        self.softplus = softplus

    def forward(self, x: Tensor) -> Tensor:
        if self.softplus.beta != 1:
            return self.softplus(x)  # type: ignore[no-any-return]
        return torch.onnx.ops.symbolic("Softplus", (x,), {}, dtype=x.dtype, shape=x.shape, version=1)


class LPPool2d(nn.Module):
    """ONNX's own operator, which takes values without their signs: the same for even powers."""

    def __init__(self, pool: nn.LPPool2d):
        super().__init__()
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        pool = self.pool
        if pool.norm_type % 2 or pool.ceil_mode:
            return pool(x)  # type: ignore[no-any-return]
        kernel, stride = _pair(pool.kernel_size), _pair(pool.stride or pool.kernel_size)
        sizes = ((n - k) // s + 1 for n, k, s in zip(x.shape[2:], kernel, stride, strict=True))
        attributes: Any = {"p": int(pool.norm_type), "kernel_shape": kernel, "strides": stride}
        shape = (*x.shape[:2], *sizes)
        return torch.onnx.ops.symbolic("LpPool", (x,), attributes, dtype=x.dtype, shape=shape, version=18)


def _pair(size: int | tuple[int, ...]) -> list[int]:
    return [size, size] if isinstance(size, int) else list(size)


class SubSample(nn.Module):
    """The exporter forgets that the window's sum is not divided."""

    def __init__(self, sample: modules.SubSample):
        super().__init__()
        self.pool = nn.AvgPool2d(sample.kernel_size, sample.stride)
        size = sample.kernel_size
        count = size * size if isinstance(size, int) else size[0] * size[1]
        self.weight, self.bias = (sample.weight * count)[:, None, None], sample.bias[:, None, None]

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(x) * self.weight + self.bias  # type: ignore[no-any-return]


class SparseConv2d(nn.Module):
    """Links are added up by a 1×1 convolution of ones and zeros, which every runtime knows; not all know scattering."""

    def __init__(self, conv: modules.SparseConv2d):
        super().__init__()
        self.weight, self.bias, self.stride, self.padding = conv.weight, conv.bias, conv.stride, conv.padding
        self.inputs = conv.inputs
        ones = torch.zeros(len(conv.table), len(conv.weight), 1, 1)
        ones[conv.outputs, torch.arange(len(conv.weight))] = 1.0
        self.register_buffer("links", ones, persistent=False)
        self.links: Tensor

    def forward(self, x: Tensor) -> Tensor:
        links = nn.functional.conv2d(
            x[:, self.inputs], self.weight, None, self.stride, self.padding, groups=len(self.weight)
        )
        return nn.functional.conv2d(links, self.links, self.bias)


_MADE: dict[type[nn.Module], Callable[..., nn.Module]] = {
    nn.LocalResponseNorm: LocalResponseNorm,
    nn.Dropout: Dropout,
    nn.Flatten: Flatten,
    nn.Softplus: Softplus,
    nn.LPPool2d: LPPool2d,
    modules.Reshape: Reshape,
    modules.SubSample: SubSample,
    modules.SparseConv2d: SparseConv2d,
}
