"""One training whose pictures are augmented in some turns and lie ready in memory in others, in a process of its own.

    python -m cnnviz.bench.loaded NETWORK_FILE

Reads `memory SECONDS`, `recipe SECONDS` (flip and shift) or `all SECONDS` (all eight changes) on stdin and answers with
the number of steps done and the seconds they took.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import Any

RECIPE: dict[str, Any] = {"augment_flip": 0.5, "augment_shift": 4}  # of the ResNet paper for CIFAR-10
EVERYTHING: dict[str, Any] = {
    **RECIPE,
    "augment_crop": 0.4,
    "augment_rotation": 15.0,
    "augment_brightness": 0.2,
    "augment_contrast": 0.2,
    "augment_noise": 0.03,
    "augment_cutout": 8,
}


def main(path: str) -> None:
    """Train the network of the file by its plan, in turns."""
    import torch

    from ..engine import data, memory
    from ..engine.build import Net, logits_node
    from ..engine.device import threads
    from ..engine.learn.optimizer import make_optimizer
    from ..engine.learn.steps import steps
    from ..net.files import read
    from ..net.layers import Source

    memory.tune()
    network = read(path)
    rows, plan = network.analyze(), network.plan
    torch.set_num_threads(threads(plan.threads))
    assert rows.input is not None
    layer = rows.input.layer
    assert isinstance(layer, Source)
    pictures = data.load(plan.data, plan.data_dir, layer, plan)
    net = Net(rows, plan)
    optimizer = make_optimizer(net, plan)
    plans = {"memory": plan, "recipe": replace(plan, **RECIPE), "all": replace(plan, **EVERYTHING)}
    making = {
        how: steps(net, pictures, p, layer, logits_node(rows.graph), optimizer=optimizer) for how, p in plans.items()
    }
    for each in making.values():
        next(each)
    print("ready", flush=True)
    for line in sys.stdin:
        how, seconds = line.split()
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < float(seconds):
            next(making[how])
            done += 1
        print(done, time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
