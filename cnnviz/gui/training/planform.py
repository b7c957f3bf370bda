"""The plan of a training: every setting of it, by section, from its declared kinds."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, cast

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFormLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from ...net.acting import absent, fixed, hint, idle
from ...net.layers import Input
from ...net.layers.base import Kind, kind_of
from ...net.plan import AUGMENTS, LIVE, SHAPES, Plan, sections
from ...text import N_, _
from ..boxes import Decimal
from ..editor import Editor
from ..fields import editor
from ..paint import theme
from ..planwords import label_of, words
from ..session import Session
from .finder import Finder
from .names import DataEditor, FolderEditor, NameEditor, TextEditor
from .preview import Preview
from .rates import Rates
from .section import Heading

DATA = ("digits", "shapes", "mnist", "fashion-mnist", "kmnist", "cifar10", "cifar100", "svhn", "sentences")
DIVIDED = ("digits",)
"""Data sets of a name that do not say which pictures are held out; files and folders may not, either."""
ALWAYS_THERE = ("momentum",)
"""Settings that people look for: with another optimizer they say what they belong to, where others are not there."""
OPEN = (N_("Data"), N_("Shapes"), N_("Optimizer"))
"""Sections that are unfolded until a person folds them."""
REMEMBERED = "plan/open"
NARROW = 60
"""Pixels of a number's box at least: beside a table, and beside the longest label, there is little room."""


class PlanForm(QScrollArea):
    """Edits session.run.plan. The settings plan.LIVE act on the running training, the rest on the next one."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self.editors: dict[str, Editor] = {}
        self._active = False  # a run was going on when the tips were made
        self.headings: dict[str, Heading] = {}  # by the title of the section, untranslated
        self.setWidgetResizable(True)
        self.setFrameShape(self.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(8, 8, 8, 8)
        # it is always there: coming with a training, it would push the fields away from under a person's hands
        note = QLabel(_("What has a • acts at once while a training runs, the rest with the next one."))
        note.setWordWrap(True)
        note.setFont(theme.caption())
        note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        column.addWidget(note)
        self.rates, self.finder = Rates(session), Finder(session)
        self.search = QToolButton()
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(8)
        self._form.setVerticalSpacing(4)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)  # beside a table there is little room
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        column.addLayout(self._form)
        column.addStretch(1)
        self.setWidget(body)
        self.preview = Preview(session)
        self.preview.grew.connect(self._stay)
        self._wanted: int | None = None  # where to scroll to
        self.verticalScrollBar().rangeChanged.connect(self._follow)
        self._make()
        session.plan_changed.connect(self.show_plan)
        session.graph_changed.connect(self._show_rows)
        session.pictures_changed.connect(self._show_rows)
        session.engine_changed.connect(self._show_devices)
        session.run_changed.connect(self._show_run)
        session.finder_changed.connect(self._show_rows)
        self.show_plan()

    def _make(self) -> None:
        kinds = {f.name: kind_of(f) for f in fields(Plan)}
        unfolded = str(self._session.settings.get(REMEMBERED, ";".join(OPEN))).split(";")
        for title, names in sections():
            heading = self.headings[title] = Heading(_(title))
            heading.setChecked(title in unfolded)
            heading.toggled.connect(self._folded)
            self._form.addRow(heading)
            if AUGMENTS[0] in names:
                self._form.addRow(self.preview)  # above: it is seen while a setting is changed
            for name in names:
                self._add(name, kinds[name])
            if "schedule" in names:
                self._form.addRow(self.rates)
            if "lr" in names:
                self._offer_finder()

    def _offer_finder(self) -> None:
        """Beside the learning rate a button that looks for one; what comes of it stands below."""
        self.search.setText("…")
        self.search.setToolTip(_("Look for a learning rate: a copy of the weights is trained while the rate rises"))
        self.search.setAccessibleName(_("Look for a learning rate"))
        self.search.clicked.connect(self._find)
        line = self.editors["lr"].line
        line.insertWidget(line.count() - 1, self.search)
        row, _role = cast(tuple[int, object], self._form.getWidgetPosition(self.editors["lr"]))
        self._form.insertRow(row + 1, self.finder)

    @Slot()
    def _find(self) -> None:
        self._session.finder.start()
        QTimer.singleShot(0, self._show_finder)  # once it has its place

    @Slot()
    def _show_finder(self) -> None:
        self.ensureWidgetVisible(self.finder)

    @Slot(int)
    def _stay(self, more: int) -> None:
        """What stands above has become higher: the setting that is edited stays under the hands."""
        held, body = self.window().focusWidget(), self.widget()
        if held is None or body is None or not body.isAncestorOf(held):
            return
        if held.mapTo(body, held.rect().topLeft()).y() > self.preview.y():
            self._wanted = (self.verticalScrollBar().value() if self._wanted is None else self._wanted) + more
            QTimer.singleShot(0, self._stayed)

    @Slot()
    def _follow(self) -> None:
        """The rows have their places: in the same breath, or they would be seen to jump."""
        if self._wanted is not None:
            self.verticalScrollBar().setValue(self._wanted)

    @Slot()
    def _stayed(self) -> None:
        self._follow()
        self._wanted = None

    def _add(self, name: str, kind: Kind) -> None:
        made = self.editors[name] = editor_of(name, kind)
        made.told.connect(self._told)
        made.called = label_of(name).partition(", ")[0]  # without its unit
        label = QLabel(f"{label_of(name)} •" if name in LIVE else label_of(name))
        label.setToolTip(_(kind.help))
        made.setToolTip(_(kind.help))
        for part in (made, *made.parts()):
            part.setAccessibleName(part.accessibleName() or label_of(name))
            if isinstance(part, Decimal):
                part.setMinimumWidth(NARROW)
        label.setBuddy(made.parts()[0])
        self._form.addRow(label, made)

    @Slot()
    def _folded(self) -> None:
        self._session.settings.set(REMEMBERED, ";".join(t for t, h in self.headings.items() if h.isChecked()))
        self._show_rows()

    def unfold(self, name: str) -> None:
        """Bring this setting into view."""
        self.headings[next(title for title, names in sections() if name in names)].setChecked(True)
        self.ensureWidgetVisible(self.editors[name])

    @Slot(object)
    def _told(self, value: Any) -> None:
        made = self.sender()
        if isinstance(made, Editor) and not self._session.run.set_plan(**{made.name: value}):
            self.show_plan()

    @Slot()
    def show_plan(self) -> None:
        """Show the plan as it is."""
        plan = self._session.run.plan
        for name, made in self.editors.items():
            made.show_value(getattr(plan, name))
            why = idle(plan, name)
            made.setEnabled(not why)
            later = fixed(name) if self._session.run.active and not why else ""
            made.setToolTip(" ".join(filter(None, (why or _(made.kind.help) + ".", hint(plan, name), later))))
        self._show_rows()

    @Slot()
    def _show_rows(self) -> None:
        """A setting is there where its section is unfolded and it can act; a folded section says what is unusual."""
        unusual = self._session.run.plan.to_json()
        for title, names in sections():
            there = [name for name in names if self._acts(name)]
            heading = self.headings[title]
            self._form.setRowVisible(heading, bool(there))
            for name in names:
                self._form.setRowVisible(self.editors[name], heading.isChecked() and name in there)
            if "lr" in names:
                self._form.setRowVisible(self.finder, heading.isChecked() and self._session.finder.shown)
            if "schedule" in names:
                self._form.setRowVisible(self.rates, heading.isChecked() and self.rates.tells)
            if AUGMENTS[0] in names:
                self._form.setRowVisible(self.preview, heading.isChecked() and bool(there))
            heading.tell(" · ".join(words(name, unusual[name]) for name in there if name in unusual))

    def _acts(self, name: str) -> bool:
        """Whether the setting can do anything here: augmentation with pictures, an auxiliary weight with outputs."""
        data = self._session.run.plan.data
        if name.startswith("shapes_"):
            return data == SHAPES
        if name == "held_out":
            return data in DIVIDED or data not in DATA
        if name in AUGMENTS:
            node = self._session.rows.input
            return node is None or isinstance(node.layer, Input)
        if name == "aux_weight":
            return len(self._session.graph.ends) > 1
        return not absent(self._session.run.plan, name) or name in ALWAYS_THERE

    @Slot()
    def _show_run(self) -> None:
        """A training has begun or ended: what cannot be changed meanwhile says why."""
        if self._session.run.active != self._active:
            self._active = self._session.run.active
            self.show_plan()

    @Slot()
    def _show_devices(self) -> None:
        device = self.editors["device"]
        if self._session.devices and isinstance(device, NameEditor):
            device.offer(("auto", *self._session.devices))


def editor_of(name: str, kind: Kind) -> Editor:
    """An editor of a setting of the plan."""
    if name == "data":
        return DataEditor(name, kind, DATA)
    if name == "device":
        return NameEditor(name, kind, ("auto",))
    if name == "data_dir":
        return FolderEditor(name, kind)
    return TextEditor(name, kind) if kind.name == "text" else editor(name, kind)
