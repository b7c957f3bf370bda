"""Readings and signs for the panels' tests."""

from __future__ import annotations

from math import nan

from cnnviz.net.health.reading import Layers, Reading
from cnnviz.net.health.sign import Sign

LAYERS = Layers(("C1", "norm", "output"), ("tanh_1",), ("norm",))


def reading(step: int, *gradients: float) -> Reading:
    three = gradients or (0.01, 0.5, 0.001)
    return Reading(
        step, 0.1, 2.0 / step, 0.5, three, (0.1,) * 3, (0.01,) * 3, (nan,), (0.9,), (0.0,), (1.0,), (0.1,), 3, 0.5, 0.2
    )


SATURATED = Sign("saturated", "tanh_1", 40, 10, 0.9, 0.8)
HIGH = Sign("high", "C1", 40, 12, 0.3, 0.1, (("lr", "0.5"), ("by", "updates")), ("output",))
