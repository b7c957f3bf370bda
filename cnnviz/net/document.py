"""The open file: the current graph, its undo history, and whether it is saved."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from .graph import Graph


def _nobody(graph: Graph) -> None:
    """Hears of changes where nobody else does."""


class Document:
    """Holds one Graph at a time. Undo keeps whole graphs: they share their unchanged nodes.

    `on_change` is called with the graph after each change of it, and after nothing else.
    """

    LIMIT = 500  # steps that can be undone

    def __init__(self, graph: Graph = Graph(), on_change: Callable[[Graph], None] = _nobody):  # noqa: B008 - immutable
        self._graph = self._saved = graph
        self._on_change = on_change
        self._past: list[tuple[str, Graph]] = []
        self._future: list[tuple[str, Graph]] = []
        self._merge: Hashable = None

    @property
    def graph(self) -> Graph:
        """The current graph."""
        return self._graph

    def edit(self, text: str, graph: Graph, merge: Hashable = None) -> None:
        """Make `graph` current; `text` names the edit in the menu. An equal graph is no edit.

        Edits in a row with the same `merge` key (a drag, a spin box) are undone together.
        """
        if _same(graph, self._graph):
            return
        if merge is None or merge != self._merge:
            self._past.append((text, self._graph))
            del self._past[: -self.LIMIT]
        self._future.clear()
        self._merge = merge
        self._show(graph)

    def undo(self) -> None:
        """Go back one step; nothing where there is none."""
        self._step(self._past, self._future)

    def redo(self) -> None:
        """Take the last undo back; nothing where there is none."""
        self._step(self._future, self._past)

    @property
    def undo_text(self) -> str:
        """What undo would take back; empty where there is nothing."""
        return self._past[-1][0] if self._past else ""

    @property
    def redo_text(self) -> str:
        """What redo would bring back; empty where there is nothing."""
        return self._future[-1][0] if self._future else ""

    @property
    def modified(self) -> bool:
        """Whether the graph differs from the saved one."""
        return not _same(self._graph, self._saved)

    def mark_saved(self) -> None:
        """The current graph is what the file holds; the next edit starts a step of its own."""
        self._saved, self._merge = self._graph, None

    def reset(self, graph: Graph, saved: bool = True) -> None:
        """Another file is open: its graph, no history. `saved`: False for what came from nowhere (an autosave)."""
        self._past.clear()
        self._future.clear()
        self._merge = None
        self._saved = graph if saved else Graph()
        self._show(graph)

    def _step(self, source: list[tuple[str, Graph]], target: list[tuple[str, Graph]]) -> None:
        if source:
            text, graph = source.pop()
            target.append((text, self._graph))
            self._merge = None
            self._show(graph)

    def _show(self, graph: Graph) -> None:
        self._graph = graph
        self._on_change(graph)


def _same(a: Graph, b: Graph) -> bool:
    """Equal, asking shared nodes only for their identity: unchanged nodes are the same objects in both."""
    return a is b or (
        len(a.nodes) == len(b.nodes) and all(m is n or m == n for m, n in zip(a.nodes, b.nodes, strict=True))
    )
