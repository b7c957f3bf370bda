"""The sentence that everything is looked at with: typed, or of the data set."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from ...link.messages import Array, Frame, Sample, Sentence, Unit, Words
from ...net.analysis import Analysis
from ...text import _, grouped
from ..paint import theme
from ..session import Session
from .answer import Answer
from .caption import Caption
from .heat import missing_text
from .meaning import window
from .words import Chips

ANSWER = 84
"""Height in pixels of the verdict and two classes."""


class SentencePage(QWidget):
    """A line to type in, the words as the network gets them, what it takes the sentence for."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.line, self.chips, self.answer = QLineEdit(), Chips(), Answer()
        self.line.setPlaceholderText(_("Type a sentence"))
        self.line.setAccessibleName(_("Sentence"))
        self.line.setClearButtonEnabled(True)
        self.line.setAcceptDrops(False)  # a dropped file is the window's
        self.caption = Caption(lines=1)
        self._made = ""  # how the text became words: said while no word is pointed at
        self.answer.setFixedHeight(ANSWER)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(2 * theme.GRID, 0, 2 * theme.GRID, theme.GRID)
        row.addWidget(self.line)
        column.addLayout(row)
        column.addWidget(self.chips, 1)
        column.addWidget(self.caption)
        column.addWidget(self.answer)
        self.setFocusProxy(self.line)
        self.line.textEdited.connect(self._type)
        self.chips.hovered.connect(self._read)
        self.chips.left.connect(self._unread)

    def show_frame(self, frame: Frame, words: Words, length: int) -> None:
        """Show what the network got, what the selected unit sees of it, and the answer."""
        look = self._session.look
        asked = look.picture
        text = asked.text if isinstance(asked, Sentence) else words.text if isinstance(asked, Sample) else None
        if text is not None and text != self.line.text():
            self.line.setText(text)
            self.line.setCursorPosition(0)  # its beginning is read first
        self.chips.show_words(words, length)
        self.chips.show_seen(seen(self._session.rows, look.unit, length))
        self.chips.show_strength(strength(frame, look.unit))
        self._made = made(words, length)
        self._unread()
        probabilities = frame.probabilities
        if probabilities is None or probabilities.ndim != 1 or len(probabilities) < 2:
            self.answer.hide()
            return
        self.answer.show()
        classes = look.pictures.classes if look.pictures else ()
        label = frame.picture.label if len(classes) == len(probabilities) else None
        self.answer.show_answer(probabilities, classes, label)

    @Slot(str)
    def _type(self, text: str) -> None:
        self._session.look.show(Sentence(text))

    @Slot(int)
    def _read(self, index: int) -> None:
        self.caption.say(self.chips.text(index))

    @Slot()
    def _unread(self) -> None:
        self.caption.say(self._made)


class FieldWords(QWidget):
    """What a unit can see of a sentence, framed, and how much each word counts for it; below it in the other run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips, self.caption = Chips(), Caption()
        self.second, self.told = Chips(), Caption()
        self.mine, self.head = QLabel(_("This run sees")), QLabel(_("Other run sees"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for head, chips, caption in ((self.mine, self.chips, self.caption), (self.head, self.second, self.told)):
            head.setContentsMargins(2 * theme.GRID, 0, 2 * theme.GRID, 0)
            column.addWidget(head)
            column.addWidget(chips, 1)
            column.addWidget(caption)
        self._part(False)

    def show_frame(self, session: Session, frame: Frame, words: Words, unit: Unit) -> None:
        """Show what this unit sees of the words that the network got, and what it sees in the run beside."""
        text = _show_seen(self.chips, session.rows, frame, words, unit)
        # what it sees is the edited network's; which word counts, that of the one which trains
        self.caption.say(_("after the edit: {what}").format(what=text) if session.run.behind else text)
        other = frame.other if frame.past and session.beside.folder else None
        account = session.beside.account
        rows = account.rows if account is not None else None
        self._part(other is not None, other is not None and other.unit == unit and other.field is not None)
        if other is None:
            return
        step = _("at step {step}").format(step=grouped(other.step))
        if rows is not None and not self.second.isHidden():
            text = _show_seen(self.second, rows, other, other.picture.words or words, unit)
            self.told.say(f"{text}\n{step}")
        else:
            self.told.say(f"{step}: {missing_text(rows, unit)}")

    def _part(self, both: bool, there: bool = True) -> None:
        for widget in (self.mine, self.head, self.told):
            widget.setVisible(both)
        self.second.setVisible(both and there)


def _show_seen(chips: Chips, rows: Analysis, frame: Frame, words: Words, unit: Unit) -> str:
    length = frame.input.shape[1] if frame.input is not None else len(words.tokens)
    places = seen(rows, unit, length)
    chips.show_words(words, length)
    chips.show_seen(places)
    chips.show_strength(strength(frame, unit))
    return field_text(places, length, chips)


def field_text(places: tuple[int, int] | None, length: int, chips: Chips) -> str:
    """`sees 5 words of 64`, and on a line of its own the word that counts most."""
    text = _("sees {n} words of {length}").format(n=places[1], length=length) if places else _("sees all words")
    shares = [share for i in range(length) if (share := chips.share(i)) is not None]
    if not shares:
        return text
    most = max(range(length), key=shares.__getitem__)
    return f"{text}\n{_('counts most: {word}').format(word=chips.text(most))}"


def strength(frame: Frame, unit: Unit | None) -> Array | None:
    """How much each place of the sentence counts for this unit; None where the frame does not say."""
    return frame.field[:, 0] if frame.field is not None and frame.unit == unit else None


def seen(rows: Analysis, unit: Unit | None, length: int) -> tuple[int, int] | None:
    """(first, count) of the places that a unit sees; None where that is no part of the sentence but all of it."""
    box = window(rows, unit)
    return (box[0], box[2]) if box and box[2] < length else None


def made(words: Words, length: int) -> str:
    """How the text became the network's: `5 words, 1 of them unknown, filled up to 64`."""
    n = len(words.tokens)
    text = _("1 word") if words.count == 1 else _("{n} words").format(n=words.count)
    unknown = words.known.count(False)
    if unknown:
        text += ", " + _("{n} unknown").format(n=unknown)
    if words.count > n:
        return f"{text}, {_('the first {n} are taken').format(n=n)}"
    return text if n == length else f"{text}, {_('filled up to {n}').format(n=length)}"
