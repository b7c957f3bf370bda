"""`cnnviz data NAME`: what is in a data set, and its download."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from ..cli import CommandError
from ..link.data import OFFERED
from ..net.layers import Source
from ..net.plan import Plan
from ..text import _, grouped
from .progress import Bytes, Pictures
from .table import aligned

if TYPE_CHECKING:
    from ..engine.data import Data
    from ..engine.data.leaks import Twins

BAR = 20  # of the largest class
NAMED = 10  # broken files that are printed; --json has all


def run(args: argparse.Namespace) -> int:
    """Download it where that is asked for, and print what is in it; gives 0.

    Raises CommandError, and engine.data.DataError.
    """
    from ..engine import data

    folder = args.data_dir or ""
    if args.download:
        fetch(args.name, folder)
    bar = Pictures(args.name)
    try:
        found = data.as_it_is(Plan(data=args.name, data_dir=folder), bar.show)
    except data.Missing as error:
        raise CommandError(f"{error} {offer(args.name, folder)}".rstrip()) from error
    finally:
        bar.end()
    twins = data.leaks.find(found)
    print(json.dumps(_described(found, twins), ensure_ascii=False) if args.json else _told(found, twins))
    return 0


def loaded(plan: Plan, layer: Source, out: TextIO | None = None) -> Data:
    """The plan's data set for a network's Input, with progress on a terminal, and what there is to say of it on stderr,
    or in `out`.

    Raises CommandError where it is not there, engine.data.DataError where it cannot be used.
    """
    from ..engine import data

    bar = Pictures(plan.data, out)
    try:
        found = data.load(plan.data, plan.data_dir, layer, plan, bar.show)
    except data.Missing as error:
        raise CommandError(f"{error} {offer(plan.data, plan.data_dir)}".rstrip()) from error
    finally:
        bar.end()
    for text in (unread(found), *found.notes):
        if text:
            print(f"cnnviz: {text}", file=out or sys.stderr)
    return found


def fetch(name: str, folder: str) -> None:
    """Download a data set, with progress on a terminal. Raises CommandError."""
    from ..engine.data.fetching import Part, download, folder_of
    from ..engine.fetch import DownloadError

    bar = Bytes()
    place = folder_of(name, folder)
    if name in OFFERED:
        print(_("Downloading {name} to {folder} …").format(name=name, folder=place), file=sys.stderr)

    def show(part: Part) -> None:
        bar.show(part.done, part.total, f"{part.file} ({part.number}/{part.count})  ")

    try:
        download(name, folder, show)
    except DownloadError as error:
        raise CommandError(str(error)) from error


def offer(name: str, folder: str) -> str:
    """How this data set can be downloaded; empty where it cannot."""
    if name not in OFFERED:
        return ""
    place = f" --data-dir {folder}" if folder else ""
    text = _("“cnnviz data {name}{place} --download” downloads it ({size} MB).")
    return text.format(size=OFFERED[name].megabytes, name=name, place=place)


def unread(data: Data) -> str:
    """Which files of it cannot be read, in one line; empty where all can."""
    if not data.broken:
        return ""
    names = ", ".join(name for name, _why in data.broken[:NAMED])
    more = len(data.broken) - NAMED
    names += _(" and {n} more").format(n=grouped(more)) if more > 0 else ""
    if len(data.broken) == 1:
        return _("1 file of {name} cannot be read and is left out: {names}").format(name=data.name, names=names)
    text = _("{n} files of {name} cannot be read and are left out: {names}")
    return text.format(n=grouped(len(data.broken)), name=data.name, names=names)


def _told(data: Data, twins: Twins) -> str:
    size = "×".join(map(str, (data.train_x.shape[1], *data.size)))
    head = [
        data.name,
        _("words") if data.test_texts else _("files of different sizes") if data.train_files else size,
        _("{n} to train on").format(n=grouped(len(data.train_y))),
        _("{n} held out").format(n=grouped(len(data.test_y))),
        _("{n} classes").format(n=grouped(len(data.classes))),
    ]
    train, test = (np.bincount(y, minlength=len(data.classes)) for y in (data.train_y, data.test_y))
    most = max(int((train + test).max()), 1)
    lines = [
        (name, grouped(int(a)), grouped(int(b)), "█" * max(round(BAR * int(a + b) / most), 1 if a + b else 0))
        for name, a, b in zip(data.classes, train, test, strict=True)
    ]
    table = aligned([(_("class"), _("train"), _("held out"), ""), *lines], right=(1, 2))
    notes = [*data.notes, _spread(data), _doubled(data, twins), unread(data)]
    notes += [f"  {name}: {why}" for name, why in data.broken[:NAMED]]
    return "\n".join([" · ".join(head), "", table, "", *(note for note in notes if note)])


def _spread(data: Data) -> str:
    """Mean and deviation of the training pictures' values by channel; empty for sentences."""
    if data.test_texts:
        return ""
    mean, std = (", ".join(f"{v:.4f}" for v in each) for each in _values(data))
    return _("Values 0…1 of the pictures trained on: mean {mean}; deviation {std}").format(mean=mean, std=std)


def _values(data: Data) -> tuple[tuple[float, ...], tuple[float, ...]]:
    from ..engine.data.survey import values

    found = values(data.train_x)
    return found.mean, found.std


def _doubled(data: Data, twins: Twins) -> str:
    said = []
    if len(twins.leaked):
        text = _("{n} held-out pictures are trained on, too (train with --drop-leaks to leave them out).")
        said.append(text.format(n=grouped(len(twins.leaked))))
    if len(twins.again_train) or len(twins.again_test):
        text = _("Copies of an earlier picture: {train} trained on, {test} held out.")
        said.append(text.format(train=grouped(len(twins.again_train)), test=grouped(len(twins.again_test))))
    if len(twins.torn_train) or len(twins.torn_test):
        text = _("Equal pictures with different classes: {train} trained on, {test} held out.")
        said.append(text.format(train=grouped(len(twins.torn_train)), test=grouped(len(twins.torn_test))))
    return "\n".join(said) or _("No picture is there twice.")


def _described(data: Data, twins: Twins) -> dict[str, Any]:
    train, test = (np.bincount(y, minlength=len(data.classes)) for y in (data.train_y, data.test_y))
    classes = zip(data.classes, train.tolist(), test.tolist(), strict=True)
    mean, std = (None, None) if data.test_texts else _values(data)
    return {
        "name": data.name,
        "train": len(data.train_y),
        "test": len(data.test_y),
        "channels": data.train_x.shape[1],
        "size": None if data.train_files or data.test_texts else list(data.size),
        "mean": mean,
        "std": std,
        "classes": [{"name": name, "train": a, "test": b} for name, a, b in classes],
        "broken": [{"file": name, "why": why} for name, why in data.broken],
        "notes": list(data.notes),
        "leaked": twins.leaked.tolist(),
        "copies": {"train": twins.again_train.tolist(), "test": twins.again_test.tolist()},
        "contradictions": {"train": twins.torn_train.tolist(), "test": twins.torn_test.tolist()},
    }
