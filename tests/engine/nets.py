"""Networks that the engine's tests train and look at."""

from __future__ import annotations

from itertools import pairwise

from cnnviz.net.graph import Graph
from cnnviz.net.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Input,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Softmax,
    Tanh,
)


def chain(**layers: Layer) -> Graph:
    """The layers one after the other, under these ids."""
    graph = Graph()
    for before, id in pairwise(["", *layers]):
        graph = graph.add(layers[id], [before] if before else [], id=id)
    return graph


def lenet(*, softmax: bool = False, mean: float = 0.0, std: float = 1.0) -> Graph:
    """LeNet-5 with tanh and average pooling."""
    end = {"prob": Softmax()} if softmax else {}
    return chain(
        image=Input(1, (32, 32), (mean,), (std,)),
        C1=Conv2d(6, (5, 5)),
        T1=Tanh(),
        S2=AvgPool2d(),
        C3=Conv2d(16, (5, 5)),
        T3=Tanh(),
        S4=AvgPool2d(),
        C5=Conv2d(120, (5, 5)),
        T5=Tanh(),
        flat=Flatten(),
        F6=Linear(84),
        T6=Tanh(),
        output=Linear(10),
        **end,
    )


def small(size: int = 8, classes: int = 10) -> Graph:
    """A net with ReLU that makes a thousand steps a second."""
    return chain(
        image=Input(1, (size, size)),
        conv=Conv2d(4, (3, 3)),
        relu=ReLU(),
        pool=MaxPool2d(),
        flat=Flatten(),
        out=Linear(classes),
    )


def noisy() -> Graph:
    """A small net with batch normalisation and dropout."""
    return chain(
        image=Input(1, (8, 8)),
        conv=Conv2d(4, (3, 3)),
        norm=BatchNorm2d(),
        relu=ReLU(),
        flat=Flatten(),
        drop=Dropout(),
        out=Linear(10),
    )
