"""In the plan: the losses of a rising learning rate, and a button that takes the rate they suggest."""

from __future__ import annotations

from math import ceil, isfinite, log10

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ...link.measuring import Found
from ...net.finding import COUNT, HIGH, LOW, smooth
from ...text import _
from ..paint import theme
from ..session import Session

HEIGHT, FOOT, HEAD, GAP = 120, 18.0, 20.0, 4.0
"""Pixels of the whole, for the row of rates, for the title, and on both sides of the losses' numbers."""


class Finder(QWidget):
    """A curve, what it says, and what can be done; there while it is looked for, and until it is put away."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self.curve = Losses(self)
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setFont(theme.caption())
        self.words.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.use, self.close_ = QPushButton(self), QPushButton(self)
        self.use.clicked.connect(self._use)
        self.close_.clicked.connect(self._close)
        row = QHBoxLayout()
        row.setSpacing(theme.GRID)
        row.addWidget(self.use)
        row.addWidget(self.close_)
        row.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, theme.GRID)
        box.setSpacing(theme.GRID)
        for widget in (self.curve, self.words):
            box.addWidget(widget)
        box.addLayout(row)
        session.finder_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show what is known by now."""
        finder = self._session.finder
        rate = finder.suggestion
        self.curve.show_losses(finder.found, rate)
        self.use.setVisible(rate is not None)
        self.use.setText(_("Use {rate}").format(rate=f"{rate:g}") if rate is not None else "")
        self.close_.setText(_("Cancel") if finder.busy else _("Close"))
        if finder.busy:
            text = _("A copy of the weights is trained while the rate rises: step {n} of at most {count}.")
            self.words.setText(text.format(n=len(finder.found.rates) if finder.found else 0, count=COUNT))
        elif rate is None and self._session.run.knows:
            text = _(
                "The loss falls at no rate: these weights have learned already. Train from new weights, stop soon, and "
                "look again."
            )
            self.words.setText(text)
        elif rate is None:
            self.words.setText(_("The loss falls at no rate. Choose another optimizer or other first weights."))
        else:
            self.words.setText(
                _("Here the loss falls well, a safe way from where it rises. Your weights are untouched.")
            )

    @Slot()
    def _use(self) -> None:
        self._session.finder.use()

    @Slot()
    def _close(self) -> None:
        self._session.finder.put_away()


class Losses(QWidget):
    """Losses against learning rates in powers of ten: thin as they were, bold smoothed, a dot at what is suggested."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(_("Loss against learning rate"))
        self._found: Found | None = None
        self._rate: float | None = None

    def sizeHint(self) -> QSize:
        return QSize(160, HEIGHT)

    def show_losses(self, found: Found | None, rate: float | None) -> None:
        """Show this curve, with a dot at `rate`."""
        self._found, self._rate = found, rate
        self.setAccessibleDescription("" if rate is None else _("Suggested: {rate}").format(rate=f"{rate:g}"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), now.colour("panel"))
        losses = [v for v in self._found.losses if isfinite(v)] if self._found else []
        smoothed, low, high = _range(losses)
        plot = self.plot()
        painter.setFont(theme.caption())
        painter.setPen(now.colour("caption"))
        painter.drawText(
            QRectF(8, 2, self.width() - 16, HEAD), Qt.AlignmentFlag.AlignVCenter, _("Loss by learning rate")
        )
        self._decades(painter, plot)
        if self._found is not None and losses:
            for text, y in zip(_numbers(low, high), (plot.bottom() - 8, plot.top() + 4), strict=True):
                painter.drawText(QRectF(0, y - 8, plot.left() - GAP, 16), _RIGHT, text)
            rates = self._found.rates[: len(losses)]
            painter.setClipRect(plot.adjusted(-2, -2, 2, 2))
            ink = now.family("Convolution")
            faint = now.family("Convolution")
            faint.setAlphaF(0.35)
            for values, pen in ((losses, QPen(faint, 1)), (smoothed, QPen(ink, 2))):
                painter.setPen(pen)
                points = [self._at(plot, r, v, low, high) for r, v in zip(rates, values, strict=True)]
                painter.drawPolyline(QPolygonF(points))
            if self._rate is not None:
                value = float(np.interp(log10(self._rate), [log10(r) for r in rates], smoothed))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(now.colour("accent"))
                painter.drawEllipse(self._at(plot, self._rate, value, low, high), 4, 4)
        painter.end()

    def plot(self) -> QRectF:
        """Where the curves are: beside the losses' numbers, however long these are."""
        losses = [v for v in self._found.losses if isfinite(v)] if self._found else []
        _smoothed, low, high = _range(losses)
        wide = max(map(QFontMetricsF(theme.caption()).horizontalAdvance, _numbers(low, high)), default=0.0)
        return QRectF(self.rect()).adjusted(ceil(wide) + 2 * GAP, HEAD + 2, -8, -FOOT)

    def _decades(self, painter: QPainter, plot: QRectF) -> None:
        line, ink = theme.current().colour("line"), theme.current().colour("caption")
        wide = QFontMetricsF(theme.caption()).horizontalAdvance("1e-07") + 8
        first, last = round(log10(LOW)), round(log10(HIGH))
        every = next(n for n in (1, 2, 4, 8) if n * plot.width() / (last - first) >= wide or n == 8)
        for power in range(first, last + 1, every):
            x = plot.left() + plot.width() * (power - first) / (last - first)
            painter.setPen(QPen(line, 1))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            painter.setPen(ink)
            left = min(max(x - wide / 2, 0.0), self.width() - wide)
            painter.drawText(QRectF(left, plot.bottom() + 2, wide, FOOT - 2), _MIDDLE, f"{10.0**power:g}")

    @staticmethod
    def _at(plot: QRectF, rate: float, loss: float, low: float, high: float) -> QPointF:
        across = (log10(rate) - log10(LOW)) / (log10(HIGH) - log10(LOW))
        up = min((loss - low) / (high - low), 2.0)
        return QPointF(plot.left() + plot.width() * across, plot.bottom() - plot.height() * up)


def _range(losses: list[float]) -> tuple[list[float], float, float]:
    """The losses smoothed, and the lowest and the highest of them that the plot has room for."""
    if not losses:
        return [], 0.0, 1.0
    smoothed = smooth(losses)
    low, high = min(smoothed), max(smoothed[0] * 1.1, min(smoothed) + 1e-9)
    return smoothed, max(low - 0.05 * (high - low), 0.0), high


def _numbers(low: float, high: float) -> tuple[str, str]:
    return f"{low:.2g}", f"{high:.2g}"


_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_MIDDLE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
