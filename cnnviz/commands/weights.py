"""Which weights a command takes, and a net that has them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..cli import CommandError
from ..net.analysis import Analysis
from ..net.files import weights_beside
from ..net.plan import Plan
from ..net.presets import is_model, presets
from ..text import _
from .opening import Opened, placed

if TYPE_CHECKING:
    from ..engine.build import Net

VISION = "torchvision:"
FILES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
"""Endings of weights files."""


def pretrained(args: argparse.Namespace) -> str:
    """The name of torchvision's weights that --weights means, such as DEFAULT; empty where it means a file or none."""
    given = args.weights or ""
    is_file = given.endswith(FILES) or Path(given).exists()
    return given if args.net.startswith(VISION) and not is_file else ""


def chosen(args: argparse.Namespace) -> Path | None:
    """The file that is meant by --weights, or that lies beside the network file; None: none."""
    if pretrained(args):
        return None
    if args.weights is None:
        if args.net in presets() or is_model(args.net):
            return None
        beside = weights_beside(args.net)
        return beside if beside.is_file() else None
    path = Path(args.weights)
    return path / "weights" / "last.safetensors" if path.is_dir() else path


def source(args: argparse.Namespace) -> str:
    """Where the weights come from, for a person."""
    if args.net.startswith(VISION):
        return pretrained(args) or str(chosen(args) or _("an untrained network"))
    return str(chosen(args) or (args.net if is_model(args.net) else _("an untrained network")))


def weighted(given: Opened, rows: Analysis, plan: Plan, weights: Path | None) -> Net:
    """The net in evaluation mode, with the weights of this file, else those that it has.

    Raises CommandError where they do not fit, and where the net does not fit into memory.
    """
    from ..engine import memory

    try:
        memory.check(rows, 2)  # itself, and the file's weights or what runs beside it
    except MemoryError as error:
        raise CommandError(placed(given.name, error)) from error
    net = given.net(rows, plan).eval()
    take(net, weights)
    return net


def take(net: Net, weights: Path | None) -> None:
    """Copy the weights of this file into the net, each by its name. Raises CommandError where they do not fit."""
    from ..engine.foreign.checkpoint import CheckpointError, match, read

    if weights is None:
        return
    ours = net.state_dict()
    try:
        found = match(read(weights), ours)
    except CheckpointError as error:
        raise CommandError(str(error)) from error
    named = {m.ours for m in found.matches if m.how == "name"}
    lost = [*(m.ours for m in found.matches if m.how != "name"), *(o.name for o in found.missing)]
    if lost:
        nodes = tuple(dict.fromkeys(name.partition(".")[0] for name in ours if name in lost))
        text = _("{file} has no weights that fit {nodes}. {why} Give the weights of this network.")
        wrong = next((o.why for o in found.left if o.why.startswith(f"{nodes[0]}.")), "")
        said = text.format(file=weights, nodes=_few(nodes), why=wrong)
        raise CommandError(" ".join(said.split()))
    net.load_state_dict({k: v for k, v in found.state.items() if k in named}, strict=False)


def _few(ids: tuple[str, ...]) -> str:
    return ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
