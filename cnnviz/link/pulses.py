"""The health of a training: its readings and signs, as window and engine tell them, and as a run folder has them.

    health.jsonl    a line with the layers that the readings are about, then a line a reading, with the signs of then

Lines are only appended; where there are too many, the file is written anew with those that stay, beside it, and
renamed. A line that is damaged or of another form is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..net.health.reading import Layers, Reading, Series, read_layers, read_reading
from ..net.health.sign import Sign, read_sign

FILE = "health.jsonl"


# ── to the engine ────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Feel:
    """Send the readings of the run that are of later steps than `since`, and its signs; answered by Pulses."""

    run: int
    since: int = 0


# ── from the engine ──────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Pulses:
    """How healthy the run is. `readings`: the kept ones of steps after `since`; `signs`: those that stand now.

    told    the signs that stood with each of the readings
    count   how often something of it has changed, see Progress.pulse
    """

    run: int = 0
    count: int = 0
    since: int = 0
    layers: Layers = field(default_factory=Layers)
    readings: tuple[Reading, ...] = ()
    signs: tuple[Sign, ...] = ()
    told: tuple[tuple[Sign, ...], ...] = ()

    def after(self, since: int) -> Pulses:
        """The same without the readings up to this step."""
        kept = [i for i, r in enumerate(self.readings) if r.step > since]
        told = tuple(self.told[i] for i in kept) if self.told else ()
        return replace(self, since=since, readings=tuple(self.readings[i] for i in kept), told=told)


Asked = Feel
Answered = Pulses


# ── in the run folder ────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, eq=False)
class Recorded:
    """What a run folder has of the run's health: its readings, and the signs that stood at the last of them."""

    series: Series
    signs: tuple[Sign, ...] = ()


def line(reading: Reading | None, signs: Sequence[Sign], step: int = 0) -> str:
    """A line of the file. Without a reading: the signs alone, as they are since `step`."""
    said: dict[str, Any] = {"step": step} if reading is None else reading.to_json()
    return json.dumps(said | {"signs": [s.to_json() for s in signs]}, ensure_ascii=False) + "\n"


def read(folder: str | Path, until: int | None = None) -> Recorded:
    """The health of the run in a folder, up to this step; empty where nothing of it is there."""
    lines = _lines(folder)
    try:
        series = Series(read_layers(next(lines, None)))
    except (KeyError, TypeError, ValueError):
        return Recorded(Series())
    signs: tuple[Sign, ...] = ()
    for said in lines:
        try:
            if until is not None and said["step"] > until:
                continue
            if "lr" in said:
                series.add(read_reading(said, series.layers))
            signs = tuple(map(read_sign, said["signs"]))
            series.tell(signs)
        except (KeyError, TypeError, ValueError):
            continue
    return Recorded(series, signs)


def _lines(folder: str | Path) -> Iterator[Any]:
    """What the whole lines say; None for one that says nothing."""
    try:
        text = (Path(folder) / FILE).read_text("utf-8", errors="replace")
    except OSError:
        return
    for words in text.splitlines(keepends=True):
        try:
            yield json.loads(words) if words.endswith("\n") else None
        except ValueError:
            yield None
