"""What people call the settings of the plan, in every panel."""

from __future__ import annotations

from typing import Any

from ..net.acting import NAMES
from ..text import N_, _

LABELS = {
    "epochs": N_("Epochs"),
    "batch_size": N_("Batch size"),
    "optimizer": N_("Optimizer"),
    "momentum": N_("Momentum"),
    "nesterov": N_("Nesterov"),
    "dampening": N_("Dampening"),
    "alpha": N_("Alpha"),
    "centered": N_("Centered"),
    "rho": N_("Rho"),
    "weight_decay": N_("Weight decay"),
    "loss": N_("Loss"),
    "label_smoothing": N_("Label smoothing"),
    "schedule": N_("Schedule"),
    "seed": N_("Seed"),
    "threads": N_("Threads"),
    "precision": N_("Precision"),
    "device": N_("Device"),
    "shapes_seed": N_("Shapes seed"),
    "record_mb": N_("Room, MB"),
    "batches": N_("Batches a step"),
    "sync_bn": N_("Sync batch norm"),
    "data": N_("Data set"),
    "data_dir": N_("Data folder"),
    "held_out": N_("Part held out"),
    "drop_leaks": N_("Leave out leaks"),
    "shapes_side": N_("Side of pictures"),
    "shapes_train": N_("Pictures"),
    "shapes_test": N_("Pictures held out"),
    "shapes_place": N_("Place"),
    "shapes_place_test": N_("Place held out"),
    "shapes_small": N_("Smallest"),
    "shapes_large": N_("Largest"),
    "shapes_colour": N_("Colour"),
    "shapes_noise": N_("Noise"),
    "shapes_kinds": N_("Shapes"),
    "lr": N_("Learning rate"),
    "init": N_("First weights"),
    "init_std": N_("Deviation"),
    "aux_weight": N_("Auxiliary weight"),
    "augment_crop": N_("Random crop"),
    "augment_rotation": N_("Rotation, °"),
    "augment_flip": N_("Flip"),
    "augment_shift": N_("Shift, px"),
    "augment_brightness": N_("Brightness"),
    "augment_contrast": N_("Contrast"),
    "augment_noise": N_("Noise"),
    "augment_cutout": N_("Cutout, px"),
    "beta1": N_("Beta 1"),
    "beta2": N_("Beta 2"),
    "amsgrad": N_("AMSGrad"),
    "lr_decay": N_("Rate decay"),
    "initial_accumulator": N_("First sum"),
    "eps": N_("Epsilon"),
    "adadelta_eps": N_("Epsilon"),
    "adagrad_eps": N_("Epsilon"),
    "clip": N_("Clip gradients"),
    "rbf_j": N_("j"),
    "step_epochs": N_("Every … epochs"),
    "lr_factor": N_("Falls to"),
    "lr_least": N_("Least"),
    "cycle_rise": N_("Rises for"),
    "cycle_start": N_("Begins at 1 /"),
    "cycle_end": N_("Ends at that /"),
    "plateau_patience": N_("Patience"),
    "plateau_threshold": N_("Threshold"),
    "plateau_cooldown": N_("Cool-down"),
    "warmup": N_("Warm-up"),
    "stop_patience": N_("Stop early"),
    "stop_on": N_("Judged by"),
    "stop_delta": N_("Better by"),
    "warmup_from": N_("Warms from"),
}
"""What each setting is called."""


def label_of(name: str) -> str:
    """What people call a setting of the plan."""
    return _(LABELS[name])


def words(name: str, value: Any) -> str:
    """A setting and its value in as few words as tell it: `batch size 64`, `shift 2 px`, `cosine`."""
    if isinstance(value, str):
        return _(NAMES.get(value, value))
    label = label_of(name)
    label = label[0].lower() + label[1:]
    if isinstance(value, bool):
        return label if value else _("no {setting}").format(setting=label)
    label, _comma, unit = label.partition(", ")
    number = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{label} {number} {unit}".rstrip()
