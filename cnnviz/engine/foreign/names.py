"""What the nodes of an imported model are called, and where in the model an operation stands."""

from __future__ import annotations

import re

from torch import fx

from ...net.graph import is_name
from .trace import path_of

_AS_HERE = {"cat": "concat", "concatenate": "concat", "iadd": "add", "mul": "multiply", "imul": "multiply"}
"""What has no name in a model's code is called as layers are called here."""


def owner_of(node: fx.Node) -> str:
    """The path of the module whose code calls this."""
    if node.op == "call_module":
        return str(node.target).rpartition(".")[0]
    stack = node.meta.get("nn_module_stack")
    return str(next(reversed(stack.values()))[0]) if stack else ""


def path_to(node: fx.Node) -> str:
    """`layer1.0.conv1`, or `layer1.0.add` for what the code of layer1.0 calls."""
    if node.op == "call_module":
        return str(node.target)
    name = getattr(node.target, "__name__", str(node.target)).strip("_")
    return f"{owner_of(node)}.{_AS_HERE.get(name, name)}".lstrip(".")


def group_of(path: str) -> str:
    """`layer1/0` of `model.layer1.0.conv1`."""
    return path_of(path).rpartition(".")[0].replace(".", "/")


class Names:
    """Ids of nodes: Python names, each given once."""

    def __init__(self, *taken: str):
        self._taken = set(taken)

    def new(self, path: str, kind: str) -> str:
        """An id for what stands at this path and is of this kind: `layer1_0_conv1`, `conv2d_0`."""
        stem = re.sub(r"\W", "_", path_of(path)) or kind.lower()
        stem = stem if stem[0].isalpha() or stem[0] == "_" else f"{kind.lower()}_{stem}"
        stem = stem if is_name(stem) else f"{stem}_"
        found, number = stem, 2
        while found in self._taken:
            found, number = f"{stem}_{number}", number + 1
        self._taken.add(found)
        return found

    def free(self, id: str) -> None:
        """Take an id back, which no node has any more."""
        self._taken.discard(id)
