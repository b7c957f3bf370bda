"""Edits that concern whole groups: make one of some layers, dissolve one, lead a wire into one."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import replace

from ..text import _
from .analysis import Analysis
from .edit import around, connect
from .fold import GroupRow, behind, title
from .graph import Graph, Wire, paths

LIMIT = 64
"""Letters of a group's name at most."""


def make_group(graph: Graph, ids: Collection[str], name: str) -> tuple[Graph, str]:
    """These nodes in a group of this name, inside the group that all of them share; gives its path too.

    Groups inside stay as they are. Raises ValueError where the name is bad, or where they could not be one card.
    """
    outer = around(graph, ids)
    path = fresh_path(graph, checked(name), outer, exact=True)
    depth = len(f"{outer}/") if outer else 0
    nodes = []
    for n in graph:
        if n.id in ids:
            rest = n.group[depth:]
            n = replace(n, group=f"{path}/{rest}" if rest else path)
        nodes.append(n)
    made = Graph(tuple(nodes))
    if path not in made.closed:
        between = _between(graph, {*ids})
        text = _("These layers cannot be one block: a way leads out of them over {node} and back in. Select it, too.")
        raise ValueError(text.format(node=between))
    return made, path


def dissolve(graph: Graph, path: str) -> Graph:
    """Without this group: its nodes lie in the group around it. Groups inside stay, under another name where needed."""
    outer = path.rpartition("/")[0]
    moved: dict[str, str] = {}  # groups right inside it, with their new paths
    nodes = []
    for n in graph:
        if not f"{n.group}/".startswith(f"{path}/"):
            nodes.append(n)
            continue
        inner, _slash, rest = n.group[len(path) + 1 :].partition("/")
        if inner and inner not in moved:
            moved[inner] = fresh_path(graph, inner, outer, {*moved.values()})
        group = moved[inner] if inner else outer
        nodes.append(replace(n, group=f"{group}/{rest}" if rest else group))
    return Graph(tuple(nodes))


def fresh_path(graph: Graph, name: str, outer: str, taken: Collection[str] = (), exact: bool = False) -> str:
    """A path for a new group inside `outer`: `name`, or that with a number. `exact`: ValueError where it is in use."""
    stem = f"{outer}/{name}" if outer else name
    path, i = stem, 2
    while path in graph.groups or path in taken:
        if exact:
            raise ValueError(_("Another block is called {name}. Choose another name.").format(name=stem))
        path, i = f"{stem}_{i}", i + 1
    return path


def checked(name: str) -> str:
    """The name as a group can have it. Raises ValueError where it cannot."""
    name = unicodedata.normalize("NFKC", name.strip())
    if not name.isidentifier() or len(name) > LIMIT:
        text = _("“{name}” cannot be a block's name. Use letters, digits and _, not starting with a digit.")
        raise ValueError(text.format(name=name))
    return name


def _between(graph: Graph, inside: set[str]) -> str:
    """A node outside on a way that leads out of these nodes and back in."""
    behind: set[str] = set()
    for n in graph:
        if n.id not in inside and not (inside | behind).isdisjoint(n.sources):
            behind.add(n.id)
    return next(s for n in graph if n.id in inside for s in n.sources if s in behind)


def feed(rows: Analysis, view: Analysis, source: str, card: str, port: int) -> Graph:
    """A wire from the node `source` into a folded group, in place of what comes in at this port.

    Where nothing comes in there, it leads to all layers inside that lack an input. Raises ValueError where none does.
    """
    row, graph = view[card], rows.graph
    assert isinstance(row, GroupRow)
    if port < len(row.node.sources):
        for wire in behind(rows, view, Wire(row.node.sources[port], card, port)):
            graph = connect(graph, source, wire.target, wire.port)
        return graph
    lacking = [n for n in (graph[id] for id in row.members) if len(n.sources) < n.layer.inputs[0]]
    if not lacking:
        text = _("Every layer in {block} has its input. Unfold it to draw a wire to one of them.")
        raise ValueError(text.format(block=title(card[:-1])))
    for n in lacking:
        graph = connect(graph, source, n.id)
    return graph


def outlet(view: Analysis, card: str) -> str:
    """The node that a wire from this card comes from. Raises ValueError where a folded group has several."""
    row = view.get(card)
    if not isinstance(row, GroupRow):
        return card
    if len(row.exits) > 1:
        text = _("{block} has several outputs: {nodes}. Unfold it to draw a wire from one of them.")
        raise ValueError(text.format(block=title(card[:-1]), nodes=", ".join(row.exits)))
    return row.exits[0]


def closed_around(graph: Graph, id: str) -> str:
    """The innermost group around a node that can be folded; empty where none is."""
    return next((p for p in reversed([*paths(graph[id].group)]) if p in graph.closed), "")
