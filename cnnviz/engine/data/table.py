"""A table of pictures: a CSV file whose lines name a file and its class."""

from __future__ import annotations

import csv
from pathlib import Path

from ...net.plan import Plan
from ...text import _
from .base import DataError
from .files import SUFFIXES as PICTURES
from .files import Entry, Listing, parted, two_or_more

SUFFIXES = (".csv", ".tsv")
PATHS = ("path", "file", "filename", "file_name", "filepath", "image", "image_path", "picture")
LABELS = ("label", "class", "class_name", "category", "target", "y")
SPLITS = ("split", "set", "subset", "part")
HELD_OUT = ("val", "valid", "validation", "dev", "test", "testing", "held-out", "held_out")


def read(path: Path, plan: Plan) -> Listing:
    """The pictures that the file names, relative to its folder, by class.

    Columns are found by their names (path, label and, where there is one, split), else they are the first two. Classes
    that are numbers stand in their order, others in that of the alphabet. Raises DataError.
    """
    lines = _lines(path)
    columns = _columns(lines[0])
    if columns is None:
        where, what, split = 0, 1, -1
        named = Path(lines[0][0].strip()).suffix.lower() in PICTURES
        body, first = (lines, 1) if named else (lines[1:], 2)
        _check_head(path, lines[0], body, where)
    else:
        (where, what, split), body, first = columns, lines[1:], 2
    broken: list[tuple[str, str]] = []
    rows: list[tuple[str, str, bool]] = []
    for number, line in enumerate(body, first):
        if not any(cell.strip() for cell in line):
            continue
        if len(line) <= max(where, what) or not line[where].strip() or not line[what].strip():
            text = _("Line {n} of {file} does not name a picture and its class.")
            broken.append((_("line {n}").format(n=number), text.format(n=number, file=path.name)))
            continue
        held = 0 <= split < len(line) and line[split].strip().lower() in HELD_OUT
        rows.append((line[where].strip(), line[what].strip(), held))
    if not rows:
        text = _("{path} names no pictures. It needs lines such as cat/1.jpg,cat, below a line path,label.")
        raise DataError(text.format(path=path))
    classes = _ordered({label for _file, label, _held in rows})
    two_or_more(path, classes)
    index = {c: i for i, c in enumerate(classes)}
    entries = [(Entry(path.parent / file, file, index[label]), held) for file, label, held in rows]
    mine, theirs = (tuple(e for e, held in entries if held is wanted) for wanted in (False, True))
    if not mine:
        raise DataError(_("{path} has no pictures to train on: all are held out.").format(path=path))
    if not theirs:
        mine, theirs = parted(mine, plan.held_out)
    return Listing(mine, theirs, classes, tuple(broken))


def _lines(path: Path) -> list[list[str]]:
    try:
        text = path.read_text("utf-8-sig")
        if "\0" in text:  # UTF-16, mostly, whose Latin letters are UTF-8's with a zero after each
            raise ValueError
    except ValueError as error:
        raise DataError(_("{path} is not UTF-8 text. Save it as UTF-8.").format(path=path)) from error
    head = text.splitlines()[0] if text.strip() else ""
    sign = max(("\t", ";", ","), key=head.count)
    try:
        lines = list(csv.reader(text.splitlines(), delimiter=sign, strict=True))
    except csv.Error as error:
        raise DataError(_("{path} is no CSV file ({why}).").format(path=path, why=error)) from error
    if not lines or len(lines[0]) < 2:
        text = _("{path} needs two columns, path and label, and lines such as cat/1.jpg,cat.")
        raise DataError(text.format(path=path))
    return lines


def _columns(head: list[str]) -> tuple[int, int, int] | None:
    """Where path, label and split stand by the names of the columns; None where the first two are not named."""
    names = [cell.strip().lower() for cell in head]
    found = [next((names.index(n) for n in wanted if n in names), -1) for wanted in (PATHS, LABELS, SPLITS)]
    return (found[0], found[1], found[2]) if found[0] >= 0 and found[1] >= 0 else None


def _check_head(path: Path, head: list[str], body: list[list[str]], where: int) -> None:
    """Raises DataError where columns are called otherwise, and the first holds no files of pictures."""
    cells = [line[where].strip() for line in body if len(line) > where]
    if len(head) > 2 and cells and not any(Path(cell).suffix.lower() in PICTURES for cell in cells):
        text = _("{path} has the columns {names}. Call that of the files path, and that of their classes label.")
        raise DataError(text.format(path=path, names=", ".join(cell.strip() for cell in head)))


def _ordered(labels: set[str]) -> tuple[str, ...]:
    if all(label.lstrip("-").isdecimal() for label in labels):
        return tuple(sorted(labels, key=lambda label: (int(label), label)))
    return tuple(sorted(labels))
