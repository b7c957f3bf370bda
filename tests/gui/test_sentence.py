"""The sentence: typed, shown as chips, framed where the selected unit looks, paged through."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from cnnviz.engine.sentences import sentences, words
from cnnviz.gui.inspect import Field, Maps, Picture
from cnnviz.gui.paint import theme
from cnnviz.gui.session import Session
from cnnviz.link.messages import Frame, Look, PictureInfo, Pictures, Progress, Sample, Sentence, Unit, Watch
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Embedding, Input, Tokens

from .frames import arrive, frame, has_colour, pixels

TEXT = "The plot is not dreadful at all."


@pytest.fixture
def net() -> Graph:
    g = Graph().add(Tokens(16, 128), id="tokens").add(Embedding(128, 6), ["tokens"], id="embedding")
    return g.add(Conv2d(3, (4, 6)), ["embedding"], id="conv")


@pytest.fixture
def panel(session: Session, net: Graph, qtbot) -> Picture:
    session.edit.document.edit("open", net)
    session.look.take_pictures(Pictures("sentences", 1600, 400, ("negative", "positive")))
    session.look.select(["conv"])
    session.look.pick(1, 3, 0)
    made = Picture(session)
    qtbot.addWidget(made)
    made.resize(420, 360)
    made.show()
    return made


def sent(session: Session, text: str = TEXT, label: int | None = None, name: str = "typed") -> Frame:
    info = PictureInfo(name, (16, 1), label, words=words(text, 16, 128))
    field = np.arange(16, dtype=np.float32)[:, None]
    return frame(session, picture=info, probabilities=np.array([0.2, 0.8], np.float32), field=field)


def at(panel: Picture, index: int) -> QPoint:
    return panel.sentence.chips.place(index).center().toPoint()


def test_typing_asks_for_the_sentence(session: Session, panel: Picture, qtbot) -> None:
    arrive(session, sent(session, "Great film.", 1, "sentences"))
    assert panel.pages.currentWidget() is panel.sentence and panel.paging.open.isHidden()
    assert panel.sentence.line.text() == "Great film." and panel.title.whole == "sentences · label positive"
    panel.sentence.line.selectAll()
    qtbot.keyClicks(panel.sentence.line, "so dull")
    assert session.engine.last(Look).picture == Sentence("so dull")
    arrive(session, sent(session, "Great film.", 1, "sentences"))  # of the sentence before: what is typed stays
    assert panel.sentence.line.text() == "so dull"
    assert session.engine.last(Watch).interest.unit == Unit("conv", 1, 3, 0)  # for the strength of the words


def test_unknown_words_and_the_window_are_marked(session: Session, panel: Picture) -> None:
    arrive(session, sent(session))
    chips = panel.sentence.chips
    assert list(chips.seen) == [3, 4, 5, 6]
    picture = pixels(chips.viewport())
    assert has_colour(picture, theme.current().colour("problem"), chips.place(4).toAlignedRect())
    assert not has_colour(picture, theme.current().colour("problem"), chips.place(2).toAlignedRect())
    edge = chips.place(3).toAlignedRect().adjusted(-3, -3, 3, 3)
    assert has_colour(picture, theme.current().colour("accent"), edge)
    assert chips.text(4) == "word 4 · dreadful · not in the vocabulary: the net gets “unknown” · 3.3 % of the gradient"
    assert chips.text(12) == "word 12 · padding · 10.0 % of the gradient"
    assert panel.sentence.caption.text() == "8 words, 1 unknown, filled up to 16"
    assert panel.sentence.answer.verdict.text() == "positive with 80.0 %"


def test_a_click_on_a_word_selects_the_unit_that_looks_there(session: Session, panel: Picture, qtbot) -> None:
    arrive(session, sent(session))
    qtbot.mouseClick(panel.sentence.chips.viewport(), Qt.MouseButton.LeftButton, pos=at(panel, 7))
    assert session.look.unit.node == "conv" and 7 in panel.sentence.chips.seen
    before = session.look.unit.y
    qtbot.keyClick(panel.sentence.chips, Qt.Key.Key_Right)
    assert session.look.unit == Unit("conv", 1, before + 1, 0)
    qtbot.mouseMove(panel.sentence.chips.viewport(), at(panel, 4))
    assert panel.sentence.caption.text().startswith("word 4 · dreadful")


def test_pages_through_the_sentences(session: Session, panel: Picture, qtbot) -> None:
    arrive(session, sent(session))
    qtbot.mouseClick(panel.paging.forth, Qt.MouseButton.LeftButton)
    assert session.engine.last(Look).picture == Sample(1)
    text = sentences().test[1]
    arrive(session, sent(session, text, 0, "sentences"))
    assert panel.sentence.line.text() == text
    assert panel.sentence.answer.verdict.text().startswith("✗ positive")


def test_a_text_too_long_is_cut_and_says_so(session: Session, panel: Picture) -> None:
    arrive(session, sent(session, "very " * 20))
    assert panel.sentence.caption.text() == "20 words, the first 16 are taken"
    arrive(session, sent(session, ""))
    assert panel.sentence.caption.text() == "0 words, filled up to 16"


def test_a_typed_sentence_is_left_with_its_network(session: Session, panel: Picture) -> None:
    session.look.show(Sentence("so dull"))
    session.edit.document.edit("open", Graph().add(Input(1, (8, 8)), id="input"))
    assert session.engine.last(Look).picture == Sample(0) == session.look.picture


def test_the_field_is_words_and_maps_tell_them(session: Session, panel: Picture, qtbot) -> None:
    field, maps = Field(session), Maps(session)
    for other in (field, maps):
        qtbot.addWidget(other)
        other.resize(300, 300)
        other.show()
    arrive(session, sent(session))
    assert field.pages.currentWidget() is field.words and list(field.words.chips.seen) == [3, 4, 5, 6]
    assert field.words.caption.text().startswith("sees 4 words of 16\ncounts most: word 15 · padding")
    assert maps.view.tiles.text(1, 3, 0).endswith("“not dreadful at all”")
    assert maps.view.tiles.text(1, 6, 0).endswith("“all . · ·”")


def test_the_field_of_two_runs_is_words_below_words(session: Session, panel: Picture, qtbot, monkeypatch) -> None:
    field = Field(session)
    qtbot.addWidget(field)
    field.resize(300, 400)
    field.show()
    words = field.words
    arrive(session, sent(session))
    assert words.second.isHidden() and words.head.isHidden() and words.told.isHidden()
    monkeypatch.setattr(session.beside, "_folder", "/other")
    monkeypatch.setattr(session.beside, "account", SimpleNamespace(rows=session.rows, folder="/other"))
    mine, other = sent(session), replace(sent(session), step=1200, field=np.eye(16, 1, -5, np.float32))
    arrive(session, replace(mine, past=True, other=other))
    assert words.second.isVisible() and words.mine.isVisible() and list(words.second.seen) == [3, 4, 5, 6]
    assert "counts most: word 5 · " in words.told.text() and words.told.text().endswith("at step 1,200")
    assert "counts most: word 15" in words.caption.text(), "this run's stays as it is"
    monkeypatch.setattr(session.beside, "account", SimpleNamespace(rows={}, folder="/other"))
    arrive(session, replace(mine, past=True, other=replace(other, unit=None, field=None)))
    assert words.second.isHidden() and words.told.text() == "at step 1,200: its network has no conv"
    arrive(session, replace(mine, past=False))
    assert words.told.isHidden() and words.mine.isHidden()


def test_the_field_of_a_network_as_it_was_says_so(session: Session, panel: Picture, qtbot) -> None:
    field = Field(session)
    qtbot.addWidget(field)
    field.show()
    arrive(session, sent(session))
    session.look.select(["conv"])
    arrive(session, sent(session))
    assert field.pages.currentWidget() is field.words and not field.title.old
    session.edit.set("conv", "out_channels", 9)
    qtbot.waitUntil(lambda: field.title.old)
    assert field.words.caption.text().startswith("sees 4 words")
    session.run.progress = Progress(1, session.version - 1, "training", 5, 9, 0, 0, None, None, None, 0.1, "cpu")
    session.edit.set("conv", "kernel_size", (5, 6))
    qtbot.waitUntil(lambda: field.words.caption.text().startswith("after the edit: sees 5 words of 16\n"))
    session.run.progress = None
    arrive(session, sent(session))
    assert not field.title.old
