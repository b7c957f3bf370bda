"""The pictures behind a number: a heading and the mosaic, fetched from the engine as they come into view."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ...link.messages import Failed, Sample
from ...link.predictions import Fetched
from ...text import _
from ..line import Line
from ..paint import theme
from ..session import Session
from .matrix import ALL
from .pictures import PictureWall
from .shown import Shown

WORST = (ALL, ALL)
"""In place of a cell: all errors."""


class Gallery(QWidget):
    """Pictures of one cell, row or column, or all errors; a click shows one everywhere."""

    all_wanted = Signal()
    """The person wants all errors again."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._fetch = 0  # number of the newest Fetch
        self._split = "test"
        self._of: tuple[object, ...] = ()  # what the wall's pictures belong to
        self.wall, self.heading, self.all = PictureWall(), Line(quiet=True), QPushButton(_("All errors"))
        self.all.setFlat(True)
        self.all.setFont(theme.caption())
        head = QHBoxLayout()
        head.setContentsMargins(theme.GRID, 0, 0, 0)
        head.addWidget(self.heading, 1)
        head.addWidget(self.all)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.wall, 1)
        self.all.clicked.connect(self.all_wanted)
        self.wall.wanted.connect(self._want)
        self.wall.picked.connect(self._look)
        session.pictures_fetched.connect(self._fetched)
        session.picture_changed.connect(self._mark)

    def show_pictures(self, shown: Shown, cell: tuple[int, int]) -> None:
        """Those of a cell of the matrix, the worst first."""
        node = self._session.rows.input
        layer = node.layer if node is not None else None
        of = (shown.split, len(shown.verdicts), self._session.run.plan.data, self._session.look.pictures, layer)
        if of != self._of:
            self._of, self._split = of, shown.split
            self.wall.forget()
        items = shown.chosen(cell)
        self.heading.say(shown.heading(cell, len(items)), short=shown.brief(cell, len(items)))
        self.all.setVisible(cell != WORST)
        self.wall.show_items(items)
        self._mark()

    @Slot(object)
    def _want(self, indices: tuple[int, ...]) -> None:
        self._fetch = self._session.predict.fetch(self._split, indices)

    @Slot(object)
    def _fetched(self, reply: Fetched | Failed) -> None:
        if isinstance(reply, Failed):
            if reply.run == self._fetch:
                self.wall.failed()
        elif reply.number == self._fetch and reply.split == self._split:
            self.wall.add(reply.indices, np.asarray(reply.pictures), reply.texts)

    @Slot(int)
    def _look(self, index: int) -> None:
        self._session.look.show(Sample(index, self._split))

    @Slot()
    def _mark(self) -> None:
        """Outline the picture that everything is shown on."""
        picture = self._session.look.picture
        mine = isinstance(picture, Sample) and picture.split == self._split
        self.wall.select(picture.index if mine and isinstance(picture, Sample) else None)
