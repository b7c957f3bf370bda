"""The canvas: what cards and wires say, and that their colours are those of the panels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from cnnviz.gui.canvas import Canvas
from cnnviz.gui.canvas.places import BODY, STRIP
from cnnviz.gui.canvas.style import TITLES, whole
from cnnviz.gui.canvas.tips import card_tip
from cnnviz.gui.canvas.wire import caption
from cnnviz.gui.paint import colour, theme
from cnnviz.gui.paint.bars import POSITIVE
from cnnviz.gui.paint.counts import shape, short
from cnnviz.gui.session import Session
from cnnviz.link.messages import Frame
from cnnviz.net.edit import Wire
from cnnviz.net.graph import Graph
from cnnviz.net.layout import GAP

from .hand import shown


@pytest.fixture
def canvas(session: Session, lenet: Graph, qtbot: QtBot) -> Iterator[Canvas]:
    """LeNet at 1 : 1 in a window of 1400×600."""
    widget = shown(session, lenet, qtbot)
    yield widget
    widget.close()


def frame_arrives(session: Session, thumbs: dict[str, np.ndarray], shown: np.ndarray | None = None) -> None:
    session.look.frame = Frame(session.version, 1, 10, 1, thumbs=thumbs, shown=shown)
    session.frame_arrived.emit(session.look.frame)


# ── pictures on cards ────────────────────────────────────────────────────────────────────────────────────────────────
def pixels_of(canvas: Canvas, id: str) -> np.ndarray:
    """What a card shows in the place of its maps: uint8 (height, width, 3)."""
    area = whole(canvas.viewportTransform().mapRect(STRIP.translated(canvas.cards_scene.cards[id].pos())))
    image = canvas.viewport().grab(area.toRect()).toImage().convertToFormat(QImage.Format.Format_RGB32)
    shown = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return shown[..., 2::-1].copy()


def greys(pixels: np.ndarray) -> bool:
    """Whether the maps' part of a strip, at its left, has no colour."""
    part = pixels[5:50, :40].astype(int)
    return bool((part.max(axis=2) - part.min(axis=2)).max() < 12)


def test_what_only_passes_on_has_the_sign_of_what_it_gets(canvas: Canvas, session: Session) -> None:
    maps, flat = np.full((1, 8, 8), 2.0, np.float32), np.full(4, 2.0, np.float32)
    red, yellow = colour.SIGNED.table[colour.LEVELS - 1], colour.VIRIDIS.table[colour.LEVELS - 1]
    quiet = theme.current().family("Input").getRgb()[:3]

    def colours() -> tuple[list[int], list[int]]:
        frame_arrives(session, {"S2": maps, "flatten_1": flat})
        return pixels_of(canvas, "S2")[20, 20].tolist(), pixels_of(canvas, "flatten_1")[15, 10].tolist()

    assert colours() == (red.tolist(), list(POSITIVE.getRgb()[:3]))  # after Tanh
    session.edit.insert("ReLU", Wire("tanh_1", "S2"), (300.0, 300.0))
    assert colours() == (yellow.tolist(), list(quiet))
    maps = -maps  # of the network before the edit
    assert colours()[0] == colour.SIGNED.table[0].tolist()


def test_the_input_shows_the_picture(canvas: Canvas, session: Session) -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (57, 57, 3), np.uint8)
    thumbs = {"input": rng.normal(size=(3, 29, 29)).astype(np.float32)}

    def show(shown: np.ndarray) -> np.ndarray:
        frame_arrives(session, thumbs, shown)
        return pixels_of(canvas, "input")

    assert np.array_equal(show(picture)[:57, :57], picture)
    assert greys(show(picture[..., :1].repeat(3, axis=2)))
    large = show(np.full((300, 300, 3), (10, 200, 30), np.uint8))
    assert (large[3:54, 3:54] == (10, 200, 30)).all()


def test_the_same_picture_is_not_painted_again(canvas: Canvas, session: Session) -> None:
    picture = np.zeros((28, 28, 3), np.uint8)
    scene, card = canvas.cards_scene, canvas.cards_scene.cards["input"]
    assert scene.take(Frame(1, 1, 1, 1, shown=picture), jump=False) == [card]
    assert scene.take(Frame(1, 1, 2, 1, shown=picture.copy()), jump=False) == []
    assert scene.take(Frame(1, 1, 3, 1, shown=picture + 1), jump=False) == [card]


# ── words on cards ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_far_away_all_blocks_have_titles_or_none(canvas: Canvas, session: Session) -> None:
    def lettered() -> set[str]:
        image, found = canvas.viewport().grab().toImage(), set()
        for id, item in canvas.cards_scene.cards.items():
            box = whole(canvas.viewportTransform().mapRect(BODY.translated(item.pos()))).toRect().adjusted(2, 2, -2, -2)
            inks = {image.pixel(x, y) for x in range(box.left(), box.right()) for y in range(box.top(), box.bottom())}
            if len(inks) > 1:
                found.add(id)
        return found

    for zoom in (0.1, 0.15, 0.2, 0.24, 0.27, 0.28, 0.29):
        canvas.look(zoom, canvas.cards_scene.content().center())
        assert lettered() == (set(session.graph.index) if zoom >= TITLES else set()), zoom


def test_large_shapes_are_written_on_cards_with_groups(canvas: Canvas, session: Session) -> None:
    session.edit.set("output", "out_features", 14_400)
    face = canvas.cards_scene.cards["output"]._words(canvas.cards_scene.world.style)
    assert face.shape == "14,400"
    assert "14,400" in card_tip(session.rows["output"], session.rows)


# ── words on wires ───────────────────────────────────────────────────────────────────────────────────────────────────
LARGE = [(9,), (14_400,), (65_536,), (102_400,), (3_211_264,), (6, 28, 28), (64, 224, 224), (1_024, 14, 14)]


@pytest.mark.parametrize("out", LARGE)
def test_every_shape_is_written_on_a_wire_between_neighbours(canvas: Canvas, out: tuple[int, ...]) -> None:
    style = canvas.cards_scene.world.style
    lines = caption(out, style.metrics(style.caption).horizontalAdvance, GAP[0])
    text = "".join(lines)
    assert lines and text in (shape(out), short(out[0]))


def test_captions_of_wires_are_cut_nowhere() -> None:
    def measure(text: str) -> float:
        return 7.0 * len(text)

    assert caption((6, 28, 28), measure, 100.0) == ("6×28×28",)
    assert caption((6, 28, 28), measure, 44.0) == ("6×", "28×28")
    assert caption((64, 224, 224), measure, 44.0) == ("64×", "224×", "224")
    assert caption((14_400,), measure, 44.0) == ("14,400",)
    assert caption((1_638_400,), measure, 44.0) == ("1.6 M",)
    assert caption((14_400,), measure, 20.0) == ()


def test_three_lines_of_a_caption_are_painted_whole(canvas: Canvas) -> None:
    """Below the wire they reach as low as its item does."""
    item = canvas.cards_scene.wires[Wire("C1", "tanh_1")]
    style, base = canvas.cards_scene.world.style, 25.0
    assert item.rect().bottom() >= base + style.metrics(style.caption).descent()


@pytest.mark.parametrize("channels", [1, 6, 60_000, 5_000_000])
def test_counts_beside_the_largest_shapes_can_be_painted(
    canvas: Canvas, session: Session, monkeypatch: pytest.MonkeyPatch, channels: int
) -> None:
    """An exception while painting ends the program."""
    card = canvas.cards_scene.cards["C1"]
    row = card.row._replace(out=(channels, 16_384, 16_384), params=26 * channels)
    monkeypatch.setattr(card, "row", row)
    said = card._words(card.world.style)
    assert said.shape == shape(row.out) and said.params in {"26", "156", "1.6 M", "2 M", "130 M"}
    monkeypatch.setattr(card, "row", row._replace(params=4 * 10**15))
    assert card._words(card.world.style).params in {"4,000 T", "4,000.0 T"}
