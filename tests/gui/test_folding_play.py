"""Anything done to folded and open groups in any order: canvas, table and network stay in step."""

from __future__ import annotations

import random

import pytest
from pytestqt.qtbot import QtBot

from cnnviz.gui.canvas import Canvas
from cnnviz.gui.session import Session
from cnnviz.gui.table.outline import OpenRow
from cnnviz.gui.table.table import Table
from cnnviz.net.analysis import analyse
from cnnviz.net.catalogue import shipped
from cnnviz.net.edit import wires
from cnnviz.net.fold import inside
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Input, ReLU

STEPS = 120


class Player:
    """Does one thing at a time."""

    def __init__(self, session: Session, seed: int):
        self.session, self.dice = session, random.Random(seed)

    def step(self) -> str:
        verbs = [v for v in dir(self) if v.startswith("do_")]
        verb = self.dice.choice(verbs)
        getattr(self, verb)()
        return verb

    def card(self) -> str:
        return self.dice.choice([*self.session.fold.view])

    def some(self) -> tuple[str, ...]:
        cards = [self.card() for _i in range(self.dice.randint(1, 3))]
        return self.session.fold.members(dict.fromkeys(cards))

    def place(self) -> tuple[float, float]:
        return self.dice.randrange(0, 3000, 4), self.dice.randrange(0, 800, 4)

    def do_toggle(self) -> None:
        if self.session.graph.groups:
            self.session.fold.toggle(self.dice.choice([*self.session.graph.groups]))

    do_toggle_again = do_toggle

    def do_all(self) -> None:
        self.dice.choice((self.session.fold.fold_all, self.session.fold.unfold_all))()

    def do_select(self) -> None:
        self.session.look.select(self.some())

    def do_insert(self) -> None:
        there = wires(self.session.fold.view.graph)
        if there:
            self.session.edit.insert("ReLU", self.dice.choice(there), self.place())

    def do_append(self) -> None:
        self.session.edit.append("BatchNorm2d")

    def do_add(self) -> None:
        self.session.edit.add("ReLU", self.place(), self.card())

    def do_block(self) -> None:
        there = wires(self.session.fold.view.graph)
        if len(self.session.graph) < 90 and there:
            name = self.dice.choice([*shipped()])
            if self.dice.random() < 0.5:
                self.session.edit.add_block(name, self.place(), wire=self.dice.choice(there))
            else:
                self.session.edit.add_block(name)

    def do_connect(self) -> None:
        self.session.edit.connect(self.card(), self.card(), self.dice.randint(0, 2))

    def do_disconnect(self) -> None:
        there = wires(self.session.fold.view.graph)
        self.session.edit.disconnect(self.dice.sample(there, min(2, len(there))))

    def do_remove(self) -> None:
        if len(self.session.graph) > 12:
            self.session.edit.remove(self.some())

    def do_move(self) -> None:
        self.session.edit.move({self.card(): self.place()}, gesture=object())

    def do_tidy(self) -> None:
        self.session.edit.tidy()

    def do_undo(self) -> None:
        for _i in range(self.dice.randint(1, 4)):
            self.session.edit.undo()

    do_undo_again = do_undo

    def do_redo(self) -> None:
        for _i in range(self.dice.randint(1, 4)):
            self.session.edit.redo()

    def do_copy(self) -> None:
        if len(self.session.graph) < 90:
            self.session.edit.paste(self.session.edit.copy(self.some()))

    def do_make(self) -> None:
        self.session.edit.make_block(self.some(), self.dice.choice("uvw"))

    def do_dissolve(self) -> None:
        if self.session.graph.groups:
            self.session.edit.dissolve([self.dice.choice([*self.session.graph.groups])])


def check(session: Session, canvas: Canvas, table: Table) -> None:
    rows, view, scene = session.rows, session.fold.view, canvas.cards_scene
    fresh = analyse(session.graph)
    assert {i: (r.out, r.params) for i, r in rows.items()} == {i: (r.out, r.params) for i, r in fresh.items()}
    assert sorted(i for r in view.values() for i in inside(r)) == sorted(rows), "every layer is on one card"
    assert set(scene.cards) == set(view) and set(scene.wires) == set(wires(view.graph))
    assert all(scene.cards[i].place == r.node.pos for i, r in view.items())
    counted = [r for r in table.model.rows if not isinstance(r, OpenRow)]
    assert {r.id for r in counted} == set(view) and sum(r.params for r in counted) == rows.params
    assert table.model.rowCount() == len(table.model.rows) == len(table.model.place)
    assert set(session.fold.cards(session.look.selection)) == {i for i, c in scene.cards.items() if c.selected}
    chosen = {table.model.rows[i.row()].id for i in table.view.selectionModel().selectedRows()}
    assert {c for c in chosen if c in view} == set(session.fold.chosen)
    if session.fold.plain:
        assert all(r.node.pos == session.graph[i].pos for i, r in view.items())
    else:
        places = [r.node.pos for r in view.values()]
        assert len(places) == len(view)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done(session: Session, qtbot: QtBot, seed: int) -> None:
    graph = Graph().add(Input(3, (16, 16)), id="input").add(Conv2d(8, (3, 3), padding=(1, 1)), ["input"], id="conv")
    graph = graph.add(ReLU(), ["conv"], id="relu")
    session.edit.document.reset(graph.move({"conv": (176.0, 0.0), "relu": (352.0, 0.0)}))
    for name in ("residual", "fire", "conv-bn-relu"):
        session.edit.add_block(name)
    canvas, table = Canvas(session), Table(session)
    for widget in (canvas, table):
        qtbot.addWidget(widget)
    player, done = Player(session, seed), []
    for _step in range(STEPS):
        done.append(player.step())
        try:
            check(session, canvas, table)
        except AssertionError:
            pytest.fail(f"after {done[-6:]}")
    assert session.graph.nodes
