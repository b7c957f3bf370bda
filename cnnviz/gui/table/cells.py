"""How the table is painted: its heading, its cells, and the totals under it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QFont, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QTableView, QToolButton, QWidget

from ...net.analysis import Row
from ...net.fold import GroupRow
from ...text import _
from ..paint import icons, theme
from ..paint.counts import LONGEST, grouped
from ..paint.signs import SIZE, chevron, dot, sign
from ..session import Session
from .columns import COLUMNS, FIELD, LAYER, MACS, NUMBERS, OUT, TYPE, cell, heading, parted
from .flat import HEIGHT, FlatHeading
from .outline import OpenRow
from .rows import Rows
from .words import Words

PAD = 5
"""Pixels beside what stands in a column."""
DOT = 4 * theme.GRID
"""Pixels that the family's dot takes before a name."""
STEP = 3 * theme.GRID
"""Pixels by which the rows in a group are indented."""
SIGN = SIZE + theme.GRID
"""Pixels that the sign of what is wrong takes before a sentence."""
Stripe = tuple[int, int, int]
"""A column in view, its left edge, and its width."""


def inner(left: int, room: int, seen: int, since: int = 0) -> tuple[int, int]:
    """Of so much room from `left` on, what lies between `since` and `seen`, with a margin: its start and width."""
    start = max(left, since + PAD)
    return start, max(min(left + room, seen - PAD) - start, 0)


def total_font() -> QFont:
    """Of the sums under the columns: bold figures of equal width."""
    font = theme.tabular(theme.body())
    font.setBold(True)
    return font


class Heading(FlatHeading):
    """The columns' names, each above what stands in it."""

    asked = Signal(QPoint)  # for the menu of columns, there

    def __init__(self, rows: Rows, parent: QWidget):
        super().__init__(parent)
        self._words = Words(theme.caption())
        self._rows = rows
        self.brief = False  # there is little room
        self._button = QToolButton(self)
        self._button.setAutoRaise(True)
        self._button.setAutoFillBackground(True)  # it lies over the last column's name where there is no room
        self._button.setIcon(icons.icon("columns", theme.current()))
        self._button.setToolTip(_("Columns, and pictures that memory is counted for"))
        self._button.setAccessibleName(_("Columns of the table"))
        self._button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._button.setFixedSize(HEIGHT, HEIGHT)
        self._button.clicked.connect(self._ask)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._button.setIcon(icons.icon("columns", theme.current()))
        super().changeEvent(event)

    @Slot()
    def _ask(self) -> None:
        self.asked.emit(self._button.mapToGlobal(QPoint(0, HEIGHT)))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.asked.emit(event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._button.move(self.width() - HEIGHT, 0)

    @property
    def kept(self) -> int:
        """Pixels at the left that the layers' names keep while the other columns are scrolled; 0: none are."""
        wide = self.sectionSize(LAYER)
        return wide if self.offset() and 2 * wide <= self.width() else 0

    def place(self, section: int) -> int:
        """Where a column begins in the view."""
        return 0 if section == LAYER and self.kept else self.sectionViewportPosition(section)

    def needs(self, section: int, brief: bool = False) -> int:
        """Pixels that a column's name takes with its margins."""
        return self._words.width(heading(section, self._rows.sight, brief)) + 2 * PAD + 1

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.kept:
            painter = QPainter(self.viewport())
            self.paintSection(painter, QRect(0, 0, self.kept, self.height()), LAYER)
            painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._covers(event):
            self.unsetCursor()
        else:
            super().mouseMoveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._covers(event):
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if not self._covers(event):
            super().mouseDoubleClickEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.pos().x() < self.kept:
            return True  # its tip would be that of a column below
        return super().viewportEvent(event)

    def _covers(self, event: QMouseEvent) -> bool:
        """Whether there is the name that stays: the edges of columns below it cannot be drawn."""
        return not self._held and event.position().x() < self.kept

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        now = theme.current()
        painter.save()
        painter.fillRect(rect, now.colour("window"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), now.colour("line"))
        painter.setPen(now.colour("caption"))
        middle, name = rect.top() + rect.height() / 2, heading(section, self._rows.sight, self.brief)
        left, end = rect.left() + PAD, rect.left() + rect.width() - PAD
        if section != LAYER:
            left = max(left, self.kept + PAD)
        room = min(end, self.width() - HEIGHT) - left  # the button stands there
        if room > 0:
            self._words.paint(painter, left, room, middle, name, section in NUMBERS)
        painter.restore()


class Cells:
    """Paints rows: a dot and a name, captions, figures before their share's bar, or the sentence that is wrong."""

    def __init__(self, rows: Rows):
        self._rows = rows
        self._body, self._small = Words(theme.body()), Words(theme.caption())
        self._figures = Words(theme.tabular(theme.body()))
        fonts = {TYPE: self._small, LAYER: self._body, OUT: self._body}
        self._words = [fonts.get(column, self._figures) for column in range(len(COLUMNS))]

    def needs(self, row: Row, column: int, brief: bool = False) -> int:
        """Pixels that a cell's content takes with its margins; a sentence over all columns widens none."""
        if row.out is None and column >= OUT:
            return 2 * PAD
        sight = self._rows.sight
        said = COLUMNS[column].brief(row, sight) if brief else cell(row, column, sight)
        wide = self._words[column].width(said) + 2 * PAD + 1
        return wide + DOT + self.indent(row) if column == LAYER else wide

    def indent(self, row: Row) -> int:
        """Pixels before the dot or sign of a row that lies in a group."""
        return STEP * self._rows.depths.get(row.id, 0) if self._rows.depths else 0

    def paint(
        self, painter: QPainter, row: Row, top: int, columns: Sequence[Stripe], seen: tuple[int, int], selected: bool
    ) -> None:
        """Paint what `columns`, from left to right, show of a row whose upper edge is at `top`.

        The view shows what lies between the two of `seen`; no figure goes beyond.
        """
        now, middle = theme.current(), top + HEIGHT / 2
        if selected:
            (_first, start, _wide), (_last, left, wide) = columns[0], columns[-1]
            painter.fillRect(start, top, left + wide - start, HEIGHT, now.colour("highlight"))
        for column, left, wide in columns:
            if row.out is None and column >= OUT:
                continue  # the sentence goes over all of them
            share = 0.0 if selected or isinstance(row, OpenRow) else self._share(row, column)
            if share:
                bar = max(1.0, (wide - PAD) * share)
                painter.fillRect(QRectF(left + PAD / 2, top + 4, bar, HEIGHT - 8), now.colour("well"))
            left, room = left + PAD, wide - 2 * PAD
            if column == LAYER:
                left, room = left + self.indent(row), room - self.indent(row)
                if isinstance(row, GroupRow):
                    ink = now.colour("on_highlight" if selected else "caption")
                    chevron(painter, QPointF(left + 4, middle + 0.5), ink, isinstance(row, OpenRow), 3.5)
                else:
                    dot(painter, QPointF(left + 4, middle + 0.5), row.node.layer.family, selected)
                left, room = left + DOT, room - DOT
            words = self._small if column == FIELD and row.field is None else self._words[column]
            painter.setPen(now.colour("on_highlight" if selected else self._ink(row, column)))
            text = self._rows.text(row, column)
            if column in NUMBERS:
                start, room = inner(left, room, seen[1], seen[0])
                if room > words.width("…"):
                    words.paint_figure(painter, start, room, middle, text, self._shorter(row, column))
            else:
                words.paint(painter, left, room, middle, text)

    def _shorter(self, row: Row, column: int) -> str:
        it = COLUMNS[column]
        known = it.amount is not None and not (it.lacks is not None and it.lacks(row))
        return it.shorter(it.amount(row, self._rows.sight)) if it.amount and known else ""

    def _share(self, row: Row, column: int) -> float:
        """Of the network's figure in this column, what this row has."""
        whole, amount = self._rows.wholes.get(column), COLUMNS[column].amount
        return (amount(row, self._rows.sight) or 0) / whole if whole and amount else 0.0

    def _ink(self, row: Row, column: int) -> str:
        """The colour of a cell's text, by its name in the theme."""
        amount = COLUMNS[column].amount
        if _waits(row) or (amount is not None and not amount(row, self._rows.sight)):
            return "faint"
        if isinstance(row, OpenRow) and column != LAYER:
            return "caption"  # its layers say it again
        return "caption" if column == TYPE or (column == FIELD and row.field is None) else "text"

    def paint_problem(self, painter: QPainter, row: Row, top: int, left: int, wide: int, selected: bool) -> None:
        """Write why a row gives nothing, from `left` on."""
        now, waits = theme.current(), _waits(row)
        left, room = left + PAD, wide - 2 * PAD
        if not waits:
            back = now.colour("highlight") if selected else now.colour("panel")
            ink = now.colour("on_highlight") if selected else None
            sign(painter, QRectF(left, top, SIZE, HEIGHT), ink, back)
            left, room = left + SIGN, room - SIGN
        painter.setPen(now.colour("on_highlight" if selected else "faint" if waits else "problem_text"))
        words = self._small if waits else self._body
        words.paint(painter, left, room, top + HEIGHT / 2, self._rows.text(row, OUT))


def _waits(row: Row) -> bool:
    return row.out is None and row.problem is not None and row.problem.code == "waits"


class Totals(QWidget):
    """The last line: sums under the columns they belong to, and how many layers are broken."""

    def __init__(self, rows: Rows, view: QTableView, heading: Heading, parent: QWidget):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # nothing behind it is painted for it
        self._rows, self._view, self._heading = rows, view, heading
        self._texts: dict[int, str] = {}
        self._short: dict[int, str] = {}  # of the sums that have a shorter form
        self._told: tuple[str, ...] = ()  # what the tip adds
        self._problems = 0
        self._sums, self._small, self._body = Words(total_font()), Words(theme.caption()), Words(theme.body())
        self.setFixedHeight(HEIGHT + 2)
        heading.sectionResized.connect(self._show_anew)
        view.horizontalScrollBar().valueChanged.connect(self._show_anew)

    def show_totals(self, session: Session) -> None:
        """Sum up the session's rows."""
        rows, sight = session.rows, self._rows.sight
        self._problems = len(rows.problems)
        n = len(rows)
        self._texts = {
            LAYER: _("Total"),
            TYPE: _("1 layer") if n == 1 else _("{n} layers").format(n=grouped(n)),
        }
        told, self._short = [], {}
        if rows.frozen:
            frozen = sum(1 for r in rows.values() if r.frozen)
            self._texts[TYPE] = _("{layers}, {n} frozen").format(layers=self._texts[TYPE], n=grouped(frozen))
            told.append(_("Parameters: {parts}").format(parts=parted(rows)))
        for column in self._rows.shown:
            it = COLUMNS[column]
            value = it.sum(rows, sight) if it.number else None
            if value is None:
                continue
            lacking = column == MACS and rows.uncosted
            self._texts[column] = f"≥ {it.shown(value)}" if lacking else it.shown(value)
            self._short[column] = "" if lacking else it.shorter(value)
            if isinstance(value, int) and it.exact and value > LONGEST and it.shown(value) != grouped(value):
                told.append(_(it.exact).format(n=grouped(value)))
            if lacking:
                told.append(_("Layers whose cost is not known, and not counted: {n}.").format(n=len(rows.uncosted)))
        if self._problems:
            text = _("1 problem") if self._problems == 1 else _("{n} problems").format(n=self._problems)
            self._texts[OUT] = text  # nothing is summed up there
            self._short[OUT] = grouped(self._problems)
        elif rows.frozen:
            self._texts[OUT] = _("{n} frozen").format(n=grouped(rows.frozen))
        self._told = tuple(told)
        self._tell()
        self.setAccessibleName(", ".join(f"{_(COLUMNS[c].name)} {t}" for c, t in self._texts.items()))
        self.update()

    @Slot()
    def _show_anew(self) -> None:
        self._tell()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_anew()

    def needs(self, brief: bool = False) -> dict[int, int]:
        """Pixels that the sums take with their margins, by column."""
        there = (c for c in self._texts if c in NUMBERS or c == TYPE)
        texts = {c: (self._short.get(c) if brief else "") or self._texts[c] for c in there}
        return {c: self._words(c).width(t) + 2 * PAD + 2 for c, t in texts.items()}

    def _words(self, column: int) -> Words:
        return self._small if column == TYPE else self._body if column == OUT else self._sums

    @property
    def texts(self) -> dict[int, str]:
        """What stands under each column."""
        return self._texts

    def _tell(self) -> None:
        """The tip: what is not whole, and what there is to say of the sums."""
        cut = [
            f"{_(COLUMNS[c].name)}: {t}" for c, t in self._texts.items() if c in self._rows.shown and self._is_cut(c)
        ]
        self.setToolTip("\n".join((*cut, *self._told)))

    def _is_cut(self, column: int) -> bool:
        return column != LAYER and self.written(column) != self._texts[column]

    def _place(self, column: int) -> tuple[int, int]:
        """Where what stands under a column begins, and its room, as far as it is seen."""
        left = self._heading.place(column) + PAD
        room = self._view.columnWidth(column) - 2 * PAD
        if column == OUT:
            end = self._heading.place(LAYER) + PAD + self._words(LAYER).width(self._texts[LAYER])
            wish = SIGN + self._words(OUT).width(self._texts[OUT]) + 1
            start = max(min(left, left + room - wish), end + PAD)  # there is room before it, behind “Total”
            left, room = start + SIGN, left + room - start - SIGN
        return inner(left, room, self._view.viewport().width(), 0 if column in (LAYER, OUT) else self._heading.kept)

    def written(self, column: int) -> str:
        """What of a column's text is written where it is narrow."""
        return self._words(column).figure(self._texts[column], self._short.get(column, ""), self._place(column)[1])

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), now.colour("window"))
        painter.fillRect(0, 0, self.width(), 1, now.colour("line"))
        seen, middle = self._view.viewport().width(), (self.height() + 1) / 2
        painter.setClipRect(0, 0, seen, self.height())
        for column, text in self._texts.items():
            if column not in self._rows.shown:
                continue
            words, (left, room) = self._words(column), self._place(column)
            wrong = column == OUT and self._problems > 0
            quiet = column in (TYPE, OUT)
            painter.setPen(now.colour("problem_text" if wrong else "caption" if quiet else "text"))
            if column == LAYER:
                name = self._heading.place(column) + PAD
                words.paint(painter, name, self._view.columnWidth(column) - 2 * PAD, middle, text)
                continue
            if column == OUT:
                if left < SIGN + PAD:
                    continue  # out of sight
                if not wrong:
                    left, room = left - SIGN, room + SIGN
                else:
                    sign(painter, QRectF(left - SIGN, 1, SIZE, self.height() - 1), None, now.colour("window"))
            if room > words.width("…"):
                words.paint_figure(painter, left, room, middle, text, self._short.get(column, ""), column in NUMBERS)
        painter.end()
