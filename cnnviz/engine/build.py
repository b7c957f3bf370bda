"""A graph as a running module, and its first weights."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from types import MappingProxyType, MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ..net.analysis import Analysis, spent
from ..net.graph import Graph
from ..net.layers import RBF, Softmax
from ..net.layers.foreign import Foreign
from ..net.learning import LEARNING, PLAN, Learning
from ..net.plan import Plan
from ..text import _
from . import modules

State = dict[str, Tensor]
"""Tensors by name, such as `C1.weight`."""

Parts = Mapping[str, nn.Module | str]
"""What Foreign nodes run, by id: a module, or the id of an earlier node whose module they use again."""


class Net(nn.Module):
    """Runs the rows that fit together; rows with a problem, and those that wait for them, are left out.

    Submodules carry the nodes' ids, so that the state's keys read `C1.weight`. A node that uses the weights of another
    has no submodule: that of the other is called again. First weights come from `plan`.
    Building draws nothing from torch's global random state, so that a training beside it is not disturbed.

    foreign: what the Foreign nodes run, a module, or the id of an earlier node whose module they use again. The net
    takes these modules for its own. Raises ForeignError where one is missing.
    """

    def __init__(self, rows: Analysis, plan: Plan | None = None, foreign: Parts = MappingProxyType({})):
        super().__init__()
        built = [r for r in rows.values() if r.problem is None]
        done = spent(built)
        self.order = [(r.id, r.node.sources, done.get(r.id, ())) for r in built]
        self.homes = {r.id: r.node.weights for r in built if r.node.weights in rows}
        """Of each node that uses the weights of another, that one."""
        self.end = last_end(rows)
        self.beside = tuple(_logits(rows.graph, end) for end in rows.graph.ends[:-1])
        """What a training takes beside the last end: the logits of auxiliary outputs."""
        ends = [(end, _logits(rows.graph, end)) for end in rows.graph.ends]
        self.soft = frozenset(logits for end, logits in ends if end != logits)
        """Nodes whose output a Softmax takes, which ends the net."""
        self.near = frozenset(end for end in rows.graph.ends if isinstance(rows.graph[end].layer, RBF))
        """Nodes that end the net with distances: the smallest wins."""
        with NothingDrawn():
            for r in built:
                if r.id in self.homes:
                    continue
                if isinstance(r.node.layer, Foreign):
                    self._modules[r.id] = _foreign(r.id, foreign, self._modules)
                    continue
                name, args = r.node.layer.torch(r.ins)
                # not add_module: it refuses ids such as `type`, which are fine as keys
                self._modules[r.id] = module_type(name)(**args)
        learns = [r for r in built if r.id not in self.homes and not isinstance(r.node.layer, Foreign)]
        self.frozen = frozenset(r.id for r in learns if r.node.learning.frozen)
        """Nodes whose weights no training changes."""
        for id in self.frozen:
            part = self._modules[id]
            assert part is not None
            part.requires_grad_(False)
        fresh(self, plan or Plan(), {r.id: r.node.learning for r in built})
        self.parts = tuple(self.modules())
        """Itself and all modules inside, found once: to be asked many times a second."""

    def layer(self, id: str) -> nn.Module | None:
        """What runs for a node; None where there is no such node, or nothing does."""
        return self._modules.get(self.homes.get(id, id))

    def train(self, mode: bool = True) -> Net:
        """As torch's; what is frozen stays as in an evaluation, so that its running statistics do not move, either."""
        super().train(mode)
        for id in self.frozen if mode else ():
            part = self._modules[id]
            assert part is not None
            part.eval()
        return self

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        for part in self.parts:
            for weight in part._parameters.values():
                if weight is not None:
                    return weight.device
        return torch.device("cpu")

    def forward(self, x: Tensor, seen: dict[str, Tensor] | None = None, end: str = "") -> Tensor:
        """Output (batch, …) of node `end`, by default of the last node that nothing reads.

        x: (batch, channels, height, width), already normalised. Nodes behind `end` that it does not need may run,
        too; every output computed is put into `seen`. Without it, each is let go of once nothing reads it any more.
        """
        keep, seen = seen is not None, {} if seen is None else seen
        layers, homes, end = self._modules, self.homes, end or self.end
        for id, sources, done in self.order:
            layer = layers[homes.get(id, id)]
            assert layer is not None
            seen[id] = layer(*[seen[s] for s in sources]) if sources else layer(x)
            if id == end and end != self.end:
                break
            for s in () if keep else done:
                del seen[s]
        return seen[end] if end else x

    def scores(self, output: Tensor, node: str) -> Tensor:
        """Of the output of a node that ends the net, (…, classes): the larger, the likelier the class."""
        return -output if node in self.near else output


class ForeignError(ValueError):
    """A part of an imported model is missing; the message is a sentence that names its node."""


def _foreign(id: str, given: Parts, built: Mapping[str, nn.Module | None]) -> nn.Module:
    part = given.get(id)
    found = built.get(part) if isinstance(part, str) else part
    if found is None:
        raise ForeignError(_("{id} is a part of an imported model. Import the model again to run it.").format(id=id))
    return found


class NothingDrawn(TorchFunctionMode):
    """While it lasts, modules made in this thread leave their weights undrawn: `fresh` draws them once, its own way.

    The meta device would do, too, but its first use costs three seconds of imports.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        draws = nn.init.kaiming_uniform_, nn.init.uniform_, nn.init.normal_, Tensor.uniform_
        if func not in draws:
            return func(*args, **kwargs)
        return kwargs["tensor"] if "tensor" in kwargs else args[0]


def module_type(name: str) -> type[nn.Module]:
    """The class that a layer's `torch()` names: of torch.nn, else one of ours."""
    found: type[nn.Module] = getattr(nn, name, None) or getattr(modules, name)
    return found


def last_end(rows: Analysis) -> str:
    """The last node without a problem that no such node reads; empty where there is none."""
    good = [r for r in rows.values() if r.problem is None]
    read = {s for r in good for s in r.node.sources}
    return next((r.id for r in reversed(good) if r.id not in read), "")


def logits_node(graph: Graph) -> str:
    """The node whose output the loss takes: the end, or what goes into it where the end is a Softmax.

    Cross-entropy holds a softmax of its own; a second one would flatten its gradient.
    """
    return _logits(graph, graph.ends[-1]) if graph.ends else ""


def _logits(graph: Graph, id: str) -> str:
    end = graph[id]
    return end.sources[0] if isinstance(end.layer, Softmax) and end.sources else end.id


def fresh(net: nn.Module, plan: Plan, learning: Mapping[str, Learning] = MappingProxyType({})) -> None:
    """First weights by `plan.seed` and `plan.init`, or by the node's own way, drawn from a generator of their own.

    "default" gives bit for bit what `torch.manual_seed(seed)` and building the exported class gives.
    """
    dice = torch.Generator().manual_seed(plan.seed)
    for id, part in net.named_children():
        own = learning.get(id, LEARNING)
        init, std = (plan.init, plan.init_std) if own.init == PLAN else (own.init, own.init_std)
        for m in part.modules():
            _first_weights(m, init, std, dice)


def _first_weights(m: nn.Module, init: str, std: float, dice: torch.Generator) -> None:
    if isinstance(m, (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        if init == "default":
            nn.init.kaiming_uniform_(m.weight, a=sqrt(5), generator=dice)
            if m.bias is not None:
                fan_in = m.weight[0].numel()  # as torch counts it, for transposed convolution, too
                bound = 1 / sqrt(fan_in) if fan_in else 0.0
                nn.init.uniform_(m.bias, -bound, bound, generator=dice)
            return
        _draw(m.weight, init, std, dice)
        if m.bias is not None:
            nn.init.zeros_(m.bias)
    elif isinstance(m, modules.SparseConv2d):
        m.reset_parameters(dice)
        if init != "default":
            for kernel in m.kernels():
                _draw(kernel, init, std, dice)
            if m.bias is not None:
                nn.init.zeros_(m.bias)
    elif isinstance(m, nn.Embedding):
        nn.init.normal_(m.weight, generator=dice)
        if init in ("normal", "zeros"):
            _draw(m.weight, init, std, dice)
    elif isinstance(reset := getattr(m, "reset_parameters", None), MethodType):
        reset()  # of the others: ones, zeros and the like, nothing random


def _draw(w: Tensor, init: str, std: float, dice: torch.Generator) -> None:
    """Weights in one of the ways of learning.INITS, but the default; for Kaiming's a ReLU is thought to follow."""
    if init == "kaiming_normal":
        nn.init.kaiming_normal_(w, nonlinearity="relu", generator=dice)
    elif init == "kaiming_uniform":
        nn.init.kaiming_uniform_(w, nonlinearity="relu", generator=dice)
    elif init == "xavier_normal":
        nn.init.xavier_normal_(w, generator=dice)
    elif init == "xavier_uniform":
        nn.init.xavier_uniform_(w, generator=dice)
    elif init == "normal":
        nn.init.normal_(w, 0.0, std, generator=dice)
    else:
        nn.init.zeros_(w)


def fit_state(net: nn.Module, state: Mapping[str, Tensor]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Copies the tensors of `state` whose name and shape match into `net`.

    Gives the ids of the nodes that kept all of their tensors, and of those that did not. Running statistics are
    taken only together with all the rest of their node.
    """
    kept: list[str] = []
    new: list[str] = []
    with torch.no_grad():
        for id, child in net.named_children():
            mine = child.state_dict(keep_vars=True)
            if not mine:
                continue
            fits = {k: v for k, v in mine.items() if (s := state.get(f"{id}.{k}")) is not None and s.shape == v.shape}
            whole = len(fits) == len(mine)
            (kept if whole else new).append(id)
            for k, v in fits.items():
                if whole or isinstance(v, nn.Parameter):
                    v.copy_(state[f"{id}.{k}"])
    return tuple(kept), tuple(new)


def spread(state: Mapping[str, Tensor], homes: Mapping[str, str]) -> State:
    """The same with weights under the names of all that use them: one that is to have its own begins with these.

    homes: of each node that uses the weights of another, that one
    """
    found = dict(state)
    for id, home in homes.items():
        found |= {f"{id}.{k.removeprefix(f'{home}.')}": v for k, v in state.items() if k.startswith(f"{home}.")}
    return found


def copy_state(net: nn.Module) -> State:
    """The net's tensors on the CPU, as copies that nobody else changes."""
    return {k: v.detach().to("cpu", copy=True) for k, v in net.state_dict().items()}
