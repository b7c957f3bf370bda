"""Gradient flow as a picture: layers from top to bottom, steps from left to right, and the profile of one step."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, inf, log10

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from ...net.health.reading import Series
from ...net.health.sign import short
from ...text import _
from ..paint import theme
from ..paint.colour import BLANK, GAP, LEVELS, VIRIDIS
from ..paint.mosaic import to_image
from ..paint.trace import polygon

HEAD, FOOT, SIDE = 24.0, 32.0, 8.0
"""Pixels for the titles, for the numbers below, and at both sides."""
LINE = 12.0
"""Pixels that two names of layers are apart, at least."""
PROFILE = 0.36
"""Part of the width that the profile takes."""
BAR = 6.0
"""Height of the colours below the profile."""
BETWEEN = 12.0
LEAST = 3
"""Decades that are shown at least, so that noise does not look like a slope."""
WHITE = Qt.GlobalColor.white
"""Seen on every colour of the map but the lightest."""
DEEPEST = 12
"""Decades that are shown at most; what is smaller has the darkest colour."""


@dataclass(frozen=True, eq=False)
class Gradients:
    """What is drawn: `steps` (n,) rising, `values` (layers, n) root mean squares, NaN where there is none."""

    layers: tuple[str, ...]
    steps: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, series: Series) -> Gradients:
        """Those of the layers with kernels or matrices, in the order of the network; batch norm is left out."""
        kept = [i for i, id in enumerate(series.layers.weights) if id not in series.layers.norms]
        rows = np.array([r.gradients for r in series], float).reshape(len(series), len(series.layers.weights))
        return cls(tuple(series.layers.weights[i] for i in kept), np.array([r.step for r in series]), rows[:, kept].T)

    @property
    def decades(self) -> tuple[int, int]:
        """Whole powers of ten around all values."""
        some = self.values[np.isfinite(self.values) & (self.values > 0)]
        if not len(some):
            return -LEAST, 0
        high = max(ceil(log10(float(some.max())) - 1e-9), floor(log10(float(some.min()))) + 1)
        low = max(floor(log10(float(some.min())) + 1e-9), high - DEEPEST)
        return min(low, high - LEAST), high


class Flow(QWidget):
    """A heat map of gradients and, beside it with the same rows, their profile at the newest and at the first step."""

    picked = Signal(str)
    """A layer was clicked."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._shown = Gradients((), np.empty(0), np.empty((0, 0)))
        self._selected = ""
        self._step: int | None = None
        self._beside: Gradients | None = None
        self._second = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(_("Gradient flow by layer"))

    # ── what is shown ───────────────────────────────────────────────────────────────────────────────────────────────
    def show_series(self, series: Series, beside: Series | None = None, second: bool = False) -> None:
        """Draw the gradients of these readings. `beside`: those of the run that is compared, in the same colours.

        `second`: the series itself is the other run's, whose profile the first one draws.
        """
        self._shown = Gradients.of(series)
        found = Gradients.of(beside) if beside is not None else None
        self._beside = found if found is not None and len(found.steps) and len(found.layers) else None
        self._second = second
        self.setAccessibleDescription(self._described())
        self.update()

    def show_step(self, step: int | None) -> None:
        """Draw the profile of the reading nearest to it, with a line through the heat map; None: of the newest."""
        if step != self._step:
            self._step = step
            self.setAccessibleDescription(self._described())
            self.update()

    @property
    def layers(self) -> tuple[str, ...]:
        """Those that have a row."""
        return self._shown.layers

    @property
    def reading(self) -> int:
        """Index of the reading whose profile is drawn: of two runs at a step that both have come to."""
        return self._nearest(self._shown)

    def _nearest(self, which: Gradients) -> int:
        step = self._step
        if step is None and self._beside is not None and len(self._shown.steps):
            step = min(int(self._shown.steps[-1]), int(self._beside.steps[-1]))
        if step is None:
            return len(which.steps) - 1
        return int(np.abs(which.steps - step).argmin()) if len(which.steps) else 0

    @property
    def decades(self) -> tuple[int, int]:
        """Whole powers of ten around all values, of both runs where there are two."""
        low, high = self._shown.decades
        if self._beside is None:
            return low, high
        there = self._beside.decades
        high = max(high, there[1])
        return max(min(low, there[0]), high - DEEPEST), high

    def select(self, id: str) -> None:
        """Mark the row of this layer."""
        if id != self._selected:
            self._selected = id
            self.update()

    def _described(self) -> str:
        shown = self._shown
        if not len(shown.steps) or not len(shown.layers):
            return ""
        told = (f"{id} {short(float(v))}" for id, v in zip(shown.layers, shown.values[:, self.reading], strict=True))
        return _("Step {step}: {values}").format(step=f"{shown.steps[self.reading]:,}", values=", ".join(told))

    def sizeHint(self) -> QSize:
        return QSize(360, 190)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 140)

    # ── where things lie ────────────────────────────────────────────────────────────────────────────────────────────
    def areas(self) -> tuple[QRectF, QRectF]:
        """The heat map, and the profile; the second of two runs has none of its own: it is in the first one's."""
        metrics = QFontMetricsF(_figures())
        names = max((metrics.horizontalAdvance(id) for id in self._shown.layers), default=0.0)
        left = ceil(SIDE + min(names + 1, self.width() * 0.22) + 6)
        if self._second:
            whole = QRectF(left, HEAD, max(self.width() - left - SIDE, 1), max(round(self.height() - HEAD - FOOT), 1))
            return whole, QRectF(whole.right(), HEAD, 0, whole.height())
        wide, tall = self.width() - left - SIDE - BETWEEN, max(round(self.height() - HEAD - FOOT), 1)
        profile = round(max(wide, 2) * PROFILE)
        heat = QRectF(left, HEAD, max(round(wide - profile), 1), tall)
        return heat, QRectF(heat.right() + BETWEEN, HEAD, max(profile, 1), tall)

    def row_at(self, y: float) -> str:
        """The layer whose row that is."""
        heat, _profile = self.areas()
        n = len(self._shown.layers)
        i = floor((y - heat.top()) / heat.height() * n) if n else -1
        return self._shown.layers[i] if 0 <= i < n else ""

    def step_at(self, x: float) -> int:
        """Index of the reading that is shown there; -1: none."""
        heat, _profile = self.areas()
        if not len(self._shown.steps) or not heat.left() <= x < heat.right():
            return -1
        return int(self._columns(int(heat.width()))[int(x - heat.left())])

    def _columns(self, wide: int) -> np.ndarray:
        """(wide,) of each pixel column the reading that it shows: the newest one by then."""
        steps = self._shown.steps
        at = steps[0] + (np.arange(wide) + 0.5) * (steps[-1] - steps[0]) / wide
        found: np.ndarray = np.maximum(np.searchsorted(steps, at, "right") - 1, 0)
        found[-1] = len(steps) - 1
        return found

    # ── painting ────────────────────────────────────────────────────────────────────────────────────────────────────
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        now = theme.current()
        painter.fillRect(self.rect(), now.colour("panel"))
        shown = self._shown
        if not len(shown.steps) or not len(shown.layers):
            return
        heat, profile = self.areas()
        self._title(painter, heat, *self._names)
        low, high = self.decades
        self._paint_heat(painter, heat, low, high)
        self._paint_names(painter, heat)
        if not self._second:
            self._title(painter, profile, *self._profiled)
            self._paint_profile(painter, profile, low, high)
        if self._selected in shown.layers:
            i, n = shown.layers.index(self._selected), len(shown.layers)
            top, bottom = (round(heat.top() + heat.height() * k / n) for k in (i, i + 1))
            painter.setPen(QPen(now.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(
                QRectF(heat.left() - 1, top - 1, profile.right() - heat.left() + 2, max(bottom - top, 2) + 2)
            )

    @property
    def _names(self) -> tuple[str, ...]:
        """What the heat map is, in the words that fit."""
        if self._second:
            return _("Gradient by layer, other run"), _("Other run")
        if self._beside is not None:
            return _("Gradient by layer, this run"), _("This run")
        return _("Gradient by layer"), _("Gradient")

    @property
    def _profiled(self) -> tuple[str, ...]:
        """Which step the profile is of, in the words that fit."""
        step, first = (f"{self._shown.steps[i]:,}" for i in (self.reading, 0))
        plain = _("Step {step}").format(step=step), step
        if self._beside is not None:
            texts = _("Step {step} (dashed: other run)"), _("{step}, dashed: other"), _("dashed: other")
            return (*(t.format(step=step) for t in texts), *plain)
        return plain if step == first else (_("Step {step} (thin: {first})").format(step=step, first=first), *plain)

    def _title(self, painter: QPainter, area: QRectF, *texts: str) -> None:
        """The first of these that fits."""
        bold = QFont(theme.caption())
        bold.setBold(True)
        metrics = QFontMetricsF(bold)
        painter.setFont(bold)
        painter.setPen(theme.current().colour("text"))
        text = next((t for t in texts if metrics.horizontalAdvance(t) <= area.width()), texts[-1])
        cut = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(QPointF(area.left(), round((HEAD + metrics.capHeight()) / 2)), cut)

    def _paint_heat(self, painter: QPainter, area: QRectF, low: int, high: int) -> None:
        now = theme.current()
        values = self._shown.values[:, self._columns(int(area.width()))]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.clip((np.log10(values) - low) / (high - low), 0, 1)
        index = np.rint(np.nan_to_num(share) * (LEVELS - 1)).astype(np.uint8)
        index[values == 0] = GAP
        index[np.isnan(values)] = BLANK
        index[values == inf] = LEVELS - 1
        image = to_image(
            np.ascontiguousarray(index), VIRIDIS.colours(now.colour("gap").rgb(), now.colour("panel").rgb())
        )
        painter.drawImage(area, image)
        painter.setPen(now.colour("line"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area.adjusted(-1, -1, 0, 0))
        if self._step is not None:
            first_step, last_step = float(self._shown.steps[0]), float(self._shown.steps[-1])
            part = min(max((self._step - first_step) / max(last_step - first_step, 1.0), 0.0), 1.0)
            painter.fillRect(
                QRectF(round(area.left() + part * (area.width() - 1)), area.top(), 1, area.height()), WHITE
            )
        painter.setFont(_figures())
        painter.setPen(now.colour("caption"))
        metrics = QFontMetricsF(painter.font())
        foot = area.bottom() + 4 + metrics.ascent()
        first, last = (f"{s:,}" for s in (self._shown.steps[0], self._shown.steps[-1]))
        if first != last:
            painter.drawText(QPointF(area.left(), foot), first)
        painter.drawText(QPointF(area.right() - metrics.horizontalAdvance(last), foot), last)
        word = _("step")
        if area.width() > 3 * metrics.horizontalAdvance(word) + metrics.horizontalAdvance(first + last):
            painter.drawText(QPointF(area.center().x() - metrics.horizontalAdvance(word) / 2, foot), word)

    def _paint_names(self, painter: QPainter, area: QRectF) -> None:
        """As many names of layers as there is room for, from the first on, and the last one."""
        layers = self._shown.layers
        painter.setFont(_figures())
        painter.setPen(theme.current().colour("caption"))
        metrics = QFontMetricsF(painter.font())
        each, room = area.height() / len(layers), area.left() - SIDE - 6
        every = max(1, ceil(LINE / each))
        last = len(layers) - 1
        for i, id in enumerate(layers):
            if (i % every or (i != last and last - i < every)) and i != last:
                continue
            text = metrics.elidedText(id, Qt.TextElideMode.ElideMiddle, room)
            y = area.top() + each * (i + 0.5) + metrics.capHeight() / 2
            painter.drawText(QPointF(area.left() - 6 - metrics.horizontalAdvance(text), round(y)), text)

    def _paint_profile(self, painter: QPainter, area: QRectF, low: int, high: int) -> None:
        now, shown = theme.current(), self._shown
        quiet = now.colour("line")
        metrics = QFontMetricsF(_figures())
        wide = area.width() / (high - low)
        every = max(1, ceil((metrics.horizontalAdvance("1e−12") + 6) / wide))
        painter.setFont(_figures())
        foot = area.bottom() + BAR + 6 + metrics.ascent()
        for power in range(low, high + 1):
            x = round(area.left() + (power - low) * wide)
            painter.fillRect(QRectF(x, area.top(), 1, area.height()), quiet)
            if (high - power) % every == 0:
                text = short(10.0**power) if -3 <= power <= 3 else f"1e{power}".replace("-", "−")
                half = metrics.horizontalAdvance(text)
                painter.setPen(now.colour("caption"))
                painter.drawText(QPointF(min(max(x - half / 2, area.left() - 4), area.right() - half + 4), foot), text)
        ramp = np.arange(LEVELS, dtype=np.uint8)[None]
        painter.drawImage(QRectF(area.left(), area.bottom() + 2, area.width(), BAR), to_image(ramp, VIRIDIS.colours()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        blue, thin = now.family("Convolution"), now.colour("caption")
        if self._beside is not None:
            self._paint_line(painter, area, self._beside, self._nearest(self._beside), QPen(blue, 2), True)
        elif self.reading != 0:
            self._paint_line(painter, area, shown, 0, QPen(thin, 1), False)
        self._paint_line(painter, area, shown, self.reading, QPen(blue, 2), False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_line(self, painter: QPainter, area: QRectF, which: Gradients, at: int, pen: QPen, dashed: bool) -> None:
        """One profile, from its first layer at the top to its last one at the bottom, however many there are."""
        low, high = self.decades
        n = len(which.layers)
        heights = area.top() + area.height() * (np.arange(n) + 0.5) / n
        with np.errstate(divide="ignore", invalid="ignore"):
            x = area.left() + np.clip((np.log10(which.values[:, at]) - low) / (high - low), 0, 1) * area.width()
        ink, thick = pen.color(), pen.width()
        if dashed:
            pen.setDashPattern([3, 2])
        painter.setPen(pen)
        for piece in np.split(np.arange(n), np.flatnonzero(np.isnan(x))):
            some = piece[~np.isnan(x[piece])]
            painter.drawPolyline(polygon(np.column_stack([x[some], heights[some]])))
        if thick > 1 and area.height() / n >= 6:
            painter.setPen(QPen(ink, 5, c=Qt.PenCapStyle.RoundCap))
            good = ~np.isnan(x)
            painter.drawPoints(polygon(np.column_stack([x[good], heights[good]])))

    # ── pointing ────────────────────────────────────────────────────────────────────────────────────────────────────
    def mousePressEvent(self, event: QMouseEvent) -> None:
        id = self.row_at(event.position().y())
        if id and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(id)
        else:
            super().mousePressEvent(event)

    def told(self, x: float, y: float) -> str:
        """What lies there: the layer, and its gradient at that step; beside the heat map, that of the profile."""
        id, at = self.row_at(y), self.step_at(x)
        if not id or not len(self._shown.steps):
            return ""
        dashed = _(" · dashed: the other run") if at < 0 and self._beside is not None else ""
        at = self.reading if at < 0 else at
        value = float(self._shown.values[self._shown.layers.index(id), at])
        text = _("{layer} · step {step} · gradient {value} (root mean square)")
        return text.format(layer=id, step=f"{self._shown.steps[at]:,}", value=short(value)) + dashed

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.told(event.pos().x(), event.pos().y()), self)
            return True
        return super().event(event)


def _figures() -> QFont:
    return theme.tabular(theme.caption())
