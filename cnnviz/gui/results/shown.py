"""What the results panel shows, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...link.verdicts import TOP, Calibration, Classes, Verdicts, by_class, calibration, confused, confusion
from ...text import _, grouped
from ..paint.number import number, percent
from .matrix import ALL
from .pictures import Item

PAIRS = 200
"""Of the pairs confused most, those that are listed."""


@dataclass(frozen=True, eq=False)
class Shown:
    """Verdicts on the pictures of a split, with the names of the classes; what follows is found when asked for."""

    verdicts: Verdicts
    classes: tuple[str, ...]
    split: str

    @property
    def names(self) -> tuple[str, ...]:
        """A name for every class that occurs, also beyond those that the data set names."""
        most = max(self.verdicts.true.max(initial=-1), self.verdicts.predicted.max(initial=-1)) + 1
        return (*self.classes, *map(str, range(len(self.classes), int(most))))

    @cached_property
    def counts(self) -> np.ndarray:
        """The confusion matrix."""
        return confusion(self.verdicts, len(self.names))

    @cached_property
    def by_class(self) -> Classes:
        """What is right and wrong of each class."""
        return by_class(self.verdicts, len(self.names))

    @cached_property
    def calibration(self) -> Calibration:
        """How sure it is, and how right."""
        return calibration(self.verdicts)

    @cached_property
    def pairs(self) -> list[tuple[int, int, int]]:
        """(true, predicted, pictures) of the pairs that are confused most."""
        return confused(self.verdicts, len(self.names), PAIRS)

    def figures(self) -> tuple[str, ...]:
        """Top-1 error, top-5 error where it says something, mean loss, calibration error."""
        v = self.verdicts
        top = (
            ((_("Top-{k} error {share}").format(k=TOP, share=percent(v.error(TOP)))),) if len(self.names) > TOP else ()
        )
        loss = number(float(np.mean(v.loss.astype(float)))) if len(v) else "–"
        return (
            _("Top-{k} error {share}").format(k=1, share=percent(v.error())),
            *top,
            _("Loss {loss}").format(loss=loss),
            _("Calibration error {share}").format(share=percent(self.calibration.error)),
        )

    # ── pictures ────────────────────────────────────────────────────────────────────────────────────────────────────
    def chosen(self, cell: tuple[int, int]) -> tuple[Item, ...]:
        """The pictures of a cell, row or column of the matrix, the largest loss first; of all (ALL, ALL) the errors."""
        v, (true, predicted) = self.verdicts, cell
        which = v.cell(None if true == ALL else true, None if predicted == ALL else predicted)
        if cell == (ALL, ALL) and not v.right.all():
            which &= ~v.right
        return tuple(map(self._item, v.worst(which).tolist()))

    def _item(self, index: int) -> Item:
        v, names = self.verdicts, self.names
        true, predicted, sure = int(v.true[index]), int(v.predicted[index]), float(v.confidence[index])
        wrong = true != predicted
        what = f"{names[true]} → {names[predicted]}" if wrong else names[true]
        said = _("Taken for {name}") if wrong else _("Recognised as {name}")
        tip = _("Picture {i}: {true}. {said}, sure by {sure}. Loss {loss}")
        words = {"i": grouped(index), "true": names[true], "said": said.format(name=names[predicted])}
        tip = tip.format(**words, sure=percent(sure), loss=number(float(v.loss[index])))
        return Item(index, f"{what} · {100 * sure:.0f} %", wrong, tip)

    def brief(self, cell: tuple[int, int], n: int) -> str:
        """The heading where there is no room for it; empty where it is short in any case."""
        if cell != (ALL, ALL):
            return ""
        return _("No errors") if self.verdicts.right.all() else _("{n} errors").format(n=grouped(n))

    def heading(self, cell: tuple[int, int], n: int) -> str:
        """What pictures these `n` are."""
        true, predicted = (self.names[c] if 0 <= c < len(self.names) else "" for c in cell)
        count = grouped(n)
        if cell == (ALL, ALL):
            if self.verdicts.right.all():
                return _("No errors. The largest losses first")
            return _("{n} errors, the worst first").format(n=count)
        if cell[0] == cell[1]:
            return _("{true} recognised: {n}").format(true=true, n=count)
        if ALL in cell:
            text = _("All of class {name}: {n}") if cell[1] == ALL else _("All taken for {name}: {n}")
            return text.format(name=true or predicted, n=count)
        return _("{true} taken for {predicted}: {n}").format(true=true, predicted=predicted, n=count)
