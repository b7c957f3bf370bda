"""Which weights a command takes, and a net that has them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..cli import CommandError
from ..net.analysis import Analysis
from ..net.files import weights_beside
from ..net.plan import Plan
from ..net.presets import presets
from ..text import _

if TYPE_CHECKING:
    from ..engine.build import Net


def chosen(args: argparse.Namespace) -> Path | None:
    """The file that is meant by --weights, or that lies beside the network file; None: fresh weights."""
    if args.weights is None:
        if args.net in presets():
            return None
        beside = weights_beside(args.net)
        return beside if beside.is_file() else None
    path = Path(args.weights)
    return path / "weights" / "last.safetensors" if path.is_dir() else path


def weighted(rows: Analysis, plan: Plan, weights: Path | None) -> Net:
    """The net in evaluation mode, with these weights. Raises CommandError where they do not fit."""
    from ..engine.build import Net, fit_state
    from ..engine.history import read_weights

    net = Net(rows, plan).eval()
    if weights is not None:
        _kept, fresh = fit_state(net, read_weights(weights))
        if fresh:
            text = _("{file} has no weights that fit {nodes}. Give the weights of this network.")
            raise CommandError(text.format(file=weights, nodes=", ".join(fresh)))
    return net
