"""Small models that do what real ones do to a tracer: each class is one trick. All take (3, 8, 8)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

SHAPE = (3, 8, 8)


class Reused(nn.Module):
    """One convolution, twice; one activation, three times."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.act, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.norm(self.conv(x)))
        return self.act(self.conv(self.act(x)))


class InPlace(nn.Module):
    """What is written in place shows in everything that reads it later."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        z = self.relu(y)
        y = y + z  # twice the positive part
        w = y.clone()
        y += w
        functional.relu(y, inplace=True)
        return torch.tanh_(y) + w


class IntoView(nn.Module):
    """Writes into a half of a tensor and reads the whole."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x[:, :2].relu_()
        return x * 2


class Functional(nn.Module):
    """Everything as functions, with weights of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(6, 3, 3, 3))
        self.weight, self.bias = nn.Parameter(torch.randn(5, 54)), nn.Parameter(torch.randn(5))
        self.scale = nn.Parameter(torch.rand(1, 6, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.conv2d(x, self.kernel, stride=1, padding=(1, 1))
        x = functional.leaky_relu(x * self.scale, 0.1)
        x = functional.pad(functional.max_pool2d(x, 2), (0, 1, 0, 1))
        x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        x = functional.dropout(functional.adaptive_avg_pool2d(x, (3, 3)), 0.3, training=self.training)
        x = x.view(x.size(0), -1)
        return functional.log_softmax(functional.linear(x, self.weight, self.bias), dim=1)


class Sizes(nn.Module):
    """Arithmetic with sizes, and every way to make a map a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.Linear(8 * 16, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        b, c, h, w = x.shape
        x = x.reshape(b, 2, c // 2, h, w).transpose(1, 2).contiguous().view(b, -1, h, w)
        half = x.shape[1] // 2
        first, second = x[:, :half], x[:, half:]
        a, z = torch.split(torch.cat((second, first), dim=1), [half, c - half], dim=1)
        x = torch.cat([z, a], 1)
        return self.fc(x.flatten(2).view(b, c * h * w)) + self.fc(x.reshape(x.shape[0], -1))


class LastAxis(nn.Module):
    """Channels last for a while, as ConvNeXt has it, and once without coming back."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(3), nn.Linear(3, 6), nn.Linear(6, 3)
        self.gamma, self.end = nn.Parameter(torch.rand(3)), nn.Linear(64 * 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = x.permute(0, 2, 3, 1)
        y = self.gamma * self.down(functional.gelu(self.up(self.norm(y))))
        x = x + y.permute(0, 3, 1, 2)
        return self.end(x.permute(0, 2, 3, 1).flatten(1))


class SqueezeExcite(nn.Module):
    """Means, a gate, and a product that spreads over the map."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(3, 2), nn.Linear(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.sigmoid(self.up(functional.silu(self.down(x.mean((2, 3))))))
        return x * y[:, :, None, None] + x * y.view(y.size(0), 3, 1, 1) + x.amax((2, 3), keepdim=True) * x


class Several(nn.Module):
    """Two inputs, and a dictionary of outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.a, self.b = nn.Conv2d(3, 4, 3), nn.Linear(4, 2), nn.Linear(4, 3)

    def forward(self, x: Tensor, offset: Tensor, flip: bool = False) -> dict[str, Tensor]:
        x = functional.relu(self.body(x + offset))
        y = x.mean((2, 3))
        return {"out": self.a(y), "aux": self.b(y), "maps": -x if flip else x}


class Attention(nn.Module):
    """A module that takes several tensors and gives a tuple, and constants."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.mix = nn.Conv2d(3, 8, 4, 4), nn.MultiheadAttention(8, 2, batch_first=True)
        self.place, self.token = nn.Parameter(torch.randn(1, 5, 8)), nn.Parameter(torch.randn(1, 1, 8))
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.place
        y = self.norm(x)
        x = x + self.mix(y, y, y, need_weights=False)[0]
        return self.head(x[:, 0])


class Branch(nn.Module):
    """A block whose way depends on values."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x) if x.mean() > 0 else self.conv(-x)


class Inner(nn.Module):
    """A model with such a block in it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.block = nn.Conv2d(3, 4, 3), Branch()
        self.tail = nn.Sequential(nn.ReLU(), nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.tail(self.block(self.stem(x)))


class Outer(nn.Module):
    """A model that is itself such a block, with loops, lists and Python numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.steps = nn.ModuleList(nn.Conv2d(4, 4, 1) for _ in range(3))
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.stem(x))
        seen = []
        for step in self.steps:
            if float(x.detach().abs().mean()) > 1e9:
                break
            x = functional.relu(step(x)) + x
            seen.append(x)
        a, b = torch.cat(seen, 1).chunk(2, 1)
        return self.head((a + b)[:, :4].mean((2, 3)))


class ThroughNumpy(nn.Module):
    """Values leave torch and come back."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.away = nn.Conv2d(3, 4, 3), Away()

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1e9:
            return x
        return torch.relu(self.away(self.conv(x)))


class Away(nn.Module):
    """The part that leaves torch."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.from_numpy(x.detach().numpy() * 2)


class Rude(nn.Module):
    """Changes itself, its flags, its generators and its own buffers when it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.drop = nn.Conv2d(3, 4, 3), nn.Dropout(0.5)
        self.register_buffer("calls", torch.zeros(1))
        self.log: list[object] = []
        self.last: object = None

    def forward(self, x: Tensor) -> Tensor:
        self.log.append(x)
        self.last = x
        x = self.drop(self.conv(x)) + torch.rand(1)
        self.calls += 1
        self.train(not self.training)
        return x


class Names(nn.Module):
    """Names that are none for us: digits, keywords, doubles."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleDict({"class": nn.Conv2d(3, 3, 1), "def": nn.ReLU(), "input": nn.Conv2d(3, 3, 1)})
        self.input = nn.Conv2d(3, 3, 1)
        self.layers_class = nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers.values():
            x = layer(x)
        return self.layers_class(self.input(x))


class Reweighted(nn.Module):
    """Weights that are made anew for each call."""

    def __init__(self) -> None:
        super().__init__()
        self.new = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3))
        self.plain = nn.Conv2d(4, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.plain(self.new(x))


class Standardised(nn.Conv2d):
    """A convolution with a forward of its own."""

    def forward(self, x: Tensor) -> Tensor:
        w = self.weight
        w = (w - w.mean((1, 2, 3), keepdim=True)) / (w.std((1, 2, 3), keepdim=True) + 1e-5)
        return functional.conv2d(x, w, self.bias, self.stride, self.padding)


class Odd(nn.Module):
    """Operations that no layer of ours does."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.unused = Standardised(3, 4, 3), nn.Linear(7, 7)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return torch.sin(x) * 0.5 + x.cumsum(1) / (1 + x.abs()) - torch.roll(x, 1, 2)


class DropPath(nn.Module):
    """Noise that only training has, in code of one's own."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return x * torch.rand(x.shape[0], 1, 1, 1)


class Noisy(nn.Module):
    """Noise of every kind."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.path = nn.Conv2d(3, 4, 3), DropPath()
        self.drop, self.planes, self.none = nn.Dropout(0.2, inplace=True), nn.Dropout2d(0.3), nn.Dropout(0.0)

    def forward(self, x: Tensor) -> Tensor:
        x = self.path(self.planes(self.conv(x)))
        return functional.dropout(self.none(self.drop(functional.dropout(x, 0.4, self.training))), 0.1)


class Tied(nn.Module):
    """Modules and functions that share weights, all of them and one of two."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 3, 3, padding=1, bias=False), nn.Conv2d(3, 3, 3, padding=1, bias=False)
        self.c = nn.Conv2d(3, 3, 3, padding=1)
        self.b.weight = self.c.weight = self.a.weight
        self.kernel = nn.Parameter(torch.randn(3, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.c(self.b(functional.relu(self.a(x))))
        return functional.conv2d(functional.conv2d(x, self.kernel), self.kernel)


class Rounded(torch.autograd.Function):
    """A gradient of its own: rounding that is trained as if it were not there."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.round()

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return 3 * grads[0]


class Straight(nn.Module):
    """Gradients that are not those of what is computed: a function with its own, a part that stays as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            x, rows = torch.relu(self.a(x)), x.shape[2] - 2
        return self.c(Rounded.apply(checkpoint(self.b, x, use_reentrant=False)).sum(3).mean(2) / rows)


class Decided(Straight):
    """The same where values decide, so that it must be recorded."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if x.sum() > -1e9 else -x)


def sequence() -> nn.Module:
    """A model without a class of its own."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(True), nn.Sequential(nn.Flatten(), nn.Linear(144, 2)), nn.Softmax(1)
    )


EXACT: tuple[type[nn.Module], ...] = (
    *(
        Reused,
        InPlace,
        Functional,
        Sizes,
        LastAxis,
        SqueezeExcite,
        Attention,
        Inner,
        Names,
        Reweighted,
        Odd,
        Noisy,
        Tied,
        Straight,
    ),
)
"""Those whose graph gives the same bits on any picture, in evaluation and in training."""
