"""`cnnviz summary NET`: the table of a network."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ..cli import CommandError
from ..net.analysis import Analysis, Row, trainable
from ..text import _, grouped
from .opening import opened
from .table import aligned

FINE = ("net.no_weights", "net.ends")  # cannot be trained, but nothing is wrong with the table


def run(args: argparse.Namespace) -> int:
    """Print the table; gives 0. Raises CommandError, after printing, where the network is broken."""
    given = opened(args.net, args.input)
    net, notes = given.network, given.model.notes if given.model is not None else ()
    rows = net.analyze()
    if args.compare:
        return _beside(args, net.name, rows)
    print(json.dumps(as_json(net.name, rows), ensure_ascii=False) if args.json else as_text(net.name, rows, notes))
    _must_fit(args.net, rows)
    return 0


def _beside(args: argparse.Namespace, name: str, rows: Analysis) -> int:
    """Print two networks side by side."""
    from . import compare

    other = opened(args.compare, args.input).network
    there = other.analyze()
    if args.json:
        beside = {"left": as_json(name, rows), "right": as_json(other.name, there)}
        print(json.dumps(beside | compare.as_json(rows, there), ensure_ascii=False))
    else:
        print(compare.as_text(name, rows, other.name, there))
    _must_fit(args.net, rows)
    _must_fit(args.compare, there)
    return 0


def _must_fit(name: str, rows: Analysis) -> None:
    """Raise CommandError where the network is broken."""
    problem = trainable(rows)
    if problem is not None and problem.code not in FINE:
        more = len(rows.problems) - 1
        rest = " " + _("(and {count} more)").format(count=more) if more > 0 else ""
        raise CommandError(f"{name}: {problem.text}{rest}")


def as_json(name: str, rows: Analysis) -> dict[str, Any]:
    """The whole table; lengths in pixels, memory in bytes for one picture."""
    first = rows.input
    out = rows[first.id].out if first else None
    return {
        "network": name,
        "input": list(out) if out else None,
        "layers": [_layer(r, rows.reason(r.id)) for r in rows.values()],
        "totals": {
            "params": rows.params,
            "fixed": rows.fixed,
            **({"frozen": rows.frozen} if rows.frozen else {}),
            "macs": rows.macs,
            "connections": rows.connections,
            **({"uncosted": list(rows.uncosted)} if rows.uncosted else {}),
            "activation_bytes": rows.activation_bytes,
        },
    }


def _layer(r: Row, reason: str) -> dict[str, Any]:
    field = r.field
    return {
        "id": r.id,
        "type": r.node.type,
        "group": r.node.group,
        **({"weights": r.node.weights} if r.node.weights else {}),
        "out": list(r.out) if r.out else None,
        "params": r.params,
        "fixed": r.fixed,
        "macs": r.macs if r.costed else None,
        "connections": r.connections if r.costed else None,
        "activation_bytes": r.activation_bytes,
        "receptive_field": field
        and {
            "size": list(field.size),
            "stride": list(field.stride),
            "padding": list(field.padding),
            "aligned": field.aligned,
        },
        "problem": {"code": r.problem.code, "text": reason} if r.problem else None,
    }


def as_text(name: str, rows: Analysis, notes: tuple[str, ...] = ()) -> str:
    """The table for a person; what is wrong stands below it, by layer, and so does what else there is to say."""
    head = (_("layer"), _("type"), _("output"), _("parameters"), _("MACs"), _("memory"), _("receptive field"))
    lines = [line(r, rows) for r in rows.values()]
    macs = grouped(rows.macs) + (" + ?" if rows.uncosted else "")
    total = (_("total"), "", "", grouped(rows.params), macs, _size(rows.activation_bytes), "")
    table = aligned([head, *lines, total], right=(3, 4, 5)).split("\n")
    rule = "─" * max(map(len, table))
    said = [f"{r.id}: {r.problem.text}" for r in rows.problems if r.problem]
    if rows.frozen:
        text = _("Of the parameters {n} are trained, {frozen} are frozen.")
        said.append(text.format(n=grouped(rows.params - rows.frozen), frozen=grouped(rows.frozen)))
    if rows.uncosted:
        said.append(_("Layers whose cost is not known: {count}.").format(count=len(rows.uncosted)))
    said += notes
    return "\n".join([name, "", table[0], rule, *table[1:-1], rule, table[-1], *([""] if said else []), *said])


def line(r: Row, rows: Analysis) -> tuple[str, ...]:
    """What a row says, by column."""
    if r.problem is not None:
        why = _("waits for {id}").format(id=rows.cause(r.id).id) if r.problem.code == "waits" else _("does not fit")
        return r.id, r.node.type, why, "–", "–", "–", ""
    return (
        r.id,
        _typed(r),
        grouped(*r.out or ()),
        grouped(r.params),
        grouped(r.macs) if r.costed else _("unknown"),
        _size(r.activation_bytes),
        _field(r, rows),
    )


def _typed(r: Row) -> str:
    if r.node.weights:
        return f"{r.node.type} ({_('weights of {node}').format(node=r.node.weights)})"
    return r.node.type if r.costed else f"{r.node.type} ({r.node.layer.brief})"


def _field(r: Row, rows: Analysis) -> str:
    f = r.field
    if f is None:
        return _("unknown") if r.blind else _("whole picture")
    picture = (rows[rows.input.id].out or ()) if rows.input else ()
    if len(picture) == 3 and f.covers(*picture[1:]):
        return _("whole picture")
    text = _("{height}×{width}, every {stride}") if f.step else _("{height}×{width}, the same for all")
    text = text.format(height=f.size[0], width=f.size[1], stride=f.step)
    return text if f.aligned else text + " " + _("(misaligned)")


def _size(count: int) -> str:
    for unit in ("B", "KB", "MB", "GB"):  # of 1,024, as the table in the window
        if count < 1024:
            return f"{count:,} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024  # type: ignore[assignment]
    return f"{count:,.1f} TB"
