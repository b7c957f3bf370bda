"""Signs of trouble in a training, as values: a code, the layer it is about, the numbers. The sentence comes late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

from ...text import N_, _, grouped

SENTENCES = {
    "lost": N_(
        "Training stopped at step {step}: the numbers in {node} are no longer finite. The learning rate was {lr}."
    ),
    "high.updates": N_(
        "Since step {since} a single step changes the weights of {node} by {value:%} of their size; about 0.1 % is "
        "usual. The learning rate {lr} is too high."
    ),
    "high.burst": N_(
        "At step {since} a single step changed the weights of {node} by {value:%} of their size: nothing was left of "
        "them. The learning rate {lr} is too high."
    ),
    "high.weights": N_(
        "Since step {since} the weights are more than {threshold} times as large as at first, those of {node} "
        "{value} times. The learning rate {lr} is too high."
    ),
    "high.loss": N_(
        "Since step {since} the loss is {value} times what it was at first; {node} moves most. The learning rate {lr} "
        "is too high."
    ),
    "exploding": N_(
        "The gradient of {node} explodes: it is {value} times as large as the weights there, since step {since}."
    ),
    "dead": N_("{value:%} of the channels of {node} are dead: nothing but zeros since step {since}, and no gradient."),
    "saturated": N_(
        "{value:%} of the values of {node} are saturated, at an end of their range, since step {since}: hardly any "
        "gradient passes."
    ),
    "still.rate": N_("Nothing has moved since step {since}: the learning rate is 0."),
    "still.zeros": N_(
        "The weights of {node} are all zero since step {since}: no gradient comes about, and they stay zero."
    ),
    "still.gradient": N_("No gradient has reached {node} since step {since}: its weights stay as they are."),
    "vanishing": N_(
        "The gradient vanishes on its way to {node}: it is {value} times smaller there than in {last}, since step "
        "{since}."
    ),
    "low": N_(
        "Since step {since} no step changes the weights of any layer by more than {value} of their size ({node} moves "
        "most); about 0.001 is usual. The learning rate {lr} is too low."
    ),
    "stuck": N_("The training loss is stuck: {value} over the last steps, and {first} at the start."),
    "collapse": N_(
        "Since step {since} the network takes nearly every picture for one class, {favourite}: {predicted} of the "
        "last batch, of which {true} are."
    ),
    "overfit.loss": N_(
        "The network over-fits: since step {since} the loss on held-out pictures is above its best, by {value:%} now, "
        "while the training loss is {train}."
    ),
    "overfit.right": N_(
        "The network over-fits: since step {since} the loss on held-out pictures falls no more, and it is right on "
        "{accuracy} of these, but on {right} of those it trains on."
    ),
    "gap": N_(
        "{node} gives something else in evaluation than in training, since step {since}: {value} standard deviations "
        "apart. Its running statistics do not stand for the batches."
    ),
}
"""By code and, where there are several, by what it is seen from."""

TITLES = {
    "lost": N_("Numbers lost"),
    "high": N_("Learning rate too high"),
    "exploding": N_("Exploding gradient"),
    "dead": N_("Dead channels"),
    "saturated": N_("Saturated units"),
    "still": N_("Weights that stay still"),
    "vanishing": N_("Vanishing gradient"),
    "low": N_("Learning rate too low"),
    "stuck": N_("Loss is stuck"),
    "collapse": N_("Collapse to one class"),
    "overfit": N_("Over-fitting"),
    "gap": N_("Batch-norm gap"),
}
"""All codes, the worst first."""
ORDER = tuple(TITLES)

FOLLOWS = {
    "lost": "loss",
    "high.updates": "updates",
    "high.burst": "updates",
    "high.weights": "weights",
    "high.loss": "loss",
    "exploding": "gradients",
    "dead": "dead",
    "saturated": "saturated",
    "still.rate": "updates",
    "still.zeros": "gradients",
    "still.gradient": "gradients",
    "vanishing": "gradients",
    "low": "updates",
    "stuck": "loss",
    "collapse": "predicted",
    "overfit.loss": "tests",
    "overfit.right": "tests",
    "gap": "gaps",
}
"""The field of a Reading that a sign follows from; "tests": the measurements on held-out pictures."""


@dataclass(frozen=True)
class Sign:
    """Something that does not go well.

    code       one of ORDER
    node       the layer it is worst in; empty where it is about the whole network
    step       when it was seen last; `since`: the first step at which it was so
    value      the number that shows it, worse the larger (but for "low"), over `threshold`
    args       further words of its sentence, by name; `by`: what it is seen from, where there are several
    also       the other layers it is seen in, in the order of the network
    """

    code: str
    node: str
    step: int
    since: int
    value: float
    threshold: float
    args: tuple[tuple[str, str], ...] = ()
    also: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The code, and what it is seen from."""
        by = dict(self.args).get("by", "")
        return f"{self.code}.{by}" if by else self.code

    @property
    def title(self) -> str:
        """Two or three words."""
        return _(TITLES[self.code])

    @property
    def text(self) -> str:
        """What, where, since when, with the numbers: a sentence or two."""
        words: dict[str, Any] = {k: v for k, v in self.args if k != "by"}
        words |= {"node": self.node, "step": grouped(self.step), "since": grouped(self.since)}
        words |= {"value": _Number(self.value), "threshold": _Number(self.threshold)}
        told = _(SENTENCES[self.key]).format(**words)
        if self.also:
            more = _("{nodes} too.") if len(self.also) <= NAMED else _("{nodes} and {n} more too.")
            told += " " + more.format(nodes=", ".join(self.also[:NAMED]), n=len(self.also) - NAMED)
        return told

    @property
    def follows(self) -> str:
        """The field of a Reading that it follows from; "tests": the measurements on held-out pictures."""
        return FOLLOWS[self.key]

    def to_json(self) -> dict[str, Any]:
        """As a file of readings has it."""
        said = dict(vars(self))
        return said | {k: str(said[k]) for k in ("value", "threshold") if not isfinite(said[k])}


NAMED = 3
"""Layers that a sentence names beside the worst."""


def read_sign(said: Any) -> Sign:
    """From `Sign.to_json` as it was parsed. Raises KeyError, TypeError, ValueError where it is something else."""
    given = {f.name: said[f.name] for f in fields(Sign)}
    args = tuple((str(k), str(v)) for k, v in given["args"])
    found = Sign(
        code=str(given["code"]),
        node=str(given["node"]),
        step=int(given["step"]),
        since=int(given["since"]),
        value=float(given["value"]),
        threshold=float(given["threshold"]),
        args=args,
        also=tuple(map(str, given["also"])),
    )
    found.text  # noqa: B018  # raises where a word is missing
    return found


class _Number(float):
    """Two digits; `%` as percents."""

    def __format__(self, spec: str) -> str:
        return short(100 * float(self)) + "\N{NO-BREAK SPACE}%" if spec == "%" else short(float(self))


def short(value: float) -> str:
    """Two significant digits in plain words: `0.0012`, `340`, `1.2e9`."""
    if not isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "–"
    if value and not 1e-4 <= abs(value) < 1e6:
        digits, power = f"{value:.1e}".split("e")
        return f"{digits.removesuffix('.0')}e{int(power)}".replace("-", "−")
    shown = float(f"{value:.2g}") if abs(value) < 100 else round(value)
    return f"{shown:,.10f}".rstrip("0").rstrip(".")


def worst(signs: Mapping[str, Sign]) -> tuple[Sign, ...]:
    """Signs by code in the order of how bad they are."""
    return tuple(signs[code] for code in ORDER if code in signs)
