"""The curves of a chart as polylines in pixels, and how these are painted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import shiboken6
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from . import theme
from .axis import Axis
from .columns import Curve, extremes, lasts, means

DOT, APART = 6.0, 4.0
"""Width of a dot, and pixels from which dots are thinned out."""
CROSS = 3.0
KEPT = 0.5
"""Part of its colour that a curve of another run keeps."""
DASH = [6.0, 4.0]
"""Pixels of line and of gap where a curve is another run's."""
FAINT = 0.35
"""Part of its colour that a thin curve keeps. It is opaque: where a line with alpha meets itself it is darker."""
AROUND = ((-0.5, 0.0), (0.5, 0.0), (0.0, -0.5), (0.0, 0.5))
"""A line of 2 px is drawn as four of 1 px: Qt's stroker takes five times as long for one of 2 px."""
MIDDLE = 0.5
"""A coordinate without antialiasing is a whole pixel, whose middle is here with antialiasing."""


@dataclass(frozen=True)
class Series:
    """One curve of a chart.

    `colour` is a layer family or a role of the theme. `style`: "thin" shows least and greatest value of every pixel
    column, "bold" their mean, "dots" single measurements joined by a line. `label` names it in a Legend and beside
    the hairline; without one it is in neither. `dashed`: of another run.
    """

    key: str
    colour: str
    style: str
    label: str = ""
    dashed: bool = False

    def ink(self) -> QColor:
        """Its colour in the theme of now."""
        now = theme.current()
        ink = now.family(self.colour) if self.colour in now.families else now.colour(self.colour)
        return mixed(ink, now.colour("text"), KEPT) if self.dashed else ink  # seen on this run's curve, too


@dataclass(frozen=True, eq=False)
class Trace:
    """A curve in pixels: polylines between gaps, points without neighbours, dots, ends before non-finite values."""

    lines: tuple[QPolygonF, ...]
    alone: QPolygonF
    dots: QPolygonF
    ends: QPolygonF


@dataclass(frozen=True, eq=False)
class Drawing:
    """A chart in pixels: made once for its data, its size and the screen it is on."""

    ratio: float  # pixels of the screen in one of the widget
    plot: QRectF
    across: Axis
    up: Axis
    traces: Mapping[str, Trace]


def trace(curve: Curve, style: str, plot: QRectF, across: Axis, up: Axis, ratio: float) -> Trace:
    """`curve` in `plot`, where a pixel of the screen is 1 / `ratio` wide."""
    wide = APART if style == "dots" else 1 / ratio
    count = max(ceil(plot.width() / wide), 1)
    edges = across.low + np.arange(count + 1) * (wide / max(plot.width(), 1.0) * (across.high - across.low))

    def down(values: np.ndarray) -> np.ndarray:
        return plot.bottom() - plot.height() * up.share(values)

    def along(values: np.ndarray) -> np.ndarray:
        return plot.left() + plot.width() * across.share(values)

    if style == "dots":
        at, gaps = lasts(curve, edges)
        x, y, each = along(curve.x[at]), down(curve.y[at]), 1
    else:
        columns, values, gaps = (extremes if style == "thin" else means)(curve, edges)
        x, y, each = np.minimum(plot.left() + columns * wide, plot.right()), down(values), 2 - (style != "thin")
    pieces = [_ended(p) for p in np.split(np.column_stack([x, y]), np.flatnonzero(gaps) * each)]
    single = [p for p in pieces if len(p) == 1]
    ends = curve.ends
    if len(ends) > count:
        ends = ends[np.unique((along(curve.x[ends]) // wide), return_index=True)[1]]
    return Trace(
        lines=tuple(polygon(p) for p in pieces if len(p) > 1),
        alone=polygon(np.concatenate([np.empty((0, 2)), *single])),
        dots=polygon(np.column_stack([x, y])) if style == "dots" else QPolygonF(),
        ends=polygon(np.column_stack([along(curve.x[ends]), down(curve.y[ends])])),
    )


def _ended(points: np.ndarray) -> np.ndarray:
    """(n, 2) without a last point that is the one before again: Qt would leave its pixel out."""
    return points[:-1] if len(points) > 1 and (points[-1] == points[-2]).all() else points


def polygon(points: np.ndarray) -> QPolygonF:
    """(n, 2) float64 pixels, written into Qt's memory at once: 100 times as fast as one QPointF after the other."""
    result = QPolygonF()
    result.resize(len(points))
    if len(points):
        memory = shiboken6.VoidPtr(result.data(), points.size * 8, True)  # type: ignore[arg-type,call-arg]
        np.frombuffer(memory, np.float64)[:] = points.reshape(-1)  # type: ignore[call-overload]
    return result


def paint(painter: QPainter, series: Sequence[Series], drawing: Drawing) -> None:
    """The curves, the first at the bottom, and crosses where values stop being finite."""
    now = theme.current()
    for s in series:
        shown = drawing.traces[s.key]
        ink = s.ink()
        bold = s.style != "thin"
        if not bold:
            ink = mixed(ink, now.colour("panel"), FAINT)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, bold)
        if bold:
            painter.translate(MIDDLE, MIDDLE)
        painter.setPen(pen_of(s, ink))
        for dx, dy in AROUND if bold else ((0.0, 0.0),):
            painter.translate(dx, dy)
            for line in shown.lines:
                painter.drawPolyline(line)
            painter.translate(-dx, -dy)
        painter.setPen(QPen(ink, 2.0 if bold else 1.0, c=Qt.PenCapStyle.RoundCap))
        painter.drawPoints(shown.alone)
        painter.setPen(QPen(ink, DOT - 2 * s.dashed, c=Qt.PenCapStyle.RoundCap))
        painter.drawPoints(shown.dots)
        painter.restore()
    painter.save()
    painter.translate(MIDDLE, MIDDLE)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(now.colour("problem"), 2))
    for s in series:
        if s.style == "bold":
            continue  # a mean ends where its data end, which are marked themselves
        ends = drawing.traces[s.key].ends
        for end in (ends.at(i) for i in range(ends.size())):
            for way in (-CROSS, CROSS):
                painter.drawLine(end - QPointF(CROSS, way), end + QPointF(CROSS, way))
    painter.restore()


def pen_of(series: Series, ink: QColor) -> QPen:
    """The pen of its lines, 1 px wide."""
    pen = QPen(ink, 1)
    if series.dashed:
        pen.setDashPattern(DASH)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def mixed(colour: QColor, ground: QColor, part: float) -> QColor:
    """`colour` as it looks on `ground` with an opacity of `part`."""
    over, under = (np.array([c.red(), c.green(), c.blue()]) for c in (colour, ground))
    return QColor(*np.rint(part * over + (1 - part) * under).astype(int).tolist())
