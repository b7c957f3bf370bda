"""The open file: the current graph and plan, their undo history, and whether they are saved."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from .graph import Graph
from .plan import Plan


def _nobody(value: object) -> None:
    """Hears of changes where nobody else does."""


@dataclass(frozen=True)
class State:
    """What one undo step leads back to."""

    graph: Graph = field(default_factory=Graph)
    plan: Plan = field(default_factory=Plan)


class Document:
    """Holds one graph and one plan at a time. Undo keeps whole states: graphs share their unchanged nodes.

    `on_graph` is called with the graph after each change of it, `on_plan` with the plan before after each change of
    that, and both after nothing else. Where both change, the plan's is first.
    """

    LIMIT = 500  # steps that can be undone

    def __init__(
        self,
        graph: Graph = Graph(),  # noqa: B008 - immutable
        on_graph: Callable[[Graph], None] = _nobody,
        on_plan: Callable[[Plan], None] = _nobody,
    ):
        self._now = State(graph)
        self._saved: State | None = self._now
        self._on_graph, self._on_plan = on_graph, on_plan
        self._past: list[tuple[str, State]] = []
        self._future: list[tuple[str, State]] = []
        self._merge: Hashable = None

    @property
    def graph(self) -> Graph:
        """The current graph."""
        return self._now.graph

    @property
    def plan(self) -> Plan:
        """How it is trained."""
        return self._now.plan

    def edit(self, text: str, graph: Graph, merge: Hashable = None) -> None:
        """Make `graph` current; `text` names the edit in the menu. An equal graph is no edit.

        Edits in a row with the same `merge` key (a drag, a spin box) are undone together.
        """
        self._edit(text, replace(self._now, graph=graph), merge)

    def edit_plan(self, text: str, plan: Plan, merge: Hashable = None) -> None:
        """Make `plan` current, as `edit` does with a graph."""
        self._edit(text, replace(self._now, plan=plan), merge)

    def _edit(self, text: str, state: State, merge: Hashable) -> None:
        if _same(state, self._now):
            return
        if merge is None or merge != self._merge:
            self._past.append((text, self._now))
            del self._past[: -self.LIMIT]
        self._future.clear()
        self._merge = merge
        self._show(state)

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
        """Whether graph or plan differ from what is saved."""
        return self._saved is None or not _same(self._now, self._saved)

    @property
    def saved(self) -> Graph | None:
        """The graph as it is saved, or was opened; None where nothing holds it."""
        return self._saved.graph if self._saved else None

    def mark_saved(self) -> None:
        """The current state is what the file holds; the next edit starts a step of its own."""
        self._saved, self._merge = self._now, None

    def reset(self, graph: Graph, plan: Plan | None = None, saved: bool = True) -> None:
        """Another file is open: its graph and plan, no history. `saved`: False where no file holds it (an autosave)."""
        self._past.clear()
        self._future.clear()
        self._merge = None
        state = State(graph, plan or Plan())
        self._saved = state if saved else None
        self._show(state, opened=True)

    def _step(self, source: list[tuple[str, State]], target: list[tuple[str, State]]) -> None:
        if source:
            text, state = source.pop()
            target.append((text, self._now))
            self._merge = None
            self._show(state)

    def _show(self, state: State, opened: bool = False) -> None:
        before, self._now = self._now, state
        if state.plan != before.plan:
            self._on_plan(before.plan)
        if opened or state.graph is not before.graph:
            self._on_graph(state.graph)


def _same(a: State, b: State) -> bool:
    """Equal, asking shared nodes only for their identity: unchanged nodes are the same objects in both."""
    m, n = a.graph.nodes, b.graph.nodes
    return a.plan == b.plan and (
        m is n or (len(m) == len(n) and all(x is y or x == y for x, y in zip(m, n, strict=True)))
    )
