"""How the comparison is painted: the two names above it, the lines, and both sums under them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QTableView, QToolButton, QWidget

from ...net.analysis import Row
from ...net.compare import ALIKE, SAME, Line
from ...net.fold import GroupRow
from ...text import _
from ..paint import theme
from ..paint.signs import SIZE, chevron, dot, sign
from .cells import DOT, PAD, SIGN
from .flat import HEIGHT, FlatHeading
from .lines import COLUMNS, FIELD, LEFT, MARK, NAME, RIGHT, Column, Lines, called, of, text
from .lines import changed as differs
from .outline import OpenRow
from .words import Words

STEP = 2 * theme.GRID
"""Pixels by which the rows in a group are indented."""
COMMON, SEVERAL = 3, 3
"""Letters with which names begin alike, and layers in a group that do so: where there is no room, `…` says as much."""
FIRST = re.compile(rf"[A-Za-z]{{{COMMON},}}_?")
"""The word that a name begins with."""
MORE = " ▾"
"""Behind the name of the other network: a click offers others."""
Stripe = tuple[int, int, int]
"""A column in view, its left edge, and its width."""
NAMES = {side: next(i for i, c in enumerate(COLUMNS) if c.side == side and c.what == NAME) for side in (LEFT, RIGHT)}
"""The columns of the layers' names."""
MIDDLE = next(i for i, c in enumerate(COLUMNS) if c.what == MARK)
TOGETHER = tuple(i for i, c in enumerate(COLUMNS) if not c.side and c.what != MARK)
"""The columns of the differences."""


def bold(font: QFont) -> QFont:
    """`font`, heavier: what differs, and sums."""
    font = QFont(font)
    font.setBold(True)
    return font


def bar() -> QColor:
    """Behind figures: a touch lighter than the wells, so that blue ones stand out by 4.5 to 1 there, too."""
    return theme.current().colour("well").lighter(101)


def beginnings(rows: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    """Words with which several layers of a group begin, such as `branch`: no room need be spent on them there."""
    seen: Counter[tuple[str, str]] = Counter()
    for row in rows:
        word = None if isinstance(row, GroupRow) else FIRST.match(called(row, below=True))
        if word is not None:
            seen[row.node.group, word[0]] += 1
    found: dict[str, tuple[str, ...]] = {}
    for (group, word_), times in seen.items():
        if times >= SEVERAL:
            found[group] = (*found.get(group, ()), word_)
    return found


def beginning(a: str, b: str) -> str:
    """What both begin with."""
    return a[: next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))]


def without(name: str, start: str) -> str:
    """`…3x3_conv` of `branch3x3_conv`, where others begin with `branch`, too; itself where nothing is left of it."""
    return f"…{name.removeprefix(start)}" if start and name.startswith(start) and name != start else name


def rule(column: int) -> bool:
    """Whether a thin line stands before a column: the other network, and the differences, begin."""
    return column in (NAMES[RIGHT], TOGETHER[0])


class Heading(FlatHeading):
    """The columns' names; above the layers stand the names of the two networks, the other one's to choose anew."""

    def __init__(self, parent: QTableView):
        super().__init__(parent)
        self.setMinimumSectionSize(4 * theme.GRID)
        self._words, self._names = Words(theme.caption()), Words(bold(theme.caption()))
        self.names = {LEFT: "", RIGHT: ""}
        self.brief = False  # there is little room
        self.other = _Button(self, _("Compare with another network"))
        self.other.setFont(bold(theme.caption()))
        self.away = _Button(self, _("End the comparison"))
        self.away.setText("×")
        self.sectionResized.connect(self.arrange)
        parent.horizontalScrollBar().valueChanged.connect(self.arrange)

    def call(self, left: str, right: str) -> None:
        """The networks' names."""
        self.names = {LEFT: left, RIGHT: right}
        self.other.setToolTip(_("{name}: choose another network to compare with").format(name=right))
        self.arrange()
        self.viewport().update()

    def needs(self, section: int, brief: bool) -> int:
        """Pixels that a column's name takes with its margins."""
        if section in NAMES.values():
            side = COLUMNS[section].side
            return self._names.width(self.names[side] + ("" if side == LEFT else MORE)) + 3 * PAD
        if section == MIDDLE:
            return HEIGHT
        return self._words.width(self._said(section, brief)) + 2 * PAD + 1

    def _said(self, section: int, brief: bool) -> str:
        column = COLUMNS[section]
        return _(column.short or column.heading) if brief else _(column.heading)

    @Slot()
    def arrange(self) -> None:
        """Put the two buttons where the other network begins."""
        left, wide, tall = self.sectionViewportPosition(NAMES[RIGHT]), self.sectionSize(NAMES[RIGHT]), self.height() - 2
        self.away.setGeometry(self.sectionViewportPosition(MIDDLE), 1, self.sectionSize(MIDDLE), tall)
        self.other.setText(self._cut(RIGHT, wide - 2 * PAD - self._names.width(MORE)) + MORE)
        self.other.setGeometry(left + 1, 1, min(wide - 1, self.other.sizeHint().width()), tall)

    def _cut(self, side: str, room: int) -> str:
        """A network's name, without what both begin with where there is no room, and cut where there is less still."""
        name, start = self.names[side], beginning(*self.names.values())
        if self._names.width(name) > room and len(start) >= COMMON:
            name = without(name, start)
        return self._names.metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(room, 0))

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        now, column = theme.current(), COLUMNS[section]
        painter.save()
        painter.fillRect(rect, now.colour("window"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), now.colour("line"))
        if rule(section):
            painter.fillRect(QRect(rect.left(), rect.top(), 1, rect.height()), now.colour("line"))
        named = section == NAMES[LEFT]
        painter.setPen(now.colour("text" if named else "caption"))
        words, name = (self._names, "") if named else (self._words, self._said(section, self.brief))
        if named:
            name = self._cut(LEFT, rect.width() - 2 * PAD)
        middle = rect.top() + rect.height() / 2
        words.paint(painter, rect.left() + PAD, rect.width() - 2 * PAD, middle, name, column.number)
        painter.restore()


class _Button(QToolButton):
    """A flat button on the heading that the Tab key reaches."""

    def __init__(self, parent: QWidget, tip: str):
        super().__init__(parent)
        self.setAutoRaise(True)
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setForegroundRole(QPalette.ColorRole.WindowText)


class Beside:
    """Paints lines: each network's row as the table has it, heavier where it differs, nothing where it lacks one."""

    def __init__(self, model: Lines):
        self._model = model
        body, figures = theme.body(), theme.tabular(theme.body())
        self._small = Words(theme.caption())
        self._small_bold = Words(bold(theme.caption()))
        self._fonts = {False: Words(body), True: Words(bold(body))}
        self._figures = {False: Words(figures), True: Words(bold(figures))}
        self._wide: dict[tuple[str, int, str], int] = {}  # pixels of names with their settings, by indent
        self._starts: dict[
            str, tuple[object, dict[str, tuple[str, ...]]]
        ] = {}  # by side: the rows, and what names begin with

    def words(self, column: Column, different: bool) -> Words:
        """The font of a cell."""
        return (self._figures if column.number or column.what == FIELD else self._fonts)[different]

    def needs(self, line: Line, column: Column, brief: bool) -> int:
        """Pixels that a cell's content takes with its margins, as if it differed: a mark must not widen a column."""
        row = of(line, column.side)
        if column.side and (row is None or (row.out is None and column.what != NAME)):
            return 0
        if column.what != NAME or row is None:
            return self.words(column, True).width(text(line, column, brief)) + 2 * PAD + 1
        key = row.id, self.indent(row, column.side), row.node.layer.brief
        if key not in self._wide:
            also = self._small_bold.width(key[2]) + PAD if key[2] else 0
            name = self._fonts[True].width(self._called(row, column.side))
            self._wide[key] = name + also + DOT + key[1] + 2 * PAD + 1
        return self._wide[key]

    def _called(self, row: Row, side: str) -> str:
        return called(row, below=self.indent(row, side) > 0)

    def indent(self, row: Row, side: str) -> int:
        """Pixels before the dot or sign of a row that lies in a group."""
        return STEP * self._model.sides[side].depths.get(row.id, 0)

    def paint(self, painter: QPainter, line: Line, top: int, columns: Sequence[Stripe], selected: bool) -> None:
        """Paint what `columns`, from left to right, show of a line whose upper edge is at `top`."""
        now = theme.current()
        (_first, start, _wide), (_last, left, wide) = columns[0], columns[-1]
        if selected:
            painter.fillRect(start, top, left + wide - start, HEIGHT, now.colour("highlight"))
        for number, left, wide in columns:
            column = COLUMNS[number]
            row = of(line, column.side)
            if column.side and row is None and not selected:
                painter.fillRect(left, top, wide, HEIGHT, now.colour("window"))  # a gap
            if rule(number) and not selected:
                painter.fillRect(left, top, 1, HEIGHT, now.colour("line"))
            if column.side and (row is None or (row.out is None and column.what != NAME)):
                continue  # nothing, or the sentence that goes over all of them
            different = differs(line, column)
            if row is not None and not selected:
                self._bar(painter, row, column, QRect(left, top, wide, HEIGHT))
            ink = "on_highlight" if selected else self._ink(line, column, row, different)
            if column.what == NAME and row is not None:
                self._name(painter, row, column.side, QRect(left, top, wide, HEIGHT), different, selected, ink)
                continue
            painter.setPen(now.colour(ink))
            said, words = text(line, column, self._model.brief), self.words(column, different and ink != "faint")
            middle, room = top + HEIGHT / 2, wide - 2 * PAD
            if column.what == MARK:
                left, room = left + (wide - words.width(said)) // 2 - PAD, words.width(said)
            words.paint(painter, left + PAD, room, middle, said, column.number)

    def _bar(self, painter: QPainter, row: Row, column: Column, place: QRect) -> None:
        most = self._model.most.get(column.what, 0)
        amount = getattr(row, column.what) if most else 0
        wide = (place.width() - PAD) * amount / most if most else 0.0
        if wide >= 1 and not isinstance(row, OpenRow):
            painter.fillRect(QRectF(place.left() + PAD / 2, place.top() + 4, wide, HEIGHT - 8), bar())

    def _ink(self, line: Line, column: Column, row: Row | None, different: bool) -> str:
        """The colour of a cell's text, by its name in the theme."""
        if column.what == MARK:
            return "faint" if text(line, column) in (SAME, ALIKE) else "link"
        nothing = column.number and (getattr(line, column.what) if row is None else getattr(row, column.what)) == 0
        if nothing and not different:
            return "faint"
        if row is not None and row.out is None:
            return "text"
        if different:
            return "link"
        return "caption" if isinstance(row, OpenRow) else "text"

    def _name(
        self, painter: QPainter, row: Row, side: str, place: QRect, different: bool, selected: bool, ink: str
    ) -> None:
        """A family's dot or a group's sign, the name, and the settings that tell the layer from others of its type."""
        now, middle = theme.current(), place.top() + HEIGHT / 2
        left = place.left() + PAD + self.indent(row, side)
        room = place.right() + 1 - PAD - left
        if isinstance(row, GroupRow):
            sign_ink = now.colour("on_highlight" if selected else "caption")
            chevron(painter, QPointF(left + 4, middle + 0.5), sign_ink, isinstance(row, OpenRow), 3.5)
        else:
            dot(painter, QPointF(left + 4, middle + 0.5), row.node.layer.family, selected)
        left, room = left + DOT, room - DOT
        words, small = self._fonts[different], self._small_bold if different else self._small
        name, also = self.written(row, side, room, different)
        brief, wide = row.node.layer.brief, room - also
        painter.setPen(now.colour(ink))
        words.paint(painter, left, wide, middle, name)
        if also:
            painter.setPen(now.colour(ink if different or selected else "caption"))
            small.paint(painter, left + words.width(name) + PAD, also - PAD, middle, brief)

    def written(self, row: Row, side: str, room: int, different: bool) -> tuple[str, int]:
        """What is written of a name in so much room, and the pixels of the layer's settings behind it.

        Where there is little, the settings go first, then what all names of the group begin with, then the middle.
        """
        words, small = self._fonts[different], self._small_bold if different else self._small
        name, brief = self._called(row, side), row.node.layer.brief
        also = small.width(brief) + PAD if brief else 0
        if words.width(name) <= room - also:
            return name, also
        if words.width(name) > room and not isinstance(row, GroupRow) and self.indent(row, side):
            for start in self._start(side).get(row.node.group, ()):
                name = without(name, start)
        if words.width(name) > room:
            name = words.metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)
        return name, 0

    def _start(self, side: str) -> dict[str, tuple[str, ...]]:
        rows = self._model.sides[side].rows
        if side not in self._starts or self._starts[side][0] is not rows:
            self._starts[side] = rows, beginnings(rows)
        return self._starts[side][1]

    def paint_problem(
        self, painter: QPainter, row: Row, side: str, top: int, left: int, wide: int, selected: bool
    ) -> None:
        """Write why a row gives nothing, from `left` on."""
        now = theme.current()
        waits = row.problem is not None and row.problem.code == "waits"
        left, room = left + PAD, wide - 2 * PAD
        if not waits:
            back = now.colour("highlight") if selected else now.colour("panel")
            sign(painter, QRectF(left, top, SIZE, HEIGHT), now.colour("on_highlight") if selected else None, back)
            left, room = left + SIGN, room - SIGN
        painter.setPen(now.colour("on_highlight" if selected else "faint" if waits else "problem_text"))
        words = self._small if waits else self._fonts[False]
        words.paint(painter, left, room, top + HEIGHT / 2, self._model.sides[side].reasons.get(row.id, ""))


class Sums(QWidget):
    """The last line: both sums under their columns with bars to one scale, and what one has more than the other."""

    def __init__(self, view: QTableView, parent: QWidget):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # nothing behind it is painted for it
        self._view = view
        self.texts: dict[int, str] = {}
        self.brief: dict[int, str] = {}  # what stands there where there is no room
        self._bars: dict[int, float] = {}
        self._broken: set[int] = set()
        figures = theme.tabular(theme.body())
        self._sums, self._small, self._body = Words(bold(figures)), Words(theme.caption()), Words(theme.body())
        self.setFixedHeight(HEIGHT + 2)
        view.horizontalHeader().sectionResized.connect(self.update)
        view.horizontalScrollBar().valueChanged.connect(self.update)

    def say(
        self, texts: dict[int, str], brief: dict[int, str], bars: dict[int, float], broken: set[int], tip: str
    ) -> None:
        """Show texts by column; `bars`: shares of the larger sum; `broken`: texts that tell of problems."""
        self.texts, self.brief, self._bars, self._broken = texts, brief, bars, broken
        self.setToolTip(tip)
        self.setAccessibleName(tip.replace("\n", ", "))
        self.update()

    def needs(self, column: int, brief: bool = False) -> int:
        """Pixels that a sum takes with its margins: the shorter way of a difference, and of all if they are brief."""
        said = self.texts.get(column, "")
        if brief or not COLUMNS[column].side:
            said = self.brief.get(column, said)
        return self._words(column).width(said) + 2 * PAD + 2 + (SIGN if column in self._broken else 0)

    def wishes(self, column: int) -> int:
        """Pixels that it takes in full."""
        return self._words(column).width(self.texts.get(column, "")) + 2 * PAD + 2

    def _words(self, column: int) -> Words:
        return self._body if COLUMNS[column].what in (NAME, MARK) else self._sums

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), now.colour("window"))
        painter.fillRect(0, 0, self.width(), 1, now.colour("line"))
        painter.setClipRect(0, 0, self._view.viewport().width(), self.height())
        shown = [n for n in self.texts if not self._view.isColumnHidden(n)]
        narrow = [n for n in shown if n in self.brief and self.wishes(n) > self._view.columnWidth(n) + 1]
        tight = {bool(COLUMNS[n].side) for n in narrow}  # sums stand alike, and so do differences
        for number in shown:
            whole, briefly = self.texts[number], bool(COLUMNS[number].side) in tight
            said = self.brief.get(number, whole) if briefly else whole
            column, words = COLUMNS[number], self._words(number)
            left, wide = self._view.columnViewportPosition(number), self._view.columnWidth(number)
            if rule(number):
                painter.fillRect(left, 0, 1, self.height(), now.colour("line"))
            share = self._bars.get(number, 0.0)
            if share:
                painter.fillRect(QRectF(left + PAD / 2, 5, max(1.0, (wide - PAD) * share), self.height() - 9), bar())
            left, room = left + PAD, wide - 2 * PAD
            if number in self._broken:
                sign(painter, QRectF(left, 1, SIZE, self.height() - 1), None, now.colour("window"))
                left, room = left + SIGN, room - SIGN
            painter.setPen(now.colour("problem_text" if number in self._broken else "text"))
            if column.what == MARK:
                left, room = left + (room - words.width(said)) // 2, words.width(said)
            words.paint(painter, left, room, (self.height() + 1) / 2, said, column.number)
        painter.end()
