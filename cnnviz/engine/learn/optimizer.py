"""The rule that turns gradients into steps."""

from __future__ import annotations

import torch
from torch import nn

from ...net.plan import Plan

FUSED = ("cpu", "cuda", "mps")  # devices for which torch has Adam as one kernel


def make_optimizer(net: nn.Module, plan: Plan) -> torch.optim.Optimizer:
    """The plan's optimizer over all of the net's parameters, which are on their device already."""
    p, decay = list(net.parameters()), plan.weight_decay
    if plan.optimizer == "sgd":
        return torch.optim.SGD(p, plan.lr, momentum=plan.momentum, weight_decay=decay, foreach=True)
    if plan.optimizer == "rmsprop":
        return torch.optim.RMSprop(p, plan.lr, momentum=plan.momentum, weight_decay=decay, foreach=True)
    if plan.optimizer == "adadelta":
        return torch.optim.Adadelta(p, plan.lr, weight_decay=decay, foreach=True)
    if all(w.is_floating_point() and w.device.type in FUSED for w in p):
        # one kernel over all weights takes a third of the time; its last digits differ from the other's
        return torch.optim.Adam(p, plan.lr, weight_decay=decay, fused=True)
    return torch.optim.Adam(p, plan.lr, weight_decay=decay, foreach=True)
