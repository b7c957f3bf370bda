"""A model's code as a list of operations, by torch.fx: every module of torch.nn one operation, all other code followed.

Code that cannot be followed (a branch that depends on values) makes its module one operation as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from threading import get_ident
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_any

from .backward import Hearing, hearing, stop
from .carried import carried

BATCH = 7919  # a prime that stands for the number of pictures in sizes: nobody else's size is a multiple of it
ROOT = "model"
LEAVES = {"torchvision.ops.stochastic_depth.StochasticDepth"}
"""Modules outside torch.nn that are one operation, because we have a layer for them."""

_DRAWN = {"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial", "empty"}
_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


class Untraceable(Exception):
    """The model's own `forward` cannot be followed; `__cause__` says why."""


@dataclass(eq=False)
class Traced:
    """A model's operations. In `graph` modules and tensors stand by their names in these two.

    batch   what stands for the number of pictures in sizes
    whole   paths of modules that could not be followed
    """

    graph: fx.Graph
    modules: dict[str, nn.Module]
    tensors: dict[str, Tensor]
    batch: int = BATCH
    whole: list[str] = field(default_factory=list)


def trace(model: nn.Module, call: Callable[[nn.Module, Any], Any], whole: Collection[str] = ()) -> Traced:
    """The operations of `call(model, x)` for a tensor x. Modules at the paths `whole` are one. Raises Untraceable."""
    tracer = _Tracer(model, whole)
    holder = _Holder(model, call)
    try:
        with _Noise(tracer), hearing(tracer.hear) as tracer.hearing:
            graph = tracer.trace(holder)
    except Untraceable:
        raise
    except (Exception, SystemExit) as error:  # whatever a model's code raises over what is no tensor
        raise Untraceable from error
    stop(graph)
    return Traced(graph, tracer.modules, tracer.tensors, whole=tracer.whole)


def path_of(name: str) -> str:
    """The path in the user's model of a name in the holder."""
    return name.removeprefix(ROOT).removeprefix(".")


def full_name(cls: type) -> str:
    """`torch.nn.modules.conv.Conv2d`."""
    return f"{cls.__module__}.{cls.__qualname__}"


def is_leaf(module: nn.Module) -> bool:
    """Whether a module is one operation: torch's own code, or code that cannot or need not be followed."""
    cls = type(module)
    if isinstance(module, torch.jit.ScriptModule) or hasattr(module, "parametrizations") or full_name(cls) in LEAVES:
        return True
    if isinstance(module, _CONTAINERS) and cls.forward in (nn.Sequential.forward, nn.Module.forward):
        return False
    if carried(module) or cls.forward.__module__.startswith("torch.nn.modules."):  # or a subclass that only sets it up
        return True
    # noise of one's own: followed now, in evaluation, it would be nothing
    return not module._modules and not module._parameters and _asks_for_training(cls)


def _asks_for_training(cls: type[nn.Module]) -> bool:
    code = getattr(cls.forward, "__code__", None)
    return code is not None and "training" in code.co_names


class _Holder(nn.Module):
    """Calls the model: what a tracer notes down on its root lands here and not on somebody's model."""

    def __init__(self, model: nn.Module, call: Callable[[nn.Module, Any], Any]):
        super().__init__()
        self._modules[ROOT] = model
        self._call = call

    def forward(self, x: Any) -> Any:
        """What the model gives."""
        return self._call(self._modules[ROOT], x)  # type: ignore[arg-type]


class _Noise(TorchFunctionMode):
    """Numbers that code draws while it is followed become operations, to be drawn in every run."""

    def __init__(self, tracer: fx.Tracer):
        super().__init__()
        self._tracer, self._thread = tracer, get_ident()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run or note down a function of torch."""
        if getattr(func, "__name__", "") in _DRAWN and get_ident() == self._thread:
            return self._tracer.create_proxy("call_function", func, args, kwargs or {})
        return func(*args, **(kwargs or {}))


class _Tracer(fx.Tracer):
    """Follows one thread: fx patches torch for all of them, and others may be training meanwhile."""

    proxy_buffer_attributes = True

    def __init__(self, model: nn.Module, whole: Collection[str]):
        super().__init__(autowrap_modules=(math,), param_shapes_constant=True)
        self.modules: dict[str, nn.Module] = {}
        self.tensors: dict[str, Tensor] = {}
        self.whole: list[str] = []
        self.hearing: Hearing | None = None
        self._wanted = whole
        self._thread = get_ident()
        self._model = model
        self._paths: dict[int, str] = {}
        for path, module in model.named_modules(prefix=ROOT, remove_duplicate=False):
            self._paths.setdefault(id(module), path)
        named = [*model.named_parameters(prefix=ROOT), *model.named_buffers(prefix=ROOT)]
        self._names = {id(t): name for name, t in named}
        self._known: dict[str, fx.Proxy] = {}

    def hear(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """An autograd function of somebody's: one operation, which keeps its gradient."""
        if tree_any(lambda a: isinstance(a, fx.Proxy), args):
            return self.create_proxy("call_function", function, args, {})
        return function(*args)

    def create_node(self, *args: Any, **kwargs: Any) -> fx.Node:
        """An operation, and whether a gradient comes back through it."""
        node = super().create_node(*args, **kwargs)
        if self.hearing is not None:
            self.hearing.mark(node)
        return node

    def path_of_module(self, mod: nn.Module) -> str:
        """The first path of a module; one that `forward` has just made gets its own."""
        path = self._paths.get(id(mod))
        if path is None:
            path = self._paths[id(mod)] = f"{ROOT}.{type(mod).__name__.lower()}_{len(self._paths)}"
        self.modules[path] = mod
        return path

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """See `is_leaf`."""
        return is_leaf(m) or (m is not self._model and module_qualified_name in self._wanted)

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """One operation, or what it consists of. Hooks are not called: they are their owner's and want tensors."""
        if get_ident() != self._thread:
            return forward(*args, **kwargs)
        depth, last, seen = len(self.module_stack), next(iter(reversed(self.graph.nodes)), None), len(self.whole)
        try:
            return super().call_module(m, m.forward, args, kwargs)
        except (Exception, SystemExit):
            if m is self._model:
                raise
            while len(self.module_stack) > depth:
                self.module_stack.popitem()
            self._undo(last)
            del self.whole[seen:]
            path = self.path_of_module(m)
            self.whole.append(path)
            return self.create_proxy("call_module", path, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """A parameter or buffer as an operation of its own."""
        if get_ident() != self._thread or not isinstance(attr_val, Tensor):
            return attr_val
        self._known = parameter_proxy_cache
        name = self._names.get(id(attr_val))
        if name is None:
            return attr_val
        if name not in self._known:
            self.tensors[name] = attr_val
            make = None if not self.param_shapes_constant else self._weight(name, attr_val)
            self._known[name] = self.create_proxy("get_attr", name, (), {}, proxy_factory_fn=make)
        return self._known[name]

    def create_arg(self, a: Any) -> Any:
        """Tensors that the code holds become operations under a name of their own."""
        if isinstance(a, Tensor):
            name = self._names.setdefault(id(a), f"{ROOT}.constant_{len(self.tensors)}")
            self.tensors[name] = a  # kept, so that no other tensor gets its id
            return self.create_node("get_attr", name, (), {})
        return super().create_arg(a)

    def _weight(self, name: str, tensor: Tensor) -> Callable[[fx.Node], fx.Proxy]:
        return lambda node: fx.proxy.ParameterProxy(self, node, name, tensor)  # type: ignore[arg-type]

    def _undo(self, last: fx.Node | None) -> None:
        """Take back all operations behind `last`."""
        for node in list(reversed(self.graph.nodes)):
            if node is last:
                break
            self.graph.erase_node(node)
        for name in [k for k, proxy in self._known.items() if proxy.node._erased]:
            del self._known[name]
