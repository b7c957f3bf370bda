"""The time line: the whole training in one strip, with the cursor that all panels follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ...text import _, grouped
from ..paint import theme
from ..paint.axis import reach
from ..paint.surface import BY_KEY, outline
from ..paint.trace import mixed
from ..planwords import label_of
from .scale import Scale, means

if TYPE_CHECKING:
    from ..session import Session

HIGH, SIDE = 40, 10
"""Pixels of its height, and at either end."""
TOP, FOOT = 12.0, 7.0
"""Pixels above the curves for marks, and below them for the recorded steps."""
NEAR = 6.0
"""Pixels within which the pointer is at a mark, or at the live end."""
APART = 4.0
"""Pixels between two points of the held-out accuracy, at least."""
EVERY_MS = 250
"""Between two drawings of a run that trains."""
PAGE = 10
"""Recorded steps that Page up and Page down go."""


class TimeLine(QWidget):
    """Drag the cursor, or use the arrow keys: Home and End go to the first step and the live end, Space plays."""

    menu_asked = Signal(object)  # QPoint, global

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._hover: float | None = None
        self._ring = self._dragged = False
        self._ground: tuple[object, QPixmap] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(_("Time line of the training"))
        self._soon = QTimer(self, singleShot=True, interval=EVERY_MS)
        self._soon.timeout.connect(self._draw)
        for signal in (session.points_arrived, session.time_changed, session.run_changed, session.health_changed):
            signal.connect(self._changed)
        session.moment_changed.connect(self._draw)
        session.frame_arrived.connect(self._shown)

    def sizeHint(self) -> QSize:
        return QSize(400, HIGH)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, HIGH)

    @property
    def scale(self) -> Scale:
        """Where steps lie now."""
        time, p = self._session.time, self._session.run.progress
        planned = p.steps if p is not None and p.steps else 0
        end = reach(float(time.end), float(max(planned, time.end)))
        return Scale(max(end, 1.0), SIDE, self.width() - SIDE)

    @Slot()
    def _changed(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    @Slot()
    def _draw(self) -> None:
        time = self._session.time
        said = _("live") if time.at is None else _("step {step}").format(step=grouped(time.shown or time.at))
        self.setAccessibleDescription(said)
        self.update()

    @Slot()
    def _shown(self) -> None:
        if self._session.time.at is not None:  # while all is live, nothing is drawn anew for each of 30 frames a second
            self._draw()

    # ── painting ────────────────────────────────────────────────────────────────────────────────────────────────────
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, now = QPainter(self), theme.current()
        painter.setFont(theme.caption())
        time, scale = self._session.time, self.scale
        ground = self.height() - FOOT
        if not time.folder or not time.end:
            painter.fillRect(QRectF(scale.left, ground, scale.right - scale.left, 1), now.colour("line"))
            painter.setPen(now.colour("caption"))
            text = _("Train: every step of it can be looked at again here.")
            painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, text)
        else:
            painter.drawPixmap(0, 0, self._background(scale, ground))
            self._paint_marks(painter, scale, ground)
            self._paint_cursor(painter, scale, ground)
        if self._ring:
            outline(painter, QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _background(self, scale: Scale, ground: float) -> QPixmap:
        """Curves, recorded steps and the fork: drawn anew only where one of them is another."""
        run, found, ratio = self._session.run, self._session.time.found, self.devicePixelRatioF()
        recorded = (len(found.steps), len(found.exact), found.step, found.origin) if found else None
        key = (self.size(), ratio, theme.current().name, scale, len(run.points), len(run.tests), recorded)
        if self._ground is None or self._ground[0] != key:
            pixmap = QPixmap(self.size() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.drawImage(QPointF(scale.left, 0), self._columns(scale, ground, ratio))
            painter.fillRect(QRectF(scale.left, ground, scale.right - scale.left, 1), theme.current().colour("line"))
            self._paint_accuracy(painter, scale, ground)
            self._paint_fork(painter, scale, ground)
            painter.end()
            self._ground = key, pixmap
        return self._ground[1]

    def _columns(self, scale: Scale, ground: float, ratio: float) -> QImage:
        """The loss as a filled shape; below it a tick where a step is recorded, a taller one where it is kept whole."""
        now, run, found = theme.current(), self._session.run, self._session.time.found
        wide, tall = max(round((scale.right - scale.left) * ratio), 1), round(self.height() * ratio)
        pixels = np.zeros((tall, wide), np.uint32)
        inside = Scale(scale.end, 0, wide - 1)
        x, y = means(run.points[:, 0], run.points[:, 1], inside)
        if len(y) > 1:
            across = np.arange(int(x[0]), int(x[-1]) + 1)
            high = float(np.quantile(y, 0.98)) or 1.0
            tops = (ground - (ground - TOP) * np.clip(np.interp(across, x, y) / high, 0.0, 1.0)) * ratio
            rows = np.arange(tall)[:, None]
            shape = (rows >= tops) & (rows < round(ground * ratio))
            part = pixels[:, across[0] : across[-1] + 1]
            part[shape] = mixed(now.family("Convolution"), now.colour("panel"), 0.3).rgba()
        if found is not None:
            colour = now.colour("caption").rgba()
            for steps, first, last in ((found.steps, 2, 4), (found.exact, 1, 6)):
                at = inside.columns(steps).astype(int)
                pixels[round((ground + first) * ratio) : round((ground + last) * ratio), at] = colour
        image = QImage(pixels.data, wide, tall, 4 * wide, QImage.Format.Format_ARGB32).copy()
        image.setDevicePixelRatio(ratio)
        return image

    def _paint_accuracy(self, painter: QPainter, scale: Scale, ground: float) -> None:
        """On held-out pictures, as a line; each measurement as a dot where there is room."""
        tests, colour = self._session.run.tests, theme.current().family("Activation")
        if not len(tests):
            return
        wide, tall = scale.right - scale.left, ground - TOP
        x, y = [scale.x(s) for s in tests[:, 0].tolist()], tests[:, 2]
        if len(tests) > wide / APART:
            few = Scale(scale.end, 0, wide / APART)
            columns, y = means(tests[:, 0], tests[:, 2], few)
            x = (scale.left + APART * columns).tolist()
        line = [QPointF(a, ground - tall * b) for a, b in zip(x, y.tolist(), strict=True)]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 1.5))
        painter.drawPolyline(QPolygonF(line))
        if len(tests) * 2 * APART < wide:
            painter.setBrush(colour)
            for point in line:
                painter.drawEllipse(point, 1.5, 1.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_fork(self, painter: QPainter, scale: Scale, ground: float) -> None:
        """Where the run branches from another one: that one goes on as a line of its own."""
        found = self._session.time.found
        if found is None or found.origin is None:
            return
        x, colour = scale.x(found.origin[1]), theme.current().colour("caption")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 1.5))
        painter.drawPolyline(QPolygonF([QPointF(x, ground), QPointF(x + 8, TOP - 2), QPointF(x + 40, TOP - 2)]))
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(x, ground), 2.5, 2.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_marks(self, painter: QPainter, scale: Scale, ground: float) -> None:
        now, time = theme.current(), self._session.time
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for change in self._session.run.changes:
            _triangle(painter, scale.x(change.step), TOP - 2, now.colour("caption"))
        for sign in self._session.health.present:
            x = scale.x(sign.since)
            painter.setPen(QPen(now.colour("panel"), 1))
            painter.setBrush(now.family("Activation"))
            painter.drawEllipse(QPointF(x, ground - 4), 3.5, 3.5)
        if time.best is not None:
            _star(painter, scale.x(time.best), TOP - 5, now.family("Activation"))
        free = scale.right
        metrics = QFontMetricsF(painter.font())
        for mark in reversed(time.marks):
            x = scale.x(mark.step)
            colour = now.colour("link")
            painter.setPen(QPen(colour, 1))
            painter.drawLine(QPointF(x, 2), QPointF(x, ground))
            room = min(free - x - 8, 120.0)
            if room > 16:
                text = metrics.elidedText(mark.name, Qt.TextElideMode.ElideRight, room)
                painter.fillRect(QRectF(x, 1, metrics.horizontalAdvance(text) + 6, 12), colour)
                painter.setPen(now.colour("panel"))
                painter.drawText(QPointF(x + 3, 1 + (12 + metrics.capHeight()) / 2), text)
            free = x
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_cursor(self, painter: QPainter, scale: Scale, ground: float) -> None:
        now, time = theme.current(), self._session.time
        if self._hover is not None and not self._dragged:
            painter.fillRect(QRectF(round(self._hover), TOP - 4, 1, ground - TOP + 4), now.colour("caption"))
        live = time.at is None
        step = time.end if live else (time.shown if time.shown is not None else time.at)
        x, colour = scale.x(float(step or 0)), now.colour("accent")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 2))
        painter.drawLine(QPointF(x, 3), QPointF(x, ground + 3))
        painter.setBrush(now.colour("panel") if live else colour)
        painter.drawEllipse(QPointF(x, ground), 4.5, 4.5)
        if time.at is not None and time.shown is not None and abs(scale.x(time.at) - x) > 1:
            painter.setPen(QPen(colour, 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(scale.x(time.at), TOP), QPointF(scale.x(time.at), ground))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    # ── hands ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def words(self, x: float) -> str:
        """What lies at a pixel, for the tip."""
        time, run, scale = self._session.time, self._session.run, self.scale
        mark = next((m for m in time.marks if abs(scale.x(m.step) - x) <= NEAR), None)
        step = mark.step if mark else min(scale.step(x), time.end)
        parts = [_("step {step}").format(step=grouped(step))]
        if mark:
            parts.insert(0, mark.name)
        if time.best is not None and abs(scale.x(time.best) - x) <= NEAR:
            parts.append(_("best held-out accuracy so far"))
        i = int(np.searchsorted(run.points[:, 0], step)) if len(run.points) else 0
        if i < len(run.points) and step:
            parts.append(_("loss {loss:.4g}").format(loss=run.points[i, 1]))
        j = int(np.searchsorted(run.tests[:, 0], step, "right")) - 1
        if j >= 0:
            parts.append(_("held out {share:.1f} %").format(share=100 * run.tests[j, 2]))
        near = time.nearest(step)
        if near is not None and near != step:
            parts.append(_("nearest recorded: {step}").format(step=grouped(near)))
        near_by = [c for c in run.changes if abs(scale.x(c.step) - x) <= NEAR]
        parts.extend(f"{label_of(c.setting)}: {c.old:g} → {c.new:g}" for c in near_by)
        parts.extend(s.text for s in self._session.health.present if abs(scale.x(s.since) - x) <= NEAR)
        found = time.found
        if found is not None and found.origin is not None and abs(scale.x(found.origin[1]) - x) <= NEAR:
            parts.append(_("branched from another run here"))
        return " · ".join(parts)

    def _drag(self, x: float) -> None:
        time, scale = self._session.time, self.scale
        if x > scale.x(float(time.end)) + NEAR:
            time.live()
            return
        mark = next((m for m in time.marks if abs(scale.x(m.step) - x) <= NEAR / 2), None)
        time.go(mark.step if mark else scale.step(x))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._session.time.folder:
            self._dragged = True
            self._drag(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        self._hover = x
        if self._dragged:
            self._drag(x)
        elif self._session.time.folder and self._session.time.end:
            QToolTip.showText(event.globalPosition().toPoint(), self.words(x), self)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = False
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse and self._session.time.folder:
            self._drag(float(event.pos().x()))
        self.menu_asked.emit(event.globalPos())

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        time, key = self._session.time, event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            time.move(-1 if key == Qt.Key.Key_Left else 1)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            for _turn in range(PAGE):
                time.move(1 if key == Qt.Key.Key_PageUp else -1)
        elif key == Qt.Key.Key_Home:
            time.go(0)
        elif key == Qt.Key.Key_End:
            time.live()
        elif key == Qt.Key.Key_Space:
            time.play()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._ring = event.reason() in BY_KEY
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._ring = False
        self.update()


def _triangle(painter: QPainter, x: float, y: float, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([QPointF(x, y), QPointF(x - 4, y - 6), QPointF(x + 4, y - 6)]))


def _star(painter: QPainter, x: float, y: float, colour: QColor) -> None:
    angles = np.arange(10) * np.pi / 5 - np.pi / 2
    sizes = np.where(np.arange(10) % 2 == 0, 5.0, 2.2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    points = zip((x + sizes * np.cos(angles)).tolist(), (y + sizes * np.sin(angles)).tolist(), strict=True)
    painter.drawPolygon(QPolygonF([QPointF(a, b) for a, b in points]))
