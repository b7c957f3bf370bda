"""How a network is trained: one frozen value that the form, the files and the command line share."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from ..text import N_
from .layers.base import check, kind_of, setting
from .learning import INITS
from .problems import Misfit

OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop", "adadelta", "adagrad")
PRECISIONS = ("single", "mixed")
LOSSES = ("cross_entropy", "mse", "rbf")
SCHEDULES = ("constant", "step", "cosine", "one_cycle", "plateau")
SHAPES = "shapes"
"""The synthetic data set, which `shapes_` settings describe."""
AUGMENTS = (
    "augment_crop",
    "augment_rotation",
    "augment_flip",
    "augment_shift",
    "augment_brightness",
    "augment_contrast",
    "augment_noise",
    "augment_cutout",
)
"""The settings of augmentation, in the order in which they act."""
LIVE = ("lr", "momentum", "weight_decay", "clip", "label_smoothing", *AUGMENTS)
"""Settings that act at once where they are changed while a training runs."""

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (N_("Data"), ("data", "data_dir", "held_out", "drop_leaks", "epochs", "batch_size", "seed")),
    (
        N_("Shapes"),
        (
            *("shapes_kinds", "shapes_side", "shapes_train", "shapes_test", "shapes_place", "shapes_place_test"),
            *("shapes_small", "shapes_large", "shapes_colour", "shapes_noise", "shapes_seed"),
        ),
    ),
    (
        N_("Optimizer"),
        (
            *("optimizer", "lr", "momentum", "nesterov", "dampening", "beta1", "beta2", "amsgrad", "alpha"),
            *("centered", "rho", "lr_decay", "initial_accumulator", "eps", "adadelta_eps", "adagrad_eps"),
            *("weight_decay", "clip"),
        ),
    ),
    (
        N_("Schedule"),
        (
            *("schedule", "step_epochs", "lr_factor", "lr_least", "cycle_rise", "cycle_start", "cycle_end"),
            *("plateau_patience", "plateau_threshold", "plateau_cooldown", "warmup", "warmup_from"),
            *("stop_patience", "stop_on", "stop_delta"),
        ),
    ),
    (N_("Loss"), ("loss", "label_smoothing", "rbf_j", "aux_weight")),
    (N_("First weights"), ("init", "init_std")),
    (N_("Augmentation"), AUGMENTS),
    (N_("Recording"), ("record_mb",)),
    (N_("Machine"), ("batches", "sync_bn", "threads", "device", "precision")),
)
"""The settings as the form and `--help` show them. One that is named nowhere belongs to the last section."""


@dataclass(frozen=True)
class Plan:
    """What to train with. A value that is impossible raises Misfit naming the setting."""

    data: str = setting(
        "digits",
        N_("data set: digits, shapes, mnist, fashion-mnist, kmnist, cifar10, cifar100, svhn, sentences, or a path"),
        kind="text",
    )
    data_dir: str = setting("", N_("folder where the data set lies; empty: the usual one"), kind="text")
    # data: what is held out, and the synthetic shapes
    held_out: float = setting(
        0.2, N_("part of the pictures that is held out, where a data set does not say which"), 0.01, 0.9
    )
    drop_leaks: bool = setting(False, N_("leave pictures out of the held-out part that are trained on, too"))
    shapes_kinds: str = setting(
        "circle,square,triangle,cross",
        N_("shapes to tell apart: circle, square, triangle, cross, ring, diamond, bar, pole"),
        kind="text",
    )
    shapes_side: int = setting(32, N_("height and width of the pictures in pixels"), 8, 256)
    shapes_train: int = setting(2000, N_("pictures to train on"), 2, 200_000)
    shapes_test: int = setting(500, N_("held-out pictures"), 2, 200_000)
    shapes_place: float = setting(1.0, N_("where a shape may lie: 0 in the middle only … 1 anywhere"), 0.0, 1.0)
    shapes_place_test: float = setting(
        1.0, N_("where it may lie in held-out pictures: 0 in the middle only … 1 anywhere"), 0.0, 1.0
    )
    shapes_small: float = setting(0.3, N_("smallest shape, as a part of the picture's width"), 0.05, 1.0)
    shapes_large: float = setting(0.6, N_("largest shape, as a part of the picture's width"), 0.05, 1.0)
    shapes_colour: bool = setting(False, N_("coloured shapes on coloured ground, drawn at random"))
    shapes_noise: float = setting(0.05, N_("standard deviation of the noise, for values 0…1"), 0.0, 2.0)
    shapes_seed: int = setting(0, N_("seed of the pictures"), 0, 2**31 - 1)
    # training
    epochs: int = setting(10, N_("passes over the training pictures"), 1, 100_000)
    batch_size: int = setting(32, N_("pictures in one step"), 1, 65_536)
    optimizer: str = setting("adam", N_("rule that turns gradients into steps"), choices=OPTIMIZERS)
    lr: float = setting(0.001, N_("learning rate: how far a step goes"), 0.0, 1e12)
    momentum: float = setting(0.9, N_("part of the last step that is kept (SGD, RMSprop)"), 0.0, 0.9999)
    nesterov: bool = setting(False, N_("look ahead along the momentum before the gradient is added (SGD)"))
    dampening: float = setting(0.0, N_("part of the gradient that does not enter the momentum (SGD)"), 0.0, 1.0)
    beta1: float = setting(0.9, N_("part of the gradients' running mean that is kept (Adam, AdamW)"), 0.0, 0.999999)
    beta2: float = setting(0.999, N_("the same of the mean of their squares (Adam, AdamW)"), 0.0, 0.999999)
    amsgrad: bool = setting(False, N_("divide by the largest mean of squares so far (Adam, AdamW)"))
    alpha: float = setting(0.99, N_("part of the squared gradients' running mean that is kept (RMSprop)"), 0.0, 1.0)
    centered: bool = setting(False, N_("divide by the gradients' deviation, their mean taken off (RMSprop)"))
    rho: float = setting(0.9, N_("part of the running means of squares that is kept (Adadelta)"), 0.0, 1.0)
    lr_decay: float = setting(0.0, N_("the learning rate is divided by 1 + this × steps (Adagrad)"), 0.0, 1e6)
    initial_accumulator: float = setting(0.0, N_("what the sum of squares begins with (Adagrad)"), 0.0, 1e6)
    eps: float = setting(1e-8, N_("added to what is divided by (Adam, AdamW, RMSprop)"), 0.0, 1e3)
    adadelta_eps: float = setting(1e-6, N_("added to what is divided by (Adadelta)"), 0.0, 1e3)
    adagrad_eps: float = setting(1e-10, N_("added to what is divided by (Adagrad)"), 0.0, 1e3)
    weight_decay: float = setting(0.0, N_("pull of every weight towards zero"), 0.0, 1e6)
    clip: float = setting(
        0.0, N_("gradients whose norm over all weights is larger are scaled down to it; 0: none are"), 0.0, 1e9
    )
    stop_patience: int = setting(
        0, N_("epochs without a better measurement after which the training ends; 0: it never does"), 0, 100_000
    )
    stop_on: str = setting("loss", N_("held-out measurement that ends it"), choices=("loss", "accuracy"))
    stop_delta: float = setting(0.0, N_("how much better a measurement must be to count as better"), 0.0, 1e6)
    # loss: what is made small (engine/learn/loss.py)
    loss: str = setting(
        "cross_entropy",
        N_("cross-entropy; mse: squared error of the outputs; rbf: LeNet-5's of 1998, of the distances from RBF"),
        choices=LOSSES,
    )
    label_smoothing: float = setting(
        0.0, N_("part of each target that is shared out among all classes (cross-entropy, squared error)"), 0.0, 1.0
    )
    rbf_j: float = setting(
        0.1, N_("distance from which wrong classes are pushed away no further: j in the paper (rbf)"), 0.0, 1e6
    )
    # schedule: what the learning rate is multiplied by (net/schedule.py)
    schedule: str = setting("constant", N_("how the learning rate goes over the training"), choices=SCHEDULES)
    step_epochs: int = setting(10, N_("epochs after each of which the rate falls (step)"), 1, 100_000)
    lr_factor: float = setting(0.1, N_("what the rate is multiplied by when it falls (step, plateau)"), 0.0, 1.0)
    lr_least: float = setting(
        0.0, N_("part of the rate that is left at the end (cosine), or where it falls no more (plateau)"), 0.0, 1.0
    )
    cycle_rise: float = setting(0.3, N_("part of the steps in which the rate rises (one-cycle)"), 0.0, 1.0)
    cycle_start: float = setting(25.0, N_("what the rate is divided by at the start (one-cycle)"), 1.0, 1e6)
    cycle_end: float = setting(1e4, N_("what the rate of the start is divided by at the end (one-cycle)"), 1.0, 1e9)
    plateau_patience: int = setting(
        10, N_("epochs without a better held-out loss before the rate falls (plateau)"), 0, 100_000
    )
    plateau_threshold: float = setting(1e-4, N_("part by which a loss must be lower to be better (plateau)"), 0.0, 1.0)
    plateau_cooldown: int = setting(0, N_("epochs after a fall that are not counted (plateau)"), 0, 100_000)
    warmup: int = setting(0, N_("first steps, in which the rate rises evenly to its value; 0: none"), 0, 10**9)
    warmup_from: float = setting(0.1, N_("part of the rate that the warm-up begins with"), 0.0, 1.0)
    seed: int = setting(0, N_("seed of first weights, order of pictures and dropout"), 0, 2**31 - 1)
    init: str = setting("default", N_("first weights: PyTorch's default, or drawn so with zero biases"), choices=INITS)
    init_std: float = setting(0.01, N_("standard deviation of normal first weights"), 0.0, 1e3)
    aux_weight: float = setting(
        0.3, N_("weight of the loss of each auxiliary output beside that of the last one"), 0.0, 1e3
    )
    # augmentation: how training pictures are changed at random; nothing is where all are 0 (engine/augment.py)
    augment_crop: float = setting(0.0, N_("random resized crop: the largest part of the area left out"), 0, 0.99)
    augment_rotation: float = setting(0.0, N_("rotation by up to so many degrees to either side"), 0, 180)
    augment_flip: float = setting(0.0, N_("part of the pictures that are mirrored, left to right"), 0, 1)
    augment_shift: int = setting(0, N_("shift by up to so many pixels each way; what comes in is black"), 0, 1024)
    augment_brightness: float = setting(0.0, N_("values times 1 − this to 1 + this"), 0, 1)
    augment_contrast: float = setting(0.0, N_("distance from mean grey times 1 − this to 1 + this"), 0, 1)
    augment_noise: float = setting(0.0, N_("deviation of the normal noise added to values in 0…1"), 0, 1)
    augment_cutout: int = setting(0, N_("side in pixels of a square that is set to the Input's mean"), 0, 16_384)
    # machine
    batches: int = setting(
        1, N_("batches in one step: torchrun gives each process one, a single process takes all of them"), 1, 4096
    )
    sync_bn: bool = setting(False, N_("batch normalisation over the pictures of all processes of torchrun"))
    threads: int = setting(0, N_("processor threads; 0: all but one core"), 0, 1024)
    record_mb: int = setting(
        0, N_("megabytes that the recorded weights may take; 0: 160, more for a large network"), 0, 1_000_000
    )
    precision: str = setting(
        "single",
        N_("numbers: single (float32), or mixed: forward and gradients in bfloat16 where that is accurate enough"),
        choices=PRECISIONS,
    )
    device: str = setting("auto", N_("where to compute: auto, cpu, cuda or mps"), kind="text")

    def __post_init__(self) -> None:
        for f in fields(self):
            if kind_of(f).name != "text":
                object.__setattr__(self, f.name, check(f.name, kind_of(f), getattr(self, f.name)))
        if self.optimizer == "sgd" and self.nesterov and (not self.momentum or self.dampening):
            raise Misfit("plan.nesterov", momentum=self.momentum, dampening=self.dampening)

    @property
    def source(self) -> tuple[object, ...]:
        """The settings that say what the data set is: with others of them, it is another one."""
        own = ("shapes_",) if self.data == SHAPES else ()
        names = (
            "data",
            "data_dir",
            "held_out",
            "drop_leaks",
            *(f.name for f in fields(self) if f.name.startswith(own or ("-",))),
        )
        return tuple(getattr(self, name) for name in names)

    @property
    def step_size(self) -> int:
        """Pictures in one step."""
        return self.batch_size * self.batches

    @property
    def augments(self) -> bool:
        """Whether any training picture is changed."""
        return any(getattr(self, name) for name in AUGMENTS)

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
