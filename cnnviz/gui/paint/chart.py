"""A chart of curves against steps that is cheap enough to be redrawn while a network trains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from math import inf

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from ...text import _
from . import theme, trace
from .axis import LEAST, Axis, exact, linear, logarithmic
from .columns import Curve, near
from .number import figure
from .surface import BY_KEY, outline
from .trace import Drawing, Series, mixed

HEAD, FOOT, SIDE = 24.0, 20.0, 8.0
"""Pixels for the title's row, for the row of steps, and at the left and the right."""
INSET = 4.0
"""Between the highest tick and the head, so that no dot is cut."""
TICK = 24.0
"""Pixels that two ticks at the left are apart, at least."""
APART = 8.0
"""Pixels between two labels of steps, at least."""
NEAR = 4.0
"""Pixels from which the hairline jumps to a dot."""
MOVES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
NO_CURVE = Curve.of(np.empty(0), np.empty(0))


class Chart(QWidget):
    """Curves on one pair of axes. Under the pointer, or with the arrow keys, it says the values of a step.

    Left and right go to the next step that lies in another pixel column, with Ctrl to the very next one; Home and End
    go to the first and the last, Escape takes the hairline away.
    """

    picked = Signal(float)  # the step under the pointer, clicked

    def __init__(
        self,
        title: str,
        series: Sequence[Series],
        limits: tuple[float, float] = (-inf, inf),
        parent: QWidget | None = None,
    ):
        """`limits`: where the vertical axis ends even if there is headroom to give, such as 0 and 100 for percents."""
        super().__init__(parent)
        self._title, self._series, self._limits = title, tuple(series), limits
        self._data = {s.key: (np.empty(0), np.empty(0)) for s in series}
        self._curves = dict.fromkeys(self._data, NO_CURVE)
        self._extent = 0.0
        self._log = False
        self._corner: QWidget | None = None
        self._at: float | None = None
        self._cursor: float | None = None
        self._ring = False
        self._drawing: Drawing | None = None
        self._ground: tuple[object, QPixmap] | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(title)

    # ── what is shown ───────────────────────────────────────────────────────────────────────────────────────────────
    def set_data(self, key: str, x: np.ndarray, y: np.ndarray) -> None:
        """Show `x` and `y`, (n,) float64, as the series `key`; they are kept, not copied.

        `x` never falls; values of `y` may be NaN or infinite: the curve is broken there. Raises KeyError, and
        ValueError where lengths differ or `x` falls.
        """
        if x.shape != y.shape or x.ndim != 1:
            raise ValueError(f"{key}: x is {x.shape} and y is {y.shape}; both must be (n,)")
        if not (x[1:] >= x[:-1]).all():
            raise ValueError(f"{key}: x falls")
        if key not in self._data:
            raise KeyError(key)
        self._data[key] = x, y
        self._curves[key] = Curve.of(x, y)
        self._stale()

    def data(self, key: str) -> tuple[np.ndarray, np.ndarray]:
        """What `set_data` was given last."""
        return self._data[key]

    def set_extent(self, x_max: float) -> None:
        """The horizontal axis reaches at least to here."""
        if x_max != self._extent:
            self._extent = x_max
            self._stale()

    def set_title(self, title: str) -> None:
        """Another title."""
        if title != self._title:
            self._title, self._ground = title, None
            self.setAccessibleName(title)
            self.update()

    @property
    def log(self) -> bool:
        return self._log

    def set_log(self, log: bool) -> None:
        """Whether the vertical axis is logarithmic; values that are not above zero then lie at its lower end."""
        if log != self._log:
            self._log = log
            self._stale()

    def set_corner(self, widget: QWidget) -> None:
        """Put a small widget into the right end of the title's row."""
        self._corner = widget
        widget.setParent(self)
        self._place_corner()

    def axes(self) -> tuple[Axis, Axis]:
        """The horizontal and the vertical axis as they are painted."""
        drawing = self._drawn()
        return drawing.across, drawing.up

    def place(self, x: float, y: float) -> QPointF:
        """Where a point of the axes lies in the widget."""
        drawing = self._drawn()
        across, up = drawing.across.share(np.array([x])), drawing.up.share(np.array([y]))
        plot = drawing.plot
        return QPointF(plot.left() + plot.width() * float(across[0]), plot.bottom() - plot.height() * float(up[0]))

    def set_cursor(self, step: float | None) -> None:
        """Draw a line in the accent at a step, or none."""
        if step != self._cursor:
            self._cursor = step
            self.update()

    # ── the hairline ────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def step(self) -> float | None:
        """The step the hairline is at."""
        return None if self._at is None else self._nearest(self._at)

    def set_step(self, step: float | None) -> None:
        """Put the hairline to the measured step that is nearest, or take it away."""
        self._at = None if step is None else self._nearest(step)
        self._describe()
        self.update()

    def readout(self) -> tuple[str, ...]:
        """What stands beside the hairline: the step, and a line for every named series that has a value there."""
        step = self.step
        if step is None:
            return ()
        lines = [_("Step {step}").format(step=f"{step:,.0f}")]
        for s in self._series:
            x, y = self._data[s.key]
            i = int(np.searchsorted(x, step, "right")) - 1
            if s.label and i >= 0 and x[i] == step:
                lines.append(f"{s.label} {figure(float(y[i]))}")
        return tuple(lines)

    def newest(self) -> str:
        """`Step 1,240: train 0.2310, held out 0.2702`, of the last points; empty where there are none."""
        last = [(s.label, *self._data[s.key]) for s in self._series if s.label and len(self._data[s.key][0])]
        if not last:
            return ""
        step = max(float(x[-1]) for _label, x, _y in last)
        values = ", ".join(f"{label} {figure(float(y[-1]))}" for label, _x, y in last)
        return _("Step {step}: {values}").format(step=f"{step:,.0f}", values=values)

    def _describe(self) -> None:
        first, *more = self.readout() or ("",)
        self.setAccessibleDescription(f"{first}: {', '.join(more)}" if first else self.newest())

    def _nearest(self, step: float) -> float | None:
        found = [float(x[near(x, step)]) for x, _y in self._data.values() if len(x)]
        return min(found, key=lambda v: abs(v - step), default=None)

    def _step_at(self, pixel: float) -> float | None:
        """The step under the pointer; a dot draws the hairline to itself."""
        drawing = self._drawn()
        scale = drawing.across.high / max(drawing.plot.width(), 1.0)
        step = (pixel - drawing.plot.left()) * scale
        for s in self._series:
            x, _y = self._data[s.key]
            if s.style == "dots" and len(x) and abs((dot := float(x[near(x, step)])) - step) <= NEAR * scale:
                return dot
        return step

    def _move(self, way: int, one: bool) -> None:
        """To the next step, or the next one that is a pixel away."""
        longest = max((x for x, _y in self._data.values()), key=len)
        here = self.step
        if here is None:
            self.set_step(float(longest[-1]) if len(longest) else None)
            return
        drawing = self._drawn()
        far = here + way * (0.0 if one else drawing.across.high / max(drawing.plot.width(), 1.0))
        if way > 0:
            i = int(np.searchsorted(longest, far, "right" if one else "left"))
        else:
            i = int(np.searchsorted(longest, far, "left" if one else "right")) - 1
        self.set_step(float(longest[min(max(i, 0), len(longest) - 1)]))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        inside = self._drawn().plot.adjusted(-SIDE, -INSET, SIDE, FOOT).contains(event.position())
        self.set_step(self._step_at(event.position().x()) if inside else None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.step is not None:
            self.picked.emit(self.step)

    def leaveEvent(self, event: QEvent) -> None:
        self.set_step(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in MOVES:
            self._move(MOVES[key], one=bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.set_step(-inf if key == Qt.Key.Key_Home else inf)
        elif key == Qt.Key.Key_Escape and self._at is not None:
            self.set_step(None)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._ring = event.reason() in BY_KEY
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._ring = False
        self.set_step(None)

    # ── painting ────────────────────────────────────────────────────────────────────────────────────────────────────
    def sizeHint(self) -> QSize:
        return QSize(300, 170)

    def minimumSizeHint(self) -> QSize:
        return QSize(140, 88)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_corner()
        self._drawing = None

    def _stale(self) -> None:
        self._drawing = None
        self._describe()
        self.update()

    def _place_corner(self) -> None:
        if self._corner is not None:
            size = self._corner.sizeHint()
            self._corner.setGeometry(self.width() - size.width() - 4, 2, size.width(), size.height())

    def _drawn(self) -> Drawing:
        ratio = self.devicePixelRatioF()
        if self._drawing is None or self._drawing.ratio != ratio:
            self._drawing = self._draw(ratio)
        return self._drawing

    def _draw(self, ratio: float) -> Drawing:
        figures = QFontMetricsF(_figures())
        top, bottom = HEAD + INSET, max(self.height() - FOOT, HEAD + INSET + 1)
        up = self._vertical(max(int((bottom - top) / TICK), 2))
        left = SIDE + 4 + max(figures.horizontalAdvance(text) for text in ("0.00", *up.labels))
        right = max(self.width() - SIDE - 4, left + 1)
        steps = max((float(x[-1]) for x, _y in self._data.values() if len(x)), default=0.0)
        high = max(steps, self._extent)
        widest = figures.horizontalAdvance(f"{high:,.0f}") + 16
        across = exact(high, max(int((right - left) / max(widest, 56.0)), 1))
        across = self._apart(across, round(left), right - round(left), figures)
        plot = QRectF(round(left), top, right - round(left), bottom - top)
        traces = {s.key: trace.trace(self._curves[s.key], s.style, plot, across, up, ratio) for s in self._series}
        return Drawing(ratio, plot, across, up, traces)

    def _apart(self, axis: Axis, left: float, wide: float, figures: QFontMetricsF) -> Axis:
        """The axis with every tick, every second, third, … one: the first of these whose labels do not touch."""
        boxes = list(self._labels(axis, left, wide, figures))
        every = 1
        while any(b[0] < a[1] + APART for a, b in pairwise(boxes[::every])):
            every += 1
        return replace(axis, ticks=axis.ticks[::every], labels=axis.labels[::every])

    def _labels(self, axis: Axis, left: float, wide: float, figures: QFontMetricsF) -> Iterator[tuple[float, float]]:
        """Left and right end of each label under an axis: in the middle below its tick, inside the widget."""
        for share, text in zip(axis.share(np.array(axis.ticks)).tolist(), axis.labels, strict=True):
            room = figures.horizontalAdvance(text)
            start = min(left + wide * share - room / 2, self.width() - room - 2)
            yield start, start + room

    def _vertical(self, most: int) -> Axis:
        values = [c.y for c in self._curves.values() if len(c.y)]
        if self._log:
            above = [v[v > LEAST] for v in values]
            low = min((float(v.min()) for v in above if len(v)), default=0.1)
            return logarithmic(low, max((float(v.max()) for v in above if len(v)), default=1.0), most)
        low = min((float(v.min()) for v in values), default=0.0)
        return linear(low, max((float(v.max()) for v in values), default=1.0), most, *self._limits)

    def paintEvent(self, event: QPaintEvent) -> None:
        drawing = self._drawn()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._background(drawing))
        trace.paint(painter, self._series, drawing)
        if self._cursor is not None:
            at = round(self.place(self._cursor, 0.0).x())
            painter.fillRect(QRectF(at, drawing.plot.top(), 2, drawing.plot.height()), theme.current().colour("accent"))
        if self.step is not None:
            self._paint_hairline(painter, drawing)
        if self._ring:
            outline(painter, QRectF(self.rect()).adjusted(2, 2, -2, -2))

    def _background(self, drawing: Drawing) -> QPixmap:
        """All that stays while curves change: text is drawn only where a tick, the size or the theme is another."""
        ratio = drawing.ratio
        key = (self.size(), ratio, theme.current().name, drawing.across, drawing.up, drawing.plot)
        if self._ground is None or self._ground[0] != key:
            ground = QPixmap(self.size() * ratio)
            ground.setDevicePixelRatio(ratio)
            ground.fill(theme.current().colour("panel"))
            painter = QPainter(ground)
            self._paint_axes(painter, drawing)
            self._paint_title(painter)
            painter.end()
            self._ground = key, ground
        return self._ground[1]

    def _paint_axes(self, painter: QPainter, drawing: Drawing) -> None:
        now, plot = theme.current(), drawing.plot
        line, quiet = now.colour("line"), mixed(now.colour("line"), now.colour("panel"), 0.6)
        painter.setFont(_figures())
        metrics = QFontMetricsF(painter.font())
        tall, half = metrics.height(), metrics.capHeight() / 2
        heights = plot.bottom() - plot.height() * drawing.up.share(np.array(drawing.up.ticks))
        for y, text in zip(heights.tolist(), drawing.up.labels, strict=True):
            painter.fillRect(QRectF(plot.left(), round(y), plot.width(), 1), quiet)
            painter.setPen(now.colour("caption"))
            painter.drawText(QPointF(plot.left() - 6 - metrics.horizontalAdvance(text), round(y + half)), text)
        painter.fillRect(QRectF(plot.left(), round(plot.bottom()), plot.width(), 1), line)
        places = plot.left() + plot.width() * drawing.across.share(np.array(drawing.across.ticks))
        foot = plot.bottom() + 4 + metrics.ascent() + (FOOT - 4 - tall) / 2
        starts = self._labels(drawing.across, plot.left(), plot.width(), metrics)
        for x, (start, _end), text in zip(places.tolist(), starts, drawing.across.labels, strict=True):
            painter.fillRect(QRectF(round(x), round(plot.bottom()), 1, 4), line)
            painter.drawText(QPointF(start, round(foot)), text)

    def _paint_title(self, painter: QPainter) -> None:
        bold = QFont(theme.caption())
        bold.setBold(True)
        end = self.width() - SIDE if self._corner is None else self._corner.x() - 4
        metrics = QFontMetricsF(bold)
        text = metrics.elidedText(self._title, Qt.TextElideMode.ElideRight, max(end - SIDE, 0.0))
        painter.setFont(bold)
        painter.setPen(theme.current().colour("text"))
        painter.drawText(QPointF(SIDE, round((HEAD + metrics.capHeight()) / 2)), text)

    def _paint_hairline(self, painter: QPainter, drawing: Drawing) -> None:
        now, plot, lines = theme.current(), drawing.plot, self.readout()
        at = round(self.place(self.step or 0.0, 0.0).x())
        painter.fillRect(QRectF(at, plot.top(), 1, plot.height()), now.colour("caption"))
        painter.setFont(_figures())
        metrics = QFontMetricsF(painter.font())
        wide = max(metrics.horizontalAdvance(text) for text in lines) + 12
        tall = metrics.height() * len(lines) + 8
        left = at + 8 if at + 8 + wide <= self.width() - 2 else max(at - 8 - wide, 2)
        box = QRectF(round(left), plot.top(), round(wide), round(tall))
        painter.fillRect(box, now.colour("line"))
        painter.fillRect(box.adjusted(1, 1, -1, -1), now.colour("panel"))
        painter.setPen(now.colour("text"))
        for i, text in enumerate(lines):
            painter.drawText(
                QPointF(box.left() + 6, round(box.top() + 4 + metrics.ascent() + i * metrics.height())), text
            )


def _figures() -> QFont:
    return theme.tabular(theme.caption())
