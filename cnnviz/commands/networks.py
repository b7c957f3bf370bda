"""`cnnviz networks`: the presets."""

from __future__ import annotations

import argparse
import json

from ..net.presets import preset, presets
from ..text import grouped
from .table import aligned


def run(args: argparse.Namespace) -> int:
    """Print them; gives 0."""
    found = [(net, net.analyze()) for net in map(preset, presets())]
    shapes = [rows[rows.input.id].out if rows.input else None for _, rows in found]
    if args.json:
        entries = [
            {"name": n.name, "title": n.title, "input": list(s or ()), "params": rows.params, "macs": rows.macs}
            for (n, rows), s in zip(found, shapes, strict=True)
        ]
        print(json.dumps(entries, ensure_ascii=False))
        return 0
    lines = [
        (n.name, n.title, grouped(*s or ()), grouped(rows.params), grouped(rows.macs))
        for (n, rows), s in zip(found, shapes, strict=True)
    ]
    print(aligned([("name", "title", "input", "parameters", "MACs"), *lines], right=(3, 4)))
    return 0
