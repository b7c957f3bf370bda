"""Which measurement of the run is looked at: a slider over all of them, the newest at its end."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from ...text import _, grouped
from ..paint import theme
from ..session import Session


class StepBar(QWidget):
    """At its right end it follows the run; elsewhere it stays where the person put it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._steps = np.zeros(0)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(_("Measurement"))
        self.slider.setToolTip(
            _("The measurement that is shown, with everything else at that time; at the right end the newest")
        )
        self.slider.setPageStep(1)
        self.label = QLabel()
        self.label.setFont(theme.tabular(theme.caption()))
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.addWidget(self.slider)
        column.addLayout(row)
        column.addWidget(self.label)
        self.slider.valueChanged.connect(self._moved)

    def show_steps(self) -> None:
        """Bring it up to date with the run."""
        review = self._session.review
        self._steps = review.steps
        n = len(self._steps)
        blocked = self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, n - 1))
        self.slider.setEnabled(n > 1)
        newest = review.step is None or not n
        self.slider.setValue(n - 1 if newest else int(np.argmin(np.abs(self._steps - (review.step or 0)))))
        self.slider.blockSignals(blocked)
        self.label.setText(self._text())

    def _text(self) -> str:
        review, progress = self._session.review, self._session.run.progress
        if review.score is None:
            return ""
        step, epochs = review.score.step, 0.0
        if progress is not None and progress.epoch > 0 and progress.step:
            epochs = step * progress.epoch / progress.step
        text = _("step {step}").format(step=grouped(step))
        if epochs:
            text += " · " + _("epoch {epoch}").format(epoch=grouped(round(epochs)))
        return text

    @Slot(int)
    def _moved(self, value: int) -> None:
        if len(self._steps):
            last = value >= len(self._steps) - 1
            self._session.review.go(None if last else int(self._steps[value]))
