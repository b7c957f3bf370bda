"""What the network takes the picture for."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from ...link.messages import Array
from ...text import _
from ..paint import theme
from ..paint.bars import Bars
from ..paint.number import percent
from ..paint.still import Still

ALL = 12
"""So many classes are shown in their order, which stays; of more, the `BEST` most probable."""
BEST = 8


class Answer(QWidget):
    """The most probable classes as bars, the right one ticked, and the verdict in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.other = ""  # what the marks on the bars stand for
        self.verdict, self.bars = QLabel(), Bars()
        self.verdict.setWordWrap(True)
        self.verdict.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.verdict.setContentsMargins(2 * theme.GRID, theme.GRID, 2 * theme.GRID, 0)
        self.verdict.setForegroundRole(QPalette.ColorRole.WindowText)  # a colour of its own, unlike the ground's text
        self.bars.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.bars.viewport().setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)  # nothing to pick here
        self.bars.setAccessibleName(_("Most probable classes"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Still(self.verdict))
        column.addWidget(self.bars, 1)

    def show_answer(
        self, probabilities: Array, classes: tuple[str, ...], label: int | None, other: Array | None = None
    ) -> None:
        """`probabilities` (n,); `classes` name them, where they are as many; `label`: the right one, where known.

        `other` (n,): those of the run that stands beside, as a mark on each bar.
        """
        n = len(probabilities)
        names = classes if len(classes) == n else tuple(map(str, range(n)))
        known = np.where(np.isfinite(probabilities), probabilities, -1.0)
        order = list(range(n)) if n <= ALL else np.argsort(-known, kind="stable")[:BEST].tolist()
        ticked = [f"✓ {names[i]}" if i == label else names[i] for i in order]
        beside = other if other is not None and other.shape == probabilities.shape else None
        self.bars.show_bars(probabilities[order], ticked, True, None if beside is None else beside[order])
        self.other = "" if beside is None or not np.isfinite(beside).all() else _other_words(beside, names)
        best = int(np.argmax(known))
        if known[best] < 0:
            self._say(_("The network gives no numbers"), "problem_text")
            return
        said = _("{name} with {share}").format(name=names[best], share=percent(float(probabilities[best])))
        if label is None or not 0 <= label < n:
            self._say(said, "text")
        elif best == label:
            self._say(f"✓ {_('{said}: correct').format(said=said)}", "ok")
        else:
            text = _("{said}: wrong, it is {right}").format(said=said, right=names[label])
            self._say(f"✗ {text}", "problem_text")

    def _say(self, text: str, colour: str) -> None:
        if text != self.verdict.text():
            self.verdict.setText(text)
        now = theme.current().colour(colour)
        if self.verdict.palette().color(QPalette.ColorRole.WindowText) != now:
            palette = self.verdict.palette()
            palette.setColor(QPalette.ColorRole.WindowText, now)
            self.verdict.setPalette(palette)


def _other_words(probabilities: Array, names: tuple[str, ...]) -> str:
    """What the other run takes it for."""
    best = int(np.argmax(probabilities))
    text = _("mark: other run, {name} with {share}")
    return text.format(name=names[best], share=percent(float(probabilities[best])))
