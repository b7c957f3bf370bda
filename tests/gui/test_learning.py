"""In the form: a layer is frozen and gets its own first weights; its card says so."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from cnnviz.gui.layers.form import Form
from cnnviz.gui.session import Session
from cnnviz.link.messages import Open
from cnnviz.net.graph import Graph
from cnnviz.net.learning import Learning

from .forms import opened


@pytest.fixture
def form(session: Session, lenet: Graph, qtbot: QtBot) -> Form:
    return opened(session, lenet, "C1", qtbot)


def test_a_layer_with_weights_can_be_frozen(form: Form, session: Session) -> None:
    learns = form.learns
    assert learns.isVisible() and learns.editors["init_std"].isHidden()
    version = session.version
    learns.editors["frozen"].box.click()
    assert session.graph["C1"].learning.frozen and session.edit.document.undo_text == "Set frozen of C1"
    assert session.version == version + 1 and session.engine.last(Open).graph["C1"].learning.frozen
    learns.editors["init"].box.setCurrentIndex(learns.editors["init"].kind.choices.index("normal"))
    assert session.graph["C1"].learning == Learning(True, "normal") and learns.editors["init_std"].isVisible()
    session.edit.undo()
    session.edit.undo()
    assert not learns.editors["frozen"].box.isChecked() and learns.editors["init_std"].isHidden()


def test_a_layer_without_weights_has_nothing_to_freeze(form: Form, session: Session) -> None:
    session.look.select(["S2"])
    assert not form.learns.isVisible()
    session.look.select(["output"])
    assert form.learns.isVisible()
    session.look.select(["output", "C1"])
    assert not form.learns.isVisible()
