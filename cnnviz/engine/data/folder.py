"""A folder of class folders, divided or not: flowers/rose/1.jpg, or flowers/train/rose/1.jpg."""

from __future__ import annotations

import os
from pathlib import Path

from ...net.plan import Plan
from ...text import _, grouped
from .base import DataError
from .files import SUFFIXES, Entry, Listing, parted, two_or_more

TRAIN = ("train", "training")
VALIDATION = ("val", "valid", "validation", "dev")
TEST = ("test", "testing")


def read(path: Path, plan: Plan) -> Listing:
    """The pictures of a folder, by the names of their class folders, in the order of these names.

    Held-out pictures are those of val/, else of test/; where there is neither, a part of every class. Raises
    DataError.
    """
    inside = {p.name.lower(): p for p in _folders(path)}
    train = _first(inside, TRAIN)
    if train is None:
        listed = _listed(path, path)
        held: dict[str, list[tuple[Path, str]]] = {}
        notes: tuple[str, ...] = ()
    else:
        listed = _listed(train, path)
        held, notes = _held(path, inside)
    classes = tuple(sorted({*listed, *held}))
    if not any(listed.values()):
        text = _("{path} holds no pictures. Put those of each class into a folder of its own, such as {example}.")
        raise DataError(text.format(path=train or path, example=(train or path) / "cat" / "1.jpg"))
    two_or_more(path, classes)
    mine, theirs = (_entries(found, classes) for found in (listed, held))
    if not theirs:
        mine, theirs = parted(mine, plan.held_out)
    return Listing(mine, theirs, classes, (), notes)


def _held(path: Path, inside: dict[str, Path]) -> tuple[dict[str, list[tuple[Path, str]]], tuple[str, ...]]:
    validation, test = (_first(inside, names) for names in (VALIDATION, TEST))
    found = [(p, _listed(p, path)) for p in (validation, test) if p is not None]
    found = [(p, listed) for p, listed in found if any(listed.values())]
    if not found:
        return {}, ()
    if len(found) == 1:
        return found[0][1], ()
    left = sum(map(len, found[1][1].values()))
    text = _("Held out are the pictures of {used}; the {n} of {left} are not used, so that they stay unseen.")
    return found[0][1], (text.format(used=found[0][0].name, n=grouped(left), left=found[1][0].name),)


def _first(inside: dict[str, Path], names: tuple[str, ...]) -> Path | None:
    return next((inside[n] for n in names if n in inside), None)


def _folders(path: Path) -> list[Path]:
    return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith((".", "__")))


def _listed(place: Path, root: Path) -> dict[str, list[tuple[Path, str]]]:
    """By class, the pictures in its folder and in those inside it, with what they are called in lists."""
    found: dict[str, list[tuple[Path, str]]] = {}
    for folder in _folders(place):
        files: list[tuple[Path, str]] = []
        for here, folders, names in os.walk(folder):
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            for n in sorted(names):
                if os.path.splitext(n)[1].lower() in SUFFIXES and not n.startswith("."):
                    file = Path(here, n)
                    files.append((file, file.relative_to(root).as_posix()))
        if files:
            found[folder.name] = files
    return found


def _entries(listed: dict[str, list[tuple[Path, str]]], classes: tuple[str, ...]) -> tuple[Entry, ...]:
    return tuple(Entry(file, name, i) for i, c in enumerate(classes) for file, name in listed.get(c, ()))
