"""The plan of a training: every setting of it, from its declared kinds."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...net.layers.base import kind_of
from ...net.plan import Plan
from ...text import N_, _
from ..boxes import Line
from ..editor import Editor
from ..fields import NAMES, editor
from ..naming import ask_folder
from ..paint import theme
from ..session import Session

LABELS = {
    "data": N_("Data set"),
    "data_dir": N_("Data folder"),
    "epochs": N_("Epochs"),
    "batch_size": N_("Batch size"),
    "optimizer": N_("Optimizer"),
    "lr": N_("Learning rate"),
    "momentum": N_("Momentum"),
    "weight_decay": N_("Weight decay"),
    "seed": N_("Seed"),
    "init": N_("First weights"),
    "aux_weight": N_("Auxiliary weight"),
    "threads": N_("Threads"),
    "device": N_("Device"),
}
DATA = ("digits", "mnist", "fashion-mnist", "kmnist", "cifar10", "sentences")
USES_MOMENTUM = ("sgd", "rmsprop")


class PlanForm(QScrollArea):
    """Edits session.run.plan. The learning rate acts on the running training, the rest on the next one."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self.editors: dict[str, Editor] = {}
        self.setWidgetResizable(True)
        self.setFrameShape(self.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 8, 12, 8)
        # it is always there: coming with a training, it would push the fields away from under a person's hands
        note = QLabel(_("While a training runs, the learning rate acts at once, everything else with the next one."))
        note.setWordWrap(True)
        note.setFont(theme.caption())
        note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        column.addWidget(note)
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(16)
        self._form.setVerticalSpacing(4)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)  # beside a table there is little room
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        column.addLayout(self._form)
        column.addStretch(1)
        self.setWidget(body)
        self._make()
        session.plan_changed.connect(self.show_plan)
        session.graph_changed.connect(self._show_ends)
        session.engine_changed.connect(self._show_devices)
        self.show_plan()

    def _make(self) -> None:
        for f in fields(Plan):
            kind = kind_of(f)
            label = QLabel(_(LABELS[f.name]))
            label.setToolTip(_(kind.help))
            widget: QWidget
            if f.name == "data":
                widget = self._data = _Choice(DATA)
                self._data.told.connect(self._chose_data)
            elif f.name == "device":
                widget = self._device = _Choice(("auto",))
                self._device.told.connect(self._chose_device)
            elif f.name == "data_dir":
                widget = self._folder_row()
            else:
                widget = self.editors[f.name] = editor(f.name, kind)
                self.editors[f.name].told.connect(self._told)
            widget.setToolTip(_(kind.help))
            widget.setAccessibleName(_(LABELS[f.name]))
            label.setBuddy(widget)
            self._form.addRow(label, widget)

    def _folder_row(self) -> QWidget:
        """The folder of the data sets, to be typed or chosen."""
        self._folder = Line()
        self._folder.setPlaceholderText(_("the usual one"))
        self._folder.editingFinished.connect(self._entered_folder)
        self.browse = QToolButton()
        self.browse.setText("…")
        self.browse.setToolTip(_("Browse: choose the data folder"))
        self.browse.setAccessibleName(_("Choose the data folder"))
        self.browse.clicked.connect(self._browse)
        place = QWidget()
        row = QHBoxLayout(place)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID)
        row.addWidget(self._folder, 1)
        row.addWidget(self.browse)
        place.setFocusProxy(self._folder)
        return place

    @Slot()
    def _browse(self) -> None:
        folder = ask_folder(self, _("Choose the data folder"), self._session.run.plan.data_dir)
        if folder:
            self._session.run.set_plan(data_dir=folder)

    @Slot(object)
    def _told(self, value: Any) -> None:
        made = self.sender()
        if isinstance(made, Editor) and not self._session.run.set_plan(**{made.name: value}):
            self.show_plan()

    @Slot(str)
    def _chose_data(self, name: str) -> None:
        self._session.run.set_plan(data=name)

    @Slot(str)
    def _chose_device(self, name: str) -> None:
        self._session.run.set_plan(device=name)

    @Slot()
    def _entered_folder(self) -> None:
        self._session.run.set_plan(data_dir=self._folder.text().strip())

    @Slot()
    def show_plan(self) -> None:
        """Show the plan as it is."""
        plan = self._session.run.plan
        for name, made in self.editors.items():
            made.show_value(getattr(plan, name))
        self._data.show_text(plan.data)
        self._device.show_text(plan.device)
        if self._folder.text() != plan.data_dir:
            self._folder.setText(plan.data_dir)
        used = plan.optimizer in USES_MOMENTUM
        self.editors["momentum"].setEnabled(used)
        help_text = _("part of the last step that is kept")
        self.editors["momentum"].setToolTip(
            help_text if used else _("{optimizer} has no momentum setting").format(optimizer=NAMES[plan.optimizer])
        )
        self._show_ends()

    @Slot()
    def _show_ends(self) -> None:
        """The weight of auxiliary outputs is there only beside some."""
        several = len(self._session.graph.ends) > 1
        self._form.setRowVisible(self.editors["aux_weight"], several)

    @Slot()
    def _show_devices(self) -> None:
        if self._session.devices:
            self._device.offer(("auto", *self._session.devices))


class _Choice(QComboBox):
    """Names to choose from, or another one typed in; `told` when a person has chosen."""

    told = Signal(str)

    def __init__(self, names: tuple[str, ...], parent: QWidget | None = None):
        super().__init__(parent)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.addItems(names)
        self.textActivated.connect(self._tell)
        line = self.lineEdit()
        assert line is not None
        line.editingFinished.connect(self._tell)
        self._shown = self.currentText()

    def offer(self, names: tuple[str, ...]) -> None:
        """Other names to choose from."""
        with QSignalBlocker(self):
            text = self._shown
            self.clear()
            self.addItems(names)
            self.setEditText(text)

    def show_text(self, text: str) -> None:
        """Show a name."""
        self._shown = text
        with QSignalBlocker(self):
            self.setEditText(text)

    @Slot()
    def _tell(self, _text: str = "") -> None:
        text = self.currentText().strip()
        if text and text != self._shown:
            self._shown = text
            self.told.emit(text)
