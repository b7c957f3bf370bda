"""A network as Python source that needs nothing but torch, written as a person would."""

from __future__ import annotations

import inspect
from ast import literal_eval
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from torch import Tensor, nn

from ...net.analysis import Analysis, Row
from ...net.layers import Board, Source, Tokens
from ...net.problems import Misfit, shape_text
from ...text import N_
from .. import modules
from ..build import State, last_end
from .arguments import BARE, listed, made
from .forward import Body
from .kinds import OPERATIONS, Kind, Kinds
from .outline import PART, Block, Leaf, Part, joined, outline

HEAD = N_("{title}, written by cnnviz: {count} parameters.")
"""The first line of a file, by which its importer knows what the network is called."""
WIDE = 110  # columns of a line
MANY = 3  # instances that are made in a loop


@dataclass(frozen=True)
class Code:
    """Exported source with its class, and where the weights of each node go: `paths` has the module of every node."""

    text: str
    name: str
    paths: Mapping[str, str]

    def state(self, state: Mapping[str, Tensor]) -> State:
        """The weights of a Net under the names that the exported class gives them."""
        found = {}
        for key, value in state.items():
            id, rest = key.split(".", 1)
            found[f"{self.paths[id]}.{rest}"] = value
        return found


def source(rows: Analysis, name: str = "Net") -> str:
    """A Python file that defines the network as class `name`. Raises ValueError naming the node that does not fit."""
    return code(rows, name).text


def code(rows: Analysis, name: str = "Net", about: Sequence[str] = ()) -> Code:
    """The same with the names of the weights; `about` are lines for the head. Raises ValueError, too.

    With the same weights the class gives bit for bit the same output. A network without groups has the weights'
    names that its Net has. Auxiliary outputs come behind the network's own, in a tuple.
    """
    for r in rows.problems:
        assert r.problem is not None
        raise ValueError(f"{r.id}: {r.problem.text}")
    for r in rows.values():
        try:
            r.node.layer.torch(r.ins)
        except Misfit as e:
            raise ValueError(f"{r.id}: {e}") from None
    top = joined(outline(rows, *_given_back(rows)), rows.graph.readers)
    own = _own(top)
    kinds = Kinds(top, [name, *own])
    writer = _Writer(kinds, dict(_places(top, "")))
    classes = [line for kind in kinds.all for line in ("", "", *writer.of_kind(kind))]
    main = writer.whole(name, top)
    ordered = any("OrderedDict" in line for line in (*classes, *main))
    lines = [
        *_head(rows, about, ordered),
        *(text for block in own.values() for text in ("", "", block.rstrip())),
        *classes,
        "",
        "",
        *main,
        "",
    ]
    return Code("\n".join(lines), name, dict(_paths(top, "")))


def _given_back(rows: Analysis) -> tuple[str, ...]:
    """Ids of what the network gives: the last end, then auxiliary ones; none where that is its picture as it came."""
    last = last_end(rows)
    if not last or rows[last].node == rows.input:
        return ()
    return last, *(e for e in rows.graph.ends if e != last and rows[e].out == rows[last].out)


def _own(top: Block) -> dict[str, str]:
    """Source of our modules by name, in the order in which they are made."""
    found: dict[str, str] = {}
    for row in (leaf.row for leaf in top.leaves):
        kind = row.node.layer.torch(row.ins)[0]
        if not hasattr(nn, kind) and not isinstance(row.node.layer, OPERATIONS):
            found.setdefault(kind, inspect.getsource(getattr(modules, kind)))
    return found


def _head(rows: Analysis, about: Sequence[str], ordered: bool) -> list[str]:
    head = ['"""' + about[0], *about[1:], '"""', ""] if len(about) > 1 else [f'"""{a}"""\n' for a in about]
    if ordered:
        head += ["from collections import OrderedDict", ""]
    head += ["import torch", "from torch import nn"]
    if rows.input is not None:
        layer = rows.input.layer
        assert isinstance(layer, Source)
        head += ["", f"INPUT = {layer.out(())!r}  # " + _given(layer)]
        head.append(_how(layer))
    return head


def _given(layer: Source) -> str:
    """What the numbers of the input's shape are."""
    if isinstance(layer, Tokens):
        return "1, words of a sentence, 1"
    return f"{'planes' if isinstance(layer, Board) else 'channels'}, height, width"


def _how(layer: Source) -> str:
    """How values enter. By the names in it the importer knows what enters (see engine/foreign/models.py)."""
    if isinstance(layer, Tokens):
        return f"VOCABULARY = {layer.vocabulary}  # a word is its number, below this"
    if isinstance(layer, Board):
        return f"PLANES = {layer.planes}  # of a board, each of 0 and 1"
    return f"MEAN, STD = {layer.mean!r}, {layer.std!r}  # a picture's values 0…1 enter as (value − MEAN) / STD"


def _paths(block: Block, prefix: str) -> Iterator[tuple[str, str]]:
    names = attributes(block)
    for part, name in zip(block.parts, names, strict=True):
        if isinstance(part, Leaf):
            yield part.row.id, prefix + name
        else:
            yield from _paths(part, f"{prefix}{name}.")


def _places(block: Block, prefix: str) -> Iterator[tuple[int, str]]:
    """The path in the whole network's module of every block, by the block's identity."""
    for part, name in zip(block.parts, attributes(block), strict=True):
        if isinstance(part, Block):
            yield id(part), prefix + name
            yield from _places(part, f"{prefix}{name}.")


def attributes(block: Block) -> list[str]:
    """Names of the parts, of each that of the module which it calls.

    A module that is no nn.Sequential cannot have attributes of digits.
    """
    chain = block.is_chain
    names = {p.row.id: p.name for p in block.parts if isinstance(p, Leaf)}
    found = [names.get(p.owner, p.name) if isinstance(p, Leaf) else p.name for p in block.parts]
    return [name if chain or not name.isdigit() else f"{PART}{name}" for name in found]


@dataclass(frozen=True)
class _Made:
    """An expression that makes a module, over several lines where it is long or has parts."""

    head: str
    parts: tuple[tuple[str, _Made], ...] = ()  # (what stands before it, what)
    tail: str = ")"
    comment: str = ""

    @property
    def line(self) -> str:
        """All of it in one line, without comments."""
        return self.head + ", ".join(before + p.line for before, p in self.parts) + self.tail

    @property
    def quiet(self) -> bool:
        """Whether nothing inside carries a comment that would get lost in one line."""
        return all(not p.comment and p.quiet for _, p in self.parts)

    def lines(self, before: str, indent: int, after: str = "") -> list[str]:
        """Its lines, `before` in front of it and `after` behind."""
        space = " " * indent
        note = f"  # {self.comment}" if self.comment else ""
        one = space + before + self.line + after
        if not self.parts or (self.quiet and len(one) <= WIDE):
            return [one + note]
        found = [space + before + self.head]
        comma = "," if len(self.parts) > 1 else ""
        for lead, part in self.parts:
            found += part.lines(lead, indent + 4, comma)
        return [*found, space + self.tail + after + note]


class _Writer:
    """Writes classes."""

    def __init__(self, kinds: Kinds, places: Mapping[int, str]):
        self._kinds, self._places = kinds, places
        self._args: dict[int, dict[str, str]] = {}  # of what is made in the class that is being written
        self._alike: tuple[Block, ...] = ()  # the blocks that share it

    def of_kind(self, kind: Kind) -> list[str]:
        """The class of a kind."""
        first = kind.blocks[0]
        self._args = {id(p): a for p, a in zip(self._kinds.makers(first), kind.bodies, strict=True)}
        places = [self._places[id(b)] for b in kind.blocks]
        said = ", ".join(places[:3]) + (f", … ({len(places)} in all)" if len(places) > 3 else "")
        args = "".join(f", {name}: {_type(values)}" for name, values in kind.params.items())
        return self._class(kind.name, first, args, [f'    """{said}."""', ""], _common(kind.blocks))

    def whole(self, name: str, top: Block) -> list[str]:
        """The class of the network."""
        makers = list(self._kinds.makers(top))
        self._args = {id(p): self._kinds.arguments([p])[0] for p in makers}
        return self._class(name, top, "", [], {r.row.id: r.row for r in top.leaves})

    def _class(self, name: str, block: Block, args: str, doc: list[str], shown: Mapping[str, Row]) -> list[str]:
        self._shown = shown
        start = f"    def __init__(self{args}) -> None:"
        if len(start) > WIDE:
            each = [f"        {a}," for a in args.removeprefix(", ").split(", ")]
            start = "\n".join(["    def __init__(", "        self,", *each, "    ) -> None:"])
        if block.is_chain:
            inner = self._sequence(block, "super().__init__(", "")
            return [f"class {name}(nn.Sequential):", *doc, start, *inner.lines("", 8)]
        body = [f"class {name}(nn.Module):", *doc, start, "        super().__init__()"]
        for part, called in zip(block.parts, attributes(block), strict=True):
            if part in block.made and not _is_operation(part):
                # shapes stand in forward
                body += self._made(part, False).lines(f"self.{called} = ", 8)
        return [*body, "", *Body(block, attributes(block), shown).lines()]

    def _made(self, part: Part, noted: bool = True) -> _Made:
        note = _note(part, self._shown) if noted else ""
        if isinstance(part, Leaf):
            return _Made(*_call(made(part.row)[0], self._args[id(part)]), comment=note)
        kind = self._kinds.of(part)
        if kind is None:
            return self._sequence(part, "nn.Sequential(", note)
        args = self._args[id(part)]
        few = [v if k in BARE else f"{k}={v}" for k, v in args.items()]
        return _Made(f"{kind.name}(", tuple(("", _Made(a, tail="")) for a in few), comment=note)

    def _sequence(self, block: Block, head: str, note: str) -> _Made:
        names = [p.name for p in block.parts]
        parts = [self._made(p) for p in block.parts]
        if any(p.comment for p in parts):
            note = ""  # one of them says it
        if names == [str(i) for i in range(len(names))]:
            return _Made(head, tuple(("", p) for p in _looped(parts)), comment=note)
        if any(n.isdigit() for n in names):
            pairs = tuple(("", _Made(f'("{n}", ', (("", p),), ")")) for n, p in zip(names, parts, strict=True))
            return _Made(head, (("", _Made("OrderedDict([", pairs, "])")),), comment=note)
        named = tuple((f"{n}=", p) for n, p in zip(names, parts, strict=True))
        return _Made(head, (("", _Made("OrderedDict(", named)),), comment=note)


def _call(kind: str, args: Mapping[str, str]) -> tuple[str, tuple[tuple[str, _Made], ...], str]:
    return f"{kind}(", tuple(("", _Made(a, tail="")) for a in listed(kind, args)), ")"


def _is_operation(part: Part) -> bool:
    return isinstance(part, Leaf) and isinstance(part.row.node.layer, OPERATIONS)


def _looped(parts: list[_Made]) -> list[_Made]:
    """The same where what repeats is made in a loop."""
    found: list[_Made] = []
    for line, run in groupby(parts, key=lambda p: (p.line, p.comment)):
        same = list(run)
        if len(same) < MANY:
            found += same
        else:
            found.append(_Made(f"*({line[0]} for _ in range({len(same)}))", tail="", comment=line[1]))
    return found


def _note(part: Part, shown: Mapping[str, Row]) -> str:
    """The shape of what comes out, where it is another than what goes in."""
    last = part.outputs[0] if part.outputs else ""
    if last not in shown:
        return ""
    row = part.leaves[0].row
    out = shown[last].out or ()
    return shape_text(out) if len(row.ins) != 1 or row.ins[0] != out else ""


def _common(blocks: Sequence[Block]) -> dict[str, Row]:
    """Rows of the first block whose shape is the same in all of them."""
    each = zip(*(b.leaves for b in blocks), strict=True)
    return {same[0].row.id: same[0].row for same in each if len({(p.row.ins, p.row.out) for p in same}) == 1}


def _type(values: Sequence[str]) -> str:
    """Of an argument that has had these values."""
    kinds = {type(literal_eval(value)).__name__ for value in values}
    if "tuple" in kinds:
        kinds = kinds - {"tuple"} | {"tuple[int, ...]"}
    return " | ".join(sorted(kinds))
