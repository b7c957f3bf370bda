"""What torch says about a network: outputs, and which pixel reaches which unit."""

from __future__ import annotations

import torch

from cnnviz.engine.build import Net
from cnnviz.engine.modules import TokenEmbedding
from cnnviz.net.analysis import Analysis
from cnnviz.net.layers import Conv1d, Conv2d, Layer, ReflectionPad2d, Upsample

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

    A sequence is a map one pixel wide. One picture for each pixel, all ones but NaN there; what becomes NaN has seen
    it. An Embedding's words are whole numbers, among which there is no NaN: the hook below lets it through.
    """
    one = torch.ones_like(picture(rows, 1))
    h, w = one.shape[2:]
    batch = one.repeat(h * w, 1, 1, 1)
    batch.view(h * w, -1, h * w)[torch.arange(h * w), :, torch.arange(h * w)] = torch.nan
    net = Net(rows).eval()
    for m in net.modules():
        if isinstance(m, TokenEmbedding):
            m.register_forward_hook(_unknown_words)
    outs: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        net(batch, outs)
    maps = {id: v[..., None] if v.dim() == 3 else v for id, v in outs.items()}
    return {id: v.isnan().any(1).permute(1, 2, 0).unflatten(2, (h, w)) for id, v in maps.items() if v.dim() == 4}


def _unknown_words(m: TokenEmbedding, inputs: tuple[torch.Tensor], vectors: torch.Tensor) -> torch.Tensor:
    unknown = inputs[0].isnan()  # (batch, 1, words, 1)
    return vectors.masked_fill(unknown[:, :, :, 0] if m.channels else unknown, torch.nan)


def folds_back(layer: Layer) -> bool:
    """Whether at its edges the layer reads pixels inside the map again, so that a unit sees others than its window.

    Bilinear upsampling holds its first unit inside the map; torch reads the pixel beside it then, too, with weight 0.
    """
    if isinstance(layer, (Conv1d, Conv2d)):
        return layer.padding_mode != "zeros"
    return isinstance(layer, ReflectionPad2d) or (isinstance(layer, Upsample) and layer.mode == "bilinear")
