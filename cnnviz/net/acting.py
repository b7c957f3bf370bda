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
    "one_cycle": "one cycle",
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
OWNED: dict[str, tuple[str, tuple[str, ...]]] = {
    **{n: ("optimizer", tuple(o for o in OPTIMIZERS if n in HAS[o])) for names in HAS.values() for n in names},
    "step_epochs": ("schedule", ("step",)),
    "lr_factor": ("schedule", ("step", "plateau")),
    "lr_least": ("schedule", ("cosine", "plateau")),
    "cycle_rise": ("schedule", ("one_cycle",)),
    "cycle_start": ("schedule", ("one_cycle",)),
    "cycle_end": ("schedule", ("one_cycle",)),
    "plateau_patience": ("schedule", ("plateau",)),
    "plateau_threshold": ("schedule", ("plateau",)),
    "plateau_cooldown": ("schedule", ("plateau",)),
}
"""Settings that act with some choices of another setting alone: that one, and these choices."""


def absent(plan: Plan, name: str) -> bool:
    """Whether the setting `name` belongs to another choice than the plan's."""
    chooser, choices = OWNED.get(name, ("", ()))
    return bool(chooser) and getattr(plan, chooser) not in choices


SIGNS = ("digits", "mnist", "kmnist", "svhn")
"""Data sets whose pictures mean something else, or nothing, when they are mirrored."""


def idle(plan: Plan, name: str) -> str:
    """Why the setting `name` does nothing in this plan, as a sentence; empty: it acts."""
    if name == "sync_bn" and plan.batches == 1:
        return _("A step has one batch, which is normalised as a whole already.")
    if absent(plan, name):
        chooser, choices = OWNED[name]
        text = _("{choice} has no {setting}; that belongs to {owners}.")
        choice, *owners = (NAMES.get(c, c) for c in (getattr(plan, chooser), *choices))
        return text.format(choice=choice[0].upper() + choice[1:], setting=name, owners=", ".join(owners))
    if name == "dampening" and not plan.momentum:
        return _("Without momentum there is nothing to dampen.")
    if name in ("warmup", "warmup_from") and plan.schedule == "one_cycle":
        return _("One cycle begins with a low rate by itself.")
    if name == "warmup_from" and not plan.warmup:
        return _("Without warm-up there is nothing to begin with.")
    return ""


def hint(plan: Plan, name: str) -> str:
    """What is worth knowing of a setting with this plan, as a sentence; empty: nothing."""
    if name == "lr":
        return _("PyTorch's own for {optimizer} is {rate}.").format(
            optimizer=NAMES[plan.optimizer], rate=f"{RATES[plan.optimizer]:g}"
        )
    if name == "weight_decay" and plan.optimizer == "adamw":
        return _("PyTorch's own for AdamW is 0.01; with 0 it is Adam.")
    if name == "augment_flip" and plan.data in SIGNS:
        return _("A mirrored digit or letter is another sign, or none: leave the flip at 0 for {data}.").format(
            data=plan.data
        )
    if name == "optimizer":
        text = _("{optimizer} has {settings}, learning rate and weight decay; other optimizers have other settings.")
        return text.format(optimizer=NAMES[plan.optimizer], settings=", ".join(HAS[plan.optimizer]))
    return ""
