"""Beside the settings of augmentation: what the net really gets of some training pictures."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal, Slot
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ...net.acting import hint
from ...text import _
from ..paint import theme
from ..paint.number import number
from ..session import Session
from .versions import Versions


class Preview(QWidget):
    """Follows the plan and the Input while it is seen."""

    grew = Signal(int)
    """It has become so many pixels higher, or lower where that is negative: what stands below is pushed away."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self.strip = Versions(self)
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setFont(theme.caption())
        self.words.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.again = QToolButton(self)
        self.again.setText(_("Reroll"))
        self.again.setToolTip(_("Other pictures, and other random numbers"))
        self.again.clicked.connect(self._reroll)
        self.range = QLabel(self)
        self.range.setFont(theme.tabular(theme.caption()))
        self.range.setToolTip(_("The smallest and the largest value that the net gets in these pictures"))
        self.range.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._head = QWidget(self)
        line = QHBoxLayout(self._head)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2 * theme.GRID)
        line.addWidget(self.range, 1)
        line.addWidget(self.again)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.GRID, 0, theme.GRID)
        column.setSpacing(theme.GRID)
        for widget in (self._head, self.strip, self.words):
            column.addWidget(widget)
        for signal in (session.plan_changed, session.graph_changed, session.pictures_changed):
            signal.connect(self.refresh)
        for signal in (session.engine_changed, session.preview_changed):
            signal.connect(self.refresh)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._settle()
        return done

    def _settle(self) -> None:
        """Its height is what its width asks for: a form may give it less, and words lay on pictures."""
        layout = self.layout()
        if layout is None or not self.isVisible():
            return
        before, wanted = self.height(), layout.totalHeightForWidth(self.width())
        if wanted != self.minimumHeight():
            self.setFixedHeight(wanted)
        if wanted != before:
            self.grew.emit(wanted - before)

    @Slot()
    def refresh(self) -> None:
        """Show what the net gets now."""
        if not self.isVisible():
            return
        plan, preview = self._session.run.plan, self._session.preview
        if plan.augments:
            preview.ask()
        shown = preview.shown if plan.augments else None
        self.strip.setVisible(shown is not None)
        self._head.setVisible(shown is not None)
        kept = _("Held-out pictures are never changed.")
        if shown is not None:
            pictures = self._session.look.pictures
            self.strip.show_preview(shown, pictures.classes if pictures else ())
            text = _("Values {low} … {high}")
            self.range.setText(text.format(low=_short(shown.low), high=_short(shown.high)))
            doubt = hint(plan, "augment_flip") if plan.augment_flip else ""
            text = _("Left as they are, right as the net gets them.")
            self.words.setText(" ".join(filter(None, (text, kept, doubt))))
        elif not plan.augments:
            self.words.setText(_("Nothing is changed. Raise a setting, and see here what the net gets.") + " " + kept)
        else:
            self.words.setText(preview.trouble or _("Loading the pictures…"))

    @Slot()
    def _reroll(self) -> None:
        self._session.preview.reroll()


def _short(value: float) -> str:
    """In the little room beside the button."""
    return f"{value:.2f}".replace("-", "−") if abs(value) < 100 else number(value)
