"""An ONNX file as a network, with its weights."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from ...net.analysis import analyse
from ...net.draft import Draft
from ...net.graph import Graph, is_name
from ...net.layers import TYPES, Input, Source
from ...net.layout import tidy
from ...net.network import Network
from ...net.problems import Misfit
from ...text import _
from ..build import Net, State
from ..export.outline import identifier
from ..export.to_onnx import GROUPS, INPUT
from ..foreign.imported import Imported
from . import pointwise, products, shaping, windows  # they declare what operators become
from .file import KINDS, File, Operator, read
from .folding import fold, is_constant
from .network import Entry, Reader, Wire

USUAL = (3, 224, 224)  # what a picture's sizes are that a file leaves free
RULED = (pointwise, products, shaping, windows)


def from_onnx(path: str | Path, shape: tuple[int, ...] | None = None) -> Imported:
    """The network in this file, its weights under the network's names.

    shape: (channels, height, width) of the picture, for those that the file leaves free. Raises OnnxError.
    """
    file = read(path)
    reader = Reader(file)
    _enter(reader, shape)
    for operator in file.operators:
        if is_constant(file, operator):
            fold(file, operator)
        else:
            reader.apply(operator)
    ends = [reader.wires[o] for o in file.outputs if o in reader.wires]
    if not ends:
        raise file.error("", _("Its outputs do not depend on its input."))
    for name in file.outputs:
        found = reader.wires.get(name)
        if found is not None and found.view:
            raise file.error(name, _("Its axes are in another order than batch, channels, height, width."))
    return _network(reader, Path(path).stem, ends)


def _enter(reader: Reader, wanted: tuple[int, ...] | None) -> None:
    """Make the Input of the file's one input that is no weight."""
    file = reader.file
    inputs = [i for i in file.model.graph.input if not file.is_tensor(i.name)]
    if len(inputs) != 1:
        names = ", ".join(i.name for i in inputs) or "–"
        raise file.error(
            "", _("It has {count} inputs ({names}); one picture is needed.").format(count=len(inputs), names=names)
        )
    name, kind = inputs[0].name, inputs[0].type.tensor_type
    if kind.elem_type not in (1, 10, 11):
        text = _("Its values are {kind}; a picture's are float.")
        raise file.error(name, text.format(kind=KINDS.get(kind.elem_type, kind.elem_type)))
    sizes = [d.dim_value if d.WhichOneof("value") == "dim_value" else 0 for d in kind.shape.dim]
    reader.batch = sizes[0] if sizes and sizes[0] > 0 else reader.batch
    first = [o for o in file.operators if name in o.inputs]
    swapped = len(first) == 1 and first[0].kind == "Transpose" and first[0].get("perm") == [0, 3, 1, 2]
    if swapped and len(sizes) == 4:  # channels last, as TensorFlow has them
        sizes = [sizes[0], sizes[3], sizes[1], sizes[2]]
    if len(sizes) == 4 and min(sizes[1:]) < 1:
        given = wanted if wanted is not None and len(wanted) == 3 else USUAL
        sizes[1:] = [n if n > 0 else g for n, g in zip(sizes[1:], given, strict=True)]
        text = _("The file leaves the size of its picture free; it is {size} here. Another one: --input C,H,W.")
        reader.notes.append(text.format(size="×".join(map(str, sizes[1:]))))
    if len(sizes) not in (2, 4) or min(sizes[1:], default=0) < 1:
        shown = "×".join(str(n or "?") for n in sizes) or "–"
        text = _("Its sizes are {sizes}; needed are batch, channels, height and width.")
        raise file.error(name, text.format(sizes=shown))
    at = Operator("Input", name, (), (name,), {})
    if len(sizes) == 2:
        raise file.error(name, _("It takes vectors of {size}; needed is a picture.").format(size=sizes[1]))
    shape = (sizes[1], sizes[2], sizes[3])
    try:
        reader.entries.append(Entry(_source(file, shape), (), at, shape))
    except Misfit as error:  # larger than any picture
        raise file.error(name, str(error)) from None
    if swapped:
        reader.wires[name] = Wire(0, (*shape[1:], shape[0]), pointwise.LAST)
    else:
        reader.wires[name] = Wire(0, shape)


def _said(file: File, key: str) -> Any:
    """What one of our own files says of itself under this key; None in the files of others."""
    try:
        return json.loads(next((p.value for p in file.model.metadata_props if p.key == key), "null"))
    except (ValueError, RecursionError):
        return None


def _source(file: File, shape: tuple[int, int, int]) -> Source:
    """The Input, as our own files say it, where that fits; ONNX has no words for how a picture is normalised."""
    entry = _said(file, INPUT)
    try:
        layer = TYPES[entry["type"]](**entry["settings"])
        if isinstance(layer, Source) and layer.out(()) == shape:
            return layer
    except (ValueError, KeyError, TypeError, OverflowError):
        pass  # there is none, or it is somebody else's
    return Input(shape[0], shape[1:])


def _network(reader: Reader, stem: str, ends: list[Wire]) -> Imported:
    draft, names = Draft(), dict[int, str]()
    homes: dict[tuple[str, ...], list[int]] = {}  # entries by the tensors of the file that are their weights
    needed = _needed(reader, ends)
    origin: dict[str, str] = {}
    said = _said(reader.file, GROUPS)
    groups = said if isinstance(said, dict) else {}
    for number, entry in enumerate(reader.entries):
        if number not in needed:
            continue
        id, group = _named(entry)
        group = group or str(groups.get(id, ""))
        sources = [names[s] for s in entry.sources]
        first = next((n for n in homes.get(_held(reader, entry), ()) if _alike(reader.entries[n], entry)), None)
        names[number] = draft.put(
            entry.layer, *sources, id=id, group=group, weights="" if first is None else names[first]
        )
        if first is None:
            homes.setdefault(_held(reader, entry), []).append(number)
        origin[names[number]] = entry.operator.name or (entry.operator.outputs or ("",))[0]
    made = draft.graph
    made = made.move(tidy(made)) if len(made) <= 300 else made
    rows = analyse(made)
    for row in rows.problems:
        assert row.problem is not None
        raise reader.file.error(row.id, row.problem.text)
    state = _state(made, reader, names)
    network = Network(made, stem or "network")
    return Imported(
        network, state, MappingProxyType({}), tuple(names[e.entry] for e in ends), origin, tuple(reader.notes)
    )


def _held(reader: Reader, entry: Entry) -> tuple[str, ...]:
    """The tensors of the file that an entry's operator reads."""
    return tuple(i for i in entry.operator.inputs if reader.file.is_tensor(i))


def _alike(first: Entry, entry: Entry) -> bool:
    """Whether one layer is called again: the same weights, and not only the ones and zeros that an exporter merges."""
    a, b = first.weights, entry.weights
    same = first.layer == entry.layer and a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)
    return same and any(w.size > 1 and w.min() < w.max() for w in a.values())


def _needed(reader: Reader, ends: list[Wire]) -> set[int]:
    found: set[int] = set()
    todo = [e.entry for e in ends]
    while todo:
        at = todo.pop()
        if at not in found:
            found.add(at)
            todo += reader.entries[at].sources
    return found | {0}


def _named(entry: Entry) -> tuple[str, str]:
    """The id and the group of an entry: by its module's path, else by its weight's name, else by the operator's."""
    op = entry.operator
    path = op.path
    if not path and "." in entry.named and re.fullmatch(r"[\w.]+", entry.named):
        path = entry.named.rpartition(".")[0]
    elif not path and op.name.startswith("/"):  # "/layer1/layer1.0/conv1/Conv" of torch's older exporter
        path = _older(op.name)
    elif not path:
        return (op.name if is_name(op.name) and op.kind == "Input" else ""), ""
    words = [w for w in path.split(".") if w]
    if op.kind == "Input" or not words:
        return "", ""
    name = identifier("_".join(words))
    return "" if name.isdigit() else name, "/".join(words[:-1])  # a Sequential's number says less than the layer's type


def _older(name: str) -> str:
    words = name.strip("/").split("/")[:-1]
    path = ""
    for word in words:
        path = word if word.startswith(path + ".") else f"{path}.{word}" if path else word
    return path


def _state(made: Graph, reader: Reader, names: dict[int, str]) -> State:
    """The weights of every node; what the file has none for, such as fixed prototypes, as they are made."""
    rows = analyse(made)
    net = Net(rows)
    state: State = dict(net.state_dict())
    for number, id in names.items():
        for key, value in reader.entries[number].weights.items():
            full = f"{id}.{key}"
            if full not in state:
                continue
            wanted = state[full]
            tensor = torch.from_numpy(np.array(value, np.float32, order="C"))
            if tensor.numel() != wanted.numel():
                text = _("Its {key} has {have} values instead of {need}.")
                raise reader.file.error(
                    reader.entries[number].operator.place,
                    text.format(key=key, have=tensor.numel(), need=wanted.numel()),
                )
            state[full] = tensor.reshape(wanted.shape)
    return state
