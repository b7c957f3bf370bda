"""What to compare the open network with: the window that asks, and the dock that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
)

from ...net import presets
from ...text import N_, _
from ..paint import theme
from . import questions

if TYPE_CHECKING:
    from .window import Window

LINE = 6 * theme.GRID
"""Pixels of a line of the list."""
NOW, SAVED, FILE, PAIR, PRESET = "now", "saved", "file", "pair", "preset"


@dataclass(frozen=True)
class Choice:
    """Something to compare with. `about` says what comes of it; `left`: of a pair the network that is opened."""

    kind: str
    text: str
    about: str
    name: str = ""
    left: str = ""


PAIRS = (
    Choice(
        PAIR,
        N_("Two 3×3 windows and one 5×5 window"),
        N_("Two small windows in a row see as much as one large window, with 28 % fewer weights."),
        "one-5x5",
        "two-3x3",
    ),
    Choice(
        PAIR,
        N_("Inception with and without reduction"),
        N_("1×1 convolutions before the large windows save more than half of the multiply-adds."),
        "inception-direct",
        "inception-reduced",
    ),
    Choice(
        PAIR,
        N_("Plain and residual: 20 layers"),
        N_("The skips that make deep networks learn cost not one parameter."),
        "resnet20",
        "plain20",
    ),
)
"""Those of the course. The first network named is opened, and the second one stands beside it."""


def choices() -> tuple[tuple[str, tuple[Choice, ...]], ...]:
    """Everything to compare with, under its headings."""
    return (
        (
            _("This network"),
            (
                Choice(NOW, _("As it is now"), _("Keeps a copy, to see what your edits change from now on.")),
                Choice(SAVED, _("As it was opened or saved"), _("Shows everything that has not been saved yet.")),
            ),
        ),
        (_("Another one"), (Choice(FILE, _("A network file…"), _("It is read again when the file changes.")),)),
        (_("Pairs to learn from"), PAIRS),
        (_("Networks"), tuple(Choice(PRESET, *presets.words(n), name=n) for n in presets.presets())),
    )


class CompareDialog(QDialog):
    """Chooses one of them, found by words."""

    def __init__(self, window: Window):
        super().__init__(window)
        self._window = window
        self.setWindowTitle(_("Compare with"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.search = QLineEdit(placeholderText=_("Search networks"), clearButtonEnabled=True)
        self.list = QListWidget()
        self.list.setAccessibleName(_("What to compare with"))
        self.about = QLabel(wordWrap=True)
        self.about.setFont(theme.caption())
        self.about.setMinimumHeight(4 * self.about.fontMetrics().lineSpacing())
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._go = self.buttons.addButton(_("Compare"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._go.setDefault(True)
        box = QVBoxLayout(self)
        box.setSpacing(2 * theme.GRID)
        for widget in (self.search, self.list, self.about, self.buttons):
            box.addWidget(widget)
        self.resize(420, 520)
        self._sections: list[tuple[QListWidgetItem, list[QListWidgetItem]]] = []
        self._fill()
        self.search.setFocus()
        self.search.textChanged.connect(self._filter)
        self.list.currentItemChanged.connect(self._explain)
        self.list.itemActivated.connect(self.accept)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._filter("")

    def _fill(self) -> None:
        for heading, offered in choices():
            item = QListWidgetItem(heading, self.list)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            item.setFont(theme.caption())
            item.setSizeHint(QSize(0, LINE))
            item.setTextAlignment(Qt.AlignmentFlag.AlignBottom)
            rows = []
            for choice in offered:
                row = QListWidgetItem(f"   {_(choice.text)}", self.list)
                row.setSizeHint(QSize(0, LINE))
                row.setData(Qt.ItemDataRole.UserRole, choice)
                rows.append(row)
            self._sections.append((item, rows))

    @Slot(str)
    def _filter(self, text: str) -> None:
        words = text.lower().split()
        first: QListWidgetItem | None = None
        for heading, rows in self._sections:
            for row in rows:
                choice = row.data(Qt.ItemDataRole.UserRole)
                searched = f"{row.text()} {choice.name} {choice.left}".lower()
                row.setHidden(not all(w in searched for w in words))
                if first is None and not row.isHidden():
                    first = row
            heading.setHidden(all(r.isHidden() for r in rows))
        current = self.list.currentItem()
        if current is None or current.isHidden():
            self.list.setCurrentRow(self.list.row(first) if first is not None else -1)
        self._explain()

    @property
    def chosen(self) -> Choice | None:
        """What the list stands on."""
        item = self.list.currentItem()
        found: Choice | None = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        return found

    @Slot()
    def _explain(self) -> None:
        choice = self.chosen
        self._go.setEnabled(choice is not None)
        self.about.setText(_(choice.about) if choice else _("Nothing is called so. Empty the search to see all."))

    @Slot()
    def accept(self) -> None:
        choice = self.chosen
        if choice is not None:
            super().accept()
            begin(self._window, choice)


def begin(window: Window, choice: Choice) -> None:
    """Compare with this, and bring the comparison to the front."""
    session, done = window.session, True
    compare = session.compare
    if choice.kind == NOW:
        compare.with_now()
    elif choice.kind == SAVED:
        done = compare.with_saved()
    elif choice.kind == FILE:
        path = questions.open_network(window, session.settings.get("folder", ""))
        done = bool(path) and compare.with_file(path)
    elif choice.kind == PAIR:
        done = window.desk.may_leave() and session.file.open_preset(choice.left) and compare.with_preset(choice.name)
    else:
        done = compare.with_preset(choice.name)
    if done:
        show(window)


def show(window: Window) -> None:
    """Bring the comparison to the front; where it has just come, with as much room as can be spared beside it."""
    dock, curves = window.docks["compare"], window.docks["curves"]
    came = dock.isHidden()
    dock.show()
    dock.raise_()
    if came and not dock.isFloating() and window.dockWidgetArea(curves) == window.dockWidgetArea(dock):
        wide = window.docks["table"].width() + curves.width()
        window.resizeDocks([dock, curves], [wide * 4 // 5, wide // 5], Qt.Orientation.Horizontal)
