"""Whether a layer's values have a sign: what every picture of them takes its colours from."""

from __future__ import annotations

from ..net.analysis import Analysis
from ..net.layers import Source

PASSING = ("Pooling", "Regularisation", "Shape", "Merge")
"""Families whose outputs are negative only where their inputs are."""


def signed(rows: Analysis, id: str) -> bool:
    """Whether the node's values can be negative, as far as its layer and those before it tell."""
    waiting, seen = [id], set()
    while waiting:
        row = rows[waiting.pop()]
        if row.id in seen:
            continue
        seen.add(row.id)
        layer = row.node.layer
        if layer.family in PASSING and row.node.sources:
            waiting.extend(row.node.sources)
        elif isinstance(layer, Source):
            if max(layer.mean) > 0:
                return True
        elif layer.signed:
            return True
    return False
