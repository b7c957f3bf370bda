"""Undo, redo, modified: the document holds one graph at a time and forgets nothing that can be undone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cnnviz.net.document import Document
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Input, ReLU

steps = st.lists(st.sampled_from(["add", "drag", "undo", "redo", "save", "same"]), max_size=60)


@given(steps)
def test_it_does_what_a_list_of_all_graphs_does(steps: list[str]) -> None:
    """Against the plain model: a list of graphs and a place in it."""
    heard: list[Graph] = []
    doc = Document(on_change=heard.append)
    graphs, at, saved, merging = [doc.graph], 0, doc.graph, False
    for step in steps:
        before = len(heard)
        if step == "add" or (step == "drag" and not len(doc.graph)):
            doc.edit("Add", doc.graph.add(ReLU()))
            graphs[at + 1 :], at, merging = [doc.graph], at + 1, False
        elif step == "drag":
            doc.edit("Move", doc.graph.move({doc.graph.nodes[0].id: (doc.graph.nodes[0].pos[0] + 4, 0)}), merge="drag")
            if merging:
                graphs[at:] = [doc.graph]
            else:
                graphs[at + 1 :], at, merging = [doc.graph], at + 1, True
        elif step == "undo":
            doc.undo()
            merging, at = merging and at == 0, max(at - 1, 0)
        elif step == "redo":
            doc.redo()
            merging, at = merging and at == len(graphs) - 1, min(at + 1, len(graphs) - 1)
        elif step == "save":
            doc.mark_saved()
            saved, merging = doc.graph, False
        else:
            doc.edit("Nothing", Graph(tuple(doc.graph.nodes)))
            assert len(heard) == before
        assert doc.graph == graphs[at]
        assert bool(doc.undo_text) == (at > 0) and bool(doc.redo_text) == (at < len(graphs) - 1)
        assert doc.modified == (doc.graph != saved)
        assert not heard or heard[-1] is doc.graph


def test_a_drag_is_one_undo_and_saving_is_remembered() -> None:
    doc = Document(Graph().add(Input()))
    for x in range(50):
        doc.edit("Move", doc.graph.change("input_1", pos=(x + 1, 0)), merge=("move", 1))
    assert doc.modified and doc.undo_text == "Move"
    doc.undo()
    assert doc.graph["input_1"].pos == (0, 0) and not doc.modified and not doc.undo_text and doc.redo_text == "Move"


def test_other_merge_keys_are_other_steps() -> None:
    doc = Document(Graph().add(Input()))
    for key in ("a", "a", "b", "a"):
        doc.edit(key, doc.graph.move({"input_1": (doc.graph["input_1"].pos[0] + 1, 0)}), merge=key)
    texts = []
    while doc.undo_text:
        texts.append(doc.undo_text)
        doc.undo()
    assert texts == ["a", "b", "a"]


def test_history_is_limited_and_reset_forgets_it() -> None:
    doc = Document()
    for _ in range(Document.LIMIT + 20):
        doc.edit("Add", doc.graph.add(ReLU()))
        if len(doc.graph) > 3:
            doc.edit("Clear", Graph())
    for _ in range(Document.LIMIT):
        assert doc.undo_text
        doc.undo()
    assert not doc.undo_text
    doc.reset(Graph().add(Input()))
    assert not doc.modified and not doc.undo_text and not doc.redo_text
    doc.reset(Graph().add(Input()), saved=False)
    assert doc.modified
