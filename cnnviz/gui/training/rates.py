"""The learning rate over the whole plan, drawn before it is trained, and where the run is on it."""

from __future__ import annotations

from math import inf

import numpy as np
from PySide6.QtCore import QSize, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ...net.schedule import curve, epoch_steps, varies, warms
from ...text import _, grouped
from ..paint.chart import Chart
from ..paint.trace import Series
from ..session import Session

HEIGHT = 116
"""Of the chart in pixels."""


class Rates(Chart):
    """The plan's learning rate against steps; `tells` says whether there is anything to be seen."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        series = (Series("plan", "Convolution", "bold", _("planned")), Series("now", "Activation", "dots", _("made")))
        super().__init__(_("Learning rate"), series, limits=(0.0, inf), parent=parent)
        self._session = session
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        session.plan_changed.connect(self.refresh)
        session.graph_changed.connect(self.refresh)
        session.pictures_changed.connect(self.refresh)
        session.points_arrived.connect(self._follow)

    def sizeHint(self) -> QSize:
        return QSize(160, HEIGHT)

    @property
    def tells(self) -> bool:
        """The rate does not stay as it is, and the number of steps is known."""
        return varies(self._session.run.plan) and self._pictures > 0

    @property
    def _pictures(self) -> int:
        """To train on; 0 while that is not known."""
        found = self._session.look.pictures
        return found.train if found is not None and found.data == self._session.run.plan.data else 0

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Draw the plan as it is now."""
        if not self.isVisible() or not self.tells:
            return
        plan = self._session.run.plan
        normalises = any(n.type.startswith("BatchNorm") for n in self._session.graph)
        flat = plan.schedule == "plateau"  # where it falls, only the training will show
        an_epoch = epoch_steps(plan, self._pictures, normalises)
        rises = warms(plan) and plan.warmup >= plan.epochs * an_epoch
        title = _("Learning rate until a plateau") if flat else _("Learning rate")
        self.set_title(_("Learning rate, all warm-up") if rises else title)
        text = _("The warm-up takes {warmup} steps and the training {steps}: the rate never comes to {lr:g}.")
        figures = {"warmup": grouped(plan.warmup), "steps": grouped(plan.epochs * an_epoch), "lr": plan.lr}
        self.setToolTip(text.format(**figures) if rises else "")
        drawn = np.array(curve(plan, an_epoch))
        self.set_data("plan", drawn[:, 0].copy(), drawn[:, 1].copy())
        self._follow()

    @Slot()
    def _follow(self) -> None:
        """Put the dot to the newest step."""
        if self.isVisible():
            points = self._session.run.points[-1:]
            self.set_data("now", points[:, 0].copy(), points[:, 3].copy())
