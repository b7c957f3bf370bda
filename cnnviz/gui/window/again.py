"""Train again with one change: the dialog in which it is chosen. The rest stays as in the run before, the seed too."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QPalette, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ...link import runs
from ...net.acting import absent, hint
from ...net.files import FileError
from ...net.graph import Graph
from ...net.layers.base import kind_of
from ...net.plan import SHAPES, Plan, sections
from ...net.problems import Misfit
from ...text import _
from ..editor import Editor
from ..paint import theme
from ..planwords import label_of, words
from ..session.beside import changed
from ..training.planform import editor_of

if TYPE_CHECKING:
    from .window import Window

NETWORK = "network"
"""The change that is no setting: the edits of the network."""
FIRST = "lr"
"""What is chosen at first."""


class AgainDialog(QDialog):
    """Chooses a setting and its new value, or the edits of the network; `plan` and `graph` are what comes of it."""

    def __init__(self, window: Window, base: Plan, folder: str):
        super().__init__(window)
        self._window, self._session = window, window.session
        self.base, self._folder = base, folder
        self.edited = changed(self._session.graph, folder)
        self._value: Any = None
        self._wrong = ""
        self.editor: Editor | None = None
        self.setWindowTitle(_("Train again with one change"))
        self.choice = QComboBox()
        self.choice.setAccessibleName(_("What is changed"))
        self.choice.setMaxVisibleItems(24)
        self._fill()
        self.form = QFormLayout()
        self.form.setHorizontalSpacing(2 * theme.GRID)
        self.form.setVerticalSpacing(2 * theme.GRID)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.addRow(_("Change"), self.choice)
        self.place = QWidget()
        self.place.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._inside = QVBoxLayout(self.place)
        self._inside.setContentsMargins(0, 0, 0, 0)
        self.label = QLabel(_("New value"))
        self.form.addRow(self.label, self.place)
        self.now = QLabel()
        self.now.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.form.addRow("", self.now)
        self.about = QLabel()
        self.about.setWordWrap(True)
        self.about.setFont(theme.caption())
        self.about.setMinimumHeight(5 * self.about.fontMetrics().lineSpacing())
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.go = self.buttons.addButton(_("Train"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.go.setDefault(True)
        box = QVBoxLayout(self)
        box.setSpacing(4 * theme.GRID)
        box.addLayout(self.form)
        box.addWidget(self.about)
        box.addStretch(1)
        box.addWidget(self.buttons)
        self.setMinimumWidth(420)
        self.choice.currentIndexChanged.connect(self._turn)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.choose(NETWORK if self.edited else FIRST)
        self._turn()

    def _fill(self) -> None:
        """The edits of the network, then the plan's settings by section: those that act in the run before."""
        model = self.choice.model()
        assert isinstance(model, QStandardItemModel)
        if self.edited:
            self.choice.addItem(_("The network, as it is in the editor now"), NETWORK)
        for title, names in sections():
            there = [name for name in names if self._acts(name)]
            if not there:
                continue
            heading = QStandardItem(_(title))
            heading.setEnabled(False)
            model.appendRow(heading)
            for name in there:
                self.choice.addItem(f"   {label_of(name)}", name)

    def _acts(self, name: str) -> bool:
        if name.startswith("shapes_"):
            return self.base.data == SHAPES
        return not absent(self.base, name)

    def choose(self, name: str) -> None:
        """Choose what is changed: a setting's name, or NETWORK."""
        self.choice.setCurrentIndex(self.choice.findData(name))

    @property
    def chosen(self) -> str:
        """The setting that is changed, or NETWORK."""
        return str(self.choice.currentData())

    @Slot()
    def _turn(self) -> None:
        """Another change: its editor, with the present value."""
        if self.editor is not None:
            self.editor.hide()
            self.editor.deleteLater()
            self.editor = None
        setting = self.chosen != NETWORK
        for widget in (self.label, self.place, self.now):
            widget.setVisible(setting)
        self._wrong = ""
        if setting:
            kind = next(kind_of(f) for f in fields(Plan) if f.name == self.chosen)
            self._value = getattr(self.base, self.chosen)
            self.editor = editor_of(self.chosen, kind)
            self.editor.show_value(self._value, fresh=True)
            self.editor.told.connect(self._take)
            self.editor.setToolTip(" ".join(filter(None, (_(kind.help) + ".", hint(self.base, self.chosen)))))
            self._inside.addWidget(self.editor)
            self.now.setText(_("It was {value}").format(value=words(self.chosen, self._value)))
            for part in self.editor.parts()[:1]:
                part.setFocus()
        self._tell()

    @Slot(object)
    def _take(self, value: Any) -> None:
        self._value = value
        try:
            replace(self.base, **{self.chosen: value})
            self._wrong = ""
        except Misfit as error:
            self._wrong = error.problem.text
        if self.editor is not None:
            self.editor.show_value(value)
        self._tell()

    @property
    def plan(self) -> Plan | None:
        """How it is trained; None where the value is impossible."""
        if self._wrong:
            return None
        return self.base if self.chosen == NETWORK else replace(self.base, **{self.chosen: self._value})

    @property
    def graph(self) -> Graph | None:
        """The network of the run before, where that has to be put back; None: the one in the editor is right."""
        if not self.edited or self.chosen == NETWORK:
            return None
        try:
            return runs.network(self._folder).graph
        except FileError:
            return None

    @Slot()
    def _tell(self) -> None:
        """What will come of it."""
        same = self.plan == self.base and self.chosen != NETWORK
        self.go.setEnabled(not same and not self._wrong)
        self.go.setToolTip(_("Enter another value first") if same else "")
        said = [_("A new run with the same seed ({seed}), from first weights.").format(seed=self.base.seed)]
        if self.chosen == "seed":
            said = [_("A new run with another seed: other first weights, another order of the pictures.")]
        said.append(_("All the rest is as in the run before, which stands beside it at once."))
        if self.edited and self.chosen != NETWORK:
            said.append(_("That run's network is put back into the editor first; Undo brings the edits back."))
        if self._session.run.changes:
            said.append(_("What was changed while that run trained counts as it was at its end."))
        if self._session.run.active:
            said.append(_("The training that goes on now is ended first."))
        self.about.setText(self._wrong or " ".join(said))


def begin(window: Window) -> None:
    """Ask for the change, and train; a training that goes on is ended first, where a person agrees."""
    from . import questions

    session = window.session
    folder = session.time.folder
    try:
        base = runs.notes(folder).plan
    except runs.RunError as error:
        session.notice(str(error), "error", key="beside")
        return
    dialog = AgainDialog(window, base, folder)
    taken = ask(dialog)
    plan, graph = dialog.plan, dialog.graph
    dialog.deleteLater()
    if not taken or plan is None:
        return
    if session.run.active and not questions.end_training(window):
        return
    session.beside.again(plan, graph)


def ask(dialog: AgainDialog) -> bool:
    """Whether a person wants it: a function, so that tests can answer."""
    return bool(dialog.exec())
