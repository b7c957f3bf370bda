"""A model that cannot be followed without values is run once, and what it does on the way is written down.

What it decides by values is decided as for the given picture. Tensors are known again by identity; where a model takes
values out of torch and back, the module that does so is kept as one operation.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from copy import deepcopy
from threading import get_ident
from typing import Any

from torch import Tensor, fx, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode

from ...text import _
from .backward import Hearing, hearing, stop
from .calls import spoken, unhook
from .mapper import ModelError, Unfit
from .trace import ROOT, Traced, is_leaf, path_of
from .trial import plain
from .values import leading

_OUT = {"numpy", "tolist", "__array__", "data_ptr"}  # methods by which values leave torch


def record(
    model: nn.Module, call: Callable[[nn.Module, Any], Any], picture: Tensor, wanted: Collection[str] = ()
) -> Traced:
    """The operations of `call(model, picture)` as they are done; modules at the paths `wanted` are one.

    Raises mapper.ModelError where the model raises, mapper.Unfit where it must be one piece.
    """
    whole = set(wanted)
    while True:
        try:
            ours = plain(deepcopy(model)).requires_grad_(False)
            unhook(ours)
        except Exception:  # not everything can be copied; `untouched` then puts back what it can
            ours = model
        recorder = _Recorder(ours, whole)
        with recorder.listening():
            x = recorder.enter(picture.detach().clone())
            try:
                result = call(ours, x)
            except (Exception, SystemExit) as error:  # the model's own code
                raise recorder.failure(error) from error
        if recorder.left is None:
            break
        if recorder.left in whole or recorder.left == ROOT:
            raise Unfit(_("The model takes values out of torch and back, and is shown as one piece."))
        whole.add(recorder.left)
    recorder.graph.output(recorder.argument(result))
    stop(recorder.graph)
    modules = dict(model.named_modules(prefix=ROOT, remove_duplicate=False))
    return Traced(recorder.graph, modules, recorder.tensors(model), len(picture), sorted(whole))


class _Recorder(TorchFunctionMode):
    """Hears every module and every function of torch in this thread, and writes those outside of leaves down."""

    def __init__(self, model: nn.Module, whole: set[str]):
        super().__init__()
        self.graph = fx.Graph()
        self.left: str | None = None  # the module in which values left torch
        self._whole = whole
        self._thread = get_ident()
        self._paths: dict[int, str] = {}
        for path, module in model.named_modules(prefix=ROOT, remove_duplicate=False):
            self._paths.setdefault(id(module), path)
        named = [*model.named_parameters(prefix=ROOT), *model.named_buffers(prefix=ROOT)]
        self._named = {id(t): (name, t) for name, t in named}
        self._nodes: dict[int, fx.Node] = {}
        self._held: list[Any] = []  # what has a node, so that its id stays its own
        self._constants: dict[str, Tensor] = {}
        self._stack: list[str] = []
        self._inside = 0  # leaves that are running
        self.hearing: Hearing | None = None

    def enter(self, picture: Tensor) -> Tensor:
        """The picture as the input."""
        self._nodes[id(picture)] = self.graph.placeholder("x")
        self._held.append(picture)
        return picture

    def tensors(self, model: nn.Module) -> dict[str, Tensor]:
        """Weights and constants by name, the weights being the model's own and not those of its copy."""
        named = dict(model.named_parameters(prefix=ROOT)) | dict(model.named_buffers(prefix=ROOT))
        return named | self._constants

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While it lasts, everything is written down."""
        before = register_module_forward_pre_hook(self._entered)
        after = register_module_forward_hook(self._left, always_call=False)
        try:
            with self, hearing(self.hear) as self.hearing:
                yield
        finally:
            before.remove()
            after.remove()

    def hear(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """An autograd function of somebody's: one operation, which keeps its gradient."""
        self._inside += 1
        try:
            result = function(*args)
        finally:
            self._inside -= 1
        if not self._inside and leading(result) is not None:
            self._note("call_function", function, args, {}, result)
        return result

    def failure(self, error: BaseException) -> ModelError:
        """What is said where the model raises."""
        text = _("{place}: the model's own code fails here: {words}")
        return ModelError(
            text.format(place=path_of(self._stack[-1]) if self._stack[1:] else "forward", words=spoken(error))
        )

    def argument(self, value: Any) -> Any:
        """A value as an argument of an operation."""
        if isinstance(value, Tensor):
            if id(value) not in self._nodes:
                self._nodes[id(value)] = self._weight(value)
                self._held.append(value)
            return self._nodes[id(value)]
        if isinstance(value, (tuple, list)):
            items = [self.argument(v) for v in value]
            return items if isinstance(value, list) else tuple(items)
        if isinstance(value, dict):
            return {k: self.argument(v) for k, v in value.items()}
        if isinstance(value, slice):
            return slice(self.argument(value.start), self.argument(value.stop), self.argument(value.step))
        return value

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run a function of torch and write it down."""
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if self._inside or get_ident() != self._thread:
            return func(*args, **kwargs)
        if name in _OUT and args and id(args[0]) in self._nodes:
            self.left = self._stack[-1] if self._stack else ROOT
        result = func(*args, **kwargs)
        if name != "__get__" and leading(result) is not None:
            self._note("call_method" if _is_method(func) else "call_function", func, args, kwargs, result)
        return result

    def _note(self, op: str, target: Any, args: Any, kwargs: Any, result: Any) -> None:
        given, named = self.argument(tuple(args)), self.argument(dict(kwargs))
        goal = target.__name__ if op == "call_method" else target
        node = self.graph.create_node(op, goal, given, named)
        node.meta["nn_module_stack"] = {p: (p, None) for p in self._stack}
        if self.hearing is not None:
            self.hearing.mark(node)
        self._remember(result, node)

    def _remember(self, result: Any, node: fx.Node) -> None:
        if isinstance(result, Tensor):
            self._nodes[id(result)] = node
            self._held.append(result)
        elif isinstance(result, (tuple, list)):
            for index, item in enumerate(result):
                if leading(item) is not None:
                    picked = self.graph.call_function(operator.getitem, (node, index))
                    picked.meta = dict(node.meta)
                    self._remember(item, picked)
        elif isinstance(result, dict):
            for key, item in result.items():
                picked = self.graph.call_function(operator.getitem, (node, key))
                picked.meta = dict(node.meta)
                self._remember(item, picked)

    def _weight(self, tensor: Tensor) -> fx.Node:
        name = self._named[id(tensor)][0] if id(tensor) in self._named else f"{ROOT}.constant_{len(self._constants)}"
        if id(tensor) not in self._named:
            self._constants[name] = tensor.detach().clone()
        return self.graph.get_attr(name)

    def _entered(self, module: nn.Module, args: Any) -> None:
        if get_ident() != self._thread or id(module) not in self._paths:
            return
        path = self._paths[id(module)]
        self._stack.append(path)
        self._inside += self._is_one(module, path)

    def _left(self, module: nn.Module, args: Any, result: Any) -> None:
        if get_ident() != self._thread or id(module) not in self._paths:
            return
        path = self._stack.pop()
        if self._is_one(module, path):
            self._inside -= 1
            if not self._inside:
                self._note("call_module", path, args, {}, result)

    def _is_one(self, module: nn.Module, path: str) -> bool:
        return path in self._whole or is_leaf(module)


def _is_method(func: Any) -> bool:
    """Whether it is a method of tensors: those are known by name, as in traced code."""
    return getattr(Tensor, getattr(func, "__name__", ""), None) is func
