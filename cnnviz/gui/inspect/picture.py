"""The picture that everything is looked at with."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from ...link.messages import Frame, PictureInfo
from ...net.layers import Board, Tokens
from ...text import _
from ..paint.counts import shape
from ..session import Session
from .answer import Answer
from .board import BoardPage
from .caption import Caption
from .meaning import fits, window
from .paging import Paging
from .panel import Panel, Veil
from .sentence import SentencePage
from .shot import Shot


class Picture(Panel):
    """The picture as the network gets it, the selected unit's window in it, and what the network takes it for.

    For a network that takes words it is a sentence, for one that plays Go a board.
    """

    open_requested = Signal()
    """A person wants to look at a picture of their own."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.shot, self.answer, self.paging = Shot(), Answer(), Paging(session)
        self.caption = Caption(lines=1)
        self._made = ""  # how the picture became the network's: said while no pixel is pointed at
        self.empty = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.inside = QWidget()
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.shot, 3)
        row.addWidget(self.answer, 2)
        column = QVBoxLayout(self.inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row, 1)
        column.addWidget(self.caption)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.inside)
        self.sentence = SentencePage(session)
        self.board = BoardPage(session)
        for page in (self.sentence, self.board):
            self.pages.addWidget(page)
        self._column.addWidget(self.pages, 1)
        self._column.addWidget(self.paging)
        self.veil, self._sentence_veil = Veil(self.inside, self.title), Veil(self.sentence, self.title)
        self.setFocusProxy(self.shot)
        self.paging.open_requested.connect(self.open_requested)
        self.shot.hovered.connect(self._read)
        self.shot.left.connect(self._unread)
        self.shot.asked.connect(self.look_at)
        self.shot.stepped.connect(self.step)
        self.sentence.chips.asked.connect(self.look_at)
        self.sentence.chips.stepped.connect(self.step)

    @property
    def _words(self) -> Tokens | None:
        """What the network takes, where that is words."""
        node = self._session.rows.input
        return node.layer if node is not None and isinstance(node.layer, Tokens) else None

    def wants(self) -> tuple[str, tuple[str, ...]]:
        return "field", ("*",) if self._words else ()  # of words it is the strength of each chip

    def refresh(self, frame: Frame | None) -> None:
        node = self._session.rows.input
        is_board = node is not None and isinstance(node.layer, Board)
        self.paging.speak_of(sentences=self._words is not None, positions=is_board)
        if is_board or self._words is not None:
            self.veil.set_stale(False)  # the title is that of another page
        if is_board or self._words is None:
            self._sentence_veil.set_stale(False)
        if is_board:
            self._refresh_board(frame)
            return
        if self._words is not None:
            self._refresh_sentence(frame, self._words)
            return
        shown = frame.shown if frame else None
        if frame is None or shown is None or shown.ndim != 3 or shown.shape[2] != 3 or not shown.size:
            if self._session.rows.input is None:
                self.show_nothing(_("The network has no Input. Drag one onto the canvas."))
            else:
                self.wait()
            return
        self.come()
        self.pages.setCurrentWidget(self.inside)
        self._describe(frame.picture, shown.shape[:2])
        rows = self._session.rows
        fit = fits(rows, shown.shape[:2])
        self.shot.show_picture(shown, frame.input)
        self.shot.show_box(window(rows, self._session.look.unit) if fit else None)
        probabilities = frame.probabilities
        if probabilities is None or probabilities.ndim != 1 or len(probabilities) < 2:
            self.answer.hide()
        else:
            self.answer.show()
            pictures = self._session.look.pictures
            classes = pictures.classes if pictures else ()
            label = frame.picture.label if len(classes) == len(probabilities) else None
            other = frame.other if frame.past and self._session.beside.folder else None
            self.answer.show_answer(probabilities, classes, label, other.probabilities if other else None)
        if self.shot.hover:
            self._read(*self.shot.hover)
        else:
            self._unread()
        self.veil.set_stale(self._session.look.stale)

    def _refresh_sentence(self, frame: Frame | None, layer: Tokens) -> None:
        words = frame.picture.words if frame else None
        if frame is None or words is None or frame.input is None or frame.input.shape != (1, layer.length, 1):
            self.wait()
            return
        self.come()
        self.pages.setCurrentWidget(self.sentence)
        self._describe(frame.picture, layer.size)
        self.sentence.show_frame(frame, words, layer.length)
        self._sentence_veil.set_stale(self._session.look.stale)

    def _refresh_board(self, frame: Frame | None) -> None:
        position = frame.picture.position if frame else None
        if frame is None or position is None:
            self.wait()
            return
        self.come()
        self.pages.setCurrentWidget(self.board)
        self.title.say(frame.picture.name)
        self.board.show_frame(frame, position)

    def show_nothing(self, text: str) -> None:
        self.come()
        self.title.say("")
        self.veil.set_stale(False)
        self._sentence_veil.set_stale(False)
        self.empty.setText(text)
        self.pages.setCurrentWidget(self.empty)

    def _describe(self, picture: PictureInfo, size: tuple[int, ...]) -> None:
        classes = self._session.look.pictures.classes if self._session.look.pictures else ()
        self._made = made(picture, size)
        parts = [picture.name]
        if picture.label is not None and 0 <= picture.label < len(classes):
            parts.append(_("label {name}").format(name=classes[picture.label]))
        self.title.say(" · ".join(p for p in parts if p))

    @Slot(int, int)
    def _read(self, y: int, x: int) -> None:
        self.caption.say(self.shot.text(y, x))

    @Slot()
    def _unread(self) -> None:
        other = "" if self.answer.isHidden() else self.answer.other
        self.caption.say(" · ".join(filter(None, (self._made, other))))


def made(picture: PictureInfo, size: tuple[int, ...]) -> str:
    """How the picture became the network's: `640×480 picture, cropped to 480×480, scaled to 32×32`.

    Sizes are width×height, as picture viewers give them. `size`: (height, width) of what the network gets.
    """
    height, width = picture.size
    if not height or not width:
        return _("{size} picture").format(size=shape((size[1], size[0])))
    top, left, bottom, right = picture.box
    cropped = round((bottom - top) * height), round((right - left) * width)
    text = _("{size} picture").format(size=shape((width, height)))
    if cropped != (height, width):
        text += ", " + _("cropped to {size}").format(size=shape((cropped[1], cropped[0])))
    if cropped != tuple(size):
        text += ", " + _("scaled to {size}").format(size=shape((size[1], size[0])))
    return text
