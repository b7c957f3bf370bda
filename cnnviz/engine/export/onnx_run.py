"""Writes a net as an ONNX file in a process of its own: `python -m cnnviz.engine.export.onnx_run FOLDER`.

While torch's exporter follows a net, it changes what every thread of its process does: a training beside it would fail.
"""

from __future__ import annotations

import pickle
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

from ...net.analysis import Analysis, analyse
from ...text import _
from ..build import Net
from . import apart
from .to_onnx import ExportError, to_onnx

NET, FILE, REFUSED = "net.pt", "net.onnx", "refused"


def to_onnx_apart(net: Net, rows: Analysis, go_on: Callable[[], bool]) -> bytes:
    """What `to_onnx` gives, made in another process. Raises ExportError, or Cancelled where `go_on` says no."""
    with tempfile.TemporaryDirectory(prefix="cnnviz-onnx-") as folder:
        room = Path(folder)
        try:
            torch.save((net, rows.graph), room / NET)
        except (pickle.PicklingError, AttributeError, TypeError) as e:
            text = _("A part of an imported model cannot be written as ONNX while the window is open: {why}")
            raise ExportError(text.format(why=e)) from e
        try:
            apart.run(["-m", __name__, folder], go_on)
        except apart.Failure as e:
            why = apart.last_line(str(e))
            raise ExportError(_("torch cannot write this network as ONNX: {why}.").format(why=why.rstrip("."))) from e
        if (room / REFUSED).exists():
            raise ExportError((room / REFUSED).read_text("utf-8"))
        return (room / FILE).read_bytes()


def main(folder: str) -> None:
    """FOLDER holds the net, and gets the ONNX file, or a sentence that says why there is none."""
    from .job import needs

    room = Path(folder)
    net, graph = torch.load(room / NET, weights_only=False)  # what to_onnx_apart has written just now
    try:
        with needs("onnx onnxscript onnxruntime"):
            contents = to_onnx(net, analyse(graph))
    except ExportError as e:
        (room / REFUSED).write_text(str(e), "utf-8")
    else:
        (room / FILE).write_bytes(contents)


if __name__ == "__main__":
    main(*sys.argv[1:])
