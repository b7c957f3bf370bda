"""Whether what an imported model runs can be trained: gradients must come back through its foreign parts."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor

from ...net.analysis import Analysis
from ...text import _
from ..build import Net
from ..post import Refused
from .calls import spoken

PICTURES = 2  # batch normalisation wants more than one


def check_gradient(net: Net, rows: Analysis, logits: str) -> None:
    """Raises Refused, naming the node, where a training step fails or teaches nothing. Done on a copy of the net.

    logits: the node whose output the loss takes
    """
    foreign = rows.uncosted
    if not foreign or rows.input is None:
        return
    ours, seen = deepcopy(net).train(), dict[str, Tensor]()
    x = torch.randn(PICTURES, *(rows[rows.input.id].out or ()), generator=torch.Generator().manual_seed(0))
    try:
        ours(x, seen, end=logits)
        if seen[logits].requires_grad:
            torch.autograd.backward(seen[logits].square().mean())
    except (Exception, SystemExit) as error:  # whatever somebody's code raises
        node = next((id for id, _sources, _done in ours.order if id not in seen), foreign[-1])
        text = _("{node} is a part of the model through which no training goes: {words}")
        raise Refused(text.format(node=node, words=spoken(error).rstrip("."))) from error
    if all(p.grad is None for p in ours.parameters()):
        text = _("No gradient comes back through {node}, a part of the model. Write it with torch's own operations.")
        raise Refused(text.format(node=_stop(rows, foreign, seen)))


def _stop(rows: Analysis, foreign: tuple[str, ...], seen: dict[str, Tensor]) -> str:
    """The part behind which nothing has a gradient any more."""
    taught = [id for id in foreign if any(seen[s].requires_grad for s in rows[id].node.sources)]
    return next((id for id in taught if not seen[id].requires_grad), foreign[-1])
