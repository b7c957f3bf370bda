"""A network as it is opened and saved: its graph, its name, what is to be said of it, and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass, field

from .analysis import Analysis, analyse
from .graph import Graph
from .plan import Plan


@dataclass(frozen=True)
class Network:
    """One network. `name` is its file's stem or its preset name; `title` and `about` are for people."""

    graph: Graph
    name: str = "untitled"
    title: str = ""
    about: str = ""
    plan: Plan = field(default_factory=Plan)

    def analyze(self) -> Analysis:
        """Shapes, parameters, MACs, memory, receptive fields and problems of every layer."""
        return analyse(self.graph)
