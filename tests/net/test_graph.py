"""Graphs that cannot be: a loop is named by the layers in it alone."""

from __future__ import annotations

import pytest

from cnnviz.net.graph import LoopError, Node, graph
from cnnviz.net.layers import Add, Input, ReLU


@pytest.mark.parametrize(
    ("wires", "loop"),
    [
        ({"a": "a"}, "a"),
        ({"a": "b", "b": "a"}, "a, b"),
        ({"end": "a", "a": "b", "b": "a"}, "a, b"),
        ({"a": "c", "c": "b", "b": "a"}, "a, b, c"),
        ({"far": "end", "end": "c", "a": "c", "c": "b", "b": "a", "d": "d"}, "a, b, c"),
    ],
)
def test_only_layers_of_the_loop_are_named_in_the_wires_direction(wires: dict[str, str], loop: str) -> None:
    nodes = [Node("input", Input()), *(Node(id, Add(), ("input", source)) for id, source in wires.items())]
    with pytest.raises(LoopError) as caught:
        graph((*nodes, Node("beside", ReLU(), ("input",))))
    assert str(caught.value) == f"these nodes form a loop: {loop}"
