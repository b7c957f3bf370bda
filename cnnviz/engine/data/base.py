"""What a data set is to all who read, fit and train on one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...link.data import DAMAGED, LEFT, MISSING
from ...net.plan import Plan
from ...text import _
from .. import pictures
from ..pictures import Array, Box

HOME = Path.home() / "cnnviz" / "data"
"""Where data sets are looked for unless a folder is given."""

SPLIT_SEED = 0  # of the order in which a set without held-out pictures is divided

Tell = Callable[[int, int], bool]
"""Is told how many of how many pictures (or bytes) are done; False: leave it."""


class DataError(ValueError):
    """The data set cannot be used; the message is a sentence that says where it was looked for."""

    code = ""  # one of link.data's, where the window can offer something


class Missing(DataError):
    """The data set's files are not there; they may be downloaded."""

    code = MISSING


class Damaged(DataError):
    """The data set's files are not what they should be."""

    code = DAMAGED


class Cancelled(DataError):
    """Nobody waits for the data set any more."""

    code = LEFT


@dataclass(frozen=True, eq=False)
class Files:
    """Of every picture of a split the name of its file, and its size before fitting: (n, 2), height and width."""

    names: tuple[str, ...]
    sizes: Array


@dataclass(frozen=True, eq=False)
class Data:
    """Pictures in the network's size, before normalising, and their classes.

    train_x, test_x  (n, channels, height, width), uint8 or float32 in 0…1
    train_y, test_y  (n,) int64
    """

    name: str
    classes: tuple[str, ...]
    train_x: Array
    train_y: Array
    test_x: Array
    test_y: Array
    size: tuple[int, int]  # height, width of the pictures before fitting
    box: Box = pictures.WHOLE
    train_texts: tuple[str, ...] = ()  # of sentences, which are (n, 1, words, 1) token numbers
    test_texts: tuple[str, ...] = ()
    train_files: Files | None = None  # where every picture is a file of its own
    test_files: Files | None = None
    broken: tuple[tuple[str, str], ...] = ()  # files that could not be read, each with a sentence why
    notes: tuple[str, ...] = ()  # what a person should know of it
    dropped: int = 0  # held-out pictures that were left out since they are trained on, too

    def digest(self) -> str:
        """A number that tells this data from any other: recorded with a run."""
        h = hashlib.blake2b(digest_size=8)
        for part in (self.train_x, self.train_y, self.test_x, self.test_y):
            h.update(np.ascontiguousarray(part).data)
        return h.hexdigest()

    def split(self, split: str) -> tuple[Array, Array]:
        """Pictures and classes that are trained on ("train"), or held out ("test")."""
        return (self.train_x, self.train_y) if split == "train" else (self.test_x, self.test_y)

    def origin(self, split: str, index: int) -> tuple[str, tuple[int, int], Box]:
        """Of one picture: its file's name, or the set's; its size before fitting; and the part of it that was taken."""
        files = self.train_files if split == "train" else self.test_files
        if files is None:
            return self.name, self.size, self.box
        height, width = (int(n) for n in files.sizes[index])
        shape = self.train_x.shape
        return files.names[index], (height, width), pictures.crop((height, width), (shape[2], shape[3]))


@dataclass(frozen=True, eq=False)
class Raw:
    """A data set as its files have it: pictures (n, height, width, channels)."""

    train_x: Array
    train_y: Array
    test_x: Array
    test_y: Array
    classes: tuple[str, ...]


Reader = Callable[[Path, Plan], Raw]
"""Reads a data set: from the folder to look in, by the plan's settings for it."""


def divided(x: Array, y: Array, classes: tuple[str, ...], part: float) -> Raw:
    """So large a part is held out, chosen by a fixed seed."""
    train, test = division(len(x), part)
    return Raw(x[train], y[train], x[test], y[test], classes)


def division(n: int, part: float) -> tuple[Array, Array]:
    """Numbers of the pictures trained on, and of those held out (RandomState: the same with every numpy)."""
    order = np.random.RandomState(SPLIT_SEED).permutation(n)
    cut = n - round(n * part)
    return order[:cut], order[cut:]


def find(folder: Path, folders: tuple[str, ...], names: tuple[str, ...]) -> Path | None:
    """The first file of these names in the folder or in one of these inside it."""
    places = (folder, *(folder / f for f in folders))
    return next((p / n for p in places for n in names if (p / n).is_file()), None)


def unheard(done: int, total: int) -> bool:
    """Progress that nobody looks at."""
    return True


def go_on(name: str, tell: Tell, done: int, total: int) -> None:
    """Tell how far it is. Raises Cancelled where nobody wants the rest."""
    if not tell(done, total):
        raise Cancelled(_("Loading {name} was cancelled. Load it again, or choose another data set.").format(name=name))
