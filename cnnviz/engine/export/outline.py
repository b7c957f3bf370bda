"""A network as exported code divides it: layers, and a block for every group of layers that can be one module.

A group can be one where no path leaves it and comes back. Where two groups read each other, the first of them is
dissolved into what is around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from keyword import iskeyword

from torch import nn

from ...net.analysis import Analysis, Row
from ...net.edit import shared
from ...net.graph import Node
from ...net.layers import Add, Multiply, Source

_USED = frozenset(dir(nn.Sequential()))  # names that every module has; a layer called so gets an underscore

PART = "part"
"""What the name of a group that is called by a number begins with where it is an attribute of a module."""


@dataclass(frozen=True)
class Leaf:
    """One layer. `name` is its attribute in the block that holds it."""

    name: str
    row: Row

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the nodes whose outputs it takes."""
        return self.row.node.sources

    @property
    def outputs(self) -> tuple[str, ...]:
        """Its own id."""
        return (self.row.id,)

    @property
    def owner(self) -> str:
        """Id of the node whose module it calls; empty where that is its own."""
        return self.row.node.weights

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """Itself."""
        return (self,)


@dataclass(frozen=True)
class Block:
    """A group, or the whole network, in the order in which its parts run."""

    name: str
    path: str  # of the group, such as "layer1/0"
    parts: tuple[Part, ...]
    inputs: tuple[str, ...]  # ids of nodes outside
    outputs: tuple[str, ...]  # ids of nodes inside that something outside reads

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every layer in it, at whatever depth."""
        return tuple(leaf for part in self.parts for leaf in part.leaves)

    @property
    def made(self) -> tuple[Part, ...]:
        """Its parts without those that call a module of another."""
        return tuple(p for p in self.parts if isinstance(p, Block) or not p.owner)

    @property
    def is_chain(self) -> bool:
        """Whether each part reads the one before and nothing else, and none is called twice: an nn.Sequential."""
        if len(self.inputs) != 1 or len(self.outputs) != 1 or not self.parts or self.made != self.parts:
            return False
        before: tuple[str, ...] = self.inputs
        for part in self.parts:
            if part.inputs != before:
                return False
            before = part.outputs
        inside = [o for p in self.parts for o in p.outputs]
        return before == self.outputs and len(inside) == len(self.parts)


Part = Leaf | Block


def outline(rows: Analysis, *ends: str) -> Block:
    """The whole network, which gives the outputs of the nodes `ends`: the first one, and then in the order of the code.

    Only for rows without problems.
    """
    members = [_together(r, rows) for r in rows.values() if not isinstance(r.node.layer, Source)]
    readers: dict[str, set[str]] = {id: set() for id in rows}
    for row in members:
        for source in row.node.sources:
            readers[source].add(row.id)
    for end in ends:
        readers[end].add("")  # the world outside reads it
    block = _block("", "", members, readers)
    beside = (leaf.row.id for leaf in block.leaves if leaf.row.id in ends[1:])
    return replace(block, outputs=(*ends[:1], *beside))


def _together(row: Row, rows: Analysis) -> Row:
    """The row in the innermost group of all that call its module: there it is one attribute."""
    if not rows.graph.sharers or len(family := rows.graph.family(row.id)) == 1:
        return row
    return row._replace(node=replace(row.node, group=shared(family, rows.graph)))


def joined(block: Block, readers: Mapping[str, Collection[str]]) -> Block:
    """The same, where a sum is a part of one sum, a + b + c, if nothing else reads it; so with products.

    Code cannot tell the one from the other. `readers`: ids by id, as of the graph.
    """
    parts: dict[str, Part] = {}
    for part in block.parts:
        if isinstance(part, Block):
            parts[part.path + "/"] = joined(part, readers)
            continue
        node, first = part.row.node, parts.get(part.inputs[0])
        alone = isinstance(first, Leaf) and len(readers[first.row.id]) == 1 and part.inputs.count(first.row.id) == 1
        if isinstance(first, Leaf) and alone and _adds(node) and first.row.node.layer == node.layer:
            del parts[first.row.id]
            sources, ins = (*first.inputs, *part.inputs[1:]), (*first.row.ins, *part.row.ins[1:])
            part = Leaf(part.name, part.row._replace(node=replace(node, sources=sources), ins=ins))
        parts[node.id] = part
    return replace(block, parts=tuple(parts.values()))


def _adds(node: Node) -> bool:
    return isinstance(node.layer, (Add, Multiply))


def identifier(text: str) -> str:
    """`text` as an attribute of a module can be called; digits alone stay, since an nn.Sequential has such names."""
    name = re.sub(r"\W", "_", unicodedata.normalize("NFKC", text)) or "_"  # two spellings may be one name to Python
    if name.isdigit():
        return name
    if name[0].isdigit() or name.startswith("__"):
        name = "n" + name  # a name that begins with two underscores is another one inside a class
    return name + "_" if name in _USED or iskeyword(name) else name


def _block(name: str, path: str, members: Sequence[Row], readers: dict[str, set[str]]) -> Block:
    inside = {r.id for r in members}
    parts = tuple(_parts(path, members, readers))
    order = [leaf.row for part in parts for leaf in part.leaves]
    outputs = tuple(r.id for r in order if readers[r.id] - inside) or tuple(r.id for r in order[-1:])
    inputs = tuple(dict.fromkeys(s for r in order for s in r.node.sources if s not in inside))
    return Block(name, path, parts, inputs, outputs)


def _parts(path: str, members: Sequence[Row], readers: dict[str, set[str]]) -> Iterator[Part]:
    children: dict[str, list[Row]] = {}  # rows of each group directly inside, by its path
    for row in members:
        child = _child(path, row.node.group)
        if child:
            children.setdefault(child, []).append(row)
    while True:
        home = {row.id: path_ for path_, rows in children.items() for row in rows}
        order, loop = _order(members, home)
        if not loop:
            break
        del children[next(key for key in loop if key in children)]
    alone = {row.id: row for row in members if row.id not in home}
    names = Names()
    for key in order:
        if key in alone:
            yield Leaf(names.fresh(identifier(_inside(path, alone[key]))), alone[key])
        else:
            name = names.fresh(identifier(key.removeprefix(path).lstrip("/")))
            yield _block(name, key, children[key], readers)


def _child(path: str, group: str) -> str:
    """The path of the group directly inside `path` that `group` is or lies in; empty for `path` itself."""
    if not group or group == path or (path and not group.startswith(path + "/")):
        return ""
    rest = group[len(path) + 1 :] if path else group
    first = rest.split("/")[0]
    return f"{path}/{first}" if path else first


def _inside(path: str, row: Row) -> str:
    """`conv1` of `layer1_0_conv1` in `layer1/0`, and `1` of `relu_0_1` in `0`: an id cannot begin with a digit."""
    if not path:
        return row.id
    before = path.replace("/", "_") + "_"
    if path[0].isdigit():
        before = f"{row.node.type.lower()}_{before}"
    return row.id.removeprefix(before) or row.id


def _order(members: Sequence[Row], home: dict[str, str]) -> tuple[list[str], list[str]]:
    """Ids and group paths so that what is read comes first, else in the order of the rows; and those of a loop."""
    place: dict[str, int] = {}
    for row in members:
        place.setdefault(home.get(row.id, row.id), len(place))
    names = list(place)
    inside = {r.id for r in members}
    before: list[set[int]] = [set() for _ in names]
    for row in members:
        me = place[home.get(row.id, row.id)]
        before[me] |= {place[home.get(s, s)] for s in row.node.sources if s in inside} - {me}
    after: list[list[int]] = [[] for _ in names]
    for i, sources in enumerate(before):
        for s in sources:
            after[s].append(i)
    missing = [len(s) for s in before]
    ready = [i for i, m in enumerate(missing) if not m]
    out: list[str] = []
    while ready:
        i = heappop(ready)
        out.append(names[i])
        for j in after[i]:
            missing[j] -= 1
            if not missing[j]:
                heappush(ready, j)
    left = [i for i, m in enumerate(missing) if m]
    return out, [names[i] for i in left if _comes_back(i, after)]


def _comes_back(start: int, after: Sequence[Sequence[int]]) -> bool:
    seen: set[int] = set()
    todo = [start]
    while todo:
        for i in after[todo.pop()]:
            if i == start:
                return True
            if i not in seen:
                seen.add(i)
                todo.append(i)
    return False


class Names:
    """Names given once each."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def fresh(self, name: str) -> str:
        """`name`, longer where it is taken."""
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name
