"""Models and checkpoints: asked for, opened when they come, and dropped when nobody wants them any more."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QDialogButtonBox

from cnnviz.gui.session import Session
from cnnviz.gui.window.imports import CheckpointDialog, ModelDialog
from cnnviz.link.messages import (
    Adopt,
    Advance,
    Catalogue,
    Failed,
    Forget,
    Import,
    Imported,
    Match,
    Matched,
    Models,
    Open,
)
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Input, ReLU
from cnnviz.net.network import Network


@pytest.fixture
def heard(session: Session) -> list:
    said: list = []
    session.noticed.connect(said.append)
    return said


def answer(session: Session, reply: object) -> None:
    session.engine.reply(reply)


def test_an_imported_model_becomes_the_document_with_its_weights(session, heard, lenet: Graph) -> None:
    session.models.start("torchvision:resnet18", "IMAGENET1K_V1")
    assert session.engine.last(Import) == Import(1, "torchvision:resnet18", "IMAGENET1K_V1")
    answer(session, Advance(1, 20_000_000, 80_000_000))
    assert "25 % of 80 MB" in heard[-1].text and heard[-1].actions[0][0] == "Cancel"
    answer(session, Imported(1, Network(lenet, "resnet18"), notes=("One.", "Two.")))
    assert session.graph == lenet and session.file.name == "resnet18" and not session.file.modified
    opened = session.engine.last(Open)
    assert opened.model == 1 and opened.fresh
    assert heard[-1].text == "One. Two."
    session.edit.set("C1", "out_channels", 9)
    assert session.engine.last(Open).model == 0, "an edit keeps what has been learned since"


def test_a_new_engine_gets_the_model_again(session, lenet: Graph, qtbot) -> None:
    session.models.start("torchvision:resnet18")
    answer(session, Imported(1, Network(lenet, "resnet18")))
    session.engine.sent.clear()
    session.engine.lose(-9, "")
    qtbot.waitUntil(lambda: any(isinstance(c, Open) for c in session.engine.sent))
    kinds = [type(c) for c in session.engine.sent]
    assert kinds.index(Import) < kinds.index(Open) and session.engine.last(Open).model == 1
    session.file.open_preset("lenet5")
    assert session.engine.last(Open).model == 0 and session.models.number == 0


def test_what_is_not_wanted_any_more_opens_nothing(session, heard, lenet: Graph) -> None:
    session.models.start("torchvision:vgg16", "DEFAULT")
    session.models.cancel()
    assert isinstance(session.engine.sent[-1], Forget)
    answer(session, Imported(1, Network(lenet)))
    assert len(session.graph) == 0
    session.models.start("torchvision:vgg16", "DEFAULT")
    answer(session, Failed("import", "There is no network here."))
    assert heard[-1].text == "There is no network here." and session.models.number == 0


def test_the_dialog_offers_models_and_their_weights(session, qtbot) -> None:
    dialog = ModelDialog(session)
    qtbot.addWidget(dialog)
    dialog.show()
    assert isinstance(session.engine.sent[-1], Catalogue)
    opens = dialog.buttons.button(QDialogButtonBox.StandardButton.Open)
    assert not opens.isEnabled()
    answer(session, Models((("alexnet", ("IMAGENET1K_V1",)), ("resnet18", ("IMAGENET1K_V1",)))))
    qtbot.keyClicks(dialog.search, "res")
    assert dialog.chosen == ("resnet18", "") and opens.isEnabled()
    dialog.weights.setCurrentIndex(1)
    dialog.accept()
    assert session.engine.last(Import).spec == "torchvision:resnet18"
    assert session.engine.last(Import).weights == "IMAGENET1K_V1"


def test_a_search_that_finds_nothing_opens_nothing(session, qtbot) -> None:
    dialog = ModelDialog(session)
    qtbot.addWidget(dialog)
    answer(session, Models((("alexnet", ()),)))
    qtbot.keyClicks(dialog.search, "zzz")
    assert dialog.chosen == ("", "")
    dialog.accept()
    assert not any(isinstance(c, Import) for c in session.engine.sent)


def test_a_checkpoint_is_shown_before_it_is_taken(session, heard, qtbot) -> None:
    session.file.open_preset("lenet5")
    session.models.match("/home/me/a.pth")
    number = session.engine.last(Match).number
    with qtbot.assertNotEmitted(session.checkpoint_found):
        answer(session, Matched(number + 5, "/b.pth", ()))
    rows = (("C1.weight", "C1.weight", "name", (6, 1, 5, 5)), ("x.bias", "C1.bias", "order", (6,)))
    answer(session, Matched(number, "/home/me/a.pth", rows, (("other", "No place."),), (("C3.weight", "Nothing."),)))
    dialog = CheckpointDialog(session)
    qtbot.addWidget(dialog)
    assert dialog.summary.text().startswith("1 by name, 1 by order and shape, 1 left over in the file, 1 of the")
    assert dialog.table.topLevelItemCount() == 4
    assert not any(isinstance(c, Adopt) for c in session.engine.sent)
    dialog.accept()
    assert session.engine.last(Adopt) == Adopt(number) and session.file.modified
    assert heard[-1].text == "2 tensors of a.pth are the network's weights now."


def test_a_checkpoint_says_what_there_is_and_no_reason_is_cut(session, qtbot) -> None:
    session.file.open_preset("lenet5")
    session.models.match("/home/me/a.pth")
    number, why = session.engine.last(Match).number, "The network has no place for it that is not taken."
    answer(session, Matched(number, "/a.pth", (("C1.weight", "C1.weight", "name", (6, 1, 5, 5)),), (("x.bias", why),)))
    dialog = CheckpointDialog(session)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.summary.text() == "1 by name, 1 left over in the file."
    tree = dialog.table
    assert tree.columnWidth(3) > tree.fontMetrics().horizontalAdvance(why)
    assert tree.header().length() <= tree.viewport().width(), "nothing is out of sight"
    assert tree.topLevelItem(1).toolTip(3) == why


def test_an_onnx_file_is_opened_like_a_network(session, lenet: Graph, tmp_path) -> None:
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"onnx")
    assert session.file.open_any(str(path))
    assert session.engine.last(Import).spec == str(path)
    answer(session, Imported(session.engine.last(Import).number, Network(lenet, "mine")))
    assert session.graph == lenet and session.file.name == "mine" and session.file.path is None


def test_a_model_without_places_is_laid_out(session) -> None:
    graph = Graph().add(Input(3, (8, 8)), id="i").add(ReLU(), ["i"], id="a").add(ReLU(), ["a"], id="b")
    session.models.start("my:model")
    answer(session, Imported(1, Network(graph, "model")))
    assert len({n.pos for n in session.graph}) == 3


def test_edits_made_while_a_model_comes_are_not_dropped_unasked(session, heard, lenet: Graph) -> None:
    session.edit.document.reset(lenet)
    session.models.start("torchvision:resnet18")
    session.edit.set("C1", "out_channels", 9)
    answer(session, Imported(1, Network(lenet, "resnet18")))
    assert session.graph["C1"].layer.out_channels == 9 and "edited" in heard[-1].text
    heard[-1].actions[0][1]()
    assert session.graph == lenet and session.file.name == "resnet18"


def test_typing_searches_at_once(session, qtbot) -> None:
    dialog = ModelDialog(session)
    qtbot.addWidget(dialog)
    dialog.open()
    qtbot.waitUntil(lambda: dialog.focusWidget() is dialog.search)
    dialog.close()
