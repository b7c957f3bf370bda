"""A model of torchvision's, from its name to the screen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from ..gui.session import READY
from ..net.fold import CARDS
from .screen import Painted
from .stage import Stage, workplace
from .toggle import Result, judge, ticks, toggle

MODEL = "resnet152"
IDLE = 0.05  # seconds of work in half a second that count for nothing


def imported() -> Iterator[Result]:
    """ResNet-152, weights random, to its folded, laid out and painted canvas, over torchvision's building of it.

    The window has its engine import the model, as a person does. Both sides have loaded torchvision, and one thread.
    """
    import torch

    from ..engine import vision

    torch.set_num_threads(1)
    build = vision.torchvision().models.resnet152
    path, folder = workplace("lenet5", 64, pictures=64)
    with folder, Stage(path, Path(folder.name)) as stage:
        session, canvas = stage.session, stage.window.canvas
        painted = Painted(canvas.viewport())
        shown = canvas.cards_scene.cards

        def rested() -> None:
            """Neither window nor engine has anything left to do."""
            stage.until(lambda: session.engine_state == READY and session.look.frame)
            worked = -1.0
            while ticks()[1] - worked > IDLE:
                worked = ticks()[1]
                stage.rest(0.5)

        def ours() -> float:
            session.file.open(path)
            rested()
            start = time.perf_counter()
            session.models.start(f"torchvision:{MODEL}")
            stage.until(lambda: session.file.network.name == MODEL and len(shown) == len(session.fold.view) <= CARDS)
            painted.forget()  # of whatever was painted before
            stage.until(lambda: painted.all)
            took = time.perf_counter() - start
            rested()
            return took

        def theirs() -> float:
            start = time.perf_counter()
            build(weights=None)
            return time.perf_counter() - start

        a, b, ratio = toggle(theirs, ours)
    yield judge(f"torchvision:{MODEL} to screen", b * 1e3, a * 1e3, "ms", "<= 2", ratio)
