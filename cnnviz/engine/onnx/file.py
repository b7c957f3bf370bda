"""An ONNX file, opened and checked: operators, constants, and who reads what."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...text import _, grouped

LARGEST = 2**31  # bytes; protobuf holds no more
MOST = 100_000  # operators
KINDS = {
    1: "float",
    2: "uint8",
    3: "int8",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    11: "double",
    16: "bfloat16",
}
Array = NDArray[Any]


class OnnxError(ValueError):
    """The file cannot be opened as a network; the message is one line that names the file, the place and the reason."""


@dataclass(frozen=True)
class Operator:
    """One node of the file."""

    kind: str
    name: str
    inputs: tuple[str, ...]  # empty where an optional one is left out
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    path: str = ""  # of the module that it came from, where the exporter says so
    module: str = ""  # the class of that module

    @property
    def place(self) -> str:
        """How a message calls it."""
        name = self.name or (self.outputs[0] if self.outputs else "")
        return f"{name} ({self.kind})"

    def get(self, name: str, usual: Any = None) -> Any:
        """An attribute, numbers as they were before they were float32."""
        value = self.attributes.get(name, usual)
        return short(value) if isinstance(value, float) else value


class File:
    """An ONNX file in memory."""

    def __init__(self, model: Any, name: str):
        self.model, self.name = model, name
        self.constants: dict[str, Array] = {}
        self._tensors = {t.name: t for t in model.graph.initializer}
        self.operators = [_operator(n) for n in model.graph.node]
        self.outputs = [o.name for o in model.graph.output]

    @cached_property
    def opset(self) -> int:
        """The version of the standard operators."""
        return max((o.version for o in self.model.opset_import if o.domain in ("", "ai.onnx")), default=1)

    @cached_property
    def readers(self) -> Counter[str]:
        """How often each value is read, the file's outputs counted; asking for its shape or kind is not reading."""
        unread = {"Shape": 0, "CastLike": 1}
        read = [i for o in self.operators for i in o.inputs[: unread.get(o.kind)]]
        return Counter(read + self.outputs)

    @cached_property
    def reading(self) -> dict[str, list[Operator]]:
        """The operators that read each value."""
        found: dict[str, list[Operator]] = {}
        for operator in self.operators:
            for i in operator.inputs:
                found.setdefault(i, []).append(operator)
        return found

    def constant(self, name: str) -> Array | None:
        """A value that does not depend on the picture; None for one that does."""
        if name not in self.constants and name in self._tensors:
            from onnx import numpy_helper

            try:
                self.constants[name] = numpy_helper.to_array(self._tensors[name])
            except Exception as e:
                raise self.error(name, _("Its values cannot be read ({why}).").format(why=line(e))) from e
        return self.constants.get(name)

    def is_tensor(self, name: str) -> bool:
        """Whether this is one of the file's weights or a number that was worked out from them."""
        return name in self._tensors or name in self.constants

    def error(self, place: str, what: str) -> OnnxError:
        """An error that names the file and the place."""
        return OnnxError(": ".join(p for p in (self.name, place, what) if p))


def read(path: str | Path) -> File:
    """The file, checked. Raises OnnxError."""
    path = Path(path)
    import onnx
    from google.protobuf.message import DecodeError

    try:
        size = path.stat().st_size
        if path.is_file() and size >= LARGEST:
            text = _("{name}: It has {size} MB; an ONNX file holds at most 2 GB.")
            raise OnnxError(text.format(name=path.name, size=grouped(size >> 20)))
        model = onnx.load(str(path))
    except OSError as e:
        raise OnnxError(f"{path.name}: {e.strerror or line(e)}.") from e
    except DecodeError as e:
        raise OnnxError(_("{name}: It is not an ONNX file, or a damaged one.").format(name=path.name)) from e
    except (onnx.checker.ValidationError, ValueError, RuntimeError) as e:
        text = _("{name}: Its weights cannot be read ({why}).")
        raise OnnxError(text.format(name=path.name, why=line(e))) from e
    if not model.graph.node and not model.graph.output:
        raise OnnxError(_("{name}: It is not an ONNX file, or an empty one.").format(name=path.name))
    if len(model.graph.node) > MOST:
        text = _("{name}: It has {count} operators; networks of up to {most} can be opened.")
        raise OnnxError(text.format(name=path.name, count=grouped(len(model.graph.node)), most=grouped(MOST)))
    file = File(model, path.name)
    _check(file)
    return file


def _check(file: File) -> None:
    """Raises OnnxError where an operator reads what is not there, or only later."""
    known = {i.name for i in file.model.graph.input} | {t.name for t in file.model.graph.initializer} | {""}
    known |= {t.values.name for t in file.model.graph.sparse_initializer}
    for operator in file.operators:
        for name in operator.inputs:
            if name not in known:
                text = _("It reads “{value}”, which nothing before it gives.")
                raise file.error(operator.place, text.format(value=name))
        known |= set(operator.outputs)
    for name in file.outputs:
        if name not in known:
            raise file.error("", _("Its output “{value}” is given by no operator.").format(value=name))


def _operator(node: Any) -> Operator:
    from onnx import helper

    attributes = {}
    for a in node.attribute:
        value = helper.get_attribute_value(a)
        attributes[a.name] = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    props = {p.key: p.value for p in node.metadata_props}
    scopes = _listed(props.get("pkg.torch.onnx.name_scopes", ""))
    classes = _listed(props.get("pkg.torch.onnx.class_hierarchy", ""))
    domain = "" if node.domain in ("", "ai.onnx") else node.domain + "."
    return Operator(
        domain + node.op_type,
        node.name,
        tuple(node.input),
        tuple(node.output),
        attributes,
        scopes[-2] if len(scopes) > 1 else "",
        classes[-2].rpartition(".")[2] if len(classes) > 1 else "",
    )


def _listed(text: str) -> list[str]:
    """A list of strings that torch's exporter wrote as Python."""
    try:
        value = ast.literal_eval(text) if text else []
    except (ValueError, SyntaxError):
        return []
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def short(value: float) -> float:
    """The shortest number that has the same float32: 0.0001, not 0.00009999999747378752."""
    return float(str(np.float32(value)))


def line(e: BaseException) -> str:
    """The first line of an error, without a full stop."""
    return next(iter(str(e).strip().splitlines()), type(e).__name__).strip().rstrip(".")[:200]
