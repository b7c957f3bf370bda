"""What watching costs a training: the real window and engine against a plain loop, taking turns."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QSocketNotifier, QTimer

from ..gui.session import READY
from .stage import Plain, Stage, workplace
from .toggle import Result, judge, toggle, trimmed

TURN = 3.5  # seconds: the engine tells its speed over the last three, so that going on after a pause does not count
ROUNDS = 13
MANY = 27  # where a turn is noisy: the bare loop alone wanders by a twentieth from one turn of LeNet-5 to the next
SECONDS = 5.0  # of a turn in a process of its own
SHORT, OFTEN = 0.5, 200  # seconds of a turn, and rounds, where the mean shall be sure to two or three thousandths
LAYERS = {"lenet5": "C3", "minivggnet": "conv1_2"}


def watched() -> Iterator[Result]:
    """Training with all viewers live over the bare loop with the same threads and allocator settings."""
    for name in ("lenet5", "minivggnet"):
        yield from _against(name, tuned=True, goal=">= 0.96", label=f"training watched, {name}")


def deep() -> Iterator[Result]:
    """Recorded and watched live, over the bare loop, where a step takes long."""
    yield from _against("resnet20", tuned=True, goal=">= 0.95", label="training watched, resnet20", batch=128)


def busy() -> Iterator[Result]:
    """The same while the window's thread is 80 % busy in Python."""
    yield from _against("lenet5", tuned=True, goal=">= 0.93", label="training, window 80 % busy", load=0.8)


def script() -> Iterator[Result]:
    """Training in cnnviz over a plain PyTorch script with the same threads."""
    yield from _against("minivggnet", tuned=False, goal=">= 1.10", label="training against a plain script")


def recording() -> Iterator[Result]:
    """A training that is recorded over the same one that is not."""
    for name, batch, seconds, rounds in (("lenet5", 64, SHORT, OFTEN), ("resnet20", 128, SECONDS, ROUNDS)):
        path, folder = workplace(name, batch)
        with folder, _turns("recorded", path, Path(folder.name, "run"), seconds=seconds) as speed:
            a, b, ratio = toggle(lambda: speed("bare"), lambda: speed("recorded"), rounds, typical=trimmed)
        yield judge(f"training recorded, {name}", b, a, "steps/s", ">= 0.995", ratio)


def loader() -> Iterator[Result]:
    """A training on augmented pictures of CIFAR-10's size over the same loop with tensors already in memory."""
    for name, batch in (("convnetjs-cifar10", 4), ("convnetjs-cifar10", 128), ("resnet20", 128)):
        path, folder = workplace(name, batch)
        with folder, _turns("loaded", path) as speed:
            for how, settings in (("flip and shift", "recipe"), ("all eight", "all")):
                a, b, ratio = toggle(lambda: speed("memory"), lambda: speed(settings), ROUNDS)  # noqa: B023
                label = f"training augmented, {name}, {batch}, {how}"
                yield judge(label, b, a, "steps/s", ">= 0.9", ratio)


@contextmanager
def _turns(module: str, *args: Path, seconds: float = SECONDS) -> Iterator[Callable[[str], float]]:
    """A program of the bench in a process of its own; what is given tells the steps a second of a turn of this kind."""
    line = [sys.executable, "-m", f"cnnviz.bench.{module}", *map(str, args)]
    child = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None and child.stdout is not None
    source, sink = child.stdout, child.stdin
    source.readline()

    def speed(how: str) -> float:
        sink.write(f"{how} {seconds}\n")
        sink.flush()
        steps, took = source.readline().split()
        return int(steps) / float(took)

    try:
        yield speed
    finally:
        child.kill()
        child.communicate()


def _against(name: str, tuned: bool, goal: str, label: str, load: float = 0.0, batch: int = 64) -> Iterator[Result]:
    path, folder = workplace(name, batch)
    with folder, Stage(path, Path(folder.name)) as stage:
        stage.begin(layer(stage, name))
        plain = Plain(path, tuned)
        burner = _Burner(load) if load else None
        rates: list[float] = []

        def ours() -> float:
            frames, start = stage.frames, time.perf_counter()
            speed = stage.speed(TURN)
            rates.append((stage.frames - frames) / (time.perf_counter() - start))
            return speed

        try:
            rounds = MANY if name == "lenet5" else ROUNDS
            a, b, ratio = toggle(lambda: plain.speed(stage.rest, TURN), ours, rounds)
        finally:
            plain.close()
            if burner:
                burner.stop()
        print(f"     {label}: {statistics.median(rates):.0f} frames a second shown", file=sys.stderr)
        yield judge(label, b, a, "steps/s", goal, ratio)


def layer(stage: Stage, name: str) -> str:
    """The layer that every viewer shows: the second convolution."""
    wanted = LAYERS.get(name, "")
    if wanted in stage.session.graph:
        return wanted
    return [n.id for n in stage.session.graph if n.type == "Conv2d"][1]


class _Burner:
    """Keeps the window's thread busy in Python for a part of the time."""

    def __init__(self, load: float):
        self._load = load
        self._timer = QTimer()
        self._timer.timeout.connect(self._burn)
        self._timer.start(10)

    def _burn(self) -> None:
        end = time.perf_counter() + 0.01 * self._load
        while time.perf_counter() < end:
            pass

    def stop(self) -> None:
        self._timer.stop()


TICKER = """
import sys, time, struct
out = sys.stdout.buffer
while True:
    out.write(struct.pack("d", time.monotonic())); out.flush(); time.sleep(0.002)
"""


class _Lateness:
    """How long after an outside process has written a time stamp the window's loop reads it, in milliseconds."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", TICKER], stdout=subprocess.PIPE, bufsize=0)
        assert self._process.stdout is not None
        self._pipe = self._process.stdout.fileno()
        self._notifier = QSocketNotifier(self._pipe, QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._read)
        self.late: list[float] = []

    def _read(self) -> None:
        import os
        import struct

        now = time.monotonic()
        stamps = os.read(self._pipe, 8)
        self.late.append(1e3 * (now - struct.unpack("d", stamps)[0]))

    def close(self) -> None:
        self._notifier.setEnabled(False)
        self._process.kill()
        self._process.communicate()


def lateness() -> Iterator[Result]:
    """Lateness of the window's event loop: the longest stall while torch loads, p99 and maximum while training."""
    path, folder = workplace("lenet5", 64)
    with folder, Stage(path, Path(folder.name)) as stage:
        stage.rest(0.05)  # the window itself is up, the engine still loads torch
        watch = _Lateness()
        s = stage.session
        stage.until(lambda: s.engine_state == READY)
        loading = watch.late[5:]
        watch.close()
        stage.begin(layer(stage, "lenet5"))
        s.run.pause()
        stage.rest(1.0)
        watch = _Lateness()
        stage.rest(0.3)
        watch.late.clear()
        stage.rest(12.0)
        late = sorted(watch.late)
        watch.close()
        stage.hold()
    yield judge("longest stall while torch loads", max(loading), None, "ms", "<= 16")
    yield judge("event lateness while training, p99", late[int(len(late) * 0.99)], None, "ms", "<= 4")
    yield judge("event lateness while training, max", late[-1], None, "ms", "<= 12")


def click() -> Iterator[Result]:
    """From the click on Train to the first step of LeNet-5, engine warm, over `import torch`."""
    path, folder = workplace("lenet5", 32, 1437)
    with folder, Stage(path, Path(folder.name)) as stage:
        s = stage.session
        stage.until(lambda: s.engine_state == READY and s.look.pictures and s.look.frame)

        def ours() -> float:
            stage.rest(0.2)
            start = time.perf_counter()
            stage.window.actions_["train"].trigger()
            stage.until(lambda: s.run.progress and s.run.progress.run == s.run.number and s.run.progress.step >= 1)
            took = time.perf_counter() - start
            s.run.stop()
            stage.until(lambda: not s.run.active)
            return took

        def theirs() -> float:
            start = time.perf_counter()
            done = threading.Event()

            def load() -> None:
                subprocess.run([sys.executable, "-c", "import torch"], check=True)
                done.set()

            thread = threading.Thread(target=load)
            thread.start()
            stage.until(done.is_set)
            thread.join()
            return time.perf_counter() - start

        a, b, ratio = toggle(theirs, ours)
    yield judge("click on Train to first step", b * 1e3, a * 1e3, "ms", "<= 0.15", ratio)
