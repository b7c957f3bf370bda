"""The loop that a plain PyTorch script would run, in a process of its own, taking turns on request.

    python -m cnnviz.bench.plain NETWORK_FILE [--tuned]

Reads `go` and `hold` on stdin; answers `hold` with the number of steps done and the seconds they took. `--tuned`: with
the engine's allocator settings, so that only what watching costs is measured.
"""

from __future__ import annotations

import sys
import threading
import time


def main(path: str, tuned: bool) -> None:
    """Train the network of the file by its plan, in turns."""
    if tuned:
        from ..engine import memory

        memory.tune()
    import torch
    from torch.nn import functional

    from ..engine import data
    from ..engine.build import Net
    from ..engine.device import threads
    from ..engine.learn.feed import Feed
    from ..net.files import read
    from ..net.layers import Source

    network = read(path)
    plan, rows = network.plan, network.analyze()
    torch.set_num_threads(threads(plan.threads))
    torch.manual_seed(plan.seed)
    assert rows.input is not None
    layer = rows.input.layer
    assert isinstance(layer, Source)
    pictures = data.load(plan.data, plan.data_dir, layer, plan)
    net = Net(rows, plan).train()
    optimizer = torch.optim.Adam(net.parameters(), lr=plan.lr)
    everything = Feed(pictures.train_x, pictures.train_y, layer, torch.device("cpu"))
    x, y = everything.batch(torch.arange(len(pictures.train_x)))
    go = threading.Event()
    ended = threading.Event()
    words: list[str] = []

    def listen() -> None:
        for line in sys.stdin:
            if line.strip() == "go":
                go.set()
            else:
                words.append(line)
                go.clear()
        ended.set()
        go.set()

    threading.Thread(target=listen, daemon=True).start()
    print("ready", flush=True)
    losses: list[float] = []
    while True:
        go.wait()
        if ended.is_set():
            return
        steps, start = 0, time.perf_counter()
        while go.is_set() and not ended.is_set():
            for batch in torch.split(torch.randperm(len(x)), plan.batch_size):
                optimizer.zero_grad()
                loss = functional.cross_entropy(net(x[batch]), y[batch])
                torch.autograd.backward(loss)
                optimizer.step()
                losses.append(loss.item())
                steps += 1
                if not go.is_set():
                    break
        print(steps, time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], "--tuned" in sys.argv)
