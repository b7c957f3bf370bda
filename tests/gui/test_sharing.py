"""Layers that use another's weights: card, form and filters say whose, and a button gives them their own."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from cnnviz.commands.summary import as_json, as_text
from cnnviz.gui.canvas.tips import card_tip
from cnnviz.gui.inspect import Filters
from cnnviz.gui.session import Session
from cnnviz.gui.table import columns
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Input, ReLU

from .forms import opened
from .frames import arrive, frame, open_net
from .hand import shown


def twice() -> Graph:
    g = Graph().add(Input(3, (8, 8)), id="image").add(Conv2d(3, (3, 3), padding=(1, 1)), ["image"], id="conv1")
    g = g.add(ReLU(), ["conv1"], id="act").add(g["conv1"].layer, ["act"], id="conv2", pos=(400.0, 0.0))
    return g.change("conv2", weights="conv1")


def test_the_form_says_whose_and_gives_its_own_in_one_step(session: Session, qtbot: QtBot) -> None:
    form = opened(session, twice(), "conv2", qtbot)
    assert form.sharing.isVisible() and form.sharing.words.text() == "Weights of conv1"
    qtbot.mouseClick(form.sharing.own, Qt.MouseButton.LeftButton)
    assert session.graph["conv2"].weights == "" and session.rows.params == 168
    assert not form.sharing.isVisible()
    assert session.edit.document.undo_text == "Give conv2 weights of its own"
    session.edit.undo()
    assert session.graph == twice() and session.rows.params == 84
    session.look.select(["conv1"])
    assert not form.sharing.isVisible()
    session.look.select(["conv2"])
    session.edit.rename("conv1", "first")
    session.look.select(["conv2"])
    assert form.sharing.words.text() == "Weights of first"


def test_the_card_says_whose_instead_of_a_count(session: Session, qtbot: QtBot) -> None:
    canvas = shown(session, twice(), qtbot)
    style = canvas.cards_scene.cards["conv2"].world.style
    assert canvas.cards_scene.cards["conv1"]._words(style).params == "84"
    assert canvas.cards_scene.cards["conv2"]._words(style).params == "= conv1"
    session.edit.own_weights("conv2")
    assert canvas.cards_scene.cards["conv2"]._words(style).params == "84"
    session.edit.undo()
    canvas.grab()
    session.edit.rename("conv1", "a")
    canvas.grab()
    face = canvas.cards_scene.cards["conv2"]._face
    assert face is not None and face.params == "Weights of a"  # painted anew
    assert canvas.cards_scene.cards["conv2"]._words(style).params == "Weights of a"  # there is room for the whole
    canvas.close()


def test_the_table_says_where_they_are_counted() -> None:
    rows = analyse(twice())
    assert columns.tip(rows["conv2"], columns.PARAMS) == "It uses the weights of conv1; they are counted there."
    assert "conv1" not in columns.tip(rows["conv1"], columns.PARAMS)


def test_the_filters_are_the_owners(session: Session, qtbot: QtBot) -> None:
    open_net(session, twice(), "conv2")
    panel = Filters(session)
    qtbot.addWidget(panel)
    panel.resize(420, 420)
    panel.show()
    assert panel.wants() == ("filters", ("conv2",))
    weight = np.arange(81, dtype=np.float32).reshape(3, 3, 3, 3)
    arrive(session, frame(session, filters={"conv2": weight}))
    assert panel.title.whole == "conv2 · 3×3 kernels of 3×3"


def test_tips_and_the_printed_table_say_whose() -> None:
    rows = analyse(twice())
    assert "Weights of conv1" in card_tip(rows["conv2"], rows) and "Weights of" not in card_tip(rows["conv1"], rows)
    assert "Conv2d (weights of conv1)" in as_text("twice", rows)
    told = as_json("twice", rows)["layers"]
    assert told[3]["weights"] == "conv1" and told[3]["params"] == 0 and "weights" not in told[1]
