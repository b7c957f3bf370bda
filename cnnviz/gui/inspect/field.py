"""The receptive field of the selected unit: the declared one beside the measured one."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QStackedWidget, QWidget

from ...link.messages import Array, Frame, Unit
from ...net.analysis import Analysis
from ...net.region import seen
from ...text import _
from ..paint import theme
from ..paint.colour import VIRIDIS, Range, natural
from ..paint.colourbar import ColourBar
from ..paint.mosaic import levels
from ..paint.number import number, percent
from ..session import Session
from .caption import Caption
from .gradient import SHARE, Box, effective, inside
from .meaning import fits, gone, problem_text, window
from .panel import Panel, Veil
from .sentence import FieldWords
from .shot import Framed, Shot

ROOM = 560
"""Pixels of width from which on there is room for a colour bar."""


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


class Field(Panel):
    """What one unit can see, by the arithmetic of its layers, and what it does see, by its gradient."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.shot, self.heat, self.bar = Shot(), Heat(), ColourBar()
        self.declared, self.measured = Caption(), Caption()
        self.bar.hide()
        self.empty = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.both = QWidget()
        grid = QGridLayout(self.both)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(1, 100)
        grid.setRowStretch(3, 1)
        for column, head in enumerate((_("What it can see"), _("What it does see"))):
            label = QLabel(head)
            label.setContentsMargins(2 * theme.GRID, 0, 2 * theme.GRID, 0)
            grid.addWidget(label, 0, column)
        grid.addWidget(self.shot, 1, 0)
        grid.addWidget(self.heat, 1, 1)
        grid.addWidget(self.bar, 1, 2)
        grid.addWidget(self.declared, 2, 0)
        grid.addWidget(self.measured, 2, 1, 1, 2)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.both)
        self.words = FieldWords()
        self.pages.addWidget(self.words)
        self._column.addWidget(self.pages, 1)
        self.veil = Veil(self.both, self.title)
        self._pixels: tuple[object, Array | None] = (None, None)
        self.setFocusProxy(self.shot)
        self.measured.setToolTip(
            _(
                "The second number is the smallest square around the middle of the frame that holds {share} "
                "of the gradient of this unit: the pixels that really matter to it."
            ).format(share=percent(SHARE).replace(".0", ""))
        )
        for picture in (self.shot, self.heat, self.words.chips):
            picture.asked.connect(self.look_at)
            picture.stepped.connect(self.step)

    def wants(self) -> tuple[str, tuple[str, ...]]:
        return "field", ("*",)

    def refresh(self, frame: Frame | None) -> None:
        id = self._session.look.selected
        row = self._session.rows.get(id)
        unit = self._session.look.unit
        if row is None:
            self.show_nothing(_("Select a layer"))
        elif row.problem:
            self.show_nothing(problem_text(self._session.rows, id))
        elif frame is None or frame.shown is None or frame.shown.ndim != 3 or unit is None:
            self.wait()
        elif frame.picture.words is not None:
            self.come()
            self._entitle(unit)
            self.pages.setCurrentWidget(self.words)
            self.words.show_frame(self._session, frame, frame.picture.words, unit)
        else:
            self.pages.setCurrentWidget(self.both)
            self._declare(unit, frame)
            self._measure(frame)
            self.veil.set_stale(self._session.look.stale)

    def show_nothing(self, text: str) -> None:
        self.come()
        self.title.say(self._session.look.selected)
        self.veil.set_stale(False)
        self.empty.setText(text)
        self.pages.setCurrentWidget(self.empty)

    # ── by arithmetic ───────────────────────────────────────────────────────────────────────────────────────────────
    def _declare(self, unit: Unit, frame: Frame) -> None:
        rows, shown = self._session.rows, frame.shown
        assert shown is not None
        self._entitle(unit)
        fit = fits(rows, shown.shape[:2])
        self.shot.show_picture(shown, frame.input, self._seen(unit) if fit else None)
        self.shot.show_box(window(rows, unit) if fit else None)
        self.declared.say(declared_text(rows, unit.node))

    def _entitle(self, unit: Unit) -> None:
        row = self._session.rows[unit.node]
        if row.out is not None and len(row.out) > 1:
            where = f"{_('channel {}').format(unit.channel)} · ({unit.y}, {unit.x})"
        else:
            where = _("value {}").format(unit.channel)
        self.title.say(f"{unit.node} · {where}")

    def _seen(self, unit: Unit) -> Array | None:
        """The pixels that the unit sees, kept until another unit or network is asked for."""
        rows = self._session.rows
        if self._pixels[0] != (unit.node, unit.y, unit.x, id(rows)):
            region = seen(rows, unit.node, unit.y, unit.x) if window(rows, unit) else None
            mask = np.array(region.mask(), bool) if region else None
            self._pixels = (unit.node, unit.y, unit.x, id(rows)), mask
        return self._pixels[1]

    # ── by gradient ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _measure(self, frame: Frame) -> None:
        """The measured field, framed by the window of the unit it was measured for, which may be the one before."""
        field, unit, id = frame.field, frame.unit, self._session.look.selected
        if field is None or unit is None or field.ndim != 2 or not field.size or unit.node != id:
            if gone(self._session, frame, id):
                self.late(_("{id} is not in the network that is training").format(id=id))
            else:
                self.wait()
            return
        self.come()
        self.heat.show()
        self._give_bar_room()
        self.bar.show_scale(VIRIDIS, self.heat.show_field(field), frozenset())
        box = window(self._session.rows, unit) if fits(self._session.rows, field.shape) else None
        self.heat.show_box(box)
        self.measured.say(measured_text(field, box))

    def late(self, text: str) -> None:
        if self.pages.currentWidget() is not self.both:
            self.show_nothing(text)
            return
        self.heat.hide()
        self.bar.hide()
        self.measured.say(text)

    def _give_bar_room(self) -> None:
        self.bar.setVisible(self.width() >= ROOM and not self.heat.isHidden())
        side = (self.width() - self.bar.sizeHint().width() * (not self.bar.isHidden())) // 2
        for picture in (self.shot, self.heat, self.bar):
            picture.setMaximumHeight(side)  # no more than the picture needs: the words stand below it

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._give_bar_room()


def declared_text(rows: Analysis, id: str) -> str:
    """`sees 14×14 pixels, stride 2, padding 0`."""
    field = rows[id].field
    if field is None:
        return _("sees the whole picture")
    if 0 in field.size:
        return _("sees no pixel")
    size, padding = ("×".join(f"{v:g}" for v in pair) for pair in (field.size, field.padding))
    if field.padding[0] == field.padding[1]:
        padding = f"{field.padding[0]}".replace("-", "−")
    text = _("sees {size} pixels, stride {stride}, padding {padding}")
    if not field.step:
        text = _("sees {size} pixels, as every unit does, padding {padding}")
    text = text.format(size=size, stride=field.step, padding=padding)
    return text if field.aligned else f"{text}; {_('its branches are not aligned')}"


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
