"""The Go board that everything is looked at with: stones set by clicking, the network's answer as a heat map on it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ...link.messages import Array, Frame, Position
from ...net.go import BLACK, COLUMNS, EMPTY, IllegalMove, name
from ...text import _
from ..paint import theme
from ..paint.number import percent
from ..paint.surface import MARGIN, Surface
from ..session import Session
from .meaning import window

BEST = 3
"""So many moves carry their rank."""
STARS = {19: (3, 9, 15), 13: (3, 6, 9), 9: (2, 4, 6)}
WOOD, DARK_WOOD = QColor("#E4CFA3"), QColor("#B79A66")
INK, HEAT = QColor("#4A3B22"), QColor("#C03A00")
BLACK_STONE, WHITE_STONE = QColor("#1B1F24"), QColor("#FAFAFA")
STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class BoardView(Surface):
    """A board with stones, star points and coordinates; how probable each move is as colour on its point.

    A left click, or Enter at the cursor, plays; a right click, or Delete, takes a stone away.
    """

    played = Signal(int)
    removed = Signal(int)
    hovered = Signal(int)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Go board"))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.position = Position()
        self._heat: Array | None = None
        self._box: tuple[int, int, int, int] | None = None
        self._cursor: int | None = None
        self._hover: int | None = None

    def show_position(self, position: Position, heat: Array | None) -> None:
        """Show stones and, where the network's answer to just them is there, a probability a point: (points,)."""
        self.position = position
        self._heat = heat if heat is not None and heat.shape == (len(position.stones),) else None
        self.viewport().update()

    def show_box(self, box: tuple[int, int, int, int] | None) -> None:
        """Frame what a unit sees: top, left, height, width in points."""
        self._box = box
        self.viewport().update()

    @property
    def best(self) -> list[int]:
        """The most probable moves, the best first."""
        if self._heat is None or not np.isfinite(self._heat).all():
            return []
        return [int(i) for i in np.argsort(-self._heat, kind="stable")[:BEST]]

    def text(self, point: int) -> str:
        """`D4 · black, 2 liberties` or `D4 · 3.1 %`."""
        parts = [name(point, self.position.size)]
        chain = self.position.chains[point]
        if chain is not None:
            colour = _("black") if self.position[point] == BLACK else _("white")
            n = len(chain.liberties)
            parts.append(_("{colour}, 1 liberty") if n == 1 else _("{colour}, {n} liberties"))
            parts[-1] = parts[-1].format(colour=colour, n=n)
        if self._heat is not None:
            parts.append(_("probability {share}").format(share=percent(float(self._heat[point]))))
        return " · ".join(parts)

    def tip(self, at: QPointF) -> str:
        point = self.point_at(at)
        return "" if point is None else self.text(point)

    # ── where things are ────────────────────────────────────────────────────────────────────────────────────────────
    def _grid(self) -> tuple[float, QPointF]:
        """Pixels between lines, and where the first point is; a rim of one step holds the coordinates."""
        size, room = self.position.size, self.viewport().size()
        step = max(int((min(room.width(), room.height()) - 2 * MARGIN) / (size + 1)), 4)
        side = step * (size - 1)
        return float(step), QPointF((room.width() - side + step / 2) // 2, (room.height() - side - step / 2) // 2)

    def centre(self, point: int) -> QPointF:
        """Where a point is in the viewport."""
        step, origin = self._grid()
        y, x = divmod(point, self.position.size)
        return QPointF(origin.x() + x * step, origin.y() + y * step)

    def point_at(self, at: QPointF) -> int | None:
        """The point nearest to a place of the viewport; None beside the board."""
        step, origin = self._grid()
        x, y = round((at.x() - origin.x()) / step), round((at.y() - origin.y()) / step)
        size = self.position.size
        return y * size + x if 0 <= x < size and 0 <= y < size else None

    # ── painting ────────────────────────────────────────────────────────────────────────────────────────────────────
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme.current().colour("panel"))
        step, origin = self._grid()
        size, side = self.position.size, step * (self.position.size - 1)
        half = step / 2
        wood = QRectF(origin.x() - half, origin.y() - half, side + step, side + step)
        painter.fillRect(wood, DARK_WOOD if theme.current().dark else WOOD)
        self._paint_heat(painter, step)
        painter.setPen(QPen(INK, 1))
        for i in range(size):
            at = i * step
            painter.drawLine(origin + QPointF(at, 0), origin + QPointF(at, side))
            painter.drawLine(origin + QPointF(0, at), origin + QPointF(side, at))
        self._paint_coordinates(painter, step, origin)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(INK)
        for y in STARS.get(size, ()):
            for x in STARS.get(size, ()):
                painter.drawEllipse(self.centre(y * size + x), max(step / 8, 1.7), max(step / 8, 1.7))
        for point, stone in enumerate(self.position.stones):
            if stone != EMPTY:
                self._paint_stone(painter, point, stone, step)
        self._paint_ranks(painter, step)
        self._paint_marks(painter, step)
        self.paint_ring(painter)

    def _paint_heat(self, painter: QPainter, step: float) -> None:
        """A square a point, the stronger the more probable, by the root: a sure move stands out, chance is pale."""
        if self._heat is None or not self.best:
            return
        for point, share in enumerate(self._heat):
            strength = min(float(share), 1.0) ** 0.5 if share > 0 else 0.0
            if strength > 0.02 and self.position[point] == EMPTY:
                colour = QColor(HEAT)
                colour.setAlphaF(0.85 * strength)
                at = self.centre(point)
                painter.fillRect(QRectF(at.x() - step / 2, at.y() - step / 2, step, step), colour)

    def _paint_coordinates(self, painter: QPainter, step: float, origin: QPointF) -> None:
        font = theme.caption()
        font.setPixelSize(max(min(11, int(step * 0.7)), 6))
        painter.setFont(font)
        painter.setPen(theme.current().colour("caption"))
        size, centre = self.position.size, int(Qt.AlignmentFlag.AlignCenter)
        for i in range(size):
            column = QRectF(origin.x() + i * step - step, origin.y() + (size - 0.5) * step, 2 * step, step)
            painter.drawText(column, centre, COLUMNS[i] if i < len(COLUMNS) else str(i + 1))
            row = QRectF(origin.x() - 2 * step, origin.y() + i * step - step / 2, 1.5 * step - 2, step)
            painter.drawText(row, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), str(size - i))

    def _paint_stone(self, painter: QPainter, point: int, stone: str, step: float) -> None:
        black, at, radius = stone == BLACK, self.centre(point), step * 0.47
        painter.setPen(QPen(QColor("#000000") if black else QColor("#6B6B6B"), 1))
        painter.setBrush(BLACK_STONE if black else WHITE_STONE)
        painter.drawEllipse(at, radius, radius)
        if point == self.position.last:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(WHITE_STONE if black else BLACK_STONE, 1.4))
            painter.drawEllipse(at, radius / 2, radius / 2)

    def _paint_ranks(self, painter: QPainter, step: float) -> None:
        font = theme.body()
        font.setPixelSize(max(int(step * 0.75), 7))
        font.setBold(True)
        painter.setFont(font)
        for rank, point in enumerate(self.best):
            if self.position[point] == EMPTY:
                at = self.centre(point)
                box = QRectF(at.x() - step / 2, at.y() - step / 2, step, step)
                painter.fillRect(box, HEAT)
                painter.setPen(QColor("#FFFFFF"))
                painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), str(rank + 1))

    def _paint_marks(self, painter: QPainter, step: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        size = self.position.size
        if self.position.ko is not None:
            at = self.centre(self.position.ko)
            painter.setPen(QPen(INK, 2))
            painter.drawRect(QRectF(at.x() - step / 4, at.y() - step / 4, step / 2, step / 2))
        painter.setPen(QPen(theme.current().colour("accent"), 2, j=Qt.PenJoinStyle.MiterJoin))
        if self._box is not None:
            top, left, height, width = self._box
            bottom, right = min(top + height, size) - 1, min(left + width, size) - 1
            first, last = self.centre(max(top, 0) * size + max(left, 0)), self.centre(bottom * size + right)
            painter.drawRect(QRectF(first, last).adjusted(-step / 2, -step / 2, step / 2, step / 2))
        if self._cursor is not None and self.hasFocus():
            painter.drawEllipse(self.centre(self._cursor), step / 2, step / 2)

    # ── pointer and keys ────────────────────────────────────────────────────────────────────────────────────────────
    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = self.point_at(event.position())
        if point is None:
            return
        self._cursor = None
        if event.button() == Qt.MouseButton.LeftButton:
            self.played.emit(point)
        elif event.button() == Qt.MouseButton.RightButton:
            self.removed.emit(point)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = self.point_at(event.position())
        if point != self._hover:
            self._hover = point
            if point is None:
                self.left.emit()
            else:
                self.hovered.emit(point)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, size = Qt.Key(event.key()), self.position.size
        at = self._cursor if self._cursor is not None else size * size // 2
        if key in STEPS:
            y, x = divmod(at, size)
            down, across = STEPS[key]
            self._cursor = min(max(y + down, 0), size - 1) * size + min(max(x + across, 0), size - 1)
            self.hovered.emit(self._cursor)
            self.viewport().update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.played.emit(at)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(at)
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(260, 260)


class BoardPage(QWidget):
    """The board, who moves, the best moves, and which planes the network gets filled."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.view = BoardView()
        self.turn, self.clear = QPushButton(), QPushButton(_("Clear"))
        self.turn.setToolTip(_("Let the other side move"))
        self.clear.setToolTip(_("Take all stones away"))
        self.words, self.note = QLabel(), QLabel()
        for label in (self.words, self.note):
            label.setWordWrap(True)
            label.setFont(theme.tabular(theme.caption()))
            label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        side = QVBoxLayout()
        side.setContentsMargins(0, theme.GRID, 2 * theme.GRID, theme.GRID)
        side.setSpacing(theme.GRID)
        side.addWidget(self.turn)
        side.addWidget(self.clear)
        side.addWidget(self.words, 1)
        side.addWidget(self.note)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID)
        row.addWidget(self.view, 3)
        row.addLayout(side, 2)
        self.setFocusProxy(self.view)
        self._said = ""
        self.view.played.connect(self._play)
        self.view.removed.connect(self._remove)
        self.view.hovered.connect(self._read)
        self.view.left.connect(self._unread)
        self.turn.clicked.connect(self._turn)
        self.clear.clicked.connect(self._clear)

    def show_frame(self, frame: Frame, position: Position) -> None:
        """Show the position, the answer to it, and what the selected unit sees of it."""
        asked = self._session.look.picture
        now = asked if isinstance(asked, Position) else position
        fits = now == position and not self._session.look.stale
        self.view.show_position(now, frame.probabilities if fits else None)
        self.view.show_box(window(self._session.rows, self._session.look.unit))
        self._show_turn()
        self.words.setText(self._answer())
        self.note.setText(planes_text(frame.picture.planes))
        self.note.setToolTip(planes_text(frame.picture.planes, whole=True))

    def _answer(self) -> str:
        lines = [_("random weights: it plays by chance")] if not self._session.run.knows else []
        for rank, point in enumerate(self.view.best):
            text = self.view.text(point)
            lines.append(f"{rank + 1}. {text}")
        return "\n".join(lines)

    def _show_turn(self) -> None:
        black = self.view.position.to_move == BLACK
        self.turn.setText(_("Black moves") if black else _("White moves"))
        self.turn.setIcon(_stone(black))

    def _show(self, position: Position) -> None:
        self.view.show_position(position, None)
        self._show_turn()
        self._session.look.show(position)

    @Slot(int)
    def _play(self, point: int) -> None:
        try:
            self._show(self.view.position.play(point))
        except IllegalMove as error:
            self.words.setText(f"⚠ {error}")

    @Slot(int)
    def _remove(self, point: int) -> None:
        if self.view.position[point] != EMPTY:
            self._show(self.view.position.remove(point))

    @Slot()
    def _turn(self) -> None:
        self._show(self.view.position.turn())

    @Slot()
    def _clear(self) -> None:
        self._show(Position(self.view.position.size))

    @Slot(int)
    def _read(self, point: int) -> None:
        self.words.setText(self.view.text(point))

    @Slot()
    def _unread(self) -> None:
        self.words.setText(self._answer())


def _stone(black: bool) -> QIcon:
    """A stone as it lies on the board, with a rim that is seen in both themes."""
    picture = QPixmap(32, 32)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor("#8A8A8A"), 2))
    painter.setBrush(BLACK_STONE if black else WHITE_STONE)
    painter.drawEllipse(3, 3, 26, 26)
    painter.end()
    return QIcon(picture)


def planes_text(planes: tuple[tuple[str, int, bool], ...], whole: bool = False) -> str:
    """`48 of 48 planes are filled`; `whole`: with the name of each group, and those that stay empty."""
    count, filled = sum(n for _name, n, _is in planes), sum(n for _name, n, is_filled in planes if is_filled)
    text = _("{filled} of {count} planes are filled").format(filled=filled, count=count)
    empty = [group for group, _n, is_filled in planes if not is_filled]
    if empty:
        text += "\n" + _("empty: {names}").format(names=", ".join(empty))
    if whole:
        text += "\n" + "\n".join(f"{'✓' if is_filled else '–'} {group} ({n})" for group, n, is_filled in planes)
    return text
