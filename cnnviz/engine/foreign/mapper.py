"""From a traced model to our graph: every operation becomes a declared layer where there is one, else Foreign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from torch import Tensor, fx, nn

from ...net.graph import Node
from ...net.layers import Layer, Shape
from ...net.layers.foreign import Foreign
from ...net.layers.shape import ChannelShuffle, Flatten, Reshape
from ...net.layers.source import Source
from ...net.problems import Misfit
from ...text import _
from .calls import Call, Rule, bare_name, rule_name, spoken
from .expression import Picked, Writer
from .names import Names, group_of, owner_of, path_to
from .trace import ROOT, Traced, path_of
from .trial import Copies, is_batch, tensors_in, tried
from .values import Pending, Pieces, Step, Value, Weight


class ModelError(ValueError):
    """The model cannot be run or shown; the message is one sentence with its own words and the place."""


class Unfit(Exception):
    """What a module does to its tensors has no place in a graph of layers: it must be one piece.

    The message is a sentence for the notes; `path` is the module's.
    """

    def __init__(self, message: str, path: str = ROOT):
        super().__init__(message)
        self.path = path


class Mapper:
    """One pass over a traced model."""

    def __init__(
        self,
        traced: Traced,
        source: Source,
        functions: Mapping[str, Rule],
        modules: Mapping[str, Rule],
        shape: Shape,
    ):
        self._traced, self._functions, self._modules, self._shape = traced, functions, modules, shape
        first = type(source).__name__.lower()
        self.nodes: list[Node] = [Node(first, source)]
        self.state: dict[str, Tensor] = {}
        self.foreign: dict[str, nn.Module | str] = {}
        self.origin: dict[str, str] = {}
        self.outputs: list[str] = []
        self.notes: list[str] = []
        self._known: dict[fx.Node, Any] = {}
        self._sharing: dict[int, list[fx.Node]] = {}  # by memory
        self._stale: dict[fx.Node, fx.Node] = {}  # what was written over in part, and by which operation
        self._settled: dict[Value, Value] = {}
        self._names = Names(first)
        self._owners: dict[int, str] = {}  # node of a module's weights
        self._homes: dict[int, str] = {}  # node of a parameter
        self.counted: set[int] = set()  # parameters that have a node
        self._copies = Copies()
        self._shapes: dict[str, Shape] = {first: source.out(())}
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
            first = self.nodes[0].id
            picture = Value(first, self._shapes[first], self.memory())
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
                result = getattr(args[0], str(node.target))(*args[1:], **kwargs)
            else:
                result = node.target(*args, **kwargs)  # type: ignore[operator]
        except (Exception, SystemExit) as error:
            raise self.failure(node, error) from error
        # a tensor made here may be noise: it is made anew in every run
        return Pending(result, False) if isinstance(result, Tensor) else result

    def _read(self, node: fx.Node) -> Any:
        if node in self._stale:
            writer = self._stale[node]
            raise Unfit(self._writing(writer), owner_of(writer) or ROOT)
        return self._known[node]

    def _learn(self, node: fx.Node, known: Any) -> None:
        self._known[node] = known
        if isinstance(known, (Value, Pieces)):
            memory = known.memory if isinstance(known, Value) else known.value.memory
            self._sharing.setdefault(memory, []).append(node)

    def _written(self, call: Call, result: Any) -> None:
        """Where the operation wrote into its input, all that shares its memory has changed, too."""
        target = call.args[0] if call.args else None
        if not call.writes or isinstance(target, Weight) or (isinstance(target, Pending) and not target.wired):
            return
        if not isinstance(target, Value) or not isinstance(result, Value):
            raise Unfit(self._writing(call.node), owner_of(call.node) or ROOT)
        if result.node == target.node:
            return
        for node in self._sharing.pop(target.memory, []):
            known = self._known[node]
            if isinstance(known, Value) and known.node == target.node:
                self._learn(node, replace(known, node=result.node, memory=result.memory))
            else:
                self._stale[node] = call.node

    def _writing(self, node: fx.Node) -> str:
        text = _("{place} writes into a part of a tensor, and is shown as one piece.")
        return text.format(place=path_of(owner_of(node)) or _("The model"))

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
        trained = sum(w.numel() for w in weights.values() if isinstance(w, nn.Parameter))
        if trained and trained != layer.params(shapes):
            raise Misfit("foreign.form")  # weights for another input: the model itself says what is wrong
        owner = (self._owners.get(id(module)) if module is not None else None) or self._tied(layer, weights)
        again = owner if owner and self._is_same(owner, layer, shapes) else ""
        where = path_to(call.node) if path is None else path
        id_ = self._names.new(where, type(layer).__name__)
        if owner and not again:
            self.foreign[id_] = owner
            self.state |= {f"{id_}.{k}": self.state[f"{owner}.{k}"] for k in weights}
            layer = Foreign(type(layer).__name__, shape, shapes, 0)
        elif not owner:
            if weights and module is not None:
                self._owners[id(module)] = id_
            mine = [id(w) for w in weights.values() if isinstance(w, nn.Parameter)]  # no views: they do not last
            self.counted.update(mine)
            self._homes |= dict.fromkeys(mine, id_)
            self.state |= {f"{id_}.{k}": w.detach() for k, w in weights.items()}
        ids = tuple(v.node for v in sources)
        return self._add(id_, layer, ids, where, call.node, shape, steps, memory, again)

    def _is_same(self, owner: str, layer: Layer, shapes: tuple[Shape, ...]) -> bool:
        """Whether the layer here is the one of that node, and its weights are for such inputs."""
        node = next(n for n in self.nodes if n.id == owner)
        theirs = tuple(self._shapes[s] for s in node.sources)
        return node.layer == layer and layer.torch(shapes) == layer.torch(theirs)

    def _tied(self, layer: Layer, weights: Mapping[str, Tensor]) -> str | None:
        """The node whose weights these are, too, where it is the same layer. Raises Misfit where they only overlap."""
        homes = {self._homes.get(id(w)) for w in weights.values()} | {None}
        if len(homes) == 1:
            return None
        owner = next(h for h in homes if h is not None)
        same = next(n.layer for n in self.nodes if n.id == owner) == layer
        held = all(id(w) in self._homes and f"{owner}.{name}" in self.state for name, w in weights.items())
        if len(homes) > 2 or not (same and held):
            raise Misfit("foreign.form")
        return owner

    def unmet(self, call: Call, layer: Layer, value: Value, other: Value) -> tuple[Value, ...]:
        """What met in a node that only this call reads, which is taken back: a + b + c is one node. Else the value.

        value  what the call takes first;  other  what it takes then
        """
        source, node = call.node.args[0], next(n for n in self.nodes if n.id == value.node)
        of_this = isinstance(source, fx.Node) and self._known[source] is value and len(source.users) == 1
        same = (node.layer, node.group) == (layer, group_of(path_to(call.node)))
        if call.writes or not of_this or not same or other.node == node.id:
            return (value,)
        self.nodes.remove(node)
        self._names.free(node.id)
        return tuple(Value(s, self._shapes[s], self.memory()) for s in node.sources)

    def pointwise(self, call: Call, layer: Layer, value: Value) -> Value:
        """A node of a layer that treats all values alike, wherever they stand."""
        return self.put(call, layer, (value,), steps=value.steps)

    def settle(self, value: Value, node: fx.Node, own: bool = False) -> Value:
        """The tensor as a node of its own, its steps done. `own`: that is what the operation does."""
        if not value.steps:
            return value
        if value not in self._settled:
            self._settled[value] = self._rearranged(value, node, own)
        return self._settled[value]

    def _rearranged(self, value: Value, node: fx.Node, own: bool) -> Value:
        call = Call(self, node, "reshape", (), {})
        plain = replace(value, steps=())
        dims, names = value.dims, [s.name for s in value.steps]
        where = f"{owner_of(node)}.{'flatten' if len(dims) == 1 else 'reshape'}".lstrip(".")
        if own and node.op == "call_module":
            where = str(node.target)
        if names == ["reshape"] and len(dims) <= 3 and 0 not in dims:
            layer = Flatten() if len(dims) == 1 else Reshape(dims)
            return self.put(call, layer, (plain,), memory=value.memory, path=where)
        if names == ["reshape", "permute", "reshape"] and len(value.shape) == 3 and dims == value.shape:
            first, turned = value.steps[0].sizes, value.steps[1].sizes
            if len(first) == 4 and turned == (1, 0, 2, 3) and first[2:] == dims[1:]:
                return self.put(
                    call, ChannelShuffle(first[0]), (plain,), path=where.removesuffix("reshape") + "shuffle"
                )
        module, inputs = Writer(self._known, self._traced.modules, self.batch).rearrange(value)
        name = "permute" if "permute" in names else "reshape"
        path = f"{owner_of(node)}.{name}".lstrip(".")
        return self._put_foreign(node, name, module, inputs, dims, value.memory, path)

    def is_layer(self, value: Value) -> bool:
        """Whether the steps so far are a layer by themselves: flattening, or the shuffling of channels."""
        names = [s.name for s in value.steps]
        flat = names == ["reshape"] and len(value.dims) == 1
        return flat or (names == ["reshape", "permute", "reshape"] and value.dims == value.shape)

    def unowned(self, *tensors: Tensor | None) -> bool:
        """Whether no node has these parameters yet."""
        return not any(id(t) in self.counted for t in tensors)

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
        weights: str = "",
    ) -> Value:
        self.nodes.append(Node(id_, layer, sources, group_of(path), weights=weights))
        self.origin[id_] = path_of(path)
        self._shapes[id_] = shape
        return Value(id_, shape, memory or self.memory(), steps)

    # ── operations without a layer ───────────────────────────────────────────────────────────────────────────────────
    def _unknown(self, call: Call) -> Any:
        """A Foreign node; where its result is no tensor of a batch, it is put off until something makes one of it."""
        node = call.node
        wired = any(_is_wired(self._known[n]) for n in node.all_input_nodes)
        try:
            sample, memory = tried(call, self.batch, self._copies)
        except (Exception, SystemExit) as error:  # the user's own code
            raise self.failure(node, error) from error
        if not wired or not is_batch(sample, self.batch):
            return Pending(sample, wired)
        plain = [self._known[n] for n in node.all_input_nodes]
        if call.module is not None and not call.kwargs and all(isinstance(k, Value) and not k.steps for k in plain):
            module, inputs = self._copies(call.module), tuple(k.node for k in plain)
        else:
            module, inputs = self._write(node)
        named = call
        while named.name in ("getitem", "__getitem__") and isinstance(self._known[_source(named)], Pending):
            source = _source(named)  # one of several results: it bears the name of what gave them
            whole = self._traced.modules[str(source.target)] if source.op == "call_module" else None
            named = Call(self, source, rule_name(source, whole), (), {}, whole)
        shape = tuple(sample.shape[1:])
        return self._put_foreign(named.node, named.shown, module, inputs, shape, memory)

    def _write(self, node: fx.Node) -> tuple[nn.Module, tuple[str, ...]]:
        return Writer(self._known, self._traced.modules, self.batch, self._copies).write(node)

    def _put_foreign(
        self,
        node: fx.Node,
        name: str,
        module: nn.Module,
        inputs: tuple[str, ...],
        shape: Shape,
        memory: int = 0,
        path: str = "",
    ) -> Value:
        mine = {self._copies.original(p): p.numel() for p in module.parameters()}
        count = sum(size for key, size in mine.items() if key not in self.counted)
        self.counted.update(mine)
        if any(key in self._homes for key in mine):
            text = _("{id} shares weights with another layer; when trained here each has its own.")
            self.notes.append(text.format(id=path_of(path or path_to(node))))
        path = path or path_to(node)
        id_ = self._names.new(path, name)
        self.foreign[id_] = module
        self.state |= {f"{id_}.{k}": w.detach() for k, w in module.state_dict().items()}
        layer = Foreign(name, shape, tuple(self._shapes[i] for i in inputs), count)
        return self._add(id_, layer, inputs, path, node, shape, memory=memory)

    def failure(self, node: fx.Node, error: BaseException) -> ModelError:
        """What is said of an operation that raises."""
        text = _("{place}: the model's own code fails here: {words}")
        return ModelError(text.format(place=path_of(path_to(node)) or "forward", words=spoken(error)))

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
            if not is_batch(sample, self.batch):
                self.notes.append(_("An output that is no value for each picture is left out."))
                continue
            module, inputs = self._write(node)
            picked = module if isinstance(known.sample, Tensor) else Picked(module, index)
            found.append(self._put_foreign(node, bare_name(node), picked, inputs, tuple(sample.shape[1:])).node)
        return found


def _source(call: Call) -> fx.Node:
    """What an operation takes first."""
    source = call.node.args[0]
    assert isinstance(source, fx.Node)
    return source


def _flat(result: Any) -> list[tuple[fx.Node, Any]]:
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[0], fx.Node):
        return [result]
    if isinstance(result, Mapping):
        result = list(result.values())
    return [pair for item in result for pair in _flat(item)] if isinstance(result, (tuple, list)) else []


def _is_tensor(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_is_tensor, value))
    return isinstance(value, (Value, Weight, Pending, Pieces))


def _is_wired(known: Any) -> bool:
    if isinstance(known, (tuple, list)):
        return any(map(_is_wired, known))
    return isinstance(known, (Value, Pieces)) or (isinstance(known, Pending) and known.wired)
