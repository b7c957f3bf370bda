"""Undo, redo, modified: the document holds one graph and plan at a time and forgets nothing that can be undone."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cnnviz.net.document import Document
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Input, ReLU
from cnnviz.net.plan import Plan

steps = st.lists(st.sampled_from(["add", "drag", "plan", "spin", "undo", "redo", "save", "same"]), max_size=60)


@given(steps)
def test_it_does_what_a_list_of_all_states_does(steps: list[str]) -> None:
    """Against the plain model: a list of graphs with their plans, and a place in it."""
    graphs: list[Graph] = []
    plans: list[Plan] = []
    doc = Document(on_graph=graphs.append, on_plan=plans.append)
    states, at, saved, merging = [(doc.graph, doc.plan)], 0, (doc.graph, doc.plan), ""
    for step in steps:
        heard, before = (len(graphs), len(plans)), (doc.graph, doc.plan)
        if step == "add" or (step == "drag" and not len(doc.graph)):
            doc.edit("Add", doc.graph.add(ReLU()))
            states[at + 1 :], at, merging = [(doc.graph, doc.plan)], at + 1, ""
        elif step == "plan":
            doc.edit_plan("Set seed", replace(doc.plan, seed=doc.plan.seed + 1))
            states[at + 1 :], at, merging = [(doc.graph, doc.plan)], at + 1, ""
        elif step in ("drag", "spin"):
            if step == "drag":
                first = doc.graph.nodes[0]
                doc.edit("Move", doc.graph.move({first.id: (first.pos[0] + 4, 0)}), merge=step)
            else:
                doc.edit_plan("Set epochs", replace(doc.plan, epochs=doc.plan.epochs + 1), merge=step)
            if merging == step:
                states[at:] = [(doc.graph, doc.plan)]
            else:
                states[at + 1 :], at, merging = [(doc.graph, doc.plan)], at + 1, step
        elif step == "undo":
            doc.undo()
            merging, at = merging if at == 0 else "", max(at - 1, 0)
        elif step == "redo":
            doc.redo()
            merging, at = merging if at == len(states) - 1 else "", min(at + 1, len(states) - 1)
        elif step == "save":
            doc.mark_saved()
            saved, merging = (doc.graph, doc.plan), ""
        else:
            doc.edit("Nothing", Graph(tuple(doc.graph.nodes)))
            doc.edit_plan("Nothing", replace(doc.plan))
        assert (doc.graph, doc.plan) == states[at]
        assert bool(doc.undo_text) == (at > 0) and bool(doc.redo_text) == (at < len(states) - 1)
        assert doc.modified == ((doc.graph, doc.plan) != saved)
        assert len(graphs) - heard[0] == (doc.graph != before[0]) and len(plans) - heard[1] == (doc.plan != before[1])
        assert not graphs or graphs[-1] is doc.graph


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
    doc.reset(Graph().add(Input()), Plan(epochs=3), saved=False)
    assert doc.modified and doc.plan.epochs == 3
    doc.reset(Graph())
    assert doc.plan == Plan() and not doc.modified
