"""What `cnnviz.explore` shows: somebody's module as a network, and the picture it is looked at with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor, nn

from ..link.messages import Picture, PictureFile, Pixels
from .foreign.imported import from_module
from .server import Guest

USUAL = 224
"""Height and width where nobody has said them."""


def guest(module: nn.Module, image: Any = None, input_size: tuple[int, int, int] | None = None) -> Guest:
    """See api.explore."""
    size = input_size or (_channels(module), USUAL, USUAL)
    return Guest(from_module(module, size), _picture(image))


def _channels(module: nn.Module) -> int:
    """What the first convolution takes; 3 where there is none."""
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    return next((m.in_channels for m in module.modules() if isinstance(m, kinds)), 3)


def _picture(image: Any) -> Picture | None:
    if image is None:
        return None
    if isinstance(image, (str, os.PathLike)):
        return PictureFile(str(Path(image).resolve()))
    if isinstance(image, Tensor):  # as torchvision has them: (channels, height, width) of 0…1, or of 0…255
        values = image.detach().to("cpu").squeeze(0)
        values = values if values.dim() == 2 else values.permute(1, 2, 0)
        image = (values * 255 if image.is_floating_point() else values).numpy()
    if isinstance(image, Image.Image):
        image = np.asarray(image.convert("RGB"))
    pixels = np.clip(np.asarray(image), 0, 255).astype(np.uint8)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    return Pixels(np.ascontiguousarray(np.repeat(pixels, 3, 2) if pixels.shape[2] == 1 else pixels))
