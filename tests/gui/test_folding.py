"""Folded groups in the session: cards, selection, edits through cards, places."""

from __future__ import annotations

import pytest

from cnnviz.gui.session import Notice, Session
from cnnviz.net.edit import Wire
from cnnviz.net.fold import GroupRow, usual
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Input, ReLU
from cnnviz.net.presets import preset


@pytest.fixture
def resnet(session: Session) -> Session:
    """ResNet-18 with its eight blocks folded."""
    session.file.open_preset("resnet18")
    session.fold.fold_all()
    for path in ("layer1", "layer2", "layer3", "layer4"):
        session.fold.unfold(path)
    return session


def test_a_small_network_is_open_and_a_large_one_folded(session: Session) -> None:
    session.file.open_preset("lenet5")
    assert session.fold.plain and session.fold.view is session.rows
    session.file.open_preset("googlenet")
    assert session.fold.folded == usual(session.graph) and "inception3a/" in session.fold.view
    assert len({n.pos for n in session.fold.view.graph}) == len(session.fold.view), "every card has its place"
    session.file.open_preset("lenet5")
    assert session.fold.plain


def test_folding_says_so_and_is_no_edit(resnet: Session) -> None:
    told: list[int] = []

    def hear() -> None:
        told.append(1)

    graph = resnet.graph
    resnet.view_changed.connect(hear)
    resnet.fold.unfold("layer1/0")
    assert "layer1_0_conv1" in resnet.fold.view and "layer1/0/" not in resnet.fold.view and told == [1]
    resnet.fold.toggle("layer1/0")
    assert "layer1/0/" in resnet.fold.view and told == [1, 1]
    resnet.fold.fold("layer1/0")
    assert told == [1, 1], "it is folded already"
    assert resnet.graph is graph and not resnet.edit.document.undo_text
    resnet.fold.unfold_all()
    assert resnet.fold.plain and all(r.node.pos == resnet.graph[i].pos for i, r in resnet.fold.view.items())
    resnet.fold.fold_all()
    assert len(resnet.fold.view) == 12 and not resnet.fold.folded - resnet.graph.closed


def test_unfolding_shows_the_groups_inside(resnet: Session) -> None:
    resnet.fold.fold("layer2")
    assert "layer2/" in resnet.fold.view and "layer2/0/" not in resnet.fold.view
    resnet.fold.unfold("layer2")
    assert {"layer2/0/", "layer2/1/"} <= resnet.fold.view.keys()


def test_selecting_a_group_selects_its_layers_and_panels_show_its_output(resnet: Session) -> None:
    resnet.look.select(resnet.fold.members(["layer1/0/"]))
    assert resnet.look.selected == "layer1_0_relu2" and len(resnet.look.selection) == 7
    assert resnet.fold.chosen == ("layer1/0/",) and resnet.fold.selected == "layer1/0/"
    assert resnet.fold.unfoldable == ("layer1/0",) and resnet.fold.foldable == ("layer1",)
    resnet.fold.unfold_selected()
    assert resnet.fold.foldable == ("layer1/0",)
    resnet.fold.fold_selected()
    assert resnet.fold.chosen == ("layer1/0/",)


def test_a_setting_moves_no_card_and_keeps_rows(resnet: Session) -> None:
    before = {i: r.node.pos for i, r in resnet.fold.view.items()}
    row = resnet.fold.view["maxpool"]
    resnet.edit.set("fc", "out_features", 10)
    assert {i: r.node.pos for i, r in resnet.fold.view.items()} == before
    assert resnet.fold.view["maxpool"] is row, "what did not change is not painted"
    assert resnet.fold.view["fc"].out == (10,)


def test_a_group_that_is_moved_takes_its_layers_along(resnet: Session) -> None:
    x, y = resnet.fold.view["layer1/0/"].node.pos
    before = {i: resnet.graph[i].pos for i in resnet.fold.members(["layer1/0/"])}
    resnet.edit.move({"layer1/0/": (x + 80, y + 40)}, gesture=object())
    assert resnet.fold.view["layer1/0/"].node.pos == (x + 80, y + 40)
    assert all(resnet.graph[i].pos == (a + 80, b + 40) for i, (a, b) in before.items())
    resnet.edit.set("fc", "out_features", 10)
    assert resnet.fold.view["layer1/0/"].node.pos == (x + 80, y + 40)
    resnet.edit.undo()
    resnet.edit.undo()
    assert resnet.fold.view["layer1/0/"].node.pos == (x, y)
    resnet.edit.redo()
    resnet.edit.tidy()
    assert resnet.fold.view["layer1/0/"].node.pos == (x, y), "tidied"


def test_a_layer_on_a_wire_of_the_view_stands_on_all_wires_behind_it(resnet: Session) -> None:
    wire = Wire("layer1/1/", "layer2/0/")
    x, y = resnet.fold.view["layer2/0/"].node.pos
    id = resnet.edit.insert("ReLU", wire, (x, y - 400.0))
    assert resnet.graph[id].sources == ("layer1_1_relu2",) and resnet.graph[id].group == ""
    assert resnet.graph["layer2_0_conv1"].sources == resnet.graph["layer2_0_downsample_0"].sources == (id,)
    assert resnet.fold.view[id].node.pos == (x, y - 400.0) and resnet.fold.view["layer2/0/"].node.pos == (x, y)
    resnet.edit.undo()
    assert resnet.graph["layer2_0_conv1"].sources == ("layer1_1_relu2",) and id not in resnet.fold.view


def test_cards_make_room_and_undo_takes_it_back(resnet: Session) -> None:
    before = {i: r.node.pos for i, r in resnet.fold.view.items()}
    id = resnet.edit.insert("ReLU", Wire("layer1/0/", "layer1/1/"), before["layer1/1/"])
    assert resnet.graph[id].group == "layer1"
    places = [r.node.pos for r in resnet.fold.view.values()]
    assert not any(abs(a[0] - b[0]) < 132 and abs(a[1] - b[1]) < 120 for a in places for b in places if a is not b)
    resnet.edit.undo()
    assert {i: r.node.pos for i, r in resnet.fold.view.items()} == before


def test_a_layer_appended_to_a_folded_group_stands_behind_it(resnet: Session) -> None:
    resnet.look.select(resnet.fold.members(["layer1/0/"]))
    id = resnet.edit.append("ReLU")
    assert resnet.graph[id].group == "layer1" and resnet.graph["layer1_1_conv1"].sources == (id,)
    assert id in resnet.fold.view


def test_wires_to_and_from_a_group(resnet: Session) -> None:
    said: list[Notice] = []
    resnet.noticed.connect(said.append)
    id = resnet.edit.add("ReLU", (0.0, 2000.0), "layer1/0/")
    assert resnet.graph[id].sources == ("layer1_0_relu2",)
    assert resnet.edit.connect(id, "layer2/0/", 0)
    assert resnet.graph["layer2_0_conv1"].sources == resnet.graph["layer2_0_downsample_0"].sources == (id,)
    resnet.edit.disconnect([Wire(id, "layer2/0/")])
    assert resnet.graph["layer2_0_conv1"].sources == ()
    assert resnet.edit.connect("layer1/1/", "layer2/0/", 0), "all that lack an input get it"
    assert resnet.graph["layer2_0_downsample_0"].sources == ("layer1_1_relu2",)
    assert not resnet.edit.connect("layer1/1/", "layer2/0/", 1)
    assert "has its input" in said[-1].text
    assert not resnet.edit.connect("layer2/0/", "layer1/0/", 0) and "loop" in said[-1].text
    resnet.noticed.disconnect(said.append)


def test_a_group_with_two_outputs_says_which(session: Session) -> None:
    graph = Graph().add(Input(1, (8, 8)), id="i").add(ReLU(), ["i"], id="a", group="g")
    graph = graph.add(ReLU(), ["i"], id="b", group="g").add(ReLU(), ["a"], id="c").add(ReLU(), ["b"], id="d")
    session.edit.document.reset(graph.move({"c": (400.0, 0.0), "d": (400.0, 200.0)}))
    session.fold.fold("g")
    said: list[Notice] = []
    session.noticed.connect(said.append)
    session.edit.add("Tanh", (0.0, 900.0))
    assert not session.edit.connect("g/", "tanh_1")
    assert "a, b" in said[-1].text
    session.noticed.disconnect(said.append)


def test_groups_that_go_come_back_folded(resnet: Session) -> None:
    resnet.edit.remove(resnet.fold.members(["layer1/0/"]))
    assert "layer1/0" not in resnet.fold.folded
    resnet.edit.undo()
    assert "layer1/0/" in resnet.fold.view


def test_a_problem_inside_is_shown_and_mended(resnet: Session) -> None:
    resnet.edit.document.edit(
        "break", resnet.graph.change("layer2_0_conv1", layer=Conv2d(128, (3, 3), (1, 1), (1, 1), bias=False))
    )
    row = resnet.fold.view["layer2/0/"]
    assert isinstance(row, GroupRow) and row.problem is not None and row.out is None
    resnet.edit.undo()
    assert resnet.fold.view["layer2/0/"].out == (128, 28, 28)


@pytest.mark.parametrize("name", ["resnet152", "densenet121", "googlenet"])
def test_places_are_laid_out_for_what_is_shown(session: Session, name: str) -> None:
    session.file.open_preset(name)
    places = [n.pos for n in session.fold.view.graph]
    assert max(p[0] for p in places) - min(p[0] for p in places) < 4000 and len(set(places)) == len(places)
    assert session.graph == preset(name).graph


def test_making_and_dissolving_a_block(session: Session, lenet: Graph) -> None:
    said: list[Notice] = []
    session.noticed.connect(said.append)
    session.edit.document.reset(lenet)
    assert session.edit.make_block(["C1", "tanh_1"], "stage")
    assert session.graph["C1"].group == session.graph["tanh_1"].group == "stage" and session.fold.plain
    assert not session.edit.make_block(["S2"], "stage") and "is called stage" in said[-1].text
    assert not session.edit.make_block(["S2"], "a/b") and "cannot be a block's name" in said[-1].text
    assert not session.edit.make_block(["S2", "output"], "x") and "over flatten_1" in said[-1].text
    session.fold.fold("stage")
    assert session.edit.make_block(["C1", "tanh_1", "S2"], "outer")
    assert session.graph["C1"].group == "outer/stage" and session.graph["S2"].group == "outer"
    assert "outer/stage/" in session.fold.view, "what is folded stays folded"
    session.edit.undo()
    assert "stage/" in session.fold.view
    session.edit.redo()
    assert session.edit.dissolve(["outer"])
    assert session.graph["C1"].group == "stage" and "stage/" in session.fold.view
    assert session.edit.dissolve(["stage"]) and not session.graph.groups and session.fold.plain
    session.noticed.disconnect(said.append)


def test_what_is_put_in_behind_a_whole_block_is_no_part_of_it(session: Session, lenet: Graph) -> None:
    session.edit.document.reset(lenet)
    session.look.select(["tanh_1"])
    assert session.edit.add_block("residual") == "residual"
    assert session.edit.add_block("conv-bn-relu") == "conv_bn_relu", "the block before is selected as a whole"
    assert session.graph["S2"].sources == (session.graph.groups["conv_bn_relu"][-1],)
    session.look.select([session.graph.groups["residual"][-1]])
    assert session.edit.add_block("fire") == "residual/fire", "behind a layer inside it"
