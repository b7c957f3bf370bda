"""Loss and accuracy against steps, of the batches trained on and of the held-out pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QPalette, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ...text import _
from ..paint import theme
from ..session import Session

if TYPE_CHECKING:
    import pyqtgraph as pg

EVERY_MS = 100
SMOOTH = 0.02  # part of the run that one point of the bold line averages


def smooth(values: np.ndarray) -> np.ndarray:
    """Running mean of (n,) values over a window that grows with the run; ends use what there is."""
    n = len(values)
    half = int(n * SMOOTH / 2)
    if half < 1:
        return values
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    first = np.maximum(np.arange(n) - half, 0)
    last = np.minimum(np.arange(n) + half + 1, n)
    means: np.ndarray = (total[last] - total[first]) / (last - first)
    return means


class Curves(QWidget):
    """Two plots side by side; drawn at most ten times a second, from what the session holds."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._plots: tuple[_Plot, _Plot] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        self._hint = QLabel(_("Press Train: loss and accuracy are drawn here."))
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)
        self._hint.setEnabled(False)
        column.addWidget(self._hint)
        self._row = QWidget()
        self._beside = QHBoxLayout(self._row)
        self._beside.setContentsMargins(0, 0, 0, 0)
        self._beside.setSpacing(4)
        column.addWidget(self._row)
        self._row.hide()
        self.setAccessibleName(_("Training curves"))
        self._timer = QTimer(self, singleShot=True, interval=EVERY_MS)
        self._timer.timeout.connect(self.draw)
        session.points_arrived.connect(self._arrived)

    @Slot()
    def _arrived(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        self._timer.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    @Slot()
    def draw(self) -> None:
        """Draw what the session holds now."""
        points, tests = self._session.run.points, self._session.run.tests
        some = len(points) > 0
        self._hint.setVisible(not some)
        self._row.setVisible(some)
        if not some:
            return
        if self._plots is None:
            self._plots = _Plot(_("Loss"), 1.0, legend=True), _Plot(_("Accuracy, %"), 100.0)
            for plot in self._plots:
                self._beside.addWidget(plot)
        loss, accuracy = self._plots
        loss.draw(points[:, 0], points[:, 1], tests[:, 0], tests[:, 1])
        accuracy.draw(points[:, 0], points[:, 2], tests[:, 0], tests[:, 2])

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and self._plots:
            for plot in self._plots:
                plot.colour()
        super().changeEvent(event)


class _Plot(QWidget):
    """One plot: every batch thin, their running mean bold, held-out measurements as joined dots."""

    def __init__(self, title: str, scale: float, legend: bool = False):
        import pyqtgraph as pg  # takes a quarter of a second: not before the first curve

        super().__init__()
        self._title, self._scale, self._legend = title, scale, legend
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._words = QLabel()  # pyqtgraph's own title would not let the plot become narrow
        self._words.setFont(theme.caption())
        self._words.setContentsMargins(8, 4, 0, 0)
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column.addWidget(self._words)
        self._view: pg.PlotWidget = pg.PlotWidget()
        column.addWidget(self._view, 1)
        item = self._view.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setClipToView(True)
        item.setDownsampling(auto=True, mode="peak")
        self._thin: Any = item.plot()
        self._bold: Any = item.plot()
        self._held: Any = item.plot(symbol="o", symbolSize=6)
        self._item = item
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.colour()

    def colour(self) -> None:
        """Take the theme's colours."""
        import pyqtgraph as pg

        t = theme.current()
        train, held = t.family("Convolution"), t.family("Activation")
        faint = t.family("Convolution")
        faint.setAlpha(70)
        self._view.setBackground(t.colour("panel"))
        self._thin.setPen(pg.mkPen(faint, width=1))
        self._bold.setPen(pg.mkPen(train, width=2))
        self._held.setPen(pg.mkPen(held, width=2))
        self._held.setSymbolBrush(held)
        self._held.setSymbolPen(None)
        for side in ("left", "bottom"):
            axis = self._item.getAxis(side)
            axis.setPen(pg.mkPen(t.colour("line")))
            axis.setTextPen(pg.mkPen(t.colour("caption")))
            axis.setStyle(tickFont=theme.caption(), autoExpandTextSpace=True)
        self._item.showGrid(x=False, y=True, alpha=0.15)
        words = f"<b>{self._title}</b>"
        if self._legend:
            words += f"&nbsp; <span style='color:{train.name()}'>{_('train')}</span>"
            words += f"&nbsp; <span style='color:{held.name()}'>{_('held out')}</span>"
        self._words.setText(words)

    def draw(self, steps: np.ndarray, values: np.ndarray, held_steps: np.ndarray, held: np.ndarray) -> None:
        """Replace the curves."""
        self._thin.setData(steps, values * self._scale)
        self._bold.setData(steps, smooth(values) * self._scale)
        self._held.setData(held_steps, held * self._scale)
