"""The comparison: the open network and another one side by side, row beside row, live with every edit."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ...net.analysis import Analysis
from ...net.compare import DIFFERS, SAME, share
from ...net.compare import Sums as Both
from ...net.fold import GroupRow, inside, path_of
from ...text import _, grouped
from ..paint import theme
from ..paint.counts import count, memory, short
from ..paint.signs import Sign
from ..session import Session
from ..session.comparing import Other
from .abreast import Abreast
from .cells import PAD
from .lines import COLUMNS, LEFT, MACS, PARAMS, RIGHT, Lines, signed
from .outline import OpenRow, Outline, outline
from .sides import MIDDLE, NAMES, Sums

Flag = QItemSelectionModel.SelectionFlag


class Comparison(QWidget):
    """Lines and, under them, both sums. The rows selected on the left are the session's selected layers."""

    asked = Signal()  # choose what to compare with

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._following = False  # the view is being told what is selected, it does not tell
        self._stale = True  # the networks have changed while nobody saw the panel
        self._outlined: tuple[Analysis, Analysis, Outline] | None = None  # view and rows of the other one, their lines
        self.model = Lines(self)
        self.view = Abreast(self.model, self)
        self.sums = Sums(self.view, self)
        self.strip = _Strip(self)
        self.start = QPushButton(_("Compare with…"))
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self._empty())
        self.stack.addWidget(self._table())
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.stack)
        self.setAutoFillBackground(True)
        self.start.clicked.connect(self.asked)
        self.view.heading.other.clicked.connect(self.asked)
        self.view.heading.away.clicked.connect(session.compare.end)
        self.view.asked.connect(self._menu)
        self.view.toggled.connect(self._toggle)
        self.view.selectionModel().selectionChanged.connect(self._tell)
        session.graph_changed.connect(self.refresh)
        session.view_changed.connect(self.refresh)
        session.comparison_changed.connect(self.refresh)
        session.document_changed.connect(self._call)
        session.selection_changed.connect(self._follow)

    def _empty(self) -> QWidget:
        """What to do while there is nothing to compare with."""
        page, box = QWidget(), QVBoxLayout()
        said = QLabel(
            _(
                "Put another network beside this one: one that comes with the program, a file, or this network as it "
                "is now, to see what your edits change."
            )
        )
        said.setWordWrap(True)
        said.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        said.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.start.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        box.addWidget(said)
        box.addWidget(self.start, 0, Qt.AlignmentFlag.AlignHCenter)
        box.addStretch(1)
        page.setLayout(box)
        page.setBackgroundRole(QPalette.ColorRole.Base)
        page.setAutoFillBackground(True)
        return page

    def _table(self) -> QWidget:
        page, box = QWidget(), QVBoxLayout()
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        for widget in (self.strip, self.view, self.sums):
            box.addWidget(widget, 1 if widget is self.view else 0)
        page.setLayout(box)
        return page

    # ── following the session ───────────────────────────────────────────────────────────────────────────────────────
    @Slot()
    def refresh(self) -> None:
        """Show both networks as they are now; selection and scroll position stay. Nothing while nobody sees it."""
        self._stale = not self.isVisible()
        if self._stale:
            return
        other = self._session.compare.other
        self.stack.setCurrentIndex(0 if other is None else 1)
        self._following = True
        if other is None:
            self.model.forget()
        else:
            rows, view = self._session.rows, self._session.fold.view
            fresh = self.model.show_networks(outline(view, rows), self._there(other), other.name)
            before = self.view.heading.names
            self._call()
            self._say_sums(rows, other)
            self._say_trouble(other)
            self.view.widen(fresh, self.sums, afresh=self.view.heading.names != before)
        self._following = False
        self._select(scroll=False)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def _there(self, other: Other) -> Outline:
        """The other network's lines, made anew when it or its folding has changed."""
        view = self._session.compare.view
        if self._outlined is None or self._outlined[0] is not view or self._outlined[1] is not other.rows:
            self._outlined = view, other.rows, outline(view, other.rows)
        return self._outlined[2]

    @Slot()
    def _call(self) -> None:
        """The networks' names, above their layers."""
        other = self._session.compare.other
        if other is not None:
            self.view.heading.call(self._session.file.name, other.name)

    def _say_trouble(self, other: Other) -> None:
        """Why the other network's figures are not those of a whole network."""
        row = next(iter(other.rows.problems), None)
        if other.trouble:
            self.strip.say(_("{why} Shown is what it held last.").format(why=other.trouble))
        elif not len(other.rows):
            self.strip.say(_("{network} is empty.").format(network=other.name))
        elif row is not None and row.problem is not None:
            text = _("{network} is broken at {layer}: {why} Its sums lack what waits for it.")
            self.strip.say(text.format(network=other.name, layer=row.id, why=row.problem.text))
        else:
            self.strip.say("")

    def _say_sums(self, rows: Analysis, other: Other) -> None:
        texts = {MIDDLE: SAME if all(line.same for line in self.model.lines) else DIFFERS}
        brief: dict[int, str] = {}
        bars: dict[int, float] = {}
        broken = {NAMES[side] for side, net in ((LEFT, rows), (RIGHT, other.rows)) if net.problems}
        for side, net in ((LEFT, rows), (RIGHT, other.rows)):
            n = len(net.problems)
            wrong = _("1 problem") if n == 1 else _("{n} problems").format(n=n)
            texts[NAMES[side]] = wrong if n else _("Total")
        amounts = {what: Both(getattr(rows, what), getattr(other.rows, what)) for what in (PARAMS, MACS)}
        for i, column in enumerate(COLUMNS):
            if not column.number:
                continue
            sums = amounts[column.what]
            if column.side:
                amount: int = getattr(sums, column.side)
                texts[i], brief[i] = count(amount), short(amount)
                bars[i] = amount / max(sums.left, sums.right, 1)
            else:
                brief[i] = "–" if rows.problems or other.rows.problems else share(sums)
                texts[i] = brief[i]
                if sums.difference and texts[i] != "–":
                    texts[i] = f"{signed(sums.difference)}   {share(sums)}"
        self.sums.say(texts, brief, bars, broken, "\n".join(_summed(rows, other)))

    # ── selection ───────────────────────────────────────────────────────────────────────────────────────────────────
    @Slot(QItemSelection, QItemSelection)
    def _tell(self, on: QItemSelection, off: QItemSelection) -> None:
        if self._following:
            return
        lines, current = self.model.lines, self.view.currentIndex().row()
        places = {i.row() for i in self.view.selectionModel().selectedRows()}
        ids: dict[str, None] = {}
        for place in sorted(places, key=lambda p: (p == current, p)):  # panels show the last one
            row = lines[place].left
            # subtotals mean their layers when they are clicked; else it is the layers that are selected
            if row is not None and (not isinstance(row, OpenRow) or on.contains(self.model.index(place, 0))):
                ids |= dict.fromkeys(inside(row))
        if places and not ids:
            return  # a layer of the other network has no card
        self._following = True
        self._session.look.select(ids)
        self._following = False
        self._select(scroll=False)

    @Slot()
    def _follow(self) -> None:
        if not self._following:
            self._select(scroll=True)

    def _select(self, scroll: bool) -> None:
        chosen, cards = {*self._session.look.selection}, {*self._session.fold.chosen}
        places = []
        for place, line in enumerate(self.model.lines):
            row = line.left
            if row is not None and (chosen.issuperset(row.members) if isinstance(row, OpenRow) else row.id in cards):
                places.append(place)
        model = self.view.selectionModel()
        if places == sorted(i.row() for i in model.selectedRows()):
            return
        picked = QItemSelection()
        for p in places:
            picked.select(self.model.index(p, 0), self.model.index(p, len(COLUMNS) - 1))
        self._following = True
        model.select(picked, Flag.ClearAndSelect)
        if places:
            here = self.view.currentIndex().row()
            self.view.setAutoScroll(scroll)  # a new current row is scrolled to, which after an edit nobody asked for
            model.setCurrentIndex(self.model.index(here if here in places else places[-1], 0), Flag.NoUpdate)
            self.view.setAutoScroll(True)
        self._following = False

    # ── groups ──────────────────────────────────────────────────────────────────────────────────────────────────────
    @Slot(int)
    def _toggle(self, place: int) -> None:
        """Fold or unfold the groups of a line, on both sides."""
        line, compare = self.model.lines[place], self._session.compare
        if isinstance(line.left, GroupRow):
            self._session.fold.toggle(path_of(line.left.id))
        if isinstance(line.right, GroupRow) and path_of(line.right.id) not in self._session.graph.groups:
            compare.toggle(path_of(line.right.id))

    # ── menu ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def menu(self) -> QMenu:
        """The context menu."""
        menu = QMenu(self)
        menu.addAction(_("Compare with…"), self.asked.emit)
        menu.addAction(_("Compare with it as it is now"), self._session.compare.with_now)
        menu.addSeparator()
        menu.addAction(_("End the comparison"), self._session.compare.end)
        return menu

    @Slot(QPoint)
    def _menu(self, where: QPoint) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(where)


def _summed(rows: Analysis, other: Other) -> list[str]:
    """Both sums with all their digits, and what one has more, in words."""
    lines = []
    told = (
        (_("Parameters"), Both(rows.params, other.rows.params), grouped),
        (_("MACs"), Both(rows.macs, other.rows.macs), grouped),
        (_("Memory"), Both(rows.activation_bytes, other.rows.activation_bytes), memory),
    )
    for what, sums, figure in told:
        text = _("{what}: {left} here, {right} in {network} ({share})")
        change = share(sums) if sums.difference else _("equal")
        lines.append(
            text.format(what=what, left=figure(sums.left), right=figure(sums.right), network=other.name, share=change)
        )
    for name, net in ((_("This network"), rows), (other.name, other.rows)):
        if net.uncosted:
            text = _("{network}: layers whose MACs are not known: {n}")
            lines.append(text.format(network=name, n=grouped(len(net.uncosted))))
    return lines


class _Strip(QWidget):
    """A line above the table that says what is wrong with the other network; hidden where nothing is."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        box = QHBoxLayout(self)
        box.setContentsMargins(PAD, theme.GRID // 2, PAD, theme.GRID // 2)
        box.setSpacing(theme.GRID)
        box.addWidget(Sign(), 0, Qt.AlignmentFlag.AlignTop)
        box.addWidget(self.text, 1)
        self.hide()

    def say(self, text: str) -> None:
        """Say this; nothing takes the line away."""
        if text != self.text.text():
            self.text.setText(text)
        self.setVisible(bool(text))
