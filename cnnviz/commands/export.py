"""`cnnviz export NET`: the network in another form, run beside the network before it is kept."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..cli import CommandError
from ..net.analysis import Analysis
from ..net.files import SUFFIX, dump, replace_file
from ..net.network import Network
from ..net.presets import is_model, load
from ..text import _, grouped
from .summary import placed
from .weights import chosen, weighted

if TYPE_CHECKING:
    from ..engine.build import Net
    from ..engine.export.verify import Verified
    from ..engine.foreign.imported import Imported

CLOSE = 1e-4  # of outputs of about 1: what other orders of summation may make of float32


def run(args: argparse.Namespace) -> int:
    """Write and verify; gives 0. Raises CommandError."""
    made = _model(args) if is_model(args.net) else None
    network = made.network if made is not None else load(args.net)
    rows = network.analyze()
    if args.to == "json":
        replace_file(args.out, dump(network).encode("utf-8", "backslashreplace"))
        return _said(_("{net} is a network file in {file}."), args)
    refuse(args.net, rows)
    if args.to in ("svg", "png"):
        return _drawn(network, rows, args)
    weights = Path(args.net) if made is not None else chosen(args)
    import torch

    from ..engine.device import threads

    torch.set_num_threads(threads())
    net = made.net().eval() if made is not None else weighted(rows, network.plan, weights)
    way: Callable[[_Job], int] = {"python": _python, "onnx": _onnx, "keras": _keras}[args.to]
    return way(_Job(args, network, rows, net, weights))


def _model(args: argparse.Namespace) -> Imported:
    """What a model is as a network, with its weights. Raises CommandError."""
    from ..engine.foreign.models import ERRORS, load_model

    try:
        return load_model(args.net, weights=args.weights or "")
    except ERRORS as error:
        raise CommandError(placed(args.net, error)) from error


def refuse(name: str, rows: Analysis) -> None:
    """Raise CommandError where the network does not fit together, naming the layer."""
    if not len(rows):
        raise CommandError(_("{net}: The network is empty.").format(net=name))
    for row in rows.problems:
        assert row.problem is not None
        raise CommandError(f"{name}: {row.id}: {row.problem.text}")


class _Job:
    """What is exported, and where to."""

    def __init__(self, args: argparse.Namespace, network: Network, rows: Analysis, net: Net, weights: Path | None):
        self.args, self.network, self.rows, self.net, self.weights = args, network, rows, net, weights

    @property
    def beside(self) -> Path:
        """Where the weights of exported code lie. Raises CommandError where others lie there."""
        path = Path(self.args.out).with_suffix(".safetensors")
        if self.weights is not None and (path == self.weights or path.with_suffix(SUFFIX).exists()):
            text = _("{file} holds the weights of a network file. Choose another name than {out}.")
            raise CommandError(text.format(file=path, out=self.args.out))
        return path

    def about(self, call: str) -> list[str]:
        """What exported code says of itself."""
        title = self.network.title or self.network.name
        lines = [
            _("{title}, written by cnnviz: {count} parameters.").format(title=title, count=grouped(self.rows.params))
        ]
        if self.weights is not None:
            lines += ["", _("With its weights:"), "", *(f"    {line}" for line in call.splitlines())]
        return lines


def _python(job: _Job) -> int:
    from ..engine.export.python import code
    from ..engine.export.verify import verify
    from ..engine.history import write_weights

    beside = job.beside if job.weights is not None else None
    name = beside.name if beside is not None else ""
    how = f"from safetensors.torch import load_file\nnet = Net()\nnet.load_state_dict(load_file({name!r}))\nnet.eval()"
    try:
        made = code(job.rows, about=job.about(how))
    except ValueError as e:
        raise CommandError(f"{job.args.net}: {e}") from None
    found = _close(job.args.net, verify(job.net, job.rows, made), 0.0)
    if beside is not None:
        write_weights(beside, made.state(job.net.state_dict()))
    replace_file(job.args.out, made.text.encode("utf-8"))
    return _verified(job.args, found, beside)


def _onnx(job: _Job) -> int:
    from ..engine.export.to_onnx import ExportError, to_onnx
    from ..engine.export.verify import verify

    try:
        contents = to_onnx(job.net, job.rows)
    except ExportError as e:
        raise CommandError(f"{job.args.net}: {e}") from None
    found = _close(job.args.net, verify(job.net, job.rows, contents), CLOSE)
    replace_file(job.args.out, contents)
    return _verified(job.args, found)


def _keras(job: _Job) -> int:
    from ..engine.export.to_keras import to_keras, verify_keras
    from ..engine.export.to_onnx import ExportError

    beside = Path(job.args.out).with_suffix(".weights.h5") if job.weights is not None else None
    name = beside.name if beside is not None else ""
    try:
        made = to_keras(job.net, job.rows, tuple(job.about(f"model.load_weights({name!r})")))
        found = _close(job.args.net, verify_keras(job.net, job.rows, made, beside), CLOSE)
    except ExportError as e:
        raise CommandError(f"{job.args.net}: {e}") from None
    replace_file(job.args.out, made.text.encode("utf-8"))
    return _verified(job.args, found, beside)


def _drawn(network: Network, rows: Analysis, args: argparse.Namespace) -> int:
    from ..engine.export.svg import svg

    text = svg(rows, network.title or network.name)
    if args.to == "svg":
        replace_file(args.out, text.encode("utf-8"))
    else:
        from ..gui.paint.raster import png

        replace_file(args.out, png(text))
    return _said(_("{net} is drawn in {file}."), args)


def _close(name: str, found: Verified, tolerance: float) -> Verified:
    if found.within(tolerance):
        return found
    text = _("{net}: What was exported gives other numbers than the network: they differ by up to {difference:g}.")
    raise CommandError(text.format(net=name, difference=found.difference))


def _verified(args: argparse.Namespace, found: Verified, beside: Path | None = None) -> int:
    text = _("{net} is written to {file}; on random inputs it differs from the network by at most {difference:g}.")
    if beside is not None:
        text = _(
            "{net} is written to {file}, its weights to {beside}; on random inputs it differs from the network by at "
            "most {difference:g}."
        )
    return _said(text, args, beside=beside, difference=found.difference)


def _said(text: str, args: argparse.Namespace, **more: object) -> int:
    print(text.format(net=args.net, file=args.out, **more))
    return 0
