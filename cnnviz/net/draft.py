"""A graph while it is being written in code: blocks and families put layer behind layer."""

from __future__ import annotations

from .analysis import Analysis, analyse
from .graph import Graph, Node, graph, is_name
from .layers import Layer, Shape
from .learning import LEARNING, Learning
from .problems import Misfit

USUAL = 64
"""Channels that are written for where those that come in are not known."""


class Draft:
    """Takes layers one after the other and knows every output's shape, so that what follows can fit itself to it.

    `before`: what stands already; names that it uses are not given again.
    """

    def __init__(self, before: Graph = Graph(), rows: Analysis | None = None):  # noqa: B008 - immutable
        rows = rows or analyse(before)
        self._nodes: list[Node] = list(before)
        self._layers: dict[Layer, Layer] = {}  # equal ones are one object, which an analysis asks once
        self._shapes: dict[str, Shape | None] = {id: row.out for id, row in rows.items()}

    @property
    def graph(self) -> Graph:
        """What has been written so far."""
        return graph(self._nodes)

    def put(
        self,
        layer: Layer,
        *sources: str,
        id: str = "",
        group: str = "",
        weights: str = "",
        learning: Learning = LEARNING,
    ) -> str:
        """Add `layer` behind `sources`; gives its id, which is `id`, or that with a number where it is taken.

        weights: id of the node whose weights it uses.
        """
        name = self._fresh(id or type(layer).__name__.lower(), numbered=not id)
        layer = self._layers.setdefault(layer, layer)
        self._nodes.append(Node(name, layer, tuple(s for s in sources if s), group, weights=weights, learning=learning))
        self._shapes[name] = self._out(layer, sources)
        return name

    def chain(self, source: str, *layers: tuple[str, Layer], group: str = "") -> str:
        """Several layers, each behind the one before: (id, layer); gives the last one's id."""
        for id, layer in layers:
            source = self.put(layer, source, id=id, group=group)
        return source

    def shape(self, id: str) -> Shape | None:
        """The output of a node; None where it does not fit, or `id` is empty."""
        return self._shapes.get(id)

    def channels(self, id: str) -> int:
        """Channels of a node's output; USUAL where that is not known."""
        shape = self.shape(id)
        return shape[0] if shape else USUAL

    def _out(self, layer: Layer, sources: tuple[str, ...]) -> Shape | None:
        ins = [self._shapes.get(s) for s in sources]
        if any(i is None for i in ins) or len(ins) < layer.inputs[0]:
            return None
        try:
            return layer.out(tuple(i for i in ins if i is not None))
        except Misfit:
            return None

    def _fresh(self, stem: str, numbered: bool) -> str:
        name, i = (f"{stem}_1" if numbered else stem), 2
        while name in self._shapes:
            name, i = f"{stem}_{i}", i + 1
        assert is_name(name), name
        return name


def inside(group: str, name: str) -> str:
    """The id of a part of a group: `layer1_0_conv1` of `layer1/0`."""
    return f"{group.replace('/', '_')}_{name}" if group else name


def joined(group: str, name: str) -> str:
    """The path of a group inside another."""
    return f"{group}/{name}" if group else name
