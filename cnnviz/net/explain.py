"""The formulas behind a row of the table, with the layer's own numbers filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..text import N_, _
from .analysis import BYTES, Row
from .window import POINT, Axis, Slide, Span

LABELS = {
    "size": N_("Output height and width"),
    "height": N_("Output height"),
    "width": N_("Output width"),
    "channels": N_("Output channels"),
    "features": N_("Output values"),
    "length": N_("Output length"),
    "params": N_("Parameters"),
    "fixed": N_("Fixed numbers"),
    "macs": N_("Multiply-adds"),
    "connections": N_("Connections"),
    "bytes": N_("Memory in bytes"),
    "field": N_("Receptive field"),
    "field_height": N_("Receptive field, height"),
    "field_width": N_("Receptive field, width"),
    "step": N_("Pixels from unit to unit"),
    "step_height": N_("Pixels from unit to unit, down"),
    "step_width": N_("Pixels from unit to unit, across"),
}
"""What a Formula's `what` is called."""

SYMBOLS = {
    "n": N_("input size"),
    "p": N_("padding"),
    "d": N_("dilation"),
    "k": N_("kernel size"),
    "s": N_("stride"),
    "o": N_("output padding"),
    "c": N_("input channels"),
    "g": N_("groups"),
    "l": N_("connections in the table"),
    "v": N_("words in the vocabulary"),
    "f": N_("outputs"),
    "h": N_("output height"),
    "w": N_("output width"),
    "r": N_("receptive field before"),
    "j": N_("pixels from unit to unit before"),
}
"""What the letters of a formula's `symbols` stand for, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Formula:
    """`text` is arithmetic with + − · / ⌊ ⌋ ⌈ ⌉ that comes to `value`; only the value where there is no formula.

    `symbols` is the same arithmetic in the letters of `SYMBOLS`, empty where there is none worth learning. A letter
    with ₁ or ₂ is the first or second of its kind: height and width, or before and after.
    """

    what: str
    text: str
    value: int
    symbols: str = ""

    @property
    def label(self) -> str:
        """What it is, in the language in use."""
        return _(LABELS[self.what])

    def __str__(self) -> str:
        return f"{self.text} = {self.value}" if self.text != str(self.value) else self.text


def explain(row: Row) -> tuple[Formula, ...]:
    """How the row's numbers come about: output size, parameters, multiply-adds, memory, receptive field.

    A height and a width that come about alike are one formula. Nothing for a row with a problem.
    """
    if row.out is None:
        return ()
    layer, ins = row.node.layer, row.ins
    found = _sizes(layer.size_text(ins), row.out, layer.size_symbols(ins))
    params, fixed = layer.params_text(ins), layer.fixed_text(ins)
    if row.node.weights and (params or fixed):
        params, fixed = _("weights of {node}").format(node=row.node.weights), ""
    if params:
        found.append(Formula("params", params, row.params, "" if row.node.weights else layer.params_symbols(ins)))
    if fixed:
        found.append(Formula("fixed", fixed, row.fixed, layer.fixed_symbols(ins)))
    if text := layer.macs_text(ins):
        found.append(Formula("macs", text, row.macs, layer.macs_symbols(ins)))
    if text := layer.connections_text(ins):
        found.append(Formula("connections", text, row.connections))
    found.append(Formula("bytes", "·".join(map(str, (BYTES, *row.out))), row.activation_bytes))
    if row.field is not None:
        axes = layer.window(ins) or (POINT, POINT)
        below = row.field_in
        spans = (row.field.y, row.field.x)
        seen = [_field(a, s, b) for a, s, b in zip(axes, spans, (below.y, below.x) if below else spans, strict=True)]
        letters = [_field_symbols(a, t) for a, t in zip(axes, seen, strict=True)]
        found += _pair("field", [(t, s.size) for t, s in zip(seen, spans, strict=True)], letters)
        if below is not None:
            found += _steps(_step(axes[0], below.y), _step(axes[1], below.x))
    return tuple(found)


def letters(formulas: tuple[Formula, ...]) -> dict[str, str]:
    """What the letters in these formulas stand for, in the language in use."""
    used = {c for f in formulas for c in f.symbols}
    return {letter: _(word) for letter, word in SYMBOLS.items() if letter in used}


def _sizes(texts: tuple[str, ...], out: tuple[int, ...], symbols: tuple[str, ...]) -> list[Formula]:
    if len(texts) == 1 == len(out) - 1:
        return [Formula("length", texts[0], out[1], symbols[0] if symbols else "")]
    if len(texts) == 1:
        return [Formula("channels" if len(out) == 3 else "features", texts[0], out[0])]
    if not texts:
        return []
    found = _pair("size", list(zip(texts, out[1:], strict=True)), symbols)
    return found if len(found) == 1 else [replace(f, what=f.what.removeprefix("size_")) for f in found]


def _pair(what: str, axes: list[tuple[str, int]], symbols: Sequence[str]) -> list[Formula]:
    """One formula where height and width agree, else two."""
    (y, height), (x, width) = axes
    of_y, of_x = symbols or ("", "")
    if (y, height) == (x, width):
        return [Formula(what, y, height, of_y)]
    return [Formula(f"{what}_height", y, height, of_y), Formula(f"{what}_width", x, width, of_x)]


def _field(axis: Axis, span: Span, below: Span) -> str:
    """size + (kernel − 1)·step: the recurrence, where the units looked at all see windows of one size."""
    if axis == POINT or len(below.windows) > 1 or not below.advance:
        return str(span.size)
    if isinstance(axis, Slide):
        gap = f"·{axis.dilation}" if axis.dilation > 1 else ""
        return f"{below.size} + ({axis.kernel} − 1){gap}·{below.advance}"
    looks = [axis.taps(o) for o in range(axis.turn(1)[0])]
    reach = max(t[-1] - t[0] for t in looks if t) + 1
    return f"{below.size} + ({reach} − 1)·{below.advance}" if reach > 1 else str(span.size)


def _field_symbols(axis: Axis, text: str) -> str:
    """What `_field` says, in letters; nothing where it says a number only, or where windows differ in size."""
    if not isinstance(axis, Slide) or text.isdecimal():
        return ""
    return "r + (k − 1)·d·j" if axis.dilation > 1 else "r + (k − 1)·j"


def _steps(y: tuple[str, int] | None, x: tuple[str, int] | None) -> list[Formula]:
    if y == x:
        return [Formula("step", *y, "j·s")] if y else []
    return [Formula(what, *it, "j·s") for what, it in (("step_height", y), ("step_width", x)) if it]


def _step(axis: Axis, below: Span) -> tuple[str, int] | None:
    """step·stride, where that moves the windows of neighbouring units further apart."""
    if not isinstance(axis, Slide) or axis.stride == 1 or len(below.windows) > 1 or not below.advance:
        return None
    return f"{below.advance}·{axis.stride}", below.advance * axis.stride
