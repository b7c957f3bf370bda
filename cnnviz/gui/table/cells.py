"""How the table is painted: its heading, its cells, and the totals under it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from ...net.analysis import Row
from ...text import _
from ..paint import theme
from ..paint.counts import LONGEST, count, grouped, memory
from ..paint.signs import SIZE, dot, sign
from ..session import Session
from .rows import COLUMNS, FIELD, LAYER, MACS, MEMORY, NUMBERS, OUT, PARAMS, TYPE, Rows, cell

HEIGHT = 26
PAD = 5
"""Pixels beside what stands in a column."""
Index = QModelIndex | QPersistentModelIndex


def total_font() -> QFont:
    """Of the sums under the columns: bold figures of equal width."""
    font = theme.tabular(theme.body())
    font.setBold(True)
    return font


class Heading(QHeaderView):
    """The columns' names, each above what stands in it."""

    def __init__(self, parent: QWidget):
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(False)
        self.setHighlightSections(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setStretchLastSection(True)
        self.setMinimumSectionSize(6 * theme.GRID)
        self.setFixedHeight(HEIGHT + 2)
        self.own: set[int] = set()  # columns whose width a person has chosen
        self._held = False
        self.sectionResized.connect(self._note)

    def needs(self, section: int) -> int:
        """Pixels that a column's name takes with its margins."""
        return QFontMetrics(theme.caption()).horizontalAdvance(_(COLUMNS[section])) + 2 * PAD + 1

    @Slot(int, int, int)
    def _note(self, section: int, before: int, now: int) -> None:
        if self._held:
            self.own.add(section)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._held = True
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._held = False

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        now = theme.current()
        painter.save()
        painter.fillRect(rect, now.colour("window"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), now.colour("line"))
        painter.setFont(theme.caption())
        painter.setPen(now.colour("caption"))
        area = QRectF(rect).adjusted(PAD, 0, -PAD, 0)
        end = Qt.AlignmentFlag.AlignRight if section in NUMBERS else Qt.AlignmentFlag.AlignLeft
        text = painter.fontMetrics().elidedText(_(COLUMNS[section]), Qt.TextElideMode.ElideRight, int(area.width()) + 1)
        painter.drawText(area, int(end | Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()


class Cells(QStyledItemDelegate):
    """One cell: a dot and a name, a caption, or a figure before its share's bar."""

    def __init__(self, rows: Rows, parent: QWidget):
        super().__init__(parent)
        self._rows = rows
        self._body, self._small = theme.body(), theme.caption()
        self._figures = theme.tabular(self._body)  # made once: a font costs as much as a cell
        fonts = {TYPE: self._small, LAYER: self._body, OUT: self._body}
        self._metrics = [QFontMetrics(fonts.get(column, self._figures)) for column in range(len(COLUMNS))]
        self._advances: list[dict[str, int]] = [{} for _column in COLUMNS]

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row = self._rows.rows[index.row()]
        return QSize(self.needs(row, index.column()), HEIGHT)

    def needs(self, row: Row, column: int) -> int:
        """Pixels that a cell's content takes with its margins; a sentence over all columns widens none."""
        if row.out is None and column >= OUT:
            return 2 * PAD
        text, known = cell(row, column), self._advances[column]
        if text not in known:  # most cells of a column say what others say
            known[text] = self._metrics[column].horizontalAdvance(text)
        wide = known[text] + 2 * PAD + 1
        return wide + (4 * theme.GRID if column == LAYER else 0)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        now = theme.current()
        row, column, area = self._rows.rows[index.row()], index.column(), QRectF(option.rect)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(area, now.colour("highlight"))
        elif option.state & QStyle.StateFlag.State_HasFocus:  # Ctrl+arrows move here without selecting
            painter.setPen(now.colour("accent"))
            painter.drawRect(area.adjusted(0.5, 0.5, -1.5, -1.5))
        if row.out is None and column >= OUT:
            return  # the view writes the sentence over all of them
        if column == PARAMS and row.params and self._rows.params and not selected:
            self._bar(painter, area, row.params / self._rows.params)
        area.adjust(PAD, 0, -PAD, 0)
        quiet = row.out is None and row.problem is not None and row.problem.code == "waits"
        font = self._body
        ink = "faint" if quiet else "text"
        if column == LAYER:
            dot(painter, QPointF(area.left() + 4, area.center().y() + 0.5), row.node.layer.family, selected)
            area.adjust(4 * theme.GRID, 0, 0, 0)
        elif column == TYPE or (column == FIELD and row.field is None):
            font, ink = self._small, "faint" if quiet else "caption"
        elif column != OUT:
            font = self._figures
            if {PARAMS: row.params, MACS: row.macs}.get(column) == 0:
                ink = "faint"
        painter.setFont(font)
        painter.setPen(now.colour("on_highlight" if selected else ink))
        end = Qt.AlignmentFlag.AlignRight if column in NUMBERS else Qt.AlignmentFlag.AlignLeft
        text = painter.fontMetrics().elidedText(
            self._rows.text(row, column), Qt.TextElideMode.ElideRight, int(area.width()) + 1
        )
        painter.drawText(area, int(end | Qt.AlignmentFlag.AlignVCenter), text)

    def _bar(self, painter: QPainter, area: QRectF, share: float) -> None:
        wide = max(1.0, (area.width() - PAD) * share)
        bar = QRectF(area.left() + PAD / 2, area.top() + 4, wide, area.height() - 8)
        painter.fillRect(bar, theme.current().colour("well"))


class Totals(QWidget):
    """The last line: sums under the columns they belong to, and how many layers are broken."""

    def __init__(self, view: QTableView, parent: QWidget):
        super().__init__(parent)
        self._view = view
        self._texts: dict[int, str] = {}
        self._problems = 0
        self.setFixedHeight(HEIGHT + 2)
        view.horizontalHeader().sectionResized.connect(self.update)
        view.horizontalScrollBar().valueChanged.connect(self.update)

    def show_totals(self, session: Session) -> None:
        """Sum up the session's rows."""
        rows = session.rows
        self._problems = len(rows.problems)
        n = len(rows)
        self._texts = {
            LAYER: _("Total"),
            TYPE: _("1 layer") if n == 1 else _("{n} layers").format(n=grouped(n)),
            PARAMS: count(rows.params),
            MACS: count(rows.macs),
            MEMORY: memory(rows.activation_bytes),
        }
        if self._problems:
            text = _("1 problem") if self._problems == 1 else _("{n} problems").format(n=self._problems)
            self._texts[OUT] = text  # nothing is summed up there
        large = [(_("{n} parameters"), rows.params), (_("{n} multiply-adds"), rows.macs)]
        self.setToolTip("\n".join(t.format(n=grouped(n)) for t, n in large if n > LONGEST))
        self.setAccessibleName(", ".join(f"{_(COLUMNS[c])} {t}" for c, t in self._texts.items()))
        self.update()

    def needs(self) -> dict[int, int]:
        """Pixels that the sums take with their margins, by column."""
        bold = QFontMetrics(total_font())
        sums = {c: bold.horizontalAdvance(self._texts[c]) for c in NUMBERS}
        sums[TYPE] = QFontMetrics(theme.caption()).horizontalAdvance(self._texts[TYPE])
        return {column: wide + 2 * PAD + 2 for column, wide in sums.items()}

    @property
    def texts(self) -> dict[int, str]:
        """What stands under each column."""
        return self._texts

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), now.colour("window"))
        painter.fillRect(0, 0, self.width(), 1, now.colour("line"))
        painter.setClipRect(0, 0, self._view.viewport().width(), self.height())
        for column, text in self._texts.items():
            wide = self._view.columnWidth(column)
            area = QRectF(self._view.columnViewportPosition(column), 1, wide, self.height() - 1)
            area.adjust(PAD, 0, -PAD, 0)
            font = theme.caption() if column == TYPE else theme.body() if column == OUT else total_font()
            painter.setPen(now.colour({TYPE: "caption", OUT: "problem_text"}.get(column, "text")))
            if column == OUT:
                needs = SIZE + theme.GRID + QFontMetrics(font).horizontalAdvance(text) + 1
                area.setLeft(area.left() - max(0.0, needs - area.width()))  # there is room before it, behind “Total”
                sign(painter, QRectF(area.left(), area.top(), SIZE, area.height()), None, now.colour("window"))
                area.adjust(SIZE + theme.GRID, 0, 0, 0)
            painter.setFont(font)
            end = Qt.AlignmentFlag.AlignRight if column in NUMBERS else Qt.AlignmentFlag.AlignLeft
            text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()) + 1)
            painter.drawText(area, int(end | Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()
