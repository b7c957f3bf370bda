"""What is read of a training at some of its steps, and the few hundred readings that are kept of a whole run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import Any

from .sign import Sign, worst

MOST = 400
"""Readings kept of a run, however long it is."""
FIRST = 20
"""Of these, the first ones stay."""
SLOWLY = ("stuck",)
"""Signs that are of the whole training up to when they are seen: earlier they did not hold."""

Row = tuple[float, ...]


@dataclass(frozen=True)
class Layers:
    """What the numbers of a reading are about: nodes in the order of the network.

    weights   with parameters of their own
    units     activations
    norms     batch normalisation with running statistics
    """

    weights: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    norms: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The first line of a file of readings."""
        return json.dumps({"weights": self.weights, "units": self.units, "norms": self.norms})


@dataclass(frozen=True)
class Reading:
    """How a training was at one step, all on the batch that it trained on. NaN: there is no such number.

    step, lr      counts from 1; learning rate
    loss, right   mean loss and accuracy of the batches since the reading before
    gradients     by Layers.weights: root mean square of the gradient of all its parameters, before any clipping
    weights       … of the parameters themselves, before the step
    updates       … norm of what the step added to the parameters, over the norm of these
    dead          by Layers.units: share of channels that gave nothing but zeros for the last pictures; NaN: cannot die
    saturated     … share of values beyond 0.97 of their range from its middle; NaN: no range
    means, spreads  … mean and standard deviation of all values
    gaps          by Layers.norms: root mean square of what normalising by the batch and by the running statistics
                  differ, in standard deviations
    favourite     the class predicted most often; `predicted`: its share of the predictions, `true`: of the labels
    """

    step: int
    lr: float
    loss: float = nan
    right: float = nan
    gradients: Row = ()
    weights: Row = ()
    updates: Row = ()
    dead: Row = ()
    saturated: Row = ()
    means: Row = ()
    spreads: Row = ()
    gaps: Row = ()
    favourite: int = 0
    predicted: float = nan
    true: float = nan

    def to_json(self) -> dict[str, Any]:
        """As a line of a file has it: four significant digits, null for NaN."""
        return {k: [_short(x) for x in v] if isinstance(v, tuple) else _short(v) for k, v in vars(self).items()}


_FIELDS = tuple(Reading.__dataclass_fields__)
_ROWS = {
    **dict.fromkeys(("gradients", "weights", "updates"), "weights"),
    **dict.fromkeys(("dead", "saturated", "means", "spreads"), "units"),
    "gaps": "norms",
}
"""Of the rows of a reading, which of Layers they are by."""


def _short(x: float) -> float | str | None:
    if isinstance(x, int):
        return x
    if x != x:
        return None
    return float(f"{x:.4g}") if isfinite(x) else str(x)


def _long(x: Any) -> float:
    if isinstance(x, list | dict | bool):
        raise TypeError(x)
    return nan if x is None else float(x)


def read_layers(said: Any) -> Layers:
    """From `Layers.to_json` as it was parsed. Raises KeyError, TypeError, ValueError where it is something else."""
    return Layers(*(tuple(map(_name, said[name])) for name in ("weights", "units", "norms")))


def _name(said: Any) -> str:
    if not isinstance(said, str):
        raise TypeError(said)
    return said


def read_reading(said: Any, layers: Layers) -> Reading:
    """From `Reading.to_json` as it was parsed. Raises KeyError, TypeError, ValueError where it is something else."""
    given: dict[str, Any] = {}
    for name in _FIELDS:
        if name in _ROWS:
            given[name] = tuple(map(_long, said[name]))
            if len(given[name]) != len(getattr(layers, _ROWS[name])):
                raise ValueError(name)
        else:
            given[name] = _long(said[name])
    return Reading(**{**given, "step": int(given["step"]), "favourite": int(given["favourite"])})


class Series:
    """The readings of a run in rising order: all at the start, then evenly spread over it, and always the newest.

    With each stand the signs that were told then. The same readings give the same series, wherever it is made: in the
    engine, in the window, from the file.
    """

    def __init__(self, layers: Layers = Layers(), readings: Iterable[Reading] = ()):
        self.layers = layers
        self._kept: list[Reading] = []
        self._signs: dict[int, tuple[Sign, ...]] = {}  # by the step of the reading; none: not there
        self._spacing = 0  # steps between two kept readings, at least
        for reading in readings:
            self.add(reading)

    def add(self, reading: Reading) -> None:
        """The newest reading; one of a step that is there already, or of an earlier one, is left out."""
        kept = self._kept
        if kept and reading.step <= kept[-1].step:
            return
        if len(kept) > FIRST and kept[-1].step - kept[-2].step < self._spacing:
            self._signs.pop(kept.pop().step, None)  # it was kept as the newest only
        kept.append(reading)
        if len(kept) > MOST:
            self._spacing = max(1, 2 * (kept[-1].step - kept[FIRST - 1].step) // (MOST - FIRST))
            self._thin()

    def _thin(self) -> None:
        first, rest = self._kept[:FIRST], self._kept[FIRST:]
        thinned = list(first)
        for reading in rest[:-1]:
            if reading.step - thinned[-1].step >= self._spacing:
                thinned.append(reading)
        self._kept = [*thinned, rest[-1]]
        self._signs = {r.step: self._signs[r.step] for r in self._kept if r.step in self._signs}

    def tell(self, signs: Iterable[Sign]) -> None:
        """These signs stand from the newest reading on, the worst first."""
        if self._kept:
            step, said = self._kept[-1].step, tuple(signs)
            if said:
                self._signs[step] = said
            else:
                self._signs.pop(step, None)

    def told(self, reading: Reading) -> tuple[Sign, ...]:
        """The signs that stood with a kept reading."""
        return self._signs.get(reading.step, ())

    def signs(self, step: int) -> tuple[Sign, ...]:
        """The signs that held at this step, the worst first: those told by then, and those that had begun by then but
        were told only when they had lasted."""
        found: dict[str, Sign] = {}
        before = [r for r in self._kept if r.step <= step][-1:]
        for reading in (*before, *(r for r in self._kept if r.step > step)):
            for sign in self.told(reading):
                if sign.since <= step and (reading.step <= step or sign.code not in SLOWLY):
                    found.setdefault(sign.code, sign)
        return worst(found)

    @property
    def last(self) -> Reading | None:
        """The newest."""
        return self._kept[-1] if self._kept else None

    def since(self, step: int) -> tuple[Reading, ...]:
        """Those of later steps."""
        return tuple(r for r in self._kept if r.step > step)

    def upto(self, step: int) -> Series:
        """The same without what is behind this step."""
        found = Series(self.layers)
        found._kept, found._spacing = [r for r in self._kept if r.step <= step], self._spacing
        found._signs = {at: signs for at, signs in self._signs.items() if at <= step}
        return found

    def of(self, name: str, node: str = "") -> tuple[tuple[int, ...], Row]:
        """Steps and values of one number of a reading, by its field's name; of a row, those of one node.

        Nothing where the node has no such number.
        """
        if name not in _ROWS:
            return tuple(r.step for r in self), tuple(getattr(r, name) for r in self)
        nodes = getattr(self.layers, _ROWS[name])
        if node not in nodes:
            return (), ()
        i = nodes.index(node)
        return tuple(r.step for r in self), tuple(getattr(r, name)[i] for r in self)

    def __iter__(self) -> Iterator[Reading]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def told(reading: Reading, loss: float, right: float) -> Reading:
    """The reading with mean loss and accuracy of the batches since the one before."""
    return replace(reading, loss=loss, right=right)
