"""`cnnviz export NET`: the network in another form, run beside the network before it is kept."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from ..cli import CommandError
from ..net.analysis import Analysis, unsound
from ..net.files import dump, placed, replace_file, weights_beside
from ..net.network import Network
from ..text import _, grouped
from .opening import Opened, note, opened
from .weights import chosen, pretrained, weighted


def run(args: argparse.Namespace) -> int:
    """Write and verify; gives 0. Raises CommandError."""
    if args.to == "tensorboard":
        return _events(args)
    given = opened(args.net, args.input, pretrained(args))
    network = given.network
    rows = network.analyze()
    if args.to == "json":
        return _kept(args, given, rows)
    if why := unsound(rows):
        raise CommandError(f"{args.net}: {why}")
    if args.to in ("svg", "png"):
        return _drawn(network, rows, args)
    return _exported(args, given, rows)


def _kept(args: argparse.Namespace, given: Opened, rows: Analysis) -> int:
    """A network file, with the weights beside it where there are any: a model's own, or a file's."""
    network, weights = given.network, chosen(args)
    if given.model is not None:
        network = replace(network, graph=placed(network.graph))
    if (given.model is not None or weights is not None) and not unsound(rows):
        from ..engine.record.weights import write_weights

        state = weighted(given, rows, network.plan, args).state_dict()
        write_weights(weights_beside(args.out), {name: value.clone() for name, value in state.items()})
    replace_file(args.out, dump(network).encode("utf-8", "backslashreplace"))
    return _said(_("{net} is a network file in {file}."), args)


def _exported(args: argparse.Namespace, given: Opened, rows: Analysis) -> int:
    import torch

    from ..engine.device import threads
    from ..engine.export.job import FORMS, Job
    from ..engine.export.to_onnx import ExportError

    torch.set_num_threads(threads())
    used, network = chosen(args), given.network
    net = weighted(given, rows, network.plan, args)
    path = Path(args.out)
    along = used is not None or given.model is not None
    job = Job(network.title or network.name, rows, net, path.name, along, used)
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
    note(given)
    text = _("{net} is written to {file}; on random inputs it differs from the network by at most {difference:g}.")
    if beside:
        text = _(
            "{net} is written to {file}, its weights to {beside}; on random inputs it differs from the network by at "
            "most {difference:g}."
        )
    if not found.telling:
        text += " " + _("That says little: with these weights its output is nearly the same for all inputs.")
    return _said(text, args, beside=beside[0] if beside else path, difference=found.difference)


def _events(args: argparse.Namespace) -> int:
    """A run's event files."""
    from ..engine import data
    from ..engine.export.events import write_events
    from ..engine.export.to_onnx import ExportError

    try:
        told = write_events(args.net, args.out, lambda plan, layer: data.load(plan.data, plan.data_dir, layer, plan))
    except ExportError as e:
        raise CommandError(str(e)) from None
    text = _(
        "{net} is written to {file}: curves of {scalars} steps, histograms of {histograms}, filters and maps of "
        "{pictures}. Look at it with: tensorboard --logdir {file}"
    )
    counts = {"scalars": told.scalars, "histograms": told.histograms, "pictures": told.pictures}
    if told.without:
        print(f"cnnviz: {told.without}", file=sys.stderr)
    return _said(text, args, **{name: grouped(n) for name, n in counts.items()})


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
