"""The lecture notes' convolutional classifier, whose class takes its sizes as arguments."""

from __future__ import annotations

from dataclasses import dataclass

from ...text import N_
from ..draft import Draft
from ..graph import Graph
from ..layers import BatchNorm2d, Conv2d, Dropout2d, Flatten, Input, Linear, MaxPool2d, ReLU
from ..layers.base import setting
from ..problems import Misfit
from .base import Family


@dataclass(frozen=True)
class ConvClassifier(Family):
    __doc__ = N_(
        "For every number in cdims a convolution that keeps the size, ReLU, 2×2 max pooling and dropout; then a "
        "hidden layer for every number in hdims, and one output for each class."
    )

    xdim: tuple[int, ...] = setting((1, 28, 28), N_("channels, height and width of the picture"), 1, 4096, kind="shape")
    ksize: int = setting(3, N_("size of the convolutions' windows"), 1, 31)
    cdims: tuple[int, ...] = setting((32, 64), N_("channels of each convolution"), 1, 65_536, kind="ints")
    hdims: tuple[int, ...] = setting((1024, 128), N_("width of each hidden layer"), 1, 1_000_000, kind="ints")
    ydim: int = setting(10, N_("number of classes"), 1, 100_000)
    use_batchnorm: bool = setting(False, N_("batch normalisation behind every convolution"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.xdim) != 3:
            raise Misfit("family.shape", value=self.xdim)

    def graph(self) -> Graph:
        draft = Draft()
        channels, height, width = self.xdim
        at = draft.put(Input(channels, (height, width)), id="input")
        for i, out in enumerate(self.cdims, 1):
            conv = Conv2d(out, (self.ksize, self.ksize), padding="same")
            at = draft.put(conv, at, id=f"conv_{i}")
            if self.use_batchnorm:
                at = draft.put(BatchNorm2d(), at, id=f"bn_{i}")
            at = draft.chain(at, (f"relu_{i}", ReLU()), (f"maxpool_{i}", MaxPool2d()), (f"dropout_{i}", Dropout2d()))
        at = draft.put(Flatten(), at, id="flatten")
        for i, size in enumerate(self.hdims, 1):
            at = draft.chain(at, (f"linear_{i}", Linear(size)), (f"linear_{i}_relu", ReLU()))
        draft.put(Linear(self.ydim), at, id="output")
        return draft.graph
