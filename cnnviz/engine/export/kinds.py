"""Groups that are built alike become one class; what differs between them becomes its arguments."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any

from ...net.layers import Add, Concat, Conv2d, Multiply
from .arguments import BARE, completed, made
from .outline import PART, Block, Leaf, Names, Part

OPERATIONS = (Add, Concat, Multiply)
"""Layers that code writes as an operation on tensors, not as a module."""
LONG = 3  # layers from which on a chain that occurs again is worth a class
SHORT = {"Conv2d": "Conv", "BatchNorm2d": "BN", "ConvTranspose2d": "ConvTranspose", "MaxPool2d": "Pool"}
RESERVED = ("OrderedDict", "torch", "nn", "self", "super", "range", "x", "INPUT", "MEAN", "STD")


@dataclass
class Kind:
    """A class of exported code, and every group that becomes an instance of it."""

    name: str
    blocks: list[Block] = field(default_factory=list)
    params: dict[str, list[str]] = field(default_factory=dict)  # by name: its value as text in each block
    bodies: list[dict[str, str]] = field(default_factory=list)  # arguments of each of `makers`, as the class has them

    def given(self, block: Block) -> dict[str, str]:
        """The arguments that make this block."""
        i = next(i for i, b in enumerate(self.blocks) if b is block)
        return {name: values[i] for name, values in self.params.items()}


class Kinds:
    """The classes that a network's code needs, inner ones first."""

    def __init__(self, top: Block, taken: Sequence[str]):
        self._of: dict[int, Kind] = {}
        self.all: list[Kind] = []
        found: dict[Any, list[Block]] = {}
        for block in _blocks(top):
            found.setdefault(_form(block), []).append(block)
        names = Names([*RESERVED, *taken])
        worth = [blocks for blocks in found.values() if _worth(blocks)]  # inner ones were met first
        often = Counter(_name(blocks[0]) for blocks in worth)
        for blocks in worth:
            name = _name(blocks[0])
            if often[name] > 1:
                last = blocks[0].path.split("/")[-1]
                name = (not _is_number(last) and _camel(last)) or name
            kind = Kind(names.fresh(name), blocks)
            self.all.append(kind)
            self._of |= {id(b): kind for b in blocks}
        for kind in self.all:
            self._settle(kind)

    def of(self, block: Block) -> Kind | None:
        """The block's class; None where it is written out in place as an nn.Sequential."""
        return self._of.get(id(block))

    def makers(self, block: Block) -> Iterator[Part]:
        """What is made inside a block, in order: modules of layers, and instances of classes."""
        for part in block.made:
            if isinstance(part, Block) and self.of(part) is None:
                yield from self.makers(part)
            elif isinstance(part, Block) or not isinstance(part.row.node.layer, OPERATIONS):
                yield part

    def arguments(self, parts: Sequence[Part]) -> list[dict[str, str]]:
        """What makes each of these, which stand at the same place of blocks of one kind."""
        first = parts[0]
        if isinstance(first, Block):
            kind = self.of(first)
            assert kind is not None
            return [kind.given(p) for p in parts if isinstance(p, Block)]
        return completed(made(first.row)[0], [made(p.row)[1] for p in parts if isinstance(p, Leaf)])

    def _settle(self, kind: Kind) -> None:
        """Find the arguments of the class: values that are not the same in all of its blocks."""
        slots: dict[tuple[str, ...], list[tuple[int, Part, str]]] = {}  # by their values
        columns = list(zip(*(self.makers(b) for b in kind.blocks), strict=True))
        bodies: list[dict[str, str]] = []
        for i, parts in enumerate(columns):
            args = self.arguments(parts)
            bodies.append(dict(args[0]))
            for key in args[0]:
                values = tuple(a[key] for a in args)
                if len(set(values)) > 1:
                    slots.setdefault(values, []).append((i, parts[0], key))
        names, found = Names([*RESERVED, *(k.name for k in self.all)]), {}
        for values, places in slots.items():
            name = names.fresh(_called(kind, values, [(part, key) for _, part, key in places]))
            found[name] = list(values)
            for i, _part, key in places:
                bodies[i][key] = name
        kind.params = dict(sorted(found.items(), key=_place))  # these are given by place
        kind.bodies = bodies


def _place(param: tuple[str, list[str]]) -> int:
    return BARE.index(param[0]) if param[0] in BARE else len(BARE)


def _blocks(block: Block) -> Iterator[Block]:
    """The blocks inside this one, inner ones first."""
    for part in block.parts:
        if isinstance(part, Block):
            yield from _blocks(part)
            yield part


def _form(block: Block) -> Any:
    """What two blocks have in common that can be one class: everything but the values of arguments."""
    number = {id: -1 - i for i, id in enumerate(block.inputs)}
    for i, leaf in enumerate(block.leaves):
        number[leaf.row.id] = i
    outs = tuple(number[o] for o in block.outputs)

    def form(part: Part) -> Any:
        if isinstance(part, Leaf):
            written = "" if isinstance(part.row.node.layer, OPERATIONS) else number.get(part.owner, part.name)
            return written, made(part.row)[0], tuple(number[s] for s in part.inputs)
        return part.name, tuple(map(form, part.parts)), tuple(number[s] for s in part.inputs)

    return tuple(map(form, block.parts)), len(block.inputs), outs


def _worth(blocks: Sequence[Block]) -> bool:
    """Whether blocks of one form should be a class, not written out each time."""
    first = blocks[0]
    if not first.is_chain:
        return True
    return len(blocks) > 1 and len(first.parts) >= LONG and all(isinstance(p, Leaf) for p in first.parts)


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _name(block: Block) -> str:
    """By what it does where that is known, else by its path."""
    types = [leaf.row.node.type for leaf in block.leaves]
    if block.is_chain and len(types) <= LONG:
        return "".join(SHORT.get(t, t) for t in types)
    adds = [leaf for leaf in block.leaves[-2:] if isinstance(leaf.row.node.layer, Add)]
    if adds and len(block.inputs) == 1:
        return _residual(block, adds[0])
    if types[-1] == "Multiply" and len(block.inputs) == 1:
        return "SqueezeExcite"
    words = [w for w in block.path.split("/") if not _is_number(w)]
    stem = re.sub(r"_?\d+[a-z]?$", "", words[-1]) if words else ""
    return _camel(stem) or "Block"


def _is_number(word: str) -> bool:
    return word.removeprefix(PART).isdigit()


def _camel(text: str) -> str:
    """`Up3Block` of `up3_block`; empty where that is no name."""
    made = "".join(w[:1].upper() + w[1:] for w in re.split(r"\W+|_+", text))
    return made if made.isidentifier() and not iskeyword(made) else ""


def _residual(block: Block, add: Leaf) -> str:
    inside = {leaf.row.id: leaf for leaf in block.leaves}
    skip = min(add.inputs, key=lambda s: _depth(s, inside))
    layers = [leaf.row.node.layer for leaf in block.leaves if leaf.row.id not in _chain(skip, inside)]
    kernels = [layer.kernel_size for layer in layers if isinstance(layer, Conv2d)]
    deep = any(isinstance(layer, Conv2d) and layer.groups == layer.out_channels > 1 for layer in layers)
    base = "ResidualBlock"
    if len(kernels) == 3 and kernels[0] == kernels[2] == (1, 1) != kernels[1]:
        base = "InvertedResidual" if deep else "Bottleneck"
    if skip not in inside:
        return base
    convolves = any(isinstance(inside[id].row.node.layer, Conv2d) for id in _chain(skip, inside))
    return base + ("WithProjection" if convolves else "WithShortcut")


def _chain(id: str, inside: Mapping[str, Leaf]) -> set[str]:
    """Ids of the nodes inside that lead to this one."""
    found: set[str] = set()
    todo = [id]
    while todo:
        at = todo.pop()
        if at in inside and at not in found:
            found.add(at)
            todo += inside[at].inputs
    return found


def _depth(id: str, inside: Mapping[str, Leaf]) -> int:
    return len(_chain(id, inside))


def _called(kind: Kind, values: tuple[str, ...], slots: Sequence[tuple[Part, str]]) -> str:
    """What an argument is for."""
    first = kind.blocks[0]
    keys = [key for _, key in slots]
    came = _channels(b.leaves[0].row.ins[0] for b in kind.blocks) == values and first.leaves[0].inputs == first.inputs
    came = came and any(k.startswith(("in_", "num_")) for k in keys)
    outs = ({leaf.row.id: leaf.row.out or () for leaf in b.leaves}[b.outputs[0]] for b in kind.blocks)
    goes = _channels(outs) == values and any(k.startswith(("out_", "num_")) for k in keys)
    unit = "features" if all("features" in key for key in keys) and "in_features" in keys else "channels"
    if came or goes:
        return unit if came and goes else f"in_{unit}" if came else f"out_{unit}"
    part, key = next(((p, k) for p, k in slots if k.startswith("out_")), slots[0])
    if len(set(keys)) == 1 and not key.startswith(("in_", "out_")):
        return key
    stem = re.sub(r"_?(conv|fc|linear|norm|bn)$", "", part.name)
    return f"{stem}_{unit}" if stem and not stem[0].isdigit() and key.startswith(("in_", "out_")) else f"inner_{unit}"


def _channels(shapes: Iterable[tuple[int, ...]]) -> tuple[str, ...]:
    return tuple(str(s[0]) if s else "" for s in shapes)
