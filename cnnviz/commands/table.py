"""Columns of text for a terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from unicodedata import combining, east_asian_width


def aligned(lines: Sequence[Sequence[str]], right: Collection[int] = ()) -> str:
    """Lines with their columns under each other; `right` are the columns of numbers."""
    widths = [max(map(width, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(_cell(c, w, i in right) for i, (c, w) in enumerate(zip(line, widths, strict=True))).rstrip()
        for line in lines
    )


def width(text: str) -> int:
    """Columns that `text` takes on a terminal; a Korean letter takes two."""
    return sum(2 if east_asian_width(c) in "WF" else not combining(c) for c in text)


def _cell(text: str, wide: int, right: bool) -> str:
    space = " " * (wide - width(text))
    return space + text if right else text + space
