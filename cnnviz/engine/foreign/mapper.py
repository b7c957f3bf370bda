"""From a traced model to our graph: every operation becomes a declared layer where there is one, else Foreign."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import Any

from torch import Tensor, fx, nn

from ...net.graph import Node, is_name
from ...net.layers import Layer, Shape
from ...net.layers.foreign import Foreign
from ...net.layers.shape import ChannelShuffle, Flatten, Reshape
from ...net.layers.source import Input
from ...net.problems import Misfit
from ...text import _
from .calls import Call, Rule, bare_name, rule_name, unhook
from .expression import Writer, rebatched, sample_of, tensors_in
from .trace import BATCH, Traced, path_of
from .values import Pending, Pieces, Step, Value, Weight

TRIED = 2  # pictures that an unknown operation is tried on
INPUT = "input"


class ModelError(ValueError):
    """The model cannot be run or shown; the message is one sentence with its own words and the place."""


class Unfit(Exception):
    """What the model does to its tensors has no place in a graph of layers; the message is a sentence for the notes."""


class Mapper:
    """One pass over a traced model."""

    def __init__(
        self,
        traced: Traced,
        source: Input,
        functions: Mapping[str, Rule],
        modules: Mapping[str, Rule],
        shape: Shape,
    ):
        self._traced, self._functions, self._modules, self._shape = traced, functions, modules, shape
        self.nodes: list[Node] = [Node(INPUT, source)]
        self.state: dict[str, Tensor] = {}
        self.foreign: dict[str, nn.Module | str] = {}
        self.origin: dict[str, str] = {}
        self.outputs: list[str] = []
        self.notes: list[str] = []
        self._known: dict[fx.Node, Any] = {}
        self._sharing: dict[int, list[fx.Node]] = {}  # by memory
        self._stale: set[fx.Node] = set()
        self._settled: dict[Value, Value] = {}
        self._ids = {INPUT}
        self._owners: dict[int, str] = {}  # node of a module's weights
        self._counted: set[int] = set()  # parameters that have a node
        self._copied: dict[int, tuple[Any, Any]] = {}  # with what they are copies of, which keeps its id
        self._originals: dict[int, int] = {}  # of a copied parameter
        self._shapes: dict[str, Shape] = {INPUT: source.out(())}
        self._memory = 0

    @property
    def batch(self) -> int:
        """What stands for the number of pictures in sizes."""
        return self._traced.batch

    def run(self) -> None:
        """Map everything. Raises ModelError, Unfit."""
        for node in self._traced.graph.nodes:
            if node.op == "output":
                self._finish(node.args[0])
            else:
                self._learn(node, self._result(node))

    # ── what operations give ─────────────────────────────────────────────────────────────────────────────────────────
    def _result(self, node: fx.Node) -> Any:
        if node.op == "placeholder":
            picture = Value(INPUT, self._shapes[INPUT], self.memory())
            return picture if self._shape == picture.shape else picture.through(Step("reshape", self._shape))
        if node.op == "get_attr":
            return Weight(str(node.target), self._traced.tensors[str(node.target)])
        args, kwargs = fx.map_arg((node.args, node.kwargs), self._read)
        if not any(_is_tensor(a) for a in (*args, *kwargs.values())) and node.op != "call_module":
            return self._computed(node, args, kwargs)
        module = self._traced.modules[str(node.target)] if node.op == "call_module" else None
        call = Call(self, node, rule_name(node, module), tuple(args), dict(kwargs), module)
        rule = (self._functions if module is None else self._modules).get(call.name)
        result = None
        if rule is not None:
            with suppress(Misfit, TypeError):  # a setting that our layer does not have
                result = rule(call)
        result = self._unknown(call) if result is None else result
        self._written(call, result)
        return result

    def _computed(self, node: fx.Node, args: Any, kwargs: Any) -> Any:
        try:
            if node.op == "call_method":
                return getattr(args[0], str(node.target))(*args[1:], **kwargs)
            return node.target(*args, **kwargs)  # type: ignore[operator]
        except Exception as error:
            raise self.failure(node, error) from error

    def _read(self, node: fx.Node) -> Any:
        if node in self._stale:
            text = _("It writes into a part of a tensor whose whole it reads later ({name}).")
            raise Unfit(text.format(name=node.name))
        return self._known[node]

    def _learn(self, node: fx.Node, known: Any) -> None:
        self._known[node] = known
        if isinstance(known, (Value, Pieces)):
            memory = known.memory if isinstance(known, Value) else known.value.memory
            self._sharing.setdefault(memory, []).append(node)

    def _written(self, call: Call, result: Any) -> None:
        """Where the operation wrote into its input, all that shares its memory has changed, too."""
        target = call.args[0] if call.args else None
        if not call.writes:
            return
        if not isinstance(target, Value) or not isinstance(result, Value):
            raise Unfit(_("It writes into a part of a tensor ({name}).").format(name=call.node.name))
        if result.node == target.node:
            return
        for node in self._sharing.pop(target.memory, []):
            known = self._known[node]
            if isinstance(known, Value) and known.node == target.node:
                self._learn(node, replace(known, node=result.node, memory=result.memory))
            else:
                self._stale.add(node)

    # ── making nodes ─────────────────────────────────────────────────────────────────────────────────────────────────
    def memory(self) -> int:
        """A number for memory of its own."""
        self._memory += 1
        return self._memory

    def put(
        self,
        call: Call,
        layer: Layer,
        sources: Sequence[Value],
        weights: Mapping[str, Tensor] | None = None,
        steps: tuple[Step, ...] = (),
        memory: int = 0,
        path: str | None = None,
    ) -> Value:
        """A node of this layer behind these tensors, taken as they are before their steps. Raises Misfit.

        weights  of the layer, under our names; by default all that the call's module has
        steps    through which its output is seen;  memory  that it shares with an input
        path     in the model, by default that of the call
        """
        shapes = tuple(v.shape for v in sources)
        shape = layer.out(shapes)
        module = call.module
        if weights is None:
            weights = module.state_dict(keep_vars=True) if module is not None else {}
        owner = self._owners.get(id(module)) if weights and module is not None else None
        where = self._path(call.node) if path is None else path
        id_ = self._identify(where, call.node, type(layer).__name__)
        if owner is not None:
            self.foreign[id_] = owner
            self.state |= {f"{id_}.{k}": self.state[f"{owner}.{k}"] for k in weights}
            layer = Foreign(type(layer).__name__, shape, shapes, 0)
        else:
            if weights and module is not None:
                self._owners[id(module)] = id_
            self._counted.update(map(id, weights.values()))
            self.state |= {f"{id_}.{k}": w.detach() for k, w in weights.items()}
        return self._add(id_, layer, tuple(v.node for v in sources), where, call.node, shape, steps, memory)

    def pointwise(self, call: Call, layer: Layer, value: Value) -> Value:
        """A node of a layer that treats all values alike, wherever they stand."""
        return self.put(call, layer, (value,), steps=value.steps)

    def settle(self, value: Value, node: fx.Node) -> Value:
        """The tensor as a node of its own, its steps done."""
        if not value.steps:
            return value
        if value not in self._settled:
            self._settled[value] = self._rearranged(value, node)
        return self._settled[value]

    def _rearranged(self, value: Value, node: fx.Node) -> Value:
        call = Call(self, node, "reshape", (), {})
        plain = replace(value, steps=())
        dims, names = value.dims, [s.name for s in value.steps]
        where = f"{self._owner(node)}.reshape".lstrip(".")
        if names == ["reshape"] and len(dims) <= 3 and 0 not in dims:
            layer = Flatten() if len(dims) == 1 else Reshape(dims)
            return self.put(call, layer, (plain,), memory=value.memory, path=where)
        if names == ["reshape", "permute", "reshape"] and len(value.shape) == 3 and dims == value.shape:
            first, turned = value.steps[0].sizes, value.steps[1].sizes
            if len(first) == 4 and turned == (1, 0, 2, 3) and first[2:] == dims[1:]:
                return self.put(
                    call, ChannelShuffle(first[0]), (plain,), path=where.removesuffix("reshape") + "shuffle"
                )
        module, inputs = Writer(self._known, self._traced.modules, self._traced.batch).rearrange(value)
        return self._put_foreign(node, "permute" if "permute" in names else "reshape", module, inputs, dims)

    def is_layer(self, value: Value) -> bool:
        """Whether the steps so far are a layer by themselves: flattening, or the shuffling of channels."""
        names = [s.name for s in value.steps]
        flat = names == ["reshape"] and len(value.dims) == 1
        return flat or (names == ["reshape", "permute", "reshape"] and value.dims == value.shape)

    def unowned(self, *tensors: Tensor | None) -> bool:
        """Whether no node has these parameters yet."""
        return not any(id(t) in self._counted for t in tensors)

    def _add(
        self,
        id_: str,
        layer: Layer,
        sources: tuple[str, ...],
        path: str,
        node: fx.Node,
        shape: Shape,
        steps: tuple[Step, ...] = (),
        memory: int = 0,
    ) -> Value:
        group = path_of(path).rpartition(".")[0].replace(".", "/")
        self.nodes.append(Node(id_, layer, sources, group))
        self.origin[id_] = path_of(path)
        self._shapes[id_] = shape
        return Value(id_, shape, memory or self.memory(), steps)

    # ── operations without a layer ───────────────────────────────────────────────────────────────────────────────────
    def _unknown(self, call: Call) -> Any:
        """A Foreign node; where its result is no tensor of a batch, it is put off until something makes one of it."""
        node = call.node
        wired = any(_is_wired(self._known[n]) for n in node.all_input_nodes)
        sample = self._try(call)
        if not wired or not self._is_batch(sample):
            return Pending(sample, wired)
        plain = [self._known[n] for n in node.all_input_nodes]
        if call.module is not None and not call.kwargs and all(isinstance(k, Value) and not k.steps for k in plain):
            module, inputs = self.copy(call.module), tuple(k.node for k in plain)
        else:
            module, inputs = self._write(node)
        return self._put_foreign(node, call.shown, module, inputs, tuple(sample.shape[1:]))

    def _write(self, node: fx.Node) -> tuple[nn.Module, tuple[str, ...]]:
        return Writer(self._known, self._traced.modules, self._traced.batch, self.copy).write(node)

    def _put_foreign(self, node: fx.Node, name: str, module: nn.Module, inputs: tuple[str, ...], shape: Shape) -> Value:
        mine = {self._originals.get(id(p), id(p)): p.numel() for p in module.parameters()}
        count = sum(size for key, size in mine.items() if key not in self._counted)
        self._counted.update(mine)
        path = self._path(node)
        id_ = self._identify(path, node, name)
        self.foreign[id_] = module
        self.state |= {f"{id_}.{k}": w.detach() for k, w in module.state_dict().items()}
        layer = Foreign(name, shape, tuple(self._shapes[i] for i in inputs), count)
        return self._add(id_, layer, inputs, path, node, shape)

    def _is_batch(self, sample: Any) -> bool:
        pictures = TRIED if self._traced.batch == BATCH else self._traced.batch
        return (
            isinstance(sample, Tensor)
            and sample.is_floating_point()
            and sample.dim() > 1
            and sample.shape[0] == pictures
        )

    def _try(self, call: Call) -> Any:
        batch = self._traced.batch
        to = TRIED if batch == BATCH else batch
        args, kwargs = (_mapped(v, lambda k: sample_of(k, batch, to)) for v in (call.args, call.kwargs))
        args, kwargs = rebatched(args, batch, to), rebatched(kwargs, batch, to)
        try:
            if call.module is not None:
                return self.copy(call.module)(*args, **kwargs)
            if call.node.op == "call_method":
                return getattr(args[0], str(call.node.target))(*args[1:], **kwargs)
            return call.node.target(*args, **kwargs)  # type: ignore[operator]
        except Exception as error:  # the user's own code
            raise self.failure(call.node, error) from error

    def copy(self, thing: Any) -> Any:
        """A copy of a module or tensor that is ours, without its owner's hooks; the same one for the same thing."""
        if id(thing) not in self._copied:
            try:
                made = deepcopy(thing, {key: ours for key, (_theirs, ours) in self._copied.items()})
            except Exception:  # not everything can be copied
                made = thing
            pairs = [(thing, made)]
            if isinstance(thing, nn.Module) and made is not thing:
                pairs += zip(thing.parameters(), made.parameters(), strict=True)
                unhook(made)
            self._copied |= {id(theirs): (theirs, ours) for theirs, ours in pairs}
            self._originals |= {id(ours): id(theirs) for theirs, ours in pairs}
        return self._copied[id(thing)][1]

    def failure(self, node: fx.Node, error: Exception) -> ModelError:
        """What is said of an operation that raises."""
        words = " ".join(str(error).split()) or type(error).__name__
        text = _("{place}: the model's own code fails here: {words}")
        return ModelError(text.format(place=path_of(self._path(node)) or "forward", words=words))

    # ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _owner(self, node: fx.Node) -> str:
        stack = node.meta.get("nn_module_stack")
        return str(next(reversed(stack.values()))[0]) if stack else ""

    def _path(self, node: fx.Node) -> str:
        """`layer1.0.conv1`, or `layer1.0.add` for what the code of layer1.0 calls."""
        if node.op == "call_module":
            return str(node.target)
        name = getattr(node.target, "__name__", str(node.target)).strip("_")
        return f"{self._owner(node)}.{name}".lstrip(".")

    def _identify(self, path: str, node: fx.Node, kind: str) -> str:
        stem = re.sub(r"\W", "_", path_of(path)) or kind.lower()
        stem = stem if stem[0].isalpha() or stem[0] == "_" else f"{kind.lower()}_{stem}"
        stem = stem if is_name(stem) else f"{stem}_"
        found, number = stem, 2
        while found in self._ids:
            found, number = f"{stem}_{number}", number + 1
        self._ids.add(found)
        return found

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def _finish(self, result: Any) -> None:
        results = _flat(fx.map_arg(result, lambda n: (n, self._read(n))))
        for node, known in results:
            if isinstance(known, Value):
                self.outputs.append(self.settle(known, node).node)
            elif isinstance(known, Pieces):
                self.notes.append(_("An output in pieces is shown as a whole."))
                self.outputs.append(known.value.node)
            elif isinstance(known, Pending) and known.wired:
                self.outputs += self._taken_apart(node, known)
        if not self.outputs:
            raise Unfit(_("It gives no tensor that follows from its input."))
        self.outputs = list(dict.fromkeys(self.outputs))

    def _taken_apart(self, node: fx.Node, known: Pending) -> list[str]:
        """Nodes for the tensors in a nested result."""
        found = []
        for index, sample in enumerate(tensors_in(known.sample)):
            if not self._is_batch(sample):
                self.notes.append(_("An output that is no value for each picture is left out."))
                continue
            module, inputs = self._write(node)
            picked = module if isinstance(known.sample, Tensor) else Picked(module, index)
            found.append(self._put_foreign(node, bare_name(node), picked, inputs, tuple(sample.shape[1:])).node)
        return found


class Picked(nn.Module):
    """One tensor of what a module gives."""

    def __init__(self, module: nn.Module, index: int):
        super().__init__()
        self.module, self.index = module, index

    def forward(self, *inputs: Tensor) -> Tensor:
        """The tensor, counted through nested results."""
        return tensors_in(self.module(*inputs))[self.index]


def _flat(result: Any) -> list[tuple[fx.Node, Any]]:
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[0], fx.Node):
        return [result]
    if isinstance(result, Mapping):
        result = list(result.values())
    return [pair for item in result for pair in _flat(item)] if isinstance(result, (tuple, list)) else []


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, (list, tuple)):
        items = [_mapped(v, change) for v in value]
        return items if isinstance(value, list) else tuple(items)
    return {k: _mapped(v, change) for k, v in value.items()} if isinstance(value, dict) else change(value)


def _is_tensor(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_is_tensor, value))
    return isinstance(value, (Value, Weight, Pending, Pieces))


def _is_wired(known: Any) -> bool:
    if isinstance(known, (tuple, list)):
        return any(map(_is_wired, known))
    return isinstance(known, (Value, Pieces)) or (isinstance(known, Pending) and known.wired)
