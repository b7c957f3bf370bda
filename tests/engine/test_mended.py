"""A network after the first repair offered is built and runs in torch."""

from __future__ import annotations

from math import prod
from random import Random

import pytest
import torch

import cnnviz
from cnnviz.engine.build import Net
from cnnviz.net.analysis import analyse
from cnnviz.net.presets import presets
from cnnviz.net.repair import remedies, repairs

from ..net.breaking import broken, other

WORK = 300_000_000
"""Multiply-adds, parameters and values of the networks that are run."""


def runs(name: str, seeds: range) -> int:
    """How many networks were run, each broken by one setting or by several mishaps and mended by one repair."""
    base = analyse(cnnviz.load(name).graph)
    count = 0
    for seed in seeds:
        luck = Random(f"{name} {seed}")
        once = seed % 2 == 0
        rows = analyse(other(luck, base.graph) if once else broken(luck, base.graph), base)
        if not rows.problems:
            continue
        after = (repairs(rows, rows.problems[0].id) if once else remedies(rows))[0].rows
        assert not after.problems, (name, seed)
        entry = after.input
        if entry is None or after.macs + 10 * after.params + sum(prod(r.out or ()) for r in after.values()) > WORK:
            continue
        x = torch.rand(1, *(after[entry.id].out or ()))
        seen: dict[str, torch.Tensor] = {}
        with torch.no_grad():
            Net(after).eval()(x, seen)
        for id, row in after.items():
            assert id not in seen or tuple(seen[id].shape[1:]) == row.out, (name, seed, id)
        count += 1
    return count


@pytest.mark.parametrize("name", presets())
def test_a_mended_network_runs(name: str) -> None:
    runs(name, range(6))


@pytest.mark.slow
def test_many_mended_networks_run() -> None:
    assert sum(runs(name, range(6, 30)) for name in presets()) > 200
