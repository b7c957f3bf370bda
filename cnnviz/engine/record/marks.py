"""Steps of a run that somebody has given a name: their weights stay whatever is thinned out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from errno import EDQUOT, ENOSPC
from pathlib import Path

from ...link import runs
from ...text import _
from .reader import Reader, TrackError
from .track import MARKED, copied
from .weights import atomically, cause
from .writer import append, retain

FULL = (ENOSPC, EDQUOT)


def write(folder: Path, marks: Iterable[runs.Mark]) -> None:
    """Write the marks of a run, atomically. Raises OSError."""
    said = json.dumps([asdict(m) for m in sorted(marks, key=lambda m: m.step)], ensure_ascii=False, indent=1)
    atomically(folder / runs.MARKS, lambda beside: beside.write_text(said, "utf-8"))


def keep(folder: Path, reader: Reader, step: int, name: str) -> None:
    """Give a recorded step a name, or none. Nobody else may write to the folder. Raises reader.TrackError."""
    try:
        _keep(folder, reader, step, name)
    except OSError as error:
        text = _("Step {step} cannot be marked in {folder}: {why}. Nothing is lost; mark it again once there is room.")
        if error.errno not in FULL:
            text = _("Step {step} cannot be marked in {folder}: {why}.")
        raise TrackError(text.format(step=step, folder=folder, why=cause(error))) from error


def _keep(folder: Path, reader: Reader, step: int, name: str) -> None:
    path = folder / runs.TRACKS / MARKED
    others = [m for m in runs.marks(folder) if m.step != step]
    if not name:
        write(folder, others)
        if path.exists():
            retain(path, {m.step for m in others})
        return
    if step not in {m.step for m in runs.marks(folder)}:
        start, parts = copied(step, *reader.record(step))
        append(path, start, parts)
    write(folder, [*others, runs.Mark(step, name)])
