"""What the engine holds of the editor's network: what has been learned, and copies to work on."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from ..net.analysis import Analysis
from ..net.plan import Plan
from ..text import _
from .build import Net, State
from .record.weights import WeightsError, read_weights


@dataclass(frozen=True, eq=False)
class Weights:
    """What has been learned, by tensor name; also of nodes that are gone, so that an undo finds it again.

    A value: never changed, only replaced.
    """

    state: State = field(default_factory=dict)
    run: int = 0
    step: int = 0
    plan: Plan = field(default_factory=Plan)  # whose seed and rule give the first weights of all the rest


@dataclass(frozen=True, eq=False)
class Subject:
    """A copy of the editor's net with its weights, and what it is shown: a batch of one."""

    version: int
    rows: Analysis
    plan: Plan
    net: Net
    picture: torch.Tensor


def fitting(net: Net, rows: Analysis, path: str) -> State:
    """The tensors of a weights file, some of which must be of use to the network. Raises WeightsError."""
    state = read_weights(path)
    mine = net.state_dict()
    fits = any(k in mine and mine[k].shape == v.shape for k, v in state.items())
    if state and not fits and not waiting(rows, net, state):
        text = _("{path} has no weights that fit this network. Open the network they belong to.")
        raise WeightsError(text.format(path=path))
    return state


def waiting(rows: Analysis, net: Net | None, state: State) -> State:
    """The tensors of nodes that have a problem, or wait for one that has: no net holds them, but they are theirs."""
    built = {id for id, *_rest in net.order} if net is not None else set()
    theirs = {id for id, row in rows.items() if id not in built and not row.node.weights}
    return {k: v for k, v in state.items() if k.partition(".")[0] in theirs}
