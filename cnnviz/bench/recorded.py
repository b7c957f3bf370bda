"""One training that is recorded, and its health read, in some turns and not in others, in a process of its own.

    python -m cnnviz.bench.recorded NETWORK_FILE RUN_FOLDER

Reads `recorded SECONDS` or `bare SECONDS` on stdin and answers with the number of steps done and the seconds they took.
"""

from __future__ import annotations

import sys
import time


def main(path: str, folder: str) -> None:
    """Train the network of the file by its plan, in turns."""
    from ..engine import data, memory
    from ..engine.build import Net
    from ..engine.learn.training import Training
    from ..net.files import read
    from ..net.layers import Source
    from ..net.plan import Plan

    memory.tune()
    network = read(path)
    rows, plan = network.analyze(), network.plan

    def load(plan: Plan, layer: Source) -> data.Data:
        return data.load(plan.data, plan.data_dir, layer, plan)

    training = Training(rows, plan, load, lambda: Net(rows, plan))
    training.record(folder, lambda text: sys.exit(text))
    making = training.go()
    next(making)
    print("ready", flush=True)
    for line in sys.stdin:
        how, seconds = line.split()
        training.recording = how == "recorded"
        if training.vitals is not None:
            training.vitals.health.resting = not training.recording
        steps, start = 0, time.perf_counter()
        while time.perf_counter() - start < float(seconds):
            next(making)
            steps += 1
        took = time.perf_counter() - start
        if not training.recording:
            training.worked.skip(took)  # or these seconds would be saved up for the next turn
        print(steps, took, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
