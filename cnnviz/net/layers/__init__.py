"""Every layer type, declared once, by family. The order here is the order of the palette."""

# isort: off
from .base import FAMILIES, TYPES, Kind, Layer, Shape, Shapes, kinds, plane
from .source import Board, Input, Source, Tokens
from .conv import Conv2d, ConvTranspose2d
from .conv1d import Conv1d
from .sparse import ChannelLinear, PositionBias, SparseConv2d
from .pool import AvgPool2d, LPPool2d, MaxPool1d, MaxPool2d, SubSample
from .whole import AdaptiveAvgPool2d, AdaptiveMaxPool2d, Max, Mean
from .activation import (
    ELU,
    GELU,
    Hardsigmoid,
    Hardswish,
    LeakyReLU,
    LogSoftmax,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from .norm import BatchNorm1d, BatchNorm2d, LocalResponseNorm
from .scale import ChannelScale, GroupNorm, InstanceNorm2d, LayerNorm
from .dense import RBF, Embedding, Linear
from .merge import Add, Concat, Multiply
from .regular import Dropout, Dropout2d, StochasticDepth
from .shape import (
    ChannelShuffle,
    ChannelSlice,
    Flatten,
    PixelShuffle,
    ReflectionPad2d,
    Reshape,
    Shortcut,
    Upsample,
    ZeroPad2d,
)
# isort: on

__all__ = [
    "ELU",
    "FAMILIES",
    "GELU",
    "RBF",
    "TYPES",
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "Add",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Board",
    "ChannelLinear",
    "ChannelScale",
    "ChannelShuffle",
    "ChannelSlice",
    "Concat",
    "Conv1d",
    "Conv2d",
    "ConvTranspose2d",
    "Dropout",
    "Dropout2d",
    "Embedding",
    "Flatten",
    "GroupNorm",
    "Hardsigmoid",
    "Hardswish",
    "Input",
    "InstanceNorm2d",
    "Kind",
    "LPPool2d",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LocalResponseNorm",
    "LogSoftmax",
    "Max",
    "MaxPool1d",
    "MaxPool2d",
    "Mean",
    "Multiply",
    "PReLU",
    "PixelShuffle",
    "PositionBias",
    "ReLU",
    "ReLU6",
    "ReflectionPad2d",
    "Reshape",
    "Shape",
    "Shapes",
    "Shortcut",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Source",
    "SparseConv2d",
    "StochasticDepth",
    "SubSample",
    "Tanh",
    "Tokens",
    "Upsample",
    "ZeroPad2d",
    "kinds",
    "plane",
]
