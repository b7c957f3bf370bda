"""Steps of a run that somebody has given a name: their weights stay whatever is thinned out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from ...link import runs
from ...text import _
from .reader import Reader, TrackError
from .track import MARKED, copied
from .weights import atomically, cause
from .writer import append, retain


def write(folder: Path, marks: Iterable[runs.Mark]) -> None:
    """Write the marks of a run, atomically. Raises OSError."""
    said = json.dumps([asdict(m) for m in sorted(marks, key=lambda m: m.step)], ensure_ascii=False, indent=1)
    atomically(folder / runs.MARKS, lambda beside: beside.write_text(said, "utf-8"))


def keep(folder: Path, reader: Reader, step: int, name: str) -> None:
    """Give a recorded step a name, or none. Nobody else may write to the folder. Raises reader.TrackError."""
    try:
        _keep(folder, reader, step, name)
    except OSError as error:
        raise refused(step, folder, error) from error


def refused(step: int, folder: Path, error: Exception) -> TrackError:
    """That a step cannot be marked, and why; what was marked before stays."""
    text = _("Step {step} cannot be marked in {folder}: {why}. Mark it again once that is mended.")
    return TrackError(text.format(step=step, folder=folder, why=cause(error)))


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
