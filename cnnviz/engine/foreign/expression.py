"""A piece of a traced model as a module of its own: what a Foreign node runs."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from torch import Tensor, fx, nn

from .trial import tensors_in
from .values import Pending, Pieces, Step, Value, Weight

Known = Mapping[fx.Node, Any]
"""What each operation gives: a Value, Pieces, Weight, Pending, or a plain Python value."""


class Writer:
    """Writes operations of a traced model into a graph of their own, with tensors of a batch as its inputs."""

    def __init__(
        self, known: Known, modules: Mapping[str, nn.Module], batch: int, copies: Callable[[Any], Any] = deepcopy
    ):
        self._known, self._modules, self._batch = known, modules, batch
        self._copies = copies
        self._graph = fx.Graph()
        self._root: dict[str, Any] = {}
        self._names: dict[str, str] = {}
        self._inputs: dict[str, fx.Node] = {}
        self._seen: dict[Any, Any] = {}
        self._main: fx.Node | None = None

    def write(self, node: fx.Node) -> tuple[nn.Module, tuple[str, ...]]:
        """The module that gives what `node` gives, and the ids of our nodes whose outputs it takes."""
        self.inputs_of(node)
        return self._finish(self._operation(node))

    def rearrange(self, value: Value) -> tuple[nn.Module, tuple[str, ...]]:
        """The module that does the steps through which a value is seen."""
        self._declare(value)
        return self._finish(self._value(value))

    def _finish(self, result: Any) -> tuple[nn.Module, tuple[str, ...]]:
        self._graph.output(result)
        made = fx.GraphModule(self._root, self._graph, class_name="Foreign")
        return made, tuple(self._inputs)

    def inputs_of(self, node: fx.Node) -> None:
        """Declare the inputs of an operation, those that come first in its arguments first."""
        for source in node.all_input_nodes:
            self._declare(self._known[source], source)

    def _declare(self, known: Any, source: fx.Node | None = None) -> None:
        if isinstance(known, Pieces):
            known = known.value
        if isinstance(known, Value):
            if known.node not in self._inputs:
                self._inputs[known.node] = self._graph.placeholder(known.node)
                self._main = self._main or self._inputs[known.node]
        elif isinstance(known, Pending) and source is not None and source not in self._seen:
            self._seen[source] = None
            self.inputs_of(source)
            del self._seen[source]
        elif isinstance(known, (tuple, list)):
            for item in known:
                self._declare(item)

    def _operation(self, node: fx.Node) -> fx.Node:
        args, kwargs = fx.map_arg((node.args, node.kwargs), self._argument)
        if self._batch < 2 and node.target in ("view", "reshape", "expand"):  # recorded: the batch is one of the sizes
            args = self._sizes(node, args)
        elif node.op != "get_attr":
            args, kwargs = self._plain(args), self._plain(kwargs)
        if node.op == "call_module":
            name = self._attribute(str(node.target), lambda: self._copies(self._modules[str(node.target)]))
            return self._graph.call_module(name, tuple(args), kwargs)
        return self._graph.create_node(node.op, node.target, tuple(args), kwargs)

    def _argument(self, source: fx.Node) -> Any:
        if source in self._seen:
            return self._seen[source]
        known = self._known[source]
        self._seen[source] = made = self._operation(source) if isinstance(known, Pending) else self._given(known)
        return made

    def _given(self, known: Any) -> Any:
        if isinstance(known, Value):
            return self._value(known)
        if isinstance(known, Pieces):
            base = self._value(known.value)
            return [self._graph.call_method("narrow", (base, 1, a, b - a)) for a, b in known.cuts]
        if isinstance(known, Weight):
            return self._graph.get_attr(self._attribute(known.name, lambda: self._weight(known.tensor)))
        if isinstance(known, (tuple, list)):
            return [self._given(k) for k in known] if isinstance(known, list) else tuple(map(self._given, known))
        return known

    def _value(self, value: Value) -> fx.Node:
        made, dims = self._inputs[value.node], value.shape
        for step in value.steps:
            made = self._step(made, step)
            dims = step.after(dims)
        return made

    def _step(self, made: fx.Node, step: Step) -> fx.Node:
        if step.name == "permute":
            return self._graph.call_method("permute", (made, 0, *(a + 1 for a in step.sizes)))
        return self._graph.call_method("reshape", (made, self._size(1), *step.sizes))

    def _plain(self, value: Any) -> Any:
        """Sizes with the number of pictures in them, by the pictures there are."""
        if type(value) is int and value and value % self._batch == 0 and self._batch > 1:
            return self._size(value // self._batch)
        if isinstance(value, slice):
            return slice(self._plain(value.start), self._plain(value.stop), self._plain(value.step))
        if isinstance(value, (tuple, list)):
            return (
                type(value)(map(self._plain, value)) if type(value) in (tuple, list) else tuple(map(self._plain, value))
            )
        if isinstance(value, dict):
            return {k: self._plain(v) for k, v in value.items()}
        return value

    def _sizes(self, node: fx.Node, args: Any) -> Any:
        first, *rest = args
        nested = len(rest) == 1 and isinstance(rest[0], (tuple, list))
        sizes = list(rest[0]) if nested else rest
        if sizes and sizes[0] == self._batch:
            sizes[0] = self._size(1)
        return (first, tuple(sizes)) if nested else (first, *sizes)

    def _size(self, times: int) -> fx.Node:
        assert self._main is not None
        size = self._graph.call_method("size", (self._main, 0))
        return size if times == 1 else self._graph.call_function(operator.mul, (size, times))

    def _weight(self, tensor: Tensor) -> Tensor:
        copied: Tensor = self._copies(tensor)
        return copied

    def _attribute(self, path: str, make: Callable[[], Any]) -> str:
        if path not in self._names:
            name = path.rpartition(".")[2]
            while name in self._root or not name.isidentifier() or hasattr(nn.Module, name):
                name = f"{name}_" if name.isidentifier() else f"m{name}"
            self._names[path], self._root[name] = name, make()
        return self._names[path]


class Picked(nn.Module):
    """One tensor of what a module gives."""

    def __init__(self, module: nn.Module, index: int):
        super().__init__()
        self.module, self.index = module, index

    def forward(self, *inputs: Tensor) -> Tensor:
        """The tensor, counted through nested results."""
        return tensors_in(self.module(*inputs))[self.index]
