"""The training part of the toolbar: what with, and how far."""

from __future__ import annotations

from dataclasses import fields

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QWidget

from ...link.messages import IDLE, PAUSED, STOPPING
from ...net.acting import NAMES
from ...net.layers.base import kind_of
from ...net.plan import OPTIMIZERS, Plan
from ...text import N_, _
from ..boxes import Decimal, refusal
from ..paint import theme
from ..paint.still import Still
from ..planwords import label_of
from ..session import LOST, STARTING, Session
from ..session.running import HOME_SENTENCES
from .caution import Caution


class RunBar(QWidget):
    """Data set, optimizer, learning rate, and a line that says how far the run is."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._run, self._with = session.run.number, session.run.plan.optimizer  # the newest run, and what it began with
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(8)
        self.optimizer = QComboBox()
        for name in OPTIMIZERS:
            self.optimizer.addItem(NAMES[name], name)
        self.optimizer.setToolTip(_("Optimizer; another one acts with the next training"))
        self.optimizer.setAccessibleName(_("Optimizer"))
        self.optimizer.currentIndexChanged.connect(self._optimizer_chosen)
        self.lr = Decimal(next(kind_of(f) for f in fields(Plan) if f.name == "lr"))
        self.lr.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.lr.setFixedWidth(96)
        self.lr.setToolTip(_("Learning rate; it can be changed while training runs"))
        self.lr.setAccessibleName(_("Learning rate"))
        label = QLabel(_("lr"))
        label.setBuddy(self.lr)
        self.lr.valueChanged.connect(self._rate_chosen)
        self.lr.refused.connect(self._rate_refused)
        self.status = QLabel()
        self.status.setFont(theme.tabular(theme.body()))
        self.caution = Caution(session)
        for w in (self.optimizer, label, self.lr):
            row.addWidget(w)
        row.addSpacing(8)
        row.addWidget(Still(self.status), 1)
        row.addWidget(self.caution)
        session.plan_changed.connect(self._show_plan)
        session.run_changed.connect(self._show_progress)
        session.engine_changed.connect(self._show_progress)
        session.pictures_changed.connect(self._show_progress)
        self._show_plan()

    @Slot()
    def _show_plan(self) -> None:
        plan = self._session.run.plan
        with QSignalBlocker(self.optimizer), QSignalBlocker(self.lr):
            self.optimizer.setCurrentIndex(self.optimizer.findData(plan.optimizer))
            if self.lr.value() != plan.lr:
                self.lr.setValue(plan.lr)
        self._show_progress()

    @Slot()
    def _optimizer_chosen(self) -> None:
        self._session.run.set_plan(optimizer=self.optimizer.currentData())

    @Slot()
    def _rate_chosen(self) -> None:
        self._session.hush("plan")
        self._session.run.set_plan(lr=self.lr.value())

    @Slot(object)
    def _rate_refused(self, value: float | str) -> None:
        self._session.notice(refusal(label_of("lr"), self.lr, value), "warning", key="plan")

    @Slot()
    def _show_progress(self) -> None:
        run = self._session.run
        if run.number != self._run:
            self._run, self._with = run.number, run.plan.optimizer
        text = self._words()
        if text != self.status.text():
            self.status.setText(text)
            ended = run.progress.ended if run.progress else ""
            self.status.setToolTip(f"{text}\n{ended}" if ended else text)

    def _words(self) -> str:
        session, p = self._session, self._session.run.progress
        if session.engine_state == STARTING:
            return _("The engine is starting …")
        if session.engine_state == LOST:
            return _("The engine has ended")
        if p is None:
            pictures = session.look.pictures
            if pictures is None:
                return _("Ready")
            if not pictures.train:
                return _("{data}: {test:,} to look at").format(data=pictures.data, test=pictures.test)
            takes_words = session.run.home_data == HOME_SENTENCES
            text = N_("{data}: {train:,} pictures to train on, {test:,} held out")
            return _(N_("{data}: {train:,} to train on, {test:,} held out") if takes_words else text).format(
                data=pictures.data, train=pictures.train, test=pictures.test
            )
        parts = [_("step {step:,} of {steps:,}").format(step=p.step, steps=p.steps) if p.steps else _("starting …")]
        if p.steps:
            parts.append(_("epoch {epoch:.1f}").format(epoch=p.epoch))
        if p.accuracy is not None:
            parts.append(f"{100 * p.accuracy:.1f} %")
        if session.run.active and self._with != session.run.plan.optimizer:
            parts.insert(0, NAMES[self._with])  # what is chosen beside acts with the next training
        if p.phase == STOPPING:
            parts.append(_("stopping; press Stop again to end it at once"))
        elif p.phase == IDLE and p.ended:
            parts.append(_("done, ended early"))
        elif p.phase in (PAUSED, IDLE) and 0 < p.steps <= p.step:
            parts.append(_("done"))  # also where it is held at the very last step: nothing is left to go on with
        elif p.phase == PAUSED:
            parts.append(_("paused"))
        elif p.phase == IDLE:
            parts.append(_("stopped"))
        else:
            if p.steps_per_second:
                parts.append(_("{n:.0f} steps/s").format(n=p.steps_per_second))
            if p.seconds_left is not None:
                parts.append(_("{time} left").format(time=duration(p.seconds_left)))
        return " · ".join(parts)


def duration(seconds: float) -> str:
    """`42 s`, `3:07`, `1:02:09`."""
    s = round(seconds)
    if s < 60:
        return f"{s} s"
    return f"{s // 3600}:{s // 60 % 60:02}:{s % 60:02}" if s >= 3600 else f"{s // 60}:{s % 60:02}"
