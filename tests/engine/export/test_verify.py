"""Running an export beside the network must be able to show a fault, also before anything has been trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cnnviz.engine.build import Net
from cnnviz.engine.export.job import CLOSE
from cnnviz.engine.export.verify import Array, compare
from cnnviz.net.analysis import analyse
from cnnviz.net.plan import Plan
from cnnviz.net.presets import preset


def beside(name: str, spoilt: str = "") -> tuple[bool, bool]:
    """Whether an untrained network agrees with a copy whose `spoilt` layer gives nothing; whether that is telling."""
    rows = analyse(preset(name).graph)
    net, other = (Net(rows, Plan(seed=1)).eval() for _ in range(2))
    other.load_state_dict(net.state_dict())
    if spoilt:
        torch.nn.init.zeros_(other.state_dict()[f"{spoilt}.weight"])

    def run(x: Array) -> Array:
        with torch.no_grad():
            out: Array = other(torch.from_numpy(x)).numpy()
            return out + np.float32(1e-9)  # another order of summation

    found = compare(net, rows, run, runs=1)
    return found.within(CLOSE), found.telling


@pytest.mark.parametrize(("name", "layer"), [("squeezenet", "conv1"), ("alphago-policy", "conv2"), ("lenet5", "C1")])
def test_a_layer_that_gives_nothing_is_seen(name: str, layer: str) -> None:
    assert beside(name) == (True, True)
    assert not beside(name, layer)[0]


def test_a_network_that_gives_the_same_for_everything_is_told() -> None:
    assert beside("mobilenet-v2") == (True, False)
