"""The `forward` of a module whose parts branch and meet: variables that follow the branches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain, count
from keyword import iskeyword
from textwrap import wrap

from ...net.analysis import Row
from ...net.layers import Add, Concat, Multiply
from ...net.problems import shape_text
from .outline import Block, Leaf, Names, Part

WIDE = 116  # columns of a line
TENSOR = "torch.Tensor"
RESERVED = ("self", "torch", "nn")


class Body:
    """One forward: a variable goes on through the layers that alone read it, and a branch gets one of its own."""

    def __init__(self, block: Block, attributes: Sequence[str], shown: Mapping[str, Row]):
        self._block, self._attributes, self._shown = block, attributes, shown
        self._lane: dict[str, int] = {}  # of each value, by the node's id
        self._names: list[str] = []
        self._follow()

    def lines(self) -> list[str]:
        """Its lines, indented as in a class."""
        block = self._block
        takes = ", ".join(f"{self.variable(i)}: {TENSOR}" for i in block.inputs) or f"x: {TENSOR}"
        many = len(block.outputs) != 1 and bool(block.outputs)
        gives = f"tuple[{', '.join([TENSOR] * len(block.outputs))}]" if many else TENSOR
        found = [f"    def forward(self, {takes}) -> {gives}:"]
        last = len(block.parts) - 1
        returned: list[str] = []
        for i, (part, attribute) in enumerate(zip(block.parts, self._attributes, strict=True)):
            value, note = self._value(part, attribute), self._note(part)
            if i == last and part.outputs == block.outputs and len(part.outputs) == 1:
                returned = _wrapped("return ", value, note)
            else:
                found += _wrapped(f"{', '.join(map(self.variable, part.outputs))} = ", value, note)
        outputs = ", ".join(map(self.variable, block.outputs)) or (self._names[0] if self._names else "x")
        return [*found, *(returned or [f"        return {outputs}"])]

    def variable(self, id: str) -> str:
        """The variable that holds this node's output."""
        return self._names[self._lane[id]]

    def _value(self, part: Part, attribute: str) -> str:
        takes = [self.variable(s) for s in part.inputs]
        layer = part.row.node.layer if isinstance(part, Leaf) else None
        if isinstance(layer, Add):
            return " + ".join(takes)
        if isinstance(layer, Multiply):
            return " * ".join(takes)
        if isinstance(layer, Concat):
            return f"torch.cat(({', '.join(takes)}), dim=1)"
        return f"self.{attribute}({', '.join(takes)})"

    def _note(self, part: Part) -> str:
        row = self._shown.get(part.outputs[0])
        first = part.leaves[0].row
        if row is None or row.out is None or (len(first.ins) == 1 and first.ins[0] == row.out):
            return ""
        return f"  # {shape_text(row.out)}"

    # ── which variable holds what ────────────────────────────────────────────────────────────────────────────────────
    def _follow(self) -> None:
        block = self._block
        last: dict[str, int] = {}  # the part that reads a value last
        for i, part in enumerate(block.parts):
            last |= dict.fromkeys(part.inputs, i)
        last |= dict.fromkeys(block.outputs, len(block.parts))
        readers = Counter(s for part in block.parts for s in set(part.inputs))
        members: list[list[str]] = [[] for _ in block.inputs]  # names of the parts whose outputs a variable holds
        self._lane |= {id: i for i, id in enumerate(block.inputs)}
        for i, (part, name) in enumerate(zip(block.parts, self._attributes, strict=True)):
            free = [self._lane[s] for s in part.inputs if last[s] == i and (merges(part) or readers[s] == 1)]
            for out in part.outputs:
                if free and len(part.outputs) == 1:
                    lane = min(free)  # where branches meet, the one that was there first goes on
                else:
                    lane = len(members)
                    members.append([])
                self._lane[out] = lane
                if not merges(part):
                    members[lane].append(name)
        names = _Variables()
        given = len(block.inputs)
        self._names = [names.fresh("x" if given == 1 else f"x{i + 1}") for i in range(given)]
        self._names += [names.fresh(_stem(m)) for m in members[given:]]


def _wrapped(start: str, value: str, note: str) -> list[str]:
    """A statement of a forward, over several lines where it is long."""
    line = f"        {start}{value}"
    if len(line + note) <= WIDE or "((" not in value:
        return [line + note]
    head, tail = value.split("((")
    inner, tail = tail.split("),")
    names = wrap(inner, WIDE, initial_indent=" " * 8, subsequent_indent=" " * 8)
    rest = tail.strip(" )")
    return [
        f"        {start}{head}(",
        "            (",
        *names,
        "            ),",
        f"            {rest},",
        f"        ){note}",
    ]


class _Variables(Names):
    """Names of variables; those that have none of their own are y, z, u, v, w, y1 and so on."""

    def __init__(self) -> None:
        super().__init__(RESERVED)
        self._nameless = chain("yzuvw", (f"y{i}" for i in count(1)))

    def fresh(self, name: str) -> str:
        """`name`, or the next of the nameless ones where that is empty or taken."""
        while not name or name in self._taken:
            name = next(self._nameless)
        return super().fresh(name)


def merges(part: Part) -> bool:
    """Whether it is written as an operation: it has no name in the code that a variable could be called after."""
    return isinstance(part, Leaf) and isinstance(part.row.node.layer, (Add, Concat, Multiply))


def _stem(names: Sequence[str]) -> str:
    """What the names of a branch's parts begin with, up to an underscore; empty where they have nothing in common."""
    words = [re.split(r"_", n) for n in names]
    same: list[str] = []
    for column in zip(*words, strict=False):
        if len(set(column)) > 1:
            break
        same.append(column[0])
    if len(names) > 1 and same and same[-1].isdigit():
        same = same[:-1] or same
    stem = "_".join(same)
    return stem if stem.isidentifier() and not iskeyword(stem) else ""
