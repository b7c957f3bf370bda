"""Paging through the pictures of the data set."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSpinBox, QToolButton, QWidget

from ...link.messages import Sample
from ...text import _
from ..paint import theme
from ..session import Session


class Paging(QWidget):
    """Previous, number, next; held-out or training pictures; a picture of one's own."""

    open_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.back, self.forth = _arrow(Qt.ArrowType.LeftArrow), _arrow(Qt.ArrowType.RightArrow)
        self.place = QSpinBox()
        self.place.setKeyboardTracking(False)
        self.place.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.place.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.place.setAccessibleName(_("Number of the picture"))
        self.split = QComboBox()
        self.split.setAccessibleName(_("Which pictures"))
        self.split.addItem(_("Held out"), "test")
        self.split.addItem(_("Training"), "train")
        self.open = QPushButton(_("Open…"))
        self.open.setToolTip(_("Look at a picture of your own"))
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.GRID, theme.GRID, 2 * theme.GRID, theme.GRID)
        row.setSpacing(theme.GRID)
        for part in (self.back, self.place, self.forth, self.split):
            row.addWidget(part)
        row.addStretch(1)
        row.addWidget(self.open)
        self.back.clicked.connect(self._back)
        self.forth.clicked.connect(self._forth)
        self.place.valueChanged.connect(self._go)
        self.split.activated.connect(self._go_first)
        self.open.clicked.connect(self.open_requested)
        session.pictures_changed.connect(self._meet)
        session.picture_changed.connect(self._meet)
        self._meet()

    def speak_of(self, sentences: bool = False, positions: bool = False) -> None:
        """What is paged through, where that is no pictures: it is not opened, and positions are not trained on."""
        self.open.setVisible(not (sentences or positions))
        self.split.setVisible(not positions)

    @Slot()
    def _meet(self) -> None:
        """Show which picture is looked at."""
        pictures, picture = self._session.look.pictures, self._session.look.picture
        sample = picture if isinstance(picture, Sample) else None
        split = sample.split if sample else str(self.split.currentData())
        n = (pictures.test if split == "test" else pictures.train) if pictures else 0
        self.place.blockSignals(True)
        self.place.setRange(1 if sample and n else 0, n)
        self.place.setSuffix(" " + _("of {n}").format(n=f"{n:,}") if n else "")
        self.place.setSpecialValueText("" if sample and n else "–")
        self.place.setValue(sample.index + 1 if sample and n else 0)
        self.place.blockSignals(False)
        self.split.setCurrentIndex(self.split.findData(split))
        for part, tip in (
            (self.back, _("Previous picture of the data set")),
            (self.place, _("Which picture of the data set is shown")),
            (self.forth, _("Next picture of the data set")),
            (self.split, _("Pictures the network is tested on, or those it is trained on")),
        ):
            part.setEnabled(n > 0)
            part.setToolTip(tip if n else _("The data set is not loaded yet"))

    @Slot()
    def _back(self) -> None:
        self._session.look.page(-1)

    @Slot()
    def _forth(self) -> None:
        self._session.look.page(1)

    @Slot(int)
    def _go(self, place: int) -> None:
        if place:
            self._session.look.show(Sample(place - 1, str(self.split.currentData())))

    @Slot()
    def _go_first(self) -> None:
        split, picture = str(self.split.currentData()), self._session.look.picture
        if not isinstance(picture, Sample) or picture.split != split:
            self._session.look.show(Sample(0, split))


def _arrow(arrow: Qt.ArrowType) -> QToolButton:
    button = QToolButton()
    button.setArrowType(arrow)
    button.setAutoRaise(True)
    button.setAutoRepeat(True)
    button.setAccessibleName(_("Previous picture") if arrow == Qt.ArrowType.LeftArrow else _("Next picture"))
    return button
