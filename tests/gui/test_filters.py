"""Weights: each number stands where its output and input say, and the selected channel is outlined."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt

from cnnviz.gui.inspect import Filters, Maps
from cnnviz.gui.inspect.weights import Kernels, folded, kernels, sees_colours, unflattened, weighted_ids
from cnnviz.gui.paint.colour import SIGNED
from cnnviz.gui.paint.photo import Frame as Box
from cnnviz.gui.session import Session
from cnnviz.link.messages import Frame, Unit, Watch
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import BatchNorm2d, Conv2d, ConvTranspose2d, Dropout, Flatten, Input, Layer, Linear, Tanh

from .frames import arrive, colour_at, frame, open_net, pixels


def chain(*layers: Layer) -> Graph:
    g = Graph()
    for layer in layers:
        g = g.add(layer, [g.nodes[-1].id] if g.nodes else [])
    return g


COLOUR = chain(Input(3, (12, 12)), Conv2d(8, (3, 3)), Tanh(), Conv2d(4, (3, 3)), BatchNorm2d(), Flatten(), Linear(5))


@pytest.fixture
def filters(session: Session, qtbot) -> Filters:
    open_net(session, COLOUR, "conv2d_2")
    panel = Filters(session)
    qtbot.addWidget(panel)
    panel.resize(420, 420)
    panel.show()
    return panel


def place(panel: Filters, tile: int, y: int, x: int) -> QPoint:
    middle = panel.tiles.place(panel.tiles.layout_shown.unit(tile, y, x)).center()
    return QPoint(int(middle.x()), int(middle.y()))


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("cls", [torch.nn.Conv2d, torch.nn.ConvTranspose2d])
def test_a_kernel_is_the_one_that_joins_its_input_to_its_output(cls: type, groups: int) -> None:
    """A single one at an input channel: the output channels hold the kernels of that input."""
    module = cls(6, 4, 3, padding=1, groups=groups, bias=False)
    layer = (Conv2d if cls is torch.nn.Conv2d else ConvTranspose2d)(
        4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), groups=groups
    )
    found = kernels(analyse(chain(Input(6, (3, 3)), layer))[layer_id(layer)], module.weight.detach().numpy())
    for tile in range(len(found.tiles)):
        out, source = found.place(tile)
        x = torch.zeros(1, 6, 3, 3)
        x[0, source, 1, 1] = 1
        answer = module(x)[0, out].detach().numpy()
        kernel = found.tiles[tile] if cls is torch.nn.ConvTranspose2d else found.tiles[tile][::-1, ::-1]
        assert np.array_equal(answer, kernel)


def layer_id(layer: Layer) -> str:
    return f"{type(layer).__name__.lower()}_1"


def test_one_row_an_output_one_column_an_input(session: Session, filters: Filters) -> None:
    sent = frame(session)
    arrive(session, sent)
    weight = sent.filters["conv2d_2"]
    assert (filters.tiles.layout_shown.columns, filters.tiles.layout_shown.rows) == (8, 4)
    picture, most = pixels(filters.tiles.viewport()), np.abs(weight).max()
    for out, source, y, x in ((0, 0, 0, 0), (1, 3, 2, 1), (3, 7, 2, 2)):
        level = round(float((weight[out, source, y, x] / most + 1) / 2 * 250))
        shown = colour_at(picture, place(filters, out * 8 + source, y, x))
        assert shown == pytest.approx(SIGNED.table[level].tolist(), abs=3)
    assert filters.tiles.text(8 + 3, 2, 1).startswith("output 1 · input 3 · (2, 1) · ")
    assert filters.title.whole == "conv2d_2 · 4×8 kernels of 3×3"


def test_weights_and_maps_outline_the_same_channel(session: Session, filters: Filters, qtbot) -> None:
    maps = Maps(session)
    qtbot.addWidget(maps)
    maps.show()
    session.look.pick(1, 2, 3)
    arrive(session, frame(session))
    assert filters.tiles.marked == 1
    pixels(filters)
    qtbot.mouseClick(filters.tiles.viewport(), Qt.MouseButton.LeftButton, pos=place(filters, 2 * 8 + 5, 1, 1))
    assert session.look.unit == Unit("conv2d_2", 2, 2, 3)
    assert maps.view.tiles.selected == (2, 2, 3)
    assert filters.tiles.selected == (2 * 8 + 5, 1, 1)
    maps.view.picked.emit(3, 0, 0)
    assert filters.tiles.marked == 3
    assert filters.tiles.selected is None


def test_the_first_layer_is_shown_in_colour(session: Session, filters: Filters, qtbot) -> None:
    session.look.select(["conv2d_1"])
    sent = frame(session)
    arrive(session, sent)
    weight, layout = sent.filters["conv2d_1"], filters.colours.layout_shown
    picture = pixels(filters.colours.viewport())
    corner = filters.colours.place(Box(0, 0, 1, 1)).topLeft().toPoint()
    for out, y, x in ((0, 0, 0), (3, 1, 2), (7, 2, 2)):
        top, left, height, width = layout.unit(out, y, x)
        mixed = weight[out, :, y, x] / np.abs(weight[out]).max() * 127 + 128
        shown = colour_at(picture, corner + QPoint(left + width // 2, top + height // 2))
        assert shown == pytest.approx(mixed.tolist(), abs=1)
    top, left, _height, _width = layout.tile(6)
    qtbot.mouseClick(filters.colours.viewport(), Qt.MouseButton.LeftButton, pos=corner + QPoint(left + 3, top + 3))
    assert session.look.unit.channel == 6
    assert filters.colours.marked == 6
    qtbot.keyClick(filters.colours, Qt.Key.Key_Left)
    assert session.look.unit.channel == 5
    filters.way.setCurrentIndex(1)
    filters.way.activated.emit(1)
    assert filters.tiles.layout_shown.columns == 3


def test_colour_kernels_are_grey_where_there_is_nothing() -> None:
    weight = np.zeros((2, 3, 1, 2), np.float32)
    weight[1, 0, 0, 0], weight[1, 2, 0, 1] = 4.0, -2.0
    colours = Kernels(weight).colours
    assert colours[0].tolist() == [[[128] * 3] * 2]
    assert colours[1].tolist() == [[[255, 128, 128], [128, 128, 64]]]
    assert sees_colours(analyse(COLOUR), "conv2d_1")
    assert not sees_colours(analyse(COLOUR), "conv2d_2")


def test_linear_weights_as_a_matrix_or_one_output_as_maps(session: Session, filters: Filters, qtbot) -> None:
    session.look.select(["linear_1"])
    session.look.pick(2)
    sent = frame(session)
    arrive(session, sent)
    assert filters.title.whole == "linear_1 · 5×256 weights"
    assert filters.tiles.text(0, 3, 200).startswith("output 3 · input 200 · ")
    pixels(filters)
    qtbot.mouseClick(filters.tiles.viewport(), Qt.MouseButton.LeftButton, pos=place(filters, 0, 4, 100))
    assert session.look.unit.channel == 4
    filters.way.setCurrentIndex(1)
    filters.way.activated.emit(1)
    assert filters.title.whole == "linear_1 · output 4 · 4 maps of 8×8"
    assert filters.tiles.value((1, 2, 3)) == sent.filters["linear_1"][4].reshape(4, 8, 8)[1, 2, 3]
    session.look.pick(0)
    assert filters.tiles.value((1, 2, 3)) == sent.filters["linear_1"][0].reshape(4, 8, 8)[1, 2, 3]


def test_a_long_flat_matrix_is_folded_into_blocks(session: Session, filters: Filters, qtbot) -> None:
    open_net(session, chain(Input(6, (16, 16)), Flatten(), Linear(4)), "linear_1")
    sent = frame(session)
    arrive(session, sent)
    assert filters.title.whole == "linear_1 · 4×1,536 as 32×48 blocks"
    assert filters.way.currentText() == "By output"
    assert filters.tiles.value((3, 2, 5)) == sent.filters["linear_1"][3, 2 * 48 + 5]
    assert filters.tiles.text(3, 2, 5).startswith("output 3 · input 101 · ")
    pixels(filters)
    qtbot.mouseClick(filters.tiles.viewport(), Qt.MouseButton.LeftButton, pos=place(filters, 2, 5, 5))
    assert session.look.unit.channel == filters.tiles.marked == 2
    filters.way.setCurrentIndex(1)
    filters.way.activated.emit(1)
    assert filters.title.whole == "linear_1 · 4×1,536 weights"
    assert filters.tiles.text(0, 3, 101).startswith("output 3 · input 101 · ")


def test_folding_keeps_every_weight_in_its_line() -> None:
    even, odd = np.arange(2 * 12.0).reshape(2, 12), np.arange(1, 8.0)[None]
    assert np.array_equal(folded(even)[1], even[1].reshape(3, 4))
    assert folded(odd).tolist() == [[[1, 2, 3], [4, 5, 6], [7, 0, 0]]]


def test_a_flatten_is_found_through_what_keeps_the_vector() -> None:
    g = chain(Input(2, (3, 4)), Flatten(), Dropout(), Linear(6), Linear(5))
    assert unflattened(analyse(g), "linear_1") == (2, 3, 4)
    assert unflattened(analyse(g), "linear_2") is None


def test_batch_normalisation_as_bars(session: Session, filters: Filters) -> None:
    session.look.select(["batchnorm2d_1"])
    session.look.pick(1, 3, 3)
    sent = frame(session)
    arrive(session, sent)
    assert filters.view.bars.isVisible()
    assert filters.view.bars.selected == 1
    filters.view.picked.emit(2, 0, 0)
    assert session.look.unit == Unit("batchnorm2d_1", 2, 3, 3)


def test_a_layer_without_weights_names_those_that_have_some(session: Session, filters: Filters) -> None:
    session.look.select(["tanh_1"])
    text = filters.view._empty.text()
    assert text.startswith("Tanh has no weights.")
    assert all(id in text for id in list(weighted_ids(session.rows))[:4])
    assert session.engine.last(Watch).interest.filters == ()
    session.look.select([])
    assert filters.view._empty.text() == "Select a layer"


def test_asks_only_while_seen(session: Session, filters: Filters) -> None:
    assert session.engine.last(Watch).interest.filters == ("conv2d_2",)
    filters.hide()
    assert session.engine.last(Watch).interest.filters == ()


@pytest.mark.parametrize("shape", [(4, 8, 5, 5), (5, 8, 3, 3), (4, 8), (4,), (0, 8, 3, 3), (3, 3, 3)])
@pytest.mark.parametrize("id", ["conv2d_1", "conv2d_2", "batchnorm2d_1", "linear_1"])
def test_frames_of_another_graph_never_hurt(session: Session, filters: Filters, id: str, shape: tuple) -> None:
    session.look.select([id])
    arrive(session, Frame(0, 0, 0, 0, filters={id: np.zeros(shape, np.float32)}))
    pixels(filters)
    arrive(session, frame(session))
    pixels(filters)
    assert filters.title.whole.startswith(f"{id} · ")


def test_weights_that_are_no_numbers_are_shown(session: Session, filters: Filters) -> None:
    session.look.select(["conv2d_1"])
    arrive(session, frame(session, filters={"conv2d_1": np.full((8, 3, 3, 3), np.nan, np.float32)}))
    pixels(filters)
