"""Loss and accuracy against steps, of the batches trained on and of the held-out pictures."""

from __future__ import annotations

from math import inf

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QIcon, QPainter, QPixmap, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from ...text import _
from ..paint import theme
from ..paint.axis import reach
from ..paint.chart import Chart
from ..paint.columns import LARGEST
from ..paint.legend import Legend
from ..paint.trace import Series
from ..session import Session
from .caution import Caution

EVERY_MS = 100
"""Between one chart and the other: each is drawn at most every 200 ms, in turns of the event loop of their own."""
SMOOTH = 0.02
"""Part of the run that one point of the bold line averages."""
SPOT = 8
"""Pixels of the spot on the button of a curve."""
NARROW = 102
"""Pixels of a chart in the smallest panel."""
MOST = 4096
"""Points of the bold line; longer runs are averaged in blocks of 2, 4, 8, … steps first."""


def smooth(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Running mean of (n,) values over a window that grows with the run: steps and means, (`MOST`,) at most.

    The ends average what there is. Values that are not finite are left out, and stay NaN where they were.
    """
    block = 1
    while len(values) > MOST * block:
        block *= 2
    if not len(values):
        return steps, values
    good = np.abs(values) <= LARGEST
    first = np.arange(0, len(values), block)
    if good.all():
        sums, counts = values, np.diff(np.append(first, len(values))).astype(float)
    else:
        sums, counts = np.where(good, values, 0.0), np.add.reduceat(good, first, dtype=float)
    if block > 1:
        sums = np.add.reduceat(sums, first)
    half = int(len(sums) * SMOOTH / 2)
    some = counts > 0
    if half:  # not differences of a running sum: those lose what is small behind one large loss
        window = np.ones(2 * half + 1)
        sums, counts = np.convolve(sums, window, "same"), np.convolve(counts, window, "same")
    means = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=some)
    return steps[np.minimum(first + block // 2, len(steps) - 1)], means


class Curves(QWidget):
    """Two charts side by side of what the session holds, brought up to date in turn; neither while hidden."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._due = 0  # charts that do not show the newest points yet
        self._turn = 0  # which of them is next
        self._either = QStackedLayout(self)  # as large with the hint as with the charts: nothing is pushed later
        self._either.setContentsMargins(4, 4, 4, 4)
        self._hint = QLabel(_("Press Train: loss and accuracy are drawn here."))
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)
        self._hint.setEnabled(False)
        self._either.addWidget(self._hint)
        self._charts = QWidget()
        rows = QVBoxLayout(self._charts)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        beside = QHBoxLayout()
        beside.setSpacing(4)
        rows.addLayout(beside, 1)
        self._either.addWidget(self._charts)
        series = (
            Series("batch", "Convolution", "thin", _("train")),
            Series("mean", "Convolution", "bold"),
            Series("held_out", "Activation", "dots", _("held out")),
        )
        self._own = series
        self._five = Series("top5", "Pooling", "dots", _("top-5"))
        self._some_top5 = False
        others = (  # on top: where both run along each other, the gaps of one show the other
            Series("other_mean", "Convolution", "bold", _("other train, mean"), dashed=True),
            Series("other_held_out", "Activation", "dots", _("other held out"), dashed=True),
        )
        self.loss = Chart(_("Loss"), series + others, limits=(0.0, inf))
        self.accuracy = Chart(_("Accuracy, %"), (*series, self._five, *others), limits=(0.0, 100.0))
        self._besides: dict[Chart, object] = {}  # the points of the other run that each chart shows
        beside.addWidget(self.loss, 1)
        beside.addWidget(self.accuracy, 1)
        self.legend = Legend(series)  # of both charts: no title's row has room for it in a small window
        self._bar = bar = QWidget()
        self._below = below = QHBoxLayout(bar)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(4)
        below.addWidget(self.legend, 1)
        self.top5 = QToolButton()
        self.top5.setText(_("top-5"))
        self.top5.setCheckable(True)
        self.top5.setAutoRaise(True)
        self.top5.setFont(theme.caption())
        self.top5.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.top5.setIconSize(QSize(SPOT, SPOT))
        self.top5.setToolTip(_("Draw the top-5 accuracy on held-out pictures: the right class is among five guesses"))
        self.top5.setAccessibleName(_("Top-5 accuracy"))
        self.top5.hide()
        self.top5.toggled.connect(self._set_top5)
        below.addWidget(self.top5)
        self.caution = Caution(session, shrinks=True)
        below.addWidget(self.caution)
        bar.setMinimumHeight(max(self.top5.sizeHint().height(), self.legend.sizeHint().height()))
        bar.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)  # a second line takes from the charts
        rows.addWidget(bar)
        self.log = QToolButton()
        self.log.setText(_("log"))
        self.log.setCheckable(True)
        self.log.setAutoRaise(True)
        self.log.setFont(theme.caption())
        self.log.setToolTip(_("Logarithmic loss"))
        self.log.setAccessibleName(self.log.toolTip())
        self.log.toggled.connect(self._set_log)
        self.log.setChecked(session.settings.get("loss_axis") == "log")
        self.top5.setChecked(session.settings.get("top5_curve") == "shown")
        self.loss.set_corner(self.log)
        self._colour()
        self.setAccessibleName(_("Training curves"))
        self._timer = QTimer(self, singleShot=True, interval=EVERY_MS)
        self._timer.timeout.connect(self.draw)
        session.points_arrived.connect(self._arrived)
        session.moment_changed.connect(self._show_moment)
        session.beside_changed.connect(self._show_beside)
        self._show_beside()
        for chart in (self.loss, self.accuracy):
            chart.picked.connect(self._go)
            chart.setMinimumWidth(NARROW)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()

    def _colour(self) -> None:
        """The curve's colour beside its button: that says what it is called, so that the legend need not."""
        ratio = self.devicePixelRatioF()
        spot = QPixmap(QSize(SPOT, SPOT) * ratio)
        spot.setDevicePixelRatio(ratio)
        spot.fill(Qt.GlobalColor.transparent)
        painter = QPainter(spot)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._five.ink())
        painter.drawEllipse(QRectF(1, 1, SPOT - 2, SPOT - 2))
        painter.end()
        self.top5.setIcon(QIcon(spot))

    def _make_room(self) -> None:
        parts = (self.legend.minimumSizeHint(), self.top5.sizeHint(), self.caution.minimumSizeHint())
        self._bar.setMinimumWidth(sum(p.width() for p in parts) + 2 * self._below.spacing())  # also while one is hidden

    @Slot(bool)
    def _set_log(self, log: bool) -> None:
        self.loss.set_log(log)
        self._session.settings.set("loss_axis", "log" if log else "linear")

    @Slot(bool)
    def _set_top5(self, shown: bool) -> None:
        self._session.settings.set("top5_curve", "shown" if shown else "hidden")
        self._arrived()

    @Slot()
    def _show_moment(self) -> None:
        at = self._session.time.at
        for chart in (self.loss, self.accuracy):
            chart.set_cursor(None if at is None else float(at))

    @Slot()
    def _show_beside(self) -> None:
        """Name the run that stands beside, and draw it."""
        name = self._session.beside.name
        more = (Series("other", "caption", "bold", name, dashed=True),) if name else ()
        self.legend.show_series((*self._own, *more))
        self._make_room()
        self._arrived()

    @Slot(float)
    def _go(self, step: float) -> None:
        self._session.time.go(round(step))

    @Slot()
    def _arrived(self) -> None:
        self._due = 2
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._arrived()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    @Slot()
    def draw(self) -> None:
        """Bring the chart whose turn it is up to date with the session, and the other one a moment later."""
        run = self._session.run
        other = self._session.beside.course
        some = len(run.points) > 0 or len(other.points) > 0
        self._either.setCurrentWidget(self._charts if some else self._hint)
        chart, column, scale = ((self.loss, 1, 1.0), (self.accuracy, 2, 100.0))[self._turn]
        steps, values = run.points[:, 0].copy(), run.points[:, column] * scale  # contiguous: searched many times
        chart.set_extent(reach(float(steps[-1]), run.progress.steps) if len(steps) and run.progress else 0.0)
        chart.set_data("batch", steps, values)
        chart.set_data("mean", *smooth(steps, values))
        chart.set_data("held_out", run.tests[:, 0], run.tests[:, column] * scale)
        if chart is self.accuracy:
            five = run.course.top5
            if bool(len(five)) != self._some_top5:
                self._some_top5 = bool(len(five))
                self.top5.setVisible(self._some_top5)
            drawn = five if self.top5.isChecked() else five[:0]
            chart.set_data("top5", drawn[:, 0].copy(), 100.0 * drawn[:, 1])
        if self._besides.get(chart) is not other.points:  # at rest it costs nothing
            self._besides[chart] = other.points
            chart.set_data("other_mean", *smooth(other.points[:, 0].copy(), other.points[:, column] * scale))
            chart.set_data("other_held_out", other.tests[:, 0], other.tests[:, column] * scale)
        self._turn = 1 - self._turn
        self._due -= 1
        if self._due > 0:
            self._timer.start()
