"""Every block that the palette offers and the networks are made of, declared once."""

# isort: off
from .base import BLOCKS, Block
from .plain import ConvBNReLU, DepthwiseSeparable, VGGBlock
from .inception import Fire, Inception
from .residual import Bottleneck, InvertedResidual, ResidualBlock
from .dense import DenseBlock, SqueezeExcite
# isort: on

__all__ = [
    "BLOCKS",
    "Block",
    "Bottleneck",
    "ConvBNReLU",
    "DenseBlock",
    "DepthwiseSeparable",
    "Fire",
    "Inception",
    "InvertedResidual",
    "ResidualBlock",
    "SqueezeExcite",
    "VGGBlock",
]
