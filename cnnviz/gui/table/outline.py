"""The lines of the table: a folded group is one row, the subtotals of an open one stand above its layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ...net.analysis import Analysis, Row
from ...net.fold import GroupRow, path_of, subtotals
from ...net.graph import paths


class OpenRow(GroupRow):
    """The subtotals of a group whose layers follow; totals do not count it a second time."""

    __slots__ = ()


@dataclass(frozen=True)
class Outline:
    """Lines from the top, how deep each is indented, and why some give nothing."""

    rows: list[Row]
    depths: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


def outline(view: Analysis, base: Analysis) -> Outline:
    """The lines for these cards; `base`: the network's own rows."""
    reasons = view.reasons()
    if not view.graph.grouped:
        return Outline([*view.values()], {}, reasons)
    closed, under = base.graph.closed, dict[str, list[Row | str]]({"": []})
    for row in view.values():
        at = ""
        for path in paths(row.node.group):
            if path in closed:
                if path not in under:
                    under[path] = []
                    under[at].append(path)
                at = path
        under[at].append(row)
    rows: list[Row] = []
    depths: dict[str, int] = {}
    for row, depth in _flat(under, "", 0, base):
        rows.append(row)
        depths[row.id] = depth
        if isinstance(row, OpenRow) and row.problem is not None:
            reasons[row.id] = row.problem.text
    return Outline(rows, depths, reasons)


def _flat(under: dict[str, list[Row | str]], path: str, depth: int, base: Analysis) -> Iterator[tuple[Row, int]]:
    for line in under[path]:
        if isinstance(line, Row):
            yield line, depth
        else:
            yield OpenRow(*subtotals(base, line)), depth
            yield from _flat(under, line, depth + 1, base)


def depths(rows: Iterable[Row]) -> list[int]:
    """How deep each of these lines lies below subtotals that are among them."""
    rows = list(rows)
    opened = {path_of(r.id) for r in rows if isinstance(r, OpenRow)}
    return [sum(p in opened for p in paths(r.node.group)) for r in rows]
