"""`cnnviz export NET`: the network in another form, run beside the network before it is kept."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..cli import CommandError
from ..net.analysis import Analysis, unsound
from ..net.files import dump, replace_file
from ..net.network import Network
from ..net.presets import is_model, load
from ..text import _
from .summary import placed
from .weights import chosen, weighted

if TYPE_CHECKING:
    from ..engine.foreign.imported import Imported


def run(args: argparse.Namespace) -> int:
    """Write and verify; gives 0. Raises CommandError."""
    made = _model(args) if is_model(args.net) else None
    network = made.network if made is not None else load(args.net)
    rows = network.analyze()
    if args.to == "json":
        replace_file(args.out, dump(network).encode("utf-8", "backslashreplace"))
        return _said(_("{net} is a network file in {file}."), args)
    if why := unsound(rows):
        raise CommandError(f"{args.net}: {why}")
    if args.to in ("svg", "png"):
        return _drawn(network, rows, args)
    return _exported(args, network, rows, made)


def _model(args: argparse.Namespace) -> Imported:
    """What a model is as a network, with its weights. Raises CommandError."""
    from ..engine.foreign.models import ERRORS, load_model

    try:
        return load_model(args.net, weights=args.weights or "")
    except ERRORS as error:
        raise CommandError(placed(args.net, error)) from error


def _exported(args: argparse.Namespace, network: Network, rows: Analysis, made: Imported | None) -> int:
    import torch

    from ..engine.device import threads
    from ..engine.export.job import FORMS, Job
    from ..engine.export.to_onnx import ExportError

    torch.set_num_threads(threads())
    used = Path(args.net) if made is not None else chosen(args)
    net = made.net().eval() if made is not None else weighted(rows, network.plan, used)
    path = Path(args.out)
    job = Job(network.title or network.name, rows, net, path.name, used is not None, used)
    try:
        export = FORMS[args.to](job)
        export.files(path)  # what is in the way is said before it takes long
        found = export.verify()
        if not export.agrees(found):
            text = _("What was exported gives other numbers than the network: they differ by up to {difference:g}.")
            raise ExportError(text.format(difference=found.difference))
        _path, *beside = export.write(path)
    except ExportError as e:
        raise CommandError(f"{args.net}: {e}") from None
    text = _("{net} is written to {file}; on random inputs it differs from the network by at most {difference:g}.")
    if beside:
        text = _(
            "{net} is written to {file}, its weights to {beside}; on random inputs it differs from the network by at "
            "most {difference:g}."
        )
    return _said(text, args, beside=beside[0] if beside else path, difference=found.difference)


def _drawn(network: Network, rows: Analysis, args: argparse.Namespace) -> int:
    from ..net.drawing.svg import svg

    text = svg(rows, network.title or network.name)
    if args.to == "svg":
        replace_file(args.out, text.encode("utf-8"))
    else:
        from ..gui.paint.raster import png

        replace_file(args.out, png(text))
    return _said(_("{net} is drawn in {file}."), args)


def _said(text: str, args: argparse.Namespace, **more: object) -> int:
    print(text.format(net=args.net, file=args.out, **more))
    return 0
