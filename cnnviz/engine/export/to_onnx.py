"""A network as an ONNX file, by torch's own exporter, for batches of any size."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...net.analysis import Analysis
from ...net.files import settings
from ...text import _, grouped
from ..build import Net
from .expressible import KEPT, expressible
from .verify import inputs

INPUT = "cnnviz.input"
"""The key of an ONNX file's metadata under which its Input stands."""
GROUPS = "cnnviz.groups"
"""That under which the groups of its layers stand, by id."""
LARGEST = 2**31 - 2**20  # bytes: what protobuf can hold, less what is not weights
Array = NDArray[np.float32]


class ExportError(ValueError):
    """The network cannot be written in this form; the message is a sentence that says why."""


def to_onnx(net: Net, rows: Analysis) -> bytes:
    """The contents of an .onnx file whose input is `image` and whose output is `output`. Raises ExportError."""
    for r in rows.problems:
        assert r.problem is not None
        raise ExportError(f"{r.id}: {r.problem.text}")
    size = sum(t.numel() * t.element_size() for t in net.state_dict().values())
    if size > LARGEST:
        text = _("An ONNX file holds at most 2 GB, but the weights take {size} MB. Export the network as python.")
        raise ExportError(text.format(size=grouped(size >> 20)))
    from onnxscript import optimizer

    batch = torch.export.Dim("batch")
    was = net.training
    net.eval()
    try:
        with _quiet():
            made = torch.onnx.export(
                expressible(net),
                (inputs(rows)[0],),
                dynamo=True,
                external_data=False,
                optimize=False,  # it would melt batch normalisation into convolutions
                verbose=False,
                input_names=["image"],
                output_names=["output"],
                dynamic_shapes=({0: batch},),
            )
            assert made is not None
            optimizer.fold_constants(made.model)
            optimizer.remove_unused_nodes(made.model)
    except (RuntimeError, torch.onnx.errors.OnnxExporterError) as e:
        cause: BaseException = e
        while cause.__cause__ is not None:
            cause = cause.__cause__
        why = " ".join(str(cause).split())[:200].rstrip(".")
        raise ExportError(_("torch cannot write this network as ONNX: {why}.").format(why=why)) from e
    finally:
        net.train(was)
    model = made.model_proto
    model.graph.name = "network"
    _restore(model)
    _drop_empty_biases(model.graph)
    model.metadata_props.add(key=INPUT, value=_entry(rows))
    groups = {n.id: n.group for n in rows.graph if n.group}
    if groups:
        model.metadata_props.add(key=GROUPS, value=json.dumps(groups))
    contents: bytes = model.SerializeToString()
    return contents


def _entry(rows: Analysis) -> str:
    """The Input as a network file has it: ONNX knows its sizes, but not how a picture is normalised."""
    node = rows.input
    if node is None:
        return ""
    return json.dumps({"type": node.type, "settings": settings(node.layer)})


def _restore(model: Any) -> None:
    """Give back their names to operators that were kept from being worked out."""
    for node in model.graph.node:
        node.domain = "" if node.domain == KEPT else node.domain
    for version in [v for v in model.opset_import if v.domain == KEPT]:
        model.opset_import.remove(version)


def _drop_empty_biases(graph: Any) -> None:
    """Leave out the zeros that the exporter gives to a convolution or a product without a bias."""
    from onnx import numpy_helper

    tensors = {t.name: t for t in graph.initializer}
    for node in graph.node:
        if node.op_type in ("Conv", "ConvTranspose", "Gemm") and len(node.input) == 3:
            name = node.input[2]
            tensor = tensors.get(name)
            own = name.endswith(".bias")
            if tensor is not None and not own and not numpy_helper.to_array(tensor).any():
                del node.input[2]
    used = {i for n in graph.node for i in n.input} | {o.name for o in graph.output}
    kept = [t for t in graph.initializer if t.name in used]
    if len(kept) < len(graph.initializer):
        del graph.initializer[:]
        graph.initializer.extend(kept)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """torch's exporter talks about its steps, its fallbacks and its own deprecations."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")]
    levels = [log.level for log in loggers]
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for log in loggers:
            log.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for log, level in zip(loggers, levels, strict=True):
                log.setLevel(level)


def runner(contents: bytes) -> Callable[[Array], Array]:
    """What runs an ONNX file of one input and one output in onnxruntime on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = max(1, torch.get_num_threads())
    session = onnxruntime.InferenceSession(contents, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(x: Array) -> Array:
        out: Array = session.run(None, {name: x})[0]
        return out

    return run
