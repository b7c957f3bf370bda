"""What a run folder says of a run as a whole: how it was trained, on what, by what, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..net.analysis import Analysis, analyse
from ..net.plan import Plan
from . import runs


@dataclass(frozen=True, eq=False)
class Account:
    """A run as a whole. `rows`: its network; `data`: name, train, test, hash; `versions`: by name.

    `started`: seconds since 1970 at which the folder was begun, 0 where that is not known.
    """

    folder: str
    plan: Plan
    rows: Analysis
    step: int = 0
    end: str = ""  # how it ended, empty while it runs
    origin: tuple[str, int] | None = None
    device: str = ""
    threads: int = 0
    processes: int = 1
    data: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    started: float = 0.0


def account(folder: str | Path, before: Account | None = None) -> Account:
    """What the folder says. Raises runs.RunError, net.files.FileError.

    `before`: what this gave the last time, whose network is not read again where the folder is the same run still.
    """
    notes = runs.notes(folder)
    said: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        said = json.loads((Path(folder) / runs.NOTES).read_text("utf-8"))
    started = 0.0
    with suppress(OSError):
        started = (Path(folder) / runs.NETWORK).stat().st_mtime  # written once, when the run begins
    known = before is not None and (before.folder, before.started) == (str(folder), started) and started
    return Account(
        folder=str(folder),
        plan=notes.plan,
        rows=before.rows if before is not None and known else analyse(runs.network(folder).graph),
        step=notes.step,
        end=notes.end,
        origin=notes.origin,
        device=str(said.get("device", "")),
        threads=_whole(said.get("threads"), 0),
        processes=_whole(said.get("processes"), 1),
        data=_table(said.get("data")),
        versions={k: str(v) for k, v in _table(said.get("versions")).items()},
        started=started,
    )


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
