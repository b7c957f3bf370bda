"""What does not depend on the picture is worked out when the file is opened: constants, and arithmetic on shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...text import _
from .file import Array, File, Operator, line

LARGEST = 2**27  # values of one result
GROWING = ("ConstantOfShape", "Expand", "Tile", "Range", "Resize", "Upsample", "Pad", "OneHot")
RANDOM = ("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli")


def is_constant(file: File, operator: Operator) -> bool:
    """Whether all that an operator reads is known."""
    return operator.kind not in RANDOM and all(not i or file.is_tensor(i) for i in operator.inputs)


def fold(file: File, operator: Operator) -> None:
    """Work the operator out and keep its outputs as constants. Raises OnnxError."""
    values = [file.constant(i) if i else None for i in operator.inputs]
    if operator.kind in GROWING and _size(operator, values) > LARGEST:
        raise file.error(operator.place, _("It makes a constant that is too large."))
    for name, value in zip(operator.outputs, _run(file, operator, values), strict=False):
        file.constants[name] = np.asarray(value)


def _size(operator: Operator, values: list[Array | None]) -> float:
    """How many values come out, at most."""
    had = float(values[0].size) if values and values[0] is not None else 1.0
    if operator.kind in ("ConstantOfShape", "Expand"):
        shape = values[-1] if values else None
        made = float(np.prod(np.asarray(shape, np.float64))) if shape is not None and shape.size < 16 else 1.0
        return made * (had if operator.kind == "Expand" else 1.0)
    if operator.kind == "Tile":
        repeats = values[1] if len(values) > 1 else None
        return had * float(np.prod(np.asarray(repeats, np.float64))) if repeats is not None else had
    if operator.kind == "Range" and len(values) == 3 and all(v is not None and v.size == 1 for v in values):
        start, stop, step = (float(np.asarray(v).reshape(())) for v in values)
        return abs(stop - start) / max(abs(step), 1e-9)
    return float("inf") if operator.kind != "Range" else 0.0


def _run(file: File, operator: Operator, values: list[Array | None]) -> list[Any]:
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    node = next(n for n in file.model.graph.node if tuple(n.output) == operator.outputs)
    used = {n: v for n, v in zip(operator.inputs, values, strict=True) if n and v is not None}
    inputs = [
        helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in used.items()
    ]
    outputs = [helper.make_empty_tensor_value_info(n) for n in operator.outputs if n]
    try:
        graph = helper.make_graph([node], "constant", inputs, outputs)
        model = helper.make_model(graph, opset_imports=file.model.opset_import)
        return list(ReferenceEvaluator(model).run(None, used))
    except Exception as e:  # of whatever the file holds
        raise file.error(operator.place, _("It cannot be worked out ({why}).").format(why=line(e))) from e
