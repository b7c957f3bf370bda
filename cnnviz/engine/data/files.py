"""Data sets in which every picture is a file of its own: listed first, then decoded once, in the network's size."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...net.layers import Source
from ...text import _, grouped
from .. import memory, pictures
from ..pictures import Array, PictureError
from .base import SPLIT_SEED, Data, DataError, Files, Tell, go_on

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"))
"""What names of pictures end in; other files in a folder are no broken pictures, but something else."""
BLOCK = 64  # pictures decoded between two looks at whether to go on
AT_ONCE = 4  # of these, at most; Pillow decodes without holding up Python


@dataclass(frozen=True)
class Entry:
    """A picture: its file, what it is called in lists, and its class."""

    path: Path
    name: str
    label: int


@dataclass(frozen=True)
class Listing:
    """What a folder or a table lists. `broken`: names of what is no picture of a class, each with a sentence why."""

    train: tuple[Entry, ...]
    test: tuple[Entry, ...]
    classes: tuple[str, ...]
    broken: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def parted(entries: Sequence[Entry], part: float) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Trained on and held out: of every class the same part, drawn by a fixed seed, at least one and never all."""
    held: set[int] = set()
    by_class: dict[int, list[int]] = {}
    for i, entry in enumerate(entries):
        by_class.setdefault(entry.label, []).append(i)
    dice = np.random.RandomState(SPLIT_SEED)
    for indices in by_class.values():
        count = min(max(1, round(len(indices) * part)), len(indices) - 1)
        held.update(indices[int(j)] for j in dice.permutation(len(indices))[:count])
    return tuple(e for i, e in enumerate(entries) if i not in held), tuple(entries[i] for i in sorted(held))


def two_or_more(path: Path, classes: Sequence[str]) -> None:
    """Raises DataError where there is nothing to tell apart."""
    if len(classes) == 1:
        text = _("{path} has one class only, {name}: there is nothing to tell apart. Add pictures of another class.")
        raise DataError(text.format(path=path, name=classes[0]))


def decode(name: str, listing: Listing, layer: Source, tell: Tell) -> Data:
    """All pictures in the network's size, as uint8. Raises DataError, base.Cancelled among them."""
    if layer.channels not in (1, 3):
        text = _("{name}: The network takes {need} channels, but pictures have 1 or 3. Set the Input's channels to 3.")
        raise DataError(text.format(name=name, need=layer.channels))
    if not listing.test:
        text = _("{name} has one picture of each class: none can be held out. Add more.")
        raise DataError(text.format(name=name))
    count = len(listing.train) + len(listing.test)
    need = count * layer.channels * layer.size[0] * layer.size[1]
    have = memory.lacking(need)
    if have is not None:
        text = _("{n} pictures of {name} in {size} take about {need} of memory, but only {have} are free. {cure}")
        size, cure = f"{layer.channels}×{layer.size[0]}×{layer.size[1]}", _("Make the Input smaller.")
        texts = {"need": memory.size_text(need), "have": memory.size_text(have)}
        raise DataError(text.format(n=grouped(count), name=name, size=size, cure=cure, **texts))
    done = 0

    def step(n: int) -> None:
        nonlocal done
        go_on(name, tell, done, count)
        done += n

    broken = list(listing.broken)
    train = _decoded(listing.train, layer, step, broken)
    test = _decoded(listing.test, layer, step, broken)
    tell(count, count)
    for (x, _y, _files), which in ((train, _("trained on")), (test, _("held out"))):
        if not len(x):
            text = _("{name}: none of the pictures that would be {which} can be read. {why}")
            raise DataError(text.format(name=name, which=which, why=broken[0][1] if broken else ""))
    first = (int(train[2].sizes[0][0]), int(train[2].sizes[0][1]))
    return Data(
        *(name, listing.classes, train[0], train[1], test[0], test[1], first),
        train_files=train[2],
        test_files=test[2],
        broken=tuple(broken),
        notes=listing.notes,
    )


def _decoded(
    entries: Sequence[Entry], layer: Source, step: Callable[[int], None], broken: list[tuple[str, str]]
) -> tuple[Array, Array, Files]:
    x = np.empty((len(entries), layer.channels, *layer.size), np.uint8)
    sizes = np.empty((len(entries), 2), np.int64)
    kept: list[int] = []

    def one(i: int) -> str:
        try:
            whole = pictures.decode(entries[i].path)
            fitted = pictures.scaled(whole, layer, pictures.crop(whole.shape[:2], layer.size))
        except PictureError as error:
            return str(error)
        x[i] = fitted if fitted.dtype == np.uint8 else np.rint(fitted * 255)
        sizes[i] = whole.shape[:2]
        return ""

    with memory.uncollected(), ThreadPoolExecutor(min(AT_ONCE, max(1, (os.cpu_count() or 2) - 1)), "pictures") as pool:
        for some in _blocks(len(entries)):
            step(len(some))
            for i, why in zip(some, pool.map(one, some), strict=True):
                if why:
                    broken.append((entries[i].name, why))
                else:
                    kept.append(i)
    if len(kept) < len(entries):
        x, sizes = x[kept], sizes[kept]
    y = np.array([entries[i].label for i in kept], np.int64)
    return x, y, Files(tuple(entries[i].name for i in kept), sizes)


def _blocks(n: int) -> Iterator[range]:
    for first in range(0, n, BLOCK):
        yield range(first, min(first + BLOCK, n))
