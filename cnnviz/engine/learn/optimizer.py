"""The rule that turns gradients into steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from ...net.plan import Plan

FUSED = ("cpu", "cuda", "mps")  # devices for which torch has Adam as one kernel
BUFFERS = (
    ("momentum", "momentum_buffer", (torch.optim.RMSprop,)),
    ("centered", "grad_avg", (torch.optim.RMSprop,)),
    ("amsgrad", "max_exp_avg_sq", (torch.optim.Adam,)),
)
"""What torch makes at the first step where the setting is on, and misses where it is turned on later."""


def make_optimizer(net: nn.Module, plan: Plan) -> torch.optim.Optimizer:
    """The plan's optimizer over all of the net's parameters that are not frozen, which are on their device already."""
    p, more = [p for p in net.parameters() if p.requires_grad], arguments(plan)
    if plan.optimizer == "sgd":
        return torch.optim.SGD(p, plan.lr, foreach=True, **more)
    if plan.optimizer == "rmsprop":
        return torch.optim.RMSprop(p, plan.lr, foreach=True, **more)
    if plan.optimizer == "adadelta":
        return torch.optim.Adadelta(p, plan.lr, foreach=True, **more)
    if plan.optimizer == "adagrad":
        return torch.optim.Adagrad(p, plan.lr, foreach=True, **more)
    kind = torch.optim.AdamW if plan.optimizer == "adamw" else torch.optim.Adam
    if all(w.is_floating_point() and w.device.type in FUSED for w in p):
        # one kernel over all weights takes a third of the time; its last digits differ from the other's
        return kind(p, plan.lr, fused=True, **more)
    return kind(p, plan.lr, foreach=True, **more)


def mover(optimizer: torch.optim.Optimizer) -> Callable[[], object]:
    """What makes a step of it: its own `step`, or for Adam on the CPU the same kernel without what is around it.

    Torch's hooks, profiler and grouping by device take longer there than a small network's weights do.
    """
    (group,) = optimizer.param_groups
    kinds = {(p.device.type, p.dtype) for p in group["params"]}
    if not isinstance(optimizer, torch.optim.Adam) or not group["fused"] or kinds != {("cpu", torch.float32)}:
        return optimizer.step
    kernel = torch._fused_adamw_ if group["decoupled_weight_decay"] else torch._fused_adam_

    @torch.no_grad()
    def move() -> None:
        params = [p for p in group["params"] if p.grad is not None]
        states = [optimizer.state.get(p) for p in params]
        if not states or not all(states):
            optimizer.step()  # makes what is missing
            return
        names = ("exp_avg", "exp_avg_sq", *(("max_exp_avg_sq",) if group["amsgrad"] else ()), "step")
        means, squares, *largest, steps = ([s[name] for s in states if s] for name in names)
        torch._foreach_add_(steps, 1)
        beta1, beta2 = group["betas"]
        kernel(
            *(params, [p.grad for p in params], means, squares, largest[0] if largest else [], steps),
            **{name: group[name] for name in ("amsgrad", "lr", "weight_decay", "eps", "maximize")},
            beta1=beta1,
            beta2=beta2,
        )

    return move


def arguments(plan: Plan) -> dict[str, Any]:
    """What torch's optimizer is made with beside the learning rate, as its parameter groups name it."""
    more: dict[str, Any] = {"weight_decay": plan.weight_decay}
    if plan.optimizer == "sgd":
        return more | {"momentum": plan.momentum, "dampening": plan.dampening, "nesterov": plan.nesterov}
    if plan.optimizer == "rmsprop":
        return more | {"momentum": plan.momentum, "alpha": plan.alpha, "eps": plan.eps, "centered": plan.centered}
    if plan.optimizer == "adadelta":
        return more | {"rho": plan.rho, "eps": plan.adadelta_eps}
    if plan.optimizer == "adagrad":
        start = plan.initial_accumulator
        return more | {"lr_decay": plan.lr_decay, "initial_accumulator_value": start, "eps": plan.adagrad_eps}
    return more | {"betas": (plan.beta1, plan.beta2), "eps": plan.eps, "amsgrad": plan.amsgrad}


def adjust(optimizer: torch.optim.Optimizer, plan: Plan) -> None:
    """Have it go on with the settings of this plan; what was turned on after its first step begins with empty means."""
    for group in optimizer.param_groups:
        group.update(arguments(plan))
        for setting, name, kinds in BUFFERS:
            if isinstance(optimizer, kinds) and group[setting]:
                for p in group["params"]:
                    state = optimizer.state.get(p)
                    if state and name not in state:
                        state[name] = torch.zeros_like(p)
