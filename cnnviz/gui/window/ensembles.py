"""The window of ensembles: train one plan with several seeds, and see what each network adds."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ...link.ensemble import Member
from ...text import _, grouped
from ..paint import theme
from ..paint.number import percent
from ..session import Session
from ..session.ensembling import LEAST, MOST, Ensembling

SPACE = 2 * theme.GRID
ROW = 24
SEED, ALONE, TOGETHER, ADDS = 64, 84, 84, 100
"""Pixels of the columns before the bars."""


class EnsembleDialog(QDialog):
    """Starts it and follows it; it goes on when the window is closed."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session, self._ensemble = session, session.ensemble
        self.setWindowTitle(_("Ensemble"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        about = _(
            "Networks of one plan that begin with other weights make other errors. Averaging what they say leaves out "
            "what only one of them believes: AlexNet's authors averaged seven."
        )
        self.about = QLabel(about, wordWrap=True)
        self.count = QSpinBox(minimum=LEAST, maximum=MOST, value=5)
        self.seeds = QLabel()
        self.go = QPushButton()
        self.why = QLabel(wordWrap=True)  # it cannot be trained now
        self.why.setFont(theme.caption())
        self.table = Rows()
        scroll = QScrollArea()
        scroll.setWidget(self.table)
        scroll.setWidgetResizable(True)
        self.said = QLabel(wordWrap=True)
        self.said.setMinimumHeight(2 * self.said.fontMetrics().lineSpacing())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        label = QLabel(_("Networks"))
        label.setBuddy(self.count)
        line = QHBoxLayout()
        line.setSpacing(SPACE)
        for widget in (label, self.count, self.seeds):
            line.addWidget(widget)
        line.addStretch(1)
        line.addWidget(self.go)
        box = QVBoxLayout(self)
        box.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        box.setSpacing(SPACE)
        box.addWidget(self.about)
        box.addLayout(line)
        box.addWidget(self.why)
        box.addWidget(scroll, 1)
        box.addWidget(self.said)
        box.addWidget(buttons)
        self.resize(620, 420)
        self.go.setDefault(True)
        self.go.clicked.connect(self._act)
        self.count.valueChanged.connect(self._show)
        for signal in (session.ensemble_changed, session.run_changed, session.plan_changed):
            signal.connect(self._show)
        self._show()

    @Slot()
    def _act(self) -> None:
        if self._ensemble.busy:
            self._ensemble.cancel()
        else:
            self._ensemble.start(self.count.value())

    @Slot()
    def _show(self) -> None:
        ensemble, run = self._ensemble, self._session.run
        busy, problem = ensemble.busy, run.problem
        first = ensemble.first if busy else run.plan.seed
        n = ensemble.wanted if busy else self.count.value()
        self.seeds.setText(_("with seeds {first} to {last}").format(first=first, last=first + n - 1))
        self.count.setEnabled(not busy)
        self.go.setText(_("Stop") if busy else _("Train"))
        self.go.setEnabled(busy or (problem is None and not run.active))
        why = problem.text if problem else _("A training goes on. Stop it, or wait for its end.") if run.active else ""
        self.go.setToolTip("" if busy else why)
        self.why.setText(why)
        self.why.setVisible(bool(why) and not busy)
        self.table.show_ensemble(ensemble, n if busy else max(len(ensemble.trained), 0))
        self.said.setText(self._verdict())

    def _verdict(self) -> str:
        ensemble, progress = self._ensemble, self._session.run.progress
        if ensemble.averaging is not None:
            done, total = ensemble.averaging
            return _("Averaging: {done} of {total} networks have answered").format(done=done, total=total)
        if ensemble.training and progress is not None:
            text = _("Training network {k} of {n}: step {step} of {steps}")
            k = min(len(ensemble.trained) + 1, ensemble.wanted)
            return text.format(k=k, n=ensemble.wanted, step=grouped(progress.step), steps=grouped(progress.steps))
        found = ensemble.found
        if found is None:
            return ensemble.trouble
        together, best = found.members[-1].first.top1, min(m.alone.top1 for m in found.members)
        text = _("{k} networks together: {together} error on {n} held-out pictures; the best one alone: {best}.")
        said = text.format(
            k=len(found.members), together=percent(together), n=grouped(found.pictures), best=percent(best)
        )
        return f"{ensemble.trouble} {said}".strip()


class Rows(QWidget):
    """A line for each network: its error alone, that of the average up to it, and what it adds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: list[tuple[str, Member | None]] = []
        self._done = (0, False)  # networks that are trained, and whether the next one trains
        self.setAccessibleName(_("What each network adds"))

    def show_ensemble(self, ensemble: Ensembling, count: int) -> None:
        """Bring it up to date; `count` networks have a line."""
        members = ensemble.found.members if ensemble.found is not None else ()
        seeds = [ensemble.first + i for i in range(max(count, len(members)))]
        self._done = len(ensemble.trained), ensemble.training
        self._lines = [(str(seed), members[i] if i < len(members) else None) for i, seed in enumerate(seeds)]
        said = (f"{_('seed')} {seed}: " + ", ".join(self.texts(i)) for i, (seed, _m) in enumerate(self._lines))
        self.setAccessibleDescription("; ".join(said))
        self.setMinimumHeight((len(self._lines) + 1) * ROW + theme.GRID)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(SEED + ALONE + TOGETHER + ADDS + 160, (len(self._lines) + 1) * ROW + theme.GRID)

    def texts(self, row: int) -> tuple[str, str, str]:
        """Error alone, error of the average up to it, and the difference that it makes."""
        member = self._lines[row][1]
        if member is None:
            return "", "", ""
        before = self._lines[row - 1][1] if row else None
        adds = "" if before is None else f"{100 * (member.first.top1 - before.first.top1):+.1f} %".replace("-", "−")
        return percent(member.alone.top1), percent(member.first.top1), adds

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, now = QPainter(self), theme.current()
        painter.fillRect(self.rect(), now.colour("panel"))
        heads = (_("Seed"), _("Error alone"), _("together"), _("changes it by"))
        painter.setFont(theme.caption())
        painter.setPen(now.colour("caption"))
        self._write(painter, 0, heads)
        most = max((max(m.alone.top1, m.first.top1) for _s, m in self._lines if m is not None), default=0.0)
        painter.setFont(theme.tabular(theme.body()))
        for row, (seed, member) in enumerate(self._lines):
            top = (row + 1) * ROW
            painter.setPen(now.colour("text"))
            self._write(painter, top, (seed, *self.texts(row)))
            if member is None:
                done, training = self._done
                word = _("trained") if row < done else _("training…") if training and row == done else ""
                painter.setPen(now.colour("caption"))
                painter.drawText(SEED + 2 * SPACE, top + (ROW + painter.fontMetrics().capHeight()) // 2, word)
            if member is None or not most:
                continue
            left = SEED + ALONE + TOGETHER + ADDS + 2 * SPACE
            wide = self.width() - left - SPACE
            if wide < 8 * theme.GRID:
                continue
            alone, together = (round(wide * v / most) for v in (member.alone.top1, member.first.top1))
            painter.fillRect(left, top + 5, alone, 5, now.colour("well"))
            painter.fillRect(left, top + 12, together, 7, now.family("Convolution"))
        if not self._lines:
            painter.setPen(now.colour("faint"))
            words = _("Every network is an ordinary run; their average is shown here.")
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), words)

    def _write(self, painter: QPainter, top: int, texts: tuple[str, ...]) -> None:
        right = 0
        for text, wide in zip(texts, (SEED, ALONE, TOGETHER, ADDS), strict=True):
            right += wide
            width = QFontMetrics(painter.font()).horizontalAdvance(text)
            painter.drawText(right - width, top + (ROW + painter.fontMetrics().capHeight()) // 2, text)
