"""Which settings of a plan act, and why the others do not; what PyTorch's own defaults are."""

from __future__ import annotations

from ..text import N_, _
from .analysis import Analysis
from .layers import RBF, Input
from .plan import LIVE, OPTIMIZERS, Plan
from .problems import Problem, problem

NAMES = {
    "sgd": "SGD",
    "adam": "Adam",
    "adamw": "AdamW",
    "rmsprop": "RMSprop",
    "adadelta": "Adadelta",
    "adagrad": "Adagrad",
    "one_cycle": N_("one cycle"),
    "cross_entropy": N_("cross-entropy"),
    "mse": N_("squared error"),
    "rbf": N_("RBF distances"),
    "default": N_("PyTorch's"),
    "kaiming_normal": N_("Kaiming, normal"),
    "kaiming_uniform": N_("Kaiming, uniform"),
    "xavier_normal": N_("Xavier, normal"),
    "xavier_uniform": N_("Xavier, uniform"),
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
    "label_smoothing": ("loss", ("cross_entropy", "mse")),
    "rbf_j": ("loss", ("rbf",)),
    "init_std": ("init", ("normal",)),
}
"""Settings that act with some choices of another setting alone: that one, and these choices."""

_PICTURES = N_("the run's pictures are loaded")
_ORDER = N_("the order of the pictures follows from it")
_MEMORY = N_("what the optimizer remembers of earlier steps belongs to it")
_CURVE = N_("the learning rate's way is laid out for the whole run")
_LOSS = N_("losses before and after it could not be compared")
_MACHINE = N_("the run is at work there already")
FIXED = {
    **dict.fromkeys(("data", "data_dir", "held_out", "shapes_", "normalise"), _PICTURES),
    **dict.fromkeys(("batch_size", "batches", "seed"), _ORDER),
    **dict.fromkeys(("optimizer", *(n for names in HAS.values() for n in names)), _MEMORY),
    **dict.fromkeys(
        ("epochs", "schedule", "warmup", "stop_", *(n for n, (c, _of) in OWNED.items() if c == "schedule")), _CURVE
    ),
    **dict.fromkeys(("loss", "rbf_j", "aux_weight"), _LOSS),
    **dict.fromkeys(("threads", "device", "sync_bn", "precision"), _MACHINE),
    "init": N_("first weights are drawn once"),
}
"""Why a setting, or all those that begin so, cannot be changed while a training runs."""


def fixed(name: str) -> str:
    """Why this setting acts with the next training alone, as a sentence; empty: it acts at once."""
    if name in LIVE:
        return ""
    why = FIXED.get(name) or next((why for start, why in FIXED.items() if name.startswith(start)), "")
    if not why:
        return _("It acts with the next training.")
    return _("It acts with the next training: {why}.").format(why=_(why))


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
    if name in ("stop_on", "stop_delta") and not plan.stop_patience:
        return _("Without early stopping nothing ends the training but its plan.")
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
    if name == "label_smoothing" and plan.label_smoothing == 1 and not absent(plan, name):
        return _("At 1 every class gets the same target, whatever the picture shows: nothing is learned.")
    if name == "optimizer":
        text = _("{optimizer} has {settings}, learning rate and weight decay; other optimizers have other settings.")
        return text.format(optimizer=NAMES[plan.optimizer], settings=", ".join(HAS[plan.optimizer]))
    return ""


def unfit(plan: Plan, rows: Analysis) -> Problem | None:
    """Why this network cannot be trained by this plan, where another plan could; None where it can."""
    ends = [rows[id].node for id in rows.graph.ends if id in rows]
    if plan.loss == "rbf" and (wrong := [n for n in ends if not isinstance(n.layer, RBF)]):
        return problem("plan.rbf", node=wrong[-1].id, type=wrong[-1].type)
    if not any(r.params and not rows.graph[r.node.weights or r.id].learning.frozen for r in rows.values()):
        return problem("plan.frozen")
    return _covered(plan, rows)


def _covered(plan: Plan, rows: Analysis) -> Problem | None:
    """That an augmentation can leave nothing of a picture."""
    node = rows.input
    shape = rows[node.id].out if node is not None and isinstance(node.layer, Input) else None
    if shape is None:
        return None
    least = min(shape[1:])
    for what, size in ((N_("cutout"), plan.augment_cutout), (N_("shift"), plan.augment_shift)):
        if size >= least:
            return problem("plan.covered", what=_(what), size=size, height=shape[1], width=shape[2], least=least)
    return None
