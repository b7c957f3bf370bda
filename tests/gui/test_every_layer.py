"""Every layer type is shown: its maps, its weights, what its units see, and its card."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz.engine.build import Net
from cnnviz.engine.look import Shot, Stamp, frame
from cnnviz.engine.pictures import fit, plain
from cnnviz.gui.inspect import Field, Filters, Maps
from cnnviz.gui.inspect.meaning import unit_looking_at
from cnnviz.gui.inspect.weights import kernels, weighted
from cnnviz.gui.session import Session
from cnnviz.link.messages import Interest, PictureInfo, Unit
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import (
    RBF,
    TYPES,
    Board,
    ChannelLinear,
    Conv1d,
    Embedding,
    Input,
    Layer,
    PositionBias,
    Source,
    SparseConv2d,
    Tokens,
    plane,
)

from ..net.samples import sample
from .frames import arrive, open_net


def shot(graph: Graph) -> Shot:
    layer = graph.nodes[0].layer
    assert isinstance(layer, Source)
    dice = np.random.default_rng(0)
    if isinstance(layer, Tokens | Board):
        values = dice.integers(0, 2, (layer.channels, *layer.size))
        return Shot(plain(values), PictureInfo("noise", layer.size))
    picture = dice.random((12, 9, layer.channels), np.float32)
    return Shot(fit(picture, layer), PictureInfo("noise", (12, 9), layer.channels))


@pytest.mark.parametrize("name", TYPES)
def test_every_layer_type_is_shown(session: Session, qtbot, name: str) -> None:
    graph = sample(TYPES[name]())
    id = graph.nodes[-1].id
    open_net(session, graph, id)
    panels = [cls(session) for cls in (Maps, Filters, Field)]
    for panel in panels:
        qtbot.addWidget(panel)
        panel.resize(300, 300)
        panel.show()
    row, unit = session.rows[id], session.look.unit
    assert row.out is not None and unit is not None
    interest = Interest(1, (id,), (id,), (id,), unit)
    got = frame(Net(session.rows), shot(graph), interest, Stamp(session.version))
    shape = row.out if len(row.out) != 2 else (*row.out, 1)
    assert got.maps[id].shape == shape and got.thumbs[id].ndim in (1, 3)
    assert (id in got.filters) == weighted(row)
    arrive(session, got)
    for panel in panels:
        assert not panel._patience.isActive(), f"{type(panel).__name__} waits for what never comes"
        assert panel.grab().width() == 300
    if row.field and len(row.out) > 1:
        (height, width), (top, left, h, w) = plane(row.out), row.field.window(unit.y, unit.x)
        assert unit.y < height and unit.x < width
        found = unit_looking_at(session.rows, unit, top + h // 2, left + w // 2)
        assert found is not None and found.channel == unit.channel


def test_kernels_stand_where_the_table_has_a_link() -> None:
    graph = Graph().add(Input(3, 8), id="x").add(SparseConv2d(((2, 0), (1,)), (3, 2)), ["x"], id="it")
    weight = Net(analyse(graph)).it.weight.detach().numpy()
    found = kernels(analyse(graph)["it"], weight)
    assert found is not None and found.shape == (2, 3, 3, 2)
    np.testing.assert_array_equal(found.array[0, 2], weight[0, 0])
    np.testing.assert_array_equal(found.array[0, 0], weight[1, 0])
    np.testing.assert_array_equal(found.array[1, 1], weight[2, 0])
    assert found.absent == {1, 3, 5} and not found.tiles[[1, 3, 5]].any() and found.tiles[[0, 2, 4]].all()
    assert kernels(analyse(graph)["it"], weight[:2]) is None, "of an older graph"


@pytest.mark.parametrize(
    ("layer", "place", "word"),
    [
        (SparseConv2d(((1,), (0, 5)), (3, 3)), (6, 1, 2), "output 1 · input 0 · (1, 2)"),
        (SparseConv2d(((1,), (0, 5)), (3, 3)), (7, 1, 2), "output 1 does not read input 1"),
        (Embedding(60, 20), (0, 7, 3), "word 7 · number 3"),
        (PositionBias(), (2, 7, 3), "channel 2 · (7, 3)"),
        (ChannelLinear(5), (0, 4, 1), "output 4 · input 1"),
        (RBF(10, "digits"), (7, 0, 0), "channel 7 · (0, 0)"),
    ],
    ids=repr,
)
def test_weights_say_what_they_are(
    session: Session, qtbot, layer: Layer, place: tuple[int, int, int], word: str
) -> None:
    graph = sample(layer)
    open_net(session, graph, "it")
    panel = Filters(session)
    qtbot.addWidget(panel)
    panel.show()
    arrive(session, frame(Net(session.rows), shot(graph), Interest(1, filters=("it",)), Stamp(session.version)))
    assert panel._word(*place) == word


def test_a_unit_of_a_sequence_is_picked_by_its_place(session: Session) -> None:
    g = (
        Graph()
        .add(Tokens(40, 9), id="x")
        .add(Embedding(9, 3, "channels"), ["x"], id="e")
        .add(Conv1d(2, 5), ["e"], id="it")
    )
    open_net(session, g, "it")
    assert session.look.unit == Unit("it", 0, 18, 0)
    session.look.pick(1, 30, 7)
    assert session.look.unit == Unit("it", 1, 30, 0)
    got = frame(Net(session.rows), shot(g), Interest(1, ("it",), ("it",), (), session.look.unit), Stamp(1))
    assert got.maps["it"].shape == (2, 36, 1) and got.thumbs["it"].shape == (2, 18, 1)
    assert got.unit == session.look.unit
