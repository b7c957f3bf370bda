"""A new network of a family: its depth and widths chosen in a small window, with the figures they give."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from ...net.analysis import analyse
from ...net.families import FAMILIES, Family
from ...net.files import placed
from ...net.layers.base import kind_of
from ...net.network import Network
from ...net.plan import Plan
from ...net.problems import Misfit
from ...text import N_, _
from ..editor import Editor
from ..fields import editor
from ..paint import theme
from ..paint.counts import grouped
from ..session import Session

TITLES = {
    "ConvClassifier": N_("The notes' class"),
    "VGG": "VGG",
    "GoogLeNet": "GoogLeNet",
    "ResNet": "ResNet",
    "CifarResNet": N_("ResNet for CIFAR-10"),
    "DenseNet": "DenseNet",
    "MobileNetV2": "MobileNetV2",
    "SqueezeNet": "SqueezeNet",
}


class FamilyDialog(QDialog):
    """Chooses a family and its settings; what is wrong with them stands below, and nothing is made then."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self.setWindowTitle(_("New network of a family"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.family: Family = next(iter(FAMILIES.values()))()
        self.editors: dict[str, Editor] = {}
        self._values: dict[str, Any] = {}  # as they stand in the editors, also where no network can be made of them
        self.kinds = QComboBox()
        self.kinds.setAccessibleName(_("Family"))
        for name in FAMILIES:
            self.kinds.addItem(_(TITLES.get(name, name)), name)
        self.about, self.figures = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self.figures.setFont(theme.caption())
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(4 * theme.GRID)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._make = self.buttons.addButton(_("Make it"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._make.setDefault(True)
        box = QVBoxLayout(self)
        box.setSpacing(2 * theme.GRID)
        box.addWidget(self.kinds)
        box.addWidget(self.about)
        box.addLayout(self._form)
        box.addWidget(self.figures)
        box.addStretch(1)
        box.addWidget(self.buttons)
        self.resize(440, 400)
        self.kinds.currentIndexChanged.connect(self._choose)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._choose()

    @Slot()
    def _choose(self) -> None:
        kind = FAMILIES[self.kinds.currentData()]
        self.family = kind()
        self.about.setText(_(kind.__doc__ or ""))
        while self._form.rowCount():
            self._form.removeRow(0)
        self.editors.clear()
        self._values = {f.name: getattr(self.family, f.name) for f in fields(kind)}
        for f in fields(kind):
            made = self.editors[f.name] = editor(f.name, kind_of(f))
            made.setToolTip(_(kind_of(f).help))
            made.setAccessibleName(f.name)
            made.show_value(self._values[f.name], fresh=True)
            made.told.connect(self._told)
            label = QLabel(f.name)
            label.setToolTip(_(kind_of(f).help))
            label.setBuddy(made)
            self._form.addRow(label, made)
        self._count()

    @Slot(object)
    def _told(self, value: Any) -> None:
        made = self.sender()
        if not isinstance(made, Editor):
            return
        self._values[made.name] = value
        made.show_value(value)
        try:
            self.family = type(self.family)(**self._values)
        except Misfit as e:
            self._say(e.problem.text)
        else:
            self._count()

    def _count(self) -> None:
        """The figures of the network that would be made, or what is wrong with it."""
        rows = analyse(self.family.graph())
        for row in rows.problems:
            if row.problem is not None:
                self._say(f"{row.id}: {row.problem.text}")
                return
        text = _("{layers} layers · {params} parameters · {macs} multiply-adds")
        self._make.setEnabled(True)
        self.figures.setText(text.format(layers=len(rows), params=grouped(rows.params), macs=grouped(rows.macs)))

    def _say(self, wrong: str) -> None:
        self._make.setEnabled(False)
        self.figures.setText(wrong)

    @Slot()
    def accept(self) -> None:
        if self._make.isEnabled():
            super().accept()
            name = type(self.family).__name__
            data = "cifar10" if name == "CifarResNet" else "digits"
            self._session.file.show_made(Network(placed(self.family.graph()), name.lower(), plan=Plan(data=data)))
