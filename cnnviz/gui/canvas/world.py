"""What all cards and wires of a canvas share: the look, the zoom, and the rows that they stand for."""

from __future__ import annotations

from ...net.analysis import Analysis
from ...net.branches import residual
from ...net.edit import Wire
from ...net.fold import GroupRow, behind
from ...net.graph import Graph, paths
from ...net.layers import Shape
from .style import WORDS, Style


class World:
    """What all cards of a canvas share."""

    def __init__(self) -> None:
        self.style = Style()
        self.zoom = 1.0  # of the view; another one paints all items anew
        self.stale = False  # the frame shows the network as it was
        self._rows = self.base = Analysis(Graph(), {})
        self._roles: dict[str, tuple[str, ...]] = {}  # of the inputs of sums, as far as asked for

    def show(self, rows: Analysis, base: Analysis) -> None:
        """The rows that the cards stand for from now on, and those of the network itself."""
        self._rows, self.base = rows, base
        self._roles.clear()

    def readers(self, id: str) -> tuple[str, ...]:
        """Ids of those that read this node."""
        return self._rows.graph.readers.get(id, ())

    def out(self, wire: Wire) -> Shape | None:
        """What runs through this wire; None: nothing can."""
        row = self._rows.get(wire.source)
        if isinstance(row, GroupRow) and len(row.exits) > 1 and wire.target in self._rows:
            inner = behind(self.base, self._rows, wire)
            row = self.base.get(inner[0].source) if inner else row
        return row.out if row is not None else None

    def depth(self, wire: Wire) -> int:
        """In how many frames of open groups this wire lies."""
        source, target = self._rows.get(wire.source), self._rows.get(wire.target)
        if source is None or target is None or not source.node.group:
            return 0
        pairs = zip(paths(source.node.group), paths(target.node.group), strict=False)
        return sum(a == b for a, b in pairs)

    def role(self, wire: Wire) -> str:
        """What comes by this wire where a residual block sums up: `F(x)` or `x`; else nothing."""
        row = self._rows.get(wire.target)
        if row is None or row.node.type != "Add":
            return ""
        if wire.target not in self._roles:
            self._roles[wire.target] = residual(self.base.graph, self.base.graph[wire.target])
        roles = self._roles[wire.target]
        return roles[wire.port] if wire.port < len(roles) else ""

    def shows(self, out: Shape | None) -> object:
        """What can be seen of it on a wire."""
        return out if self.zoom >= WORDS else bool(out)
