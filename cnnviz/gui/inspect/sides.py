"""Two runs at one step on one picture: which of them is seen, and what one gives more than the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from ...link.messages import Array, Frame
from ...text import N_, _, grouped
from ..paint import theme
from ..paint.number import number
from ..session import Session
from ..session.beside import ALL, DIFFERENCE, OTHER, THIS
from .panel import Title

CHOICES = (
    (THIS, N_("This run"), N_("What the layer gives in this run")),
    (OTHER, N_("Other"), N_("What it gives in the other run, in the same colours")),
    (DIFFERENCE, N_("Difference"), N_("This run minus the other one: red where this one is larger, white where equal")),
    (ALL, N_("All three"), N_("This run, the other one, and the difference below each other")),
)
NAMED = 4
"""So many layers that both networks have are named where the other one lacks the selected one."""
STRIP = 26
"""Pixels of the strip's height."""


@dataclass(frozen=True, eq=False)
class Pair:
    """What a layer gives in both runs: (channels, height, width) or (features,)."""

    this: Array
    other: Array

    @cached_property
    def difference(self) -> Array | None:
        """This minus the other one; None where their shapes differ. NaN where both are infinite with one sign."""
        if self.this.shape != self.other.shape:
            return None
        with np.errstate(invalid="ignore", over="ignore"):
            found: Array = self.this - self.other
        return found

    def of(self, side: str) -> Array | None:
        """The array that a side shows."""
        return self.this if side == THIS else self.other if side == OTHER else self.difference

    def told(self, *unit: int) -> str:
        """`this 0.183 · other 0.201 · Δ −0.018` of one unit; `–` where a run has no such unit."""
        values = [_value(array, unit) for array in (self.this, self.other)]
        a, b = ("–" if v is None else number(v) for v in values)
        text = _("this {a} · other {b}").format(a=a, b=b)
        if values[0] is None or values[1] is None or self.this.shape != self.other.shape:
            return text
        return f"{text} · Δ {number(float(np.float32(values[0]) - np.float32(values[1])))}"


def _value(array: Array, unit: tuple[int, ...]) -> float | None:
    at = unit[: array.ndim]
    return float(array[at]) if all(i < n for i, n in zip(at, array.shape, strict=True)) else None


class Sides(QWidget):
    """The choice, in a strip that is there while another run stands beside, and which steps are seen."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.GRID, 0, 2 * theme.GRID, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QToolButton] = {}
        for side, text, tip in CHOICES:
            button = self.buttons[side] = QToolButton()
            button.setText(_(text))
            button.setToolTip(_(tip))
            button.setCheckable(True)
            button.setAutoRaise(True)
            button.setFont(theme.caption())
            self._group.addButton(button)
            row.addWidget(button)
        row.addSpacing(2 * theme.GRID)
        self.steps = Title()
        self.steps.setFont(theme.caption())
        self.steps.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.steps.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.steps, 1)
        self.setFixedHeight(STRIP)
        self._group.buttonClicked.connect(self._choose)
        self.show_side(THIS)
        self.follow()

    def show_side(self, side: str) -> None:
        """Which side is seen: this run alone while there is no step that both are shown at."""
        self.buttons[side].setChecked(True)

    @property
    def chosen(self) -> str:
        """The side that all panels show."""
        return self._session.beside.side

    def follow(self) -> None:
        """Be there while another run stands beside, at the newest step of both where that is followed."""
        self._session.time.advance()  # while the panel was hidden nothing has been asked for
        self.setVisible(bool(self._session.beside.folder))

    def say(self, frame: Frame) -> None:
        """Which steps are seen."""
        live = self._session.time.at is None
        text = short = ""  # in a small window there is room for the figures alone
        if live:
            text = _("live")
        elif frame.other is None:
            pass
        elif frame.other.step == frame.step:
            text = _("both at step {step}, following") if self._session.time.moving else _("both at step {step}")
            text, short = text.format(step=grouped(frame.step)), _("step {step}").format(step=grouped(frame.step))
        else:
            steps = {"step": grouped(frame.step), "nearest": grouped(frame.other.step)}
            text, short = (t.format(**steps) for t in (_("step {step}, other {nearest}"), _("{step}, other {nearest}")))
        other = frame.other
        why = ""
        if live:
            why = _(
                "Other, Difference and All three go to the newest step that both runs have recorded, and on with it."
            )
        elif other is not None and other.step != frame.step:
            why = _("The other run has not recorded this step: its nearest one is shown.")
        self.steps.say(text, why, short)

    @Slot()
    def _choose(self) -> None:
        side = next(side for side, button in self.buttons.items() if button.isChecked())
        self._session.beside.choose_side(side)


def lacking(session: Session, text: str, ids: Iterable[str]) -> str:
    """`text`, which says what the other run's network has not, and which of these layers it has."""
    account = session.beside.account
    both = [id for id in ids if id != session.look.selected and account is not None and id in account.rows]
    if not both:
        return f"{text} {_('They share no such layer: “Layer by layer”, in Runs, shows both.')}"
    many = _("Both have {names} and others.") if len(both) > NAMED else _("Both have {names}.")
    return f"{text} {many.format(names=', '.join(both[:NAMED]))}"
