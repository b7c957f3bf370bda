"""A recorded step made again exactly, and a run that branches from it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...link import runs
from ...link.adjusting import values_at
from ...net.analysis import Analysis, analyse
from ...net.layers import Source
from ...net.plan import Plan
from ...text import _, grouped
from ..build import Net, copy_state
from ..data import Data
from ..learn.controls import Controls
from ..learn.steps import Step
from ..learn.training import Training
from . import moment
from .moment import Moment
from .weights import WeightsError

OWN = (runs.NOTES, runs.NETWORK, "alive.json", "control.json")
"""Files that every run writes for itself."""


def made_again(
    folder: str | Path,
    step: int,
    data: Callable[[Plan, Source], Data],
    net: Callable[[Analysis, Plan], Net],
) -> Generator[Step, None, Moment]:
    """The whole state after a recorded run's step: from the nearest one before it that was kept whole, the steps
    between are made again, as they were made then (on the CPU bit for bit). Yields these steps.

    Raises WeightsError where nothing was kept whole, and what moment.before and Training raise.
    """
    found = moment.before(folder, step)
    if found is None:
        text = _("{folder} has kept no whole state at step {step} or before it. Train on from a later step.")
        raise WeightsError(text.format(folder=folder, step=grouped(step)))
    metrics = runs.metrics(folder, step)
    if found.step == step:
        return replace(found, metrics=metrics)
    rows, plan = analyse(found.network.graph), found.plan
    training = Training(rows, plan, data, lambda: net(rows, plan), found)
    controls = Controls(plan.lr)
    controls.set(**values_at(metrics.changes, found.step + 1))
    making = training.go(controls)
    with closing(making):
        for made in making:
            if made.step > found.step:
                yield made
            if made.step >= step:
                break
            controls.set(**values_at(metrics.changes, made.step + 1))
    if training.step != step:
        text = _("The run in {folder} ends before step {step}.")
        raise WeightsError(text.format(folder=folder, step=grouped(step)))
    beside = deepcopy(training.beside)
    values: dict[str, Any] = values_at(metrics.changes, step)
    return Moment(step, copy_state(training.net), found.network, replace(plan, **values), metrics, beside)


def fork(origin: str | Path, folder: str | Path) -> None:
    """Have a new folder begin with what a run has recorded; what comes after the fork, the recorder cuts off.

    Raises OSError.
    """
    origin, folder = Path(origin), Path(folder)
    kept = {origin / path for path in runs.keys(origin).values()}
    kept |= {origin / runs.state_file(step) for step in runs.keys(origin)}
    for path in sorted(origin.rglob("*")):
        inside = path.relative_to(origin)
        if not path.is_file() or path.name.startswith(".") or str(inside) in OWN or inside == runs.LAST:
            continue
        (folder / inside).parent.mkdir(parents=True, exist_ok=True)
        if path in kept:  # never written to again: two names for one file
            with suppress(OSError):
                os.link(path, folder / inside)
                continue
        shutil.copyfile(path, folder / inside)
