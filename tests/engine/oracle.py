"""What torch says about a network: outputs, and which pixel reaches which unit."""

from __future__ import annotations

import torch

from cnnviz.engine.build import Net
from cnnviz.net.analysis import Analysis

torch.set_num_threads(1)


def run(rows: Analysis, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Outputs of all nodes for a batch, in evaluation mode."""
    seen: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        Net(rows).eval()(x, seen)
    return seen


def picture(rows: Analysis, batch: int = 2) -> torch.Tensor:
    """A batch of random pictures for this network."""
    assert rows.input is not None
    out = rows[rows.input.id].out
    assert out is not None
    return torch.randn(batch, *out, generator=torch.Generator().manual_seed(0))


def reached(rows: Analysis) -> dict[str, torch.Tensor]:
    """For every node with maps: (height, width, picture height, picture width), True where the unit sees the pixel.

    One picture for each pixel, all ones but NaN there; what becomes NaN has seen it.
    """
    one = torch.ones_like(picture(rows, 1))
    h, w = one.shape[2:]
    batch = one.repeat(h * w, 1, 1, 1)
    batch.view(h * w, -1, h * w)[torch.arange(h * w), :, torch.arange(h * w)] = torch.nan
    outs = run(rows, batch)
    return {id: v.isnan().any(1).permute(1, 2, 0).unflatten(2, (h, w)) for id, v in outs.items() if v.dim() == 4}
