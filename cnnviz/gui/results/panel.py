"""The results: how good the network is on a whole split, at any measurement of the run or now."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QPalette, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ...text import _, grouped
from ..line import Line
from ..paint import theme
from ..paint.bars import Bars
from ..session import Session
from .gallery import WORST, Gallery
from .matrix import ALL, Matrix
from .reliability import Reliability
from .shown import Shown
from .steps import StepBar

EVERY_MS = 150
"""Between two looks for a new measurement."""
COLUMN, WIDE, BOTH = 176, 480, 620
"""Pixels of the controls' column; of the panel from which on they have one; and from which on pictures stand beside."""
LEAST, SLIM, LOW, SHORT = 120, 128, 280, 200
"""A panel lower than LOW has the controls at the side in any case, in a column of SLIM pixels; one lower than SHORT
has room for two figures there."""
MEASURED, HELD_OUT, TRAINING = range(3)
SPLITS = {HELD_OUT: "test", TRAINING: "train"}
CONFUSION, PAIRS, CLASSES, CALIBRATION, PICTURES = range(5)


class Results(QWidget):
    """Controls, one of the views, and where there is room the pictures behind what is selected."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.shown: Shown | None = None
        self.cell = WORST  # of the matrix: what pictures are shown
        self.matrix, self.pairs, self.classes = Matrix(), Bars(), Bars()
        self.reliability, self.steps = Reliability(), StepBar(session)
        self._make_controls()
        self._make_views()
        self._timer = QTimer(self, singleShot=True, interval=EVERY_MS)
        self._timer.timeout.connect(self._refresh)
        self._connect()
        self._show()

    def _make_controls(self) -> None:
        self.source, self.view = QComboBox(), QComboBox()
        for text in (_("Measured"), _("Held out"), _("Trained on")):
            self.source.addItem(text)
        tips = (
            _("As measured after an epoch of the run"),
            _("The held-out pictures, classified with the weights of now"),
            _("The pictures trained on, classified with the weights of now"),
        )
        for row, tip in enumerate(tips):
            self.source.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
        self.source.setAccessibleName(_("What is shown"))
        self.view.addItems([_("Confusion"), _("Confused pairs"), _("Classes"), _("Calibration"), _("Pictures")])
        self.view.setAccessibleName(_("View"))
        for box in (self.source, self.view):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.figures = QLabel()
        self.figures.setFont(theme.tabular(theme.caption()))
        self.figures.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.figures.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.by_row = QCheckBox(_("Share of each row"))
        self.by_row.setToolTip(_("Parts of each true class instead of counts, in per cent"))
        self.by_row.setFont(theme.caption())
        self.by_row.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.again = QPushButton(_("Again"))
        boxes = QHBoxLayout()
        boxes.setSpacing(theme.GRID)
        boxes.addWidget(self.view, 1)
        boxes.addWidget(self.source, 1)
        self._boxes = boxes
        self.controls = QWidget()
        column = QVBoxLayout(self.controls)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(boxes)
        column.addWidget(self.steps)
        column.addWidget(self.again)
        column.addWidget(self.figures)
        column.addWidget(self.by_row)
        column.addStretch(1)

    def _make_views(self) -> None:
        self.empty = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.act = QPushButton()
        nothing = QWidget()
        middle = QVBoxLayout(nothing)
        middle.addStretch(1)
        middle.addWidget(self.empty)
        middle.addWidget(self.act, 0, Qt.AlignmentFlag.AlignHCenter)
        middle.addStretch(1)
        self.beside = Gallery(self._session)
        self.wall = self.beside.wall
        self.views = QStackedWidget()
        for page in (self.matrix, self.pairs, self.classes, self.reliability):
            self.views.addWidget(page)
        self.caption = Line(quiet=True)
        self.caption.setFont(theme.tabular(theme.caption()))
        self.left = QWidget()
        viewing = QVBoxLayout(self.left)
        viewing.setContentsMargins(0, 0, 0, 0)
        viewing.setSpacing(0)
        viewing.addWidget(self.views, 1)
        viewing.addWidget(self.caption)
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * theme.GRID)
        row.addWidget(self.left, 1)
        row.addWidget(self.beside, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(nothing)
        self.pages.addWidget(both)
        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._layout.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        self._layout.setSpacing(theme.GRID)
        self._layout.setSizeConstraint(QBoxLayout.SizeConstraint.SetNoConstraint)
        self._layout.addWidget(self.controls)
        self._layout.addWidget(self.pages, 1)
        self.setAccessibleName(_("Results"))

    def _connect(self) -> None:
        s = self._session
        for signal in (s.points_arrived, s.review_changed, s.predictions_changed, s.run_changed):
            signal.connect(self._due)
        s.graph_changed.connect(self._due)
        self.source.currentIndexChanged.connect(self._choose_source)
        self.view.currentIndexChanged.connect(self._turn)
        self.by_row.toggled.connect(self.matrix.set_by_row)
        self.again.clicked.connect(self._ask)
        self.act.clicked.connect(self._act)
        self.beside.all_wanted.connect(self._show_all)
        self.matrix.picked.connect(self._pick)
        self.matrix.hovered.connect(self._say)
        self.pairs.picked.connect(self._pick_pair)
        self.classes.picked.connect(self._pick_class)

    # ── what is shown ───────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def split(self) -> str:
        """Of the pictures that are shown: "test" or "train"."""
        return SPLITS.get(self.source.currentIndex(), "test")

    @Slot()
    def _due(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    @Slot()
    def _refresh(self) -> None:
        if self.source.currentIndex() == MEASURED:
            self._session.review.refresh()
        self._show()

    def _found(self) -> Shown | None:
        """What is there to be shown."""
        if self.source.currentIndex() == MEASURED:
            score = self._session.review.score
            return Shown(score.verdicts, score.classes, "test") if score is not None else None
        found = self._session.predict.found.get(self.split)
        return Shown(found.verdicts, found.classes, self.split) if found is not None else None

    def _show(self) -> None:
        found, old = self._found(), self.shown
        same = old is not None and found is not None and found.verdicts is old.verdicts
        self.shown = old if same else found
        measured = self.source.currentIndex() == MEASURED
        self.steps.setVisible(measured)
        self.steps.show_steps()
        self.again.setVisible(not measured and found is not None)
        current = self._session.predict.current(self.split)
        self.again.setEnabled(self._session.predict.progress is None and not current)
        self.again.setToolTip(
            _("These are the weights of now") if current else _("The network or its weights have changed")
        )
        self.pages.setCurrentIndex(found is not None)
        if found is None:
            self._say_empty()
        elif not same:
            self._fill(found)
        self._say()
        self._arrange()

    def _fill(self, found: Shown) -> None:
        names = found.names
        if self.cell != WORST and max(self.cell) >= len(names):
            self.cell = WORST
        self.matrix.show_counts(found.counts, names)
        self.pairs.show_bars([n for _t, _p, n in found.pairs], [f"{names[t]} → {names[p]}" for t, p, _n in found.pairs])
        self.classes.show_bars(found.by_class.accuracy, names, percent=True)
        self.reliability.show_calibration(found.calibration)
        self._write_figures()
        self._show_pictures()

    def _write_figures(self) -> None:
        if self.shown is not None:
            figures = self.shown.figures()
            said = figures[:2] if self.height() < SHORT or not self._aside else figures
            self.figures.setText(("\n" if self._aside else " · ").join(said))
            self.figures.setToolTip("\n".join(figures))

    def _say_empty(self) -> None:
        predict, review = self._session.predict, self._session.review
        self.act.setVisible(True)
        self.act.setToolTip("")
        if self.source.currentIndex() == MEASURED:
            training = self._session.run.active
            text = _("Train: after every epoch the held-out pictures are measured, and shown here.")
            waits = _("The first measurement comes at the end of the first epoch.")
            self.empty.setText(review.trouble or (waits if training else text))
            self.act.setText(_("Classify now"))
            self.act.setToolTip(_("Try the network as it is, with the weights of now, on the held-out pictures"))
        elif predict.progress is not None:
            done, total = predict.progress
            text = _("Classified {done} of {total} pictures") if total else _("Waiting for the network")
            self.empty.setText(text.format(done=grouped(done), total=grouped(total)))
            self.act.setText(_("Cancel"))
        else:
            self.empty.setText(predict.trouble or _("Every picture is classified with the weights of now."))
            self.act.setText(_("Classify"))

    @Slot()
    def _say(self) -> None:
        """The line below the view."""
        text = short = ""
        if self.shown is not None and self.views.currentWidget() is self.matrix:
            cell = self.matrix.hover or self.matrix.selected
            usual = self.shown.figures()[0] if self._tiny else _("Rows: true, columns: taken for")
            text = self.matrix.text(*cell) if cell else usual
            short = "" if cell or self._tiny else _("Rows: true class")
        trouble = self._session.predict.trouble if self.source.currentIndex() != MEASURED else ""
        if trouble and self.shown is not None:  # “Again” has come to nothing: what is shown is not of now
            text, short = trouble, _("Not possible now")
        self.caption.say(text, short=short)
        self.caption.setVisible(bool(text))

    # ── room ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def minimumSizeHint(self) -> QSize:
        return QSize(SLIM, LEAST)  # what does not fit gives way: no window grows for it

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()
        self._say()

    @property
    def _aside(self) -> bool:
        """Whether the controls stand at the side."""
        return self.width() >= WIDE or (self.height() < LOW and self.width() >= 2 * SLIM)

    @property
    def _tiny(self) -> bool:
        """Whether there is room for neither: only what cannot be done without stands above the view."""
        return not self._aside and self.height() < LOW

    def _arrange(self) -> None:
        """Controls at the side where it is wide, above where it is narrow; pictures beside where there is room."""
        wide, both = self._aside, self.width() >= BOTH
        way = QBoxLayout.Direction
        self._layout.setDirection(way.LeftToRight if wide else way.TopToBottom)
        self._boxes.setDirection(way.TopToBottom if wide else way.LeftToRight)
        column = COLUMN if self.width() >= WIDE else SLIM
        self.controls.setFixedWidth(column if wide else max(self.width() - 2 * theme.GRID, 1))
        self.controls.setSizePolicy(
            QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored if wide else QSizePolicy.Policy.Fixed
        )
        view = self.view.currentIndex()
        pictures = view == PICTURES
        self.left.setVisible(not pictures)
        self.beside.setVisible(pictures or both)
        self.by_row.setVisible(view == CONFUSION and self.shown is not None and not self._tiny)
        self.figures.setVisible(self.shown is not None and not self._tiny)
        self.steps.label.setVisible(not self._tiny)
        self._write_figures()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._due()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    # ── what a person does ──────────────────────────────────────────────────────────────────────────────────────────
    @Slot(int)
    def _choose_source(self, row: int) -> None:
        found = self._session.predict.found.get(self.split)
        if row != MEASURED and found is None and self._session.predict.progress is None:
            self._ask()
        self._show()
        self._due()

    @Slot(int)
    def _turn(self, row: int) -> None:
        if row != PICTURES:
            self.views.setCurrentIndex(row)
        self._say()
        self._arrange()

    @Slot()
    def _ask(self) -> None:
        self._session.predict.ask(self.split)

    @Slot()
    def _act(self) -> None:
        if self.source.currentIndex() == MEASURED:
            self.source.setCurrentIndex(HELD_OUT)
        elif self._session.predict.progress is not None:
            self._session.predict.cancel()
        else:
            self._ask()

    @Slot(int, int)
    def _pick(self, true: int, predicted: int) -> None:
        self.cell = (true, predicted)
        self._say()
        self._show_pictures()
        if self.width() < BOTH and self.beside.isHidden() and not self.matrix.hasFocus():
            self.view.setCurrentIndex(PICTURES)

    @Slot(int)
    def _pick_pair(self, row: int) -> None:
        if self.shown is not None and row < len(self.shown.pairs):
            true, predicted, _n = self.shown.pairs[row]
            self._pick_cell(true, predicted)

    @Slot(int)
    def _pick_class(self, row: int) -> None:
        self._pick_cell(row, ALL)

    def _pick_cell(self, true: int, predicted: int) -> None:
        self.matrix.select((true, predicted))
        self.cell = (true, predicted)
        self._show_pictures()

    @Slot()
    def _show_all(self) -> None:
        self.cell = WORST
        self.matrix.select(None)
        self._say()
        self._show_pictures()

    def _show_pictures(self) -> None:
        if self.shown is not None:
            self.beside.show_pictures(self.shown, self.cell)
