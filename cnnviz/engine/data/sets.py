"""The data sets by name, and what a path may be."""

from __future__ import annotations

from pathlib import Path

from ...net.plan import Plan
from ...text import _
from . import cifar, digits, folder, idx, npz, shapes, svhn, table
from .base import HOME, DataError, Raw, Reader
from .files import Listing

SENTENCES = "sentences"
"""The one data set of sentences (sentences.py); all the others hold pictures."""

KNOWN: dict[str, Reader] = {
    "digits": digits.read,
    "shapes": shapes.read,
    "mnist": idx.reader("mnist", ("mnist", "MNIST/raw", "mnist/MNIST/raw"), digits.CLASSES),
    "fashion-mnist": idx.reader("fashion-mnist", ("fashion-mnist", "FashionMNIST/raw"), idx.CLOTHES),
    "kmnist": idx.reader("kmnist", ("kmnist", "KMNIST/raw"), idx.KANA),
    "cifar10": cifar.read_ten,
    "cifar100": cifar.read_hundred,
    "svhn": svhn.read,
}
"""Readers of the data sets by name."""


def home(folder: str) -> Path:
    """The folder to look in; the usual one where none is given."""
    return Path(folder).expanduser() if folder else HOME


def read(plan: Plan) -> Raw | Listing:
    """The plan's data set as its files have it; where every picture is a file of its own, a list of these.

    Raises DataError and whatever the reading of damaged files raises.
    """
    name = plan.data
    known = KNOWN.get(name)
    if known is not None:
        return known(home(plan.data_dir), plan)
    path = Path(plan.data_dir, name).expanduser()
    if path.suffix.lower() == ".npz":
        return npz.read(path, plan)
    if path.suffix.lower() in table.SUFFIXES:
        return table.read(path, plan)
    if not path.is_dir():
        text = _(
            "There is no data set {name}. Known are {known}, and a folder of class folders, a .csv or an .npz file."
        )
        raise DataError(text.format(name=name, known=", ".join((*KNOWN, SENTENCES))))
    return folder.read(path, plan)
