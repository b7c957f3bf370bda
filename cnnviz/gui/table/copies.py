"""The table as text to copy: aligned, for a spreadsheet, or for a README."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from ...net.analysis import Row
from ...net.fold import GroupRow, name, path_of
from ...net.problems import shape_text
from ...text import _
from ..paint.counts import count, grouped
from .columns import (
    ALONE,
    BACKWARD,
    BUFFERS,
    COLUMNS,
    CONNECTIONS,
    FIELD,
    FORWARD,
    FROZEN,
    KERNEL,
    LAYER,
    MACS,
    NUMBERS,
    ORDER,
    OUT,
    PADDING,
    PEAK,
    STRIDE,
    TYPE,
    USUAL,
    Sight,
    cell,
    field_text,
    heading,
    summed,
)
from .outline import OpenRow, depths

INDENT = "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}"
"""Before what lies in a group: ordinary spaces are lost in Markdown."""
FIELDS = (
    "id",
    "type",
    "output",
    "params",
    "macs",
    "activation_bytes",
    "field_height",
    "field_width",
    "stride_height",
    "stride_width",
    "padding_height",
    "padding_width",
    "aligned",
    "problem",
    "subtotal",
    "kernel",
    "stride",
    "padding",
    "frozen",
    "buffers",
    "connections",
    "forward_seconds",
    "backward_seconds",
    "peak_bytes",
)
"""Columns of the CSV, named for programs: they are not translated."""


def as_csv(rows: Sequence[Row], reasons: Mapping[str, str], sight: Sight = ALONE) -> str:
    """Exact numbers without grouping, one line a row, no totals. Fields are empty where nothing is known.

    A group is called by its path; where its layers follow, `subtotal` is `yes`, and it is not to be counted with them.
    `reasons`: why rows give nothing, as `Rows.reasons`. Bytes are for one picture, what was measured is for its batch.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for r in rows:
        f = r.field
        seen = (*f.size, *f.stride, *f.padding, "yes" if f.aligned else "no") if f else ("",) * 7
        numbers = (shape_text(r.out), r.params, _known(r, MACS), r.activation_bytes) if r.out else ("",) * 4
        more: list[object] = [COLUMNS[c].cell(r) for c in (KERNEL, STRIDE, PADDING)]
        more += [_known(r, c, sight) if r.out else "" for c in (FROZEN, BUFFERS, CONNECTIONS, FORWARD, BACKWARD, PEAK)]
        sub = "yes" if isinstance(r, OpenRow) else "no"
        writer.writerow((name(r.id), r.node.type, *numbers, *seen, reasons.get(r.id, ""), sub, *more))
    return out.getvalue()


def _known(row: Row, column: int, sight: Sight = ALONE) -> object:
    amount = COLUMNS[column].amount
    assert amount is not None
    value = amount(row, sight)
    return "" if value is None else value


def _lines(rows: Sequence[Row], reasons: Mapping[str, str], columns: Sequence[int], sight: Sight) -> list[list[str]]:
    """Heading, rows and totals with all digits."""
    lines = [[heading(c, sight) for c in columns]]
    for r, depth in zip(rows, depths(rows), strict=True):
        lines.append([_word(r, c, depth, reasons, sight) for c in columns])
    counted = [r for r in rows if not isinstance(r, OpenRow)]
    lines.append([_total(counted, c, sight) for c in columns])
    return lines


def _word(row: Row, column: int, depth: int, reasons: Mapping[str, str], sight: Sight) -> str:
    if column == LAYER:
        return INDENT * depth + _called(row)
    if column == TYPE:
        return _typed(row)
    if row.out is None:
        return reasons.get(row.id, "") if column == OUT else ""
    it = COLUMNS[column]
    value = it.amount(row, sight) if it.amount is not None and it.shown is count else None
    if column == OUT:
        return shape_text(row.out)
    if column == FIELD:
        return field_text(row.field) if row.field or not row.blind else _("unknown")
    exact = isinstance(value, int) and not (it.lacks and it.lacks(row))
    return grouped(int(value or 0)) if exact else cell(row, column, sight)


def _total(rows: Sequence[Row], column: int, sight: Sight) -> str:
    if column == LAYER:
        return _("Total")
    it = COLUMNS[column]
    if it.amount is None or column == PEAK:  # moments do not add up
        return ""
    value = summed(it.amount(r, sight) for r in rows)
    if value is None:
        return ""
    lacking = it.lacks is not None and any(map(it.lacks, rows))
    return f"{'≥ ' if lacking else ''}{grouped(int(value)) if it.shown is count else it.shown(value)}"


def _called(row: Row) -> str:
    if not isinstance(row, GroupRow):
        return row.id
    return f"{'▾' if isinstance(row, OpenRow) else '▸'} {path_of(row.id)}"


def _typed(row: Row) -> str:
    words = cell(row, TYPE)
    return _("subtotal of {layers}").format(layers=words) if isinstance(row, OpenRow) else words


Columns = Sequence[int]
BY_DEFAULT = tuple(c for c in ORDER if c in USUAL)


def as_text(
    rows: Sequence[Row], reasons: Mapping[str, str], sight: Sight = ALONE, columns: Columns = BY_DEFAULT
) -> str:
    """Columns that align in a font of equal widths, with a line of totals."""
    lines = _lines(rows, reasons, columns, sight)
    # a problem's sentence runs over the columns behind it instead of widening its own
    broken = [False, *[r.out is None for r in rows], False]
    wide = [
        max(len(line[i]) for line, b in zip(lines, broken, strict=True) if not (b and c == OUT))
        for i, c in enumerate(columns)
    ]
    rule = "─" * (sum(wide) + 2 * (len(wide) - 1))
    told = []
    for line in lines:
        cells = [t.rjust(w) if c in NUMBERS else t.ljust(w) for c, t, w in zip(columns, line, wide, strict=True)]
        told.append("  ".join(cells).rstrip())
    return "\n".join([told[0], rule, *told[1:-1], rule, told[-1]]) + "\n"


def as_markdown(
    rows: Sequence[Row], reasons: Mapping[str, str], sight: Sight = ALONE, columns: Columns = BY_DEFAULT
) -> str:
    """A table for a README, with a line of totals."""
    lines = [[t.replace("|", "\\|") for t in line] for line in _lines(rows, reasons, columns, sight)]
    rule = ["---:" if c in NUMBERS else "---" for c in columns]
    lines[-1] = [f"**{t}**" if t else "" for t in lines[-1]]
    return "\n".join("| " + " | ".join(line) + " |" for line in [lines[0], rule, *lines[1:]]) + "\n"
