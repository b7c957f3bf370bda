"""What is said about a card when the pointer rests on it."""

from __future__ import annotations

from html import escape

from ...net.analysis import Analysis, Row
from ...net.field import Field
from ...net.fold import GroupRow, path_of
from ...net.kinds import kind
from ...net.refusal import refusal
from ...net.repair import repairs
from ...text import _
from ..meeting import meets
from ..paint import counts
from ..paint.counts import figures, grouped


def card_tip(row: Row, rows: Analysis) -> str:
    """Rich text: what the layer does, what it gives, what is wrong."""
    head = f"<b>{escape(row.node.type)}</b> · {escape(row.id)}"
    parts = [head, escape(_(type(row.node.layer).__doc__ or ""))]
    if row.problem is not None:
        words = escape(rows.reason(row.id))
        cause = rows.cause(row.id)
        if cause is not row and cause.problem is not None:
            words += f"<br>{escape(cause.id)}: {escape(cause.problem.text)}"
        if arithmetic := refusal(cause):
            words += f"<br>{escape(figures(arithmetic))}"
        parts.append(f"⚠ {words}")
        if offered := repairs(rows, row.id, most=1):
            parts.append(escape(_("Right-click to mend it: {repair} …").format(repair=offered[0].text)))
    parts += [escape(line) for line in (*_numbers(row), *meets(rows, row.id))]
    return "<p style='margin:0'>" + "</p><p style='margin:4px 0 0 0'>".join(parts) + "</p>"


def group_tip(row: GroupRow, base: Analysis, reason: str, open: bool = False) -> str:
    """The same of a group, folded or (`open`) not: what it is, what it holds, what is wrong in it."""
    path = path_of(row.id)
    of = " · ".join(filter(None, (kind(base.graph, path), row.node.layer.brief)))
    parts = [f"<b>{escape(path)}</b> · {escape(of)}"]
    if row.problem is not None:
        parts.append(f"⚠ {escape(reason)}")
    parts += [escape(line) for line in _numbers(row)]
    parts.append(escape(_("The sign folds it, the name moves it.") if open else _("Double-click or Enter unfolds it.")))
    return "<p style='margin:0'>" + "</p><p style='margin:4px 0 0 0'>".join(parts) + "</p>"


def plain_tip(row: Row) -> str:
    """The same in short, for a screen reader."""
    words = [f"{row.id}: {row.node.type}", *_numbers(row)]
    if row.problem is not None:
        words.append(row.problem.text)
    return ". ".join(words)


def _numbers(row: Row) -> list[str]:
    if row.out is None:
        return []
    lines = [_("Output {shape}").format(shape=counts.shape(row.out))]
    if row.params:
        lines.append(_("{n} parameters").format(n=grouped(row.params)))
    if row.node.weights:
        lines.append(_("Weights of {node}").format(node=row.node.weights))
    if row.macs:
        lines.append(_("{n} multiply-adds").format(n=grouped(row.macs)))
    if row.field is None:
        lines.append(_("What its units see is not known") if row.blind else _("Every unit sees the whole picture"))
    else:
        lines.append(_field(row.field))
    return lines


def _field(field: Field) -> str:
    text = (
        _("Receptive field {size}, step {step}") if field.step else _("Receptive field {size}, the same for all units")
    )
    return text.format(size="×".join(map(str, field.size)), step=field.step)
