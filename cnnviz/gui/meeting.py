"""Where branches meet, in words: whose channels are stacked, and what is added to what."""

from __future__ import annotations

from ..net.analysis import Analysis
from ..net.branches import residual, stacked
from ..text import _, grouped


def meets(rows: Analysis, id: str) -> list[str]:
    """Sentences about a layer in which branches meet; none for others."""
    row = rows.get(id)
    if row is None:
        return []
    stack = [f"{_span(b.first, b.last)} {b.name}" for b in stacked(rows, id)]
    if stack:
        return [_("Channels: {branches}").format(branches=" · ".join(stack))]
    parts = dict(zip(residual(rows.graph, row.node), row.node.sources, strict=False))
    if "x" in parts:
        text = _("F(x) comes from {branch}; x is the block's input, {source}.")
        return [text.format(branch=parts["F(x)"], source=parts["x"])]
    if "W·x" in parts:
        text = _("F(x) comes from {branch}; W·x is the block's input, projected by {source}.")
        return [text.format(branch=parts["F(x)"], source=parts["W·x"])]
    return []


def _span(first: int, last: int) -> str:
    return grouped(first) if first == last else f"{grouped(first)}…{grouped(last)}"
