"""What is made of a file: entries, each a layer with its weights, and the values between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from ...net.layers import Layer, Shape
from ...net.problems import Misfit
from ...text import _
from .file import Array, File, Operator

BATCH = 1  # where the file leaves its size open


@dataclass
class Entry:
    """A layer on its way into the network."""

    layer: Layer
    sources: tuple[int, ...]
    operator: Operator
    shape: Shape
    weights: dict[str, Array] = field(default_factory=dict)
    named: str = ""  # the weight that its name comes from


@dataclass(frozen=True)
class Wire:
    """A value that depends on the picture: output of an entry, as it is in the file.

    sizes   of the axes behind the batch, as the file has them
    view    what has been done to it that only together with what follows makes a layer; its first word says what
    """

    entry: int
    sizes: tuple[int, ...]
    view: tuple[Any, ...] = ()


Rule = Callable[["Reader", Operator], "Wire | tuple[Wire, ...]"]
RULES: dict[str, Rule] = {}


def operator(*kinds: str) -> Callable[[Rule], Rule]:
    """Declares what an operator becomes."""

    def declare(rule: Rule) -> Rule:
        for kind in kinds:
            RULES[kind] = rule
        return rule

    return declare


class Unmapped(Exception):
    """There is no layer for this use of an operator; the message says what is special about it."""


class Reader:
    """Goes through the operators of a file and knows what has become of each value."""

    def __init__(self, file: File):
        self.file = file
        self.entries: list[Entry] = []
        self.wires: dict[str, Wire] = {}
        self.batch = BATCH
        self.notes: list[str] = []  # for the person who opens the file

    # ── what rules ask for ───────────────────────────────────────────────────────────────────────────────────────────
    def wire(self, name: str, view: str = "") -> Wire:
        """The value of this name, which must be seen in this way. Raises Unmapped."""
        found = self.wires.get(name)
        if found is None:
            raise Unmapped(_("“{value}” is not what comes from the picture").format(value=name))
        if (found.view[0] if found.view else "") != view:
            raise Unmapped(_("its axes are in another order"))
        return found

    def constant(self, op: Operator, at: int, usual: Any = None) -> Array:
        """The constant that is input number `at`, or `usual`. Raises Unmapped where it depends on the picture."""
        if at >= len(op.inputs) or not op.inputs[at]:
            if usual is None:
                raise Unmapped(_("an input is missing"))
            return np.asarray(usual)
        found = self.file.constant(op.inputs[at])
        if found is None:
            raise Unmapped(_("“{value}” depends on the picture").format(value=op.inputs[at]))
        return found

    def optional(self, op: Operator, at: int) -> Array | None:
        """The same; None where it is left out."""
        return self.constant(op, at) if at < len(op.inputs) and op.inputs[at] else None

    def bias(self, op: Operator, at: int) -> Array | None:
        """The same for a bias; zeros that an exporter put where there was none are none."""
        found = self.optional(op, at)
        if found is not None and not found.any() and op.inputs[1].endswith(".weight"):
            stem = op.inputs[1].removesuffix("weight")
            return found if op.inputs[at] == stem + "bias" else None
        return found

    def split(self, op: Operator) -> tuple[list[str], list[str]]:
        """Names of the inputs that depend on the picture, and of those that do not."""
        moving = [i for i in op.inputs if i in self.wires]
        return moving, [i for i in op.inputs if i and i not in self.wires]

    def alone(self, name: str) -> bool:
        """Whether a value is read once."""
        return self.file.readers[name] == 1

    def source(self, wire: Wire) -> Entry:
        """The entry that gives a value."""
        return self.entries[wire.entry]

    def put(self, op: Operator, layer: Layer, *wires: Wire, view: tuple[Any, ...] = (), **weights: Any) -> Wire:
        """Add a layer behind these values; gives its output. Raises Misfit."""
        ins = tuple(self.entries[w.entry].shape for w in wires)
        shape = layer.out(ins)
        given = {k: np.asarray(v, np.float32) for k, v in weights.items() if v is not None}
        self.entries.append(Entry(layer, tuple(w.entry for w in wires), op, shape, given))
        return Wire(len(self.entries) - 1, shape if not view else wires[0].sizes, view)

    def named(self, wire: Wire, weight: str) -> Wire:
        """The same, its entry named after a weight of the file."""
        self.entries[wire.entry].named = weight
        return wire

    # ── the way through ──────────────────────────────────────────────────────────────────────────────────────────────
    def apply(self, op: Operator) -> None:
        """Map one operator. Raises OnnxError naming it."""
        rule = RULES.get(op.kind)
        if rule is None:
            self.refuse(op, "")
        try:
            made = rule(self, op)
        except Unmapped as e:
            self.refuse(op, str(e))
        except Misfit as e:
            raise self.file.error(op.place, str(e)) from None
        except (IndexError, TypeError, ValueError, ArithmeticError, KeyError):
            self.refuse(op, _("its inputs or attributes are not as the standard says"))
        self.wires |= zip(op.outputs, made if isinstance(made, tuple) else (made,), strict=False)

    def refuse(self, op: Operator, why: str) -> NoReturn:
        """Raise OnnxError for an operator that has no layer."""
        text = _("There is no layer for the operator {kind}.")
        if why:
            text = _("There is no layer for this use of the operator {kind}: {why}.")
        raise self.file.error(op.place, text.format(kind=op.kind, why=why))
