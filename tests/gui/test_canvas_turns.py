"""The canvas: when it paints what, and that what it keeps is what it would paint."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnviz.gui.canvas import Canvas
from cnnviz.gui.canvas.card import Card
from cnnviz.gui.canvas.places import STRIP
from cnnviz.gui.canvas.strip import bars
from cnnviz.gui.canvas.style import whole
from cnnviz.gui.canvas.wire import WireItem
from cnnviz.gui.paint import theme
from cnnviz.gui.paint.colour import Range
from cnnviz.gui.session import Session
from cnnviz.link.messages import TRAINING, Frame, News, Progress
from cnnviz.net.graph import Graph

from .hand import shown


@pytest.fixture
def canvas(session: Session, lenet: Graph, qtbot: QtBot) -> Iterator[Canvas]:
    """LeNet at 1 : 1, painted; the next slice is a test's to start."""
    widget = shown(session, lenet, qtbot)
    widget.turns._timer.timeout.disconnect(widget.turns.slice)
    widget.viewport().grab()
    yield widget
    widget.close()


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the cards that have been painted, wires as `source>target`."""
    ids: list[str] = []
    strip, caption = Card._paint_strip, WireItem._paint_caption

    def paint_strip(item: Card, *a: object) -> None:
        ids.append(item.node.id)
        strip(item, *a)  # type: ignore[arg-type]

    def paint_caption(item: WireItem, *a: object) -> None:
        ids.append(f"{item.wire.source}>{item.wire.target}")
        caption(item, *a)  # type: ignore[arg-type]

    monkeypatch.setattr(Card, "_paint_strip", paint_strip)
    monkeypatch.setattr(WireItem, "_paint_caption", paint_caption)
    return ids


def frame(session: Session, value: float, ids: list[str]) -> None:
    """Every layer's maps have this value."""
    maps = {i: np.full((2, 8, 8), value, np.float32) for i in ids}
    session.look.frame = Frame(session.version, 1, 10, 1, thumbs=maps)
    session.frame_arrived.emit(session.look.frame)


def train(session: Session) -> None:
    progress = Progress(session.run.number, session.version, TRAINING, 1, 9, 0.1, 9.0, 9.0, 1.0, None, 0.1, "cpu")
    session.run.take_news(News(progress, 0, np.zeros((0, 4)), np.zeros((0, 4))))
    assert session.run.phase == TRAINING


def turn(canvas: Canvas, painted: list[str]) -> list[str]:
    """What the next slice paints."""
    painted.clear()
    canvas.turns.slice()
    canvas.viewport().grab()
    return list(painted)


# ── turns ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_while_it_trains_cards_take_turns(canvas: Canvas, session: Session, painted: list[str]) -> None:
    train(session)
    session.look.select(["S2"])
    frame(session, 1.0, list(session.graph.index))
    assert turn(canvas, painted) == ["input", "C1", "tanh_1", "S2"]  # the selected one is in the first slice
    assert turn(canvas, painted) == ["flatten_1", "output"]
    assert turn(canvas, painted) == []


def test_who_waits_longest_comes_next(canvas: Canvas, session: Session, painted: list[str]) -> None:
    train(session)
    ids = list(session.graph.index)
    order = []
    for i in range(6):  # frames come faster than turns
        frame(session, float(i), ids)
        order += turn(canvas, painted)
    assert [order.count(i) for i in ids] == [4] * 6
    assert float(canvas.cards_scene.cards["C1"].strip.array[0, 0, 0]) == 5.0  # type: ignore[index]


def test_the_newest_frame_is_painted(canvas: Canvas, session: Session, painted: list[str]) -> None:
    train(session)
    for value in (1.0, 2.0):
        frame(session, value, ["input", "C1"])
    assert turn(canvas, painted) == ["input", "C1"] and turn(canvas, painted) == []


def test_without_training_a_frame_is_shown_at_once(canvas: Canvas, session: Session, painted: list[str]) -> None:
    ids = list(session.graph.index)
    frame(session, 1.0, ids)
    painted.clear()
    frame(session, 2.0, ids)
    canvas.viewport().grab()
    assert painted == ids
    assert turn(canvas, painted) == []


def test_many_cards_make_more_and_larger_slices_up_to_a_bound(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Card] = []
    monkeypatch.setattr(Card, "update_strip", lambda card: told.append(card))
    row = next(iter(canvas.cards_scene.cards.values())).row
    for many, size, rest in ((6, 4, 12), (13, 4, 12), (26, 4, 12), (40, 4, 8), (80, 4, 4), (400, 6, 4)):
        canvas.turns.add([Card(row, "", canvas.cards_scene.world) for _i in range(many)])
        assert canvas.turns._timer.interval() == rest
        canvas.turns.slice()
        assert len(told) == size
        canvas.turns.skip()
        assert len(told) == many
        told.clear()


def test_cards_out_of_view_are_not_painted(canvas: Canvas, session: Session, painted: list[str]) -> None:
    canvas.look(4.0, QPointF(*session.graph["S2"].pos))
    canvas.viewport().grab()
    painted.clear()
    frame(session, 1.0, list(session.graph.index))
    canvas.viewport().grab()
    assert painted == ["tanh_1", "S2", "flatten_1"]
    canvas.look(1.0, QPointF(*session.graph["S2"].pos))
    painted.clear()
    assert "C1" not in painted
    canvas.viewport().grab()
    assert "C1" in painted


def test_an_edit_paints_only_cards_that_look_different(
    canvas: Canvas, session: Session, painted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas.look(0.4, QPointF(400.0, 0.0))
    canvas.viewport().grab()

    def after(name: str, value: object) -> set[str]:
        painted.clear()
        session.edit.set("C1", name, value)
        canvas.viewport().grab()
        return set(painted)

    assert after("padding", (1, 1)) == set()  # 30×30 instead of 28×28: too small for words, the same room
    assert after("kernel_size", (25, 25)) == {"C1", "tanh_1", "S2"}  # 10×10
    frame(session, 1.0, ["C1", "tanh_1", "S2"])
    canvas.viewport().grab()
    assert after("kernel_size", (5, 5)) == set()  # what the network gave before the edit is still shown
    laid: list[object] = []
    run = WireItem.run
    monkeypatch.setattr(WireItem, "run", lambda item, points: (laid.append(item.wire), run(item, points)))
    session.edit.set("C1", "out_channels", 7)
    assert not laid, "no card has moved"
    session.edit.move({"S2": (520.0, 200.0)})
    assert {w.source for w in laid} == {"tanh_1", "S2"}  # type: ignore[attr-defined]


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_slice_paints_no_face_no_wire_and_nothing_around(canvas: Canvas, session: Session) -> None:
    frame(session, 1.0, ["C1"])
    before = canvas.viewport().grab().toImage()
    frame(session, 1.0, ["C1"])
    assert canvas.viewport().grab().toImage() == before
    session.look.frame = Frame(session.version, 2, 10, 1, thumbs={"C1": np.linspace(-1, 1, 64).reshape(1, 8, 8)})
    session.frame_arrived.emit(session.look.frame)
    after = canvas.viewport().grab().toImage()
    place = canvas.viewportTransform().mapRect(STRIP.translated(canvas.cards_scene.cards["C1"].pos()))
    assert changed(before, after) and whole(place).toAlignedRect().contains(changed(before, after))


def another(canvas: Canvas, session: Session, qtbot: QtBot) -> Canvas:
    """One of the same size, that has painted nothing yet."""
    fresh = Canvas(session)
    qtbot.addWidget(fresh)
    fresh.resize(canvas.size())
    with qtbot.waitExposed(fresh):
        fresh.show()
    return fresh


def changed(a: QImage, b: QImage) -> QRect:
    """Around the pixels that differ."""
    x, y = (np.frombuffer(i.constBits(), np.uint32).reshape(i.height(), i.width()) for i in (a, b))
    down, across = np.nonzero(x != y)
    if not len(down):
        return QRect()
    return QRect(int(across.min()), int(down.min()), int(np.ptp(across)) + 1, int(np.ptp(down)) + 1)


@pytest.mark.parametrize("zoom", [0.2, 0.4, 1.0])
def test_what_is_kept_is_what_would_be_painted(canvas: Canvas, session: Session, qtbot: QtBot, zoom: float) -> None:
    """After edits at one zoom, at every zoom the same picture as that of a canvas that has kept nothing."""
    canvas.look(zoom, QPointF(400.0, 0.0))
    canvas.viewport().grab()
    session.edit.set("C1", "kernel_size", (3, 3))
    canvas.viewport().grab()
    session.edit.insert("ReLU", next(w for w in canvas.cards_scene.wires if w.target == "S2"), (600.0, 40.0))
    session.edit.set("S2", "kernel_size", (90, 90))
    canvas.viewport().grab()
    session.edit.set("S2", "kernel_size", (4, 4))
    fresh = another(canvas, session, qtbot)
    for now in (zoom, 0.2, 0.4, 1.0, 2.0):
        for widget in (canvas, fresh):
            widget.look(now, QPointF(400.0, 0.0))
        assert not changed(canvas.viewport().grab().toImage(), fresh.viewport().grab().toImage()), now


def test_another_theme_leaves_nothing_of_the_one_before(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    try:
        theme.apply(app, theme.DARK)
        qtbot.waitUntil(lambda: canvas.cards_scene.world.style.theme is theme.DARK)
        fresh = another(canvas, session, qtbot)
        fresh.look(canvas.zoom, canvas.centre)
        assert not changed(canvas.viewport().grab().toImage(), fresh.viewport().grab().toImage())
    finally:
        theme.apply(app, theme.LIGHT)


# ── bars ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_bars_stand_on_the_zero_line() -> None:
    picture = bars(np.array([1.0, -1.0, 0.5, np.nan]), Range(-1.0, 1.0), 8, 16)
    assert picture.shape == (9, 16)
    assert [picture[:, x].tolist() for x in (0, 3, 4, 8, 12)] == [
        [2, 2, 2, 2, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 0, 0, 0, 0],  # the gap
        [0, 0, 0, 0, 3, 3, 3, 3, 0],
        [0, 0, 2, 2, 1, 0, 0, 0, 0],
        [4, 4, 4, 4, 4, 4, 4, 4, 0],
    ]


def test_bars_of_one_sign_have_their_line_below_or_none() -> None:
    up = bars(np.array([0.0, 2.0]), Range(0.0, 2.0), 8, 4)
    assert up[8].tolist() == [1] * 4 and up[:8, 3].tolist() == [2] * 8 and not up[:8, 0].any()
    assert not (bars(np.array([-5.0, -3.0]), Range(-5.0, -3.0), 8, 4) == 1).any()


def test_more_bars_than_columns() -> None:
    """Each column shows the largest magnitude in its share: no peak is lost, whichever way it goes."""
    picture = bars(np.arange(100.0), Range(0.0, 99.0), 20, 10)
    heights = (picture[:20] == 2).sum(axis=0)
    assert (np.diff(heights) > 0).all() and heights[-1] == 20
    values = np.full(95, 0.1)
    values[33], values[34], values[94] = -1.0, 0.9, np.nan
    peaks = bars(values, Range(-1.0, 1.0), 20, 10)
    assert (peaks == 3).sum(axis=0).tolist() == [0, 0, 0, 10, 0, 0, 0, 0, 0, 0]
    assert (peaks[:20, 9] == 4).all()
