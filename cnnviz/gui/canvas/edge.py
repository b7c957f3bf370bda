"""What is dragged to the edge of the view takes the view along."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QObject, QPointF, Qt, QTimer, Slot

from .view import View

NEAR = 40.0
"""Device pixels: so near to an edge it pulls."""
FASTEST = 1200.0
"""Device pixels a second, at the edge and beyond it."""
REST = 0.3
"""Seconds near an edge until it pulls: what is put down there at once was meant for there."""
STEP = 16
"""Milliseconds from one move of the view to the next."""
LONGEST = 0.05
"""Seconds that one move makes up for at most: a late turn is no leap."""


class Edge(QObject):
    """Moves the view while a pointer that drags something rests near an edge; the nearer, the faster.

    An edge pulls only after the pointer has been away from it or beyond it: drags begin beside it, and come in over it
    from the palette.
    """

    def __init__(self, view: View, carry: Callable[[QPointF], object]):
        """`carry(pointer)`: the view has moved under the pointer (viewport), and what is dragged is to follow."""
        super().__init__(view)
        self._view, self._carry = view, carry
        self._at = QPointF()
        self._armed: set[tuple[int, int]] = set()  # edges, by the way they pull
        self._then = 0.0
        self._timer = QTimer(self, interval=STEP, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._step)

    @property
    def active(self) -> bool:
        """Whether the view is moving."""
        return self._timer.isActive()

    def follow(self, at: QPointF) -> None:
        """Something is dragged, and the pointer is here (viewport)."""
        self._at = at
        self._armed |= {way for way, near in self._nearness().items() if not 0 < near <= 1}
        if not self._pull().isNull():
            if not self._timer.isActive():
                self._then = monotonic() + REST
                self._timer.start()
        else:
            self._timer.stop()

    def stop(self) -> None:
        """Nothing is dragged any more."""
        self._timer.stop()
        self._armed.clear()

    def _nearness(self) -> dict[tuple[int, int], float]:
        """How near the pointer is to each edge: 1 at the edge, more beyond it, 0 and less where it is far away."""
        size = self._view.viewport().size()
        x, y, wide, tall = self._at.x(), self._at.y(), size.width(), size.height()
        near_x, near_y = min(NEAR, wide / 4), min(NEAR, tall / 4)
        away = {(-1, 0): x / near_x, (1, 0): (wide - 1 - x) / near_x}
        away |= {(0, -1): y / near_y, (0, 1): (tall - 1 - y) / near_y}
        return {way: 1 - part for way, part in away.items()}

    def _pull(self) -> QPointF:
        """Device pixels a second. By the square of the nearness: slow enough to stop where one wants to."""
        pull = QPointF()
        for way, near in self._nearness().items():
            if way in self._armed:
                pull += QPointF(*way) * (FASTEST * min(max(near, 0.0), 1.0) ** 2)
        return pull

    @Slot()
    def _step(self) -> None:
        now = monotonic()
        by = self._pull() * max(0.0, min(now - self._then, LONGEST))
        if round(by.x()) or round(by.y()):  # less is made up for by the next step
            self._then = now
            self._view.pan_by(-by.x(), -by.y())
            self._carry(self._at)
