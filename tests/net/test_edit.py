"""Edits: what a person does to a network, and that it stays one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.net import edit
from cnnviz.net.analysis import analyse
from cnnviz.net.edit import Wire
from cnnviz.net.graph import Graph, LoopError, graph, is_name
from cnnviz.net.layers import Add, Concat, Conv2d, Flatten, Input, Layer, Linear, MaxPool2d, ReLU
from cnnviz.net.layout import CARD
from cnnviz.net.problems import Misfit

from .samples import graphs, layers


def chain(*layers: Layer) -> Graph:
    g = Graph()
    for layer in layers:
        g, _ = edit.append(g, layer)
    return g


def residual() -> Graph:
    """input_1 → conv2d_1 → conv2d_2 → relu_1 → add_1(relu_1, conv2d_1) → flatten_1"""
    g = chain(Input(), Conv2d(), Conv2d(), ReLU(), Add(), Flatten())
    return edit.connect(g, "conv2d_1", "add_1")


def overlaps(g: Graph) -> list[tuple[str, str]]:
    return [
        (a.id, b.id)
        for i, a in enumerate(g.nodes)
        for b in g.nodes[:i]
        if abs(a.pos[0] - b.pos[0]) < CARD[0] and abs(a.pos[1] - b.pos[1]) < CARD[1]
    ]


# ── adding ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_layers_appended_one_by_one_are_a_chain_in_a_line() -> None:
    g = chain(Input(), Conv2d(), ReLU(), Flatten(), Linear())
    assert [n.sources for n in g] == [(), ("input_1",), ("conv2d_1",), ("relu_1",), ("flatten_1",)]
    assert {n.pos[1] for n in g} == {0} and not overlaps(g)
    assert [n.pos[0] for n in g] == sorted(n.pos[0] for n in g)


def test_append_goes_between_a_layer_and_all_its_readers() -> None:
    g, id = edit.append(residual(), MaxPool2d(), after="conv2d_1")
    assert g[id].sources == ("conv2d_1",)
    assert g["conv2d_2"].sources == (id,) and g["add_1"].sources == ("relu_1", id)
    assert [n.id for n in g].index(id) == 2, "the table keeps its order"
    assert not overlaps(g)


def test_the_end_is_where_the_picture_comes_out() -> None:
    g, loose = edit.add(chain(Input(), Conv2d()), ReLU(), (400, 400))
    g, id = edit.append(g, Flatten())
    assert g[id].sources == ("conv2d_1",) and not g[loose].sources


def test_an_input_is_never_wired_behind_something() -> None:
    g, id = edit.append(chain(Input(), ReLU()), Input())
    assert not g[id].sources and g["relu_1"].sources == ("input_1",) and not overlaps(g)
    with pytest.raises(ValueError, match="Input takes no input"):
        edit.insert(g, Input(), Wire("input_1", "relu_1"), (0, 0))


def test_insert_keeps_the_other_wires() -> None:
    g, id = edit.insert(residual(), ReLU(), Wire("conv2d_1", "add_1", 1), (300, 200))
    assert g["add_1"].sources == ("relu_1", id) and g["conv2d_2"].sources == ("conv2d_1",)
    with pytest.raises(ValueError, match="not there"):
        edit.insert(g, ReLU(), Wire("conv2d_1", "add_1", 1), (0, 0))


def test_a_loose_card_dropped_on_a_wire_goes_in() -> None:
    g, id = edit.add(residual(), Conv2d(), (300, 200))
    done = edit.insert_node(g, id, Wire("input_1", "conv2d_1"))
    assert done[id].sources == ("input_1",) and done["conv2d_1"].sources == (id,)
    assert edit.insert_node(done, id, Wire("input_1", id)) is done
    with pytest.raises(LoopError):
        edit.insert_node(done, "add_1", Wire("input_1", id))


# ── wires ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_connect_replaces_the_one_source_and_adds_to_a_merge() -> None:
    g = residual()
    assert edit.connect(g, "input_1", "conv2d_2")["conv2d_2"].sources == ("input_1",)
    assert edit.connect(g, "input_1", "add_1")["add_1"].sources == ("relu_1", "conv2d_1", "input_1")
    assert edit.connect(g, "input_1", "add_1", 0)["add_1"].sources == ("input_1", "conv2d_1")
    assert edit.connect(g, "conv2d_1", "conv2d_2") is g


@pytest.mark.parametrize(("source", "target"), [("add_1", "conv2d_1"), ("relu_1", "relu_1")])
def test_a_loop_is_refused_with_a_sentence(source: str, target: str) -> None:
    with pytest.raises(LoopError, match=f"A wire from {source} to {target} would close a loop"):
        edit.connect(residual(), source, target)


def test_nothing_goes_into_an_input() -> None:
    with pytest.raises(ValueError, match="input_1 takes no input"):
        edit.connect(Graph().add(Input()).add(ReLU()), "relu_1", "input_1")


def test_disconnect_takes_one_wire() -> None:
    g = edit.disconnect(residual(), Wire("relu_1", "add_1", 0))
    assert g["add_1"].sources == ("conv2d_1",)
    assert edit.disconnect(g, Wire("relu_1", "add_1", 0)) is g


def test_wires_lists_every_input_with_its_port() -> None:
    assert edit.wires(residual())[-3:] == (
        Wire("relu_1", "add_1", 0),
        Wire("conv2d_1", "add_1", 1),
        Wire("add_1", "flatten_1", 0),
    )


# ── removing ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("gone", "reader", "sources"),
    [
        (["conv2d_1"], "add_1", ("relu_1", "input_1")),
        (["conv2d_1", "conv2d_2"], "relu_1", ("input_1",)),
        (["conv2d_2", "relu_1"], "add_1", ("conv2d_1",)),  # not the same input twice
        (["add_1"], "flatten_1", ()),  # it stood for two
        (["conv2d_2", "relu_1", "add_1"], "flatten_1", ("conv2d_1",)),
        (["conv2d_1", "conv2d_2", "relu_1", "add_1"], "flatten_1", ("input_1",)),
        (["input_1"], "conv2d_1", ()),
    ],
)
def test_the_chain_heals(gone: list[str], reader: str, sources: tuple[str, ...]) -> None:
    g = edit.remove(residual(), gone)
    assert g[reader].sources == sources and not set(gone) & {n.id for n in g}


# ── clipboard ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_copy_keeps_inner_wires_and_gets_fresh_names() -> None:
    g = residual()
    text = edit.copy(g, ["conv2d_2", "relu_1", "add_1"])
    assert json.loads(text)
    done, ids = edit.paste(g, text)
    assert ids == ("conv2d_3", "relu_2", "add_2")
    assert done["relu_2"].sources == ("conv2d_3",) and done["add_2"].sources == ("relu_2",)
    assert done["conv2d_3"].sources == () and not overlaps(done)
    assert done["conv2d_3"].layer == g["conv2d_2"].layer


def test_names_that_are_free_are_kept_and_given_ones_are_numbered() -> None:
    g = edit.rename(residual(), "conv2d_2", "C3")
    text = edit.copy(g, ["C3", "relu_1"])
    assert edit.paste(g, text)[1] == ("C3_2", "relu_2")
    assert edit.paste(edit.remove(g, ["C3"]), text)[1] == ("C3", "relu_2")
    assert edit.paste(Graph(), text)[1] == ("C3", "relu_1")


def test_whole_groups_are_copied_as_new_groups() -> None:
    g = (
        Graph()
        .add(Input())
        .add(Conv2d(), ["input_1"], id="a", group="block/0")
        .add(ReLU(), ["a"], id="b", group="block/1")
    )
    done, ids = edit.paste(g, edit.copy(g, ["a", "b"]))
    assert [done[i].group for i in ids] == ["block_2/0", "block_2/1"]
    done, ids = edit.paste(g, edit.copy(g, ["a"]))
    assert [done[i].group for i in ids] == ["block_0"]


@pytest.mark.parametrize(
    "text", ["", "hello", "[]", "{}", "3", '{"cnnviz nodes": 3}', '{"cnnviz nodes": {"nodes": []}}']
)
def test_other_text_on_the_clipboard_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="The clipboard holds no layers"):
        edit.paste(Graph(), text)


# ── settings and names ───────────────────────────────────────────────────────────────────────────────────────────────
def test_a_setting_is_changed_or_refused() -> None:
    g = residual()
    assert edit.set_setting(g, "conv2d_1", "kernel_size", 5)["conv2d_1"].layer == Conv2d(kernel_size=(5, 5))
    assert edit.set_setting(g, "conv2d_1", "kernel_size", (3, 3)) is g
    with pytest.raises(Misfit, match="kernel_size"):
        edit.set_setting(g, "conv2d_1", "kernel_size", 0)


def test_rename_follows_the_wires() -> None:
    g = edit.rename(residual(), "conv2d_1", "합성곱")
    assert g["conv2d_2"].sources == ("합성곱",) and g["add_1"].sources == ("relu_1", "합성곱")
    assert edit.rename(g, "합성곱", " 합성곱 ") is g


@pytest.mark.parametrize("name", ["", "2a", "a b", "a.b", "class", "None", "a-b", "a²"])
def test_bad_names_are_refused(name: str) -> None:
    if name == "a²":  # Python reads it as a2
        assert "a2" in edit.rename(residual(), "relu_1", name)
        return
    with pytest.raises(ValueError, match="cannot be a name"):
        edit.rename(residual(), "relu_1", name)
    with pytest.raises(ValueError, match="is not a name"):
        graph([replace(residual()["input_1"], id=name)])
    assert not is_name(name)


def test_names_in_use_are_refused() -> None:
    with pytest.raises(ValueError, match="Another layer is called conv2d_1"):
        edit.rename(residual(), "relu_1", "conv2d_1")


# ── anything, in any order ───────────────────────────────────────────────────────────────────────────────────────────
@st.composite
def edits(draw: st.DrawFn, g: Graph) -> Graph:
    """One random edit of `g`."""
    ids = st.sampled_from([n.id for n in g] or ["none"])
    some = st.lists(ids, max_size=4)
    what = draw(
        st.sampled_from(["add", "append", "insert", "connect", "cut", "remove", "paste", "name", "set", "move"])
    )
    pos = draw(st.tuples(st.integers(-300, 300), st.integers(-300, 300)))
    wires = edit.wires(g)
    if what == "add" or not len(g):
        return edit.add(g, draw(layers()), pos)[0]
    if what == "append":
        return edit.append(g, draw(layers()), draw(st.none() | ids))[0]
    if what == "insert" and wires:
        return edit.insert(g, draw(layers()), draw(st.sampled_from(wires)), pos)[0]
    if what == "connect":
        return edit.connect(g, draw(ids), draw(ids), draw(st.none() | st.integers(0, 2)))
    if what == "cut" and wires:
        return edit.disconnect(g, draw(st.sampled_from(wires)))
    if what == "remove":
        return edit.remove(g, draw(some))
    if what == "paste":
        return edit.paste(g, edit.copy(g, draw(some)), (draw(st.integers(0, 200)), draw(st.integers(0, 200))))[0]
    if what == "name":
        return edit.rename(g, draw(ids), draw(st.sampled_from(["a", "b", "C1", "x1"])))
    if what == "set":
        node = g[draw(ids)]
        new = draw(layers((node.type,)))
        return g.change(node.id, layer=new)
    return g.move({draw(ids): pos})


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_edits_leave_a_network_and_the_table_can_be_taken_over(data: st.DataObject) -> None:
    g = data.draw(st.just(residual()) | graphs(5))
    rows = analyse(g)
    for _ in range(8):
        try:
            new = data.draw(edits(g))
        except ValueError as refused:  # a loop, a name in use, an Input on a wire, a bad setting: said in a sentence
            assert str(refused).endswith(".")
            continue
        assert graph(new.nodes).nodes == new.nodes, "sources first, names unique, nothing unknown"
        again = analyse(new, rows)
        assert dict(again) == dict(analyse(new)) and list(again) == [n.id for n in new]
        assert again.params == sum(r.params for r in again.values())
        g, rows = new, again


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(layers(), st.booleans(), st.integers(-300, 300), st.integers(-300, 300)), max_size=15))
def test_new_cards_cover_no_card(steps: list[tuple[Layer, bool, int, int]]) -> None:
    g = Graph()
    for layer, behind, x, y in steps:
        g = edit.append(g, layer)[0] if behind else edit.add(g, layer, (x, y))[0]
        assert not overlaps(g)


def test_concat_takes_any_number() -> None:
    g = chain(Input(), Conv2d(), Concat())
    for _ in range(3):
        g = edit.connect(g, "input_1", "concat_1")
    assert g["concat_1"].sources == ("conv2d_1", "input_1", "input_1", "input_1")
