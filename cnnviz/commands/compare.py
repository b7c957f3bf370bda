"""`cnnviz summary NET --compare OTHER`: two networks side by side."""

from __future__ import annotations

from typing import Any

from ..net.analysis import Analysis, Row
from ..net.compare import DIFFERS, SAME, Line, Sums, compare, share
from ..text import _, grouped
from .summary import line
from .table import aligned


def as_json(left: Analysis, right: Analysis) -> dict[str, Any]:
    """The lines by the layers' ids, what differs, and by how much; differences are left minus right."""
    found = compare(left, right)
    names = "params", "macs", "activation_bytes"
    return {
        "lines": [
            {
                "left": x.left.id if x.left else None,
                "right": x.right.id if x.right else None,
                "same": x.same,
                "changed": list(x.changed),
                "difference": {name: getattr(x, name) for name in names},
            }
            for x in found.lines
        ],
        "totals": {name: _sums(getattr(found, name)) for name in names},
    }


def _sums(sums: Sums) -> dict[str, Any]:
    return {"left": sums.left, "right": sums.right, "difference": sums.difference, "change": sums.change}


def as_text(name: str, left: Analysis, other: str, right: Analysis) -> str:
    """The lines for a person, marked as `Line.mark` says, then the sums, and what the left one has more."""
    found = compare(left, right)
    side = _("output"), _("parameters"), _("MACs")
    head = (name, *side, "", other, *side, _("± parameters"), _("± MACs"))
    lines = [(*_side(x.left, left), x.mark, *_side(x.right, right), *_mores(x)) for x in found.lines]
    sums = (
        *(_("total"), "", grouped(found.params.left), grouped(found.macs.left), SAME if found.same else DIFFERS),
        *(_("total"), "", grouped(found.params.right), grouped(found.macs.right)),
        *(_more(found.params.difference) or "0", _more(found.macs.difference) or "0"),
    )
    shares = (*[""] * 9, share(found.params), share(found.macs))
    table = aligned([head, *lines, sums, shares], right=(2, 3, 7, 8, 9, 10)).split("\n")
    rule = "─" * max(map(len, table))
    said = [
        f"{called}: {r.id}: {r.problem.text}"
        for called, rows in ((name, left), (other, right))
        for r in rows.problems
        if r.problem
    ]
    return "\n".join([table[0], rule, *table[1:-2], rule, *table[-2:], *([""] if said else []), *said])


def _side(row: Row | None, rows: Analysis) -> tuple[str, str, str, str]:
    if row is None:
        return "", "", "", ""
    id, _type, out, params, macs, *_rest = line(row, rows)
    brief = row.node.layer.brief
    return (f"{id} {brief}" if brief else id), out, params, macs


def _mores(x: Line) -> tuple[str, str]:
    known = all(r is None or r.out is not None for r in (x.left, x.right))
    return (_more(x.params), _more(x.macs)) if known else ("", "")


def _more(n: int) -> str:
    return f"+{grouped(n)}" if n > 0 else f"−{grouped(-n)}" if n else ""
