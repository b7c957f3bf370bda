"""The canvas: what it shows, and where it looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from cnnviz.gui.canvas import Canvas, route
from cnnviz.gui.canvas.card import Card
from cnnviz.gui.canvas.menu import build_menu
from cnnviz.gui.canvas.places import BODY, HEIGHT, STRIP, WIDTH, in_port, ports
from cnnviz.gui.canvas.strip import tiles
from cnnviz.gui.canvas.style import whole
from cnnviz.gui.canvas.tips import card_tip
from cnnviz.gui.paint import colour, theme
from cnnviz.gui.paint.mosaic import levels
from cnnviz.gui.session import Session
from cnnviz.link.messages import Frame, Watch
from cnnviz.net.edit import Wire
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Add, Concat, Conv2d, Input, ReLU, Tanh

from .hand import NONE, at, card, in_step, items, pull, shown


@pytest.fixture
def canvas(session: Session, lenet: Graph, qtbot: QtBot) -> Iterator[Canvas]:
    """LeNet at 1 : 1 in a window of 1400×600."""
    widget = shown(session, lenet, qtbot)
    yield widget
    widget.close()


# ── what it shows ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_one_card_a_node_and_one_item_a_wire(canvas: Canvas) -> None:
    assert in_step(canvas)
    assert set(canvas.cards_scene.wires) >= {Wire("input", "C1"), Wire("C1", "tanh_1")}


def test_wires_end_at_ports(canvas: Canvas) -> None:
    item = canvas.cards_scene.wires[Wire("C1", "tanh_1")]
    cards = canvas.cards_scene.cards
    assert item.points[0] == (cards["C1"].place[0] + WIDTH / 2, 0.0)
    assert item.points[-1] == (cards["tanh_1"].place[0] - WIDTH / 2, 0.0)
    assert item.shape_out == (6, 28, 28)


def test_unchanged_cards_are_kept(canvas: Canvas, session: Session) -> None:
    before = dict(canvas.cards_scene.cards)
    session.edit.set("C1", "out_channels", 8)
    assert canvas.cards_scene.cards == before
    assert canvas.cards_scene.cards["C1"].row.out == (8, 28, 28)
    assert canvas.cards_scene.wires[Wire("C1", "tanh_1")].shape_out == (8, 28, 28)


def frame_of(session: Session, thumbs: dict[str, np.ndarray]) -> Frame:
    frame = Frame(session.version, 1, 10, 1, thumbs=thumbs)
    session.look.frame = frame
    session.frame_arrived.emit(frame)
    return frame


def test_strips_show_the_pixels_of_the_frame(canvas: Canvas, session: Session) -> None:
    maps = np.random.default_rng(0).normal(size=(6, 28, 28)).astype(np.float32)
    frame_of(session, {"C1": maps})
    image = canvas.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    area = whole(canvas.viewportTransform().mapRect(STRIP.translated(canvas.cards_scene.cards["C1"].pos())))
    table = colour.SIGNED.table[levels(maps, colour.natural(maps, True))]
    for i, place in enumerate(tiles(6, 28, 28, area.width(), area.height())):
        assert (place.width(), place.height()) == (28, 28)
        shown = image.copy(place.translated(area.topLeft()).toRect())
        pixels = np.frombuffer(shown.constBits(), np.uint8).reshape(28, -1)[:, : 28 * 4].reshape(28, 28, 4)
        assert np.array_equal(pixels[..., 2::-1], table[i])


def test_non_negative_layers_are_not_zero_centred(canvas: Canvas, session: Session) -> None:
    session.edit.insert("ReLU", Wire("C1", "tanh_1"), (660.0, 0.0))
    canvas.look(1.0, canvas.cards_scene.cards["relu_1"].pos())
    frame_of(session, {"relu_1": np.zeros((1, 2, 2), np.float32)})
    x, y = canvas.cards_scene.cards["relu_1"].place
    place = at(canvas, x + STRIP.left() + 10, y + STRIP.top() + 10)
    shown = canvas.viewport().grab().toImage().pixelColor(place)
    assert shown.getRgb()[:3] == tuple(colour.VIRIDIS.table[0])


def test_a_strip_is_repainted_without_the_rest_of_its_card(
    canvas: Canvas, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[str] = []
    face = Card._paint_face
    monkeypatch.setattr(Card, "_paint_face", lambda card, *a: (painted.append(card.node.id), face(card, *a)))
    maps = np.zeros((6, 28, 28), np.float32)
    frame_of(session, {"C1": maps})
    before = canvas.viewport().grab().toImage()
    canvas.cards_scene.cards["C1"].update()
    canvas.viewport().grab()
    assert painted == ["C1"]
    painted.clear()
    frame_of(session, {"C1": maps})
    place = STRIP.translated(canvas.cards_scene.cards["C1"].pos())
    canvas.viewport().repaint(canvas.viewportTransform().mapRect(place).toAlignedRect())
    assert not painted
    assert canvas.viewport().grab().toImage() == before


def test_vectors_are_bars(canvas: Canvas, session: Session) -> None:
    values = np.array([1.0, -1.0], np.float32)
    frame_of(session, {"output": values})
    image = canvas.viewport().grab().toImage()
    x, y = canvas.cards_scene.cards["output"].place
    left, right = x + STRIP.left() + STRIP.width() / 4, x + STRIP.left() + 3 * STRIP.width() / 4
    high, low = y + STRIP.top() + 8, y + STRIP.bottom() - 8
    up, down = image.pixelColor(at(canvas, left, high)), image.pixelColor(at(canvas, right, low))
    ground = image.pixelColor(at(canvas, right, high))
    assert up.red() > up.blue() and down.blue() > down.red()
    assert ground == theme.current().colour("panel") == image.pixelColor(at(canvas, left, low))


@pytest.mark.parametrize("values", [[np.nan, 1.0], [np.inf, -np.inf], [0.0, 0.0]])
def test_strange_values_are_painted(canvas: Canvas, session: Session, values: list[float]) -> None:
    array = np.array(values, np.float32)
    frame_of(session, {"output": array, "C1": array.reshape(1, 1, 2), "S2": np.zeros((0, 4, 4), np.float32)})
    assert not canvas.viewport().grab().isNull()


def test_stale_strips_are_dimmed(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    frame_of(session, {"input": np.full((1, 28, 28), 5.0, np.float32)})
    x, y = canvas.cards_scene.cards["input"].place
    place = at(canvas, x + STRIP.left() + 20, y + STRIP.top() + 20)
    fresh = canvas.viewport().grab().toImage().pixelColor(place)
    session.edit.set("C1", "out_channels", 8)
    qtbot.waitUntil(lambda: canvas.cards_scene.world.stale)
    assert canvas.viewport().grab().toImage().pixelColor(place).lightness() > fresh.lightness()
    frame_of(session, {"input": np.full((1, 28, 28), 5.0, np.float32)})
    assert canvas.viewport().grab().toImage().pixelColor(place) == fresh


def test_a_range_goes_on_easing_after_the_last_frame(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    frame_of(session, {"C1": np.full((1, 28, 28), 4.0, np.float32)})
    canvas.viewport().grab()
    frame_of(session, {"C1": np.full((1, 28, 28), 8.0, np.float32)})
    canvas.viewport().grab()
    strip = canvas.cards_scene.cards["C1"].strip
    assert strip.eases
    qtbot.waitUntil(lambda: not strip.eases)
    assert strip._ease._target == colour.Range(-8.0, 8.0)


def test_problems_are_marked_with_their_cause(canvas: Canvas, session: Session) -> None:
    session.edit.set("C1", "kernel_size", (40, 40))
    cards = canvas.cards_scene.cards
    style = canvas.cards_scene.world.style
    assert cards["C1"].waits_for == "" and " ".join(cards["C1"]._words(style).words).startswith("Conv2d's 40×40")
    assert cards["S2"].waits_for == cards["output"].waits_for == "C1"
    assert cards["output"]._words(style).words == ("waits for C1",)
    image = canvas.viewport().grab().toImage()
    x, y = cards["C1"].place
    edge = image.pixelColor(at(canvas, x, y - HEIGHT / 2))
    assert edge == theme.current().colour("problem")
    session.edit.undo()
    assert all(c.row.problem is None and not c.waits_for for c in cards.values())


def test_tips_say_what_and_why(canvas: Canvas, session: Session) -> None:
    tip = card_tip(session.rows["C1"], session.rows)
    assert "C1" in tip and "156 parameters" in tip and "Receptive field 5×5, step 1" in tip and "kernels" in tip
    session.edit.set("C1", "kernel_size", (40, 40))
    tip = card_tip(session.rows["output"], session.rows)
    assert "Waits for" in tip and "C1: Conv2d" in tip


@pytest.mark.parametrize("look", [theme.LIGHT, theme.DARK])
@pytest.mark.parametrize("zoom", [0.1, 0.2, 0.4, 1.0, 4.0])
def test_every_zoom_in_both_themes(
    canvas: Canvas, session: Session, qtbot: QtBot, look: theme.Theme, zoom: float
) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    try:
        theme.apply(app, look)
        qtbot.waitUntil(lambda: canvas.cards_scene.world.style.theme is look)
        session.edit.set("S2", "kernel_size", (40, 40))
        session.look.select(["C1", "flatten_1"])
        canvas.look(zoom, canvas.cards_scene.content().center())
        image = canvas.viewport().grab().toImage()
        assert image.pixelColor(2, 2) == look.colour("window")
        assert image.pixelColor(2, 2) != image.pixelColor(card(canvas, "S2") + QPoint(0, 3))
    finally:
        theme.apply(app, theme.LIGHT)


def test_empty_canvas_says_the_next_step(session: Session, qtbot: QtBot) -> None:
    widget = Canvas(session)
    qtbot.addWidget(widget)
    widget.resize(500, 300)
    image = widget.grab().toImage()
    colours = {image.pixel(x, 150) for x in range(500)}
    assert len(colours) > 2
    widget.fit()
    widget.tidy()
    widget.select_all()
    widget.delete()
    widget.zoom_to_selection()


# ── wires ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_wires_do_not_run_behind_cards() -> None:
    cards = [(0.0, 0.0), (200.0, 0.0), (400.0, 0.0)]
    points = route.corners((66.0, 0.0), (334.0, 0.0), route.Blocks(cards))
    assert len(points) == 6 and abs(points[2][1]) > HEIGHT / 2
    path = route.drawn(points)
    body = BODY.translated(200.0, 0.0)
    assert not any(body.contains(path.pointAtPercent(i / 200)) for i in range(201))


def test_long_wires_back_run_around_branches() -> None:
    branches = [(200.0, y) for y in (-144.0, 0.0, 144.0)]  # 24 px between them
    points = route.corners((466.0, 0.0), (-66.0, 300.0), route.Blocks([(400.0, 0.0), *branches, (0.0, 300.0)]))
    assert points[2][1] > 144.0 + HEIGHT / 2


def test_wires_back_run_between_the_rows() -> None:
    points = route.corners((466.0, 0.0), (-66.0, 168.0), route.Blocks([(0, 0), (200, 0), (400, 0), (0, 168)]))
    assert HEIGHT / 2 < points[2][1] < 168 - HEIGHT / 2


def test_a_merge_has_one_free_port(canvas: Canvas, session: Session) -> None:
    graph = Graph().add(Input(), id="input").add(ReLU(), ["input"]).add(Add(), ["input", "relu_1"])
    node = graph["add_1"]
    assert [ports(n) for n in graph] == [0, 1, 3]
    assert [in_port(node, i).y() for i in range(3)] == [-10.0, 10.0, 30.0]
    many = graph.add(Concat(), ["relu_1"] * 12)["concat_1"]
    assert all(abs(in_port(many, i).y()) < HEIGHT / 2 for i in range(ports(many)))


# ── where it looks ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_fit_shows_everything_and_does_not_enlarge_much(canvas: Canvas, session: Session) -> None:
    canvas.fit()
    assert canvas.seen.contains(canvas.cards_scene.content())
    session.edit.document.reset(Graph().add(Input(), id="picture"))
    assert canvas.zoom == 1.25


def test_another_file_is_fitted_and_an_edit_is_not(canvas: Canvas, session: Session) -> None:
    canvas.look(2.0, QPointF(5000, 0))
    session.edit.add("ReLU", (0.0, 300.0))
    assert canvas.zoom == 2.0
    session.edit.document.reset(Graph().add(Conv2d(), pos=(9000.0, 0.0), id="far"))
    assert canvas.seen.contains(canvas.cards_scene.content())


def test_a_fitted_network_stays_fitted_in_a_smaller_window(canvas: Canvas) -> None:
    canvas.fit()
    canvas.resize(500, 300)
    assert canvas.seen.contains(canvas.cards_scene.content())


def wheel(canvas: Canvas, place: QPoint, turn: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    view, phase = canvas.viewport(), Qt.ScrollPhase.NoScrollPhase
    where = QPointF(view.mapToGlobal(place))
    event = QWheelEvent(QPointF(place), where, QPoint(), turn, Qt.MouseButton.NoButton, keys, phase, False)
    QApplication.sendEvent(view, event)


def test_zoom_stays_under_the_pointer_and_within_limits(canvas: Canvas) -> None:
    place = QPoint(321, 123)
    before = canvas.to_canvas(QPointF(place))
    for _i in range(3):
        wheel(canvas, place, QPoint(0, 120), Qt.KeyboardModifier.ControlModifier)
    after = canvas.to_canvas(QPointF(place))
    assert canvas.zoom == pytest.approx(1.2**3) and (after - before).manhattanLength() < 1
    for _i in range(30):
        canvas.zoom_in()
    assert canvas.zoom == 4.0
    for _i in range(60):
        canvas.zoom_out()
    assert canvas.zoom == pytest.approx(0.1)


def test_fitting_shows_any_network_whole(canvas, session):
    """Seventeen LeNets side by side: less than the zoom that is the least otherwise."""
    graph = session.graph
    for i in range(17):
        graph = graph.add(Tanh(), ["output"], id=f"far_{i}", pos=(1500.0 * (i + 1), 0.0))
    session.edit.document.edit("paste", graph)
    canvas.fit()
    assert canvas.zoom < 0.1 and canvas.seen.contains(canvas.cards_scene.content())
    canvas.zoom_in()
    before = canvas.zoom
    for _time in range(5):
        canvas.zoom_out()
    assert canvas.zoom < before and canvas.seen.contains(canvas.cards_scene.content()), "and no further"


def test_panning(canvas: Canvas) -> None:
    start = canvas.to_canvas(QPointF(0, 0))
    wheel(canvas, QPoint(10, 10), QPoint(0, -120))
    assert canvas.to_canvas(QPointF(0, 0)) == start + QPointF(0, 60)
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    pull(canvas, card(canvas, "C1"), card(canvas, "C1") + QPoint(40, 20))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.to_canvas(QPointF(0, 0)) == start + QPointF(-40, 40) and in_step(canvas)


def test_only_cards_in_view_are_asked_for(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    def asked() -> tuple[str, ...]:
        told = [c.interest.thumbs for c in session.engine.sent if isinstance(c, Watch)]  # type: ignore[attr-defined]
        return told[-1] if told else ()

    qtbot.waitUntil(lambda: len(asked()) == 6)
    canvas.look(4.0, QPointF(*session.graph["S2"].pos))
    qtbot.waitUntil(lambda: asked() == ("tanh_1", "S2", "flatten_1"))
    canvas.look(0.1, QPointF(0, 0))
    qtbot.waitUntil(lambda: asked() == ())
    canvas.fit()
    qtbot.waitUntil(lambda: len(asked()) == 6)
    canvas.hide()
    assert asked() == ()


def test_context_menu_selects_and_offers(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    session.look.select(["C1"])
    menu = build_menu(canvas, session, wires=False)
    assert isinstance(menu, QMenu)
    words = {a.text(): a for a in menu.actions()}
    assert words["Copy"].isEnabled() and words["Tidy layout"].isEnabled()
    words["Duplicate"].trigger()
    assert len(session.graph) == 7
    menu.close()


# ── it lasts ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_two_thousand_edits_leave_nothing_behind(canvas: Canvas, session: Session) -> None:
    before = items(canvas)
    edits: list[Callable[[], object]] = [
        lambda: session.edit.insert("ReLU", Wire("C1", "tanh_1"), (660.0, 0.0)),
        lambda: session.edit.set("C1", "out_channels", 7),
        lambda: session.edit.remove(["relu_1"]),
        lambda: session.edit.set("C1", "out_channels", 6),
    ]
    for i in range(2000):
        edits[i % 4]()
    assert items(canvas) == before and in_step(canvas)
