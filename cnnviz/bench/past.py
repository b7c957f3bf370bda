"""The time cursor: from its move to the frame in the window; and a run of 100,000 steps on the disk and opened."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest import mock

from ..gui.session import READY
from ..link import runs
from ..link.messages import IDLE
from ..net import files
from ..net.layers import Input, Linear
from ..net.presets import preset
from .stage import Stage, workplace
from .toggle import Result, judge

MOVES = 60
RECORDED = {"lenet5": 120, "resnet20": 40, "resnet18": 20}  # steps that are trained first
GOALS = {"lenet5": 16, "resnet20": 33, "resnet18": 50}  # ms
LONG = 100_000


def scrubbing() -> Iterator[Result]:
    """From the cursor's move to the painted window, at recorded steps in no order, the run at rest."""
    for name, goal in GOALS.items():
        path, folder = workplace(name, 16, 128)
        if name == "resnet18":
            _small(path)
        with folder, Stage(path, Path(folder.name)) as stage:
            took = _moves(stage, RECORDED[name])
        label = f"scrubbing, {name}" + (" at 32×32" if name == "resnet18" else "")
        yield judge(label, 1e3 * statistics.median(took), None, "ms", f"<= {goal}")


def _small(path: Path) -> None:
    """Have the network take in pictures of 32×32, of ten classes."""
    network = files.read(path)
    node = network.graph.nodes[0]
    assert isinstance(node.layer, Input)
    graph = network.graph.change(node.id, layer=replace(node.layer, size=(32, 32)))
    files.write(path, replace(network, graph=graph.change("fc", layer=Linear(10))))


def _moves(stage: Stage, count: int) -> list[float]:
    s = stage.session
    stage.until(lambda: s.engine_state == READY and s.look.pictures and s.look.frame)
    convolution = [n.id for n in s.graph if n.type == "Conv2d"][1]
    s.look.select([convolution])
    s.run.train()
    stage.until(lambda: s.run.progress and s.run.progress.step >= count)
    stage.until(lambda: len(s.time.steps) > 3)  # large weights are seldom written
    s.run.stop()
    stage.until(lambda: s.run.phase == IDLE)
    dice, took = random.Random(0), []
    for _turn in range(MOVES):
        stage.rest(0.05)
        step = dice.choice([int(v) for v in s.time.steps if int(v) != s.time.shown])
        start = time.perf_counter()
        s.time.go(step)
        while s.time.shown != step:
            stage.app.processEvents()
        stage.app.processEvents()  # what the frame has asked to be painted
        took.append(time.perf_counter() - start)
    return took[5:]


def long_run() -> Iterator[Result]:
    """LeNet-5's recording of 100,000 steps, with everything written that is due; its size, and how soon it is open.

    The recorder is given the steps; training them would take a quarter of an hour and write less.
    """
    with tempfile.TemporaryDirectory(prefix="cnnviz-bench-") as place:
        folder = Path(place, "run")
        _write(folder)
        yield judge("100,000 steps of lenet5", runs.size(folder) / 1e6, None, "MB", "<= 200")
        path, other = workplace("lenet5", 64, 256)
        with other, Stage(path, Path(other.name)) as stage:
            s = stage.session
            stage.until(lambda: s.engine_state == READY and s.look.pictures and s.look.frame)
            start = time.perf_counter()
            s.time.open(folder)
            stage.until(lambda: len(s.run.points) >= LONG and s.look.frame and s.look.frame.shown is not None)
            yield judge("100,000 steps opened", time.perf_counter() - start, None, "s", "<= 1")


def _write(folder: Path) -> None:
    from ..engine.build import Net
    from ..engine.learn.optimizer import make_optimizer
    from ..engine.learn.score import Test
    from ..engine.learn.steps import Step
    from ..engine.record import recorder, writer

    network = preset("lenet5")
    rows = network.analyze()
    net = Net(rows, network.plan)
    optimizer = make_optimizer(net, network.plan)
    for weight in net.parameters():
        weight.grad = weight.detach().clone()
    optimizer.step()
    beside = {"optimizer": optimizer.state_dict()}
    about = {"epoch_steps": 45, "device": "cpu", "threads": 1, "data": {}}
    plan = replace(network.plan, epochs=-(-LONG // 45))
    with mock.patch.object(writer, "SHARE", 1.0), mock.patch.object(writer, "AHEAD", 1e9):
        made = recorder.Recorder(folder, replace(network, plan=plan), about, net.state_dict(), print)
        made.start(beside)
        for step in range(1, LONG + 1):
            test = Test(0.1234567, 0.987654 + step * 1e-9) if step % 450 == 0 else None
            made.add(Step(step, 0.123456789 + step * 1e-7, 0.984375, 0.001, test))
            if step % 400 == 0:
                made.record(beside)
        made.record(beside, "done")
