"""The window of exports: what it shows of each form, what it asks the engine for, and what it writes itself."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

from cnnviz.gui.canvas import Canvas
from cnnviz.gui.paint import theme
from cnnviz.gui.session import Session
from cnnviz.gui.session.exporting import FORMS
from cnnviz.gui.window import questions
from cnnviz.gui.window.exports import ExportDialog
from cnnviz.link.exporting import SOURCE, VERIFY, WRITE, Export, Exported, Exporting, Withdraw
from cnnviz.link.messages import Bell, Failed, Frame, Watch
from cnnviz.net import files
from cnnviz.net.drawing.svg import svg
from cnnviz.net.graph import Graph

CODE = "import torch\n"


@pytest.fixture
def dialog(session: Session, qtbot) -> ExportDialog:
    session.file.open_preset("lenet5")
    return shown(session, qtbot)


def shown(session: Session, qtbot) -> ExportDialog:
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    made = ExportDialog(session, canvas)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # the test looks at it afterwards
    qtbot.addWidget(made)
    made.show()
    return made


def choose(dialog: ExportDialog, form: str) -> None:
    dialog.forms.setCurrentRow(list(FORMS).index(form))


def asked(session: Session) -> Export:
    return session.engine.last(Export)


def answer(session: Session, **more: object) -> None:
    session.engine.reply(Exported(asked(session).number, **{"text": CODE, "size": len(CODE)} | more))


def test_the_source_is_shown_as_soon_as_it_is_there_and_can_be_copied(dialog: ExportDialog, session: Session) -> None:
    assert asked(session).form == "python" and asked(session).goal == SOURCE and asked(session).title == "LeNet-5"
    assert dialog.source.placeholderText() == "Writing the source…"
    assert not (dialog.save.isEnabled() or dialog.run.isEnabled() or dialog.copy.isEnabled())
    answer(session)
    assert dialog.source.toPlainText() == CODE and dialog.source.isReadOnly()
    assert dialog.save.isEnabled() and dialog.run.isEnabled()
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == CODE
    choose(dialog, "keras")
    assert dialog.source.toPlainText() == "" and asked(session).form == "keras"
    session.engine.reply(Exported(asked(session).number - 1, CODE, 13))
    assert dialog.source.toPlainText() == "", "that was asked for before"
    dialog.reject()
    assert isinstance(session.engine.sent[-1], Withdraw), "the engine need not keep what it made"


def test_what_verify_finds_is_said_in_words(dialog: ExportDialog, session: Session) -> None:
    answer(session)
    dialog.run.click()
    assert asked(session).goal == VERIFY
    assert dialog.run.text() == "Cancel" and not dialog.save.isEnabled()
    session.engine.reply(Exporting(asked(session).number, VERIFY))
    assert dialog.verdict.text() == "Running it beside the network…"
    answer(session, difference=0.0, inputs=4)
    assert dialog.verdict.text() == "Largest difference 0 over 4 random inputs  ✓" and dialog.run.text() == "Verify"
    dialog.run.click()
    answer(session, difference=0.0, inputs=4, telling=False)
    text = "Largest difference 0, which says little: it gives nearly the same for all 4 inputs"
    assert dialog.verdict.text().startswith(text)
    dialog.run.click()
    answer(session, difference=0.25, inputs=4, agrees=False)
    text = "It gives other numbers than the network: they differ by up to 0.250 over 4 random inputs."
    assert dialog.verdict.text() == f"!  {text}"


def test_a_verification_can_be_left(dialog: ExportDialog, session: Session) -> None:
    answer(session)
    dialog.run.click()
    left = asked(session).number
    dialog.run.click()
    assert isinstance(session.engine.sent[-1], Withdraw) and dialog.run.text() == "Verify"
    assert dialog.source.toPlainText() == CODE and dialog.save.isEnabled()
    session.engine.reply(Exported(left, CODE, 13, 0.0, 4))
    assert "✓" not in dialog.verdict.text()


def test_saving_writes_where_the_person_says_and_the_window_says_it(
    dialog: ExportDialog, session: Session, monkeypatch, tmp_path: Path
) -> None:
    said: list = []
    session.noticed.connect(said.append)
    given: list = []

    def place(parent, path, title, kind, suffix) -> str:
        given.append((Path(path).name, title, kind, suffix))
        return str(tmp_path / "mine.py")

    monkeypatch.setattr(questions, "save_export", place)
    dialog.weights.setChecked(True)
    answer(session)
    dialog.save.click()
    assert given == [("lenet5.py", "Export: PyTorch source", "Python source", ".py")]
    wanted = asked(session)
    assert (wanted.path, wanted.goal, wanted.weights) == (str(tmp_path / "mine.py"), WRITE, True)
    assert dialog.isVisible() and not dialog.forms.isEnabled() and not dialog.weights.isEnabled()
    session.engine.reply(Failed("export", "mine.py: The disk is full.", run=wanted.number))
    assert dialog.verdict.text() == "!  mine.py: The disk is full." and dialog.forms.isEnabled()
    assert not [n for n in said if "disk" in n.text], "its own window says it"
    dialog.save.click()
    written = (str(tmp_path / "mine.py"), str(tmp_path / "mine.safetensors"))
    answer(session, difference=0.0, inputs=4, files=written)
    assert not dialog.isVisible()
    assert said[-1].text == "Wrote mine.py and mine.safetensors. Largest difference 0 over 4 random inputs."
    monkeypatch.setattr(questions, "save_export", lambda *_given: "")
    sent = len(session.engine.sent)
    dialog._save()
    assert len(session.engine.sent) == sent, "no name was given"


def test_what_cannot_be_written_in_a_form_is_said_in_its_place(dialog: ExportDialog, session: Session) -> None:
    choose(dialog, "keras")
    session.engine.reply(Failed("export", "An older one.", run=asked(session).number - 1))
    assert dialog.source.placeholderText() == "Writing the source…"
    session.engine.reply(Failed("export", "S2: MaxPool2d cannot be.", run=asked(session).number))
    assert dialog.source.placeholderText() == "S2: MaxPool2d cannot be." and not dialog.save.isEnabled()
    choose(dialog, "python")
    assert dialog.source.placeholderText() == "Writing the source…"


def test_weights_go_along_where_there_are_any_to_keep(session: Session, qtbot, dialog: ExportDialog) -> None:
    assert not dialog.weights.isChecked(), "they are random"
    dialog.reject()
    session.run.learned = True
    again = shown(session, qtbot)
    assert again.weights.isChecked() and asked(session).weights
    again.weights.setChecked(False)
    assert not asked(session).weights
    choose(again, "onnx")
    assert not again.weights.isVisible()
    assert "image    batch × 1 × 32 × 32" in again.source.toPlainText() and "61,706" in again.source.toPlainText()
    again.run.click()
    assert asked(session).form == "onnx" and not asked(session).weights
    session.run.learned = False


def test_json_and_drawings_need_no_engine(dialog: ExportDialog, session: Session, monkeypatch, tmp_path: Path, qtbot):
    sent = len(session.engine.sent)
    for form in ("json", "svg", "png"):
        made = shown(session, qtbot)
        made.maps.setChecked(False)
        choose(made, form)
        assert made.save.isEnabled() and not made.run.isVisible()
        monkeypatch.setattr(questions, "save_export", lambda *_given, f=form: str(tmp_path / f"a.{f}"))
        made.save.click()
        assert not made.isVisible()
    assert not [c for c in session.engine.sent[sent:] if isinstance(c, Export) and c.goal != SOURCE]
    assert (tmp_path / "a.json").read_text("utf-8") == files.dump(session.file.present())
    drawn = (tmp_path / "a.svg").read_text("utf-8")
    assert drawn == svg(session.rows, "LeNet-5", session.fold.view)
    picture = np.asarray(Image.open(io.BytesIO((tmp_path / "a.png").read_bytes())).convert("RGB"))
    assert picture.min() < 60 and picture.max() == 255


def test_a_drawing_shows_what_is_folded(session: Session, qtbot) -> None:
    session.file.open_preset("resnet50")
    made = shown(session, qtbot)
    choose(made, "svg")
    assert not made.maps.isVisible()
    assert "layer1_0_conv1" not in session.exporting.text("svg")
    before = made.drawing.grab().toImage()
    assert before.pixelColor(before.width() // 2, 4).name() == "#ffffff"
    session.fold.unfold_all()
    assert "layer1_0_conv1" in session.exporting.text("svg")


def test_a_picture_of_the_canvas_has_the_maps_of_every_card(session: Session, qtbot, monkeypatch, tmp_path: Path):
    session.file.open_preset("lenet5")
    dialog = shown(session, qtbot)
    choose(dialog, "png")
    wanted = session.engine.last(Watch).interest.thumbs
    assert set(wanted) == set(session.graph.index), "also of cards that are out of view"
    assert dialog.verdict.text() == "Waiting for the feature maps…" and not dialog.save.isEnabled()
    maps = {id: np.linspace(-1, 1, 2 * 14 * 14, dtype=np.float32).reshape(2, 14, 14) for id in wanted}
    before = dialog.drawing.grab().toImage()
    session.engine.frames.append(Frame(session.version, 0, 0, 0, thumbs=maps))
    session.engine.reply(Bell(frame=True))
    qtbot.waitUntil(dialog.save.isEnabled)
    assert dialog.drawing.grab().toImage() != before and dialog.verdict.text() == ""
    monkeypatch.setattr(questions, "save_export", lambda *_given: str(tmp_path / "a.png"))
    dialog.save.click()
    picture = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).reshape(-1, 3)
    seen = {tuple(p) for p in picture}
    assert any(r > 150 and b < 60 for r, _g, b in seen) and any(b > 120 and r < 60 for r, _g, b in seen), "red and blue"
    accent = theme.current().colour("accent")
    assert (accent.red(), accent.green(), accent.blue()) not in seen, "what is selected is no part of it"
    assert session.look.selected and session.engine.last(Watch).interest.thumbs != wanted


def test_a_name_without_an_ending_gets_it(qtbot, tmp_path: Path) -> None:
    def answer_it() -> None:
        asks = QApplication.activeModalWidget()
        assert isinstance(asks, QFileDialog)
        offered.append(asks.findChild(QLineEdit).text())
        asks.findChild(QLineEdit).setText("mine")
        asks.accept()

    offered: list[str] = []
    QTimer.singleShot(0, answer_it)
    path = questions.save_export(None, str(tmp_path / "net.py"), "Export", "Python source", ".py")  # type: ignore[arg-type]
    assert path == str(tmp_path / "mine.py") and offered == ["net.py"]


def test_a_place_that_cannot_be_written_to_is_said(dialog: ExportDialog, session: Session, monkeypatch, tmp_path: Path):
    choose(dialog, "json")
    monkeypatch.setattr(questions, "save_export", lambda *_given: str(tmp_path / "none" / "a.cnnviz"))
    dialog.save.click()
    assert dialog.isVisible() and "folder" in dialog.verdict.text()


def test_a_wrong_network_goes_out_as_json_alone(session: Session, lenet: Graph, qtbot) -> None:
    session.edit.document.reset(lenet.change("output", sources=("S2",)))
    made = shown(session, qtbot)
    assert made.form.name == "json" and "output: Linear needs a vector" in made.verdict.text()
    able = [made.forms.item(i).flags() & Qt.ItemFlag.ItemIsEnabled for i in range(made.forms.count())]
    assert [bool(a) for a in able] == [name == "json" for name in FORMS]
    assert "Put Flatten before it" in made.forms.item(0).toolTip()
    assert made.save.isEnabled() and '"output"' in made.source.toPlainText()
    assert not any(isinstance(c, Export) for c in session.engine.sent)


def test_an_engine_that_dies_of_it_is_not_asked_again(dialog: ExportDialog, session: Session, qtbot) -> None:
    answer(session)
    dialog.run.click()
    session.engine.sent.clear()
    session.engine.lose(-9, "")
    qtbot.waitUntil(lambda: session.engine.restarts == 1)
    assert "The engine was ended" in dialog.verdict.text() and dialog.run.text() == "Verify"
    assert not any(isinstance(c, Export) for c in session.engine.sent)
