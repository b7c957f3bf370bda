"""Every layer type, declared once, by family. The order here is the order of the palette."""

# isort: off
from .base import FAMILIES, TYPES, Kind, Layer, Shape, Shapes, kinds
from .basic import Flatten, Input
from .conv import Conv2d, ConvTranspose2d
from .pool import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from .activation import LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from .norm import BatchNorm1d, BatchNorm2d
from .dense import Linear
from .merge import Add, Concat
from .regular import Dropout, Dropout2d
# isort: on

__all__ = [
    "FAMILIES",
    "TYPES",
    "AdaptiveAvgPool2d",
    "Add",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Concat",
    "Conv2d",
    "ConvTranspose2d",
    "Dropout",
    "Dropout2d",
    "Flatten",
    "Input",
    "Kind",
    "Layer",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "ReLU",
    "Shape",
    "Shapes",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "kinds",
]
