"""Folded and open groups on the canvas, by mouse and keys, while frames arrive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnviz.gui import mime
from cnnviz.gui.canvas import Canvas
from cnnviz.gui.canvas import canvas as module
from cnnviz.gui.canvas.places import SIGN
from cnnviz.gui.canvas.tips import group_tip
from cnnviz.gui.canvas.wire import caption
from cnnviz.gui.session import Session
from cnnviz.net.edit import Wire
from cnnviz.net.fold import GroupRow

from .frames import frame
from .hand import LEFT, NONE, card, click, drag_in, mouse, out_port, port, pull


@pytest.fixture
def canvas(session: Session, qtbot: QtBot) -> Iterator[Canvas]:
    """ResNet-18 with its eight blocks folded, at 1 : 1."""
    session.file.open_preset("resnet18")
    session.fold.fold_all()
    widget = Canvas(session)
    qtbot.addWidget(widget)
    widget.resize(1900, 900)
    with qtbot.waitExposed(widget):
        widget.show()
    for path in ("layer1", "layer2", "layer3", "layer4"):
        session.fold.unfold(path)
    still(widget, qtbot)
    look_at(widget, "layer1/0/")
    yield widget
    widget.close()


def still(canvas: Canvas, qtbot: QtBot) -> None:
    """Wait until nothing glides."""
    qtbot.waitUntil(lambda: done(canvas))


def done(canvas: Canvas) -> bool:
    stopped = canvas._motion.State.Stopped
    return canvas._settle.state() == stopped and canvas._motion.state() == stopped


def look_at(canvas: Canvas, id: str) -> None:
    canvas.actual_size()  # a person looks for himself: the network is not kept in view any more
    canvas.look(1.0, canvas.cards_scene.cards[id].pos())


def in_step(canvas: Canvas) -> bool:
    scene, view = canvas.cards_scene, canvas._session.fold.view
    wires = sum(len(n.sources) for n in view.graph)
    return (
        set(scene.cards) == set(view)
        and all(scene.cards[i].place == r.node.pos for i, r in view.items())
        and len(scene.items()) == len(view) + wires + 2 * len(scene.frames)
    )


def sign(canvas: Canvas, id: str) -> QPoint:
    return canvas.mapFromScene(canvas.cards_scene.cards[id].pos() + SIGN.center())


def double(canvas: Canvas, place: QPoint) -> None:
    click(canvas, place)
    mouse(canvas, QEvent.Type.MouseButtonDblClick, place, True)
    mouse(canvas, QEvent.Type.MouseButtonRelease, place, False)


def test_a_folded_group_is_one_card(canvas: Canvas, session: Session) -> None:
    scene = canvas.cards_scene
    assert "layer1/0/" in scene.cards and "layer1_0_conv1" not in scene.cards and in_step(canvas)
    assert [*scene.frames] == ["layer1", "layer2", "layer3", "layer4"]
    item = scene.cards["layer1/0/"]
    face = item._words(scene.world.style)
    assert face.title == "layer1/0" and face.caption == "Residual · 7 layers"
    assert face.shape == "64×56×56" and face.params == "73,984"
    row = session.fold.view["layer1/0/"]
    assert isinstance(row, GroupRow)
    assert "Residual · 7 layers" in canvas._tip("layer1/0/") and "unfolds" in group_tip(row, session.rows, "")
    frame_tip = canvas._frame_tip(scene.frames["layer1"])
    assert "2 blocks · 14 layers" in frame_tip and "147,968" in frame_tip and "moves it" in frame_tip
    for zoom in (0.2, 0.29, 0.4, 1.0):
        canvas.look(zoom, canvas.centre)
        assert not canvas.grab().isNull()


def test_the_sign_unfolds_and_the_frame_folds_under_the_pointer(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    at = sign(canvas, "layer1/0/")
    click(canvas, at)
    assert "layer1_0_conv1" in session.fold.view
    still(canvas, qtbot)
    assert in_step(canvas) and "layer1/0" in canvas.cards_scene.frames
    here = canvas.mapFromScene(canvas.cards_scene.frames["layer1/0"].sign)
    assert (here - at).manhattanLength() < 8, "it stays under the pointer"
    click(canvas, here)
    still(canvas, qtbot)
    assert "layer1/0/" in session.fold.view and in_step(canvas)
    assert (sign(canvas, "layer1/0/") - at).manhattanLength() < 12


def test_double_click_and_enter_unfold(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    double(canvas, card(canvas, "layer1/0/"))
    assert "layer1/0/" not in session.fold.view
    still(canvas, qtbot)
    frame_ = canvas.cards_scene.frames["layer1/0"]
    name = canvas.mapFromScene(frame_.sign + QPointF(20, 0))
    double(canvas, name)
    assert "layer1/0/" in session.fold.view
    still(canvas, qtbot)
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert "layer1/0/" not in session.fold.view and canvas.gesture is None


def test_it_glides_and_reduced_motion_jumps(
    canvas: Canvas, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = canvas.cards_scene.cards["layer1/0/"].place
    session.fold.unfold("layer1/0")
    assert canvas._from["layer1_0_relu1"] == before, "out of the card that held it"
    session.fold.fold("layer1/0")  # while it glides
    assert in_step(canvas) or canvas._from
    still(canvas, qtbot)
    assert in_step(canvas)
    monkeypatch.setattr(Canvas, "may_move", lambda self: False)
    session.fold.unfold("layer1/0")
    assert not canvas._from and in_step(canvas)


@pytest.mark.parametrize("name", ["googlenet", "resnet50"])
def test_a_network_kept_in_view_stays_there_however_fast_it_folds_and_is_selected_in(
    canvas: Canvas, session: Session, qtbot: QtBot, name: str
) -> None:
    session.file.open_preset(name)
    canvas.clearFocus()  # as from the table
    ids = [n.id for n in session.graph]
    for turn in range(5):
        session.fold.unfold_all()
        session.look.select([ids[-1 - turn]])
        canvas._settle.setCurrentTime(module.MOVE_TIME // 3)
        session.fold.fold_all()
        session.look.select([ids[1 + turn]])
        canvas._go(1, 0)
        assert canvas.fitted
    still(canvas, qtbot)
    assert canvas.fitted and canvas.seen.contains(canvas.cards_scene.content())


def test_a_click_selects_all_layers_of_the_group(canvas: Canvas, session: Session) -> None:
    click(canvas, card(canvas, "layer1/1/"))
    assert len(session.look.selection) == 7 and session.look.selected == "layer1_1_relu2"
    assert canvas.cards_scene.cards["layer1/1/"].selected
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert session.fold.selected == "layer1/0/"
    click(canvas, card(canvas, "layer1/1/"), Qt.KeyboardModifier.ControlModifier)
    assert session.fold.chosen == ("layer1/0/", "layer1/1/")
    canvas.delete()
    assert not session.graph.groups.keys() & {"layer1/0", "layer1/1"} and in_step(canvas)
    assert session.graph["layer2_0_conv1"].sources == ("maxpool",)
    session.edit.undo()
    assert in_step(canvas) and "layer1/0/" in session.fold.view


def test_copies_of_a_group(canvas: Canvas, session: Session) -> None:
    click(canvas, card(canvas, "layer1/1/"))
    canvas.duplicate()
    assert len(session.graph.groups["layer1_1"]) == 7 and in_step(canvas)
    session.edit.undo()
    assert in_step(canvas)


def test_a_group_is_carried_and_a_frame_goes_along(canvas: Canvas, session: Session) -> None:
    (x, y), left = session.fold.view["layer1/0/"].node.pos, canvas.cards_scene.frames["layer1"].rect().left()
    pull(canvas, card(canvas, "layer1/0/"), card(canvas, "layer1/0/") + QPoint(-60, 40))
    assert session.fold.view["layer1/0/"].node.pos == (x - 60, y + 40) and in_step(canvas)
    assert canvas.cards_scene.frames["layer1"].rect().left() == left - 60
    session.edit.undo()
    assert session.fold.view["layer1/0/"].node.pos == (x, y) and in_step(canvas)
    name = canvas.mapFromScene(canvas.cards_scene.frames["layer1"].sign + QPointF(20, 0))
    pull(canvas, name, name + QPoint(0, 80))
    assert session.fold.view["layer1/0/"].node.pos == (x, y + 80)
    assert session.fold.view["layer1/1/"].node.pos[1] == y + 80 and in_step(canvas)


def test_wires_of_groups(canvas: Canvas, session: Session) -> None:
    pull(canvas, out_port(canvas, "layer1/0/"), card(canvas, "layer1/1/"))
    assert not session.edit.document.undo_text, "it is there already"
    canvas.choose_wires((Wire("layer1/0/", "layer1/1/"),))
    canvas.delete()
    assert session.graph["layer1_1_conv1"].sources == () and in_step(canvas)
    pull(canvas, out_port(canvas, "layer1/0/"), port(canvas, "layer1/1/"))
    assert session.graph["layer1_1_conv1"].sources == ("layer1_0_relu2",) and in_step(canvas)


def test_a_block_dropped_on_a_wire(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    place = (port(canvas, "layer1/1/") + out_port(canvas, "layer1/0/")) / 2
    data = mime.block_data("squeeze-excite")
    assert drag_in(canvas, data, place)
    assert canvas.cards_scene.wires[Wire("layer1/0/", "layer1/1/")].lit
    event = QDropEvent(QPointF(place), Qt.DropAction.CopyAction, data, LEFT, NONE)
    QApplication.sendEvent(canvas.viewport(), event)
    inside = session.graph.groups["layer1/squeeze_excite"]
    assert len(inside) == 6 and session.graph["layer1_1_conv1"].sources == (inside[-1],)
    assert not session.rows.problems and in_step(canvas) and session.look.selected == inside[-1]
    session.edit.undo()
    assert "layer1/squeeze_excite" not in session.graph.groups and in_step(canvas)
    assert not drag_in(canvas, mime.block_data("no such"), place)


def test_frames_arrive_while_groups_fold_and_unfold(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    whole = frame(session)
    thumbs = {id: array[:8, ::4, ::4] for id, array in whole.maps.items() if array.ndim == 3}
    for step in range(6):
        sent = frame(session, step, thumbs=thumbs, maps={}, filters={})
        session.look.frame = sent
        session.frame_arrived.emit(sent)
        session.fold.toggle("layer1/0")
        QApplication.processEvents()
    still(canvas, qtbot)
    strip = canvas.cards_scene.cards["layer1/0/"].strip
    assert strip.array is not None and strip.array.shape == thumbs["layer1_0_relu2"].shape and in_step(canvas)
    wanted = canvas.cards_scene.nodes_of(["layer1/0/", "fc"])
    assert wanted == ["layer1_0_relu2", "fc"]


def test_making_naming_and_dissolving(canvas: Canvas, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ask_name", lambda *a: "stem")
    session.look.select(["conv1", "bn1", "relu"])
    canvas.make_block()
    assert len(session.graph.groups["stem"]) == 3 and "stem" in canvas.cards_scene.frames and in_step(canvas)
    canvas.fold_block()
    assert "stem/" in canvas.cards_scene.cards
    canvas.save_block()
    assert [i.title for i in session.keep.own.values()] == ["stem"]
    canvas.dissolve_block()
    assert "stem" not in session.graph.groups and in_step(canvas)


def test_a_residual_says_what_is_added(canvas: Canvas, session: Session) -> None:
    session.fold.unfold("layer1/0")
    session.fold.unfold("layer2/0")
    world = canvas.cards_scene.world
    assert world.role(Wire("layer1_0_bn2", "layer1_0_add", 0)) == "F(x)"
    assert world.role(Wire("maxpool", "layer1_0_add", 1)) == "x"
    assert world.role(Wire("layer2_0_downsample_1", "layer2_0_add", 1)) == "W·x"
    assert world.role(Wire("maxpool", "layer1_0_conv1")) == world.role(Wire("layer1_0_relu2", "layer1/1/")) == ""
    assert caption((64, 56, 56), len, 12, "x") == ("x", "64×", "56×56")
