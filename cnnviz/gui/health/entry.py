"""One sign of trouble: what it is, the curve that it follows from, and what can be tried."""

from __future__ import annotations

from math import inf

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ...net.health.reading import Series
from ...net.health.sign import Sign
from ...net.health.trial import Trial
from ...text import N_, _
from ..buttons import Giving
from ..paint import signs, theme
from ..paint.chart import Chart
from ..paint.trace import Series as Line

CURVE = 104
"""Height of the small chart."""
SCALED = ("dead", "saturated", "predicted")
"""Numbers that are shares, shown as percents."""
RATIOS = ("gradients", "updates", "weights")
"""Numbers that go over powers of ten, on a logarithmic axis."""
NAMES = {
    "loss": N_("Training loss"),
    "updates": N_("Update over weights"),
    "weights": N_("Weights (root mean square)"),
    "gradients": N_("Gradient (root mean square)"),
    "dead": N_("Dead channels, %"),
    "saturated": N_("Saturated values, %"),
    "predicted": N_("Most predicted class, %"),
    "gaps": N_("Training against evaluation"),
    "tests": N_("Held-out loss"),
}
THRESHOLDS = ("dead", "saturated", "gap", "high.updates", "high.burst", "low")
"""Signs whose threshold is on the curve's own axis."""


class Mark(QWidget):
    """The small amber triangle."""

    def sizeHint(self) -> QSize:
        return QSize(signs.SIZE, signs.SIZE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        signs.sign(painter, QRectF(QPointF(0, 0), self.sizeHint()), theme.current().family("Activation"))
        painter.end()


class Try(Giving):
    """One experiment: a click takes it."""

    tried = Signal(object)  # Trial

    def __init__(self, trial: Trial, parent: QWidget):
        super().__init__(trial.text, parent)
        self._trial = trial
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._take)

    @Slot()
    def _take(self) -> None:
        self.tried.emit(self._trial)


class Entry(QFrame):
    """Shows one sign; a click selects its layer."""

    picked = Signal(str)
    tried = Signal(object)  # Trial

    def __init__(self, sign: Sign, parent: QWidget | None = None):
        super().__init__(parent)
        self.sign = sign
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 6, 8, 6)
        box.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(6)
        self.mark = Mark(self)
        self.mark.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.title = QLabel()
        bold = theme.body()
        bold.setBold(True)
        self.title.setFont(bold)
        head.addWidget(self.mark)
        head.addWidget(self.title, 1)
        box.addLayout(head)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setMinimumWidth(1)
        box.addWidget(self.words)
        self.buttons = QVBoxLayout()
        self.buttons.setSpacing(4)
        box.addLayout(self.buttons)
        lines = (
            Line("limit", "Activation", "bold"),
            Line("value", "Convolution", "thin", _("value")),
            Line("newest", "Convolution", "bold"),
        )
        most = 100.0 if sign.follows in SCALED else inf
        self.chart = Chart("", lines, limits=(0.0, most), parent=self)
        self.chart.setFixedHeight(CURVE)
        box.addWidget(self.chart)
        self._offered: tuple[str, ...] = ()
        self.tries: list[Try] = []

    def show_sign(self, sign: Sign, series: Series, tests: np.ndarray, trials: tuple[Trial, ...]) -> None:
        """Stand for this sign. `tests`: (m, 4) step, held-out loss, accuracy, …"""
        self.sign = sign
        self.title.setText(sign.title)
        if self.words.text() != sign.text:
            self.words.setText(sign.text)
            self.setAccessibleName(f"{sign.title}. {sign.text}")
        self._draw(sign, series, tests)
        if (offered := tuple(t.text for t in trials)) != self._offered:
            self._offer(trials)
            self._offered = offered

    def _draw(self, sign: Sign, series: Series, tests: np.ndarray) -> None:
        if sign.follows == "tests":
            x, y = tests[:, 0].copy(), tests[:, 1].copy()
        else:
            steps, values = series.of(sign.follows, sign.node)
            x, y = np.array(steps, float), np.array(values, float)
        scale = 100.0 if sign.follows in SCALED else 1.0
        self.chart.setVisible(len(x) > 1)
        self.chart.set_title(_(NAMES[sign.follows]))
        self.chart.set_log(sign.follows in RATIOS)
        self.chart.set_data("value", x, y * scale)
        self.chart.set_data("newest", x, y * scale)
        some = len(x) and sign.key in THRESHOLDS
        ends = np.array([x[0], x[-1]]) if some else np.empty(0)
        self.chart.set_data("limit", ends, np.full(len(ends), sign.threshold * scale))

    def _offer(self, trials: tuple[Trial, ...]) -> None:
        for old in self.tries:
            self.buttons.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.tries = []
        for trial in trials:
            button = Try(trial, self)
            button.tried.connect(self.tried)
            self.buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            self.tries.append(button)

    # ── choosing ────────────────────────────────────────────────────────────────────────────────────────────────────
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.sign.node:
            self.picked.emit(self.sign.node)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.sign.node:
            self.picked.emit(self.sign.node)
        else:
            super().keyPressEvent(event)
