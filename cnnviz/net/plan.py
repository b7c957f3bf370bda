"""How a network is trained: one frozen value that the form, the files and the command line share."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from ..text import N_
from .layers.base import check, kind_of, setting

OPTIMIZERS = ("sgd", "adam", "rmsprop", "adadelta")
INITS = ("default", "kaiming_normal")

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (N_("Data"), ("data", "data_dir", "epochs", "batch_size", "seed")),
    (N_("Optimizer"), ("optimizer", "lr", "momentum", "weight_decay")),
    (N_("Schedule"), ()),
    (N_("Loss"), ("aux_weight",)),
    (N_("First weights"), ("init",)),
    (N_("Augmentation"), ()),
    (N_("Recording"), ()),
    (N_("Machine"), ("threads", "device")),
)
"""The settings as the form and `--help` show them. One that is named nowhere belongs to the last section."""


@dataclass(frozen=True)
class Plan:
    """What to train with. A value that is impossible raises Misfit naming the setting."""

    data: str = setting("digits", N_("data set"), kind="text")
    data_dir: str = setting("", N_("folder where the data set lies; empty: the usual one"), kind="text")
    epochs: int = setting(10, N_("passes over the training pictures"), 1, 100_000)
    batch_size: int = setting(32, N_("pictures in one step"), 1, 65_536)
    optimizer: str = setting("adam", N_("rule that turns gradients into steps"), choices=OPTIMIZERS)
    lr: float = setting(0.001, N_("learning rate: how far a step goes"), 0.0, 1e12)
    momentum: float = setting(0.9, N_("part of the last step that is kept (SGD, RMSprop)"), 0.0, 0.9999)
    weight_decay: float = setting(0.0, N_("pull of every weight towards zero"), 0.0, 1e6)
    seed: int = setting(0, N_("seed of first weights, order of pictures and dropout"), 0, 2**31 - 1)
    init: str = setting(
        "default", N_("first weights: PyTorch's default, or Kaiming normal with zero biases"), choices=INITS
    )
    aux_weight: float = setting(
        0.3, N_("weight of the loss of each auxiliary output beside that of the last one"), 0.0, 1e3
    )
    threads: int = setting(0, N_("processor threads; 0: all but one core"), 0, 1024)
    device: str = setting("auto", N_("where to compute: auto, cpu, cuda or mps"), kind="text")

    def __post_init__(self) -> None:
        for f in fields(self):
            if kind_of(f).name != "text":
                object.__setattr__(self, f.name, check(f.name, kind_of(f), getattr(self, f.name)))

    def to_json(self) -> dict[str, Any]:
        """The settings that are not the default."""
        base = Plan()
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != getattr(base, f.name)}


def sections() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Every setting once, by the title of its section; sections that have none are left out."""
    named = {name for _title, names in SECTIONS for name in names}
    (*first, (title, names)) = SECTIONS
    rest = tuple(f.name for f in fields(Plan) if f.name not in named)
    return tuple((title, names) for title, names in (*first, (title, names + rest)) if names)
