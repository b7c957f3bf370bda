"""The Go board: set by clicking, by the rules; the answer as a heat map on it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from cnnviz.engine.planes import filled
from cnnviz.gui.inspect import Picture
from cnnviz.gui.inspect.board import BLACK_STONE, WHITE_STONE, planes_text
from cnnviz.gui.session import Session
from cnnviz.link.messages import Look, PictureInfo, Pictures, Position, Sample
from cnnviz.net.go import point_of
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Board, Conv2d, Input
from cnnviz.net.positions import positions, title

from .frames import arrive, colour_at, frame, pixels


@pytest.fixture
def panel(session: Session, qtbot) -> Picture:
    net = Graph().add(Board(), id="board").add(Conv2d(4, (5, 5), padding=(2, 2)), ["board"], id="conv")
    session.edit.document.edit("open", net)
    session.look.take_pictures(Pictures("positions", 0, 5, ()))
    made = Picture(session)
    qtbot.addWidget(made)
    made.resize(480, 360)
    made.show()
    return made


def show(session: Session, position: Position, name: str = "Opening") -> None:
    shares = np.full(361, 0.5 / 358, np.float32)
    shares[[point_of(p) for p in ("C3", "R17", "K10")]] = 0.3, 0.15, 0.05
    info = PictureInfo(name, (19, 19), position=position, planes=filled(position))
    arrive(session, frame(session, picture=info, probabilities=shares))


def place(panel: Picture, point: str) -> QPoint:
    return panel.board.view.centre(point_of(point)).toPoint()


def click(panel: Picture, qtbot, point: str, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    qtbot.mouseClick(panel.board.view.viewport(), button, pos=place(panel, point))


def test_clicks_play_and_take_away(session: Session, panel: Picture, qtbot) -> None:
    show(session, Position())
    assert panel.pages.currentWidget() is panel.board
    click(panel, qtbot, "D4")
    click(panel, qtbot, "Q16")
    asked = session.engine.last(Look).picture
    assert asked == Position().play(point_of("D4")).play(point_of("Q16"))
    picture = pixels(panel.board.view.viewport())
    inside = QPoint(3, 3)  # beside the mark of the last move
    assert colour_at(picture, place(panel, "D4")) == BLACK_STONE.getRgb()[:3]
    assert colour_at(picture, place(panel, "Q16") + inside) == WHITE_STONE.getRgb()[:3]
    assert panel.board.turn.text() == "Black moves"
    qtbot.mouseClick(panel.board.turn, Qt.MouseButton.LeftButton)
    assert session.look.picture.to_move == "W" and panel.board.turn.text() == "White moves"
    click(panel, qtbot, "D4", Qt.MouseButton.RightButton)
    assert session.look.picture[point_of("D4")] == "." and session.look.picture[point_of("Q16")] == "W"
    qtbot.mouseClick(panel.board.clear, Qt.MouseButton.LeftButton)
    assert session.look.picture == Position()


def test_what_the_rules_forbid_is_said(session: Session, panel: Picture, qtbot) -> None:
    show(session, positions()[4])
    before = len(session.engine.sent)
    click(panel, qtbot, "K10")
    assert len(session.engine.sent) == before and panel.board.words.text().startswith("⚠ Ko: K10")
    click(panel, qtbot, "L10")
    assert "a stone at L10" in panel.board.words.text()


def test_keys_play_too(session: Session, panel: Picture, qtbot) -> None:
    show(session, Position())
    qtbot.keyClick(panel.board.view, Qt.Key.Key_Left)
    qtbot.keyClick(panel.board.view, Qt.Key.Key_Return)
    assert session.look.picture[point_of("J10")] == "B"


def test_the_answer_is_a_heat_map_of_its_own_position(session: Session, panel: Picture, qtbot) -> None:
    show(session, Position())
    assert panel.board.view.best == [point_of(p) for p in ("C3", "R17", "K10")]
    assert panel.board.words.text().splitlines() == [
        "random weights: it plays by chance",
        "1. C3 · probability 30.0 %",
        "2. R17 · probability 15.0 %",
        "3. K10 · probability 5.0 %",
    ]
    hot = colour_at(pixels(panel.board.view.viewport()), place(panel, "C3") + QPoint(5, -5))
    cold = colour_at(pixels(panel.board.view.viewport()), place(panel, "F6") + QPoint(5, -5))
    assert hot != cold
    click(panel, qtbot, "D4")
    assert panel.board.view.best == []  # until the answer to the new position is there
    show(session, session.look.picture)
    assert panel.board.view.best
    session.run.learned = True
    show(session, session.look.picture)
    assert "random" not in panel.board.words.text()


def test_says_which_planes_are_filled(session: Session, panel: Picture) -> None:
    show(session, positions()[0])
    assert panel.board.note.text() == "48 of 48 planes are filled"
    given = Position(stones=positions()[0].stones)
    assert planes_text(filled(given)) == "40 of 48 planes are filled\nempty: turns since"
    assert "✓ ladder capture (1)" in panel.board.note.toolTip()


def test_pages_through_positions(session: Session, panel: Picture, qtbot) -> None:
    show(session, positions()[0], title(0))
    assert panel.paging.place.text() == "1 of 5" and panel.paging.split.isHidden()
    qtbot.mouseClick(panel.paging.forth, Qt.MouseButton.LeftButton)
    assert session.engine.last(Look).picture == Sample(1)
    show(session, positions()[1], title(1))
    assert panel.board.view.position == positions()[1] and panel.title.whole.startswith("Ladder")
    click(panel, qtbot, "E6")
    session.edit.document.edit("open", Graph().add(Input(1, (8, 8)), id="input"))
    assert session.look.picture == Sample()
