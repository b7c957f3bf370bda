"""Any torch module as one of our networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from ...net.graph import Graph, Node, graph
from ...net.layers.source import Input
from ...net.network import Network
from ...net.plan import Plan
from ...text import _
from ..build import Net, State
from .calls import is_reweighted
from .functions import FUNCTIONS
from .layers import MODULES
from .mapper import INPUT, Mapper, ModelError, Unfit
from .trace import Traced, Untraceable, path_of, trace
from .untouched import untouched


@dataclass(frozen=True, eq=False)
class Imported:
    """A model as a network.

    network  can travel to the window; the rest stays where torch is
    state    weights under the network's names; they share memory with the model's own
    foreign  what Foreign nodes run: a module, or the id of the node whose module they use again
    outputs  ids of the nodes that give what the model gives, the first one first
    origin   by node the path in the model of what it stands for
    notes    sentences for the person who opens it
    classes  names of the classes, where they are known
    """

    network: Network
    state: State
    foreign: Mapping[str, nn.Module | str]
    outputs: tuple[str, ...]
    origin: Mapping[str, str]
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def named(self, classes: tuple[str, ...]) -> Imported:
        """The same with names for its outputs."""
        return replace(self, classes=classes)

    def net(self, plan: Plan | None = None) -> Net:
        """The network running, with copies of the model's weights, in training mode as torch makes modules."""
        made = Net(self.network.analyze(), plan or self.network.plan, deepcopy(dict(self.foreign)))
        made.load_state_dict(self.state)
        return made


def from_module(
    model: nn.Module,
    example: Any,
    name: str = "",
    mean: tuple[float, ...] = (0.0,),
    std: tuple[float, ...] = (1.0,),
) -> Imported:
    """`model` as a network, as it runs in evaluation mode; it is left exactly as it was.

    example  (channels, height, width), or what `model` is called with: a tensor (batch, channels, height, width), or
             arguments as a tuple or dictionary, whose first tensor is the picture while all others stay as given

    Raises ModelError, with the model's own words and the place, where it cannot be run.
    """
    args, kwargs = _arguments(example)
    picture = next((a for a in (*args, *kwargs.values()) if isinstance(a, Tensor)), None)
    if picture is None or picture.dim() not in (2, 3, 4) or 0 in picture.shape:
        raise ModelError(_("The model needs an example input: channels, height and width, or a batch of pictures."))
    shape = tuple(picture.shape[1:])
    height, width, *_rest = *shape[1:], 1, 1
    source = Input(shape[0], (height, width), mean, std)

    def call(module: nn.Module, x: Any) -> Any:
        """The module's own call, with x for the picture."""
        given = [x if a is picture else a for a in args]
        return module(*given, **{k: x if a is picture else a for k, a in kwargs.items()})

    with untouched(model):
        mapper = _mapped(model, call, picture, source, shape)
    notes = [*_hooked(model), *mapper.notes]
    if len(args) + len(kwargs) > 1:
        notes.append(_("Inputs other than the picture stay as they were given."))
    return _imported(mapper, name or type(model).__name__, notes)


def _arguments(example: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(example, Tensor):
        return (example,), {}
    if isinstance(example, Mapping):
        return (), dict(example)
    if isinstance(example, (tuple, list)) and example and all(type(n) is int for n in example):
        return (torch.zeros(1, *example),), {}
    return tuple(example), {}


def _mapped(
    model: nn.Module, call: Callable[[nn.Module, Any], Any], picture: Tensor, source: Input, shape: Sequence[int]
) -> Mapper:
    """The model through the first way that works: followed, recorded, or as one piece."""
    from .record import record

    notes: list[str] = []
    for way in (trace, lambda m, c: record(m, c, picture)):
        try:
            traced: Traced = way(model, call)
            if way is trace and _is_mostly_whole(model, traced):
                raise Untraceable
            mapper = Mapper(traced, source, FUNCTIONS, MODULES, tuple(shape))
            mapper.run()
        except Untraceable as error:
            text = _("Its code cannot be followed without values{why}; shown is the way that the example input took.")
            why = " ".join(str(error.__cause__ or "").split("\n")[0].split()).rstrip(".")
            notes.append(text.format(why=f" ({why})" if why else ""))
        except Unfit as error:
            notes.append(str(error))
        else:
            mapper.notes[:0] = notes if way is not trace else []
            for path in traced.whole:
                text = _("{path} cannot be followed and is shown as one piece.")
                mapper.notes.append(text.format(path=path_of(path)))
            return mapper
    raise ModelError(notes[-1])


def _is_mostly_whole(model: nn.Module, traced: Traced) -> bool:
    """Whether what could not be followed is most of the model: then a recording shows more."""
    whole = {id(m) for path in traced.whole for m in traced.modules[path].modules()}
    leaves = [m for m in model.modules() if not m._modules]
    return bool(whole) and 2 * sum(id(m) in whole for m in leaves) > len(leaves)


def _hooked(model: nn.Module) -> list[str]:
    hooks = sum(len(m._forward_hooks) + (0 if is_reweighted(m) else len(m._forward_pre_hooks)) for m in model.modules())
    return [_("Its hooks ({count}) are not taken along.").format(count=hooks)] if hooks else []


def _imported(mapper: Mapper, name: str, notes: list[str]) -> Imported:
    nodes = _needed(mapper)
    kept = {n.id for n in nodes}
    network = Network(_ended(nodes, mapper.outputs[0]), name=name)
    return Imported(
        network,
        {k: v for k, v in mapper.state.items() if k.partition(".")[0] in kept},
        {k: v for k, v in mapper.foreign.items() if k in kept},
        tuple(mapper.outputs),
        {k: v for k, v in mapper.origin.items() if k in kept},
        tuple(dict.fromkeys(notes)),
    )


def _needed(mapper: Mapper) -> list[Node]:
    """The nodes that lead to an output, and those whose modules these use."""
    wanted = {INPUT, *mapper.outputs}
    for node in reversed(mapper.nodes):
        if node.id in wanted:
            wanted.update(node.sources)
            again = mapper.foreign.get(node.id)
            if isinstance(again, str):
                wanted.add(again)
    return [n for n in mapper.nodes if n.id in wanted]


def _ended(nodes: list[Node], output: str) -> Graph:
    """The graph, in which the model's first output is the last end: what a network gives."""
    read = {s for n in nodes for s in n.sources}
    if output not in read and nodes[-1].id != output:
        nodes = [*(n for n in nodes if n.id != output), *(n for n in nodes if n.id == output)]
    return graph(nodes)
