"""Which settings of a plan act, and why the others do not; what PyTorch's own defaults are."""

from __future__ import annotations

from ..text import _
from .plan import OPTIMIZERS, Plan

NAMES = {
    "sgd": "SGD",
    "adam": "Adam",
    "adamw": "AdamW",
    "rmsprop": "RMSprop",
    "adadelta": "Adadelta",
    "adagrad": "Adagrad",
}
"""What people call a choice, where they do not write it as the files do."""
HAS = {
    "sgd": ("momentum", "nesterov", "dampening"),
    "adam": ("beta1", "beta2", "amsgrad", "eps"),
    "adamw": ("beta1", "beta2", "amsgrad", "eps"),
    "rmsprop": ("momentum", "alpha", "centered", "eps"),
    "adadelta": ("rho", "adadelta_eps"),
    "adagrad": ("lr_decay", "initial_accumulator", "adagrad_eps"),
}
"""The settings that an optimizer has beside the learning rate and the weight decay."""
RATES = {"sgd": 0.001, "adam": 0.001, "adamw": 0.001, "rmsprop": 0.01, "adadelta": 1.0, "adagrad": 0.01}
"""PyTorch's learning rate for each."""
OWNED = {name: tuple(o for o in OPTIMIZERS if name in HAS[o]) for names in HAS.values() for name in names}
"""Settings that only some optimizers have, with these."""


def idle(plan: Plan, name: str) -> str:
    """Why the setting `name` does nothing in this plan, as a sentence; empty: it acts."""
    owners = OWNED.get(name)
    if owners and plan.optimizer not in owners:
        text = _("{optimizer} has no {setting}; that belongs to {owners}.")
        return text.format(optimizer=NAMES[plan.optimizer], setting=name, owners=", ".join(NAMES[o] for o in owners))
    if name == "sync_bn" and plan.batches == 1:
        return _("A step has one batch, which is normalised as a whole already.")
    if name == "dampening" and not plan.momentum:
        return _("Without momentum there is nothing to dampen.")
    return ""


def hint(plan: Plan, name: str) -> str:
    """What is worth knowing of a setting with this plan, as a sentence; empty: nothing."""
    if name == "lr":
        return _("PyTorch's own for {optimizer} is {rate}.").format(
            optimizer=NAMES[plan.optimizer], rate=f"{RATES[plan.optimizer]:g}"
        )
    if name == "weight_decay" and plan.optimizer == "adamw":
        return _("PyTorch's own for AdamW is 0.01; with 0 it is Adam.")
    if name == "optimizer":
        text = _("{optimizer} has {settings}, learning rate and weight decay; other optimizers have other settings.")
        return text.format(optimizer=NAMES[plan.optimizer], settings=", ".join(HAS[plan.optimizer]))
    return ""
