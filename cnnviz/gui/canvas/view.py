"""Panning and zooming."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QEvent, QPointF, QRect, QRectF, Qt, QTimer, QVariantAnimation, Signal, Slot
from PySide6.QtGui import QNativeGestureEvent, QPainter, QResizeEvent, QTransform, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QStyle, QWidget

from .scene import Scene

LEAST, MOST = 0.1, 4.0
"""Zooms; a network that is not whole in view at the least can be seen from as far away as it takes."""
TINY = 1e-3
"""Not even a window without a size zooms out further."""
STEP = 1.2
LARGEST_FIT = 1.25
MOVE_TIME = 150
"""Milliseconds that a jump or a new layout takes."""
PATIENCE = 100
"""Milliseconds until somebody who drags is looked at again."""


class View(QGraphicsView):
    """Looks at a Scene. Zoom is in device pixels a canvas pixel."""

    looked_elsewhere = Signal()  # another part of the canvas, or another zoom

    def __init__(self, scene: Scene, parent: QWidget | None = None):
        super().__init__(scene, parent)
        self._scene = scene
        self.fitted = False  # the whole network is kept in view until the person looks elsewhere
        self._covered = 0  # pixels at the top under messages
        self._away = QTimer(self, singleShot=True)  # from under them, once what comes and goes at a time has done so
        self._away.timeout.connect(self._clear)
        self._motion = QVariantAnimation(self)
        self._motion.setDuration(MOVE_TIME)
        self._motion.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._motion.setStartValue(0.0)
        self._motion.setEndValue(1.0)
        self._motion.valueChanged.connect(self._glide)
        self._way: tuple[float, QPointF, float, QPointF] | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.AnchorViewCenter)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setRenderHint(QPainter.RenderHint.TextAntialiasing)

    # ── where we look ───────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def zoom(self) -> float:
        """Device pixels a canvas pixel."""
        return self.transform().m11()

    @property
    def centre(self) -> QPointF:
        """The canvas point in the middle."""
        return self.mapToScene(QRectF(self.viewport().rect()).center().toPoint())

    @property
    def seen(self) -> QRectF:
        """The part of the canvas in view."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def look(self, zoom: float, centre: QPointF) -> None:
        """Look there at once."""
        zoom = self._allowed(zoom)
        if zoom != self.zoom:
            self.setTransform(QTransform.fromScale(zoom, zoom))
            self._scene.world.zoom = zoom
        self.centerOn(centre)
        self.looked_elsewhere.emit()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom so that the canvas point under `at` (viewport; default: the middle) stays where it is."""
        self.stop_motion()
        self.fitted = False
        middle = QRectF(self.viewport().rect()).center()
        at = middle if at is None else at
        zoom = self._allowed(self.zoom * factor)
        fixed = self.to_canvas(at)
        self.look(zoom, fixed + (middle - at) / zoom)

    def pan_by(self, dx: float, dy: float) -> None:
        """Move what is shown by so many device pixels."""
        self.stop_motion()
        self.fitted = False
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() - round(dx))
        down.setValue(down.value() - round(dy))
        self.looked_elsewhere.emit()

    def to_canvas(self, at: QPointF) -> QPointF:
        """The canvas point at a point of the viewport, without rounding."""
        inverse, _ok = self.viewportTransform().inverted()
        return inverse.map(at)

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def zoom_in(self) -> None:
        """One step nearer."""
        self.zoom_by(STEP)

    def zoom_out(self) -> None:
        """One step further away."""
        self.zoom_by(1 / STEP)

    def actual_size(self) -> None:
        """One device pixel a canvas pixel."""
        self.zoom_by(1 / self.zoom)

    def fit(self) -> None:
        """Show the whole network, as large as it can be read well."""
        self.show_area(self._scene.content())
        self.fitted = True

    def show_area(self, area: QRectF, glide: bool = False) -> None:
        """Show all of `area`; nothing where it is empty."""
        if area.isEmpty():
            return
        self.stop_motion()
        zoom, high = self.fitting(area), self.viewport().height()
        free = (high - area.height() * zoom) / 2  # above it, if it stands in the middle
        there = area.center() - QPointF(0, max(self._above() - free, 0.0) / zoom)
        self.fitted = False
        if glide and self.may_move():
            self._way = (self.zoom, self.centre, zoom, there)
            self._motion.start()
        else:
            self.look(zoom, there)

    def cover(self, pixels: int) -> None:
        """So much of the top is covered: a network that is kept in view moves below it, as far as it has to."""
        if pixels != self._covered:
            self._covered = pixels
            self._away.start(0)

    @property
    def busy(self) -> bool:
        """Whether a person has hold of something here."""
        return False

    @Slot()
    def _clear(self) -> None:
        if self.busy:
            self._away.start(PATIENCE)  # nothing moves away under a pointer that drags
        elif self.fitted:
            self.show_whole()

    def show_whole(self) -> None:
        """Move to where the whole network is in view, and keep it there."""
        self.show_area(self._scene.content(), glide=True)
        self.fitted = True

    def fitting(self, area: QRectF) -> float:
        """The zoom at which all of `area` is in view, with a margin."""
        return min(self._filling(area), LARGEST_FIT)

    def _filling(self, area: QRectF) -> float:
        size, margin = self.viewport().size(), self._margin()
        across = (size.width() - 2 * margin) / area.width()
        down = (size.height() - self._above() - margin) / area.height()
        return max(min(across, down), TINY)

    def _margin(self) -> int:
        size = self.viewport().size()
        return 24 if min(size.width(), size.height()) > 400 else 12

    def _above(self) -> int:
        """Pixels at the top that what is shown whole keeps clear of; however much is said, half of the view is its."""
        covered = min(self._covered, self.viewport().height() // 2)
        return covered + self._margin() // 2 if covered else self._margin()

    def _allowed(self, zoom: float) -> float:
        """The zoom that is nearest to this one and may be."""
        if zoom >= LEAST:
            return min(zoom, MOST)
        content = self._scene.content()
        return max(zoom, min(LEAST, self._filling(content)) if not content.isEmpty() else LEAST)

    def reveal(self, area: QRectF) -> None:
        """Bring `area` into view where it is not, without zooming."""
        seen = self.seen
        if seen.contains(area) or (self.fitted and self.moving):
            return  # or it will be: all of the network is on its way into view
        room = seen.adjusted(
            area.width() / 2 + 16, area.height() / 2 + 16, -area.width() / 2 - 16, -area.height() / 2 - 16
        )
        at, centre = area.center(), self.centre
        dx = min(0.0, at.x() - room.left()) + max(0.0, at.x() - room.right())
        dy = min(0.0, at.y() - room.top()) + max(0.0, at.y() - room.bottom())
        self.go(at if room.width() < 0 or room.height() < 0 else centre + QPointF(dx, dy))

    def go(self, there: QPointF) -> None:
        """Bring this canvas point into the middle."""
        self.stop_motion()
        self.fitted = False
        if self.may_move():
            self._way = (self.zoom, self.centre, self.zoom, there)
            self._motion.start()
        else:
            self.look(self.zoom, there)

    # ── motion ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def may_move(self) -> bool:
        """Whether motion is wanted: not where the system asks for less of it, and not while nobody sees it."""
        return (
            self.isVisible() and self.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, self) > 0
        )

    @property
    def moving(self) -> bool:
        """Whether the view is on its way."""
        return self._motion.state() == QVariantAnimation.State.Running

    def stop_motion(self) -> None:
        """Stay where we are."""
        self._motion.stop()
        self._way = None

    def _glide(self, part: float) -> None:
        if self._way is not None:
            zoom, centre, new_zoom, there = self._way
            self.look(zoom * (new_zoom / zoom) ** part, centre + (there - centre) * part)

    # ── Qt ──────────────────────────────────────────────────────────────────────────────────────────────────────────
    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        painter.fillRect(rect, self._scene.world.style.ground)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.fitted:
            self.fit()
        self.looked_elsewhere.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(STEP ** (turn.y() / 120), event.position())
        else:
            by = event.pixelDelta() if not event.pixelDelta().isNull() else turn / 2
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not by.x():
                by = by.transposed()
            self.pan_by(by.x(), by.y())
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1 + event.value(), event.position())
            return True
        return super().viewportEvent(event)
