"""Measured receptive fields: the size of a unit's gradient at every pixel, of this run and of the one beside."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from ...link.messages import Array, Frame, Unit
from ...net.analysis import Analysis
from ...text import _, grouped
from ..paint import theme
from ..paint.colour import VIRIDIS, Range, natural
from ..paint.counts import shape
from ..paint.mosaic import levels
from ..paint.number import number, percent
from ..session import Session
from .caption import Caption
from .gradient import SHARE, Box, effective, inside
from .meaning import fits, window
from .shot import Framed

SECOND = 3
"""Column of the other run's field: behind the picture, this run's field and its colour bar."""


class Heat(Framed):
    """The size of the gradient at every pixel, as colours from zero to the largest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._field = np.zeros((1, 1), np.float32)

    def show_field(self, field: Array) -> Range:
        """Show `field` (height, width); gives what the colours stand for."""
        self._field = field
        shown = natural(field, signed=False)
        self.show_rgb(VIRIDIS.table[levels(field[None], shown)[0]])
        return shown

    def text(self, y: int, x: int) -> str:
        return f"({y}, {x}) · {_('gradient {value}').format(value=number(float(self._field[y, x])))}"


class Second:
    """The field of the same unit in the other run, in a column of its own, with the frame of that run's network."""

    def __init__(self, session: Session, grid: QGridLayout) -> None:
        self._session = session
        self.heat, self.caption = Heat(), Caption()
        self.head = QLabel(_("Other run sees"))
        self.head.setContentsMargins(2 * theme.GRID, 0, 2 * theme.GRID, 0)
        grid.addWidget(self.head, 0, SECOND)
        grid.addWidget(self.heat, 1, SECOND)
        grid.addWidget(self.caption, 2, SECOND, Qt.AlignmentFlag.AlignTop)
        self.hidden = False

    def show_frame(self, unit: Unit, other: Frame | None) -> None:
        """Show the unit on the other run's frame; None: there is none, and the column goes."""
        self.hidden = other is None
        for widget in (self.head, self.heat, self.caption):
            widget.setVisible(other is not None)
        if other is None:
            return
        field = other.field
        step = _("at step {step}").format(step=grouped(other.step))
        account = self._session.beside.account
        rows = account.rows if account is not None else None
        if field is None or field.ndim != 2 or not field.size or other.unit != unit:
            self.heat.hide()
            self.caption.say(f"{step}: {missing_text(rows, unit)}")
            return
        self.heat.show_field(field)
        box = window(rows, unit) if rows is not None and fits(rows, field.shape) else None
        self.heat.show_box(box)
        self.caption.say(f"{measured_text(field, box)}\n{most_text(field)}\n{step}")


def missing_text(rows: Analysis | None, unit: Unit) -> str:
    """Why the other run, whose network's rows these are, has no field of the unit."""
    row = rows.get(unit.node) if rows is not None else None
    if rows is not None and row is None:
        return _("its network has no {id}").format(id=unit.node)
    place = (unit.channel, unit.y, unit.x)
    if row is not None and row.out is not None and any(i >= n for i, n in zip(place, row.out, strict=False)):
        return _("its {id} gives {shape}, without this unit").format(id=unit.node, shape=shape(row.out))
    return _("not measured yet")


def most_text(field: Array) -> str:
    """`brightest: 0.012`: what the last colour stands for, where each picture has a scale of its own."""
    return _("brightest: {value}").format(value=number(float(field.max())))


def measured_text(field: Array, box: Box | None) -> str:
    """`gradient in the frame: 100 %`, and on a line of its own `95 % within 9×9`."""
    side = effective(field, box or (0, 0, *field.shape))
    if side is None:
        return _("no pixel changes this unit: its gradient is zero")
    within = _("{share} within {size}").format(share=percent(SHARE).replace(".0", ""), size=f"{side}×{side}")
    share = inside(field, box) if box else None
    if share is None:
        return within
    head = _("gradient in the frame: {share}").format(share=percent(share).replace(".0 ", " "))
    return f"{head}\n{within}"
