"""What window and engine say to each other of data sets: what there is to download, and how far that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Offer:
    """A data set that can be downloaded: what torchvision calls it, and how large it is."""

    torchvision: str
    megabytes: int


OFFERED = {
    "mnist": Offer("MNIST", 12),
    "fashion-mnist": Offer("FashionMNIST", 31),
    "kmnist": Offer("KMNIST", 21),
    "cifar10": Offer("CIFAR10", 171),
    "cifar100": Offer("CIFAR100", 169),
    "svhn": Offer("SVHN", 247),
}
"""Data sets that can be downloaded, by the name that a plan gives them."""
MISSING, DAMAGED, LEFT = "missing", "damaged", "left"
"""Codes of Failed("data"): its files are not there, they are not whole, or its loading was cancelled."""


BROKEN = 1000
"""Broken files that are named; all are counted."""


# ── to the engine ────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Download:
    """Have this data set on the disk; answered by Downloaded or Failed("download") whose `run` is this number.

    `folder`: that data sets are looked for in, empty for the usual one. A newer one replaces it.
    """

    number: int
    name: str
    folder: str = ""


@dataclass(frozen=True)
class Desist:
    """The download is not wanted any more; what has come stays, to be gone on from."""


@dataclass(frozen=True)
class Leave:
    """The data set that is being loaded is not wanted: Failed("data") with the code LEFT follows."""


@dataclass(frozen=True)
class Stock:
    """What is in the plan's data set? Answered by Contents, first without duplicates, then with them."""

    number: int


# ── from the engine ──────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Downloading:
    """How far it is: file number `file` of `files`, of which `done` of `total` bytes are there (0: not known).

    `speed`: bytes a second lately, 0 while it is not known.
    """

    number: int
    file: int
    files: int
    done: int
    total: int
    speed: float = 0.0


@dataclass(frozen=True)
class Downloaded:
    """The data set is on the disk, in this folder."""

    number: int
    name: str
    folder: str


@dataclass(frozen=True)
class Loading:
    """So many of `total` pictures of this data set are read."""

    name: str
    done: int
    total: int


@dataclass(frozen=True, eq=False)
class Contents:
    """What a data set holds, as the network gets it. Numbers of pictures count a split's, as Sample's.

    train_y, test_y  (n,) classes of the pictures trained on, and held out
    size             height and width of the pictures before fitting; None where they differ
    broken           files that cannot be read, at most BROKEN, each with a sentence why; `broken_count`: all of them
    dropped          held-out pictures that the plan leaves out since they are trained on, too
    compared         whether duplicates have been looked for; if not, all that follows is empty
    leaked           held-out pictures that are trained on, too, and in `source` the first picture each is equal to
    again_train, again_test  pictures that are a copy of an earlier one in the same split
    torn_train, torn_test    pictures of which a copy, in either split, has another class
    """

    number: int
    name: str
    classes: tuple[str, ...]
    train_y: Array
    test_y: Array
    size: tuple[int, int] | None
    broken: tuple[tuple[str, str], ...]
    broken_count: int
    notes: tuple[str, ...]
    dropped: int
    compared: bool
    leaked: Array
    source: Array
    again_train: Array
    again_test: Array
    torn_train: Array
    torn_test: Array


Asked = Download | Desist | Leave | Stock
Answered = Downloading | Downloaded | Loading | Contents
