"""The data set: what is in it, whether its classes are balanced, what is doubled or broken, and all of its pictures."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ...link.data import Contents
from ...link.messages import Failed, Sample
from ...link.predictions import MOST, Fetched
from ...link.verdicts import Verdicts
from ...text import _, grouped
from ..line import Line
from ..paint import theme
from ..session import Session
from .balance import Balance
from .broken import BrokenDialog
from .choosing import ALL, COPIES, LEAKED, TORN, WRONG, balance, chosen, labels
from .grid import Grid
from .words import doubled, head, unbalanced

PAD = 2 * theme.GRID
KINDS = (ALL, WRONG, LEAKED, COPIES, TORN)


class DataPanel(QWidget):
    """Looks at nothing and asks for nothing while it is not seen."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        self._seen = False  # before the base class, whose construction already sends events
        super().__init__(parent)
        self._session = session
        self._asked = 0  # number of the newest fetch
        self._of: tuple[object, ...] = ()  # what the pictures that are kept belong to
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self.title, self.facts, self.caption = Line(), Line(quiet=True), Line(quiet=True)
        self.split = QComboBox()
        self.split.setAccessibleName(_("Which part of the data set"))
        self.split.addItem(_("Held out"), "test")
        self.split.addItem(_("Training"), "train")
        self.kind = QComboBox()
        self.kind.setAccessibleName(_("Which pictures"))
        for kind in KINDS:
            self.kind.addItem("", kind)
        for box in (self.split, self.kind):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(6)
        self.kind.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.classify = QPushButton()
        self.leave_out = QPushButton(_("Leave them out"))
        self.leave_out.setToolTip(_("Leave pictures out of the held-out part that are trained on, too"))
        self.broken = QPushButton()
        self.balance, self.grid = Balance(), Grid()
        self.empty = QLabel()
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.empty.setMargin(PAD)
        self._arrange()
        self.split.activated.connect(self._show_pictures)
        self.kind.activated.connect(self._show_kind)
        self.balance.chosen.connect(self._show_pictures)
        self.classify.clicked.connect(self._classify)
        self.leave_out.clicked.connect(self._leave_out)
        self.broken.clicked.connect(self._show_broken)
        self.grid.needed.connect(self._need)
        self.grid.picked.connect(self._pick)
        self.grid.pointed.connect(self._point)
        for signal in (session.contents_changed, session.pictures_changed, session.predictions_changed):
            signal.connect(self.refresh)
        session.graph_changed.connect(self._show_pictures)
        session.engine_changed.connect(self._lose)
        session.run_changed.connect(self._show_classify)
        session.picture_changed.connect(self._show_current)
        session.pictures_fetched.connect(self._take)

    def _arrange(self) -> None:
        controls = QHBoxLayout()
        controls.setSpacing(theme.GRID)
        for box in (self.split, self.kind, self.classify):
            controls.addWidget(box)
        facts = QHBoxLayout()
        facts.setSpacing(theme.GRID)
        facts.addWidget(self.facts, 1)
        facts.addWidget(self.broken)
        facts.addWidget(self.leave_out)
        top = QVBoxLayout()
        top.setContentsMargins(PAD, PAD, PAD, theme.GRID)
        top.setSpacing(theme.GRID)
        top.addWidget(self.title)
        top.addLayout(facts)
        top.addLayout(controls)
        self.inside = QStackedWidget()
        self.inside.addWidget(self.grid)
        self.inside.addWidget(self.empty)
        self.parts = QSplitter(Qt.Orientation.Horizontal)
        self.parts.setHandleWidth(theme.GRID)
        self.parts.addWidget(self.balance)
        self.parts.addWidget(self.inside)
        self.parts.setStretchFactor(1, 1)
        self.parts.setSizes([26 * theme.GRID, 60 * theme.GRID])
        self.parts.setChildrenCollapsible(False)
        foot = QHBoxLayout()
        foot.setContentsMargins(PAD, theme.GRID, PAD, theme.GRID)
        foot.addWidget(self.caption)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.parts, 1)
        column.addLayout(foot)

    # ── what is known ───────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def _contents(self) -> Contents | None:
        return self._session.supply.contents

    @property
    def _split(self) -> str:
        return str(self.split.currentData())

    @property
    def _kind(self) -> str:
        return str(self.kind.currentData())

    @property
    def _verdicts(self) -> Verdicts | None:
        """What the network made of the split's pictures, the last time it was asked."""
        found, contents = self._session.predict.found.get(self._split), self._contents
        fits = found is not None and contents is not None and len(found.verdicts) == len(labels(contents, self._split))
        return found.verdicts if found is not None and fits else None

    # ── showing ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @Slot()
    def refresh(self) -> None:
        """Show the data set as it is known now."""
        if not self._seen:
            return
        contents = self._contents
        for part in (self.split, self.kind, self.balance, self.facts, self.caption, self.title):
            part.setVisible(contents is not None)
        if contents is None:
            for button in (self.classify, self.leave_out, self.broken):
                button.hide()
            self._say(self._session.look.trouble or _("No data set is loaded. Choose one in the plan of the training."))
            return
        self.title.say(head(contents))
        notes = [unbalanced(balance(contents, "train"), contents.classes), doubled(contents), *contents.notes]
        self.facts.say(" · ".join(n for n in notes if n), "\n".join(n for n in notes if n))
        self.leave_out.setVisible(len(contents.leaked) > 0)
        self.broken.setVisible(contents.broken_count > 0)
        text = _("{n} broken…") if contents.broken_count else ""
        self.broken.setText(text.format(n=grouped(contents.broken_count)))
        self.broken.setToolTip(_("Files that cannot be read, and why"))
        self._show_pictures()

    @Slot()
    def _show_pictures(self) -> None:
        contents = self._contents
        if contents is None or not self._seen:
            return
        node = self._session.rows.input
        of = (contents.number, self._split, node.layer if node is not None else None)
        if of != self._of:
            self._of, self._asked = of, 0
            self.grid.forget()
        verdicts, y = self._verdicts, labels(contents, self._split)
        wrong = np.flatnonzero(~verdicts.right) if verdicts is not None else np.zeros(0, np.int64)
        by_class = np.bincount(y[wrong], minlength=len(contents.classes)) if verdicts is not None else None
        self.balance.show_classes(contents.classes, balance(contents, self._split), by_class)
        self._show_kinds(contents, verdicts)
        self._show_classify()
        label = self.balance.label if self.balance.label >= 0 else None
        found = chosen(contents, self._split, label, self._kind, verdicts)
        self.grid.show_numbers(found, wrong.tolist())
        if len(found):
            self.inside.setCurrentWidget(self.grid)
        else:
            self._say(self._none(contents, verdicts))
        self._show_current()

    def _none(self, contents: Contents, verdicts: Verdicts | None) -> str:
        """Why there are none of these pictures."""
        if self._kind == WRONG and verdicts is None:
            return self._session.predict.trouble or _("Classify the pictures to see which are wrong.")
        if self._kind == WRONG:
            return _("All of these are classified rightly.")
        if self._kind == ALL:
            return _("There are no pictures of this class here.")
        return _("There are none.") if contents.compared else _("Looking for copies…")

    def _show_kinds(self, contents: Contents, verdicts: Verdicts | None) -> None:
        names = {
            ALL: _("All pictures"),
            WRONG: _("Classified wrongly"),
            LEAKED: _("In both parts"),
            COPIES: _("Copies"),
            TORN: _("Equal, other class"),
        }
        for i, kind in enumerate(KINDS):
            known = verdicts is not None if kind == WRONG else contents.compared
            n = len(chosen(contents, self._split, None, kind, verdicts))
            self.kind.setItemText(i, f"{names[kind]} ({grouped(n)})" if known and kind != ALL else names[kind])

    @Slot()
    def _show_classify(self) -> None:
        if not self._seen or self._contents is None:
            return
        predict = self._session.predict
        busy, there = predict.progress is not None, self._verdicts is not None
        self.classify.setVisible(busy or not predict.current(self._split))
        if predict.progress is not None:
            done, total = predict.progress
            part = f" {100 * done // total} %" if total else ""
            self.classify.setText(_("Cancel") + part)
            self.classify.setToolTip(_("The network classifies all pictures of this part"))
        else:
            self.classify.setText(_("Classify again") if there else _("Classify"))
            tip = _("Have the network classify all pictures of this part, to see which are wrong")
            old = _("What is marked is of the network as it was before.")
            self.classify.setToolTip(f"{old} {tip}" if there else tip)

    def _say(self, text: str) -> None:
        self.empty.setText(text)
        self.inside.setCurrentWidget(self.empty)

    @Slot()
    def _show_current(self) -> None:
        if self._contents is None:
            self.refresh()  # by now it is known why
            return
        picture = self._session.look.picture
        mine = isinstance(picture, Sample) and picture.split == self._split
        self.grid.show_current(picture.index if mine and isinstance(picture, Sample) else -1)
        self._point(-1)

    @Slot(int)
    def _point(self, index: int) -> None:
        contents = self._contents
        if contents is None or not self._seen:
            return
        index = index if index >= 0 else self.grid.current
        y = labels(contents, self._split)
        if not 0 <= index < len(y):
            self.caption.say(_("{n} pictures").format(n=grouped(len(self.grid.indices))))
            return
        parts = [_("picture {n}").format(n=grouped(index + 1)), contents.classes[y[index]]]
        verdicts = self._verdicts
        if verdicts is not None:
            seen, sure = contents.classes, float(verdicts.confidence[index])
            name = seen[verdicts.predicted[index]] if verdicts.predicted[index] < len(seen) else "?"
            right = verdicts.predicted[index] == y[index]
            text = _("right, {sure} sure") if right else _("taken for {name}, {sure} sure")
            parts.append(text.format(name=name, sure=f"{100 * sure:.0f} %"))
        if self._split == "test":
            where = np.flatnonzero(contents.leaked == index)
            if len(where):
                twin = grouped(int(contents.source[where[0]]) + 1)
                parts.append(_("equal to training picture {n}").format(n=twin))
        self.caption.say(" · ".join(parts))

    # ── doing ───────────────────────────────────────────────────────────────────────────────────────────────────────
    @Slot()
    def _show_kind(self) -> None:
        """Wrong ones are asked for at once where they are not known."""
        predict = self._session.predict
        if self._kind == WRONG and predict.progress is None and not predict.current(self._split):
            predict.ask(self._split)
        self._show_pictures()

    @Slot()
    def _classify(self) -> None:
        predict = self._session.predict
        if predict.progress is not None:
            predict.cancel()
        else:
            predict.ask(self._split)

    @Slot()
    def _leave_out(self) -> None:
        self._session.supply.drop_leaks()

    @Slot()
    def _show_broken(self) -> None:
        if self._contents is not None:
            BrokenDialog(self._contents, self).open()

    @Slot(int)
    def _pick(self, index: int) -> None:
        self._session.look.show(Sample(index, self._split))

    @Slot(object)
    def _need(self, indices: tuple[int, ...]) -> None:
        if not self._asked:
            self._asked = self._session.predict.fetch(self._split, indices[:MOST])

    @Slot(object)
    def _take(self, reply: Fetched | Failed) -> None:
        number = reply.number if isinstance(reply, Fetched) else reply.run
        if number != self._asked:
            return
        self._asked = 0
        if isinstance(reply, Failed):
            self._say(reply.text)
        elif reply.texts:
            self._say(_("Sentences are no pictures: page through them in Input picture."))
        else:
            self.grid.take(reply.indices, reply.pictures)

    @Slot()
    def _lose(self) -> None:
        """Nothing comes of what another engine was asked for."""
        self._asked = 0

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._seen = True
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._seen = False
