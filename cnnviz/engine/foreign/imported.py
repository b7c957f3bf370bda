"""Any torch module as one of our networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_iter

from ...net.graph import Graph, Node, graph, sharing
from ...net.layers.source import Input, Source
from ...net.network import Network
from ...net.plan import Plan
from ...text import _
from .. import memory
from ..build import Net, State
from .calls import is_reweighted
from .functions import FUNCTIONS
from .layers import MODULES
from .mapper import Mapper, ModelError, Unfit
from .own import OWN
from .trace import ROOT, Traced, Untraceable, path_of, trace
from .untouched import untouched

NAMED = 3  # modules that a note names before it only counts


@dataclass(frozen=True, eq=False)
class Imported:
    """A model as a network.

    network  can travel to the window; the rest stays where torch is
    state    weights under the network's names; they share memory with the model's own, those of Foreign nodes with
             `foreign`
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
    source: Source | None = None,
) -> Imported:
    """`model` as a network, as it runs in evaluation mode; it is left exactly as it was.

    example  (channels, height, width), or what `model` is called with: a tensor (batch, channels, height, width), or
             arguments as a tuple or dictionary, whose first tensor is the picture while all others stay as given
    source   what enters, of the shape of the example; by default a picture with its values as they are

    Raises ModelError, with the model's own words and the place, where it cannot be run.
    """
    args, kwargs = _arguments(example)
    model = _bare(model)
    picture = next((a for a in (*args, *kwargs.values()) if isinstance(a, Tensor)), None)
    if picture is None or picture.dim() not in (2, 3, 4) or 0 in picture.shape:
        raise ModelError(_("The model needs an example input: channels, height and width, or a batch of pictures."))
    if any(map(is_lazy, (*model.parameters(), *model.buffers()))):
        raise ModelError(_("It has lazy layers that have seen nothing yet: call the model once on an example first."))
    shape = tuple(picture.shape[1:])
    height, width, *_rest = *shape[1:], 1, 1
    source = source or Input(shape[0], (height, width))

    def call(module: nn.Module, x: Any) -> Any:
        """The module's own call, with x for the picture."""
        given = [x if a is picture else a for a in args]
        return module(*given, **{k: x if a is picture else a for k, a in kwargs.items()})

    with untouched(model), memory.uncollected():
        mapper = _mapped(model, call, picture, source, shape)
    notes = [*_hooked(model), *mapper.notes, *_unused(model, mapper), *_frozen(model, mapper)]
    if len(args) + len(kwargs) > 1:
        notes.append(_("Inputs other than the picture stay as they were given."))
    return _imported(mapper, name or type(model).__name__, notes)


def _bare(model: nn.Module) -> nn.Module:
    """The model inside what compiles or distributes it: those only run it faster."""
    while True:
        inner = getattr(model, "_orig_mod", None)  # of torch.compile
        if inner is None and isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            inner = model.module
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def _arguments(example: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(example, Tensor):
        return (example,), {}
    if isinstance(example, Mapping):
        return (), dict(example)
    if isinstance(example, (tuple, list)) and example and all(type(n) is int for n in example):
        return (torch.randn(1, *example, generator=torch.Generator().manual_seed(0)),), {}
    return tuple(example), {}


class Whole(nn.Module):
    """A model as one piece, called as its example says."""

    def __init__(self, model: nn.Module, call: Callable[[nn.Module, Any], Any]):
        super().__init__()
        self.model, self._call = model, call
        self.title = type(model).__name__

    def forward(self, x: Tensor) -> Any:
        """What the model gives."""
        return self._call(self.model, x)


def _mapped(
    model: nn.Module, call: Callable[[nn.Module, Any], Any], picture: Tensor, source: Source, shape: tuple[int, ...]
) -> Mapper:
    """The model through the first way that works: followed, recorded, or as one piece."""
    notes: list[str] = []
    for way in (_followed, _recorded, _as_one):
        whole: list[str] = []
        while True:
            try:
                traced = way(model, call, picture, whole)
                mapper = Mapper(traced, source, FUNCTIONS, MODULES | OWN, shape)
                mapper.run()
                if way is _recorded and not _agrees(mapper, model, call, picture):
                    raise Unfit(_("It writes into its tensors in a way that no recording shows; it is one piece."))
            except Untraceable as error:
                text = _("Its code cannot be followed without values{why}; shown is the way that the example took.")
                why = " ".join(str(error.__cause__ or "").split("\n")[0].split()).rstrip(".")
                notes.append(text.format(why=f" ({why})" if why else ""))
            except Unfit as error:
                notes.append(str(error))
                if error.path != ROOT and error.path not in whole:
                    whole.append(error.path)
                    continue
            else:
                mapper.notes[:0] = [*notes, *_pieces(traced.whole)]
                return mapper
            break
    raise ModelError(notes[-1])


def _agrees(mapper: Mapper, model: nn.Module, call: Callable[[nn.Module, Any], Any], picture: Tensor) -> bool:
    """Whether what was recorded gives what the model gives for its example: a recording knows no `x[:, 0] = 0`."""
    try:
        made, copy = _imported(mapper, "", []).net().eval(), deepcopy(model).eval()
        for module in copy.modules():  # nobody is to hear of this run
            if not is_reweighted(module):
                module._forward_pre_hooks.clear()
            module._forward_hooks.clear()
        with torch.no_grad():
            theirs = next((t for t in tree_iter(call(copy, picture.clone())) if isinstance(t, Tensor)), None)
            ours = made(picture.reshape(_as_pictures(picture)))
    except (Exception, SystemExit):  # somebody's code, or numbers of another width: nothing can be said
        return True
    if theirs is None or theirs.numel() != ours.numel():
        return True  # a form of output that cannot be held against ours
    return torch.allclose(theirs.flatten().float(), ours.flatten().float(), 1e-3, 1e-4, equal_nan=True)


def _as_pictures(picture: Tensor) -> tuple[int, ...]:
    """(batch, channels, height, width) of an example, whose last sizes may be missing."""
    batch, channels, height, width = (*picture.shape, 1, 1)[:4]
    return batch, channels, height, width


def _pieces(whole: Sequence[str]) -> list[str]:
    """What is said of the modules that could not be followed."""
    paths = [path_of(p) for p in whole]
    if len(paths) > NAMED:
        text = _("{count} modules cannot be followed and are each shown as one piece: {paths}, …")
        return [text.format(count=len(paths), paths=", ".join(paths[:NAMED]))]
    return [_("{path} cannot be followed and is shown as one piece.").format(path=p) for p in paths]


def _unused(model: nn.Module, mapper: Mapper) -> list[str]:
    """What is said of parameters that the output does not come from."""
    used = mapper.counted
    names = [name for name, p in model.named_parameters() if id(p) not in used]
    text = _("The output does not come from the weights of {names}; they are left out.")
    return [text.format(names=_homes(names))] if names else []


def _frozen(model: nn.Module, mapper: Mapper) -> list[str]:
    """What is said of parameters that the model does not train."""
    names = [name for name, p in model.named_parameters() if id(p) in mapper.counted and not p.requires_grad]
    text = _("The weights of {names} are frozen in the model (requires_grad is off); training here changes them.")
    return [text.format(names=_homes(names))] if names else []


def _homes(names: Sequence[str]) -> str:
    """The modules whose parameters these are, the first few by their names."""
    homes = list(dict.fromkeys(n.rpartition(".")[0] or n for n in names))
    return ", ".join(homes[:NAMED]) + (", …" if len(homes) > NAMED else "")


def _followed(model: nn.Module, call: Callable[..., Any], picture: Tensor, whole: Sequence[str]) -> Traced:
    traced = trace(model, call, whole)
    pieces = {id(m) for path in traced.whole for m in traced.modules[path].modules()}
    leaves = [m for m in model.modules() if not m._modules]
    if 2 * sum(id(m) in pieces for m in leaves) > len(leaves):
        raise Untraceable  # most of the model would be one piece: a recording shows more
    return traced


def _recorded(model: nn.Module, call: Callable[..., Any], picture: Tensor, whole: Sequence[str]) -> Traced:
    from .record import record

    return record(model, call, picture, whole)


def _as_one(model: nn.Module, call: Callable[..., Any], picture: Tensor, whole: Sequence[str]) -> Traced:
    wanted = fx.Graph()
    wanted.output(wanted.call_module(ROOT, (wanted.placeholder("x"),)))
    return Traced(wanted, {ROOT: Whole(model, call)}, {})


def _hooked(model: nn.Module) -> list[str]:
    hooks = sum(len(m._forward_hooks) + (0 if is_reweighted(m) else len(m._forward_pre_hooks)) for m in model.modules())
    return [_("Its hooks ({count}) are not taken along.").format(count=hooks)] if hooks else []


def _imported(mapper: Mapper, name: str, notes: list[str]) -> Imported:
    nodes = _needed(mapper)
    kept = {n.id for n in nodes}
    network = Network(_ended(nodes, mapper.outputs[0]), name=name)
    return Imported(
        network,
        _at_home(mapper, network.graph),
        {k: network.graph[v].weights or v if isinstance(v, str) else v for k, v in mapper.foreign.items() if k in kept},
        tuple(mapper.outputs),
        {k: v for k, v in mapper.origin.items() if k in kept},
        tuple(dict.fromkeys(notes)),
    )


def _needed(mapper: Mapper) -> list[Node]:
    """The nodes that lead to an output, and those whose modules these use."""
    wanted = {mapper.nodes[0].id, *mapper.outputs}
    for node in reversed(mapper.nodes):
        if node.id in wanted:
            wanted.update(node.sources)
            again = mapper.foreign.get(node.id)
            if isinstance(again, str):
                wanted.add(again)
    return [n for n in mapper.nodes if n.id in wanted]


def _at_home(mapper: Mapper, graph: Graph) -> State:
    """The weights of these nodes, under the names of those that have them: where another comes first now, it does."""
    homes = {n.weights or n.id: graph[n.id].weights or n.id for n in mapper.nodes if n.id in graph}
    found = {}
    for key, value in mapper.state.items():
        id, _dot, rest = key.partition(".")
        if id in homes:
            found[f"{homes[id]}.{rest}"] = value
    return found


def _ended(nodes: list[Node], output: str) -> Graph:
    """The graph, in which the model's first output is the last end: what a network gives."""
    read = {s for n in nodes for s in n.sources}
    if output not in read and nodes[-1].id != output:
        nodes = [*(n for n in nodes if n.id != output), *(n for n in nodes if n.id == output)]
    return graph(sharing(nodes))
