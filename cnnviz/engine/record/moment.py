"""The state of a recorded step that a training goes on from."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from ...link import runs
from ...link.adjusting import values_at
from ...net.network import Network
from ...net.plan import Plan
from ...text import _, grouped
from ..build import State
from .weights import WeightsError, cause, read_weights


@dataclass(frozen=True, eq=False)
class Moment:
    """The recorded state of a run at one step: a training that begins with it gives what the run would have given.

    step       steps that have been made
    beside     what the training needs beside the weights (learn.Training.beside)
    metrics    of all steps up to this one
    lost       that what was recorded later is damaged, as a sentence; empty where nothing is
    data       what tells the data set from any other; empty where it is not known
    """

    step: int
    weights: State
    network: Network
    plan: Plan
    metrics: runs.Metrics
    beside: Mapping[str, Any] = field(default_factory=dict)
    lost: str = ""
    data: str = ""


def last(folder: str | Path) -> Moment:
    """What was last recorded in a run folder; where that is damaged, the key frame before it, which says so.

    Raises WeightsError or net.files.FileError.
    """
    folder = Path(folder)
    try:
        return _at(folder, folder / runs.LAST)
    except WeightsError as error:
        try:
            found = before(folder, sys.maxsize)
        except WeightsError:
            found = None
        if found is None:
            raise
        text = _("{why} The run goes on from step {step}, which was kept whole before.")
        said = str(error).partition(" Begin a new run")[0].rstrip(".") + "."
        return replace(found, lost=text.format(why=said, step=grouped(found.step)))


def before(folder: str | Path, step: int) -> Moment | None:
    """The nearest state, at this step or before it, that a training can go on from exactly; None where there is none.

    One that is damaged is passed over: the steps behind an earlier one, made again, are the same. Raises WeightsError,
    where all are damaged, or net.files.FileError.
    """
    folder = Path(folder)
    keys = {s: path for s, path in runs.keys(folder).items() if s <= step}
    damaged: WeightsError | None = None
    if (folder / runs.LAST).exists() and not _fallen_back(folder):
        try:
            if (latest := _step(folder / runs.LAST)) <= step:
                keys.setdefault(latest, folder / runs.LAST)  # its key frame may be a file of its own
        except WeightsError as error:
            damaged = error
    for key in sorted(keys, reverse=True):
        try:
            return _at(folder, keys[key])
        except WeightsError as error:
            damaged = damaged or error
    if damaged is not None:
        raise damaged
    return None


def _fallen_back(folder: Path) -> bool:
    """Whether the numbers of the run were lost: what was recorded last then are good weights, with an optimizer that
    is some steps ahead of them."""
    try:
        return runs.notes(folder).end == runs.DIVERGED
    except runs.RunError:
        return False


def _step(path: Path) -> int:
    """That of the weights in a file. Raises WeightsError."""
    try:
        with safe_open(path, "pt") as file:
            return int((file.metadata() or {}).get("step", 0))
    except (SafetensorError, OSError, ValueError):
        read_weights(path)  # says what is wrong
        raise


def _at(folder: Path, path: Path) -> Moment:
    weights = read_weights(path)
    step = _step(path)
    try:
        notes, metrics = runs.notes(folder), runs.metrics(folder, sys.maxsize)
        values: dict[str, Any] = values_at(metrics.changes, step)  # what was changed after it is the notes' already
        plan = replace(notes.plan, **values)
        beside = folder / runs.state_file(step)
        if not beside.exists():  # without it the optimizer would begin anew, and nobody would know
            raise ValueError(_("{file} is not there").format(file=beside.name))
        state = dict(_state(beside))
    except runs.RunError as error:
        raise WeightsError(str(error)) from error
    except (OSError, ValueError, AttributeError, RuntimeError, UnpicklingError, zipfile.BadZipFile) as error:
        text = _("The state of step {step} in {folder} is damaged ({why}). Begin a new run with the weights in {file}.")
        raise WeightsError(text.format(step=step, folder=folder, why=cause(error), file=runs.LAST)) from error
    return Moment(step, weights, runs.network(folder), plan, metrics.until(step), state, data=notes.data)


def _state(path: Path) -> Mapping[str, Any]:
    """What torch.save wrote: torch does not look at its own checksums. Raises what torch.load does, and BadZipFile."""
    with zipfile.ZipFile(path) as file:
        if (wrong := file.testzip()) is not None:
            raise zipfile.BadZipFile(_("the checksum of {part} is wrong").format(part=wrong))
    state: Mapping[str, Any] = torch.load(path, weights_only=True)
    return state
