"""The table's columns, each declared once: its words, what stands in it, and what its figures are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...link.measuring import Cost, Costs
from ...net.analysis import Analysis, Row
from ...net.field import Field
from ...net.fold import GroupRow, inside, path_of, title
from ...net.refusal import refusal
from ...text import N_, _
from ..paint.counts import count, figures, grouped, memory, shape, short, times


@dataclass(frozen=True)
class Sight:
    """What figures depend on beside the rows."""

    batch: int = 1  # pictures that memory is counted for
    costs: Mapping[str, Cost] = field(default_factory=dict)  # of layers measured as they are now
    measured: Costs | None = None  # what these are from


ALONE = Sight()
Number = int | float | None
"""None: not known, which is said and never counted as nothing."""


@dataclass(frozen=True)
class Column:
    """One column. A column of figures has an `amount`, in a unit that `shown` writes; any other has a `text`."""

    name: str
    tip: str
    text: Callable[[Row], str] | None = None
    amount: Callable[[Row, Sight], Number] | None = None
    shown: Callable[[Any], str] = count
    exact: str = ""  # for the tip, where a figure is shown short
    short: str = ""  # its name where there is little room
    total: Callable[[Analysis, Sight], Number] | None = None  # of the network; None: the sum of the rows
    key: Callable[[Row], object] | None = None  # what its text is made from: where it is equal, so are the texts
    unknown: str = ""  # what stands where a figure is not known
    lacks: Callable[[Row], bool] | None = None  # whether something is not in the figure, which is then the least

    @property
    def number(self) -> bool:
        """Whether it is a column of figures, which stand right and have a bar for their share."""
        return self.amount is not None

    @property
    def counts(self) -> bool:
        """Whether its figures have a shorter form."""
        return self.amount is not None and self.shown is count

    def cell(self, row: Row, sight: Sight = ALONE) -> str:
        """What stands in the cell of a row that has no problem."""
        if self.text is not None:
            return self.text(row)
        assert self.amount is not None
        value = self.amount(row, sight)
        if value is None:
            return _(self.unknown)
        return f"≥ {self.shown(value)}" if self.lacks is not None and self.lacks(row) else self.shown(value)

    def shorter(self, value: Number) -> str:
        """A count with four digits at most, as `61.7 k`; empty where there is nothing shorter to say."""
        return short(value) if self.shown is count and isinstance(value, int) and value > 999 else ""

    def brief(self, row: Row, sight: Sight = ALONE) -> str:
        """What stands in the cell where there is little room: a count with four digits at most."""
        if self.amount is None or (self.lacks is not None and self.lacks(row)):
            return self.cell(row, sight)
        return self.shorter(self.amount(row, sight)) or self.cell(row, sight)

    def made_from(self, row: Row, sight: Sight) -> object:
        """What the cell's text is made from: where it is equal, so are the texts of rows without a problem."""
        if self.key is not None:
            return self.key(row)
        return self.amount(row, sight) if self.amount is not None else self.cell(row)

    def sum(self, rows: Analysis, sight: Sight) -> Number:
        """The whole network's figure; None where none of it is known."""
        if self.total is not None:
            return self.total(rows, sight)
        assert self.amount is not None
        return summed(self.amount(r, sight) for r in rows.values())


def summed(values: Iterable[Number]) -> Number:
    """The sum of what is known; None where nothing is."""
    known = [v for v in values if v is not None]
    return sum(known) if known else None


# ── what stands in them ──────────────────────────────────────────────────────────────────────────────────────────────
def _name(row: Row) -> str:
    return title(path_of(row.id)) if isinstance(row, GroupRow) else row.node.id


def _type(row: Row) -> str:
    return row.node.layer.brief if isinstance(row, GroupRow) else row.node.type


def _out(row: Row) -> str:
    return shape(row.out) if row.out is not None else ""


def setting(name: str) -> Callable[[Row], str]:
    """The text of a setting that a window has: `5×5`, or one number where height and width are alike and no size."""

    def text(row: Row) -> str:
        value = getattr(row.node.layer, name, None)
        if value is None or isinstance(value, str):
            return value or ""
        if isinstance(value, int) or (name != "kernel_size" and len({*value}) == 1):
            return str(value if isinstance(value, int) else value[0])
        return times(value)

    return text


def field_text(field: Field | None) -> str:
    """`5×5 /1`; `≈` before it where branches are not aligned; `9×9 for all` where all units see the same."""
    if field is None:
        return _("whole picture")
    text = f"{times(field.size)} /{field.step}" if field.step else _("{size} for all").format(size=times(field.size))
    return text if field.aligned else f"≈ {text}"


def _field(row: Row) -> str:
    if row.field is None:
        return _("unknown") if row.blind else _("whole")  # the tip says: the whole picture
    return field_text(row.field)


def _stride(row: Row) -> str:
    if row.field is None or not row.field.step:  # all units see the same
        return ""
    return row.field.step if row.field.aligned else f"≈ {row.field.step}"


def _macs(row: Row, sight: Sight) -> Number:
    return row.macs if row.costed or row.macs else None  # a block of which some layers' cost is known has that much


def _measured(name: str, together: Callable[[list[Any]], Any] = sum) -> Callable[[Row, Sight], Number]:
    def amount(row: Row, sight: Sight) -> Number:
        costs = [sight.costs.get(id) for id in inside(row)]
        return None if None in costs else together([getattr(c, name) for c in costs])

    return amount


def milliseconds(seconds: float) -> str:
    """Three digits after the point, so that figures under each other compare."""
    return f"{1000 * seconds:,.3f}"


def _peak(rows: Analysis, sight: Sight) -> Number:
    whole = sight.measured is not None and all(id in sight.costs for id in rows)
    return sight.measured.step_memory if whole and sight.measured else None


LAYER, TYPE, OUT, PARAMS, MACS, MEMORY, FIELD = range(7)
KERNEL, STRIDE, PADDING, FROZEN, BUFFERS, CONNECTIONS, STEP, FORWARD, BACKWARD, PEAK = range(7, 17)

COLUMNS = (
    Column(N_("Layer"), N_("The layer's name. It is also the attribute's name in exported code."), _name),
    Column(N_("Type"), N_("The layer's type."), _type),
    Column(
        N_("Output"),
        N_("Shape of the output for one picture: channels×height×width, or the length of a vector."),
        _out,
        key=lambda row: row.out,
    ),
    Column(
        N_("Parameters"),
        N_("Weights and biases. Training changes them unless the layer is frozen. The bar is the share of the whole."),
        amount=lambda row, sight: row.params,
        exact=N_("{n} parameters"),
        short=N_("Params"),
        total=lambda rows, sight: rows.params,
    ),
    Column(
        N_("MACs"),
        N_(
            "Multiply-adds of convolutions and matrix products for one picture, without bias: one multiplication with "
            "its addition counts once. “FLOPs” of other programs are often twice as many."
        ),
        amount=_macs,
        exact=N_("{n} multiply-adds"),
        total=lambda rows, sight: rows.macs,
        unknown=N_("unknown"),
        lacks=lambda row: not row.costed,
    ),
    Column(
        N_("Memory"),
        N_("Memory of the outputs, at 4 bytes a value. 1 KB is 1,024 bytes."),
        amount=lambda row, sight: row.activation_bytes * sight.batch,
        shown=memory,
        exact=N_("{n} bytes"),
        total=lambda rows, sight: rows.activation_bytes * sight.batch,
    ),
    Column(
        N_("Field"),
        N_("Receptive field: pixels that one unit sees, and after / the pixels from one unit's window to the next."),
        _field,
        key=lambda row: (id(row.field), row.blind),  # layers that see alike share it
    ),
    Column(
        N_("Kernel"), N_("Height and width of the window that the layer moves over its input."), setting("kernel_size")
    ),
    Column(N_("Stride"), N_("Step from one window to the next, in units of the layer's input."), setting("stride")),
    Column(
        N_("Padding"), N_("What is added on each side of the layer's input, or the rule for it."), setting("padding")
    ),
    Column(
        N_("Frozen"),
        N_(
            "Numbers that training leaves alone: the parameters of frozen layers, and what is never learned, such as "
            "the prototypes of LeNet-5's output."
        ),
        amount=lambda row, sight: row.fixed + row.frozen,
        exact=N_("{n} frozen numbers"),
        total=lambda rows, sight: rows.fixed + rows.frozen,
    ),
    Column(
        N_("Buffers"),
        N_("Numbers kept with the weights that no gradient changes: running means and variances, and their count."),
        amount=lambda row, sight: row.buffers,
        exact=N_("{n} numbers"),
    ),
    Column(
        N_("Connections"),
        N_("What the output values are joined to by weights, and their biases, as LeCun counts them."),
        amount=lambda row, sight: row.connections,
        exact=N_("{n} connections"),
    ),
    Column(
        N_("Eff. stride"),
        N_("Effective stride: pixels of the picture from one unit's window to the next, through all layers before."),
        _stride,
        key=lambda row: id(row.field),
    ),
    Column(
        N_("Forward ms"),
        N_("Milliseconds the layer took forward for the whole batch, as in training."),
        amount=_measured("forward"),
        shown=milliseconds,
    ),
    Column(
        N_("Backward ms"),
        N_("Milliseconds the layer took backward for the whole batch: to its weights, and to its inputs if need be."),
        amount=_measured("backward"),
        shown=milliseconds,
    ),
    Column(
        N_("Peak"),
        N_(
            "The most that the layer's own tensors held at once, forward and backward: its output, gradients, and what "
            "lies between. The total is that of a whole step, weights not counted."
        ),
        amount=_measured("memory", max),
        shown=memory,
        exact=N_("{n} bytes"),
        total=_peak,
    ),
)
NUMBERS = tuple(i for i, c in enumerate(COLUMNS) if c.number)
"""Columns with figures that stand right."""
MEASURED = (FORWARD, BACKWARD, PEAK)
ORDER = (
    LAYER, OUT, KERNEL, STRIDE, PADDING, PARAMS, FROZEN, BUFFERS, MACS, CONNECTIONS, FORWARD, BACKWARD, PEAK,
    FIELD, STEP, MEMORY, TYPE,
)  # fmt: skip
"""From left to right: what a small window has no room for stands last."""
ALWAYS = (LAYER, OUT)
"""Columns without which a row says nothing."""
USUAL = (LAYER, TYPE, OUT, PARAMS, MACS, MEMORY, FIELD)
"""What is shown until a person chooses."""


def cell(row: Row, column: int, sight: Sight = ALONE) -> str:
    """What stands in a cell. A row with a problem says it in the output column, and the others are empty."""
    if row.out is None and column >= OUT:
        return row.problem.text if row.problem and column == OUT else ""
    return COLUMNS[column].cell(row, sight)


def tip(row: Row, column: int, sight: Sight = ALONE) -> str:
    """What the cell's tip says."""
    if row.problem:
        return "\n".join(filter(None, (row.problem.text, figures(refusal(row)))))
    if column in (FIELD, STEP):
        return _field_tip(row)
    it = COLUMNS[column]
    value = it.amount(row, sight) if it.amount is not None else None
    lines = []
    if isinstance(value, int) and it.exact and value > 999:  # shown short in its cell, or where that is narrow
        lines.append(_(it.exact).format(n=grouped(value)))
    if column == PARAMS and row.node.weights:
        lines.append(_("It uses the weights of {node}; they are counted there.").format(node=row.node.weights))
    if column == PARAMS and row.frozen:
        lines.append(parted(row))
    if column == MACS and not row.costed:
        lines.append(_("What this part of a model multiplies is not known, and is in no total."))
    return "\n".join(lines)


def parted(rows: Row | Analysis) -> str:
    """How many of the parameters training changes, and how many it leaves as they are."""
    text = _("Trainable: {n}. Frozen: {frozen}.")
    return text.format(n=grouped(rows.params - rows.frozen), frozen=grouped(rows.frozen))


def _field_tip(row: Row) -> str:
    field = row.field
    if field is None:
        if row.blind:
            return _("What its units see is not known: here or before lies a part of a model that only torch can run.")
        return _("Every unit sees the whole picture.")
    if field.step:
        text = _("A unit sees {size} pixels of the picture; the next unit's window is {stride} pixels on.")
    else:
        text = _("All units see the same {size} pixels of the picture.")
    lines = [text.format(size=times(field.size), stride=field.step if 0 in field.stride else times(field.stride))]
    if any(p > 0 for p in field.padding):
        lines.append(
            _("The first window begins {padding} pixels outside the picture, in the padding.").format(
                padding=times(field.padding)
            )
        )
    if not field.aligned:
        lines.append(
            _("≈: the branches that meet here disagree in stride or centre, so the window is the hull of theirs.")
        )
    return "\n".join(lines)


def heading(column: int, sight: Sight, brief: bool = False) -> str:
    """The column's name, with the batch that memory is counted for; `brief`: its short form, where it has one."""
    name = _((COLUMNS[column].short if brief else "") or COLUMNS[column].name)
    return f"{name} ×{grouped(sight.batch)}" if column == MEMORY and sight.batch > 1 else name


def heading_tip(column: int, sight: Sight) -> str:
    """What the column holds, and for how many pictures, and how it came about."""
    told = [_(COLUMNS[column].tip)]
    if column == MEMORY:
        told.append(
            _("For one picture.") if sight.batch == 1 else _("For {n} pictures.").format(n=grouped(sight.batch))
        )
    if column in MEASURED:
        m = sight.measured
        if m is None:
            told.append(_("Not measured yet: choose Training, Measure the layers' times."))
        else:
            text = _(
                "Measured on this machine: batch of {batch}, {device}, {threads} threads, median of several rounds."
            )
            told.append(text.format(batch=grouped(m.batch), device=m.device, threads=m.threads))
    return "\n".join(told)
