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
from ..paint.colour import VIRIDIS
from ..paint.colourbar import ColourBar
from ..paint.number import percent
from ..session import Session
from .caption import Caption
from .gradient import SHARE
from .heat import SECOND, Heat, Second, measured_text, most_text
from .meaning import fits, gone, problem_text, window
from .panel import Panel, Veil
from .sentence import FieldWords
from .shot import Shot

ROOM = 560
"""Pixels of width from which on there is room for a colour bar."""


class Field(Panel):
    """What one unit can see, by the arithmetic of its layers, and what it does see, by its gradient."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.shot, self.heat, self.bar = Shot(), Heat(), ColourBar()
        self.declared, self.measured = Caption(), Caption()
        self.bar.hide()
        self.empty = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setContentsMargins(4 * theme.GRID, 0, 4 * theme.GRID, 0)
        self.empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.both = QWidget()
        grid = QGridLayout(self.both)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(1, 100)
        grid.setRowStretch(3, 1)
        self._grid = grid
        self._can, self._does = _heading(_("What it can see")), _heading(_("What it does see"))
        grid.addWidget(self._can, 0, 0)
        grid.addWidget(self._does, 0, 1)
        self.second: Second | None = None  # the other run's; made when one first stands beside
        grid.addWidget(self.shot, 1, 0)
        grid.addWidget(self.heat, 1, 1)
        grid.addWidget(self.bar, 1, 2)
        grid.addWidget(self.declared, 2, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.measured, 2, 1, 1, 2, Qt.AlignmentFlag.AlignTop)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.both)
        self.words = FieldWords()
        self.pages.addWidget(self.words)
        self._column.addWidget(self.pages, 1)
        self.veil, self._words_veil = Veil(self.both, self.title), Veil(self.words, self.title)
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
        session.beside_changed.connect(self._renew)

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
            self._veil(self._words_veil)
        else:
            self.pages.setCurrentWidget(self.both)
            self._declare(unit, frame)
            self._compare(unit, frame)
            self._measure(frame)
            self._veil(self.veil)

    def show_nothing(self, text: str) -> None:
        self.come()
        self.title.say(self._session.look.selected)
        self._veil(None)
        self.empty.setText(text)
        self.pages.setCurrentWidget(self.empty)

    def _veil(self, seen: Veil | None) -> None:
        """Say of the page that is seen whether it is out of date; the title is that of all pages."""
        for veil in (self.veil, self._words_veil):
            if veil is not seen:
                veil.set_stale(False)
        if seen is not None:
            seen.set_stale(self._session.look.stale)

    # ── by arithmetic ───────────────────────────────────────────────────────────────────────────────────────────────
    def _declare(self, unit: Unit, frame: Frame) -> None:
        rows, shown = self._session.rows, frame.shown
        assert shown is not None
        self._entitle(unit)
        fit = fits(rows, shown.shape[:2])
        self.shot.show_picture(shown, frame.input, self._seen(unit) if fit else None)
        self.shot.show_box(window(rows, unit) if fit else None)
        text = declared_text(rows, unit.node)
        self.declared.say(_("after the edit: {what}").format(what=text) if self._session.run.behind else text)

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
            if gone(self._session, frame, id) and not frame.partial:  # which has no field of its own
                self.late(_("This unit is not in the network that is training"))
            else:
                self.wait()
            return
        self.come()
        self.heat.show()
        self._give_bar_room()
        self.bar.show_scale(VIRIDIS, self.heat.show_field(field), frozenset())
        rows, behind = self._session.rows, self._session.run.behind  # then the window is another network's
        box = window(rows, unit) if fits(rows, field.shape) and not behind else None
        self.heat.show_box(box)
        self.measured.say(
            measured_text(field, box) if self._alone else f"{measured_text(field, box)}\n{most_text(field)}"
        )

    @property
    def _alone(self) -> bool:
        return self.second is None or self.second.hidden

    def _compare(self, unit: Unit, frame: Frame) -> None:
        """The same unit of the run beside, at that run's step; each in colours up to its own largest gradient."""
        other = frame.other if frame.past and self._session.beside.folder else None
        if other is None and self.second is None:
            return
        if self.second is None:
            self.second = Second(self._session, self._grid)
            self.second.heat.asked.connect(self.look_at)
            self.second.heat.stepped.connect(self.step)
        self.second.show_frame(frame.unit or unit, other)  # the one that was measured
        self._grid.setColumnStretch(SECOND, 0 if other is None else 1)
        self._does.setText(_("What it does see") if other is None else _("This run sees"))
        self._give_bar_room()

    def late(self, text: str) -> None:
        if self.pages.currentWidget() is not self.both:
            self.show_nothing(text)
            return
        self.heat.hide()
        self.bar.hide()
        self.measured.say(text)

    def _give_bar_room(self) -> None:
        self.bar.setVisible(self.width() >= ROOM and not self.heat.isHidden() and self._alone)
        side = (self.width() - self.bar.sizeHint().width() * (not self.bar.isHidden())) // (2 if self._alone else 3)
        pictures = (self.shot, self.heat, self.bar) if self.second is None else (self.shot, self.heat, self.second.heat)
        for picture in pictures:
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


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setContentsMargins(2 * theme.GRID, 0, 2 * theme.GRID, 0)
    return label
