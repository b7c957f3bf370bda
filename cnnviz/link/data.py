"""What window and engine say to each other of data sets: what there is to download, and how far that is."""

from __future__ import annotations

from dataclasses import dataclass


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


Asked = Download | Desist
Answered = Downloading | Downloaded
